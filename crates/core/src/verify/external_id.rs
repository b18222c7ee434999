//! The external IDs that are presented for a role: those that are configured, and one that is not.

use secrecy::SecretString;

use crate::policy::{Grant, like, some_match};

/// The most configured external IDs of a role that are tried.
const MOST: usize = 10;

/// An external ID that is not configured anywhere.
const WRONG: &str = "account-onboarding-verify:another-external-id";

/// The external IDs of a role.
#[derive(Default)]
pub(super) struct ExternalIds {
    /// Values that the configuration accepts. For a pattern, one that matches it.
    pub(super) right: Vec<SecretString>,
    /// One that it does not accept; `None` if a pattern accepts it.
    pub(super) wrong: Option<SecretString>,
}

impl ExternalIds {
    /// Those of the grants of a role; empty if none of them requires one.
    pub(super) fn of_grants<'a>(grants: impl Iterator<Item = &'a Grant>) -> Self {
        let clauses = grants.flat_map(|grant| grant.condition.clauses()).filter(|clause| clause.is_external_id());
        let mut right: Vec<String> = Vec::new();
        let mut accepts_wrong = false;
        for clause in clauses {
            for value in &clause.values {
                accepts_wrong |= clause.is_pattern() && like(value, WRONG);
                let id = if clause.is_pattern() { some_match(value) } else { value.clone() };
                if !right.contains(&id) && right.len() < MOST {
                    right.push(id);
                }
            }
        }
        let wrong = (!right.is_empty() && !accepts_wrong).then(|| SecretString::from(WRONG));
        Self { right: right.into_iter().map(SecretString::from).collect(), wrong }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;
    use crate::policy::{Condition, Principal};

    fn ids(operator: &str, values: &[&str]) -> (Vec<String>, bool) {
        let condition = serde_json::json!({ operator: { "sts:ExternalId": values } });
        let principal = Principal::Account("123456789012".parse().unwrap());
        let grant = Grant::new(principal, Condition::parse(&condition).unwrap());
        let found = ExternalIds::of_grants([&grant, &grant].into_iter());
        let right = found.right.iter().map(|id| id.expose_secret().to_owned()).collect();
        (right, found.wrong.is_some())
    }

    #[test]
    fn each_configured_id_is_tried_once_and_a_pattern_with_a_match() {
        assert_eq!(ids("StringEquals", &["one", "two"]), (vec!["one".to_owned(), "two".to_owned()], true));
        assert_eq!(ids("StringLike", &["team-*-?"]), (vec!["team--x".to_owned()], true));
        assert!(!ids("StringLike", &["account-onboarding-*"]).1, "the pattern accepts it");
        assert!(ExternalIds::of_grants(std::iter::empty()).wrong.is_none(), "no external ID, so no wrong one");
        assert_eq!(ids("StringEquals", &(0..20).map(|_| "x").collect::<Vec<_>>()).0.len(), 1);
    }

    #[test]
    fn wrong_id_is_one_that_sts_accepts() {
        assert!(WRONG.parse::<crate::role::ExternalId>().is_ok());
    }
}
