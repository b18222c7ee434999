//! The Lambda service on the simulated queue: it polls the queue, invokes the real function with batches, and deletes the
//! messages that the function does not report as failed.

use std::cell::{Cell, RefCell};

use account_onboarding::lambda::{Clients, ConfigLocation, Function, Settings};
use lambda_runtime::{Context, Diagnostic, LambdaEvent};
use onboarding_core::account::AccountId;
use onboarding_engine::ports::{Clock, Whole};
use onboarding_simulation::{Delivered, FakeNotifier, FakeOrganization, FakeQueue, Faulty, Script};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::common::run;

const PARAMETER: &str = "/onboarding/config";

/// The function, its queue and the poller of the Lambda service.
pub(crate) struct Lambda {
    organization: FakeOrganization,
    pub(crate) queue: FakeQueue,
    pub(crate) notifier: FakeNotifier,
    /// The function's timeout, in seconds.
    pub(crate) timeout: f64,
    /// The faults to inject.
    pub(crate) script: RefCell<Script>,
    received_at: RefCell<Vec<f64>>,
    invocations: Cell<u64>,
}

impl Lambda {
    pub(crate) fn new(organization: &FakeOrganization, config: &str) -> Self {
        let organization = organization.clone().with_parameter(PARAMETER, config);
        let queue = FakeQueue::new(&organization);
        Self {
            organization,
            queue,
            notifier: FakeNotifier::default(),
            timeout: 120.0,
            script: RefCell::default(),
            received_at: RefCell::default(),
            invocations: Cell::default(),
        }
    }

    /// Processes one message at a time until the queue is empty or the time is over, and returns the received bodies.
    pub(crate) fn process_for(&self, seconds: f64) -> Vec<String> {
        self.process_in_batches(1, seconds)
    }

    /// Processes batches of up to `size` messages until the queue is empty or the time is over.
    pub(crate) fn process_in_batches(&self, size: usize, seconds: f64) -> Vec<String> {
        let end = self.organization.now() + seconds;
        let mut bodies = Vec::new();
        while let Some(next) = self.queue.next_visible().filter(|next| *next < end) {
            let wait = (next - self.organization.now()).max(0.0);
            run(self.organization.sleep(std::time::Duration::from_secs_f64(wait + 0.001)));
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

    /// The seconds between consecutive receives.
    pub(crate) fn retry_delays(&self) -> Vec<u64> {
        self.received_at.borrow().windows(2).map(|pair| (pair[1] - pair[0]) as u64).collect()
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

    /// Invokes the function once.
    pub(crate) fn answer(&self, payload: &str) -> Result<Value, Diagnostic> {
        let script = self.script.borrow().clone();
        let world = Whole::from(Faulty::new(self.organization.clone(), &script));
        let queue = Faulty::new(self.queue.clone(), &script);
        let notifier = Faulty::new(self.notifier.clone(), &script);
        let ports = Clients { world, queue, notifier };
        let settings = settings(PARAMETER);
        let payload = RawValue::from_string(payload.to_owned()).unwrap();
        let mut context = Context::default();
        context.deadline = ((self.organization.now() + self.timeout) * 1000.0) as u64;
        // Each invocation has its own id. Snapshots contain the id of the first one.
        let invocation = self.invocations.replace(self.invocations.get() + 1);
        context.request_id = format!("8476a536-e9f4-11e8-9739-{:012x}", 0x2dfe_598c_3fcd_u64 + invocation);
        run(Function { ports, settings }.handle(LambdaEvent::new(payload, context)))
    }
}

/// The environment of a function whose queue and notifier are simulated.
pub(crate) fn settings(parameter: &str) -> Settings {
    let config_location = ConfigLocation::Parameter(parameter.to_owned());
    let notification_prefix = String::new();
    Settings {
        config_location,
        queue: None,
        dead_letters: None,
        event_bus: None,
        notification_prefix,
        lease_prefix: None,
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
            "SentTimestamp": ((message.sent_at * 1000.0) as u64).to_string(),
        },
        "messageAttributes": {},
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:Inbox",
        "awsRegion": "us-east-1",
    })
}

/// The event that an account was created.
pub(crate) fn account_created(account: &AccountId) -> String {
    let sample = include_str!("../../events/create-account-result-succeeded.json");
    sample.replace("444455556666", account.as_str())
}

/// The message that starts a sweep.
pub(crate) fn sweep() -> String {
    json!({"sweep": {}}).to_string()
}
