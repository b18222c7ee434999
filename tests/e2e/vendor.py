"""Workload Security as far as its documentation goes: it enters the role, by the STS of the emulator, before it takes it."""

import json
import re
import socket
import threading

from botocore.exceptions import ClientError
from loopback import Handler, Loopback

ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


class Vendor:
    """One tenant. `troubles` are answered first, each once: a status, or what is done instead of answering."""

    def __init__(self, sts, key, external_id):
        self.sts, self.key, self.external_id = sts, key, external_id
        self.lock = threading.Lock()
        self.connectors, self.requests, self.troubles = {}, [], []
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}/api"

    def of(self, account):
        return [connector for connector in self.connectors.values() if connector["accountId"] == account]

    def close(self):
        self.server.close()

    def answer(self, path, headers, body):
        if headers.get("api-secret-key") != self.key or headers.get("api-version") != "v1":
            return 401, {"message": f"{headers.get('api-secret-key')} is no key of this tenant"}
        if path == "/api/awsconnectors/search":
            (criterion,) = body["searchCriteria"]
            assert (criterion["fieldName"], criterion["stringTest"]) == ("accountId", "equal")
            return 200, {"awsConnectors": self.of(criterion["stringValue"])}
        account = ARN.fullmatch(body["crossAccountRoleArn"]).group(1)
        if not self.enters(body["crossAccountRoleArn"]):
            return 400, {"message": f"the role {body['crossAccountRoleArn']} cannot be assumed"}
        with self.lock:
            if path == "/api/awsconnectors":
                if self.of(account):
                    return 409, {"message": "there is a connector of this account"}
                number = len(self.connectors) + 1
            else:
                number = int(path.rpartition("/")[2])
            self.connectors[number] = {"ID": number, "accountId": account, "useInstanceRole": False, **body}
            return 200, self.connectors[number]

    def enters(self, arn):
        try:
            self.sts.assume_role(RoleArn=arn, RoleSessionName="workload-security", ExternalId=self.external_id)
        except ClientError:
            return False
        return True

    def _handler(vendor):  # the handler needs both selves
        class VendorHandler(Handler):
            def do_POST(self):
                body = json.loads(self.body())
                vendor.requests.append((self.path, body))
                creates = self.path == "/api/awsconnectors"
                trouble = vendor.troubles.pop(0) if creates and vendor.troubles else None
                if isinstance(trouble, int):
                    return self.send(trouble, b'{"message": "trouble, on purpose"}')
                status, answer = vendor.answer(self.path, self.headers, body)
                if trouble == "hang up":
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                return self.send(status, json.dumps(answer).encode(), [("Content-Type", "application/json")])

        return VendorHandler
