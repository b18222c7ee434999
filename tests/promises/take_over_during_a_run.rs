//! Promise 14, against an attacker who acts while a run is at work: who creates the role again, changes its trust policy and
//! changes it back, slows the run down, or fills what the run needs space in.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use onboarding_core::error::ApiError;
use onboarding_core::plan::RevocationReason;
use onboarding_core::policy::{Caller, Document, REVOCATION_POLICY};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, PolicyText, RoleSession, RoleState, Script};

use crate::common::{NEW, OWN_ROLE, PIPELINE, Scenario, id, name};
use crate::sessions_are_revoked::{
    ADMINISTRATOR, BOUNDARY, CONFIG, DEVELOPER, LEAD, TWELVE_HOURS, Trust, apply_watched, assume, is_administrator,
    is_denied_everything, onboarded, reasons, taken_over, trusting,
};

type Session = Arc<Mutex<Option<RoleSession>>>;

fn create_again(organization: &FakeOrganization, role: RoleState) {
    organization.delete_role(&id(NEW), &name(OWN_ROLE));
    organization.put_role(&id(NEW), &name(OWN_ROLE), role);
}

/// The role as the developer creates it again.
fn role_of_the_developer(scenario: &Scenario) -> RoleState {
    let mut role = RoleState { trust: trusting(DEVELOPER), ..scenario.role(OWN_ROLE) };
    role.settings.boundary = Some(BOUNDARY.to_owned());
    role.settings.max_session = TWELVE_HOURS;
    role.policies.remove(REVOCATION_POLICY);
    role
}

/// A script in which the developer acts, and the calls before which the developer's session was an administrator.
fn watched(
    session: &Session,
    mut act: impl FnMut(&'static str) -> Option<ApiError> + Send + 'static,
) -> (Script, Arc<Mutex<Vec<&'static str>>>) {
    let session = Arc::clone(session);
    let log = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&log);
    let script = Script::intercepting(move |call, _| {
        if session.lock().unwrap().as_ref().is_some_and(is_administrator) {
            seen.lock().unwrap().push(call);
        }
        act(call)
    });
    (script, log)
}

fn live(session: &Session) -> RoleSession {
    session.lock().unwrap().clone().expect("the developer got a session")
}

/// A recorded role with its configured trust policy: whoever may only write to roles with a boundary added one, changed the
/// trust policy and changed it back.
#[test]
fn boundary_that_is_not_configured_is_removed_after_a_revocation() {
    let scenario = onboarded();
    let configured = scenario.role(OWN_ROLE);
    let with_boundary = |role: &mut RoleState| {
        role.settings.boundary = Some(BOUNDARY.to_owned());
        role.trust = trusting(DEVELOPER);
    };
    let scenario = scenario.drift(OWN_ROLE, with_boundary);
    let session = assume(scenario.organization(), DEVELOPER);
    let scenario = scenario.drift(OWN_ROLE, |role| role.trust = configured.trust.clone());
    let scenario = apply_watched(scenario.after(Duration::from_secs(60)), &session).assert_outcome("converged");
    assert_eq!(reasons(&scenario), [RevocationReason::BoundaryDiffers]);
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).settings.boundary.is_none());
}

/// The role is created again after IAM has shown the revocation. IAM writes to roles by name, so that only a read before each
/// change can notice it.
#[test]
fn role_that_is_created_again_during_the_run_gets_nothing() {
    for at in ["iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"] {
        let (scenario, first) = taken_over(onboarded(), Trust::Own);
        let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear());
        let mut again = role_of_the_developer(&scenario);
        again.attached.insert(ADMINISTRATOR.to_owned());
        let organization = scenario.organization().clone();
        let session = Session::default();
        let theirs = Arc::clone(&session);
        let mut is_ready = false;
        let (script, administrator) = watched(&session, move |call| {
            let shown = |role: RoleState| role.policies.contains_key(REVOCATION_POLICY);
            let has_revocation = organization.role_state(&id(NEW), &name(OWN_ROLE)).is_some_and(shown);
            // The read right before the change that would be made next.
            if call == "iam:GetRole" && has_revocation && !is_ready {
                is_ready = true;
                create_again(&organization, again.clone());
                *theirs.lock().unwrap() = Some(assume(&organization, DEVELOPER));
            }
            None
        });
        let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
        assert_eq!(*administrator.lock().unwrap(), Vec::<&str>::new(), "{at}");
        assert!(is_denied_everything(&live(&session)) && is_denied_everything(&first), "{at}");
        assert!(scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR), "{at}");
    }
}

