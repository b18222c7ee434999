//! Condition operators: the operators that IAM knows, and the comparisons of those that are evaluated here.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>.

use std::cmp::Ordering;

use super::glob::{covers, like, overlap};
use super::truth::Truth;
use crate::suggestion::did_you_mean;
use crate::time::from_policy_date;

/// All operators, without modifiers such as `IfExists`.
const OPERATORS: [&str; 27] = [
    "ArnEquals",
    "ArnLike",
    "ArnNotEquals",
    "ArnNotLike",
    "BinaryEquals",
    "Bool",
    "DateEquals",
    "DateGreaterThan",
    "DateGreaterThanEquals",
    "DateLessThan",
    "DateLessThanEquals",
    "DateNotEquals",
    "IpAddress",
    "NotIpAddress",
    "Null",
    "NumericEquals",
    "NumericGreaterThan",
    "NumericGreaterThanEquals",
    "NumericLessThan",
    "NumericLessThanEquals",
    "NumericNotEquals",
    "StringEquals",
    "StringEqualsIgnoreCase",
    "StringLike",
    "StringNotEquals",
    "StringNotEqualsIgnoreCase",
    "StringNotLike",
];

/// Whether IAM knows an operator, including its modifiers (`ForAllValues:`, `ForAnyValue:`, `IfExists`).
#[must_use]
pub fn is_operator(text: &str) -> bool {
    let bare = match text.split_once(':') {
        Some((set, rest)) if ["ForAllValues", "ForAnyValue"].iter().any(|s| s.eq_ignore_ascii_case(set)) => rest,
        Some(_) => return false,
        None => text,
    };
    let lowercase = bare.to_ascii_lowercase();
    let bare = lowercase.strip_suffix("ifexists").filter(|bare| *bare != "null").unwrap_or(&lowercase);
    OPERATORS.iter().any(|operator| operator.eq_ignore_ascii_case(bare))
}

/// `; did you mean …?` for a misspelled operator. Its modifiers are not compared.
pub(super) fn operator_hint(text: &str) -> String {
    did_you_mean(text.split_once(':').map_or(text, |(_, bare)| bare), OPERATORS)
}

/// An operator in lowercase, without its modifiers.
pub(super) fn bare_operator(operator: &str) -> String {
    let bare = operator.split_once(':').map_or(operator, |(_, bare)| bare).to_ascii_lowercase();
    bare.strip_suffix("ifexists").map(str::to_owned).unwrap_or(bare)
}

/// Whether an operator matches if no value does.
pub(super) fn is_negated(operator: &str) -> bool {
    operator.to_ascii_lowercase().contains("not")
}

/// How an operator compares a value in the policy with a value in the request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Comparison {
    Equals,
    EqualsIgnoringCase,
    Like,
    /// Field by field: a wildcard does not match a colon between two fields. `ArnEquals` and `ArnLike` are the same.
    Arn,
    /// The order of the date in the request compared with the date in the policy, and whether equal dates match as well.
    Date(Ordering, EqualDates),
}

/// Whether two equal dates match.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum EqualDates {
    Match,
    Differ,
}

