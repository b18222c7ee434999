//! A Terraform configuration.

use serde_json::Value;

use super::role::{ExternalIdPlace, VendorDocuments};
use super::symbols::Piece;
use crate::hcl::{Hcl, block, escaped, quoted};
use crate::policy::Document;
use crate::role_settings::RoleDefinition;

/// The requirements. Version 5 of the provider has every argument that is used.
const REQUIREMENTS: &str = r#"terraform {
  required_version = ">= 1.3"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}
"#;

const ACCOUNT_ID: &str = "data.aws_caller_identity.current.account_id";
const PARTITION: &str = "data.aws_partition.current.partition";

impl VendorDocuments {
    /// The configuration, as `terraform fmt` formats it.
    #[must_use]
    pub fn terraform(&self) -> String {
        let RoleDefinition { name, settings, attached, .. } = &self.role.definition;
        let mut role =
            vec![("name", Hcl::Inline(quoted(name.as_str()))), ("path", Hcl::Inline(quoted(&settings.path)))];
        if !settings.description.is_empty() {
            role.push(("description", Hcl::Inline(quoted(&settings.description))));
        }
        role.push(("max_session_duration", Hcl::Inline(settings.max_session.as_secs().to_string())));
        if let Some(boundary) = &settings.boundary {
            role.push(("permissions_boundary", Hcl::Inline(self.expression(boundary))));
        }
        let mut groups = vec![role, vec![("assume_role_policy", self.jsonencode(&self.role.trust))]];
        if !settings.tags.is_empty() {
            let tags = settings.tags.iter().map(|(key, value)| (key.clone(), Hcl::Inline(quoted(value))));
            groups.push(vec![("tags", Hcl::Object(tags.collect()))]);
        }
        let role_name = || Hcl::Inline("aws_iam_role.this.name".to_owned());
        let mut resources = block("resource \"aws_iam_role\" \"this\"", &groups);
        for (name, policy) in &self.role.policies {
            let attributes = vec![("name", Hcl::Inline(quoted(name))), ("role", role_name())];
            let policy = vec![("policy", self.jsonencode(policy))];
            resources += &format!("\n{}", block("resource \"aws_iam_role_policy\" \"this\"", &[attributes, policy]));
        }
        if !attached.is_empty() {
            let arns = attached.iter().map(|arn| Hcl::Inline(self.expression(arn))).collect();
            let each = vec![("for_each", Hcl::Call("toset", Box::new(Hcl::List(arns))))];
            let attributes = vec![("role", role_name()), ("policy_arn", Hcl::Inline("each.value".to_owned()))];
            let head = "resource \"aws_iam_role_policy_attachment\" \"this\"";
            resources += &format!("\n{}", block(head, &[each, attributes]));
        }
        let output = vec![
            ("description", Hcl::Inline(quoted("The ARN of the role"))),
            ("value", Hcl::Inline("aws_iam_role.this.arn".to_owned())),
        ];
        resources += &format!("\n{}", block("output \"role_arn\"", &[output]));
        let mut parts = vec![REQUIREMENTS.to_owned()];
        parts.extend(self.external_ids.iter().enumerate().map(|(index, place)| variable(&self.variable(index), place)));
        for (expression, data) in [(PARTITION, "aws_partition"), (ACCOUNT_ID, "aws_caller_identity")] {
            if resources.contains(expression) {
                parts.push(format!("data \"{data}\" \"current\" {{}}\n"));
            }
        }
        parts.push(resources);
        parts.join("\n")
    }

    fn jsonencode(&self, document: &Document) -> Hcl {
        let document = Value::Object(document.as_map().clone());
        Hcl::Call("jsonencode", Box::new(Hcl::from_json(&document, &|text| self.expression(text))))
    }

    /// A text as an expression of one line.
    fn expression(&self, text: &str) -> String {
        let pieces = self.symbols.pieces(text);
        match pieces.as_slice() {
            // `terraform fmt` removes an interpolation around a single reference.
            [Piece::AccountId] => return ACCOUNT_ID.to_owned(),
            [Piece::Partition] => return PARTITION.to_owned(),
            [Piece::ExternalId(index)] => return format!("var.{}", self.variable(*index)),
            // A pattern: its wildcard is a part of the variable.
            [Piece::ExternalId(index), Piece::Text(wildcard)] if wildcard == "*" => {
                return format!("var.{}", self.variable(*index));
            }
            _ => {}
        }
        let reference = |piece: Piece| match piece {
            Piece::Text(text) => escaped(&text),
            Piece::AccountId => format!("${{{ACCOUNT_ID}}}"),
            Piece::Partition => format!("${{{PARTITION}}}"),
            Piece::ExternalId(index) => format!("${{var.{}}}", self.variable(index)),
        };
        format!("\"{}\"", pieces.into_iter().map(reference).collect::<String>())
    }

    fn variable(&self, index: usize) -> String {
        match self.external_ids.len() {
            1 => "external_id".to_owned(),
            _ => format!("external_id_{}", index + 1),
        }
    }
}

fn variable(name: &str, ExternalIdPlace { text, is_pattern }: &ExternalIdPlace) -> String {
    let wildcards = if *is_pattern { "*?" } else { "" };
    let description = quoted(&format!("The external ID {text}"));
    format!(
        r#"variable "{name}" {{
  description = {description}
  type        = string

  validation {{
    condition     = can(regex("^[\\w+=,.@:/{wildcards}-]{{2,}}$", var.{name})) && length(var.{name}) <= 1224
    error_message = "An external ID has 2 to 1224 letters, digits and characters of _+=,.@:/-."
  }}
}}
"#
    )
}
