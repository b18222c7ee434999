//! Tells the world how an account ended: once for each cause, and not at all where nothing is new.

use super::context::InvocationContext;
use super::{Invocation, Ports, log};
use onboarding_core::account::AccountId;
use onboarding_core::error::ApiError;
use onboarding_core::message_action::is_transient;
use onboarding_core::notification::{self, NotificationDecision, NotificationRecord, STARTED};
use onboarding_core::report::{AccountEvent, Report};
use onboarding_core::trigger::Trigger;
use onboarding_engine::ports::{Clock, Notifier};

/// What a report is about: a word for people, and the name under which it is remembered what was told.
pub(super) struct Subject {
    pub(super) words: String,
    pub(super) name: String,
}

impl Subject {
    /// What a payload is about, before it is known how it ends.
    pub(super) fn from_trigger(trigger: &Trigger) -> Self {
        match trigger {
            Trigger::Sweep { .. } => Self { words: "the sweep".to_owned(), name: "sweep".to_owned() },
            Trigger::AccountRequested { request, .. } => {
                Self { words: format!("the creation {request}"), name: request.clone() }
            }
            other => match other.account() {
                Some(id) => Self::account(id),
                None => Self { words: "an event".to_owned(), name: "event".to_owned() },
            },
        }
    }

    pub(super) fn account(id: &AccountId) -> Self {
        Self { words: format!("account {id}"), name: id.to_string() }
    }
}

impl<P: Ports> Invocation<'_, P> {
    /// Tells what is new of a report.
    pub(super) async fn tell(
        &self,
        report: &Report,
        subject: &Subject,
        origin: &InvocationContext<'_>,
    ) -> Result<(), ApiError> {
        let (notifier, now, by) = (self.ports.notifier(), self.engine.clock().now(), origin.claimant());
        if !notifier.is_enabled() || !notification::may_notify(report) {
            return Ok(());
        }
        let name = subject.name.as_str();
        // Who may not remember tells again and again, which is better than never.
        let memory = lasting(notifier.load(name).await)?.unwrap_or_default();
        let claim =
            |code: &str| NotificationRecord { code: code.to_owned(), at: now, by: by.to_owned(), confirmed: false };
        match notification::decide(report, memory.as_ref(), by, now) {
            NotificationDecision::Nothing => Ok(()),
            NotificationDecision::Forget => notifier.delete(name).await,
            NotificationDecision::Begun => notifier.save(name, &claim(STARTED), false).await.map(drop),
            NotificationDecision::Tell { news, code, cause, first } => {
                let claim = claim(&code);
                let claimed = lasting(notifier.save(name, &claim, memory.is_some()).await)?;
                // Who was first may be this very run: the answer to its first attempt was lost.
                if claimed.as_ref().is_ok_and(|first| !first)
                    && notifier.load(name).await?.is_some_and(|other| other.covers(&claim.code, by, now))
                {
                    return Ok(());
                }
                let notice =
                    AccountEvent::new(news, report, &subject.words, cause.as_ref(), origin.event, origin.invocation);
                if let Err(error) = notifier.tell(&notice).await {
                    // The claim is taken back, so that the message may tell it when it comes again.
                    let _ = notifier.delete(name).await;
                    return Err(error);
                }
                if first {
                    log::connected(report, now);
                }
                // It went out: where that cannot be confirmed, the claim keeps it from going out again for a while.
                let _ = notifier.save(name, &NotificationRecord { confirmed: true, ..claim }, true).await;
                claimed.map(drop)
            }
        }
    }
}

/// Tells an error that stays from one that passes, for which the message comes again.
fn lasting<T>(result: Result<T, ApiError>) -> Result<Result<T, ApiError>, ApiError> {
    match result {
        Err(error) if is_transient(&error) => Err(error),
        other => Ok(other),
    }
}
