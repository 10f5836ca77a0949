"""What travels with an exported model: TensorFlow Serving's configs, and a page that says what to send it."""

from __future__ import annotations

import json
import logging
import pathlib
import re
import string
from collections.abc import Iterator
from typing import Any

from jner_re import files
from jner_re.errors import InputError
from jner_re.extraction import outputs
from jner_re.extraction.rows import BATCH_SIZE, Row
from jner_re.models.model_files import EXAMPLES
from jner_re.text.long_sentences import MAX_TOKENS
from jner_re.text.tokenization import tokenize

logger = logging.getLogger("jner_re")

SERVING_VERSION = "2.15.1"  # of tensorflow/serving, which runs the exports of both stacks
_TEMPLATES = pathlib.Path(__file__).parent / "serving"
CONFIGS = ("models.config", "batching.config", "monitoring.config", "docker-compose.yml", "kubernetes.yml")


def config(name: str, model_name: str) -> str:
    """The content of a config file."""
    return _filled(
        name,
        model_name=model_name,
        resource_name=_resource_name(model_name),
        batch_size=BATCH_SIZE,
        serving_version=SERVING_VERSION,
    )


def examples(model_dir: pathlib.Path, given: str | None, tokenization: str) -> list[str]:
    """Texts to show: those of a file, a text a line, or the sentences that training has kept.

    Args:
      model_dir: of the model.
      given: the file; "" for no texts, None for those of the model directory.
      tokenization: of the model, which answers them as one tokenized sentence, too.

    Raises:
      InputError: the file can't be read, is empty, or has a line of too many tokens.
    """
    if given == "":
        return []
    path = files.user_path(given) if given else model_dir / EXAMPLES
    if not given and not path.exists():
        logger.warning("%s: not there, so that no examples are shown; --examples=FILE names some", path)
        return []
    lines = [line.strip() for line in files.read_text(path).split("\n")]
    if not any(lines):
        raise InputError(f"{path}: is empty, expected a text a line")
    for number, line in enumerate(lines, 1):
        if (count := len(tokenize(line, tokenization))) > MAX_TOKENS:
            raise InputError(
                f"{path}: line {number} ({line[:40] + ' …'!r}): {count} tokens, expected at most {MAX_TOKENS}"
            )
    return [line for line in lines if line]


def signatures(answers: dict[str, tuple[list[Any], list[Row]]], **values: object) -> str:
    """SIGNATURES.md.

    Args:
      answers: for `serving_default` and `tokens`, instances and the rows that the model gave for them.
      **values: what else the template asks for.
    """
    shown = {}
    for signature, (instances, rows) in answers.items():
        request: dict[str, Any] = {"instances": instances}
        if signature != "serving_default":
            request = {"signature_name": signature, **request}
        name = "text" if signature == "serving_default" else signature
        shown[f"{name}_request"] = _indented(json.dumps(request, ensure_ascii=False))
        lines = [f' "{key}": {json.dumps(value, ensure_ascii=False)}' for key, value in _columns(rows[0])]
        shown[f"{name}_response"] = _indented('{"predictions": [{\n' + ",\n".join(lines) + "\n}]}")
    table = outputs.markdown_table()
    return _filled("SIGNATURES.md", serving_version=SERVING_VERSION, outputs=table, **shown, **values)


def _resource_name(model_name: str) -> str:
    """A name as Kubernetes has them: small letters, digits and "-", at most 63, from a letter to no "-"."""
    name = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-") or "model"
    if not name[0].isalpha():
        name = f"m-{name}"
    return name[:63].rstrip("-")


def _filled(name: str, **values: object) -> str:
    return string.Template((_TEMPLATES / name).read_text(encoding="utf-8")).substitute(values)


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())


def _columns(row: Row) -> Iterator[tuple[str, list[Any]]]:
    """Names and values; scores with as many digits as a float32 has."""
    for name, values in row.items():
        yield name, [float(f"{value:.7g}") if isinstance(value, float) else value for value in values]
