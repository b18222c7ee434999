# A configuration of your own, with vendors and a custom role, and everything that can be set.

terraform {
  required_version = ">= 1.9.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100.0, < 7.0.0"
    }
  }
}

# Credentials of the management account, in the region that receives the events of Organizations.
provider "aws" {
  region = "us-east-1"
}

variable "package_path" {
  description = "Path of the zip with the binary `bootstrap`"
  type        = string
  default     = "bootstrap.zip"
}

variable "package_sha256" {
  description = "Pins the zip, if set"
  type        = string
  default     = null
}

module "account_onboarding" {
  source = "../.."

  identity_account_id = "222233334444"

  package_path   = var.package_path
  package_sha256 = var.package_sha256
  architecture   = "x86_64"

  # Replaces the configuration that the module would generate.
  configuration                 = file("${path.module}/onboarding.toml")
  access_role_name              = "OrganizationAccountAccessRole"
  workload_security_external_id = "ws-0f3b9c27:example"
  trelica_external_id           = "trelica-7d41"

  notification_email  = "platform@example.com"
  sweep               = "REPORT"
  sweep_schedule      = "cron(0 4 * * ? *)"
  maximum_concurrency = 10
  log_retention_days  = 365

  tags = {
    team = "platform"
  }
}

# A pager in addition to the email address.
resource "aws_sqs_queue" "pager" {
  name                    = "account-onboarding-pager"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "pager" {
  queue_url = aws_sqs_queue.pager.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "sns.amazonaws.com" }
      Action    = "sqs:SendMessage"
      Resource  = aws_sqs_queue.pager.arn
      Condition = { ArnEquals = { "aws:SourceArn" = module.account_onboarding.notifications_topic } }
    }]
  })
}

resource "aws_sns_topic_subscription" "pager" {
  topic_arn = module.account_onboarding.notifications_topic
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.pager.arn
}

output "account_onboarding" {
  description = "All outputs of the module"
  value       = module.account_onboarding
}
