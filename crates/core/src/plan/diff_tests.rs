use super::super::sample::{FRESH, ROLE, blueprint, blueprint_with, converged, document, drifted, fresh};
use super::*;
use crate::outcome::Cause;

fn sentences(blueprint: &Blueprint, observed: &Observed) -> String {
    let Plan { changes, refusals, notices } = diff(blueprint, observed);
    let changes = changes.iter().map(|change| format!("{} {change}\n", change.call()));
    let refusals = refusals.iter().map(|refusal| format!("refused: {refusal}\n"));
    changes.chain(refusals).chain(notices.iter().map(|notice| format!("note: {notice}\n"))).collect()
}

/// The changes that bring an altered role back.
fn back(change: impl FnOnce(&mut ObservedRole)) -> String {
    sentences(&blueprint(), &drifted(change))
}

#[test]
fn what_is_as_it_should_be_is_no_change() {
    let blueprint = blueprint();
    insta::assert_snapshot!(sentences(&blueprint, &converged(&blueprint)), @"");
}

#[test]
fn a_fresh_account_gets_everything() {
    insta::assert_snapshot!(sentences(&blueprint(), &fresh()), @"
    iam:UpdateAssumeRolePolicy update the trust policy of role `OrganizationAccountAccessRole`
    iam:CreateRole create role `Acme`
    iam:PutRolePolicy put policy `read` on role `Acme`
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    ");
}

#[test]
fn each_kind_of_drift_has_its_change() {
    const OTHER: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
    let all = [
        ("trust", back(|role| role.trust = Ok(document(FRESH)))),
        ("trust that is none", back(|role| role.trust = Err("no policy".to_owned()))),
        ("description", back(|role| role.description = "theirs".to_owned())),
        ("longest session", back(|role| role.max_session_seconds = 7200)),
        (
            "both",
            back(|role| {
                role.description.clear();
                role.max_session_seconds = 7200;
            }),
        ),
        ("policy changed", back(|role| drop(role.policies.insert("read".to_owned(), Ok(document(FRESH)))))),
        ("policy that is none", back(|role| drop(role.policies.insert("read".to_owned(), Err("no".to_owned()))))),
        ("policy missing", back(|role| role.policies.clear())),
        ("policy added", back(|role| drop(role.policies.insert("more".to_owned(), Ok(document(FRESH)))))),
        ("attached", back(|role| role.attached.extend([OTHER.to_owned()]))),
        ("detached", back(|role| role.attached.clear())),
        ("boundary changed", back(|role| role.boundary = Some(OTHER.to_owned()))),
        ("boundary missing", back(|role| role.boundary = None)),
        ("tag changed", back(|role| drop(role.tags.insert("team".to_owned(), "other".to_owned())))),
        ("tags added", back(|role| role.tags.extend([("a", "1"), ("aws:x", "2")].map(|(k, v)| (k.into(), v.into()))))),
    ];
    let text: String = all.iter().map(|(what, change)| format!("{what}:\n{change}")).collect();
    insta::assert_snapshot!(text, @"
    trust:
    iam:UpdateAssumeRolePolicy update the trust policy of role `Acme`
    trust that is none:
    iam:UpdateAssumeRolePolicy update the trust policy of role `Acme`
    description:
    iam:UpdateRole update the description of role `Acme`
    longest session:
    iam:UpdateRole update the longest session of role `Acme` from 7200 s to 3600 s
    both:
    iam:UpdateRole update the description and the longest session (3600 s) of role `Acme`
    policy changed:
    iam:PutRolePolicy replace policy `read` of role `Acme`
    policy that is none:
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
fn a_boundary_that_nobody_configured_goes() {
    let blueprint = blueprint_with(|config| config.roles.iter_mut().for_each(|role| role.boundary = None));
    let observed = drifted(|_| {});
    insta::assert_snapshot!(sentences(&blueprint, &observed), @"iam:DeleteRolePermissionsBoundary remove the permissions boundary arn:aws:iam::aws:policy/PowerUserAccess from role `Acme`");
}

#[test]
fn what_narrows_comes_before_what_widens() {
    let text = back(|role| {
        *role = ObservedRole {
            description: String::new(),
            boundary: None,
            tags: BTreeMap::from([("theirs".to_owned(), String::new())]),
            trust: Ok(document(FRESH)),
            policies: BTreeMap::from([("theirs".to_owned(), Ok(document(FRESH)))]),
            attached: BTreeSet::from(["arn:aws:iam::aws:policy/AdministratorAccess".to_owned()]),
            ..role.clone()
        }
    });
    insta::assert_snapshot!(text, @"
    iam:TagRole tag role `Acme` with `account-onboarding`, `team`
    iam:PutRolePermissionsBoundary set the permissions boundary of role `Acme` to arn:aws:iam::aws:policy/PowerUserAccess
    iam:DetachRolePolicy detach arn:aws:iam::aws:policy/AdministratorAccess from role `Acme`
    iam:DeleteRolePolicy delete policy `theirs` from role `Acme`
    iam:UpdateAssumeRolePolicy update the trust policy of role `Acme`
    iam:PutRolePolicy put policy `read` on role `Acme`
    iam:AttachRolePolicy attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `Acme`
    iam:UpdateRole update the description of role `Acme`
    iam:UntagRole remove the tags `theirs` from role `Acme`
    ");
}

#[test]
fn a_role_that_may_not_be_read_is_not_planned() {
    let mut observed = converged(&blueprint());
    let role = observed.roles.pop_first().unwrap().0;
    assert_eq!(role.as_str(), ROLE);
    observed.unreadable.insert(role, Cause::new("access_denied", "denied", "look at it"));
    assert_eq!(sentences(&blueprint(), &observed), "");
}

#[test]
fn the_access_role_s_policy_is_told_where_it_cannot_be_edited() {
    let mut observed = converged(&blueprint());
    observed.access_trust = Err("`Statement[0].Effect` is not understood".to_owned());
    insta::assert_snapshot!(sentences(&blueprint(), &observed), @"refused: the trust policy of role `OrganizationAccountAccessRole` is not understood: `Statement[0].Effect` is not understood; mend the trust policy by hand, then run again");
    let none = blueprint_with(|config| config.access_role.grants.clear());
    assert_eq!(sentences(&none, &observed), "", "nothing is asked of it");
}
