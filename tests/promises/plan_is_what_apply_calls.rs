//! Promise 4: `apply` makes exactly the calls that `plan` printed.
//!
//! Each test starts from an onboarded account in which roles have drifted in a particular way.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::outcome::Outcome;
use onboarding_core::policy::{Actions, Document};
use onboarding_core::report::Status;
use onboarding_core::role_settings::RoleSettings;
use onboarding_engine::Job;
use onboarding_simulation::{FakeOrganization, PolicyText, RoleState};

use crate::common::*;

/// A kind of drift: its description, and the changes that were made to an onboarded account.
type Drift = (&'static str, fn(&FakeOrganization));

const DRIFTS: &[Drift] = &[
    ("nothing", |_| {}),
    ("all roles missing", |o| ROLES.into_iter().for_each(|role| o.delete_role(&id(NEW), &name(role)))),
    ("one role missing", |o| o.delete_role(&id(NEW), &name(TRELICA_ROLE))),
    ("role without policies", |o| edit_role(o, NEW, SECURITY_ROLE, |role| role.policies.clear())),
    ("trust policy widened", |o| {
        edit_role(o, NEW, TRELICA_ROLE, |role| {
            role.trust = PolicyText(role.trust.0.replace("StringEquals", "StringLike"));
        });
    }),
    ("trust policy empty", |o| {
        edit_role(o, NEW, TRELICA_ROLE, |role| role.trust = PolicyText("{}".to_owned()));
    }),
    ("inline policy changed", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText(ALL.to_owned()));
        });
    }),
    ("inline policy invalid", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText("nonsense".to_owned()));
        });
    }),
    ("inline policies added", |o| {
        edit_role(o, NEW, TRELICA_ROLE, |role| {
            for policy in ["a", "b"] {
                role.policies.insert(policy.to_owned(), PolicyText(ALL.to_owned()));
            }
        });
    }),
    ("inline policy renamed", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            let policy = role.policies.remove("deploy").unwrap();
            role.policies.insert("Deploy".to_owned(), policy);
        });
    }),
    ("managed policies added", |o| {
        edit_role(o, NEW, SECURITY_ROLE, |role| {
            role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
            role.attached.insert("arn:aws:iam::444455556666:policy/own".to_owned());
        });
    }),
    ("managed policy missing", |o| edit_role(o, NEW, OWN_ROLE, |role| role.attached.clear())),
    ("permissions boundary added", |o| {
        edit_role(o, NEW, TRELICA_ROLE, |role| {
            role.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        });
    }),
    ("permissions boundary changed", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            role.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        });
    }),
    ("permissions boundary missing", |o| edit_role(o, NEW, OWN_ROLE, |role| role.settings.boundary = None)),
    ("description changed", |o| edit_role(o, NEW, OWN_ROLE, |role| role.settings.description = "mine".to_owned())),
    ("maximum session duration changed", |o| {
        edit_role(o, NEW, SECURITY_ROLE, |role| role.settings.max_session = Duration::from_secs(43_200))
    }),
    ("tags added, changed and missing", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            role.settings.tags.insert("team".to_owned(), "other".to_owned());
            role.settings.tags.insert("more".to_owned(), "x".to_owned());
        });
        edit_role(o, NEW, SECURITY_ROLE, |role| {
            role.settings.tags.insert("Extra".to_owned(), String::new());
        });
    }),
    ("tag key in different case", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            let team = role.settings.tags.remove("team").unwrap();
            role.settings.tags.insert("Team".to_owned(), team);
        });
    }),
    ("identity account removed from the access role", |o| {
        edit_role(o, NEW, ACCESS, |role| role.trust = role_state(o, OLD, ACCESS).trust);
    }),
    ("everything at once", |o| {
        edit_role(o, NEW, OWN_ROLE, |role| {
            let tags = role.settings.tags.clone();
            let settings = RoleSettings { path: "/apps/".to_owned(), tags, ..RoleSettings::default() };
            *role = RoleState { settings, ..RoleState::trusting("{}") };
            role.settings.tags.insert("more".to_owned(), "x".to_owned());
            role.policies.insert("other".to_owned(), PolicyText(ALL.to_owned()));
            role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
        });
        o.delete_role(&id(NEW), &name(SECURITY_ROLE));
        edit_role(o, NEW, ACCESS, |role| role.trust = role_state(o, OLD, ACCESS).trust);
    }),
];

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

fn drifted(drift: fn(&FakeOrganization)) -> FakeOrganization {
    let organization = onboarded();
    drift(&organization);
    organization
}

