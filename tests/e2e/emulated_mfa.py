"""MFA for ministack, which evaluates `aws:MultiFactorAuthPresent` but has it always false.

As on AWS, GetSessionToken and AssumeRole take the serial number of a device that is enabled for the calling user, and a code of six
digits. Without a valid pair the call is denied; with it, the request has the key with the value true. So have the requests that are
made with the credentials of that GetSessionToken. "The temporary credentials returned by AssumeRole do not include MFA information in
the context": for a session of a role, the key is false, whatever its caller presented. Any six digits are valid, because the clock of
the device is not emulated. Long-term access keys have no such key.

See https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_mfa_configure-api-require.html
"""

import re
from contextvars import ContextVar
from urllib.parse import parse_qs

from ministack.core import iam_evaluator
from ministack.core.router import extract_access_key_id
from ministack.core.responses import get_account_id
from ministack.services import iam, sts

KEY = "aws:multifactorauthpresent"
DENIED = "MultiFactorAuthentication failed with invalid MFA one time pass code."

_request_has_mfa = ContextVar("request_has_mfa", default=False)
_keys_without_mfa = iam_evaluator._principal_keys
_register, _handle = sts.register_session, sts.handle_request


def _given(body, parameters):
    """The serial number and the code of a request, if it has any."""
    form = {**parameters, **parse_qs((body or b"").decode(errors="replace"))}
    first = {name: (values[0] if isinstance(values, list) else values) for name, values in form.items()}
    return first.get("SerialNumber"), first.get("TokenCode")


def _is_valid(serial, code, user):
    device = iam._mfa_devices.get(serial) if serial else None
    return bool(device and user and device["User"] == user and re.fullmatch("[0-9]{6}", code or ""))


def _user_of(access_key):
    credential = iam_evaluator.resolve_credential(access_key, get_account_id())
    return getattr(credential, "principal_name", None) if getattr(credential, "principal_type", None) == "User" else None


def _keys(credential):
    keys = _keys_without_mfa(credential)
    session = sts._sessions.get(credential.access_key_id) or {}
    if _request_has_mfa.get() or session.get("HasMfa"):
        keys[KEY] = "true"
    return keys


def context_with_mfa(action, body, parameters):
    """The identity policies of the caller are evaluated with these keys, before the call is handled, which checks the code."""
    serial, code = _given(body, parameters)
    return {KEY: "true"} if action == "sts:AssumeRole" and serial and code else {}


def _register_with_mfa(access_key, session):
    is_of_role = session.get("PrincipalType") == "AssumedRole"
    has_mfa = _request_has_mfa.get() and not is_of_role
    _register(access_key, session | {"HasMfa": True} if has_mfa else session)


async def _handle_with_mfa(method, path, headers, body, query_params):
    serial, code = _given(body, query_params)
    if serial or code:
        user = _user_of(extract_access_key_id(headers, query_params))
        if not _is_valid(serial, code, user):
            return sts._error(403, "AccessDenied", DENIED, ns="sts")
    token = _request_has_mfa.set(bool(serial and code))
    try:
        return await _handle(method, path, headers, body, query_params)
    finally:
        _request_has_mfa.reset(token)


def install():
    iam_evaluator._principal_keys = sts._principal_keys = _keys
    sts.register_session, sts.handle_request = _register_with_mfa, _handle_with_mfa
