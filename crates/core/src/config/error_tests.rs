use crate::config::Config;

fn problems(text: &str) -> String {
    Config::parse_alone(text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

/// What is wrong with a grant besides nothing.
fn grant(text: &str) -> String {
    problems(&format!("[[access-role.grant]]\n{text}\n"))
}

/// What is wrong with an own role besides nothing.
fn role(text: &str) -> String {
    problems(&format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '222233334444' }}]\n{text}\n"))
}

fn all(results: impl IntoIterator<Item = String>) -> String {
    results.into_iter().collect::<Vec<_>>().join("\n")
}

#[test]
fn an_empty_configuration_says_so() {
    for empty in ["", "# nothing", "[access-role]", "access-role.grant = []", "[vendors]\n", "role = []"] {
        assert!(!problems(empty).is_empty(), "{empty}");
    }
    insta::assert_snapshot!(problems(""), @"onboarding.toml:1:1: grants nobody access and installs no role; add `[[access-role.grant]]`, `[vendors.NAME]` or `[[role]]`");
}

#[test]
fn every_mistake_is_told_in_one_run() {
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
young-account-minutes = -1
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
"#), @r"
    onboarding.toml:2:1: unknown key `vendor_files` (did you mean `vendor-files`?)
    onboarding.toml:4:19: `names`: the role name `entry` is taken by `[access-role]` (line 4), and IAM ignores case; choose another name
    onboarding.toml:4:28: `names`: should be a text and is a number; write it in quotes
    onboarding.toml:5:17: `prune-orphans`: should be `true` or `false`, without quotes, and is a text
    onboarding.toml:7:13: `principal`: should be a text and is a number; write it in quotes
    onboarding.toml:8:1: unknown key `external_id` (did you mean `external-id`?)
    onboarding.toml:10:12: `exclude`: should be a text and is a number; write it in quotes
    onboarding.toml:10:26: `exclude`: `99998888777` is no account id; write exactly twelve digits, in quotes
    onboarding.toml:11:1: unknown key `colour`; the keys here are `exclude`
    onboarding.toml:13:25: `young-account-minutes`: must be from 0 to 10080 minutes (up to a week)
    onboarding.toml:14:10: `trellica`: there is no such vendor (did you mean `trelica`?); the vendors are `trelica` and `workload-security`, and your own come by `vendor-files` or `[catalogue.NAME]`
    onboarding.toml:15:10: `trelica`: `external-id` is missing: give the one of Trelica (1Password SaaS Manager), the organization ID on Trelica's profile page
    onboarding.toml:16:13: `role-name`: Trelica (1Password SaaS Manager) looks for `TrelicaIntegration` and no other role; take `role-name` out
    onboarding.toml:17:23: `permissions`: Trelica (1Password SaaS Manager) has no permissions `IAMs` (did you mean `iam`?); there are `cognito-idp`, `connect`, `ds`, `iam`, `organizations`, `workspaces`, `workspaces-start`, `workspaces-stop` and `workspaces-terminate`
    onboarding.toml:17:31: `permissions`: `iam` stands twice; take one out
    onboarding.toml:19:15: `external-id`: this is no external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:20:23: `max-session-seconds`: must be from 3600 to 43200 seconds (one to twelve hours)
    onboarding.toml:21:1: nobody may assume this role; say who in `[[role.trust]]`
    onboarding.toml:22:8: `name`: the role name `ENTRY` is taken by `[access-role]` (line 4), and IAM ignores case; choose another name
    onboarding.toml:23:1: `name` is missing in `role`
    onboarding.toml:24:9: `trust`: should be a list, in `[` and `]`, and is a text
    ");
}

