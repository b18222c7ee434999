//! Values that were copied from an example and not replaced: account IDs of the AWS documentation, and external IDs such as
//! `example-external-id`. They are valid, so that examples and tests can use them, but a run with them would grant access
//! to an account that belongs to somebody else, or to nobody.
//!
//! The documentation of AWS uses account IDs such as 111122223333 and 123456789012. See
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>.

use std::fmt;

use super::{Config, ExternalIdSource, PrincipalSpec, RoleTemplate, TrustSpec};
use crate::owner::Owner;

/// An example value in a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExampleValue {
    /// Where it is, such as `[vendors.trelica] external-id`.
    pub location: String,
    /// What it is, such as `the account ID 111122223333`. An external ID is not shown.
    pub value: String,
}

impl fmt::Display for ExampleValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`: {} is an example; replace it", self.location, self.value)
    }
}

impl Config {
    /// The example values that the configuration still contains, in the order of the file.
    #[must_use]
    pub fn example_values(&self) -> Vec<ExampleValue> {
        let mut found = Vec::new();
        for (index, grant) in self.access_role.grants.iter().enumerate() {
            trust_entry(&format!("[[access-role.grant]] {}", index + 1), &grant.trust, &mut found);
        }
        for account in &self.excluded {
            in_text("[accounts] exclude", account.as_str(), &mut found);
        }
        for template in &self.roles {
            role(template, &mut found);
        }
        found
    }
}

fn role(role: &RoleTemplate, found: &mut Vec<ExampleValue>) {
    let definition = &role.definition;
    let place = match &definition.owner {
        Owner::Vendor(name) => format!("[vendors.{name}]"),
        Owner::Role(name) => format!("[[role]] {name}"),
    };
    for (index, spec) in role.trust.iter().enumerate() {
        let entry = if definition.owner.is_vendor() { place.clone() } else { format!("{place}, trust {}", index + 1) };
        trust_entry(&entry, spec, found);
    }
    for arn in &definition.attached {
        in_text(&format!("{place} managed-policies"), &arn.0, found);
    }
    if let Some(boundary) = &definition.settings.boundary {
        in_text(&format!("{place} permissions-boundary"), &boundary.0, found);
    }
    for (name, policy) in &role.policies {
        in_text(&format!("{place} policies.{name}"), &policy.0, found);
    }
}

fn trust_entry(place: &str, spec: &TrustSpec, found: &mut Vec<ExampleValue>) {
    for principal in &spec.principals {
        if let PrincipalSpec::Aws(text) | PrincipalSpec::Federated(text) = principal {
            in_text(&format!("{place} principal"), &text.0, found);
        }
    }
    for source in &spec.external_ids {
        let is_example = match source {
            ExternalIdSource::Literal(id) => is_example_external_id(id.expose()),
            ExternalIdSource::Pattern(pattern) => is_example_external_id(pattern.as_secret().expose()),
            ExternalIdSource::Parameter(_) => false,
        };
        if is_example {
            let value = "the external ID".to_owned();
            found.push(ExampleValue { location: format!("{place} external-id"), value });
        }
    }
    for clause in spec.condition.clauses() {
        for value in &clause.values {
            in_text(&format!("{place} condition {}", clause.key), value, found);
        }
    }
}

/// Adds the example account IDs and organization IDs in a text, each once for a place.
fn in_text(location: &str, text: &str, found: &mut Vec<ExampleValue>) {
    let mut add = |value: String| {
        let example = ExampleValue { location: location.to_owned(), value };
        if !found.contains(&example) {
            found.push(example);
        }
    };
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    for word in words {
        if is_example_organization(word) {
            add(format!("the organization ID {word}"));
        }
        for number in word.split(|c: char| !c.is_ascii_digit()).filter(|number| is_example_account(number)) {
            add(format!("the account ID {number}"));
        }
    }
}

/// Whether an account ID is one of the documentation: three times the same four digits, such as 111122223333, or digits in
/// ascending or descending order. An account has one of the former with a probability of one to a billion.
fn is_example_account(id: &str) -> bool {
    const SEQUENCES: [&str; 8] = [
        "123456789012",
        "012345678901",
        "210987654321",
        "987654321098",
        "987654321012",
        "098765432109",
        "123456789123",
        "123412341234",
    ];
    let is_uniform = |group: &[u8]| group.windows(2).all(|pair| pair.first() == pair.last());
    id.len() == 12 && (id.as_bytes().chunks(4).all(is_uniform) || SEQUENCES.contains(&id))
}

fn is_example_organization(id: &str) -> bool {
    id.strip_prefix("o-").is_some_and(|rest| rest.starts_with("example") || rest.bytes().all(|b| b == b'x'))
}

fn is_example_external_id(id: &str) -> bool {
    let lower = id.to_ascii_lowercase();
    let words = ["example", "changeme", "change-me", "placeholder", "your-", "your_", "xxxx"];
    let is_uniform = |group: &str| group.bytes().all(|b| Some(b) == group.bytes().next());
    let groups: Vec<_> = lower.split('-').collect();
    let is_uuid = groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12]);
    let is_ascending = |group: &&str| "123456789012".starts_with(*group);
    words.iter().any(|word| lower.contains(word))
        || ["external-id", "externalid", "test", "12345", "123456", "12345678", "1234567890"].contains(&lower.as_str())
        || (is_uuid && (groups.iter().all(|group| is_uniform(group)) || groups.iter().all(is_ascending)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples(text: &str) -> String {
        let config = Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"));
        config.example_values().iter().map(|value| format!("{value}\n")).collect()
    }

    #[test]
    fn example_values_of_the_shipped_configuration_are_listed() {
        insta::assert_snapshot!(examples(include_str!("../../../../onboarding.toml")), @"
        `[[access-role.grant]] 1 principal`: the account ID 222233334444 is an example; replace it
        `[accounts] exclude`: the account ID 999988887777 is an example; replace it
        `[vendors.workload-security] external-id`: the external ID is an example; replace it
        `[vendors.trelica] external-id`: the external ID is an example; replace it
        `[[role]] app-deployer, trust 1 principal`: the account ID 222233334444 is an example; replace it
        ");
    }

    #[test]
    fn example_values_are_found_everywhere() {
        let text = r#"
[access-role]
grant = [{ principal = 'arn:aws:iam::123456789012:role/x', condition = { StringEquals = { 'aws:PrincipalOrgID' = 'o-exampleorgid' } } }]
[[role]]
name = 'r'
permissions-boundary = 'arn:aws:iam::777788889999:policy/b'
managed-policies = ['arn:aws:iam::888899990000:policy/b']
policies.p = '{"Statement":{"Effect":"Allow","Action":"a:b","Resource":["arn:aws:s3:::b-111122223333/*","arn:aws:sqs:us-east-1:111122223333:q"]}}'
trust = [{ principal = '482913650127', external-id = 'YOUR-ID' }]
"#;
        insta::assert_snapshot!(examples(text), @"
        `[[access-role.grant]] 1 principal`: the account ID 123456789012 is an example; replace it
        `[[access-role.grant]] 1 condition aws:PrincipalOrgID`: the organization ID o-exampleorgid is an example; replace it
        `[[role]] r, trust 1 external-id`: the external ID is an example; replace it
        `[[role]] r managed-policies`: the account ID 888899990000 is an example; replace it
        `[[role]] r permissions-boundary`: the account ID 777788889999 is an example; replace it
        `[[role]] r policies.p`: the account ID 111122223333 is an example; replace it
        ");
    }

    #[test]
    fn real_values_are_not_listed() {
        let text = "[[access-role.grant]]\nprincipal = '482913650127'\nexternal-id = '4f9d0e3a-93c1-4b5e-8a77-0c2f1de1b6aa'\n\
                    [vendors.trelica]\nexternal-id = { ssm-parameter = '/example/id' }\n";
        assert_eq!(examples(text), "");
        for id in ["00000000-0000-0000-0000-000000000000", "12345678-1234-1234-1234-123456789012", "Example_1", "12345"]
        {
            assert!(is_example_external_id(id), "{id}");
        }
        for id in ["1111222233334", "11112222333", "111122223334", "482913650127"] {
            assert!(!is_example_account(id), "{id}");
        }
    }
}
