//! What the stack costs in a month, for three sizes of an organization: the calls for a new account and for a page of a sweep,
//! counted on the simulated organization, times the prices of `prices.json`.
//!
//! A sweep reads pages of 20 accounts, and sends each as one message, a chunk. So a page is the unit of its costs: one page of
//! `ListAccounts`, one message, one invocation and one read and one write of records for 20 accounts.
//!
//! ```text
//! cargo run --example cost
//! ```
//!
//! It updates the tables of docs/COST.md; `tests/documents.rs` fails if they are not up to date.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::slice;
use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use anyhow::{Context as _, Result, anyhow, bail, ensure};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::AccountId;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{since, unix_milliseconds};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Call, FakeOrganization};
use serde_json::value::RawValue;
use serde_json::{Value, json};

const TEMPLATE: &str = include_str!("../template.yaml");
/// Two vendors and a role of its own: the configuration of the demo.
const CONFIGURATION: &str = include_str!("../onboarding.toml");
const EVENT: &str = include_str!("../events/create-account-result-succeeded.json");
const IDENTITY: &str = "222233334444";
const SIZES: [f64; 3] = [100.0, 1_000.0, 10_000.0];
/// The largest page of organizations:ListAccounts.
const ACCOUNTS_PER_PAGE: u32 = 20;
/// The function does not send the message of an event. It is received and deleted.
const REQUESTS_PER_EVENT: f64 = 2.0;
/// The message of a chunk is sent as well.
const REQUESTS_PER_CHUNK: f64 = 3.0;

fn main() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/COST.md");
    std::fs::write(path, updated(&std::fs::read_to_string(path)?)?)?;
    Ok(())
}

/// The document with its tables as they should be.
pub(crate) fn updated(document: &str) -> Result<String> {
    let (before, rest) = document.split_once(BEGIN).context("the first marker")?;
    let (_, after) = rest.split_once(END).context("the second marker")?;
    Ok(format!("{before}{BEGIN}\n\n{}\n{END}{after}", tables()?))
}

const BEGIN: &str = "<!-- BEGIN: `cargo run --example cost` writes these tables -->";
const END: &str = "<!-- END -->";

fn tables() -> Result<String> {
    let figures: Value = serde_json::from_str(include_str!("prices.json"))?;
    let runs = Runs::count(&figures)?;
    let [calls, costs, sources] = [calls(&runs)?, costs(&figures, &runs)?, sources(&figures)?];
    Ok(format!("### In a month\n\n{costs}\n### Calls\n\n{calls}\n### Prices and assumptions\n\n{sources}"))
}

/// What the function did for some messages.
struct Run {
    calls: BTreeMap<&'static str, f64>,
    seconds: f64,
    events: f64,
}

struct Runs {
    /// The event of a new account.
    fresh: Run,
    /// A sweep of one page of converged accounts: its message, and the chunk.
    page: Run,
}

impl Runs {
    fn count(figures: &Value) -> Result<Self> {
        let id = |text: &str| text.parse::<AccountId>().map_err(|error| anyhow!("{error}"));
        let partition = "aws".parse().map_err(|error| anyhow!("{error}"))?;
        // The identity account of the simulation has no access role.
        let configuration = CONFIGURATION.replace("999988887777", IDENTITY);
        let organization = FakeOrganization::new(partition, id("111122223333")?, id(IDENTITY)?)
            .with_outside_account(&id("147995105371")?)
            .with_outside_account(&id("377450845233")?)
            .with_identity("arn:aws:iam::222233334444:role/app-pipeline")
            .with_parameter("/onboarding.toml", &configuration);
        // A page has the management account and the identity account as well, which the sweep skips.
        organization.set_page_size(ACCOUNTS_PER_PAGE as usize + 2);
        let latency = Duration::from_millis(assumption(figures, "call_milliseconds")? as u64);
        organization.set_latency(latency);
        organization.set_notifier_latency(latency);
        let function = || {
            let configuration = ConfigLocation::Parameter("/onboarding.toml".to_owned());
            Function::new(organization.clone(), configuration, SweepMode::Apply, KnownSecrets::default())
        };
        // New accounts come one at a time, so that each is handled by a process that reads the configuration.
        let mut fresh = None;
        for number in 0..ACCOUNTS_PER_PAGE {
            let request = organization.create_account(&format!("payments-{number}"));
            let account = organization.finish_creation(&request).context("an account")?;
            let event = EVENT.replace("444455556666", account.as_str());
            fresh = Some(Run::of(&organization, &function(), &[event])?);
        }
        // Many chunks share what a process reads once a minute: it is read before the page that counts.
        let sweeping = function();
        let sweep = r#"{"sweep": {}}"#.to_owned();
        Run::of(&organization, &sweeping, slice::from_ref(&sweep))?;
        let chunks: Vec<_> = organization.queue().receive(10).into_iter().map(|message| message.body).collect();
        ensure!(chunks.len() == 1, "a page is one chunk: {chunks:?}");
        Run::of(&organization, &sweeping, &chunks)?;
        let page = Run::of(&organization, &sweeping, &[&[sweep], chunks.as_slice()].concat())?;
        ensure!(organization.queue().receive(10).len() == 1, "the sweep sends its chunk again, and nothing else");
        Ok(Self { fresh: fresh.context("an account")?, page })
    }
}

