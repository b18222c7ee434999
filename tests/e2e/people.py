"""People of an account: IAM users, with and without MFA, and roles."""

import json
from itertools import count

from botocore.exceptions import ClientError
from world import root, trust

_numbers = count(1)


class Person:
    """A new IAM user with an MFA device."""

    def __init__(self, world, account, group=None, tags=None):
        self.world, self.account = world, account
        self.name = f"person-{next(_numbers)}"
        iam = world.server.client("iam", account)
        iam.create_user(UserName=self.name, Tags=[{"Key": key, "Value": value} for key, value in (tags or {}).items()])
        if group:
            iam.add_user_to_group(GroupName=group, UserName=self.name)
        device = iam.create_virtual_mfa_device(VirtualMFADeviceName=self.name)["VirtualMFADevice"]
        self.serial = device["SerialNumber"]
        iam.enable_mfa_device(
            UserName=self.name, SerialNumber=self.serial, AuthenticationCode1="123456", AuthenticationCode2="234567"
        )
        self.key = iam.create_access_key(UserName=self.name)["AccessKey"]

    def allow_everything(self):
        """Allows every AssumeRole, so that only the trust policies decide."""
        anything = {"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Resource": "*"}
        self.world.server.client("iam", self.account).put_user_policy(
            UserName=self.name, PolicyName="assume", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": anything})
        )
        return self

    def without_mfa(self, service="sts"):
        """A client with the long-term access key."""
        return self.world.server.client(service, self.key["AccessKeyId"], self.key["SecretAccessKey"])

    def session_without_mfa(self):
        return session(self.world, self.without_mfa().get_session_token()["Credentials"])

    def with_mfa(self):
        """A client with a session for which the user gave a code."""
        code = {"SerialNumber": self.serial, "TokenCode": "345678"}
        return session(self.world, self.without_mfa().get_session_token(**code)["Credentials"])


def session(world, credentials, service="sts"):
    return world.server.client(
        service, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
    )


def role_session(world, account, role, path="/"):
    """A client with a session of a new role that may assume every role."""
    iam = world.server.client("iam", account)
    iam.create_role(RoleName=role, Path=path, AssumeRolePolicyDocument=trust(root(account)))
    anything = {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}
    iam.put_role_policy(
        RoleName=role, PolicyName="assume", PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": anything})
    )
    arn = f"arn:aws:iam::{account}:role{path}{role}"
    user = world.user_of(account)
    return session(world, user.assume_role(RoleArn=arn, RoleSessionName="ann")["Credentials"])


def assumed(sts, arn, **options):
    """The credentials of a session of the role; None if STS denies it. Any other error fails the test."""
    try:
        return sts.assume_role(RoleArn=arn, RoleSessionName="ann", **options)["Credentials"]
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error
        return None
