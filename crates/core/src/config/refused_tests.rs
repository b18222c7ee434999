//! Settings that IAM would reject in every account, or that would have no effect, are refused before any run.

use crate::config::{Config, Files};

fn problems(text: &str) -> String {
    Config::parse_without_files(text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

fn role(name: &str, principal: &str, more: &str) -> String {
    format!("[[role]]\nname = '{name}'\ntrust = [{{ principal = {principal} }}]\n{more}\n")
}

#[test]
fn role_that_trusts_itself_is_refused() {
    let own = |path: &str| format!("'arn:{{partition}}:iam::{{account-id}}:role{path}'");
    let itself = role("uc", &format!("['222233334444', {}]", own("/data/UC")), "path = '/data/'");
    let circle =
        [role("a", &own("/b"), ""), role("b", &own("/c"), ""), role("c", &own("/a"), ""), role("d", &own("/a"), "")];
    insta::assert_snapshot!([problems(&itself), problems(&circle.concat())].join("\n"), @r#"
    onboarding.toml:3:41: `principal`: the role `uc` trusts itself, and IAM accepts a role as a principal only once it exists; trust the account instead: `principal = "arn:{partition}:iam::{account-id}:root"` with `condition = { ArnLike = { "aws:PrincipalArn" = "arn:{partition}:iam::{account-id}:role/data/uc" } }`
    onboarding.toml:3:24: `principal`: the roles `a`, `b` and `c` trust each other, and IAM accepts a role as a principal only once it exists; trust the account instead: `principal = "arn:{partition}:iam::{account-id}:root"` with `condition = { ArnLike = { "aws:PrincipalArn" = "arn:{partition}:iam::{account-id}:role/a" } }`
    "#);
    assert_eq!(problems(&[role("a", &own("/b"), ""), role("b", "'222233334444'", "")].concat()), "");
    assert_eq!(problems(&role("a", "'arn:aws:iam::222233334444:role/a'", "")), "", "a role of another account");
}

#[test]
fn principal_that_is_refused_has_its_location() {
    let block = |principal: &str| format!("[[role.trust]]\nprincipal = {principal}\n");
    let own = "arn:{partition}:iam::{account-id}:role/uploader";
    let third = [
        "[[role]]\nname = 'Uploader'\n".to_owned(),
        block("'857204613908'"),
        block("{ service = 'lambda.amazonaws.com' }"),
        block(&format!("['857204613909', '{own}']")),
    ];
    let circle = [
        role("first", "['857204613908', 'arn:{partition}:iam::{account-id}:role/second']", ""),
        role("second", "'arn:{partition}:iam::{account-id}:role/first'", ""),
    ];
    let grant = "[[access-role.grant]]\nprincipal = ";
    let all = [
        third.concat(),
        circle.concat(),
        format!("{grant}'AROAJQABLZS4A3QDU576Q'\n"),
        format!("{grant}[\n  '857204613908',\n  'AIDAJQABLZS4A3QDU576Q',\n  'AROAJQABLZS4A3QDU576Q',\n]\n"),
        format!("{grant}['857204613908', {{ service = 'lambda.amazonaws.com' }}]\n"),
        format!("{grant}{{ federated = 'cognito-identity.amazonaws.com' }}\n"),
    ];
    insta::assert_snapshot!(all.map(|text| problems(&text)).join("\n"), @r#"
    onboarding.toml:8:30: `principal`: the role `Uploader` trusts itself, and IAM accepts a role as a principal only once it exists; trust the account instead: `principal = "arn:{partition}:iam::{account-id}:root"` with `condition = { ArnLike = { "aws:PrincipalArn" = "arn:{partition}:iam::{account-id}:role/Uploader" } }`
    onboarding.toml:3:41: `principal`: the roles `first` and `second` trust each other, and IAM accepts a role as a principal only once it exists; trust the account instead: `principal = "arn:{partition}:iam::{account-id}:root"` with `condition = { ArnLike = { "aws:PrincipalArn" = "arn:{partition}:iam::{account-id}:role/first" } }`
    onboarding.toml:2:13: `principal`: a unique ID cannot be granted access, because IAM stores the ARN of the role or user in its place and the grant would not be recognized in the trust policy of the access role; write the ARN
    onboarding.toml:4:3: `principal`: a unique ID cannot be granted access, because IAM stores the ARN of the role or user in its place and the grant would not be recognized in the trust policy of the access role; write the ARN
    onboarding.toml:5:3: `principal`: a unique ID cannot be granted access, because IAM stores the ARN of the role or user in its place and the grant would not be recognized in the trust policy of the access role; write the ARN
    onboarding.toml:2:30: `principal`: a service cannot be granted access to accounts; use an account ID or the ARN of a role or user
    onboarding.toml:1:1: without a condition, every user of the identity provider could assume the role; add a `condition` for a key that starts with `cognito-identity.amazonaws.com:`
    onboarding.toml:2:13: `principal`: an identity provider cannot be granted access to accounts; install a role for it with `[[role]]`
    "#);
}

#[test]
fn canary_that_could_never_release_a_configuration_is_refused() {
    let sweep = |keys: &str| problems(&format!("[[access-role.grant]]\nprincipal = '222233334444'\n[sweep]\n{keys}\n"));
    insta::assert_snapshot!(sweep("canary = ['857204613908', 'ou-ab12-cdef3456']\nrepair = 'report'"), @r#"onboarding.toml:4:10: `canary`: cannot be combined with `repair = "report"`: the accounts of the canary that converged before would never get a changed configuration, so that it would reach no other account; delete one of the two"#);
    for keys in ["repair = 'report'", "repair = 'report'\ncanary = []", "repair = 'apply'\ncanary = ['857204613908']"] {
        assert_eq!(sweep(keys), "", "{keys}");
    }
}

#[test]
fn vendor_that_trusts_its_own_role_is_refused() {
    let vendor = "[catalogue.v]\ntitle = 'V'\n\
        trust = { accounts = ['222233334444', 'arn:{partition}:iam::{account-id}:role/Renamed'], external-id = 'required' }\n\
        role = { name = 'V', managed-policies = ['arn:{partition}:iam::aws:policy/ReadOnlyAccess'] }\n\
        [vendors.v]\nexternal-id = 'x-1'\n";
    assert_eq!(problems(vendor), "");
    insta::assert_snapshot!(problems(&format!("{vendor}role-name = 'Renamed'\n")), @"onboarding.toml:5:10: `v`: the role `Renamed` trusts itself, and IAM accepts a role as a principal only once it exists; remove its ARN from `accounts` of the vendor, or install the role with `[[role]]`");
}

#[test]
fn reserved_paths_and_policies_of_service_linked_roles_are_refused() {
    let more = [
        "path = '/aws-service-role/config.amazonaws.com/'",
        "path = '/aws-reserved/'",
        "managed-policies = ['arn:{partition}:iam::aws:policy/aws-service-role/AWSConfigServiceRolePolicy']",
        "instance-profile = true",
        "instance_profile_name = 'x'",
    ];
    insta::assert_snapshot!(more.map(|more| problems(&role("r", "'222233334444'", more))).join("\n"), @"
    onboarding.toml:4:8: `path`: only AWS services can create roles under `/aws-service-role/`; choose another path, or remove the role and let the service create it
    onboarding.toml:4:8: `path`: only AWS services can create roles under `/aws-reserved/`; choose another path, or remove the role and let the service create it
    onboarding.toml:4:21: `managed-policies`: `arn:{partition}:iam::aws:policy/aws-service-role/AWSConfigSe…` can be attached only to service-linked roles, which AWS services create; remove it
    onboarding.toml:4:1: unknown key `instance-profile`; this tool creates roles and no instance profiles, so that EC2 instances cannot use its roles: create the role and its instance profile with CloudFormation StackSets instead
    onboarding.toml:4:1: unknown key `instance_profile_name`; this tool creates roles and no instance profiles, so that EC2 instances cannot use its roles: create the role and its instance profile with CloudFormation StackSets instead
    ");
}

#[test]
fn references_of_other_tools_are_refused_wherever_placeholders_are_replaced() {
    let policy = r#"policies.p = '{"Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::x-${AWS::AccountId}"}}'"#;
    let texts = [
        role("r", "'222233334444'", policy),
        role("r", "'222233334444'", "managed-policies = ['arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess']"),
        role("r", "'arn:aws:iam::{account_id}:role/x'", ""),
    ];
    insta::assert_snapshot!(texts.map(|text| problems(&text)).join("\n"), @"
    onboarding.toml:4:10: `p`: `${AWS::AccountId}` is a pseudo parameter of CloudFormation, which is not replaced here; write `{account-id}`
    onboarding.toml:4:21: `managed-policies`: `${AWS::Partition}` is a pseudo parameter of CloudFormation, which is not replaced here; write `{partition}`
    onboarding.toml:3:24: `principal`: `{account_id}` is not replaced; write `{account-id}`
    ");
}

struct OneFile(&'static str);

impl Files for OneFile {
    fn name(&self) -> &str {
        "onboarding.toml"
    }

    fn read(&self, _: &str) -> Result<String, String> {
        Ok(self.0.to_owned())
    }
}

#[test]
fn policy_copied_with_its_wrapping_is_explained() {
    let problems = |file| {
        let text = role("r", "'222233334444'", "policies.p.file = 'p.json'");
        Config::parse(&text, &OneFile(file)).unwrap_err().to_string()
    };
    let files = [
        r#"{"RoleName":"x","PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":[]}}"#,
        r#"{"PolicyVersion":{"Document":{"Statement":[]},"VersionId":"v1"}}"#,
        r#"{"Role":{"AssumeRolePolicyDocument":{"Statement":[]}}}"#,
        r#"{"Type":"AWS::IAM::Policy","Properties":{"PolicyDocument":{"Statement":[]}}}"#,
        r#"{"eventName":"PutRolePolicy","requestParameters":{"policyDocument":"{}"}}"#,
        r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#,
        r#""{\"Statement\":[]}""#,
        "%7B%22Statement%22%3A%5B%5D%7D",
    ];
    insta::assert_snapshot!(files.map(problems).join("\n"), @r#"
    onboarding.toml:4:19: `file`: `p.json`: this is the whole response of `aws iam get-role-policy`; keep only its `PolicyDocument` (AWS CLI: `--query PolicyDocument`)
    onboarding.toml:4:19: `file`: `p.json`: this is the whole response of `aws iam get-policy-version`; keep only its `PolicyVersion.Document` (AWS CLI: `--query PolicyVersion.Document`)
    onboarding.toml:4:19: `file`: `p.json`: this is the whole response of `aws iam get-role`, which has a trust policy and no permissions; configure who may assume the role in its `trust`
    onboarding.toml:4:19: `file`: `p.json`: this is a resource of a CloudFormation template; keep only its `Properties.PolicyDocument`
    onboarding.toml:4:19: `file`: `p.json`: this is an event of CloudTrail; keep only its `requestParameters.policyDocument`
    onboarding.toml:4:19: `file`: `p.json`: this is one statement and not a policy; write it as `{"Version": "2012-10-17", "Statement": [ … ]}`
    onboarding.toml:4:19: `file`: `p.json`: the policy is a JSON string; write its content, which starts with `{`
    onboarding.toml:4:19: `file`: `p.json`: the policy is URL-encoded; decode it, so that it starts with `{`
    "#);
}

#[test]
fn byte_order_mark_of_a_file_is_ignored() {
    let text = role("r", "'222233334444'", "policies.p.file = 'p.json'");
    let policy = "\u{feff}{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"s3:GetObject\",\"Resource\":\"*\"}}";
    let config = Config::parse(&text, &OneFile(policy)).unwrap_or_else(|problems| panic!("{problems}"));
    assert!(config.roles[0].policies["p"].0.starts_with('{'));
    let vendor = "\u{feff}title = 'Acme'\ntrust = { accounts = ['333344445555'], external-id = 'required' }\n\
                  role = { name = 'Acme' }\npermissions.read.actions = ['iam:ListUsers']\n";
    let text = "vendor-files = ['acme.toml']\n[vendors.acme]\nexternal-id = 'x-1'\n";
    let config = Config::parse(text, &OneFile(vendor)).unwrap_or_else(|problems| panic!("{problems}"));
    assert_eq!(config.roles.len(), 1);
}

#[test]
fn parameter_with_two_uses_is_refused() {
    let text = "[vendors.workload-security]\nexternal-id = { ssm-parameter = '/x/id' }\n\
                registration = { region = 'us-1', api-key = { ssm-parameter = '/x/id' } }\n";
    insta::assert_snapshot!(problems(text), @"onboarding.toml:3:63: `ssm-parameter`: the SSM parameter `/x/id` is already used as an external ID (line 2) and cannot be an API key as well; use separate parameters");
    let shared = "[access-role]\ngrant = [{ principal = '222233334444', external-id = { ssm-parameter = '/x/id' } }, \
                  { principal = '333344445555', external-id = { ssm-parameter = '/x/id' } }]\n";
    assert_eq!(problems(shared), "", "two grants may share an external ID");
}
