# Only what is required: bootstrap.zip in this folder, and the identity account.

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

module "account_onboarding" {
  source = "../.."

  identity_account_id = "222233334444"
}

output "plan_command" {
  description = "Shows the plan for one account and changes nothing"
  value       = module.account_onboarding.plan_command
}
