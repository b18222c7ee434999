//! Promise 5 for the Lambda function: a fault at any call of an invocation, including those to SQS, SSM and EventBridge, does
//! not prevent the work from being finished.
//!
//! SQS delivers at least once, so a message that fails, or whose process crashes, becomes visible again and is retried.

use std::time::Duration;

use std::collections::BTreeSet;

use onboarding_core::account::AccountId;
use onboarding_simulation::{FakeOrganization, Injection, RoleState, Script};

use crate::common::{
    ACCESS, DISTINCT_INJECTIONS, Fault, IDENTITY, MANAGEMENT, NEW, OWN_ROLE, PARAMETER, PIPELINE, ROLES, SECURITY_ID,
    Scenario, TRELICA, WORKLOAD_SECURITY, assert_onboarded, create_accounts, faults_at, id, lines, name, sweep_config,
    writes_of_one_onboarding,
};
use crate::lambda::{Lambda, account_created, sweep};

/// Longer than several visibility timeouts, so that the messages of crashed processes are redelivered.
const LONG: Duration = Duration::from_secs(20_000);

/// Processes the queue until it is empty, while a script injects faults.
fn process(function: Lambda, script: Script) -> Lambda {
    function.process_with_faults(script, LONG);
    assert_eq!(function.queue.next_visible(), None, "the queue is empty");
    function
}

/// Redrives the dead-letter queue, processes the queue and asserts that nothing is left.
fn redrive(function: &Lambda, what: &str) {
    function.queue.redrive();
    function.process_for(LONG);
    function.assert_all_processed(what);
}

/// Processes the queue of a function with a fault at each of the given calls, and asserts that every account is onboarded in
/// the end. An access denied error may move the message to the dead-letter queue; then a redrive must finish the work.
/// Returns how each denied call ended.
fn assert_onboarded_despite(
    start: fn() -> Lambda,
    accounts: &[AccountId],
    faults: impl Iterator<Item = Fault>,
) -> BTreeSet<String> {
    let each = writes_of_one_onboarding();
    let calls = process(start(), Script::none()).calls();
    let mut denied = BTreeSet::new();
    for fault in faults {
        let what = fault.to_string();
        let function = process(start(), fault.script());
        assert!(fault.injection.crashes() || function.calls()[..=fault.index] == calls[..=fault.index], "{what}");
        let dead = function.dead_letter_codes();
        if fault.injection == Injection::AccessDenied {
            assert!(dead.len() <= 1, "{what}: {dead:?}");
            denied.insert(format!("{}: {}", fault.call, dead.first().unwrap_or(&"no dead letter")));
            redrive(&function, &what);
        } else {
            assert!(dead.is_empty(), "{what}: {dead:?}");
        }
        assert_eq!(function.dead_letter_codes(), [""; 0], "{what}");
        let writes = function.writes_by_account();
        for account in accounts {
            assert_onboarded(function.organization(), account.as_str());
            let made = writes[account];
            let most = each + usize::from(fault.injection.performs()) + revocations_after(fault.injection);
            assert!((each..=most).contains(&made), "{what}: {made} writes in {account}");
        }
    }
    denied
}

/// How many roles may have their earlier sessions revoked: a run that was killed has recorded none of the roles that it created.
fn revocations_after(injection: Injection) -> usize {
    if injection.crashes() { ROLES.iter().filter(|role| **role != ACCESS).count() } else { 0 }
}

/// The faults to inject at one call: every kind, or only [`DISTINCT_INJECTIONS`] for IAM reads, because
/// `fault_injection_at_every_call.rs` covers the other kinds there.
fn injections_at(_: usize, call: &str) -> &'static [Injection] {
    let read = call.starts_with("iam:Get") || call.starts_with("iam:List");
    if read { &DISTINCT_INJECTIONS } else { &Injection::ALL }
}

