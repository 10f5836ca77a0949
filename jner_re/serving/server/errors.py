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


def forget(error: BaseException) -> None:
    """Lets go of what the frames hold that an error came through, such as a request's body.

    A future holds the error that it gave, and the error's frames the future: with all that they hold, the two
    stay until Python's collector looks at them, after hours.
    """
    told: BaseException | None = error
    while told is not None:
        told.__traceback__ = None
        told = told.__context__  # also of `raise … from None`


def invalid(message: str) -> RequestError:
    """INVALID_ARGUMENT."""
    return RequestError(400, message)


def not_found(message: str) -> RequestError:
    """NOT_FOUND."""
    return RequestError(404, message)
