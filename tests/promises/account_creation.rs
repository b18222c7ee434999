//! Accounts are created once, moved and onboarded, at the rates of Organizations; what ends early is continued by the next run.

use std::collections::BTreeSet;
use std::time::Duration;

use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::new_account::{AccountPlan, AccountResult, Ending, Existing, parse_csv};
use onboarding_core::outcome::Outcome;
use onboarding_engine::ports::{Clock, ManageAccounts, World, WriteIam};
use onboarding_engine::{CreationRun, Engine, Interrupt, SurveyError};
use onboarding_simulation::{AccountCreation, Call, FakeOrganization, Injection, Script};

use crate::common::{CONFIG, assert_onboarded, engine, faults_at, fix_jitter, organization, run, scripted_engine};

const DEV: &str = "ou-exam-aaaa1111";
const CREATE: &str = "organizations:CreateAccount";
const ONE: &str = "name,email,ou\npayments-dev,payments-dev@example.com,Workloads/Dev\n";

/// An organization in which a creation takes a minute, and its access role appears half a minute later.
fn slow_organization() -> FakeOrganization {
    let organization =
        organization().with_unit("ou-exam-aaaa0000", "Workloads", "r-exam").with_unit(DEV, "Dev", "ou-exam-aaaa0000");
    organization.set_account_creation(AccountCreation {
        in_progress: Duration::from_secs(60),
        access_role_delay: Duration::from_secs(30),
        ..AccountCreation::default()
    });
    organization
}

fn creation_run(interrupt: &Interrupt) -> CreationRun {
    CreationRun { wait: Duration::from_secs(900), name: "run".to_owned(), interrupt: interrupt.clone() }
}

/// Surveys and creates, as the command does.
async fn create<W>(engine: &Engine<W>, csv: &str) -> Result<Vec<AccountResult>, SurveyError>
where
    W: World<Session: WriteIam> + ManageAccounts,
{
    let plans = engine.survey(parse_csv(csv).unwrap()).await?;
    Ok(engine.create_accounts(plans, &creation_run(&Interrupt::default())).await)
}

fn create_in(organization: &FakeOrganization, csv: &str) -> Vec<AccountResult> {
    run(create(&engine(organization, CONFIG), csv)).unwrap()
}

fn survey(organization: &FakeOrganization, csv: &str) -> Vec<AccountPlan> {
    run(engine(organization, CONFIG).survey(parse_csv(csv).unwrap())).unwrap()
}

fn accounts(count: usize) -> String {
    let rows = (0..count).map(|n| format!("account-{n},account-{n}@example.com,Workloads/Dev\n"));
    format!("name,email,ou\n{}", rows.collect::<String>())
}

fn code(result: &AccountResult) -> Option<Code> {
    result.outcome().unwrap().cause().map(|cause| cause.code)
}

fn calls(organization: &FakeOrganization, name: &str) -> Vec<Call> {
    organization.journal().into_iter().filter(|call| call.call == name).collect()
}

/// Asserts that the account was requested once, and is in its unit and onboarded.
fn assert_created_once(organization: &FakeOrganization, what: &str) {
    assert_eq!(organization.requested_accounts().len(), 1, "{what}");
    let account = organization.account_with_email("payments-dev@example.com").unwrap();
    assert_eq!(organization.unit_of(&account).as_deref(), Some(DEV), "{what}");
    assert_onboarded(organization, account.as_str());
}

#[test]
fn account_is_created_as_asked_for_then_moved_then_onboarded() {
    let organization = slow_organization();
    let csv =
        "name,email,ou,iam-billing,tags\npayments-dev,payments-dev@example.com,Workloads/Dev,deny,team=payments\n";
    let results = create_in(&organization, csv);
    let [result] = results.as_slice() else { panic!("{results:?}") };
    assert_eq!(result.outcome(), Some(Outcome::Converged));
    assert!(result.is_created && result.is_moved);
    assert_created_once(&organization, "");
    let requested = organization.requested_accounts();
    assert_eq!(requested[0], result.plan.row.account);
    assert_eq!((requested[0].billing.as_str(), requested[0].tags["team"].as_str()), ("deny", "payments"));
    let writes: Vec<_> = organization.writes().iter().map(|call| call.call).collect();
    assert_eq!(writes[..2], [CREATE, "organizations:MoveAccount"]);
    assert!(writes[2..].iter().all(|call| call.starts_with("iam:")), "{writes:?}");
}

