"""A PyTorch process that stays alive: between its turns it waits for a line, and takes no time."""

from __future__ import annotations

import json
import pathlib
import subprocess
from types import TracebackType
from typing import Any

from jner_re.errors import InputError


class TorchProcess:
    """Runs a module with another environment's Python; JSON lines go in and come out.

    Args:
      python: the Python of an environment with PyTorch.
      module: to run, e.g. "benchmarks.training.torch_side".

    Raises:
      InputError: there is no such Python.
    """

    def __init__(self, python: str, module: str) -> None:
        self._python = python
        root = pathlib.Path(__file__).resolve().parents[1]
        try:
            self._process = subprocess.Popen(
                [python, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root
            )
        except OSError as error:
            raise InputError(
                f"torch_python is {python!r}: {error.strerror}, expected a Python with PyTorch"
            ) from None

    def ask(self, **request: Any) -> dict[str, Any]:
        """Sends one line and waits for the answer.

        Raises:
          InputError: the process has ended; what it wrote to stderr says why.
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            print(json.dumps(request), file=self._process.stdin, flush=True)
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = ""
        if not answer:
            code = self._process.wait()
            raise InputError(f"torch_python is {self._python!r}: it ended with code {code}, see above")
        return json.loads(answer)

    def __enter__(self) -> TorchProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
