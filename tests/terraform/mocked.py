"""A test file that plans the module without AWS: a mocked provider, whose resources have the attributes that AWS would generate.

Each attribute has another value for each resource, so that a reference to the wrong resource is a difference.
"""

import json

from scenarios import ACCOUNT

# Resources whose ARN the module refers to, with the service and the resource part of the ARN.
ARNS = {
    "aws_sqs_queue.inbox": "sqs:account-onboarding-inbox",
    "aws_sqs_queue.dead_letters": "sqs:account-onboarding-dead-letters-0123abcd",
    "aws_sqs_queue.undelivered": "sqs:account-onboarding-undelivered",
    "aws_dynamodb_table.records": "dynamodb:table/account-onboarding-records-0123abcd",
    "aws_cloudwatch_log_group.this": "logs:log-group:account-onboarding-0123abcd",
    "aws_cloudwatch_event_bus.this": "events:event-bus/account-onboarding",
    "aws_cloudwatch_event_rule.new_account": "events:rule/account-onboarding-new-account",
    "aws_cloudwatch_event_rule.configuration_changed": "events:rule/account-onboarding-configuration-changed",
    "aws_cloudwatch_event_rule.blocked": "events:rule/account-onboarding/account-onboarding-blocked",
    "aws_cloudwatch_event_rule.not_created": "events:rule/account-onboarding-not-created",
    "aws_scheduler_schedule_group.sweep": "scheduler:schedule-group/account-onboarding",
    "aws_sns_topic.notifications": "sns:account-onboarding-notifications",
    "aws_iam_role.function": "iam:role/account-onboarding-function",
    "aws_iam_role.notifier": "iam:role/account-onboarding-notifier",
    "aws_iam_role.sweep": "iam:role/account-onboarding-sweep",
}
ALARMS = {
    "this": ("dead-letters", "undelivered", "oldest-message", "errors", "throttles", "notifications"),
    "sum": ("delivery", "sweep"),
}
OTHER = {
    "aws_sqs_queue.inbox": {"url": "https://sqs.example/account-onboarding-inbox"},
    "aws_sqs_queue.dead_letters": {"url": "https://sqs.example/account-onboarding-dead-letters-0123abcd"},
    "aws_sqs_queue.undelivered": {"url": "https://sqs.example/account-onboarding-undelivered"},
    "aws_scheduler_schedule_group.sweep": {"creation_date": "2026-11-22T21:20:53Z"},
}


def test_file(scenarios):
    """The text of a `.tftest.hcl` file with one `run` block for each scenario."""
    blocks = [
        'variables {\n  package_path = "versions.tf" # any file\n}\n',
        _block("override_resource", "terraform_data.deployment", {"id": "0123abcd-0000-4000-8000-000000000000"}),
        *(_provider(scenario) for scenario in scenarios),
        *(_run(scenario) for scenario in scenarios),
    ]
    return "\n".join(blocks)


def _provider(scenario):
    overrides = [
        _block("override_data", "data.aws_region.current", {"id": scenario.region}),
        _block("override_data", "data.aws_partition.current", {"partition": scenario.partition}),
        _block("override_data", "data.aws_caller_identity.current", {"account_id": ACCOUNT}),
    ]
    for address, arn in ARNS.items():
        overrides.append(_block("override_resource", address, {"arn": _arn(scenario, arn), **OTHER.get(address, {})}))
    for name, alarms in ALARMS.items():
        for alarm in alarms:
            arn = _arn(scenario, f"cloudwatch:alarm:account-onboarding-{alarm}")
            address = f'aws_cloudwatch_metric_alarm.{name}["{alarm}"]'
            overrides.append(_block("override_resource", address, {"arn": arn}))
    body = "\n".join(overrides)
    return f'mock_provider "aws" {{\n  alias = "{scenario.name}"\n{body}\n}}\n'


def _arn(scenario, short):
    service, _, resource = short.partition(":")
    region = "" if service == "iam" else scenario.region
    return f"arn:{scenario.partition}:{service}:{region}:{ACCOUNT}:{resource}"


def _run(scenario):
    values = "\n".join(f"    {name} = {json.dumps(value)}" for name, value in scenario.variables().items())
    return (
        f'run "{scenario.name}" {{\n  command = plan\n  providers = {{ aws = aws.{scenario.name} }}\n'
        f"  variables {{\n{values}\n  }}\n}}\n"
    )


def _block(kind, target, values):
    during = "  override_during = plan\n" if kind == "override_resource" else ""
    return f"{kind} {{\n  target = {target}\n{during}  values = {json.dumps(values)}\n}}\n"
