//! The simulated organization: one handle to the shared [`State`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use crate::account::SimAccount;
use crate::consistency::Lag;
use crate::hop::Hop;
use crate::role_state::{PolicyText, RoleState};
use crate::state::State;
use onboarding_core::account::{AccountId, AccountState, Partition};
use onboarding_core::policy::Caller;
use onboarding_core::role::RoleName;

/// The name of the Lambda function's role in the management account, which is the default caller.
const FUNCTION: &str = "account-onboarding";

/// An organization in memory. Clones share their state.
///
/// It implements every port. The caller is the function's role
/// in the management account, unless [`FakeOrganization::as_caller`] sets another one.
#[derive(Clone)]
pub struct FakeOrganization {
    state: Arc<Mutex<State>>,
    pub(super) caller: Caller,
    pub(super) hop: Option<Arc<Hop>>,
}

impl FakeOrganization {
    /// An organization with its management account, which contains the function's role, and the identity account.
    #[must_use]
    pub fn new(partition: Partition, management: AccountId, identity: AccountId) -> Self {
        let caller = Caller {
            account: management.clone(),
            arn: Some(format!("arn:{partition}:iam::{management}:role/{FUNCTION}")),
        };
        let mut accounts = BTreeMap::new();
        let mut first = SimAccount::new("management", AccountState::Active, None, UNIX_EPOCH);
        if let Ok(function) = FUNCTION.parse::<RoleName>() {
            first.insert(&management, &function, function_role(), UNIX_EPOCH, Lag::default());
        }
        accounts.insert(identity, SimAccount::new("identity", AccountState::Active, None, UNIX_EPOCH));
        accounts.insert(management.clone(), first);
        let state = State::new(partition, management, accounts);
        Self { state: Arc::new(Mutex::new(state)), caller, hop: None }
    }

    /// The same organization with another caller.
    #[must_use]
    pub fn as_caller(&self, caller: Caller) -> Self {
        Self { state: Arc::clone(&self.state), caller, hop: None }
    }

    /// The same organization with the function in another account: its role is there, and not in the management account.
    #[must_use]
    pub fn with_function_in(self, account: &AccountId) -> Self {
        let partition = self.lock().partition.clone();
        if let Ok(function) = FUNCTION.parse::<RoleName>() {
            self.put_role(account, &function, function_role());
            self.delete_role(&self.caller.account, &function);
        }
        let arn = Some(format!("arn:{partition}:iam::{account}:role/{FUNCTION}"));
        self.as_caller(Caller { account: account.clone(), arn })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FakeOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Organization({} accounts)", self.lock().accounts.len())
    }
}

/// The function's role, which may assume roles. Its permissions for Organizations and SSM are not simulated.
fn function_role() -> RoleState {
    let may = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}"#;
    let mut role = RoleState::trusting(LAMBDA);
    role.policies.insert("access-roles".to_owned(), PolicyText(may.to_owned()));
    role
}

const LAMBDA: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;
