//! Records: the memory of each account between runs, and the lease by which one run at a time writes in it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::SystemTime;

use onboarding_core::error::ApiError;
use onboarding_core::lease::Lease;
use onboarding_core::record::{Record, RecordUpdate};

/// The answer to an attempt to acquire a lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LeaseAttempt {
    /// The lease was acquired. No other run can change the record now.
    Acquired(Box<Record>),
    /// Another run holds the lease.
    HeldByAnother,
}

/// The answer to a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saved {
    /// The record was written, and the lease that the run held is released.
    Yes,
    /// Nothing was written: the lease had expired, and another run has taken it over.
    LeaseLost,
}

/// The answer to a write of several records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SavedTogether {
    /// All were written.
    All,
    /// None was written, because a run holds the lease of one of them, or writes to one of them at the same moment.
    None,
}

/// One page of records, and where the next page starts. A page may be empty although there is a next one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecordPage {
    /// The records, each with its subject.
    pub records: Vec<(String, Record)>,
    /// The last subject of this page, after which the next page starts.
    pub next: Option<String>,
}

/// Stores one record for each subject: an account's ID, the ID of an account creation request, or a word such as `sweep`.
pub trait Records: Sync {
    /// Whether there is a place to store records. Without one, no other method is called: every lease is granted, and nothing
    /// is remembered.
    fn records_enabled(&self) -> bool;

    /// `dynamodb:GetItem`: the record of a subject, or an empty one. It may be changed by another run at any moment.
    fn load_record(&self, subject: &str) -> impl Future<Output = Result<Record, ApiError>> + Send;

    /// `dynamodb:BatchGetItem`: the records of up to 100 subjects, as [`Records::load_record`] returns each. Subjects without a
    /// record have an empty one.
    fn load_records(
        &self,
        subjects: &[&str],
    ) -> impl Future<Output = Result<BTreeMap<String, Record>, ApiError>> + Send;

    /// `dynamodb:Scan`, one page: the records of all subjects. Runs may change them at any moment.
    fn scan_records(&self, from: Option<String>) -> impl Future<Output = Result<RecordPage, ApiError>> + Send;

    /// `dynamodb:UpdateItem`: stores a lease if there is none, or if [`Lease::may_replace`] the stored one, in one step.
    fn acquire_lease(
        &self,
        subject: &str,
        lease: &Lease,
        now: SystemTime,
    ) -> impl Future<Output = Result<LeaseAttempt, ApiError>> + Send;

    /// `dynamodb:UpdateItem`: writes parts of a record and releases the lease of the run, in one step. A write that is
    /// repeated because its response was lost succeeds again.
    fn save_record(&self, subject: &str, update: &RecordUpdate)
    -> impl Future<Output = Result<Saved, ApiError>> + Send;

    /// `dynamodb:TransactWriteItems`: writes parts of up to 100 records, each of another subject, for runs that hold no lease. All
    /// of them are written, or, if a run holds the lease of one of them, none.
    fn save_records(
        &self,
        updates: &[(String, RecordUpdate)],
    ) -> impl Future<Output = Result<SavedTogether, ApiError>> + Send;

    /// `dynamodb:UpdateItem`: stores that a person has done the hand-off of a vendor, with its fingerprint, or that it is open
    /// again (`None`). The entries of other vendors are not touched, so that nothing is lost if several people record at the same
    /// time. No lease is needed, because runs never write this part.
    fn save_handoff(
        &self,
        subject: &str,
        vendor: &str,
        done: Option<&str>,
    ) -> impl Future<Output = Result<(), ApiError>> + Send;
}
