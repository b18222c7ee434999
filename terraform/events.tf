# API calls are matched in addition to their result events, because a result event may be lost. A failed call has an errorCode
# and created nothing. The pattern is deliberately loose: it does not match on detail-type, and accepts any state except FAILED.
# An event of an unexpected shape therefore reaches the function, which logs the problem, instead of being dropped here without
# a trace. Both services emit their events in the management account, from which management.yaml forwards them to another account. Events of other accounts may reach the bus as well, if its
# policy allows it, and are not about this organization. Control Tower emits its events in its home region; if that is another region, control-tower.yaml forwards them.
resource "aws_cloudwatch_event_rule" "new_account" {
  name        = "${var.name}-new-account"
  description = "An account of this organization was requested or created, or it joined, moved or left, or its tags changed"

  event_pattern = jsonencode({
    source  = ["aws.organizations", "aws.controltower"]
    account = [local.organization_account_id]
    detail = {
      "$or" = [
        {
          eventName           = ["CreateAccountResult"]
          serviceEventDetails = { createAccountStatus = { state = [{ anything-but = ["FAILED"] }, { exists = false }] } }
        },
        {
          eventName = [
            "AccountJoinedOrganization",
            "AccountDepartedOrganization",
            "CloseAccountResult",
            "CreateManagedAccount",
            "UpdateManagedAccount",
          ]
        },
        {
          eventName = [
            "CreateAccount",
            "CreateGovCloudAccount",
            "MoveAccount",
            "RemoveAccountFromOrganization",
            "TagResource",
            "UntagResource",
          ]
          errorCode = [{ exists = false }]
        },
      ]
    }
  })

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "new_account" {
  rule      = aws_cloudwatch_event_rule.new_account.name
  target_id = "inbox"
  arn       = aws_sqs_queue.inbox.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  # An event that is matched before the queues accept it would be lost.
  depends_on = [aws_sqs_queue_policy.inbox, aws_sqs_queue_policy.undelivered]
}

# Only rules can forward events of AWS services: PutEvents refuses their sources, and the rule above accepts no others.
resource "aws_cloudwatch_event_permission" "forwarded_events" {
  count = var.management_role_arn == null ? 0 : 1

  event_bus_name = "default"
  statement_id   = "account-onboarding-forwarded-events"
  action         = "events:PutEvents"
  principal      = local.organization_account_id
}

# A changed configuration starts a sweep. Of a configuration with files, this parameter is the index, which is written last.
resource "aws_cloudwatch_event_rule" "configuration_changed" {
  name        = "${var.name}-configuration-changed"
  description = "The configuration of account-onboarding was changed"
  state       = var.sweep == "DISABLED" ? "DISABLED" : "ENABLED"

  event_pattern = jsonencode({
    source      = ["aws.ssm"]
    detail-type = ["Parameter Store Change"]
    account     = [local.account_id]
    detail = {
      name      = [local.configuration_parameter]
      operation = ["Create", "Update"]
    }
  })

  tags = var.tags
}

resource "aws_cloudwatch_event_target" "configuration_changed" {
  rule      = aws_cloudwatch_event_rule.configuration_changed.name
  target_id = "inbox"
  arn       = aws_sqs_queue.inbox.arn

  dead_letter_config {
    arn = aws_sqs_queue.undelivered.arn
  }

  # An event that is matched before the queues accept it would be lost.
  depends_on = [aws_sqs_queue_policy.inbox, aws_sqs_queue_policy.undelivered]
}

# Events are delivered on a best-effort basis, so a daily sweep visits every account. An account that is already as configured
# costs read calls only. The first sweep may start as soon as the schedule exists; unless `sweep` is APPLY, it changes only
# accounts that joined after that.
resource "aws_scheduler_schedule" "sweep" {
  count = var.sweep == "DISABLED" ? 0 : 1

  name                = "${var.name}-sweep"
  group_name          = aws_scheduler_schedule_group.sweep.name
  description         = "Checks every account of the organization"
  schedule_expression = var.sweep_schedule

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = aws_sqs_queue.inbox.arn
    role_arn = aws_iam_role.sweep[0].arn
    input    = "{\"sweep\": {}}"

    dead_letter_config {
      arn = aws_sqs_queue.undelivered.arn
    }
  }

  depends_on = [aws_iam_role_policy.sweep]
}

# EventBridge Scheduler publishes metrics per schedule group. With a dedicated group, its failures are those of this deployment.
# The creation date of the group is the time of the deployment, which separates accounts that existed before from those that
# joined later. It stays the same when the module is updated. The group therefore exists even if there is no schedule, and only
# `name` replaces it.
resource "aws_scheduler_schedule_group" "sweep" {
  name = var.name
  tags = var.tags
}

resource "aws_iam_role" "sweep" {
  count = var.sweep == "DISABLED" ? 0 : 1

  name        = "${var.name}-sweep"
  description = "account-onboarding - allows the schedule to send its message to the queue"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "scheduler.amazonaws.com" }
      Action    = "sts:AssumeRole"
      # EventBridge Scheduler sets aws:SourceArn to the ARN of the schedule group, not of the schedule.
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account_id }
        ArnEquals    = { "aws:SourceArn" = aws_scheduler_schedule_group.sweep.arn }
      }
    }]
  })

  tags = var.tags
}

resource "aws_iam_role_policy" "sweep" {
  count = var.sweep == "DISABLED" ? 0 : 1

  name = "sweep"
  role = aws_iam_role.sweep[0].name

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = "sqs:SendMessage"
      Resource = [aws_sqs_queue.inbox.arn, aws_sqs_queue.undelivered.arn]
    }]
  })
}
