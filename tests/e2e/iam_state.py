"""Snapshots of an account's IAM, read with boto3: equal snapshots mean that nothing was written."""


def snapshot(iam):
    users = sorted(user["UserName"] for user in iam.list_users()["Users"])
    policies = sorted(policy["Arn"] for policy in iam.list_policies(Scope="Local")["Policies"])
    roles = {name: role(iam, name) for name in sorted(entry["RoleName"] for entry in iam.list_roles()["Roles"])}
    return {"users": users, "policies": policies, "roles": roles}


def role(iam, name):
    found = iam.get_role(RoleName=name)["Role"]
    inline = iam.list_role_policies(RoleName=name)["PolicyNames"]
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    return {
        "trust": found["AssumeRolePolicyDocument"],
        "path": found["Path"],
        "description": found.get("Description", ""),
        "max_session_seconds": found.get("MaxSessionDuration"),
        "boundary": found.get("PermissionsBoundary"),
        "tags": {tag["Key"]: tag["Value"] for tag in found.get("Tags", [])},
        "inline": {
            policy: iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"] for policy in inline
        },
        "attached": sorted(policy["PolicyArn"] for policy in attached),
    }
