"""Text and HTML from Jinja2 templates."""

from __future__ import annotations

import pathlib

import jinja2


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
