"""A stand-in for the Hugging Face hub on this machine: what huggingface_hub asks to fetch and to upload."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import hashlib
import http.server
import json
import pathlib
import threading
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest

TOKEN = "hf_of_the_stand_in"
_LARGE = (".safetensors", ".h5", ".pb", ".data-00000-of-00001")  # kept as large files: git's LFS


@dataclasses.dataclass
class Repository:
    """A repository of models.

    Attributes:
      commits: the files of each commit.
      revisions: the commit of each branch or pull request.
      private: whether only those with the token see it.
      gated: whether only those with the token get files.
      recorded: the SHA-256 that is told of a file in place of its own.
    """

    commits: dict[str, dict[str, bytes]] = dataclasses.field(default_factory=dict)
    revisions: dict[str, str] = dataclasses.field(default_factory=dict)
    private: bool = False
    gated: bool = False
    recorded: dict[str, str] = dataclasses.field(default_factory=dict)

    def commit(self, files: dict[str, bytes], revision: str = "main") -> str:
        """Makes it the newest of a revision."""
        content = repr((sorted(files.items()), len(self.commits))).encode()
        commit = hashlib.sha1(content).hexdigest()
        self.commits[commit] = files
        self.revisions[revision] = commit
        return commit


class Hub:
    """The running stand-in.

    Attributes:
      url: its address.
      elsewhere: its address by another name: large files are on another host, which is asked with no token.
      repositories: by "owner/name".
      requests: method and path of each, without the query.
      ranges: what was asked for of large files.
      breaks: of the next answers with a large file, how many bytes are sent before the connection drops.
      large: large files by SHA-256.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.elsewhere = url.replace("127.0.0.1", "localhost")
        self.repositories: dict[str, Repository] = {}
        self.requests: list[str] = []
        self.ranges: list[str | None] = []
        self.breaks: list[int] = []
        self.large: dict[str, bytes] = {}

    def publish(self, name: str, files: dict[str, bytes] | pathlib.Path, revision: str = "main") -> str:
        """Commits files, or those of a folder, and gives the commit."""
        if isinstance(files, pathlib.Path):
            paths = [path for path in files.rglob("*") if path.is_file()]
            files = {str(path.relative_to(files)): path.read_bytes() for path in paths}
        return self.repositories.setdefault(name, Repository()).commit(files, revision)

    def asked_for(self, name: str) -> bool:
        """Whether anyone asked for a file of this name, or its headers."""
        return any(request.endswith(f"/{name}") for request in self.requests)


