//! Which principals IAM accepts in a policy.

use crate::state::State;
use onboarding_core::account::AccountId;
use onboarding_core::policy::Principal;
use onboarding_core::time::after;

/// Whether IAM accepts a principal: it exists and has propagated.
pub(super) fn is_known(state: &State, principal: &Principal) -> bool {
    match principal {
        Principal::Anyone | Principal::CanonicalUser(_) => true,
        Principal::Account(id) => account(state, id),
        Principal::Arn(arn) => identity(state, arn),
        Principal::Orphan(id) => state.unique_ids.contains_key(id),
        Principal::Foreign(_) | Principal::Unknown(..) => false,
        Principal::Service(name) => name.ends_with(".amazonaws.com") || name.ends_with(".amazonaws.com.cn"),
        Principal::Federated(name) => !name.is_empty(),
    }
}

fn account(state: &State, id: &AccountId) -> bool {
    let here = state.accounts.get(id).is_some_and(|account| after(account.created_at, state.propagation) <= state.now);
    here || state.outside.contains(id)
}

fn identity(state: &State, arn: &str) -> bool {
    let fields: Vec<_> = arn.splitn(6, ':').collect();
    let ["arn", partition, service, "", id, resource] = fields.as_slice() else { return false };
    let Ok(id) = id.parse::<AccountId>() else { return false };
    if *partition != state.partition.as_str() || !account(state, &id) || arn.contains(['*', '?']) {
        return false;
    }
    match *service {
        "sts" => resource.starts_with("assumed-role/") || resource.starts_with("federated-user/"),
        "iam" if state.identities.contains(arn) => true,
        "iam" => {
            let Some((_, name)) =
                resource.strip_prefix("role/").map(|rest| rest.rsplit_once('/').unwrap_or(("", rest)))
            else {
                return false;
            };
            let role = name.parse().ok().and_then(|name| state.accounts.get(&id)?.role(&name));
            role.is_some_and(|role| {
                role.name.arn(&state.partition, &id, &role.state.settings.path) == arn
                    && after(role.created_at, state.propagation) <= state.now
            })
        }
        _ => false,
    }
}
