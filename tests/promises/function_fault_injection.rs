//! A fault at every call of the function itself, the queue's and the telling's too: the work is finished all the same.

use std::collections::BTreeSet;

use onboarding_core::account::AccountId;
use onboarding_simulation::{AccountCreation, FakeOrganization, Injection, RoleState, Script};

use crate::common::*;
use crate::lambda::{Lambda, created, sweep};

/// Long enough for messages that a dead process hid, several times over.
const LONG: f64 = 20_000.0;

/// What is worked on: an organization with its function, and the message that came.
struct Flow {
    organization: FakeOrganization,
    lambda: Lambda,
    message: String,
}

impl Flow {
    fn new(organization: FakeOrganization, message: String) -> Self {
        let lambda = Lambda::new(&organization, &config_of_sweeps());
        Self { organization, lambda, message }
    }

    /// Works until nothing is left on the queue, while a script goes wrong.
    fn work(self, script: Script) -> Self {
        // The pauses are jittered: with the same numbers every run makes the same calls up to its fault.
        fastrand::seed(7);
        self.lambda.script.replace(script);
        self.lambda.queue.put(&self.message);
        self.finish();
        self
    }

    fn finish(&self) {
        self.lambda.work_for(LONG);
        assert_eq!(self.lambda.queue.next_visible(), None, "nothing is left on the queue");
    }

    /// The calls of a run without any fault.
    fn calls(self) -> Vec<&'static str> {
        self.work(Script::none()).lambda.script.borrow().calls()
    }

    /// The codes of the dead letters.
    fn dead(&self) -> Vec<&'static str> {
        self.lambda.queue.dead_letters().iter().map(|letter| letter.cause.as_ref().unwrap().code).collect()
    }

    /// How many writes were made in an account, failed ones too.
    fn writes(&self, account: &AccountId) -> usize {
        self.organization.writes().iter().filter(|call| call.account == *account).count()
    }
}

/// How many writes a fresh account takes.
fn writes_of_one() -> usize {
    let organization = with_new_account();
    apply(&organization, NEW);
    organization.writes().len()
}

