use super::*;
use crate::policy::{Caller, Document, RequestContext, Verdict, can_assume, permits};

const ROLE: &str = "arn:{partition}:iam::444455556666:role/{access-role}";
const MFA: &str = "aws:MultiFactorAuthPresent";

fn parsed(prerequisite: Prerequisite, mfa: MfaRequirement, tags: SessionTags) -> Document {
    // The placeholders are valid parts of ARNs, except that of a principal, whose account ID has 12 digits. Policy variables
    // are not evaluated, so the organization is a value here.
    let text = document(prerequisite, mfa, tags).to_string();
    let text = text.replace("{account}", "111122223333").replace("arn:{partition}:iam::1", "arn:aws:iam::1");
    Document::parse(&text.replace("${aws:PrincipalOrgID}", "o-exampleorgid")).unwrap()
}

fn required(prerequisite: Prerequisite) -> Document {
    parsed(prerequisite, MfaRequirement::Required, SessionTags::None)
}

fn not_required(prerequisite: Prerequisite) -> Document {
    parsed(prerequisite, MfaRequirement::NotRequired, SessionTags::None)
}

fn in_organization() -> RequestContext {
    RequestContext::complete().with("aws:ResourceOrgID", "o-exampleorgid")
}

#[test]
fn people_assume_the_access_role_with_mfa_only() {
    for prerequisite in [Prerequisite::IdentityAccessPolicy, Prerequisite::ManagementAccessPolicy] {
        let allows = |policy: &Document, context| permits(policy, "sts:AssumeRole", ROLE, &context).can();
        let policy = required(prerequisite);
        assert!(allows(&policy, in_organization().with(MFA, "true")));
        assert!(!allows(&policy, in_organization().with(MFA, "false")), "a session without MFA");
        assert!(!allows(&policy, in_organization()), "long-term access keys");
        assert!(allows(&not_required(prerequisite), in_organization()));
    }
}

#[test]
fn only_the_access_role_of_accounts_of_the_organization_can_be_assumed() {
    let policy = not_required(Prerequisite::IdentityAccessPolicy);
    let allows = |action: &str, role: &str, context| permits(&policy, action, role, &context).can();
    let outside = RequestContext::complete().with("aws:ResourceOrgID", "o-otherorgid");
    assert!(!allows("sts:AssumeRole", ROLE, outside));
    assert!(allows("sts:AssumeRole", ROLE, RequestContext::complete()), "a new account may not have the key yet");
    assert!(!allows("sts:AssumeRole", "arn:{partition}:iam::444455556666:role/Admin", in_organization()));
    assert!(!allows("sts:TagSession", ROLE, in_organization()));
}

#[test]
fn session_tag_has_the_value_of_the_persons_own_tag() {
    // The tag of the person is a policy variable; its value is used here, as IAM does.
    let text = document(Prerequisite::IdentityAccessPolicy, MfaRequirement::NotRequired, SessionTags::One).to_string();
    let text = text.replace(OWN_TAG, "payments").replace("{session-tag}", "team").replace("${aws:PrincipalOrgID}", "o");
    let policy = Document::parse(&text).unwrap();
    let allows = |tags: &[(&str, &str)]| {
        let context = tags.iter().fold(RequestContext::complete(), |context, (key, value)| {
            context.with(&format!("aws:RequestTag/{key}"), value).with("aws:TagKeys", key)
        });
        ["sts:AssumeRole", "sts:TagSession"].map(|action| permits(&policy, action, ROLE, &context).can())
    };
    assert_eq!(allows(&[("team", "payments")]), [true, true]);
    assert_eq!(allows(&[("team", "security")]), [false, false], "the tag of another team");
    assert_eq!(allows(&[]), [false, false], "no tag");
    assert_eq!(allows(&[("team", "payments"), ("role", "admin")]), [false, false], "a second tag");
}

#[test]
fn account_creation_role_trusts_the_management_account_with_mfa() {
    let trust = required(Prerequisite::AccountCreationRole);
    let caller = |account: &str| Caller { account: account.parse().unwrap(), arn: None };
    let management = caller("111122223333");
    let with_mfa = RequestContext::complete().with(MFA, "true");
    assert_eq!(can_assume(&trust, &management, &with_mfa), Verdict::Allowed(0));
    assert_eq!(can_assume(&trust, &management, &RequestContext::complete()), Verdict::NotAllowed);
    assert_eq!(can_assume(&trust, &caller("222233334444"), &with_mfa), Verdict::NotAllowed);
    let without = not_required(Prerequisite::AccountCreationRole);
    assert_eq!(can_assume(&without, &management, &RequestContext::complete()), Verdict::Allowed(0));
}

#[test]
fn account_creation_role_creates_accounts_and_nothing_else() {
    let policy = required(Prerequisite::AccountCreationPolicy);
    let actions: Vec<_> = policy.statements().iter().map(|statement| &statement.actions).collect();
    let only = ["organizations:CreateAccount", "organizations:DescribeCreateAccountStatus"].map(str::to_owned);
    assert_eq!(actions, [&crate::policy::Actions::Only(only.to_vec())]);
}

#[test]
fn account_creation_role_is_assumed_in_its_own_account_only() {
    let policy = required(Prerequisite::AccountCreationAccessPolicy);
    let with_mfa = || RequestContext::complete().with(MFA, "true");
    let allows = |role: &str, context| permits(&policy, "sts:AssumeRole", role, &context).can();
    let role = "arn:aws:iam::111122223333:role/{account-creation-role}";
    assert!(allows(role, with_mfa()));
    assert!(!allows(role, RequestContext::complete()));
    assert!(!allows(&role.replace("111122223333", "444455556666"), with_mfa()));
}

#[test]
fn application_role_trusts_its_service_for_its_own_account_only() {
    use crate::policy::{Principal, can_other_assume};

    let trust = required(Prerequisite::ApplicationRole);
    let service = |name: &str| Principal::from_policy("Service", name);
    let assumes = |principal: &Principal, context| can_other_assume(&trust, principal, &context).can();
    let own = service("{application-service}");
    assert!(assumes(&own, RequestContext::complete()), "a service that does not set the key");
    assert!(assumes(&own, RequestContext::complete().with("aws:SourceAccount", "111122223333")));
    assert!(!assumes(&own, RequestContext::complete().with("aws:SourceAccount", "444455556666")));
    assert!(!assumes(&service("ec2.amazonaws.com"), RequestContext::complete()));
}