#[test]
fn second_run_creates_moves_and_changes_nothing() {
    let organization = slow_organization();
    create_in(&organization, &accounts(3));
    organization.clear_journal();
    let results = create_in(&organization, &accounts(3));
    assert!(results.iter().all(|result| result.outcome() == Some(Outcome::Converged) && !result.is_created));
    assert_eq!(organization.writes(), []);
}

#[test]
fn many_accounts_are_created_five_at_a_time_without_exceeding_a_rate() {
    let organization = slow_organization();
    let start = organization.now();
    let results = create_in(&organization, &accounts(12));
    assert!(results.iter().all(|result| result.outcome() == Some(Outcome::Converged)), "{results:?}");
    let names: Vec<_> = results.iter().map(|result| result.plan.row.account.name.to_string()).collect();
    assert_eq!(names, (0..12).map(|n| format!("account-{n}")).collect::<Vec<_>>(), "in the order of the file");
    assert_eq!((organization.requested_accounts().len(), organization.most_creations_in_progress()), (12, 5));
    for name in [CREATE, "organizations:DescribeCreateAccountStatus"] {
        let rejected = calls(&organization, name).iter().filter(|call| !call.ok).count();
        assert_eq!(rejected, 0, "{name}");
    }
    // Three at once, then one in ten seconds; each takes a minute and a half.
    let took = organization.now().duration_since(start).unwrap();
    assert!(took >= Duration::from_secs(180) && took < Duration::from_secs(600), "{took:?}");
}

#[test]
fn email_of_an_account_elsewhere_fails_for_this_account_only() {
    let organization = slow_organization().with_taken_email("account-1@example.com");
    let results = create_in(&organization, &accounts(3));
    let codes: Vec<_> = results.iter().map(code).collect();
    assert_eq!(codes, [None, Some(Code::CreationFailed), None]);
    let Some(Outcome::Blocked(cause)) = results[1].outcome() else { panic!("{:?}", results[1]) };
    assert!(cause.message.contains("EMAIL_ALREADY_EXISTS") && cause.remedy.contains("another email"), "{cause}");
    assert_eq!(organization.account_with_email("account-1@example.com"), None);
}

#[test]
fn reached_quota_is_explained_with_what_is_needed() {
    let organization = slow_organization();
    // Management, identity and the established account exist.
    organization.set_account_quota(4);
    let results = create_in(&organization, &accounts(3));
    let outcomes: Vec<_> = results.iter().map(|result| result.outcome().unwrap().as_str()).collect();
    assert_eq!(outcomes, ["converged", "blocked", "blocked"]);
    assert_eq!(code(&results[1]), Some(Code::QuotaExceeded));
    let remedy = results[1].outcome().unwrap().cause().unwrap().remedy.clone();
    assert!(remedy.contains("--quota-code L-E619E033 --desired-value 6`"), "{remedy}");
}

#[test]
fn failure_inside_of_aws_is_reported_and_repeated_by_the_next_run() {
    let organization = slow_organization();
    let failure = Some("INTERNAL_FAILURE".to_owned());
    organization.set_account_creation(AccountCreation { failure, ..AccountCreation::default() });
    let results = create_in(&organization, ONE);
    assert_eq!((results[0].outcome().unwrap().as_str(), code(&results[0])), ("waiting", Some(Code::CreationFailed)));
    assert_eq!(organization.requested_accounts().len(), 1, "it is not repeated on its own");
    organization.set_account_creation(AccountCreation::default());
    assert_eq!(create_in(&organization, ONE)[0].outcome(), Some(Outcome::Converged));
}

#[test]
fn creation_that_takes_too_long_is_continued_by_the_next_run() {
    let organization = slow_organization();
    let in_progress = Duration::from_secs(1500);
    organization.set_account_creation(AccountCreation { in_progress, ..AccountCreation::default() });
    let results = create_in(&organization, ONE);
    assert_eq!(
        (results[0].outcome().unwrap().as_str(), code(&results[0])),
        ("waiting", Some(Code::CreationInProgress))
    );
    let plans = survey(&organization, ONE);
    assert!(matches!(&plans[0].existing, Existing::InProgress(requests) if requests.len() == 1), "{plans:?}");
    assert_eq!(create_in(&organization, ONE)[0].outcome(), Some(Outcome::Converged));
    assert_created_once(&organization, "");
}

