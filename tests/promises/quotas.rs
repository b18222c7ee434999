//! No quota of AWS is exceeded: every call waits for the token bucket of its API. The simulated organization enforces the quotas of AWS
//! and throttles what exceeds them.

use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::error::ErrorKind;
use onboarding_core::outcome::Outcome;
use onboarding_core::rate::RateLimits;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::report::Report;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{from_unix_seconds, since, unix_milliseconds};
use onboarding_engine::ports::{Clock, World};
use onboarding_engine::{Engine, Governed, all_accounts};
use onboarding_simulation::FakeOrganization;
use serde_json::json;
use serde_json::value::RawValue;

use crate::common::{CONFIG, assert_onboarded, config, engine, id, job, organization, run, sweep_config};

const LATENCY: Duration = Duration::from_millis(40);

/// How many accounts are looked at concurrently.
const CONCURRENCY: usize = 50;

/// The processes of the function: the default of the stack.
const PROCESSES: u32 = 5;

/// Where the function reads its configuration.
const PARAMETER: &str = "/onboarding/config";

/// An organization with this many accounts that have joined long ago, the quotas of AWS, and the pages of `ListAccounts`.
fn organization_of(accounts: usize) -> (FakeOrganization, Vec<AccountId>) {
    let ids: Vec<_> = (0..accounts).map(|n| id(&format!("{}", 700_000_000_000 + n))).collect();
    let joined = from_unix_seconds(1_500_000_000);
    let add = |organization: FakeOrganization, id: &AccountId| {
        organization.with_member(id, "member", AccountState::Active, joined)
    };
    let organization = ids.iter().fold(organization(), add);
    organization.set_latency(LATENCY);
    organization.set_notifier_latency(LATENCY);
    organization.set_page_size(20);
    (organization, ids)
}

/// Looks at these accounts.
async fn sweep<W: World>(engine: &Engine<W>, ids: &[AccountId]) -> Vec<Report> {
    let plan = async |id: &AccountId| engine.plan(&job(&engine.world, id.as_str())).await;
    stream::iter(ids).map(plan).buffer_unordered(CONCURRENCY).collect().await
}

fn has_plan(report: &Report) -> bool {
    matches!(&report.outcome, Outcome::Waiting(_)) && report.changes.len() == 8
}

#[test]
fn thousand_accounts_are_swept_without_a_throttled_call() {
    let (organization, ids) = organization_of(1_000);
    organization.enforce_api_quotas(100);
    let start = organization.now();
    let engine = engine(&organization, CONFIG);
    assert_eq!(run(all_accounts(&engine.world)).unwrap().accounts.len(), 1_003);
    let reports = run(sweep(&engine, &ids));
    assert!(reports.len() == 1_000 && reports.iter().all(has_plan), "{:?}", reports.iter().find(|r| !has_plan(r)));
    assert_eq!(organization.throttled_calls(), 0, "{:?}", organization.api_calls());
    assert_eq!(organization.api_calls()["organizations:DescribeAccount"].calls, 1_000);
    // What takes the time is DescribeAccount, at 15 a second after a burst of as many, and 51 pages at 7 a second.
    let took = since(start, organization.now());
    let limit = Duration::from_secs((1_000 - 15) / 15 + (51 - 7) / 7);
    assert!((limit..limit + Duration::from_secs(3)).contains(&took), "{took:?}");
}

#[test]
fn without_the_governor_calls_are_throttled() {
    let (organization, ids) = organization_of(1_000);
    organization.enforce_api_quotas(100);
    let engine = Engine::new(organization.clone(), config(CONFIG));
    let error = run(all_accounts(&engine.world)).err().map(|error| error.kind());
    assert_eq!(error, Some(ErrorKind::Throttled));
    let reports = run(sweep(&engine, &ids[..100]));
    assert!(reports.iter().all(has_plan), "throttled calls are retried");
    let described = organization.api_calls()["organizations:DescribeAccount"];
    assert!(described.throttled > 10, "{described:?}");
}

/// Others use two thirds of every quota: the rates adapt, although the limits are not configured.
#[test]
fn rates_adapt_to_what_other_callers_leave() {
    let (organization, ids) = organization_of(400);
    organization.enforce_api_quotas(33);
    let reports = run(sweep(&engine(&organization, CONFIG), &ids));
    assert!(reports.iter().all(has_plan), "{:?}", reports.iter().find(|report| !has_plan(report)));
    let described = organization.api_calls()["organizations:DescribeAccount"];
    // At the full rate, more than half of the calls would be throttled.
    assert!(described.throttled > 0 && described.throttled < described.calls / 3, "{described:?}");
}

