//! The desired state of one account, and the answers of the plan's questions about the grants in it.

use std::time::SystemTime;

use super::role::RoleSpec;
use crate::access_grant::{AccessGrant, EndedGrant, split_ended};
use crate::account::Account;
use crate::policy::{Grant, Principal};
use crate::role::RoleName;
use crate::role_removal::RoleRemoval;
use crate::unselected::Unselected;

/// The desired state of one account.
#[derive(Debug, Clone)]
pub struct Blueprint {
    /// The account.
    pub account: Account,
    /// The grants on the access role, in addition to the existing ones. Which of them apply depends on the access role that the
    /// account has: see [`Blueprint::grants_on`].
    pub grants: Vec<AccessGrant>,
    /// The grants on the access role whose last day is over: see [`Blueprint::end_grants`].
    pub ended: Vec<EndedGrant>,
    /// The principals that are removed from the access role's trust policy.
    pub revoked: Vec<Principal>,
    /// The entries of `[[access-role.revoke]]` that name no principal in this account, each in a sentence.
    pub not_revoked: Vec<String>,
    /// Whether deleted identities are removed from the access role's trust policy.
    pub prune_orphans: bool,
    /// The names of the access role to try, in order.
    pub access_roles: Vec<RoleName>,
    /// The roles.
    pub roles: Vec<RoleSpec>,
    /// The configured grants and roles that are not for this account, because their targets do not select it.
    pub unselected: Vec<Unselected>,
    /// The grants of which it is not known whether their targets select the account. They are left as they are.
    pub undecided_grants: Vec<AccessGrant>,
    /// Those of them whose last day is over: they hold nothing back that is removed.
    pub ended_undecided_grants: Vec<AccessGrant>,
    /// The roles that are deleted.
    pub removed: Vec<RoleRemoval>,
}

impl Blueprint {
    /// The roles that are configured and not for this account.
    pub fn unselected_roles(&self) -> impl Iterator<Item = &RoleName> {
        self.unselected.iter().filter_map(Unselected::role_name)
    }

    /// The grants on an access role that are configured and not for this account.
    #[must_use]
    pub fn unselected_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        self.unselected.iter().filter_map(|unselected| unselected.grant_on(access_role)).cloned().collect()
    }

    /// Those of them that are removed. A grant stays if the same one is also configured for the account, or kept in it. It also
    /// stays while it is not known whether another grant to the same principal under the same condition is for the account: the
    /// other one may rely on its statement.
    #[must_use]
    pub fn unselected_grants_to_remove(&self, access_role: &RoleName) -> Vec<Grant> {
        let on_role = |removed: bool| {
            let some = self.unselected.iter().filter(move |unselected| unselected.is_removed() == removed);
            some.filter_map(|unselected| unselected.grant_on(access_role))
        };
        let kept: Vec<_> = self.grants_on(access_role).into_iter().chain(on_role(false).cloned()).collect();
        let undecided = self.ongoing_undecided_grants_on(access_role);
        let is_undecided = |grant: &Grant| {
            undecided.iter().any(|other| other.principal == grant.principal && other.condition == grant.condition)
        };
        on_role(true).filter(|grant| !kept.contains(*grant) && !is_undecided(grant)).cloned().collect()
    }

    /// The grants on an access role of which it is not known whether they are for this account.
    #[must_use]
    pub fn undecided_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        let all = self.undecided_grants.iter().chain(&self.ended_undecided_grants);
        all.filter(|grant| grant.is_on(access_role)).map(|grant| grant.grant.clone()).collect()
    }

    /// Those of them whose last day is not over.
    #[must_use]
    pub fn ongoing_undecided_grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        let on_role = self.undecided_grants.iter().filter(|grant| grant.is_on(access_role));
        on_role.map(|grant| grant.grant.clone()).collect()
    }

    /// Takes the grants whose last day is over out of those that are configured. One that is also configured without an end, or
    /// with a later one, goes on, and is left as it is while it is not known whether that one is for the account.
    pub fn end_grants(&mut self, now: SystemTime) {
        let is_over = |grant: &mut AccessGrant| grant.until.is_some_and(|until| until.is_over(now));
        self.ended_undecided_grants.extend(self.undecided_grants.extract_if(.., is_over));
        (self.grants, self.ended) = split_ended(std::mem::take(&mut self.grants), &self.undecided_grants, now);
    }

    /// The grants on an access role whose last day is over.
    pub fn ended_on(&self, access_role: &RoleName) -> impl Iterator<Item = &EndedGrant> {
        self.ended.iter().filter(|one| one.access_role.as_ref().is_none_or(|only| only.is_same(access_role)))
    }

    /// The grants that are removed from an access role: those that ended, and those whose targets no longer select the account.
    #[must_use]
    pub fn withdrawn_from(&self, access_role: &RoleName) -> Vec<Grant> {
        let ended = self.ended_on(access_role).filter(|one| one.is_recorded).map(|one| one.grant.clone());
        ended.chain(self.unselected_grants_to_remove(access_role)).collect()
    }

    /// The grants on an access role.
    #[must_use]
    pub fn grants_on(&self, access_role: &RoleName) -> Vec<Grant> {
        self.grants.iter().filter(|grant| grant.is_on(access_role)).map(|grant| grant.grant.clone()).collect()
    }
}
