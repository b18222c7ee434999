"""`"mode": "plan"` tells what would be done and does none of it."""

import iam_state


def test_a_plan_writes_nothing_and_is_what_apply_does(function, account, iam):
    before = iam_state.of(iam)

    plan = function.report({"account_id": account, "mode": "plan"})

    assert (plan["mode"], plan["outcome"], plan["cause"]["code"]) == ("plan", "waiting", "changes_pending")
    assert {change["status"] for change in plan["changes"]} == {"planned"}
    assert plan["calls"]["writes"] == 0
    assert iam_state.of(iam) == before
    assert function.wire.writes() == []

    applied = function.report({"account_id": account})
    assert [_said(change) for change in applied["changes"]] == [_said(change) for change in plan["changes"]]
    called = sorted(change["call"] for change in plan["changes"])
    assert sorted(call.name for call in function.wire.writes()) == called

    settled = function.report({"account_id": account, "mode": "plan"})
    assert (settled["outcome"], settled["changes"]) == ("converged", [])


def _said(change):
    return change["call"], change["role"], change["summary"]