/// Calls are throttled until the time of the revocation is over. Then the developer changes the trust policy, gets a session and
/// changes it back.
#[test]
fn trust_policy_that_is_changed_and_changed_back_gives_no_session_that_counts() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let configured = onboarded().role(OWN_ROLE).trust;
    let organization = scenario.organization().clone();
    let session = Session::default();
    let theirs = Arc::clone(&session);
    let start = organization.now();
    let (script, administrator) = watched(&session, move |call| {
        if call != "iam:DeleteRolePermissionsBoundary" {
            return None;
        }
        if organization.now() < start + LEAD / 2 {
            return Some(ApiError::new(call, "Throttling", "Rate exceeded"));
        }
        if theirs.lock().unwrap().is_none() {
            organization.set_trust(&id(NEW), &name(OWN_ROLE), &trusting(DEVELOPER).0);
            *theirs.lock().unwrap() = Some(assume(&organization, DEVELOPER));
            organization.set_trust(&id(NEW), &name(OWN_ROLE), &configured.0);
            return Some(ApiError::new(call, "Throttling", "Rate exceeded"));
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    assert_eq!(*administrator.lock().unwrap(), Vec::<&str>::new());
    assert!(is_denied_everything(&live(&session)) && scenario.role(OWN_ROLE).settings.boundary.is_none());
}

/// One slow call before the boundary is removed; the trust policy is not even changed back.
#[test]
fn slow_call_does_not_widen_a_role_after_the_time_of_the_revocation() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear());
    let organization = scenario.organization().clone();
    let session = Session::default();
    let theirs = Arc::clone(&session);
    let (script, administrator) = watched(&session, move |call| {
        let is_slow = call == "iam:AttachRolePolicy" && theirs.lock().unwrap().is_none();
        organization.set_latency(if is_slow { LEAD } else { Duration::ZERO });
        if is_slow {
            organization.set_trust(&id(NEW), &name(OWN_ROLE), &trusting(DEVELOPER).0);
            *theirs.lock().unwrap() = Some(assume(&organization, DEVELOPER));
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    assert_eq!(*administrator.lock().unwrap(), Vec::<&str>::new());
    assert!(is_denied_everything(&live(&session)) && scenario.role(OWN_ROLE).settings.boundary.is_none());
}

/// The space that the revocation needs is taken by a policy whose length differs from that of its meaning, that is not supported,
/// or that denies.
#[test]
fn full_inline_policies_do_not_prevent_the_revocation() {
    let statement = |sid: &str, effect: &str, more: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"{sid}","Effect":"{effect}","Action":"s3:Get*","Resource":"*"{more}}}]}}"#
        )
    };
    let unsupported = r#","Condition":{"StringEquals":{"aws:x":[[]]}}"#;
    for (what, text) in [
        ("escapes", statement(&r"\u0078".repeat(1675), "Allow", "")),
        ("not supported", statement(&"x".repeat(10_000), "Allow", unsupported)),
        ("denies", statement(&"x".repeat(10_100), "Deny", "")),
    ] {
        for trust in [Trust::Own, Trust::Restored] {
            let (scenario, session) = taken_over(onboarded(), trust);
            let text = text.clone();
            let fill = |role: &mut RoleState| _ = role.policies.insert("x".to_owned(), PolicyText(text));
            let scenario = apply_watched(scenario.drift(OWN_ROLE, fill), &session).assert_outcome("converged");
            let role = scenario.role(OWN_ROLE);
            assert!(is_denied_everything(&session) && role.attached.contains(ADMINISTRATOR), "{what}, {trust:?}");
            assert!(role.trust != trusting(DEVELOPER) && !role.policies.contains_key("x"), "{what}, {trust:?}");
        }
    }
}

/// A recorded role: the plan that a person confirmed is also the one that is applied.
#[test]
fn confirmed_plan_that_makes_space_is_applied() {
    let sid = "x".repeat(10_100);
    let statement = serde_json::json!({"Sid": sid, "Effect": "Deny", "Action": "s3:Get*", "Resource": "*"});
    let full = PolicyText(Document::from_statements(vec![statement]).unwrap().to_json());
    let scenario = onboarded().drift(OWN_ROLE, |role| {
        role.trust = trusting(DEVELOPER);
        role.policies.insert("x".to_owned(), full);
    });
    let scenario = scenario.plan();
    let shown = scenario.changes();
    scenario.apply_shown(shown).assert_outcome("converged");
}

#[test]
fn full_tags_do_not_prevent_the_revocation() {
    let config = CONFIG.replace("[[role.trust]]", "tags = { team = \"platform\" }\n[[role.trust]]");
    let scenario = Scenario::new().with_new_account().config(&config).apply().assert_outcome("converged");
    let (scenario, session) = taken_over(scenario, Trust::Own);
    let fill = |role: &mut RoleState| {
        role.settings.tags.remove("team");
        role.settings.tags.extend((0..49).map(|index| (format!("t{index}"), "x".to_owned())));
    };
    let scenario = apply_watched(scenario.drift(OWN_ROLE, fill), &session).assert_outcome("converged");
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).trust != trusting(DEVELOPER));
}

