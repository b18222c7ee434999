//! The key `actions` of grants, trust entries and vendors.

use super::table::Value;
use crate::policy::{AssumeAction, AssumeActions};

/// The actions that principals may use, which include the one by which they assume the role.
pub(crate) fn assume_actions(value: &Value<'_>, assumed_by: AssumeAction) -> Option<AssumeActions> {
    let items = value.list()?;
    let mut actions = Vec::new();
    let mut are_valid = true;
    for item in &items {
        let Some(action) = item.parse::<AssumeAction>() else {
            are_valid = false;
            continue;
        };
        if actions.contains(&action) {
            item.problem(format!("`{}` appears twice; remove one", action.as_str()));
        } else if action.assumes() && action != assumed_by {
            item.problem(format!(
                "these principals cannot use `{}`; they assume the role by `{}`",
                action.as_str(),
                assumed_by.as_str()
            ));
        } else {
            actions.push(action);
        }
    }
    if are_valid && !actions.contains(&assumed_by) {
        value.problem(format!("without `{}` no principal can assume the role; add it", assumed_by.as_str()));
    }
    Some(actions.into_iter().collect())
}
