//! The secrets that a process has read.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::Value;

use super::SecretRedactor;

/// The secrets that a process has read so far. Clones share them: whoever reads a secret adds it, and whoever writes text
/// for people redacts it. A secret that was replaced by a newer one stays known.
#[derive(Clone, Default)]
pub struct KnownSecrets(Arc<RwLock<SecretRedactor>>);

/// Fields of JSON lines whose values are from this program: identifiers and fixed words. A secret that happens to equal such
/// a word must not garble what queries and alarms rely on.
const FIXED_FIELDS: [&str; 7] = ["timestamp", "level", "account_id", "trigger", "mode", "outcome", "cause"];

impl KnownSecrets {
    /// Adds a secret.
    pub fn add(&self, secret: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).add(secret);
    }

    /// A text without the secrets.
    #[must_use]
    pub fn redacted(&self, mut text: String) -> String {
        self.0.read().unwrap_or_else(PoisonError::into_inner).redact(&mut text);
        text
    }

    /// A line of the log without the secrets: a JSON object, whose structure, identifiers and fixed words stay as they are.
    #[must_use]
    pub fn redacted_line(&self, line: &str) -> String {
        let redacted = self.redacted(line.to_owned());
        if redacted == line {
            return redacted;
        }
        match serde_json::from_str::<Value>(line) {
            Ok(mut fields) => {
                self.redact_fields(&mut fields);
                format!("{fields}\n")
            }
            Err(_) => redacted,
        }
    }

    fn redact_fields(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.redacted(std::mem::take(text)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_fields(item)),
            Value::Object(fields) => {
                let free = fields.iter_mut().filter(|(name, _)| !FIXED_FIELDS.contains(&name.as_str()));
                free.for_each(|(_, value)| self.redact_fields(value));
            }
            _ => {}
        }
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KnownSecrets(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_keeps_its_structure_identifiers_and_fixed_words() {
        let secrets = KnownSecrets::default();
        ["11", "message", "blocked-in", "blocked", "s3cret\"id"].into_iter().for_each(|secret| secrets.add(secret));
        let line = r#"{"level":"ERROR","message":"blocked: S3CRET\"ID of 1111","outcome":"blocked","changes":11,"span":{"account_id":"111122223333","event_id":"11"}}"#;
        let expected = r#"{"level":"ERROR","message":"(hidden): S3CRET\"ID of (hidden)(hidden)","outcome":"blocked","changes":11,"span":{"account_id":"111122223333","event_id":"(hidden)"}}"#;
        let expected = expected.replace(r#"S3CRET\"ID"#, "(hidden)") + "\n";
        assert_eq!(secrets.redacted_line(&format!("{line}\n")), expected);
        assert!(!format!("{secrets:?}").contains("s3cret"));
    }

    #[test]
    fn secret_that_is_added_to_a_clone_is_known() {
        let secrets = KnownSecrets::default();
        secrets.clone().add("  s3cret-id\n");
        assert_eq!(secrets.redacted("id s3cret-id.".to_owned()), "id (hidden).");
        assert_eq!(secrets.redacted_line("not JSON: s3cret-id\n"), "not JSON: (hidden)\n");
        assert_eq!(secrets.redacted_line("{\"a\": 1}\n"), "{\"a\": 1}\n", "other lines stay as they are");
    }
}
