"""The clients of docs/clients, each compiled and run against a local server."""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Iterator

import pytest
from serving.server.running import NAME, serving

import jner_re
from jner_re.serving.server.versions import Versions

_CLIENTS = pathlib.Path(__file__).resolve().parents[2] / "docs" / "clients"
TEXTS = ['Ann Lee, born in Rome, "lives" in Oslo.', "😀\tUlm"]
REFUSED = f"no model {NAME}x is served, expected {NAME}"


@pytest.fixture(scope="module")
def url(exported: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("versions")
    shutil.copytree(exported, folder / "1")
    with serving(Versions(folder, NAME)) as server:
        yield f"{server.url}/v1/models/{NAME}"


def run(*command: str | pathlib.Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def found(url: str) -> list[str]:
    """What the documents say, as the clients print it."""
    lines = []
    for document in jner_re.load(url)(TEXTS):
        lines.append(document.text)
        lines += [f"  {entity.type}: {entity.text}" for entity in document.entities]
        for relation in document.relations:
            head, tail = document.entities[relation.head], document.entities[relation.tail]
            lines.append(f"  {head.text} {relation.type} {tail.text} ({relation.score:.2f})")
    assert sum("(0." in line for line in lines) > 1
    return lines


def tool(name: str, package: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no {name}: apt-get install {package}")
    return path


def test_python(url: str) -> None:
    assert run(sys.executable, _CLIENTS / "client.py", url, *TEXTS).stdout.splitlines() == found(url)
    refused = run(sys.executable, _CLIENTS / "client.py", f"{url}x", "Rome")
    assert refused.returncode == 1 and refused.stderr == f"404: {REFUSED}\n"


def test_shell(url: str) -> None:
    tool("curl", "curl")
    tool("jq", "jq")
    lines = run("sh", _CLIENTS / "client.sh", url, *TEXTS).stdout.splitlines()
    expected = [line.strip().partition(" (0.")[0] for line in found(url) if line not in TEXTS]
    assert lines == expected
    refused = run("sh", _CLIENTS / "client.sh", f"{url}x", "Rome")
    assert refused.returncode != 0 and REFUSED in refused.stderr


def test_go(url: str, tmp_path: pathlib.Path) -> None:
    program = tmp_path / "client"
    built = run(tool("go", "golang-go"), "build", "-o", program, _CLIENTS / "client.go")
    assert built.returncode == 0, built.stderr
    assert run(program, url, *TEXTS).stdout.splitlines() == found(url)
    refused = run(program, f"{url}x", "Rome")
    assert refused.returncode == 1 and f"404 Not Found: {REFUSED}" in refused.stderr


def test_java(url: str) -> None:
    java = tool("java", "default-jdk-headless")
    tool("javac", "default-jdk-headless")
    answer = json.loads(run(java, _CLIENTS / "Client.java", url, *TEXTS).stdout)
    assert answer == json.loads(
        run("curl", "-s", f"{url}:predict", "-d", json.dumps({"instances": TEXTS})).stdout
    )
    refused = run(java, _CLIENTS / "Client.java", f"{url}x", "Rome")
    assert refused.returncode == 1 and REFUSED in refused.stdout
