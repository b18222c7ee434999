//! Promise 10: a record whose processing panics is isolated. Only this record is reported as failed, so that SQS delivers it
//! again.

use std::time::Duration;

use account_onboarding::lambda::{ConfigLocation, Function};
use lambda_runtime::{Context, LambdaEvent};
use onboarding_core::account::AccountId;
use onboarding_core::redaction::KnownSecrets;
use onboarding_core::sweep_mode::SweepMode;
use onboarding_core::time::unix_milliseconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{Faulty, Script};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tracing::level_filters::LevelFilter;

use crate::common::{CONFIG, assert_onboarded, create_accounts, organization, run};
use crate::lambda::account_created;
use crate::log::logged;

const PARAMETER: &str = "/onboarding/config";

#[test]
fn record_that_panics_is_the_only_failed_one() {
    for bad in 0..3 {
        let organization = organization().with_parameter(PARAMETER, CONFIG);
        let accounts = create_accounts(&organization, 3);
        // The records are processed in their order, so that their accounts are described in this order as well.
        let mut described = 0..;
        let script = Script::intercepting(move |call, _| {
            assert!(call != "organizations:DescribeAccount" || described.next() != Some(bad), "a panic, on purpose");
            None
        });
        let world = Faulty::new(organization.clone(), &script);
        let config = ConfigLocation::Parameter(PARAMETER.to_owned());
        let record = |(index, account): (usize, &AccountId)| json!({"messageId": format!("message-{index}"), "body": account_created(account)});
        let records: Vec<_> = accounts.iter().enumerate().map(record).collect();
        let payload = RawValue::from_string(json!({ "Records": records }).to_string()).unwrap();
        let mut context = Context::default();
        context.deadline = unix_milliseconds(organization.now() + Duration::from_secs(120));
        let function = Function::new(world, config, SweepMode::Apply, KnownSecrets::default());
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
        assert_eq!(organization.queue().dead_letters(), [], "the record is retried");
    }
}
