"""Annotated tasks from Label Studio's API."""

from __future__ import annotations

from typing import Any

import requests
import urllib3

from jner_re.errors import InputError, without_secrets

TOKEN_VARIABLE = "LABEL_STUDIO_API_KEY"
_SECONDS = 60


def check(token: str) -> None:
    """Raises InputError if there is no token, or none that can be sent."""
    if not token:
        raise InputError(f"no {TOKEN_VARIABLE} in the environment, expected the API token of a user")
    if not (token.isascii() and token.isprintable()):
        raise InputError(
            f"{TOKEN_VARIABLE} has other characters than ASCII's, expected the API token of a user"
        )


def export(url: str, token: str, project: int) -> Any:
    """The tasks of a project with their annotations, as Label Studio's JSON has them.

    Args:
      url: of Label Studio.
      token: of a user: a legacy token, or a personal access token, which is exchanged first.
      project: its number.

    Raises:
      InputError: there is no token, or Label Studio doesn't give them.
    """
    check(token)
    base = url.rstrip("/")
    if token.count(".") == 2:  # a JSON web token
        answer = _asked("POST", f"{base}/api/token/refresh", json={"refresh": token})
        access = answer.get("access") if isinstance(answer, dict) else None
        authorization = f"Bearer {access}"
    else:
        authorization = f"Token {token}"
    headers = {"Authorization": authorization}
    return _asked("GET", f"{base}/api/projects/{project}/export?exportType=JSON", headers=headers)


def _asked(method: str, url: str, **how: Any) -> Any:
    """The JSON of an answer; messages have neither headers nor bodies, in which tokens are, nor passwords."""
    shown = without_secrets(url)
    try:
        # A redirection would carry the token to another place.
        response = requests.request(method, url, timeout=_SECONDS, allow_redirects=False, **how)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:  # the latter: no name
        raise InputError(f"{shown}: no answer: {type(error).__name__}") from None
    if response.status_code != 200:
        hint = f"; is the token in {TOKEN_VARIABLE} right?" if response.status_code in (401, 403) else ""
        raise InputError(f"{shown}: status {response.status_code}, expected 200{hint}")
    try:
        return response.json()
    except ValueError:
        raise InputError(f"{shown}: the answer is no JSON, expected Label Studio's API") from None
