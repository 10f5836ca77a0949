"""What programs that serve have in common: a socket, its URL, and an end without a traceback."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jner_re.errors import InputError, system_cause

if TYPE_CHECKING:
    import uvicorn


def listener(host: str, port: int, flag: str) -> socket.socket:
    """A socket that takes connections: it listens at once, since until then another one can take the port.

    Args:
      host: address or name.
      port: 0 for a free one.
      flag: the port's, for the message.

    Raises:
      InputError: the port is taken, or the address is not this computer's.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
        found.listen()
    except OSError as error:
        raise InputError(f"--host={host} --{flag}={port}: {system_cause(error)}") from None
    return found


def url(listener: socket.socket) -> str:
    """Where it listens."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def server(config: uvicorn.Config, ready: str) -> uvicorn.Server:
    """uvicorn's server, which prints `ready` when it is, and ends with exit code 0 when it is told to."""
    import uvicorn

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            print(ready, flush=True)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self.handle_exit)
            yield

    return Server(config)
