//! Warnings about entries whose condition has another effect than intended. As in `onboard policy explain` and in the trust audit,
//! this is decided by evaluation.

use std::collections::BTreeSet;

use super::{PrincipalSpec, RoleTemplate, TrustSpec, trust, trust_document};
use crate::account::{Account, AccountId, Partition};
use crate::policy::{Can, ExternalIdDisplay, SubjectCheck, explain, provider_access};
use crate::template::{Place, Template, expand};
use crate::toml_reader::sample_account;

/// The principals of an entry that it never lets assume the role.
pub(super) fn without_access(spec: &TrustSpec) -> Vec<String> {
    let aws = spec.principals.iter().filter(|principal| matches!(principal, PrincipalSpec::Aws(_)));
    let warning = |principal: &PrincipalSpec| {
        let why = never(spec, principal)?;
        let name = trust_document::text(principal);
        Some(format!(
            "`{name}` can never assume the role, because {why}; correct the condition or the principal, or remove the principal"
        ))
    };
    aws.filter_map(warning).collect()
}

/// Why no request of a principal is allowed, in any account.
fn never(spec: &TrustSpec, principal: &PrincipalSpec) -> Option<String> {
    if spec.condition.is_empty() {
        return None;
    }
    let mut why = None;
    for account in accounts(spec, principal)? {
        let document =
            trust_document::of_principal(spec, principal, |text| expand(text, &account, Place::PolicyString))?;
        let entries = explain(&document, ExternalIdDisplay::Hidden);
        why = Some(entries.into_iter().find(|entry| entry.can == Can::Never)?.why?);
    }
    why
}

/// Accounts for which the placeholders of an entry are replaced: one that the entry does not name, and each that it names, in each partition
/// that it names. `None` if the result depends on the names of accounts.
fn accounts(spec: &TrustSpec, principal: &PrincipalSpec) -> Option<Vec<Account>> {
    let values = spec.condition.clauses().iter().flat_map(|clause| clause.values.iter().map(String::as_str));
    let texts: Vec<&str> = values.chain([trust_document::text(principal)]).collect();
    let has = |placeholder: &str| texts.iter().any(|text| text.contains(placeholder));
    if has("{account-name}") {
        return None;
    }
    let sample = sample_account()?;
    let numbers = texts.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_digit()));
    let named: BTreeSet<AccountId> = numbers.filter_map(|number| number.parse().ok()).collect();
    let unnamed = ["444455556666", "555566667777"].iter().filter_map(|id| id.parse::<AccountId>().ok());
    let unnamed = unnamed.filter(|id| !named.contains(id)).take(1);
    let ids: Vec<_> =
        if has("{account-id}") { unnamed.chain(named.clone()).collect() } else { vec![sample.id.clone()] };
    let mut partitions: BTreeSet<Partition> = [sample.partition.clone()].into();
    if has("{partition}") {
        partitions.extend(texts.iter().filter_map(|text| Partition::from_arn(text).ok()));
    }
    let of_partition =
        |partition: Partition| ids.iter().map(move |id| (id.clone(), partition.clone())).collect::<Vec<_>>();
    let each = partitions.into_iter().flat_map(of_partition);
    Some(each.map(|(id, partition)| Account { id, partition, ..sample.clone() }).collect())
}

/// An OpenID Connect provider such as GitHub is shared by all of its customers; only the conditions distinguish them.
pub(super) fn any_subject(spec: &TrustSpec, principal: &PrincipalSpec) -> Option<String> {
    let PrincipalSpec::Federated(provider) = principal else { return None };
    let document = trust_document::of_principal(spec, principal, str::to_owned)?;
    let access = provider_access(&document, &sample_account()?.partition);
    let is_open = access.iter().any(|access| access.can != Can::Never && access.subject == SubjectCheck::Any);
    let is_by_name = !provider.0.contains(":oidc-provider/");
    // Facebook and Amazon name the application in a field of their own.
    let field = match provider.0.as_str() {
        "graph.facebook.com" | "www.amazon.com" => "app_id",
        _ if is_by_name => "aud",
        _ => "sub",
    };
    let key = format!("{}{field}", trust::condition_prefix(provider));
    let is_tested = spec.condition.clauses().iter().any(|clause| clause.key.eq_ignore_ascii_case(&key));
    let rest = match (is_tested, is_by_name) {
        (true, _) => " to your own users, as in `repo:OWNER/REPO:*` at GitHub",
        (false, true) => "",
        (false, false) => "; IAM rejects this for providers such as GitHub",
    };
    is_open.then(|| {
        format!(
            "users of the identity provider who are not yours can assume the role, because the condition does not restrict `{key}`{rest}"
        )
    })
}

