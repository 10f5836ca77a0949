"""The page of the local server: a text box, and what is found in the text.

Plain HTML, CSS and JavaScript; nothing from elsewhere, nothing inline. The server draws (`drawing_route`).
"""

from __future__ import annotations

import pathlib

from jner_re import drawing, templates

_FOLDER = pathlib.Path(__file__).parent
_KINDS = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "connect-src": "'self'",
    "img-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}

HEADERS = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in _POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}


def files(model_name: str) -> dict[str, tuple[str, bytes]]:
    """Content type and content by path."""
    page = templates.environment(_FOLDER).get_template("index.html").render(model_name=model_name)
    found = {"/": ("text/html", page.encode()), "/drawing.css": ("text/css", drawing.STYLE.encode())}
    for path in _FOLDER.iterdir():
        if path.suffix in _KINDS:
            found[f"/{path.name}"] = (_KINDS[path.suffix], path.read_bytes())
    return found
