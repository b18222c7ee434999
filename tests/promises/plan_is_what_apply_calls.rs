//! Promise 4: what `plan` prints is what `apply` calls, call for call.

use std::collections::BTreeSet;

use onboarding_core::outcome::Outcome;
use onboarding_core::policy::{Actions, Document};
use onboarding_core::report::Status;
use onboarding_engine::Job;
use onboarding_simulation::{FakeOrganization, PolicyText, RoleState};

use crate::common::*;

/// A starting state: what somebody has done to an account that was onboarded.
type Drift = (&'static str, fn(&FakeOrganization));

const DRIFTS: &[Drift] = &[
    ("nothing", |_| {}),
    ("no role at all", |o| ROLES.into_iter().for_each(|role| o.delete_role(&id(NEW), &name(role)))),
    ("one role missing", |o| o.delete_role(&id(NEW), &name(TRELICA_ROLE))),
    ("a role without policies", |o| alter(o, NEW, SECURITY_ROLE, |role| role.policies.clear())),
    ("a trust policy widened", |o| {
        alter(o, NEW, TRELICA_ROLE, |role| {
            role.trust = PolicyText(role.trust.0.replace("StringEquals", "StringLike"));
        });
    }),
    ("a trust policy that is none", |o| {
        alter(o, NEW, TRELICA_ROLE, |role| role.trust = PolicyText("{}".to_owned()));
    }),
    ("an inline policy changed", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText(ALL.to_owned()));
        });
    }),
    ("an inline policy that is none", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText("nonsense".to_owned()));
        });
    }),
    ("inline policies added", |o| {
        alter(o, NEW, TRELICA_ROLE, |role| {
            for policy in ["a", "b"] {
                role.policies.insert(policy.to_owned(), PolicyText(ALL.to_owned()));
            }
        });
    }),
    ("an inline policy renamed", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            let policy = role.policies.remove("deploy").unwrap();
            role.policies.insert("Deploy".to_owned(), policy);
        });
    }),
    ("managed policies added", |o| {
        alter(o, NEW, SECURITY_ROLE, |role| {
            role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
            role.attached.insert("arn:aws:iam::444455556666:policy/own".to_owned());
        });
    }),
    ("a managed policy missing", |o| alter(o, NEW, OWN_ROLE, |role| role.attached.clear())),
    ("a boundary added", |o| {
        alter(o, NEW, TRELICA_ROLE, |role| role.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()));
    }),
    ("a boundary changed", |o| {
        alter(o, NEW, OWN_ROLE, |role| role.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()));
    }),
    ("a boundary missing", |o| alter(o, NEW, OWN_ROLE, |role| role.boundary = None)),
    ("a description changed", |o| alter(o, NEW, OWN_ROLE, |role| role.description = "mine".to_owned())),
    ("a longest session changed", |o| alter(o, NEW, SECURITY_ROLE, |role| role.max_session_seconds = 43_200)),
    ("tags added, changed and missing", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            role.tags.insert("team".to_owned(), "other".to_owned());
            role.tags.insert("more".to_owned(), "x".to_owned());
        });
        alter(o, NEW, SECURITY_ROLE, |role| {
            role.tags.insert("Extra".to_owned(), String::new());
        });
    }),
    ("a tag in another case", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            let team = role.tags.remove("team").unwrap();
            role.tags.insert("Team".to_owned(), team);
        });
    }),
    ("the identity account taken out of the access role", |o| {
        alter(o, NEW, ACCESS, |role| role.trust = role_state(o, OLD, ACCESS).trust);
    }),
    ("everything at once", |o| {
        alter(o, NEW, OWN_ROLE, |role| {
            let tags = role.tags.clone();
            *role = RoleState { path: "/apps/".to_owned(), tags, ..RoleState::trusting("{}") };
            role.tags.insert("more".to_owned(), "x".to_owned());
            role.policies.insert("other".to_owned(), PolicyText(ALL.to_owned()));
            role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
        });
        o.delete_role(&id(NEW), &name(SECURITY_ROLE));
        alter(o, NEW, ACCESS, |role| role.trust = role_state(o, OLD, ACCESS).trust);
    }),
];

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn drifted(drift: fn(&FakeOrganization)) -> FakeOrganization {
    let organization = onboarded();
    drift(&organization);
    organization
}

