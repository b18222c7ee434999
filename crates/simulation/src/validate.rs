//! What IAM and STS accept as input: patterns and lengths.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.

use std::collections::{BTreeMap, BTreeSet};

use super::account::Rejection;
use super::document;
use onboarding_core::policy::Document;

pub(super) fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new("ValidationError", message)
}

fn check(holds: bool, message: &str) -> Result<(), Rejection> {
    if holds { Ok(()) } else { Err(invalid(message)) }
}

fn named(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// 2 to 64 characters of `[\w+=,.@-]`.
pub(super) fn session_name(name: &str) -> Result<(), Rejection> {
    check((2..=64).contains(&name.len()) && named(name), "Value at 'roleSessionName' failed to satisfy constraint")
}

/// A session policy: a permissions policy of 1 to 2048 characters.
///
/// STS also limits the packed size, by a measure that it does not tell.
pub(super) fn session_policy(text: &str) -> Result<Document, Rejection> {
    check(
        (1..=2048).contains(&text.chars().count()),
        "Value at 'policy' failed to satisfy constraint: 2048 characters",
    )?;
    document::permissions(text)
}

/// `/`, or 1 to 512 characters between two `/`.
pub(super) fn path(path: &str) -> Result<(), Rejection> {
    let inner = path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    let framed = path.starts_with('/') && path.ends_with('/');
    check((1..=512).contains(&path.len()) && inner && framed, "The specified value for path is invalid.")
}

/// At most 1000 characters, controls but tab and line ends excluded.
pub(super) fn description(text: &str) -> Result<(), Rejection> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    check(
        text.chars().count() <= 1000 && text.chars().all(allowed),
        "Value at 'description' failed to satisfy constraint",
    )
}

/// One to twelve hours.
pub(super) fn max_session(seconds: i32) -> Result<(), Rejection> {
    check(
        (3600..=43200).contains(&seconds),
        "Value at 'maxSessionDuration' failed to satisfy constraint: 3600 to 43200",
    )
}

/// 1 to 128 characters of `[\w+=,.@-]`.
pub(super) fn policy_name(name: &str) -> Result<(), Rejection> {
    check((1..=128).contains(&name.len()) && named(name), "The specified value for policyName is invalid.")
}

/// Tags of one request: lengths, characters, AWS's own prefix, and keys that differ in case alone.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<(), Rejection> {
    check(tags.len() <= 50, "Value at 'tags' failed to satisfy constraint: 50 at most")?;
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c));
    let mut keys = BTreeSet::new();
    for (key, value) in tags {
        let fits = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        check(fits && allowed(key) && allowed(value), "Value at 'tags' failed to satisfy constraint")?;
        check(!key.to_ascii_lowercase().starts_with("aws:"), "Tag keys that start with aws: are reserved")?;
        if !keys.insert(key.to_lowercase()) {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Rejection::new("InvalidInput", message));
        }
    }
    Ok(())
}

/// Keys of tags to take away.
pub(super) fn tag_keys(keys: &BTreeSet<String>) -> Result<(), Rejection> {
    let fits = |key: &String| (1..=128).contains(&key.chars().count()) && !key.to_ascii_lowercase().starts_with("aws:");
    check((1..=50).contains(&keys.len()) && keys.iter().all(fits), "Value at 'tagKeys' failed to satisfy constraint")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_have_patterns_and_lengths() {
        assert!(session_name("account-onboarding@x").is_ok());
        for bad in ["x", "a b", &"x".repeat(65)] {
            assert!(session_name(bad).is_err(), "{bad}");
        }
        assert!(path("/").is_ok() && path("/a/b/").is_ok());
        for bad in ["", "a/", "/a", "/ä/", &format!("/{}/", "x".repeat(511))] {
            assert!(path(bad).is_err(), "{bad}");
        }
        assert!(description("für\n").is_ok() && description("–").is_err() && description(&"x".repeat(1001)).is_err());
        assert!(max_session(3600).is_ok() && max_session(3599).is_err() && max_session(43201).is_err());
        assert!(policy_name("p").is_ok() && policy_name("").is_err() && policy_name("a/b").is_err());
    }

    #[test]
    fn tags_are_checked() {
        let of = |all: &[(&str, &str)]| tags(&all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        assert!(of(&[("team", "platform"), ("owner", "")]).is_ok());
        for bad in [&[("", "x")][..], &[("aws:x", "")], &[("a", "b\n")], &[("A", "1"), ("a", "2")]] {
            assert!(of(bad).is_err(), "{bad:?}");
        }
        assert!(tag_keys(&BTreeSet::new()).is_err() && tag_keys(&BTreeSet::from(["a".to_owned()])).is_ok());
    }

    #[test]
    fn a_session_policy_has_2048_characters() {
        let policy =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:GetRole","Resource":"*"}]}"#;
        assert!(session_policy(policy).is_ok());
        assert!(session_policy(&format!("{policy}{}", " ".repeat(2048 - policy.len()))).is_ok());
        assert_eq!(
            session_policy(&format!("{policy}{}", " ".repeat(2049 - policy.len()))).unwrap_err().code,
            "ValidationError"
        );
        assert_eq!(session_policy("").unwrap_err().code, "ValidationError");
        assert_eq!(session_policy("{}").unwrap_err().code, "MalformedPolicyDocument");
    }
}
