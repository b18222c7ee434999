"""A fake of the Workload Security API, as documented: it assumes the role, through STS, before it accepts it."""

import json
import re
import socket
import threading

from botocore.exceptions import ClientError
from loopback import Handler, Loopback

ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


class Vendor:
    """One tenant. `faults` are consumed first, one per request: an HTTP status, or `"hang up"` instead of a response."""

    def __init__(self, sts, key, external_id):
        self.sts, self.key, self.external_id = sts, key, external_id
        self.lock = threading.Lock()
        self.connectors, self.requests, self.faults = {}, [], []
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}/api"

    def connectors_of(self, account):
        return [connector for connector in self.connectors.values() if connector["accountId"] == account]

    def close(self):
        self.server.close()

    def answer(self, path, headers, body):
        if headers.get("api-secret-key") != self.key or headers.get("api-version") != "v1":
            return 401, {"message": f"{headers.get('api-secret-key')} is not a key of this tenant"}
        if path == "/api/awsconnectors/search":
            (criterion,) = body["searchCriteria"]
            assert (criterion["fieldName"], criterion["stringTest"]) == ("accountId", "equal")
            return 200, {"awsConnectors": self.connectors_of(criterion["stringValue"])}
        account = ARN.fullmatch(body["crossAccountRoleArn"]).group(1)
        if not self.can_assume(body["crossAccountRoleArn"]):
            return 400, {"message": f"the role {body['crossAccountRoleArn']} cannot be assumed"}
        with self.lock:
            if path == "/api/awsconnectors":
                if self.connectors_of(account):
                    return 409, {"message": "a connector for this account exists"}
                number = len(self.connectors) + 1
            else:
                number = int(path.rpartition("/")[2])
            self.connectors[number] = {"ID": number, "accountId": account, "useInstanceRole": False, **body}
            return 200, self.connectors[number]

    def can_assume(self, arn):
        try:
            self.sts.assume_role(RoleArn=arn, RoleSessionName="workload-security", ExternalId=self.external_id)
        except ClientError:
            return False
        return True

    def _handler(vendor):  # named `vendor`, because the nested handler has its own `self`
        class VendorHandler(Handler):
            def do_POST(self):
                body = json.loads(self.body())
                vendor.requests.append((self.path, body))
                creates = self.path == "/api/awsconnectors"
                fault = vendor.faults.pop(0) if creates and vendor.faults else None
                if isinstance(fault, int):
                    return self.send(fault, b'{"message": "injected by the test"}')
                status, answer = vendor.answer(self.path, self.headers, body)
                if fault == "hang up":
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                return self.send(status, json.dumps(answer).encode(), [("Content-Type", "application/json")])

        return VendorHandler
