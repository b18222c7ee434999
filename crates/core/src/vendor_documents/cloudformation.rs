//! A CloudFormation template.

use serde_json::Value;

use super::role::{ExternalIdPlace, VendorDocuments};
use super::symbols::Piece;
use super::yaml::Yaml;
use crate::policy::Document;
use crate::role_settings::RoleDefinition;

impl VendorDocuments {
    /// The template. The external ID is a parameter without `NoEcho`: whoever reads the role sees it, and a hidden parameter cannot
    /// be compared.
    #[must_use]
    pub fn cloudformation(&self) -> String {
        let title = &self.role.definition.title;
        let mut sections = vec![
            ("AWSTemplateFormatVersion".to_owned(), Yaml::text("2010-09-09")),
            ("Description".to_owned(), Yaml::text(format!("The role that {title} assumes"))),
        ];
        if !self.external_ids.is_empty() {
            let ids = self.external_ids.iter().enumerate();
            let parameters = ids.map(|(index, place)| (self.parameter(index), parameter(place)));
            sections.push(("Parameters".to_owned(), Yaml::Map(parameters.collect())));
        }
        let role = Yaml::map([("Type", Yaml::text("AWS::IAM::Role")), ("Properties", Yaml::Map(self.properties()))]);
        sections.push(("Resources".to_owned(), Yaml::map([("Role", role)])));
        let arn = Yaml::Tagged("!GetAtt", "Role.Arn".to_owned());
        let output = Yaml::map([("Description", Yaml::text("The ARN of the role")), ("Value", arn)]);
        sections.push(("Outputs".to_owned(), Yaml::map([("RoleArn", output)])));
        let overrides: String =
            (0..self.external_ids.len()).map(|index| format!(" {}=...", self.parameter(index))).collect();
        let overrides = if overrides.is_empty() { overrides } else { format!(" --parameter-overrides{overrides}") };
        format!(
            "# aws cloudformation deploy --template-file FILE --stack-name NAME --capabilities CAPABILITY_NAMED_IAM{overrides}\n{}",
            Yaml::Map(sections).document()
        )
    }

    fn properties(&self) -> Vec<(String, Yaml)> {
        let RoleDefinition { name, settings, attached, .. } = &self.role.definition;
        let mut properties = vec![
            ("RoleName", Yaml::text(name.as_str())),
            ("Path", Yaml::text(&settings.path)),
            ("MaxSessionDuration", Yaml::Number(settings.max_session.as_secs())),
            ("AssumeRolePolicyDocument", self.document(&self.role.trust)),
        ];
        if !settings.description.is_empty() {
            properties.push(("Description", Yaml::text(&settings.description)));
        }
        if let Some(boundary) = &settings.boundary {
            properties.push(("PermissionsBoundary", self.string(boundary)));
        }
        if !attached.is_empty() {
            properties.push(("ManagedPolicyArns", Yaml::List(attached.iter().map(|arn| self.string(arn)).collect())));
        }
        if !self.role.policies.is_empty() {
            let policy = |(name, policy): (&String, &Document)| {
                Yaml::map([("PolicyName", Yaml::text(name)), ("PolicyDocument", self.document(policy))])
            };
            properties.push(("Policies", Yaml::List(self.role.policies.iter().map(policy).collect())));
        }
        if !settings.tags.is_empty() {
            let tag =
                |(key, value): (&String, &String)| Yaml::map([("Key", Yaml::text(key)), ("Value", Yaml::text(value))]);
            properties.push(("Tags", Yaml::List(settings.tags.iter().map(tag).collect())));
        }
        properties.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    fn document(&self, document: &Document) -> Yaml {
        self.node(&Value::Object(document.as_map().clone()))
    }

    fn node(&self, value: &Value) -> Yaml {
        match value {
            Value::String(text) => self.string(text),
            Value::Array(items) => Yaml::List(items.iter().map(|item| self.node(item)).collect()),
            Value::Object(map) => Yaml::Map(map.iter().map(|(key, value)| (key.clone(), self.node(value))).collect()),
            other => Yaml::Json(other.clone()),
        }
    }

    fn string(&self, text: &str) -> Yaml {
        let pieces = self.symbols.pieces(text);
        match pieces.as_slice() {
            [Piece::Text(text)] => return Yaml::text(text),
            [Piece::AccountId] => return Yaml::Tagged("!Ref", "AWS::AccountId".to_owned()),
            [Piece::Partition] => return Yaml::Tagged("!Ref", "AWS::Partition".to_owned()),
            [Piece::ExternalId(index)] => return Yaml::Tagged("!Ref", self.parameter(*index)),
            // A pattern: its wildcard is a part of the parameter.
            [Piece::ExternalId(index), Piece::Text(wildcard)] if wildcard == "*" => {
                return Yaml::Tagged("!Ref", self.parameter(*index));
            }
            _ => {}
        }
        let reference = |piece: Piece| match piece {
            Piece::Text(text) => text.replace("${", "${!"),
            Piece::AccountId => "${AWS::AccountId}".to_owned(),
            Piece::Partition => "${AWS::Partition}".to_owned(),
            Piece::ExternalId(index) => format!("${{{}}}", self.parameter(index)),
        };
        Yaml::Tagged("!Sub", pieces.into_iter().map(reference).collect())
    }

    fn parameter(&self, index: usize) -> String {
        match self.external_ids.len() {
            1 => "ExternalId".to_owned(),
            _ => format!("ExternalId{}", index + 1),
        }
    }
}

fn parameter(ExternalIdPlace { text, is_pattern }: &ExternalIdPlace) -> Yaml {
    let pattern = if *is_pattern { "[\\w+=,.@:/*?-]*" } else { "[\\w+=,.@:/-]*" };
    Yaml::map([
        ("Type", Yaml::text("String")),
        ("Description", Yaml::text(format!("The external ID {text}"))),
        // https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        ("MinLength", Yaml::Number(2)),
        ("MaxLength", Yaml::Number(1224)),
        ("AllowedPattern", Yaml::text(pattern)),
    ])
}
