//! Promise 14: a live session of another principal never gets the permissions that this tool gives to a role.
//!
//! A tag does not prove that this tool created a role. A developer, limited by a permissions boundary, deletes a configured
//! role, creates it again with the owner tag, an own trust policy, sessions of twelve hours and that boundary, and assumes it.
//! The next run corrects the trust policy, removes the boundary and puts the configured permissions. Without more, the
//! developer's live session would have all of them.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use onboarding_core::error::ApiError;
use onboarding_core::plan::{Action, RevocationReason};
use onboarding_core::policy::{Caller, Document, REVOCATION_POLICY, revocation_policy, revoked_before};
use onboarding_core::report::ChangeStatus;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Injection, PolicyText, RoleSession, RoleState, Script};

use crate::common::{IDENTITY, NEW, OWN_ROLE, PIPELINE, Scenario, id, name};

pub(crate) const TWELVE_HOURS: Duration = Duration::from_secs(43_200);

/// For how long a revocation covers the sessions that are issued after it.
pub(crate) const LEAD: Duration = Duration::from_secs(30);

pub(crate) const DEVELOPER: &str = "arn:aws:iam::444455556666:role/developer";
pub(crate) const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// The boundary of everything that the developer may create.
pub(crate) const BOUNDARY: &str = "arn:aws:iam::aws:policy/PowerUserAccess";

/// A pipeline's role that is an administrator.
pub(crate) const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[[role]]
name = "app-deployer"
max-session-seconds = 43200
managed-policies = ["arn:{partition}:iam::aws:policy/AdministratorAccess"]
[[role.trust]]
principal = "arn:aws:iam::222233334444:role/app-pipeline"
"#;

pub(crate) fn onboarded() -> Scenario {
    Scenario::new().with_new_account().config(CONFIG).apply().assert_outcome("converged")
}

