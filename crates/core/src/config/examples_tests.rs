use std::collections::BTreeMap;

use super::*;
use crate::config::{Config, Files};

/// Files in memory: the configuration is `onboarding.toml`.
struct Memory(BTreeMap<&'static str, &'static str>);

impl Files for Memory {
    fn name(&self) -> &'static str {
        "onboarding.toml"
    }

    fn read(&self, path: &str) -> Result<String, String> {
        self.0.get(path).map(|text| (*text).to_owned()).ok_or_else(|| "does not exist".to_owned())
    }
}

fn examples_with(text: &str, files: &[(&'static str, &'static str)]) -> String {
    let files = Memory(files.iter().copied().collect());
    let config = Config::parse(text, &files).unwrap_or_else(|problems| panic!("{problems}"));
    config.example_values.iter().map(|value| format!("{value}\n")).collect()
}

fn examples(text: &str) -> String {
    examples_with(text, &[])
}

#[test]
fn example_values_of_the_shipped_configuration_are_listed() {
    insta::assert_snapshot!(examples(include_str!("../../../../onboarding.toml")), @"
    onboarding.toml:16:13: `principal`: the account ID 222233334444 is an example; replace it with the ID of your identity account
    onboarding.toml:21:12: `exclude`: the account ID 999988887777 is an example; replace it with the ID of an account to exclude, or remove it
    onboarding.toml:30:15: `external-id`: the external ID is an example; replace it with the external ID that the vendor gave you
    onboarding.toml:36:15: `external-id`: the external ID is an example; replace it with the external ID that the vendor gave you
    onboarding.toml:60:13: `principal`: the account ID 222233334444 is an example; replace it with the ID of the account that is meant
    ");
}

#[test]
fn example_values_are_found_everywhere() {
    let text = r#"
[access-role]
grant = [{ principal = 'arn:aws:iam::123456789012:role/x', condition = { StringEquals = { 'aws:PrincipalOrgID' = 'o-exampleorgid' } } }]
[[role]]
name = 'r'
description = 'like that of 111122223333'
permissions-boundary = 'arn:aws:iam::777788889999:policy/b'
managed-policies = ['arn:aws:iam::888899990000:policy/b']
policies.p = '{"Statement":{"Effect":"Allow","Action":"a:b","Resource":["arn:aws:s3:::b-111122223333/*","arn:aws:sqs:us-east-1:111122223333:q"]}}'
trust = [
  { principal = '482913650127', external-id = ['4f9d0e3a', 'YOUR-ID'] },
  { principal = '482913650127', external-id = { like = 'acme-changeme-*' } },
  { principal = { service = 'config.amazonaws.com' }, condition = { NumericEquals = { 'aws:SourceAccount' = 333344445555 } } },
]
"#;
    insta::assert_snapshot!(examples(text), @"
    onboarding.toml:3:24: `principal`: the account ID 123456789012 is an example; replace it with the ID of your identity account
    onboarding.toml:3:114: `aws:PrincipalOrgID`: the organization ID o-exampleorgid is an example; replace it with the ID of your organization
    onboarding.toml:7:24: `permissions-boundary`: the account ID 777788889999 is an example; replace it with the ID of the account that is meant
    onboarding.toml:8:21: `managed-policies`: the account ID 888899990000 is an example; replace it with the ID of the account that is meant
    onboarding.toml:9:14: `p`: the account ID 111122223333 is an example; replace it with the ID of the account that is meant
    onboarding.toml:11:60: `external-id`: the external ID is an example; replace it with the external ID that the vendor gave you
    onboarding.toml:12:56: `like`: the external ID is an example; replace it with the external ID that the vendor gave you
    onboarding.toml:13:109: `aws:SourceAccount`: the account ID 333344445555 is an example; replace it with the ID of the account that is meant
    ");
}

#[test]
fn vendor_and_policy_files_are_searched_if_they_are_used() {
    let vendor = "title = 'V'\n\
        trust = { accounts = [\n  '482913650127',\n  'arn:aws:iam::111122223333:role/v',\n], external-id = 'required', external-id-hint = 'not 333344445555' }\n\
        role = { name = 'V', managed-policies = ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }\n";
    let policy = "{\"Statement\": {\"Effect\": \"Allow\", \"Action\": \"sts:AssumeRole\",\n \
        \"Resource\": [\"arn:aws:iam::444455556666:role/x\", \"arn:aws:iam::444455556666:role/y\"]}}";
    let files = [("vendors/used.toml", vendor), ("vendors/unused.toml", vendor), ("p.json", policy)];
    let text = "vendor-files = ['vendors/used.toml', 'vendors/unused.toml']\n\
        [vendors.used]\nexternal-id = '4f9d0e3a'\n\
        [catalogue.other]\ntitle = 'O'\ntrust = { accounts = ['555566667777'], external-id = 'required' }\n\
        role = { name = 'O', managed-policies = ['arn:aws:iam::aws:policy/ReadOnlyAccess'] }\n\
        [[role]]\nname = 'r'\ntrust = [{ principal = '482913650127' }]\npolicies.p = { file = 'p.json' }\n";
    insta::assert_snapshot!(examples_with(text, &files), @"
    vendors/used.toml:4:3: `accounts`: the account ID 111122223333 is an example; replace it with the ID of the account that is meant
    p.json:2:29: the account ID 444455556666 is an example; replace it with the ID of the account that is meant
    ");
}

#[test]
fn real_values_are_not_listed() {
    let text = "[[access-role.grant]]\nprincipal = '482913650127'\nexternal-id = '4f9d0e3a-93c1-4b5e-8a77-0c2f1de1b6aa'\n\
                [vendors.trelica]\nexternal-id = { ssm-parameter = '/example/id' }\n";
    assert_eq!(examples(text), "");
    for id in ["1111222233334", "11112222333", "111122223334", "482913650127"] {
        assert_eq!(account(id), None, "{id}");
    }
    for id in ["requires-mfa", "acme", "env_12345", "dGVzdHh4eHgK", "yourself", "exampl"] {
        assert_eq!(external_id(id), None, "{id}");
    }
}

#[test]
fn what_may_be_real_is_not_certainly_an_example() {
    for id in
        ["test", "12345", "00000000-0000-0000-0000-000000000000", "12345678-1234-1234-1234-123456789012", "Anexample1"]
    {
        assert_eq!(external_id(id), Some(Certainty::Likely), "{id}");
    }
    for id in [
        "Example_1",
        "your-external-id",
        "CHANGEME",
        "please-change-me",
        "xxxx-xxxx",
        "00000000-1111-2222-3333-444444444444",
    ] {
        assert_eq!(external_id(id), Some(Certainty::Certain), "{id}");
    }
    assert_eq!((account("210987654321"), account("123456789012")), (Some(Certainty::Likely), Some(Certainty::Certain)));
    let text = "[[access-role.grant]]\nprincipal = '210987654321'\nexternal-id = 'test'\n";
    insta::assert_snapshot!(examples(text), @"
    onboarding.toml:2:13: `principal`: the account ID 210987654321 looks like an example; if it is one, replace it with the ID of your identity account
    onboarding.toml:3:15: `external-id`: the external ID looks like an example; if it is one, replace it with the external ID that the vendor gave you
    ");
}
