"""The one exception for what a user can put right: programs print it as one line and exit with code 1."""

import re


class InputError(ValueError):
    """Bad input: the message names the file, record and value, and says what was expected."""


def without_secrets(message: str) -> str:
    """A message, or a URL, without what gives access: the user and password of URLs, and their queries."""
    message = re.sub(r"://[^/?#\s]*@", "://", message)
    return re.sub(r"(https?://[^\s?]+)\?[^\s'\")]*", r"\1", message)


def system_cause(error: BaseException) -> str:
    """What the operating system says, from under the messages of the libraries between."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)
