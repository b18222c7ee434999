# A bus of its own, because anyone who may call events:PutEvents on the default bus could forge these events, and with them the
# emails and the automation that follow. To subscribe, attach rules to this bus; see docs/EVENTS.md.
resource "aws_cloudwatch_event_bus" "this" {
  name        = local.event_bus
  description = "Events about onboarded accounts. Only the function account-onboarding can write to it."
  tags        = var.tags
}

# An explicit deny, because principals of this account need no permission from the bus.
resource "aws_cloudwatch_event_bus_policy" "this" {
  event_bus_name = aws_cloudwatch_event_bus.this.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "DenyOtherWriters"
      Effect    = "Deny"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.this.arn
      Condition = { ArnNotEquals = { "aws:PrincipalArn" = aws_iam_role.function.arn } }
    }]
  })
}

# The module always creates its own topic: an existing topic would need the policy below and would silently receive nothing
# without it. Subscribe a chat, a pager or a queue to this topic instead. The topic has no KMS key: alarms cannot publish to a
# topic that uses the AWS managed key (alias/aws/sns), a customer managed key costs money and is another point of failure, and
# email is not encrypted in any case. Notifications contain account IDs and causes, no secrets.
resource "aws_sns_topic" "notifications" {
  name         = "${var.name}-notifications"
  display_name = "account-onboarding"
  tags         = var.tags
}

resource "aws_sns_topic_subscription" "email" {
  count = var.notification_email == null ? 0 : 1

  topic_arn = aws_sns_topic.notifications.arn
  protocol  = "email"
  endpoint  = var.notification_email
}

resource "aws_sns_topic_policy" "notifications" {
  arn = aws_sns_topic.notifications.arn

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AllowAlarmsOfThisStack"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = aws_sns_topic.notifications.arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${var.name}-*" }
        }
      },
      merge(local.deny_insecure_transport, { Action = "sns:Publish", Resource = aws_sns_topic.notifications.arn }),
    ]
  })
}

# The rules publish with this role, as AWS recommends for every target. A topic policy could not restrict which rule publishes,
# because EventBridge does not support conditions there. The ARNs are written out: referring to the rules would be a circular
# dependency (the rules refer to the role).
resource "aws_iam_role" "notifier" {
  name        = "${var.name}-notifier"
  description = "account-onboarding - allows two rules to publish to the Notifications topic"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals = {
          "aws:SourceArn" = [
            "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.event_bus}/${local.blocked_rule}",
            "arn:${local.partition}:events:${local.region}:${local.account_id}:rule/${local.not_created_rule}",
          ]
        }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "notifier" {
  name = "notify"
  role = aws_iam_role.notifier.name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sns:Publish"
      Resource = aws_sns_topic.notifications.arn
    }]
  })
}

# The function's own events, one per account and cause. AccountOnboarded, AccountDeparted and AccountDrifted are not emailed;
# match them with rules of your own.
resource "aws_cloudwatch_event_rule" "blocked" {
  name           = local.blocked_rule
  event_bus_name = aws_cloudwatch_event_bus.this.name
  description    = "An account needs attention"

  event_pattern = jsonencode({
    source      = ["account-onboarding"]
    detail-type = ["AccountBlocked"]
    account     = [local.account_id]
  })

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "blocked" {
  rule           = aws_cloudwatch_event_rule.blocked.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "notifications"
  arn            = aws_sns_topic.notifications.arn
  role_arn       = aws_iam_role.notifier.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  # Every line is a separate string and arrives in quotes. A field that is missing in the event is replaced by nothing, so
  # optional fields are at the end of their line. An event may have no account, for example that of a sweep: its subject is a
  # phrase, and its log is found by the invocation ID. The function sends messages to the dead-letter queue itself, so SQS does
  # not know their source queue and a redrive must name the destination. People copy commands from emails, so no command or
  # query contains a field of the event. The remedy may contain commands; it is in the log and in the dead-letter queue.
  input_transformer {
    input_paths = {
      subject    = "$.detail.subject"
      account    = "$.detail.account_id"
      name       = "$.detail.account_name"
      cause      = "$.detail.cause.code"
      message    = "$.detail.cause.message"
      trigger    = "$.detail.trigger"
      invocation = "$.detail.invocation_id"
      time       = "$.time"
    }

    input_template = chomp(<<-EOT
      "account-onboarding: <subject> is blocked (<cause>)"
      "It needs attention: its message is not retried. A scheduled sweep, if enabled, looks again."
      "Account ID:     <account>"
      "Account name:   <name>"
      "What happened:  <message>"
      "What to do:     see docs/TROUBLESHOOTING.md, section <cause>; the log and the dead-letter queue (attribute REMEDY) have the remedy for this case"
      "Then:           redrive the dead-letter queue, or apply the configuration to the account with the CLI"
      "Redrive all:    ${local.redrive_command}"
      "Logs Insights:  fields @timestamp, account_id, cause, message, invocation_id | filter outcome = 'blocked' | sort @timestamp desc"
      "Log group:      ${aws_cloudwatch_log_group.this.name}"
      "Detected:       <time>, trigger <trigger>, invocation <invocation>"
    EOT
    )
  }

  depends_on = [aws_iam_role_policy.notifier, aws_sqs_queue_policy.undelivered]
}

# The function has no account to onboard in this case, but whoever requested the account is waiting for it.
resource "aws_cloudwatch_event_rule" "not_created" {
  name        = local.not_created_rule
  description = "An account of this organization could not be created"

  event_pattern = jsonencode({
    source  = ["aws.organizations"]
    account = [local.organization_account_id]
    detail = {
      eventName           = ["CreateAccountResult"]
      serviceEventDetails = { createAccountStatus = { state = ["FAILED"] } }
    }
  })

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "not_created" {
  rule      = aws_cloudwatch_event_rule.not_created.name
  target_id = "notifications"
  arn       = aws_sns_topic.notifications.arn
  role_arn  = aws_iam_role.notifier.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  input_transformer {
    input_paths = {
      request   = "$.detail.serviceEventDetails.createAccountStatus.id"
      requested = "$.detail.serviceEventDetails.createAccountStatus.requestedTimestamp"
      reason    = "$.detail.serviceEventDetails.createAccountStatus.failureReason"
    }

    input_template = chomp(<<-EOT
      "account-onboarding: an account of this organization could not be created"
      "No account exists, so there is nothing to onboard."
      "Reason:         <reason>"
      "Request:        <request>"
      "Requested at:   <requested>"
      "What to do:     fix the cause above and create the account again; it will be onboarded automatically"
      "Account name:   masked by AWS in the event (accountName is ****); to show it: aws organizations list-create-account-status --states FAILED"
    EOT
    )
  }

  depends_on = [aws_iam_role_policy.notifier, aws_sqs_queue_policy.undelivered]
}

locals {
  redrive_command = "aws sqs start-message-move-task --region ${local.region} --source-arn ${aws_sqs_queue.dead_letters.arn} --destination-arn ${aws_sqs_queue.inbox.arn}"
}
