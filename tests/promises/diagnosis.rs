//! Every cause that needs attention has its own code and says what to do.
//!
//! The engine distinguishes the causes by the error messages of AWS, which the simulated organization reproduces.

use onboarding_core::account::{AccountState, JoinMethod};
use onboarding_core::outcome::Outcome;
use onboarding_simulation::{AccountCreation, ControlPolicy, FakeOrganization, Quotas, RoleState};

use crate::common::*;

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

fn organization_with_invited_account() -> FakeOrganization {
    organization().with_invited_member(&id(INVITED), "acquired", Some(1_500_000_000))
}

/// The outcome of an apply and of a plan, which must agree. Nothing may be written.
fn diagnose(organization: &FakeOrganization, account: &str) -> Outcome {
    organization.clear_journal();
    let report = apply(organization, account);
    let planned = plan(organization, account);
    assert_eq!(outcome_code(&report), outcome_code(&planned), "plan and apply agree");
    assert_eq!(organization.writes(), [], "nothing is written");
    report.outcome
}

fn code(outcome: &Outcome) -> String {
    format!("{} {}", outcome.as_str(), outcome.cause().map_or("", |cause| cause.code.as_str()))
}

// 1. The account is suspended, being closed or closed.

#[test]
fn inactive_account_is_blocked_with_its_state() {
    let organization = organization();
    let diagnose_state = |state: AccountState| {
        organization.set_state(&id(OLD), state);
        diagnose(&organization, OLD).to_string()
    };
    insta::assert_snapshot!(diagnose_state(AccountState::Suspended), @"blocked (account_not_active): account 333344445555 was suspended by AWS (SUSPENDED); ask AWS Support for the reason, from the account itself; once the account is active, run again, or exclude it in the configuration");
    insta::assert_snapshot!(diagnose_state(AccountState::PendingClosure), @"blocked (account_not_active): account 333344445555 is being closed (PENDING_CLOSURE); no action needed; exclude it in the configuration if you are notified again");
    insta::assert_snapshot!(diagnose_state(AccountState::Closed), @"blocked (account_not_active): account 333344445555 was closed (CLOSED); to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in the configuration");
    insta::assert_snapshot!(diagnose_state(AccountState::from_wire("HIBERNATING")), @"blocked (account_not_active): account 333344445555 is in a state that this version does not know (HIBERNATING); check the account in Organizations, then run again");
}

// 2. The access role does not exist.

#[test]
fn invited_account_without_access_role_is_blocked_until_the_documented_role_is_created() {
    let organization = organization_with_invited_account();
    let outcome = diagnose(&organization, INVITED);
    insta::assert_snapshot!(outcome, @"blocked (no_access_role): account 555566667777 was invited, and Organizations creates no access role in invited accounts; AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; as an administrator of the account, create role `OrganizationAccountAccessRole` that trusts `arn:aws:iam::111122223333:root`, and attach `arn:aws:iam::aws:policy/AdministratorAccess` (docs/TROUBLESHOOTING.md has the commands); if it exists already, it trusts another principal: add `arn:aws:iam::111122223333:root` to its trust policy, then run again");
    // The trust policy in the documentation resolves the block when used verbatim.
    let page = include_str!("../../docs/TROUBLESHOOTING.md");
    let section = page.split_once("### `no_access_role`").unwrap().1;
    let trust = section.split_once("<<'END'\n").unwrap().1.split_once("\nEND").unwrap().0;
    organization.put_role(&id(INVITED), &name(ACCESS), administrator(trust));
    assert_eq!(apply(&organization, INVITED).outcome, Outcome::Converged);
    assert_onboarded(&organization, INVITED);
}

#[test]
fn created_account_without_access_role_is_blocked() {
    let organization = organization();
    organization.delete_role(&id(OLD), &name(ACCESS));
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (access_role_changed): account 333344445555 was created in this organization with an access role, and cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole; as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: if it exists, add `arn:aws:iam::111122223333:root` to its trust policy; if not, it was deleted or renamed: create it again, or configure its name");
    // The result is the same if STS explains its denials, because there is no policy to name.
    organization.explain_denials();
    assert_eq!(code(&diagnose(&organization, OLD)), "blocked access_role_changed");
}

#[test]
fn account_with_unknown_join_method_is_blocked_with_a_general_remedy() {
    let organization = organization_with_invited_account();
    organization.set_joined(&id(INVITED), JoinMethod::Unknown);
    insta::assert_snapshot!(diagnose(&organization, INVITED), @"blocked (access_role_denied): account 555566667777 cannot be accessed: AssumeRole was denied for `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; check in the account whether the role exists and trusts `arn:aws:iam::111122223333:root`, and what the message names");
}

// 3. The access role trusts another account.

