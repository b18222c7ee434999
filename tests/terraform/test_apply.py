"""The examples are applied to an emulator, where an event then onboards an account through the real binary.

The emulator runs `bootstrap` out of the uploaded zip, with the environment and the role of the function, when a message arrives
in the queue. The tests of this file depend on each other, in this order: they share one deployment, because its three queues
take a minute to create (the provider waits until their attributes are stable).
"""

import json
import time
from types import SimpleNamespace

import events
import iam_state
import pytest
import cloudformation
import terraform
from deployment import MANAGEMENT, Deployment, bootstrap
from parity import WITHOUT_COUNTERPART, Module
from scenarios import SCENARIOS
from test_parity import compared
from world import ACCESS_ROLE, TRELICA, WORKLOAD_SECURITY, World, for_ministack, root

MODULE = "module.account_onboarding."
IDENTITY = "222233334444"
# The emulator makes every resource of the module, but does not return these as they were written: it replaces the policy of an
# event bus by a statement without its condition, and leaves out the dimensions, actions and description of an alarm. The plan
# covers them (test_parity.py).
NOT_RETURNED = {
    "aws_cloudwatch_event_bus_policy": {"policy"},
    "aws_cloudwatch_metric_alarm": {
        "actions_enabled",
        "alarm_actions",
        "alarm_description",
        "dimensions",
        "period",
        "statistic",
        "treat_missing_data",
    },
}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    binary = bootstrap()
    if not binary.is_file():
        pytest.fail(f"`{binary}` does not exist: run `cargo build --bin bootstrap`, or set BOOTSTRAP to its path")
    deployment = Deployment(tmp_path_factory.mktemp("deployment") / "terraform", binary)
    yield deployment
    deployment.close()


@pytest.fixture(scope="module")
def planned(deployment):
    """The plan of the minimal example before anything exists."""
    deployment.use("minimal")
    return deployment.plan()


@pytest.fixture(scope="module")
def minimal(deployment, planned):
    """The minimal example, applied."""
    deployment.apply()
    adapt_permissions(deployment)
    return deployment


@pytest.fixture(scope="module")
def complete(minimal):
    """The complete example, applied over the minimal one."""
    minimal.use("complete")
    minimal.apply()
    adapt_permissions(minimal)
    return minimal


def adapt_permissions(deployment):
    """The emulator does not set every condition key that the permissions require; world.py says which."""
    iam, names = deployment.client("iam"), {"RoleName": "account-onboarding-function", "PolicyName": "onboard"}
    document = iam.get_role_policy(**names)["PolicyDocument"]
    iam.put_role_policy(**names, PolicyDocument=for_ministack(document))


def onboard(deployment):
    """Puts the event of a new account on the queue, and waits until its message is deleted. Returns the account.

    The emulator's EventBridge refuses events of AWS services, so the rule is not part of this.
    """
    world = World(deployment.server, SimpleNamespace(management_account=MANAGEMENT))
    account, _ = world.create_account()
    sqs, inbox = deployment.secure_client("sqs"), output(deployment, "inbox_url")
    sqs.send_message(QueueUrl=inbox, MessageBody=json.dumps(events.create_account_result(account)))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=counts)["Attributes"]
        if set(attributes.values()) == {"0"}:
            return account
        time.sleep(0.5)
    raise AssertionError(f"the message was not processed; the function's log:\n{log(deployment)}")


def output(deployment, name):
    state = json.loads(deployment.terraform("show", "-json").stdout)
    (module,) = state["values"]["root_module"]["child_modules"]
    resources = {resource["address"].removeprefix(MODULE): resource["values"] for resource in module["resources"]}
    address, attribute = {
        "inbox_url": ("aws_sqs_queue.inbox", "url"),
        "dead_letters_url": ("aws_sqs_queue.dead_letters", "url"),
        "log_group": ("aws_cloudwatch_log_group.this", "name"),
        "table": ("aws_dynamodb_table.records", "name"),
    }[name]
    return resources[address][attribute]


def log(deployment):
    """The lines that the function logged in CloudWatch."""
    found = deployment.client("logs").filter_log_events(logGroupName=output(deployment, "log_group"))["events"]
    return "\n".join(event["message"] for event in found)


# ---------------------------------------------------------------- plan


def test_every_configured_argument_is_compared_with_the_template(planned, plans):
    compared_arguments = {}
    for plan in plans.values():
        module = Module(plan)
        module.as_template()
        for kind, arguments in module.compared.items():
            compared_arguments.setdefault(kind, set()).update(arguments)
    call = planned["configuration"]["root_module"]["module_calls"]["account_onboarding"]["module"]
    resources = [resource for resource in call["resources"] if resource["mode"] == "managed"]
    assert len(resources) >= 30
    for resource in resources:
        kind = resource["type"]
        if kind == "terraform_data":
            continue
        allowed = WITHOUT_COUNTERPART["*"] | WITHOUT_COUNTERPART.get(kind, set()) | compared_arguments.get(kind, set())
        assert set(resource.get("expressions", {})) <= allowed, resource["address"]


