//! A CloudFormation template.

use serde_json::{Map, Value, json};

use super::role::{ExternalIdPlace, VendorDocuments};
use super::symbols::Piece;
use crate::policy::Document;
use crate::role_settings::RoleDefinition;
use crate::yaml;

impl VendorDocuments {
    /// The template. The external ID is a parameter without `NoEcho`: whoever reads the role sees it, and a hidden parameter cannot
    /// be compared.
    #[must_use]
    pub fn cloudformation(&self) -> String {
        let title = &self.role.definition.title;
        let mut template = Map::new();
        let mut add = |name: &str, section: Value| template.insert(name.to_owned(), section);
        add("AWSTemplateFormatVersion", json!("2010-09-09"));
        add("Description", json!(format!("The role that {title} assumes")));
        if !self.external_ids.is_empty() {
            let ids = self.external_ids.iter().enumerate();
            add("Parameters", ids.map(|(index, place)| (self.parameter(index), parameter(place))).collect());
        }
        add("Resources", json!({ "Role": { "Type": "AWS::IAM::Role", "Properties": self.properties() } }));
        let arn = json!({ "Fn::GetAtt": "Role.Arn" });
        add("Outputs", json!({ "RoleArn": { "Description": "The ARN of the role", "Value": arn } }));
        let overrides: String =
            (0..self.external_ids.len()).map(|index| format!(" {}=...", self.parameter(index))).collect();
        let overrides = if overrides.is_empty() { overrides } else { format!(" --parameter-overrides{overrides}") };
        format!(
            "# aws cloudformation deploy --template-file FILE --stack-name NAME --capabilities CAPABILITY_NAMED_IAM{overrides}\n{}",
            yaml::document(&template)
        )
    }

    fn properties(&self) -> Value {
        let RoleDefinition { name, settings, attached, .. } = &self.role.definition;
        let mut properties = Map::new();
        let mut add = |name: &str, value: Value| properties.insert(name.to_owned(), value);
        add("RoleName", json!(name.as_str()));
        add("Path", json!(settings.path));
        add("MaxSessionDuration", json!(settings.max_session.as_secs()));
        add("AssumeRolePolicyDocument", self.document(&self.role.trust));
        if !settings.description.is_empty() {
            add("Description", json!(settings.description));
        }
        if let Some(boundary) = &settings.boundary {
            add("PermissionsBoundary", self.string(boundary));
        }
        if !attached.is_empty() {
            add("ManagedPolicyArns", attached.iter().map(|arn| self.string(arn)).collect());
        }
        if !self.role.policies.is_empty() {
            let policy = |(name, policy): (&String, &Document)| json!({ "PolicyName": name, "PolicyDocument": self.document(policy) });
            add("Policies", self.role.policies.iter().map(policy).collect());
        }
        if !settings.tags.is_empty() {
            add("Tags", settings.tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect());
        }
        Value::Object(properties)
    }

    fn document(&self, document: &Document) -> Value {
        self.node(&Value::Object(document.as_map().clone()))
    }

    fn node(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => items.iter().map(|item| self.node(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), self.node(value))).collect(),
            other => other.clone(),
        }
    }

    fn string(&self, text: &str) -> Value {
        let pieces = self.symbols.pieces(text);
        match pieces.as_slice() {
            [Piece::Text(text)] => return json!(text),
            [Piece::AccountId] => return json!({ "Ref": "AWS::AccountId" }),
            [Piece::Partition] => return json!({ "Ref": "AWS::Partition" }),
            [Piece::ExternalId(index)] => return json!({ "Ref": self.parameter(*index) }),
            // A pattern: its wildcard is a part of the parameter.
            [Piece::ExternalId(index), Piece::Text(wildcard)] if wildcard == "*" => {
                return json!({ "Ref": self.parameter(*index) });
            }
            _ => {}
        }
        let reference = |piece: Piece| match piece {
            Piece::Text(text) => text.replace("${", "${!"),
            Piece::AccountId => "${AWS::AccountId}".to_owned(),
            Piece::Partition => "${AWS::Partition}".to_owned(),
            Piece::ExternalId(index) => format!("${{{}}}", self.parameter(index)),
        };
        json!({ "Fn::Sub": pieces.into_iter().map(reference).collect::<String>() })
    }

    fn parameter(&self, index: usize) -> String {
        match self.external_ids.len() {
            1 => "ExternalId".to_owned(),
            _ => format!("ExternalId{}", index + 1),
        }
    }
}

fn parameter(ExternalIdPlace { text, is_pattern }: &ExternalIdPlace) -> Value {
    let pattern = if *is_pattern { "[\\w+=,.@:/*?-]*" } else { "[\\w+=,.@:/-]*" };
    json!({
        "Type": "String",
        "Description": format!("The external ID {text}"),
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        "MinLength": 2,
        "MaxLength": 1224,
        "AllowedPattern": pattern,
    })
}
