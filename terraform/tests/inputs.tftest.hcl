# Which inputs are accepted and refused. No AWS account is needed: the provider is mocked.
#
#     terraform init -backend=false && terraform test

mock_provider "aws" {
  override_data {
    target = data.aws_region.current
    values = { id = "us-east-1" }
  }
}

variables {
  identity_account_id = "222233334444"
  package_path        = "README.md" # any file
}

run "only_the_identity_account_is_required" {
  command = plan

  assert {
    condition     = aws_ssm_parameter.configuration[0].value == "[access-role]\nnames = [\"OrganizationAccountAccessRole\", \"AWSControlTowerExecution\"]\n\n[[access-role.grant]]\nprincipal = \"222233334444\"\n\n"
    error_message = "The generated configuration grants the identity account access and nothing else."
  }

  assert {
    condition     = aws_lambda_function.this.environment[0].variables.ONBOARDING_SWEEP == "report"
    error_message = "A first deployment changes nothing."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0
    error_message = "Without an address there is no subscription."
  }
}

run "identity_account_id_has_12_digits" {
  command = plan

  variables {
    identity_account_id = "22223333444"
  }

  expect_failures = [var.identity_account_id]
}

run "access_role_is_a_name_without_a_path" {
  command = plan

  variables {
    access_role_name = "teams/Ops"
  }

  expect_failures = [var.access_role_name]
}

run "control_tower_role_is_written_exactly" {
  command = plan

  variables {
    access_role_name = "awsControlTowerExecution"
  }

  expect_failures = [var.access_role_name]
}

run "excluded_accounts_are_account_ids" {
  command = plan

  variables {
    excluded_account_ids = ["333344445555", "payments"]
  }

  expect_failures = [var.excluded_account_ids]
}

run "principals_replace_the_identity_account" {
  command = plan

  variables {
    identity_principals = ["arn:aws:iam::222233334444:user/ann"]
    permission_sets     = ["PlatformEngineer"]
    require_mfa         = true
  }

  assert {
    condition     = strcontains(aws_ssm_parameter.configuration[0].value, "\n\n[[access-role.grant]]\nprincipal = [\"arn:aws:iam::222233334444:user/ann\"]\ncondition = { Bool = { \"aws:MultiFactorAuthPresent\" = true } }\n\n[[access-role.grant]]\n")
    error_message = "The principals need MFA, and the permission sets have a grant of their own."
  }
}

run "mfa_denies_roles" {
  command = plan

  variables {
    identity_principals = ["arn:aws:iam::222233334444:user/ann", "arn:aws:iam::222233334444:role/platform-engineer"]
    require_mfa         = true
  }

  expect_failures = [var.require_mfa]
}

run "mfa_does_not_apply_to_permission_sets" {
  command = plan

  variables {
    permission_sets = ["PlatformEngineer"]
    require_mfa     = true
  }

  expect_failures = [var.require_mfa]
}

run "external_ids_have_characters_that_iam_allows" {
  command = plan

  variables {
    workload_security_external_id = "a b"
    trelica_external_id           = "x"
  }

  expect_failures = [var.workload_security_external_id, var.trelica_external_id]
}

run "external_ids_have_at_most_1224_characters" {
  command = plan

  variables {
    trelica_external_id = format("%01225d", 0)
  }

  expect_failures = [var.trelica_external_id]
}

run "registration_without_an_external_id_leaves_the_key_out" {
  command = plan

  variables {
    workload_security_region = "us-1"
  }

  assert {
    condition     = strcontains(aws_ssm_parameter.configuration[0].value, "[vendors.workload-security.registration]") && !strcontains(aws_ssm_parameter.configuration[0].value, "external-id")
    error_message = "The function reads the external ID from the API."
  }

  assert {
    condition     = length(aws_ssm_parameter.workload_security_external_id) == 0
    error_message = "There is no parameter for an external ID that is not given."
  }
}

run "registration_requires_a_known_region" {
  command = plan

  variables {
    workload_security_external_id = "ws-0f3b9c27"
    workload_security_region      = "us-east-1"
  }

  expect_failures = [var.workload_security_region]
}

