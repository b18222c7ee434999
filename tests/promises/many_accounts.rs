//! Plan and apply for many accounts: each account is processed as if it were the only one, whatever happens to the others, and
//! the same command continues after an interruption or a crash. Only confirmed changes are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::error::ApiError;
use onboarding_core::lines::plain;
use onboarding_core::mode::Mode;
use onboarding_core::organization::Overview;
use onboarding_core::outcome::Outcome;
use onboarding_core::plan::{ConfirmedPlan, HashedPlan, Salt};
use onboarding_core::report::Report;
use onboarding_core::selection::{Selected, Selection};
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::{Clock, World, WriteIam};
use onboarding_engine::{AccountToProcess, Engine, Interrupt, OrganizationRun, select_accounts};
use onboarding_simulation::{ControlPolicy, FakeOrganization, Faulty, Injection, Script};

use crate::common::{
    ACCESS, MANAGEMENT, OWN_ROLE, TRELICA_ROLE, assert_onboarded, config, engine, id, name, organization,
    scripted_engine, sweep_config,
};
use crate::common::{OLD, outcome_code};

/// A unit that [`configuration`] excludes.
const EXCLUDED: &str = "ou-exam-excluded";

fn configuration() -> String {
    sweep_config().replace("exclude = [", &format!("exclude = [\"{EXCLUDED}\", "))
}

/// An organization with this many accounts in nested units, next to the established one; every fortieth is of an awkward kind.
fn large(count: usize) -> FakeOrganization {
    let mut organization = organization()
        .with_unit("ou-exam-workload", "Workloads", "r-exam")
        .with_unit("ou-exam-workprod", "Production", "ou-exam-workload")
        .with_unit("ou-exam-payments", "Payments", "ou-exam-workprod")
        .with_unit(EXCLUDED, "Excluded", "r-exam")
        .with_unreadable_account(&member(7));
    let joined = from_unix_seconds(1_500_000_000);
    for number in 0..count {
        let account = member(number);
        let awkward = if number % 40 < 10 { number % 40 } else { 10 };
        organization = match awkward {
            0 => organization.with_invited_member(&account, "invited", joined),
            1 => organization.with_member(&account, "suspended", AccountState::Suspended, joined),
            2 => organization.with_member(&account, "closing", AccountState::PendingClosure, joined),
            3 => organization.with_member(&account, "creating", AccountState::PendingActivation, joined),
            4 => organization.with_member(&account, "dormant", AccountState::Unknown("DORMANT".into()), joined),
            5 => organization.with_member(&account, "\u{1b}[2J\r\nerror: {account-id}", AccountState::Active, joined),
            _ => organization.with_member(&account, &format!("account-{number}"), AccountState::Active, joined),
        };
        let units = ["", "ou-exam-workload/", "ou-exam-workload/ou-exam-workprod/ou-exam-payments/"];
        let units = if awkward == 6 { format!("{EXCLUDED}/") } else { units[number % 3].to_owned() };
        organization.set_ou_path(&account, &format!("o-exampleorgid/r-exam/{units}{account}/"));
        if awkward == 8 {
            organization.deny(&account, ControlPolicy::Service, "iam:CreateRole", "*");
        }
        if awkward == 9 {
            organization.delete_role(&account, &name(ACCESS));
        }
    }
    organization.set_ou_path(&id(OLD), &format!("o-exampleorgid/r-exam/{OLD}/"));
    organization
}

fn member(number: usize) -> AccountId {
    id(&format!("{:012}", 700_000_000_000 + number))
}

/// Whether [`large`] has an account of this number that can be onboarded.
fn is_plain(number: usize) -> bool {
    number % 40 >= 10 || matches!(number % 40, 5) || (number % 40 == 7 && number != 7)
}

fn selected<W: World + onboarding_engine::ports::ManageAccounts>(engine: &Engine<W>) -> Selected {
    crate::common::run(select_accounts(&engine.world, &Selection::all(), &engine.config.excluded)).unwrap()
}

fn organization_run(name: &str) -> OrganizationRun {
    OrganizationRun {
        concurrency: 8,
        wait: Duration::from_secs(60),
        name: name.to_owned(),
        interrupt: Interrupt::default(),
    }
}

fn to_process(selected: Selected) -> Vec<AccountToProcess> {
    selected.accounts.into_iter().map(AccountToProcess::from).collect()
}

/// The reports of a plan; it writes nothing.
fn plan(organization: &FakeOrganization) -> BTreeMap<AccountId, Report> {
    let engine = engine(organization, &configuration());
    let accounts = to_process(selected(&engine));
    let writes = organization.writes().len();
    let mut reports = BTreeMap::new();
    crate::common::run(engine.plan_accounts(accounts, &organization_run("plan"), |account, report| {
        reports.insert(account.id, *report.unwrap());
    }));
    assert_eq!(organization.writes().len(), writes);
    reports
}

