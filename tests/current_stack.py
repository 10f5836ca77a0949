"""Prints the requirements that setup.cfg has for Python 3.12 and later, for `make test-current`.

python tests/current_stack.py [EXTRA ...]

An older Python can install them, too, but pip would choose those for its own version.
"""

from __future__ import annotations

import configparser
import pathlib
import sys

_SETUP = pathlib.Path(__file__).resolve().parents[1] / "setup.cfg"


def main() -> None:
    """Prints a requirement a line."""
    config = configparser.ConfigParser()
    config.read(_SETUP, encoding="utf-8")
    groups = [config["options"]["install_requires"]]
    groups += [config["options.extras_require"][extra] for extra in sys.argv[1:]]
    for line in "\n".join(groups).splitlines():
        requirement, _, marker = (part.strip() for part in line.partition(";"))
        if requirement and marker in ("", 'python_version >= "3.12"'):
            print(requirement)
        elif marker not in ("", 'python_version < "3.12"'):
            sys.exit(f"{_SETUP}: unknown marker {marker!r}")


if __name__ == "__main__":
    main()
