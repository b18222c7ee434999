use super::*;
use crate::config::Config;
use crate::policy::{Caller, Document, RequestContext, can_assume};
use crate::vendor::Catalogue;

const IDENTITY: &str = "482913650127";

fn starter(granted: Granted, vendors: &[&str], excluded: &[&str]) -> Starter {
    let catalogue = Catalogue::built_in();
    Starter {
        identity_account: IDENTITY.parse().unwrap(),
        granted,
        vendors: vendors.iter().map(|name| StarterVendor::new(catalogue.get(name).unwrap(), None)).collect(),
        excluded: excluded.iter().map(|id| id.parse().unwrap()).collect(),
    }
}

fn role(name: &str) -> String {
    format!("arn:{{partition}}:iam::{IDENTITY}:role/{name}")
}

#[test]
fn every_new_configuration_is_valid_without_warnings() {
    let users = vec![format!("arn:aws:iam::{IDENTITY}:user/ann"), role("admin")];
    let sets = vec!["Admin".to_owned(), "Read_Only".to_owned()];
    let mut granted = vec![Granted::PermissionSets(sets)];
    for mfa in [Mfa::Required, Mfa::NotRequired] {
        granted.extend([Granted::Account(mfa), Granted::Principals(users.clone(), mfa)]);
        granted.push(Granted::Principals(vec![role("admin")], mfa));
    }
    let names: Vec<String> = Catalogue::built_in().names().map(str::to_owned).collect();
    let all: Vec<&str> = names.iter().map(String::as_str).collect();
    for granted in granted {
        for (vendors, excluded) in [(&all[..], &["593024761238", "604135872349"][..]), (&[], &[])] {
            let toml = starter(granted.clone(), vendors, excluded).to_toml();
            let config = Config::parse_without_files(&toml).unwrap_or_else(|problems| panic!("{problems}\n{toml}"));
            assert_eq!((&config.warnings, config.example_values.as_slice()), (&vec![], &[][..]), "{toml}");
            assert_eq!((config.roles.len(), config.excluded.len()), (vendors.len(), excluded.len()));
            assert!(config.external_ids().is_empty());
        }
    }
}

#[test]
fn commented_configuration_names_parameters_and_no_external_ids() {
    let toml = starter(Granted::Account(Mfa::Required), &["trelica", "workload-security"], &["593024761238"]).to_toml();
    insta::assert_snapshot!(toml, @r#"
    # What every account of the organization gets: grants on the access role, and the roles that are installed. Check this file
    # with `onboard config check`; docs/CONFIGURATION.md documents every key. In ARNs, policies and conditions, {partition} and
    # {account-id} are replaced for each account.

    # The role that the management account assumes in each account: the first of these names that exists.
    [access-role]
    names = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"]

    # The identity account: its own policies decide which of its users and roles may assume the access role.
    # Only users who signed in with MFA: sessions of roles, also those of IAM Identity Center, are denied.
    [[access-role.grant]]
    principal = "482913650127"
    condition = { Bool = { "aws:MultiFactorAuthPresent" = "true" } }

    # Accounts that are never changed. The management account is never changed in any case.
    [accounts]
    exclude = ["593024761238"]

    # Vendors of the catalogue: `onboard vendors list`. External IDs are in SSM parameters, which must exist before the first run.

    # Trelica (1Password SaaS Manager)
    [vendors.trelica]
    # Its value: the organization ID on Trelica's profile page
    external-id = { ssm-parameter = "/account-onboarding/trelica/external-id" }
    # permissions = []  # by default all read-only groups: `onboard vendors show trelica`

    # Trend Micro Cloud One Workload Security
    [vendors.workload-security]
    # Its value: the ID that Workload Security generated for your tenant, which its console shows when you add an AWS account; with `registration`, leave it out: the API returns it
    external-id = { ssm-parameter = "/account-onboarding/workload-security/external-id" }
    # permissions = []  # by default all read-only groups: `onboard vendors show workload-security`
    # To register each account through the vendor's API, which also returns the external ID if the key is left out:
    # registration = { region = "REGION", api-key = { ssm-parameter = "/account-onboarding/workload-security/api-key" } }

    # Roles of your own, for example for a pipeline of the identity account:
    # [[role]]
    # name = "app-deployer"
    # managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
    # trust = [{ principal = "arn:{partition}:iam::ACCOUNT:role/pipeline" }]
    "#);
}

#[test]
fn roles_and_users_have_separate_grants_because_only_users_have_mfa() {
    let principals = vec![role("admin"), format!("arn:aws:iam::{IDENTITY}:user/ann")];
    let toml = starter(Granted::Principals(principals, Mfa::Required), &[], &[]).to_toml();
    let config = Config::parse_without_files(&toml).unwrap();
    let conditions: Vec<_> = config.access_role.grants.iter().map(|grant| grant.trust.condition.is_empty()).collect();
    assert_eq!(conditions, [true, false], "{toml}");
}

#[test]
fn permission_set_matches_its_roles_in_every_region_and_no_others() {
    let toml = starter(Granted::PermissionSets(vec!["Admin".to_owned()]), &[], &[]).to_toml();
    let config = Config::parse_without_files(&toml).unwrap();
    let condition = config.access_role.grants[0].trust.condition.to_json().to_string().replace("{partition}", "aws");
    let trust = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Principal":{{"AWS":"{IDENTITY}"}},"Action":"sts:AssumeRole","Condition":{condition}}}}}"#
    );
    let trust = Document::parse(&trust).unwrap();
    let can = |role: &str| {
        let arn = format!("arn:aws:iam::{IDENTITY}:role/{role}");
        let caller = Caller::from_principal(&Principal::to_grant(&arn).unwrap()).unwrap();
        can_assume(&trust, &caller, &RequestContext::complete().with("aws:PrincipalArn", &arn)).can()
    };
    for folder in ["aws-reserved/sso.amazonaws.com", "aws-reserved/sso.amazonaws.com/eu-west-1"] {
        assert!(can(&format!("{folder}/AWSReservedSSO_Admin_40d0a25dcf82b5f2")), "{folder}");
        for other in ["AWSReservedSSO_Admin_Read_40d0a25dcf82b5f2", "AWSReservedSSO_Administrator_40d0a25dcf82b5f2"] {
            assert!(!can(&format!("{folder}/{other}")), "{folder}/{other}");
        }
    }
    assert!(!can("AWSReservedSSO_Admin_40d0a25dcf82b5f2"));
}

