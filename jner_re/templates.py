"""Text and HTML from Jinja2 templates; what values need to stand in them."""

from __future__ import annotations

import html
import pathlib
import re

import jinja2

_MARKDOWN = re.compile(r"[][\\`*|~$]")  # with which something begins or ends in a line of Markdown


def markdown(value: object) -> str:
    """Text that stands for itself in Markdown and in HTML, on one line."""
    line = "".join(c if c.isprintable() else "\ufffd" for c in " ".join(str(value).split()))
    text = html.escape(line)
    return _MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", text)


def environment(folder: pathlib.Path, autoescape: bool = True) -> jinja2.Environment:
    """The templates of a folder; a name that a template asks for and is not given is an error.

    Args:
      folder: of the templates.
      autoescape: whether they are HTML, in which all values are escaped.
    """
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        autoescape=autoescape,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