/// The accounts with changes, and the plan of each as a person confirms it.
fn confirmed(reports: &BTreeMap<AccountId, Report>) -> Vec<AccountToProcess> {
    let salt = Salt::new([1; 32]);
    let changed = reports.iter().filter(|(_, report)| !report.changes.is_empty());
    let account = |(id, report): (&AccountId, &Report)| AccountToProcess {
        id: id.clone(),
        name: report.account_name.clone().unwrap(),
        listed: None,
        confirmed: Some(ConfirmedPlan::Hashed(HashedPlan::new(&salt, report.changes.iter().map(|step| &step.change)))),
    };
    changed.map(account).collect()
}

/// The reports of an apply; `None` for the accounts that were not started.
fn apply<W: World<Session: WriteIam>>(
    engine: &Engine<W>,
    accounts: Vec<AccountToProcess>,
    run: &OrganizationRun,
) -> BTreeMap<AccountId, Option<Report>> {
    let mut reports = BTreeMap::new();
    crate::common::run(engine.apply_accounts(accounts, run, |account, report| {
        assert!(reports.insert(account.id, report.map(|report| *report)).is_none());
    }));
    reports
}

fn outcomes(reports: &BTreeMap<AccountId, Option<Report>>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for report in reports.values() {
        let ended = report.as_ref().map_or("not started".to_owned(), outcome_code);
        *counts.entry(ended).or_default() += 1;
    }
    counts
}

