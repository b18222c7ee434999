use crate::config::{Config, show};
use crate::lines::plain;

fn parse(text: &str) -> Config {
    Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"))
}

fn problems(text: &str) -> String {
    Config::parse_without_files(text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
}

/// The shown lines that begin with this label.
fn shown(config: &Config, label: &str) -> String {
    let lines = plain(&show(config));
    lines.lines().filter(|line| line.trim_start().starts_with(label)).map(|line| format!("{}\n", line.trim())).collect()
}

const VENDOR: &str = "title = 'Acme'\nrole = { name = 'Acme' }\npermissions.read.actions = ['iam:ListUsers']\n";

#[test]
fn actions_are_read_for_grants_trust_entries_and_vendors() {
    let config = parse(&format!(
        "[[access-role.grant]]\nprincipal = '222233334444'\nactions = ['sts:AssumeRole', 'sts:TagSession']\n\
         [[role]]\nname = 'pods'\ntrust = [{{ principal = {{ service = 'pods.eks.amazonaws.com' }}, actions = ['sts:TagSession', 'sts:AssumeRole'] }}]\n\
         [vendors.acme]\nexternal-id = 'x-1'\n[catalogue.acme]\n{VENDOR}\
         trust = {{ accounts = ['333344445555'], external-id = 'required', actions = ['sts:AssumeRole', 'sts:SetSourceIdentity'] }}\n"
    ));
    let passed: Vec<_> = config.roles.iter().map(|role| role.trust[0].actions.passed()).collect();
    assert_eq!(config.access_role.grants[0].trust.actions.passed(), " with session tags");
    assert_eq!(passed, [" with a source identity", " with session tags"]);
    insta::assert_snapshot!(shown(&config, "granted to"), @"granted to      222233334444, for sts:AssumeRole and sts:TagSession");
    assert_eq!(warnings_about_actions(&config), "");
}

/// The warnings that are not about the source for which a service acts.
fn warnings_about_actions(config: &Config) -> String {
    let warnings = config.warnings.iter().filter(|warning| warning.contains("`actions`"));
    warnings.map(String::as_str).collect::<Vec<_>>().join("\n")
}

#[test]
fn grant_names_the_access_role_that_it_is_for() {
    let config = |names: &str, grant: &str| {
        format!("[access-role]\n{names}\n[[access-role.grant]]\nprincipal = '222233334444'\n{grant}\n")
    };
    let control_tower = parse(&config("", "access-role = 'AWSControlTowerExecution'"));
    let lines = plain(&show(&control_tower)).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        lines.contains("granted to 222233334444, for sts:AssumeRole, only on AWSControlTowerExecution accounts"),
        "{lines}"
    );
    // IAM role names are case-insensitive.
    let entry = parse(&config("names = ['Entry', 'Other']", "access-role = 'entry'"));
    assert_eq!(entry.access_role.grants[0].access_role, Some("Entry".parse().unwrap()));
    assert_eq!(parse(&config("", "")).access_role.grants[0].access_role, None);
    let all = [
        config("", "access-role = 'AWSControlTowerExecutor'"),
        config("names = ['Entry']", "access-role = 'AWSControlTowerExecution'"),
        config("names = ['Entry']", "access-role = 'no role'"),
        config("names = []", "access-role = 'Entry'"),
        "[[role]]\nname = 'a'\ntrust = [{ principal = '222233334444', access-role = 'Entry' }]\n".to_owned(),
    ];
    insta::assert_snapshot!(all.map(|text| problems(&text)).join("\n"), @"
    onboarding.toml:5:15: `access-role`: `AWSControlTowerExecutor` is not an access role; use `OrganizationAccountAccessRole` or `AWSControlTowerExecution`, or add it to `names`; did you mean `AWSControlTowerExecution`?
    onboarding.toml:5:15: `access-role`: `AWSControlTowerExecution` is not an access role; use `Entry`, or add it to `names`
    onboarding.toml:5:15: `access-role`: `no role` is not a valid role name; use 1 to 64 letters, digits and `_+=,.@-`
    onboarding.toml:2:9: `names`: is empty; list at least one role name, or remove the key to use the default
    onboarding.toml:3:40: unknown key `access-role`; expected `principal`, `external-id`, `condition` or `actions`
    ");
}

#[test]
fn invalid_actions_are_reported() {
    let grant =
        |actions: &str| problems(&format!("[[access-role.grant]]\nprincipal = '222233334444'\nactions = {actions}\n"));
    let all = [
        "[]",
        "'sts:AssumeRole'",
        "['sts:*']",
        "['sts:TagSession', 'sts:TagSession']",
        "['sts:AssumeRole', 'sts:AssumeRoleWithSAML']",
    ];
    insta::assert_snapshot!(all.map(grant).join("\n"), @"
    onboarding.toml:3:11: `actions`: without `sts:AssumeRole` no principal can assume the role; add it
    onboarding.toml:3:11: `actions`: expected an array, in `[` and `]`, found a string
    onboarding.toml:3:12: `actions`: `sts:*` is not an action of a trust policy; expected `sts:AssumeRole`, `sts:AssumeRoleWithSAML`, `sts:AssumeRoleWithWebIdentity`, `sts:TagSession` or `sts:SetSourceIdentity`
    onboarding.toml:3:11: `actions`: without `sts:AssumeRole` no principal can assume the role; add it
    onboarding.toml:3:30: `actions`: `sts:TagSession` appears twice; remove one
    onboarding.toml:3:30: `actions`: these principals cannot use `sts:AssumeRoleWithSAML`; they assume the role by `sts:AssumeRole`
    ");
}

#[test]
fn service_that_always_passes_more_is_a_warning() {
    let warnings = |service: &str, actions: &str| {
        let trust = format!("principal = {{ service = '{service}' }}, actions = [{actions}]");
        warnings_about_actions(&parse(&format!("[[role]]\nname = 'r'\ntrust = [{{ {trust} }}]\n")))
    };
    insta::assert_snapshot!(warnings("pods.eks.amazonaws.com", "'sts:AssumeRole'"), @"role/r: `pods.eks.amazonaws.com` can assume the role only if `actions` also contains `sts:TagSession`");
    insta::assert_snapshot!(warnings("rolesanywhere.amazonaws.com", "'sts:AssumeRole'"), @"role/r: `rolesanywhere.amazonaws.com` can assume the role only if `actions` also contains `sts:TagSession` and `sts:SetSourceIdentity`");
    assert_eq!(warnings("pods.eks.amazonaws.com", "'sts:AssumeRole', 'sts:TagSession'"), "");
    assert_eq!(warnings("lambda.amazonaws.com", "'sts:AssumeRole'"), "");
}

#[test]
fn several_external_ids_and_patterns_are_read_and_hidden() {
    let trust = |external_id: &str| {
        let text =
            format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '482913650127', external-id = {external_id} }}]\n");
        let config = parse(&text);
        assert!(!plain(&show(&config)).contains("s3cret") && !format!("{config:?}").contains("s3cret"));
        assert!(config.external_ids().iter().any(|id| id.expose().contains("s3cret")));
        format!("{}{}\n", shown(&config, "trusts"), config.warnings.join("\n"))
    };
    let all = [
        "['s3cret-1', 's3cret-2']",
        "['s3cret', { ssm-parameter = '/x' }]",
        "{ like = 's3cret-*' }",
        "{ like = ['s3cret-*', 'x?y'] }",
    ];
    insta::assert_snapshot!(all.map(trust).concat(), @"
    trusts          482913650127, with an external ID (hidden) or an external ID

    trusts          482913650127, with an external ID (hidden) or the external ID

    trusts          482913650127, with an external ID that matches a pattern
    role/r: `external-id` is a pattern, so that every matching external ID is accepted; make sure that only you can get such IDs from the vendor
    trusts          482913650127, with an external ID that matches a pattern
    role/r: `external-id` is a pattern, so that every matching external ID is accepted; make sure that only you can get such IDs from the vendor
    ");
}

