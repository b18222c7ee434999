//! Vendor files: what is read is shown, chosen, and made into a role.
#![no_main]

use fuzz::{assert_problems, assert_sentence, assert_usable};
use onboarding_core::config::{Config, Files};
use onboarding_core::vendor::{ExternalIdRule, show};

const KNOWN: &str = "vendor-files = [\"acme.toml\"]\n";

/// The configuration, and the one vendor file beside it.
struct Beside<'a>(&'a str);

impl Files for Beside<'_> {
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
    let files = Beside(text);
    let catalogue = match Config::catalogue(KNOWN, &files) {
        Ok(catalogue) => catalogue,
        Err(problems) => return assert_problems(&problems, &[("acme.toml", text)]),
    };
    let vendor = catalogue.get("acme").expect("a file without a mistake is a vendor");
    assert!(!vendor.accounts.is_empty(), "a vendor that enters from nowhere");
    let texts = [&vendor.title, &vendor.policy_name].into_iter().chain(&vendor.documentation);
    texts.for_each(|text| assert_sentence_of_some_length(text));
    show(vendor).lines().filter(|line| !line.is_empty()).for_each(assert_sentence_of_some_length);
    let id = match vendor.external_id {
        ExternalIdRule::Required { .. } => "external-id = \"s3cret-of-acme\"\n",
        ExternalIdRule::NoneBecause(_) => "",
    };
    let groups: Vec<_> = vendor.groups.iter().map(|group| format!("\"{}\"", group.name)).collect();
    let permissions = match text.len() % 2 {
        0 if !groups.is_empty() => format!("permissions = [{}]\n", groups.join(",")),
        _ => String::new(),
    };
    let config = format!("{KNOWN}[vendors.acme]\n{id}{permissions}");
    match Config::parse(&config, &files) {
        Ok(config) => assert_usable(&config),
        // The role's name may be taken.
        Err(problems) => assert_problems(&problems, &[("onboarding.toml", &config), ("acme.toml", text)]),
    }
});

/// A line may list all accounts of a vendor, or be a long reason.
fn assert_sentence_of_some_length(line: &str) {
    let start: String = line.chars().take(600).collect();
    assert_sentence(&start);
}
