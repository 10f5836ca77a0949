"""What travels with an exported model: TensorFlow Serving's configs, and a page that says what to send it."""

from __future__ import annotations

import functools
import json
import logging
import pathlib
import re
from typing import Any

from jner_re import files, templates
from jner_re.errors import InputError
from jner_re.extraction import outputs
from jner_re.extraction.rows import BATCH_SIZE, Row
from jner_re.models.model_files import EXAMPLES
from jner_re.text.long_sentences import MAX_TOKENS
from jner_re.text.tokenization import tokenize

logger = logging.getLogger("jner_re")

SERVING_VERSION = "2.15.1"  # of tensorflow/serving, which runs the exports of both stacks
_TEMPLATES = templates.environment(pathlib.Path(__file__).parent / "templates", autoescape=False)
_TEMPLATES.globals["serving_version"] = SERVING_VERSION
_TEMPLATES.filters["markdown"] = templates.markdown
_TEMPLATES.filters["json"] = functools.partial(json.dumps, ensure_ascii=False)
CONFIGS = ("models.config", "batching.config", "monitoring.config", "docker-compose.yml", "kubernetes.yml")


def config(name: str, model_name: str) -> str:
    """The content of a config file."""
    return _TEMPLATES.get_template(name).render(
        model_name=model_name, resource_name=_resource_name(model_name), batch_size=BATCH_SIZE
    )


def examples(
    model_dir: pathlib.Path, given: str | None, tokenization: str, language: str = "en"
) -> list[str]:
    """Texts to show: those of a file, a text a line, or the sentences that training has kept.

    Args:
      model_dir: of the model.
      given: the file; "" for no texts, None for those of the model directory.
      tokenization: of the model, which answers them as one tokenized sentence, too.
      language: of the model.

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
        if (count := len(tokenize(line, tokenization, language))) > MAX_TOKENS:
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
    (texts, (text_row, *_)), (sentences, (tokens_row, *_)) = answers["serving_default"], answers["tokens"]
    return _TEMPLATES.get_template("SIGNATURES.md").render(
        text_request={"instances": texts},
        text_row=_rounded(text_row),
        tokens_request={"signature_name": "tokens", "instances": sentences},
        tokens_row=_rounded(tokens_row),
        outputs=outputs.markdown_table(),
        **values,
    )


def _resource_name(model_name: str) -> str:
    """A name as Kubernetes has them: small letters, digits and "-", at most 63, from a letter to no "-"."""
    name = re.sub(r"[^a-z0-9]+", "-", model_name.lower()).strip("-") or "model"
    if not name[0].isalpha():
        name = f"m-{name}"
    return name[:63].rstrip("-")


def _rounded(row: Row) -> Row:
    """Scores with as many digits as a float32 has."""
    return {
        name: [float(f"{value:.7g}") if isinstance(value, float) else value for value in values]
        for name, values in row.items()
    }
