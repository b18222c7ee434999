//! Every time limit, next to the values of `template.yaml` that it depends on. `tests/template/limits.rs` compares the two.
//!
//! | `template.yaml` | Value |
//! |---|---|
//! | timeout of the function | 120 s; Lambda allows 15 minutes at most |
//! | visibility timeout of the inbox | 720 s: six times the function's timeout, as Lambda recommends |
//! | retention of the inbox, of the dead-letter queue | 4 days, 14 days |

use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

/// The longest valid lease. It is longer than any run, because Lambda stops a function after 15 minutes.
///
/// See <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>.
pub const MAX_LEASE: Duration = Duration::from_secs(1200);

/// How much longer a lease lasts than the calls to the account: the notification is sent under it, for which the function
/// reserves half of [`RESERVED_FOR_RESPONSE`], and AWS may still be working for some seconds on a call that was abandoned.
pub const LEASE_AFTER_WORK: Duration = Duration::from_secs(12);

/// Changes that are made within this time of the notification that the account was onboarded belong to the same onboarding:
/// two runs at the same time may both have made some. Longer than the timeout of the function.
pub const SAME_ONBOARDING: Duration = Duration::from_secs(600);

/// A converged account that joined within this time was onboarded by this tool. If there is no record, the invocation
/// that did it was interrupted before it published.
pub const RECENTLY_JOINED: Duration = DAY.saturating_mul(14);

/// How long it is remembered that an account was notified as onboarded: longer than [`RECENTLY_JOINED`].
pub const ONBOARDED_RECORD: Duration = DAY.saturating_mul(15);

/// How long the record of an account is kept after it left the organization. Longer than the 90 days for which an account
/// is suspended after it was closed.
///
/// See <https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-closing.html>.
pub const DEPARTED_RECORD: Duration = DAY.saturating_mul(365);

/// How long the record of a finished account creation request is kept: longer than the retention of the dead-letter queue,
/// so that a redrive does not notify again.
pub const CREATION_RECORD: Duration = DAY.saturating_mul(30);

/// The time from joining to being onboarded is measured up to this age. An older account was found by a sweep, so that its
/// age says nothing about the speed of onboarding. Longer than the retention of the dead-letter queue.
pub const TIME_TO_ONBOARDED: Duration = DAY.saturating_mul(15);

/// The first pause between two deliveries of a message; each is twice as long as the one before.
pub(crate) const FIRST_RETRY: Duration = Duration::from_secs(30);

/// The longest pause between two deliveries of a message.
pub const LONGEST_RETRY: Duration = Duration::from_secs(900);

/// What the function reserves, of its timeout, for the phases after waiting: the calls in flight, the notification and the
/// response. If less than four times as much is left, it reserves a quarter.
pub const RESERVED_FOR_RESPONSE: Duration = Duration::from_secs(15);

/// How long after a sweep the accounts of the canary are checked for the first time.
pub const CANARY_CHECK_AFTER: Duration = Duration::from_secs(60);

/// How long an account of a chunk may wait within its run. An account that is not ready by then gets a message of its own, so that
/// it does not keep the other accounts of the chunk waiting. IAM usually shows a change within some seconds.
pub const WAIT_IN_CHUNK: Duration = Duration::from_secs(20);

/// How much time an invocation must have left for waiting, so that the changes of another account of a chunk are begun: as much as
/// the account may wait. Otherwise the account gets a message of its own.
pub const TIME_FOR_CHANGES: Duration = WAIT_IN_CHUNK;

/// A reported deadline that passed longer ago than this is not a real one: `cargo lambda watch` reports one in 1970. No
/// invocation that Lambda started is that old.
pub const STALE_DEADLINE: Duration = Duration::from_secs(3600);

/// The timeout of an invocation without a real deadline, as in a local run.
pub const LOCAL_INVOCATION: Duration = Duration::from_secs(60);

