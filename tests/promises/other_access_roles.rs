//! Accounts whose access role has another name in some units.

use onboarding_core::outcome::Outcome;
use onboarding_simulation::{FakeOrganization, RoleState};

use crate::common::{ACCESS, CONFIG, OLD, engine, id, job, name, organization, outcome_code, run};

const ACQUIRED: &str = "ou-exam-acquired1";
const OTHER: &str = "AcquiredAdmin";

/// The established account is in a unit whose accounts have another access role.
fn acquired(has_usual_role: bool) -> FakeOrganization {
    let organization = organization().with_unit(ACQUIRED, "Acquired", "r-exam");
    let access = organization.role_state(&id(OLD), &name(ACCESS)).expect("the access role");
    if !has_usual_role {
        organization.delete_role(&id(OLD), &name(ACCESS));
    }
    organization.put_role(&id(OLD), &name(OTHER), RoleState { ..access });
    organization.place(&id(OLD), ACQUIRED);
    organization
}

fn config(targets: &str) -> String {
    format!("{CONFIG}\n[[access-role.other]]\nname = '{OTHER}'\ntargets = {targets}\n")
}

fn assumed(organization: &FakeOrganization) -> Vec<String> {
    let requests = organization.assume_role_requests();
    let mut names: Vec<_> =
        requests.iter().filter_map(|one| one.role_arn.rsplit('/').next()).map(str::to_owned).collect();
    names.dedup();
    names
}

#[test]
fn account_of_the_unit_is_accessed_through_its_access_role() {
    for (has_usual_role, targets) in [
        (false, "{ organizational-units = ['Acquired'] }".to_owned()),
        (true, format!("{{ organizational-units = ['{ACQUIRED}'] }}")),
        (true, format!("{{ accounts = ['{OLD}'] }}")),
    ] {
        let organization = acquired(has_usual_role);
        let report = run(engine(&organization, &config(&targets)).apply(&job(&organization, OLD)));
        assert_eq!(report.outcome, Outcome::Converged, "{targets}");
        assert_eq!(assumed(&organization), [OTHER], "{targets}");
        let trust = organization.role_state(&id(OLD), &name(OTHER)).expect("the role").trust.0;
        assert!(trust.contains("222233334444"), "the grant is on the role that was assumed: {trust}");
    }
}

#[test]
fn accounts_elsewhere_are_accessed_through_the_usual_ones() {
    let organization = acquired(true);
    let config = config("{ organizational-units = ['ou-exam-elsewhere'] }");
    let report = run(engine(&organization, &config).apply(&job(&organization, OLD)));
    assert_eq!(report.outcome, Outcome::Converged);
    assert_eq!(assumed(&organization), [ACCESS]);
}

#[test]
fn account_whose_unit_is_not_known_is_not_accessed_through_a_guess() {
    let organization = acquired(true);
    organization.clear_ou_path(&id(OLD));
    let config = config(&format!("{{ organizational-units = ['{ACQUIRED}'] }}"));
    let report = run(engine(&organization, &config).apply(&job(&organization, OLD)));
    assert_eq!(outcome_code(&report), "waiting not_propagated");
    assert!(organization.assume_role_requests().is_empty());
}
