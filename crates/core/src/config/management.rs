//! `[management]`: the role through which a tool outside the management account acts.

use super::ExternalIdSource;
use super::context::ReadContext;
use super::trust;
use crate::management_role::{ManagementExternalId, ManagementRole, parse_role_arn};
use crate::role::RoleName;
use crate::toml_reader::Value;

const KEYS: &[&str] = &["role-arn", "external-id"];

/// The role. `access_roles` are what it may assume.
pub(super) fn role(value: &Value<'_>, context: &ReadContext<'_>, access_roles: &[RoleName]) -> Option<ManagementRole> {
    let table = value.table(KEYS)?;
    let arn = table.require("role-arn");
    let external_id = table.require("external-id").and_then(|value| external_id(&value, context));
    let (arn, (partition, account)) =
        arn?.checked(|text| parse_role_arn(text).map(|parsed| (text.to_owned(), parsed)).map_err(|e| e.to_string()))?;
    Some(ManagementRole { arn, account, partition, external_id: external_id?, access_roles: access_roles.to_vec() })
}

fn external_id(value: &Value<'_>, context: &ReadContext<'_>) -> Option<ManagementExternalId> {
    if value.node().is_array() {
        value.problem("must be one external ID: the role is assumed with it");
        return None;
    }
    match trust::external_ids(value, context).into_iter().next()? {
        ExternalIdSource::Literal(id) => Some(ManagementExternalId::Literal(id)),
        ExternalIdSource::Parameter(name) => Some(ManagementExternalId::Parameter(name)),
        ExternalIdSource::Pattern(_) | ExternalIdSource::Template(_) | ExternalIdSource::Tenant(_) => {
            value
                .problem("must be an external ID, not a pattern and without placeholders: the role is assumed with it");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn parse(management: &str) -> Result<Config, String> {
        let grant = "[[access-role.grant]]\nprincipal = \"222233334444\"\n";
        Config::parse_without_files(&format!("{grant}\n[management]\n{management}"))
            .map_err(|errors| errors.to_string())
    }

    #[test]
    fn role_has_an_arn_and_an_external_id() {
        let role = "role-arn = \"arn:aws:iam::111122223333:role/hop\"\n";
        for id in ["\"3e7a-example\"", "{ ssm-parameter = \"/account-onboarding/management/external-id\" }"] {
            let config = parse(&format!("{role}external-id = {id}")).unwrap();
            let management = config.management.unwrap();
            assert_eq!(management.account.as_str(), "111122223333");
            assert!(!format!("{management:?}").contains("3e7a"), "the external ID is hidden");
        }
        let refused = [
            role.to_owned(),
            "external-id = \"3e7a-example\"".to_owned(),
            format!("{role}external-id = [\"3e7a-example\"]"),
            format!("{role}external-id = \"3e7a-{{account-id}}\""),
            format!("{role}external-id = {{ like = \"3e7a-*\" }}"),
            "role-arn = \"hop\"\nexternal-id = \"3e7a-example\"".to_owned(),
            format!("{role}external-id = \"3e7a-example\"\nregion = \"us-east-1\""),
        ]
        .map(|text| parse(&text).unwrap_err());
        insta::assert_snapshot!(refused.join("\n"), @"
        onboarding.toml:4:1: `external-id` is missing in `management`
        onboarding.toml:4:1: `role-arn` is missing in `management`
        onboarding.toml:6:15: `external-id`: must be one external ID: the role is assumed with it
        onboarding.toml:6:15: `external-id`: must be an external ID, not a pattern and without placeholders: the role is assumed with it
        onboarding.toml:6:15: `external-id`: must be an external ID, not a pattern and without placeholders: the role is assumed with it
        onboarding.toml:5:12: `role-arn`: is not the ARN of a role; write it like `arn:aws:iam::111122223333:role/account-onboarding-management`
        onboarding.toml:7:1: unknown key `region`; expected `role-arn` or `external-id`
        ");
    }

    #[test]
    fn external_id_in_the_file_is_among_the_secrets() {
        let config =
            parse("role-arn = \"arn:aws:iam::111122223333:role/hop\"\nexternal-id = \"3e7a-example\"").unwrap();
        assert_eq!(config.external_ids().len(), 1);
    }
}
