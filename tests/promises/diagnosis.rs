//! What needs a person is told apart: each cause has its own code, and says what helps. The organization is simulated, its
//! messages are those of AWS.

use onboarding_core::account::{AccountState, JoinMethod};
use onboarding_core::outcome::Outcome;
use onboarding_simulation::{AccountCreation, Control, FakeOrganization, Quotas, RoleState};

use crate::common::*;

/// An account that was invited long ago.
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

fn with_invited() -> FakeOrganization {
    organization().with_invited_member(&id(INVITED), "acquired", Some(1_500_000_000))
}

/// The end of a plan and of a run, which is the same; nothing is written.
fn told(organization: &FakeOrganization, account: &str) -> Outcome {
    organization.clear_journal();
    let report = apply(organization, account);
    let planned = plan(organization, account);
    assert_eq!(end(&report), end(&planned), "a plan says it, too");
    assert_eq!(organization.writes(), [], "nothing is written");
    report.outcome
}

fn code(outcome: &Outcome) -> String {
    format!("{} {}", outcome.as_str(), outcome.cause().map_or("", |cause| cause.code.as_str()))
}

// 1. suspended, closing, closed

#[test]
fn an_account_that_is_not_active() {
    let organization = organization();
    let told = |state: AccountState| {
        organization.set_state(&id(OLD), state);
        told(&organization, OLD).to_string()
    };
    insta::assert_snapshot!(told(AccountState::Suspended), @"blocked (account_not_active): account 333344445555 was suspended by AWS (SUSPENDED); ask AWS Support why, from the account itself; once it is active, run again, or exclude it in the configuration");
    insta::assert_snapshot!(told(AccountState::PendingClosure), @"blocked (account_not_active): account 333344445555 is being closed (PENDING_CLOSURE); let it close, and exclude it in the configuration if it is told again");
    insta::assert_snapshot!(told(AccountState::Closed), @"blocked (account_not_active): account 333344445555 was closed (CLOSED); to keep it, ask AWS Support to reopen it within 90 days of its closure, then run again; otherwise exclude it in the configuration");
    insta::assert_snapshot!(told(AccountState::from_wire("HIBERNATING")), @"blocked (account_not_active): account 333344445555 is in a state that is not known here (HIBERNATING); see in Organizations what holds it, then run again");
}

// 2. no such access role

#[test]
fn an_invited_account_has_no_access_role() {
    let organization = with_invited();
    let end = told(&organization, INVITED);
    insta::assert_snapshot!(end, @"blocked (no_access_role): account 555566667777 was invited, and Organizations makes no access role in invited accounts; it cannot be entered by `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; as an administrator of the account, make role `OrganizationAccountAccessRole`, which `arn:aws:iam::111122223333:root` may assume, and attach `arn:aws:iam::aws:policy/AdministratorAccess` (docs/TROUBLESHOOTING.md has the commands); if it is there already, it trusts somebody else: let `arn:aws:iam::111122223333:root` assume it, then run again");
    // What the page says is what helps: its trust policy is taken as it stands there.
    let page = include_str!("../../docs/TROUBLESHOOTING.md");
    let section = page.split_once("### `no_access_role`").unwrap().1;
    let trust = section.split_once("<<'END'\n").unwrap().1.split_once("\nEND").unwrap().0;
    organization.put_role(&id(INVITED), &name(ACCESS), administrator(trust));
    assert_eq!(apply(&organization, INVITED).outcome, Outcome::Converged);
    assert_connected(&organization, INVITED);
}

