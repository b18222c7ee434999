//! Every cause that needs attention has its own code and says what to do.
//!
//! The engine distinguishes the causes by the error messages of AWS, which the simulated organization reproduces.

use std::time::Duration;

use onboarding_core::account::{AccountState, JoinMethod};
use onboarding_core::outcome::Outcome;
use onboarding_core::time::from_unix_seconds;
use onboarding_simulation::{ControlPolicy, Quotas, RoleState};

use crate::common::{
    ACCESS, IDENTITY, MANAGEMENT, NEW, OLD, OWN_ROLE, Scenario, TRELICA_ROLE, id, missing_parameter, organization,
};

/// An account that was invited to the organization long ago.
const INVITED: &str = "555566667777";
/// The management account of another organization.
const FORMER: &str = "999999999999";
const FUNCTION: &str = "account-onboarding";

fn trusting(account: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::{account}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    )
}

fn administrator(trust: &str) -> RoleState {
    let mut role = RoleState::trusting(trust);
    role.attached.insert("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
    role
}

/// A scenario about an account that was invited long ago.
fn invited_account() -> Scenario {
    let organization = organization().with_invited_member(&id(INVITED), "acquired", from_unix_seconds(1_500_000_000));
    Scenario::in_organization(organization).for_account(INVITED)
}

impl Scenario {
    /// Plans and applies. Both must have the same outcome, and nothing may be written.
    fn diagnose(self) -> Self {
        self.organization().clear_journal();
        let scenario = self.plan();
        let planned = scenario.outcome_code();
        let scenario = scenario.apply();
        assert_eq!(scenario.outcome_code(), planned, "plan and apply agree");
        assert_eq!(scenario.writes(), [], "nothing is written");
        scenario
    }

    /// Edits the role of the function in the management account.
    fn with_function_role(self, edit: impl FnOnce(&mut RoleState)) -> Self {
        let account = self.account();
        self.for_account(MANAGEMENT).drift(FUNCTION, edit).for_account(account)
    }
}

// 1. The account is suspended, being closed or closed.

#[test]
fn inactive_account_is_blocked_with_its_state() {
    let diagnose_state =
        |state: AccountState| Scenario::new().with_account_state(state).diagnose().outcome().to_string();
    insta::assert_snapshot!(diagnose_state(AccountState::Suspended), @"blocked (account_not_active): account 333344445555 was suspended by AWS (SUSPENDED); ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude it in the configuration");
    insta::assert_snapshot!(diagnose_state(AccountState::PendingClosure), @"blocked (account_not_active): account 333344445555 is being closed (PENDING_CLOSURE); no action needed; exclude it in the configuration if you are notified again");
    insta::assert_snapshot!(diagnose_state(AccountState::Closed), @"blocked (account_not_active): account 333344445555 was closed (CLOSED); to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in the configuration");
    insta::assert_snapshot!(diagnose_state(AccountState::from_wire("HIBERNATING")), @"blocked (account_not_active): account 333344445555 is in a state that this version does not know (HIBERNATING); check the account in Organizations, then run again");
}

// 2. The access role does not exist.

#[test]
fn invited_account_without_access_role_is_blocked_until_the_documented_role_is_created() {
    let scenario = invited_account().diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (no_access_role): account 555566667777 was invited, and Organizations creates no access role in invited accounts; AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; as an administrator of the account, create role `OrganizationAccountAccessRole` that trusts `arn:aws:iam::111122223333:root`, and attach `arn:aws:iam::aws:policy/AdministratorAccess` (docs/TROUBLESHOOTING.md has the commands); if it exists already, it trusts another principal: add `arn:aws:iam::111122223333:root` to its trust policy, then run again");
    // The trust policies in the commands and in the documentation resolve the block when used verbatim.
    let commands = scenario.report().outcome.cause().unwrap().commands.clone();
    assert_eq!(commands.len(), 2, "{commands:?}");
    let in_command = commands[0].split('\'').nth(1).unwrap();
    assert!(commands[0].starts_with(&format!("aws iam create-role --role-name {ACCESS} ")), "{}", commands[0]);
    invited_account().with_role(ACCESS, administrator(in_command)).apply().assert_onboarded();
    let page = include_str!("../../docs/TROUBLESHOOTING.md");
    let section = page.split_once("### `no_access_role`").unwrap().1;
    let trust = section.split_once("<<'END'\n").unwrap().1.split_once("\nEND").unwrap().0;
    scenario.with_role(ACCESS, administrator(trust)).apply().assert_onboarded();
}

#[test]
fn created_account_without_access_role_is_blocked() {
    let scenario = Scenario::new().without_role(ACCESS).diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (access_role_changed): account 333344445555 was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole; as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: if it exists, add `arn:aws:iam::111122223333:root` to its trust policy; if not, it was deleted or renamed: create it again, or configure its name");
    // The result is the same if STS explains its denials, because there is no policy to name.
    scenario.with_explained_denials().diagnose().assert_outcome("blocked access_role_changed");
}

#[test]
fn account_with_unknown_join_method_is_blocked_with_a_general_remedy() {
    let scenario = invited_account();
    scenario.organization().set_joined(&id(INVITED), JoinMethod::Unknown);
    insta::assert_snapshot!(scenario.diagnose().outcome(), @"blocked (access_role_denied): account 555566667777 cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; check in the account whether the role exists and trusts `arn:aws:iam::111122223333:root`, and what the message names");
}

// 3. The access role trusts another account.

#[test]
fn access_role_that_trusts_another_account_is_blocked() {
    for account in [OLD, INVITED] {
        let scenario = invited_account()
            .for_account(account)
            .with_role(ACCESS, administrator(&trusting(FORMER)))
            .with_explained_denials()
            .diagnose()
            .assert_outcome("blocked access_role_trust");
        if account == INVITED {
            insta::assert_snapshot!(scenario.outcome(), @"blocked (access_role_trust): role `OrganizationAccountAccessRole` of account 555566667777 exists, and its trust policy denies access: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole because no role trust policy allows the sts:AssumeRole action; as an administrator of the account, add `arn:aws:iam::111122223333:root` to its trust policy; a role that came from another organization often still trusts the management account there");
        }
        scenario.with_trust_policy(ACCESS, &trusting(MANAGEMENT)).apply().assert_outcome("converged");
    }
}

#[test]
fn access_role_with_a_deny_statement_is_blocked() {
    let trust = trusting(MANAGEMENT).replace("Allow", "Deny");
    Scenario::new()
        .with_explained_denials()
        .with_trust_policy(ACCESS, &trust)
        .diagnose()
        .assert_outcome("blocked access_role_trust");
}

/// If STS gives no reason, a missing role cannot be distinguished from one that trusts another account. The remedy names
/// the more likely cause first, and then the other one.
#[test]
fn denial_without_a_reason_names_both_possible_causes() {
    for (account, expected, first, second) in [
        (INVITED, "blocked no_access_role", "create role", "if it exists already, it trusts another principal"),
        (OLD, "blocked access_role_changed", "if it exists, add", "it was deleted or renamed"),
    ] {
        let scenario = invited_account()
            .for_account(account)
            .with_role(ACCESS, administrator(&trusting(FORMER)))
            .diagnose()
            .assert_outcome(expected);
        let remedy = &scenario.outcome().cause().unwrap().remedy;
        assert!(remedy.find(first).unwrap() < remedy.find(second).unwrap(), "{remedy}");
    }
}

// 4. A control policy denies a call.

#[test]
fn service_control_policy_that_denies_iam_is_blocked() {
    let scenario = Scenario::new().with_denial(ControlPolicy::Service, "iam:GetRole", ACCESS).diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (control_policy_denies): a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    let scenario = scenario.without_denials().with_denial(ControlPolicy::Service, "iam:Get*", OWN_ROLE).plan();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (control_policy_denies): role `app-deployer` cannot be read under the path `/apps/`: a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/app-deployer with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    let scenario = scenario.without_denials().with_denial(ControlPolicy::Service, "iam:CreateRole", OWN_ROLE).apply();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (control_policy_denies): role `app-deployer`: a service control policy denies `iam:CreateRole`: iam:CreateRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::333344445555:role/apps/app-deployer with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    scenario.without_denials().apply().assert_outcome("converged");
}

#[test]
fn resource_control_policy_that_denies_assume_role_is_blocked() {
    let scenario = Scenario::new().with_denial(ControlPolicy::Resource, "sts:AssumeRole", "*").diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (control_policy_denies): a resource control policy denies `sts:AssumeRole`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a resource control policy; exempt the role that runs this tool from the resource control policy, or move the account out of its scope, then run again");
    scenario.without_denials().apply().assert_outcome("converged");
}

#[test]
fn control_policy_on_a_new_account_is_retried() {
    for (kind, action) in [(ControlPolicy::Resource, "sts:AssumeRole"), (ControlPolicy::Service, "iam:*")] {
        let scenario = Scenario::new().with_new_account().with_denial(kind, action, "*").diagnose();
        let scenario = scenario.assert_outcome("waiting control_policy_denies");
        let message = &scenario.outcome().cause().unwrap().message;
        assert!(message.contains(if kind == ControlPolicy::Resource { "resource control" } else { "service control" }));
        assert!(message.contains("denies `sts:AssumeRole`") || message.contains("denies `iam:"), "{message}");
        scenario.without_denials().apply().assert_outcome("converged");
    }
}

// The policies of the access role deny a call.

#[test]
fn access_role_without_permissions_is_blocked() {
    let bounded =
        |role: &mut RoleState| role.settings.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
    let scenario = Scenario::new().drift(ACCESS, bounded).diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no permissions boundary allows the iam:GetRole action; allow `iam:GetRole` in the permissions boundary of the access role, or remove the boundary, then run again");
    let detached = |role: &mut RoleState| {
        role.settings.boundary = None;
        role.attached.clear();
    };
    let scenario = scenario.drift(ACCESS, detached).diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the iam:GetRole action; allow `iam:GetRole` in a policy of the access role (`AdministratorAccess` does), then run again");
}

// 5. The role of the function lacks a permission.

#[test]
fn function_without_permission_to_assume_roles_is_blocked() {
    let scenario =
        Scenario::new().with_new_account().with_function_role(|role| role.policies.clear()).for_account(OLD).diagnose();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (own_permission_missing): sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the sts:AssumeRole action; allow `sts:AssumeRole` on `arn:aws:iam::333344445555:role/OrganizationAccountAccessRole` in the policies of the role that runs this tool");
    // The age of the account makes no difference: STS says that it is the function's own policy that allows nothing.
    scenario
        .for_account(NEW)
        .diagnose()
        .assert_outcome("blocked own_permission_missing")
        .with_function_role(|role| role.attached = administrator("{}").attached)
        .apply()
        .assert_outcome("converged");
}

/// The function may assume only the first of the two access roles. The denial for the second one must not hide that the
/// first one does not exist yet.
#[test]
fn access_role_that_may_not_be_assumed_does_not_hide_a_missing_one() {
    let may = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/{ACCESS}"}}}}"#
    );
    let scenario = Scenario::new()
        .with_late_access_role(Duration::from_secs(60))
        .with_function_role(|role| role.policies.values_mut().for_each(|policy| policy.0.clone_from(&may)))
        .apply();
    assert_eq!(*scenario.outcome(), Outcome::Converged, "the first access role is waited for");
    let scenario =
        scenario.for_account(OLD).without_role(ACCESS).diagnose().assert_outcome("blocked access_role_changed");
    let remedy = &scenario.outcome().cause().unwrap().remedy;
    assert!(
        remedy.ends_with("; also allow the role that runs this tool to assume `AWSControlTowerExecution`"),
        "{remedy}"
    );
}

