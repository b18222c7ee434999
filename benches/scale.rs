//! How a sweep of converged accounts scales, on the simulated organization in simulated time: every call takes 40 ms, and the quotas of
//! AWS are enforced.
//!
//! ```text
//! cargo run --release --example scale > /dev/null
//! cargo run --release --example scale -- 100 1000 > /dev/null
//! ```
//!
//! For the command line, one process lists the accounts and looks at each. For the function, five processes take the messages of a
//! sweep from one queue. The *limit* is the time that the pages of `ListAccounts` take at the quota of AWS, below which nothing can
//! be. The benchmark fails if a call is throttled. In the middle of the sweep, the event of a new account arrives: *new account* is
//! the time until a process receives it, and until that process has onboarded the account. The memory is the peak above what the
//! simulated organization takes itself; the CPU time includes the simulation, because both are one thread.
//!
//! The function logs to stdout, so that the results are on stderr. See docs/QUOTAS.md.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::future::Future;
use std::time::{Duration, SystemTime};

use account_onboarding::lambda::{ConfigLocation, Function};
use anyhow::{Context as _, Result, anyhow, ensure};
use futures_util::future::try_join_all;
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::config::Config;
use onboarding_core::limits::CONCURRENT_ACCOUNTS;
use onboarding_core::outcome::Outcome;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::selection::Selection;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{from_unix_seconds, since, unix_milliseconds};
use onboarding_core::trigger::TriggerKind;
use onboarding_engine::ports::Clock;
use onboarding_engine::{Engine, Governed, Interrupt, Job, OrganizationRun, SelectedPages, WhileListing};
use onboarding_simulation::{ApiCalls, Delivered, FakeOrganization, PolicyText, RoleState};
use serde_json::json;
use serde_json::value::RawValue;

/// Two vendors: the configuration of the demo, without its role.
const CONFIGURATION: &str = include_str!("../onboarding.toml");
const SIZES: [usize; 3] = [100, 1_000, 10_000];
const LATENCY: Duration = Duration::from_millis(40);
const ACCOUNTS_PER_PAGE: usize = 20;
/// `ListAccounts`: 8 a second, and 12 at once.
const LISTING: (f64, f64) = (8.0, 12.0);
/// The processes of the function: the default of the stack.
const PROCESSES: u32 = 5;
const PARAMETER: &str = "/onboarding.toml";
const IDENTITY: &str = "222233334444";
/// The account that is created during the sweep, and its event.
const NEW: u64 = 800_000_000_000;
const EVENT: &str = include_str!("../events/create-account-result-succeeded.json");

fn main() -> Result<()> {
    let sizes = env::args().skip(1).map(|size| size.parse().with_context(|| format!("`{size}` is not a number")));
    let sizes: Vec<usize> = sizes.collect::<Result<_>>()?;
    let sizes = if sizes.is_empty() { SIZES.to_vec() } else { sizes };
    eprintln!(
        "| Path | Accounts | Time | Limit | Calls | per account | Throttled | Memory | CPU per account | New account |"
    );
    eprintln!("|---|---|---|---|---|---|---|---|---|---|");
    let mut calls = Vec::new();
    for size in sizes {
        let organization = Scale::new(size)?;
        for (path, measured) in [
            ("command line", organization.measure(|scale| block_on(scale.command_line()))?),
            ("function", organization.measure(|scale| block_on(scale.function()))?),
        ] {
            eprintln!("{}", measured.row(path, size));
            calls.push((path, size, measured.calls));
        }
    }
    for (path, size, calls) in calls {
        eprintln!("\n{path}, {size} accounts:");
        for (call, ApiCalls { calls, throttled }) in calls {
            eprintln!(
                "{calls:>8} {call}{}",
                if throttled > 0 { format!(", {throttled} throttled") } else { String::new() }
            );
        }
    }
    Ok(())
}

/// An organization of converged accounts.
struct Scale {
    organization: FakeOrganization,
    config: String,
    size: usize,
}

/// What one run took.
struct Measured {
    time: Duration,
    limit: Duration,
    calls: BTreeMap<&'static str, ApiCalls>,
    memory: u64,
    cpu: Duration,
    /// How long the event of a new account waited, and how long until the account was onboarded.
    new_account: Option<[Duration; 2]>,
}

/// The event of a new account, which arrives when half of the sweep is processed.
#[derive(Default)]
struct NewAccount {
    messages: Cell<usize>,
    sent_at: Cell<Option<SystemTime>>,
    took: Cell<Option<[Duration; 2]>>,
}