pub(crate) fn trusting(arn: &str) -> PolicyText {
    let statement = serde_json::json!({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": "sts:AssumeRole"});
    PolicyText(Document::from_statements(vec![statement]).unwrap().to_json())
}

pub(crate) fn assume(organization: &FakeOrganization, arn: &str) -> RoleSession {
    let account = if arn == DEVELOPER { NEW } else { IDENTITY };
    let caller = Caller { account: id(account), arn: Some(arn.to_owned()) };
    let role = format!("arn:aws:iam::{NEW}:role/{OWN_ROLE}");
    organization.assume_role_as(&caller, &role, None, TWELVE_HOURS).expect("the role trusts the caller")
}

pub(crate) fn is_administrator(session: &RoleSession) -> bool {
    session.can("iam:CreateUser", "*")
}

/// Whether every call is denied: one that the role allows, and ones of other kinds.
pub(crate) fn is_denied_everything(session: &RoleSession) -> bool {
    ["s3:ListAllMyBuckets", "iam:CreateUser", "sts:GetCallerIdentity"].iter().all(|action| !session.can(action, "*"))
}

/// What the developer leaves behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Trust {
    /// The trust policy that names the developer.
    Own,
    /// The configured one, restored after the developer has assumed the role.
    Restored,
}

/// The developer takes the role over and assumes it.
pub(crate) fn taken_over(scenario: Scenario, trust: Trust) -> (Scenario, RoleSession) {
    let configured = scenario.role(OWN_ROLE);
    let mut role = RoleState { trust: trusting(DEVELOPER), ..configured.clone() };
    role.settings.boundary = Some(BOUNDARY.to_owned());
    role.settings.max_session = TWELVE_HOURS;
    let scenario = scenario.without_role(OWN_ROLE).with_role(OWN_ROLE, role.clone());
    let session = assume(scenario.organization(), DEVELOPER);
    assert!(
        session.can("s3:ListAllMyBuckets", "*") && !is_administrator(&session),
        "the boundary limits the developer"
    );
    let scenario = match trust {
        Trust::Own => scenario,
        Trust::Restored => scenario.with_role(OWN_ROLE, RoleState { trust: configured.trust, ..role }),
    };
    (scenario.after(Duration::from_secs(60)), session)
}

/// The time of the revocation that the role has.
pub(crate) fn revocation(scenario: &Scenario) -> Option<SystemTime> {
    let policy = scenario.role(OWN_ROLE).policies.get(REVOCATION_POLICY).map(|policy| policy.0.clone())?;
    Some(revoked_before(&Document::parse(&policy).unwrap()).expect("a revocation"))
}

pub(crate) fn reasons(scenario: &Scenario) -> Vec<RevocationReason> {
    let reasons = scenario.changes().into_iter().filter_map(|change| match change.action {
        Action::RevokeSessions(revocation) => Some(revocation.reason),
        _ => None,
    });
    reasons.collect()
}

/// Applies while a session is watched: before each call, it must not be an administrator.
pub(crate) fn apply_watched(scenario: Scenario, session: &RoleSession) -> Scenario {
    let watched = session.clone();
    let became_administrator = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&became_administrator);
    let script = Script::intercepting(move |call, _| {
        if is_administrator(&watched) {
            seen.lock().unwrap().get_or_insert(call);
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script);
    assert_eq!(*became_administrator.lock().unwrap(), None, "the call before which the session was an administrator");
    scenario
}

#[test]
fn session_of_a_taken_over_role_never_gets_the_configured_permissions() {
    for trust in [Trust::Own, Trust::Restored] {
        for has_record in [true, false] {
            let what = format!("{trust:?}, record: {has_record}");
            let scenario = if has_record { onboarded() } else { onboarded().without_record() };
            let (scenario, session) = taken_over(scenario, trust);
            let start = scenario.organization().now();
            let scenario = apply_watched(scenario, &session).assert_outcome("converged");
            let role = scenario.role(OWN_ROLE);
            assert_eq!(role.settings.boundary, None, "{what}: the role has its configured permissions");
            assert!(role.attached.contains(ADMINISTRATOR), "{what}");
            assert!(is_denied_everything(&session), "{what}");
            assert!(revocation(&scenario).unwrap() >= start, "{what}: the time of this run");
            match (has_record, trust) {
                (true, _) => {
                    assert!(matches!(reasons(&scenario)[..], [RevocationReason::CreatedAgain { .. }]), "{what}")
                }
                (false, Trust::Own) => assert_eq!(reasons(&scenario), [RevocationReason::TrustDiffers], "{what}"),
                (false, Trust::Restored) => assert_eq!(reasons(&scenario), [RevocationReason::NotRecorded], "{what}"),
            }

            // The configured principal is not affected, until the policy goes and after it.
            let scenario = scenario.after(LEAD);
            let pipeline = assume(scenario.organization(), PIPELINE);
            assert!(is_administrator(&pipeline), "{what}");
            let scenario = scenario.apply_again().assert_converged_without_writes();
            let scenario = scenario.after(TWELVE_HOURS - LEAD - Duration::from_secs(60));
            assert!(is_denied_everything(&session) && is_administrator(&pipeline), "{what}");
            let scenario = scenario.apply_again().assert_converged_without_writes();
            let scenario = scenario.after(LEAD + Duration::from_secs(120)).apply_again().assert_outcome("converged");
            let changes: Vec<_> = scenario.changes().iter().map(ToString::to_string).collect();
            assert_eq!(changes, ["delete policy `AWSRevokeOlderSessions` from role `app-deployer`"], "{what}");
            assert!(is_denied_everything(&session), "{what}: it has expired");
            assert!(is_administrator(&assume(scenario.organization(), PIPELINE)), "{what}");
            scenario.apply_again().assert_converged_without_writes();
        }
    }
}

#[test]
fn plan_says_whose_sessions_are_revoked_and_why() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.plan();
    let changes: Vec<_> = scenario.changes().iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(changes.join("\n"), @"
    revoke the sessions of role `app-deployer` that were issued before now: the role was deleted and created again outside of a recorded run (ID AROAJFDQZWGNZRVW2MCPI instead of AROAQ4BQZWGNWRVWKAOOI)
    remove arn:aws:iam::444455556666:role/developer from the trust policy of role `app-deployer`, and update it
    remove the permissions boundary arn:aws:iam::aws:policy/PowerUserAccess from role `app-deployer`
    ");
    insta::assert_snapshot!(scenario.report().notices.join("\n"), @"
    the trust policy of role `app-deployer` was not as configured
    role/app-deployer: the managed policy `AdministratorAccess` amounts to administrator access: it allows every action; attach a narrower policy
    ");
    assert!(revocation(&scenario).is_none());
}

#[test]
fn confirmed_plan_is_applied_with_the_time_of_the_execution() {
    let (scenario, session) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.plan();
    let shown = scenario.changes();
    let scenario = scenario.after(Duration::from_secs(600));
    let start = scenario.organization().now();
    scenario.organization().clear_journal();
    let scenario = scenario.apply_shown(shown).assert_outcome("converged");
    assert!(revocation(&scenario).unwrap() >= start && is_denied_everything(&session));
    scenario.assert_each_change_was_written_once();
}

#[test]
fn confirmed_plan_without_the_revocation_is_not_applied() {
    let scenario = onboarded().drift(OWN_ROLE, |role| role.attached.clear()).plan();
    let shown = scenario.changes();
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.extend([ADMINISTRATOR.to_owned()]));
    let (scenario, session) = taken_over(scenario, Trust::Restored);
    let boundary_removed = |role: &mut RoleState| role.settings.boundary = None;
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear()).drift(OWN_ROLE, boundary_removed);
    scenario.organization().clear_journal();
    let scenario = scenario.apply_shown(shown).assert_outcome("blocked plan_changed");
    assert!(scenario.writes().is_empty() && !is_administrator(&session));
}

/// The developer assumes the role again at the last moment, when older sessions are revoked already.
#[test]
fn session_that_is_issued_during_the_run_is_revoked_too() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let late = Arc::new(Mutex::new(None));
    let issued = Arc::clone(&late);
    let organization = scenario.organization().clone();
    let script = Script::intercepting(move |call, _| {
        if call == "iam:UpdateAssumeRolePolicy" {
            issued.lock().unwrap().replace(assume(&organization, DEVELOPER));
        }
        None
    });
    let scenario = scenario.with_latency(Duration::from_secs(1)).apply_with_faults(&script).assert_outcome("converged");
    let session = late.lock().unwrap().take().unwrap();
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
}

