use super::*;
use crate::plan::proofs;
use crate::plan::sample::converged;
use crate::toml_reader::sample_account;

fn blueprint(text: &str) -> (Blueprint, Vec<BlueprintError>) {
    let config = Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"));
    Blueprint::new(&config, &sample_account().unwrap(), &SecretValues::default()).unwrap()
}

/// In every other account, the principal is a role of another account, so the configuration is valid.
#[test]
fn role_that_trusts_itself_in_its_own_account_is_refused() {
    let role = |name: &str| {
        format!("[[role]]\nname = '{name}'\ntrust = [{{ principal = 'arn:aws:iam::444455556666:role/a' }}]\n")
    };
    let (blueprint, errors) = blueprint(&[role("a"), role("b")].concat());
    assert_eq!(blueprint.roles.iter().map(|role| role.name().as_str()).collect::<Vec<_>>(), ["b"]);
    insta::assert_snapshot!(errors[0], @"role/a: in this account, `arn:aws:iam::444455556666:role/a` is the role itself, and IAM accepts a role as a principal only once it exists; exclude the account, or trust its root with the condition `aws:PrincipalArn`");
}

#[test]
fn placeholders_in_conditions_are_replaced() {
    let (blueprint, errors) = blueprint(
        r#"
[[role]]
name = "recorder"
trust = [{ principal = { service = "config.amazonaws.com" }, condition = { StringEquals = { "aws:SourceAccount" = "{account-id}" } } }]
[[role]]
name = "uc"
[[role.trust]]
principal = "arn:{partition}:iam::{account-id}:root"
condition = { ArnLike = { "aws:PrincipalArn" = ["arn:{partition}:iam::{account-id}:role/uc", "arn:aws:iam::1:role/*"] } }
"#,
    );
    assert_eq!(errors, []);
    let conditions = blueprint.roles.iter().map(|role| role.trust.as_map()["Statement"][0]["Condition"].to_string());
    insta::assert_snapshot!(conditions.collect::<Vec<_>>().join("\n"), @r#"
    {"StringEquals":{"aws:SourceAccount":"444455556666"}}
    {"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::444455556666:role/uc","arn:aws:iam::1:role/*"]}}
    "#);
}

#[test]
fn pattern_and_several_external_ids_become_conditions() {
    let role = |name: &str, external_id: &str| {
        format!("[[role]]\nname = '{name}'\ntrust = [{{ principal = '222233334444', external-id = {external_id} }}]\n")
    };
    let text = [role("two", "['id-1', 'id-2']"), role("like", "{ like = 'a@*' }"), role("one", "'id-1'")].concat();
    let (blueprint, errors) = blueprint(&text);
    assert_eq!(errors, []);
    let conditions = blueprint.roles.iter().map(|role| role.trust.as_map()["Statement"][0]["Condition"].to_string());
    insta::assert_snapshot!(conditions.collect::<Vec<_>>().join("\n"), @r#"
    {"StringEquals":{"sts:ExternalId":["id-1","id-2"]}}
    {"StringLike":{"sts:ExternalId":"a@*"}}
    {"StringEquals":{"sts:ExternalId":"id-1"}}
    "#);
}

#[test]
fn trust_in_an_identity_provider_can_be_proven() {
    let (blueprint, errors) = blueprint(
        r#"
[[role]]
name = "ci"
[[role.trust]]
principal = { federated = "arn:{partition}:iam::{account-id}:oidc-provider/oidc.example.com" }
condition = { StringEquals = { "oidc.example.com:sub" = "repo:acme" } }
"#,
    );
    assert_eq!(errors, []);
    insta::assert_snapshot!(blueprint.roles[0].trust.to_json(), @r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/oidc.example.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"oidc.example.com:sub":"repo:acme"}}}]}"#);
    let sentences: Vec<_> =
        proofs(&blueprint, &converged(&blueprint)).into_iter().map(|proof| proof.sentence).collect();
    insta::assert_snapshot!(sentences.join("\n"), @"the identity provider arn:aws:iam::444455556666:oidc-provider/oidc.example.com: can assume the role when oidc.example.com:sub StringEquals repo:acme");
}
