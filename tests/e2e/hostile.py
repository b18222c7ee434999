"""The inputs that take the most memory: payloads in every envelope, and the answers of a vendor."""

import json

import events
from loopback import Handler, Loopback

MIB = 1 << 20
KEY = "tmc12:e2e/s3cret-key=="
PARAMETER = "/account-onboarding/hostile/api-key"


def objects(length):
    """The JSON whose tree takes the most memory for its length: a map for every eight bytes."""
    return '{"a":[' + '{"":0},' * ((length - 9) // 7) + "0]}"


def nested(length):
    return "[" * (length // 2) + "]" * (length // 2)


def most_values(account, length, maps=4_900):
    """A valid event with nearly as many values and as many bytes as are accepted: maps of one number in an unknown field."""
    event = events.create_account_result(account)
    text = json.dumps(event)
    key = "x" * ((length - len(text)) // maps - len('{"": 0}, '))
    event["detail"]["unknown"] = [{key: 0}] * maps
    text = json.dumps(event)
    assert length - 2 * maps < len(text) <= length
    return text


def notification(text):
    return json.dumps({"Type": "Notification", "MessageId": "m", "TopicArn": "arn:aws:sns:us-east-1:1:x", "Message": text})


def envelopes(text):
    """A payload directly, in an SNS notification, in ten messages of a batch, and in ten notifications of a batch, by name."""
    record = {"EventSource": "aws:sns", "EventVersion": "1.0", "Sns": json.loads(notification(text))}
    return {
        "directly": text.encode(),
        "from SNS": json.dumps({"Records": [record]}).encode(),
        "from SQS": json.dumps(events.batch(*[text] * 10)).encode(),
        "from SNS and SQS": json.dumps(events.batch(*[notification(text)] * 10)).encode(),
    }


def payloads(account):
    """All hostile payloads, by name."""
    texts = {
        "1 MiB of small objects": objects(MIB),
        "1 MiB of brackets": nested(MIB),
        "1 MiB of text": json.dumps({"a": "x" * MIB}),
        "256 KiB of small objects": objects(256 << 10),
        "256 KiB of brackets": nested(256 << 10),
    }
    found = {f"{name} {envelope}": body for name, text in texts.items() for envelope, body in envelopes(text).items()}
    for envelope in envelopes(""):
        # A notification in a message is limited to 256 KiB as a whole.
        length = 240 << 10 if envelope == "from SNS and SQS" else 256 << 10
        found[f"the largest event {envelope}"] = envelopes(most_values(account, length))[envelope]
    # Lambda's limit for a synchronous invocation.
    found["6 MiB of small objects"] = objects(6 * MIB).encode()
    found["10,000 records"] = json.dumps(events.batch(*["not an event"] * 10_000)).encode()
    return found


class HostileVendor:
    """A vendor's API that answers every request with `answer`, a body, or with bytes that never end."""

    ENDLESS = object()

    def __init__(self):
        self.answer, self.requests, self.sent = b"", 0, 0
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}/api"

    def close(self):
        self.server.close()

    def environment(self, world):
        """The function's environment, with a configuration that registers with this vendor."""
        ssm = world.server.client("ssm", world.management)
        ssm.put_parameter(Name=PARAMETER, Value=KEY, Type="SecureString", Overwrite=True)
        configuration = f"""
            [vendors.workload-security]
            external-id = {{ ssm-parameter = "/account-onboarding/workload-security/external-id" }}

            [vendors.workload-security.registration]
            url = "{self.url}"
            own-host = true
            api-key = {{ ssm-parameter = "{PARAMETER}" }}
        """
        return world.template.environment() | world.configure("hostile-vendor", configuration)

    def _handler(vendor):  # named `vendor`, because the nested handler has its own `self`
        class VendorHandler(Handler):
            def do_POST(self):
                self.body()
                vendor.requests += 1
                if vendor.answer is not vendor.ENDLESS:
                    return self.send(200, vendor.answer, [("Content-Type", "application/json")])
                self.send_response(200)
                self.end_headers()
                vendor.sent = 0
                self.close_connection = True
                try:
                    while True:
                        self.wfile.write(b'{"a":0},' * 1024)
                        vendor.sent += 8 * 1024
                except OSError:
                    pass

        return VendorHandler


def vendor_answers():
    """The largest answer that is accepted, in the shape that takes the most memory, and larger ones, by name."""
    connector = b'{"ID":1},'
    return {
        "128 KiB of connectors": b'{"awsConnectors":[' + connector * ((128 << 10) // len(connector) - 3) + b'{"ID":1}]}',
        "128 KiB of brackets": b'{"awsConnectors":' + b"[" * ((128 << 10) - 100),
        "64 MiB of connectors": b'{"awsConnectors":[' + connector * ((64 << 20) // len(connector)) + b'{"ID":1}]}',
        "an answer without end": HostileVendor.ENDLESS,
    }
