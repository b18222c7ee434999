"""The access role as Organizations makes it, on moto, which makes it with the account. Moto evaluates no policy: who
may enter is shown elsewhere, here it is the shape."""

import events
import iam_state
from world import ACCESS_ROLE, IDENTITY, root


def test_the_role_that_organizations_made_is_joined(start, shapes):
    account, _ = shapes.create_account_without_role()
    iam = shapes.inside(account)
    (made,) = iam_state.role(iam, ACCESS_ROLE)["trust"]["Statement"]
    assert made["Principal"] == {"AWS": root(shapes.management)}, "a string, as it comes"

    function = start(shapes)
    assert function.failures(events.batch(events.create_account_result(account))) == []

    (joined,) = iam_state.role(iam, ACCESS_ROLE)["trust"]["Statement"]
    assert joined == {**made, "Principal": {"AWS": [root(shapes.management), root(IDENTITY)]}}
    assert set(iam_state.of(iam)["roles"]) == {ACCESS_ROLE, "TrelicaIntegration", "Workload_Security_Role_Cross"}

    again = start(shapes)
    assert again.report({"account_id": account})["changes"] == []
    assert again.wire.writes() == []
