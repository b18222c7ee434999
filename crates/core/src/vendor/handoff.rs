//! The hand-off of a vendor (see [`crate::handoff`]), with placeholders, and the validation of its texts.

use crate::suggestion::{did_you_mean, one_of};
use crate::text::Untrusted;

/// A hand-off as a vendor file declares it. The sentence and the values of the fields may contain placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandoffTemplate {
    /// What to do, as one sentence.
    pub instruction: String,
    /// Where to do it, or the vendor's page about it.
    pub link: Option<String>,
    /// The AWS region for `{region}`. A configuration can replace it.
    pub region: Option<String>,
    /// The fields of the vendor's form in their order: the label, and the value to paste.
    pub fields: Vec<(String, String)>,
    /// What to know before. A note is not a part of what is done, so that a change of it opens no hand-off again.
    pub notes: Vec<String>,
}

/// The placeholders of a hand-off.
const PLACEHOLDERS: [&str; 6] = ["account-id", "account-name", "partition", "region", "role-name", "role-arn"];

impl HandoffTemplate {
    /// Whether it contains `{region}`.
    #[must_use]
    pub(crate) fn has_region(&self) -> bool {
        let mut texts = self.fields.iter().map(|(_, value)| value).chain([&self.instruction]);
        texts.any(|text| text.contains("{region}"))
    }
}

/// Validates a text with placeholders, which is printed as one line.
pub(crate) fn field_template(text: &str) -> Result<String, String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else { break };
        if !PLACEHOLDERS.contains(&name) {
            let placeholders = PLACEHOLDERS.map(|name| format!("{{{name}}}"));
            let hint = did_you_mean(name, PLACEHOLDERS);
            return Err(format!(
                "`{{{}}}` is not a placeholder; use {}{hint}",
                Untrusted::new(name),
                one_of(placeholders.iter().map(String::as_str))
            ));
        }
        rest = behind;
    }
    Ok(text.to_owned())
}

/// Validates the form of an AWS region, such as `us-east-1`. Whether it exists is not known here.
pub(crate) fn aws_region(text: &str) -> Result<String, String> {
    let parts: Vec<_> = text.split('-').collect();
    let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase());
    let good = match parts.as_slice() {
        [words @ .., number] => {
            words.len() >= 2
                && words.iter().all(is_word)
                && (1..=2).contains(&number.len())
                && number.bytes().all(|b| b.is_ascii_digit())
        }
        [] => false,
    };
    let error = || format!("`{}` is not a valid AWS region; use a name such as `us-east-1`", Untrusted::new(text));
    good.then(|| text.to_owned()).ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_every_partition_are_valid() {
        for region in ["us-east-1", "us-gov-west-1", "cn-north-1", "eusc-de-east-1", "ap-southeast-12"] {
            assert_eq!(aws_region(region).as_deref(), Ok(region));
        }
        for bad in
            ["", "us", "us-east", "us-east-", "US-EAST-1", "us--1", "us east 1", "us-east-1a", "global", "us-east-123"]
        {
            assert!(aws_region(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn misspelled_placeholder_is_an_error() {
        assert_eq!(field_template("{role-name} in {account-id}").as_deref(), Ok("{role-name} in {account-id}"));
        assert_eq!(field_template("a { that is not closed").as_deref(), Ok("a { that is not closed"));
        insta::assert_snapshot!(field_template("{role-nam}").unwrap_err(), @"`{role-nam}` is not a placeholder; use `{account-id}`, `{account-name}`, `{partition}`, `{region}`, `{role-name}` or `{role-arn}`; did you mean `role-name`?");
        assert!(field_template("{external-id}").is_err(), "external IDs are secrets");
    }
}
