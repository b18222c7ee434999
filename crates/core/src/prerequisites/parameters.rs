//! The parameters and conditions of the template, and the names of the policies.

use serde_json::{Value, json};

use super::settings::{MfaRequirement, ServicePrincipal, Settings, TagKey};

/// The names of the managed policies and of the inline policies. A permission set refers to a managed policy by its name.
pub(super) const ACCESS_POLICY: &str = "assume-access-role";
pub(super) const ACCOUNT_CREATION_ACCESS_POLICY: &str = "assume-account-creation-role";
pub(super) const APPLICATION_POLICY: &str = "assume-role";
pub(super) const CREATION_POLICY: &str = "create-accounts";

const ROLE_NAME: &str = "^[A-Za-z0-9_+=,.@-]{1,64}$";
const ROLE_NAME_RULE: &str = "must be the name of an IAM role, without a path";

/// All parameters, in the order of the template.
pub(super) fn parameters(settings: &Settings) -> Vec<(&'static str, Value)> {
    let role = |description: &str, default: &str| {
        json!({
            "Type": "String",
            "Description": description,
            "Default": default,
            "AllowedPattern": ROLE_NAME,
            "ConstraintDescription": ROLE_NAME_RULE,
        })
    };
    let groups = |description: &str| json!({ "Type": "CommaDelimitedList", "Description": description, "Default": "" });
    vec![
        (
            "Account",
            json!({
                "Type": "String",
                "Description": "The account in which the stack is deployed: the identity account, in which people sign in, or the management account of the organization.",
                "AllowedValues": ["identity", "management"],
            }),
        ),
        ("AccessRoleName", role("Name of the access role of the member accounts.", settings.access_role.as_str())),
        (
            "RequireMfa",
            json!({
                "Type": "String",
                "Description": "Whether people must have signed in with MFA. Set it to false for permission sets of IAM Identity Center, which requires MFA itself: AWS has no record of that MFA.",
                "Default": match settings.mfa {
                    MfaRequirement::Required => "true",
                    MfaRequirement::NotRequired => "false",
                },
                "AllowedValues": ["true", "false"],
            }),
        ),
        (
            "SessionTagKey",
            json!({
                "Type": "String",
                "Description": "Key of a session tag that people must pass, with the value of their own tag (attribute-based access control). If empty, no session tags can be passed.",
                "Default": settings.session_tag.as_ref().map_or("", TagKey::as_str),
                "AllowedPattern": "^$|^(?!(?i:aws:))[A-Za-z0-9_.:/+=@-]{1,128}$",
                "ConstraintDescription": "must be empty or a tag key of letters, digits and _.:/+=@-, not beginning with aws:",
            }),
        ),
        ("GroupNames", groups("Existing groups of IAM users that may assume the access role, separated by commas.")),
        (
            "ApplicationService",
            json!({
                "Type": "String",
                "Description": "Service that runs the applications, such as ec2.amazonaws.com. If empty, the role for applications is not created.",
                "Default": settings.application_service.as_ref().map_or("", ServicePrincipal::as_str),
                "AllowedPattern": r"^$|^[a-z0-9.-]{1,64}\.amazonaws\.com(\.cn)?$",
                "ConstraintDescription": "must be empty or a service principal, such as ec2.amazonaws.com",
            }),
        ),
        ("ApplicationRoleName", role("Name of the role for applications.", settings.application_role.as_str())),
        (
            "ApplicationTargetRoleName",
            role(
                "Name of the role of the member accounts that applications assume.",
                settings.application_target.as_str(),
            ),
        ),
        (
            "AccountCreationRoleName",
            role("Name of the role that creates accounts.", settings.account_creation_role.as_str()),
        ),
        (
            "AccountCreationGroupNames",
            groups("Existing groups of IAM users that may create accounts, separated by commas."),
        ),
    ]
}

/// A condition of the template, by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Condition {
    InIdentityAccount,
    InManagementAccount,
    MfaIsRequired,
    UseSessionTag,
    AttachToGroups,
    AttachToAccountCreationGroups,
    ApplicationServiceIsGiven,
    CreateApplicationRole,
}

impl Condition {
    pub(super) const ALL: [Self; 8] = [
        Self::InIdentityAccount,
        Self::InManagementAccount,
        Self::MfaIsRequired,
        Self::UseSessionTag,
        Self::AttachToGroups,
        Self::AttachToAccountCreationGroups,
        Self::ApplicationServiceIsGiven,
        Self::CreateApplicationRole,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InIdentityAccount => "InIdentityAccount",
            Self::InManagementAccount => "InManagementAccount",
            Self::MfaIsRequired => "MfaIsRequired",
            Self::UseSessionTag => "UseSessionTag",
            Self::AttachToGroups => "AttachToGroups",
            Self::AttachToAccountCreationGroups => "AttachToAccountCreationGroups",
            Self::ApplicationServiceIsGiven => "ApplicationServiceIsGiven",
            Self::CreateApplicationRole => "CreateApplicationRole",
        }
    }

    pub(super) fn expression(self) -> Value {
        let equals = |parameter: &str, value: &str| json!({ "Fn::Equals": [{ "Ref": parameter }, value] });
        let is_given = |parameter: &str| json!({ "Fn::Not": [equals(parameter, "")] });
        let is_listed = |parameter: &str| json!({ "Fn::Not": [{ "Fn::Equals": [{ "Fn::Join": ["", { "Ref": parameter }] }, ""] }] });
        let condition = |one: Self| json!({ "Condition": one.name() });
        match self {
            Self::InIdentityAccount => equals("Account", "identity"),
            Self::InManagementAccount => equals("Account", "management"),
            Self::MfaIsRequired => equals("RequireMfa", "true"),
            Self::UseSessionTag => is_given("SessionTagKey"),
            Self::AttachToGroups => is_listed("GroupNames"),
            Self::AttachToAccountCreationGroups => is_listed("AccountCreationGroupNames"),
            Self::ApplicationServiceIsGiven => is_given("ApplicationService"),
            Self::CreateApplicationRole => {
                json!({ "Fn::And": [condition(Self::InIdentityAccount), condition(Self::ApplicationServiceIsGiven)] })
            }
        }
    }
}
