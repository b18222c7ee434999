//! Who outside the organization can assume the roles of the selected accounts. Nothing is written: the sessions can list roles
//! and read when they were used, and nothing else.
//!
//! One paged call reads all trust policies of an account. Pages are analyzed as they arrive and only the findings are kept, so
//! that an organization with 500,000 roles needs no more memory than one with few. When a role was last used is read for roles with
//! findings only, because it takes one call for each.

use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};

use futures_util::{FutureExt, StreamExt, stream};
use onboarding_core::account::{Account, AccountAge, AccountId};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::limits::{AUDIT_WAIT, COMMAND_LINE_GRACE};
use onboarding_core::outcome::{Cause, Stop};
use onboarding_core::policy::OwnOrganization;
use onboarding_core::role::RoleName;
use onboarding_core::selection::Selected;
use onboarding_core::text::Untrusted;
use onboarding_core::time::after;
use onboarding_core::trust_audit::{
    AccountTrust, FindingKind, KnownAccounts, LastUse, ListedRole, RoleFinding, TrustAnalyzer, TrustReport,
    UnreadAccount, UnreadPolicy, session_policy,
};

use crate::access_denied::diagnose;
use crate::all_accounts::{AllAccounts, all_accounts};
use crate::assume::session_name;
use crate::job::Engine;
use crate::pages::Pages;
use crate::panicked::panic_cause;
use crate::ports::{AssumeRoleRequest, Clock, Directory, ListRoles, World};
use crate::retry::{Backoff, timed_out, timeout_at, without_session};

const CALL: &str = "iam:ListRoles";

/// How many roles of one account are read at the same time, to learn when they were last used.
const CONCURRENT_ROLES: usize = 4;

/// The accounts of the organization of an account, whose IDs can be read.
///
/// # Errors
/// When the accounts cannot be listed.
pub async fn organization_accounts(world: &(impl Directory + Clock)) -> Result<Vec<AccountId>, ApiError> {
    let AllAccounts { accounts, unreadable } = all_accounts(world).await?;
    let unreadable = unreadable.into_iter().filter_map(|account| account.id);
    Ok(accounts.into_iter().map(|account| account.id).chain(unreadable).collect())
}

/// The findings in an account so far.
#[derive(Default)]
struct Found {
    roles: usize,
    findings: Vec<RoleFinding>,
    unread: Vec<UnreadPolicy>,
}

impl<W: World<Session: ListRoles>> Engine<W> {
    /// Reads the roles of the selected accounts, of which up to `concurrency` are read at the same time. An account that cannot
    /// be read does not affect the others. `progress` gets the number of accounts that are done.
    pub async fn audit_trust(
        &self,
        selected: Selected,
        own: OwnOrganization,
        known: &KnownAccounts,
        concurrency: usize,
        progress: impl Fn(usize),
    ) -> TrustReport {
        let organization = own.id.clone();
        let analyzer = Mutex::new(TrustAnalyzer::new(own));
        let read_one = async |account| {
            let read = AssertUnwindSafe(self.account_trust(account, &analyzer)).catch_unwind().await;
            match read {
                Ok(read) => read,
                Err(_) => Err(unread(account, panic_cause(&account.id))),
            }
        };
        let read = stream::iter(&selected.accounts).map(read_one);
        let mut read = read.buffer_unordered(concurrency.max(1));
        let (mut accounts, mut unread) = (Vec::new(), Vec::new());
        while let Some(result) = read.next().await {
            match result {
                Ok(account) => accounts.push(account),
                Err(account) => unread.push(account),
            }
            progress(accounts.len() + unread.len());
        }
        drop(read);
        TrustReport::new(organization, accounts, unread, selected.skipped, known)
    }

    async fn account_trust(
        &self,
        account: &Account,
        analyzer: &Mutex<TrustAnalyzer>,
    ) -> Result<AccountTrust, UnreadAccount> {
        // The time of an account starts when its turn comes.
        let deadline = after(self.world.now(), AUDIT_WAIT);
        let mut backoff = Backoff::until(&self.world, deadline);
        let abandon_at = after(deadline, COMMAND_LINE_GRACE);
        let stop = loop {
            let read = timeout_at(&self.world, abandon_at, self.read_once(account, analyzer)).await;
            match read.unwrap_or_else(|| Err(timed_out())).map_err(without_session) {
                Ok(read) => return Ok(read),
                Err(stop) if backoff.again(&self.world, &stop).await => {}
                Err(stop) => break stop,
            }
        };
        Err(unread(account, stop.into_cause()))
    }

