//! A configuration as the value of an SSM parameter: its name, the tier that it needs, and how it differs from another one.

use similar::{ChangeTag, TextDiff};

use crate::lines::{Line, Mark};
use crate::redaction::SecretRedactor;
use crate::toml_reader::{SourceFile, parameter_name};

/// The parameters that the stack creates. It would replace their values when it is updated.
///
/// See the pattern of `ConfigurationParameterName` in `template.yaml`.
const OF_THE_STACK: [&str; 3] = [
    "/account-onboarding/onboarding.toml",
    "/account-onboarding/workload-security/external-id",
    "/account-onboarding/trelica/external-id",
];

/// How many unchanged lines a difference shows around the changed ones.
const CONTEXT: usize = 2;

/// The tier of an SSM parameter, which limits its size and decides its price.
///
/// See <https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ParameterTier {
    /// Up to 4 KB, free of charge.
    Standard,
    /// Up to 8 KB, for a fee. A parameter cannot go back from this tier.
    Advanced,
    /// Systems Manager chooses one of the two for each value.
    IntelligentTiering,
}

impl ParameterTier {
    /// The largest value, in bytes.
    #[must_use]
    pub fn limit(self) -> usize {
        match self {
            Self::Standard => 4096,
            Self::Advanced | Self::IntelligentTiering => 8192,
        }
    }

    /// The name, as in the AWS CLI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
            Self::Advanced => "Advanced",
            Self::IntelligentTiering => "Intelligent-Tiering",
        }
    }

    /// The lowest tier for a value, which is not lower than the present one.
    ///
    /// # Errors
    /// When no parameter can hold the value.
    pub fn for_value(value: &str, present: Option<Self>) -> Result<Self, String> {
        let needed = [Self::Standard, Self::Advanced].into_iter().find(|tier| value.len() <= tier.limit());
        let needed = needed.ok_or_else(|| {
            format!(
                "it has {} bytes, and an SSM parameter holds {} at most; shorten its comments and policies, or \
                 move policies and vendors into files of their own",
                value.len(),
                Self::Advanced.limit()
            )
        })?;
        Ok(present.map_or(needed, |present| present.max(needed)))
    }
}

/// Validates the name of the parameter with the configuration.
///
/// # Errors
/// The part that is not valid, and what to write.
pub fn configuration_parameter(name: &str) -> Result<String, String> {
    parameter_name(name).map_err(|_| {
        "it is not a valid name of an SSM parameter; write a name such as `/account-onboarding/own.toml`".to_owned()
    })
}

/// Whether the stack creates the parameter of this name, so that it must not be written.
#[must_use]
pub fn is_of_the_stack(name: &str) -> bool {
    OF_THE_STACK.contains(&name)
}

/// Whether the stack creates a parameter below this path, so that no files must be stored there.
#[must_use]
pub fn has_parameters_of_the_stack(path: &str) -> bool {
    OF_THE_STACK.iter().any(|name| is_below(path, name))
}

/// Whether a parameter has a name below a path.
#[must_use]
pub fn is_below(path: &str, name: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
}

/// The changed lines of a configuration, with external IDs hidden; empty if there are none. `None` if a text is not valid TOML:
/// its external IDs cannot be found, so that it must not be shown.
#[must_use]
pub fn difference(before: &str, after: &str) -> Option<Vec<Line>> {
    let mut secrets = external_ids(before)?;
    secrets.extend(external_ids(after)?);
    let redactor = SecretRedactor::new(secrets.iter().map(String::as_str));
    Some(changed_lines(before, after, |text| redactor.redact(text)))
}

/// The changed lines of a text, each after a filter.
pub(super) fn changed_lines(before: &str, after: &str, filter: impl Fn(&mut String)) -> Vec<Line> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(Line::verbatim(4).text("…"));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mut text = change.value().trim_end_matches(['\r', '\n']).to_owned();
            filter(&mut text);
            let line = Line::verbatim(2);
            lines.push(match change.tag() {
                ChangeTag::Insert => line.mark(Mark::Add).text(text),
                ChangeTag::Delete => line.mark(Mark::Remove).text(text),
                ChangeTag::Equal => Line::verbatim(4).text(text),
            });
        }
    }
    lines
}

/// Every string that is, or may be, an external ID. The configuration need not be valid.
fn external_ids(text: &str) -> Option<Vec<String>> {
    let source = SourceFile::new("onboarding.toml", text);
    let document = source.document()?;
    // In `[catalogue]`, the key has a rule: `required`, or why there is none.
    let is_external_id = |keys: &[String]| {
        let has = |name: &str| keys.iter().any(|key| key == name);
        has("external-id") && !has("ssm-parameter") && !has("none-because") && !has("catalogue")
    };
    let scalars = source.scalars(&document).into_iter();
    Some(scalars.filter(|scalar| is_external_id(&scalar.keys)).map(|scalar| scalar.text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::plain;

    #[test]
    fn difference_hides_external_ids_and_leaves_out_unchanged_lines() {
        let before = "a = 1\nb = 2\nc = 3\nd = 4\n[vendors.trelica]\nexternal-id = 's3cret-old'\n";
        let after = "a = 1\nb = 2\nc = 3\nd = 4\n[vendors.trelica]\nexternal-id = ['s3cret-old', 's3cret-new']\n\
            [[role.trust]]\nexternal-id = 's3cret-of-role'\n";
        insta::assert_snapshot!(plain(&difference(before, after).unwrap()), @"
          d = 4
          [vendors.trelica]
        - external-id = '(hidden)'
        + external-id = ['(hidden)', '(hidden)']
        + [[role.trust]]
        + external-id = '(hidden)'
        ");
        assert_eq!(difference(before, before), Some(Vec::new()));
        assert_eq!(difference("external-id = 's3cret", after), None);
    }

    #[test]
    fn tier_follows_the_size_in_bytes_and_never_decreases() {
        let value = |bytes: usize| "é".repeat(bytes / 2) + if bytes % 2 == 1 { "x" } else { "" };
        let tier = |bytes, present| ParameterTier::for_value(&value(bytes), present);
        assert_eq!(tier(4096, None), Ok(ParameterTier::Standard));
        assert_eq!(tier(4097, None), Ok(ParameterTier::Advanced));
        assert_eq!(tier(4097, Some(ParameterTier::Standard)), Ok(ParameterTier::Advanced));
        assert_eq!(tier(10, Some(ParameterTier::Advanced)), Ok(ParameterTier::Advanced));
        assert_eq!(tier(8192, Some(ParameterTier::IntelligentTiering)), Ok(ParameterTier::IntelligentTiering));
        insta::assert_snapshot!(tier(8193, None).unwrap_err(), @"it has 8193 bytes, and an SSM parameter holds 8192 at most; shorten its comments and policies, or move policies and vendors into files of their own");
    }

    #[test]
    fn parameters_of_the_stack_are_recognized() {
        assert!(is_of_the_stack("/account-onboarding/onboarding.toml"));
        assert!(!is_of_the_stack("/account-onboarding/own.toml"));
        assert!(
            has_parameters_of_the_stack("/account-onboarding")
                && has_parameters_of_the_stack("/account-onboarding/trelica")
        );
        assert!(
            !has_parameters_of_the_stack("/account-onboarding/own")
                && !has_parameters_of_the_stack("/account-onboardin")
        );
        assert!(configuration_parameter("/account-onboarding/own.toml").is_ok());
        insta::assert_snapshot!(configuration_parameter("own.toml").unwrap_err(), @"it is not a valid name of an SSM parameter; write a name such as `/account-onboarding/own.toml`");
    }
}
