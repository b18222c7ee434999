use super::*;
use crate::toml_reader::sample_account;

fn blueprint(text: &str) -> (Blueprint, Vec<BlueprintError>) {
    let config = Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"));
    Blueprint::new(&config, &sample_account().unwrap(), &SecretValues::new()).unwrap()
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
