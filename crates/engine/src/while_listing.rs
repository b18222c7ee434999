//! Processes accounts while the list of accounts is still being read.
//!
//! Listing a large organization takes longer than looking at its accounts: Organizations allows few calls of `ListAccounts` a second,
//! and each returns 20 accounts. So an account is processed as soon as its page was read. The next page is read at the same time,
//! however many accounts are in progress, so that the listing never waits for an account.

use futures_util::{Stream, StreamExt, stream};
use onboarding_core::account::Account;
use onboarding_core::selection::Selected;
use tokio::sync::mpsc::unbounded_channel;

use crate::interrupt::Interrupt;
use crate::ports::ManageAccounts;
use crate::select_accounts::{SelectError, SelectedPage, SelectedPages};

/// What happens while accounts are listed and processed.
#[derive(Debug)]
pub enum WhileListing<T> {
    /// A page of the list was read. Its selected accounts are processed from now on.
    Listed(SelectedPage),
    /// An account was processed, with this result.
    Ended(T),
}

/// Reads the pages and processes the selected accounts, up to `concurrency` of them at the same time. After an interrupt, no further
/// page is read: the last one that was read is then not the last of the list ([`SelectedPage::is_last`]).
///
/// # Errors
/// When a page cannot be read. Whatever was not processed by then is not known to be complete, so that the caller stops.
pub(crate) fn while_listing<'a, W: ManageAccounts, T, F: Future<Output = T>>(
    pages: SelectedPages<'a, W>,
    interrupt: &'a Interrupt,
    concurrency: usize,
    process: impl FnMut(Account) -> F,
) -> impl Stream<Item = Result<WhileListing<T>, SelectError>> {
    let (queue, mut queued) = unbounded_channel();
    // The queue ends with the listing, because its state is dropped then.
    let listed = stream::try_unfold((pages, queue), async |(mut pages, queue)| {
        if interrupt.is_set() {
            return Ok(None);
        }
        let Some(page) = pages.next().await? else { return Ok(None) };
        let SelectedPage { selected: Selected { accounts, .. }, .. } = &page;
        for account in accounts {
            // The receiver lives as long as the stream of which this is a part.
            let _ = queue.send(account.clone());
        }
        Ok(Some((WhileListing::Listed(page), (pages, queue))))
    });
    let queued = stream::poll_fn(move |context| queued.poll_recv(context));
    let ended = queued.map(process).buffer_unordered(concurrency.max(1)).map(|result| Ok(WhileListing::Ended(result)));
    stream::select(listed, ended)
}
