//! The state of an IAM role.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::SystemTime;

use crate::principals;
use onboarding_core::account::AccountId;
use onboarding_core::observed::ObservedRole;
use onboarding_core::policy::{Document, Redactor};
use onboarding_core::role::RoleName;
use onboarding_core::role_settings::RoleSettings;

/// The JSON of a policy as it is saved. `Debug` hides external IDs.
#[derive(Clone, PartialEq, Eq)]
pub struct PolicyText(pub String);

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Document::parse(&self.0) {
            Ok(document) => f.write_str(&Redactor::default().pretty(&document)),
            Err(_) => write!(f, "(not a valid policy, {} characters)", self.0.chars().count()),
        }
    }
}

/// The state of a role without its unique id and timestamps, so that two roles can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoleState {
    /// The settings.
    pub settings: RoleSettings,
    /// The trust policy.
    pub trust: PolicyText,
    /// The inline policies by name.
    pub policies: BTreeMap<String, PolicyText>,
    /// The ARNs of the attached managed policies.
    pub attached: BTreeSet<String>,
}

impl RoleState {
    /// A role with only a trust policy. The string is not validated.
    #[must_use]
    pub fn trusting(trust: &str) -> Self {
        Self {
            settings: RoleSettings::default(),
            trust: PolicyText(trust.to_owned()),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }

    /// Replaces the ARN of a deleted identity with its unique id, as IAM does.
    pub(super) fn orphan(&mut self, arn: &str, id: &str) {
        // Most policies do not name it. The characters of a name are never escaped.
        let name = arn.rsplit('/').next().unwrap_or(arn);
        if !self.trust.0.contains(name) {
            return;
        }
        if let Some(text) = principals::replace(&self.trust.0, arn, id) {
            self.trust = PolicyText(text);
        }
    }
}

/// A role with its name, unique id and creation time.
#[derive(Debug, Clone)]
pub(super) struct Role {
    pub(super) name: RoleName,
    /// The unique id.
    pub(super) id: String,
    /// The creation time.
    pub(super) created_at: SystemTime,
    pub(super) state: RoleState,
}

impl Role {
    /// The role as `iam:GetRole` returns it.
    pub(super) fn observed(&self) -> ObservedRole {
        let RoleState { settings, trust, .. } = &self.state;
        ObservedRole {
            inline_length: 0,
            id: self.id.parse().ok(),
            settings: settings.clone(),
            trust: Document::parse_verbatim(&trust.0).map_err(|error| error.to_string()),
            policies: BTreeMap::new(),
            attached: BTreeSet::new(),
        }
    }
}

/// The unique id of the n-th role with a name. It is deterministic and does not depend on other roles.
pub(super) fn unique_id(account: &AccountId, name: &RoleName, generation: u32) -> String {
    const DIGITS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let text = format!("{account}/{}/{generation}", name.as_str().to_ascii_lowercase());
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
    fn debug_output_hides_external_ids() {
        let text = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"s3cret"}}}}"#;
        let shown = format!("{:?} {:?}", RoleState::trusting(text), PolicyText("s3cret".to_owned()));
        assert!(!shown.contains("s3cret") && shown.contains("hidden"));
    }

    #[test]
    fn unique_id_is_stable_and_differs_per_generation() {
        let account: AccountId = "444455556666".parse().unwrap();
        let name: RoleName = "Trelica".parse().unwrap();
        let id = unique_id(&account, &name, 1);
        assert_eq!(id.len(), 21);
        assert_eq!(id, unique_id(&account, &"TRELICA".parse().unwrap(), 1));
        assert_ne!(id, unique_id(&account, &name, 2));
    }
}
