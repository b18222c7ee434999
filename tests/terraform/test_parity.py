"""The module makes the same as template.yaml: every property of every resource, the parameters and the outputs."""

import copy

import pytest

import cloudformation
from parity import Module, differences, in_the_words_of_the_module, normalized
from scenarios import BOOLEANS, LISTS, SCENARIOS, Scenario, snake_case
from terraform import MODULE
from variables import declared

# Variables that the template does not have.
PACKAGE = {"package_path", "package_sha256", "s3_existing_package"}
ONLY_IN_THE_MODULE = PACKAGE | {"configuration", "name", "tags"}


def compared(scenario, module):
    """The differences between the stack and the module, one line each."""
    stack = cloudformation.resolved(scenario.template_parameters(), module.references())
    stack = in_the_words_of_the_module(stack)
    return list(differences(normalized(stack), normalized(module.as_template())))


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_module_makes_what_the_template_makes(plans, scenario):
    module = Module(plans[scenario.name])
    assert compared(scenario, module) == []
    assert module.not_compared() == set(), "resources that only the module has"


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_outputs_are_those_of_the_template(plans, scenario):
    module = Module(plans[scenario.name])
    parameters, references = scenario.template_parameters(), module.references()
    stack = cloudformation.outputs(cloudformation.resolved(parameters, references), parameters, references)
    assert module.outputs == {snake_case(name): value for name, value in stack.items()}


# A change of each kind that the comparison must notice: an address, an argument, and another value for it.
CHANGES = [
    ("aws_iam_role_policy.function", "policy", lambda policy: policy.replace('"sqs:SendMessage"', '"sqs:*"')),
    ("aws_iam_role.notifier", "assume_role_policy", lambda policy: policy.replace("ArnEquals", "ArnLike")),
    ("aws_cloudwatch_event_rule.new_account", "event_pattern", lambda pattern: pattern.replace('"MoveAccount",', "")),
    ("aws_cloudwatch_event_target.blocked", "input_transformer", lambda _: None),
    ("aws_sqs_queue.inbox", "visibility_timeout_seconds", lambda _: 719),
    ("aws_sqs_queue.dead_letters", "sqs_managed_sse_enabled", lambda _: False),
    ("aws_sqs_queue_policy.inbox", "policy", lambda policy: policy.replace("DenyOtherSenders", "AllowAll")),
    ("aws_cloudwatch_event_bus_policy.this", "policy", lambda policy: policy.replace('"Deny"', '"Allow"')),
    ("aws_sns_topic_policy.notifications", "policy", lambda policy: policy.replace("account-onboarding-*", "*")),
    ('aws_cloudwatch_metric_alarm.this["errors"]', "threshold", lambda _: 1),
    ('aws_cloudwatch_metric_alarm.sum["delivery"]', "metric_query", lambda queries: queries[:-1]),
    ("aws_lambda_function.this", "timeout", lambda _: 60),
    ("aws_lambda_function.this", "memory_size", lambda _: 256),
    ("aws_lambda_function.this", "environment", lambda all: [{"variables": {**all[0]["variables"], "MORE": "1"}}]),
    ("aws_lambda_event_source_mapping.inbox", "batch_size", lambda _: 10),
    ("aws_cloudwatch_log_group.this", "retention_in_days", lambda _: 0),
    ("aws_dynamodb_table.records", "deletion_protection_enabled", lambda _: False),
    ("aws_cloudwatch_dashboard.this", "dashboard_body", lambda body: body.replace("converged", "done")),
    ("aws_scheduler_schedule.sweep[0]", "schedule_expression", lambda _: "rate(1 hour)"),
]


@pytest.mark.parametrize(("address", "argument", "change"), CHANGES, ids=lambda value: str(value))
def test_comparison_notices_a_difference(plans, address, argument, change):
    module = Module(copy.deepcopy(plans["defaults"]))
    before = module.values[address][argument]
    module.values[address][argument] = change(before)
    assert module.values[address][argument] != before, "the change changes something"
    assert len(compared(SCENARIOS[0], module)) >= 1


def test_comparison_notices_a_resource_that_only_one_side_has(plans):
    module = Module(copy.deepcopy(plans["defaults"]))
    without_sweep = Scenario("without", parameters={"Sweep": "DISABLED"})
    different = {"ConfigurationChanged.State", "ScheduledSweep", "SweepRole"}
    assert {line.partition(":")[0] for line in compared(without_sweep, module)} == different
    module.values["aws_iam_role_policy_attachment.more"] = {}
    module.as_template()
    assert module.not_compared() == {"aws_iam_role_policy_attachment.more"}


# ---------------------------------------------------------------- parameters


def test_every_parameter_is_a_variable_with_the_same_default():
    parameters = cloudformation.template()["Parameters"]
    variables = declared(MODULE / "variables.tf")
    assert set(variables) - ONLY_IN_THE_MODULE == {snake_case(name) for name in parameters}
    for name, parameter in parameters.items():
        variable = variables[snake_case(name)]
        default = parameter.get("Default", "required")
        expected = {"": "null", "required": None}.get(default, f'"{default}"' if parameter["Type"] == "String" else str(default))
        if name in LISTS:
            expected = "[]"
        if name in BOOLEANS:
            expected = default
        assert variable.default == expected, name


def test_one_variable_is_required():
    variables = declared(MODULE / "variables.tf")
    assert [name for name, variable in variables.items() if variable.default is None] == ["identity_account_id"]


def test_allowed_values_and_rules_are_the_same():
    source = (MODULE / "variables.tf").read_text()
    for name, parameter in cloudformation.template()["Parameters"].items():
        for value in parameter.get("AllowedValues", []):
            if name in BOOLEANS:
                assert declared(MODULE / "variables.tf")[snake_case(name)].type == "bool" and value in ("true", "false")
                continue
            quoted = f'"{value}"' if parameter["Type"] == "String" else f"{value}"
            assert value == "" or quoted in source, f"{name}: {value}"
    regions = cloudformation.template()["Rules"]["RegionReceivesOrganizationsEvents"]["Assertions"][0]["Assert"]["Contains"][0]
    assert all(f'"{region}"' in (MODULE / "main.tf").read_text() for region in regions) and len(regions) == 4