def test_no_resource_runs_a_program(planned):
    call = planned["configuration"]["root_module"]["module_calls"]["account_onboarding"]["module"]
    assert not any("provisioners" in resource for resource in call["resources"])
    assert {resource["provider_config_key"].rpartition(":")[2] for resource in call["resources"]} == {"aws", "terraform"}


# ---------------------------------------------------------------- apply


def test_minimal_example_deploys_what_the_template_deploys(minimal):
    """With the ARNs and names that the emulator generated, instead of mocked ones."""
    adapted = minimal.plan()
    module = Module(adapted, MODULE)
    assert compared(SCENARIOS[0], module) == []
    assert module.not_compared() == set()


def test_second_plan_has_no_changes(minimal):
    changed = {}
    for change in minimal.plan()["resource_changes"]:
        before, after = change["change"]["before"], change["change"]["after"]
        if change["change"]["actions"] != ["no-op"]:
            assert change["change"]["actions"] == ["update"], change["address"]
            changed[change["address"]] = {name for name in after if after[name] != before[name]}
    del changed[f"{MODULE}aws_iam_role_policy.function"]  # adapted to the emulator above
    for address, arguments in changed.items():
        kind = address.removeprefix(MODULE).partition(".")[0]
        assert arguments <= NOT_RETURNED.get(kind, set()), address


def test_event_onboards_an_account(minimal):
    account = onboard(minimal)
    roles = iam_state.snapshot(minimal.client("iam", account))["roles"]
    assert set(roles) == {ACCESS_ROLE}
    assert roles[ACCESS_ROLE]["trust"]["Statement"][0]["Principal"] == {"AWS": [root(MANAGEMENT), root(IDENTITY)]}
    assert f"account {account}: converged" in log(minimal)
    record = minimal.client("dynamodb").get_item(TableName=output(minimal, "table"), Key={"subject": {"S": account}})
    assert record["Item"]["outcome"] == {"S": "converged"}


def test_complete_example_updates_the_minimal_one(complete):
    account = onboard(complete)
    roles = iam_state.snapshot(complete.client("iam", account))["roles"]
    assert set(roles) == {ACCESS_ROLE, "Workload_Security_Role_Cross", "TrelicaIntegration", "app-deployer"}
    vendors = {
        "Workload_Security_Role_Cross": (WORKLOAD_SECURITY, "ws-0f3b9c27:example"),
        "TrelicaIntegration": (TRELICA, "trelica-7d41"),
    }
    for role, (principal, external_id) in vendors.items():
        (statement,) = roles[role]["trust"]["Statement"]
        assert statement["Principal"] == {"AWS": root(principal)}
        assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": external_id}}


# ---------------------------------------------------------------- destroy


def test_destroy_is_refused_while_it_would_lose_messages_or_records(complete):
    refused = complete.terraform("destroy", "-auto-approve", "-input=false", "-no-color", check=False)
    assert refused.returncode == 1
    assert refused.stderr.count("Instance cannot be destroyed") == 2
    for address in ("aws_sqs_queue.dead_letters", "aws_dynamodb_table.records"):
        assert f"{MODULE}{address}" in refused.stderr
    assert len(complete.client("sqs").list_queues(QueueNamePrefix="account-onboarding-inbox")["QueueUrls"]) == 1


def test_what_the_stack_retains_is_retained(complete):
    resources = cloudformation.template()["Resources"]
    retained = {name for name, resource in resources.items() if resource.get("DeletionPolicy") == "Retain"}
    assert retained == {"DeadLetters", "LogGroup", "Records"}
    names = {name: output(complete, name) for name in ("dead_letters_url", "log_group", "table")}

    # As the README says.
    complete.terraform("state", "rm", f"{MODULE}aws_sqs_queue.dead_letters", f"{MODULE}aws_dynamodb_table.records")
    complete.terraform("destroy", "-auto-approve", "-input=false", "-no-color")

    assert complete.client("dynamodb").list_tables()["TableNames"] == [names["table"]]
    assert [group["logGroupName"] for group in complete.client("logs").describe_log_groups()["logGroups"]] == [names["log_group"]]
    urls = complete.client("sqs").list_queues()["QueueUrls"]
    assert [url.rpartition("/")[2] for url in urls] == [names["dead_letters_url"].rpartition("/")[2]]
    assert complete.client("lambda").list_functions()["Functions"] == []
    roles = [role["RoleName"] for role in complete.client("iam").list_roles()["Roles"]]
    assert not any(name.startswith("account-onboarding") for name in roles)
