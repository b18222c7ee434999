//! The other trust edit: removes principals from a trust policy that was written by others, and changes nothing else.
//!
//! A principal is removed from the statements that allow it something, whatever their actions and conditions are: after that, no
//! statement names it. A statement without other principals is removed with it. Everything else stays as it is, in its order:
//! other principals, further elements, conditions, and the statements that deny, because removing a principal from one of those
//! would give it access. Whoever has access as a part of something larger, such as a role of an account whose root is a
//! principal, keeps it.
//!
//! IAM rejects a policy without statements, and no principal could assume the role. So nothing is removed if no statement would be left.

use serde_json::Value;

use super::document::{Document, Effect, Principals, Statement, principal_in};
use super::error::PolicyError;
use super::granted::Grant;
use super::principal::Principal;
use crate::account::{AccountId, Partition};

/// Why principals are not removed from a trust policy.
#[derive(Debug, thiserror::Error)]
pub enum RemovalError {
    /// No statement would be left.
    #[error("no statement would be left")]
    Empty,
    /// The edited document is not valid, which would be a bug.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// Removes principals from the statements that allow them something. See the module documentation for the rules.
///
/// # Errors
/// When no statement would be left.
pub fn remove_principals(
    document: &Document,
    removed: &[Principal],
    partition: &Partition,
) -> Result<Document, RemovalError> {
    let document = document.in_partition(partition);
    if !document.statements().iter().any(|statement| statement.allows_any_of(removed)) {
        return Ok(document.in_any_partition());
    }
    let concerned: Vec<_> = document.statements().iter().map(|statement| statement.allows_any_of(removed)).collect();
    let is_removed = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        removed.contains(&principal_in("AWS", text, Some(partition)))
    };
    let edited = document.edited(|statements| {
        let mut concerned = concerned.into_iter();
        statements.retain_mut(|statement| !concerned.next().unwrap_or(false) || is_left(statement, &is_removed));
    })?;
    if edited.statements().is_empty() { Err(RemovalError::Empty) } else { Ok(edited.in_any_partition()) }
}

/// Removes what these grants have added: the principal of each from the statements that allow exactly its actions under exactly its
/// condition. The principal keeps what other statements allow it.
///
/// # Errors
/// When no statement would be left.
pub fn remove_grants(document: &Document, removed: &[Grant], partition: &Partition) -> Result<Document, RemovalError> {
    let mut document = document.in_partition(partition);
    for grant in removed {
        let concerned: Vec<_> = document.statements().iter().map(|statement| statement.is_made_by(grant)).collect();
        if !concerned.contains(&true) {
            continue;
        }
        let is_removed =
            |value: &Value| principal_in("AWS", value.as_str().unwrap_or_default(), Some(partition)) == grant.principal;
        document = document.edited(|statements| {
            let mut concerned = concerned.into_iter();
            statements.retain_mut(|statement| !concerned.next().unwrap_or(false) || is_left(statement, &is_removed));
        })?;
        if document.statements().is_empty() {
            return Err(RemovalError::Empty);
        }
    }
    Ok(document.in_any_partition())
}

/// Removes the principals from one statement; `false` if it has no others.
fn is_left(statement: &mut Value, is_removed: &dyn Fn(&Value) -> bool) -> bool {
    let Some(kinds) = statement.get_mut("Principal").and_then(Value::as_object_mut) else { return true };
    let Some(aws) = kinds.get_mut("AWS") else { return true };
    let is_empty = match aws {
        Value::Array(list) => {
            list.retain(|value| !is_removed(value));
            list.is_empty()
        }
        one => is_removed(one),
    };
    if is_empty {
        kinds.shift_remove("AWS");
    }
    !kinds.is_empty()
}

impl Statement {
    /// Whether it allows the principal of a grant exactly what the grant does.
    fn is_made_by(&self, grant: &Grant) -> bool {
        self.effect == Effect::Allow
            && self.understood
            && grant.actions.are_exactly(&self.actions)
            && self.condition == grant.condition
            && matches!(&self.principals, Principals::Only(all) if all.contains(&grant.principal))
    }

    /// Whether it allows something and names one of these principals.
    fn allows_any_of(&self, principals: &[Principal]) -> bool {
        let named = |all: &[Principal]| all.iter().any(|principal| principals.contains(principal));
        self.effect == Effect::Allow && matches!(&self.principals, Principals::Only(all) if named(all))
    }
}

/// Whether a statement that allows something names the principal.
#[must_use]
pub(crate) fn is_named(document: &Document, principal: &Principal, partition: &Partition) -> bool {
    let document = document.in_partition(partition);
    document.statements().iter().any(|statement| statement.allows_any_of(std::slice::from_ref(principal)))
}

/// Whether a statement makes the grant: with exactly its actions, under exactly its condition.
#[must_use]
pub(crate) fn is_granted(document: &Document, grant: &Grant, partition: &Partition) -> bool {
    document.in_partition(partition).statements().iter().any(|statement| statement.is_made_by(grant))
}

/// Whether a statement that allows something names the account, or a role or user of it.
#[must_use]
pub(crate) fn names_account(document: &Document, account: &AccountId) -> bool {
    let is_in = |principal: &Principal| principal.account().as_ref() == Some(account);
    let allows = |statement: &Statement| {
        statement.effect == Effect::Allow
            && matches!(&statement.principals, Principals::Only(all) if all.iter().any(is_in))
    };
    document.statements().iter().any(allows)
}

#[cfg(test)]
#[path = "trust_removal_tests.rs"]
mod tests;
