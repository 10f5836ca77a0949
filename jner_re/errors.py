"""The one exception for what a user can put right: programs print it as one line and exit with code 1."""


class InputError(ValueError):
    """Bad input: the message names the file, record and value, and says what was expected."""


def system_cause(error: BaseException) -> str:
    """What the operating system says, from under the messages of the libraries between."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error)
