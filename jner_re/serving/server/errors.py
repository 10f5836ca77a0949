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
