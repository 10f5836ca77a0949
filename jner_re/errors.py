"""The one exception for what a user can put right: programs print it as one line and exit with code 1."""

import re


class InputError(ValueError):
    """Bad input: the message names the file, record and value, and says what was expected."""


def without_secrets(message: str) -> str:
    """A message, or a URL, without what gives access: the user and password of URLs, and their queries."""
    message = re.sub(r"://[^/?#\s]*@", "://", message)
    # urllib3 names the path of a URL alone: "Max retries exceeded with url: /path?query".
    return re.sub(r"(://[^\s?]+|with url: [^\s?]+)\?[^\s'\")]*", r"\1", message)


def printable(message: str) -> str:
    """A message on one line, in which nothing moves a terminal's cursor or turns the order of its letters."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in message)


def system_cause(error: BaseException) -> str:
    """What the operating system says, from under the messages of the libraries between."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)