#[test]
fn a_created_account_has_lost_its_access_role() {
    let organization = organization();
    organization.delete_role(&id(OLD), &name(ACCESS));
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (access_role_changed): account 333344445555 was created in this organization with an access role, and cannot be entered by `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole; as an administrator of the account, run `aws iam get-role --role-name OrganizationAccountAccessRole`: if it is there, let `arn:aws:iam::111122223333:root` assume it; if not, it was deleted or has another name: make it again, or configure that name");
    // It reads the same where STS gives its reasons: there is no policy that it could name.
    organization.set_names_trust(true);
    assert_eq!(code(&told(&organization, OLD)), "blocked access_role_changed");
}

#[test]
fn how_it_joined_may_be_unknown() {
    let organization = with_invited();
    organization.set_joined(&id(INVITED), JoinMethod::Unknown);
    insta::assert_snapshot!(told(&organization, INVITED), @"blocked (access_role_denied): account 555566667777 cannot be entered by `OrganizationAccountAccessRole` or `AWSControlTowerExecution`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole; see in the account whether the role is there and lets `arn:aws:iam::111122223333:root` assume it, and what the message names");
}

// 3. the role trusts somebody else

#[test]
fn the_access_role_trusts_somebody_else() {
    for account in [OLD, INVITED] {
        let organization = with_invited();
        organization.put_role(&id(account), &name(ACCESS), administrator(&trusting(FORMER)));
        organization.set_names_trust(true);
        assert_eq!(code(&told(&organization, account)), "blocked access_role_trust");
        if account == INVITED {
            insta::assert_snapshot!(told(&organization, account), @"blocked (access_role_trust): role `OrganizationAccountAccessRole` of account 555566667777 is there, and its trust policy does not let us in: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::555566667777:role/OrganizationAccountAccessRole because no role trust policy allows the sts:AssumeRole action; as an administrator of the account, let `arn:aws:iam::111122223333:root` assume it; one that came from another organization often still trusts that one's management account");
        }
        organization.set_trust(&id(account), &name(ACCESS), &trusting(MANAGEMENT));
        assert_eq!(apply(&organization, account).outcome, Outcome::Converged);
    }
}

#[test]
fn the_access_role_denies_us() {
    let organization = organization();
    organization.set_names_trust(true);
    let trust = trusting(MANAGEMENT).replace("Allow", "Deny");
    organization.set_trust(&id(OLD), &name(ACCESS), &trust);
    assert_eq!(code(&told(&organization, OLD)), "blocked access_role_trust");
}

/// Where STS gives no reason, it cannot be told whether the role is there. What is likely is said first, and what else it
/// may be beside it.
#[test]
fn without_a_reason_both_are_told() {
    for (account, expected, first, second) in [
        (INVITED, "blocked no_access_role", "make role", "if it is there already, it trusts somebody else"),
        (OLD, "blocked access_role_changed", "if it is there, let", "it was deleted or has another name"),
    ] {
        let organization = with_invited();
        organization.put_role(&id(account), &name(ACCESS), administrator(&trusting(FORMER)));
        let end = told(&organization, account);
        assert_eq!(code(&end), expected);
        let remedy = &end.cause().unwrap().remedy;
        assert!(remedy.find(first).unwrap() < remedy.find(second).unwrap(), "{remedy}");
    }
}

// 4. a control policy denies

#[test]
fn a_service_control_policy_denies_calls_in_the_account() {
    let organization = organization();
    organization.deny(&id(OLD), Control::Service, "iam:GetRole", ACCESS);
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (control_policy_denies): a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a service control policy; except the access role from the service control policy, or move the account from under it, then run again");
    organization.lift_denies(&id(OLD));
    organization.deny(&id(OLD), Control::Service, "iam:Get*", OWN_ROLE);
    let read = plan(&organization, OLD).outcome;
    insta::assert_snapshot!(read, @"blocked (control_policy_denies): role `app-deployer` may not be read under the path `/apps/`: a service control policy denies `iam:GetRole`: iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/app-deployer with an explicit deny in a service control policy; except the access role from the service control policy, or move the account from under it, then run again");
    organization.lift_denies(&id(OLD));
    organization.deny(&id(OLD), Control::Service, "iam:CreateRole", OWN_ROLE);
    insta::assert_snapshot!(apply(&organization, OLD).outcome, @"blocked (control_policy_denies): role `app-deployer`: a service control policy denies `iam:CreateRole`: iam:CreateRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::333344445555:role/apps/app-deployer with an explicit deny in a service control policy; except the access role from the service control policy, or move the account from under it, then run again");
    organization.lift_denies(&id(OLD));
    assert_eq!(apply(&organization, OLD).outcome, Outcome::Converged);
}

#[test]
fn a_resource_control_policy_denies_entering() {
    let organization = organization();
    organization.deny(&id(OLD), Control::Resource, "sts:AssumeRole", "*");
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (control_policy_denies): a resource control policy denies `sts:AssumeRole`: sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole with an explicit deny in a resource control policy; except the role that runs this from the resource control policy, or move the account from under it, then run again");
    organization.lift_denies(&id(OLD));
    assert_eq!(apply(&organization, OLD).outcome, Outcome::Converged);
}

#[test]
fn a_control_policy_on_a_young_account_is_waited_for() {
    for (kind, action) in [(Control::Resource, "sts:AssumeRole"), (Control::Service, "iam:*")] {
        let organization = with_new_account();
        organization.deny(&id(NEW), kind, action, "*");
        let end = told(&organization, NEW);
        assert_eq!(code(&end), "waiting control_policy_denies");
        let message = &end.cause().unwrap().message;
        assert!(message.contains(if kind == Control::Resource { "resource control" } else { "service control" }));
        assert!(message.contains("denies `sts:AssumeRole`") || message.contains("denies `iam:"), "{message}");
        organization.lift_denies(&id(NEW));
        assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
    }
}

