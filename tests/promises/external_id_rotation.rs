//! The rotation of an external ID: first the old and the new one are configured, then the new one alone. No second is without access, and no
//! session ends, while IAM shows each change to some of its servers later than to others.

use std::time::Duration;

use futures_util::future::join;
use onboarding_core::plan::{Action, RevocationReason};
use onboarding_core::policy::{Caller, RequestContext, can_assume};
use onboarding_core::report::Report;
use onboarding_engine::ports::{AssumeRoleRequest, Clock, ReadIam, Sessions};
use onboarding_simulation::{FakeOrganization, Lag, RoleSession};

use crate::common::{ACCESS, IDENTITY, NEW, Scenario, id, name, outcome_code, run};
use crate::sessions_are_revoked::is_administrator;

const ROLE: &str = "pipeline";
const SECOND: Duration = Duration::from_secs(1);
/// As long as IAM takes to show a write to all of its servers.
const LAG: Lag = Lag { reads: 0, time: Duration::from_secs(20) };

fn requiring(external_ids: &str) -> String {
    format!(
        "[[role]]\nname = \"{ROLE}\"\nmanaged-policies = [\"arn:{{partition}}:iam::aws:policy/AdministratorAccess\"]\n\
         [[role.trust]]\nprincipal = \"{IDENTITY}\"\nexternal-id = {external_ids}\n"
    )
}

const OLD_ID: &str = "old-external-id";
const NEW_ID: &str = "new-external-id";

fn caller() -> Caller {
    Caller { account: id(IDENTITY), arn: None }
}

fn assume(organization: &FakeOrganization, external_id: &str) -> Option<RoleSession> {
    let role = format!("arn:aws:iam::{NEW}:role/{ROLE}");
    organization.assume_role_as(&caller(), &role, Some(external_id), Duration::from_secs(3600))
}

/// Whether the trust policy that IAM still shows allows the caller to assume the role.
async fn is_shown_to_allow(organization: &FakeOrganization, external_id: &str) -> bool {
    let request = AssumeRoleRequest {
        role_arn: format!("arn:aws:iam::{NEW}:role/{ACCESS}"),
        policy: r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#.to_owned(),
        session_name: "test".to_owned(),
    };
    let session = organization.assume_role(&request).await.expect("a session");
    let role = session.role(&name(ROLE)).await.expect("an answer").expect("the role");
    let context = RequestContext::complete().with("sts:ExternalId", external_id);
    can_assume(&role.trust.expect("a trust policy"), &caller(), &context).can()
}

/// Applies a configuration while a principal assumes the role once a second and uses the session, and for a minute after that.
fn apply_and_assume(scenario: &Scenario, config: &str, external_id: &str) -> Report {
    let organization = scenario.organization();
    let engine = crate::common::engine(organization, config);
    let job = scenario.job();
    let applied = std::cell::Cell::new(None);
    let apply = async {
        let report = engine.apply(&job).await;
        applied.set(Some(organization.now()));
        report
    };
    let assume_meanwhile = async {
        let mut seconds = 0;
        loop {
            let session = assume(organization, external_id);
            assert!(session.as_ref().is_some_and(is_administrator), "second {seconds}: no usable session");
            assert!(
                is_shown_to_allow(organization, external_id).await,
                "second {seconds}: where the change is not visible yet"
            );
            organization.sleep(SECOND).await;
            seconds += 1;
            if applied.get().is_some_and(|at| organization.now() >= at + 60 * SECOND) {
                return seconds;
            }
        }
    };
    let (report, seconds) = run(join(apply, assume_meanwhile));
    assert!(seconds >= 75, "the run lasted while IAM did not show the change: {seconds}");
    assert_eq!(outcome_code(&report), "converged");
    report
}

/// Why a run revoked sessions.
fn revocations(report: &Report) -> Vec<RevocationReason> {
    let reasons = report.changes.iter().filter_map(|step| match &step.change.action {
        Action::RevokeSessions(revocation) => Some(revocation.reason.clone()),
        _ => None,
    });
    reasons.collect()
}

fn onboarded() -> Scenario {
    let old = requiring(&format!("\"{OLD_ID}\""));
    Scenario::new().with_new_account().config(&old).apply().assert_outcome("converged").with_read_lag(LAG)
}

#[test]
fn rotation_of_an_external_id_leaves_no_second_without_access() {
    let scenario = onboarded();
    let organization = scenario.organization();
    let first = assume(organization, OLD_ID).expect("a session");
    let both = requiring(&format!("[\"{OLD_ID}\", \"{NEW_ID}\"]"));
    assert_eq!(revocations(&apply_and_assume(&scenario, &both, OLD_ID)), []);
    // The principal passes the new one from now on.
    assert!(is_administrator(&assume(organization, NEW_ID).expect("a session")));
    assert_eq!(revocations(&apply_and_assume(&scenario, &requiring(&format!("\"{NEW_ID}\"")), NEW_ID)), []);
    assert!(assume(organization, OLD_ID).is_none() && assume(organization, NEW_ID).is_some());
    assert!(is_administrator(&first), "a session of before the rotation goes on until it expires");
}

/// Without both in between, the old ID ends at once, and so do the sessions: this is how a leaked one is replaced.
#[test]
fn replaced_external_id_revokes_the_sessions() {
    let scenario = onboarded();
    let first = assume(scenario.organization(), OLD_ID).expect("a session");
    let scenario = scenario.config(&requiring(&format!("\"{NEW_ID}\""))).apply().assert_outcome("converged");
    assert_eq!(revocations(scenario.report()), [RevocationReason::TrustDiffers]);
    assert!(!is_administrator(&first) && assume(scenario.organization(), OLD_ID).is_none());
}

/// Another principal, or the same one under other conditions, is not a rotation.
#[test]
fn other_difference_of_the_trust_policy_still_revokes() {
    let both = format!("[\"{OLD_ID}\", \"{NEW_ID}\"]");
    for (from, to) in [
        (format!("principal = \"{IDENTITY}\""), "principal = \"147995105371\"".to_owned()),
        (
            "[[role.trust]]".to_owned(),
            "[[role.trust]]\ncondition = { StringEquals = { \"aws:PrincipalOrgID\" = \"o-exampleorgid\" } }".to_owned(),
        ),
    ] {
        let scenario = onboarded().config(&requiring(&both).replace(&from, &to)).apply().assert_outcome("converged");
        assert_eq!(revocations(scenario.report()), [RevocationReason::TrustDiffers], "{to}");
    }
}