#[test]
fn invalid_external_ids_are_reported() {
    let grant = |external_id: &str| {
        problems(&format!("[[access-role.grant]]\nprincipal = '222233334444'\nexternal-id = {external_id}\n"))
    };
    let all = [
        "[]",
        "['s3cret', 5]",
        "{ like = '*' }",
        "{ like = 's3cret *' }",
        "{ like = 5 }",
        "{ like = [] }",
        "['s3cret', { like = 's3cret*' }]",
        "{ like = 's3cret*', ssm-parameter = '/x' }",
    ];
    let like = "'x-1'\ncondition = { StringLike = { 'sts:ExternalId' = 's3cret*' } }";
    let messages = all.into_iter().chain([like]).map(grant).collect::<Vec<_>>().join("\n");
    assert!(!messages.contains("s3cret"));
    insta::assert_snapshot!(messages, @r#"
    onboarding.toml:3:15: `external-id`: is empty; add an external ID, or remove the key
    onboarding.toml:3:26: `external-id`: expected a string or `{ ssm-parameter = "/name" }`, found a number; write it in quotes
    onboarding.toml:3:24: `like`: the value is not a valid pattern of external IDs; use letters, digits and `_+=,.@:/-` with the wildcards `*` and `?`, and at least two characters that are not wildcards
    onboarding.toml:3:24: `like`: the value is not a valid pattern of external IDs; use letters, digits and `_+=,.@:/-` with the wildcards `*` and `?`, and at least two characters that are not wildcards
    onboarding.toml:3:24: `like`: expected a string, found a number; write it in quotes
    onboarding.toml:3:24: `like`: is empty; add a pattern
    onboarding.toml:3:15: `external-id`: contains both external IDs and patterns; use separate entries
    onboarding.toml:3:35: unknown key `ssm-parameter`; expected `like`
    onboarding.toml:4:30: `sts:ExternalId`: must not be set as a condition; use `external-id = { like = "…" }` next to `principal`
    "#);
}

#[test]
fn condition_key_without_its_service_is_rejected_and_external_ids_stay_hidden() {
    let grant = |key: &str| {
        let condition = format!("condition = {{ StringEquals = {{ '{key}' = 's3cret-1' }} }}");
        problems(&format!("[[access-role.grant]]\nprincipal = '482913650127'\n{condition}\n"))
    };
    let all = ["ExternalId", "aws:ExternalId", "sts:external-id", "PrincipalOrgID", "aud"].map(grant).join("\n");
    assert!(!all.contains("s3cret"), "{all}");
    insta::assert_snapshot!(all, @"
    onboarding.toml:3:32: `ExternalId`: must not be set as a condition; use `external-id` next to `principal`
    onboarding.toml:3:32: `aws:ExternalId`: must not be set as a condition; use `external-id` next to `principal`
    onboarding.toml:3:32: `sts:external-id`: must not be set as a condition; use `external-id` next to `principal`
    onboarding.toml:3:32: `PrincipalOrgID`: does not begin with the service or the identity provider that defines it, so that no request has such a key; write `aws:PrincipalOrgID`
    onboarding.toml:3:32: `aud`: does not begin with the service or the identity provider that defines it, so that no request has such a key; write it as in `aws:PrincipalOrgID`, `s3:prefix` or `token.actions.githubusercontent.com:sub`
    ");
}

#[test]
fn external_id_in_a_permissions_policy_is_not_shown() {
    let policy = r#"{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*","Condition":{"StringEquals":{"sts:ExternalId":"s3cret-1"}}}}"#;
    let config =
        parse(&format!("[[role]]\nname = 'r'\ntrust = [{{ principal = '482913650127' }}]\npolicies.p = '{policy}'\n"));
    let lines = plain(&show(&config));
    assert!(!lines.contains("s3cret") && lines.contains("(external ID 1, hidden)"), "{lines}");
}

#[test]
fn vendor_may_use_a_pattern_of_external_ids() {
    let config = parse(&format!(
        "[vendors.acme]\nexternal-id = {{ like = 'acme@*' }}\n[catalogue.acme]\n{VENDOR}trust = {{ accounts = ['482913650127'], external-id = 'required' }}\n"
    ));
    insta::assert_snapshot!(config.warnings.join("\n"), @"vendor/acme: `external-id` is a pattern, so that every matching external ID is accepted; make sure that only you can get such IDs from the vendor");
}

#[test]
fn identity_providers_are_read_with_their_action() {
    let config = parse(
        r#"
[[role]]
name = "github"
[[role.trust]]
principal = { federated = "arn:{partition}:iam::{account-id}:oidc-provider/token.actions.githubusercontent.com" }
actions = ["sts:AssumeRoleWithWebIdentity", "sts:TagSession"]
[role.trust.condition]
StringEquals = { "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com" }
StringLike = { "token.actions.githubusercontent.com:sub" = "repo:acme/*" }
[[role.trust]]
principal = { federated = "arn:{partition}:iam::{account-id}:saml-provider/okta" }
condition = { StringEquals = { "SAML:aud" = "https://signin.aws.amazon.com/saml" } }
[[role.trust]]
principal = { federated = "cognito-identity.amazonaws.com" }
condition = { StringEquals = { "cognito-identity.amazonaws.com:aud" = "us-east-1:x" } }
"#,
    );
    let entries = config.roles[0].trust.iter().map(|spec| spec.actions.to_policy().to_string());
    insta::assert_snapshot!(entries.collect::<Vec<_>>().join("\n"), @r#"
    ["sts:AssumeRoleWithWebIdentity","sts:TagSession"]
    "sts:AssumeRoleWithSAML"
    "sts:AssumeRoleWithWebIdentity"
    "#);
    assert_eq!(config.warnings, Vec::<String>::new());
}

#[test]
fn invalid_identity_providers_are_reported() {
    let github =
        "{ federated = 'arn:{partition}:iam::{account-id}:oidc-provider/token.actions.githubusercontent.com' }";
    let audience = "condition = { StringEquals = { 'token.actions.githubusercontent.com:aud' = 'x' } }";
    let role = |trust: String| problems(&format!("[[role]]\nname = 'r'\n[[role.trust]]\n{trust}\n"));
    let all = [
        role(format!("principal = {github}")),
        role(format!("principal = {github}\ncondition = {{ Bool = {{ 'aws:SecureTransport' = true }} }}")),
        role(format!("principal = [{github}, '482913650127']\n{audience}")),
        role(format!("principal = {github}\nexternal-id = 'x-1'\n{audience}")),
        role(format!("principal = {github}\nactions = ['sts:AssumeRole']\n{audience}")),
        role("principal = { federated = 'token.actions.githubusercontent.com' }".to_owned()),
        role("principal = 'AROA'".to_owned()),
        problems(&format!("[[access-role.grant]]\nprincipal = {github}\n{audience}\n")),
    ];
    insta::assert_snapshot!(all.join("\n"), @"
    onboarding.toml:3:1: without a condition, every user of the identity provider could assume the role; add a `condition` for a key that starts with `token.actions.githubusercontent.com:`
    onboarding.toml:3:1: without a condition, every user of the identity provider could assume the role; add a `condition` for a key that starts with `token.actions.githubusercontent.com:`
    onboarding.toml:3:1: identity providers of one kind and other principals need different actions; put them in separate entries
    onboarding.toml:3:1: users of an identity provider cannot pass an external ID; remove `external-id`
    onboarding.toml:5:11: `actions`: without `sts:AssumeRoleWithWebIdentity` no principal can assume the role; add it
    onboarding.toml:5:12: `actions`: these principals cannot use `sts:AssumeRole`; they assume the role by `sts:AssumeRoleWithWebIdentity`
    onboarding.toml:4:27: `federated`: `token.actions.githubusercontent.com` is not a valid identity provider; expected an ARN such as `arn:{partition}:iam::{account-id}:oidc-provider/token.actions.githubusercontent.com` or `arn:{partition}:iam::{account-id}:saml-provider/NAME`
    onboarding.toml:4:13: `principal`: `AROA` is not a valid principal; use a 12-digit account ID, or the ARN of a role or user
    onboarding.toml:2:13: `principal`: an identity provider cannot be granted access to accounts; install a role for it with `[[role]]`
    ");
    let config = parse(&format!("[[role]]\nname = 'r'\n[[role.trust]]\nprincipal = {github}\n{audience}\n"));
    insta::assert_snapshot!(config.warnings.join("\n"), @"role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `token.actions.githubusercontent.com:sub`; IAM rejects this for providers such as GitHub");
}

#[test]
fn unique_id_is_accepted_for_a_role_with_a_warning() {
    let role = parse("[[role]]\nname = 'r'\ntrust = [{ principal = ['AIDAIOSFODNN7EXAMPLE1', '482913650127'] }]\n");
    insta::assert_snapshot!(role.warnings.join("\n"), @"role/r: `AIDAIOSFODNN7EXAMPLE1` is a unique ID, and IAM stores the ARN of the role or user in its place, so that a later change to the ARN of another one is not recognized; write the ARN if you know it");
    let vendor = parse(
        "[catalogue.v]\ntitle = 'V'\ntrust = { accounts = ['AROAIOSFODNN7EXAMPLE1'], external-id = 'required' }\n\
         role = { name = 'V', managed-policies = ['arn:{partition}:iam::aws:policy/ReadOnlyAccess'] }\n\
         [vendors.v]\nexternal-id = 'x-1'\n",
    );
    insta::assert_snapshot!(vendor.warnings.join("\n"), @"vendor/v: `AROAIOSFODNN7EXAMPLE1` is a unique ID, and IAM stores the ARN of the role or user in its place, so that a later change to the ARN of another one is not recognized; write the ARN if you know it");
    insta::assert_snapshot!(problems("[[access-role.grant]]\nprincipal = 'AROAIOSFODNN7EXAMPLE1'\n"), @"onboarding.toml:2:13: `principal`: a unique ID cannot be granted access, because IAM stores the ARN of the role or user in its place and the grant would not be recognized in the trust policy of the access role; write the ARN");
}

#[test]
fn condition_values_that_iam_refuses_are_errors() {
    let problems = |condition: &str| {
        let text = format!("[[access-role.grant]]\nprincipal = '222233334444'\ncondition = {{ {condition} }}\n");
        Config::parse_without_files(&text).map(|_| String::new()).unwrap_or_else(|problems| problems.to_string())
    };
    let bad = [
        "Bool = { 'aws:MultiFactorAuthPresent' = 'yes' }",
        "DateLessThan = { 'aws:CurrentTime' = 'tomorrow' }",
        "Null = { 'aws:SourceIp' = 'maybe' }",
    ];
    insta::assert_snapshot!(bad.map(problems).join("\n"), @"
    onboarding.toml:3:13: `condition`: `aws:MultiFactorAuthPresent`: IAM compares the values of `Bool` with `true` or `false` only; correct the value
    onboarding.toml:3:13: `condition`: `aws:CurrentTime`: IAM compares the values of `DateLessThan` with a date such as `2030-01-31T00:00:00Z`, or seconds since 1970 only; correct the value
    onboarding.toml:3:13: `condition`: `aws:SourceIp`: IAM compares the values of `Null` with `true` or `false` only; correct the value
    ");
    assert_eq!(
        problems("DateLessThan = { 'aws:CurrentTime' = '2030-01-31' }, Bool = { 'aws:MultiFactorAuthPresent' = true }"),
        ""
    );
}

#[test]
fn roles_that_a_condition_on_mfa_denies_are_named() {
    let warnings = |trust: &str| {
        let toml = format!("[[access-role.grant]]\n{trust}\n");
        let config = Config::parse_without_files(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
        config.warnings.join("\n")
    };
    let mfa = r#"condition = { Bool = { "aws:MultiFactorAuthPresent" = true } }"#;
    let role = "arn:aws:iam::222233334444:role/Admin";
    insta::assert_snapshot!(warnings(&format!("principal = ['{role}', 'arn:aws:iam::222233334444:user/ann']\n{mfa}")), @"access-role: `arn:aws:iam::222233334444:role/Admin` is denied, because the condition requires MFA and the sessions of roles do not show it; require MFA where the role is assumed, and put users into a grant of their own");
    let permission_set = format!(
        r#"principal = "222233334444"
        condition = {{ Bool = {{ "aws:MultiFactorAuthPresent" = true }}, ArnLike = {{ "aws:PrincipalArn" = "{}" }} }}"#,
        crate::config::starter::permission_set_pattern("Admin")
    );
    insta::assert_snapshot!(warnings(&permission_set), @"access-role: `arn:{partition}:iam::*:role/aws-reserved/sso.amazonaws.com*/AWSReservedSSO_Admin_????????????????` is denied, because the condition requires MFA and the sessions of roles do not show it; require MFA where the role is assumed, and put users into a grant of their own");
    for fine in [
        format!("principal = '222233334444'\n{mfa}"),
        format!("principal = 'arn:aws:iam::222233334444:user/ann'\n{mfa}"),
        format!("principal = '{role}'"),
        format!("principal = '{role}'\ncondition = {{ Bool = {{ 'aws:MultiFactorAuthPresent' = false }} }}"),
        format!(
            "principal = '222233334444'\ncondition = {{ Bool = {{ 'aws:MultiFactorAuthPresent' = true }}, ArnNotLike = {{ 'aws:PrincipalArn' = '{role}' }} }}"
        ),
    ] {
        assert_eq!(warnings(&fine), "", "{fine}");
    }
}

#[test]
fn last_day_of_a_grant_is_a_date() {
    let grant = |until: &str| format!("[[access-role.grant]]\nprincipal = '222233334444'\nuntil = {until}\n");
    let problem = |until: &str| Config::parse_without_files(&grant(until)).unwrap_err().to_string();
    let wrong = ["'2027-01-31'", "2027-01-31T10:00:00Z", "10:00:00", "20270131"].map(problem);
    insta::assert_snapshot!(wrong.concat(), @"onboarding.toml:3:9: `until`: is not a date; write the last day like `2027-01-31`, without quotesonboarding.toml:3:9: `until`: has a time; write the last day alone, like `2027-01-31`, which ends at midnight UTConboarding.toml:3:9: `until`: has a time; write the last day alone, like `2027-01-31`, which ends at midnight UTConboarding.toml:3:9: `until`: is not a date; write the last day like `2027-01-31`, without quotes");
    let config = parse(&grant("2027-01-31"));
    insta::assert_snapshot!(shown(&config, "granted to"), @"granted to      222233334444, for sts:AssumeRole, until the end of 2027-01-31");
    let at = |date: &str| config.ending_grants(crate::time::from_policy_date(date).unwrap()).join("\n");
    let dates = ["2026-12-31T23:59:59Z", "2027-01-01T00:00:00Z", "2027-01-31T12:00:00Z", "2027-02-01T00:00:00Z"];
    insta::assert_snapshot!(dates.map(|date| format!("{date}: {}", at(date))).join("\n"), @"
    2026-12-31T23:59:59Z: 
    2027-01-01T00:00:00Z: access-role: the grant for `222233334444` ends on 2027-01-31, in 30 days
    2027-01-31T12:00:00Z: access-role: the grant for `222233334444` ends today, on 2027-01-31
    2027-02-01T00:00:00Z: access-role: the grant for `222233334444` ended on 2027-01-31; it is removed from the accounts whose record shows that this tool made it, and can be deleted here when no account has it
    ");
}

/// A tag is not the external ID of a request, whatever its name is.
#[test]
fn tag_with_the_name_of_an_external_id_may_be_a_condition() {
    let tag = |key: &str| {
        format!(
            "[[role]]\nname = \"reader\"\n[[role.trust]]\nprincipal = \"482913650127\"\nexternal-id = \"s3cret-external-id\"\n\
             condition = {{ StringEquals = {{ \"{key}\" = \"abc\" }} }}\n"
        )
    };
    for key in ["aws:PrincipalTag/ExternalId", "aws:RequestTag/external-id"] {
        parse(&tag(key));
    }
    assert!(problems(&tag("sts:external-id")).contains("must not be set as a condition"));
}
