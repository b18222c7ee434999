//! Services that act for other accounts (the confused deputy problem): whether a condition certainly excludes these accounts.
//!
//! A service says in the keys `aws:Source…` of its request for whom it acts, and each service sends only some of them. This is decided by
//! evaluation (see the `evaluate` module): the condition is asked about requests for another account, with each of its keys once absent
//! and once with a value of another account. `!` is an account, an organization or a name that no policy contains; a
//! pattern in the place of an account also matches another one, such as `arn:aws:ecs:!:!:!` for `arn:aws:ecs:*:*:*`.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html#cross-service-confused-deputy-prevention>.

use std::collections::BTreeSet;

use super::condition::Condition;
use super::context::{RequestContext, matches_condition};
use super::truth::Truth;

/// The keys by which a service says for whom it acts, and what is foreign about a value that is not of this account.
const SOURCE_KEYS: [(&str, Part, &str); 4] = [
    ("aws:SourceAccount", Part::Whole, "!"),
    ("aws:SourceArn", Part::AccountOfArn, "arn:aws:!:!:!:!"),
    ("aws:SourceOrgID", Part::Whole, "o-!"),
    ("aws:SourceOrgPaths", Part::FirstLevel, "o-!/r-!/ou-!/"),
];

/// The part of a value that names an account or an organization.
#[derive(Clone, Copy)]
enum Part {
    Whole,
    AccountOfArn,
    FirstLevel,
}

/// The policy variables for the account and the organization of the role.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourceaccount>.
const OWN: [(&str, &str); 2] =
    [("${aws:ResourceAccount}", "own-account"), ("${aws:ResourceOrgID}", "own-organization")];

/// The most requests that are tried.
const MOST_CONTEXTS: usize = 512;

/// Whether a service can meet a condition when it acts for another account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OtherAccounts {
    /// It certainly cannot.
    Excluded,
    /// It can, as the condition has no key that names the account.
    NotMentioned,
    /// It can, although the condition has this key.
    Admitted(&'static str),
}

pub(super) fn other_accounts(condition: &Condition) -> OtherAccounts {
    let own = |value: &str| OWN.iter().fold(value.to_owned(), |value, (variable, own)| replaced(&value, variable, own));
    let condition = condition.clone().map_values(own);
    let mut contexts = vec![RequestContext::default()];
    let mut mentioned = None;
    for (key, part, foreign) in SOURCE_KEYS {
        let clauses = || condition.clauses().iter().filter(|clause| clause.key.eq_ignore_ascii_case(key));
        if clauses().next().is_none() {
            continue;
        }
        mentioned = mentioned.or(Some(key));
        let values = clauses().flat_map(|clause| &clause.values).filter(|value| has_foreign_match(value, part));
        let mut foreign: BTreeSet<_> = [foreign.to_owned()].into();
        foreign.extend(values.map(|value| value.replace(['*', '?'], "!")));
        let with_key = |context: &RequestContext| {
            let present = foreign.iter().map(|value| context.clone().with(key, value));
            present.chain([context.clone().without(key)]).collect::<Vec<_>>()
        };
        let extended: Vec<_> = contexts.iter().flat_map(with_key).collect();
        if extended.len() <= MOST_CONTEXTS {
            contexts = extended;
        }
    }
    let is_met = contexts.iter().any(|context| matches_condition(&condition, context) != Truth::No);
    match (is_met, mentioned) {
        (false, _) => OtherAccounts::Excluded,
        (true, None) => OtherAccounts::NotMentioned,
        (true, Some(key)) => OtherAccounts::Admitted(key),
    }
}

/// Whether a pattern matches a value of another account: the part that names it has a wildcard, or is missing.
fn has_foreign_match(value: &str, part: Part) -> bool {
    let has_wildcard = |text: &str| text.contains(['*', '?']);
    has_wildcard(value)
        && match part {
            Part::Whole => true,
            Part::FirstLevel => value.split('/').next().is_none_or(has_wildcard),
            // The ARNs of some resources, such as buckets, have no account.
            Part::AccountOfArn => {
                value.split(':').nth(4).is_none_or(|account| account.is_empty() || has_wildcard(account))
            }
        }
}