#[test]
fn access_role_that_trusts_another_account_is_blocked() {
    for account in [OLD, INVITED] {
        let organization = organization_with_invited_account();
        organization.put_role(&id(account), &name(ACCESS), administrator(&trusting(FORMER)));
        organization.explain_denials();
        assert_eq!(code(&diagnose(&organization, account)), "blocked access_role_trust");
        if account == INVITED {
            insta::assert_snapshot!(diagnose(&organization, account), @"blocked (access_role_trust): role `OrganizationAccountAccessRole` of account 555566667777 exists, and its trust policy denies access: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole because no role trust policy allows the sts:AssumeRole action; as an administrator of the account, add `arn:aws:iam::111122223333:root` to its trust policy; a role that came from another organization often still trusts the management account there");
        }
        organization.set_trust(&id(account), &name(ACCESS), &trusting(MANAGEMENT));
        assert_eq!(apply(&organization, account).outcome, Outcome::Converged);
    }
}

#[test]
fn access_role_with_a_deny_statement_is_blocked() {
    let organization = organization();
    organization.explain_denials();
    let trust = trusting(MANAGEMENT).replace("Allow", "Deny");
    organization.set_trust(&id(OLD), &name(ACCESS), &trust);
    assert_eq!(code(&diagnose(&organization, OLD)), "blocked access_role_trust");
}

/// If STS gives no reason, a missing role cannot be distinguished from one that trusts another account. The remedy names
/// the more likely cause first, and then the other one.
#[test]
fn denial_without_a_reason_names_both_possible_causes() {
    for (account, expected, first, second) in [
        (INVITED, "blocked no_access_role", "create role", "if it exists already, it trusts another principal"),
        (OLD, "blocked access_role_changed", "if it exists, add", "it was deleted or renamed"),
    ] {
        let organization = organization_with_invited_account();
        organization.put_role(&id(account), &name(ACCESS), administrator(&trusting(FORMER)));
        let outcome = diagnose(&organization, account);
        assert_eq!(code(&outcome), expected);
        let remedy = &outcome.cause().unwrap().remedy;
        assert!(remedy.find(first).unwrap() < remedy.find(second).unwrap(), "{remedy}");
    }
}

// 4. A control policy denies a call.

#[test]
fn service_control_policy_that_denies_iam_is_blocked() {
    let organization = organization();
    organization.deny(&id(OLD), ControlPolicy::Service, "iam:GetRole", ACCESS);
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (control_policy_denies): a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    organization.remove_control_policies(&id(OLD));
    organization.deny(&id(OLD), ControlPolicy::Service, "iam:Get*", OWN_ROLE);
    let read = plan(&organization, OLD).outcome;
    insta::assert_snapshot!(read, @"blocked (control_policy_denies): role `app-deployer` cannot be read under the path `/apps/`: a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/app-deployer with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    organization.remove_control_policies(&id(OLD));
    organization.deny(&id(OLD), ControlPolicy::Service, "iam:CreateRole", OWN_ROLE);
    insta::assert_snapshot!(apply(&organization, OLD).outcome, @"blocked (control_policy_denies): role `app-deployer`: a service control policy denies `iam:CreateRole`: iam:CreateRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::333344445555:role/apps/app-deployer with an explicit deny in a service control policy; exempt the access role from the service control policy, or move the account out of its scope, then run again");
    organization.remove_control_policies(&id(OLD));
    assert_eq!(apply(&organization, OLD).outcome, Outcome::Converged);
}

#[test]
fn resource_control_policy_that_denies_assume_role_is_blocked() {
    let organization = organization();
    organization.deny(&id(OLD), ControlPolicy::Resource, "sts:AssumeRole", "*");
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (control_policy_denies): a resource control policy denies `sts:AssumeRole`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a resource control policy; exempt the role that runs this tool from the resource control policy, or move the account out of its scope, then run again");
    organization.remove_control_policies(&id(OLD));
    assert_eq!(apply(&organization, OLD).outcome, Outcome::Converged);
}

#[test]
fn control_policy_on_a_new_account_is_retried() {
    for (kind, action) in [(ControlPolicy::Resource, "sts:AssumeRole"), (ControlPolicy::Service, "iam:*")] {
        let organization = with_new_account();
        organization.deny(&id(NEW), kind, action, "*");
        let outcome = diagnose(&organization, NEW);
        assert_eq!(code(&outcome), "waiting control_policy_denies");
        let message = &outcome.cause().unwrap().message;
        assert!(message.contains(if kind == ControlPolicy::Resource { "resource control" } else { "service control" }));
        assert!(message.contains("denies `sts:AssumeRole`") || message.contains("denies `iam:"), "{message}");
        organization.remove_control_policies(&id(NEW));
        assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    }
}

// The policies of the access role deny a call.

#[test]
fn access_role_without_permissions_is_blocked() {
    let organization = organization();
    edit_role(&organization, OLD, ACCESS, |role| {
        role.settings.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
    });
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no permissions boundary allows the iam:GetRole action; allow `iam:GetRole` in the permissions boundary of the access role, or remove the boundary, then run again");
    edit_role(&organization, OLD, ACCESS, |role| {
        role.settings.boundary = None;
        role.attached.clear();
    });
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the iam:GetRole action; allow `iam:GetRole` in a policy of the access role (`AdministratorAccess` does), then run again");
}

// 5. The role of the function lacks a permission.

#[test]
fn function_without_permission_to_assume_roles_is_blocked() {
    let organization = with_new_account();
    edit_role(&organization, MANAGEMENT, FUNCTION, |role| role.policies.clear());
    insta::assert_snapshot!(diagnose(&organization, OLD), @"blocked (own_permission_missing): sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the sts:AssumeRole action; allow `sts:AssumeRole` on `arn:aws:iam::333344445555:role/OrganizationAccountAccessRole` in the policies of the role that runs this");
    // For a new account this is retried, because the role of the function may have been deployed just now and not have propagated.
    assert_eq!(code(&diagnose(&organization, NEW)), "waiting access_role_not_ready");
    edit_role(&organization, MANAGEMENT, FUNCTION, |role| role.attached = administrator("{}").attached);
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
}

/// The function may assume only the first of the two access roles. The denial for the second one must not hide that the
/// first one does not exist yet.
#[test]
fn access_role_that_may_not_be_assumed_does_not_hide_a_missing_one() {
    let may = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/{ACCESS}"}}}}"#
    );
    let organization = organization();
    create_account(&organization, AccountCreation { access_role_delay_seconds: 60.0, ..AccountCreation::default() });
    edit_role(&organization, MANAGEMENT, FUNCTION, |role| {
        role.policies.values_mut().for_each(|policy| policy.0.clone_from(&may));
    });
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged, "the first access role is waited for");
    organization.delete_role(&id(OLD), &name(ACCESS));
    let outcome = diagnose(&organization, OLD);
    assert_eq!(code(&outcome), "blocked access_role_changed");
    let remedy = &outcome.cause().unwrap().remedy;
    assert!(remedy.ends_with("; also allow the role that runs this to assume `AWSControlTowerExecution`"), "{remedy}");
}

