"""The one exception for what a user can put right: programs print it as one line and exit with code 1."""


class InputError(ValueError):
    """Bad input: the message names the file, record and value, and says what was expected."""
