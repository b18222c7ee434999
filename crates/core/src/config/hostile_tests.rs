use proptest::prelude::*;

use super::tests::DEMO;
use crate::config::{Config, show};

fn parse_and_check(text: &str) {
    match Config::parse_without_files(text) {
        Ok(config) => {
            assert_eq!(show(&config), show(&config));
        }
        Err(problems) => {
            assert!(!problems.is_empty());
            let text = problems.to_string();
            assert!(!text.contains("example-trelica-organization-id") && problems.list().len() <= 400);
        }
    }
}

#[test]
fn deep_nesting_and_huge_files_are_errors() {
    for text in [
        format!("a = {}", "[".repeat(100_000)),
        format!("a = {}", "{a=".repeat(100_000)),
        format!("{}x = 1", "a.".repeat(50_000)),
        format!("[{}a]", "a.".repeat(50_000)),
        "[[role]]\n".repeat(20_000),
        "x".repeat(1 << 20),
        "\0".repeat(100_000),
        "#".repeat((1 << 20) + 1),
        format!("[accounts]\nexclude = [{}]", "1,".repeat(200_000)),
        (0..5_000).map(|i| format!("[vendors.v{i}]\n")).collect(),
    ] {
        parse_and_check(&text);
        assert!(Config::parse_without_files(&text).is_err());
    }
}

/// Nearly as many tags as the largest file can have. Comparing each with each other one would take ten thousand million steps.
#[test]
fn very_many_tags_are_refused() {
    let tags: String = (0..100_000).map(|i| format!("t{i:05}=\"\"\n")).collect();
    let text = format!("[[role]]\nname = \"r\"\n[role.tags]\n{tags}T99999=\"\"\n");
    let problems = Config::parse_without_files(&text).unwrap_err().to_string();
    assert!(problems.contains("100001 tags are more than 49"), "{problems}");
    assert!(problems.contains("`T99999`: appears twice; IAM tag keys are case-insensitive"), "{problems}");
}

#[test]
fn windows_line_endings_and_byte_order_mark_are_accepted() {
    assert!(Config::parse_without_files(&DEMO.replace('\n', "\r\n")).is_ok());
    assert!(Config::parse_without_files(&format!("\u{feff}{DEMO}")).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_text_does_not_panic(text in "(?s).*") {
        parse_and_check(&text);
    }

    #[test]
    fn toml_like_text_does_not_panic(text in "[\\[\\]{}=.,'\"a-z0-9#\n -]{0,200}") {
        parse_and_check(&text);
    }

    #[test]
    fn mutated_configuration_does_not_panic(from in 0usize..4000, length in 0usize..40, put in "[\\[\\]{}=.,'\"a-z0-9\n é-]{0,8}") {
        let chars: Vec<char> = DEMO.chars().collect();
        let to = (from + length).min(chars.len());
        let from = from.min(chars.len());
        let text: String = chars[..from].iter().copied().chain(put.chars()).chain(chars[to..].iter().copied()).collect();
        match Config::parse_without_files(&text) {
            Ok(config) => _ = show(&config),
            Err(problems) => prop_assert!(!problems.is_empty()),
        }
    }
}
