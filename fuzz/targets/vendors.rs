//! Vendor files: a valid vendor can be shown, configured and planned.
#![no_main]

use fuzz::{assert_problems, assert_sentence, assert_usable};
use onboarding_core::config::{Config, Files};
use onboarding_core::lines::plain;
use onboarding_core::trust_audit::read_community_file;
use onboarding_core::vendor::{ExternalIdRule, show};

const VENDOR_FILES: &str = "vendor-files = [\"acme.toml\"]\n";

/// The directory of a configuration that contains one vendor file.
struct OneVendorFile<'a>(&'a str);

impl Files for OneVendorFile<'_> {
    fn name(&self) -> &str {
        "onboarding.toml"
    }

    fn read(&self, path: &str) -> Result<String, String> {
        assert_eq!(path, "acme.toml");
        Ok(self.0.to_owned())
    }
}

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::lines::mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    known_accounts_are_printable(text);
    let files = OneVendorFile(text);
    let catalogue = match Config::catalogue(VENDOR_FILES, &files) {
        Ok(catalogue) => catalogue,
        Err(problems) => return assert_problems(&problems, &[("acme.toml", text)]),
    };
    let vendor = catalogue.get("acme").expect("a valid file defines a vendor");
    assert!(!vendor.accounts.is_empty(), "the vendor has no accounts");
    let texts = [&vendor.title, &vendor.policy_name].into_iter().chain(&vendor.documentation);
    texts.for_each(|text| assert_start_is_sentence(text));
    plain(&show(vendor)).lines().filter(|line| !line.is_empty()).for_each(assert_start_is_sentence);
    let external_id = match vendor.external_id {
        ExternalIdRule::Required { .. } => "external-id = \"s3cret-of-acme\"\n",
        ExternalIdRule::NoneBecause(_) => "",
    };
    let groups: Vec<_> = vendor.groups.iter().map(|group| format!("\"{}\"", group.name)).collect();
    let permissions = match text.len() % 2 {
        0 if !groups.is_empty() => format!("permissions = [{}]\n", groups.join(",")),
        _ => String::new(),
    };
    let config = format!("{VENDOR_FILES}[vendors.acme]\n{external_id}{permissions}");
    match Config::parse(&config, &files) {
        Ok(config) => assert_usable(&config),
        // The role name may be in use by the access role.
        Err(problems) => assert_problems(&problems, &[("onboarding.toml", &config), ("acme.toml", text)]),
    }
});

/// Checks only the start of a line, because a line may list many accounts or contain a long reason.
fn assert_start_is_sentence(line: &str) {
    let start: String = line.chars().take(600).collect();
    assert_sentence(&start);
}

/// A file of known accounts is read or refused, and what it says can be printed.
fn known_accounts_are_printable(text: &str) {
    match read_community_file(text) {
        Ok(file) => {
            let names = file.accounts.iter().map(|(_, known)| known.name.as_str());
            let all = names.chain(file.warnings.iter().map(String::as_str));
            all.for_each(assert_sentence);
        }
        Err(error) => assert_sentence(&error.to_string()),
    }
}
