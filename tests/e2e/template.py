"""template.yaml, or management.yaml, as deployed: the permissions, configuration and environment of the function.

Its intrinsic functions are resolved by tests/template/stack.rs.
"""

import json
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESOLVE = ["cargo", "run", "--locked", "--quiet", "--example", "resolve-template", "--"]
# The function's permissions name these resources. The emulators accept only ARNs, and no test uses the resources.
PLACEHOLDERS = {f"{name}.Arn": f"arn:aws:none:::{name}" for name in ("Inbox", "DeadLetters", "LogGroup")}
# Every account of the tests joins after the deployment, so that a sweep onboards it.
PLACEHOLDERS["SweepGroup.CreationDate"] = "2020-01-01T00:00:00.000Z"


class Template:
    def __init__(self, management_account, region, template="template.yaml", **parameters):
        self.management_account = management_account
        table = "account-onboarding-Records"
        values = {
            # CloudFormation generates the name.
            "Records": table,
            "Records.Arn": f"arn:aws:dynamodb:{region}:{management_account}:table/{table}",
            "AWS::Partition": "aws",
            "AWS::Region": region,
            "AWS::AccountId": management_account,
            "AWS::StackName": "account-onboarding",
            **PLACEHOLDERS,
            **parameters,
        }
        arguments = [template, *(f"{name}={value}" for name, value in values.items())]
        self.resources = json.loads(subprocess.run(RESOLVE + arguments, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)

    def permissions(self):
        """The inline policy documents of the function's role, by policy name."""
        policies = self._properties("FunctionRole")["Policies"]
        return {policy["PolicyName"]: policy["PolicyDocument"] for policy in policies}

    def parameters(self):
        """The SSM parameters that the stack creates: values by name."""
        resources = self.resources.values()
        created = [resource["Properties"] for resource in resources if resource["Type"] == "AWS::SSM::Parameter"]
        return {parameter["Name"]: parameter["Value"] for parameter in created}

    def event_pattern(self, rule):
        return self._properties(rule)["EventPattern"]

    def table(self):
        """What `create_table` needs to create the table of the records."""
        wanted = ("AttributeDefinitions", "KeySchema", "BillingMode")
        properties = {key: value for key, value in self._properties("Records").items() if key in wanted}
        return {"TableName": self.environment()["ONBOARDING_TABLE"], **properties}

    def event_bus(self):
        return self._properties("EventBus")["Name"]

    def queue(self, name):
        return self._properties(name)

    def dashboard(self):
        return self._properties("Dashboard")["DashboardBody"]

    def environment(self, **queues):
        """The function's environment variables, with the given queue URLs only.

        Without a queue URL the function reports every unfinished record as a batch item failure.
        """
        variables = self._properties("Onboard")["Environment"]["Variables"]
        return {name: value for name, value in variables.items() if not name.endswith("_URL")} | queues

    def _properties(self, name):
        return self.resources[name]["Properties"]