// Denied by what is the account's own.

#[test]
fn the_access_role_may_not_do_its_work() {
    let organization = organization();
    alter(&organization, OLD, ACCESS, |role| {
        role.boundary = Some("arn:aws:iam::aws:policy/PowerUserAccess".to_owned());
    });
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no permissions boundary allows the iam:GetRole action; allow `iam:GetRole` in the permissions boundary of the access role, or remove the boundary, then run again");
    alter(&organization, OLD, ACCESS, |role| {
        role.boundary = None;
        role.attached.clear();
    });
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (access_denied): iam:GetRole failed: AccessDenied: User: arn:aws:sts::333344445555:assumed-role/OrganizationAccountAccessRole/account-onboarding-event-1 is not authorized to perform: iam:GetRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the iam:GetRole action; allow `iam:GetRole` in a policy of the access role, as `AdministratorAccess` does, then run again");
}

// 5. the function's own role lacks a permission

#[test]
fn the_function_may_not_enter() {
    let organization = with_new_account();
    alter(&organization, MANAGEMENT, FUNCTION, |role| role.policies.clear());
    insta::assert_snapshot!(told(&organization, OLD), @"blocked (own_permission_missing): sts:AssumeRole failed: AccessDenied: User: arn:aws:iam::111122223333:role/account-onboarding is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::333344445555:role/OrganizationAccountAccessRole because no identity-based policy allows the sts:AssumeRole action; allow `sts:AssumeRole` on `arn:aws:iam::333344445555:role/OrganizationAccountAccessRole` in the policies of the role that runs this");
    // On a young account that is waited out: a role that was just deployed is not known everywhere yet.
    assert_eq!(code(&told(&organization, NEW)), "waiting access_role_not_ready");
    alter(&organization, MANAGEMENT, FUNCTION, |role| role.attached = administrator("{}").attached);
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged);
}

/// It may assume the first of two access roles: that the other is forbidden says nothing of the one that may come yet.
#[test]
fn one_forbidden_access_role_is_not_the_cause() {
    let may = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"arn:aws:iam::*:role/{ACCESS}"}}}}"#
    );
    let organization = organization();
    born(&organization, AccountCreation { access_role_after: 60.0, ..AccountCreation::default() });
    alter(&organization, MANAGEMENT, FUNCTION, |role| {
        role.policies.values_mut().for_each(|policy| policy.0.clone_from(&may));
    });
    assert_eq!(apply(&organization, NEW).outcome, Outcome::Converged, "it is waited for");
    organization.delete_role(&id(OLD), &name(ACCESS));
    let end = told(&organization, OLD);
    assert_eq!(code(&end), "blocked access_role_changed");
    let remedy = &end.cause().unwrap().remedy;
    assert!(
        remedy.ends_with("; allow the role that runs this to assume `AWSControlTowerExecution` as well"),
        "{remedy}"
    );
}

