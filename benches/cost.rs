//! What the stack costs in a month, for three sizes of an organization: the calls of one look at an account, counted on the
//! simulated organization, times the prices of `prices.json`.
//!
//! ```text
//! cargo run --example cost
//! ```
//!
//! It updates the tables of docs/COST.md; `tests/documents.rs` fails if they are not up to date.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use anyhow::{Context as _, Result, anyhow, ensure};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::AccountId;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{since, unix_milliseconds};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Call, FakeOrganization};
use serde_json::Value;
use serde_json::value::RawValue;

const TEMPLATE: &str = include_str!("../template.yaml");
/// Two vendors and a role of its own: the configuration of the demo.
const CONFIGURATION: &str = include_str!("../onboarding.toml");
const EVENT: &str = include_str!("../events/create-account-result-succeeded.json");
const SIZES: [f64; 3] = [100.0, 1_000.0, 10_000.0];
/// The largest page of organizations:ListAccounts.
const ACCOUNTS_PER_PAGE: f64 = 20.0;
/// Each message is sent, received and deleted; sends of a sweep are batches of ten.
const REQUESTS_PER_MESSAGE: f64 = 2.1;

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
    let looks = Looks::count(&figures)?;
    let [calls, costs, sources] = [calls(&looks)?, costs(&figures, &looks)?, sources(&figures)?];
    Ok(format!("### In a month\n\n{costs}\n### Calls\n\n{calls}\n### Prices and assumptions\n\n{sources}"))
}

/// One run of the function for an account.
struct Look {
    calls: BTreeMap<&'static str, f64>,
    seconds: f64,
    events: f64,
}

struct Looks {
    converged: Look,
    fresh: Look,
}

impl Looks {
    fn count(figures: &Value) -> Result<Self> {
        let id = |text: &str| text.parse::<AccountId>().map_err(|error| anyhow!("{error}"));
        let partition = "aws".parse().map_err(|error| anyhow!("{error}"))?;
        let organization = FakeOrganization::new(partition, id("111122223333")?, id("222233334444")?)
            .with_outside_account(&id("147995105371")?)
            .with_outside_account(&id("377450845233")?)
            .with_identity("arn:aws:iam::222233334444:role/app-pipeline")
            .with_parameter("/onboarding.toml", CONFIGURATION);
        let request = organization.create_account("payments-dev");
        let account = organization.finish_creation(&request).context("an account")?;
        let latency = Duration::from_millis(assumption(figures, "call_milliseconds")? as u64);
        organization.set_latency(latency);
        organization.set_notifier_latency(latency);
        let configuration = ConfigLocation::Parameter("/onboarding.toml".to_owned());
        let function = Function::new(organization.clone(), configuration, SweepMode::Apply, KnownSecrets::default());
        let event = EVENT.replace("444455556666", account.as_str());
        let sweep = format!(r#"{{"sweep": {{"account_id": "{account}"}}}}"#);
        // The first run reads the configuration, which the function then keeps for a minute.
        let fresh = Look::of(&organization, &function, &event)?;
        let converged = Look::of(&organization, &function, &sweep)?;
        Ok(Self { converged, fresh })
    }
}

impl Look {
    fn of(organization: &FakeOrganization, function: &Function<FakeOrganization>, payload: &str) -> Result<Self> {
        organization.clear_journal();
        let published = organization.notifier().events().len();
        let start = organization.now();
        let mut context = Context::default();
        context.deadline = unix_milliseconds(start + Duration::from_secs(120));
        let event = LambdaEvent::new(RawValue::from_string(payload.to_owned())?, context);
        let runtime = tokio::runtime::Builder::new_current_thread().build()?;
        let answer = runtime.block_on(function.handle(event)).map_err(|error| anyhow!("{error:?}"))?;
        ensure!(
            answer.get("outcome").and_then(Value::as_str) == Some("converged"),
            "the account does not converge: {answer}"
        );
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

    /// The events that CloudTrail records as management events. AssumeRole is recorded in both accounts.
    fn trail_events(&self) -> f64 {
        self.count(|call| !call.starts_with("dynamodb:")) + self.count(|call| call == "sts:AssumeRole")
    }
}

fn calls(looks: &Looks) -> Result<String> {
    let mut table = "| Calls | new account | converged account |\n|---|---|---|\n".to_owned();
    type IsCounted = fn(&str) -> bool;
    let rows: [(&str, IsCounted); 6] = [
        ("IAM, reads", |call| call.starts_with("iam:") && is_read(call)),
        ("IAM, writes", |call| call.starts_with("iam:") && !is_read(call)),
        ("STS", |call| call.starts_with("sts:")),
        ("Organizations", |call| call.starts_with("organizations:")),
        ("SSM, once a minute in each process", |call| call.starts_with("ssm:")),
        ("DynamoDB", |call| call.starts_with("dynamodb:")),
    ];
    let mut counted = [0.0; 2];
    for (name, is_counted) in rows {
        let [fresh, converged] = [&looks.fresh, &looks.converged].map(|look| look.count(is_counted));
        writeln!(table, "| {name} | {fresh} | {converged} |")?;
        counted = [counted[0] + fresh, counted[1] + converged];
    }
    let all = [&looks.fresh, &looks.converged].map(|look| look.count(|_| true));
    ensure!(counted == all, "each call has a row: {:?} {:?}", looks.fresh.calls, looks.converged.calls);
    let events = [&looks.fresh, &looks.converged].map(Look::trail_events);
    writeln!(table, "| events that CloudTrail records | {} | {} |", events[0], events[1])?;
    Ok(table)
}

fn is_read(call: &str) -> bool {
    call.split_once(':').is_some_and(|(_, name)| name.starts_with("Get") || name.starts_with("List"))
}

fn costs(figures: &Value, looks: &Looks) -> Result<String> {
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
    for size in SIZES {
        let visits = size * of("sweeps")?;
        let new = size * of("new_accounts_percent")? / 100.0;
        let both = |value: fn(&Look) -> f64| visits * value(&looks.converged) + new * value(&looks.fresh);
        let seconds = both(|look| look.seconds) + new * of("waiting_seconds")?;
        let memory = of("memory_megabytes")? / 1024.0;
        let lambda = cost("lambda_requests", visits + new)? + cost("lambda_seconds", seconds * memory)?;
        let sqs = cost("sqs_requests", of("idle_requests")? + (visits + new) * REQUESTS_PER_MESSAGE)?;
        let dynamodb = cost("dynamodb_reads", both(|look| look.count(|call| call == "dynamodb:GetItem")))?
            + cost("dynamodb_writes", both(|look| look.count(|call| call == "dynamodb:UpdateItem")))?;
        let metrics = of("metric_series")? * of("sweep_hours")? / 24.0;
        let stack = [
            ("Lambda", lambda),
            ("SQS", sqs),
            ("DynamoDB", dynamodb),
            ("EventBridge", cost("events", both(|look| look.events))?),
            ("CloudWatch alarms and dashboard", cost("alarm_metrics", alarms)? + cost("dashboards", dashboards)?),
            ("CloudWatch metrics", cost("metrics", metrics)?),
            ("CloudWatch Logs", cost("logs", (visits + new) * of("log_bytes")?)?),
        ];
        let mut sum = 0.0;
        for (name, value) in stack {
            sum += add(name, value);
        }
        add("**the stack**", sum);
        let pages = of("sweeps")? * (size / ACCOUNTS_PER_PAGE).ceil();
        let events = both(Look::trail_events) + pages;
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