#[test]
fn organization_of_a_thousand_accounts_is_planned_applied_and_planned_again() {
    const COUNT: usize = 1_000;
    let organization = large(COUNT);
    let engine = engine(&organization, &configuration());
    let found = selected(&engine);
    assert_eq!(found.total(), COUNT + 3);
    let skipped = found.skipped.clone();
    let reports = plan(&organization);
    let mut overview = Overview::new(Mode::Plan, skipped);
    reports.values().for_each(|report| overview.add(report));
    insta::assert_snapshot!(plain(&overview.lines()), @"
    1,003 accounts: 825 need changes, 50 blocked, 128 skipped (management account,
    26 excluded, 25 not active yet, 25 suspended, 25 being closed, 25 unknown state,
    not readable)

    825 accounts: these 8 changes
      333344445555 (old), 700000000005 (?[2J  error: {account-id}), 700000000008
      (account-8), 700000000010 (account-10), 700000000011 (account-11) and 820 more

      ~ update the trust policy of role `OrganizationAccountAccessRole`
          + trusts account 222233334444

      + create role `Workload_Security_Role_Cross` for Trend Micro Cloud One
        Workload Security
          trusts account 147995105371 with an external ID (hidden)
      + put policy `Workload_Security_Policy_Cross` on role
        `Workload_Security_Role_Cross`
          allows 15 actions of ec2, iam and workspaces on all resources

      + create role `TrelicaIntegration` for Trelica (1Password SaaS Manager)
          trusts account 377450845233 with an external ID (hidden)
      + put policy `TrelicaIntegration` on role `TrelicaIntegration`
          allows iam:ListUsers on all resources

      + create role `app-deployer`
          trusts arn:aws:iam::222233334444:role/app-pipeline
          under the path /apps/
          with sessions of up to 7200 s
          limited by the permissions boundary
          arn:aws:iam::aws:policy/PowerUserAccess
      + put policy `deploy` on role `app-deployer`
          allows lambda:* on all resources
      + attach arn:aws:iam::aws:policy/ReadOnlyAccess to role `app-deployer`

    Blocked
      25 accounts: access_role_changed
          700000000009 (account-9), 700000000049 (account-49), 700000000089
          (account-89), 700000000129 (account-129), 700000000169 (account-169) and
          20 more
          account {account-id} was created in this organization with an access role,
          and cannot be accessed: AssumeRole was denied for
          `OrganizationAccountAccessRole` or `AWSControlTowerExecution`:
          sts:AssumeRole failed: AccessDenied: User:
          arn:aws:iam::111122223333:role/account-onboarding is not authorized to
          perform: sts:AssumeRole on resource:
          arn:aws:iam::{account-id}:role/OrganizationAccountAccessRole
          Fix:  as an administrator of the account, run
                `aws iam get-role --role-name OrganizationAccountAccessRole`: if it
                exists, add `arn:aws:iam::111122223333:root` to its trust policy; if
                not, it was deleted or renamed: create it again, or configure its
                name
          See docs/TROUBLESHOOTING.md#access_role_changed
      25 accounts: no_access_role
          700000000000 (invited), 700000000040 (invited), 700000000080 (invited),
          700000000120 (invited), 700000000160 (invited) and 20 more
          account {account-id} was invited, and Organizations creates no access role
          in invited accounts; AssumeRole was denied for
          `OrganizationAccountAccessRole` or `AWSControlTowerExecution`:
          sts:AssumeRole failed: AccessDenied: User:
          arn:aws:iam::111122223333:role/account-onboarding is not authorized to
          perform: sts:AssumeRole on resource:
          arn:aws:iam::{account-id}:role/OrganizationAccountAccessRole
          Fix:  as an administrator of the account, create role
                `OrganizationAccountAccessRole` that trusts
                `arn:aws:iam::111122223333:root`, and attach
                `arn:aws:iam::aws:policy/AdministratorAccess`
                (docs/TROUBLESHOOTING.md has the commands); if it exists already, it
                trusts another principal: add `arn:aws:iam::111122223333:root` to
                its trust policy, then run again
          See docs/TROUBLESHOOTING.md#no_access_role

    Notes
      875 accounts: role/app-deployer: statement 1 of the policy `deploy` allows
      lambda:UpdateFunctionCode on every resource; list the resources
          333344445555 (old), 700000000000 (invited), 700000000005 (?[2J  error:
          {account-id}), 700000000008 (account-8), 700000000009 (account-9) and 870
          more

    Skipped
      1 account: management account
          111122223333 (management)
          it is the management account, which is never changed
      26 accounts: excluded
          222233334444 (identity), 700000000006 (account-6), 700000000046
          (account-46), 700000000086 (account-86), 700000000126 (account-126) and 21
          more
          the configuration excludes it
      25 accounts: not active yet
          700000000003 (creating), 700000000043 (creating), 700000000083 (creating),
          700000000123 (creating), 700000000163 (creating) and 20 more
          it is being created (PENDING_ACTIVATION); run again later
      25 accounts: suspended
          700000000001 (suspended), 700000000041 (suspended), 700000000081
          (suspended), 700000000121 (suspended), 700000000161 (suspended) and 20
          more
          AWS suspended it (SUSPENDED)
      25 accounts: being closed
          700000000002 (closing), 700000000042 (closing), 700000000082 (closing),
          700000000122 (closing), 700000000162 (closing) and 20 more
          it is being closed (PENDING_CLOSURE)
      25 accounts: unknown state
          700000000004 (dormant), 700000000044 (dormant), 700000000084 (dormant),
          700000000124 (dormant), 700000000164 (dormant) and 20 more
          it is in a state that this version does not know (DORMANT)
      1 account: not readable
          700000000007
          its description cannot be read: organizations:ListAccounts failed:
          MalformedAnswer: the response has no state
    ");

    let accounts = confirmed(&reports);
    let applied = apply(&engine, accounts, &organization_run("apply"));
    insta::assert_debug_snapshot!(outcomes(&applied), @r#"
    {
        "blocked control_policy_denies": 25,
        "converged": 800,
    }
    "#);
    for number in (0..COUNT).filter(|number| is_plain(*number)) {
        assert_onboarded(&organization, member(number).as_str());
    }
    let written: BTreeSet<_> = organization.writes().into_iter().map(|call| call.account).collect();
    let untouched = |number: &usize| matches!(number % 40, 1..=4 | 6) || *number == 7;
    assert!((0..COUNT).filter(untouched).all(|number| !written.contains(&member(number))));
    assert!(!written.contains(&id(MANAGEMENT)));

    // Running again makes no write in the accounts that converged.
    let again = plan(&organization);
    assert_eq!(again.len(), reports.len());
    let pending = again.values().filter(|report| !report.changes.is_empty()).count();
    let denied = (0..COUNT).filter(|number| number % 40 == 8).count();
    assert_eq!(pending, denied, "the accounts in which a control policy denies the changes");
}

#[test]
fn killed_apply_is_continued_by_the_same_command() {
    const COUNT: usize = 50;
    let calls = {
        let organization = large(COUNT);
        let script = Script::none();
        let accounts = confirmed(&plan(&organization));
        apply(&scripted_engine(&organization, &script, &configuration()), accounts, &organization_run("counted"));
        script.calls().len()
    };
    assert!(calls > 500, "{calls}");
    for index in (0..calls).step_by(calls / 6) {
        let organization = large(COUNT);
        let confirmed_at_first = confirmed(&plan(&organization));
        let script = Script::at(index, Injection::CrashAfter);
        let engine = scripted_engine(&organization, &script, &configuration());
        apply(&engine, confirmed_at_first.clone(), &organization_run("killed"));
        assert!(script.crashed());

        // The lease of a killed run expires.
        crate::common::run(organization.sleep(Duration::from_secs(1_300)));
        let engine = crate::common::engine(&organization, &configuration());
        let rest = confirmed(&plan(&organization));
        let applied = apply(&engine, rest, &organization_run("again"));
        let blocked = applied.values().flatten().filter(|report| report.outcome != Outcome::Converged);
        let denied: Vec<_> = blocked.map(|report| report.account_id.clone().unwrap()).collect();
        assert_eq!(denied, [member(8), member(48)], "killed at {index}");
        for number in (0..COUNT).filter(|number| is_plain(*number)) {
            assert_onboarded(&organization, member(number).as_str());
        }
    }
}

#[test]
fn interrupt_finishes_the_accounts_in_progress_and_starts_no_other() {
    let organization = large(60);
    let engine = engine(&organization, &configuration());
    let accounts = confirmed(&plan(&organization));
    let total = accounts.len();
    organization.clear_journal();
    let run = organization_run("interrupted");
    let mut reports: BTreeMap<AccountId, Option<Report>> = BTreeMap::new();
    crate::common::run(engine.apply_accounts(accounts, &run, |account, report| {
        reports.insert(account.id, report.map(|report| *report));
        if reports.len() == 5 {
            run.interrupt.set();
        }
    }));
    assert_eq!(reports.len(), total);
    let started = reports.values().flatten().count();
    assert!((5..=5 + run.concurrency).contains(&started), "{started}");
    let called: BTreeSet<_> = organization.writes().into_iter().map(|call| call.account).collect();
    for (account, report) in &reports {
        match report {
            Some(report) if report.outcome == Outcome::Converged => assert_onboarded(&organization, account.as_str()),
            Some(_) => {}
            None => assert!(!called.contains(account)),
        }
    }
    // The same command continues.
    let rest = confirmed(&plan(&organization));
    assert!(rest.len() < total);
    let again = apply(&engine, rest, &organization_run("again"));
    assert!(again.values().all(Option::is_some));
    assert!((0..60).filter(|number| is_plain(*number)).all(|number| {
        assert_onboarded(&organization, member(number).as_str());
        true
    }));
}

#[test]
fn account_for_which_the_program_fails_does_not_affect_the_others() {
    let organization = large(60);
    let accounts = confirmed(&plan(&organization));
    let total = accounts.len();
    let mut described = 0..;
    let script = Script::intercepting(move |call, _| {
        assert!(call != "organizations:DescribeAccount" || described.next() != Some(4), "a panic, on purpose");
        None
    });
    let engine = Engine::new(Faulty::new(organization.clone(), &script), config(&configuration()));
    let reports = apply(&engine, accounts, &organization_run("panic"));
    assert_eq!(reports.len(), total);
    let failed: Vec<_> =
        reports.values().flatten().filter(|report| outcome_code(report) == "blocked unexpected_error").collect();
    let [failed] = failed.as_slice() else { panic!("{}", failed.len()) };
    let failed = failed.account_id.clone().unwrap();
    assert!(organization.writes().iter().all(|call| call.account != failed));
    for number in (0..60).filter(|number| is_plain(*number) && member(*number) != failed) {
        assert_onboarded(&organization, member(number).as_str());
    }
}

#[test]
fn account_that_changed_since_the_plan_is_left_alone() {
    let organization = large(60);
    let accounts = confirmed(&plan(&organization));
    let changed = member(20);
    let part = member(21);
    // In one account, something else is now to be changed. In the other one, a part of the plan was made meanwhile.
    organization.set_trust(
        &changed,
        &name(ACCESS),
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"Mine","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"sts:AssumeRole"}]}"#,
    );
    // In a third one, another principal has made one of the roles.
    let foreign = member(22);
    let role = organization.role_state(&foreign, &name(ACCESS)).unwrap();
    organization.put_role(&foreign, &name(TRELICA_ROLE), role);
    let engine = engine(&organization, &configuration());
    let mut only_part = accounts.iter().find(|account| account.id == part).unwrap().clone();
    only_part.confirmed = None;
    apply(&engine, vec![only_part], &organization_run("part"));
    organization.delete_role(&part, &name(OWN_ROLE));
    organization.clear_journal();

    let reports = apply(&engine, accounts, &organization_run("apply"));
    let code = |account| outcome_code(reports[account].as_ref().unwrap());
    assert_eq!(code(&changed), "blocked plan_changed");
    assert_eq!(code(&foreign), "blocked plan_changed");
    assert!(organization.writes().iter().all(|call| call.account != changed && call.account != foreign));
    assert!(organization.role_state(&changed, &name(TRELICA_ROLE)).is_none());
    assert_eq!(code(&part), "converged");
    assert_onboarded(&organization, part.as_str());
    for number in (0..60).filter(|number| is_plain(*number) && ![20, 22].contains(number)) {
        assert_onboarded(&organization, member(number).as_str());
    }
}

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

    // What is planned is the same without the names.
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