const UNIQUE_ID: &str = "AROAIOSFODNN7EXAMPLE1";

/// A role that trusts a unique ID: IAM returns an ARN in its place.
fn onboarded_with_unique_id() -> Scenario {
    let config = CONFIG.replace(PIPELINE, UNIQUE_ID);
    Scenario::new().with_unique_id(UNIQUE_ID, PIPELINE).with_new_account().config(&config).apply()
}

#[test]
fn arn_in_the_place_of_a_unique_id_is_replaced_in_a_role_that_was_taken_over() {
    for scenario in [onboarded_with_unique_id(), onboarded_with_unique_id().without_record()] {
        let scenario = scenario.assert_outcome("converged").apply_again().assert_converged_without_writes();
        let (scenario, session) = taken_over(scenario, Trust::Own);
        let scenario = apply_watched(scenario, &session).assert_outcome("converged");
        assert_eq!(scenario.report().trust_drift.len(), 1, "the report says so");
        let caller = Caller { account: id(NEW), arn: Some(DEVELOPER.to_owned()) };
        let role = format!("arn:aws:iam::{NEW}:role/{OWN_ROLE}");
        let later = scenario.after(LEAD).organization().assume_role_as(&caller, &role, None, Duration::from_secs(3600));
        assert!(later.is_none() && is_denied_everything(&session));
    }
}

/// The developer adds a boundary to a recorded role, to be allowed to write to it.
#[test]
fn arn_in_the_place_of_a_unique_id_is_replaced_in_a_role_with_a_boundary_that_is_not_configured() {
    let scenario = onboarded_with_unique_id().drift(OWN_ROLE, |role| {
        role.settings.boundary = Some(BOUNDARY.to_owned());
        role.trust = trusting(DEVELOPER);
    });
    let session = assume(scenario.organization(), DEVELOPER);
    let scenario = apply_watched(scenario, &session).assert_outcome("converged");
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).trust != trusting(DEVELOPER));
    scenario.apply_again().assert_converged_without_writes();
}

#[test]
fn ordinary_change_of_a_recorded_role_that_trusts_a_unique_id_revokes_nothing() {
    let scenario = onboarded_with_unique_id().drift(OWN_ROLE, |role| role.attached.clear());
    assert_eq!(reasons(&scenario.apply().assert_outcome("converged")), []);
}

/// The developer changes the trust policy back before each read, until the boundary would be removed.
#[test]
fn boundary_is_not_removed_while_the_trust_policy_is_not_as_configured() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear());
    let organization = scenario.organization().clone();
    let session = Session::default();
    let widened = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&widened);
    let (script, _) = watched(&session, move |call| {
        if call.starts_with("iam:Get") {
            organization.set_trust(&id(NEW), &name(OWN_ROLE), &trusting(DEVELOPER).0);
        }
        if ["iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"].contains(&call) {
            seen.lock().unwrap().push(call);
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script);
    assert!(scenario.outcome_code().starts_with("waiting"), "{}", scenario.outcome_code());
    assert_eq!(*widened.lock().unwrap(), Vec::<&str>::new());
    let scenario = scenario.apply().assert_outcome("converged");
    assert!(scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR), "without the developer it converges");
}

