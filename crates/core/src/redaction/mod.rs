//! Removes secrets from text before it is output, because services repeat their input in error messages.
//!
//! Reports, the log and vendors' messages share this implementation. A secret is found in every form in which a service
//! may repeat it: in another case, URL-encoded, JSON-escaped, or cut off where a message was shortened. See `encoding` for
//! the forms.
//!
//! A short secret occurs in other words as well. One of fewer than eight characters is therefore only
//! found in its own case. It is still replaced inside of words: a message that is hard to read is better than a leak. A
//! single character is never replaced; neither an external ID nor a usable key is that short.

mod encoding;
mod known;

use secrecy::{ExposeSecret, SecretString};

use self::encoding::{Case, end_of_match};
pub use self::known::KnownSecrets;

/// The replacement of a secret.
const HIDDEN: &str = "(hidden)";

/// Secrets of fewer characters are compared case-sensitively.
const CASE_SENSITIVE_BELOW: usize = 8;

/// Replaces known secrets with `(hidden)`.
#[derive(Default)]
pub struct SecretRedactor(Vec<SecretString>);

impl SecretRedactor {
    /// A redactor of these secrets. White space around them is ignored, as in the values of parameters.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a str>) -> Self {
        let mut redactor = Self::default();
        secrets.into_iter().for_each(|secret| redactor.add(secret));
        redactor
    }

    fn add(&mut self, secret: &str) {
        let secret = secret.trim();
        if secret.chars().nth(1).is_none() {
            return;
        }
        // One secret may contain another. The longer one is replaced first, so that no part of it remains.
        let order = |known: &str| secret.len().cmp(&known.len()).then_with(|| known.cmp(secret));
        if let Err(place) = self.0.binary_search_by(|known| order(known.expose_secret())) {
            self.0.insert(place, SecretString::from(secret));
        }
    }

    /// Replaces the secrets in a text.
    pub fn redact(&self, text: &mut String) {
        for secret in &self.0 {
            if let Some(redacted) = without(secret.expose_secret(), text) {
                *text = redacted;
            }
        }
    }
}

/// The text without a secret; `None` if the secret is not in it.
fn without(secret: &str, text: &str) -> Option<String> {
    let secret: Vec<char> = secret.chars().collect();
    let case = if secret.len() < CASE_SENSITIVE_BELOW { Case::Sensitive } else { Case::Insensitive };
    let mut redacted = String::new();
    let mut copied = 0;
    for (start, _) in text.char_indices() {
        if start >= copied
            && let Some(end) = end_of_match(text, start, &secret, case)
        {
            redacted.push_str(text.get(copied..start).unwrap_or_default());
            redacted.push_str(HIDDEN);
            copied = end;
        }
    }
    (copied > 0).then(|| redacted + text.get(copied..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        let mut text = text.to_owned();
        SecretRedactor::new(["s3cret", "s3cret-longer", "é-id"]).redact(&mut text);
        text
    }

    #[test]
    fn secrets_and_shortened_secrets_are_hidden() {
        assert_eq!(redacted("a s3cret b s3cret-longer"), "a (hidden) b (hidden)");
        assert_eq!(redacted("x\"s3cret-lon…"), "x\"(hidden)…");
        assert_eq!(redacted("x\"s3c… and s3cr… é-i…"), "x\"(hidden)… and (hidden)… (hidden)…");
        assert_eq!(redacted("nothing here s3…"), "nothing here s3…");
        assert_eq!(redacted("…"), "…");
    }

    #[test]
    fn each_form_of_a_secret_is_hidden() {
        let redactor = SecretRedactor::new(["Tm:12/a+b==\"\\é"]);
        for form in [
            r#"Tm:12/a+b=="\é"#,
            r#"TM:12/A+B=="\É"#,
            r#"tm:12/a+b=="\é"#,
            "Tm%3A12%2Fa%2Bb%3D%3D%22%5C%C3%A9",
            "Tm%3a12%2fa%2bb%3d%3d%22%5c%c3%a9",
            "tm%253A12%252Fa%252Bb%253D%253D%2522%255C%25C3%25A9",
            "%54%6D%3A%31%32%2F%61%2B%62%3D%3D%22%5C%C3%A9",
            r#"Tm:12/a+b==\"\\é"#,
            r#"Tm:12\/a+b==\"\\\u00e9"#,
            r#"TM:12\/A+B==\"\\\u00C9"#,
            r#"Tm:12\\/a+b==\\\"\\\\\\u00e9"#,
            r#"Tm:12%2Fa\u002bb=%3D\"\\é"#,
        ] {
            for (text, expected) in [
                (format!("x{form}y"), "x(hidden)y".to_owned()),
                (format!("{form}{form}"), "(hidden)(hidden)".to_owned()),
                (format!("é{}", &form.get(..form.len() - 2).unwrap_or(form)) + "…", "é(hidden)…".to_owned()),
            ] {
                let mut redacted = text.clone();
                redactor.redact(&mut redacted);
                assert_eq!(redacted, expected, "{text}");
            }
        }
    }

    #[test]
    fn short_secret_is_hidden_in_its_own_case_only() {
        let mut text = "Sun, sun, s%75n, sunday, account 1".to_owned();
        SecretRedactor::new(["sun", "1", ""]).redact(&mut text);
        assert_eq!(text, "Sun, (hidden), (hidden), (hidden)day, account 1");
    }

    #[test]
    fn secret_after_its_own_beginning_is_hidden() {
        let mut text = "sssssss3cret-id".to_owned();
        SecretRedactor::new(["ss3cret-id", "aab"]).redact(&mut text);
        assert_eq!(text, "sssss(hidden)");
    }
}