/// AWS looks for a provider in the account of the role only.
pub(super) fn provider_elsewhere(role: &RoleTemplate, provider: &Template) -> Option<String> {
    let account = AccountId::from_arn(&provider.0)?;
    (!role.targets.is_only(&account)).then(|| {
        format!(
            "`{}` names the account {account}, and tokens are accepted only from an identity provider in the account of the role; write \
             `{{account-id}}` for the account",
            provider.0
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn warnings(text: &str) -> String {
        Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}\n{text}")).warnings.join("\n")
    }

    fn grant(principal: &str, condition: &str) -> String {
        warnings(&format!("[[access-role.grant]]\nprincipal = {principal}\ncondition = {{ {condition} }}\n"))
    }

    #[test]
    fn principal_whose_requests_never_meet_the_condition_is_named() {
        let all = [
            grant(
                "'arn:aws:iam::482913650127:role/x'",
                "ArnLike = { 'aws:PrincipalArn' = 'arn:aws:iam::482913650127:user/*' }",
            ),
            grant("'482913650127'", "StringEquals = { 'aws:PrincipalAccount' = '482913650128' }"),
            grant("'482913650127'", "StringNotEquals = { 'aws:PrincipalAccount' = '482913650127' }"),
            grant(
                "['482913650127', '482913650128']",
                "ArnLike = { 'aws:PrincipalArn' = 'arn:{partition}:iam::482913650128:role/ops-*' }",
            ),
            grant("'{account-id}'", "StringNotEquals = { 'aws:PrincipalAccount' = '{account-id}' }"),
            warnings(
                "[[role]]\nname = 'r'\ntrust = [{ principal = '482913650127', condition = { ArnEquals = { 'aws:PrincipalArn' = \
                 'arn:aws:iam::482913650128:role/x' } } }]\n",
            ),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        access-role: `arn:aws:iam::482913650127:role/x` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        access-role: `482913650127` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        access-role: `482913650127` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        access-role: `482913650127` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        access-role: `{account-id}` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        access-role: grant 1 lets every role and user of the member account assume the role, if its own policies allow it; list roles, or add a condition on `aws:PrincipalArn`
        role/r: `482913650127` can never assume the role, because its requests do not meet the condition; correct the condition or the principal, or remove the principal
        ");
    }

    #[test]
    fn principal_that_may_meet_the_condition_is_not_named() {
        for (principal, condition) in [
            ("'482913650127'", "ArnLike = { 'aws:PrincipalArn' = 'arn:{partition}:iam::*:role/ops-*' }"),
            ("'482913650127'", "StringEquals = { 'aws:PrincipalOrgID' = 'o-exampleorgid' }"),
            ("'482913650127'", "StringEquals = { 'aws:PrincipalAccount' = ['482913650128', '482913650127'] }"),
            // In some of the accounts.
            (
                "'arn:{partition}:iam::{account-id}:role/x'",
                "StringEquals = { 'aws:PrincipalAccount' = '482913650127' }",
            ),
            ("'482913650127'", "StringEquals = { 'aws:PrincipalAccount' = '{account-id}' }"),
            (
                "'arn:{partition}:iam::482913650127:role/x'",
                "ArnLike = { 'aws:PrincipalArn' = 'arn:aws-cn:iam::482913650127:role/x' }",
            ),
            (
                "'arn:aws:iam::482913650127:role/prod'",
                "ArnLike = { 'aws:PrincipalArn' = 'arn:aws:iam::482913650127:role/{account-name}' }",
            ),
        ] {
            assert_eq!(grant(principal, condition), "", "{principal} {condition}");
        }
    }

    fn role(targets: &str, provider: &str, condition: &str) -> String {
        warnings(&format!(
            "[[role]]\nname = 'r'\n{targets}\n[[role.trust]]\nprincipal = {{ federated = '{provider}' }}\ncondition = {{ {condition} }}\n"
        ))
    }

    #[test]
    fn identity_provider_whose_users_are_not_limited_is_named() {
        let open = |issuer: &str, condition: &str| {
            let provider = if issuer.starts_with("cognito") || issuer.starts_with("accounts") {
                issuer.to_owned()
            } else {
                format!("arn:{{partition}}:iam::{{account-id}}:oidc-provider/{issuer}")
            };
            role("", &provider, &condition.replace("ISSUER", issuer))
        };
        let all = [
            open("token.actions.githubusercontent.com", "Null = { 'ISSUER:sub' = false }"),
            open("token.actions.githubusercontent.com", "StringLike = { 'ISSUER:sub' = 'repo:*/site:*' }"),
            open("token.actions.githubusercontent.com", "StringNotEquals = { 'ISSUER:sub' = 'repo:acme/site' }"),
            open("gitlab.com", "StringLike = { 'ISSUER:sub' = 'project_path:*' }"),
            open("app.terraform.io", "StringEquals = { 'ISSUER:aud' = 'aws.workload.identity' }"),
            open("cognito-identity.amazonaws.com", "'ForAnyValue:StringLike' = { 'ISSUER:amr' = 'authenticated' }"),
            open("accounts.google.com", "StringEquals = { 'ISSUER:oaud' = 'https://example.com' }"),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `token.actions.githubusercontent.com:sub` to your own users, as in `repo:OWNER/REPO:*` at GitHub
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `token.actions.githubusercontent.com:sub` to your own users, as in `repo:OWNER/REPO:*` at GitHub
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `token.actions.githubusercontent.com:sub` to your own users, as in `repo:OWNER/REPO:*` at GitHub
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `gitlab.com:sub` to your own users, as in `repo:OWNER/REPO:*` at GitHub
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `app.terraform.io:sub`; IAM rejects this for providers such as GitHub
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `cognito-identity.amazonaws.com:aud`
        role/r: users of the identity provider who are not yours can assume the role, because the condition does not restrict `accounts.google.com:aud`
        ");
        for (issuer, condition) in [
            ("token.actions.githubusercontent.com", "StringLike = { 'ISSUER:sub' = 'repo:acme/*' }"),
            ("app.terraform.io", "StringLike = { 'ISSUER:sub' = 'organization:acme:*' }"),
            ("accounts.google.com", "StringEquals = { 'ISSUER:aud' = 'client' }"),
        ] {
            assert_eq!(open(issuer, condition), "", "{issuer} {condition}");
        }
    }

    #[test]
    fn identity_provider_in_another_account_is_named() {
        let provider = "arn:{partition}:iam::482913650127:oidc-provider/gitlab.com";
        let limited = "StringEquals = { 'gitlab.com:sub' = 'project_path:acme/site' }";
        insta::assert_snapshot!(role("", provider, limited), @"role/r: `arn:{partition}:iam::482913650127:oidc-provider/gitlab.com` names the account 482913650127, and tokens are accepted only from an identity provider in the account of the role; write `{account-id}` for the account");
        assert_eq!(role("targets = { accounts = ['482913650127'] }", provider, limited), "");
        assert!(
            role("targets = { accounts = ['482913650127', '482913650128'] }", provider, limited)
                .contains("482913650127")
        );
    }

    #[test]
    fn service_whose_condition_admits_other_accounts_is_named() {
        let service = |name: &str, condition: &str| {
            warnings(&format!(
                "[[role]]\nname = 'r'\ntrust = [{{ principal = {{ service = '{name}' }}, condition = {{ {condition} }} }}]\n"
            ))
        };
        let all = [
            service("config.amazonaws.com", "StringNotEquals = { 'aws:SourceAccount' = '482913650127' }"),
            service("config.amazonaws.com", "Null = { 'aws:SourceAccount' = false }"),
            service("ecs-tasks.amazonaws.com", "ArnLike = { 'aws:SourceArn' = 'arn:aws:ecs:*:*:*' }"),
        ];
        insta::assert_snapshot!(all.join("\n"), @"
        role/r: trust entry 1 lets config.amazonaws.com assume the role for other accounts (confused deputy); its condition on `aws:SourceAccount` does not exclude other accounts; compare the key with your account or organization by `StringEquals` or `ArnLike`
        role/r: trust entry 1 lets config.amazonaws.com assume the role for other accounts (confused deputy); its condition on `aws:SourceAccount` does not exclude other accounts; compare the key with your account or organization by `StringEquals` or `ArnLike`
        role/r: trust entry 1 lets ecs-tasks.amazonaws.com assume the role for other accounts (confused deputy); its condition on `aws:SourceArn` does not exclude other accounts; compare the key with your account or organization by `StringEquals` or `ArnLike`
        ");
        assert_eq!(
            service(
                "ecs-tasks.amazonaws.com",
                "ArnLike = { 'aws:SourceArn' = 'arn:{partition}:ecs:*:{account-id}:*' }"
            ),
            ""
        );
    }
}
