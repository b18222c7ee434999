use crate::config::Config;

fn problems(text: &str) -> String {
    Config::parse_without_files(text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

/// The problems of a configuration with only this grant.
fn grant(text: &str) -> String {
    problems(&format!("[[access-role.grant]]\n{text}\n"))
}

/// The problems of a configuration with only a role that has these keys.
fn role(text: &str) -> String {
    problems(&format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '222233334444' }}]\n{text}\n"))
}

fn all(results: impl IntoIterator<Item = String>) -> String {
    results.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn empty_configuration_is_an_error() {
    for empty in ["", "# nothing", "[access-role]", "access-role.grant = []", "[vendors]\n", "role = []"] {
        assert!(!problems(empty).is_empty(), "{empty}");
    }
    insta::assert_snapshot!(problems(""), @"onboarding.toml:1:1: the configuration grants no access and installs no role; add `[[access-role.grant]]`, `[vendors.NAME]` or `[[role]]`");
}

#[test]
fn all_errors_are_reported_in_one_run() {
    insta::assert_snapshot!(problems(r#"
vendor_files = []
[access-role]
names = ["Entry", "entry", 5]
prune-orphans = "yes"
[[access-role.grant]]
principal = 222233334444
external_id = "x"
[accounts]
exclude = [999988887777, "99998888777"]
colour = 1
[waiting]
new-account-minutes = -1
[vendors.trellica]
[vendors.trelica]
role-name = "Other"
permissions = ["iam", "IAMs", "iam"]
[vendors.workload-security]
external-id = "has space"
max-session-seconds = 60
[[role]]
name = "ENTRY"
[[role]]
trust = "222233334444"
"#), @"
    onboarding.toml:2:1: unknown key `vendor_files`; did you mean `vendor-files`?
    onboarding.toml:4:19: `names`: the role name `entry` is already used by `[access-role]` (line 4); IAM role names are case-insensitive, so choose another name
    onboarding.toml:4:28: `names`: expected a string, found a number; write it in quotes
    onboarding.toml:5:17: `prune-orphans`: expected a boolean (`true` or `false`), found a string; write it without quotes
    onboarding.toml:7:13: `principal`: expected a string, found a number; write it in quotes
    onboarding.toml:8:1: unknown key `external_id`; did you mean `external-id`?
    onboarding.toml:10:12: `exclude`: expected a string, found a number; write it in quotes
    onboarding.toml:10:26: `exclude`: `99998888777` is not a valid account ID; write exactly twelve digits, in quotes; for a unit, write its ID, such as `ou-ab12-cdef3456`
    onboarding.toml:11:1: unknown key `colour`; expected `exclude`
    onboarding.toml:13:23: `new-account-minutes`: must be between 0 and 10080 minutes (at most one week)
    onboarding.toml:14:10: `trellica`: unknown vendor; known vendors are `trelica` and `workload-security` (define others in `vendor-files` or `[catalogue.NAME]`); did you mean `trelica`?
    onboarding.toml:15:10: `trelica`: `external-id` is missing; set the external ID of Trelica (1Password SaaS Manager): the organization ID on Trelica's profile page
    onboarding.toml:16:13: `role-name`: Trelica (1Password SaaS Manager) requires the role name `TrelicaIntegration`; remove `role-name`
    onboarding.toml:17:23: `permissions`: Trelica (1Password SaaS Manager) has no permission group `IAMs`; the groups are `cognito-idp`, `connect`, `ds`, `iam`, `organizations`, `workspaces`, `workspaces-start`, `workspaces-stop` and `workspaces-terminate`; did you mean `iam`?
    onboarding.toml:17:31: `permissions`: `iam` appears twice; remove one
    onboarding.toml:19:15: `external-id`: the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:20:23: `max-session-seconds`: must be between 3600 and 43200 seconds (one to twelve hours)
    onboarding.toml:21:1: no principal may assume this role; add `[[role.trust]]`
    onboarding.toml:22:8: `name`: the role name `ENTRY` is already used by `[access-role]` (line 4); IAM role names are case-insensitive, so choose another name
    onboarding.toml:23:1: `name` is missing in `role`
    onboarding.toml:24:9: `trust`: expected an array, in `[` and `]`, found a string
    ");
}

#[test]
fn syntax_errors_have_a_location() {
    insta::assert_snapshot!(problems("a = \n[accounts\nexclude = [012345678901]\nexclude = []\n"), @r"
    onboarding.toml:1:5: invalid TOML: string values must be quoted, expected literal string
    onboarding.toml:2:10: invalid TOML: unclosed table, expected `]`
    ");
}

#[test]
fn invalid_principals_are_reported() {
    let texts = [
        "principal = '*'",
        "principal = 'arn:aws:iam::222233334444:role/*'",
        "principal = '2222333344445'",
        "principal = 'lambda.amazonaws.com'",
        "principal = { service = 'lambda.amazonaws.com' }",
        "principal = { service = '*' }",
        "principal = { servce = 'lambda.amazonaws.com' }",
        "principal = []",
        "principal = true",
        "",
    ];
    insta::assert_snapshot!(all(texts.map(grant)), @r#"
    onboarding.toml:2:13: `principal`: a wildcard principal grants access to everyone; use an account ID, or the ARN of a role or user
    onboarding.toml:2:13: `principal`: `arn:aws:iam::222233334444:role/*` has a wildcard, and IAM accepts none in the ARN of a principal; use the account ID, with a condition `ArnLike` for `aws:PrincipalArn`
    onboarding.toml:2:13: `principal`: `2222333344445` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user
    onboarding.toml:2:13: `principal`: `lambda.amazonaws.com` is a service; use `principal = { service = "lambda.amazonaws.com" }`
    onboarding.toml:2:13: `principal`: a service cannot be granted access to accounts; use an account ID or the ARN of a role or user
    onboarding.toml:2:25: `service`: `*` is not a valid service principal; expected a name such as `lambda.amazonaws.com`
    onboarding.toml:2:15: unknown key `servce`; did you mean `service`?
    onboarding.toml:2:13: `principal`: is empty; add an account ID or the ARN of a role or user
    onboarding.toml:2:13: `principal`: expected a string, found a boolean; write it in quotes
    onboarding.toml:1:1: `principal` is missing in `grant`
    "#);
}

#[test]
fn external_ids_never_appear_in_messages() {
    let messages = all([
        grant("principal = '222233334444'\nexternal-id = 'S3CRET id'"),
        grant("principal = '222233334444'\nexternal-id = 's'"),
        grant("principal = '222233334444'\nexternal-id = 53227"),
        grant("principal = '222233334444'\nexternal-id = [['S3CRET']]"),
        grant("principal = '222233334444'\nexternal-id = { ssm-parameter = 'S3CRET' }"),
        grant("principal = '222233334444'\nexternal-id = { none-because = 'S3CRET' }"),
        grant("principal = '222233334444'\ncondition = { StringEquals = { 'sts:externalid' = 'S3CRET' } }"),
        problems(
            "[[role]]\nname = 'r'\ntrust = [{ principal = { service = 'ec2.amazonaws.com' }, external-id = 'S3CRET' }]",
        ),
        problems("[vendors.trelica]\nexternal-id = 'S3CRET id'"),
        problems("[vendors.trelica]\nexternal-id = { none-because = ' ' }"),
        problems("[vendors.trelica]\nexternal-id = 'S3CRET"),
    ]);
    assert!(!messages.contains("S3CRET") && !messages.contains("53227"), "{messages}");
    insta::assert_snapshot!(messages, @r#"
    onboarding.toml:3:15: `external-id`: the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:3:15: `external-id`: the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:3:15: `external-id`: expected a string or `{ ssm-parameter = "/name" }`, found a number; write it in quotes
    onboarding.toml:3:16: `external-id`: expected a string or `{ ssm-parameter = "/name" }`, found an array
    onboarding.toml:3:33: `ssm-parameter`: is not a valid SSM parameter name; expected a name such as `/account-onboarding/trelica/external-id`
    onboarding.toml:3:15: `ssm-parameter` is missing in `external-id`
    onboarding.toml:3:17: unknown key `none-because`; expected `ssm-parameter`
    onboarding.toml:3:32: `sts:externalid`: must not be set as a condition; use `external-id` next to `principal`
    onboarding.toml:3:10: a service cannot pass an external ID; remove `external-id`, or put the service in a separate entry
    onboarding.toml:2:15: `external-id`: the value is not a valid external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:2:32: `none-because`: is empty; state why this vendor uses no external ID
    onboarding.toml:2:22: invalid TOML: invalid literal string, expected `'`
    "#);
}

#[test]
fn invalid_conditions_are_reported() {
    let texts = [
        "condition = 'x'",
        "condition = { Bool = 'x' }",
        "condition = { Bool = {} }",
        "condition = { Bool = { 'aws:x' = {} } }",
        "condition = { Bool = { 'aws:x' = [] } }",
        "condition = { Bool = { 'aws:x' = [['y']] } }",
        "condition = { Bool = { 'aws:x' = 2026-01-01 } }",
        "condition = { Bool = { 'aws:x' = inf, 'aws:y' = 99999999999999999999 } }",
        "condition = { ArnEquals = { 'aws:PrincipalArn' = 'arn:${AWS::Partition}:iam::1:role/x' } }",
    ];
    insta::assert_snapshot!(all(texts.map(|text| grant(&format!("principal = '222233334444'\n{text}")))), @r#"
    onboarding.toml:3:13: `condition`: expected a table, found a string
    onboarding.toml:3:15: `Bool`: expected a table, found a string
    onboarding.toml:3:15: `Bool`: is empty; write `{ "aws:Key" = "value" }`, or remove it
    onboarding.toml:3:24: `aws:x`: expected a string, a number, a boolean, or an array of these, found a table
    onboarding.toml:3:24: `aws:x`: is empty; add at least one value
    onboarding.toml:3:35: `aws:x`: expected a string, a number, a boolean, or an array of these, found an array
    onboarding.toml:3:24: `aws:x`: expected a string, a number, a boolean, or an array of these, found a date; write it in quotes
    onboarding.toml:3:24: `aws:x`: is not a valid JSON number; write it in quotes
    onboarding.toml:3:39: `aws:y`: the number is too large; write it in quotes
    onboarding.toml:3:29: `aws:PrincipalArn`: `${AWS::Partition}` is a pseudo parameter of CloudFormation, which is not replaced here; write `{partition}`
    "#);
    insta::assert_snapshot!(grant("principal = '222233334444'\ncondition = {}"), @r#"onboarding.toml:3:13: `condition`: is empty; write `{ Bool = { "aws:MultiFactorAuthPresent" = "true" } }`, or remove it"#);
}

#[test]
fn limits_of_a_role_are_checked() {
    let long = |key: &str, length: usize| format!("{key} = '{}'", "x".repeat(length));
    let arns: Vec<_> = (0..11).map(|i| format!("'arn:aws:iam::aws:policy/P{i}'")).collect();
    let tags = |count: usize| (0..count).map(|i| format!("k{i} = 'v'")).collect::<Vec<_>>().join(", ");
    let texts = [
        "path = 'x'".to_owned(),
        long("description", 1001),
        "description = 'a → b'".to_owned(),
        "max-session-seconds = 3599".to_owned(),
        "max-session-seconds = 43201".to_owned(),
        "max-session-seconds = '3600'".to_owned(),
        "max-session-seconds = 99999999999999999999999".to_owned(),
        "permissions-boundary = 'boundary'".to_owned(),
        format!("managed-policies = [{}]", arns.join(", ")),
        "managed-policies = ['ReadOnlyAccess', 'arn:aws:iam::aws:policy/A', 'arn:aws:iam::aws:policy/A']".to_owned(),
        format!("tags = {{ {} }}", tags(50)),
        "tags = { 'AWS:x' = 'v', 'Account-Onboarding' = 'v', '' = 'v', 'a*' = 'v', k = 1, Team = 'x', team = 'y', l = '*' }"
            .to_owned(),
        format!("tags = {{ {}, v = '{}' }}", long("", 129).replace(" = ", "").replace('\'', "\"") + " = ''", "v".repeat(257)),
        "adopt = 'yes'".to_owned(),
        "trusts = []".to_owned(),
    ];
    insta::assert_snapshot!(all(texts.map(|text| role(&text))), @r"
    onboarding.toml:4:8: `path`: `x` is not a valid path; write `/`, or `/…/` with letters, digits and `_+=,.@-`, at most 512 characters
    onboarding.toml:4:15: `description`: is longer than 1000 characters, the limit of IAM; shorten it
    onboarding.toml:4:15: `description`: IAM does not allow `\u{2192}` in a description; use Latin-1 characters
    onboarding.toml:4:23: `max-session-seconds`: must be between 3600 and 43200 seconds (one to twelve hours)
    onboarding.toml:4:23: `max-session-seconds`: must be between 3600 and 43200 seconds (one to twelve hours)
    onboarding.toml:4:23: `max-session-seconds`: expected an integer, found a string; write it without quotes
    onboarding.toml:4:23: `max-session-seconds`: must be between 3600 and 43200 seconds (one to twelve hours)
    onboarding.toml:4:24: `permissions-boundary`: `boundary` is not a valid managed policy ARN; expected a form such as `arn:{partition}:iam::aws:policy/ReadOnlyAccess` or `arn:{partition}:iam::{account-id}:policy/boundary`
    onboarding.toml:4:20: `managed-policies`: 11 managed policies are more than the 10 that IAM allows for a role (quota `managed policies per role`); move some into `policies`
    onboarding.toml:4:21: `managed-policies`: `ReadOnlyAccess` is not a valid managed policy ARN; expected a form such as `arn:{partition}:iam::aws:policy/ReadOnlyAccess` or `arn:{partition}:iam::{account-id}:policy/boundary`
    onboarding.toml:4:68: `managed-policies`: `arn:aws:iam::aws:policy/A` appears twice; remove one
    onboarding.toml:4:8: `tags`: 50 tags are more than 49; IAM allows 50, and one is reserved for this tool: `account-onboarding`
    onboarding.toml:4:10: `AWS:x`: tag keys that start with `aws:` are reserved by AWS; choose another key
    onboarding.toml:4:25: `Account-Onboarding`: is reserved for the tag with which this tool marks its roles; choose another key
    onboarding.toml:4:53: ``: is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:63: `a*`: is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:75: `k`: expected a string, found a number; write it in quotes
    onboarding.toml:4:94: `team`: appears twice; IAM tag keys are case-insensitive
    onboarding.toml:4:106: `l`: the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:10: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`: is not a valid tag key; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:148: `v`: the tag value is not valid; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:9: `adopt`: expected a boolean (`true` or `false`), found a string; write it without quotes
    onboarding.toml:4:1: unknown key `trusts`; did you mean `trust`?
    ");
    assert_eq!(role(&format!("tags = {{ {} }}", tags(49))), "");
    assert_eq!(role(&format!("managed-policies = [{}]", arns[..10].join(", "))), "");
    insta::assert_snapshot!(all([
        problems("[[role]]\nname = 'a b'\ntrust = []"),
        problems("[[role]]\nname = 'a,b'\ntrust = [{ principal = '222233334444' }]"),
        problems(&format!("[[role]]\n{}\n", long("name", 65))),
        problems("[[role]]\nname = 'organizationaccountaccessrole'\ntrust = [{ principal = '222233334444' }]"),
        problems("[vendors.trelica]\nexternal-id = 'xx'\n[[role]]\nname = 'trelicaintegration'\ntrust = [{ principal = '222233334444' }]"),
        problems("[access-role]\nnames = []\ngrant = [{ principal = '222233334444' }]"),
    ]), @"
    onboarding.toml:2:8: `name`: `a b` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:3:9: `trust`: is empty; add at least one principal that may assume the role
    onboarding.toml:2:8: `name`: IAM does not allow `,` in the tag `account-onboarding`, whose value includes this name; choose another name
    onboarding.toml:1:1: no principal may assume this role; add `[[role.trust]]`
    onboarding.toml:2:8: `name`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:2:8: `name`: the role name `organizationaccountaccessrole` is already used by `[access-role]` (default); IAM role names are case-insensitive, so choose another name
    onboarding.toml:4:8: `name`: the role name `trelicaintegration` is already used by vendor/trelica (line 1); IAM role names are case-insensitive, so choose another name
    onboarding.toml:2:9: `names`: is empty; list at least one role name, or remove the key to use the default
    ");
}

#[test]
fn invalid_policies_are_reported() {
    let statement = r#"{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}"#;
    let big = format!("{{\"Statement\":[{}]}}", vec![statement; 100].join(" , "));
    let texts = [
        "policies = { p = '{' }".to_owned(),
        "policies = { p = '{\"Version\":\"2012-10-17\"}' }".to_owned(),
        "policies = { p = '{\"Statement\":[],\"Statement\":[]}' }".to_owned(),
        "policies = { p = '{\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"a:b\",\"Principal\":\"*\"}}' }".to_owned(),
        format!("policies = {{ 'a b' = '{{\"Statement\":{statement}}}' }}"),
        format!("policies = {{ a = '{big}', b = '{big}' }}"),
        "policies = { p = 5 }".to_owned(),
        "policies = { p = { fiel = 'x.json' } }".to_owned(),
        "policies = { p = { file = 'x.json' } }".to_owned(),
    ];
    insta::assert_snapshot!(all(texts.map(|text| role(&text))), @r#"
    onboarding.toml:4:14: `p`: the policy is not valid JSON: EOF while parsing an object at line 1 column 1
    onboarding.toml:4:14: `p`: `Statement` is missing
    onboarding.toml:4:14: `p`: the policy is not valid JSON: the key `Statement` appears twice at line 1 column 31
    onboarding.toml:4:14: `p`: statement 1 of the policy has a `Principal`, which is not allowed in a permissions policy; configure who may assume the role in its `trust`
    onboarding.toml:4:14: `a b`: `a b` is not a valid policy name; use 1 to 128 letters, digits and `_+=,.@-`
    onboarding.toml:4:12: `policies`: the inline policies have 11630 characters in total, without whitespace, and IAM allows 10240; shorten them with wildcards in actions, attach managed policies that exist in every account (`managed-policies`), or divide the permissions among several roles
    onboarding.toml:4:14: `p`: expected a JSON string or `{ file = "policy.json" }`, found a number; write it in quotes
    onboarding.toml:4:20: unknown key `fiel`; did you mean `file`?
    onboarding.toml:4:27: `file`: `x.json`: cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline
    "#);
    assert_eq!(role(&format!("policies = {{ a = '{big}' }}")), "");
}

#[test]
fn errors_of_user_defined_vendors_are_reported() {
    let acme = "title = 'Acme'\ntrust = { accounts = ['111122223333'], external-id = { none-because = 'signed requests' } }\n\
                role = { name = 'Acme' }\npermissions.read.actions = ['iam:ListUsers']\n";
    let texts = [
        format!("[vendors.trelica]\nexternal-id = 'xx'\n[catalogue.trelica]\n{acme}"),
        format!("[vendors.acme]\nexternal-id = 'xx'\n[catalogue.acme]\n{acme}"),
        format!("[vendors.Acme]\n[catalogue.Acme]\n{acme}"),
        format!("[vendors.acme]\n[catalogue.acme]\n{}", acme.replace("role =", "rule =")),
        "vendor-files = ['vendors/acme.toml', 'Acme.toml', 5]\n[vendors.acme]".to_owned(),
        "[vendors]\ntrelica = 'xx'".to_owned(),
    ];
    insta::assert_snapshot!(all(texts.map(|text| problems(&text))), @"
    onboarding.toml:3:12: `trelica`: the vendor `trelica` is already built in; choose another name
    onboarding.toml:2:15: `external-id`: Acme uses no external ID (signed requests); remove the key
    onboarding.toml:2:12: `Acme`: `Acme` is not a valid vendor name; use 1 to 64 lowercase letters, digits and `-`
    onboarding.toml:5:1: unknown key `rule`; did you mean `role`?
    onboarding.toml:1:17: `vendor-files`: `vendors/acme.toml`: cannot be read: this configuration is stored without files; store them with it (`onboard config push`), or write the content inline
    onboarding.toml:1:38: `vendor-files`: the file name must be the vendor name, but `Acme` is not a valid vendor name; use 1 to 64 lowercase letters, digits and `-`
    onboarding.toml:1:51: `vendor-files`: expected a string, found a number; write it in quotes
    onboarding.toml:2:1: `trelica`: expected a table, found a string
    ");
}

#[test]
fn first_unknown_keys_of_many_are_reported_in_file_order() {
    let keys: String = (0..500).map(|n| format!("k{n} = 1\n")).collect();
    let problems = Config::parse_without_files(&keys).unwrap_err().to_string();
    let lines: Vec<_> = problems.lines().take(3).map(|line| line.split(';').next().unwrap().to_owned()).collect();
    assert_eq!(lines, [0, 1, 2].map(|n| format!("onboarding.toml:{}:1: unknown key `k{n}`", n + 1)));
}
