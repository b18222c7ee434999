"""One ministack and one moto for the whole run; an account of its own for each test, so that no test sees another's."""

import pytest

import stack
from function import BOOTSTRAP, Function
from wire import Wire
from world import World


def pytest_configure():
    if not BOOTSTRAP.is_file():
        raise pytest.UsageError(
            f"there is no `{BOOTSTRAP}`: run `cargo build --bin bootstrap`, or say where in BOOTSTRAP"
        )


@pytest.fixture(scope="session")
def ministack():
    server = stack.ministack()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def moto():
    server = stack.moto()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def world(ministack):
    return World.deployed(ministack)


@pytest.fixture(scope="session")
def shapes(moto):
    """The same on moto, for what ministack does not know: it makes the access role, and lets anyone do anything."""
    moto.client("organizations", "test").create_organization(FeatureSet="ALL")
    return World.deployed(moto, management="123456789012")  # moto's own


@pytest.fixture
def account(world):
    """The id of a fresh account."""
    return world.create_account()[0]


@pytest.fixture
def iam_of(world):
    """IAM in an account, for a test to look with."""
    return lambda account: world.server.client("iam", account)


@pytest.fixture
def iam(iam_of, account):
    """IAM in the fresh account."""
    return iam_of(account)


@pytest.fixture
def start():
    """Starts the function in a world; it is stopped when the test ends."""
    running = []

    def started(world, environment=None, role="function", wire=Wire):
        environment = environment or world.template.environment()
        running.append(Function(world.server, world.credentials(role), environment, world.management, wire))
        return running[-1]

    yield started
    for function in running:
        function.stop()


@pytest.fixture
def function(start, world):
    return start(world)
