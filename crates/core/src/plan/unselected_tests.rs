//! Grants and roles whose targets no longer select the account, with `on-unselect = "remove"`.

use std::collections::BTreeSet;

use super::sample::{FRESH, NOW, ROLE, ROLE_ID, account, blueprint_with, converged, document, fresh, name};
use super::still_present::{grants_to_record, recognize_withdrawn, still_present_grants};
use super::{
    Action, Approved, KnownRoles, RecordedGrant, RoleHistory, diff, guard, leave_foreign, predicted, proofs,
    remove_unselected,
};
use crate::account::Account;
use crate::blueprint::{Blueprint, BlueprintError, RemovalReason, SecretValues};
use crate::caller_identity::Callers;
use crate::config::Config;
use crate::observed::{Observed, ObservedRole};
use crate::owner::OWNER_TAG;
use crate::policy::{Document, Grant, add_grants};
use crate::role::RoleName;
use crate::targets::OnUnselect;

const ACCESS: &str = "OrganizationAccountAccessRole";
const PARTNER: &str = "147995105371";

/// Not for the account of the sample.
const ELSEWHERE: &str = "targets = { accounts = ['999988887777'] }\n";

fn grant(principal: &str, keys: &str) -> String {
    format!("[[access-role.grant]]\nprincipal = '{principal}'\n{keys}\n")
}

fn removing(principal: &str, keys: &str) -> String {
    grant(principal, &format!("{keys}\n{ELSEWHERE}on-unselect = 'remove'\n"))
}

fn built(config: &str, account: &Account) -> (Blueprint, Vec<BlueprintError>) {
    let config = Config::parse_without_files(config).unwrap_or_else(|problems| panic!("{problems}"));
    Blueprint::new(&config, account, &SecretValues::default()).unwrap()
}

/// The trust policy with the grants of a configuration that has no targets, and the record of it.
fn granted(config: &str) -> (Observed, BTreeSet<RecordedGrant>) {
    let (blueprint, _) = built(config, &account());
    let all = blueprint.grants_on(&name(ACCESS));
    let partition = &blueprint.account.partition;
    let trust = add_grants(&document(FRESH), &all, partition).unwrap().document;
    let recorded = grants_to_record(&BTreeSet::new(), &all, &trust, partition);
    (Observed { access_trust: Ok(trust), ..fresh() }, recorded)
}

/// The blueprint of a configuration, with what a record knows.
fn recognized(config: &str, recorded: &BTreeSet<RecordedGrant>) -> Blueprint {
    let (mut blueprint, _) = built(config, &account());
    recognize_withdrawn(&mut blueprint, recorded);
    blueprint
}

fn guarded(blueprint: &Blueprint, observed: &Observed) -> Approved {
    guard(diff(blueprint, observed, &RoleHistory::default(), NOW), blueprint, observed, &Callers::default())
}

