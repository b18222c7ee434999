# Idle queues, rules and functions publish no data points. No data means healthy, for every alarm.

locals {
  # Alarms on one metric.
  alarms = {
    dead-letters = {
      description        = "The dead-letter queue is not empty: an account could not be onboarded, or a message could not be parsed. The log and the message attributes CAUSE, MESSAGE and REMEDY give the reason. Fix the cause, then redrive the queue with the command in the output redrive_command."
      namespace          = "AWS/SQS"
      metric_name        = "ApproximateNumberOfMessagesVisible"
      dimensions         = { QueueName = aws_sqs_queue.dead_letters.name }
      statistic          = "Maximum"
      period             = 300
      evaluation_periods = 1
      threshold          = 0
    }

    undelivered = {
      description        = "An event did not reach the Inbox queue, or a notification did not reach the Notifications topic. The message attributes RULE_ARN, ERROR_CODE and ERROR_MESSAGE in the Undelivered queue give the rule and the reason; the body is the event. Fix the cause, then process an Organizations or Control Tower event by invoking the function with it as the payload."
      namespace          = "AWS/SQS"
      metric_name        = "ApproximateNumberOfMessagesVisible"
      dimensions         = { QueueName = aws_sqs_queue.undelivered.name }
      statistic          = "Maximum"
      period             = 300
      evaluation_periods = 1
      threshold          = 0
    }

    # A message may wait for a day by design, and that must not trigger this alarm. SQS excludes messages that were received
    # three times from this metric, and the message of an account that is not ready is received three times in its first
    # minutes. The metric therefore covers only messages whose processing has not started. The largest sweep (10,000 accounts,
    # five at a time, some seconds each) takes less than three hours.
    oldest-message = {
      description        = "Messages are piling up in the Inbox queue and are not being processed. Check the function's errors and throttles, and whether its event source mapping is enabled."
      namespace          = "AWS/SQS"
      metric_name        = "ApproximateAgeOfOldestMessage"
      dimensions         = { QueueName = aws_sqs_queue.inbox.name }
      statistic          = "Maximum"
      period             = 300
      evaluation_periods = 3
      threshold          = 10800
    }

    # A single failure is retried automatically 12 minutes later. Errors in two consecutive 15-minute periods are persistent.
    errors = {
      description        = "The function keeps failing. Its log gives the reason, most often an invalid configuration or a permission missing from the function's role. No messages are lost: they are retried until the problem is fixed."
      namespace          = "AWS/Lambda"
      metric_name        = "Errors"
      dimensions         = { FunctionName = aws_lambda_function.this.function_name }
      statistic          = "Sum"
      period             = 900
      evaluation_periods = 2
      threshold          = 0
    }

    throttles = {
      description        = "The function keeps being throttled: other functions use up the concurrency of this AWS account. Raise the concurrency quota, or lower maximum_concurrency. No messages are lost."
      namespace          = "AWS/Lambda"
      metric_name        = "Throttles"
      dimensions         = { FunctionName = aws_lambda_function.this.function_name }
      statistic          = "Sum"
      period             = 900
      evaluation_periods = 2
      threshold          = 0
    }

    notifications = {
      description        = "SNS could not deliver a notification to a subscriber. Check the topic's subscriptions. The CloudWatch console shows this alarm even if its own email is not delivered."
      namespace          = "AWS/SNS"
      metric_name        = "NumberOfNotificationsFailed"
      dimensions         = { TopicName = aws_sns_topic.notifications.name }
      statistic          = "Sum"
      period             = 300
      evaluation_periods = 1
      threshold          = 0
    }
  }

  # Alarms on the sum of several metrics. They look at three periods (1 of 3): EventBridge's data points may be late, and by then
  # an expression that fills gaps with zeros was already evaluated as healthy for that period.
  sum_alarms = {
    delivery = {
      description = "EventBridge could not deliver an event. The metrics FailedInvocations and InvocationsFailedToBeSentToDlq of the rules show which rule. Failed events are in the Undelivered queue. Accounts whose events were lost altogether are picked up by the next sweep, unless Sweep is DISABLED."
      label       = "events not delivered"
      namespace   = "AWS/Events"
      metrics = [
        { id = "newAccountFailed", name = "FailedInvocations", dimensions = local.new_account_dimensions },
        { id = "newAccountLost", name = "InvocationsFailedToBeSentToDlq", dimensions = local.new_account_dimensions },
        { id = "changedFailed", name = "FailedInvocations", dimensions = local.changed_dimensions },
        { id = "changedLost", name = "InvocationsFailedToBeSentToDlq", dimensions = local.changed_dimensions },
        { id = "blockedFailed", name = "FailedInvocations", dimensions = local.blocked_dimensions },
        { id = "blockedLost", name = "InvocationsFailedToBeSentToDlq", dimensions = local.blocked_dimensions },
        { id = "notCreatedFailed", name = "FailedInvocations", dimensions = local.not_created_dimensions },
        { id = "notCreatedLost", name = "InvocationsFailedToBeSentToDlq", dimensions = local.not_created_dimensions },
      ]
    }

    sweep = {
      description = "A scheduled sweep could not be started, or had to be retried. Check the sweep role and the Undelivered queue, then start a sweep manually by invoking the function with the payload {\"sweep\": {}}."
      label       = "sweeps not started"
      namespace   = "AWS/Scheduler"
      metrics = [
        { id = "refused", name = "TargetErrorCount", dimensions = local.sweep_dimensions },
        { id = "dropped", name = "InvocationDroppedCount", dimensions = local.sweep_dimensions },
        { id = "lost", name = "InvocationsFailedToBeSentToDeadLetterCount", dimensions = local.sweep_dimensions },
      ]
    }
  }

  new_account_dimensions = { RuleName = aws_cloudwatch_event_rule.new_account.name }
  changed_dimensions     = { RuleName = aws_cloudwatch_event_rule.configuration_changed.name }
  blocked_dimensions     = { EventBusName = aws_cloudwatch_event_bus.this.name, RuleName = local.blocked_rule }
  not_created_dimensions = { RuleName = aws_cloudwatch_event_rule.not_created.name }
  sweep_dimensions       = { ScheduleGroup = aws_scheduler_schedule_group.sweep.name }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric_name
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = each.value.period
  evaluation_periods  = each.value.evaluation_periods
  threshold           = each.value.threshold
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.notifications.arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "sum" {
  for_each = local.sum_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  evaluation_periods  = 3
  datapoints_to_alarm = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.notifications.arn]
  tags                = var.tags

  metric_query {
    id          = "failures"
    label       = each.value.label
    expression  = join(" + ", [for metric in each.value.metrics : "FILL(${metric.id}, 0)"])
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.value.id

      metric {
        namespace   = each.value.namespace
        metric_name = metric_query.value.name
        dimensions  = metric_query.value.dimensions
        stat        = "Sum"
        period      = 300
      }
    }
  }
}