/// The developer deletes the revocation as soon as the first configured policy appears.
#[test]
fn boundary_is_not_removed_when_the_revocation_is_gone() {
    let (scenario, session) = taken_over(onboarded(), Trust::Own);
    let scenario = scenario.drift(OWN_ROLE, |role| role.attached.clear());
    let organization = scenario.organization().clone();
    let watched_session = Arc::new(Mutex::new(Some(session.clone())));
    let mut deletions = 0;
    let (script, administrator) = watched(&watched_session, move |_| {
        let mut role = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap();
        let is_ready = role.attached.contains(ADMINISTRATOR) && role.settings.boundary.is_some();
        if is_ready && deletions < 2 && role.policies.remove(REVOCATION_POLICY).is_some() {
            deletions += 1;
            organization.put_role(&id(NEW), &name(OWN_ROLE), role);
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    assert_eq!(*administrator.lock().unwrap(), Vec::<&str>::new());
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).settings.boundary.is_none());
}

/// The trust policy names a unique ID, and the developer puts the own ARN there after the run has written it.
#[test]
fn arn_that_was_put_there_during_the_run_is_replaced_after_the_boundary_is_removed() {
    let scenario = onboarded_with_unique_id().drift(OWN_ROLE, |role| {
        role.settings.boundary = Some(BOUNDARY.to_owned());
        role.trust = trusting(DEVELOPER);
    });
    let organization = scenario.organization().clone();
    let session = Session::default();
    let (script, administrator) = watched(&session, move |call| {
        let is_limited = organization.role_state(&id(NEW), &name(OWN_ROLE)).unwrap().settings.boundary.is_some();
        if call.starts_with("iam:Get") && is_limited {
            organization.set_trust(&id(NEW), &name(OWN_ROLE), &trusting(DEVELOPER).0);
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    assert_eq!(*administrator.lock().unwrap(), Vec::<&str>::new());
    let caller = Caller { account: id(NEW), arn: Some(DEVELOPER.to_owned()) };
    let role = format!("arn:aws:iam::{NEW}:role/{OWN_ROLE}");
    let later = scenario.after(LEAD).organization().assume_role_as(&caller, &role, None, Duration::from_secs(3600));
    assert!(later.is_none(), "the developer still can assume the role");
}

/// A configuration with another trust policy and other permissions, and an IAM that is slow or throttles.
#[test]
fn slow_run_revokes_again_and_converges() {
    for seconds in [7, 12, 20] {
        let scenario = onboarded().drift(OWN_ROLE, |role| {
            role.trust = trusting(DEVELOPER);
            role.attached.clear();
        });
        let start = scenario.organization().now();
        let organization = scenario.organization().clone();
        let script = Script::intercepting(move |call, _| {
            let is_early = organization.now() < start + Duration::from_secs(seconds);
            (call == "iam:AttachRolePolicy" && is_early).then(|| ApiError::new(call, "Throttling", "Rate exceeded"))
        });
        let scenario = scenario.with_latency(Duration::from_secs(1)).apply_with_faults(&script);
        let scenario = scenario.assert_outcome("converged");
        assert!(scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR), "{seconds} s");
        assert!(reasons(&scenario).iter().all(|reason| *reason == RevocationReason::TrustDiffers), "{seconds} s");
    }
}

/// The role is deleted after its sessions were revoked, so that the run creates it.
#[test]
fn role_that_is_deleted_during_the_run_is_created_with_its_policies() {
    let (scenario, _) = taken_over(onboarded(), Trust::Own);
    let organization = scenario.organization().clone();
    let mut is_deleted = false;
    let script = Script::intercepting(move |call, _| {
        if call == "iam:UpdateAssumeRolePolicy" && !is_deleted {
            is_deleted = true;
            organization.delete_role(&id(NEW), &name(OWN_ROLE));
        }
        None
    });
    let scenario = scenario.apply_with_faults(&script).assert_outcome("converged");
    assert!(scenario.role(OWN_ROLE).attached.contains(ADMINISTRATOR));
}

/// A policy of a configured name that denies something, and the trust policy differ: the plan that a person confirmed is applied.
#[test]
fn confirmed_plan_with_a_policy_that_denies_is_applied() {
    const WITH_POLICY: &str = r#"
[role.policies]
read = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}'
"#;
    let deny = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}]}"#;
    let config = format!("{CONFIG}{WITH_POLICY}");
    let scenario = Scenario::new().with_new_account().config(&config).apply().assert_outcome("converged");
    let scenario = scenario.drift(OWN_ROLE, |role| {
        role.trust = trusting(DEVELOPER);
        role.policies.insert("read".to_owned(), PolicyText(deny.to_owned()));
        role.policies.insert("other".to_owned(), PolicyText(deny.to_owned()));
    });
    let scenario = scenario.plan();
    let shown = scenario.changes();
    let scenario = scenario.apply_shown(shown).assert_outcome("converged");
    let names: Vec<_> = scenario.role(OWN_ROLE).policies.keys().cloned().collect();
    assert_eq!(names, [REVOCATION_POLICY, "read"]);
}

/// A policy of the configured name and meaning that is as long as IAM allows.
#[test]
fn configured_policy_that_was_made_longer_does_not_prevent_the_revocation() {
    let config = format!(
        "{CONFIG}[role.policies]\nread = '{{\"Version\":\"2012-10-17\",\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}}]}}'\n"
    );
    let scenario = Scenario::new().with_new_account().config(&config).apply().assert_outcome("converged");
    let (scenario, session) = taken_over(scenario, Trust::Own);
    let actions = vec![r#""s3:GetObject""#; 670].join(",");
    let long =
        format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}]}}"#);
    let fill = |role: &mut RoleState| _ = role.policies.insert("read".to_owned(), PolicyText(long));
    let scenario = apply_watched(scenario.drift(OWN_ROLE, fill), &session).assert_outcome("converged");
    assert!(is_denied_everything(&session) && scenario.role(OWN_ROLE).trust != trusting(DEVELOPER));
}
