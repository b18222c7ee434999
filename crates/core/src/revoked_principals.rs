//! The principals of `[[access-role.revoke]]` in one account.
//!
//! A placeholder that cannot be replaced there names no principal. The trust policy may contain the one that is meant, so that such
//! an entry is reported and never counts as revoked.

use crate::account::Account;
use crate::policy::Principal;
use crate::template::{Place, Template, UnfitPlaceholder, check};

/// The revoked principals of an account, as far as they are known.
#[derive(Default)]
pub(crate) struct RevokedPrincipals {
    /// The principals.
    pub(crate) principals: Vec<Principal>,
    /// The entries that the name of the account does not fit, each in a sentence.
    pub(crate) not_named: Vec<String>,
    /// An entry that is not known before Organizations returns the path of the account.
    pub(crate) not_known: Option<UnfitPlaceholder>,
}

/// The principals that the entries name in an account.
pub(crate) fn revoked_principals(entries: &[Template], account: &Account) -> RevokedPrincipals {
    let mut revoked = RevokedPrincipals::default();
    for entry in entries {
        match check(&entry.0, account, Place::Identifier) {
            Ok(()) => {
                revoked.principals.push(Principal::from_policy("AWS", &entry.expand(account, Place::Identifier)));
            }
            Err(error @ UnfitPlaceholder::AccountName { .. }) => {
                revoked.not_named.push(format!("principal `{}` is not revoked in this account: {error}", entry.0));
            }
            Err(error @ UnfitPlaceholder::OrganizationUnknown) => revoked.not_known = Some(error),
        }
    }
    revoked
}
