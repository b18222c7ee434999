"""Runs ministack with what the published template needs and ministack lacks, so that no test changes the template instead:

- The condition keys of events:PutEvents. ministack evaluates conditions, including ForAllValues and Null, but its requests have
  neither `events:source` nor `events:detail-type`, so Null would deny every PutEvents. As on AWS, each key has one value per
  entry: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html
- The resource type AWS::Events::EventBusPolicy, the attribute CreationDate of AWS::Scheduler::ScheduleGroup, and alarms on an
  expression of several metrics, which are stored as alarms on the first of them.
- Policy variables in the values of conditions, such as `${aws:PrincipalTag/team}`. One without a value stays as it is, and as on
  AWS no value is equal to it.
- `aws:PrincipalArn` of a session, which on AWS is the ARN of the role with its path, not that of the session.
- MFA, see emulated_mfa.py.
- The paths of accounts: https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html
- The pages of ListAccounts, of at most 20 accounts:
  https://docs.aws.amazon.com/organizations/latest/APIReference/API_ListAccounts.html
- If FAIR_QUEUES is set, the order in which a fair queue delivers messages: while messages of a group are in flight, messages of
  other groups come first, and each message without a group is a group of its own. SQS decides by the share of the processing time
  (more than a tenth), and a sweep with a backlog takes all of it:
  https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues-detailed.html
- The resource of ssm:GetParametersByPath, which is the path of the request:
  https://docs.aws.amazon.com/systems-manager/latest/userguide/ps-retrieval-authorization.html

Everything else of ministack stays as it is.
"""

import json
import os
import re
import time
from collections import Counter
from datetime import datetime, timezone

import emulated_mfa
from ministack.app import main
from ministack.core import iam_actions, iam_evaluator
from ministack.services import eventbridge, iam, organizations, sqs
from ministack.services.cloudformation import provisioners

_other_keys = iam_actions.request_tag_context


def _with_more_keys(service, action, body, parameters):
    context = _other_keys(service, action, body, parameters) | emulated_mfa.context_with_mfa(action, body, parameters)
    if action != "events:PutEvents":
        return context
    entries = json.loads(body or b"{}").get("Entries", [])
    keys = {"events:source": "Source", "events:detail-type": "DetailType"}
    values = {key: [entry[field] for entry in entries if field in entry] for key, field in keys.items()}
    return context | {key: found for key, found in values.items() if found}


def _put_bus_policy(logical_id, properties, stack):
    bus = properties["EventBusName"]
    statement = {"Sid": properties["StatementId"], **properties["Statement"]}
    eventbridge._event_bus_policies[bus] = {"Version": "2012-10-17", "Statement": [statement]}
    return f"{bus}|{properties['StatementId']}", {}


def _delete_bus_policy(physical_id, properties):
    eventbridge._event_bus_policies.pop(properties["EventBusName"], None)


_other_resources = iam_actions.extract_resource_arn


def _resource_with_path(service, method, path, headers, body, query, region, account):
    action = {name.lower(): value for name, value in headers.items()}.get("x-amz-target", "")
    if service == "ssm" and action.endswith(".GetParametersByPath"):
        return f"arn:aws:ssm:{region}:{account}:parameter{json.loads(body)['Path']}"
    return _other_resources(service, method, path, headers, body, query, region, account)


_account_without_paths = organizations._public_account


def _account_with_paths(account):
    path, parent = [account["Id"], ""], account["_ParentId"]
    while parent:
        path.insert(0, parent)
        parent = organizations._ous.get(parent, {}).get("_ParentId")
    path.insert(0, organizations._orgs["self"]["Id"])
    return _account_without_paths(account) | {"Paths": ["/".join(path)]}


ACCOUNTS_PER_PAGE = 20


def _page_of_accounts(request):
    organizations._ensure_org()
    first = int(request.get("NextToken", 0))
    end = first + min(request.get("MaxResults", ACCOUNTS_PER_PAGE), ACCOUNTS_PER_PAGE)
    accounts = list(organizations._accounts.values())
    page = {"Accounts": [organizations._public_account(account) for account in accounts[first:end]]}
    return organizations._json(200, page | ({"NextToken": str(end)} if end < len(accounts) else {}))


_collect_in_order = sqs._collect_msgs


def _collect_fairly(queue, most, visibility_timeout):
    if queue["is_fifo"]:
        return _collect_in_order(queue, most, visibility_timeout)
    now = time.time()
    in_flight = Counter(one["group_id"] for one in queue["messages"] if one["receive_count"] and one["visible_at"] > now)
    # The sort is stable. A message without a group is in a group of its own, of which nothing is in flight.
    ordered = sorted(queue["messages"], key=lambda one: one["group_id"] is not None and in_flight[one["group_id"]] > 0)
    return _collect_in_order(queue | {"messages": ordered}, most, visibility_timeout)


_handlers = provisioners._RESOURCE_HANDLERS
_create_group = _handlers["AWS::Scheduler::ScheduleGroup"]["create"]


def _create_group_with_date(logical_id, properties, stack):
    name, attributes = _create_group(logical_id, properties, stack)
    return name, attributes | {"CreationDate": datetime.now(timezone.utc).isoformat(timespec="milliseconds")}


_alarm_record = provisioners._cw_metric_alarm_record


def _alarm_record_of_first_metric(name, properties):
    properties = dict(properties)
    for metric in properties.pop("Metrics", []):
        if statistic := metric.get("MetricStat"):
            properties |= statistic["Metric"] | {"Period": statistic["Period"], "Statistic": statistic["Stat"]}
            break
    return _alarm_record(name, properties)


_key_of_session = iam_evaluator._resolve_condition_key


def _key_with_role(key, context):
    value = _key_of_session(key, context)
    if key.lower() != "aws:principalarn" or ":assumed-role/" not in str(value):
        return value
    role = iam._roles.get_scoped(context.principal_account, None, value.split("/")[1]) or {}
    return role.get("Arn", value)


_conditions_with_literal_values = iam_evaluator._conditions_met


def _conditions_with_variables(conditions, context):
    def value_of(variable):
        value = iam_evaluator._resolve_condition_key(variable[1], context)
        return value if isinstance(value, str) else variable[0]

    def resolved(node):
        if isinstance(node, dict):
            return {key: resolved(value) for key, value in node.items()}
        if isinstance(node, list):
            return [resolved(value) for value in node]
        return re.sub(r"\$\{([^}]+)\}", value_of, node) if isinstance(node, str) else node

    return _conditions_with_literal_values(resolved(conditions), context)


iam_evaluator._resolve_condition_key = _key_with_role
iam_evaluator._conditions_met = _conditions_with_variables
# The router imports the function from its module with each request.
iam_actions.request_tag_context = _with_more_keys
iam_actions.extract_resource_arn = _resource_with_path
organizations._public_account = _account_with_paths
organizations._DISPATCH["ListAccounts"] = _page_of_accounts
if os.environ.get("FAIR_QUEUES"):
    sqs._collect_msgs = _collect_fairly
provisioners._cw_metric_alarm_record = _alarm_record_of_first_metric
_handlers["AWS::Events::EventBusPolicy"] = {"create": _put_bus_policy, "delete": _delete_bus_policy}
_handlers["AWS::Scheduler::ScheduleGroup"]["create"] = _create_group_with_date

emulated_mfa.install()

if __name__ == "__main__":
    main()
