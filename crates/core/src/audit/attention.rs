//! The accounts that need attention, grouped: accounts with the same problem are one group with one remedy.

use std::collections::BTreeMap;

use super::account::{AccountStatus, AuditedAccount, Status};
use super::summary::Audit;
use crate::code::Code;
use crate::outcome::Cause;

/// Accounts that need attention for the same reason.
pub(super) struct Group<'a> {
    pub(super) status: AccountStatus,
    /// The cause; of several accounts, with [`ANY_ACCOUNT`] instead of their IDs.
    pub(super) cause: Option<Cause>,
    /// The requirements that are not as configured.
    pub(super) failing: Vec<(&'a str, Status)>,
    /// The positions of the accounts in the audit.
    pub(super) accounts: Vec<usize>,
}

/// Why accounts need attention: the status; the code, message and remedy of the cause; the requirements that fail.
type Reason<'a> = (AccountStatus, Option<(Code, String, String)>, Vec<(&'a str, Status)>);

/// Stands for the ID of each account of a group.
pub(super) const ANY_ACCOUNT: &str = "{account-id}";

/// What a person can do for accounts that no run has ever looked at.
pub(super) const IF_NEVER_SEEN: &str = "wait for the next sweep, or run `onboard apply --account ID`; an account that joined a moment ago is \
                                        processed within minutes";

/// The groups: the most urgent status first, then the largest.
pub(super) fn groups(audit: &Audit) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<Reason<'_>, Vec<usize>> = BTreeMap::new();
    for (index, account) in audit.accounts.iter().enumerate().filter(|(_, account)| account.needs_attention()) {
        let cause = account.cause.as_ref().map(|cause| {
            let general = |text: &str| text.replace(account.id.as_str(), ANY_ACCOUNT);
            (cause.code, general(&cause.message), general(&cause.remedy))
        });
        groups.entry((account.status, cause, failing(audit, account))).or_default().push(index);
    }
    let mut groups: Vec<_> = groups.into_iter().map(|(reason, accounts)| group(audit, reason, accounts)).collect();
    groups.sort_by_key(|group| (group.status, std::cmp::Reverse(group.accounts.len())));
    groups
}

fn group<'a>(audit: &'a Audit, (status, cause, failing): Reason<'a>, accounts: Vec<usize>) -> Group<'a> {
    let only = accounts.first().filter(|_| accounts.len() == 1).and_then(|index| audit.accounts.get(*index));
    let general = cause.map(|(code, message, remedy)| Cause::new(code, message, remedy));
    Group { status, cause: only.map_or(general, |account| account.cause.clone()), failing, accounts }
}

impl Group<'_> {
    /// What to do.
    pub(super) fn remedy(&self) -> &str {
        match &self.cause {
            Some(cause) => &cause.remedy,
            None => IF_NEVER_SEEN,
        }
    }

    /// The problem, in a sentence.
    pub(super) fn problem(&self) -> String {
        match &self.cause {
            Some(cause) => cause.message.clone(),
            None => "no run has recorded a result".to_owned(),
        }
    }

    /// The status with the code.
    pub(super) fn heading(&self) -> String {
        let code = self.cause.as_ref().map(|cause| format!(" ({})", cause.code)).unwrap_or_default();
        format!("{}{code}", self.status.label())
    }

    /// The requirements that are not as configured.
    pub(super) fn failing_list(&self) -> String {
        let one = |(title, status): &(&str, Status)| format!("{title} {}", status.label());
        self.failing.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

fn failing<'a>(audit: &'a Audit, account: &'a AuditedAccount) -> Vec<(&'a str, Status)> {
    account.failing(&audit.requirements).map(|(requirement, status)| (requirement.title.as_str(), status)).collect()
}
