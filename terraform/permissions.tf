# All permissions of the function; no managed policy is attached. In a member account it assumes the access role with a session
# policy that limits it to the roles of the configuration. sts:GetCallerIdentity needs no permission.
#
# lambda:SourceFunctionArn is part of the credentials that Lambda gives to the function. With it, a person or another function
# that gets hold of this role cannot use it to assume an access role or to read secrets. It is not on ReadInbox, because Lambda
# polls the queue outside of the function. https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
resource "aws_iam_role" "function" {
  name        = "${var.name}-function"
  description = "account-onboarding - assumes the access role in member accounts and configures their roles"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "function" {
  name = "onboard"
  role = aws_iam_role.function.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      # The IDs of future accounts are unknown, so any account of the organization is allowed, but only with these role names.
      # aws:ResourceOrgID may be missing in an account's first minutes, therefore IfExists; the function confirms with
      # Organizations that an account is a member before it assumes a role in it. Outside the management account, the function may
      # assume the role of management.yaml only, which has these permissions instead.
      {
        Sid      = "AssumeAccessRoles"
        Effect   = "Allow"
        Action   = "sts:AssumeRole"
        Resource = var.management_role_arn != null ? [var.management_role_arn] : [for name in local.assumable_roles : "arn:${local.partition}:iam::*:role/${name}"]
        Condition = {
          ArnEquals            = { "lambda:SourceFunctionArn" = local.function_arn }
          StringEqualsIfExists = { "aws:ResourceOrgID" = "$${aws:PrincipalOrgID}" }
        }
      },
      # The management account is never changed, whatever an event or a configuration says: a mistake there could lock everyone
      # out of the organization.
      {
        Sid      = "DenyManagementAccount"
        Effect   = "Deny"
        Action   = "sts:AssumeRole"
        Resource = "arn:${local.partition}:iam::${local.account_id}:role/*"
      },
      ], [for statement in [
        {
          Sid      = "DescribeAccounts"
          Effect   = "Allow"
          Action   = ["organizations:DescribeAccount", "organizations:ListTagsForResource"]
          Resource = "arn:${local.partition}:organizations::${local.account_id}:account/*"
        },
        # For targets of the configuration that name units by their path.
        {
          Sid    = "ListUnits"
          Effect = "Allow"
          Action = "organizations:ListOrganizationalUnitsForParent"
          Resource = [
            "arn:${local.partition}:organizations::${local.account_id}:root/*",
            "arn:${local.partition}:organizations::${local.account_id}:ou/*",
          ]
        },
        # These actions do not support resource-level permissions.
        {
          Sid      = "ListAccountsAndCreations"
          Effect   = "Allow"
          Action   = ["organizations:DescribeCreateAccountStatus", "organizations:ListAccounts"]
          Resource = "*"
        },
      ] : statement if var.management_role_arn == null], [
      {
        Sid       = "ReadConfiguration"
        Effect    = "Allow"
        Action    = ["ssm:GetParameter", "ssm:GetParameters"]
        Resource  = local.readable_parameters
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
      },
      # The files of the configuration. IAM authorizes the path of the request, not the parameters below it.
      {
        Sid       = "ReadConfigurationFiles"
        Effect    = "Allow"
        Action    = "ssm:GetParametersByPath"
        Resource  = "${local.ssm_parameters_arn}${local.configuration_parameter}"
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
      },
      # For SecureStrings encrypted with a customer managed key: through SSM only, and for these parameters only.
      {
        Sid      = "DecryptConfiguration"
        Effect   = "Allow"
        Action   = "kms:Decrypt"
        Resource = "arn:${local.partition}:kms:${local.region}:${local.account_id}:key/*"
        Condition = {
          ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn }
          StringLike = {
            "kms:ViaService"                      = "ssm.${local.region}.*"
            "kms:EncryptionContext:PARAMETER_ARN" = local.readable_parameters
          }
        }
      },
      {
        Sid      = "ReadInbox"
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"]
        Resource = aws_sqs_queue.inbox.arn
      },
      # Retries with backoff, and one message per account of a sweep.
      {
        Sid      = "DelayAndSendMessages"
        Effect   = "Allow"
        Action   = ["sqs:ChangeMessageVisibility", "sqs:SendMessage"]
        Resource = aws_sqs_queue.inbox.arn
      },
      {
        Sid      = "SendDeadLetters"
        Effect   = "Allow"
        Action   = "sqs:SendMessage"
        Resource = aws_sqs_queue.dead_letters.arn
      },
      # PutEvents takes several events, so the keys have several values, and each must be allowed (ForAllValues). That is also
      # true of no value, therefore Null.
      {
        Sid      = "Notify"
        Effect   = "Allow"
        Action   = "events:PutEvents"
        Resource = "arn:${local.partition}:events:${local.region}:${local.account_id}:event-bus/${local.event_bus}"
        Condition = {
          "ForAllValues:StringEquals" = {
            "events:source"      = "account-onboarding"
            "events:detail-type" = ["AccountOnboarded", "AccountBlocked", "AccountDeparted", "AccountDrifted"]
          }
          Null = {
            "events:source"      = "false"
            "events:detail-type" = "false"
          }
        }
      },
      # A record per account: a lease, so that several concurrent events for the same account make the writes of one, and the
      # last notification, so that each is sent once. The recorded role IDs decide which roles are this tool's own, therefore
      # only the function may write them.
      {
        Sid       = "KeepRecords"
        Effect    = "Allow"
        Action    = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:UpdateItem"]
        Resource  = aws_dynamodb_table.records.arn
        Condition = { ArnEquals = { "lambda:SourceFunctionArn" = local.function_arn } }
      },
      {
        Sid      = "WriteLog"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.this.arn}:*"
      },
    ])
  })
}

locals {
  # CloudFormation pads the names to four: empty ones match no role.
  other_access_role_names = length(var.other_access_role_names) == 0 ? [] : [for index in range(4) : try(var.other_access_role_names[index], "")]
  assumable_roles         = concat([var.access_role_name, "AWSControlTowerExecution"], local.other_access_role_names)

  readable_parameters = concat(
    ["${local.ssm_parameters_arn}/account-onboarding/*"],
    local.create_configuration ? [] : ["${local.ssm_parameters_arn}${var.configuration_parameter_name}"],
  )
}
