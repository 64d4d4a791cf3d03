"""Signing in and out, and who one is (1.14)."""

import re
from datetime import timedelta
from typing import Any

from exeunt.access.accounts import Account
from exeunt.access.audit import Action, Actor
from exeunt.access.passwords import digest_of
from exeunt.apis.rocketchat import words
from exeunt.apis.rocketchat.answers import Answer, ok
from exeunt.apis.rocketchat.calls import API, Call, Me, sign_in, workspace_of
from exeunt.apis.rocketchat.limits import count_login
from exeunt.apis.rocketchat.roles import global_roles
from exeunt.errors import ExeuntError, NotFound
from exeunt.http.request import request_id

LOGIN_LIFE = timedelta(days=90)
"""How long a login lasts, as upstream."""

NOBODY = "nobody@invalid"
_DIGEST = re.compile(r"[0-9a-fA-F]{64}")


def login(call: Call) -> Answer:
    """POST login: by password, or by a token that is still good."""
    count_login(call)
    resume = call.body.get("resume")
    if resume is not None:
        me = sign_in(call.services, resume, None) if isinstance(resume, str) else None
        if me is None:
            raise _refused(call, "resume")
        return _signed_in(call, me, str(resume))
    account, workspace_id = _account(call)
    if account is None:
        raise _refused(call, _named(call))
    by = Actor(name=account.email, api=API, client=call.client, request_id=request_id(call.scope))
    token, record = call.installation.access.create_token(
        account.email, workspace_id, api=API, expires=LOGIN_LIFE, by=by
    )
    me = sign_in(call.services, token, None)
    if me is None:
        raise _refused(call, account.email)
    call.me = me
    call.write_down(Action.USER_LOGIN, account.email, token_id=record.id)
    return _signed_in(call, me, token)


def _signed_in(call: Call, me: Me, token: str) -> Answer:
    call.me = me
    body: dict[str, Any] = {"status": "success", "data": {"userId": me.id, "authToken": token, "me": _about(call)}}
    return Answer(200, {**body, "success": True} if call.profile == "8" else body)


def _refused(call: Call, name: str) -> words.Failure:
    call.installation.audit.write(
        None, Action.USER_REFUSE, name[:254], api=API, client=call.client, request_id=request_id(call.scope)
    )
    return words.login_failed(call.profile)


def _named(call: Call) -> str:
    """Who wants to sign in, as the client says it."""
    for field in ("user", "username", "email"):
        value = call.body.get(field)
        if isinstance(value, dict):
            value = value.get("username") or value.get("email")
        if isinstance(value, str) and value:
            return value.strip()
    return ""


def _digest(call: Call) -> str:
    """The SHA-256 of the password, which some clients send instead of it; empty when neither is there."""
    password = call.body.get("password")
    if isinstance(password, str):
        return digest_of(password)
    if isinstance(password, dict) and password.get("algorithm") == "sha-256":
        digest = password.get("digest")
        return digest.lower() if isinstance(digest, str) and _DIGEST.fullmatch(digest) else ""
    return ""


def _account(call: Call) -> tuple[Account | None, str]:
    """The account whose password this is, and the workspace it signs in to. As slow for nobody as for somebody."""
    email, named_in = _email(call, _named(call))
    account = call.installation.access.check_digest(email or NOBODY, _digest(call) or digest_of(""))
    if account is None or not email:
        return None, ""
    try:
        return account, workspace_of(call.services, account.roles, named_in)
    except NotFound:
        return None, ""


def _email(call: Call, name: str) -> tuple[str, str]:
    """The address of who is named by address or user name, and the workspace where the name was found."""
    if not name or "@" in name:
        return name.lower(), ""
    installation = call.installation
    wanted = installation.settings.rocketchat_workspace
    for workspace in installation.catalog.workspaces():
        if wanted and workspace.id != wanted:
            continue
        person = call.roster.people_named(workspace.id, [name]).get(name)
        if person is None or not person.email:
            continue
        try:
            if workspace.id in installation.access.account(person.email).roles:
                return person.email.lower(), workspace.id
        except ExeuntError:
            continue
    return "", ""


def logout(call: Call) -> Answer:
    """GET or POST logout: the token is dead when this is answered."""
    call.installation.access.revoke_token(call.me.principal.token_id, by=call.actor)
    call.write_down(Action.USER_LOGOUT, call.me.principal.email)
    return Answer(200, {"status": "success", "data": {"message": words.LOGGED_OUT}})


def me(call: Call) -> Answer:
    """GET me."""
    return ok(_about(call))


def _about(call: Call) -> dict[str, Any]:
    me = call.me
    return {
        "_id": me.id, "name": me.name, "emails": [{"address": me.email, "verified": True}], "status": "online",
        "statusConnection": "online", "username": me.username, "utcOffset": 0, "active": True,
        "roles": global_roles(call), "settings": {"profile": {}, "preferences": {}},
        "avatarUrl": f"{call.link_base}/avatar/{me.username}", "email": me.email,
    }  # fmt: skip
