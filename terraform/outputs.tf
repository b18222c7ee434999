# The outputs of template.yaml, by the same name in snake case.

output "function_role_arn" {
  description = "ARN of the function's role, for the parameter FunctionRoleArn of management.yaml"
  value       = aws_iam_role.function.arn
}

output "event_bus" {
  description = "Name of the event bus with the function's events; attach your own rules to it"
  value       = aws_cloudwatch_event_bus.this.name
}

output "function_name" {
  description = "Name of the function"
  value       = aws_lambda_function.this.function_name
}

output "configuration_parameter" {
  description = "SSM parameter that contains onboarding.toml"
  value       = local.configuration_parameter
}

output "inbox_url" {
  description = "URL of the queue of accounts to onboard"
  value       = aws_sqs_queue.inbox.url
}

output "dead_letters_url" {
  description = "URL of the dead-letter queue, which holds accounts that need attention"
  value       = aws_sqs_queue.dead_letters.url
}

output "undelivered_url" {
  description = "URL of the queue of events that EventBridge could not deliver"
  value       = aws_sqs_queue.undelivered.url
}

output "notifications_topic" {
  description = "ARN of the topic for alarms and accounts that need attention; subscribe email, chat or pager endpoints to it"
  value       = aws_sns_topic.notifications.arn
}

output "records_table" {
  description = "Name of the table with a record for each account; it is not destroyed with the module"
  value       = aws_dynamodb_table.records.name
}

output "log_group" {
  description = "Name of the log group of the function; it is not destroyed with the module"
  value       = aws_cloudwatch_log_group.this.name
}

output "dashboard" {
  description = "Name of the CloudWatch dashboard"
  value       = aws_cloudwatch_dashboard.this.dashboard_name
}

output "redrive_command" {
  description = "Retries everything in the dead-letter queue"
  value       = local.redrive_command
}

# Without --cli-read-timeout 0 the AWS CLI gives up after a minute and retries; the function may run for two.
output "plan_command" {
  description = "Shows the plan for one account and changes nothing. Replace the account ID. Without \"mode\" it applies the plan."
  value       = "aws lambda invoke --region ${local.region} --function-name ${aws_lambda_function.this.function_name} --cli-read-timeout 0 --cli-binary-format raw-in-base64-out --payload '{\"account_id\":\"444455556666\",\"mode\":\"plan\"}' /dev/stdout"
}
