//! The input validation of IAM and STS: patterns and lengths.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::document;
use crate::rejection::Rejection;
use onboarding_core::policy::Document;

pub(super) fn invalid(message: impl Into<String>) -> Rejection {
    Rejection::new("ValidationError", message)
}

fn check(is_valid: bool, message: &str) -> Result<(), Rejection> {
    if is_valid { Ok(()) } else { Err(invalid(message)) }
}

fn has_name_characters(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b))
}

/// 2 to 64 characters of `[\w+=,.@-]`.
pub(super) fn session_name(name: &str) -> Result<(), Rejection> {
    check(
        (2..=64).contains(&name.len()) && has_name_characters(name),
        "Value at 'roleSessionName' failed to satisfy constraint",
    )
}

/// A session policy: a permissions policy of 1 to 2048 characters.
///
/// STS also limits the packed size of the policy, in a way that AWS does not document; that limit is not simulated.
pub(super) fn session_policy(text: &str) -> Result<Document, Rejection> {
    check(
        (1..=2048).contains(&text.chars().count()),
        "Value at 'policy' failed to satisfy constraint: 2048 characters",
    )?;
    document::check_permissions(text)
}

/// `/`, or 1 to 512 characters between two `/`.
pub(super) fn path(path: &str) -> Result<(), Rejection> {
    let is_printable = path.bytes().all(|b| (0x21..=0x7e).contains(&b));
    let has_slashes = path.starts_with('/') && path.ends_with('/');
    check((1..=512).contains(&path.len()) && is_printable && has_slashes, "The specified value for path is invalid.")
}

/// At most 1000 Latin-1 characters, without control characters except tab and line breaks.
pub(super) fn description(text: &str) -> Result<(), Rejection> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    check(
        text.chars().count() <= 1000 && text.chars().all(allowed),
        "Value at 'description' failed to satisfy constraint",
    )
}

/// One to twelve hours.
pub(super) fn max_session(duration: Duration) -> Result<(), Rejection> {
    check(
        (3600..=43200).contains(&duration.as_secs()),
        "Value at 'maxSessionDuration' failed to satisfy constraint: 3600 to 43200",
    )
}

/// 1 to 128 characters of `[\w+=,.@-]`.
pub(super) fn policy_name(name: &str) -> Result<(), Rejection> {
    check(
        (1..=128).contains(&name.len()) && has_name_characters(name),
        "The specified value for policyName is invalid.",
    )
}

/// The tags of one request: lengths, characters, the reserved prefix `aws:`, and keys that differ only in case.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Result<(), Rejection> {
    check(tags.len() <= 50, "Value at 'tags' failed to satisfy constraint: 50 at most")?;
    let allowed = |text: &str| text.chars().all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c));
    let mut keys = BTreeSet::new();
    for (key, value) in tags {
        let lengths_fit = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        check(lengths_fit && allowed(key) && allowed(value), "Value at 'tags' failed to satisfy constraint")?;
        check(!key.to_ascii_lowercase().starts_with("aws:"), "Tag keys that start with aws: are reserved")?;
        if !keys.insert(key.to_lowercase()) {
            let message = "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
            return Err(Rejection::new("InvalidInput", message));
        }
    }
    Ok(())
}

/// The keys of tags to remove.
pub(super) fn tag_keys(keys: &BTreeSet<String>) -> Result<(), Rejection> {
    let fits = |key: &String| (1..=128).contains(&key.chars().count()) && !key.to_ascii_lowercase().starts_with("aws:");
    check((1..=50).contains(&keys.len()) && keys.iter().all(fits), "Value at 'tagKeys' failed to satisfy constraint")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_outside_patterns_and_lengths_are_rejected() {
        assert!(session_name("account-onboarding@x").is_ok());
        for bad in ["x", "a b", &"x".repeat(65)] {
            assert!(session_name(bad).is_err(), "{bad}");
        }
        assert!(path("/").is_ok() && path("/a/b/").is_ok());
        for bad in ["", "a/", "/a", "/ä/", &format!("/{}/", "x".repeat(511))] {
            assert!(path(bad).is_err(), "{bad}");
        }
        assert!(description("für\n").is_ok() && description("–").is_err() && description(&"x".repeat(1001)).is_err());
        let max_session = |seconds| max_session(Duration::from_secs(seconds));
        assert!(max_session(3600).is_ok() && max_session(3599).is_err() && max_session(43201).is_err());
        assert!(policy_name("p").is_ok() && policy_name("").is_err() && policy_name("a/b").is_err());
    }

    #[test]
    fn invalid_tags_are_rejected() {
        let check = |all: &[(&str, &str)]| tags(&all.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect());
        assert!(check(&[("team", "platform"), ("owner", "")]).is_ok());
        for bad in [&[("", "x")][..], &[("aws:x", "")], &[("a", "b\n")], &[("A", "1"), ("a", "2")]] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        assert!(tag_keys(&BTreeSet::new()).is_err() && tag_keys(&BTreeSet::from(["a".to_owned()])).is_ok());
    }

    #[test]
    fn session_policy_over_2048_characters_is_rejected() {
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
