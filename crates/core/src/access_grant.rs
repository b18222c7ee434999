//! The grants on the access role, and those whose last day is over.

use std::time::SystemTime;

use crate::last_day::LastDay;
use crate::policy::Grant;
use crate::role::RoleName;

/// A grant on the access role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessGrant {
    /// The only access role that it is for; `None` for whichever the account has.
    pub access_role: Option<RoleName>,
    /// The grant.
    pub grant: Grant,
    /// Its last day; `None` if it does not end.
    pub until: Option<LastDay>,
}

impl AccessGrant {
    /// Whether it is for an access role.
    pub(crate) fn is_on(&self, access_role: &RoleName) -> bool {
        self.access_role.as_ref().is_none_or(|only| only.is_same(access_role))
    }
}

/// A grant on the access role whose last day is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedGrant {
    /// The only access role that it was for; `None` for whichever the account has.
    pub access_role: Option<RoleName>,
    /// The grant.
    pub grant: Grant,
    /// The day.
    pub until: LastDay,
    /// Whether the record of the account has it, so that it is removed.
    pub is_recorded: bool,
}

/// The grants that are configured at a time, and those that have ended. `undecided` are those of which it is not known whether they
/// are for the account and that have not ended: what one of them may allow has not ended either.
pub(crate) fn split_ended(
    grants: Vec<AccessGrant>,
    undecided: &[AccessGrant],
    now: SystemTime,
) -> (Vec<AccessGrant>, Vec<EndedGrant>) {
    let is_over = |grant: &AccessGrant| grant.until.is_some_and(|until| until.is_over(now));
    let (ended, grants): (Vec<_>, Vec<_>) = grants.into_iter().partition(is_over);
    let goes_on = |ended: &AccessGrant| {
        let covers = |other: &AccessGrant| other.access_role.is_none() || other.access_role == ended.access_role;
        grants.iter().any(|other| other.grant == ended.grant && covers(other))
    };
    // Its statement may contain a smaller grant, of which no more than the principal and the condition are the same.
    let may_go_on = |ended: &AccessGrant| {
        let is_same =
            |other: &Grant| other.principal == ended.grant.principal && other.condition == ended.grant.condition;
        undecided.iter().any(|other| is_same(&other.grant))
    };
    let ended = ended.into_iter().filter(|ended| !goes_on(ended) && !may_go_on(ended));
    let ended = ended.filter_map(|AccessGrant { access_role, grant, until }| {
        Some(EndedGrant { access_role, grant, until: until?, is_recorded: false })
    });
    let ended = ended.collect();
    (grants, ended)
}
