"""The main scenario: the event of a new account arrives through the queue, and the account is onboarded."""

import json

import events
import iam_state
from world import ACCESS_ROLE, EXTERNAL_IDS, IDENTITY, MANAGEMENT, TRELICA, WORKLOAD_SECURITY, root

WORKLOAD_SECURITY_ROLE = "Workload_Security_Role_Cross"
TRELICA_ROLE = "TrelicaIntegration"


def test_event_of_a_new_account_onboards_it(function, account, iam):
    before = iam_state.role(iam, ACCESS_ROLE)

    assert function.failures(events.batch(events.create_account_result(account))) == []

    after = iam_state.snapshot(iam)
    assert set(after["roles"]) == {ACCESS_ROLE, WORKLOAD_SECURITY_ROLE, TRELICA_ROLE}
    assert (after["users"], after["policies"]) == ([], [])

    access_role = after["roles"][ACCESS_ROLE]
    statements = access_role["trust"]["Statement"]
    assert [statement["Principal"] for statement in statements] == [{"AWS": [root(MANAGEMENT), root(IDENTITY)]}]
    assert access_role == {**before, "trust": access_role["trust"]}, "only the trust policy of the access role changes"

    vendors = {
        WORKLOAD_SECURITY_ROLE: ("workload-security", WORKLOAD_SECURITY, "ec2:DescribeInstances"),
        TRELICA_ROLE: ("trelica", TRELICA, "iam:ListUsers"),
    }
    for name, (vendor, principal, action) in vendors.items():
        role = after["roles"][name]
        (statement,) = role["trust"]["Statement"]
        assert statement["Principal"] == {"AWS": root(principal)}
        assert statement["Condition"] == {"StringEquals": {"sts:ExternalId": EXTERNAL_IDS[vendor]}}
        assert role["tags"]["account-onboarding"] == f"vendor/{vendor}"
        actions = [action for document in role["inline"].values() for action in _actions(document)]
        assert action in actions
        assert "workspaces:TerminateWorkspaces" not in actions, "permissions that write are off by default"
        assert role["attached"] == []


def test_duplicate_event_makes_no_write(start, world, account, iam):
    batch = events.batch(events.create_account_result(account))
    assert start(world).failures(batch) == []
    before = iam_state.snapshot(iam)

    again = start(world)
    assert again.failures(batch) == []

    assert iam_state.snapshot(iam) == before
    assert again.wire.writes() == []


def test_creation_request_is_followed_to_its_account(function, world, iam_of):
    account, request = world.create_account()
    assert function.failures(events.batch(events.create_account(request))) == []
    assert root(IDENTITY) in _trusted(iam_state.role(iam_of(account), ACCESS_ROLE))


def test_manual_invocation_returns_the_report(function, account):
    report = function.report({"account_id": account})

    assert (report["version"], report["account_id"], report["outcome"]) == (1, account, "converged")
    assert (report["mode"], report["account_name"], report["access_role"]) == ("apply", "payments-dev", ACCESS_ROLE)
    assert "cause" not in report
    assert {change["status"] for change in report["changes"]} == {"done"}
    assert report["calls"]["writes"] == len(report["changes"]) == len(function.wire.writes())
    assert report["proofs"] and all(proof["holds"] for proof in report["proofs"])

    again = function.report({"account_id": account})
    assert (again["outcome"], again["changes"], again["calls"]["writes"]) == ("converged", [], 0)


def test_existing_trust_statements_are_preserved(function, world, iam_of):
    account, _ = world.create_account_without_role()
    mfa = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}
    trusted = {
        "Version": "2012-10-17",
        "Id": "kept",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": root(MANAGEMENT)}, "Action": "sts:AssumeRole"},
            {
                "Sid": "Break",
                "Effect": "Allow",
                "Principal": {"AWS": root(TRELICA)},
                "Action": "sts:AssumeRole",
                "Condition": mfa,
            },
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": ["sts:AssumeRole"]},
        ],
    }
    world.access_role(account, json.dumps(trusted))

    assert function.failures(events.batch(events.create_account_result(account))) == []

    after = iam_state.role(iam_of(account), ACCESS_ROLE)["trust"]
    assert after["Id"] == "kept"
    assert after["Statement"][0]["Principal"] == {"AWS": [root(MANAGEMENT), root(IDENTITY)]}
    assert after["Statement"][1:] == trusted["Statement"][1:]


def _trusted(role):
    return [principal for statement in role["trust"]["Statement"] for principal in statement["Principal"]["AWS"]]


def _actions(document):
    return [action for statement in document["Statement"] for action in statement["Action"]]