    /// Starts with a new session, so that an account is read as a whole or not at all.
    async fn read_once(&self, account: &Account, analyzer: &Mutex<TrustAnalyzer>) -> Result<AccountTrust, Stop> {
        let session = self.session_to_list_roles(account).await?;
        let from_error = |error: ApiError| Stop::from_error(&error, AccountAge::Established);
        let mut found = Found::default();
        let mut pages = Pages::new(CALL);
        let mut from = None;
        loop {
            let page = session.roles(from).await.map_err(from_error)?;
            {
                let mut analyzer = analyzer.lock().unwrap_or_else(PoisonError::into_inner);
                for role in &page.roles {
                    found.add(account, role, &mut analyzer).map_err(from_error)?;
                }
            }
            from = pages.next(page.next).map_err(from_error)?;
            if from.is_none() {
                break;
            }
        }
        let Found { roles, findings, unread } = found;
        let findings = with_last_use(&session, findings).await;
        Ok(AccountTrust { account: account.id.clone(), account_name: account.name.clone(), roles, findings, unread })
    }

    /// A session that can list roles, through the first access role that can be assumed.
    async fn session_to_list_roles(&self, account: &Account) -> Result<W::Session, Stop> {
        let known = self.known_facts(account).await?;
        let names =
            self.config.access_role.names_in(&known.about(account)).map_err(|unknown| unknown.stop(&account.id))?;
        let mut denied = Vec::new();
        for name in &names {
            let request = AssumeRoleRequest {
                role_arn: name.arn(&account.partition, &account.id, "/"),
                policy: session_policy(account),
                session_name: session_name("audit"),
            };
            match self.world.assume_role(&request).await {
                Ok(session) => return Ok(session),
                Err(error) if error.kind() == ErrorKind::AccessDenied => denied.push((name, error)),
                Err(error) => return Err(Stop::from_error(&error, AccountAge::Established)),
            }
        }
        Err(diagnose(account, AccountAge::Established, &denied))
    }
}

impl Found {
    /// Adds the findings of a role, which must be one of this account.
    fn add(&mut self, account: &Account, role: &ListedRole, analyzer: &mut TrustAnalyzer) -> Result<(), ApiError> {
        if AccountId::from_arn(&role.arn).as_ref() != Some(&account.id) {
            let arn = Untrusted::new(role.arn.as_str());
            let message = format!("the response has role `{arn}`, which is not one of account {}", account.id);
            return Err(ApiError::new(CALL, "MalformedAnswer", &message));
        }
        self.roles += 1;
        match analyzer.findings(role) {
            Ok(findings) => self.findings.extend(findings),
            Err(unread) => self.unread.push(unread),
        }
        Ok(())
    }
}

/// The findings, each with the last use of its role. It is read once for each role that someone can assume, and it is not worth
/// losing the findings if it cannot be read.
async fn with_last_use(session: &impl ListRoles, findings: Vec<RoleFinding>) -> Vec<(RoleFinding, LastUse)> {
    let mut names: Vec<_> =
        findings.iter().filter(|one| one.kind != FindingKind::NoAccess).map(|one| one.role.clone()).collect();
    names.sort();
    names.dedup();
    let last_use = async |name: &String| match name.parse::<RoleName>() {
        Ok(role) => session.last_use(&role).await.unwrap_or(LastUse::Unknown),
        Err(_) => LastUse::Unknown,
    };
    let read: Vec<_> = stream::iter(&names).map(last_use).buffered(CONCURRENT_ROLES).collect().await;
    let of = |finding: &RoleFinding| {
        let place = names.binary_search(&finding.role).ok();
        place.and_then(|place| read.get(place).cloned()).unwrap_or(LastUse::Unknown)
    };
    let with = |finding: RoleFinding| {
        let last_use = of(&finding);
        (finding, last_use)
    };
    findings.into_iter().map(with).collect()
}

fn unread(account: &Account, cause: Cause) -> UnreadAccount {
    UnreadAccount { account: account.id.clone(), account_name: account.name.clone(), cause }
}