impl Run {
    /// Delivers messages, one after the other.
    fn of(organization: &FakeOrganization, function: &Function<FakeOrganization>, bodies: &[String]) -> Result<Self> {
        organization.clear_journal();
        let published = organization.notifier().events().len();
        let start = organization.now();
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        for body in bodies {
            let mut context = Context::default();
            context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
            let batch = json!({"Records": [{"messageId": "message", "body": body}]}).to_string();
            let event = LambdaEvent::new(RawValue::from_string(batch)?, context);
            let answer = runtime.block_on(function.handle(event)).map_err(|error| anyhow!("{error:?}"))?;
            ensure!(answer == json!({"batchItemFailures": []}), "the message is not deleted: {answer}");
        }
        ensure!(organization.queue().dead_letters().is_empty(), "an account does not converge");
        let mut calls = BTreeMap::new();
        for Call { call, .. } in organization.journal() {
            *calls.entry(call).or_insert(0.0) += 1.0;
        }
        let events = (organization.notifier().events().len() - published) as f64;
        Ok(Self { calls, seconds: since(start, organization.now()).as_secs_f64(), events })
    }

    fn count(&self, is_counted: impl Fn(&str) -> bool) -> f64 {
        self.calls.iter().filter(|(call, _)| is_counted(call)).map(|(_, count)| count).sum::<f64>() + 0.0 // the sum of nothing is -0.0
    }

    fn units(&self) -> Result<Units> {
        let mut sum = Units::default();
        for (call, count) in &self.calls {
            let units = units(call)?;
            sum.reads += count * units.reads;
            sum.writes += count * units.writes;
        }
        Ok(sum)
    }

    /// The events that CloudTrail records as management events. AssumeRole is recorded in both accounts.
    fn trail_events(&self) -> f64 {
        self.count(|call| !call.starts_with("dynamodb:")) + self.count(|call| call == "sts:AssumeRole")
    }
}

fn calls(runs: &Runs) -> Result<String> {
    let mut table =
        "| Calls | new account | page of a sweep, 20 converged accounts | each of them |\n|---|---|---|---|\n"
            .to_owned();
    type IsCounted = fn(&str) -> bool;
    let rows: [(&str, IsCounted); 6] = [
        ("IAM, reads", |call| call.starts_with("iam:") && is_read(call)),
        ("IAM, writes", |call| call.starts_with("iam:") && !is_read(call)),
        ("STS", |call| call.starts_with("sts:")),
        ("Organizations", |call| call.starts_with("organizations:")),
        ("SSM", |call| call.starts_with("ssm:")),
        ("DynamoDB", |call| call.starts_with("dynamodb:")),
    ];
    let mut counted = [0.0; 2];
    let mut add = |name: &str, [fresh, page]: [f64; 2]| {
        writeln!(table, "| {name} | {fresh} | {page} | {} |", page / f64::from(ACCOUNTS_PER_PAGE))
    };
    for (name, is_counted) in rows {
        let row = [&runs.fresh, &runs.page].map(|run| run.count(is_counted));
        add(name, row)?;
        counted = [counted[0] + row[0], counted[1] + row[1]];
    }
    let all = [&runs.fresh, &runs.page].map(|run| run.count(|_| true));
    ensure!(counted == all, "each call has a row: {:?} {:?}", runs.fresh.calls, runs.page.calls);
    add("SQS, with those of Lambda", [REQUESTS_PER_EVENT, REQUESTS_PER_CHUNK])?;
    add("events that CloudTrail records", [&runs.fresh, &runs.page].map(Run::trail_events))?;
    Ok(table)
}

fn is_read(call: &str) -> bool {
    call.split_once(':').is_some_and(|(_, name)| name.starts_with("Get") || name.starts_with("List"))
}

/// Request units of DynamoDB.
#[derive(Default)]
struct Units {
    reads: f64,
    writes: f64,
}

/// The read and write request units of a call for records of up to 1 KB. A transaction needs twice the units. Larger records
/// need as many write units as they have kilobytes; up to 4 KB, one read unit is enough.
///
/// See <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>.
fn units(call: &str) -> Result<Units> {
    let page = f64::from(ACCOUNTS_PER_PAGE);
    Ok(match call {
        "dynamodb:GetItem" => Units { reads: 1.0, writes: 0.0 },
        "dynamodb:BatchGetItem" => Units { reads: page, writes: 0.0 },
        "dynamodb:UpdateItem" => Units { reads: 0.0, writes: 1.0 },
        "dynamodb:TransactWriteItems" => Units { reads: 0.0, writes: 2.0 * page },
        other if other.starts_with("dynamodb:") => bail!("the units of {other}"),
        _ => Units::default(),
    })
}