/// Variables are case-insensitive.
fn replaced(value: &str, variable: &str, own: &str) -> String {
    let lowercase = value.to_ascii_lowercase();
    let around = lowercase.split_once(&variable.to_ascii_lowercase());
    // Only ASCII letters differ, so that the positions are the same.
    let parts = around.and_then(|(before, after)| {
        Some((value.get(..before.len())?, value.get(value.len().checked_sub(after.len())?..)?))
    });
    parts.map_or_else(|| value.to_owned(), |(before, after)| format!("{before}{own}{after}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn other(condition: &str) -> OtherAccounts {
        other_accounts(&Condition::parse(&serde_json::from_str(condition).unwrap()).unwrap())
    }

    #[test]
    fn condition_that_admits_another_account_is_found() {
        for condition in [
            r#"{"StringNotEquals":{"aws:SourceAccount":"444455556666"}}"#,
            r#"{"Null":{"aws:SourceAccount":"false"}}"#,
            r#"{"StringEqualsIfExists":{"AWS:sourceaccount":"444455556666"}}"#,
            r#"{"StringLike":{"aws:SourceAccount":"4444*"}}"#,
            r#"{"ForAllValues:StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
            r#"{"StringEquals":{"aws:SourceAccount":"${aws:PrincipalTag/account}"}}"#,
            r#"{"NumericEquals":{"aws:SourceAccount":"444455556666"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:*:*"}}"#,
            r#"{"StringLike":{"aws:SourceArn":"arn:aws:ecs:*"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::team-*"}}"#,
            r#"{"ArnNotLike":{"aws:SourceArn":"arn:aws:ecs:*:444455556666:*"}}"#,
            r#"{"StringLike":{"aws:SourceOrgID":"o-*"}}"#,
            r#"{"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"*/r-ab12/*"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:*:*"},"StringNotEquals":{"aws:SourceAccount":"444455556666"}}"#,
        ] {
            assert!(matches!(other(condition), OtherAccounts::Admitted(_)), "{condition}");
        }
        assert_eq!(other("{}"), OtherAccounts::NotMentioned);
        assert_eq!(other(r#"{"StringEquals":{"aws:RequestedRegion":"eu-west-1"}}"#), OtherAccounts::NotMentioned);
    }

    #[test]
    fn condition_that_excludes_other_accounts_is_accepted() {
        for condition in [
            r#"{"StringEquals":{"aws:SourceAccount":["444455556666","{account-id}"]}}"#,
            r#"{"StringEquals":{"aws:SourceAccount":"${aws:ResourceAccount}"}}"#,
            r#"{"StringEquals":{"aws:SourceOrgID":"${AWS:ResourceOrgID}"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:{account-id}:*"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::bucket"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:sns:*:${aws:resourceAccount}:*"}}"#,
            r#"{"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"${aws:ResourceOrgID}/*"}}"#,
            r#"{"StringLike":{"aws:SourceArn":"arn:aws:ecs:eu-west-1:444455556666:*"}}"#,
            r#"{"ForAnyValue:StringLike":{"aws:SourceOrgPaths":"o-exampleorgid/r-ab12/*"}}"#,
            r#"{"ArnLike":{"aws:SourceArn":"arn:aws:ecs:*:*:*"},"StringEquals":{"aws:SourceAccount":"444455556666"}}"#,
            r#"{"StringEquals":{"aws:SourceOrgID":"o-exampleorgid"},"Bool":{"aws:SecureTransport":"true"}}"#,
        ] {
            assert_eq!(other(condition), OtherAccounts::Excluded, "{condition}");
        }
    }
}