#[test]
fn wrong_answers_are_explained() {
    let own: AccountId = IDENTITY.parse().unwrap();
    let errors = [
        refuse_example(&"222233334444".parse().unwrap()).unwrap_err(),
        principal(&own, IDENTITY).unwrap_err(),
        principal(&own, "admin").unwrap_err(),
        principal(&own, "*").unwrap_err(),
        principal(&own, "arn:aws:iam::593024761238:role/admin").unwrap_err(),
        principal(&own, &format!("arn:aws:iam::{IDENTITY}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_A_1"))
            .unwrap_err(),
        permission_set("Admin Access").unwrap_err(),
        external_id_parameter("s3cret").unwrap_err(),
        external_id_parameter("/other/external-id").unwrap_err(),
    ];
    assert!(!errors.concat().contains("s3cret"));
    insta::assert_snapshot!(errors.join("\n"), @"
    222233334444 is an account ID of the AWS documentation; write the ID of an account of yours
    `482913650127` is not the ARN of a role or user of the identity account
    `admin` is not the ARN of a role or user of the identity account
    a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user
    `arn:aws:iam::593024761238:role/admin` is not in the identity account 482913650127; write the ARN of one of its roles or users
    the role of a permission set gets another name when it is assigned again; choose permission sets, and write their names
    `Admin Access` is not a valid name of a permission set; write the name that IAM Identity Center shows, 1 to 32 letters, digits and `_+=,.@-`
    this is not a valid SSM parameter name; expected a name such as `/account-onboarding/trelica/external-id`. The external ID itself is not written to the file: store it in the parameter later
    the function can only read parameters below `/account-onboarding/`; choose such a name
    ");
    assert!(principal(&own, &role("admin")).is_ok() && permission_set("Admin").is_ok());
    assert!(external_id_parameter(&default_parameter("trelica")).is_ok());
}

#[test]
fn registration_needs_no_external_id_in_a_parameter() {
    let catalogue = Catalogue::built_in();
    let vendor = catalogue.get("workload-security").unwrap();
    let toml = |parameter: Option<&str>| {
        let vendor = StarterVendor::registered(vendor, "de-1".to_owned(), parameter.map(str::to_owned));
        assert_eq!(vendor.key_parameter().as_deref(), Some("/account-onboarding/workload-security/api-key"));
        Starter { vendors: vec![vendor], ..starter(Granted::Account(Mfa::NotRequired), &[], &[]) }.to_toml()
    };
    let without = Config::parse_without_files(&toml(None)).unwrap();
    assert_eq!(crate::blueprint::tenants(&without).len(), 1);
    let with = Config::parse_without_files(&toml(Some("/account-onboarding/own/id"))).unwrap();
    assert_eq!(crate::blueprint::tenants(&with).len(), 0);
    assert!(crate::blueprint::parameters(&with).contains("/account-onboarding/own/id"));
    assert!(registration_region(vendor, "us-2").is_err());
    assert!(registration_region(catalogue.get("trelica").unwrap(), "us-1").unwrap_err().contains("has no API"));
}
