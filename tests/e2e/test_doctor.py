"""`onboard doctor` against the emulator: a deployed stack, the same with damages, and without permissions."""

import json
import stat

import pytest
from stack import REGION
from test_command_line import DONE, ERROR, LITERAL, onboard  # noqa: F401
from vendor import Vendor
from world import IDENTITY, WORKLOAD_SECURITY, root, trust

ADMIN = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'


class Deployment:
    """The resources that `onboard doctor` looks for, in the management account of the emulator."""

    def __init__(self, world):
        self.world = world
        self.sqs, self.events, self.lambdas = (self.client(name) for name in ("sqs", "events", "lambda"))
        self.cloudtrail, self.ssm, self.iam = (self.client(name) for name in ("cloudtrail", "ssm", "iam"))
        self.inbox = self.sqs.create_queue(QueueName="doctor-inbox")["QueueUrl"]
        self.dead_letters = self.sqs.create_queue(QueueName="doctor-dead-letters")["QueueUrl"]
        self.events.put_rule(Name="doctor-new-account", EventPattern='{"source":["aws.organizations"]}')
        arn = f"arn:aws:sqs:{REGION}:{world.management}:doctor-inbox"
        self.events.put_targets(Rule="doctor-new-account", Targets=[{"Id": "inbox", "Arn": arn}])
        self.client("s3").create_bucket(Bucket="doctor-trail")
        self.cloudtrail.create_trail(Name="org-trail", S3BucketName="doctor-trail", IsMultiRegionTrail=True)
        self.cloudtrail.start_logging(Name="org-trail")
        variables = world.template.environment() | {
            "ONBOARDING_QUEUE_URL": self.inbox,
            "ONBOARDING_DEAD_LETTERS_URL": self.dead_letters,
            "ONBOARDING_TABLE": world.template.table()["TableName"],
        }
        self.lambdas.create_function(
            FunctionName="account-onboarding",
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role=f"arn:aws:iam::{world.management}:role/function",
            Code={"ZipFile": b"PK\x05\x06" + b"\0" * 18},
            Environment={"Variables": variables},
        )
        self.lambdas.get_waiter("function_active_v2").wait(FunctionName="account-onboarding")
        self.iam.create_role(RoleName="doctor", AssumeRolePolicyDocument=trust(root(world.management)))
        self.iam.put_role_policy(RoleName="doctor", PolicyName="admin", PolicyDocument=ADMIN)

    def client(self, service):
        return self.world.server.client(service, self.world.management)


@pytest.fixture(scope="module")
def deployment(world):
    deployment = Deployment(world)
    yield deployment
    deployment.lambdas.delete_function(FunctionName="account-onboarding")


