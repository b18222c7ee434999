use std::path::Path;
use std::time::Duration;

use crate::blueprint::{Blueprint, SecretValues};
use crate::config::{Config, Folder, NoFiles, show};
use crate::lines::plain;
use crate::toml_reader::sample_account;

pub(super) const DEMO: &str = include_str!("../../../../onboarding.toml");

fn parse(text: &str) -> Config {
    Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"))
}

#[test]
fn example_configuration_is_valid() {
    let config = parse(DEMO);
    assert_eq!(config.warnings, Vec::<String>::new());
    let (blueprint, errors) = Blueprint::new(&config, &sample_account().unwrap(), &SecretValues::default()).unwrap();
    assert_eq!(errors, []);
    assert_eq!((blueprint.grants.len(), blueprint.roles.len()), (1, 3));
    let text = plain(&show(&config));
    assert!(!text.contains("example-trelica-organization-id") && !format!("{config:?}").contains("example-trelica"));
    insta::assert_snapshot!(text, @r#"
    access role
      tried in order  OrganizationAccountAccessRole, AWSControlTowerExecution
      orphans         deleted roles and users stay in the trust policy
      granted to      222233334444, for sts:AssumeRole

    accounts
      excluded        999988887777
      count as new    for 60 minutes after joining
      retried         for 24 hours

    role Workload_Security_Role_Cross (vendor/workload-security)
      vendor          Trend Micro Cloud One Workload Security
      trusts          147995105371, with an external ID (hidden), for sts:AssumeRole
      path            /
      description     Trend Micro Cloud One Workload Security reads the inventory of
                      this account
      session         up to 3600 seconds
      boundary        none
      tags            none
      registered at   none
      hand-off        by a person, for each account
      once            In the Workload Security console, under Administration >
                      System Settings > Advanced > Manager AWS Identity, select Use
                      Manager Instance Role. The API has no call for it.
      once            To protect instances, run the script that the console makes
                      under Support > Deployment Scripts on them, for example as
                      user data: it installs the agent. The page Computers lists the
                      instances that were loaded.
      existing role   of the same name: left unchanged
      attached        none
      policy          Workload_Security_Policy_Cross
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeImages",
                "ec2:DescribeInstances",
                "ec2:DescribeRegions",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
                "ec2:DescribeVpcs",
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAccountAliases",
                "workspaces:DescribeTags",
                "workspaces:DescribeWorkspaceBundles",
                "workspaces:DescribeWorkspaceDirectories",
                "workspaces:DescribeWorkspaces"
              ],
              "Resource": "*"
            }
          ]
        }

    role TrelicaIntegration (vendor/trelica)
      vendor          Trelica (1Password SaaS Manager)
      trusts          377450845233, with an external ID (hidden), for sts:AssumeRole
      path            /
      description     Trelica reads the users of this account's services
      session         up to 3600 seconds
      boundary        none
      tag             team = it
      registered at   none
      hand-off        by a person, for each account in region us-east-1
      existing role   of the same name: left unchanged
      attached        none
      policy          TrelicaIntegration
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "iam:ListUsers"
              ],
              "Resource": "*"
            }
          ]
        }

    role app-deployer (role/app-deployer)
      trusts          arn:aws:iam::222233334444:role/app-pipeline, for
                      sts:AssumeRole
      path            /
      description     The deployment pipeline updates the application's functions
      session         up to 3600 seconds
      boundary        none
      tag             team = platform
      existing role   of the same name: left unchanged
      attached        none
      policy          deploy
        {
          "Version": "2012-10-17",
          "Statement": {
            "Effect": "Allow",
            "Action": [
              "lambda:GetFunction",
              "lambda:UpdateFunctionCode"
            ],
            "Resource": "arn:{partition}:lambda:*:{account-id}:function:app-*"
          }
        }
    "#);
}

