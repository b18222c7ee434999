use std::collections::BTreeSet;

use super::super::sample::{
    FRESH, NOW, ROLE, ROLE_ID, account, blueprint, blueprint_with, converged, document, fresh, name, recorded,
};
use super::super::{Approved, Plan, RoleHistory, Sign, diff, guard, predicted, proofs};
use super::*;
use crate::blueprint::Blueprint;
use crate::caller_identity::Callers;
use crate::config::RemovedRole;
use crate::observed::ExistingRegistration;
use crate::outcome::Cause;
use crate::owner::Owner;
use crate::policy::{Principal, REVOCATION_POLICY};
use crate::role::RoleName;

/// The vendor of the sample, which is removed.
fn removed_role() -> RemovedRole {
    RemovedRole {
        owner: Owner::Vendor("acme".to_owned()),
        title: "Acme".to_owned(),
        name: name(ROLE),
        adopt: false,
        tenant: None,
    }
}

fn removing(change: impl FnOnce(&mut RemovedRole)) -> Blueprint {
    blueprint_with(|config| {
        config.roles.clear();
        let mut role = removed_role();
        change(&mut role);
        config.removed.push(role);
    })
}

/// An account with the role, as this tool installed it.
fn installed(change: impl FnOnce(&mut ObservedRole)) -> Observed {
    let mut observed = converged(&blueprint());
    change(observed.roles.get_mut(&name(ROLE)).unwrap());
    observed
}

fn guarded(blueprint: &Blueprint, observed: &Observed, history: &RoleHistory) -> Approved {
    guard(diff(blueprint, observed, history, NOW), blueprint, observed, &Callers::default())
}

fn changes(approved: &Approved) -> String {
    approved.changes().iter().map(|change| format!("{} {change}\n", change.call())).collect()
}

/// The only refusal, with its code.
fn refused(blueprint: &Blueprint, observed: &Observed, history: &RoleHistory) -> String {
    let approved = guarded(blueprint, observed, history);
    assert_eq!(approved.changes(), [], "nothing is changed");
    let [refusal] = approved.refusals() else { panic!("{:?}", approved.refusals()) };
    format!("{}: {refusal}", refusal.code)
}

