//! Promise 4: `apply` makes exactly the calls that `plan` printed.
//!
//! Each test starts from an onboarded account in which roles have drifted in a particular way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::AccountId;
use onboarding_core::limits::LONGEST_SESSION;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::Change;
use onboarding_core::policy::{Actions, Document, REVOCATION_POLICY};
use onboarding_core::report::ChangeStatus;
use onboarding_core::role::RoleName;
use onboarding_core::role_settings::RoleSettings;
use onboarding_simulation::{PolicyText, RoleState};

use crate::common::{ACCESS, NEW, OWN_ROLE, ROLES, SECURITY_ROLE, Scenario, TRELICA_ROLE, adopting_trelica, id};

/// A kind of drift: its description, and the changes that were made to an onboarded account.
type Drift = (&'static str, fn(Scenario) -> Scenario);

const DRIFTS: &[Drift] = &[
    ("nothing", |scenario| scenario),
    ("all roles missing", |scenario| ROLES.into_iter().fold(scenario, Scenario::without_role)),
    ("one role missing", |scenario| scenario.without_role(TRELICA_ROLE)),
    ("role without policies", |scenario| scenario.drift(SECURITY_ROLE, |role| role.policies.clear())),
    ("trust policy widened", |scenario| {
        scenario.drift(TRELICA_ROLE, |role| {
            role.trust = PolicyText(role.trust.0.replace("StringEquals", "StringLike"));
        })
    }),
    ("trust policy empty", |scenario| scenario.drift(TRELICA_ROLE, |role| role.trust = PolicyText("{}".to_owned()))),
    ("inline policy changed", |scenario| {
        scenario.drift(OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText(ALL.to_owned()));
        })
    }),
    ("inline policy invalid", |scenario| {
        scenario.drift(OWN_ROLE, |role| {
            role.policies.insert("deploy".to_owned(), PolicyText("nonsense".to_owned()));
        })
    }),
    ("inline policies added", |scenario| {
        scenario.drift(TRELICA_ROLE, |role| {
            for policy in ["a", "b"] {
                role.policies.insert(policy.to_owned(), PolicyText(ALL.to_owned()));
            }
        })
    }),
    ("inline policy renamed", |scenario| {
        scenario.drift(OWN_ROLE, |role| {
            let policy = role.policies.remove("deploy").unwrap();
            role.policies.insert("Deploy".to_owned(), policy);
        })
    }),
    ("managed policies added", |scenario| {
        scenario.drift(SECURITY_ROLE, |role| {
            role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
            role.attached.insert("arn:aws:iam::444455556666:policy/own".to_owned());
        })
    }),
    ("managed policy missing", |scenario| scenario.drift(OWN_ROLE, |role| role.attached.clear())),
    ("permissions boundary added", |scenario| {
        scenario.drift(TRELICA_ROLE, |role| {
            role.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned())
        })
    }),
    ("permissions boundary changed", |scenario| {
        scenario
            .drift(OWN_ROLE, |role| role.settings.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned()))
    }),
    ("permissions boundary missing", |scenario| scenario.drift(OWN_ROLE, |role| role.settings.boundary = None)),
    ("description changed", |scenario| scenario.drift(OWN_ROLE, |role| role.settings.description = "mine".to_owned())),
    ("maximum session duration changed", |scenario| {
        scenario.drift(SECURITY_ROLE, |role| role.settings.max_session = Duration::from_secs(43_200))
    }),
    ("tags added, changed and missing", |scenario| {
        scenario
            .drift(OWN_ROLE, |role| {
                role.settings.tags.insert("team".to_owned(), "other".to_owned());
                role.settings.tags.insert("more".to_owned(), "x".to_owned());
            })
            .drift(SECURITY_ROLE, |role| {
                role.settings.tags.insert("Extra".to_owned(), String::new());
            })
    }),
    ("tag key in different case", |scenario| {
        scenario.drift(OWN_ROLE, |role| {
            let team = role.settings.tags.remove("team").unwrap();
            role.settings.tags.insert("Team".to_owned(), team);
        })
    }),
    ("identity account removed from the access role", |scenario| scenario.drift(ACCESS, remove_grants)),
    ("everything at once", |scenario| {
        scenario
            .drift(OWN_ROLE, |role| {
                let tags = role.settings.tags.clone();
                let settings = RoleSettings { path: "/apps/".to_owned(), tags, ..RoleSettings::default() };
                *role = RoleState { settings, ..RoleState::trusting("{}") };
                role.settings.tags.insert("more".to_owned(), "x".to_owned());
                role.policies.insert("other".to_owned(), PolicyText(ALL.to_owned()));
                role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
            })
            .without_role(SECURITY_ROLE)
            .drift(ACCESS, remove_grants)
    }),
];

const ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

/// Restores the trust policy with which Organizations created the access role.
fn remove_grants(role: &mut RoleState) {
    role.trust = Scenario::new().role(ACCESS).trust;
}

/// The calls for each role, in order.
type CallsByRole = BTreeMap<RoleName, Vec<&'static str>>;

