//! Reads `template.yaml`, `control-tower.yaml`, `management.yaml` and `prerequisites.yaml`, and resolves their intrinsic functions like CloudFormation.
//!
//! This is the only evaluator: the end-to-end tests read its output through `resolve.rs`.

use std::collections::BTreeMap;

use saphyr::{LoadableYamlNode, Scalar, Yaml};
use serde_json::{Map, Value, json};

pub(crate) const TEMPLATE: &str = include_str!("../../template.yaml");
pub(crate) const CONTROL_TOWER: &str = include_str!("../../control-tower.yaml");
pub(crate) const MANAGEMENT: &str = include_str!("../../management.yaml");
pub(crate) const PREREQUISITES: &str = include_str!("../../prerequisites.yaml");

/// `template.yaml` as JSON, with short forms (`!Ref x`) expanded (`{"Ref": x}`).
pub(crate) fn template() -> Value {
    read(TEMPLATE)
}

pub(crate) fn read(template: &str) -> Value {
    let documents = Yaml::load_from_str(template).expect("a template is YAML");
    assert_eq!(documents.len(), 1, "one document");
    expand(&documents[0])
}

fn expand(node: &Yaml<'_>) -> Value {
    match node {
        Yaml::Value(Scalar::Null) => Value::Null,
        Yaml::Value(Scalar::Boolean(value)) => json!(value),
        Yaml::Value(Scalar::Integer(value)) => json!(value),
        Yaml::Value(Scalar::String(value)) => json!(value),
        Yaml::Sequence(items) => items.iter().map(expand).collect(),
        Yaml::Mapping(entries) => {
            let key = |key: &Yaml<'_>| key.as_str().expect("keys are strings").to_owned();
            Value::Object(entries.iter().map(|(name, value)| (key(name), expand(value))).collect())
        }
        Yaml::Tagged(tag, value) => {
            let is_plain = ["Ref", "Condition"].contains(&tag.suffix.as_str());
            let name = if is_plain { tag.suffix.clone() } else { format!("Fn::{}", tag.suffix) };
            Value::Object(Map::from_iter([(name, expand(value))]))
        }
        other => panic!("this YAML node is not valid in a CloudFormation template: {other:?}"),
    }
}

/// A template with given parameter values. Resolves only the intrinsic functions that the templates use.
pub(crate) struct Stack {
    template: Value,
    parameters: BTreeMap<String, String>,
}

impl Stack {
    pub(crate) fn with(parameters: &[(&str, &str)]) -> Self {
        Self::new(TEMPLATE, parameters)
    }

