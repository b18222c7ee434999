# Every parameter of template.yaml, by the same name in snake case, with the same default and the same rules.

variable "identity_account_id" {
  description = "12-digit ID of the identity account. Every onboarded account trusts it: its users and roles can assume the access role once the identity account allows them sts:AssumeRole."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.identity_account_id))
    error_message = "identity_account_id must be a 12-digit account ID, such as 222233334444."
  }
}

variable "identity_principals" {
  description = "ARNs of existing roles and users of the identity account. If set, only these and the permission sets can assume the access role. If this and `permission_sets` are empty, the identity account itself decides who can. Ignored if `configuration` or `configuration_parameter_name` is set."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.identity_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:(role|user)/[A-Za-z0-9_+=.@/-]+$", arn))])
    error_message = "identity_principals must be ARNs of roles or users, such as arn:aws:iam::222233334444:role/platform-engineer."
  }
}

variable "permission_sets" {
  description = "Names of permission sets of IAM Identity Center that are assigned in the identity account. If set, only the people who use them, and `identity_principals`, can assume the access role. Ignored if `configuration` or `configuration_parameter_name` is set."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.permission_sets : can(regex("^[A-Za-z0-9_+=.@-]{1,32}$", name))])
    error_message = "permission_sets must be names of permission sets, such as PlatformEngineer."
  }
}

variable "require_mfa" {
  description = "Whether the access role can be assumed with MFA only. Denies roles, because their sessions do not show MFA: use it for the identity account or for users. Does not apply to permission sets, because AWS has no record of the MFA of IAM Identity Center; require it there. Ignored if `configuration` or `configuration_parameter_name` is set."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !var.require_mfa || length(var.permission_sets) == 0 || length(var.identity_principals) > 0
    error_message = "require_mfa does not apply to permission sets, and no other principals are configured. Require MFA in IAM Identity Center and set require_mfa to false."
  }

  # CloudFormation cannot look into a list of ARNs, so that the stack accepts roles, and every report has a warning.
  validation {
    condition     = !var.require_mfa || alltrue([for arn in var.identity_principals : !strcontains(arn, ":role/")])
    error_message = "require_mfa denies the roles in identity_principals, because their sessions do not show MFA. Name only users, or require MFA where the roles are assumed and set require_mfa to false."
  }
}

variable "access_role_name" {
  description = "Name of the access role, which the function assumes in every account. AWSControlTowerExecution is tried as well. The function can assume only these two, so if `configuration` or `configuration_parameter_name` names another access role, name it here too."
  type        = string
  default     = "OrganizationAccountAccessRole"
  nullable    = false

  validation {
    # IAM role names are case-insensitive, so another spelling of AWSControlTowerExecution would be the same role twice in the
    # generated configuration.
    condition     = can(regex("^[A-Za-z0-9_+=,.@-]{1,64}$", var.access_role_name)) && (var.access_role_name == "AWSControlTowerExecution" || lower(var.access_role_name) != "awscontroltowerexecution")
    error_message = "access_role_name must be the name of an IAM role, without a path; write AWSControlTowerExecution exactly like this."
  }
}

variable "other_access_role_names" {
  description = "Names of up to four more access roles that a custom configuration uses, for example in some units only. The function may assume these, too."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.other_access_role_names) <= 4 && alltrue([for name in var.other_access_role_names : can(regex("^[A-Za-z0-9_+=.@-]{1,64}$", name))])
    error_message = "other_access_role_names must be up to four names of IAM roles, without paths."
  }
}

variable "excluded_account_ids" {
  description = "IDs of accounts that are never changed. Ignored if `configuration` or `configuration_parameter_name` is set; list them under `exclude` there."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.excluded_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "excluded_account_ids must be 12-digit account IDs, such as 333344445555."
  }
}