/// Plans, applies exactly this plan, and compares both reports with the calls that were made.
fn assert_plan_is_what_apply_calls(organization: &FakeOrganization, account: &str, config: &str, what: &str) {
    organization.clear_journal();
    let plan = plan_with(organization, account, config);
    assert_eq!(organization.writes(), [], "{what}: a plan makes no write");
    assert!(plan.changes.iter().all(|step| step.status == Status::Planned));
    let expected_outcome = if plan.changes.is_empty() { "converged" } else { "waiting changes_pending" };
    assert_eq!(outcome_code(&plan), expected_outcome, "{what}");

    organization.clear_journal();
    let engine = engine(organization, config);
    let shown = Some(changes(&plan));
    let report = run(engine.apply(&Job { shown, ..job(organization, account) }));
    assert_eq!(report.outcome, Outcome::Converged, "{what}");
    assert_eq!(changes(&report), changes(&plan), "{what}");
    assert_eq!(actual_calls(organization), reported_calls(&plan), "{what}");
    assert_eq!(report.calls.writes as usize, plan.changes.len(), "{what}");
    assert!(report.changes.iter().all(|step| step.status == Status::Done), "{what}");
    assert!(organization.writes().iter().all(|call| call.ok && call.account == id(account)), "{what}");
}

#[test]
fn apply_makes_the_planned_calls_for_every_kind_of_drift() {
    let expected = roles(&onboarded(), NEW);
    for (what, drift) in DRIFTS {
        let organization = drifted(*drift);
        organization.add_policy(&id(NEW), "arn:aws:iam::444455556666:policy/own");
        assert_plan_is_what_apply_calls(&organization, NEW, CONFIG, what);
        let actual = roles(&organization, NEW);
        assert!(actual.keys().eq(expected.keys()), "{what}");
        assert_onboarded(&organization, NEW);
        let plan = plan(&organization, NEW);
        assert_eq!(plan.changes.len(), 0, "{what}: no changes are left");
    }
}

#[test]
fn apply_makes_the_planned_calls_for_an_account_without_roles() {
    assert_plan_is_what_apply_calls(&with_new_account(), NEW, CONFIG, "a new account");
    assert_plan_is_what_apply_calls(&organization(), OLD, CONFIG, "an established account");
}

#[test]
fn apply_makes_the_planned_calls_for_an_adopted_role() {
    let adopt = CONFIG.replace("[vendors.trelica]", "[vendors.trelica]\nadopt = true");
    let organization = with_new_account();
    let mut unowned = RoleState::trusting("{}");
    unowned.settings.tags.insert("owner".to_owned(), "another-team".to_owned());
    unowned.policies.insert("all".to_owned(), PolicyText(ALL.to_owned()));
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), unowned);
    assert_plan_is_what_apply_calls(&organization, NEW, &adopt, "adopted");
    assert_eq!(roles(&organization, NEW), roles(&onboarded(), NEW));
}

#[test]
fn drifts_cover_every_kind_of_change() {
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
fn sessions_of_a_plan_cannot_write() {
    for (what, drift) in DRIFTS {
        let organization = drifted(*drift);
        plan(&organization, NEW);
        assert!(!organization.assume_role_requests().is_empty());
        for request in organization.assume_role_requests() {
            for statement in Document::parse(&request.policy).unwrap().statements() {
                let Actions::Only(actions) = &statement.actions else { panic!("{what}: {}", request.policy) };
                let is_read = |action: &String| action.starts_with("iam:Get") || action.starts_with("iam:List");
                assert!(actions.iter().all(is_read), "{what}: {actions:?}");
            }
        }
    }
}

#[test]
fn outdated_plan_is_not_applied() {
    for (what, drift) in DRIFTS.iter().skip(1) {
        let organization = onboarded();
        let shown = Some(changes(&plan(&organization, NEW)));
        drift(&organization);
        let before = organization.state();
        organization.clear_journal();
        let engine = engine(&organization, CONFIG);
        let report = run(engine.apply(&Job { shown, ..job(&organization, NEW) }));
        assert_eq!(outcome_code(&report), "blocked plan_changed", "{what}");
        assert_eq!(organization.writes(), [], "{what}");
        assert_eq!(organization.state(), before, "{what}");

        // The other way round: the plan was shown, and its changes have been made by another run since.
        let shown = Some(changes(&plan(&organization, NEW)));
        apply(&organization, NEW);
        organization.clear_journal();
        let report = run(engine.apply(&Job { shown, ..job(&organization, NEW) }));
        assert_eq!(outcome_code(&report), "blocked plan_changed", "{what}");
        assert_eq!(organization.writes(), [], "{what}");
    }
}
