"""A model behind TensorFlow Serving's REST API."""

from __future__ import annotations

import urllib.parse
from collections.abc import Sequence
from typing import Any

import requests

from jner_re.errors import InputError
from jner_re.serving.rows import Row, refusal

MODEL_NAME = "jner_re"
_ROWS_A_REQUEST = 64
_SECONDS = 600  # until an answer is given up


class Endpoint:
    """A model's address, e.g. http://localhost:8501/v1/models/jner_re, or that of its server alone."""

    def __init__(self, url: str) -> None:
        """Connects nowhere yet.

        Raises:
          InputError: the URL is not one of http or https.
        """
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise InputError(f"{url}: expected a URL such as http://localhost:8501/v1/models/{MODEL_NAME}")
        path = parts.path.rstrip("/").removesuffix(":predict") or f"/v1/models/{MODEL_NAME}"
        self._url = parts._replace(path=f"{path}:predict", fragment="").geturl()
        self._session = requests.Session()

    def texts(self, texts: Sequence[str], threshold: float | None) -> list[Row]:
        """A row for each text."""
        return self._rows("serving_default", list(texts))

    def sentences(self, sentences: Sequence[Sequence[str]], threshold: float | None) -> list[Row]:
        """A row for each tokenized sentence."""
        return self._rows("tokens", [list(tokens) for tokens in sentences])

    def _rows(self, signature: str, instances: list[Any]) -> list[Row]:
        rows: list[Row] = []
        for first in range(0, len(instances), _ROWS_A_REQUEST):
            part = instances[first : first + _ROWS_A_REQUEST]
            if signature == "tokens":
                longest = max(map(len, part))
                part = [[*tokens, *[""] * (longest - len(tokens))] for tokens in part]
            rows += self._post({"signature_name": signature, "instances": part}, first)
        return rows

    def _post(self, request: dict[str, Any], first: int) -> list[Row]:
        """Raises RefusedInputError for what the model refuses, InputError for what else goes wrong."""
        try:
            answer = self._session.post(self._url, json=request, timeout=_SECONDS)
            found = answer.json()
        except requests.JSONDecodeError:
            raise InputError(
                f"{self._url}: answered {answer.status_code} {answer.text!r:.200}, expected JSON"
            ) from None
        except requests.RequestException as error:
            raise InputError(f"{self._url}: can't be reached: {error}") from None
        message = found.get("error") if isinstance(found, dict) else None
        if message is not None:
            raise refusal(str(message), first) or InputError(f"{self._url}: {message}")
        try:
            rows = found["predictions"]
            if len(rows) == len(request["instances"]) and all("entity_type" in row for row in rows):
                return rows
        except (KeyError, TypeError):
            pass
        raise InputError(
            f"{self._url}: answered {answer.text!r:.200}, expected the predictions of an exported model"
        )