def _handler(hub: Hub) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _route(self) -> None:
            path = urllib.parse.urlsplit(self.path).path
            hub.requests.append(f"{self.command} {urllib.parse.unquote(path)}")
            parts = [urllib.parse.unquote(part) for part in path.strip("/").split("/")]
            length = int(self.headers.get("Content-Length") or 0)
            chunked = self.headers.get("Transfer-Encoding") == "chunked"
            body = b"".join(self._chunks()) if chunked else self.rfile.read(length)
            match parts:
                case ["api", "validate-yaml"]:
                    self._json({"errors": [], "warnings": []})
                case ["api", "repos", "create"]:
                    self._create(json.loads(body))
                case ["api", "models", owner, name, *rest]:
                    self._model(f"{owner}/{name}", rest, body)
                case [owner, name, "resolve", revision, *file]:
                    self._resolve(f"{owner}/{name}", revision, "/".join(file))
                case ["large", sha256]:
                    self._large(sha256)
                case [owner, _, "info", "lfs", "objects", "batch"]:
                    self._batch(json.loads(body))
                case ["upload", sha256]:
                    assert hashlib.sha256(body).hexdigest() == sha256
                    hub.large[sha256] = body
                    self._json({})
                case _:
                    self._refuse(404, "")

        do_GET = do_HEAD = do_POST = do_PUT = _route  # noqa: N815

        def _model(self, name: str, rest: list[str], body: bytes) -> None:
            repository = self._repository(name)
            if repository is None:
                return
            match rest:
                case [] | ["revision", _]:
                    commit = self._commit(repository, rest[1] if rest else "main")
                    if commit:
                        self._json(self._info(name, repository, commit))
                case ["branch", branch]:
                    is_new = branch not in repository.revisions
                    repository.revisions.setdefault(branch, repository.revisions["main"])
                    self._json({}, 201 if is_new else 409)
                case ["preupload", _]:
                    asked = json.loads(body)["files"]
                    modes = {f["path"]: "lfs" if f["path"].endswith(_LARGE) else "regular" for f in asked}
                    self._json(
                        {
                            "files": [
                                {"path": path, "uploadMode": mode, "shouldIgnore": False}
                                for path, mode in modes.items()
                            ]
                        }
                    )
                case ["commit", revision]:
                    self._add(name, repository, revision, body)
                case _:
                    self._refuse(404, "")

        def _info(self, name: str, repository: Repository, commit: str) -> dict[str, Any]:
            siblings = []
            for file, content in repository.commits[commit].items():
                siblings.append({"rfilename": file, "size": len(content), "blobId": _blob(content)})
                if file.endswith(_LARGE):
                    sha256 = repository.recorded.get(file) or hashlib.sha256(content).hexdigest()
                    siblings[-1]["lfs"] = {"sha256": sha256, "size": len(content), "pointerSize": 134}
            return {
                "id": name,
                "modelId": name,
                "sha": commit,
                "private": repository.private,
                "siblings": siblings,
            }

        def _resolve(self, name: str, revision: str, file: str) -> None:
            repository = self._repository(name)
            commit = repository and self._commit(repository, revision)
            if not repository or not commit:
                return
            if repository.gated and not self._is_known():
                self._refuse(401, "GatedRepo")
                return
            content = repository.commits[commit].get(file)
            if content is None:
                self._refuse(404, "EntryNotFound", commit)
                return
            headers = {"X-Repo-Commit": commit, "ETag": f'"{_blob(content)}"'}
            if not file.endswith(_LARGE):
                self._send(200, content, headers)
                return
            sha256 = hashlib.sha256(content).hexdigest()
            hub.large[sha256] = content
            headers |= {"X-Linked-ETag": f'"{sha256}"', "X-Linked-Size": str(len(content))}
            self._send(302, b"", {**headers, "Location": f"{hub.elsewhere}/large/{sha256}"})

        def _large(self, sha256: str) -> None:
            assert self.headers["Authorization"] is None
            content, asked = hub.large[sha256], self.headers["Range"]
            hub.ranges.append(asked)
            begin = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
            headers = {"ETag": f'"{sha256}"', "Accept-Ranges": "bytes"}
            if asked:
                headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
            self._send(206 if asked else 200, content[begin:], headers, hub.breaks)

        def _create(self, asked: dict[str, Any]) -> None:
            name = f"{asked['organization']}/{asked['name']}"
            if not self._is_known():
                self._refuse(401, "")
            elif name in hub.repositories:
                url = f"{hub.url}/{name}"
                self._json({"error": "You already created this model repo", "url": url}, 409)
            else:
                is_private = bool(asked.get("private")) or asked.get("visibility") == "private"
                hub.publish(name, {".gitattributes": b""})
                hub.repositories[name].private = is_private
                self._json({"url": f"{hub.url}/{name}", "name": name})

        def _batch(self, asked: dict[str, Any]) -> None:
            objects = [
                {**o, "actions": {"upload": {"href": f"{hub.url}/upload/{o['oid']}", "header": {}}}}
                for o in asked["objects"]
            ]
            self._json({"transfer": "basic", "objects": objects})

        def _add(self, name: str, repository: Repository, revision: str, body: bytes) -> None:
            if not self._is_known():
                self._refuse(403, "")
                return
            files = dict(repository.commits[repository.revisions[revision]])
            for line in map(json.loads, body.splitlines()):
                value = line["value"]
                match line["key"]:
                    case "file":
                        files[value["path"]] = base64.b64decode(value["content"])
                    case "lfsFile":
                        files[value["path"]] = hub.large[value["oid"]]
                    case "deletedFile":
                        del files[value["path"]]
            commit = repository.commit(files, revision)
            url = f"{hub.url}/{name}/commit/{commit}"
            self._json({"success": True, "commitUrl": url, "commitOid": commit})

        def _repository(self, name: str) -> Repository | None:
            found = hub.repositories.get(name)
            if found is None or (found.private and not self._is_known()):
                self._refuse(404 if self._is_known() else 401, "RepoNotFound")
                return None
            return found

        def _commit(self, repository: Repository, revision: str) -> str | None:
            commit = repository.revisions.get(revision, revision)
            if commit not in repository.commits:
                self._refuse(404, "RevisionNotFound")
                return None
            return commit

        def _is_known(self) -> bool:
            return self.headers["Authorization"] == f"Bearer {TOKEN}"

        def _chunks(self) -> Iterator[bytes]:
            while size := int(self.rfile.readline(), 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()

        def _json(self, content: Any, status: int = 200) -> None:
            self._send(status, json.dumps(content).encode(), {"Content-Type": "application/json"})

        def _refuse(self, status: int, code: str, commit: str = "") -> None:
            headers = {"X-Error-Code": code} if code else {}
            self._send(status, b"{}", {**headers, **({"X-Repo-Commit": commit} if commit else {})})

        def _send(
            self, status: int, content: bytes, headers: dict[str, str], breaks: list[int] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                with contextlib.suppress(ConnectionError):
                    if breaks:
                        self.wfile.write(content[: breaks.pop(0)])
                        self.close_connection = True
                    else:
                        self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    return Handler


def _blob(content: bytes) -> str:
    """Git's SHA-1."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


@pytest.fixture
def hub(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The stand-in in the hub's place, an empty cache, and nobody logged in."""
    import huggingface_hub
    from huggingface_hub import constants

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    hub = Hub(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(hub)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "127.0.0.1,localhost")
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True, raising=False)
    assert huggingface_hub.get_token() is None
    yield hub
    server.shutdown()
    thread.join()
    server.server_close()


def go_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    """As HF_HUB_OFFLINE=1 does, which huggingface_hub reads when it is imported."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