@pytest.fixture
def doctor(world, deployment, onboard, tmp_path):  # noqa: F811
    """Runs the command as an administrator, with every tool of a build installed."""
    for name, version in (("sam", "SAM CLI, version 1.1"), ("cargo", "cargo-lambda 1.9"), ("zig", "0.15")):
        tool = tmp_path / "bin" / name
        tool.parent.mkdir(exist_ok=True)
        tool.write_text(f"#!/bin/sh\necho {version}\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    onboard.options["env"]["PATH"] = f"{tmp_path / 'bin'}:/usr/bin:/bin"
    (tmp_path / "onboarding.toml").write_text(f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n')

    def run(*words, role="doctor"):
        credentials = world.credentials(role)
        names = {"AccessKeyId": "AWS_ACCESS_KEY_ID", "SecretAccessKey": "AWS_SECRET_ACCESS_KEY", "SessionToken": "AWS_SESSION_TOKEN"}
        onboard.options["env"].update({names[key]: credentials[key] for key in names})
        output, code = onboard("doctor", "--format", "json", *words)
        checks = json.loads(output)["checks"]
        return code, {(one["check"], one["status"]): f"{one['text']} {one.get('fix', '')}" for one in checks}, checks

    run.text = lambda: onboard("doctor")
    run.wire = onboard.wire
    run.onboard = onboard
    return run


def test_deployed_stack_is_ok(doctor):
    code, found, checks = doctor()
    names = [one["check"] for one in checks]
    for name in (
        "credentials", "organization", "account", "region", "CloudTrail", "function", "role", "configuration", "queue",
        "rules", "dead letters", "table", "parameter", "AWS SAM", "cargo-lambda", "Zig",
    ):  # fmt: skip
        assert name in names, f"{name}: {checks}"
    assert (code, [one for one in checks if one["status"] != "ok"]) == (DONE, []), checks
    assert "org-trail" in found["CloudTrail", "ok"] and "doctor-new-account" in found["rules", "ok"]
    assert doctor.wire.writes() == []
    text, code = doctor.text()
    assert (code, text.startswith("ok       credentials    arn:"), "0 failed, 0 warnings" in text) == (DONE, True, True), text


def test_each_damage_is_found_with_what_to_do(doctor, deployment, world):
    ssm, name = deployment.ssm, "/account-onboarding/trelica/external-id"
    value = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    policies = world.template.permissions()
    deployment.events.disable_rule(Name="doctor-new-account")
    deployment.cloudtrail.stop_logging(Name="org-trail")
    deployment.sqs.send_message(QueueUrl=deployment.dead_letters, MessageBody="{}")
    ssm.delete_parameter(Name=name)
    deployment.iam.put_role_policy(RoleName="function", PolicyName="more", PolicyDocument=ADMIN.replace('"*"', '"iam:*"', 1))
    try:
        code, found, checks = doctor()
    finally:
        deployment.events.enable_rule(Name="doctor-new-account")
        deployment.cloudtrail.start_logging(Name="org-trail")
        deployment.sqs.purge_queue(QueueUrl=deployment.dead_letters)
        ssm.put_parameter(Name=name, Value=value, Type="SecureString")
        deployment.iam.delete_role_policy(RoleName="function", PolicyName="more")
    assert (code, bool(policies)) == (ERROR, True), checks
    for key, fix in {
        ("rules", "failed"): "aws events enable-rule --name doctor-new-account",
        ("CloudTrail", "failed"): "aws cloudtrail start-logging",
        ("dead letters", "warning"): "aws sqs start-message-move-task",
        ("parameter", "failed"): f"aws ssm put-parameter --type SecureString --name {name}",
        ("role", "warning"): "`iam:*`",
    }.items():
        assert fix in found.get(key, ""), f"{key}: {checks}"


def test_placeholder_that_was_pasted_is_not_an_external_id(doctor, deployment):
    ssm, name = deployment.ssm, "/account-onboarding/trelica/external-id"
    value = ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    ssm.put_parameter(Name=name, Value="…", Type="SecureString", Overwrite=True)
    try:
        code, found, checks = doctor()
    finally:
        ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)
    assert code == ERROR and f"--overwrite --type SecureString --name {name}" in found["parameter", "failed"], checks


def test_configuration_with_files_and_one_list_among_the_parameters(doctor, deployment, world, tmp_path):
    """The function reads a path, and one of the parameters is a list."""
    ssm, path = deployment.ssm, "/account-onboarding/doctor-files"
    deployment.ssm.put_parameter(Name="/account-onboarding/doctor/list", Value="a,b", Type="StringList", Overwrite=True)
    own = world.template.environment() | {"ONBOARDING_CONFIG_PARAMETER": path}
    before = deployment.lambdas.get_function_configuration(FunctionName="account-onboarding")["Environment"]["Variables"]
    deployment.lambdas.update_function_configuration(FunctionName="account-onboarding", Environment={"Variables": before | own})
    policy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:DescribeInstances","Resource":"*"}}'
    (tmp_path / "read.json").write_text(policy)
    toml = (tmp_path / "onboarding.toml").read_text()
    (tmp_path / "onboarding.toml").write_text(
        f'{toml}[[role]]\nname = "reader"\npolicies = {{ read = {{ file = "read.json" }} }}\n[[role.trust]]\nprincipal = "{IDENTITY}"\n'
        'external-id = { ssm-parameter = "/account-onboarding/doctor/list" }\n'
        '[vendors.trelica]\nexternal-id = { ssm-parameter = "/account-onboarding/trelica/external-id" }\n'
    )
    try:
        _, found, checks = doctor()
        assert "ParameterNotFound" in found["configuration", "warning"], checks
        output, code = doctor.onboard("config", "push", "--name", path, "--yes")
        assert code == DONE, output
        code, found, checks = doctor()
        assert f"{path} with 2 files is valid" in [one["text"] for one in checks], checks
        assert "is a StringList" in found["parameter", "failed"] and code == ERROR, checks
        ssm.delete_parameter(Name=next(one["Name"] for one in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]))
        code, found, checks = doctor()
        assert f"`onboard config push --name {path}`" in found["configuration", "failed"], checks
    finally:
        deployment.lambdas.update_function_configuration(FunctionName="account-onboarding", Environment={"Variables": before})
        ssm.delete_parameter(Name="/account-onboarding/doctor/list")