#[test]
fn one_grant_is_a_complete_configuration() {
    let config = parse("[[access-role.grant]]\nprincipal = '222233334444'");
    insta::assert_snapshot!(plain(&show(&config)), @"
    access role
      tried in order  OrganizationAccountAccessRole, AWSControlTowerExecution
      orphans         deleted roles and users stay in the trust policy
      granted to      222233334444, for sts:AssumeRole

    accounts
      excluded        none
      count as new    for 60 minutes after joining
      retried         for 24 hours
    ");
    assert!(!config.access_role.prune_orphans && config.new_for == Duration::from_secs(3600));
}

#[test]
fn all_keys_are_read() {
    let config = parse(
        r#"
[access-role]
names = ["Entry"]
prune-orphans = true
grant = [
    { principal = "222233334444", external-id = { ssm-parameter = "/a/b.c-d_e" } },
    { principal = ["arn:{partition}:iam::222233334444:role/a", "arn:aws:iam::222233334444:user/b"], condition = { Bool = { "aws:MultiFactorAuthPresent" = true }, NumericLessThan = { "aws:MultiFactorAuthAge" = 3600, "x:y" = 1.5 }, StringEquals = { "aws:PrincipalOrgID" = ["o-1", "o-2"] } } },
]
[accounts]
exclude = ["999988887777", "111122223333"]
[waiting]
new-account-minutes = 5
[vendors.workload-security]
external-id = { none-because = "an old tenant, to be replaced in March" }
role-name = "Workload"
path = "/vendors/"
description = "Trend"
max-session-seconds = 43200
permissions-boundary = "arn:{partition}:iam::{account-id}:policy/boundary"
permissions = ["iam"]
tags = { "dp:exclude:identity" = "true" }
adopt = true
[[role]]
name = "b"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess", "arn:aws:iam::aws:policy/job-function/Billing"]
policies = { all = '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' }
trust = [{ principal = { service = "lambda.amazonaws.com" } }, { principal = "333344445555", external-id = "a:b/c" }]
"#,
    );
    insta::assert_snapshot!(plain(&show(&config)), @r#"
    access role
      tried in order  Entry
      orphans         deleted roles and users are removed from the trust policy
      granted to      222233334444, with the external ID in the SSM parameter
                      /a/b.c-d_e, for sts:AssumeRole
      granted to      arn:{partition}:iam::222233334444:role/a,
                      arn:aws:iam::222233334444:user/b, for sts:AssumeRole, if
                      {"Bool":{"aws:MultiFactorAuthPresent":"true"},"NumericLessThan":{"aws:MultiFactorAuthAge":"3600","x:y":"1.5"},"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}

    accounts
      excluded        111122223333, 999988887777
      count as new    for 5 minutes after joining
      retried         for 24 hours

    role Workload (vendor/workload-security)
      vendor          Trend Micro Cloud One Workload Security
      trusts          147995105371, without an external ID (an old tenant, to be
                      replaced in March), for sts:AssumeRole
      path            /vendors/
      description     Trend
      session         up to 43200 seconds
      boundary        arn:{partition}:iam::{account-id}:policy/boundary
      tag             dp:exclude:identity = true
      registered at   none
      hand-off        by a person, for each account
      once            In the Workload Security console, under Administration >
                      System Settings > Advanced > Manager AWS Identity, select Use
                      Manager Instance Role. The API has no call for it.
      once            To protect instances, run the script that the console makes
                      under Support > Deployment Scripts on them, for example as
                      user data: it installs the agent. The page Computers lists the
                      instances that were loaded.
      existing role   of the same name: taken over
      attached        none
      policy          Workload_Security_Policy_Cross
        {
          "Version": "2012-10-17",
          "Statement": [
            {
              "Effect": "Allow",
              "Action": [
                "iam:GetRole",
                "iam:GetRolePolicy",
                "iam:ListAccountAliases"
              ],
              "Resource": "*"
            }
          ]
        }

    role b (role/b)
      trusts          service lambda.amazonaws.com, for sts:AssumeRole
      trusts          333344445555, with an external ID (hidden), for sts:AssumeRole
      path            /
      description     none
      session         up to 3600 seconds
      boundary        none
      tags            none
      existing role   of the same name: left unchanged
      attached        arn:aws:iam::aws:policy/job-function/Billing
      attached        arn:{partition}:iam::aws:policy/ReadOnlyAccess
      policy          all
        {
          "Statement": {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
          }
        }
    "#);
    insta::assert_snapshot!(config.warnings.join("\n"), @"
    access-role: `arn:{partition}:iam::222233334444:role/a` is denied, because the condition requires MFA and the sessions of roles do not show it; require MFA where the role is assumed, and put users into a grant of their own
    vendor/workload-security: the vendor assumes the role without an external ID; set `external-id` if the vendor supports one
    role/b: statement 1 of the policy `all` allows every action, or all actions except some
    role/b: trust entry 1 lets lambda.amazonaws.com assume the role for other accounts (confused deputy); add a condition on `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID`, if the service sends these keys
    ");
    assert!(!plain(&show(&config)).contains("a:b/c"));
}

#[test]
fn vendors_are_defined_in_files_or_inline() {
    let acme = "title = 'Acme'\ntrust = { accounts = ['111122223333'], external-id = 'required' }\n\
                role = { name = 'Acme' }\npermissions.read.actions = ['iam:ListUsers']\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("acme.toml"), acme).unwrap();
    std::fs::write(
        folder.path().join("p.json"),
        r#"{"Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}"#,
    )
    .unwrap();
    let files = Folder::containing(&folder.path().join("onboarding.toml"));
    let text = format!(
        "vendor-files = ['acme.toml']\n[vendors.acme]\nexternal-id = 'xx'\n[vendors.other]\nexternal-id = 'yy'\n\
         role-name = 'Other'\n[[role]]\nname = 'r'\npolicies.p.file = 'p.json'\ntrust = [{{ principal = '222233334444' }}]\n\
         [catalogue.other]\n{}",
        acme
    );
    let config = Config::parse(&text, &files).unwrap_or_else(|problems| panic!("{problems}"));
    let owners: Vec<_> = config.roles.iter().map(|role| role.definition.owner.to_string()).collect();
    assert_eq!(owners, ["vendor/acme", "vendor/other", "role/r"]);
    let names: Vec<_> = Config::catalogue(&text, &files).unwrap().names().map(str::to_owned).collect();
    assert_eq!(names, ["acme", "other", "trelica", "workload-security"]);

    std::fs::write(folder.path().join("acme.toml"), acme.replace("'required'", "'maybe'").replace("title", "titel"))
        .unwrap();
    std::fs::write(folder.path().join("p.json"), "{").unwrap();
    insta::assert_snapshot!(Config::parse(&text, &Folder::containing(Path::new("onboarding.toml"))).unwrap_err(), @r"
    onboarding.toml:1:17: `vendor-files`: `acme.toml`: cannot be read: No such file or directory (os error 2); paths are relative to the configuration file
    onboarding.toml:9:19: `file`: `p.json`: cannot be read: No such file or directory (os error 2); paths are relative to the configuration file
    ");
    let problems = Config::parse(&text, &files).unwrap_err().to_string();
    insta::assert_snapshot!(problems.replace(&folder.path().display().to_string(), "FOLDER"), @r#"
    FOLDER/onboarding.toml:9:19: `file`: `p.json`: the policy is not valid JSON: EOF while parsing an object at line 1 column 1
    acme.toml:1:1: unknown key `titel`; did you mean `title`?
    acme.toml:2:54: `external-id`: expected `"required"`, or `{ none-because = "…" }` with the reason
    "#);
    insta::assert_snapshot!(Config::parse(&text, &NoFiles::named("the parameter `/x`")).unwrap_err(), @"
    the parameter `/x`:1:17: `vendor-files`: `acme.toml`: cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline
    the parameter `/x`:9:19: `file`: `p.json`: cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline
    ");
}

#[test]
fn roles_keep_the_order_of_the_file() {
    let role = |name: &str| format!("[[role]]\nname = '{name}'\ntrust = [{{ principal = '222233334444' }}]\n");
    let config = parse(&[role("z"), role("a"), role("m")].concat());
    let names: Vec<_> = config.roles.iter().map(|role| role.definition.name.as_str()).collect();
    assert_eq!(names, ["z", "a", "m"]);
}

const ONLY_WRITES: &str = "[catalogue.v]\ntitle = 'V'\ntrust = { accounts = ['482913650127'], external-id = 'required' }\n\
    role = { name = 'V' }\npermissions.cleanup = { actions = ['ec2:DeleteSnapshot'], mutates = true }\n";

#[test]
fn vendor_without_permissions_is_a_warning() {
    let warnings = |more: &str| parse(&format!("{ONLY_WRITES}[vendors.v]\nexternal-id = 'x-1'\n{more}\n")).warnings;
    insta::assert_snapshot!(warnings("").join("\n"), @"vendor/v: the role has no permissions, because no permission group of the vendor is on by default; list those that it needs in `permissions`");
    assert_eq!(warnings("permissions = ['cleanup']"), Vec::<String>::new());
}

#[test]
fn reason_for_no_external_id_is_shown() {
    let trusts = |text: &str| -> String {
        plain(&show(&parse(text))).lines().filter(|line| line.contains("without an external ID")).collect()
    };
    let waived = format!("{ONLY_WRITES}[vendors.v]\nexternal-id = {{ none-because = 'signs requests' }}\n");
    insta::assert_snapshot!(trusts(&waived), @"  trusts          482913650127, without an external ID (signs requests), for");
    let by_vendor = ONLY_WRITES.replace("'required'", "{ none-because = 'is our own scanner' }");
    insta::assert_snapshot!(trusts(&format!("{by_vendor}[vendors.v]\n")), @"  trusts          482913650127, without an external ID (is our own scanner), for");
}

#[test]
fn inline_policies_without_space_for_a_revocation_are_a_warning() {
    let config = |length: usize| {
        let start = r#"{"Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::"#;
        let policy = format!("{start}{}\"}}}}", "x".repeat(length - start.len() - 3));
        let text =
            format!("[[role]]\nname = 'r'\npolicies.p = '{policy}'\ntrust = [{{ principal = '222233334444' }}]\n");
        Config::parse_without_files(&text)
    };
    assert_eq!(config(10_077).unwrap().warnings, Vec::<String>::new());
    insta::assert_snapshot!(config(10_078).unwrap().warnings.join("\n"), @"role/r: the inline policies have 10078 characters of the 10240 that IAM allows, which leaves no space for the policy that revokes the role's sessions (163 characters), so that changes that need it are blocked; shorten them with wildcards in actions, attach managed policies that exist in every account (`managed-policies`), or divide the permissions among several roles");
    assert_eq!(config(10_240).unwrap().warnings.len(), 1);
    insta::assert_snapshot!(config(10_241).unwrap_err(), @"onboarding.toml:3:1: `policies`: the inline policies have 10241 characters in total, without whitespace, and IAM allows 10240; shorten them with wildcards in actions, attach managed policies that exist in every account (`managed-policies`), or divide the permissions among several roles");
}

#[test]
fn other_access_roles_have_targets() {
    let config = |other: &str| {
        Config::parse_without_files(&format!("[[access-role.grant]]\nprincipal = '222233334444'\n{other}"))
    };
    let good = config(
        "access-role = 'AcquiredAdmin'\n[[access-role.other]]\nname = 'AcquiredAdmin'\ntargets = { accounts = ['444455556666'] }",
    );
    let access_role = good.unwrap_or_else(|problems| panic!("{problems}")).access_role;
    let names: Vec<_> = access_role.all_names().map(ToString::to_string).collect();
    assert_eq!(names, ["OrganizationAccountAccessRole", "AWSControlTowerExecution", "AcquiredAdmin"]);
    let refused = [
        "[[access-role.other]]\nname = 'AcquiredAdmin'",
        "[[access-role.other]]\ntargets = { accounts = ['444455556666'] }",
        "[[access-role.other]]\nname = 'a/b'\ntargets = { accounts = [] }",
        "[[access-role.other]]\nname = 'AcquiredAdmin'\ntargets = { accounts = ['444455556666'] }\n[[role]]\nname = 'acquiredadmin'\ntrust = [{ principal = '222233334444' }]",
    ]
    .map(|other| config(other).unwrap_err().to_string());
    insta::assert_snapshot!(refused.join("\n"), @"
    onboarding.toml:3:1: `targets` is missing in `other`
    onboarding.toml:3:1: `name` is missing in `other`
    onboarding.toml:4:8: `name`: `a/b` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:5:24: `accounts`: is empty; add an entry, or remove the key
    onboarding.toml:7:8: `name`: the role name `acquiredadmin` is already used by `[access-role]` (line 4); IAM role names are case-insensitive, so choose another name
    ");
}

#[test]
fn canary_that_is_excluded_releases_no_configuration() {
    let config = |excluded: &str, canary: &str| {
        let text = format!(
            "sweep = {{ canary = [{canary}] }}\n[[access-role.grant]]\nprincipal = \"222233334444\"\n[accounts]\nexclude = [{excluded}]\n"
        );
        Config::parse_without_files(&text).map(|config| config.warnings.join("\n")).map_err(|errors| errors.to_string())
    };
    let (one, two, unit) = ("\"444455556666\"", "\"333344445555\"", "\"ou-ab12-cdef3456\"");
    let all = config(&format!("{one}, {unit}, {two}"), &format!("{unit}, {one}"));
    insta::assert_snapshot!(all.unwrap_err(), @"onboarding.toml:1:20: `canary`: names only accounts and units that `exclude` in `[accounts]` names too, so that no changed configuration would reach the other accounts; add an account that is not excluded, or remove the key");
    assert!(config(one, one).is_err() && config(unit, unit).is_err());
    insta::assert_snapshot!(config(&format!("{one}, {unit}"), &format!("{one}, {two}")).unwrap(), @"sweep: `444455556666` in `canary` has no effect, because `exclude` in `[accounts]` names it; remove it from one of them");
    // Whether an account is in an excluded unit is not known here.
    for (excluded, canary) in [("", one), (one, two), (unit, one), (one, unit), (one, "")] {
        assert_eq!(config(excluded, canary), Ok(String::new()), "{excluded} {canary}");
    }
}
