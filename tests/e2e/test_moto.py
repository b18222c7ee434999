"""The access role as Organizations creates it, on moto, which creates it with the account. Moto evaluates no policies, so
this tests only the shape of the trust policy; test_access.py tests who can assume the role."""

import events
import iam_state
from world import ACCESS_ROLE, IDENTITY, root


def test_grant_is_added_to_the_statement_of_organizations(start, moto_world):
    account, _ = moto_world.create_account_without_role()
    iam = moto_world.iam_in(account)
    (original,) = iam_state.role(iam, ACCESS_ROLE)["trust"]["Statement"]
    assert original["Principal"] == {"AWS": root(moto_world.management)}, "a string, as Organizations writes it"

    function = start(moto_world)
    assert function.failures(events.batch(events.create_account_result(account))) == []

    (edited,) = iam_state.role(iam, ACCESS_ROLE)["trust"]["Statement"]
    assert edited == {**original, "Principal": {"AWS": [root(moto_world.management), root(IDENTITY)]}}
    assert set(iam_state.snapshot(iam)["roles"]) == {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}

    again = start(moto_world)
    assert again.report({"account_id": account})["changes"] == []
    assert again.wire.writes() == []
