//! Creates one account, or finds it.
//!
//! `CreateAccount` is not idempotent: if its response is lost, a request may be in progress anyway. So
//! after every error that may pass, AWS is asked again what exists: the requests in progress first, then the accounts, so that a
//! request that ends in between is found as an account. A request shows the name of its account and not the email; it is waited
//! for, and the email of the account then decides. Whatever is missed here, AWS rejects: no two accounts have the same email.

use std::time::SystemTime;

use onboarding_core::account::{AccountAge, AccountId};
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::new_account::{AccountPlan, CreationFailure, Existing, Quota, creation_stop};
use onboarding_core::outcome::Stop;

use super::halt::Halt;
use super::members::{all_members, requests_for};
use crate::interrupt::Interrupt;
use crate::ports::{Creation, ManageAccounts, World};
use crate::retry::{Backoff, without_session};

/// The creation of one account.
pub(super) struct OneCreation<'a, W> {
    pub(super) world: &'a W,
    pub(super) plan: &'a AccountPlan,
    pub(super) interrupt: &'a Interrupt,
    pub(super) deadline: SystemTime,
}

/// An account that exists.
pub(super) struct Present {
    pub(super) id: AccountId,
    /// Whether a request of this run created it.
    pub(super) is_created: bool,
}

impl<W: World + ManageAccounts> OneCreation<'_, W> {
    /// Creates the account, unless it exists or appears in the meantime.
    pub(super) async fn ensure(&self) -> Result<Present, Halt> {
        let mut backoff = Backoff::until(self.world, self.deadline);
        let mut existing = self.plan.existing.clone();
        loop {
            existing = match existing {
                Existing::Member { id, .. } => return Ok(Present { id, is_created: false }),
                Existing::InProgress(requests) => {
                    for request in &requests {
                        // How it ended is seen in the list of accounts.
                        let _ = self.ended(request).await?;
                    }
                    let found = self.look().await?;
                    let behind = Stop::wait(Code::NotPropagated, "Organizations still lists a request that has ended");
                    if matches!(found, Existing::InProgress(_)) && !backoff.again(self.world, &behind).await {
                        return Err(behind.into());
                    }
                    found
                }
                Existing::Nothing => match self.create().await? {
                    Ok(id) => return Ok(Present { id, is_created: true }),
                    Err(NotCreated::EmailExists(stop)) => match self.look().await? {
                        // Not an account of this organization.
                        Existing::Nothing => return Err(stop.into()),
                        found => found,
                    },
                    Err(NotCreated::Retry(stop)) => {
                        if !backoff.again(self.world, &stop).await {
                            return Err(stop.into());
                        }
                        self.look().await?
                    }
                    Err(NotCreated::Failed(stop)) => return Err(stop.into()),
                },
            };
        }
    }

    /// Requests the account and waits until the request has ended.
    async fn create(&self) -> Result<Result<AccountId, NotCreated>, Halt> {
        self.world.may_request_account().await;
        self.interrupt.check()?;
        let request = match self.world.request_account(&self.plan.row.account).await {
            Ok(request) => request,
            Err(error) => return Ok(Err(NotCreated::Retry(creation_stop(&error, &self.quota())))),
        };
        tracing::debug!("requested: {request}");
        let failure = match self.ended(&request).await? {
            Ok(id) => return Ok(Ok(id)),
            Err(failure) => failure,
        };
        let stop = failure.stop(&self.quota());
        Ok(Err(match failure {
            CreationFailure::EmailAlreadyExists => NotCreated::EmailExists(stop),
            CreationFailure::ConcurrentAccountModification => NotCreated::Retry(stop),
            _ => NotCreated::Failed(stop),
        }))
    }

    /// Waits until a request has ended.
    async fn ended(&self, request: &str) -> Result<Result<AccountId, CreationFailure>, Halt> {
        let mut backoff = Backoff::until(self.world, self.deadline);
        loop {
            self.interrupt.check().map_err(|_| Halt::Requested(request.to_owned()))?;
            let stop = match self.world.account_creation(request).await {
                Ok(Creation::Succeeded(id)) => return Ok(Ok(id)),
                Ok(Creation::Failed(reason)) => return Ok(Err(CreationFailure::from_wire(&reason))),
                Ok(Creation::InProgress) => {
                    Stop::wait(Code::CreationInProgress, format!("the account creation `{request}` is in progress"))
                }
                Ok(Creation::Unknown) => {
                    Stop::wait(Code::NotPropagated, format!("Organizations does not show the request `{request}` yet"))
                }
                Err(error) => from_error(&error),
            };
            if !backoff.again(self.world, &stop).await {
                return Err(stop.into());
            }
        }
    }

    /// What exists of the account now.
    async fn look(&self) -> Result<Existing, Halt> {
        let mut backoff = Backoff::until(self.world, self.deadline);
        loop {
            self.interrupt.check()?;
            match self.look_once().await.map_err(|error| from_error(&error)) {
                Err(stop) if backoff.again(self.world, &stop).await => {}
                ended => return ended.map_err(Halt::from),
            }
        }
    }

    async fn look_once(&self) -> Result<Existing, ApiError> {
        let account = &self.plan.row.account;
        let requests = requests_for(self.world, &account.name).await?;
        let members = all_members(self.world).await?;
        Ok(match members.with_email(&account.email) {
            Some(member) => {
                Existing::Member { id: member.account.id.clone(), name: member.account.name.clone(), moved_from: None }
            }
            None if requests.is_empty() => Existing::Nothing,
            None => Existing::InProgress(requests),
        })
    }

    fn quota(&self) -> Quota<'_> {
        Quota { needed: self.plan.quota_needed, partition: self.plan.partition.as_ref() }
    }
}

/// Why a request did not create the account.
enum NotCreated {
    /// An account has the email: perhaps the one of an earlier request, whose response was lost.
    EmailExists(Stop),
    /// The request may be repeated if the stop is a wait, once it is known what exists.
    Retry(Stop),
    /// AWS ended the request. The user decides whether to repeat it.
    Failed(Stop),
}

fn from_error(error: &ApiError) -> Stop {
    without_session(Stop::from_error(error, AccountAge::Established))
}
