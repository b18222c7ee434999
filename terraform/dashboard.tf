resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = templatefile("${path.module}/dashboard.json.tftpl", {
    region           = local.region
    inbox            = aws_sqs_queue.inbox.name
    inbox_arn        = aws_sqs_queue.inbox.arn
    dead_letters     = aws_sqs_queue.dead_letters.name
    dead_letters_arn = aws_sqs_queue.dead_letters.arn
    undelivered      = aws_sqs_queue.undelivered.name
    function         = aws_lambda_function.this.function_name
    log_group        = aws_cloudwatch_log_group.this.name

    # The dashboard shows them in this order.
    alarms = jsonencode([
      aws_cloudwatch_metric_alarm.this["dead-letters"].arn,
      aws_cloudwatch_metric_alarm.this["undelivered"].arn,
      aws_cloudwatch_metric_alarm.this["oldest-message"].arn,
      aws_cloudwatch_metric_alarm.this["errors"].arn,
      aws_cloudwatch_metric_alarm.this["throttles"].arn,
      aws_cloudwatch_metric_alarm.sum["delivery"].arn,
      aws_cloudwatch_metric_alarm.sum["sweep"].arn,
      aws_cloudwatch_metric_alarm.this["notifications"].arn,
    ])
  })
}
