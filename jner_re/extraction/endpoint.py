"""A model behind TensorFlow Serving's REST API."""

from __future__ import annotations

import os
import re
import urllib.parse
from collections.abc import Sequence
from typing import Any

import requests
import urllib3

from jner_re.errors import InputError, system_cause, without_secrets
from jner_re.extraction.answered_rows import is_row
from jner_re.extraction.rows import BATCH_SIZE, Row, padded, refusal

MODEL_NAME = "jner_re"
_SECONDS = (10, 600)  # until a connection, and until an answer, is given up


class _NoJsonError(Exception):
    """What was answered can't be read."""


class Endpoint:
    """A model's address, e.g. http://localhost:8501/v1/models/jner_re, or that of its server alone."""

    rows_at_once = BATCH_SIZE

    def __init__(self, url: str) -> None:
        """Connects nowhere yet.

        Raises:
          InputError: the URL is not one of http or https, or not of a model.
        """
        shown = re.sub("://.*@", "://", without_secrets(url))  # also a password with a slash
        expected = f"expected a URL such as http://localhost:8501/v1/models/{MODEL_NAME}"
        try:
            parts = urllib.parse.urlsplit(url)
            _ = parts.port
        except ValueError as error:
            reason = "no URL" if "@" in url else error  # which could quote a part of the password
            raise InputError(f"{shown}: {reason}, {expected}") from None
        path = parts.path.rstrip("/").removesuffix(":predict") or f"/v1/models/{MODEL_NAME}"
        is_model = re.search(r"/v1/models/[^/]+(/(versions|labels)/[^/]+)?$", path)
        if parts.scheme not in ("http", "https") or not parts.hostname or not is_model:
            raise InputError(f"{shown}: {expected}")
        self._url = parts._replace(path=f"{path}:predict", fragment="").geturl()
        self._shown = without_secrets(self._url)
        self._session, self._process = requests.Session(), os.getpid()

    def __repr__(self) -> str:
        return f"Endpoint({self._shown.removesuffix(':predict')!r})"

    def __reduce__(self) -> tuple[type[Endpoint], tuple[str]]:
        return Endpoint, (self._url,)

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        return self._rows({"signature_name": "serving_default", "instances": list(texts)}, texts)

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._rows({"signature_name": "tokens", "instances": padded(sentences)}, sentences)

    def _own_session(self) -> requests.Session:
        """This process's session: after a fork, two on one connection would get each other's answers."""
        if self._process != os.getpid():
            self._session, self._process = requests.Session(), os.getpid()
        return self._session

    def _rows(self, request: dict[str, Any], asked: Sequence[str | Sequence[str]]) -> list[Row]:
        """Raises InputError for what goes wrong; the client has checked what it asks for."""
        try:
            answer = self._own_session().post(
                self._url, json=request, timeout=_SECONDS, hooks={"response": self._refuse_moved}
            )
            found = _json(answer)
        except _NoJsonError:
            text = f"{answer.status_code} {answer.reason} {' '.join(answer.text.split())!r:.100}"
            raise InputError(f"{self._shown}: answered {text}, expected JSON{self._through()}") from None
        except requests.ConnectionError as error:
            cause = without_secrets(system_cause(error))
            raise InputError(f"{self._shown}: can't be reached: {cause}{self._through()}") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            raise InputError(f"{self._shown}: {without_secrets(str(error))}{self._through()}") from None
        message = found.get("error") if isinstance(found, dict) else None
        if message is not None:
            if refusal(str(message)):  # a server that batches gives all that it put together one error
                raise InputError(
                    f"{self._shown}: refused for a row of this request, or of another one that the server "
                    f"put into one batch with it: {message}"
                )
            raise InputError(f"{self._shown}: {message}")
        try:
            rows = found["predictions"]
            if len(rows) == len(asked) and all(map(is_row, rows, asked)):
                return rows
        except (KeyError, TypeError, AttributeError):
            pass
        raise InputError(
            f"{self._shown}: answered {answer.text!r:.200}, expected the predictions of an exported model"
        )

    def _refuse_moved(self, answer: requests.Response, **_: Any) -> None:
        """Where requests would go on with a GET, which asks no model."""
        place = answer.headers.get("Location")
        if place and answer.status_code in (301, 302, 303):
            address = without_secrets(urllib.parse.urljoin(answer.url, place)).removesuffix(":predict")
            raise InputError(
                f"{self._shown}: answered {answer.status_code} {answer.reason}: it is at {address} now, "
                "expected that address"
            )

    def _through(self) -> str:
        """The proxy that the environment names for the address, if any: it may be what refuses."""
        proxies = requests.utils.get_environ_proxies(self._url)
        proxy = requests.utils.select_proxy(self._url, proxies)
        if proxy is None:
            return ""
        return f" (through the proxy {without_secrets(proxy)} of the environment; NO_PROXY excepts hosts)"


def _json(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):  # also a number of thousands of digits, thousands of brackets
        raise _NoJsonError from None
