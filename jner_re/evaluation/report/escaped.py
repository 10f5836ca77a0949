"""Texts in HTML."""

from __future__ import annotations

import html

from jner_re.drawing.characters import clean


def escaped(text: str) -> str:
    """The text for an element or a quoted attribute; what can't stand in a page is U+FFFD, as in drawings."""
    return html.escape(clean(text))
