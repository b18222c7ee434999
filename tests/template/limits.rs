//! The time limits of the code fit the timeouts of the stack.

use std::time::Duration;

use onboarding_core::limits::{
    CREATION_RECORD, LEASE_AFTER_WORK, LONGEST_RETRY, MAX_LEASE, ONBOARDED_RECORD, RECENTLY_JOINED,
    RESERVED_FOR_RESPONSE, SAME_ONBOARDING, TIME_TO_ONBOARDED,
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
    assert!(SAME_ONBOARDING > invocation, "a concurrent invocation has ended");
    assert!(
        invocation + LEASE_AFTER_WORK < visibility,
        "the lease of a killed invocation has expired when it is retried"
    );
    assert!(LEASE_AFTER_WORK > RESERVED_FOR_RESPONSE / 2, "the notification is sent under the lease");
    assert!(MAX_LEASE > LONGEST_INVOCATION + LEASE_AFTER_WORK);
    let kept = seconds("DeadLetters", "MessageRetentionPeriod");
    assert!(RECENTLY_JOINED >= kept && ONBOARDED_RECORD > RECENTLY_JOINED && TIME_TO_ONBOARDED > kept);
    assert!(CREATION_RECORD > kept, "a redrive does not notify again");
    assert!(LONGEST_RETRY < seconds("Inbox", "MessageRetentionPeriod"));
}
