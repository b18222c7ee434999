//! Tells the world how an account ended: once for each cause, and not at all where nothing is new.

use super::origin::Origin;
use super::{Ports, Work};
use crate::fault::ApiError;
use crate::outcome::Cause;
use crate::ports::{Clock, Notifier};
use crate::report::{News, Notice, Report};
use crate::telling::{self, Telling, Told};

impl<P: Ports> Work<'_, P> {
    /// Tells what is new of a report. `gave_up` is the cause with which a wait was given up.
    pub(super) async fn tell(
        &self,
        report: &Report,
        gave_up: Option<&Cause>,
        origin: &Origin<'_>,
    ) -> Result<(), ApiError> {
        if !telling::may_tell(report, gave_up) {
            return Ok(());
        }
        let (notifier, now) = (self.ports.notifier(), self.ports.clock().now());
        let name = report.account_id.as_ref().map_or(report.trigger.as_str(), |id| id.as_str());
        let memory = notifier.recall(name).await?;
        let notice = |news, cause| Notice::new(news, report, cause, origin.event, origin.invocation);
        let by = origin.claimant();
        match telling::decide(report, gave_up, origin.received, memory.as_ref(), by, now) {
            Telling::Nothing => Ok(()),
            Telling::Forget => notifier.forget(name).await,
            Telling::Onboarded => {
                notifier.tell(&notice(News::AccountOnboarded, None)).await?;
                if memory.is_some() { notifier.forget(name).await } else { Ok(()) }
            }
            Telling::Once(news, cause) => {
                let told = |confirmed| Told { code: cause.code.to_owned(), at: now, by: by.to_owned(), confirmed };
                let first = notifier.remember(name, &told(false), memory.is_some()).await?;
                // Who was first may be this very run: the answer to its first attempt was lost.
                if !first && notifier.recall(name).await?.is_some_and(|told| told.covers(cause.code, by, now)) {
                    return Ok(());
                }
                if let Err(error) = notifier.tell(&notice(news, Some(&cause))).await {
                    // The claim is taken back, so that the message may tell it when it comes again.
                    let _ = notifier.forget(name).await;
                    return Err(error);
                }
                // It went out: where that cannot be confirmed, the claim keeps it from going out again for a while.
                let _ = notifier.remember(name, &told(true), true).await;
                Ok(())
            }
        }
    }
}
