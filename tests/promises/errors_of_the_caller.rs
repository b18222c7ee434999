//! Errors of AWS that do not pass with time end the run at once, also on a new account, and their remedy names what to fix.

use std::sync::{Arc, Mutex};

use onboarding_core::error::ApiError;
use onboarding_core::time::since;
use onboarding_engine::ports::Clock;
use onboarding_simulation::Script;

use crate::common::{NEW, Scenario, TRELICA_ROLE, name};

const ROLE: &str = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole";

/// Answers one call with an error, whenever it is made on a new account. Returns how the run ends.
fn answered(call: &'static str, code: &'static str, message: &str) -> String {
    let message = message.to_owned();
    ended(call, move || ApiError::new(call, code, &message))
}

/// The same, for the credentials of a user on the command line.
fn answered_to_user(call: &'static str, code: &'static str) -> String {
    ended(call, move || ApiError::new(call, code, "").with_fixed_credentials())
}

fn ended(call: &'static str, error: impl Fn() -> ApiError + Send + Sync + 'static) -> String {
    let script = Script::intercepting(move |made, change| {
        let is_meant = made == call && change.is_none_or(|change| change.role == name(TRELICA_ROLE));
        is_meant.then(&error)
    });
    let scenario = Scenario::new().with_new_account();
    let start = scenario.organization().now();
    let scenario = scenario.apply_with_faults(&script);
    let took = since(start, scenario.organization().now()).as_secs();
    let waited = if took < 60 { "at once" } else { "after a wait" };
    let cause = scenario.outcome().cause().map(|cause| format!(": {}", cause.remedy)).unwrap_or_default();
    format!("{} {waited}{cause}", scenario.outcome_code())
}

fn denied(action: &str, reason: &str) -> String {
    format!(
        "User: arn:aws:sts::111122223333:assumed-role/account-onboarding/x is not authorized to perform: {action} on resource: \
         {ROLE}{reason}"
    )
}

#[test]
fn permanent_error_blocks_a_new_account_at_once() {
    let no_policy = " because no identity-based policy allows the sts:AssumeRole action";
    let boundary = " because no permissions boundary allows the iam:CreateRole action";
    let all = [
        answered("sts:AssumeRole", "AccessDenied", "Roles may not be assumed by root accounts."),
        answered("sts:AssumeRole", "AccessDenied", &denied("sts:AssumeRole", no_policy)),
        answered("sts:AssumeRole", "AccessDenied", &denied("sts:TagSession", "")),
        answered("sts:AssumeRole", "AccessDenied", &denied("sts:SetSourceIdentity", "")),
        answered(
            "sts:AssumeRole",
            "RegionDisabledException",
            "STS is not activated in this region for account:444455556666.",
        ),
        answered(
            "sts:AssumeRole",
            "SignatureDoesNotMatch",
            "Signature expired: 20261122T213000Z is now earlier than 20261122T214000Z",
        ),
        answered_to_user("sts:AssumeRole", "InvalidClientTokenId"),
        answered_to_user("organizations:DescribeAccount", "UnrecognizedClientException"),
        answered(
            "organizations:DescribeAccount",
            "AWSOrganizationsNotInUseException",
            "Your account is not a member of an organization.",
        ),
        answered("iam:CreateRole", "AccessDenied", &denied("iam:CreateRole", boundary)),
        answered(
            "iam:CreateRole",
            "MalformedPolicyDocument",
            "Invalid principal in policy: \"SERVICE\":\"lamda.amazonaws.com\"",
        ),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    blocked own_permission_missing at once: use the credentials of a role or an IAM user: these are the root user's, who cannot assume roles
    blocked own_permission_missing at once: allow `sts:AssumeRole` on `arn:aws:iam::444455556666:role/OrganizationAccountAccessRole` in the policies of the role that runs this tool
    blocked access_role_trust at once: allow `sts:TagSession` in the trust policy of the role and in the policies of the role that runs this tool, or run this tool with credentials that pass on no source identity and no session tags
    blocked access_role_trust at once: allow `sts:SetSourceIdentity` in the trust policy of the role and in the policies of the role that runs this tool, or run this tool with credentials that pass on no source identity and no session tags
    blocked region_disabled at once: activate STS for this region in the account that the message names (IAM console, account settings), or run this tool in another region
    blocked credentials_not_accepted at once: correct the clock of the machine that runs this tool (clock skew), then run again
    blocked credentials_not_accepted at once: sign in again; if the credentials are valid, enable the region in the management account or pass another `--region`
    blocked credentials_not_accepted at once: check that the access key exists and is active, and whether a session token belongs to it, or sign in again
    blocked own_permission_missing at once: use the credentials of the organization's management account: the account of these credentials is not one
    blocked access_denied at once: allow `iam:CreateRole` in the permissions boundary of the access role, or remove the boundary, then run again
    blocked policy_not_accepted at once: correct the service principal that the message names in the configuration, then run again
    ");
}

/// The credentials of the function are those of a role session: STS may not know a new one yet, and Lambda replaces old ones.
#[test]
fn rejected_credentials_of_the_function_are_waited_for() {
    for call in ["sts:AssumeRole", "organizations:DescribeAccount"] {
        for code in ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredToken"] {
            let end = answered(call, code, "The security token included in the request is invalid");
            assert!(end.starts_with("waiting credentials_not_accepted after a wait"), "{end}");
        }
    }
}

/// These pass with time on a new account: they are waited for.
#[test]
fn denial_of_a_new_account_is_waited_for() {
    for (call, message) in [
        ("sts:AssumeRole", denied("sts:AssumeRole", "")),
        (
            "iam:CreateRole",
            denied("iam:CreateRole", " because no identity-based policy allows the iam:CreateRole action"),
        ),
    ] {
        let end = answered(call, "AccessDenied", &message);
        assert!(end.starts_with("waiting ") && end.contains("after a wait"), "{end}");
    }
}

/// STS packs session policies together with session tags, and may find those of 2,048 characters too large.
#[test]
fn session_policies_that_are_too_large_for_sts_are_split() {
    let sessions = Arc::new(Mutex::new(0));
    for rejected in [1, 2] {
        let calls = Arc::clone(&sessions);
        *calls.lock().unwrap() = 0;
        let script = Script::intercepting(move |call, _| {
            if call != "sts:AssumeRole" {
                return None;
            }
            let mut made = calls.lock().unwrap();
            *made += 1;
            let message = "Packed policy consumes 108% of allotted space, please use smaller policy.";
            (*made <= rejected).then(|| ApiError::new("sts:AssumeRole", "PackedPolicyTooLarge", message))
        });
        let scenario = Scenario::new().with_new_account().apply_with_faults(&script);
        let scenario = scenario.assert_onboarded().assert_roles_onboarded();
        assert_eq!(scenario.account(), NEW);
        assert!(*sessions.lock().unwrap() > rejected + 1, "several sessions");
    }
    let end = answered("sts:AssumeRole", "PackedPolicyTooLarge", "Packed policy consumes 108% of allotted space.");
    assert!(end.starts_with("blocked session_policy_too_long at once"), "{end}");
}