impl Scale {
    /// Onboards one account, and copies it: the same roles, with the ID of each account in its policies.
    fn new(size: usize) -> Result<Self> {
        let config = CONFIGURATION.split("[[role]]").next().context("the part before the roles")?;
        // The identity account of the simulation has no access role.
        let config = config.replace("999988887777", IDENTITY);
        let partition = "aws".parse().map_err(|error| anyhow!("{error}"))?;
        let joined = from_unix_seconds(1_500_000_000);
        let mut organization = FakeOrganization::new(partition, id(111_122_223_333)?, id(222_233_334_444)?)
            .with_outside_account(&id(147_995_105_371)?)
            .with_outside_account(&id(377_450_845_233)?)
            .with_parameter(PARAMETER, &config);
        let ids = (0..size as u64).map(|n| id(700_000_000_000 + n)).collect::<Result<Vec<_>>>()?;
        for id in &ids {
            organization = organization.with_member(id, "member", AccountState::Active, joined);
        }
        organization.set_page_size(ACCOUNTS_PER_PAGE);
        organization.stop_journal();
        let first = ids.first().context("at least one account")?;
        let engine = Engine::new(organization.clone(), parse(&config)?);
        let report = block_on(engine.apply(&job(&organization, first)));
        ensure!(report.outcome == Outcome::Converged, "{:?}", report.outcome);
        let roles = organization.state().remove(first).context("the first account")?;
        for id in &ids {
            for (name, role) in &roles {
                organization.put_role(id, name, of_account(role, first, id));
            }
        }
        organization.set_latency(LATENCY);
        organization.set_notifier_latency(LATENCY);
        organization.enforce_api_quotas(100);
        Ok(Self { organization, config, size })
    }

    fn measure(&self, run: impl FnOnce(&Self) -> Result<Option<[Duration; 2]>>) -> Result<Measured> {
        // All buckets are full again.
        block_on(self.organization.sleep(Duration::from_secs(3_600)));
        self.organization.clear_journal();
        let start = self.organization.now();
        let memory = Memory::reset()?;
        let on_cpu = cpu()?;
        let new_account = run(self)?;
        let throttled = self.organization.throttled_calls();
        ensure!(throttled == 0, "{throttled} calls were throttled: {:?}", self.organization.api_calls());
        let pages = (self.size as f64 + 2.0) / ACCOUNTS_PER_PAGE as f64;
        let (per_second, burst) = LISTING;
        Ok(Measured {
            time: since(start, self.organization.now()),
            limit: Duration::from_secs_f64(((pages.ceil() - burst) / per_second).max(0.0)),
            calls: self.organization.api_calls(),
            memory: memory.peak()?,
            cpu: cpu()?.saturating_sub(on_cpu),
            new_account,
        })
    }

    /// Lists the accounts and looks at each, in one process, as `onboard plan --all` does.
    async fn command_line(&self) -> Result<Option<[Duration; 2]>> {
        let engine = Engine::new(Governed::new(self.organization.clone()), parse(&self.config)?);
        let run = OrganizationRun {
            concurrency: CONCURRENT_ACCOUNTS.into(),
            wait: Duration::from_secs(900),
            name: "scale".to_owned(),
            interrupt: Interrupt::default(),
        };
        let selection = Selection::all();
        let pages = SelectedPages::new(&engine.world, &selection, &engine.config.excluded);
        let mut converged = 0;
        let mut other = None;
        let planned = engine.plan_selected(pages, &run, |step| match step {
            WhileListing::Ended((_, Some(report))) if report.outcome == Outcome::Converged => converged += 1,
            WhileListing::Ended((_, ended)) => other = other.take().or(ended),
            WhileListing::Listed(_) => {}
        });
        planned.await?;
        ensure!(converged == self.size, "{converged} accounts are converged: {other:?}");
        Ok(None)
    }

    /// Sends the message of a sweep, and lets the processes of the function take messages until none is left. Returns what the event
    /// of a new account took.
    async fn function(&self) -> Result<Option<[Duration; 2]>> {
        let queue = self.organization.queue();
        queue.put(&json!({"sweep": {}}).to_string());
        let processes = (0..PROCESSES).map(|_| {
            let configuration = ConfigLocation::Parameter(PARAMETER.to_owned());
            let secrets = KnownSecrets::default();
            Function::new(self.organization.clone(), configuration, SweepMode::Apply, secrets).one_of(PROCESSES)
        });
        let processes: Vec<_> = processes.collect();
        let new_account = NewAccount::default();
        try_join_all(processes.iter().map(|function| self.poll(function, &new_account))).await?;
        let dead = queue.dead_letters();
        ensure!(dead.is_empty(), "{dead:?}");
        let took = new_account.took.get().context("the event of the new account")?;
        Ok(Some(took))
    }

