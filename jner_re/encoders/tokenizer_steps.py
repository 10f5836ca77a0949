"""The normalizers and pre-tokenizers of a tokenizer.json as steps of a `WordPipeline`."""

from __future__ import annotations

import pathlib
import re
from collections.abc import Callable
from typing import Any

from jner_re.encoders.word_pipeline import METASPACE, WHITE_SPACE, Step
from jner_re.errors import InputError

# Regular expressions of the reference (Oniguruma) that are known, in RE2's words.
_PATTERNS = {
    " {2,}": " {2,}",
    r"\s{2,}|[\n\r\t]": f"{WHITE_SPACE}{{2,}}|[\n\r\t]",
    r"\s+": f"{WHITE_SPACE}+",
}


def normalizers(settings: dict[str, Any] | None, path: pathlib.Path) -> tuple[Step, ...]:
    """The steps of the field `normalizer`.

    Raises:
      InputError: if one is not supported.
    """
    return _steps("normalizer", settings, "normalizers", _normalizer, path)


def pre_tokenizers(settings: dict[str, Any] | None, path: pathlib.Path) -> tuple[Step, ...]:
    """The steps of the field `pre_tokenizer`.

    Raises:
      InputError: if one is not supported.
    """
    return _steps("pre_tokenizer", settings, "pretokenizers", _pre_tokenizer, path)


def _steps(
    field: str,
    settings: dict[str, Any] | None,
    parts: str,
    translate: Callable[[dict[str, Any]], Step | None],
    path: pathlib.Path,
) -> tuple[Step, ...]:
    if settings is None:
        return ()
    if settings.get("type") == "Sequence":
        return tuple(step for part in settings[parts] for step in _steps(field, part, parts, translate, path))
    step = translate(settings)
    if step is None:
        shown = {name: value for name, value in settings.items() if name != "precompiled_charsmap"}
        raise InputError(f"{path}: {field} {str(shown)[:200]} is not supported")
    return (step,)


def _normalizer(settings: dict[str, Any]) -> Step | None:
    name = settings.get("type")
    if name == "Lowercase":
        return ("lowercase",)
    if name in ("NFC", "NFD", "NFKC", "NFKD"):
        return (name.lower(),)
    if name == "Precompiled" and settings.get("precompiled_charsmap"):
        return "charsmap", settings["precompiled_charsmap"]
    if name == "Strip":
        left, right = settings.get("strip_left", True), settings.get("strip_right", True)
        return ("strip", "both" if left and right else "left" if left else "right") if left or right else None
    if name == "Replace":
        return _replacement(settings.get("pattern", {}), settings.get("content"))
    return None


def _replacement(pattern: dict[str, str], content: str | None) -> Step | None:
    if content is None:
        return None
    if "String" in pattern:
        return "replace", re.escape(pattern["String"]), content
    known = _PATTERNS.get(pattern.get("Regex", ""))
    return ("replace", known, content) if known else None


def _pre_tokenizer(settings: dict[str, Any]) -> Step | None:
    name = settings.get("type")
    if name == "WhitespaceSplit":
        return ("whitespace",)
    if name == "Punctuation" and settings.get("behavior", "Isolated") == "Isolated":
        return ("punctuation",)
    if name == "Metaspace" and settings.get("replacement", METASPACE) == METASPACE:
        scheme = settings.get("prepend_scheme") or (
            "always" if settings.get("add_prefix_space", True) else "never"
        )
        return ("metaspace", scheme) if scheme != "first" and settings.get("split", True) else None
    if name == "ByteLevel" and settings.get("use_regex", True):
        return "byte_level", "prefix" if settings.get("add_prefix_space", True) else ""
    return None
