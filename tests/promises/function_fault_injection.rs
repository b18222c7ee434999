//! Promise 5 for the Lambda function: a fault at any call of an invocation, including those to SQS, SSM and EventBridge, does
//! not prevent the work from being finished.
//!
//! SQS delivers at least once, so a message that fails, or whose process crashes, becomes visible again and is retried.

use std::time::Duration;

use std::collections::BTreeSet;

use onboarding_core::account::AccountId;
use onboarding_simulation::{AccountCreation, FakeOrganization, Injection, RoleState, Script};

use crate::common::*;
use crate::lambda::{Lambda, account_created, sweep};

/// Longer than several visibility timeouts, so that the messages of crashed processes are redelivered.
const LONG: Duration = Duration::from_secs(20_000);

/// An organization with its function, and the message to process.
struct Flow {
    organization: FakeOrganization,
    lambda: Lambda,
    message: String,
}

impl Flow {
    fn new(organization: FakeOrganization, message: String) -> Self {
        let lambda = Lambda::new(&organization, &sweep_config());
        Self { organization, lambda, message }
    }

    /// Processes the queue until it is empty, while a script injects faults.
    fn process(self, script: Script) -> Self {
        // The backoff is jittered. With a fixed seed, every run makes the same calls up to its fault.
        fastrand::seed(7);
        self.lambda.script.replace(script);
        self.lambda.queue.put(&self.message);
        self.finish();
        self
    }

    fn finish(&self) {
        self.lambda.process_for(LONG);
        assert_eq!(self.lambda.queue.next_visible(), None, "the queue is empty");
    }

    /// The calls of a run without faults.
    fn calls(self) -> Vec<&'static str> {
        self.process(Script::none()).lambda.script.borrow().calls()
    }

    /// The cause codes of the messages in the dead-letter queue.
    fn dead_letter_codes(&self) -> Vec<&'static str> {
        self.lambda.queue.dead_letters().iter().map(|letter| letter.cause.as_ref().unwrap().code.as_str()).collect()
    }

    /// The number of writes in an account, including failed ones.
    fn writes(&self, account: &AccountId) -> usize {
        self.organization.writes().iter().filter(|call| call.account == *account).count()
    }
}

/// The number of writes that onboarding a new account takes.
fn writes_per_account() -> usize {
    let organization = with_new_account();
    apply(&organization, NEW);
    organization.writes().len()
}

/// Runs a flow with a fault at each of the given calls, and asserts that every account is onboarded in the end. An access
/// denied error may move the message to the dead-letter queue; then a redrive must finish the work. Returns how each denied
/// call ended.
fn assert_onboarded_despite(
    start: fn() -> Flow,
    accounts: &[AccountId],
    faults: impl Iterator<Item = (usize, Injection)>,
) -> BTreeSet<String> {
    let each = writes_per_account();
    let calls = start().calls();
    let mut denied = BTreeSet::new();
    for (index, injection) in faults {
        let what = format!("{injection:?} at {index}, {}", calls[index]);
        let flow = start().process(Script::at(index, injection));
        assert!(injection.crashes() || flow.lambda.script.borrow().calls()[..=index] == calls[..=index], "{what}");
        let dead = flow.dead_letter_codes();
        if injection == Injection::AccessDenied {
            assert!(dead.len() <= 1, "{what}: {dead:?}");
            denied.insert(format!("{}: {}", calls[index], dead.first().unwrap_or(&"no dead letter")));
            flow.lambda.queue.redrive();
            flow.finish();
        } else {
            assert!(dead.is_empty(), "{what}: {dead:?}");
        }
        assert_eq!(flow.dead_letter_codes(), [""; 0], "{what}");
        for account in accounts {
            assert_onboarded(&flow.organization, account.as_str());
            let made = flow.writes(account);
            let most = each + usize::from(injection.performs());
            assert!((each..=most).contains(&made), "{what}: {made} writes in {account}");
        }
    }
    denied
}

fn lines(denied: BTreeSet<String>) -> String {
    denied.into_iter().collect::<Vec<_>>().join("\n")
}