    /// One process: takes a message, processes it and deletes it, as Lambda does.
    async fn poll(&self, function: &Function<FakeOrganization>, new_account: &NewAccount) -> Result<()> {
        let queue = self.organization.queue();
        while queue.next_visible().is_some() {
            let received = queue.receive(1);
            let Some(message) = received.first() else {
                self.organization.sleep(LATENCY).await;
                continue;
            };
            let started = self.organization.now();
            let mut context = Context::default();
            context.deadline = unix_milliseconds(started + Duration::from_secs(120));
            let payload = json!({"Records": [{"messageId": message.id, "body": message.body}]}).to_string();
            let answer = function.handle(LambdaEvent::new(RawValue::from_string(payload)?, context)).await;
            let answer = answer.map_err(|error| anyhow!("{error:?}"))?.to_string();
            if !answer.contains(&message.id) {
                queue.delete(&message.id);
            }
            new_account.processed(message, started, self)?;
        }
        Ok(())
    }
}

impl NewAccount {
    /// A message was processed. Half-way, the account is created.
    fn processed(&self, message: &Delivered, started: SystemTime, scale: &Scale) -> Result<()> {
        self.messages.set(self.messages.get() + 1);
        let now = scale.organization.now();
        if self.sent_at.get().is_none() && self.messages.get() > scale.size / ACCOUNTS_PER_PAGE / 2 {
            let account = id(NEW)?;
            let _ = scale.organization.clone().with_member(&account, "new", AccountState::Active, Some(now));
            scale.organization.queue().put(&EVENT.replace("444455556666", account.as_str()));
            self.sent_at.set(Some(now));
        } else if let Some(sent_at) = self.sent_at.get().filter(|_| message.body.contains("CreateAccountResult")) {
            self.took.set(Some([since(sent_at, started), since(sent_at, now)]));
        }
        Ok(())
    }
}

impl Measured {
    fn row(&self, path: &str, size: usize) -> String {
        let calls: u64 = self.calls.values().map(|calls| calls.calls).sum();
        let throttled: u64 = self.calls.values().map(|calls| calls.throttled).sum();
        format!(
            "| {path} | {size} | {:.1} s | {:.1} s | {calls} | {:.1} | {throttled} | {:.1} MiB | {:.2} ms | {} |",
            self.time.as_secs_f64(),
            self.limit.as_secs_f64(),
            calls as f64 / size as f64,
            self.memory as f64 / 1024.0,
            self.cpu.as_secs_f64() * 1000.0 / size as f64,
            self.new_account.map_or_else(String::new, |[started, onboarded]| {
                format!("{:.2} s, {:.2} s", started.as_secs_f64(), onboarded.as_secs_f64())
            }),
        )
    }
}

/// The memory of the process, in KiB.
struct Memory {
    before: u64,
}

impl Memory {
    /// Forgets the earlier peak.
    fn reset() -> Result<Self> {
        // Linux sets the peak to the present value.
        fs::write("/proc/self/clear_refs", "5").context("this benchmark needs Linux")?;
        Ok(Self { before: status("VmRSS:")? })
    }

    /// The peak since then, above the value then.
    fn peak(&self) -> Result<u64> {
        Ok(status("VmHWM:")?.saturating_sub(self.before))
    }
}

fn status(field: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).context("a field of the status")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// The time that this thread was on a CPU.
fn cpu() -> Result<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = statistics.split(' ').next().context("the time on a CPU")?;
    Ok(Duration::from_nanos(nanoseconds.parse()?))
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1)
        }
    }
}

fn id(number: u64) -> Result<AccountId> {
    number.to_string().parse().map_err(|error| anyhow!("{error}"))
}

fn parse(config: &str) -> Result<Config> {
    Config::parse_without_files(config).map_err(|problems| anyhow!("{problems}"))
}

fn job(clock: &impl Clock, account: &AccountId) -> Job {
    let deadline = clock.now() + Duration::from_secs(900);
    Job {
        account: account.clone(),
        trigger: TriggerKind::CommandLine,
        session_suffix: "scale".to_owned(),
        lease_owner: format!("scale-{account}"),
        deadline,
        abandon_at: deadline + Duration::from_secs(120),
        confirmed_plan: None,
    }
}

/// A role of one account as it would be in another.
fn of_account(role: &RoleState, from: &AccountId, to: &AccountId) -> RoleState {
    let text = |policy: &PolicyText| PolicyText(policy.0.replace(from.as_str(), to.as_str()));
    let policies = role.policies.iter().map(|(name, policy)| (name.clone(), text(policy))).collect();
    RoleState { trust: text(&role.trust), policies, ..role.clone() }
}