fn costs(figures: &Value, runs: &Runs) -> Result<String> {
    let cost = |what: &str, amount: f64| -> Result<f64> {
        Ok(amount * number(figures, &format!("/prices/{what}/usd"))? / number(figures, &format!("/prices/{what}/per"))?)
    };
    let of = |name: &str| assumption(figures, name);
    let [alarms, dashboards] = [alarm_metrics(), count("    Type: AWS::CloudWatch::Dashboard\n")];
    let mut rows: Vec<(&str, Vec<f64>)> = Vec::new();
    let mut add = |name: &'static str, value: f64| {
        match rows.iter_mut().find(|(row, _)| *row == name) {
            Some((_, values)) => values.push(value),
            None => rows.push((name, vec![value])),
        }
        value
    };
    let page = runs.page.units()?;
    let fresh = runs.fresh.units()?;
    for size in SIZES {
        let pages = of("sweeps")? * (size / f64::from(ACCOUNTS_PER_PAGE)).ceil();
        let visits = of("sweeps")? * size;
        let new = size * of("new_accounts_percent")? / 100.0;
        let both = |value: fn(&Run) -> f64| pages * value(&runs.page) + new * value(&runs.fresh);
        // The message of the sweep is one more invocation, whose time is in that of the pages.
        let invocations = of("sweeps")? + pages + new;
        let seconds = both(|run| run.seconds) + new * of("waiting_seconds")?;
        let memory = of("memory_megabytes")? / 1024.0;
        let lambda = cost("lambda_requests", invocations)? + cost("lambda_seconds", seconds * memory)?;
        let requests = pages * REQUESTS_PER_CHUNK + (of("sweeps")? + new) * REQUESTS_PER_EVENT;
        let sqs = cost("sqs_requests", of("idle_requests")? + requests)?;
        let dynamodb = cost("dynamodb_reads", pages * page.reads + new * fresh.reads)?
            + cost("dynamodb_writes", (pages * page.writes + new * fresh.writes) * of("record_kilobytes")?)?;
        let metrics = of("metric_series")? * of("sweep_hours")? / 24.0;
        let stack = [
            ("Lambda", lambda),
            ("SQS", sqs),
            ("DynamoDB", dynamodb),
            ("EventBridge", cost("events", both(|run| run.events))?),
            ("CloudWatch alarms and dashboard", cost("alarm_metrics", alarms)? + cost("dashboards", dashboards)?),
            ("CloudWatch metrics", cost("metrics", metrics)?),
            ("CloudWatch Logs", cost("logs", (visits + new) * of("log_bytes")?)?),
        ];
        let mut sum = 0.0;
        for (name, value) in stack {
            sum += add(name, value);
        }
        add("**the stack**", sum);
        let events = both(Run::trail_events);
        add("GuardDuty, if enabled in each account", cost("guardduty_events", events)?);
        add("each further trail in each account", cost("trail_events", events)?);
    }
    let mut table =
        "| USD in a month | 100 accounts | 1,000 accounts | 10,000 accounts |\n|---|---|---|---|\n".to_owned();
    for (name, values) in rows {
        let cells: Vec<_> = values.into_iter().map(dollars).collect();
        writeln!(table, "| {name} | {} |", cells.join(" | "))?;
    }
    Ok(table)
}

fn sources(figures: &Value) -> Result<String> {
    let mut table = "| Price | USD | Source | Date |\n|---|---|---|---|\n".to_owned();
    for price in entries(figures, "prices")? {
        let (unit, source, date) = (string(price, "unit")?, string(price, "source")?, string(price, "date")?);
        let host = source.split('/').nth(2).context("a host")?;
        let amount = match number(price, "/per")? {
            1.0 => String::new(),
            per => format!("{} ", thousands(per)),
        };
        writeln!(table, "| {amount}{unit} | {} | [{host}]({source}) | {date} |", number(price, "/usd")?)?;
    }
    table.push_str("\n| Assumption | Value |\n|---|---|\n");
    for assumption in entries(figures, "assumptions")? {
        writeln!(table, "| {} | {} |", string(assumption, "why")?, thousands(number(assumption, "/value")?))?;
    }
    Ok(table)
}

fn assumption(figures: &Value, name: &str) -> Result<f64> {
    number(figures, &format!("/assumptions/{name}/value"))
}

fn number(figures: &Value, pointer: &str) -> Result<f64> {
    figures.pointer(pointer).and_then(Value::as_f64).with_context(|| format!("a number at {pointer}"))
}

fn entries<'a>(figures: &'a Value, section: &str) -> Result<impl Iterator<Item = &'a Value>> {
    Ok(figures.get(section).and_then(Value::as_object).with_context(|| format!("the section {section}"))?.values())
}

fn string<'a>(entry: &'a Value, key: &str) -> Result<&'a str> {
    entry.get(key).and_then(Value::as_str).with_context(|| format!("a string {key}"))
}

/// The metrics that alarms are charged for: one, or each of an expression.
fn alarm_metrics() -> f64 {
    let alarms = count("    Type: AWS::CloudWatch::Alarm\n");
    alarms - count("\n      Metrics:\n") + count("MetricStat:")
}

fn count(text: &str) -> f64 {
    TEMPLATE.matches(text).count() as f64
}

fn dollars(value: f64) -> String {
    if value > 0.0 && value < 0.005 { "< 0.01".to_owned() } else { format!("{value:.2}") }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