// 6. a foreign role

#[test]
fn a_role_is_somebody_else_s() {
    let organization = with_new_account();
    organization.put_role(&id(NEW), &name(TRELICA_ROLE), RoleState::trusting(&trusting(FORMER)));
    insta::assert_snapshot!(apply(&organization, NEW).outcome, @"blocked (foreign_role): role `TrelicaIntegration` is there and has no tag `account-onboarding`: somebody else made it; rename one of the two, or set `adopt = true` to take it over");
}

// 7. a quota, with its code

#[test]
fn a_quota_is_reached() {
    let told = |quotas: Quotas| {
        let organization = with_new_account();
        organization.set_quotas(&id(NEW), quotas);
        apply(&organization, NEW).outcome.to_string()
    };
    let all = Quotas::default();
    insta::assert_snapshot!(told(Quotas { roles: 1, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for RolesPerAccount: 1; raise the quota L-FE177D64 (roles per account) in the account, or delete roles that nobody uses, then run again");
    insta::assert_snapshot!(told(Quotas { trust_length: 100, ..all }), @"blocked (quota_exceeded): role `OrganizationAccountAccessRole`: iam:UpdateAssumeRolePolicy failed: LimitExceeded: Cannot exceed quota for ACLSizePerRole: 100; raise the quota L-C07B4B0D (trust policy length) in the account, or grant to fewer principals, then run again");
    insta::assert_snapshot!(told(Quotas { attached: 0, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:AttachRolePolicy failed: LimitExceeded: Cannot exceed quota for PoliciesPerRole: 0; raise the quota L-0DA4ABF3 (managed policies per role) in the account, or attach fewer, then run again");
    insta::assert_snapshot!(told(Quotas { inline_length: 10, ..all }), @"blocked (quota_exceeded): role `TrelicaIntegration`: iam:PutRolePolicy failed: LimitExceeded: Maximum policy size of 10 bytes exceeded for role TrelicaIntegration; the quota (inline policies of a role together) cannot be raised: shorten them, or attach a managed policy, then run again");
    insta::assert_snapshot!(told(Quotas { tags: 1, ..all }), @"blocked (quota_exceeded): role `app-deployer`: iam:CreateRole failed: LimitExceeded: Cannot exceed quota for TagsPerRole: 1; the quota (tags of a role) cannot be raised: configure fewer, then run again");
}

// 8. a deny statement that is there

#[test]
fn a_statement_denies_what_is_granted() {
    let organization = with_new_account();
    let deny = format!(
        r#",{{"Effect":"Deny","Principal":{{"AWS":"arn:aws:iam::{IDENTITY}:root"}},"Action":"sts:AssumeRole"}}]}}"#
    );
    let trust = trusting(MANAGEMENT).replace("]}", &deny);
    organization.set_trust(&id(NEW), &name(ACCESS), &trust);
    insta::assert_snapshot!(apply(&organization, NEW).outcome, @"blocked (explicit_deny): a grant on role `OrganizationAccountAccessRole` would have no effect: statement 2 denies account 222233334444; remove the deny statement, or the grant from the configuration");
}

// 9. the configuration

#[test]
fn the_configuration_is_wrong() {
    let organization = with_new_account();
    let config = CONFIG.replace(PARAMETER, "/nowhere");
    insta::assert_snapshot!(apply_with(&organization, NEW, &config).outcome, @"blocked (configuration): vendor/workload-security: the SSM parameter `/nowhere` gives no external ID: ssm:GetParameter failed: ParameterNotFound; mend the configuration, then run again");
}