/// Runs a flow in which every account is to be connected, with faults at some calls. Who is denied a call may need a
/// person; then a redrive finishes it. Gives what was denied and how that ended.
fn connects_in_spite(
    start: fn() -> Flow,
    accounts: &[AccountId],
    faults: impl Iterator<Item = (usize, Injection)>,
) -> BTreeSet<String> {
    let each = writes_of_one();
    let calls = start().calls();
    let mut denied = BTreeSet::new();
    for (index, injection) in faults {
        let what = format!("{injection:?} at {index}, {}", calls[index]);
        let flow = start().work(Script::at(index, injection));
        assert!(injection.crashes() || flow.lambda.script.borrow().calls()[..=index] == calls[..=index], "{what}");
        let dead = flow.dead();
        if injection == Injection::AccessDenied {
            assert!(dead.len() <= 1, "{what}: {dead:?}");
            denied.insert(format!("{}: {}", calls[index], dead.first().unwrap_or(&"nothing is set aside")));
            flow.lambda.queue.redrive();
            flow.finish();
        } else {
            assert!(dead.is_empty(), "{what}: {dead:?}");
        }
        assert_eq!(flow.dead(), [""; 0], "{what}");
        for account in accounts {
            assert_connected(&flow.organization, account.as_str());
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

/// The kinds that the function may tell apart; the others are like one of these to it.
const KINDS: [Injection; 5] = [
    Injection::Throttle,
    Injection::AccessDenied,
    Injection::TimeoutAfter,
    Injection::CrashBefore,
    Injection::CrashAfter,
];

/// The faults at one call: of every kind, or at a read of IAM of those that may differ; the promise about faults at every
/// call has the others.
fn faults(index: usize, call: &str) -> impl Iterator<Item = (usize, Injection)> + use<> {
    let read = call.starts_with("iam:Get") || call.starts_with("iam:List");
    let kinds: &[Injection] = if read { &KINDS } else { &Injection::ALL };
    kinds.iter().map(move |injection| (index, *injection))
}

/// The message is put off three times; of the many looks at an account that is not ready, every fifth call has its faults.
#[test]
fn of_an_account_whose_access_role_comes_later() {
    fn late() -> Flow {
        let organization = organization();
        born(&organization, AccountCreation { access_role_after: 200.0, ..AccountCreation::default() });
        let mut flow = Flow::new(organization, created(&id(NEW)));
        flow.lambda.timeout = 16.0;
        flow
    }
    let calls = late().calls();
    let entered = calls.iter().position(|call| *call == "sts:GetCallerIdentity").unwrap();
    let retry_in: Vec<_> = (0..entered).filter(|index| calls[*index] == "sqs:ChangeMessageVisibility").collect();
    assert_eq!(retry_in.len(), 3, "{calls:?}");
    assert!(calls.contains(&"events:PutEvents"));
    let looks = 6..entered;
    let few = |index: usize| looks.contains(&index) && !retry_in.contains(&index) && !index.is_multiple_of(5);
    let wanted = (0..calls.len()).filter(|index| !few(*index)).flat_map(|index| faults(index, calls[index]));
    insta::assert_snapshot!(lines(connects_in_spite(late, &[id(NEW)], wanted)), @"
    events:PutEvents: nothing is set aside
    iam:AttachRolePolicy: nothing is set aside
    iam:CreateRole: nothing is set aside
    iam:GetRole: nothing is set aside
    iam:GetRolePolicy: nothing is set aside
    iam:ListAttachedRolePolicies: nothing is set aside
    iam:ListRolePolicies: nothing is set aside
    iam:PutRolePolicy: nothing is set aside
    iam:UpdateAssumeRolePolicy: nothing is set aside
    organizations:DescribeAccount: own_permission_missing
    sqs:ChangeMessageVisibility: nothing is set aside
    ssm:GetParameter: nothing is set aside
    ssm:PutParameter: nothing is set aside
    sts:AssumeRole: nothing is set aside
    sts:GetCallerIdentity: nothing is set aside
    ");
}

/// Twelve accounts, and no other that a sweep would find.
fn twelve() -> (FakeOrganization, Vec<AccountId>) {
    let organization = FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY))
        .with_outside_account(&id(WORKLOAD_SECURITY))
        .with_outside_account(&id(TRELICA))
        .with_identity(PIPELINE)
        .with_parameter(PARAMETER, SECURITY_ID);
    organization.set_page_size(5);
    let born = |index| {
        let request = organization.create_account_as(&format!("account-{index}"), AccountCreation::default());
        organization.finish_creation(&request).unwrap()
    };
    let accounts = (0..12).map(born).collect();
    (organization, accounts)
}

/// At every call of the sweep itself; its accounts are like any other.
#[test]
fn of_a_sweep() {
    fn sweeping() -> Flow {
        Flow::new(twelve().0, sweep())
    }
    let calls = sweeping().calls();
    let of_sweep = calls.iter().position(|call| *call == "organizations:DescribeAccount").unwrap();
    let own = &calls[..of_sweep];
    let count = |wanted| own.iter().filter(|call| **call == wanted).count();
    assert_eq!((count("organizations:ListAccounts"), count("sqs:SendMessage")), (3, 3));
    assert_eq!(own[3..5], ["organizations:ListAccounts", "sqs:SendMessage"]);
    // The second page is listed and queued with every kind.
    let wanted = (0..of_sweep).flat_map(|index| {
        let kinds: &[Injection] = if (3..5).contains(&index) { &Injection::ALL } else { &KINDS };
        kinds.iter().map(move |injection| (index, *injection))
    });
    insta::assert_snapshot!(lines(connects_in_spite(sweeping, &twelve().1, wanted)), @"
    organizations:ListAccounts: own_permission_missing
    sqs:SendMessage: own_permission_missing
    ssm:GetParameter: nothing is set aside
    ");
}

/// The dead letter is there, and after what is in the way is gone a redrive finishes the work.
#[test]
fn of_a_blocked_account() {
    fn blocked() -> Flow {
        let organization = with_new_account();
        organization.put_role(&id(NEW), &name(OWN_ROLE), RoleState::trusting("{}"));
        Flow::new(organization, created(&id(NEW)))
    }
    let sound = blocked().work(Script::none());
    assert_eq!(sound.dead(), ["foreign_role"]);
    let each = sound.writes(&id(NEW));
    let mut denied = BTreeSet::new();
    for (index, call) in blocked().calls().into_iter().enumerate() {
        for (_, injection) in faults(index, call) {
            let what = format!("{injection:?} at {index}, {call}");
            let flow = blocked().work(Script::at(index, injection));
            let dead = flow.dead();
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
            assert_eq!(flow.dead(), [""; 0], "{what}");
            assert_connected(&flow.organization, NEW);
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