/// The message is retried three times. To limit the run time, faults are injected only at every fifth of the many polls of an
/// account that is not ready.
#[test]
fn fault_while_waiting_for_the_access_role_does_not_prevent_onboarding() {
    fn late() -> Lambda {
        let mut function =
            Scenario::new().with_late_access_role(Duration::from_secs(200)).config(&sweep_config()).function();
        function.timeout = Duration::from_secs(16);
        function.queue.put(&account_created(&id(NEW)));
        function
    }
    let calls = process(late(), Script::none()).calls();
    let session_confirmed = calls.iter().position(|call| *call == "sts:GetCallerIdentity").unwrap();
    let retry_in: Vec<_> =
        (0..session_confirmed).filter(|index| calls[*index] == "sqs:ChangeMessageVisibility").collect();
    assert_eq!(retry_in.len(), 3, "{calls:?}");
    assert!(calls.contains(&"events:PutEvents"));
    let polls = 6..session_confirmed;
    let is_skipped = |index: usize| polls.contains(&index) && !retry_in.contains(&index) && !index.is_multiple_of(5);
    let wanted = faults_at(&calls, injections_at).filter(|fault| !is_skipped(fault.index));
    insta::assert_snapshot!(lines(assert_onboarded_despite(late, &[id(NEW)], wanted)), @"
    dynamodb:GetItem: no dead letter
    dynamodb:UpdateItem: no dead letter
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
    ssm:GetParameters: no dead letter
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
    let accounts = create_accounts(&organization, 12);
    (organization, accounts)
}

/// Faults at every call of the sweep itself. The messages that it queues are processed like any other.
#[test]
fn fault_during_a_sweep_does_not_prevent_onboarding() {
    fn sweeping() -> Lambda {
        let function = Scenario::in_organization(twelve_accounts().0).config(&sweep_config()).function();
        function.queue.put(&sweep());
        function
    }
    let calls = process(sweeping(), Script::none()).calls();
    let sweep_length = calls.iter().position(|call| *call == "organizations:DescribeAccount").unwrap();
    let sweep_calls = &calls[..sweep_length];
    let count = |wanted| sweep_calls.iter().filter(|call| **call == wanted).count();
    assert_eq!((count("organizations:ListAccounts"), count("sqs:SendMessage")), (3, 3));
    assert_eq!(sweep_calls[3..5], ["organizations:ListAccounts", "sqs:SendMessage"]);
    // Every kind of fault is injected while the second page is listed and queued.
    let wanted =
        faults_at(sweep_calls, |index, _| if (3..5).contains(&index) { &Injection::ALL } else { &DISTINCT_INJECTIONS });
    insta::assert_snapshot!(lines(assert_onboarded_despite(sweeping, &twelve_accounts().1, wanted)), @"
    dynamodb:GetItem: no dead letter
    organizations:ListAccounts: own_permission_missing
    sqs:SendMessage: own_permission_missing
    ssm:GetParameter: no dead letter
    ");
}

/// The message reaches the dead-letter queue, and after the cause has been removed a redrive finishes the work.
#[test]
fn fault_in_a_blocked_account_still_reaches_the_dead_letter_queue() {
    fn blocked() -> Lambda {
        let scenario = Scenario::new().with_new_account().with_role(OWN_ROLE, RoleState::trusting("{}"));
        let function = scenario.config(&sweep_config()).function();
        function.queue.put(&account_created(&id(NEW)));
        function
    }
    let fault_free = process(blocked(), Script::none());
    assert_eq!(fault_free.dead_letter_codes(), ["foreign_role"]);
    let each = fault_free.writes_by_account()[&id(NEW)];
    let mut denied = BTreeSet::new();
    for fault in faults_at(&fault_free.calls(), injections_at) {
        let what = fault.to_string();
        let function = process(blocked(), fault.script());
        let dead = function.dead_letter_codes();
        let is_original = |body: &str| body == account_created(&id(NEW));
        assert!(function.queue.dead_letters().iter().all(|letter| is_original(&letter.body)), "{what}");
        let most = if fault.injection.performs() { 2 } else { 1 };
        assert!((1..=most).contains(&dead.len()), "{what}: {dead:?}");
        if fault.injection == Injection::AccessDenied {
            denied.insert(format!("{}: {}", fault.call, dead[0]));
        } else {
            assert!(dead.iter().all(|code| *code == "foreign_role"), "{what}: {dead:?}");
        }
        let made = function.writes_by_account().get(&id(NEW)).copied().unwrap_or_default();
        let most = each + usize::from(fault.injection.performs()) + revocations_after(fault.injection);
        assert!(made <= most, "{what}: {made} writes");

        function.organization().delete_role(&id(NEW), &name(OWN_ROLE));
        redrive(&function, &what);
        assert_onboarded(function.organization(), NEW);
    }
    insta::assert_snapshot!(lines(denied), @"
    dynamodb:GetItem: foreign_role
    dynamodb:UpdateItem: foreign_role
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
    ssm:GetParameter: foreign_role
    ssm:GetParameters: configuration
    sts:AssumeRole: foreign_role
    sts:GetCallerIdentity: foreign_role
    ");
}
