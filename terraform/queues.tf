resource "aws_sqs_queue" "inbox" {
  name                    = "${var.name}-inbox"
  sqs_managed_sse_enabled = true
  # 6 x the function's timeout, as Lambda recommends. It is also the delay between two attempts.
  visibility_timeout_seconds = 720
  message_retention_seconds  = 345600 # 4 days; well below that of the dead-letter queue, where a message keeps its age

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letters.arn
    # The function itself moves messages that need attention, and messages that have waited for a day, to the dead-letter
    # queue. This limit is for messages that it never answers: 400 attempts, 720 s apart, take 3.3 days, so they reach the
    # dead-letter queue before their retention period ends.
    maxReceiveCount = 400
  })

  tags = var.tags
}

# Not destroyed with the module: its messages are accounts that still need attention.
resource "aws_sqs_queue" "dead_letters" {
  name                      = "${var.name}-dead-letters-${local.suffix}"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600 # 14 days, the maximum
  tags                      = var.tags

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_sqs_queue" "undelivered" {
  name                      = "${var.name}-undelivered"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
  tags                      = var.tags
}

resource "aws_sqs_queue_policy" "inbox" {
  queue_url = aws_sqs_queue.inbox.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AllowRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.inbox.arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.inbox_rules } }
      },
      # Even if a statement that allows more is added to this policy: services other than the rules, and other accounts. A
      # service has no aws:PrincipalAccount, and a principal of an account has no aws:SourceArn; a missing key counts as not
      # equal. The principals of this account are not denied, because a redrive sends with the permissions of the operator who
      # starts it.
      {
        Sid       = "DenyOtherSenders"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.inbox.arn
        Condition = {
          StringNotEquals = { "aws:PrincipalAccount" = local.account_id }
          ArnNotEquals    = { "aws:SourceArn" = local.inbox_rules }
        }
      },
      merge(local.deny_insecure_transport, { Action = "sqs:*", Resource = aws_sqs_queue.inbox.arn }),
    ]
  })
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [merge(local.deny_insecure_transport, { Action = "sqs:*", Resource = aws_sqs_queue.dead_letters.arn })]
  })
}

resource "aws_sqs_queue_policy" "undelivered" {
  queue_url = aws_sqs_queue.undelivered.url
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AllowRules"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.undelivered.arn
        Condition = {
          ArnEquals = {
            "aws:SourceArn" = [
              aws_cloudwatch_event_rule.new_account.arn,
              aws_cloudwatch_event_rule.configuration_changed.arn,
              aws_cloudwatch_event_rule.blocked.arn,
              aws_cloudwatch_event_rule.not_created.arn,
            ]
          }
        }
      },
      merge(local.deny_insecure_transport, { Action = "sqs:*", Resource = aws_sqs_queue.undelivered.arn }),
    ]
  })
}

locals {
  inbox_rules = [aws_cloudwatch_event_rule.new_account.arn, aws_cloudwatch_event_rule.configuration_changed.arn]

  deny_insecure_transport = {
    Sid       = "DenyInsecureTransport"
    Effect    = "Deny"
    Principal = "*"
    Condition = { Bool = { "aws:SecureTransport" = "false" } }
  }
}
