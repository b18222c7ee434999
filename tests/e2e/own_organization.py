"""An organization of its own for the tests of one file, for commands and sweeps that visit every account.

Import the fixture: it takes the place of that of conftest.py.
"""

import pytest
import stack
from world import World


@pytest.fixture(scope="module")
def world():
    server = stack.ministack()
    yield World.deployed(server)
    server.stop()
