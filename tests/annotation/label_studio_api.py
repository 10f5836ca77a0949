"""A Label Studio of its own, started for a trial, and its API."""

from __future__ import annotations

import json
import os
import pathlib
import secrets
import socket
import subprocess
import time
import urllib.request
from typing import Any

_SECONDS = 180


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = _SECONDS) -> None:
    """Until it answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise RuntimeError(f"{url}: the program ended with exit code {process.returncode}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.5)
    raise RuntimeError(f"{url}: no answer in {seconds} s")


class LabelStudio:
    """Label Studio with its SQLite in a new folder, on 127.0.0.1."""

    def __init__(self, program: str, folder: pathlib.Path) -> None:
        self.user, self.password, self.token = "a@example.org", secrets.token_hex(8), secrets.token_hex(20)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            **os.environ,
            "LABEL_STUDIO_BASE_DATA_DIR": str(folder / "data"),
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "COLLECT_ANALYTICS": "0",
        }
        command = [program, "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port)]
        command += ["--username", self.user, "--password", self.password, "--user-token", self.token]
        with (folder / "label-studio.log").open("wb") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        wait_for(f"{self.url}/health", self.process)

    def call(self, path: str, data: Any = None, method: str | None = None) -> Any:
        """The JSON of an answer."""
        request = urllib.request.Request(
            f"{self.url}/api/{path}",
            data=None if data is None else json.dumps(data).encode(),
            method=method,
            headers={"Authorization": f"Token {self.token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=120) as answer:
            content = answer.read()
        return json.loads(content) if content else None

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)
