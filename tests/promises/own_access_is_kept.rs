//! No run takes the access of the principal away through which this tool acts: no later run could repair the account. It does not
//! matter that other principals of the management account keep theirs.

use std::time::Duration;

use onboarding_core::lines::plain;
use onboarding_core::plan::Proof;
use onboarding_core::policy::Caller;
use onboarding_core::report::{Detail, plan_lines};
use onboarding_simulation::{FakeOrganization, Injection, Script};

use crate::common::{
    ACCESS, CONFIG, IDENTITY, MANAGEMENT, OLD, OWN_ROLE, Scenario, fix_jitter, id, name, organization, outcome_code,
    run,
};

const DAY: Duration = Duration::from_secs(86_400);

/// The role of the function, which is the caller of the simulated organization.
const FUNCTION: &str = "arn:aws:iam::111122223333:role/account-onboarding";
const ADMIN: &str = "arn:aws:iam::111122223333:role/platform/admin";

fn trusting(principals: &[&str]) -> String {
    let principals: Vec<_> = principals.iter().map(|principal| format!("\"{principal}\"")).collect();
    let principals = principals.join(",");
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":[{principals}]}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

fn revoking(principals: &[&str]) -> String {
    let block = |principal: &&str| format!("\n[[access-role.revoke]]\nprincipal = \"{principal}\"\n");
    format!("{CONFIG}{}", principals.iter().map(block).collect::<String>())
}

/// The established account, whose access role trusts these principals.
fn account(principals: &[&str]) -> Scenario {
    Scenario::new().with_identity(ADMIN).with_trust_policy(ACCESS, &trusting(principals))
}

fn can(organization: &FakeOrganization, arn: &str) -> bool {
    let caller = Caller { account: id(MANAGEMENT), arn: Some(arn.to_owned()) };
    organization.can_assume(&caller, &format!("arn:aws:iam::{OLD}:role/{ACCESS}"), None)
}

/// How often the caller asked who it is.
fn identity_calls(scenario: &Scenario) -> usize {
    let journal = scenario.organization().journal();
    journal.iter().filter(|call| call.call == "sts:GetCallerIdentity" && call.account == id(MANAGEMENT)).count()
}

#[test]
fn own_role_is_not_revoked_and_the_plan_says_so() {
    let scenario = account(&[FUNCTION, ADMIN]).config(&revoking(&[FUNCTION]));
    let before = scenario.role(ACCESS);
    let scenario = scenario.plan().assert_outcome("blocked configuration");
    let shown = plain(&plan_lines(scenario.report(), Detail::Summary));
    let refused = shown.split_once("  Refused: ").and_then(|(_, rest)| rest.split_once("\n\n")).expect("a refusal").0;
    insta::assert_snapshot!(refused, @"
    configuration
        `[[access-role.revoke]]` would take away the access with which this tool, as
        `arn:aws:sts::111122223333:assumed-role/account-onboarding/session`, assumes
        role `OrganizationAccountAccessRole`, and this tool could no longer repair
        the account
        Fix:  delete that block from the configuration, or first let this tool act
              as another principal that the trust policy allows, then run again
    ");
    let scenario = scenario.apply().assert_outcome("blocked configuration").assert_role_untouched(ACCESS, &before);
    assert!(can(scenario.organization(), FUNCTION));
    assert!(scenario.roles().contains_key(&name(OWN_ROLE)), "the other roles are processed");
}

#[test]
fn other_roles_of_the_management_account_are_revoked() {
    let scenario = account(&[FUNCTION, ADMIN]).config(&revoking(&[ADMIN])).apply().assert_outcome("converged");
    assert!(can(scenario.organization(), FUNCTION) && !can(scenario.organization(), ADMIN));
    assert_eq!(identity_calls(&scenario), 1);
    scenario.apply_again().assert_converged_without_writes();
}

/// The policies are evaluated: the role is part of its account, or of another principal that the policy allows.
#[test]
fn own_role_is_revoked_if_it_keeps_its_access() {
    let root = "arn:aws:iam::111122223333:root";
    let scenario = account(&[FUNCTION, root]).config(&revoking(&[FUNCTION])).apply().assert_outcome("converged");
    assert!(can(scenario.organization(), FUNCTION));
    assert!(!scenario.role(ACCESS).trust.0.contains(FUNCTION));
    scenario.apply_again().assert_converged_without_writes();
}

/// A template that becomes the role in one account is refused there.
#[test]
fn template_that_names_the_own_role_is_not_revoked() {
    let template = "arn:{partition}:iam::111122223333:role/account-onboarding";
    for principals in [vec![template], vec![ADMIN, template]] {
        let scenario = account(&[FUNCTION, ADMIN, IDENTITY]).config(&revoking(&principals).replacen(
            "[[access-role.grant]]\nprincipal = \"222233334444\"\n",
            "",
            1,
        ));
        let before = scenario.role(ACCESS);
        scenario.apply().assert_outcome("blocked configuration").assert_role_untouched(ACCESS, &before);
    }
}

#[test]
fn caller_identity_is_not_read_if_no_access_is_taken_away() {
    let scenario = Scenario::new().with_onboarded_account();
    assert_eq!(identity_calls(&scenario.apply_again().assert_converged_without_writes()), 0);
    let scenario = account(&[FUNCTION, ADMIN]).apply().assert_outcome("converged");
    assert_eq!(identity_calls(&scenario), 0, "a grant only adds access");
}

#[test]
fn grant_of_the_own_role_that_has_ended_is_not_removed() {
    let until =
        |principal: &str| format!("{CONFIG}\n[[access-role.grant]]\nprincipal = \"{principal}\"\nuntil = 2026-11-20\n");
    let scenario = account(&[FUNCTION, ADMIN]).config(&until(FUNCTION)).apply().assert_outcome("converged");
    let before = scenario.role(ACCESS);
    let scenario = scenario.after(3 * DAY).apply_again().assert_outcome("blocked configuration");
    let cause = scenario.report().cause.as_ref().expect("a cause").to_string();
    insta::assert_snapshot!(cause, @"the removal of a grant that has ended would take away the access with which this tool, as `arn:aws:sts::111122223333:assumed-role/account-onboarding/session`, assumes role `OrganizationAccountAccessRole`, and this tool could no longer repair the account; remove `until` from that `[[access-role.grant]]`, then run again");
    let scenario = scenario.assert_role_untouched(ACCESS, &before);
    assert!(can(scenario.organization(), FUNCTION));

    let scenario = account(&[FUNCTION, ADMIN]).config(&until(ADMIN)).apply().assert_outcome("converged");
    let scenario = scenario.after(3 * DAY).apply().assert_outcome("converged");
    assert!(can(scenario.organization(), FUNCTION) && !can(scenario.organization(), ADMIN));
}

#[test]
fn undo_that_takes_the_access_of_the_caller_away_is_refused() {
    let admin = Caller { account: id(MANAGEMENT), arn: Some(ADMIN.to_owned()) };
    let organization = organization().with_identity(ADMIN);
    let granting = format!("{CONFIG}\n[[access-role.grant]]\nprincipal = \"{FUNCTION}\"\n");
    let by_admin = Scenario::in_organization(organization.as_caller(admin))
        .config(&granting)
        .with_trust_policy(ACCESS, &trusting(&[ADMIN]))
        .apply()
        .assert_outcome("converged");
    assert!(can(&organization, FUNCTION));
    let before = by_admin.role(ACCESS);

    let by_function = Scenario::in_organization(organization.clone()).config(&granting);
    organization.clear_journal();
    let engine = by_function.engine();
    for report in [run(engine.plan_undo(&by_function.job(), None)), run(engine.undo(&by_function.job(), None))] {
        assert_eq!(outcome_code(&report), "blocked undo_refused");
        let cause = report.cause.expect("a cause").to_string();
        assert!(cause.contains("assumed-role/account-onboarding/session`, through which this tool acts"), "{cause}");
    }
    let by_function = by_function.assert_role_untouched(ACCESS, &before);
    assert!(by_function.writes().is_empty());

    let report = run(by_admin.engine().undo(&by_admin.job(), None));
    assert_eq!(outcome_code(&report), "converged", "{report:?}");
    assert!(can(&organization, ADMIN) && !can(&organization, FUNCTION));
}

/// Nothing is revoked while it is not known who calls.
#[test]
fn caller_that_is_not_known_revokes_nothing() {
    fix_jitter();
    let scenario = || account(&[FUNCTION, ADMIN]).config(&revoking(&[ADMIN]));
    let calls = Script::none();
    scenario().apply_with_faults(&calls).assert_outcome("converged");
    let asked = calls.calls().iter().rposition(|call| *call == "sts:GetCallerIdentity").expect("the call");
    for (injection, expected) in [
        (Injection::Throttle, "converged"),
        (Injection::Timeout, "converged"),
        (Injection::MalformedAnswer, "converged"),
        (Injection::ExpiredCredentials, "converged"),
        (Injection::AccessDenied, "blocked access_denied"),
    ] {
        let faulty = scenario().apply_with_faults(&Script::at(asked, injection));
        assert_eq!(faulty.outcome_code(), expected, "{injection:?}");
        assert_eq!(can(faulty.organization(), ADMIN), expected != "converged", "{injection:?}");
        let again = faulty.apply().assert_outcome("converged");
        assert!(again.report().proofs.iter().all(Proof::is_proven));
        assert!(!can(again.organization(), ADMIN) && can(again.organization(), FUNCTION), "{injection:?}");
    }
}