fn by_role(calls: impl Iterator<Item = (RoleName, &'static str)>) -> CallsByRole {
    let mut by_role = CallsByRole::new();
    calls.for_each(|(role, call)| by_role.entry(role).or_default().push(call));
    by_role
}

/// The calls that these changes stand for.
fn planned_calls(changes: &[Change]) -> CallsByRole {
    by_role(changes.iter().map(|change| (change.role.clone(), change.call())))
}

/// The write calls that were made.
fn actual_calls(scenario: &Scenario) -> CallsByRole {
    by_role(scenario.writes().into_iter().map(|call| (call.role.unwrap(), call.call)))
}

/// The changes of each role in their order; roles are processed in parallel.
fn grouped(mut changes: Vec<Change>) -> Vec<Change> {
    changes.sort_by(|one, other| one.role.cmp(&other.role));
    changes
}

/// Plans, applies exactly this plan, and compares both reports with the calls that were made.
pub(crate) fn assert_plan_is_what_apply_calls(scenario: Scenario, what: &str) -> Scenario {
    scenario.organization().clear_journal();
    let scenario = scenario.plan();
    assert_eq!(scenario.writes(), [], "{what}: a plan makes no write");
    assert!(scenario.report().changes.iter().all(|step| step.status == ChangeStatus::Planned));
    let planned = scenario.changes();
    let expected_outcome = if planned.is_empty() { "converged" } else { "waiting changes_pending" };
    assert_eq!(scenario.outcome_code(), expected_outcome, "{what}");

    scenario.organization().clear_journal();
    let scenario = scenario.apply_shown(planned.clone());
    let report = scenario.report();
    assert_eq!(report.outcome, Outcome::Converged, "{what}");
    assert_eq!(grouped(scenario.changes()), grouped(planned.clone()), "{what}");
    assert_eq!(actual_calls(&scenario), planned_calls(&planned), "{what}");
    assert_eq!(report.calls.writes as usize, planned.len(), "{what}");
    assert!(report.changes.iter().all(|step| step.status == ChangeStatus::Done), "{what}");
    let is_in_account = |account: &AccountId| account.as_str() == scenario.account();
    assert!(scenario.writes().iter().all(|call| call.ok && is_in_account(&call.account)), "{what}");
    scenario
}

#[test]
fn apply_makes_the_planned_calls_for_every_kind_of_drift() {
    let expected = Scenario::new().with_onboarded_account().roles();
    for (what, drift) in DRIFTS {
        let scenario = drift(Scenario::new().with_onboarded_account());
        scenario.organization().add_policy(&id(NEW), "arn:aws:iam::444455556666:policy/own");
        let scenario = assert_plan_is_what_apply_calls(scenario, what);
        assert!(scenario.roles().keys().eq(expected.keys()), "{what}");
        let scenario = scenario.assert_onboarded().plan();
        assert_eq!(scenario.changes().len(), 0, "{what}: no changes are left");
    }
}

#[test]
fn apply_makes_the_planned_calls_for_an_account_without_roles() {
    assert_plan_is_what_apply_calls(Scenario::new().with_new_account(), "a new account");
    assert_plan_is_what_apply_calls(Scenario::new(), "an established account");
}

#[test]
fn apply_makes_the_planned_calls_for_an_adopted_role() {
    let mut unowned = RoleState::trusting("{}");
    unowned.settings.tags.insert("owner".to_owned(), "another-team".to_owned());
    unowned.policies.insert("all".to_owned(), PolicyText(ALL.to_owned()));
    let scenario = Scenario::new().with_new_account().with_role(TRELICA_ROLE, unowned).config(&adopting_trelica());
    let scenario = assert_plan_is_what_apply_calls(scenario, "adopted").assert_onboarded();
    assert!(scenario.role(TRELICA_ROLE).policies.contains_key(REVOCATION_POLICY), "its earlier sessions are revoked");
    let scenario = scenario.after(LONGEST_SESSION + Duration::from_secs(60));
    scenario.organization().clear_journal();
    let scenario = assert_plan_is_what_apply_calls(scenario, "adopted long ago");
    assert_eq!(scenario.changes().len(), 1, "the revocation is removed");
    scenario.assert_roles_onboarded();
}

#[test]
fn drifts_cover_every_kind_of_change() {
    let all = DRIFTS.iter().flat_map(|(_, drift)| drift(Scenario::new().with_onboarded_account()).plan().changes());
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
        let scenario = drift(Scenario::new().with_onboarded_account()).plan();
        let requests = scenario.organization().assume_role_requests();
        assert!(!requests.is_empty());
        for request in requests {
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
        let scenario = Scenario::new().with_onboarded_account().plan();
        let shown = scenario.changes();
        let scenario = drift(scenario);
        scenario.organization().clear_journal();
        let scenario = scenario.apply_shown(shown);
        assert_eq!(scenario.outcome_code(), "blocked plan_changed", "{what}");
        let scenario = scenario.assert_nothing_written();

        // The other way round: the plan was shown, and its changes have been made by another run since.
        let scenario = scenario.plan();
        let shown = scenario.changes();
        let scenario = scenario.apply();
        scenario.organization().clear_journal();
        let scenario = scenario.apply_shown(shown);
        assert_eq!(scenario.outcome_code(), "blocked plan_changed", "{what}");
        assert_eq!(scenario.writes(), [], "{what}");
    }
}
