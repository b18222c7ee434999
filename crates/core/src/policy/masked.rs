//! A policy whose external IDs are replaced by fingerprints, so that its text can be stored.
//!
//! An external ID is hidden wherever this tool prints or stores something, and a trust policy may contain those of other parties.
//! A stored text has a fingerprint (SHA-256) in the place of each. [`MaskedPolicy::revealed`] puts the IDs back, which a caller who
//! knows them can provide: usually they are still in the policy that is in force. Everything else of the text stays as it is, byte
//! for byte.

use sha2::{Digest, Sha256};

use super::document::Document;
use super::redact::external_ids;
use crate::text::hexadecimal;

/// The beginning of the string that replaces an external ID.
const MARK: &str = "(external ID sha256:";

/// The most bytes of a text that is stored. A trust policy has at most 8,192 characters besides white space, each of at most two
/// bytes; the rest is for white space and fingerprints.
const MAX_LENGTH: usize = 24 * 1024;

/// The text of a policy without its external IDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MaskedPolicy(String);

impl MaskedPolicy {
    /// Masks a text. `None` if it is not a policy, is too long, or an external ID in it cannot be hidden and put back again.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let ids = external_ids(&Document::parse(text).ok()?);
        if text.contains(MARK) {
            return None;
        }
        let masked = ids.iter().fold(text.to_owned(), |text, id| text.replace(&quoted(id), &quoted(&mark(id))));
        let masked = Self::from_stored(masked)?;
        let is_hidden = external_ids(&masked.document()?).iter().all(|id| id.starts_with(MARK));
        let is_restored = masked.revealed(ids.iter().map(String::as_str)).is_some_and(|revealed| revealed == text);
        (is_hidden && is_restored).then_some(masked)
    }

    /// Takes a text that was stored.
    #[must_use]
    pub fn from_stored(text: String) -> Option<Self> {
        (text.len() <= MAX_LENGTH).then_some(Self(text))
    }

    /// The text with fingerprints.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The policy with fingerprints.
    #[must_use]
    pub fn document(&self) -> Option<Document> {
        Document::parse(&self.0).ok()
    }

    /// The original text, if all of its external IDs are among these.
    #[must_use]
    pub fn revealed<'a>(&self, ids: impl Iterator<Item = &'a str>) -> Option<String> {
        let text = ids.fold(self.0.clone(), |text, id| text.replace(&quoted(&mark(id)), &quoted(id)));
        (!text.contains(MARK)).then_some(text)
    }
}

fn mark(id: &str) -> String {
    format!("{MARK}{})", hexadecimal(&Sha256::digest(id)))
}

/// A string as JSON writes it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(id: &str) -> String {
        format!(
            r#"{{ "Version": "2012-10-17",  "Statement": [ {{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::111122223333:root"}},"Action":"sts:AssumeRole","Condition":{{"StringEquals":{{"sts:ExternalId":{id}}}}}}} ] }}"#
        )
    }

    #[test]
    fn external_ids_are_hidden_and_put_back_byte_for_byte() {
        for ids in [r#""s3cret""#, r#"["s3cret", "other/id"]"#, r#""with \"quotes\" and \\ ""#, r#""12""#] {
            let text = policy(ids);
            let masked = MaskedPolicy::new(&text).expect(ids);
            let known = external_ids(&Document::parse(&text).unwrap());
            assert!(known.iter().all(|id| !external_ids(&masked.document().unwrap()).contains(id)), "{ids}");
            assert!(!masked.as_str().contains("s3cret"));
            let others = known.iter().map(String::as_str).chain(["another"]);
            assert_eq!(masked.revealed(others).as_deref(), Some(text.as_str()));
            assert_eq!(masked.revealed(["another"].into_iter()), None, "{ids} is not known");
            assert_eq!(MaskedPolicy::from_stored(masked.as_str().to_owned()), Some(masked));
        }
    }

    #[test]
    fn policy_without_external_id_is_kept_as_it_is() {
        let text = policy(r#""x""#).replace("sts:ExternalId", "aws:PrincipalOrgID");
        assert_eq!(MaskedPolicy::new(&text).unwrap().as_str(), text);
    }

    #[test]
    fn text_whose_external_id_cannot_be_hidden_is_not_kept() {
        for ids in [r#""s3\u0063ret""#, r#""Allow""#, "4711", r#"["s3cret", 4711]"#] {
            assert_eq!(MaskedPolicy::new(&policy(ids)), None, "{ids}");
        }
        assert_eq!(MaskedPolicy::new(&policy(&format!("\"{MARK}\""))), None);
        assert_eq!(MaskedPolicy::new(&policy(&format!("\"{}\"", "x".repeat(MAX_LENGTH)))).map(|_| ()), Some(()));
        assert_eq!(MaskedPolicy::new(&format!("{}{}", policy("\"x\""), " ".repeat(MAX_LENGTH))), None, "too long");
        assert_eq!(MaskedPolicy::new("no policy"), None);
    }
}