/// AWS is so slow that the time of the revocation is over before the trust policy is changed.
#[test]
fn sessions_are_revoked_again_if_the_trust_policy_is_changed_too_late() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let late = Arc::new(Mutex::new(Vec::new()));
    let issued = Arc::clone(&late);
    let organization = scenario.organization().clone();
    let script = Script::intercepting(move |call, change| {
        if change.is_some() && call.starts_with("iam:") && issued.lock().unwrap().len() < 2 {
            issued.lock().unwrap().push(assume(&organization, DEVELOPER));
        }
        None
    });
    // Two slow calls: the revocation and what comes before the trust policy.
    let scenario = scenario.with_latency(Duration::from_secs(31)).apply_with_faults(&script);
    assert!(!late.lock().unwrap().iter().any(is_administrator));
    let scenario = scenario.with_latency(Duration::ZERO).apply().assert_outcome("converged");
    assert!(late.lock().unwrap().iter().all(is_denied_everything));
    assert!(scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
}

/// The developer watches the role and deletes the revocation as soon as it exists. What gives the role more is held back until IAM
/// shows the revocation, so that the session gets nothing.
#[test]
fn nothing_is_widened_before_the_revocation_is_shown() {
    for onboarded in [onboarded(), onboarded().without_record()] {
        let (scenario, session) = taken_over(onboarded, Trust::Own);
        let organization = scenario.organization().clone();
        let watched = session.clone();
        let became_administrator = Arc::new(Mutex::new(false));
        let seen = Arc::clone(&became_administrator);
        let mut deletions = 0;
        let script = Script::intercepting(move |call, _| {
            *seen.lock().unwrap() |= is_administrator(&watched);
            let mut role = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap();
            if call.starts_with("iam:Get") && deletions < 2 && role.policies.remove(REVOCATION_POLICY).is_some() {
                deletions += 1;
                organization.put_role(&id(NEW), &name(OWN_ROLE), role);
            }
            None
        });
        let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
        assert!(!*became_administrator.lock().unwrap());
        assert!(is_denied_everything(&session) && revocation(&scenario).is_some());
    }
}

/// A revocation whose time is ahead, and that this run did not make, does not count: it could be deleted at the right moment.
#[test]
fn revocation_that_another_principal_made_is_replaced() {
    let (scenario, session) = taken_over(onboarded().without_record(), Trust::Own);
    let ahead = scenario.organization().now() + Duration::from_secs(60);
    let forged = revocation_policy(ahead).unwrap().to_json();
    let put = |role: &mut RoleState| _ = role.policies.insert(REVOCATION_POLICY.to_owned(), PolicyText(forged));
    let scenario = apply_watched(scenario.drift(OWN_ROLE, put), &session).assert_outcome("converged");
    assert_eq!(reasons(&scenario).len(), 1);
    assert!(is_denied_everything(&session));
}