// 6. A role that this tool does not own.

#[test]
fn unowned_role_is_blocked() {
    let unowned = RoleState::trusting(&trusting(FORMER));
    let scenario = Scenario::new().with_new_account().with_role(TRELICA_ROLE, unowned).apply();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (foreign_role): role `TrelicaIntegration` already exists and is not managed by this tool (no `account-onboarding` tag); rename one of the two roles, or set `adopt = true` to take it over");
}

// 7. A quota is exceeded; the message names its code.

#[test]
fn exceeded_quota_is_blocked_with_its_code() {
    let diagnose_quota =
        |quotas: Quotas| Scenario::new().with_new_account().with_quotas(quotas).apply().outcome().to_string();
    let all = Quotas::default();
    insta::assert_snapshot!(diagnose_quota(Quotas { roles: 1, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for RolesPerAccount: 1; raise the quota L-FE177D64 (roles per account) in the account, or delete unused roles, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { trust_length: 100, ..all }), @"blocked (quota_exceeded): role `OrganizationAccountAccessRole`: iam:UpdateAssumeRolePolicy failed: LimitExceeded: Cannot exceed quota for ACLSizePerRole: 100; raise the quota L-C07B4B0D (trust policy length) in the account, or grant to fewer principals, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { attached: 0, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:AttachRolePolicy failed: LimitExceeded: Cannot exceed quota for PoliciesPerRole: 0; raise the quota L-0DA4ABF3 (managed policies per role) in the account, or attach fewer policies, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { inline_length: 10, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 10 bytes exceeded for role TrelicaIntegration; the quota (total length of the inline policies of a role) cannot be raised: shorten them, attach a managed policy, or delete those that are not configured, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { tags: 1, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for TagsPerRole: 1; the quota (tags per role) cannot be raised: configure fewer tags, then run again");
}

// 8. An existing deny statement.

#[test]
fn grant_that_an_existing_statement_denies_is_blocked() {
    let deny = format!(
        r#",{{"Effect":"Deny","Principal":{{"AWS":"arn:aws:iam::{IDENTITY}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let trust = trusting(MANAGEMENT).replace("]}", &deny);
    let scenario = Scenario::new().with_new_account().with_trust_policy(ACCESS, &trust).apply();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (explicit_deny): a grant on role `OrganizationAccountAccessRole` would have no effect: statement 2 denies account 222233334444; remove the deny statement, or the grant from the configuration");
}

// 9. The configuration is wrong.

#[test]
fn missing_parameter_is_blocked_as_a_configuration_error() {
    let scenario = Scenario::new().with_new_account().config(&missing_parameter()).apply();
    insta::assert_snapshot!(scenario.outcome(), @"blocked (configuration): vendor/workload-security: cannot read the external ID from the SSM parameter `/nowhere`: the parameter does not exist in this region; fix the configuration, then run again");
}