    pub(crate) fn new(template: &str, parameters: &[(&str, &str)]) -> Self {
        let template = read(template);
        let mut values = BTreeMap::from(
            [
                ("AWS::Partition", "aws-us-gov"),
                ("AWS::Region", "us-gov-west-1"),
                ("AWS::AccountId", "111122223333"),
                ("AWS::StackName", "account-onboarding"),
                ("IdentityAccountId", "222233334444"),
                ("FunctionRoleArn", "arn:aws-us-gov:iam::222233334444:role/account-onboarding-FunctionRole-EXAMPLE"),
                ("ExternalId", "3e7ac2f0-0000-example"),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        for (name, parameter) in template["Parameters"].as_object().expect("parameters") {
            match &parameter["Default"] {
                Value::String(default) => values.insert(name.clone(), default.clone()),
                Value::Number(default) => values.insert(name.clone(), default.to_string()),
                _ => None,
            };
        }
        values.extend(parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        Self { template, parameters: values }
    }

    /// The properties of a resource, or null if its condition is false.
    pub(crate) fn resource(&self, name: &str) -> Value {
        let resource = &self.template["Resources"][name];
        assert!(resource.is_object(), "the template has a resource `{name}`");
        if self.is_created(resource) { self.value(&resource["Properties"]) } else { Value::Null }
    }

    /// The names and properties of all resources of one type whose condition is true.
    pub(crate) fn resources(&self, kind: &str) -> Vec<(String, Value)> {
        self.created()
            .filter(|(_, of_kind, _)| *of_kind == kind)
            .map(|(name, _, properties)| (name, properties))
            .collect()
    }

    /// The name, type and properties of each resource whose condition is true.
    pub(crate) fn created(&self) -> impl Iterator<Item = (String, &str, Value)> {
        let resources = self.template["Resources"].as_object().expect("resources");
        let created = resources.iter().filter(|(_, resource)| self.is_created(resource));
        created.map(|(name, one)| (name.clone(), text(&one["Type"]), self.value(&one["Properties"])))
    }

    fn is_created(&self, resource: &Value) -> bool {
        let condition = resource["Condition"].as_str();
        condition.is_none_or(|condition| self.condition_is_true(&json!({ "Condition": condition })))
    }

    fn condition_is_true(&self, condition: &Value) -> bool {
        if let Some(name) = condition["Condition"].as_str() {
            return self.condition_is_true(&self.template["Conditions"][name]);
        }
        if let Some(sides) = condition["Fn::Equals"].as_array() {
            return self.value(&sides[0]) == self.value(&sides[1]);
        }
        if let Some(all) = condition["Fn::And"].as_array() {
            return all.iter().all(|one| self.condition_is_true(one));
        }
        if let Some(any) = condition["Fn::Or"].as_array() {
            return any.iter().any(|one| self.condition_is_true(one));
        }
        !self.condition_is_true(&condition["Fn::Not"][0])
    }

    /// Resolves `Ref`, `Fn::GetAtt` and `${…}`: a given value, a resource's name (`name of Inbox` if AWS generates it), or
    /// an attribute (`<Inbox.Arn>`).
    fn name(&self, of: &str) -> String {
        if let Some(value) = self.parameters.get(of) {
            return value.clone();
        }
        if of.contains('.') {
            return format!("<{of}>");
        }
        let properties = self.resource(of);
        let own = ["Name", "FunctionName"].iter().find_map(|key| properties[*key].as_str());
        own.map_or_else(|| format!("name of {of}"), str::to_owned)
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(items) => items.iter().map(|item| self.value(item)).filter(|item| !item.is_null()).collect(),
            Value::Object(entries) => match entries.iter().next() {
                Some((function, argument)) if function == "Ref" => match argument.as_str() {
                    Some("AWS::NoValue") => Value::Null,
                    name => json!(self.name(name.unwrap_or_default())),
                },
                Some((function, argument)) if function == "Fn::GetAtt" => json!(self.name(text(argument))),
                Some((function, argument)) if function == "Fn::If" => {
                    let chosen = if self.condition_is_true(&json!({ "Condition": argument[0] })) { 1 } else { 2 };
                    self.value(&argument[chosen])
                }
                Some((function, argument)) if function == "Fn::Sub" => json!(self.substitute(argument)),
                Some((function, argument)) if function == "Fn::Join" => {
                    json!(list(&self.value(&argument[1])).join(text(&argument[0])))
                }
                Some((function, argument)) if function == "Fn::Split" => {
                    json!(text(&self.value(&argument[1])).split(text(&argument[0])).collect::<Vec<_>>())
                }
                Some((function, argument)) if function == "Fn::Select" => {
                    let index = argument[0].as_u64().and_then(|index| usize::try_from(index).ok()).expect("an index");
                    self.value(&argument[1])[index].clone()
                }
                Some((function, argument)) if function == "Fn::FindInMap" => {
                    let keys = self.value(argument);
                    let keys = list(&keys);
                    self.template["Mappings"][keys[0]][keys[1]][keys[2]].clone()
                }
                // AWS::NoValue removes the entry.
                _ => {
                    let entries = entries.iter().map(|(key, value)| (key.clone(), self.value(value)));
                    Value::Object(entries.filter(|(_, value)| !value.is_null()).collect())
                }
            },
            plain => plain.clone(),
        }
    }

    fn substitute(&self, argument: &Value) -> String {
        let (pattern, own) =
            argument.as_str().map_or_else(|| (text(&argument[0]), &argument[1]), |all| (all, &Value::Null));
        let mut pieces = pattern.split("${");
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}').expect("every `${` has a `}`");
            if let Some(literal) = name.strip_prefix('!') {
                out.push_str(&format!("${{{literal}}}{rest}"));
                continue;
            }
            match &own[name] {
                Value::Null => out.push_str(&self.name(name)),
                given => out.push_str(text(&self.value(given))),
            }
            out.push_str(rest);
        }
        out
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("`{value}` is a string"))
}

/// A string or an array of strings, as a `Vec`.
pub(crate) fn list(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |items| items.iter().map(text).collect())
}
