//! The stable codes of causes and refusals. Logs, metrics, events, reports and dead letters carry them.

use std::fmt;

use serde::{Serialize, Serializer};

/// The four outcomes, without their causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutcomeKind {
    /// The blueprint holds, and is proven.
    Converged,
    /// Not ready yet; retried automatically.
    Waiting,
    /// Needs attention.
    Blocked,
    /// Nothing to do for this account.
    Ignored,
}

impl OutcomeKind {
    /// Every outcome.
    pub const ALL: [Self; 4] = [Self::Converged, Self::Waiting, Self::Blocked, Self::Ignored];

    /// The name: `converged`, `waiting`, `blocked` or `ignored`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Converged => "converged",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Ignored => "ignored",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])+ $name:ident = $text:literal => [$($outcome:ident),*],)+) => {
        /// Why an account did not converge, or a role was left as it is.
        ///
        /// docs/SEMANTICS.md has a row for each code, and docs/TROUBLESHOOTING.md a section for each that can block.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $($(#[$doc])+ $name,)+
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The code as it is written in logs, metrics, events and reports.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The outcomes that can have this code; none for codes that are only logged.
            #[must_use]
            pub fn outcomes(self) -> &'static [OutcomeKind] {
                match self {
                    $(Self::$name => &[$(OutcomeKind::$outcome),*],)+
                }
            }
        }
    };
}

