//! The plan that a person confirmed: nothing else is applied.
//!
//! For one account, the plan is kept as it is. For many accounts, and in a file, only a hash of each change is kept. It covers
//! the whole change, which includes what was read for it: the policy before, the policy after, and the external IDs in both. The
//! file contains no external ID, and the salt keeps a hash from being looked up or compared with that of another file. An
//! external ID that can be guessed could still be confirmed with the file; so the file is to be kept as private as the account
//! list.

use sha2::{Digest, Sha256};

use super::change::{Action, Change};
use crate::text::hexadecimal;

/// The changes that a person confirmed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfirmedPlan {
    /// All of these changes.
    Exact(Vec<Change>),
    /// Nothing but these changes. Those that are no longer needed may have been made by an earlier run.
    Hashed(HashedPlan),
}

/// Changes by their hashes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedPlan {
    /// The salt of the hashes.
    pub salt: Salt,
    /// The changes.
    pub changes: Vec<HashedChange>,
}

/// A change by its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HashedChange {
    /// The sentence that the person read.
    pub summary: String,
    /// The hash, in hexadecimal.
    pub hash: String,
}

/// Random text that goes into every hash of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Salt(String);

impl Salt {
    /// A salt from random bytes.
    #[must_use]
    pub fn new(random: [u8; 32]) -> Self {
        Self(hexadecimal(&random))
    }

    /// A salt that was stored; `None` if it is not one.
    #[must_use]
    pub fn from_stored(text: &str) -> Option<Self> {
        is_hash(text).then(|| Self(text.to_owned()))
    }

    /// The salt as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a text is 32 bytes in hexadecimal.
pub(crate) fn is_hash(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'a'..=b'f'))
}

impl HashedPlan {
    /// The changes by their hashes.
    #[must_use]
    pub fn new<'a>(salt: &Salt, changes: impl IntoIterator<Item = &'a Change>) -> Self {
        let hashed = |change: &Change| HashedChange { summary: change.to_string(), hash: hash(salt, change) };
        Self { salt: salt.clone(), changes: changes.into_iter().map(hashed).collect() }
    }

    /// Whether a change is one of the plan, and described there as what it is.
    #[must_use]
    pub fn includes(&self, change: &Change) -> bool {
        let (summary, hash) = (change.to_string(), hash(&self.salt, change));
        self.changes.iter().any(|confirmed| confirmed.hash == hash && confirmed.summary == summary)
    }
}

/// The hash of everything that [`Change::is_same`] compares.
fn hash(salt: &Salt, change: &Change) -> String {
    let mut hasher = Sha256::new();
    // The length comes first, so that no two lists of texts are hashed as the same bytes.
    let mut add = |text: &str| {
        hasher.update((text.len() as u64).to_be_bytes());
        hasher.update(text);
    };
    add(&salt.0);
    if let Action::RevokeSessions(revocation) = &change.action {
        add(&format!("{} {:?} {:?}", change.role, revocation.role_id, revocation.reason));
        revocation.replaced().into_iter().for_each(|document| add(&document.to_json()));
    } else {
        // It contains everything but the contents of policies.
        add(&format!("{change:?}"));
        change.documents().into_iter().for_each(|document| add(&document.to_json()));
    }
    hexadecimal(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::policy::Document;

    fn salt(byte: u8) -> Salt {
        Salt::new([byte; 32])
    }

    fn trust(external_id: &str) -> Document {
        let text = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"147995105371"},
            "Action":"sts:AssumeRole","Condition":{"StringEquals":{"sts:ExternalId":"ID"}}}]}"#;
        Document::parse(&text.replace("ID\"}}}", &format!("{external_id}\"}}}}}}"))).unwrap()
    }

    fn update(before: &str, after: &str) -> Change {
        let action = Action::UpdateTrust { before: Some(trust(before)), after: trust(after) };
        Change { role: "Reader".parse().unwrap(), action }
    }

    #[test]
    fn only_the_same_change_is_included() {
        let plan = HashedPlan::new(&salt(1), [&update("old", "new")]);
        assert!(plan.includes(&update("old", "new")));
        // The same sentence, and other external IDs.
        assert_eq!(update("old", "new").to_string(), update("old", "newer").to_string());
        assert!(!plan.includes(&update("old", "newer")));
        assert!(!plan.includes(&update("older", "new")));
        let other_role = Change { role: "Writer".parse().unwrap(), ..update("old", "new") };
        assert!(!plan.includes(&other_role));
        let attach = |arn: &str| Change { action: Action::Attach(arn.to_owned()), ..other_role.clone() };
        let plan = HashedPlan::new(&salt(1), [&attach("arn:aws:iam::aws:policy/ReadOnlyAccess")]);
        assert!(plan.includes(&attach("arn:aws:iam::aws:policy/ReadOnlyAccess")));
        assert!(!plan.includes(&attach("arn:aws:iam::aws:policy/AdministratorAccess")));
    }

    #[test]
    fn change_that_is_described_as_another_one_is_not_included() {
        let mut plan = HashedPlan::new(&salt(1), [&update("old", "new")]);
        plan.changes[0].summary = "update the description of role `Reader`".to_owned();
        assert!(!plan.includes(&update("old", "new")));
    }

    #[test]
    fn hash_depends_on_the_salt_and_contains_no_external_id() {
        let one = HashedPlan::new(&salt(1), [&update("old", "s3cret")]);
        let two = HashedPlan::new(&salt(2), [&update("old", "s3cret")]);
        assert_ne!(one.changes[0].hash, two.changes[0].hash);
        assert!(!format!("{one:?}").contains("s3cret"));
        assert_eq!(Salt::from_stored(one.salt.as_str()), Some(one.salt));
        for bad in ["", "01", &"G".repeat(64), &"A".repeat(64)] {
            assert_eq!(Salt::from_stored(bad), None);
        }
    }

    #[test]
    fn time_of_a_revocation_is_not_part_of_the_hash() {
        let at = |seconds| SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
        let revocation = |seconds| Change {
            role: "Reader".parse().unwrap(),
            action: Action::RevokeSessions(Box::new(super::super::SessionRevocation {
                role_id: None,
                reason: super::super::RevocationReason::TrustDiffers,
                before: None,
                compared_at: at(seconds),
                issued_before: at(seconds),
                after: crate::policy::revocation_policy(at(seconds)).unwrap(),
            })),
        };
        let plan = HashedPlan::new(&salt(1), [&revocation(1_795_000_000)]);
        assert!(plan.includes(&revocation(1_795_000_100)));
    }
}
