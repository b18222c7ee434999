use serde_json::Value;

use super::*;
use crate::account::Account;
use crate::blueprint::Blueprint;
use crate::config::{Config, NoFiles};
use crate::toml_reader::sample_account;
use crate::vendor_documents::JsonValues;

/// A vendor with everything that a role can have: two external IDs, conditions, placeholders, a boundary, tags.
const ACME: &str = r#"
[vendors.acme]
external-id = ["first-secret", "second-secret"]
path = "/vendors/"
permissions-boundary = "arn:{partition}:iam::{account-id}:policy/boundary"
tags = { "team name" = "it" }
[catalogue.acme]
title = "Acme"
[catalogue.acme.trust]
accounts = ["123456789012", "arn:{partition}:iam::123456789012:role/scanner"]
external-id = "required"
condition = { StringEquals = { "aws:RequestedRegion" = "us-east-1" } }
[catalogue.acme.role]
name = "AcmeRead"
managed-policies = ["arn:{partition}:iam::aws:policy/SecurityAudit", "arn:{partition}:iam::{account-id}:policy/own"]
[catalogue.acme.permissions.bucket]
actions = ["s3:GetObject"]
resources = ["arn:{partition}:s3:::acme-{account-id}/${aws:username}/*", "arn:aws:s3:::000000000000"]
condition = { StringEquals = { "aws:ResourceAccount" = "{account-id}" } }
[catalogue.acme.permissions.list]
actions = ["s3:ListAllMyBuckets"]
"#;

fn built_in(name: &str) -> String {
    format!("[vendors.{name}]\nexternal-id = \"first-secret\"\n")
}

fn documents(text: &str, name: &str, destination: Destination) -> VendorDocuments {
    let role = Config::vendor_role(text, &NoFiles::named("onboarding.toml"), name).unwrap_or_else(|p| panic!("{p}"));
    VendorDocuments::new(&role.unwrap(), Some("on a page"), destination).unwrap()
}

/// The value with the markers of external IDs in place of the IDs.
fn marked(value: &Value, ids: &[&str]) -> String {
    let mark =
        |index: usize| if ids.len() == 1 { "<EXTERNAL_ID>".to_owned() } else { format!("<EXTERNAL_ID_{}>", index + 1) };
    let replace = |text: String, (index, id): (usize, &&str)| text.replace(id, &mark(index));
    ids.iter().enumerate().fold(value.to_string(), replace)
}

/// The documents are compared with the blueprint, which is what a run installs.
#[test]
fn json_documents_are_what_a_run_installs() {
    let account = Account { partition: "aws-us-gov".parse().unwrap(), ..sample_account().unwrap() };
    let values = JsonValues { account: Some(account.id.clone()), partition: account.partition.clone() };
    for (text, name, ids) in [
        (built_in("trelica"), "trelica", &["first-secret"][..]),
        (built_in("workload-security"), "workload-security", &["first-secret"]),
        (ACME.to_owned(), "acme", &["first-secret", "second-secret"]),
    ] {
        let config = Config::parse_without_files(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let (blueprint, errors) = Blueprint::new(&config, &account, &SecretValues::default()).unwrap();
        assert_eq!(errors, []);
        let installed = &blueprint.roles[0];
        let documents = documents(&text, name, Destination::Member);
        let trust = documents.trust_json(&values);
        assert_eq!(
            serde_json::from_str::<Value>(&trust).unwrap().to_string(),
            marked(&Value::Object(installed.trust.as_map().clone()), ids)
        );
        let policy = documents.policy_json(&values).unwrap();
        let expected = installed.policies.values().next().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&policy).unwrap(), Value::Object(expected.as_map().clone()));
    }
}

#[test]
fn no_document_contains_an_external_id_or_a_symbol() {
    let values = JsonValues { account: None, partition: "aws".parse().unwrap() };
    for (text, name) in [(built_in("trelica"), "trelica"), (ACME.to_owned(), "acme")] {
        let documents = documents(&text, name, Destination::Member);
        let json = [documents.trust_json(&values), documents.policy_json(&values).unwrap()];
        let notes = documents.notes_for_json(&json[0], &values);
        let all = [json.to_vec(), notes, vec![documents.cloudformation(), documents.terraform()]].concat().join("\n");
        assert!(!all.contains("first-secret") && !all.contains("second-secret"), "{all}");
        let symbols = documents.symbols.account();
        assert!(!all.contains(symbols.id.as_str()) && !all.contains(symbols.partition.as_str()), "{all}");
        assert!(documents.symbols.external_ids().iter().all(|id| !all.contains(id.as_str())), "{all}");
        assert!(!all.contains("account-onboarding: "), "the owner tag: {all}");
    }
}