/// Until the boundary is removed, the developer can still write to the role.
#[test]
fn revocation_that_was_deleted_during_the_run_is_made_again() {
    for onboarded in [onboarded(), onboarded().without_record()] {
        let (scenario, session) = taken_over(onboarded, Trust::Own);
        let organization = scenario.organization().clone();
        let mut is_deleted = false;
        let script = Script::intercepting(move |call, _| {
            if call == "iam:DeleteRolePermissionsBoundary" && !is_deleted {
                is_deleted = true;
                let mut role = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap();
                role.policies.remove(REVOCATION_POLICY).unwrap();
                organization.put_role(&id(NEW), &name(OWN_ROLE), role);
            }
            None
        });
        let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
        assert!(is_denied_everything(&session) && revocation(&scenario).is_some());
        scenario.apply_again().assert_converged_without_writes();
    }
}

/// The developer creates the role while the run does. The response to `CreateRole` is lost, and the next read shows the
/// developer's role, which looks like one that this tool created.
#[test]
fn role_of_another_principal_that_is_found_after_a_lost_response_is_not_taken_for_created() {
    let configured = onboarded().role(OWN_ROLE);
    for has_record in [true, false] {
        let scenario = match has_record {
            true => onboarded().without_role(OWN_ROLE),
            false => Scenario::new().with_new_account().config(CONFIG),
        };
        let organization = scenario.organization().clone();
        let configured = configured.clone();
        let session = Arc::new(Mutex::new(None::<RoleSession>));
        let issued = Arc::clone(&session);
        let script = Script::intercepting(move |call, _| {
            let mut issued = issued.lock().unwrap();
            assert!(!issued.as_ref().is_some_and(is_administrator), "before {call}");
            if call != "iam:CreateRole" || issued.is_some() {
                return None;
            }
            let mut role = RoleState { trust: trusting(DEVELOPER), ..configured.clone() };
            role.settings.boundary = Some(BOUNDARY.to_owned());
            organization.put_role(&id(NEW), &name(OWN_ROLE), role.clone());
            *issued = Some(assume(&organization, DEVELOPER));
            let role = RoleState { trust: configured.trust.clone(), ..role };
            organization.put_role(&id(NEW), &name(OWN_ROLE), role);
            Some(ApiError::new("iam:CreateRole", "Timeout", "no response, on purpose"))
        });
        let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
        let session = session.lock().unwrap().take().unwrap();
        assert_eq!(scenario.role(OWN_ROLE).settings.boundary, None, "the role has its configured permissions");
        assert!(is_denied_everything(&session) && revocation(&scenario).is_some(), "record: {has_record}");
    }
}

#[test]
fn run_that_fails_at_any_call_gives_the_session_nothing_and_the_next_run_ends_it() {
    let attack = || taken_over(onboarded(), Trust::Own);
    let fault_free = Script::none();
    attack().0.apply_with_faults(&fault_free).assert_outcome("converged");
    for index in 0..fault_free.calls().len() {
        for injection in
            [Injection::AccessDenied, Injection::TimeoutAfter, Injection::CrashBefore, Injection::CrashAfter]
        {
            let what = format!("{injection:?} at call {index}");
            let (scenario, session) = attack();
            let scenario = scenario.apply_with_faults(&Script::during(index, usize::MAX, injection));
            assert!(!is_administrator(&session), "{what}");
            let scenario = apply_watched(scenario.after(Duration::from_secs(1200)), &session);
            assert_eq!(scenario.outcome_code(), "converged", "{what}");
            assert!(is_denied_everything(&session), "{what}");
            scenario.apply_again().assert_converged_without_writes();
        }
    }
}

/// Whoever can put a policy on the role can also write one of this name.
#[test]
fn forged_revocation_does_not_protect_a_session() {
    let old = r#"{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:TokenIssueTime":"2020-01-01T00:00:00Z"}}}}"#;
    let allow = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;
    for forged in [old, &old.replace("2020", "2999"), allow] {
        let (scenario, session) = taken_over(onboarded(), Trust::Own);
        let scenario = scenario.drift(OWN_ROLE, |role| {
            role.policies.insert(REVOCATION_POLICY.to_owned(), PolicyText(forged.to_owned()));
        });
        let scenario = apply_watched(scenario, &session).assert_outcome("converged");
        assert!(is_denied_everything(&session), "{forged}");
        let pipeline = assume(scenario.after(LEAD).organization(), PIPELINE);
        assert!(is_administrator(&pipeline), "{forged}");
    }
}

