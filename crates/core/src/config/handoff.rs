//! `[vendors.NAME.handoff]`: values of the vendor's hand-off.

use crate::toml_reader::Value;
use crate::vendor::{HandoffTemplate, Vendor, aws_region};

const HANDOFF: &[&str] = &["region"];

/// The hand-off of a vendor with what the configuration sets.
pub(super) fn handoff(vendor: &Vendor, value: &Value<'_>) -> Option<HandoffTemplate> {
    let table = value.table(HANDOFF)?;
    let Some(handoff) = &vendor.handoff else {
        value.problem(format!("{} has no hand-off; remove `handoff`", vendor.title));
        return None;
    };
    let region = table.get("region");
    if let Some(region) = region.as_ref().filter(|_| !handoff.has_region()) {
        region.problem(format!("the hand-off of {} has no region; remove the key", vendor.title));
    }
    let region = region.and_then(|value| value.checked(aws_region)).or_else(|| handoff.region.clone());
    Some(HandoffTemplate { region, ..handoff.clone() })
}
