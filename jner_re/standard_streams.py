"""Standard input, output and error of a program that was started without one of them."""

from __future__ import annotations

import io
import os
import sys


def open_closed() -> None:
    """Those that were closed lead nowhere, as with /dev/null; what an encoding can't show is replaced.

    Without it, a file that is opened later would be what the operating system takes for standard error.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115
    if isinstance(sys.stdout, io.TextIOWrapper):  # standard error does it by itself
        sys.stdout.reconfigure(errors="replace")
