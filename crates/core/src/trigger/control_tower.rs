//! Events of AWS Control Tower, which are emitted in its home region.
//!
//! See <https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html>.

use super::field::{Field, TriggerError};
use super::ignored::{failed_call, ignored};
use super::kind::TriggerKind;
use super::model::Trigger;
use super::object::Object;
use crate::text::Untrusted;

/// The paths of the state and the account ID in an event. When provisioning is retried, Control Tower emits the `Update`
/// event instead of the `Create` event.
struct EventShape {
    name: &'static str,
    state: &'static str,
    account: &'static str,
}

const SHAPES: [EventShape; 2] = [
    EventShape {
        name: "CreateManagedAccount",
        state: "detail/serviceEventDetails/createManagedAccountStatus/state",
        account: "detail/serviceEventDetails/createManagedAccountStatus/account/accountId",
    },
    EventShape {
        name: "UpdateManagedAccount",
        state: "detail/serviceEventDetails/updateManagedAccountStatus/state",
        account: "detail/serviceEventDetails/updateManagedAccountStatus/account/accountId",
    },
];

pub(super) fn parse(event: &Object<'_>, name: Untrusted<&str>) -> Result<Trigger, TriggerError> {
    let Some(shape) = SHAPES.iter().find(|shape| name == shape.name) else {
        return ignored(event, format!("the event `{name}` needs no action"));
    };
    if let Some(reason) = failed_call(event, name) {
        return ignored(event, reason);
    }
    let state = Field::at(event, shape.state).text()?;
    if state != "SUCCEEDED" {
        return ignored(event, format!("`{name}` of Control Tower ended in state `{state}`"));
    }
    let id = Field::at(event, shape.account).account()?;
    Ok(Trigger::AccountReady { id, kind: TriggerKind::ManagedAccount })
}