/// The kinds of faults that the function handles differently; each of the others is equivalent to one of these.
const KINDS: [Injection; 5] = [
    Injection::Throttle,
    Injection::AccessDenied,
    Injection::TimeoutAfter,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

/// The faults to inject at one call: every kind, or only [`KINDS`] for IAM reads, because
/// `fault_injection_at_every_call.rs` covers the other kinds there.
fn faults(index: usize, call: &str) -> impl Iterator<Item = (usize, Injection)> + use<> {
    let read = call.starts_with("iam:Get") || call.starts_with("iam:List");
    let kinds: &[Injection] = if read { &KINDS } else { &Injection::ALL };
    kinds.iter().map(move |injection| (index, *injection))
}

/// The message is retried three times. To limit the run time, faults are injected only at every fifth of the many polls of an
/// account that is not ready.
#[test]
fn fault_while_waiting_for_the_access_role_does_not_prevent_onboarding() {
    fn late() -> Flow {
        let organization = organization();
        create_account(
            &organization,
            AccountCreation { access_role_delay: Duration::from_secs(200), ..AccountCreation::default() },
        );
        let mut flow = Flow::new(organization, account_created(&id(NEW)));
        flow.lambda.timeout = Duration::from_secs(16);
        flow
    }
    let calls = late().calls();
    let session_confirmed = calls.iter().position(|call| *call == "sts:GetCallerIdentity").unwrap();
    let retry_in: Vec<_> =
        (0..session_confirmed).filter(|index| calls[*index] == "sqs:ChangeMessageVisibility").collect();
    assert_eq!(retry_in.len(), 3, "{calls:?}");
    assert!(calls.contains(&"events:PutEvents"));
    let polls = 6..session_confirmed;
    let is_skipped = |index: usize| polls.contains(&index) && !retry_in.contains(&index) && !index.is_multiple_of(5);
    let wanted = (0..calls.len()).filter(|index| !is_skipped(*index)).flat_map(|index| faults(index, calls[index]));
    insta::assert_snapshot!(lines(assert_onboarded_despite(late, &[id(NEW)], wanted)), @"
    events:PutEvents: no dead letter
    iam:AttachRolePolicy: no dead letter
    iam:CreateRole: no dead letter
    iam:GetRole: no dead letter
    iam:GetRolePolicy: no dead letter
    iam:ListAttachedRolePolicies: no dead letter
    iam:ListRolePolicies: no dead letter
    iam:PutRolePolicy: no dead letter
    iam:UpdateAssumeRolePolicy: no dead letter
    organizations:DescribeAccount: own_permission_missing
    sqs:ChangeMessageVisibility: no dead letter
    ssm:GetParameter: no dead letter
    ssm:PutParameter: no dead letter
    sts:AssumeRole: no dead letter
    sts:GetCallerIdentity: no dead letter
    ");
}

/// Twelve new accounts and no other account that a sweep would find.
fn twelve_accounts() -> (FakeOrganization, Vec<AccountId>) {
    let organization = FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(PIPELINE)
        .with_parameter(PARAMETER, SECURITY_ID);
    organization.set_page_size(5);
    let create = |index| {
        let request = organization.create_account_with(&format!("account-{index}"), AccountCreation::default());
        organization.finish_creation(&request).unwrap()
    };
    let accounts = (0..12).map(create).collect();
    (organization, accounts)
}

/// Faults at every call of the sweep itself. The messages that it queues are processed like any other.
#[test]
fn fault_during_a_sweep_does_not_prevent_onboarding() {
    fn sweeping() -> Flow {
        Flow::new(twelve_accounts().0, sweep())
    }
    let calls = sweeping().calls();
    let sweep_length = calls.iter().position(|call| *call == "organizations:DescribeAccount").unwrap();
    let sweep_calls = &calls[..sweep_length];
    let count = |wanted| sweep_calls.iter().filter(|call| **call == wanted).count();
    assert_eq!((count("organizations:ListAccounts"), count("sqs:SendMessage")), (3, 3));
    assert_eq!(sweep_calls[3..5], ["organizations:ListAccounts", "sqs:SendMessage"]);
    // Every kind of fault is injected while the second page is listed and queued.
    let wanted = (0..sweep_length).flat_map(|index| {
        let kinds: &[Injection] = if (3..5).contains(&index) { &Injection::ALL } else { &KINDS };
        kinds.iter().map(move |injection| (index, *injection))
    });
    insta::assert_snapshot!(lines(assert_onboarded_despite(sweeping, &twelve_accounts().1, wanted)), @"
    organizations:ListAccounts: own_permission_missing
    sqs:SendMessage: own_permission_missing
    ssm:GetParameter: no dead letter
    ");
}

/// The message reaches the dead-letter queue, and after the cause has been removed a redrive finishes the work.
#[test]
fn fault_in_a_blocked_account_still_reaches_the_dead_letter_queue() {
    fn blocked() -> Flow {
        let organization = with_new_account();
        organization.put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
        Flow::new(organization, account_created(&id(NEW)))
    }
    let fault_free = blocked().process(Script::none());
    assert_eq!(fault_free.dead_letter_codes(), ["foreign_role"]);
    let each = fault_free.writes(&id(NEW));
    let mut denied = BTreeSet::new();
    for (index, call) in blocked().calls().into_iter().enumerate() {
        for (_, injection) in faults(index, call) {
            let what = format!("{injection:?} at {index}, {call}");
            let flow = blocked().process(Script::at(index, injection));
            let dead = flow.dead_letter_codes();
            assert!(flow.lambda.queue.dead_letters().iter().all(|letter| letter.body == flow.message), "{what}");
            let most = if injection.performs() { 2 } else { 1 };
            assert!((1..=most).contains(&dead.len()), "{what}: {dead:?}");
            if injection == Injection::AccessDenied {
                denied.insert(format!("{call}: {}", dead[0]));
            } else {
                assert!(dead.iter().all(|code| *code == "foreign_role"), "{what}: {dead:?}");
            }
            let made = flow.writes(&id(NEW));
            assert!(made <= each + usize::from(injection.performs()), "{what}: {made} writes");

            flow.organization.delete_role(&id(NEW), &name(OWN_ROLE));
            flow.lambda.queue.redrive();
            flow.finish();
            assert_eq!(flow.dead_letter_codes(), [""; 0], "{what}");
            assert_onboarded(&flow.organization, NEW);
        }
    }
    insta::assert_snapshot!(lines(denied), @"
    events:PutEvents: foreign_role
    iam:CreateRole: foreign_role
    iam:GetRole: foreign_role
    iam:GetRolePolicy: foreign_role
    iam:ListAttachedRolePolicies: foreign_role
    iam:ListRolePolicies: foreign_role
    iam:PutRolePolicy: foreign_role
    iam:UpdateAssumeRolePolicy: foreign_role
    organizations:DescribeAccount: own_permission_missing
    sqs:SendMessage: foreign_role
    ssm:GetParameter: configuration
    ssm:GetParameter: foreign_role
    ssm:PutParameter: foreign_role
    sts:AssumeRole: foreign_role
    sts:GetCallerIdentity: foreign_role
    ");
}
