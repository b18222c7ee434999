//! Placeholders are replaced by values that fit their place. The name of an account is text that its owner chooses: where it does
//! not fit, the role is refused, and the name is never inserted.

use onboarding_core::account::AccountState;
use onboarding_simulation::FakeOrganization;

use crate::common::{ACCESS, OLD, engine, id, job, name, organization, outcome_code, run};

const NAMED: &str = "777788889999";

/// An account with this name and path. The established account is named `old`.
fn with_account(account_name: &str, path: Option<&str>) -> FakeOrganization {
    let organization = organization().with_member(&id(NAMED), account_name, AccountState::Active, None);
    for account in [NAMED, OLD] {
        if let Some(path) = path {
            organization.set_ou_path(&id(account), path);
        }
    }
    organization
}

const CONFIG: &str = r#"
[[role]]
name = "reader"
policies = { logs = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:{partition}:s3:::logs-{organization-id}/{account-name}/*"}}' }
[[role.trust]]
principal = "222233334444"
external-id = "s3cret:{account-id}:{organization-id}"
condition = { StringEquals = { "aws:PrincipalTag/account" = "{account-name}" } }

[[role]]
name = "plain"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
trust = [{ principal = "222233334444" }]
"#;

const PATH: &str = "o-exampleorg1/r-exam/777788889999/";

#[test]
fn placeholders_are_replaced_and_the_external_id_stays_hidden() {
    let organization = with_account("Team A", Some(PATH));
    let report = run(engine(&organization, CONFIG).apply(&job(&organization, NAMED)));
    assert_eq!(outcome_code(&report), "converged");
    let role = organization.role_state(&id(NAMED), &name("reader")).expect("the role");
    let external_id = format!("s3cret:{NAMED}:o-exampleorg1");
    assert!(role.trust.0.contains(&format!("\"{external_id}\"")) && role.trust.0.contains("\"Team A\""));
    assert!(role.policies.values().any(|policy| policy.0.contains("arn:aws:s3:::logs-o-exampleorg1/Team A/*")));
    let printed = serde_json::to_string(&report).unwrap();
    assert!(!printed.contains("s3cret"), "{printed}");
    // A second run finds it as configured.
    organization.clear_journal();
    assert_eq!(outcome_code(&run(engine(&organization, CONFIG).apply(&job(&organization, NAMED)))), "converged");
    assert_eq!(organization.writes(), []);
}

#[test]
fn hostile_name_refuses_the_role_and_is_never_inserted() {
    for hostile in ["", "*", "a/b", "x\"}],\"Principal\":\"*", "${aws:username}", "{account-id}", "a\u{202e}b", "É"] {
        let organization = with_account(hostile, Some(PATH));
        let report = run(engine(&organization, CONFIG).apply(&job(&organization, NAMED)));
        assert_eq!(outcome_code(&report), "blocked configuration", "{hostile}");
        assert_eq!(organization.role_state(&id(NAMED), &name("reader")), None, "{hostile}");
        assert!(organization.role_state(&id(NAMED), &name("plain")).is_some(), "the other role is not affected");
    }
    let organization = with_account("a/b", Some(PATH));
    let report = run(engine(&organization, CONFIG).plan(&job(&organization, NAMED)));
    insta::assert_snapshot!(report.refusals[0], @"role/reader: the name of the account, `a/b`, cannot replace `{account-name}` here, because it is empty or contains other characters than letters, digits, spaces and `_+=,.@-`; rename the account, or use `{account-id}`; fix the configuration, then run again");
}

#[test]
fn role_waits_for_the_id_of_the_organization() {
    let organization = with_account("Team A", None);
    let report = run(engine(&organization, CONFIG).apply(&job(&organization, NAMED)));
    assert_eq!(outcome_code(&report), "waiting not_propagated");
    assert_eq!(organization.role_state(&id(NAMED), &name("reader")), None);
    assert!(organization.role_state(&id(NAMED), &name("plain")).is_some());
    insta::assert_snapshot!(report.outcome, @"waiting (not_propagated): role/reader: Organizations did not return the organizational units of account 777788889999; no action needed: a message on the queue is retried automatically; otherwise run again later");
}

const REVOKING: &str = r#"
[[access-role.revoke]]
principal = "arn:{partition}:iam::222233334444:role/{account-name}"

[[access-role.revoke]]
principal = "333344445555"
"#;

/// The trust policy of the access role, which lets the management account, the revoked account and a role assume it.
fn trusting(organization: FakeOrganization, role: &str) -> FakeOrganization {
    let organization = organization.with_identity(role);
    let principals = format!(r#"["arn:aws:iam::111122223333:root","arn:aws:iam::{OLD}:root","{role}"]"#);
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":{principals}}},"Action":"sts:AssumeRole"}}]}}"#
    );
    organization.set_trust(&id(NAMED), &name(ACCESS), &trust);
    organization
}

/// The principals of the access role's trust policy that this test is about.
fn trusted(organization: &FakeOrganization) -> (bool, bool) {
    let trust = organization.role_state(&id(NAMED), &name(ACCESS)).expect("the access role").trust.0;
    (trust.contains(OLD), trust.contains("222233334444"))
}

#[test]
fn revoked_principal_with_the_name_of_the_account_is_revoked_if_the_name_fits() {
    let organization = trusting(with_account("team-a", Some(PATH)), "arn:aws:iam::222233334444:role/team-a");
    let report = run(engine(&organization, REVOKING).apply(&job(&organization, NAMED)));
    assert_eq!(outcome_code(&report), "converged");
    assert_eq!(trusted(&organization), (false, false));
    assert!(report.notices.is_empty(), "{:?}", report.notices);
    assert_eq!(report.proofs.len(), 2);
}

/// Nothing is proven about a principal that is not known, so that the report has to name it.
#[test]
fn revoked_principal_that_the_name_does_not_fit_is_reported_and_the_others_are_revoked() {
    for hostile in ["Team A", "", "*", "x\"}],\"Principal\":\"*", "{account-id}"] {
        let organization = with_account(hostile, Some(PATH));
        let organization = trusting(organization, "arn:aws:iam::222233334444:role/{account-name}");
        let planned = run(engine(&organization, REVOKING).plan(&job(&organization, NAMED)));
        let report = run(engine(&organization, REVOKING).apply(&job(&organization, NAMED)));
        assert_eq!(outcome_code(&report), "converged", "{hostile}");
        assert_eq!(trusted(&organization), (false, true), "{hostile}: only the principal that is known is revoked");
        for report in [planned, report] {
            let named = report.notices.iter().filter(|notice| notice.contains("role/{account-name}` is not revoked"));
            assert_eq!(named.count(), 1, "{hostile}: {:?}", report.notices);
            assert!(report.proofs.iter().all(|proof| !proof.who.contains("account-name")), "{:?}", report.proofs);
        }
    }
    let organization = with_account("Team A", Some(PATH));
    let report = run(engine(&organization, REVOKING).plan(&job(&organization, NAMED)));
    insta::assert_snapshot!(report.notices.join("\n"), @"principal `arn:{partition}:iam::222233334444:role/{account-name}` is not revoked in this account: the name of the account, `Team A`, cannot replace `{account-name}` here, because it is empty or contains other characters than letters, digits and `_+=,.@-`; rename the account, or use `{account-id}`");
}

#[test]
fn revoked_principal_waits_for_the_id_of_the_organization() {
    let organization = trusting(with_account("team-a", None), "arn:aws:iam::222233334444:role/{organization-id}");
    let revoking = REVOKING.replace("{account-name}", "{organization-id}");
    let report = run(engine(&organization, &revoking).apply(&job(&organization, NAMED)));
    assert_eq!(outcome_code(&report), "waiting not_propagated");
    assert_eq!(trusted(&organization), (false, true));
}
