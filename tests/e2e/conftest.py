"""Fixtures: one ministack and one moto server per test session, and a new account for each test."""

import pytest

import stack
from function import BOOTSTRAP, Function
from wire import Wire
from world import World


def pytest_configure():
    if not BOOTSTRAP.is_file():
        raise pytest.UsageError(
            f"`{BOOTSTRAP}` does not exist: run `cargo build --bin bootstrap`, or set BOOTSTRAP to its path"
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
def moto_world(moto):
    """The same on moto, for features that ministack lacks. Moto creates the access role and evaluates no policies."""
    moto.client("organizations", "test").create_organization(FeatureSet="ALL")
    return World.deployed(moto, management="123456789012")  # moto's default


@pytest.fixture
def account(world):
    """The id of a new account."""
    return world.create_account()[0]


@pytest.fixture
def iam_of(world):
    """An IAM client for an account, for assertions."""
    return lambda account: world.server.client("iam", account)


@pytest.fixture
def iam(iam_of, account):
    """An IAM client for the new account."""
    return iam_of(account)


@pytest.fixture
def start():
    """Starts the function in a world, and stops it when the test ends."""
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