#[test]
fn request_of_the_same_name_and_another_email_is_waited_for_and_not_taken() {
    let organization = slow_organization();
    let other = "name,email\npayments-dev,other@example.com\n";
    let plans = survey(&organization, other);
    run(async { organization.request_account(&plans[0].row.account).await }).unwrap();
    let results = create_in(&organization, ONE);
    assert!(results[0].is_created, "{results:?}");
    assert_eq!(organization.requested_accounts().len(), 2);
    let account = organization.account_with_email("payments-dev@example.com");
    assert!(account.is_some() && account == results[0].id);
    assert_ne!(account, organization.account_with_email("other@example.com"));
}

#[test]
fn five_requests_of_others_are_waited_for() {
    let organization = slow_organization();
    for n in 0..5 {
        let creation = AccountCreation { in_progress: Duration::from_secs(120), ..AccountCreation::default() };
        organization.create_account_with(&format!("other-{n}"), creation);
    }
    assert_eq!(create_in(&organization, ONE)[0].outcome(), Some(Outcome::Converged));
    assert!(calls(&organization, CREATE).iter().any(|call| !call.ok), "the limit was reached");
    assert_created_once(&organization, "");
}

#[test]
fn existing_account_is_moved_and_onboarded_and_keeps_its_name() {
    let organization = slow_organization();
    create_in(&organization, "name,email\nold-name,Payments-Dev@example.com\n");
    let plans = survey(&organization, ONE);
    let Existing::Member { name, moved_from: Some(from), .. } = &plans[0].existing else { panic!("{plans:?}") };
    assert_eq!((name.raw(), from.to_string()), ("old-name", "Root (r-exam)".to_owned()));
    organization.clear_journal();
    let results = create_in(&organization, ONE);
    assert!(results[0].is_moved && !results[0].is_created);
    let writes: Vec<_> = organization.writes().iter().map(|call| call.call).collect();
    assert_eq!(writes, ["organizations:MoveAccount"]);
}

#[test]
fn interrupted_run_begins_nothing_more_and_the_next_one_continues() {
    let organization = slow_organization();
    let interrupt = Interrupt::default();
    let flag = interrupt.clone();
    let script = Script::intercepting(move |call, _| {
        if call == CREATE {
            flag.set();
        }
        None::<ApiError>
    });
    let scripted = scripted_engine(&organization, &script, CONFIG);
    let plans = survey(&organization, &accounts(7));
    let results = run(scripted.create_accounts(plans, &creation_run(&interrupt)));
    assert!(results.iter().all(|result| result.outcome().is_none()), "{results:?}");
    let requested = organization.requested_accounts().len();
    assert!((1..=3).contains(&requested), "{requested}");
    let reported = results.iter().filter(|result| matches!(result.ending, Ending::Requested(_))).count();
    assert_eq!(reported, requested, "{results:?}");
    assert!(organization.writes().iter().all(|call| call.call == CREATE));

    let results = create_in(&organization, &accounts(7));
    assert!(results.iter().all(|result| result.outcome() == Some(Outcome::Converged)), "{results:?}");
    assert_eq!(organization.requested_accounts().len(), 7);
}

/// The kinds of faults that matter here, at every call of the survey, the creation and the onboarding.
const INJECTIONS: [Injection; 7] = [
    Injection::Throttle,
    Injection::Timeout,
    Injection::TimeoutAfter,
    Injection::MalformedAnswer,
    Injection::AccessDenied,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

#[test]
fn fault_at_any_call_never_creates_an_account_twice() {
    fix_jitter();
    let fault_free = Script::none();
    let organization = slow_organization();
    run(create(&scripted_engine(&organization, &fault_free, CONFIG), ONE)).unwrap();
    assert_created_once(&organization, "without faults");
    let expected = organization.state();
    let mut seen = BTreeSet::new();
    for fault in
        faults_at(
            &fault_free.calls(),
            |_, call| if call.starts_with("organizations:") { &INJECTIONS } else { &INJECTIONS[4..] },
        )
    {
        fix_jitter();
        let what = fault.to_string();
        let organization = slow_organization();
        let _ = run(create(&scripted_engine(&organization, &fault.script(), CONFIG), ONE));
        // A crashed run leaves the lease of the account, which expires.
        run(organization.sleep(Duration::from_secs(1800)));
        let results = create_in(&organization, ONE);
        assert_eq!(results[0].outcome(), Some(Outcome::Converged), "{what}");
        assert_created_once(&organization, &what);
        assert!(organization.state().keys().eq(expected.keys()), "{what}");
        seen.insert(fault.call);
    }
    for call in
        [CREATE, "organizations:MoveAccount", "organizations:ListParents", "organizations:ListRoots", "iam:CreateRole"]
    {
        assert!(seen.contains(call), "{call} in {seen:?}");
    }
}