/// The trust policy after the changes, of which there is at most one.
fn trust_after(approved: &Approved, observed: &Observed) -> Document {
    assert_eq!(approved.refusals(), []);
    match approved.changes() {
        [] => observed.access_trust.clone().unwrap(),
        [change] => match &change.action {
            Action::UpdateTrust { after, .. } => after.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn sentences(blueprint: &Blueprint, observed: &Observed) -> Vec<String> {
    proofs(blueprint, observed).into_iter().map(|proof| format!("{:?} {}", proof.holds, proof.sentence)).collect()
}

#[test]
fn recorded_grant_that_is_not_selected_is_removed() {
    let identity = grant("222233334444", "");
    let (observed, recorded) = granted(&(identity.clone() + &grant(PARTNER, "")));
    let config = identity.clone() + &removing(PARTNER, "");
    let blueprint = recognized(&config, &recorded);
    let approved = guarded(&blueprint, &observed);
    let (only_identity, _) = granted(&identity);
    assert!(trust_after(&approved, &observed).equivalent(only_identity.access_trust.as_ref().unwrap()));
    let after = predicted(&observed, approved.changes());
    insta::assert_snapshot!([sentences(&blueprint, &observed), sentences(&blueprint, &after)].concat().join("\n"), @"
    Some(true) account 222233334444: can assume the role
    Some(false) account 147995105371: the grant that is not for this account is still in the trust policy
    Some(true) account 222233334444: can assume the role
    Some(true) account 147995105371: the grant that is not for this account is removed
    ");
    assert_eq!(guarded(&blueprint, &after).changes(), []);
}

#[test]
fn grant_that_no_record_knows_is_not_removed_and_not_proven() {
    let (observed, recorded) = granted(&grant(PARTNER, ""));
    let blueprint = recognized(&removing(PARTNER, ""), &BTreeSet::new());
    assert_eq!((guarded(&blueprint, &observed).changes(), proofs(&blueprint, &observed)), (&[][..], Vec::new()));
    let kept = removing(PARTNER, "").replace("'remove'", "'keep'");
    let blueprint = recognized(&kept, &recorded);
    assert_eq!((guarded(&blueprint, &observed).changes(), proofs(&blueprint, &observed)), (&[][..], Vec::new()));
}

/// The principal has the same grant by another block, which is for the account or keeps it.
#[test]
fn grant_that_another_block_has_as_well_stays() {
    let (observed, recorded) = granted(&grant(PARTNER, ""));
    for other in [grant(PARTNER, ""), grant(PARTNER, &format!("{ELSEWHERE}on-unselect = 'keep'\n"))] {
        for config in [removing(PARTNER, "") + &other, other.clone() + &removing(PARTNER, "")] {
            let blueprint = recognized(&config, &recorded);
            assert_eq!(guarded(&blueprint, &observed).changes(), [], "{config}");
        }
    }
}

/// A grant may have needed no statement of its own, because one with more actions contains it.
#[test]
fn grant_that_relied_on_the_statement_of_a_removed_one_gets_its_own() {
    let tags = "actions = ['sts:AssumeRole', 'sts:TagSession']";
    let (observed, recorded) = granted(&(grant(PARTNER, tags) + &grant(PARTNER, "")));
    let blueprint = recognized(&(removing(PARTNER, tags) + &grant(PARTNER, "")), &recorded);
    let approved = guarded(&blueprint, &observed);
    let trust = trust_after(&approved, &observed);
    assert!(!trust.to_json().contains("TagSession"), "{}", trust.to_json());
    let after = predicted(&observed, approved.changes());
    insta::assert_snapshot!(sentences(&blueprint, &after).join("\n"), @"
    Some(true) account 147995105371: can assume the role
    Some(true) account 147995105371: the grant that is not for this account is removed
    ");
    assert_eq!(guarded(&blueprint, &after).changes(), []);
}

/// Whether the other grant is for the account is not known, so that nothing of the principal is removed.
#[test]
fn grant_stays_while_another_one_to_the_principal_is_not_decided() {
    let unit = "targets = { organizational-units = ['ou-ab12-cdef3456'] }\n";
    let tags = "actions = ['sts:AssumeRole', 'sts:TagSession']";
    for (removed, other) in [("", ""), (tags, "")] {
        let (observed, recorded) = granted(&(grant(PARTNER, removed) + &grant(PARTNER, other)));
        let config = removing(PARTNER, removed) + &grant(PARTNER, &format!("{other}\n{unit}"));
        let blueprint = recognized(&config, &recorded);
        assert_eq!(blueprint.undecided_grants.len(), 1);
        assert_eq!((guarded(&blueprint, &observed).changes(), proofs(&blueprint, &observed)), (&[][..], Vec::new()));
    }
}

/// Statements that others wrote stay, also those for the same principal.
#[test]
fn only_the_statement_of_the_grant_is_edited() {
    let own = format!(
        r#"{{"Sid":"Own","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{PARTNER}:root"}},"Action":["sts:AssumeRole","sts:SetSourceIdentity"]}}"#
    );
    let (observed, recorded) = granted(&grant(PARTNER, ""));
    let trust = observed.access_trust.unwrap().to_json().replace("\"Statement\":[", &format!("\"Statement\":[{own},"));
    let observed = Observed { access_trust: Ok(document(&trust)), ..fresh() };
    let blueprint = recognized(&removing(PARTNER, ""), &recorded);
    let approved = guarded(&blueprint, &observed);
    let expected = FRESH.replace("\"Statement\":[", &format!("\"Statement\":[{own},"));
    assert!(trust_after(&approved, &observed).equivalent(&document(&expected)));
    let after = predicted(&observed, approved.changes());
    insta::assert_snapshot!(sentences(&blueprint, &after).join("\n"), @"Some(true) account 147995105371: the grant that is not for this account is removed, and another statement allows the principal to assume the role");
}

#[test]
fn management_account_keeps_its_access() {
    let identity = grant("222233334444", "");
    let (observed, recorded) = granted(&(identity.clone() + &grant("111122223333", "")));
    let approved = guarded(&recognized(&(identity + &removing("111122223333", "")), &recorded), &observed);
    assert_eq!(approved.changes(), []);
    insta::assert_snapshot!(approved.refusals()[0], @r#"the management account can assume role `OrganizationAccountAccessRole` by a grant whose targets no longer select this account, and without it no principal could repair the account; set `on-unselect` of that `[[access-role.grant]]` to "keep", or change its `targets`, then run again"#);
}

#[test]
fn last_statement_is_not_removed() {
    let (observed, recorded) = granted(&grant(PARTNER, ""));
    let trust = observed.access_trust.unwrap().to_json().replace("\"arn:aws:iam::111122223333:root\",", "");
    let observed = Observed { access_trust: Ok(document(&trust)), ..fresh() };
    let approved = guarded(&recognized(&removing(PARTNER, ""), &recorded), &observed);
    assert_eq!(approved.changes(), []);
    insta::assert_snapshot!(approved.refusals()[0], @r#"the trust policy of role `OrganizationAccountAccessRole` would have no statement left after the grants that are not for this account are removed; grant another principal access, or set their `on-unselect` to "keep""#);
}

/// The guard does not rely on how the edit was made.
#[test]
fn guard_refuses_an_edit_that_removes_a_grant_of_the_account() {
    let both = grant("222233334444", "") + &grant(PARTNER, "");
    let (observed, recorded) = granted(&both);
    let config = grant("222233334444", "") + &removing(PARTNER, "");
    let blueprint = recognized(&config, &recorded);
    let mut plan = diff(&blueprint, &observed, &RoleHistory::default(), NOW);
    for change in &mut plan.changes {
        if let Action::UpdateTrust { after, .. } = &mut change.action {
            *after = document(FRESH);
        }
    }
    let approved = guard(plan, &blueprint, &observed, &Callers::default());
    assert_eq!((approved.changes(), approved.refusals()[0].code.as_str()), (&[][..], "unsafe_trust"));
}

#[test]
fn grant_that_is_removed_is_not_reported_as_left() {
    let (observed, recorded) = granted(&grant(PARTNER, ""));
    let blueprint = recognized(&removing(PARTNER, ""), &recorded);
    let role = name(ACCESS);
    let unselected = blueprint.unselected_grants_on(&role);
    let trust = observed.access_trust.as_ref().unwrap();
    let left = |configured: &[Grant]| {
        still_present_grants(&recorded, configured, &unselected, &role, trust, &blueprint.account.partition).len()
    };
    assert_eq!((left(&[]), left(&blueprint.withdrawn_from(&role))), (1, 0));
}

/// The sample with its vendor for another account.
fn unselected_role(change: impl FnOnce(&mut Config)) -> Blueprint {
    blueprint_with(|config| {
        let elsewhere = format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '222233334444' }}]\n{ELSEWHERE}");
        let parsed = Config::parse_without_files(&elsewhere).unwrap();
        config.roles[0].targets = parsed.roles[0].targets.clone();
        config.roles[0].targets.on_unselect = OnUnselect::Remove;
        change(config);
    })
}

fn known() -> KnownRoles {
    [(name(ROLE), ROLE_ID.parse().unwrap())].into()
}

/// The account with the role, as this tool installed it.
fn installed(change: impl FnOnce(&mut ObservedRole)) -> Observed {
    let mut observed = converged(&blueprint_with(|_| {}));
    change(observed.roles.get_mut(&name(ROLE)).unwrap());
    observed
}

/// The changes and refusals for an unselected role, what is left of the record, and the proofs about the role afterwards.
fn ended(mut blueprint: Blueprint, observed: &Observed, known: &KnownRoles, registered: &[RoleName]) -> String {
    remove_unselected(&mut blueprint, known.keys().chain(registered));
    let gone = leave_foreign(&mut blueprint, observed, known, registered.iter());
    let history = RoleHistory { known: known.clone(), ..RoleHistory::default() };
    let approved = guard(diff(&blueprint, observed, &history, NOW), &blueprint, observed, &Callers::default());
    let after = predicted(observed, approved.changes());
    let changes = approved.changes().iter().map(|change| format!("{} {change}", change.call()));
    let refusals = approved.refusals().iter().map(|refusal| format!("{}: {refusal}", refusal.code));
    let gone = gone.keys().map(|name| format!("forgotten: {name}"));
    let about = proofs(&blueprint, &after).into_iter().filter(|proof| proof.role == name(ROLE));
    let proofs = about.map(|proof| format!("{:?} {}", proof.holds, proof.sentence));
    changes.chain(refusals).chain(gone).chain(proofs).collect::<Vec<_>>().join("\n")
}

#[test]
fn recorded_role_that_is_not_selected_is_emptied_and_deleted() {
    let text = ended(unselected_role(|_| {}), &installed(|_| {}), &known(), &[]);
    insta::assert_snapshot!(text, @"
    iam:DeleteRolePolicy delete policy `read` from role `Acme`
    iam:DetachRolePolicy detach arn:aws:iam::aws:policy/ReadOnlyAccess from role `Acme`
    iam:DeleteRole delete role `Acme`
    Some(true) Acme: the role does not exist
    ");
    let kept = unselected_role(|config| config.roles[0].targets.on_unselect = OnUnselect::Keep);
    assert_eq!(ended(kept, &installed(|_| {}), &known(), &[]), "");
}

#[test]
fn role_that_no_record_knows_is_removed_only_if_it_is_adopted_and_has_the_tag() {
    let none = KnownRoles::new();
    assert_eq!(ended(unselected_role(|_| {}), &installed(|_| {}), &none, &[]), "");
    let adopting = || unselected_role(|config| config.roles[0].definition.adopt = true);
    assert!(ended(adopting(), &installed(|_| {}), &none, &[]).contains("iam:DeleteRole delete role `Acme`"));
    let untagged = installed(|role| _ = role.settings.tags.remove(OWNER_TAG));
    assert_eq!(ended(adopting(), &untagged, &none, &[]), "", "another principal made it");
    let absent = Observed { roles: [].into(), ..installed(|_| {}) };
    assert_eq!(ended(adopting(), &absent, &none, &[]), "", "an account that was never selected has no role");
}

/// Another principal has created a role of the same name: it is not this tool's, and the record forgets its own.
#[test]
fn foreign_role_is_left_alone() {
    let foreign = installed(|role| {
        role.id = Some("AROAOTHEROTHEROTHER12".parse().unwrap());
        role.settings.tags.remove(OWNER_TAG);
    });
    assert_eq!(ended(unselected_role(|_| {}), &foreign, &known(), &[]), "forgotten: Acme");
}

#[test]
fn role_that_may_be_the_recorded_one_and_cannot_be_removed_is_refused() {
    let again = installed(|role| role.id = Some("AROAOTHEROTHEROTHER12".parse().unwrap()));
    let untagged = installed(|role| _ = role.settings.tags.remove(OWNER_TAG));
    let without_id = installed(|role| role.id = None);
    let service = installed(|role| "/aws-service-role/x/".clone_into(&mut role.settings.path));
    let mut in_use = installed(|_| {});
    in_use.instance_profiles.insert(name(ROLE), ["web".to_owned()].into());
    let all = [again, untagged, without_id, service, in_use];
    let refusal = |observed: &Observed| {
        let text = ended(unselected_role(|_| {}), observed, &known(), &[]);
        text.lines().next().unwrap_or_default().to_owned()
    };
    insta::assert_snapshot!(all.iter().map(refusal).collect::<Vec<_>>().join("\n"), @r#"
    role_not_recorded: role `Acme` was deleted and created again outside of a recorded run (ID AROAOTHEROTHEROTHER12 instead of AROADBQP57FF2AEXAMPLE), and is not deleted; find out who created it, then delete it manually
    foreign_role: role `Acme` was not made for `vendor/acme` (no `account-onboarding` tag), and is not deleted; delete the role manually, or set its `on-unselect` to "keep"
    role_not_recorded: role `Acme` has the tag of this tool, but no record shows that this tool created it; check that it is the role to remove, then delete it manually
    unsafe_removal: role `Acme` under the path `/aws-service-role/x/` belongs to an AWS service, and is not deleted; set its `on-unselect` to "keep"; a service-linked role is deleted in the console of its service
    role_in_use: role `Acme` is in the instance profile `web`, so that EC2 instances may use it, and is not deleted; remove the role from the instance profile (`aws iam remove-role-from-instance-profile`), then run again
    "#);
}

/// While the record has a registration for it, a role is not forgotten.
#[test]
fn recorded_registration_is_a_reason_to_look_for_the_role() {
    let mut blueprint = unselected_role(|_| {});
    remove_unselected(&mut blueprint, [name(ROLE)].iter());
    let registered = [name(ROLE)];
    leave_foreign(&mut blueprint, &fresh(), &KnownRoles::new(), registered.iter());
    assert_eq!(blueprint.removed.iter().map(|one| one.reason).collect::<Vec<_>>(), [RemovalReason::Unselected]);
}

#[test]
fn guard_deletes_no_role_that_is_for_the_account() {
    let observed = installed(|_| {});
    let mut blueprint = unselected_role(|_| {});
    remove_unselected(&mut blueprint, known().keys());
    let history = RoleHistory { known: known(), ..RoleHistory::default() };
    let plan = diff(&blueprint, &observed, &history, NOW);
    blueprint.roles = blueprint_with(|_| {}).roles;
    let approved = guard(plan, &blueprint, &observed, &Callers::default());
    assert_eq!((approved.changes(), approved.refusals()[0].code.as_str()), (&[][..], "unsafe_removal"));
}
