"""Ray for the length of a program: on this machine, or a cluster that runs already."""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator

from jner_re import extras, program
from jner_re.errors import InputError

_NOISE = "Set ray log level"
_OBJECT_STORE_BYTES = 256 * 2**20  # of /dev/shm, which can be small; so is what passes through it here
_SECONDS_BETWEEN_LOOKS = 5.0  # at the head of a cluster
_SECONDS_WITHOUT_HEAD = 40.0  # Ray itself waits for a minute, and then ends the process without a word


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
      InputError: Ray is not installed, or the cluster can't be reached. If its head dies later, the process
        ends with one line and exit code 1.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # or errors that Ray mends are shown
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", ".")  # likewise, what it prints of workers that die
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # the future default, or it warns
    check_installed()
    import ray

    ended = threading.Event()
    try:
        with program.stderr_without([_NOISE]):
            _init(address, cpus)
    except (OSError, ValueError, RuntimeError) as error:
        line = " ".join(str(error).split())
        if _asks_for_token(error):
            line = (
                "the cluster asks for another token, expected RAY_AUTH_MODE=token and the head's "
                "RAY_AUTH_TOKEN, or its file ~/.ray/auth_token, on every machine"
            )
        raise InputError(f"Ray at {address or 'this machine'}: {line:.300}") from None
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    if address is not None:
        of_client = address.startswith("ray://")
        head = address if of_client else ray.get_runtime_context().gcs_address
        threading.Thread(target=_end_without, args=(head, ended), daemon=True).start()
    try:
        yield
    finally:
        ended.set()
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

    return int(ray.cluster_resources().get("CPU", 0))


def _connect_once(address: str) -> None:
    """Raises OSError or ValueError soon if nothing listens there; Ray would try for minutes."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


def _end_without(head: str, ended: threading.Event) -> None:
    """Ends the process with one line if nothing listens at the head's address for long.

    Without the head Ray's own calls may never return, in any thread. What is finished is in files, and locks
    end with the process.
    """
    last = time.monotonic()
    while not ended.wait(_SECONDS_BETWEEN_LOOKS):
        try:
            _connect_once(head)
            last = time.monotonic()
        except OSError:
            if (seconds := time.monotonic() - last) >= _SECONDS_WITHOUT_HEAD and not ended.is_set():
                gone = f"its head has not been there for {seconds:.0f} s"
                print(f"error: Ray at {head}: {gone}; the same command goes on", file=sys.stderr, flush=True)
                os._exit(1)


def _asks_for_token(error: BaseException | None) -> bool:
    """Whether that is the cause of an error of connecting."""
    while error is not None:
        if "InvalidAuthToken" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
