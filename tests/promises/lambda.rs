//! The Lambda service on the simulated queue: it polls the queue, invokes the real function with batches, and deletes the
//! messages that the function does not report as failed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use onboarding_core::account::AccountId;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::{since, unix_milliseconds};
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Delivered, FakeNotifier, FakeOrganization, FakeQueue, Faulty, Script};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common::{fix_jitter, run};

const PARAMETER: &str = "/onboarding/config";

/// Events about the new account, one from each source.
pub(crate) const SOURCES: [&str; 3] = [
    include_str!("../../events/create-account-result-succeeded.json"),
    include_str!("../../events/account-joined-created.json"),
    include_str!("../../events/control-tower-create-managed-account.json"),
];

/// The function, its queue and the poller of the Lambda service.
pub(crate) struct Lambda {
    organization: FakeOrganization,
    pub(crate) queue: FakeQueue,
    pub(crate) notifier: FakeNotifier,
    /// Which accounts a sweep may change.
    pub(crate) sweep_mode: SweepMode,
    /// The function's timeout.
    pub(crate) timeout: Duration,
    /// The faults to inject.
    pub(crate) script: RefCell<Script>,
    received_at: RefCell<Vec<SystemTime>>,
    invocations: Cell<u64>,
}

impl Lambda {
    pub(crate) fn new(organization: &FakeOrganization, config: &str) -> Self {
        let organization = organization.clone().with_parameter(PARAMETER, config);
        Self {
            queue: organization.queue(),
            notifier: organization.notifier(),
            organization,
            sweep_mode: SweepMode::Apply,
            timeout: Duration::from_secs(120),
            script: RefCell::default(),
            received_at: RefCell::default(),
            invocations: Cell::default(),
        }
    }

    /// The organization in which the function runs.
    pub(crate) fn organization(&self) -> &FakeOrganization {
        &self.organization
    }

    /// Sends a message and processes the queue until it is empty or the time is over.
    pub(crate) fn deliver(&self, message: &str, time: Duration) {
        self.queue.put(message);
        self.process_for(time);
    }

    /// Processes the queue while a script injects faults.
    pub(crate) fn process_with_faults(&self, script: Script, time: Duration) {
        fix_jitter();
        self.script.replace(script);
        self.process_for(time);
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, duration: Duration) {
        run(self.organization.sleep(duration));
    }

    /// Processes one message at a time until the queue is empty or the time is over, and returns the received bodies.
    pub(crate) fn process_for(&self, time: Duration) -> Vec<String> {
        self.process_in_batches(1, time)
    }

    /// Processes batches of up to `size` messages until the queue is empty or the time is over.
    pub(crate) fn process_in_batches(&self, size: usize, time: Duration) -> Vec<String> {
        let end = self.organization.now() + time;
        let mut bodies = Vec::new();
        while let Some(next) = self.queue.next_visible().filter(|next| *next < end) {
            let wait = since(self.organization.now(), next);
            run(self.organization.sleep(wait + Duration::from_millis(1)));
            let batch = self.queue.receive(size);
            if batch.is_empty() {
                continue;
            }
            self.received_at.borrow_mut().push(self.organization.now());
            let failed = self.invoke(&batch);
            for message in batch {
                if !failed.contains(&message.id) {
                    self.queue.delete(&message.id);
                }
                bodies.push(message.body);
            }
        }
        bodies
    }

    /// The cause codes of the messages in the dead-letter queue.
    pub(crate) fn dead_letter_codes(&self) -> Vec<&'static str> {
        let letters = self.queue.dead_letters();
        letters
            .iter()
            .map(|letter| letter.cause.as_ref().map_or("without cause", |cause| cause.code.as_str()))
            .collect()
    }

    /// Asserts that every message was processed: the queue and the dead-letter queue are empty.
    pub(crate) fn assert_all_processed(&self, what: &str) {
        assert_eq!((self.queue.next_visible(), self.queue.dead_letters()), (None, Vec::new()), "{what}");
    }

    /// The number of writes in each account, including failed ones.
    pub(crate) fn writes_by_account(&self) -> BTreeMap<AccountId, usize> {
        let mut writes = BTreeMap::new();
        for call in self.organization.writes() {
            *writes.entry(call.account).or_default() += 1;
        }
        writes
    }

    /// The seconds between consecutive receives.
    pub(crate) fn retry_delays(&self) -> Vec<u64> {
        self.received_at.borrow().windows(2).map(|pair| since(pair[0], pair[1]).as_secs()).collect()
    }

    /// The calls of the last process.
    pub(crate) fn calls(&self) -> Vec<&'static str> {
        self.script.borrow().calls()
    }

    /// Invokes the function with a batch and returns the ids of the failed messages. If the process crashes, all messages have
    /// failed, and the next invocation starts a new process.
    pub(crate) fn invoke(&self, batch: &[Delivered]) -> Vec<String> {
        let records: Vec<_> = batch.iter().map(record).collect();
        let answer = self.answer(&json!({ "Records": records }).to_string());
        if self.script.borrow().crashed() {
            self.script.replace(Script::none());
            return batch.iter().map(|message| message.id.clone()).collect();
        }
        let Ok(answer) = answer else { return batch.iter().map(|message| message.id.clone()).collect() };
        let failures = answer["batchItemFailures"].as_array().expect("the failed records");
        failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect()
    }

    /// Invokes the function once. It must answer before Lambda would end the process, or crash earlier.
    pub(crate) fn answer(&self, payload: &str) -> Result<Value, Diagnostic> {
        let script = self.script.borrow().clone();
        let world = Faulty::new(self.organization.clone(), &script);
        let config = ConfigLocation::Parameter(PARAMETER.to_owned());
        let payload = RawValue::from_string(payload.to_owned()).unwrap();
        let mut context = Context::default();
        let deadline = self.organization.now() + self.timeout;
        context.deadline = unix_milliseconds(deadline);
        // Each invocation has its own id. Snapshots contain the id of the first one.
        let invocation = self.invocations.replace(self.invocations.get() + 1);
        context.request_id = format!("8476a536-e9f4-11e8-9739-{:012x}", 0x2dfe_598c_3fcd_u64 + invocation);
        let answer = run(Function::new(world, config, self.sweep_mode, KnownSecrets::default())
            .handle(LambdaEvent::new(payload, context)));
        assert!(self.organization.now() <= deadline, "the function answers before its deadline");
        answer
    }
}

/// A message in the form in which Lambda passes it to the function.
fn record(message: &Delivered) -> Value {
    json!({
        "messageId": message.id,
        "receiptHandle": message.id,
        "body": message.body,
        "attributes": {
            "ApproximateReceiveCount": message.received.to_string(),
            "SentTimestamp": unix_milliseconds(message.sent_at).to_string(),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:Inbox",
        "awsRegion": "us-east-1",
    })
}

/// The event that an account was created.
pub(crate) fn account_created(account: &AccountId) -> String {
    SOURCES[0].replace("444455556666", account.as_str())
}

/// The message that starts a sweep.
pub(crate) fn sweep() -> String {
    json!({"sweep": {}}).to_string()
}
