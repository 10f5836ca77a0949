"""Ray for the length of a program: on this machine, or a cluster that runs already."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import threading
from collections.abc import Iterator

from jner_re import extras, program
from jner_re.errors import InputError

_NOISE = "Set ray log level"
_OBJECT_STORE_BYTES = 256 * 2**20  # of /dev/shm, which can be small; so is what passes through it here


def check_installed() -> None:
    """Raises InputError without Ray and what it needs for data."""
    for name in ("ray", "pyarrow"):
        if importlib.util.find_spec(name) is None:
            raise extras.missing(name, "distributed")


@contextlib.contextmanager
def start(address: str | None, cpus: int | None) -> Iterator[None]:
    """Ray is there inside the block; a local one ends with it.

    Nothing of Ray's own output is shown: what a task raises comes back to the one who asks for its result.
    SIGTERM, which Ray would answer with the stack of its own code, ends the program as Ctrl+C does.

    Args:
      address: of a cluster, such as "10.0.0.5:6379", or "auto" for the one that this machine belongs to; None
        starts Ray on this machine.
      cpus: that tasks on this machine may claim together; None for its cores. A cluster has its own.

    Raises:
      InputError: Ray is not installed, or the cluster can't be reached.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # or errors that Ray mends are shown
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")  # likewise, what it prints of workers that die
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the future default, or it warns
    check_installed()
    import ray

    try:
        with program.stderr_without([_NOISE]):
            _init(address, cpus)
    except (OSError, ValueError, RuntimeError) as error:
        line = " ".join(str(error).split())
        raise InputError(f"Ray at {address or 'this machine'}: {line:.300}") from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        ray.shutdown()


def _init(address: str | None, cpus: int | None) -> None:
    import ray

    if address is None:
        ray.init(
            "local",
            num_cpus=cpus,
            object_store_memory=_OBJECT_STORE_BYTES,
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
    else:
        _connect_once(address)
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)


def cpus() -> int:
    """The cores of the machine or cluster that Ray runs on."""
    import ray

    return int(ray.cluster_resources()["CPU"])


def _connect_once(address: str) -> None:
    """Raises OSError or ValueError soon if nothing listens there; Ray would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()
