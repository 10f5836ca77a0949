"""Requests that are not answered, with TensorFlow Serving's status codes."""

from __future__ import annotations


class RequestError(Exception):
    """A request is refused.

    Attributes:
      status: of HTTP.
      message: of the answer's "error".
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


def invalid(message: str) -> RequestError:
    """INVALID_ARGUMENT."""
    return RequestError(400, message)


def not_found(message: str) -> RequestError:
    """NOT_FOUND."""
    return RequestError(404, message)


def too_long(limit: int) -> RequestError:
    """A body has more bytes than may be."""
    return RequestError(413, f"the body has more than {limit:,} bytes, expected at most that many")
