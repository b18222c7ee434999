"""`"mode": "plan"` is a dry run: it reports the changes and makes none of them."""

import iam_state


def test_plan_makes_no_write_and_matches_apply(function, account, iam):
    before = iam_state.snapshot(iam)

    plan = function.report({"account_id": account, "mode": "plan"})

    assert (plan["mode"], plan["outcome"], plan["cause"]["code"]) == ("plan", "waiting", "changes_pending")
    assert {change["status"] for change in plan["changes"]} == {"planned"}
    assert plan["calls"]["writes"] == 0
    assert iam_state.snapshot(iam) == before
    assert function.wire.writes() == []

    applied = function.report({"account_id": account})
    assert [_described(change) for change in applied["changes"]] == [_described(change) for change in plan["changes"]]
    called = sorted(change["call"] for change in plan["changes"])
    assert sorted(call.name for call in function.wire.writes()) == called

    converged = function.report({"account_id": account, "mode": "plan"})
    assert (converged["outcome"], converged["changes"]) == ("converged", [])


def _described(change):
    return change["call"], change["role"], change["summary"]
