//! Promise 10: a record whose processing panics is isolated. Only this record is reported as failed, so that SQS delivers it
//! again.

use account_onboarding::lambda::{Clients, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::{Account, AccountId};
use onboarding_core::error::ApiError;
use onboarding_engine::ports::{AccountPage, Clock, Creation, Directory, Ports};
use onboarding_simulation::{AccountCreation, FakeNotifier, FakeOrganization, FakeQueue};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::*;
use crate::lambda::{account_created, settings};
use crate::log::logged;

const PARAMETER: &str = "/onboarding/config";

/// A directory that panics when one of the accounts is described.
#[derive(Clone)]
struct PanickingDirectory(FakeOrganization, AccountId);

impl Directory for PanickingDirectory {
    async fn account(&self, id: &AccountId) -> Result<Option<Account>, ApiError> {
        assert_ne!(*id, self.1, "a panic, on purpose");
        self.0.account(id).await
    }

    async fn accounts(&self, from: Option<String>) -> Result<AccountPage, ApiError> {
        self.0.accounts(from).await
    }

    async fn creation(&self, request: &str) -> Result<Creation, ApiError> {
        self.0.creation(request).await
    }
}

#[test]
fn record_that_panics_is_the_only_failed_one() {
    for bad in 0..3 {
        let organization = organization().with_parameter(PARAMETER, CONFIG);
        let accounts = ["one", "two", "three"].map(|name| {
            let request = organization.create_account_with(name, AccountCreation::default());
            organization.finish_creation(&request).unwrap()
        });
        let [sessions, secrets, leases, vendors, clock] = [(); 5].map(|()| organization.clone());
        let directory = PanickingDirectory(organization.clone(), accounts[bad].clone());
        let queue = FakeQueue::new(&organization);
        let notifier = FakeNotifier::default();
        let world = Ports { directory, sessions, secrets, leases, vendors, clock };
        let ports = Clients { world, queue, notifier };
        let settings = settings(PARAMETER);
        let record = |(index, account): (usize, &AccountId)| json!({"messageId": format!("message-{index}"), "body": account_created(account)});
        let records: Vec<_> = accounts.iter().enumerate().map(record).collect();
        let payload = RawValue::from_string(json!({ "Records": records }).to_string()).unwrap();
        let mut context = Context::default();
        context.deadline = ((organization.now() + 120.0) * 1000.0) as u64;
        let function = Function { ports, settings };
        let answer = || run(function.handle(LambdaEvent::new(payload, context)));
        let (log, answer) = logged(LevelFilter::INFO, answer);

        let message = format!("message-{bad}");
        assert_eq!(answer.unwrap(), json!({"batchItemFailures": [{"itemIdentifier": message}]}));
        for (index, account) in accounts.iter().enumerate() {
            if index == bad {
                assert!(organization.writes().iter().all(|call| call.account != *account));
            } else {
                assert_onboarded(&organization, account.as_str());
            }
        }
        let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let panics: Vec<_> = lines.filter(|line| line["fields"]["cause"] == "panic").collect();
        let [line] = panics.as_slice() else { panic!("{} lines", panics.len()) };
        assert_eq!(line["fields"]["message_id"], message.as_str());
        assert_eq!(function.ports.queue.dead_letters(), [], "the record is retried");
    }
}
