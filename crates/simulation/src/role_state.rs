//! A role as IAM keeps it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::principals;
use onboarding_core::account::AccountId;
use onboarding_core::observed::ObservedRole;
use onboarding_core::policy::{Document, Redactor};
use onboarding_core::role::RoleName;

/// The text of a policy as it is saved. Its `Debug` hides external ids.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyText(pub String);

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Document::parse(&self.0) {
            Ok(document) => f.write_str(&Redactor::default().pretty(&document)),
            Err(_) => write!(f, "(no policy, {} characters)", self.0.chars().count()),
        }
    }
}

/// All that a role is, without unique ids and times: equal when two roles are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleState {
    /// Its path.
    pub path: String,
    /// Its description.
    pub description: String,
    /// The longest session, in seconds.
    pub max_session_seconds: i32,
    /// The ARN of its permissions boundary.
    pub boundary: Option<String>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// Its trust policy.
    pub trust: PolicyText,
    /// Its inline policies.
    pub policies: BTreeMap<String, PolicyText>,
    /// The ARNs of its managed policies.
    pub attached: BTreeSet<String>,
}

impl RoleState {
    /// A role with nothing but a trust policy. The text is taken as it is, even when it is none.
    #[must_use]
    pub fn trusting(trust: &str) -> Self {
        Self {
            path: "/".to_owned(),
            description: String::new(),
            max_session_seconds: 3600,
            boundary: None,
            tags: BTreeMap::new(),
            trust: PolicyText(trust.to_owned()),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }

    /// What `iam:GetRole` tells.
    pub(super) fn observed(&self) -> ObservedRole {
        ObservedRole {
            path: self.path.clone(),
            description: self.description.clone(),
            max_session_seconds: self.max_session_seconds,
            boundary: self.boundary.clone(),
            tags: self.tags.clone(),
            trust: Document::parse(&self.trust.0).map_err(|error| error.to_string()),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }

    /// Puts a unique id in the place of a deleted identity's ARN.
    pub(super) fn orphan(&mut self, arn: &str, id: &str) {
        if let Some(text) = principals::replace(&self.trust.0, arn, id) {
            self.trust = PolicyText(text);
        }
    }
}

/// A role with its identity.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: RoleName,
    /// The unique id.
    pub(super) id: String,
    /// When it was made.
    pub(super) born: f64,
    pub(super) state: RoleState,
}

/// The unique id of the n-th role of a name: the same in every run, whatever else was made before.
pub(super) fn unique_id(account: &AccountId, name: &RoleName, lives: u32) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = format!("{account}/{}/{lives}", name.as_str().to_ascii_lowercase());
    let fnv = |start: u64| text.bytes().fold(start, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    let mut bits = (u128::from(fnv(0xcbf2_9ce4_8422_2325)) << 64) | u128::from(fnv(0x9e37_79b9_7f4a_7c15));
    let mut id = "AROA".to_owned();
    for _ in 0..17 {
        id.extend(DIGITS.get((bits & 31) as usize).map(|b| char::from(*b)));
        bits >>= 5;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_external_id_does_not_show() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}}"#;
        let shown = format!("{:?} {:?}", RoleState::trusting(text), PolicyText("s3cret".to_owned()));
        assert!(!shown.contains("s3cret") && shown.contains("hidden"));
    }

    #[test]
    fn unique_ids_are_unique_and_stable() {
        let (account, name): (AccountId, RoleName) = ("444455556666".parse().unwrap(), "Trelica".parse().unwrap());
        let id = unique_id(&account, &name, 1);
        assert_eq!(id.len(), 21);
        assert_eq!(id, unique_id(&account, &"TRELICA".parse().unwrap(), 1));
        assert_ne!(id, unique_id(&account, &name, 2));
    }
}
