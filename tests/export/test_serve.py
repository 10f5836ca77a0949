"""`python -m export.serve`, and `benchmarks.serving.traffic` on it."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import requests

import jner_re

_ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(module: str, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *flags], cwd=_ROOT, capture_output=True, text=True)


@contextlib.contextmanager
def serving(folder: pathlib.Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server and its URL, once it is ready."""
    command = [sys.executable, "-m", "export.serve", f"--model_base_path={folder}", f"--rest_api_port={port}"]
    with subprocess.Popen(
        command, cwd=_ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        read = threading.Thread(target=process.stderr.read, daemon=True)  # the log fills no pipe
        try:
            lines = [process.stdout.readline() for _ in range(3)]
            read.start()
            found = re.fullmatch(r"Page  (http://127\.0\.0\.1:\d+)\n", lines[0])
            assert found is not None, lines
            curl = subprocess.run(lines[1].removeprefix("API   "), shell=True, capture_output=True, text=True)
            assert "predictions" in json.loads(curl.stdout)
            yield process, found[1]
        finally:
            process.kill()
            read.join()


def test_under_traffic_killed_and_started_again(exported: pathlib.Path, tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "exported"
    shutil.copytree(exported, folder / "1")
    with serving(folder) as (process, url):
        flags = (f"--url={url}/v1/models/jner_re", "--seconds=6", "--concurrency=4", "--sentences=20")
        traffic = run("benchmarks.serving.traffic", *flags, f"--export_dir={folder}")
        assert traffic.returncode == 0, traffic.stdout + traffic.stderr
        assert re.search(r"4 clients, \d+ s, statuses \{200: \d+, 400: \d+\}", traffic.stdout)
        text = "Ann Lee, born in Rome, lives in Oslo."
        expected = jner_re.load(url)(text)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    with serving(folder, int(url.rpartition(":")[2])) as (process, again):
        assert again == url and jner_re.load(url)(text) == expected and expected.entities
        answers: list[requests.Response] = []
        body = {"instances": [f"{text} " * 200]}
        ask = threading.Thread(
            target=lambda: answers.append(requests.post(f"{url}/v1/models/jner_re:predict", json=body))
        )
        ask.start()
        time.sleep(0.2)
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(60) == 0
        ask.join()
        assert answers[0].status_code == 200  # what was asked before is answered


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("--model_base_path=/nowhere",), "error: /nowhere: has no version, expected folders 1, 2, …"),
        (
            ("--model_base_path=/nowhere", "--host=256.0.0.1"),
            "error: --host=256.0.0.1 --rest_api_port=8501: ",
        ),
    ],
)
def test_bad_flags(flags: tuple[str, ...], message: str) -> None:
    result = run("export.serve", *flags)
    assert result.returncode == 1 and result.stdout == ""
    assert result.stderr.startswith(message) and result.stderr.count("\n") == 1


def test_a_port_that_is_taken(tmp_path: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run(
            "export.serve", f"--model_base_path={tmp_path}", f"--rest_api_port={taken.getsockname()[1]}"
        )
    assert result.returncode == 1
    assert re.fullmatch(
        r"error: --host=127\.0\.0\.1 --rest_api_port=\d+: Address already in use\n", result.stderr
    )


def test_a_port_is_taken_before_the_model_is_loaded() -> None:
    code = (
        "from export.listening import listener\n"
        "first = listener('127.0.0.1', 0, 'port')\n"
        "listener('127.0.0.1', first.getsockname()[1], 'port')"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, text=True)
    assert result.stderr.splitlines()[-1].endswith("Address already in use")