#[test]
fn owned_role_is_emptied_and_deleted() {
    let observed = installed(|role| {
        let deny = document(r#"{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}"#);
        role.policies.insert(REVOCATION_POLICY.to_owned(), Ok(deny));
        role.policies.insert("odd".to_owned(), Err("not JSON".to_owned()));
    });
    let blueprint = removing(|_| {});
    let approved = guarded(&blueprint, &observed, &recorded());
    insta::assert_snapshot!(changes(&approved), @"
    iam:DeleteRolePolicy delete policy `read` from role `Acme`
    iam:DetachRolePolicy detach arn:aws:iam::aws:policy/ReadOnlyAccess from role `Acme`
    iam:DeleteRolePolicy delete policy `AWSRevokeOlderSessions` from role `Acme`
    iam:DeleteRolePolicy delete policy `odd` from role `Acme`
    iam:DeleteRole delete role `Acme`
    ");
    assert_eq!(approved.refusals(), []);
    assert!(approved.changes().iter().all(|change| change.signs() == [Sign::Remove]));
    let after = proofs(&blueprint, &predicted(&observed, approved.changes()));
    assert!(after.iter().all(super::super::Proof::is_proven), "{after:?}");
    let before: Vec<_> = proofs(&blueprint, &observed).into_iter().filter(|proof| !proof.is_proven()).collect();
    insta::assert_snapshot!(before.iter().map(|p| p.sentence.as_str()).collect::<Vec<_>>().join("\n"), @"Acme: the role still exists");
}

#[test]
fn absent_role_needs_no_change() {
    let mut observed = installed(|_| {});
    observed.roles.clear();
    let approved = guarded(&removing(|_| {}), &observed, &RoleHistory::default());
    assert_eq!((approved.changes(), approved.refusals()), (&[][..], &[][..]));
}

#[test]
fn role_of_another_owner_is_refused() {
    let blueprint = removing(|_| {});
    let other = installed(|role| _ = role.settings.tags.insert(OWNER_TAG.to_owned(), "vendor/other".to_owned()));
    let untagged = installed(|role| _ = role.settings.tags.remove(OWNER_TAG));
    insta::assert_snapshot!([&other, &untagged].map(|observed| refused(&blueprint, observed, &recorded())).join("\n"), @"
    foreign_role: role `Acme` was not made for `vendor/acme` (its tag `account-onboarding` is `vendor/other`), and is not deleted; correct the `[[removed]]` block, or delete the block and the role manually
    foreign_role: role `Acme` was not made for `vendor/acme` (no `account-onboarding` tag), and is not deleted; correct the `[[removed]]` block, or delete the block and the role manually
    ");
    let adopting = removing(|role| role.adopt = true);
    assert!(refused(&adopting, &untagged, &recorded()).starts_with("foreign_role"), "adopt does not replace the tag");
}

#[test]
fn role_that_is_not_the_recorded_one_is_refused() {
    let blueprint = removing(|_| {});
    let adopting = removing(|role| role.adopt = true);
    let again = installed(|role| role.id = Some("AROAOTHEROTHEROTHER12".parse().unwrap()));
    let without_id = installed(|role| role.id = None);
    insta::assert_snapshot!([
        refused(&blueprint, &installed(|_| {}), &RoleHistory::default()),
        refused(&blueprint, &again, &recorded()),
        refused(&adopting, &again, &recorded()),
        refused(&adopting, &without_id, &RoleHistory::default()),
    ].join("\n"), @"
    role_not_recorded: role `Acme` has the tag of this tool, but no record shows that this tool created it; check that it is the role to remove, then set `adopt = true` in its `[[removed]]` block
    role_not_recorded: role `Acme` was deleted and created again outside of a recorded run (ID AROAOTHEROTHEROTHER12 instead of AROADBQP57FF2AEXAMPLE), and is not deleted; find out who created it, then delete it manually, and delete its `[[removed]]` block
    role_not_recorded: role `Acme` was deleted and created again outside of a recorded run (ID AROAOTHEROTHEROTHER12 instead of AROADBQP57FF2AEXAMPLE), and is not deleted; find out who created it, then delete it manually, and delete its `[[removed]]` block
    role_not_recorded: role `Acme` has the tag of this tool, but no record shows that this tool created it; check that it is the role to remove, then set `adopt = true` in its `[[removed]]` block
    ");
    assert_eq!(guarded(&adopting, &installed(|_| {}), &RoleHistory::default()).refusals(), []);
}

#[test]
fn role_in_an_instance_profile_is_refused() {
    let mut observed = installed(|_| {});
    observed.instance_profiles.insert(name(ROLE), BTreeSet::from(["web\u{1b}[2J".to_owned()]));
    insta::assert_snapshot!(refused(&removing(|_| {}), &observed, &recorded()), @"role_in_use: role `Acme` is in the instance profile `web?[2J`, so that EC2 instances may use it, and is not deleted; remove the role from the instance profile (`aws iam remove-role-from-instance-profile`), then run again");
    observed.instance_profiles.insert(name(ROLE), BTreeSet::new());
    assert_eq!(guarded(&removing(|_| {}), &observed, &recorded()).refusals(), []);
}

#[test]
fn role_of_a_service_is_refused() {
    let blueprint = removing(|_| {});
    let with_path = |path: &str| installed(|role| path.clone_into(&mut role.settings.path));
    insta::assert_snapshot!(refused(&blueprint, &with_path("/aws-service-role/x.amazonaws.com/"), &recorded()), @"unsafe_removal: role `Acme` under the path `/aws-service-role/x.amazonaws.com/` belongs to an AWS service, and is not deleted; delete its `[[removed]]` block; a service-linked role is deleted in the console of its service");
    assert!(refused(&blueprint, &with_path("/aws-reserved/sso.amazonaws.com/"), &recorded()).starts_with("unsafe"));
    assert_eq!(guarded(&blueprint, &with_path("/vendors/"), &recorded()).refusals(), []);
}

#[test]
fn role_that_cannot_be_read_is_refused() {
    let mut observed = installed(|_| {});
    observed.roles.clear();
    let why = Cause::new(crate::code::Code::AccessDenied, "iam:GetRole failed", "allow it");
    observed.unreadable.insert(name(ROLE), why);
    insta::assert_snapshot!(refused(&removing(|_| {}), &observed, &recorded()), @"access_denied: role `Acme`, which the configuration removes, cannot be read: iam:GetRole failed; allow it");
}

#[test]
fn nothing_is_removed_in_the_management_account_and_no_access_role() {
    let mut blueprint = removing(|_| {});
    blueprint.account.management = account().id;
    insta::assert_snapshot!(refused(&blueprint, &installed(|_| {}), &recorded()), @"unsafe_removal: role `Acme` is never deleted by this tool; delete its `[[removed]]` block from the configuration");
    let mut observed = installed(|_| {});
    observed.access_role = name("acme");
    assert!(refused(&removing(|_| {}), &observed, &recorded()).starts_with("unsafe_removal"));
}

#[test]
fn deletion_that_is_not_configured_is_refused() {
    let observed = installed(|_| {});
    let delete = |id: &str| Change {
        role: name(ROLE),
        action: Action::DeleteRole(Box::new(DeletedRole {
            title: "Acme".to_owned(),
            id: Some(id.parse().unwrap()),
            trust: None,
        })),
    };
    let plan = |change| Plan { changes: vec![change], known_roles: recorded().known, ..Plan::default() };
    let approved = guard(plan(delete(ROLE_ID)), &blueprint(), &observed, &Callers::default());
    assert_eq!(approved.changes(), [], "the role is configured");
    let approved = guard(plan(delete("AROAOTHEROTHEROTHER12")), &removing(|_| {}), &observed, &Callers::default());
    assert_eq!(approved.changes(), [], "it is another role");
    assert_eq!(guard(plan(delete(ROLE_ID)), &removing(|_| {}), &observed, &Callers::default()).changes().len(), 1);
}

fn registered() -> ExistingRegistration {
    ExistingRegistration { id: 7, ..ExistingRegistration::default() }
}

fn in_tenant(role: &mut RemovedRole) {
    role.tenant = Some(VendorTenant {
        api: crate::vendor::Api::WorkloadSecurity,
        endpoint: crate::vendor::Endpoint::from_region(crate::vendor::Api::WorkloadSecurity, "us-1").unwrap(),
        key_parameter: "/key".to_owned(),
    });
}

#[test]
fn registration_is_removed_before_the_role() {
    let blueprint = removing(in_tenant);
    let mut observed = installed(|_| {});
    observed.registrations.insert(name(ROLE), Ok(vec![registered()]));
    let planned = changes(&guarded(&blueprint, &observed, &recorded()));
    assert!(
        planned.lines().next().unwrap().contains("remove the registration 7 of the account with Acme"),
        "{planned}"
    );
    observed.registrations.insert(name(ROLE), Err(Stop::wait(crate::code::Code::VendorNotReady, "later")));
    let approved = guarded(&blueprint, &observed, &recorded());
    assert_eq!(
        (approved.changes(), approved.refusals()),
        (&[][..], &[][..]),
        "the role stays until the vendor answers"
    );
    observed
        .registrations
        .insert(name(ROLE), Err(Stop::blocked(crate::code::Code::VendorKeyRefused, "401", "renew the key")));
    insta::assert_snapshot!(refused(&blueprint, &observed, &recorded()), @"vendor_key_refused: could not remove the registration of the account with Acme, so that role `Acme` is kept: 401; renew the key");
}

fn revoking(principals: &[&str]) -> Blueprint {
    let mut blueprint = blueprint();
    blueprint.roles.clear();
    blueprint.grants.clear();
    blueprint.revoked = principals.iter().map(|text| Principal::to_revoke(text).unwrap()).collect();
    blueprint
}

fn trusting(principals: &str) -> Observed {
    let text = FRESH.replace(r#""arn:aws:iam::111122223333:root""#, principals);
    Observed { access_trust: Ok(document(&text)), ..fresh() }
}

#[test]
fn revoked_principals_are_removed_from_the_access_role() {
    let observed = trusting(r#"["111122223333","222233334444","arn:aws:iam::333344445555:role/old"]"#);
    let blueprint = revoking(&["222233334444", "arn:aws:iam::333344445555:role/old"]);
    let approved = guarded(&blueprint, &observed, &RoleHistory::default());
    insta::assert_snapshot!(changes(&approved), @"iam:UpdateAssumeRolePolicy remove account 222233334444 and arn:aws:iam::333344445555:role/old from the trust policy of role `OrganizationAccountAccessRole`");
    assert_eq!(approved.changes()[0].signs(), [Sign::Remove]);
    let after = predicted(&observed, approved.changes());
    let sentences = |observed: &Observed| {
        proofs(&blueprint, observed)
            .iter()
            .map(|proof| format!("{:?} {}\n", proof.holds, proof.sentence))
            .collect::<String>()
    };
    insta::assert_snapshot!(sentences(&observed) + &sentences(&after), @"
    Some(false) account 222233334444: still named by the trust policy
    Some(false) arn:aws:iam::333344445555:role/old: still named by the trust policy
    Some(true) account 222233334444: not named by the trust policy
    Some(true) arn:aws:iam::333344445555:role/old: not named by the trust policy
    ");
    assert_eq!(guarded(&blueprint, &after, &RoleHistory::default()).changes(), [], "a second run makes no write");
}

#[test]
fn grant_and_revocation_are_one_edit() {
    let mut both = revoking(&["333344445555"]);
    both.grants = blueprint().grants;
    let approved = guarded(&both, &trusting(r#"["111122223333","333344445555"]"#), &RoleHistory::default());
    insta::assert_snapshot!(changes(&approved), @"iam:UpdateAssumeRolePolicy remove account 333344445555 from the trust policy of role `OrganizationAccountAccessRole`, and update it");
    assert_eq!(approved.changes()[0].signs(), [Sign::Remove, Sign::Change]);
    assert_eq!(approved.refusals(), []);
}

#[test]
fn management_account_is_never_revoked() {
    let refused_for =
        |principals: &[&str], observed: &Observed| refused(&revoking(principals), observed, &RoleHistory::default());
    let role = "arn:aws:iam::111122223333:role/onboarding";
    insta::assert_snapshot!([
        refused_for(&["111122223333"], &trusting(r#"["111122223333","222233334444"]"#)),
        refused_for(&["111122223333"], &trusting(r#"["222233334444"]"#)),
        refused_for(&[role], &trusting(&format!(r#"["{role}","222233334444"]"#))),
        refused_for(&["222233334444"], &trusting(r#"["222233334444"]"#)),
    ].join("\n"), @"
    configuration: `[[access-role.revoke]]` would take the management account's access to role `OrganizationAccountAccessRole` away, and this tool could no longer repair the account; delete that block from the configuration, then run again
    configuration: `[[access-role.revoke]]` would take the management account's access to role `OrganizationAccountAccessRole` away, and this tool could no longer repair the account; delete that block from the configuration, then run again
    configuration: `[[access-role.revoke]]` would take the management account's access to role `OrganizationAccountAccessRole` away, and this tool could no longer repair the account; delete that block from the configuration, then run again
    configuration: the trust policy of role `OrganizationAccountAccessRole` would have no statement left after the revoked principals are removed; grant another principal access, or delete `[[access-role.revoke]]`
    ");
    let approved =
        guarded(&revoking(&[role]), &trusting(&format!(r#"["{role}","111122223333"]"#)), &RoleHistory::default());
    assert_eq!((approved.changes().len(), approved.refusals().len()), (1, 0), "its root keeps access");
}

#[test]
fn edit_that_takes_access_from_others_is_refused() {
    let observed = trusting(r#"["111122223333","222233334444","333344445555"]"#);
    let blueprint = revoking(&["222233334444"]);
    let mut plan = diff(&blueprint, &observed, &RoleHistory::default(), NOW);
    plan.changes[0].action = Action::UpdateTrust { before: observed.access_trust.clone().ok(), after: document(FRESH) };
    let approved = guard(plan, &blueprint, &observed, &Callers::default());
    assert_eq!(approved.changes(), []);
    assert_eq!(approved.refusals()[0].code, crate::code::Code::UnsafeTrust);
}

/// A recorded role is found whatever the case of its name.
#[test]
fn recorded_name_is_compared_without_case() {
    let known = recorded().known.into_values().map(|id| ("ACME".parse::<RoleName>().unwrap(), id)).collect();
    let history = RoleHistory { known, ..RoleHistory::default() };
    assert_eq!(guarded(&removing(|_| {}), &installed(|_| {}), &history).refusals(), []);
}
