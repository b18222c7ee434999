"""A live session of another principal never gets the permissions that the tool gives to a role: the attack on an emulator that
evaluates permissions boundaries and `DateLessThan` on `aws:TokenIssueTime` at each call.

A developer, limited by a permissions boundary, deletes a configured role, creates it again with the owner tag, an own trust
policy, sessions of twelve hours and that boundary, and assumes it. What the emulator does not do: it identifies the
role of a session by name, so that a session outlives its role. That does not matter here, because the session is issued last.
"""

import json
import time
from datetime import datetime, timezone

import iam_state
import pytest
from botocore.exceptions import ClientError
from world import IDENTITY, root, trust

ROLE = "pipeline"
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
BOUNDARY = "arn:aws:iam::aws:policy/PowerUserAccess"
REVOCATION = "AWSRevokeOlderSessions"
CONFIGURATION = f"""
[[access-role.grant]]
principal = "{IDENTITY}"

[[role]]
name = "{ROLE}"
max-session-seconds = 43200
policies = {{ "all" = '{json.dumps(EVERYTHING)}' }}

[[role.trust]]
principal = "{IDENTITY}"
"""


class Session:
    """A session of the role, issued to a user of an account."""

    def __init__(self, world, user_of, account):
        self.server = world.server
        arn = f"arn:aws:iam::{account}:role/{ROLE}"
        access = {"RoleArn": arn, "RoleSessionName": "e2e", "DurationSeconds": 43200}
        keys = world.user_of(user_of).assume_role(**access)["Credentials"]
        self.keys = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

    def can(self, service, method):
        try:
            getattr(self.server.client(service, *self.keys), method)()
        except ClientError as error:
            assert error.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException"), error
            return False
        return True

    def is_administrator(self):
        return self.can("iam", "list_users")

    def is_denied_everything(self):
        return not any([self.is_administrator(), self.can("s3", "list_buckets"), self.can("sqs", "list_queues")])


@pytest.fixture
def function(start, world):
    return start(world, world.configure("revoked-sessions", CONFIGURATION))


@pytest.fixture
def session(world, account, iam, function):
    """The developer's session, after the role was taken over."""
    report = function.report({"account_id": account})
    assert report["outcome"] == "converged", report
    iam.delete_role_policy(RoleName=ROLE, PolicyName="all")
    iam.delete_role(RoleName=ROLE)
    iam.create_role(
        RoleName=ROLE,
        AssumeRolePolicyDocument=trust(root(account)),
        MaxSessionDuration=43200,
        PermissionsBoundary=BOUNDARY,
        Tags=[{"Key": "account-onboarding", "Value": f"role/{ROLE}"}],
    )
    iam.put_role_policy(RoleName=ROLE, PolicyName="theirs", PolicyDocument=json.dumps(EVERYTHING))
    session = Session(world, account, account)
    assert session.can("s3", "list_buckets") and not session.is_administrator(), "the boundary limits the developer"
    return session


def issued_before(iam):
    (statement,) = iam_state.role(iam, ROLE)["inline"][REVOCATION]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Resource"]) == ("Deny", ["*"], ["*"])
    date = statement["Condition"]["DateLessThan"]["aws:TokenIssueTime"]
    return datetime.strptime(date, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)


def test_session_of_a_taken_over_role_is_denied_everything(world, account, iam, function, session):
    function.wire.calls.clear()
    start = datetime.now(timezone.utc)
    report = function.report({"account_id": account})

    assert report["outcome"] == "converged", report
    made = iam_state.role(iam, ROLE)
    assert made["boundary"] is None and made["inline"]["all"] == EVERYTHING, "the role has its configured permissions"
    assert session.is_denied_everything()
    assert issued_before(iam) >= start.replace(microsecond=0)

    # The revocation comes first, and nothing is widened before it.
    writes = [call for call in function.wire.writes() if call.parameters["RoleName"] == ROLE]
    assert all(call.status == 200 for call in writes), writes
    assert [call.action for call in writes] == [
        "PutRolePolicy",
        "DeleteRolePolicy",
        "UpdateAssumeRolePolicy",
        "PutRolePolicy",
        "DeleteRolePermissionsBoundary",
    ]
    assert writes[0].parameters["PolicyName"] == REVOCATION
    assert "DateLessThan" in json.dumps(json.loads(writes[0].parameters["PolicyDocument"]))
    assert report["changes"][0]["summary"].startswith(f"revoke the sessions of role `{ROLE}`"), report["changes"]
    assert report["trust_drift"] == [ROLE]
    assert f"the trust policy of role `{ROLE}` was not as configured" in report["notices"]

    # The configured principal assumes the role afterwards.
    time.sleep(max(0, (issued_before(iam) - datetime.now(timezone.utc)).total_seconds()) + 1)
    assert Session(world, IDENTITY, account).is_administrator()
    assert session.is_denied_everything()
    again = function.report({"account_id": account})
    assert (again["outcome"], again["changes"]) == ("converged", [])


def test_expired_revocation_is_deleted(account, iam, function, session):
    assert function.report({"account_id": account})["outcome"] == "converged"
    document = iam_state.role(iam, ROLE)["inline"][REVOCATION]
    document["Statement"][0]["Condition"]["DateLessThan"]["aws:TokenIssueTime"] = "2026-01-01T00:00:00Z"
    iam.put_role_policy(RoleName=ROLE, PolicyName=REVOCATION, PolicyDocument=json.dumps(document))

    report = function.report({"account_id": account})

    assert report["outcome"] == "converged", report
    assert [change["call"] for change in report["changes"]] == ["iam:DeleteRolePolicy"]
    assert iam_state.role(iam, ROLE)["inline"] == {"all": EVERYTHING}