// 6. A role that this tool does not own.

#[test]
fn unowned_role_is_blocked() {
    let organization = with_new_account();
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), RoleState::trusting(&trusting(FORMER)));
    insta::assert_snapshot!(apply(&organization, NEW).outcome, @"blocked (foreign_role): role `TrelicaIntegration` already exists and is not managed by this tool (no `account-onboarding` tag); rename one of the two roles, or set `adopt = true` to take it over");
}

// 7. A quota is exceeded; the message names its code.

#[test]
fn exceeded_quota_is_blocked_with_its_code() {
    let diagnose_quota = |quotas: Quotas| {
        let organization = with_new_account();
        organization.set_quotas(&id(NEW), quotas);
        apply(&organization, NEW).outcome.to_string()
    };
    let all = Quotas::default();
    insta::assert_snapshot!(diagnose_quota(Quotas { roles: 1, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for RolesPerAccount: 1; raise the quota L-FE177D64 (roles per account) in the account, or delete unused roles, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { trust_length: 100, ..all }), @"blocked (quota_exceeded): role `OrganizationAccountAccessRole`: iam:UpdateAssumeRolePolicy failed: LimitExceeded: Cannot exceed quota for ACLSizePerRole: 100; raise the quota L-C07B4B0D (trust policy length) in the account, or grant to fewer principals, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { attached: 0, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:AttachRolePolicy failed: LimitExceeded: Cannot exceed quota for PoliciesPerRole: 0; raise the quota L-0DA4ABF3 (managed policies per role) in the account, or attach fewer policies, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { inline_length: 10, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 10 bytes exceeded for role TrelicaIntegration; the quota (total length of the inline policies of a role) cannot be raised: shorten them, or attach a managed policy, then run again");
    insta::assert_snapshot!(diagnose_quota(Quotas { tags: 1, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for TagsPerRole: 1; the quota (tags per role) cannot be raised: configure fewer tags, then run again");
}

// 8. An existing deny statement.

#[test]
fn grant_that_an_existing_statement_denies_is_blocked() {
    let organization = with_new_account();
    let deny = format!(
        r#",{{"Effect":"Deny","Principal":{{"AWS":"arn:aws:iam::{IDENTITY}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let trust = trusting(MANAGEMENT).replace("]}", &deny);
    organization.set_trust(&id(NEW), &name(ACCESS), &trust);
    insta::assert_snapshot!(apply(&organization, NEW).outcome, @"blocked (explicit_deny): a grant on role `OrganizationAccountAccessRole` would have no effect: statement 2 denies account 222233334444; remove the deny statement, or the grant from the configuration");
}

// 9. The configuration is wrong.

#[test]
fn missing_parameter_is_blocked_as_a_configuration_error() {
    let organization = with_new_account();
    let config = CONFIG.replace(PARAMETER, "/nowhere");
    insta::assert_snapshot!(apply_with(&organization, NEW, &config).outcome, @"blocked (configuration): vendor/workload-security: cannot read the external ID from the SSM parameter `/nowhere`: ssm:GetParameter failed: ParameterNotFound; fix the configuration, then run again");
}