/// Plans, applies exactly that, and compares the two with what was really called.
fn assert_plan_is_what_apply_calls(organization: &FakeOrganization, account: &str, config: &str, what: &str) {
    organization.clear_journal();
    let plan = plan_with(organization, account, config);
    assert_eq!(organization.writes(), [], "{what}: a plan writes nothing");
    assert!(plan.changes.iter().all(|step| step.status == Status::Planned));
    let pending = if plan.changes.is_empty() { "converged" } else { "waiting changes_pending" };
    assert_eq!(end(&plan), pending, "{what}");

    organization.clear_journal();
    let engine = engine(organization, config);
    let shown = Some(changes(&plan));
    let report = run(engine.apply(&Job { shown, ..errand(organization, account) }));
    assert_eq!(report.outcome, Outcome::Converged, "{what}");
    assert_eq!(changes(&report), changes(&plan), "{what}");
    assert_eq!(made(organization), told(&plan), "{what}");
    assert_eq!(report.calls.writes as usize, plan.changes.len(), "{what}");
    assert!(report.changes.iter().all(|step| step.status == Status::Done), "{what}");
    assert!(organization.writes().iter().all(|call| call.ok && call.account == id(account)), "{what}");
}

#[test]
fn from_every_starting_state() {
    let wanted = roles(&onboarded(), NEW);
    for (what, drift) in DRIFTS {
        let organization = drifted(*drift);
        organization.add_policy(&id(NEW), "arn:aws:iam::444455556666:policy/own");
        assert_plan_is_what_apply_calls(&organization, NEW, CONFIG, what);
        let is = roles(&organization, NEW);
        assert!(is.keys().eq(wanted.keys()), "{what}");
        assert_connected(&organization, NEW);
        let plan = plan(&organization, NEW);
        assert_eq!(plan.changes.len(), 0, "{what}: nothing is left to do");
    }
}

#[test]
fn from_nothing() {
    assert_plan_is_what_apply_calls(&with_new_account(), NEW, CONFIG, "a new account");
    assert_plan_is_what_apply_calls(&organization(), OLD, CONFIG, "an old account");
}

#[test]
fn from_a_role_to_take_over() {
    let adopt = CONFIG.replace("[vendors.trelica]", "[vendors.trelica]\nadopt = true");
    let organization = with_new_account();
    let mut foreign = RoleState::trusting("{}");
    foreign.tags.insert("owner".to_owned(), "somebody".to_owned());
    foreign.policies.insert("all".to_owned(), PolicyText(ALL.to_owned()));
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), foreign);
    assert_plan_is_what_apply_calls(&organization, NEW, &adopt, "adopted");
    assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW));
}

#[test]
fn every_kind_of_change_is_among_them() {
    let all = DRIFTS.iter().flat_map(|(_, drift)| changes(&plan(&drifted(*drift), NEW)));
    let kinds: BTreeSet<_> = all.map(|change| change.call()).collect();
    insta::assert_snapshot!(kinds.into_iter().collect::<Vec<_>>().join("\n"), @"
    iam:AttachRolePolicy
    iam:CreateRole
    iam:DeleteRolePermissionsBoundary
    iam:DeleteRolePolicy
    iam:DetachRolePolicy
    iam:PutRolePermissionsBoundary
    iam:PutRolePolicy
    iam:TagRole
    iam:UntagRole
    iam:UpdateAssumeRolePolicy
    iam:UpdateRole
    ");
}

#[test]
fn a_plan_s_sessions_cannot_write() {
    for (what, drift) in DRIFTS {
        let organization = drifted(*drift);
        plan(&organization, NEW);
        assert!(!organization.entries().is_empty());
        for entry in organization.entries() {
            for statement in Document::parse(&entry.policy).unwrap().statements() {
                let Actions::Only(actions) = &statement.actions else { panic!("{what}: {}", entry.policy) };
                let reads = |action: &String| action.starts_with("iam:Get") || action.starts_with("iam:List");
                assert!(actions.iter().all(reads), "{what}: {actions:?}");
            }
        }
    }
}

#[test]
fn a_plan_that_no_longer_fits_is_not_applied() {
    for (what, drift) in DRIFTS.iter().skip(1) {
        let organization = onboarded();
        let shown = Some(changes(&plan(&organization, NEW)));
        drift(&organization);
        let before = organization.state();
        organization.clear_journal();
        let engine = engine(&organization, CONFIG);
        let report = run(engine.apply(&Job { shown, ..errand(&organization, NEW) }));
        assert_eq!(end(&report), "blocked plan_changed", "{what}");
        assert_eq!(organization.writes(), [], "{what}");
        assert_eq!(organization.state(), before, "{what}");

        // The other way round: it was shown, and somebody else has done it since.
        let shown = Some(changes(&plan(&organization, NEW)));
        apply(&organization, NEW);
        organization.clear_journal();
        let report = run(engine.apply(&Job { shown, ..errand(&organization, NEW) }));
        assert_eq!(end(&report), "blocked plan_changed", "{what}");
        assert_eq!(organization.writes(), [], "{what}");
    }
}
