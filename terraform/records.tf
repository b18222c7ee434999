# One item for each account: the lease of the run that is at work, the last notification, the last result, and the unique IDs
# of the roles that this tool created. The accounts themselves are the source of truth: without the table, notifications are
# repeated and the history is lost. Not destroyed with the module, because the IDs cannot be found out later.
# Encrypted with the AWS managed key of DynamoDB, whose policy admits whoever may use the table.
resource "aws_dynamodb_table" "records" {
  name                        = "${var.name}-records-${local.suffix}"
  billing_mode                = "PAY_PER_REQUEST"
  hash_key                    = "subject"
  deletion_protection_enabled = true
  tags                        = var.tags

  attribute {
    name = "subject"
    type = "S"
  }

  # Set on records of accounts that left the organization, and of finished account creation requests.
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }

  point_in_time_recovery {
    enabled = true
  }

  server_side_encryption {
    enabled = true
  }

  lifecycle {
    prevent_destroy = true
  }
}