#[test]
fn placeholders_of_json_are_marked_and_explained() {
    let values = JsonValues { account: None, partition: "aws".parse().unwrap() };
    let documents = documents(ACME, "acme", Destination::Member);
    let policy = documents.policy_json(&values).unwrap();
    let notes = [documents.trust_json(&values), policy].map(|json| documents.notes_for_json(&json, &values).join("\n"));
    insta::assert_snapshot!(notes.join("\n\n"), @"
    replace `<EXTERNAL_ID_1>` with the external ID of the configuration: on a page
    replace `<EXTERNAL_ID_2>` with the external ID of the configuration: on a page
    the name of the role is `AcmeRead`, and that of its inline policy `AcmeRead`
    attach `arn:aws:iam::<ACCOUNT_ID>:policy/own` and `arn:aws:iam::aws:policy/SecurityAudit`

    replace `<ACCOUNT_ID>` with the ID of the account, or pass `--account`
    the name of the role is `AcmeRead`, and that of its inline policy `AcmeRead`
    attach `arn:aws:iam::<ACCOUNT_ID>:policy/own` and `arn:aws:iam::aws:policy/SecurityAudit`
    ");
}

#[test]
fn cloudformation_has_parameters_and_pseudo_parameters() {
    insta::assert_snapshot!(documents(ACME, "acme", Destination::Member).cloudformation(), @r#"
    # aws cloudformation deploy --template-file FILE --stack-name NAME --capabilities CAPABILITY_NAMED_IAM --parameter-overrides ExternalId1=... ExternalId2=...
    AWSTemplateFormatVersion: "2010-09-09"

    Description: The role that Acme assumes

    Parameters:
      ExternalId1:
        Type: String
        Description: "The external ID of the configuration: on a page"
        MinLength: 2
        MaxLength: 1224
        AllowedPattern: "[\\w+=,.@:/-]*"

      ExternalId2:
        Type: String
        Description: "The external ID of the configuration: on a page"
        MinLength: 2
        MaxLength: 1224
        AllowedPattern: "[\\w+=,.@:/-]*"

    Resources:
      Role:
        Type: AWS::IAM::Role
        Properties:
          RoleName: AcmeRead
          Path: "/vendors/"
          MaxSessionDuration: 3600
          AssumeRolePolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Principal:
                  AWS:
                    - !Sub arn:${AWS::Partition}:iam::123456789012:root
                    - !Sub arn:${AWS::Partition}:iam::123456789012:role/scanner
                Action: sts:AssumeRole
                Condition:
                  StringEquals:
                    aws:RequestedRegion: us-east-1
                    sts:ExternalId: [!Ref ExternalId1, !Ref ExternalId2]
          Description: Access for Acme
          PermissionsBoundary: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/boundary
          ManagedPolicyArns:
            - !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/own
            - !Sub arn:${AWS::Partition}:iam::aws:policy/SecurityAudit
          Policies:
            - PolicyName: AcmeRead
              PolicyDocument:
                Version: "2012-10-17"
                Statement:
                  - Effect: Allow
                    Action: [s3:ListAllMyBuckets]
                    Resource: "*"
                  - Effect: Allow
                    Action: [s3:GetObject]
                    Resource:
                      - !Sub "arn:${AWS::Partition}:s3:::acme-${AWS::AccountId}/${!aws:username}/*"
                      - arn:aws:s3:::000000000000
                    Condition:
                      StringEquals:
                        aws:ResourceAccount: !Ref AWS::AccountId
          Tags:
            - Key: team name
              Value: it

    Outputs:
      RoleArn:
        Description: The ARN of the role
        Value: !GetAtt Role.Arn
    "#);
}

#[test]
fn terraform_has_variables_and_data_sources() {
    insta::assert_snapshot!(documents(ACME, "acme", Destination::Member).terraform(), @r#"
    terraform {
      required_version = ">= 1.3"

      required_providers {
        aws = {
          source  = "hashicorp/aws"
          version = ">= 5.0"
        }
      }
    }

    variable "external_id_1" {
      description = "The external ID of the configuration: on a page"
      type        = string

      validation {
        condition     = can(regex("^[\\w+=,.@:/-]{2,}$", var.external_id_1)) && length(var.external_id_1) <= 1224
        error_message = "An external ID has 2 to 1224 letters, digits and characters of _+=,.@:/-."
      }
    }

    variable "external_id_2" {
      description = "The external ID of the configuration: on a page"
      type        = string

      validation {
        condition     = can(regex("^[\\w+=,.@:/-]{2,}$", var.external_id_2)) && length(var.external_id_2) <= 1224
        error_message = "An external ID has 2 to 1224 letters, digits and characters of _+=,.@:/-."
      }
    }

    data "aws_partition" "current" {}

    data "aws_caller_identity" "current" {}

    resource "aws_iam_role" "this" {
      name                 = "AcmeRead"
      path                 = "/vendors/"
      description          = "Access for Acme"
      max_session_duration = 3600
      permissions_boundary = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/boundary"

      assume_role_policy = jsonencode({
        Version = "2012-10-17"
        Statement = [{
          Effect = "Allow"
          Principal = {
            AWS = [
              "arn:${data.aws_partition.current.partition}:iam::123456789012:root",
              "arn:${data.aws_partition.current.partition}:iam::123456789012:role/scanner",
            ]
          }
          Action = "sts:AssumeRole"
          Condition = {
            StringEquals = {
              "aws:RequestedRegion" = "us-east-1"
              "sts:ExternalId" = [
                var.external_id_1,
                var.external_id_2,
              ]
            }
          }
        }]
      })

      tags = {
        "team name" = "it"
      }
    }

    resource "aws_iam_role_policy" "this" {
      name = "AcmeRead"
      role = aws_iam_role.this.name

      policy = jsonencode({
        Version = "2012-10-17"
        Statement = [
          {
            Effect   = "Allow"
            Action   = ["s3:ListAllMyBuckets"]
            Resource = "*"
          },
          {
            Effect = "Allow"
            Action = ["s3:GetObject"]
            Resource = [
              "arn:${data.aws_partition.current.partition}:s3:::acme-${data.aws_caller_identity.current.account_id}/$${aws:username}/*",
              "arn:aws:s3:::000000000000",
            ]
            Condition = {
              StringEquals = {
                "aws:ResourceAccount" = data.aws_caller_identity.current.account_id
              }
            }
          },
        ]
      })
    }

    resource "aws_iam_role_policy_attachment" "this" {
      for_each = toset([
        "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:policy/own",
        "arn:${data.aws_partition.current.partition}:iam::aws:policy/SecurityAudit",
      ])

      role       = aws_iam_role.this.name
      policy_arn = each.value
    }

    output "role_arn" {
      description = "The ARN of the role"
      value       = aws_iam_role.this.arn
    }
    "#);
}

#[test]
fn pattern_of_external_ids_is_one_parameter() {
    let text = "[vendors.trelica]\nexternal-id = { like = \"first-secret-*\" }\n";
    let documents = documents(text, "trelica", Destination::Member);
    let template = documents.cloudformation();
    assert!(template.contains("StringLike:\n                sts:ExternalId: !Ref ExternalId"), "{template}");
    let terraform = documents.terraform();
    assert!(terraform.contains("\"sts:ExternalId\" = var.external_id\n") && terraform.contains("[\\\\w+=,.@:/*?-]"));
    assert!(!template.contains("first-secret") && !terraform.contains("first-secret"));
}

#[test]
fn role_of_the_management_account_has_all_permissions() {
    let values = JsonValues { account: None, partition: "aws".parse().unwrap() };
    for text in ["", "[vendors.trelica]\nexternal-id = \"x1\"\npermissions = [\"iam\", \"organizations\"]\n"] {
        let member = documents(text, "trelica", Destination::Member);
        let management = documents(text, "trelica", Destination::Management);
        let contains = |documents: &VendorDocuments| {
            let policy = documents.policy_json(&values).unwrap();
            let all = [policy, documents.cloudformation(), documents.terraform()];
            all.map(|text| text.contains("organizations:ListAccounts"))
        };
        assert_eq!((contains(&member), contains(&management)), ([false; 3], [true; 3]));
        assert!(member.left_out().unwrap().contains("`--for management`") && management.left_out().is_none());
    }
}