codes! {
    /// AWS or a vendor did not respond before the function's time was over.
    TimedOut = "timed_out" => [Waiting],
    /// The account was retried until its message was too old.
    RetriesExhausted = "retries_exhausted" => [Blocked],
    /// The accounts of the canary have not all converged with the present configuration.
    CanaryPending = "canary_pending" => [Waiting],
    /// An account of the canary needs attention, so that the other accounts keep the configuration before.
    CanaryBlocked = "canary_blocked" => [Blocked],
    /// The account left the organization, was removed from it or is being closed.
    Departed = "departed" => [Ignored],
    /// A plan has changes to make.
    ChangesPending = "changes_pending" => [Waiting],
    /// Organizations is still creating the account.
    CreationInProgress = "creation_in_progress" => [Waiting],
    /// The account's state is `PENDING_ACTIVATION`.
    PendingActivation = "pending_activation" => [Waiting],
    /// None of the access roles of a new account can be assumed yet.
    AccessRoleNotReady = "access_role_not_ready" => [Waiting],
    /// A new account refuses a call, or any account answers `SubscriptionRequiredException` or `OptInRequired`.
    AccountNotReady = "account_not_ready" => [Waiting, Blocked],
    /// IAM does not know a principal of a policy yet.
    PrincipalNotPropagated = "principal_not_propagated" => [Waiting],
    /// IAM does not show yet what was written, or what a call names.
    NotPropagated = "not_propagated" => [Waiting],
    /// Too many requests.
    Throttled = "throttled" => [Waiting],
    /// A service, or the connection to it, failed; blocked if the command line cannot connect.
    ServiceUnavailable = "service_unavailable" => [Waiting, Blocked],
    /// A role that did not exist a moment ago exists now.
    AlreadyExists = "already_exists" => [Waiting],
    /// Another run is working on the account.
    LeaseHeld = "lease_held" => [Waiting],
    /// Another writer was first.
    ConcurrentChange = "concurrent_change" => [Waiting],
    /// AWS does not know the credentials yet, or no longer; blocked for those that this tool runs with.
    CredentialsNotAccepted = "credentials_not_accepted" => [Waiting, Blocked],
    /// STS is not activated in the region; the message names the account.
    RegionDisabled = "region_disabled" => [Blocked],
    /// There are no AWS credentials.
    NoCredentials = "no_credentials" => [Blocked],
    /// An invited account cannot be accessed, because no access role was created in it.
    NoAccessRole = "no_access_role" => [Blocked],
    /// The access role exists, and STS says that its trust policy denies access.
    AccessRoleTrust = "access_role_trust" => [Blocked],
    /// An account that was created here cannot be accessed: its access role is gone, has another name or trusts another principal.
    AccessRoleChanged = "access_role_changed" => [Blocked],
    /// An account cannot be accessed, and neither STS nor Organizations gives the reason.
    AccessRoleDenied = "access_role_denied" => [Blocked],
    /// An SCP or RCP denies a call; the message names it.
    ControlPolicyDenies = "control_policy_denies" => [Waiting, Blocked],
    /// A call was denied by the access role's own policies or boundary, or AWS gives no reason.
    AccessDenied = "access_denied" => [Blocked],
    /// A call that this tool makes with its own role was denied.
    OwnPermissionMissing = "own_permission_missing" => [Blocked],
    /// The role of the management account, through which this tool acts, cannot be assumed.
    ManagementRoleDenied = "management_role_denied" => [Blocked],
    /// The organization has no such account.
    NotAMember = "not_a_member" => [Blocked],
    /// The organization has no such account creation request.
    UnknownRequest = "unknown_request" => [Blocked],
    /// The account is suspended, closing or closed; the message says which.
    AccountNotActive = "account_not_active" => [Blocked],
    /// A response or a session was about another account; nothing was done.
    WrongAccount = "wrong_account" => [Blocked],
    /// An IAM quota is reached; the remedy names it with its code.
    QuotaExceeded = "quota_exceeded" => [Blocked],
    /// IAM rejects a policy.
    PolicyNotAccepted = "policy_not_accepted" => [Blocked],
    /// The configuration is invalid, or an external ID or key cannot be read.
    Configuration = "configuration" => [Blocked],
    /// The account has changed since the plan was shown.
    PlanChanged = "plan_changed" => [Blocked],
    /// What a run changed cannot be undone; the message says why.
    UndoRefused = "undo_refused" => [Blocked],
    /// The account matches its configuration, but a principal has access that it should not have, or lacks access.
    VerificationFailed = "verification_failed" => [Blocked],
    /// A vendor's API is throttled, failing or unreachable, or does not accept a new role yet.
    VendorNotReady = "vendor_not_ready" => [Waiting],
    /// A vendor's API rejects the key.
    VendorKeyRefused = "vendor_key_refused" => [Blocked],
    /// A vendor's API rejects the account; the message quotes it.
    VendorRefused = "vendor_refused" => [Blocked],
    /// The account is already registered with a vendor, with another role or path.
    ForeignRegistration = "foreign_registration" => [Blocked],
    /// AWS returned an error code that this release does not know.
    UnexpectedError = "unexpected_error" => [Blocked],
    /// A role of that name exists and is not owned by this tool.
    ForeignRole = "foreign_role" => [Blocked],
    /// A role to remove is in an instance profile.
    RoleInUse = "role_in_use" => [Blocked],
    /// A role to remove is not the one that is recorded, or no record knows it.
    RoleNotRecorded = "role_not_recorded" => [Blocked],
    /// A role to remove is one that this tool never deletes.
    UnsafeRemoval = "unsafe_removal" => [Blocked],
    /// A role exists under another path.
    PathDiffers = "path_differs" => [Blocked],
    /// The access role's trust policy cannot be read safely.
    TrustPolicyNotSupported = "trust_policy_not_supported" => [Blocked],
    /// The access role's trust policy names a deleted principal.
    OrphanedPrincipal = "orphaned_principal" => [Blocked],
    /// A deny statement overrides a grant.
    ExplicitDeny = "explicit_deny" => [Blocked],
    /// The edit would do more than was asked.
    UnsafeTrust = "unsafe_trust" => [Blocked],
    /// A single role needs a session policy of more than 2,048 characters.
    SessionPolicyTooLong = "session_policy_too_long" => [Blocked],
    /// The configuration excludes this account.
    Excluded = "excluded" => [Ignored],
    /// The management account is never written.
    ManagementAccount = "management_account" => [Ignored],
    /// There is no account.
    CreationFailed = "creation_failed" => [Waiting, Blocked, Ignored],
    /// The event needs no action; the message says why.
    NotApplicable = "not_applicable" => [Ignored],
    /// An event about the membership of an account does not say which account; the next sweep finds one that joined.
    UnreadableEvent = "unreadable_event" => [Ignored],
    /// A payload is neither a valid event nor a valid manual payload.
    InvalidMessage = "invalid_message" => [],
    /// A bug in this tool; the message returned to the queue.
    Panic = "panic" => [],
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
