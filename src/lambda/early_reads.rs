//! The reads that are made while the configuration is read, because they do not depend on it: the account of an invocation and
//! its record, or the records of a chunk and which organization it is. So a function that has just started takes as many dependent
//! steps as one that has read its configuration before.
//!
//! A failure here does not fail the invocation: for an account, the errors are kept for its run; for a chunk, the records are read
//! again.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::join;

use super::records::Received;
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::record::Record;
use onboarding_core::trigger::{self, ListedAccount, Request, RequestedAccount};
use onboarding_engine::ports::World;
use onboarding_engine::{FirstLook, Organization, load_records, timeout_at};

/// The early reads of an invocation that has one subject.
pub(super) enum EarlyReads {
    /// About one account.
    Account(AccountId, Box<FirstLook>),
    /// About the accounts of one chunk.
    Chunk(ChunkReads),
}

/// The facts about the accounts of a chunk that one call each returns for all of them.
pub(super) struct ChunkReads {
    /// The organization; `None` if its first account could not be described.
    pub(super) organization: Option<Organization>,
    /// The records, as [`load_records`] returns them.
    pub(super) records: Result<Option<BTreeMap<String, Record>>, ApiError>,
}

/// The early reads of an invocation until they are used, once: an attempt after a pause reads again.
#[derive(Default)]
pub(super) struct Unused(Mutex<Option<EarlyReads>>);

impl Unused {
    pub(super) fn new(reads: Option<EarlyReads>) -> Self {
        Self(Mutex::new(reads))
    }

    /// The reads about an account; without any, all are still to be made.
    pub(super) fn take_account(&self, account: &AccountId) -> FirstLook {
        match self.take_if(|reads| matches!(reads, EarlyReads::Account(id, _) if id == account)) {
            Some(EarlyReads::Account(_, look)) => *look,
            _ => FirstLook::default(),
        }
    }

    /// The reads about the accounts of a chunk, if there are any.
    pub(super) fn take_chunk(&self) -> Option<ChunkReads> {
        match self.take_if(|reads| matches!(reads, EarlyReads::Chunk(_))) {
            Some(EarlyReads::Chunk(reads)) => Some(reads),
            _ => None,
        }
    }

    fn take_if(&self, is_wanted: impl Fn(&EarlyReads) -> bool) -> Option<EarlyReads> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take_if(|reads| is_wanted(reads))
    }
}

impl EarlyReads {
    /// Reads what the only subject of an invocation needs. `None` if it has several, or none that is known, or if it takes too long.
    pub(super) async fn at(world: &impl World, received: &Received, payload: &str, end: SystemTime) -> Option<Self> {
        match only_request(received, payload)? {
            Request::Account { account: RequestedAccount::Existing(id), .. } => {
                let look = timeout_at(world, end, FirstLook::at(world, &id)).await?;
                Some(Self::Account(id, Box::new(look)))
            }
            // Sent directly, the accounts are only queued.
            Request::Chunk { accounts } if matches!(received, Received::Batch(_)) => {
                ChunkReads::at(world, &accounts, end).await.map(Self::Chunk)
            }
            _ => None,
        }
    }

    /// The same without what Organizations answered.
    pub(super) fn without_organizations(self) -> Self {
        match self {
            Self::Account(id, look) => Self::Account(id, Box::new(FirstLook { account: None, ..*look })),
            Self::Chunk(reads) => Self::Chunk(ChunkReads { organization: None, ..reads }),
        }
    }
}

impl ChunkReads {
    async fn at(world: &impl World, accounts: &[ListedAccount], end: SystemTime) -> Option<Self> {
        let ids: Vec<_> = accounts.iter().map(|account| &account.id).collect();
        let described = timeout_at(world, end, world.account(ids.first()?));
        let (described, records) = join!(described, load_records(world, &ids, end));
        let organization = described.and_then(Result::ok).flatten().map(Organization::of);
        Some(Self { organization, records })
    }
}

/// The only request of an invocation.
fn only_request(received: &Received, payload: &str) -> Option<Request> {
    let body = match received {
        Received::Batch(records) => match records.as_slice() {
            [record] => record.body.as_deref()?,
            _ => return None,
        },
        Received::Notification(message) => message,
        Received::Payload => payload,
    };
    Some(trigger::parse(body.as_bytes()).ok()?.trigger.into_request())
}