variable "workload_security_external_id" {
  description = "External ID shown by Trend Micro Workload Security. If null, its role is not created, unless `workload_security_region` is set: then the function reads the external ID from the API."
  type        = string
  default     = null

  validation {
    condition     = var.workload_security_external_id == null || can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.workload_security_external_id)) && try(length(var.workload_security_external_id) >= 2 && length(var.workload_security_external_id) <= 1224, false)
    error_message = "workload_security_external_id must be null or an external ID of 2 to 1224 characters that IAM allows (letters, digits and _+=,.@:/-)."
  }
}

variable "workload_security_region" {
  description = "Cloud One region. If set, every account is registered with Workload Security through its API. Before you apply, create the API key as a SecureString parameter named /account-onboarding/workload-security/api-key. Ignored if `configuration` or `configuration_parameter_name` is set."
  type        = string
  default     = null

  validation {
    condition     = var.workload_security_region == null || contains(["us-1", "trend-us-1", "au-1", "ie-1", "sg-1", "in-1", "jp-1", "ca-1", "de-1", "gb-1"], coalesce(var.workload_security_region, "null"))
    error_message = "workload_security_region must be null or one of us-1, trend-us-1, au-1, ie-1, sg-1, in-1, jp-1, ca-1, de-1 and gb-1."
  }
}

variable "trelica_external_id" {
  description = "Organization ID from your Trelica profile page, used as the external ID. If null, its role is not created."
  type        = string
  default     = null

  validation {
    condition     = var.trelica_external_id == null || can(regex("^[A-Za-z0-9_+=,.@:/-]+$", var.trelica_external_id)) && try(length(var.trelica_external_id) >= 2 && length(var.trelica_external_id) <= 1224, false)
    error_message = "trelica_external_id must be null or an external ID of 2 to 1224 characters that IAM allows (letters, digits and _+=,.@:/-)."
  }
}

variable "configuration" {
  description = "The text of onboarding.toml, for example `file(\"onboarding.toml\")`. It replaces the configuration that is generated from the inputs above. Check it with `onboard config check`. SSM parameters that it refers to must have names under /account-onboarding/. Must not be set together with `configuration_parameter_name`."
  type        = string
  default     = null

  validation {
    # The limit of an SSM parameter of the tier Advanced, in bytes: four characters of base64 are three bytes, less the padding.
    condition     = var.configuration == null || try(length(base64encode(var.configuration)) / 4 * 3 - length(regexall("=", base64encode(var.configuration))) <= 8192 && trimspace(var.configuration) != "", false)
    error_message = "configuration must be null or the text of onboarding.toml, of at most 8 KB."
  }

  validation {
    condition     = var.configuration == null || var.configuration_parameter_name == null
    error_message = "Set configuration or configuration_parameter_name, not both."
  }
}

variable "configuration_parameter_name" {
  description = "Name of an existing SSM parameter that contains onboarding.toml, or the path of one with files, stored with `onboard config push`. It is only read. If this and `configuration` are null, the module creates one from the inputs above. SSM parameters that onboarding.toml refers to must have names under /account-onboarding/."
  type        = string
  default     = null

  validation {
    # Not a parameter of the module: it deletes the generated configuration as soon as another one is named.
    condition = var.configuration_parameter_name == null || can(regex("^(/[A-Za-z0-9_.-]+)+$", var.configuration_parameter_name)) && !contains([
      "/account-onboarding/onboarding.toml",
      "/account-onboarding/workload-security/external-id",
      "/account-onboarding/trelica/external-id",
    ], coalesce(var.configuration_parameter_name, "null"))
    error_message = "configuration_parameter_name must be null or the full name of your own SSM parameter, starting with a slash; not one of the module's own."
  }
}

variable "management_role_arn" {
  description = "Only if this is not the management account: ARN of the role in the management account, which management.yaml creates and through which the function acts. Its external ID must be in the SecureString parameter /account-onboarding/management/external-id. `configuration` names the role, too."
  type        = string
  default     = null

  validation {
    condition     = var.management_role_arn == null || can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", var.management_role_arn))
    error_message = "management_role_arn must be null or the ARN of a role, which ends with role/account-onboarding-management."
  }
}

