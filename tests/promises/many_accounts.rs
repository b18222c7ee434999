//! Plan and apply for many accounts: each account is processed as if it were the only one, whatever happens to the others, and
//! the same command continues after an interruption or a crash. Only confirmed changes are applied.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
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

pub(crate) fn configuration() -> String {
    sweep_config().replace("exclude = [", &format!("exclude = [\"{EXCLUDED}\", "))
}

/// An organization with this many accounts in nested units, next to the established one; every fortieth is of an awkward kind.
pub(crate) fn large(count: usize) -> FakeOrganization {
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
pub(crate) fn is_plain(number: usize) -> bool {
    number % 40 >= 10 || matches!(number % 40, 5) || (number % 40 == 7 && number != 7)
}

pub(crate) fn selected<W: World + onboarding_engine::ports::ManageAccounts>(engine: &Engine<W>) -> Selected {
    crate::common::run(select_accounts(&engine.world, &Selection::all(), &engine.config.excluded)).unwrap()
}

pub(crate) fn organization_run(name: &str) -> OrganizationRun {
    OrganizationRun {
        concurrency: 8,
        wait: Duration::from_secs(60),
        name: name.to_owned(),
        interrupt: Interrupt::default(),
    }
}

pub(crate) fn to_process(selected: Selected) -> Vec<AccountToProcess> {
    selected.accounts.into_iter().map(AccountToProcess::from).collect()
}

/// The reports of a plan; it writes nothing.
pub(crate) fn plan(organization: &FakeOrganization) -> BTreeMap<AccountId, Report> {
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
pub(crate) fn confirmed(reports: &BTreeMap<AccountId, Report>) -> Vec<AccountToProcess> {
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
pub(crate) fn apply<W: World<Session: WriteIam>>(
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
