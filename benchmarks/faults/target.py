"""What is given mutated files."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from jner_re.errors import InputError


@dataclasses.dataclass(frozen=True)
class Target:
    """What reads a file, or a body.

    Attributes:
      name: of the target.
      valid: contents that it reads.
      give: lets it read one; raises what is no answer.
      refusals: the exceptions that are an answer.
    """

    name: str
    valid: Sequence[bytes]
    give: Callable[[bytes], None]
    refusals: tuple[type[Exception], ...] = (InputError,)
