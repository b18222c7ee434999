# The module can be planned only in the regions that receive the events of Organizations.

mock_provider "aws" {
  alias = "commercial"

  override_data {
    target = data.aws_region.current
    values = { id = "us-east-1" }
  }
}

mock_provider "aws" {
  alias = "sovereign"

  override_data {
    target = data.aws_region.current
    values = { id = "eusc-de-east-1" }
  }
}

mock_provider "aws" {
  alias = "elsewhere"

  override_data {
    target = data.aws_region.current
    values = { id = "eu-central-1" }
  }
}

variables {
  identity_account_id = "222233334444"
  package_path        = "README.md" # any file
}

run "us_east_1_is_accepted" {
  command   = plan
  providers = { aws = aws.commercial }
}

run "european_sovereign_cloud_is_accepted" {
  command   = plan
  providers = { aws = aws.sovereign }
}

run "other_regions_are_refused" {
  command   = plan
  providers = { aws = aws.elsewhere }

  expect_failures = [data.aws_region.current]
}
