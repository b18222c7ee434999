//! Why the access role could not be assumed.
//!
//! In a new account a denial is expected for some minutes and is waited for. In an established one it is a diagnosis. STS has
//! one error code for every reason, so that two other facts have to help: the policy that its message names, and how the
//! account joined the organization. A missing role and one that trusts another account often give the same message; then the
//! sentence says what is likely, and how to check.

use onboarding_core::account::{Account, AccountAge, JoinMethod};
use onboarding_core::code::Code;
use onboarding_core::error::ApiError;
use onboarding_core::error_messages::DeniedBy;
use onboarding_core::outcome::Stop;
use onboarding_core::role::RoleName;
use serde_json::json;

/// Says why none of the access roles could be assumed.
pub(crate) fn diagnose(account: &Account, age: AccountAge, refused: &[(&RoleName, ApiError)]) -> Stop {
    let Some((first, error)) = refused.first() else {
        return Stop::blocked(
            Code::Configuration,
            "no access role is configured",
            "add one to `[access-role] names`, then run again",
        );
    };
    let tried: Vec<_> = refused.iter().map(|(name, _)| format!("`{name}`")).collect();
    let tried = tried.join(" or ");
    // Neither passes with time, so that the age of the account does not matter.
    if let Some((name, error, action)) = refused.iter().find_map(other_action) {
        return session_not_allowed(account, name, error, action);
    }
    if refused.iter().all(|(_, error)| error.denial.is_by_the_caller()) {
        return own_permission(error, &first.arn(&account.partition, &account.id, "/"));
    }
    let by_control_policy = refused.iter().find(|(_, error)| error.denial.is_by_control_policy());
    if age.is_new() {
        return match by_control_policy {
            Some((_, error)) => Stop::from_control_policy(error, AccountAge::New),
            None => {
                let message =
                    format!("account {} cannot be accessed: AssumeRole was denied for {tried}: {error}", account.id);
                Stop::wait(Code::AccessRoleNotReady, message)
            }
        };
    }
    let forbidden = refused.iter().filter(|(_, error)| error.denial.is_by_the_caller());
    let forbidden: Vec<_> = forbidden.map(|(name, _)| format!("`{name}`")).collect();
    let end = diagnose_established(account, refused, &tried);
    // A role that the caller is not allowed to try could be the one that exists.
    match forbidden.as_slice() {
        [] => end,
        names => end.advise(&format!("also allow the role that runs this tool to assume {}", names.join(" and "))),
    }
}

/// The same for an established account, where the caller's own policies do not explain every denial.
fn diagnose_established(account: &Account, refused: &[(&RoleName, ApiError)], tried: &str) -> Stop {
    let by_control_policy = refused.iter().find(|(_, error)| error.denial.is_by_control_policy());
    // A trust policy that is named exists, and so does its role: no other denial says as much.
    if let Some((name, error)) = refused.iter().find(|(_, error)| is_by_trust(error)) {
        return trust(account, name, error);
    }
    if let Some((_, error)) = by_control_policy {
        return Stop::from_control_policy(error, AccountAge::Established);
    }
    // The account's history explains a denial only where STS gave no reason.
    let unsaid = refused.iter().find(|(_, error)| error.denial.by == DeniedBy::Unknown);
    match (unsaid, account.joined) {
        (Some((name, error)), JoinMethod::Invited) => no_role(account, name, tried, error),
        (Some((name, error)), JoinMethod::Created) => changed(account, name, tried, error),
        _ => Stop::blocked(
            Code::AccessRoleDenied,
            format!(
                "account {} cannot be accessed: AssumeRole was denied for {tried}: {}",
                account.id,
                first_said(refused)
            ),
            format!(
                "check in the account whether the role exists and trusts `{}`, and what the message names",
                root(account)
            ),
        ),
    }
}

/// Whether a denial is expected while a new account is set up: it denies the role, and not the caller or what the caller passes
/// on.
pub(crate) fn passes_with_time(error: &ApiError) -> bool {
    let is_other_action = error.denial.action.as_deref().is_some_and(|action| action != "sts:AssumeRole");
    !is_other_action && !error.denial.is_by_the_caller()
}

fn first_said(refused: &[(&RoleName, ApiError)]) -> String {
    refused.first().map(|(_, error)| error.to_string()).unwrap_or_default()
}