run "own_configuration_is_stored" {
  command = plan

  variables {
    configuration       = "[[access-role.grant]]\nprincipal = \"222233334444\"\n"
    trelica_external_id = "trelica-7d41"
  }

  assert {
    condition     = aws_ssm_parameter.configuration[0].value == var.configuration && aws_ssm_parameter.configuration[0].tier == "Standard"
    error_message = "The text is stored as it is."
  }

  assert {
    condition     = aws_ssm_parameter.trelica_external_id[0].value == "trelica-7d41"
    error_message = "The configuration may refer to the external ID."
  }
}

run "configuration_of_more_than_4_kb_needs_the_advanced_tier" {
  command = plan

  variables {
    configuration = "# 222233334444 ${replace(format("%02041d", 0), "0", "é")}"
  }

  assert {
    condition     = aws_ssm_parameter.configuration[0].tier == "Advanced"
    error_message = "4,097 bytes do not fit into the tier Standard, however few characters they are."
  }
}

run "configuration_of_4_kb_costs_nothing" {
  command = plan

  variables {
    configuration = "# 222233334444 ${format("%04081d", 0)}"
  }

  assert {
    condition     = length(var.configuration) == 4096 && aws_ssm_parameter.configuration[0].tier == "Standard"
    error_message = "4,096 bytes fit into the tier Standard."
  }
}

run "configuration_of_8_kb_is_accepted" {
  command = plan

  variables {
    configuration = "# 222233334444 ${format("%08177d", 0)}"
  }

  assert {
    condition     = length(var.configuration) == 8192 && aws_ssm_parameter.configuration[0].tier == "Advanced"
    error_message = "8,192 bytes fit into the tier Advanced."
  }
}

run "configuration_has_at_most_8_kb" {
  command = plan

  variables {
    configuration = "# 222233334444 ${format("%08178d", 0)}"
  }

  expect_failures = [var.configuration]
}

run "configuration_without_the_identity_account_is_a_warning" {
  command = plan

  variables {
    configuration = "[[access-role.grant]]\nprincipal = \"999988887777\"\n"
  }

  expect_failures = [check.identity_account]
}

run "configuration_has_one_source" {
  command = plan

  variables {
    configuration                = "# 222233334444"
    configuration_parameter_name = "/platform/onboarding"
  }

  expect_failures = [var.configuration]
}

run "existing_parameter_is_read_and_not_created" {
  command = plan

  variables {
    configuration_parameter_name = "/platform/onboarding"
  }

  assert {
    condition     = length(aws_ssm_parameter.configuration) == 0 && output.configuration_parameter == "/platform/onboarding"
    error_message = "The parameter belongs to the user."
  }
}

run "parameters_of_the_module_are_not_a_users_configuration" {
  command = plan

  variables {
    configuration_parameter_name = "/account-onboarding/onboarding.toml"
  }

  expect_failures = [var.configuration_parameter_name]
}

run "parameter_name_is_a_full_name" {
  command = plan

  variables {
    configuration_parameter_name = "onboarding"
  }

  expect_failures = [var.configuration_parameter_name]
}

run "other_inputs_are_checked" {
  command = plan

  variables {
    notification_email  = "platform"
    sweep               = "apply"
    sweep_schedule      = "daily"
    architecture        = "aarch64"
    maximum_concurrency = 1
    log_retention_days  = 2
    name                = "1-onboarding"
  }

  expect_failures = [
    var.notification_email,
    var.sweep,
    var.sweep_schedule,
    var.architecture,
    var.maximum_concurrency,
    var.log_retention_days,
    var.name,
  ]
}

run "disabled_sweep_has_no_schedule_and_no_role" {
  command = plan

  variables {
    sweep = "DISABLED"
  }

  assert {
    condition     = length(aws_scheduler_schedule.sweep) == 0 && length(aws_iam_role.sweep) == 0
    error_message = "Nothing sends the message of a sweep."
  }

  assert {
    condition     = aws_scheduler_schedule_group.sweep.name == "account-onboarding"
    error_message = "The group's creation date is the time of the deployment, so the group always exists."
  }
}