/// A value in a request, as far as it is known.
#[derive(Clone, Copy)]
pub(super) enum Actual<'a> {
    /// The value.
    Exactly(&'a str),
    /// Some value that matches this pattern, of which only the `*` are wildcards.
    Like(&'a str),
}

/// The comparison of a lowercase operator without modifiers, and whether it is negated; `None` if it is not evaluated
/// here.
pub(super) fn comparison(operator: &str) -> Option<(bool, Comparison)> {
    let (negated, operator) = match operator.find("not") {
        Some(at) => (true, format!("{}{}", operator.get(..at)?, operator.get(at + 3..)?)),
        None => (false, operator.to_owned()),
    };
    let comparison = match operator.as_str() {
        "stringequals" => Comparison::Equals,
        "stringequalsignorecase" | "bool" => Comparison::EqualsIgnoringCase,
        "stringlike" => Comparison::Like,
        "arnequals" | "arnlike" => Comparison::Arn,
        "dateequals" => Comparison::Date(Ordering::Equal, EqualDates::Match),
        "datelessthan" => Comparison::Date(Ordering::Less, EqualDates::Differ),
        "datelessthanequals" => Comparison::Date(Ordering::Less, EqualDates::Match),
        "dategreaterthan" => Comparison::Date(Ordering::Greater, EqualDates::Differ),
        "dategreaterthanequals" => Comparison::Date(Ordering::Greater, EqualDates::Match),
        _ => return None,
    };
    Some((negated, comparison))
}

/// Whether a value in a policy has a policy variable, so that its text depends on the request.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>.
pub(super) fn has_variable(value: &str) -> bool {
    value.contains("${")
}

impl Comparison {
    /// Whether a value in a policy matches a value in a request.
    pub(super) fn matches(self, wanted: &str, actual: Actual<'_>) -> Truth {
        if has_variable(wanted) {
            return Truth::Unknown;
        }
        match (self, actual) {
            (Self::Arn, _) => arn(wanted, actual),
            (Self::Equals, Actual::Exactly(actual)) => Truth::new(wanted == actual),
            (Self::EqualsIgnoringCase, Actual::Exactly(actual)) => Truth::new(wanted.eq_ignore_ascii_case(actual)),
            (Self::Equals, Actual::Like(pattern)) => possible(like(pattern, wanted)),
            (Self::EqualsIgnoringCase, Actual::Like(pattern)) => {
                possible(like(&pattern.to_ascii_lowercase(), &wanted.to_ascii_lowercase()))
            }
            (Self::Like, actual) => pattern(wanted, actual),
            (Self::Date(order, equal), Actual::Exactly(actual)) => date(wanted, actual, order, equal),
            (Self::Date(..), Actual::Like(_)) => Truth::Unknown,
        }
    }
}

fn date(wanted: &str, actual: &str, order: Ordering, equal: EqualDates) -> Truth {
    match (from_policy_date(wanted), from_policy_date(actual)) {
        (Some(wanted), Some(actual)) => {
            let found = actual.cmp(&wanted);
            Truth::new(found == order || (found == Ordering::Equal && equal == EqualDates::Match))
        }
        _ => Truth::Unknown,
    }
}

fn possible(value: bool) -> Truth {
    if value { Truth::Unknown } else { Truth::No }
}

fn pattern(wanted: &str, actual: Actual<'_>) -> Truth {
    match actual {
        Actual::Exactly(actual) => Truth::new(like(wanted, actual)),
        Actual::Like(actual) if covers(wanted, actual) => Truth::Yes,
        Actual::Like(actual) => possible(overlap(wanted, actual)),
    }
}

/// "Each of the six colon-delimited components of the ARN is checked separately". What IAM does with a pattern that has
/// fewer is not documented.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>.
fn arn(wanted: &str, actual: Actual<'_>) -> Truth {
    let (text, is_exact) = match actual {
        Actual::Exactly(text) => (text, true),
        Actual::Like(text) => (text, false),
    };
    let wanted: Vec<_> = wanted.splitn(ARN_FIELDS, ':').collect();
    let actual: Vec<_> = text.splitn(ARN_FIELDS, ':').collect();
    if wanted.len() < ARN_FIELDS || actual.len() < ARN_FIELDS {
        return Truth::Unknown;
    }
    let compare = |(wanted, actual): (&&str, &&str)| {
        pattern(wanted, if is_exact { Actual::Exactly(actual) } else { Actual::Like(actual) })
    };
    wanted.iter().zip(&actual).map(compare).fold(Truth::Yes, |all, one| all.and(|| one))
}

/// The fields of an ARN, which are separated by colons. The last one may contain colons.
const ARN_FIELDS: usize = 6;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_operators_are_rejected() {
        for good in ["StringEquals", "stringlike", "BoolIfExists", "ForAnyValue:StringLike", "Null"] {
            assert!(is_operator(good), "{good}");
        }
        for bad in ["", "Boool", "NullIfExists", "ForEach:StringLike", "IfExists", "ForAnyValue:"] {
            assert!(!is_operator(bad), "{bad}");
        }
    }
}
