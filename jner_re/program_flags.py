"""The flags of a program: one line for a mistake, and --help, which shows those that matter in groups."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Sequence

from absl import flags

from jner_re.errors import printable

_HELP = ("--help", "-help", "-h", "-?", "--helpshort", "-helpshort")
_FULL_HELP = ("--helpfull", "-helpfull")
_REQUIRED = "must have a value other than None"  # as absl's `required=True` says it
_VALUES = {"int": "N", "float": "X"}  # what stands for a flag's value, by its type; TEXT for others
_INDENT = 26
_LONGEST = 1000  # characters of what is wrong with a flag, which quotes it
COMMAND = ""  # by which the program was started; by default `python -m`


def parse(argv: Sequence[str]) -> list[str]:
    """Parses the flags; --help is printed and ends the program, with exit code 0.

    Args:
      argv: the program's name and its arguments.

    Returns:
      The name and the arguments that are no flags.

    Raises:
      SystemExit: after help, or, with exit code 1, after a line about what is missing or wrong.
    """
    values = flags.FLAGS
    given = argv[: list(argv).index("--")] if "--" in argv else argv
    for names, page in ((_HELP, help_page), (_FULL_HELP, full_help_page)):
        if any(name in given for name in names):
            with contextlib.suppress(BrokenPipeError):  # whoever read it has gone, such as head
                print(page(values, argv[0]), flush=True)
                sys.exit(0)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
    try:
        return read(values, argv)
    except flags.Error as error:
        reason = _missing(values) if values.is_parsed() else ""
        reason = reason or " ".join(str(error).removeprefix("ERROR:: ").split())
        reason = reason if len(reason) <= _LONGEST else f"{reason[:_LONGEST]} …"
        print(f"error: {printable(reason)}; --help shows the flags", file=sys.stderr)
        sys.exit(1)


def read(values: flags.FlagValues, argv: Sequence[str]) -> list[str]:
    """Parses the flags, also those of files (--flagfile).

    Returns:
      The name and the arguments that are no flags.

    Raises:
      flags.Error: one is wrong or missing, or a file can't be read.
    """
    try:
        return values(list(argv))
    except UnicodeDecodeError as error:
        raise flags.Error(f"--flagfile: byte {error.start} is not UTF-8, expected UTF-8 text") from None
    except RecursionError:  # absl looks for a flag with a similar name
        raise flags.Error("a flag has a name of a thousand characters, expected one that there is") from None


def help_page(values: flags.FlagValues, program: str) -> str:
    """What the program does, its own flags, the required ones first, and the important ones of other modules.

    A module's HEADING is that of its flags.

    Args:
      values: all flags.
      program: its name, by which absl knows the flags of the main module.
    """
    groups: dict[str, list[flags.Flag]] = {"Required": [], "Options": []}
    for flag in values.get_key_flags_for_module(program):
        module = values.find_module_defining_flag(flag.name)
        heading = getattr(sys.modules.get(str(module)), "HEADING", "Options")
        groups.setdefault("Required" if _is_required(flag) else heading, []).append(flag)
    sections = [_section(heading, found) for heading, found in groups.items() if found]
    full = "--helpfull shows all flags, also those of the libraries."
    return "\n\n".join([_about(), *sections, full])


def full_help_page(values: flags.FlagValues, program: str) -> str:
    """What the program does, and every flag that there is."""
    return f"{_about()}\n{values.get_help()}"


def _about() -> str:
    """The program's docstring, in which %s stands for its command, as absl has it."""
    spec = sys.modules["__main__"].__spec__
    command = COMMAND or (f"python -m {spec.name}" if spec else sys.argv[0])
    return (sys.modules["__main__"].__doc__ or "").strip().replace("%s", command)


def _is_required(flag: flags.Flag) -> bool:
    return any(_REQUIRED in validator.message for validator in flag.validators)


def _missing(values: flags.FlagValues) -> str:
    missing = [f"--{name}" for name in values if _is_required(values[name]) and values[name].value is None]
    if not missing:
        return ""
    *others, last = missing
    return f"{', '.join(others)} and {last} are missing" if others else f"{last} is missing"


def _section(heading: str, found: Iterable[flags.Flag]) -> str:
    width = min(shutil.get_terminal_size().columns, 110)
    lines = [*textwrap.wrap(f"{heading}:", width)]
    for flag in found:
        name = f"  {_usage(flag)}"
        first = f"{name:{_INDENT}}" if len(name) < _INDENT else f"{name}\n{'':{_INDENT}}"
        text = textwrap.wrap(_described(flag), max(width - _INDENT, 20))
        lines.append(first + f"\n{'':{_INDENT}}".join(text))
    return "\n".join(lines)


def _usage(flag: flags.Flag) -> str:
    if flag.boolean:
        return f"--[no]{flag.name}"
    return f"--{flag.name}={_choices(flag) or _VALUES.get(flag.flag_type(), 'TEXT')}"


def _described(flag: flags.Flag) -> str:
    """The help text; what is always the same, such as a default of None, isn't said."""
    text = str(flag.help).removeprefix(f"<{_choices(flag)}>: ")  # absl's, of choices
    if flag.default in (None, "", []) or _is_required(flag):
        return text
    default = str(flag.default_as_str).strip("'")
    if flag.boolean:
        default = "yes" if flag.default else "no"
    return f"{text} (default: {default})"


def _choices(flag: flags.Flag) -> str:
    return "|".join(getattr(flag.parser, "enum_values", None) or ())
