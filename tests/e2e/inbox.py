"""The stack's queues, and the function behind them."""

import json

import events
from fault_proxy import FaultProxy


class Queues:
    """The stack's inbox and dead-letter queue; `work` plays Lambda's poller."""

    def __init__(self, world, name):
        self.sqs = world.server.client("sqs", world.management)
        self.dead_letters = self.sqs.create_queue(QueueName=f"{name}-dead-letters")["QueueUrl"]
        inbox = world.template.queue("Inbox")
        redrive = inbox["RedrivePolicy"] | {"deadLetterTargetArn": self.arn(self.dead_letters)}
        attributes = {"VisibilityTimeout": str(inbox["VisibilityTimeout"]), "RedrivePolicy": json.dumps(redrive)}
        self.inbox = self.sqs.create_queue(QueueName=f"{name}-inbox", Attributes=attributes)["QueueUrl"]

    def arn(self, url):
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return answer["Attributes"]["QueueArn"]

    def put(self, body):
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.inbox, MessageBody=text)

    def receive(self, url, most=10, **asked):
        """Receives messages, which hides them for the visibility timeout."""
        answer = self.sqs.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            MessageAttributeNames=["All"],
            **asked,
        )
        return answer.get("Messages", [])

    def peek_dead_letters(self):
        """Up to ten messages of the dead-letter queue, which stay visible."""
        return self.receive(self.dead_letters, VisibilityTimeout=0)

    def redrive(self):
        """Moves every dead letter to the inbox, like StartMessageMoveTask, which ministack does not support."""
        while letters := self.receive(self.dead_letters):
            for letter in letters:
                self.put(letter["Body"])
                self.sqs.delete_message(QueueUrl=self.dead_letters, ReceiptHandle=letter["ReceiptHandle"])

    def is_empty(self, url):
        """Whether the queue has no messages, visible or in flight."""
        numbers = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=numbers)
        return all(answer["Attributes"][number] == "0" for number in numbers)

    def redeliver(self, message):
        """Ends the visibility timeout of a message, and receives it again."""
        receipt = message["ReceiptHandle"]
        self.sqs.change_message_visibility(QueueUrl=self.inbox, ReceiptHandle=receipt, VisibilityTimeout=0)
        (again,) = self.receive(self.inbox)
        assert again["MessageId"] == message["MessageId"]
        return again

    def deliver(self, function, message, seconds=20):
        """Delivers a message; returns whether it was processed, and deletes it then."""
        failed = function.failures({"Records": [events.received(message)]}, seconds=seconds)
        assert failed in ([], [message["MessageId"]])
        if not failed:
            self.sqs.delete_message(QueueUrl=self.inbox, ReceiptHandle=message["ReceiptHandle"])
        return not failed

    def work(self, function, seconds=20, rounds=50):
        """Delivers the visible messages one at a time, and returns those that were not processed."""
        failed_messages = []
        for _ in range(rounds):
            messages = self.receive(self.inbox, most=1)
            if not messages:
                return failed_messages
            failed_messages += [message for message in messages if not self.deliver(function, message, seconds)]
        raise AssertionError("the queue does not become empty")


def polled(start, world, queues, name):
    """The function as in the stack, with the template's permissions on these queues."""
    world.function_role(name)
    (document,) = world.template.permissions().values()
    on = {"DelayAndSendMessages": queues.arn(queues.inbox), "SendDeadLetters": queues.arn(queues.dead_letters)}
    statements = [{**one, "Resource": on[one["Sid"]]} for one in document["Statement"] if one["Sid"] in on]
    # On AWS, SendMessageBatch needs only sqs:SendMessage; ministack checks it as an action of its own.
    batch = {"Effect": "Allow", "Action": "sqs:SendMessageBatch", "Resource": on["DelayAndSendMessages"]}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [*statements, batch]})
    iam = world.server.client("iam", world.management)
    iam.put_role_policy(RoleName=name, PolicyName="queues", PolicyDocument=policy)
    urls = {"ONBOARDING_QUEUE_URL": queues.inbox, "ONBOARDING_DEAD_LETTERS_URL": queues.dead_letters}
    return start(world, environment=world.template.environment(**urls), role=name, wire=FaultProxy)