def test_missing_permissions_are_named_and_stop_nothing(doctor):
    code, found, checks = doctor(role="function")
    for name, permission in {
        "organization": "organizations:DescribeOrganization",
        "CloudTrail": "cloudtrail:DescribeTrails",
        "function": "lambda:GetFunctionConfiguration",
    }.items():
        assert f"allow `{permission}`" in found.get((name, "warning"), ""), f"{name}: {checks}"
    assert (code, ("credentials", "ok") in found, ("Zig", "ok") in found) == (DONE, True, True), checks


def test_vendor_api_that_cannot_be_reached_is_failed_and_the_key_is_hidden(doctor, deployment, tmp_path):
    key = "s3cret-doctor-key"
    name = "/account-onboarding/doctor/api-key"
    deployment.ssm.put_parameter(Name=name, Value=key, Type="SecureString", Overwrite=True)
    registration = f'registration = {{ url = "http://127.0.0.1:1/api", own-host = true, api-key = {{ ssm-parameter = "{name}" }} }}\n'
    toml = LITERAL.replace("[vendors.workload-security]\n", "[vendors.workload-security]\n" + registration)
    (tmp_path / "onboarding.toml").write_text(toml)
    code, found, checks = doctor()
    assert (code, "cannot be reached from here" in found.get(("vendor API", "failed"), "")) == (ERROR, True), checks
    assert key not in json.dumps(checks)


def test_stack_that_is_not_deployed_is_a_warning(doctor):
    code, found, checks = doctor("--function", "nowhere")
    assert (code, "is not deployed" in found["function", "warning"]) == (DONE, True), checks


@pytest.mark.parametrize(
    "returned, status, sentence", [("doctor-external-id", "ok", "returns the external ID"), ("not valid!", "failed", "returns no external ID")]
)
def test_external_id_that_the_api_returns_is_checked_and_hidden(world, doctor, deployment, tmp_path, returned, status, sentence):
    key, name = "s3cret-doctor-key", "/account-onboarding/doctor/api-key"
    deployment.ssm.put_parameter(Name=name, Value=key, Type="SecureString", Overwrite=True)
    vendor = Vendor(world.user_of(WORKLOAD_SECURITY), key, returned)
    vendor.returned_external_id = returned
    registration = f'registration = {{ url = "{vendor.url}", own-host = true, api-key = {{ ssm-parameter = "{name}" }} }}\n'
    toml = f'[[access-role.grant]]\nprincipal = "{IDENTITY}"\n[vendors.workload-security]\n{registration}'
    (tmp_path / "onboarding.toml").write_text(toml)
    _, found, checks = doctor()
    vendor.close()
    assert sentence in found.get(("vendor API", status), ""), checks
    assert returned not in json.dumps(checks)
