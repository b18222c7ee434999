//! Events about parameters of Systems Manager: a change of the configuration starts a sweep.
//!
//! The rule of the stack matches the parameter with the configuration only. The event says that it was written, and not what it
//! contains. Of a configuration with files, this is the index: the files are other parameters, and are written before.
//!
//! See <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-cwe.html>.

use super::field::{Field, TriggerError};
use super::ignored::ignored;
use super::kind::TriggerKind;
use super::model::Trigger;
use super::object::Object;

/// Parses an event with the detail type `Parameter Store Change`.
pub(super) fn parse(event: &Object<'_>) -> Result<Trigger, TriggerError> {
    let operation = Field::at(event, "detail/operation").text()?;
    match operation.known(&["Create", "Update"]) {
        Some(_) => Ok(Trigger::Sweep { kind: TriggerKind::ConfigurationChange, page: None }),
        None => ignored(event, format!("the operation `{operation}` of a parameter does not change the configuration")),
    }
}