/// The shortest pause between two attempts within a run. A new account often works within seconds, and the quota of
/// `DescribeCreateAccountStatus` is two requests per second.
pub const SHORTEST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause between two attempts within a run. A run makes several attempts within the function's timeout, and a
/// pause that would pass its deadline ends it.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// The timeout of opening a connection, to AWS or to a vendor.
pub const CONNECT: Duration = Duration::from_secs(3);

/// The timeout of one attempt of a call to AWS. Short enough that a hanging call is retried before the deadline of the
/// function.
pub const CALL_ATTEMPT: Duration = Duration::from_secs(8);

/// The timeout of a call to AWS with all attempts: three of [`CALL_ATTEMPT`], as many as the SDK makes.
pub const CALL: Duration = Duration::from_secs(25);

/// How long the CLI waits for the credentials of a profile. A `credential_process` may ask the user to confirm a sign-in.
pub const LOAD_CREDENTIALS: Duration = Duration::from_secs(120);

/// The duration of a session in an account: the shortest that STS grants. It is longer than any run of the function.
///
/// See <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>.
pub const SESSION: Duration = Duration::from_secs(900);

/// The longest session of a role.
///
/// See `MaxSessionDuration` in <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>.
pub const LONGEST_SESSION: Duration = Duration::from_secs(43_200);

/// How far into the future sessions are revoked: a session that is issued while the new trust policy is written and takes effect
/// is covered too. The IAM console uses the same time.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html>.
pub const REVOCATION_LEAD: Duration = Duration::from_secs(30);

/// How long a new trust policy takes to take effect, at most: until then, the old one may still issue sessions, so that a
/// revocation has to cover this time. IAM is eventually consistent, and usually takes a few seconds.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>.
pub const TRUST_TAKES_EFFECT: Duration = Duration::from_secs(10);

/// How far apart the clocks of two machines may be. AWS rejects requests whose time differs by more than this.
pub const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// How far in the future the time of a revocation may be that this tool made: its clock may be fast.
pub const REVOCATION_AHEAD: Duration = CLOCK_SKEW.saturating_add(REVOCATION_LEAD);

/// How long after the last recorded run a recorded role that IAM does not show may be one that this run created and that is not
/// visible yet. IAM shows a new role within seconds.
pub const ROLE_VISIBLE: Duration = Duration::from_secs(900);

/// How long a reader of a configuration with files waits before it reads them again, because a push replaced them meanwhile. SSM
/// shows a written value within a moment.
pub const CONFIGURATION_REREAD: Duration = Duration::from_secs(2);

/// How long only the first of several access roles is tried in an account, from when it joined. AWS creates that role within
/// seconds or minutes; until it exists, a role with one of the other names may be one that another principal created.
pub const FIRST_ACCESS_ROLE: Duration = Duration::from_secs(300);

/// How long a live audit waits for an account that is not ready, or whose calls are throttled.
pub const AUDIT_WAIT: Duration = Duration::from_secs(60);

/// How long calls in flight may still take, on the command line, after the wait for the account is over.
pub const COMMAND_LINE_GRACE: Duration = Duration::from_secs(120);

/// The timeout of a search at a vendor. Short, because the rest of the account is processed at the same time and must not
/// be delayed.
pub const VENDOR_SEARCH: Duration = Duration::from_secs(10);

/// How long it is remembered that a vendor returned no external ID, so that the accounts of a sweep do not wait for a vendor that
/// does not answer one after the other.
pub const VENDOR_ERROR_AGE: Duration = Duration::from_secs(10);

/// The timeout of a registration with a vendor. Workload Security assumes the role before it responds, which "may take a
/// minute or two".
pub const VENDOR_REGISTRATION: Duration = Duration::from_secs(120);

/// The age up to which the function uses a configuration and the secrets that it has read. A change of either takes effect
/// after this time at the latest; reading them for every message would use up the calls that Parameter Store allows an account.
pub const CONFIGURATION_AGE: Duration = Duration::from_secs(60);

/// How many accounts the command line processes at the same time by default.
pub const CONCURRENT_ACCOUNTS: u16 = 32;

/// The number of accounts that an organization can create at the same time.
pub const CONCURRENT_CREATIONS: usize = 5;
