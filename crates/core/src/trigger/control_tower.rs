//! Events of AWS Control Tower, which come in its home region.
//!
//! See <https://docs.aws.amazon.com/controltower/latest/userguide/lifecycle-events.html>.

use serde_json::Value;

use super::event::ignored;
use super::field::{Field, TriggerError};
use super::{Trigger, TriggerKind};
use crate::text::Untrusted;

/// Where an event tells of an account: `Update` takes the place of `Create` when a provisioning is tried again.
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

pub(super) fn understand(event: &Value, name: Untrusted<&str>) -> Result<Trigger, TriggerError> {
    let Some(place) = SHAPES.iter().find(|place| name == place.name) else {
        return ignored(event, format!("the event `{name}` asks for nothing"));
    };
    let state = Field::at(event, place.state).text()?;
    if state != "SUCCEEDED" {
        return ignored(event, format!("Control Tower ended `{name}` with `{state}`"));
    }
    let id = Field::at(event, place.account).account()?;
    Ok(Trigger::AccountReady { id, kind: TriggerKind::ManagedAccount })
}
