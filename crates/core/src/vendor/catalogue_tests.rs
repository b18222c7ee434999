use super::*;
use crate::lines::plain;
use crate::policy::{Document, lint_permissions};
use crate::vendor::{Vendor, list, show};

fn vendor(name: &str) -> Vendor {
    Catalogue::built_in().get(name).unwrap().clone()
}

fn actions(groups: &[&crate::vendor::Group]) -> Vec<String> {
    let policy = Document::parse(&Vendor::policy(groups).unwrap().0).unwrap();
    assert_eq!(lint_permissions("p", &policy), []);
    let statement = &policy.as_map()["Statement"][0];
    assert_eq!(statement["Resource"], "*");
    statement["Action"].as_array().unwrap().iter().map(|a| a.as_str().unwrap().to_owned()).collect()
}

#[test]
fn built_in_vendors_are_valid() {
    for (name, file, text) in BUILT_IN {
        let (vendor, problems) = read_file(name, file, text, VendorOrigin::BuiltIn);
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(vendor.unwrap().name, name);
    }
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vendors")).unwrap().count();
    assert_eq!(files, BUILT_IN.len(), "each file in vendors/ is built in");
    insta::assert_snapshot!(plain(&list(&Catalogue::built_in())), @"
    NAME               VENDOR                                   ROLE                          FROM
    trelica            Trelica (1Password SaaS Manager)         TrelicaIntegration            built in
    workload-security  Trend Micro Cloud One Workload Security  Workload_Security_Role_Cross  built in
    ");
}

#[test]
fn workload_security_has_fifteen_read_only_actions() {
    let vendor = vendor("workload-security");
    insta::assert_snapshot!(actions(&vendor.default_groups()).join("\n"), @r"
    ec2:DescribeAvailabilityZones
    ec2:DescribeImages
    ec2:DescribeInstances
    ec2:DescribeRegions
    ec2:DescribeSecurityGroups
    ec2:DescribeSubnets
    ec2:DescribeTags
    ec2:DescribeVpcs
    iam:GetRole
    iam:GetRolePolicy
    iam:ListAccountAliases
    workspaces:DescribeTags
    workspaces:DescribeWorkspaceBundles
    workspaces:DescribeWorkspaceDirectories
    workspaces:DescribeWorkspaces
    ");
    assert_eq!(actions(&vendor.default_groups()).len(), 15);
    insta::assert_snapshot!(plain(&show(&vendor)), @r#"
    Trend Micro Cloud One Workload Security (workload-security)
      source        built in
      accounts      147995105371
      external ID   required: the ID that Workload Security generated for your
                    tenant, which its console shows when you add an AWS account;
                    with `registration`, leave it out: the API returns it
      role          Workload_Security_Role_Cross (override with `role-name`)
      policy        Workload_Security_Policy_Cross
      registration  through the vendor's API, if configured
      hand-off      In Workload Security, add an AWS account (Computers > Add > Add
                    AWS Account), choose the cross-account role, and paste this
                    value (Cross Account Role ARN)
      once          In the Workload Security console, under Administration > System
                    Settings > Advanced > Manager AWS Identity, select Use Manager
                    Instance Role. The API has no call for it.
      once          To protect instances, run the script that the console makes
                    under Support > Deployment Scripts on them, for example as user
                    data: it installs the agent. The page Computers lists the
                    instances that were loaded.
      docs          https://cloudone.trendmicro.com/docs/workload-security/aws-add-cross-account/

      permissions
        ec2 (on)
          ec2:DescribeImages
          ec2:DescribeInstances
          ec2:DescribeRegions
          ec2:DescribeSubnets
          ec2:DescribeTags
          ec2:DescribeVpcs
          ec2:DescribeAvailabilityZones
          ec2:DescribeSecurityGroups
        workspaces (on)
          workspaces:DescribeWorkspaces
          workspaces:DescribeWorkspaceDirectories
          workspaces:DescribeWorkspaceBundles
          workspaces:DescribeTags
        iam (on)
          iam:ListAccountAliases
          iam:GetRole (optional)
          iam:GetRolePolicy (optional)

      in onboarding.toml
        [vendors.workload-security]
        external-id = { ssm-parameter = "/account-onboarding/workload-security/external-id" }
        # omit-actions = ["iam:GetRole", "iam:GetRolePolicy"]
    "#);
}

#[test]
fn trelica_has_no_write_access_by_default() {
    let vendor = vendor("trelica");
    assert!(vendor.name_fixed);
    insta::assert_snapshot!(actions(&vendor.default_groups()).join("\n"), @r"
    cognito-idp:ListUserPools
    cognito-idp:ListUsers
    connect:DescribeUser
    connect:ListInstances
    connect:ListSecurityProfiles
    connect:ListUsers
    ds:DescribeDirectories
    iam:ListUsers
    organizations:ListAccounts
    workspaces:DescribeTags
    workspaces:DescribeWorkspaces
    workspaces:DescribeWorkspacesConnectionStatus
    ");
    let all: Vec<_> = vendor.groups.iter().collect();
    let extra: Vec<_> = actions(&all).into_iter().filter(|a| !actions(&vendor.default_groups()).contains(a)).collect();
    insta::assert_snapshot!(extra.join("\n"), @r"
    workspaces:StartWorkspaces
    workspaces:StopWorkspaces
    workspaces:TerminateWorkspaces
    ");
    insta::assert_snapshot!(plain(&show(&vendor)), @r#"
    Trelica (1Password SaaS Manager) (trelica)
      source        built in
      accounts      377450845233
      external ID   required: the organization ID on Trelica's profile page
      role          TrelicaIntegration, fixed by the vendor
      policy        TrelicaIntegration
      hand-off      In Trelica, connect the app Amazon Web Services and paste these
                    values (AWS account ID, Region and Role name)
      docs          https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services
      docs          https://docs.trelica.com/integrations/apps/amazon-web-services

      permissions
        cognito-idp (on)
          cognito-idp:ListUserPools
          cognito-idp:ListUsers
        connect (on)
          connect:DescribeUser
          connect:ListInstances
          connect:ListSecurityProfiles
          connect:ListUsers
        ds (on)
          ds:DescribeDirectories
        iam (on)
          iam:ListUsers
        organizations (only in the management account; left out in member accounts,
        where AWS refuses it)
          organizations:ListAccounts
        workspaces (on)
          workspaces:DescribeWorkspaces
          workspaces:DescribeWorkspacesConnectionStatus
          workspaces:DescribeTags
        workspaces-start (off by default: it can modify resources)
          workspaces:StartWorkspaces
        workspaces-stop (off by default: it can modify resources)
          workspaces:StopWorkspaces
        workspaces-terminate (off by default: it can modify resources)
          workspaces:TerminateWorkspaces

      in onboarding.toml
        [vendors.trelica]
        external-id = { ssm-parameter = "/account-onboarding/trelica/external-id" }
        # permissions = ["…"]
        #   default: cognito-idp, connect, ds, iam and workspaces
        #   only in the management account, which is not changed: organizations
        #   optional: workspaces-start, workspaces-stop and workspaces-terminate
        # handoff = { region = "us-east-1" }
    "#);
}

fn problems(text: &str) -> String {
    let (_, problems) = read_file("acme", "acme.toml", text, VendorOrigin::File("acme.toml".to_owned()));
    problems.to_string()
}

#[test]
fn user_defined_vendor_is_read_from_toml() {
    let text = r#"
title = "Acme"
[trust]
accounts = ["111122223333"]
external-id = { none-because = "Acme signs its requests" }
[role]
name = "AcmeReader"
managed-policies = ["arn:{partition}:iam::aws:policy/SecurityAudit"]
[permissions.bucket]
actions = ["s3:GetObject", "s3:ListBucket"]
resources = ["arn:{partition}:s3:::acme-{account-id}", "arn:{partition}:s3:::acme-{account-id}/*"]
[permissions.bucket-list]
actions = ["s3:ListAllMyBuckets"]
"#;
    let (vendor, problems) = read_file("acme", "acme.toml", text, VendorOrigin::File("acme.toml".to_owned()));
    assert!(problems.is_empty(), "{problems}");
    let vendor = vendor.unwrap();
    insta::assert_snapshot!(plain(&show(&vendor)), @r"
    Acme (acme)
      source        acme.toml
      accounts      111122223333
      external ID   none: Acme signs its requests
      role          AcmeReader (override with `role-name`)
      policy        AcmeReader
      attached      arn:{partition}:iam::aws:policy/SecurityAudit

      permissions
        bucket (on)
          s3:GetObject
          s3:ListBucket
          on arn:{partition}:s3:::acme-{account-id}
          on arn:{partition}:s3:::acme-{account-id}/*
        bucket-list (on)
          s3:ListAllMyBuckets

      in onboarding.toml
        [vendors.acme]
    ");
    insta::assert_snapshot!(Vendor::policy(&vendor.default_groups()).unwrap().0, @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListAllMyBuckets"],"Resource":"*"},{"Effect":"Allow","Action":["s3:GetObject","s3:ListBucket"],"Resource":["arn:{partition}:s3:::acme-{account-id}","arn:{partition}:s3:::acme-{account-id}/*"]}]}"#);
}

#[test]
fn all_errors_of_a_vendor_file_are_reported() {
    insta::assert_snapshot!(problems(""), @r"
    acme.toml:1:1: `title` is missing
    acme.toml:1:1: `trust` is missing
    acme.toml:1:1: `role` is missing
    ");
    insta::assert_snapshot!(problems(r#"
titel = "Acme"
title = ""
documentation = ["http://acme.example"]
[trust]
accounts = [111122223333, "12"]
external-id = "optional"
[role]
name = "Acme Reader"
name-fixed = "yes"
max-session-seconds = 60
policy-name = "a b"
managed-policies = ["SecurityAudit"]
[permissions.Bucket]
actions = ["GetObject", 5]
resources = ["bucket"]
mutate = true
[permissions.none]
actions = []
"#), @r#"
    acme.toml:2:1: unknown key `titel`; did you mean `title`?
    acme.toml:3:9: `title`: must be one non-empty line of at most 500 characters
    acme.toml:4:18: `documentation`: is not a valid link; it must start with `https://`
    acme.toml:6:13: `accounts`: expected a string, found a number; write it in quotes
    acme.toml:6:27: `accounts`: `12` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user
    acme.toml:7:15: `external-id`: expected `"required"`, or `{ none-because = "…" }` with the reason
    acme.toml:9:8: `name`: `Acme Reader` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
    acme.toml:10:14: `name-fixed`: expected a boolean (`true` or `false`), found a string; write it without quotes
    acme.toml:11:23: `max-session-seconds`: must be between 3600 and 43200 seconds (one to twelve hours)
    acme.toml:12:15: `policy-name`: `a b` is not a valid policy name; use 1 to 128 letters, digits and `_+=,.@-`
    acme.toml:13:21: `managed-policies`: `SecurityAudit` is not a valid managed policy ARN; expected a form such as `arn:{partition}:iam::aws:policy/ReadOnlyAccess` or `arn:{partition}:iam::{account-id}:policy/boundary`
    acme.toml:14:14: `Bucket`: `Bucket` is not a valid group name; use 1 to 64 lowercase letters, digits and `-`
    acme.toml:15:12: `actions`: `GetObject` is not a valid action; expected a form such as `iam:ListUsers`
    acme.toml:15:25: `actions`: expected a string, found a number; write it in quotes
    acme.toml:16:14: `resources`: `bucket` is not a valid resource; write `*`, an ARN or a pattern of ARNs
    acme.toml:17:1: unknown key `mutate`; did you mean `mutates`?
    acme.toml:19:11: `actions`: is empty; add at least one item
    "#);
    insta::assert_snapshot!(problems(r#"
title = "Acme"
[trust]
accounts = []
external-id = { because = "no" }
[role]
name = "x"
"#), @"
    acme.toml:4:12: `accounts`: is empty; add the account IDs of the vendor, or the ARNs of its roles
    acme.toml:5:15: `none-because` is missing in `external-id`
    acme.toml:5:17: unknown key `because`; expected `none-because`
    acme.toml:6:1: the role would have no permissions; add `[permissions.NAME]` or `managed-policies`
    ");
    insta::assert_snapshot!(problems(r#"
title = "Acme"
documentation = ["https://example.com/"]
[trust]
accounts = ["123456789012"]
external-id = "required"
[role]
name = "AWSRevokeOlderSessions"
[permissions.bucket]
actions = ["s3:GetObject"]
"#), @"acme.toml:7:1: without a `policy-name`, the policy has the name of the role: `AWSRevokeOlderSessions` is reserved for the policy that revokes sessions; choose another name");
}

/// What vendors publish: a role of the vendor as the principal, conditions, and resources that begin with a wildcard.
#[test]
fn vendor_file_has_the_same_means_as_a_custom_role() {
    let text = r#"
title = "Acme"
[trust]
accounts = ["arn:aws:iam::123456789012:role/scanner", "333344445555"]
external-id = "required"
condition = { StringEquals = { "aws:PrincipalOrgID" = "o-1" } }
[role]
name = "Acme"
[permissions.gateway]
actions = ["apigateway:GET"]
resources = ["*arn:{partition}:apigateway:*::/restapis/*"]
[permissions.snapshots]
actions = ["ec2:DeleteSnapshot"]
condition = { StringLike = { "ec2:ResourceTag/Acme" = "*" }, StringEquals = { "aws:ResourceAccount" = "{account-id}" } }
[permissions.volumes]
actions = ["ec2:DeleteVolume"]
condition = { StringEquals = { "aws:ResourceAccount" = "{account-id}" }, StringLike = { "ec2:ResourceTag/Acme" = "*" } }
[permissions.read]
actions = ["ec2:DescribeSnapshots"]
"#;
    let (vendor, problems) = read_file("acme", "acme.toml", text, VendorOrigin::Configuration);
    assert!(problems.is_empty(), "{problems}");
    let vendor = vendor.unwrap();
    let groups: Vec<_> = vendor.groups.iter().collect();
    let statements = Document::parse(&Vendor::policy(&groups).unwrap().0).unwrap().as_map()["Statement"].clone();
    let statements = statements.as_array().unwrap().iter().map(|statement| format!("{statement}\n"));
    insta::assert_snapshot!(statements.collect::<String>(), @r#"
    {"Effect":"Allow","Action":["ec2:DeleteVolume"],"Resource":"*","Condition":{"StringEquals":{"aws:ResourceAccount":"{account-id}"},"StringLike":{"ec2:ResourceTag/Acme":"*"}}}
    {"Effect":"Allow","Action":["ec2:DeleteSnapshot"],"Resource":"*","Condition":{"StringLike":{"ec2:ResourceTag/Acme":"*"},"StringEquals":{"aws:ResourceAccount":"{account-id}"}}}
    {"Effect":"Allow","Action":["ec2:DescribeSnapshots"],"Resource":"*"}
    {"Effect":"Allow","Action":["apigateway:GET"],"Resource":"*arn:{partition}:apigateway:*::/restapis/*"}
    "#);
    insta::assert_snapshot!(plain(&show(&vendor)), @r#"
    Acme (acme)
      source        [catalogue.acme]
      accounts      arn:aws:iam::123456789012:role/scanner, 333344445555
      external ID   required
      condition     {"StringEquals":{"aws:PrincipalOrgID":"o-1"}}
      role          Acme (override with `role-name`)
      policy        Acme

      permissions
        gateway (on)
          apigateway:GET
          on *arn:{partition}:apigateway:*::/restapis/*
        snapshots (on)
          ec2:DeleteSnapshot
          if
          {"StringLike":{"ec2:ResourceTag/Acme":"*"},"StringEquals":{"aws:ResourceAccount":"{account-id}"}}
        volumes (on)
          ec2:DeleteVolume
          if
          {"StringEquals":{"aws:ResourceAccount":"{account-id}"},"StringLike":{"ec2:ResourceTag/Acme":"*"}}
        read (on)
          ec2:DescribeSnapshots

      in onboarding.toml
        [vendors.acme]
        external-id = { ssm-parameter = "/account-onboarding/acme/external-id" }
    "#);
}

#[test]
fn invalid_principals_and_conditions_of_a_vendor_are_reported() {
    let text = "title = 'Acme'\nrole = { name = 'Acme' }\n\
                trust = { accounts = ['*', '12345', 'lambda.amazonaws.com'], external-id = 'required', condition = { StringEquals = { 'sts:ExternalId' = 'x' } } }\n\
                permissions.a = { actions = ['a:b'], resources = ['arn:aws:s3', 'x*'], condition = { Boool = { a = 'x' } } }\n";
    insta::assert_snapshot!(read_file("acme", "acme.toml", text, VendorOrigin::Configuration).1, @r#"
    acme.toml:3:23: `accounts`: a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user
    acme.toml:3:28: `accounts`: `12345` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user
    acme.toml:3:37: `accounts`: `lambda.amazonaws.com` is a service; use `principal = { service = "lambda.amazonaws.com" }`
    acme.toml:3:119: `sts:ExternalId`: must not be set as a condition; use `external-id` next to `principal`
    acme.toml:4:51: `resources`: `arn:aws:s3` is not a valid resource; write `*`, an ARN or a pattern of ARNs
    acme.toml:4:65: `resources`: `x*` is not a valid resource; write `*`, an ARN or a pattern of ARNs
    acme.toml:4:86: `Boool`: is not an IAM condition operator; use one such as `StringEquals` or `Bool`
    acme.toml:4:96: `a`: does not begin with the service or the identity provider that defines it, so that no request has such a key; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`
    "#);
}
