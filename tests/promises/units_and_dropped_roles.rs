//! What a plan for many accounts shows of the organization: the units of accounts with the same changes, and the roles that the
//! configuration dropped.

use onboarding_core::error::ApiError;
use onboarding_core::limits::ROLE_VISIBLE;
use onboarding_core::lines::plain;
use onboarding_core::mode::Mode;
use onboarding_core::organization::Overview;
use onboarding_core::outcome::Outcome;
use onboarding_core::selection::Selected;
use onboarding_simulation::{FakeOrganization, Script};

use crate::common::{config, engine, scripted_engine};
use crate::many_accounts::{
    apply, configuration, confirmed, is_plain, large, organization_run, plan, selected, to_process,
};
use crate::registration::unregistered;
use crate::removal_of_registrations::without_vendor;

/// The reports of a plan with the names of units, and its calls to read units.
fn plan_with_units(organization: &FakeOrganization, script: &Script) -> (Overview, usize) {
    let engine = scripted_engine(organization, script, &configuration()).with_unit_names();
    let Selected { accounts, skipped } = selected(&engine);
    let accounts = to_process(Selected { accounts, skipped: Vec::new() });
    let mut overview = Overview::new(Mode::Plan, skipped);
    crate::common::run(engine.plan_accounts(accounts, &organization_run("units"), |_, report| {
        overview.add(&report.unwrap());
    }));
    let calls = script.calls();
    (overview, calls.iter().filter(|call| **call == "organizations:ListOrganizationalUnitsForParent").count())
}

/// The lines that name units.
fn unit_lines(overview: &Overview) -> Vec<String> {
    let text = plain(&overview.lines());
    let lines = text.lines().map(str::trim).filter(|line| line.starts_with("in ") && line.ends_with(')'));
    lines.map(str::to_owned).collect()
}

#[test]
fn groups_of_a_thousand_accounts_name_their_units_with_one_listing_for_each_unit_that_contains_units() {
    const COUNT: usize = 1_000;
    let organization = large(COUNT);
    let (overview, listings) = plan_with_units(&organization, &Script::none());
    // The units below the root, below Workloads and below Production, however many accounts there are.
    assert_eq!(listings, 3);
    let changed: Vec<_> = (0..COUNT).filter(|number| is_plain(*number) || number % 40 == 8).collect();
    let in_unit = |unit: usize| changed.iter().filter(|number| **number % 3 == unit).count();
    let mut units =
        [(in_unit(0) + 1, "Root"), (in_unit(1), "Workloads"), (in_unit(2), "Workloads/Production/Payments")];
    units.sort_by(|(count, path), (other, others)| (other, path).cmp(&(count, others)));
    let expected = units.map(|(count, path)| format!("{path} ({count})")).join(", ");
    let lines = unit_lines(&overview);
    assert_eq!(lines.first(), Some(&format!("in {expected}")));
    // Two groups of blocked accounts and one of notes.
    assert_eq!(lines.len(), 4, "{lines:#?}");

    // The plan is the same without the names.
    let reports = plan(&organization);
    let mut without = Overview::new(Mode::Plan, overview.skipped().to_vec());
    reports.values().for_each(|report| without.add(report));
    assert!(unit_lines(&without).is_empty());
    assert_eq!(without.summary(), overview.summary());
}

#[test]
fn units_that_cannot_be_read_are_shown_with_their_ids_after_one_call() {
    let organization = large(60);
    let denied = Script::intercepting(|call, _| {
        let is_listing = call == "organizations:ListOrganizationalUnitsForParent";
        is_listing
            .then(|| ApiError::new("organizations:ListOrganizationalUnitsForParent", "AccessDeniedException", "no"))
    });
    let (overview, listings) = plan_with_units(&organization, &denied);
    assert_eq!(listings, 1);
    let lines = unit_lines(&overview);
    let first = lines.first().unwrap();
    assert!(["Root (", "ou-exam-workload (", "ou-exam-payments ("].iter().all(|unit| first.contains(unit)), "{first}");
    let (named, _) = plan_with_units(&organization, &Script::none());
    assert_eq!(overview.summary(), named.summary());
}

#[test]
fn hostile_names_of_units_are_filtered() {
    let organization = large(60).with_unit("ou-exam-workload", "Work\u{1b}[2J\r\nerror: loads", "r-exam");
    let (overview, _) = plan_with_units(&organization, &Script::none());
    let text = plain(&overview.lines());
    assert!(text.contains("Work?[2J  error: loads (") && !text.contains('\u{1b}'), "{text}");
    assert!(text.contains("Work?[2J  error: loads/Production/Payments ("), "{text}");
}

#[test]
fn roles_that_the_configuration_dropped_are_warned_of_with_the_block_that_removes_them() {
    let organization = large(60);
    let applied =
        apply(&engine(&organization, &configuration()), confirmed(&plan(&organization)), &organization_run("apply"));
    let converged = applied.values().flatten().filter(|report| report.outcome == Outcome::Converged).count();
    let text = configuration();
    let (start, rest) = text.split_once("[vendors.trelica]").unwrap();
    let (_, role) = rest.split_once("[[role]]").unwrap();
    let dropped = |text: &str| {
        let engine = engine(&organization, text);
        let mut overview = Overview::new(Mode::Plan, Vec::new());
        let accounts = to_process(selected(&engine));
        crate::common::run(engine.plan_accounts(accounts, &organization_run("plan"), |_, report| {
            overview.add(&report.unwrap());
        }));
        overview.dropped(&engine.config)
    };
    let without = format!("{start}[[role]]{role}");
    let [vendor] = dropped(&without).try_into().unwrap_or_else(|found: Vec<_>| panic!("{found:#?}"));
    assert_eq!(
        vendor.warning,
        format!(
            "vendor/trelica: role `TrelicaIntegration` is no longer configured and is still present in {converged} \
             accounts; to remove it, add"
        )
    );
    assert_eq!(vendor.block, ["[[removed]]", "vendor = \"trelica\"", "role-name = \"TrelicaIntegration\""]);
    // With that block, it is planned to be removed, and there is nothing to warn of.
    assert_eq!(dropped(&format!("{without}\n{}\n", vendor.block.join("\n"))), []);
    assert_eq!(dropped(&text), []);
    let [role] = dropped(start).into_iter().filter(|one| one.block.len() == 2).collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(role.block, ["[[removed]]", "role = \"app-deployer\""]);
}

/// Whoever pastes a block without it deletes the role and leaves the registration at the vendor.
#[test]
fn block_for_a_vendor_that_registered_the_accounts_has_the_registration() {
    let without = without_vendor();
    let scenario = unregistered().apply().assert_registered().after(ROLE_VISIBLE).config(&without).plan();
    let mut overview = Overview::new(Mode::Plan, Vec::new());
    overview.add(scenario.report());
    let [dropped] = overview.dropped(&config(&without)).try_into().unwrap_or_else(|found: Vec<_>| panic!("{found:#?}"));
    insta::assert_snapshot!(dropped.block.join("\n"), @r#"
    [[removed]]
    vendor = "workload-security"
    role-name = "Workload_Security_Role_Cross"
    registration = { url = "https://workload.us-1.cloudone.trendmicro.com/api", api-key = { ssm-parameter = "/account-onboarding/workload-security/api-key" } }
    "#);
    let removing = format!("{without}\n{}\n", dropped.block.join("\n"));
    let scenario = scenario.config(&removing).apply().assert_outcome("converged");
    assert!(scenario.connectors().is_empty(), "the block removes the registration");
}