#[test]
fn ordinary_change_of_the_configuration_ends_no_session() {
    let scenario = onboarded();
    let pipeline = assume(scenario.organization(), PIPELINE);
    let with_policy = CONFIG.replace(
        "[[role.trust]]",
        "description = \"new\"\ntags = { team = \"platform\" }\npolicies = { x = '{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}' }\n[[role.trust]]",
    );
    for config in [with_policy.as_str(), CONFIG] {
        let scenario = onboarded().config(config).apply().assert_outcome("converged");
        assert!(reasons(&scenario).is_empty());
    }
    let scenario = scenario.config(&with_policy).apply_again().assert_outcome("converged");
    assert!(scenario.writes().len() >= 3, "the configuration changed");
    assert!(is_administrator(&pipeline) && revocation(&scenario).is_none());
}

#[test]
fn deleted_record_ends_no_session_of_a_role_that_does_not_change() {
    let scenario = onboarded().without_record();
    let pipeline = assume(scenario.organization(), PIPELINE);
    let scenario = scenario.apply_again().assert_converged_without_writes();
    assert!(is_administrator(&pipeline));
    // It is not recorded by that: the next change of its permissions revokes.
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear()).apply().assert_outcome("converged");
    assert_eq!(reasons(&scenario), [RevocationReason::NotRecorded]);
    // From then on it is known.
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear()).apply().assert_outcome("converged");
    assert!(reasons(&scenario).is_empty());
}

/// Another administrator adds a principal to the trust policy of a role that this tool created.
#[test]
fn drift_of_a_trust_policy_is_noticed_and_ends_the_sessions_that_it_issued() {
    let scenario = onboarded().drift(OWN_ROLE, |role| role.trust = trusting(DEVELOPER));
    let session = assume(scenario.organization(), DEVELOPER);
    assert!(is_administrator(&session), "until the drift is repaired");
    let scenario = scenario.after(Duration::from_secs(60)).apply().assert_outcome("converged");
    assert_eq!(reasons(&scenario), [RevocationReason::TrustDiffers]);
    assert!(is_denied_everything(&session));
    let report = scenario.report();
    assert_eq!(report.trust_drift, [name(OWN_ROLE)].into());
    assert_eq!(report.notices[0], "the trust policy of role `app-deployer` was not as configured");
    assert!(report.changes.iter().all(|step| step.status == ChangeStatus::Done));
}

#[test]
fn sessions_of_an_adopted_role_are_revoked() {
    let adopting = CONFIG.replace("name = \"app-deployer\"", "name = \"app-deployer\"\nadopt = true");
    let mut theirs = RoleState { trust: trusting(DEVELOPER), ..RoleState::trusting("") };
    theirs.settings.max_session = TWELVE_HOURS;
    let scenario = Scenario::new().with_new_account().with_role(OWN_ROLE, theirs).config(&adopting);
    let session = assume(scenario.organization(), DEVELOPER);
    let scenario = apply_watched(scenario.after(Duration::from_secs(60)), &session).assert_outcome("converged");
    assert_eq!(reasons(&scenario), [RevocationReason::Adopted]);
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
}

#[test]
fn event_names_the_drifted_and_revoked_roles() {
    let (scenario, session) = taken_over(onboarded(), Trust::Own);
    let function = scenario.function();
    function.deliver(r#"{"account_id":"444455556666"}"#, Duration::from_secs(2000));
    assert!(is_denied_everything(&session));
    let events = function.notifier.events();
    let event = events.last().unwrap();
    assert_eq!(event.detail()["trust_drift"], serde_json::json!([OWN_ROLE]));
    assert_eq!(event.detail()["sessions_revoked"], serde_json::json!([OWN_ROLE]));
}

/// The revocation was made in one attempt, and its time is over when the trust policy is changed in a later one.
#[test]
fn sessions_are_revoked_again_if_a_later_attempt_changes_the_trust_policy_too_late() {
    let attached = |role: &mut RoleState| _ = role.attached.insert("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
    let (scenario, _) = taken_over(onboarded().drift(OWN_ROLE, attached), Trust::Own);
    let late = Arc::new(Mutex::new(None));
    let issued = Arc::clone(&late);
    let organization = scenario.organization().clone();
    let mut detachments = 0;
    let script = Script::intercepting(move |call, _| {
        organization.set_latency(Duration::ZERO);
        match call {
            "iam:DetachRolePolicy" => {
                detachments += 1;
                if detachments == 1 {
                    return Some(ApiError::new(call, "Throttling", "Rate exceeded"));
                }
                organization.set_latency(LEAD);
            }
            "iam:UpdateAssumeRolePolicy" => _ = issued.lock().unwrap().replace(assume(&organization, DEVELOPER)),
            _ => {}
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    let session = late.lock().unwrap().take().unwrap();
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
}
