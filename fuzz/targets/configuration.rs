//! `onboarding.toml`: `onboarding_core::config::Config::parse_without_files`.
#![no_main]

use fuzz::{assert_problems, assert_usable};
use onboarding_core::config::{Config, ExternalIdSource, show};

libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    fuzz::lines::mutate(data, size, max_size, seed)
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    match Config::parse_without_files(text) {
        Ok(config) => check_config(text, &config),
        Err(problems) => assert_problems(&problems, &[("onboarding.toml", text)]),
    }
});

fn check_config(text: &str, config: &Config) {
    let mut again =
        Config::parse_without_files(&format!("{text}\n# the end")).expect("a comment does not make it invalid");
    // The hash covers comments.
    again.hash.clone_from(&config.hash);
    assert_eq!((show(&again), &again.warnings), (show(config), &config.warnings));
    assert_eq!(format!("{again:?}"), format!("{config:?}"));
    external_ids_are_hidden(config);
    assert_usable(config);
}

/// The output is the same with different external IDs, so it does not contain them.
fn external_ids_are_hidden(config: &Config) {
    let mut other = config.clone();
    let grants = other.access_role.grants.iter_mut().map(|grant| &mut grant.trust);
    let specs = grants.chain(other.roles.iter_mut().flat_map(|role| &mut role.trust));
    for id in specs.flat_map(|spec| &mut spec.external_ids) {
        if let ExternalIdSource::Literal(id) = id {
            *id = "another-id".parse().expect("a valid external ID");
        }
    }
    assert_eq!(show(&other), show(config));
    assert_eq!(format!("{other:?}"), format!("{config:?}"));
}