/// The processes of a function take their shares, so that together they keep to the quotas.
#[test]
fn processes_that_share_the_limits_exceed_no_quota_together() {
    let (organization, ids) = organization_of(200);
    organization.enforce_api_quotas(100);
    let process = || Engine::new(Governed::new(organization.clone()).shared_by(5), config(CONFIG));
    let processes = [(); 5].map(|()| process());
    let work = processes.iter().zip(ids.chunks(40)).map(async |(engine, ids)| {
        let plan = async |id: &AccountId| engine.plan(&job(&engine.world, id.as_str())).await;
        stream::iter(ids).map(plan).buffer_unordered(25).collect::<Vec<_>>().await
    });
    let reports = run(join_all(work)).concat();
    assert!(reports.len() == 200 && reports.iter().all(has_plan));
    assert_eq!(organization.throttled_calls(), 0, "{:?}", organization.api_calls());
}

#[test]
fn limits_of_the_configuration_apply() {
    let (organization, ids) = organization_of(20);
    let text = format!("{CONFIG}\n[limits]\ndescribe-account = 2\n");
    let slow = engine(&organization, &text);
    assert_eq!(slow.config.limits, RateLimits { describe_account: 2, ..RateLimits::default() });
    let start = organization.now();
    run(sweep(&slow, &ids));
    assert!(since(start, organization.now()) > Duration::from_secs((20 - 2) / 2));
}

/// Sends the message of a sweep, and lets the processes of the function take messages from the queue until none is left.
fn sweep_by_function(organization: &FakeOrganization, config: &str) {
    let queue = organization.queue();
    queue.put(&json!({"sweep": {}}).to_string());
    let organization = organization.clone().with_parameter(PARAMETER, config);
    let process = || {
        let location = ConfigLocation::Parameter(PARAMETER.to_owned());
        let function = Function::new(organization.clone(), location, SweepMode::Apply, KnownSecrets::default());
        function.one_of(PROCESSES)
    };
    let poll = async |function: Function<FakeOrganization>| {
        while queue.next_visible().is_some() {
            let Some(message) = queue.receive(1).pop() else {
                organization.sleep(LATENCY).await;
                continue;
            };
            let mut context = Context::default();
            context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
            let payload = json!({"Records": [{"messageId": message.id, "body": message.body}]}).to_string();
            let event = LambdaEvent::new(RawValue::from_string(payload).unwrap(), context);
            assert_eq!(function.handle(event).await.unwrap(), json!({"batchItemFailures": []}));
            queue.delete(&message.id);
        }
    };
    run(join_all((0..PROCESSES).map(|_| poll(process()))));
    assert_eq!(queue.dead_letters(), []);
}

/// The first sweep onboards the accounts and describes each; the second finds that nothing is to be done.
#[test]
fn sweeps_by_the_function_have_no_throttled_call() {
    let (organization, ids) = organization_of(200);
    organization.enforce_api_quotas(100);
    for (what, described) in [("onboarding", 200..250), ("nothing to do", 1..6)] {
        organization.clear_journal();
        sweep_by_function(&organization, &sweep_config());
        ids.iter().for_each(|account| assert_onboarded(&organization, account.as_str()));
        let calls = organization.api_calls();
        assert_eq!(organization.throttled_calls(), 0, "{what}: {calls:?}");
        assert!(described.contains(&calls["organizations:DescribeAccount"].calls), "{what}: {calls:?}");
        assert_eq!(calls["organizations:ListAccounts"].calls, 203_u64.div_ceil(20), "{what}");
    }
}

/// With a limit of twice the quota, the same sweep is throttled, and loses no account.
#[test]
fn sweep_with_a_limit_above_the_quota_is_throttled() {
    let (organization, ids) = organization_of(200);
    organization.enforce_api_quotas(100);
    sweep_by_function(&organization, &format!("{}\n[limits]\ndescribe-account = 40\n", sweep_config()));
    let described = organization.api_calls()["organizations:DescribeAccount"];
    assert!(described.throttled > 0, "{described:?}");
    ids.iter().for_each(|account| assert_onboarded(&organization, account.as_str()));
}

/// One account alone never waits: a governor costs it no time.
#[test]
fn one_account_takes_as_long_as_without_the_governor() {
    let took = |governed: bool| {
        let (organization, ids) = organization_of(1);
        let start = organization.now();
        let job = job(&organization, ids[0].as_str());
        let report = match governed {
            true => run(engine(&organization, CONFIG).apply(&job)),
            false => run(Engine::new(organization.clone(), config(CONFIG)).apply(&job)),
        };
        assert_eq!(report.outcome, Outcome::Converged);
        since(start, organization.now())
    };
    assert_eq!(took(true), took(false));
}
