"""The real function under a limit of 128 MB, the least memory that Lambda has: the worst inputs are answered one after the other
by one process, whose most memory ever used stays below the limit as well."""

import hostile
import pytest
from function import Function
from hostile import HostileVendor

LIMIT = 128_000_000


@pytest.fixture
def limited(world):
    """Starts the function with the limit."""
    running = []

    def started(environment=None):
        environment = environment or world.template.environment()
        running.append(Function(world.server, world.credentials(), environment, world.management, memory_limit=LIMIT))
        return running[-1]

    yield started
    for function in running:
        function.stop()


def test_hostile_payloads_are_answered_within_the_limit(limited, account):
    function = limited()
    for name, payload in hostile.payloads(account).items():
        answer = function.invoke(payload, 60)
        if isinstance(answer.body, dict) and "batchItemFailures" in answer.body:
            # Without the URL of the dead-letter queue a message that cannot be processed is reported as failed.
            is_event = name.startswith("the largest event")
            expected = 0 if is_event else 10_000 if name == "10,000 records" else 10
            assert len(answer.body["batchItemFailures"]) == expected, f"{name}: {answer.text[:500]}"
        elif name.startswith("the largest event"):
            assert not answer.failed, f"{name}: {answer.text[:500]}"
        else:
            assert (answer.failed, answer.body["errorType"]) == (True, "InvalidPayload"), f"{name}: {answer.text[:500]}"
        assert function.memory("VmHWM") < LIMIT, name
    assert function.report({"account_id": account})["outcome"] == "converged", "the process still works"
    assert function.memory("VmHWM") < LIMIT


def test_ten_thousand_dead_letters_are_sent_within_the_limit(limited, world):
    sqs = world.server.client("sqs", world.management)
    url = sqs.create_queue(QueueName="memory-dead-letters")["QueueUrl"]
    function = limited(world.template.environment(ONBOARDING_DEAD_LETTERS_URL=url))
    answer = function.invoke(hostile.payloads("444455556666")["10,000 records"], 30)
    # What there is no time for is reported as failed, and comes back.
    assert not answer.failed, answer.text[:500]
    assert function.memory("VmHWM") < LIMIT


def test_hostile_vendor_is_survived_within_the_limit(limited, world, account):
    vendor = HostileVendor()
    try:
        function = limited(vendor.environment(world))
        for name, answer in hostile.vendor_answers().items():
            vendor.answer, before = answer, vendor.requests
            report = function.report({"account_id": account}, 6)
            assert vendor.requests > before, name
            assert function.memory("VmHWM") < LIMIT, name
            code = report["cause"]["code"]
            assert code in ("vendor_not_ready", "timed_out", "foreign_registration"), f"{name}: {report['cause']}"
        assert vendor.sent < 8 << 20, "the endless answer was not read"
    finally:
        vendor.close()


def test_limit_ends_a_process_that_exceeds_it(world):
    """The limit works: with 1 MB the function cannot even start."""
    with pytest.raises(RuntimeError, match="requested no invocation"):
        Function(world.server, world.credentials(), {}, world.management, memory_limit=1_000_000)
