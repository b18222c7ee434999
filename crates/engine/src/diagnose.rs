//! What a closed door means: on a young account, that it may open yet; on an old one, what to look at.
//!
//! STS has one code for every refusal. What can be known beside it is which policy its message names, and how the account
//! came into the organization. A role that is not there and one that trusts somebody else often read the same: then the
//! sentence says what is likely, and how to look.

use super::prepare::Prepared;
use onboarding_core::account::{Account, JoinMethod};
use onboarding_core::error::ApiError;
use onboarding_core::error_messages::DeniedBy;
use onboarding_core::outcome::Outcome;
use onboarding_core::role::RoleName;

/// Says why none of the access roles let us in.
pub(super) fn diagnose(prepared: &Prepared, refused: &[(&RoleName, ApiError)]) -> Outcome {
    let account = &prepared.blueprint.account;
    let Some((first, error)) = refused.first() else {
        return Outcome::blocked("configuration", "no access role is configured", "name one, then run again");
    };
    let tried: Vec<_> = refused.iter().map(|(name, _)| format!("`{name}`")).collect();
    let tried = tried.join(" or ");
    let by_control_policy = refused.iter().find(|(_, error)| error.denial.is_by_control_policy());
    if prepared.young {
        return match by_control_policy {
            Some((_, error)) => Outcome::from_control_policy(error, true),
            None => {
                let message = format!("account {} cannot be entered by {tried}: {error}", account.id);
                Outcome::waiting("access_role_not_ready", message)
            }
        };
    }
    if refused.iter().all(|(_, error)| error.denial.is_by_the_caller()) {
        return own_permission(error, &first.arn(&account.partition, &account.id, "/"));
    }
    let forbidden = refused.iter().filter(|(_, error)| error.denial.is_by_the_caller());
    let forbidden: Vec<_> = forbidden.map(|(name, _)| format!("`{name}`")).collect();
    let end = diagnose_old(prepared, refused, &tried);
    // A role that we may not even try could be the one that is there.
    match forbidden.as_slice() {
        [] => end,
        names => end.advise(&format!("allow the role that runs this to assume {} as well", names.join(" and "))),
    }
}

/// The same on an account that is not young, where not every refusal is by the caller's own policies.
fn diagnose_old(prepared: &Prepared, refused: &[(&RoleName, ApiError)], tried: &str) -> Outcome {
    let account = &prepared.blueprint.account;
    let by_control_policy = refused.iter().find(|(_, error)| error.denial.is_by_control_policy());
    // A trust policy that is named is there, and so is its role: no other refusal says as much.
    if let Some((name, error)) = refused.iter().find(|(_, error)| is_by_trust(error)) {
        return trust(account, name, error);
    }
    if let Some((_, error)) = by_control_policy {
        return Outcome::from_control_policy(error, false);
    }
    // What is inferred of the account's history holds only where STS gave no reason.
    let unsaid = refused.iter().find(|(_, error)| error.denial.by == DeniedBy::Unsaid);
    match (unsaid, account.joined) {
        (Some((name, error)), JoinMethod::Invited) => no_role(account, name, tried, error),
        (Some((name, error)), JoinMethod::Created) => changed(account, name, tried, error),
        _ => Outcome::blocked(
            "access_role_denied",
            format!("account {} cannot be entered by {tried}: {}", account.id, first_said(refused)),
            format!(
                "see in the account whether the role is there and lets `{}` assume it, and what the message names",
                root(account)
            ),
        ),
    }
}

fn first_said(refused: &[(&RoleName, ApiError)]) -> String {
    refused.first().map(|(_, error)| error.to_string()).unwrap_or_default()
}

/// Whether the message says that the role's trust policy is what is in the way. It is a policy of the resource, too, and
/// is called so where it denies; where no policy of the resource allows, there may be no role.
fn is_by_trust(error: &ApiError) -> bool {
    error.denial.by == DeniedBy::TrustPolicy || (error.denial.by == DeniedBy::ResourcePolicy && error.denial.explicit)
}

fn root(account: &Account) -> String {
    format!("arn:{}:iam::{}:root", account.partition, account.management)
}

/// `sts:AssumeRole` is a call of the function's own role: its own policies are named where they are in the way.
fn own_permission(error: &ApiError, role_arn: &str) -> Outcome {
    let place = match error.denial.by {
        DeniedBy::PermissionsBoundary => "the permissions boundary",
        DeniedBy::SessionPolicy => "the session policy",
        _ => "the policies",
    };
    let remedy = if error.denial.explicit {
        format!("remove what denies `sts:AssumeRole` on `{role_arn}` from {place} of the role that runs this")
    } else {
        format!("allow `sts:AssumeRole` on `{role_arn}` in {place} of the role that runs this")
    };
    Outcome::blocked("own_permission_missing", error.to_string(), remedy)
}

fn trust(account: &Account, role: &RoleName, error: &ApiError) -> Outcome {
    Outcome::blocked(
        "access_role_trust",
        format!("role `{role}` of account {} is there, and its trust policy does not let us in: {error}", account.id),
        format!(
            "as an administrator of the account, let `{}` assume it; one that came from another organization often still \
             trusts that one's management account",
            root(account)
        ),
    )
}

/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create-cross-account-role.html>.
fn no_role(account: &Account, role: &RoleName, tried: &str, error: &ApiError) -> Outcome {
    let Account { id, partition, .. } = account;
    let root = root(account);
    Outcome::blocked(
        "no_access_role",
        format!(
            "account {id} was invited, and Organizations makes no access role in invited accounts; it cannot be entered by \
             {tried}: {error}"
        ),
        format!(
            "as an administrator of the account, make role `{role}`, which `{root}` may assume, and attach \
             `arn:{partition}:iam::aws:policy/AdministratorAccess` (docs/TROUBLESHOOTING.md has the commands); if it is there \
             already, it trusts somebody else: let `{root}` assume it, then run again"
        ),
    )
}

fn changed(account: &Account, role: &RoleName, tried: &str, error: &ApiError) -> Outcome {
    Outcome::blocked(
        "access_role_changed",
        format!(
            "account {} was created in this organization with an access role, and cannot be entered by {tried}: {error}",
            account.id
        ),
        format!(
            "as an administrator of the account, run `aws iam get-role --role-name {role}`: if it is there, let `{}` assume \
             it; if not, it was deleted or has another name: make it again, or configure that name",
            root(account)
        ),
    )
}
