locals {
  package_path = var.s3_existing_package != null ? null : coalesce(var.package_path, "${path.root}/bootstrap.zip")

  # SHA-256 in base64, as Lambda reports it, from hexadecimal: three digits are twelve bits, which are two characters.
  base64_digits = split("", "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  pinned_sha256 = var.package_sha256 == null ? null : join("", concat(
    flatten([
      for position in range(0, 63, 3) : [
        local.base64_digits[floor(parseint(substr(var.package_sha256, position, 3), 16) / 64)],
        local.base64_digits[parseint(substr(var.package_sha256, position, 3), 16) % 64],
      ]
    ]),
    [local.base64_digits[parseint(substr(var.package_sha256, 63, 1), 16) * 4], "="],
  ))
}

resource "aws_lambda_function" "this" {
  function_name = local.function_name
  description   = "Onboards the accounts of an AWS organization"
  role          = aws_iam_role.function.arn

  filename          = local.package_path
  s3_bucket         = one(var.s3_existing_package[*].bucket)
  s3_key            = one(var.s3_existing_package[*].key)
  s3_object_version = one(var.s3_existing_package[*].version_id)
  source_code_hash  = local.pinned_sha256 != null ? local.pinned_sha256 : try(filebase64sha256(local.package_path), null)

  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  memory_size   = 128
  # Long enough to wait for the access role of an account that was created seconds ago, short enough to retry soon.
  timeout = 120

  environment {
    variables = {
      ONBOARDING_CONFIG_PARAMETER = local.configuration_parameter
      ONBOARDING_QUEUE_URL        = aws_sqs_queue.inbox.url
      ONBOARDING_DEAD_LETTERS_URL = aws_sqs_queue.dead_letters.url
      ONBOARDING_EVENT_BUS        = aws_cloudwatch_event_bus.this.name
      ONBOARDING_TABLE            = aws_dynamodb_table.records.name
      ONBOARDING_SWEEP            = var.sweep == "APPLY" ? "apply" : "report"
      ONBOARDING_CONCURRENCY      = tostring(var.maximum_concurrency)
      ONBOARDING_DEPLOYED_AT      = aws_scheduler_schedule_group.sweep.creation_date
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.this.name
    # Lambda drops the function's lines below this level. The function has its own filter (ONBOARDING_LOG), which is info
    # unless set otherwise.
    application_log_level = "TRACE"
  }

  tags = var.tags

  lifecycle {
    precondition {
      condition     = local.package_path == null ? true : fileexists(local.package_path)
      error_message = "The package ${coalesce(local.package_path, "in S3")} does not exist. Build it with `cargo lambda build --release --bin bootstrap --output-format zip`, or set package_path or s3_existing_package."
    }

    precondition {
      condition     = local.package_path == null || var.package_sha256 == null ? true : try(filesha256(local.package_path) == var.package_sha256, false)
      error_message = "The SHA-256 of the package is not package_sha256."
    }

    postcondition {
      condition     = local.package_path != null || local.pinned_sha256 == null ? true : self.code_sha256 == local.pinned_sha256
      error_message = "The SHA-256 of the package in S3 is not package_sha256."
    }
  }

  depends_on = [aws_iam_role_policy.function]
}

# Organizations creates at most one account in ten seconds, so batching would save nothing, and one account that waits would use
# up the time of the others in its batch.
resource "aws_lambda_event_source_mapping" "inbox" {
  event_source_arn        = aws_sqs_queue.inbox.arn
  function_name           = aws_lambda_function.this.function_name
  batch_size              = 1
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  scaling_config {
    maximum_concurrency = var.maximum_concurrency
  }
}

# Retained when the module is destroyed: the log says what was changed in which account.
resource "aws_cloudwatch_log_group" "this" {
  name              = "${var.name}-${local.suffix}"
  retention_in_days = var.log_retention_days
  skip_destroy      = true
  tags              = var.tags
}
