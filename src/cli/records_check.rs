//! Checks the table of `--records` before anything is changed.

use super::explained::explained_error;
use onboarding_engine::ports::Records;

/// A key that is not one of an account, so that nothing is found.
const NO_SUBJECT: &str = "no-account";

/// Fails if the records cannot be read for which the user asked. The function goes on without them, because a few writes that are
/// made twice are better than none; but a person who mistyped the name of the table would make changes without leases, and without
/// what `onboard undo` needs.
pub(super) async fn ensure_records(world: &impl Records) -> anyhow::Result<()> {
    if world.records_enabled()
        && let Err(error) = world.load_record(NO_SUBJECT).await
    {
        return Err(explained_error("nothing was changed: the table of `--records` cannot be read", &error));
    }
    Ok(())
}
