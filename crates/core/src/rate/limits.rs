//! The rates at which this tool calls AWS.

use std::time::Duration;

use super::bucket::Rate;

/// An API whose calls are limited together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LimitedApi {
    /// `organizations:DescribeAccount`.
    DescribeAccount,
    /// `organizations:ListAccounts`.
    ListAccounts,
    /// `organizations:ListTagsForResource`.
    ListTags,
    /// The other reads of Organizations: its root and units, and the creation requests that are in progress.
    ReadOrganization,
    /// `organizations:ListParents`.
    ListParents,
    /// `organizations:CreateAccount`.
    CreateAccount,
    /// `organizations:DescribeCreateAccountStatus`.
    CreationStatus,
    /// `sts:AssumeRole`. AWS counts the calls of a session in a member account for that account.
    AssumeRole,
    /// `ssm:GetParameter`, `ssm:GetParameters` and `ssm:GetParametersByPath`.
    ReadParameters,
    /// `events:PutEvents`.
    PutEvents,
    /// All calls of DynamoDB.
    Records,
}

impl LimitedApi {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::DescribeAccount,
        Self::ListAccounts,
        Self::ListTags,
        Self::ReadOrganization,
        Self::ListParents,
        Self::CreateAccount,
        Self::CreationStatus,
        Self::AssumeRole,
        Self::ReadParameters,
        Self::PutEvents,
        Self::Records,
    ];

    /// Whether several processes of one deployment call it at the same time. The accounts are listed by one: each message of a
    /// sweep continues where the one before ended.
    #[must_use]
    pub fn is_shared_by_processes(self) -> bool {
        !matches!(self, Self::ListAccounts)
    }
}

/// How fast this tool calls AWS, all its processes together, and how many requests it has in flight in member accounts.
///
/// | API | Quota of AWS per second | Default | Why |
/// |---|---|---|---|
/// | `DescribeAccount` | 20, burst 30 | 15 | a quarter is left to Control Tower and the console |
/// | `ListAccounts` | 8, burst 12 | 7 | how long a listing takes depends on it, so that only an eighth is left |
/// | `ListTagsForResource` | 10, burst 15 | 8 | a fifth is left |
/// | `AssumeRole` | 600 per region | 300 | half is left to the other workloads of the account |
/// | Parameter Store | 40, for all reads of the account | 20 | half is left: functions of others read parameters when they start |
/// | `PutEvents` | 400 in the smallest regions | 200 | half is left |
/// | DynamoDB | none; a new on-demand table serves 4,000 writes | 1,000 | a quarter, and the table grows with its use |
///
/// The calls of `onboard accounts create` have the quotas of AWS as they are: no other caller makes them meanwhile.
///
/// IAM's quota is one of each member account, so that no rate is needed: the requests in flight are limited instead, in each account
/// and in all together, which also limits the memory and the connections of a process.
///
/// Sources: <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>,
/// <https://docs.aws.amazon.com/general/latest/gr/ssm.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html>,
/// <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimits {
    /// Calls of `DescribeAccount` in a second.
    pub describe_account: u32,
    /// Calls of `ListAccounts` in a second.
    pub list_accounts: u32,
    /// Calls of `ListTagsForResource` in a second.
    pub list_tags: u32,
    /// Calls of `AssumeRole` in a second.
    pub assume_role: u32,
    /// Reads of SSM parameters in a second.
    pub read_parameters: u32,
    /// Calls of `PutEvents` in a second.
    pub put_events: u32,
    /// Calls of DynamoDB in a second.
    pub records: u32,
    /// Requests in flight in one member account, in one process.
    pub in_flight_per_account: u32,
    /// Requests in flight in all member accounts, in one process.
    pub in_flight: u32,
}

impl Default for RateLimits {
    fn default() -> Self {
        Self {
            describe_account: 15,
            list_accounts: 7,
            list_tags: 8,
            assume_role: 300,
            read_parameters: 20,
            put_events: 200,
            records: 1_000,
            in_flight_per_account: 200,
            in_flight: 250,
        }
    }
}

impl RateLimits {
    /// The rate of an API, for all processes together.
    #[must_use]
    pub fn rate(&self, api: LimitedApi) -> Rate {
        match api {
            LimitedApi::DescribeAccount => Rate::per_second(self.describe_account),
            LimitedApi::ListAccounts => Rate::per_second(self.list_accounts),
            LimitedApi::ListTags => Rate::per_second(self.list_tags),
            // Their quotas are not documented; that of ListAccounts, 8 a second, has always been enough.
            LimitedApi::ReadOrganization => Rate::every(Duration::from_millis(125), 1),
            LimitedApi::ListParents => Rate::every(Duration::from_millis(200), 1),
            LimitedApi::CreateAccount => Rate::every(Duration::from_secs(10), 3),
            LimitedApi::CreationStatus => Rate::every(Duration::from_millis(500), 1),
            LimitedApi::AssumeRole => Rate::per_second(self.assume_role),
            LimitedApi::ReadParameters => Rate::per_second(self.read_parameters),
            LimitedApi::PutEvents => Rate::per_second(self.put_events),
            LimitedApi::Records => Rate::per_second(self.records),
        }
    }

    /// The rate of an API in one of several processes.
    #[must_use]
    pub fn rate_of_process(&self, api: LimitedApi, processes: u32) -> Rate {
        let rate = self.rate(api);
        if api.is_shared_by_processes() { rate.share(processes) } else { rate }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The quotas of AWS, as (calls, in seconds).
    fn quota(api: LimitedApi) -> (u32, u32) {
        match api {
            LimitedApi::DescribeAccount => (20, 1),
            LimitedApi::ListAccounts | LimitedApi::ReadOrganization => (8, 1),
            LimitedApi::ListTags => (10, 1),
            LimitedApi::ListParents => (5, 1),
            LimitedApi::CreateAccount => (1, 10),
            LimitedApi::CreationStatus => (2, 1),
            LimitedApi::AssumeRole => (600, 1),
            LimitedApi::ReadParameters => (40, 1),
            LimitedApi::PutEvents => (400, 1),
            LimitedApi::Records => (4_000, 1),
        }
    }

    #[test]
    fn default_rates_are_within_the_quotas() {
        for api in LimitedApi::ALL {
            let (calls, seconds) = quota(api);
            let rate = RateLimits::default().rate(api);
            assert!(rate.interval() >= Duration::from_secs(seconds.into()) / calls, "{api:?} {rate:?}");
            assert!(rate.burst() <= calls.max(3), "{api:?} {rate:?}");
        }
    }

    #[test]
    fn processes_share_what_they_call_at_the_same_time() {
        let limits = RateLimits::default();
        let of_process = |api| limits.rate_of_process(api, 5);
        assert_eq!(of_process(LimitedApi::DescribeAccount), Rate::every(Duration::from_secs(1) / 15 * 5, 3));
        assert_eq!(of_process(LimitedApi::ListAccounts), limits.rate(LimitedApi::ListAccounts));
    }
}