variable "notification_email" {
  description = "Email address for alarms and for accounts that need attention. AWS sends a confirmation link to it first and delivers nothing until it is confirmed. If null, no email is sent; subscribe other endpoints to the topic in the output `notifications_topic`."
  type        = string
  default     = null

  validation {
    condition     = var.notification_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.notification_email))
    error_message = "notification_email must be null or one email address, such as platform@example.com."
  }
}

variable "sweep" {
  description = "What the scheduled check of all accounts does with accounts that existed before this deployment. REPORT logs what would change in them and changes nothing. APPLY changes them. Both also onboard accounts that joined after the deployment and whose events were lost. DISABLED checks no account. Events of new accounts are always processed."
  type        = string
  default     = "REPORT"
  nullable    = false

  validation {
    condition     = contains(["DISABLED", "REPORT", "APPLY"], var.sweep)
    error_message = "sweep must be DISABLED, REPORT or APPLY."
  }
}

variable "sweep_schedule" {
  description = "Schedule on which all accounts are checked (EventBridge Scheduler syntax). The first check may start as soon as the schedule exists. Ignored if `sweep` is DISABLED."
  type        = string
  default     = "rate(1 day)"
  nullable    = false

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.sweep_schedule))
    error_message = "sweep_schedule must be a rate or cron expression, such as rate(1 day)."
  }
}

variable "architecture" {
  description = "Processor architecture, for which the package must be built."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "maximum_concurrency" {
  description = "Maximum number of concurrent invocations from the queue. Each processes one event, or up to 25 accounts of a sweep."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.maximum_concurrency >= 2 && var.maximum_concurrency <= 1000 && floor(var.maximum_concurrency) == var.maximum_concurrency
    error_message = "maximum_concurrency must be a whole number from 2 to 1000."
  }
}

variable "log_retention_days" {
  description = "Retention of the function's log group, in days."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch Logs supports: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

# Inputs that template.yaml does not have, because `sam deploy` provides them.

variable "package_path" {
  description = "Path of the zip with the binary `bootstrap`. If this and `s3_existing_package` are null, it is `bootstrap.zip` in the folder of the root module. For a release's URL with a pinned SHA-256, see modules/package-url."
  type        = string
  default     = null

  validation {
    condition     = var.package_path == null || var.s3_existing_package == null
    error_message = "Set package_path or s3_existing_package, not both."
  }
}

variable "package_sha256" {
  description = "SHA-256 of the zip, in hexadecimal. If set, another zip is an error: for a local file in the plan, for an object in S3 when Lambda has read it."
  type        = string
  default     = null

  validation {
    condition     = var.package_sha256 == null || can(regex("^[0-9a-f]{64}$", var.package_sha256))
    error_message = "package_sha256 must be null or 64 lowercase hexadecimal digits."
  }
}

variable "s3_existing_package" {
  description = "The zip as an existing object in S3, in the region of the function. If you overwrite the object, change `version_id` or `package_sha256`; otherwise the function keeps its code."
  type = object({
    bucket     = string
    key        = string
    version_id = optional(string)
  })
  default = null
}

variable "name" {
  description = "Prefix of the names of the alarms, queues, roles and the dashboard. It corresponds to the name of the CloudFormation stack. It cannot be changed later, because the dead-letter queue and the table of records cannot be replaced. The function, its event bus and two of its rules have fixed names, so the module can exist once in an account and region."
  type        = string
  default     = "account-onboarding"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,39}$", var.name))
    error_message = "name must start with a letter and have at most 40 letters, digits and hyphens."
  }
}

variable "tags" {
  description = "Tags for all resources that support them."
  type        = map(string)
  default     = {}
  nullable    = false
}
