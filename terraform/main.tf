# account-onboarding: onboards every account of an AWS organization. Grants the identity account access to it and creates the
# vendor roles in it. Deploy in the management account, or in another account together with management.yaml.
#
# new account -> EventBridge rule -> inbox -> the function -> roles in the new account
#                       |              |           |
#                  undelivered    dead letters   its own events -> event bus -> EventBridge rule -> notifications -> email
#
# These are the resources of template.yaml; tests/terraform compares each property. The function remembers every account in
# the table of records.

data "aws_partition" "current" {}

data "aws_caller_identity" "current" {}

data "aws_region" "current" {
  lifecycle {
    # Organizations emits its events in one region of each partition. In any other region the function would be deployed
    # without an error and never receive an event. Region names are unique across partitions, so one list is enough.
    postcondition {
      condition     = contains(["us-east-1", "us-gov-west-1", "cn-northwest-1", "eusc-de-east-1"], self.id)
      error_message = "AWS Organizations does not send its events to this region. Deploy in us-east-1 (AWS), us-gov-west-1 (GovCloud), cn-northwest-1 (China) or eusc-de-east-1 (European Sovereign Cloud)."
    }
  }
}

# Part of the names of resources that are retained when the module is destroyed, so that a new deployment does not collide with
# them: the log group, the dead-letter queue and the table of records.
resource "terraform_data" "deployment" {}

locals {
  partition  = data.aws_partition.current.partition
  region     = data.aws_region.current.id
  account_id = data.aws_caller_identity.current.account_id
  # The account whose Organizations events are accepted.
  organization_account_id = var.management_role_arn == null ? local.account_id : split(":", var.management_role_arn)[4]
  suffix                  = substr(terraform_data.deployment.id, 0, 8)

  # Fixed names: policies and conditions refer to them without a circular dependency.
  function_name      = "account-onboarding"
  function_arn       = "arn:${local.partition}:lambda:${local.region}:${local.account_id}:function:${local.function_name}"
  event_bus          = "account-onboarding"
  blocked_rule       = "account-onboarding-blocked"
  not_created_rule   = "account-onboarding-not-created"
  ssm_parameters_arn = "arn:${local.partition}:ssm:${local.region}:${local.account_id}:parameter"
}
