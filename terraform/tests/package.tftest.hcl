# Where the function's code comes from, and that another zip than the pinned one is refused.

mock_provider "aws" {
  override_data {
    target = data.aws_region.current
    values = { id = "us-east-1" }
  }
}

variables {
  identity_account_id = "222233334444"
}

run "missing_package_is_refused" {
  command = plan

  expect_failures = [aws_lambda_function.this]
}

run "local_package_is_uploaded" {
  command = plan

  variables {
    package_path = "README.md" # any file
  }

  assert {
    condition     = aws_lambda_function.this.filename == "README.md" && aws_lambda_function.this.source_code_hash == filebase64sha256("README.md")
    error_message = "A change of the file is a change of the function."
  }
}

run "pinned_local_package_is_accepted" {
  command = plan

  variables {
    package_path   = "README.md"
    package_sha256 = filesha256("README.md")
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("README.md")
    error_message = "The hexadecimal hash is converted to base64."
  }
}

run "other_local_package_is_refused" {
  command = plan

  variables {
    package_path   = "README.md"
    package_sha256 = filesha256("versions.tf")
  }

  expect_failures = [aws_lambda_function.this]
}

run "package_in_s3_is_used" {
  command = plan

  variables {
    s3_existing_package = { bucket = "releases", key = "bootstrap.zip", version_id = "3HL4kqtJvjVBH40Nrjfkd" }
    package_sha256      = filesha256("versions.tf")
  }

  assert {
    condition     = aws_lambda_function.this.filename == null && aws_lambda_function.this.s3_bucket == "releases" && aws_lambda_function.this.s3_key == "bootstrap.zip" && aws_lambda_function.this.s3_object_version == "3HL4kqtJvjVBH40Nrjfkd"
    error_message = "Nothing is uploaded."
  }

  assert {
    condition     = aws_lambda_function.this.source_code_hash == filebase64sha256("versions.tf")
    error_message = "Another hash is a change of the function."
  }
}

run "package_has_one_source" {
  command = plan

  variables {
    package_path        = "README.md"
    s3_existing_package = { bucket = "releases", key = "bootstrap.zip" }
  }

  expect_failures = [var.package_path]
}

run "hash_is_hexadecimal" {
  command = plan

  variables {
    package_path   = "README.md"
    package_sha256 = filebase64sha256("README.md")
  }

  expect_failures = [var.package_sha256]
}

# The SHA-256 of an empty file, in both forms.
run "pinned_package_in_s3_is_accepted" {
  command = plan

  variables {
    s3_existing_package = { bucket = "releases", key = "bootstrap.zip" }
    package_sha256      = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  }

  override_resource {
    target          = aws_lambda_function.this
    override_during = plan
    values          = { code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }
}

run "other_package_in_s3_is_refused" {
  command = plan

  variables {
    s3_existing_package = { bucket = "releases", key = "bootstrap.zip" }
    package_sha256      = "f3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
  }

  override_resource {
    target          = aws_lambda_function.this
    override_during = plan
    values          = { code_sha256 = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" }
  }

  expect_failures = [aws_lambda_function.this]
}
