//! The time limits of the code fit the timeouts of the stack.

use std::time::Duration;

use onboarding_core::limits::{
    LONGEST_RETRY, MAX_LEASE, ONBOARDED_RECORD, RECENTLY_JOINED, RESERVED_FOR_RESPONSE, TIME_TO_ONBOARDED,
    UNCONFIRMED_NOTIFICATION,
};

use crate::stack::Stack;

/// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
const LONGEST_INVOCATION: Duration = Duration::from_secs(900);

fn seconds(resource: &str, property: &str) -> Duration {
    let value = Stack::with(&[]).resource(resource)[property].as_u64();
    Duration::from_secs(value.unwrap_or_else(|| panic!("{property} of {resource}")))
}

#[test]
fn time_limits_fit_the_timeouts_of_the_stack() {
    let invocation = seconds("Onboard", "Timeout");
    let visibility = seconds("Inbox", "VisibilityTimeout");
    assert_eq!(visibility, invocation * 6, "as Lambda recommends");
    assert!(RESERVED_FOR_RESPONSE < invocation);
    assert!(UNCONFIRMED_NOTIFICATION > invocation, "the invocation that stored the record has ended");
    assert!(UNCONFIRMED_NOTIFICATION < visibility, "the retry of a killed invocation publishes");
    assert!(MAX_LEASE > LONGEST_INVOCATION);
    let kept = seconds("DeadLetters", "MessageRetentionPeriod");
    assert!(RECENTLY_JOINED >= kept && ONBOARDED_RECORD > RECENTLY_JOINED && TIME_TO_ONBOARDED > kept);
    assert!(LONGEST_RETRY < seconds("Inbox", "MessageRetentionPeriod"));
}
