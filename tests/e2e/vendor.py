"""A fake of the Workload Security API, as documented: it assumes the role, through STS, before it accepts it."""

import json
import re
import socket
import threading
import time

from botocore.exceptions import ClientError
from loopback import Handler, Loopback

ARN = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")
CONNECTOR = re.compile(r"/api/awsconnectors/(\d+)")
FIELDS = {"displayName": str, "crossAccountRoleArn": str, "workspacesEnabled": bool}


class Vendor:
    """One tenant. `faults` are consumed first, one per request that creates a connector: an HTTP status, or `"hang up"` instead of a
    response. `returned_external_id` is what the API returns, `external_id` what the vendor passes."""

    def __init__(self, sts, key, external_id):
        self.sts, self.key, self.external_id, self.returned_external_id = sts, key, external_id, external_id
        self.lock = threading.Lock()
        self.connectors, self.requests, self.faults, self.last_id = {}, [], [], 0
        self.server = Loopback(self._handler())
        self.url = f"http://{self.server.address}/api"

    def connectors_of(self, account):
        return [connector for connector in self.connectors.values() if connector["accountId"] == account]

    def synchronize(self):
        """Reads every account, as the vendor does from time to time."""
        for connector in self.connectors.values():
            connector["lastSyncTime"] = int(time.time() * 1000)

    def close(self):
        self.server.close()

    def answer(self, method, path, headers, body):
        if headers.get("api-secret-key") != self.key or headers.get("api-version") != "v1":
            return 401, {"message": f"{headers.get('api-secret-key')} is not a key of this tenant"}
        number = CONNECTOR.fullmatch(path)
        if (method, path) == ("GET", "/api/awsconnectorsettings"):
            return 200, {"externalId": self.returned_external_id}
        if (method, path) == ("GET", "/api/awsconnectors"):
            return 200, {"awsConnectors": list(self.connectors.values())}
        if method == "DELETE" and number:
            with self.lock:
                found = self.connectors.pop(int(number.group(1)), None)
            return (200, {}) if found else (404, {"message": "there is no such connector"})
        if method != "POST" or headers.get("content-type") != "application/json":
            return 405, {"message": "this is not a call of the API"}
        if path == "/api/awsconnectors/search":
            (criterion,) = body["searchCriteria"]
            assert (criterion["fieldName"], criterion["stringTest"]) == ("accountId", "equal")
            return 200, {"awsConnectors": self.connectors_of(criterion["stringValue"])}
        if path == "/api/awsconnectors":
            return self._create(body)
        if number:
            return self._modify(int(number.group(1)), body)
        return 404, {"message": "there is no such resource"}

    def _create(self, body):
        if refusal := self._refusal(body, required={"displayName", "crossAccountRoleArn"}):
            return refusal
        account = ARN.fullmatch(body["crossAccountRoleArn"]).group(1)
        with self.lock:
            if self.connectors_of(account):
                return 409, {"message": "a connector for this account exists"}
            self.last_id += 1
            connector = {"ID": self.last_id, "accountId": account, "useInstanceRole": False, "workspacesEnabled": False}
            self.connectors[self.last_id] = connector | body
            return 200, self.connectors[self.last_id]

    def _modify(self, number, body):
        if number not in self.connectors:
            return 404, {"message": "there is no such connector"}
        if refusal := self._refusal(body, required=set()):
            return refusal
        with self.lock:
            self.connectors[number] |= body
            return 200, self.connectors[number]

    def _refusal(self, body, required):
        """Why a body is not accepted: the API has no other fields, and a boolean is not a string."""
        if unknown := body.keys() - FIELDS.keys():
            return 400, {"message": f"unknown fields: {sorted(unknown)}"}
        if missing := required - body.keys():
            return 400, {"message": f"missing fields: {sorted(missing)}"}
        if wrong := [name for name, value in body.items() if type(value) is not FIELDS[name]]:
            return 400, {"message": f"fields of the wrong type: {wrong}"}
        arn = body.get("crossAccountRoleArn")
        if arn and not (ARN.fullmatch(arn) and self.can_assume(arn)):
            return 400, {"message": f"the role {arn} cannot be assumed"}
        return None

    def can_assume(self, arn):
        try:
            self.sts.assume_role(RoleArn=arn, RoleSessionName="workload-security", ExternalId=self.external_id)
        except ClientError:
            return False
        return True

    def _handler(vendor):  # named `vendor`, because the nested handler has its own `self`
        class VendorHandler(Handler):
            def do_GET(self):
                self._answer("GET", None)

            def do_DELETE(self):
                self._answer("DELETE", None)

            def do_POST(self):
                self._answer("POST", json.loads(self.body()))

            def _answer(self, method, body):
                vendor.requests.append((self.path, body) if method == "POST" else (f"{method} {self.path}", body))
                creates = (method, self.path) == ("POST", "/api/awsconnectors")
                fault = vendor.faults.pop(0) if creates and vendor.faults else None
                if isinstance(fault, int):
                    return self.send(fault, b'{"message": "injected by the test"}')
                status, answer = vendor.answer(method, self.path, self.headers, body)
                if fault == "hang up":
                    self.close_connection = True
                    return self.connection.shutdown(socket.SHUT_RDWR)
                return self.send(status, json.dumps(answer).encode(), [("Content-Type", "application/json")])

        return VendorHandler
