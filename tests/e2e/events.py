"""Payloads: Organizations events for a given account, and SQS batches that contain them or received messages."""

import json
from itertools import count
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "events"

_messages = count(1)
# What every record has.
_CONSTANT = {
    "messageAttributes": {},
    "eventSource": "aws:sqs",
    "eventSourceARN": "arn:aws:sqs:us-east-1:111122223333:inbox",
    "awsRegion": "us-east-1",
}


def create_account_result(account, state="SUCCEEDED", request="car-examplecreateaccountrequestid111", **fields):
    status = {
        "id": request,
        "state": state,
        "accountName": "****",
        "accountId": account,
        "requestedTimestamp": "Nov 22, 2026 9:20:50 PM",
        "completedTimestamp": "Nov 22, 2026 9:20:53 PM",
        **fields,
    }
    if state == "FAILED":
        del status["accountId"]
    details = {"serviceEventDetails": {"createAccountStatus": status}}
    return _event("AWS Service Event via CloudTrail", "CreateAccountResult", "AwsServiceEvent", details)


def create_account(request):
    """The CloudTrail event of the CreateAccount call. It contains a request id and no account ID yet."""
    details = {
        "requestParameters": {"email": "****", "accountName": "****", "roleName": "OrganizationAccountAccessRole"},
        "responseElements": {"createAccountStatus": {"accountName": "****", "state": "IN_PROGRESS", "id": request}},
    }
    return _event("AWS API Call via CloudTrail", "CreateAccount", "AwsApiCall", details)


def sample(account, name):
    """A sample of `events/`, for another account."""
    return json.loads((SAMPLES / f"{name}.json").read_text().replace("444455556666", account))


def batch(*bodies):
    """An SQS batch. Each body is an event, or a string that is sent unchanged."""
    return {"Records": [_record(body) for body in bodies]}


def received(message):
    """The record of a message that was received from a queue."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        **_CONSTANT,
    }


def _event(detail_type, name, event_type, details):
    return {
        "version": "0",
        "id": "68679d28-343e-d8ec-4a8c-cdd430223a5d",
        "detail-type": detail_type,
        "source": "aws.organizations",
        "account": "111122223333",
        "time": "2026-11-22T21:20:53Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": {"accountId": "111122223333", "invokedBy": "AWS Internal"},
            "eventSource": "organizations.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "eventType": event_type,
            "managementEvent": True,
            "recipientAccountId": "111122223333",
            **details,
        },
    }


def _record(body):
    return {
        "messageId": f"message-{next(_messages)}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body if isinstance(body, str) else json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795382453000"},
        **_CONSTANT,
    }