#[test]
fn syntax_is_told_with_its_places() {
    insta::assert_snapshot!(problems("a = \n[accounts\nexclude = [012345678901]\nexclude = []\n"), @r"
    onboarding.toml:1:5: is no TOML: string values must be quoted, expected literal string
    onboarding.toml:2:10: is no TOML: unclosed table, expected `]`
    ");
}

#[test]
fn principals() {
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
    onboarding.toml:2:13: `principal`: a wildcard principal lets everybody in; name an account id or a role or user ARN
    onboarding.toml:2:13: `principal`: a wildcard principal lets everybody in; name an account id or a role or user ARN
    onboarding.toml:2:13: `principal`: `2222333344445` is no principal; write a twelve-digit account id or the ARN of a role or user
    onboarding.toml:2:13: `principal`: `lambda.amazonaws.com` is a service; write `principal = { service = "lambda.amazonaws.com" }`
    onboarding.toml:1:1: `grant`: a service is granted no entry to an account; name an account id or a role or user ARN
    onboarding.toml:2:25: `service`: `*` is no service; it looks like `lambda.amazonaws.com`
    onboarding.toml:2:13: `service` is missing in `principal`
    onboarding.toml:2:15: unknown key `servce` (did you mean `service`?)
    onboarding.toml:2:13: `principal`: names nobody; write an account id or a role or user ARN
    onboarding.toml:2:13: `principal`: should be a text and is true or false; write it in quotes
    onboarding.toml:1:1: `principal` is missing in `grant`
    "#);
}

#[test]
fn external_ids_are_never_repeated() {
    let told = all([
        grant("principal = '222233334444'\nexternal-id = 'S3CRET id'"),
        grant("principal = '222233334444'\nexternal-id = 's'"),
        grant("principal = '222233334444'\nexternal-id = 53227"),
        grant("principal = '222233334444'\nexternal-id = ['S3CRET']"),
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
    assert!(!told.contains("S3CRET") && !told.contains("53227"), "{told}");
    insta::assert_snapshot!(told, @r#"
    onboarding.toml:3:15: `external-id`: this is no external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:3:15: `external-id`: this is no external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:3:15: `external-id`: should be a text or `{ ssm-parameter = "/name" }` and is a number; write it in quotes
    onboarding.toml:3:15: `external-id`: should be a text or `{ ssm-parameter = "/name" }` and is a list
    onboarding.toml:3:33: `ssm-parameter`: is no name of an SSM parameter; it looks like `/account-onboarding/trelica/external-id`
    onboarding.toml:3:15: `ssm-parameter` is missing in `external-id`
    onboarding.toml:3:17: unknown key `none-because`; the keys here are `ssm-parameter`
    onboarding.toml:3:32: `sts:externalid`: is a secret between two; write it as `external-id`, beside `principal`
    onboarding.toml:3:10: a service gives no external ID; take `external-id` out, or trust the service in an entry of its own
    onboarding.toml:2:15: `external-id`: this is no external ID; use 2 to 1224 letters, digits and `_+=,.@:/-`
    onboarding.toml:2:32: `none-because`: is empty; say why this vendor gives no external ID
    onboarding.toml:2:22: is no TOML: invalid literal string, expected `'`
    "#);
}

#[test]
fn conditions() {
    let texts = [
        "condition = 'x'",
        "condition = { Bool = 'x' }",
        "condition = { Bool = {} }",
        "condition = { Bool = { 'aws:x' = {} } }",
        "condition = { Bool = { 'aws:x' = [] } }",
        "condition = { Bool = { 'aws:x' = [['y']] } }",
        "condition = { Bool = { 'aws:x' = 2026-01-01 } }",
        "condition = { Bool = { 'aws:x' = inf, 'aws:y' = 99999999999999999999 } }",
        "condition = { ArnEquals = { 'aws:PrincipalArn' = 'arn:{partition}:iam::1:role/x' } }",
    ];
    insta::assert_snapshot!(all(texts.map(|text| grant(&format!("principal = '222233334444'\n{text}")))), @r#"
    onboarding.toml:3:13: `condition`: should be a table and is a text
    onboarding.toml:3:15: `Bool`: should be a table and is a text
    onboarding.toml:3:15: `Bool`: tests nothing; write `{ "aws:Key" = "value" }`, or take it out
    onboarding.toml:3:24: `aws:x`: should be a text, a number, true or false, or a list of these and is a table
    onboarding.toml:3:24: `aws:x`: compares with nothing; write at least one value
    onboarding.toml:3:35: `aws:x`: should be a text, a number, true or false, or a list of these and is a list
    onboarding.toml:3:24: `aws:x`: should be a text, a number, true or false, or a list of these and is a date; write it in quotes
    onboarding.toml:3:24: `aws:x`: is no number of JSON; write it in quotes
    onboarding.toml:3:39: `aws:y`: is too large a number; write it in quotes
    onboarding.toml:3:29: `aws:PrincipalArn`: `{partition}` and `{account-id}` mean nothing in a condition; write the value itself
    "#);
    insta::assert_snapshot!(grant("principal = '222233334444'\ncondition = {}"), @r#"onboarding.toml:3:13: `condition`: tests nothing; write `{ Bool = { "aws:MultiFactorAuthPresent" = "true" } }`, or take it out"#);
}

#[test]
fn the_limits_of_a_role() {
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
    onboarding.toml:4:8: `path`: `x` is no path; write `/`, or `/…/` of letters, digits and `_+=,.@-` in up to 512 characters
    onboarding.toml:4:15: `description`: is longer than the 1000 characters that IAM takes; shorten it
    onboarding.toml:4:15: `description`: IAM takes no `\u{2192}` in a description; use the letters of Western Europe
    onboarding.toml:4:23: `max-session-seconds`: must be from 3600 to 43200 seconds (one to twelve hours)
    onboarding.toml:4:23: `max-session-seconds`: must be from 3600 to 43200 seconds (one to twelve hours)
    onboarding.toml:4:23: `max-session-seconds`: should be a whole number, without quotes, and is a text
    onboarding.toml:4:23: `max-session-seconds`: must be from 3600 to 43200 seconds (one to twelve hours)
    onboarding.toml:4:24: `permissions-boundary`: `boundary` is no ARN of a managed policy; it looks like `arn:{partition}:iam::aws:policy/ReadOnlyAccess` or `arn:{partition}:iam::{account-id}:policy/boundary`
    onboarding.toml:4:20: `managed-policies`: 11 managed policies are more than the 10 that IAM attaches to a role (quota `managed policies per role`); put some into `policies`
    onboarding.toml:4:21: `managed-policies`: `ReadOnlyAccess` is no ARN of a managed policy; it looks like `arn:{partition}:iam::aws:policy/ReadOnlyAccess` or `arn:{partition}:iam::{account-id}:policy/boundary`
    onboarding.toml:4:68: `managed-policies`: `arn:aws:iam::aws:policy/A` stands twice; take one out
    onboarding.toml:4:8: `tags`: 50 tags are more than 49; IAM takes 50, and one is the tool's own, `account-onboarding`
    onboarding.toml:4:10: `AWS:x`: AWS keeps tags that begin with `aws:` for itself; choose another key
    onboarding.toml:4:25: `Account-Onboarding`: is the tag by which this tool knows its roles; choose another key
    onboarding.toml:4:53: ``: is no key of a tag; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:63: `a*`: is no key of a tag; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:75: `k`: should be a text and is a number; write it in quotes
    onboarding.toml:4:94: `team`: stands twice; IAM tells keys of tags apart without regard to case
    onboarding.toml:4:106: `l`: its value is none of a tag; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:10: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…`: is no key of a tag; use 1 to 128 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:148: `v`: its value is none of a tag; use up to 256 letters, digits, spaces and `_.:/=+-@`
    onboarding.toml:4:9: `adopt`: should be `true` or `false`, without quotes, and is a text
    onboarding.toml:4:1: unknown key `trusts` (did you mean `trust`?)
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
    ]), @r"
    onboarding.toml:2:8: `name`: `a b` is no role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:3:9: `trust`: trusts nobody; say who may assume the role
    onboarding.toml:2:8: `name`: IAM takes no `,` in the tag `account-onboarding` that will hold this name; choose another name
    onboarding.toml:1:1: nobody may assume this role; say who in `[[role.trust]]`
    onboarding.toml:2:8: `name`: `xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…` is no role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:2:8: `name`: the role name `organizationaccountaccessrole` is taken by `[access-role]`, which tries it by default, and IAM ignores case; choose another name
    onboarding.toml:4:8: `name`: the role name `trelicaintegration` is taken by vendor/trelica (line 1), and IAM ignores case; choose another name
    onboarding.toml:2:9: `names`: names no role, so no account can be entered; leave it out for the default
    ");
}

#[test]
fn policies() {
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
    onboarding.toml:4:14: `p`: the policy is not JSON: EOF while parsing an object at line 1 column 1
    onboarding.toml:4:14: `p`: `Statement` is not understood; it should be a statement or a list of statements
    onboarding.toml:4:14: `p`: the policy is not JSON: the key `Statement` stands twice at line 1 column 31
    onboarding.toml:4:14: `p`: statement 1 of the policy names a principal; who may assume the role stands in its trust
    onboarding.toml:4:14: `a b`: `a b` is no policy name; use 1 to 128 letters, digits and `_+=,.@-`
    onboarding.toml:4:12: `policies`: the inline policies have 11630 characters together, without white space, and IAM takes 10240; move some into a managed policy
    onboarding.toml:4:14: `p`: should be a text of JSON or `{ file = "policy.json" }` and is a number; write it in quotes
    onboarding.toml:4:14: `file` is missing in `p`
    onboarding.toml:4:20: unknown key `fiel` (did you mean `file`?)
    onboarding.toml:4:27: `file`: `x.json`: cannot be read: there are no files beside an SSM parameter; put the text itself in place
    "#);
    assert_eq!(role(&format!("policies = {{ a = '{big}' }}")), "");
}

#[test]
fn vendors_of_ones_own() {
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
    insta::assert_snapshot!(all(texts.map(|text| problems(&text))), @r"
    onboarding.toml:3:12: `trelica`: there is a vendor `trelica` built in already; choose another name
    onboarding.toml:2:15: `external-id`: Acme gives no external ID (signed requests); take it out
    onboarding.toml:2:12: `Acme`: `Acme` is no name of a vendor; use 1 to 64 small letters, digits and `-`
    onboarding.toml:2:12: `role` is missing in `acme`
    onboarding.toml:5:1: unknown key `rule` (did you mean `role`?)
    onboarding.toml:1:17: `vendor-files`: `vendors/acme.toml`: cannot be read: there are no files beside an SSM parameter; put the text itself in place
    onboarding.toml:1:38: `vendor-files`: the file is named as its vendor, and `Acme` is no name of a vendor; use 1 to 64 small letters, digits and `-`
    onboarding.toml:1:51: `vendor-files`: should be a text and is a number; write it in quotes
    onboarding.toml:2:1: `trelica`: should be a table and is a text
    ");
}
