//! The state of an account after a plan is applied, so that a plan can show who will be able to assume what.

use super::change::{Action, Change};
use crate::observed::{ExistingRegistration, Observed, ObservedRole};
use crate::policy::Document;

/// What would be observed after these changes, as far as [`super::proofs`] looks at it: which roles exist, their trust
/// policies, and the registrations.
#[must_use]
pub fn predicted(observed: &Observed, changes: &[Change]) -> Observed {
    let mut after = observed.clone();
    for change in changes {
        match &change.action {
            Action::UpdateTrust { after: trust, .. } => set_trust(&mut after, change, trust),
            Action::CreateRole(new) => {
                let role = ObservedRole {
                    inline_length: 0,
                    id: None,
                    settings: new.settings.clone(),
                    trust: Ok(new.trust.clone()),
                    policies: Default::default(),
                    attached: Default::default(),
                };
                after.roles.insert(change.role.clone(), role);
            }
            Action::DeleteRole(_) => _ = after.roles.remove(&change.role),
            Action::Register(registration) => {
                let before = registration.before.clone().unwrap_or_default();
                let last_read = after
                    .registrations
                    .get(&change.role)
                    .and_then(|all| all.as_ref().ok()?.iter().find(|one| one.id == before.id)?.last_read);
                let registered = ExistingRegistration {
                    id: before.id,
                    role_arn: Some(registration.after.role_arn.clone()),
                    display_name: Some(registration.after.display_name.clone()),
                    workspaces: registration.after.workspaces.unwrap_or(before.workspaces),
                    last_read,
                };
                after.registrations.insert(change.role.clone(), Ok(vec![registered]));
            }
            // Who can assume a role does not depend on these.
            Action::UpdateRole { .. }
            | Action::PutPolicy { .. }
            | Action::DeletePolicy { .. }
            | Action::RevokeSessions(_)
            | Action::Attach(_)
            | Action::Detach(_)
            | Action::PutBoundary { .. }
            | Action::DeleteBoundary(_)
            | Action::Tag(_)
            | Action::Untag(_)
            | Action::Deregister(_) => {}
        }
    }
    after
}

fn set_trust(after: &mut Observed, change: &Change, trust: &Document) {
    if change.role == after.access_role {
        after.access_trust = Ok(trust.clone());
    }
    if let Some(role) = after.roles.get_mut(&change.role) {
        role.trust = Ok(trust.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller_identity::Callers;
    use crate::plan::sample::{NOW, blueprint, converged, drifted, fresh, recorded};
    use crate::plan::{diff, guard, proofs};

    /// What a plan predicts is what the proofs say after it was applied.
    #[test]
    fn predicted_proofs_are_those_of_the_converged_account() {
        let blueprint = blueprint();
        for observed in [fresh(), converged(&blueprint), drifted(|role| role.trust = Err("odd".to_owned()))] {
            let approved =
                guard(diff(&blueprint, &observed, &recorded(), NOW), &blueprint, &observed, &Callers::default());
            let after = predicted(&observed, approved.changes());
            assert_eq!(proofs(&blueprint, &after), proofs(&blueprint, &converged(&blueprint)));
        }
    }
}
