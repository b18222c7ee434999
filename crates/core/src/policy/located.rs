//! Where a JSON document of another kind contains a trust policy, such as `instances[0].attributes.assume_role_policy` in a
//! state of Terraform, for a message that says which part to pass.

use serde_json::{Map, Value};

use crate::text::Untrusted;

/// Names of elements that contain a trust policy, without separators and in lowercase.
const NAMES: [&str; 4] = ["assumerolepolicydocument", "assumerolepolicy", "policydocument", "trustpolicy"];

/// The path of the first policy in an object that is not a policy itself.
pub(super) fn path_of_policy(object: &Map<String, Value>) -> Option<String> {
    object.iter().find_map(|(key, value)| {
        let key = Untrusted::new(key).to_string();
        match value {
            _ if is_policy(&key, value) => Some(key),
            other => within(other).map(|path| format!("{key}{path}")),
        }
    })
}

/// The path of the first policy in a value, with its separator in front.
fn within(value: &Value) -> Option<String> {
    match value {
        Value::Object(map) => path_of_policy(map).map(|path| format!(".{path}")),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let is_it = item.get("Statement").is_some();
            let path = if is_it { Some(String::new()) } else { within(item) };
            path.map(|path| format!("[{index}]{path}"))
        }),
        _ => None,
    }
}

fn is_policy(key: &str, value: &Value) -> bool {
    let letters: String = key.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_ascii_lowercase();
    let is_named_so = NAMES.contains(&letters.as_str()) && (value.is_object() || value.is_string());
    is_named_so || value.get("Statement").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn path_names_the_part_that_is_a_policy() {
        for (text, path) in [
            (
                r#"{"resources":[{},{"instances":[{"attributes":{"assume_role_policy":"{}"}}]}]}"#,
                Some("resources[1].instances[0].attributes.assume_role_policy"),
            ),
            (r#"{"a":1,"role":{"assumeRolePolicyDocument":{}}}"#, Some("role.assumeRolePolicyDocument")),
            (r#"{"policies":[1,{"Statement":[]}]}"#, Some("policies[1]")),
            (r#"{"data":{"trust":{"Statement":[]}}}"#, Some("data.trust")),
            (r#"{"assume_role_policy":7,"x":[[]]}"#, None),
            ("{}", None),
        ] {
            let object = serde_json::from_str(text).unwrap();
            assert_eq!(path_of_policy(&object).as_deref(), path, "{text}");
        }
    }
}