/// Whether the message says that the role's trust policy denied the call. A trust policy is a resource-based policy as well,
/// and is called that where it denies explicitly; where no resource-based policy allows, there may be no role.
fn is_by_trust(error: &ApiError) -> bool {
    error.denial.by == DeniedBy::TrustPolicy || (error.denial.by == DeniedBy::ResourcePolicy && error.denial.explicit)
}

fn root(account: &Account) -> String {
    format!("arn:{}:iam::{}:root", account.partition, account.management)
}

/// The action that was denied instead of `sts:AssumeRole`, such as `sts:TagSession`.
fn other_action<'a>((name, error): &'a (&RoleName, ApiError)) -> Option<(&'a RoleName, &'a ApiError, &'a str)> {
    let action = error.denial.action.as_deref()?;
    let is_other = action != "sts:AssumeRole" && !error.denial.is_by_control_policy();
    is_other.then_some((*name, error, action))
}

/// The credentials of this tool pass on a source identity or session tags, and the access role does not accept them.
///
/// See <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining>.
fn session_not_allowed(account: &Account, role: &RoleName, error: &ApiError, action: &str) -> Stop {
    Stop::blocked(
        Code::AccessRoleTrust,
        format!("role `{role}` of account {} cannot be assumed with these credentials: {error}", account.id),
        format!(
            "allow `{action}` in the trust policy of the role and in the policies of the role that runs this tool, or run this \
             tool with credentials that pass on no source identity and no session tags"
        ),
    )
}

/// `sts:AssumeRole` is called by the function's own role; its own policies are named where they deny the call.
fn own_permission(error: &ApiError, role_arn: &str) -> Stop {
    let policy = match error.denial.by {
        DeniedBy::PermissionsBoundary => "the permissions boundary",
        DeniedBy::SessionPolicy => "the session policy",
        _ => "the policies",
    };
    let remedy = if error.denial.explicit {
        format!(
            "remove the statement that denies `sts:AssumeRole` on `{role_arn}` from {policy} of the role that runs this tool"
        )
    } else {
        format!("allow `sts:AssumeRole` on `{role_arn}` in {policy} of the role that runs this tool")
    };
    Stop::blocked(Code::OwnPermissionMissing, error.to_string(), remedy)
}

fn trust(account: &Account, role: &RoleName, error: &ApiError) -> Stop {
    Stop::blocked(
        Code::AccessRoleTrust,
        format!("role `{role}` of account {} exists, and its trust policy denies access: {error}", account.id),
        format!(
            "as an administrator of the account, add `{}` to its trust policy; a role that came from another organization often \
             still trusts the management account there",
            root(account)
        ),
    )
}

/// See <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_create-cross-account-role.html>.
fn no_role(account: &Account, role: &RoleName, tried: &str, error: &ApiError) -> Stop {
    let Account { id, partition, .. } = account;
    let root = root(account);
    let administrator = format!("arn:{partition}:iam::aws:policy/AdministratorAccess");
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [{ "Effect": "Allow", "Principal": { "AWS": root }, "Action": "sts:AssumeRole" }],
    });
    let commands = vec![
        format!("aws iam create-role --role-name {role} --assume-role-policy-document '{trust}'"),
        format!("aws iam attach-role-policy --role-name {role} --policy-arn {administrator}"),
    ];
    let stop = Stop::blocked(
        Code::NoAccessRole,
        format!(
            "account {id} was invited, and Organizations creates no access role in invited accounts; AssumeRole was denied for \
             {tried}: {error}"
        ),
        format!(
            "as an administrator of the account, create role `{role}` that trusts `{root}`, and attach \
             `{administrator}` (docs/TROUBLESHOOTING.md has the commands); if it exists already, it trusts another principal: \
             add `{root}` to its trust policy, then run again"
        ),
    );
    stop.with_commands(commands)
}

fn changed(account: &Account, role: &RoleName, tried: &str, error: &ApiError) -> Stop {
    Stop::blocked(
        Code::AccessRoleChanged,
        format!(
            "account {} was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for {tried}: {error}",
            account.id
        ),
        format!(
            "as an administrator of the account, run `aws iam get-role --role-name {role}`: if it exists, add `{}` to its \
             trust policy; if not, it was deleted or renamed: create it again, or configure its name",
            root(account)
        ),
    )
}
