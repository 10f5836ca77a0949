"""TensorFlow does not survive a fork: the child waits for ever for threads that only its parent has."""

from __future__ import annotations

import os
import sys

from jner_re.errors import InputError

_ran_before = False  # TensorFlow, in the process that this one was forked from


def check() -> None:
    """Raises InputError in a process that was forked from one in which TensorFlow ran."""
    if _ran_before:
        raise InputError(
            "this process was forked from one in which TensorFlow had run, and would wait for ever, expected "
            "one that was spawned, as by multiprocessing.get_context('spawn'), or the URL of a served model"
        )


def _look_back() -> None:
    """In the child. TensorFlow that was imported but has run nothing has no threads yet."""
    global _ran_before
    module = sys.modules.get("tensorflow.python.eager.context")
    context = module and module.context_safe()
    _ran_before = _ran_before or (context is not None and context._initialized)


os.register_at_fork(after_in_child=_look_back)
