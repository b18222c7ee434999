use super::super::sample::{
    FRESH, NOW, ROLE, blueprint, blueprint_with, converged, document, drifted, fresh, recorded,
};
use super::*;
use crate::caller_identity::Callers;
use crate::code::Code;
use crate::outcome::Cause;
use crate::plan::{guard, proofs};
use crate::role_settings::RoleSettings;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn sentences(blueprint: &Blueprint, observed: &Observed) -> String {
    let Plan { changes, refusals, notices, .. } = diff(blueprint, observed, &recorded(), NOW);
    let changes = changes.iter().map(|change| format!("{} {change}\n", change.call()));
    let refusals = refusals.iter().map(|refusal| format!("refused: {refusal}\n"));
    changes.chain(refusals).chain(notices.iter().map(|notice| format!("note: {notice}\n"))).collect()
}

/// The changes that repair a drifted role.
fn repair(change: impl FnOnce(&mut ObservedRole)) -> String {
    sentences(&blueprint(), &drifted(change))
}

#[test]
fn converged_account_has_no_changes() {
    let blueprint = blueprint();
    insta::assert_snapshot!(sentences(&blueprint, &converged(&blueprint)), @"");
}

#[test]
fn fresh_account_gets_all_changes() {
    insta::assert_snapshot!(sentences(&blueprint(), &fresh()), @"
    iam:UpdateAssumeRolePolicy update the trust policy of role `OrganizationAccountAccessRole`
    iam:CreateRole create role `Acme`
    iam:PutRolePolicy put policy `read` on role `Acme`
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

#[test]
fn each_kind_of_drift_is_repaired() {
    const OTHER: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
    let all = [
        ("trust", repair(|role| role.trust = Ok(document(FRESH)))),
        ("unsupported trust", repair(|role| role.trust = Err("no policy".to_owned()))),
        ("description", repair(|role| role.settings.description = "theirs".to_owned())),
        ("maximum session duration", repair(|role| role.settings.max_session = Duration::from_secs(7200))),
        (
            "both",
            repair(|role| {
                role.settings.description.clear();
                role.settings.max_session = Duration::from_secs(7200);
            }),
        ),
        ("policy changed", repair(|role| drop(role.policies.insert("read".to_owned(), Ok(document(FRESH)))))),
        ("unsupported policy", repair(|role| drop(role.policies.insert("read".to_owned(), Err("no".to_owned()))))),
        ("policy missing", repair(|role| role.policies.clear())),
        ("policy added", repair(|role| drop(role.policies.insert("more".to_owned(), Ok(document(FRESH)))))),
        ("attached", repair(|role| role.attached.extend([OTHER.to_owned()]))),
        ("detached", repair(|role| role.attached.clear())),
        ("boundary changed", repair(|role| role.settings.boundary = Some(OTHER.to_owned()))),
        ("boundary missing", repair(|role| role.settings.boundary = None)),
        ("tag changed", repair(|role| drop(role.settings.tags.insert("team".to_owned(), "other".to_owned())))),
        (
            "tags added",
            repair(|role| role.settings.tags.extend([("a", "1"), ("aws:x", "2")].map(|(k, v)| (k.into(), v.into())))),
        ),
    ];
    let text: String = all.iter().map(|(what, change)| format!("{what}:\n{change}")).collect();
    insta::assert_snapshot!(text, @"
    trust:
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: its trust policy is not as configured
    iam:UpdateAssumeRolePolicy remove account 111122223333 from the trust policy of role `Acme`, and update it
    unsupported trust:
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: its trust policy is not as configured
    iam:UpdateAssumeRolePolicy update the trust policy of role `Acme`
    description:
    iam:UpdateRole update the description of role `Acme`
    maximum session duration:
    iam:UpdateRole update the maximum session duration of role `Acme` from 7200 s to 3600 s
    both:
    iam:UpdateRole update the description and the maximum session duration (3600 s) of role `Acme`
    policy changed:
    iam:PutRolePolicy replace policy `read` of role `Acme`
    unsupported policy:
    iam:PutRolePolicy put policy `read` on role `Acme`
    policy missing:
    iam:PutRolePolicy put policy `read` on role `Acme`
    policy added:
    iam:DeleteRolePolicy delete policy `more` from role `Acme`
    attached:
    iam:DetachRolePolicy detach arn:aws:iam::aws:policy/AdministratorAccess from role `Acme`
    detached:
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    boundary changed:
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: it has a permissions boundary that is not configured
    iam:PutRolePermissionsBoundary set the permissions boundary of role `Acme` to arn:aws:iam::aws:policy/PowerUserAccess
    boundary missing:
    iam:PutRolePermissionsBoundary set the permissions boundary of role `Acme` to arn:aws:iam::aws:policy/PowerUserAccess
    tag changed:
    iam:TagRole tag role `Acme` with `team`
    tags added:
    iam:UntagRole remove the tags `a` from role `Acme`
    ");
}

#[test]
fn boundary_that_is_not_configured_is_removed() {
    let blueprint =
        blueprint_with(|config| config.roles.iter_mut().for_each(|role| role.definition.settings.boundary = None));
    let observed = drifted(|_| {});
    insta::assert_snapshot!(sentences(&blueprint, &observed), @"
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: it has a permissions boundary that is not configured
    iam:DeleteRolePermissionsBoundary remove the permissions boundary arn:aws:iam::aws:policy/PowerUserAccess from role `Acme`
    ");
}

#[test]
fn permissions_are_reduced_before_they_are_added() {
    let text = repair(|role| {
        *role = ObservedRole {
            inline_length: 0,
            id: role.id.clone(),
            settings: RoleSettings {
                tags: BTreeMap::from([("theirs".to_owned(), String::new())]),
                ..RoleSettings::default()
            },
            trust: Ok(document(FRESH)),
            policies: BTreeMap::from([("theirs".to_owned(), Ok(document(FRESH)))]),
            attached: BTreeSet::from(["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()]),
        }
    });
    insta::assert_snapshot!(text, @"
    iam:PutRolePolicy revoke the sessions of role `Acme` that were issued before now: its trust policy is not as configured
    iam:TagRole tag role `Acme` with `account-onboarding`, `team`
    iam:DeleteRolePolicy delete policy `theirs` from role `Acme`
    iam:PutRolePermissionsBoundary set the permissions boundary of role `Acme` to arn:aws:iam::aws:policy/PowerUserAccess
    iam:DetachRolePolicy detach arn:aws:iam::aws:policy/AdministratorAccess from role `Acme`
    iam:UpdateAssumeRolePolicy remove account 111122223333 from the trust policy of role `Acme`, and update it
    iam:UpdateRole update the description of role `Acme`
    iam:UntagRole remove the tags `theirs` from role `Acme`
    iam:PutRolePolicy put policy `read` on role `Acme`
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

#[test]
fn unreadable_role_has_no_changes() {
    let mut observed = converged(&blueprint());
    let role = observed.roles.pop_first().unwrap().0;
    assert_eq!(role.as_str(), ROLE);
    observed.unreadable.insert(role, Cause::new(Code::AccessDenied, "denied", "look at it"));
    assert_eq!(sentences(&blueprint(), &observed), "");
}

#[test]
fn grant_for_another_access_role_is_not_made() {
    let observed = fresh();
    let granting = |only: &str| {
        blueprint_with(|config| {
            config.roles.clear();
            config.access_role.grants[0].access_role = Some(only.parse().unwrap());
        })
    };
    let other = granting("AWSControlTowerExecution");
    assert_eq!(sentences(&other, &observed), "");
    assert_eq!(proofs(&other, &observed), []);
    let this = granting("organizationaccountaccessrole");
    insta::assert_snapshot!(sentences(&this, &observed), @"iam:UpdateAssumeRolePolicy update the trust policy of role `OrganizationAccountAccessRole`");
    assert_eq!(proofs(&this, &observed).len(), proofs(&blueprint_with(|config| config.roles.clear()), &observed).len());
    let approved = guard(diff(&this, &observed, &recorded(), NOW), &this, &observed, &Callers::default());
    assert_eq!((approved.changes().len(), approved.refusals()), (1, &[][..]));
    let faulty = guard(diff(&this, &observed, &recorded(), NOW), &other, &observed, &Callers::default());
    assert_eq!(faulty.changes(), [], "the guard knows which access role a grant is for");
}

#[test]
fn unsupported_access_role_policy_is_refused() {
    let mut observed = converged(&blueprint());
    observed.access_trust = Err("`Statement[0].Effect` is not valid".to_owned());
    insta::assert_snapshot!(sentences(&blueprint(), &observed), @"refused: the trust policy of role `OrganizationAccountAccessRole` is not supported: `Statement[0].Effect` is not valid; fix the trust policy manually, then run again");
    let none = blueprint_with(|config| config.access_role.grants.clear());
    assert_eq!(sentences(&none, &observed), "", "no grants, so the policy is not edited");
}
