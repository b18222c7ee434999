//! The units that the reports of many accounts show.

use std::sync::Arc;

use onboarding_core::organizational_unit::ShownUnit;

use crate::job::Engine;
use crate::ports::World;

impl<W: World> Engine<W> {
    /// The same, whose reports of many accounts have the names of their units.
    #[must_use]
    pub fn with_unit_names(self) -> Self {
        Self { reads_unit_names: true, ..self }
    }

    /// Why the names of units cannot be read, so that their IDs are shown.
    pub async fn unit_names_problem(&self) -> Option<String> {
        self.cache.unit_names.lock().await.problem().map(str::to_owned)
    }

    /// The unit at the end of the path of an account. `None` without a path, and if names are not asked for.
    pub(crate) async fn shown_unit(&self, path: Option<&str>) -> Option<Arc<ShownUnit>> {
        let path = path.filter(|_| self.reads_unit_names)?;
        // Those who wait here need mostly the same names.
        self.cache.unit_names.lock().await.shown(&self.world, path).await
    }
}
