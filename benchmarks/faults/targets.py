"""What is given mutated files: readers of corpora, the client, both servers, a model's files, flags."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http.server
import json
import pathlib
import threading
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

from absl import flags

from experiments import config_flags
from jner_re import config as configs
from jner_re import drawing, program_flags
from jner_re.corpora import data_dir, formats
from jner_re.corpora.dropping import drop_invalid
from jner_re.errors import InputError, printable
from jner_re.extraction import about
from jner_re.extraction.client import Client
from jner_re.extraction.endpoint import Endpoint
from jner_re.schema import find_problems
from jner_re.serving.server import drawing_route, json_tensor
from jner_re.serving.server.errors import RequestError

TEXT = "Ann's friend Bob lives in Rome."
ROW: dict[str, list[Any]] = {
    "token": ["Ann", "'s", "friend", "Bob", "lives", "in", "Rome", ".", ""],
    "entity_type": ["Peop", "Loc", ""],
    "entity_start": [0, 26, -1],
    "entity_end": [3, 30, -1],
    "entity_text": ["Ann", "Rome", ""],
    "entity_score": [0.9, 0.8, -1.0],
    "relation_type": ["Live_In", ""],
    "relation_head": [0, -1],
    "relation_tail": [1, -1],
    "relation_score": [0.7, -1.0],
    "broken_at": [-1],
}
_CONFIGURATION = (
    '<View><Labels name="l" toName="t"><Label value="Peop"/></Labels><Text name="t" value="$text"/></View>'
)


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


@contextlib.contextmanager
def all_targets(
    folder: pathlib.Path,
    model: pathlib.Path | None = None,
    corpus_formats: Collection[str] = formats.FORMATS,
) -> Iterator[list[Target]]:
    """Every target.

    Args:
      folder: empty, for files.
      model: a model directory, of which the files are mutated; None for none.
      corpus_formats: of corpora, those whose packages may be imported.
    """
    targets = [*corpora(folder, corpus_formats), *bodies(), flag_files(folder), export_notes(folder)]
    if model is not None:
        targets += model_files(folder, model)
    with answering() as (url, give):
        yield [*targets, answers(url, give)]


_ADE = b"1|Fever after aspirin, and fever again.|fever|0|5|aspirin|12|19\n2|a b|a|0|1|b|2|3\n"


def corpora(folder: pathlib.Path, chosen: Collection[str]) -> Iterator[Target]:
    """Each format with a few sentences of the sample corpus."""
    sentences = data_dir.read_sample("train")[:4]
    place = folder / "mutated-ade"
    yield Target("corpus: ade", [_ADE], _reader(place, place, "ade"))
    for suffix in (".json", ".xml"):
        written, place = folder / f"bioc{suffix}", folder / f"mutated-bioc{suffix}"
        formats.write(sentences, written, "bioc")
        yield Target(f"corpus: bioc, {suffix}", [written.read_bytes()], _reader(place, place, "bioc"))
    for format in chosen:
        if format in ("ade", "bioc"):
            continue
        written = folder / f"valid-{format}"
        try:
            formats.check_installed(format)
            formats.write(sentences, written, format)
        except InputError:  # an extra that isn't there
            continue
        place = folder / f"mutated-{format}"
        if format == "docbin":  # what is compressed is mutated, too
            inner = zlib.decompress(written.read_bytes())
            yield Target("corpus: docbin", [inner], _compressed(_reader(place, place, format)))
        elif format not in formats.FOLDER_FORMATS:
            yield Target(f"corpus: {format}", [written.read_bytes()], _reader(place, place, format))
        if format not in formats.FOLDER_FORMATS:
            continue
        place.mkdir()
        for path in sorted(written.rglob("*")):
            (place / path.name).write_bytes(path.read_bytes())
        for path in sorted(place.iterdir())[:3]:
            name = f"corpus: {format}, {path.suffix or path.name}"
            yield Target(name, [path.read_bytes()], _reader(place, path, format))


def _compressed(read: Callable[[bytes], None]) -> Callable[[bytes], None]:
    return lambda content: read(zlib.compress(content))


def _reader(corpus: pathlib.Path, file: pathlib.Path, format: str) -> Callable[[bytes], None]:
    valid = file.read_bytes() if file.exists() else b""

    def read(content: bytes) -> None:
        file.write_bytes(content)
        try:
            found = formats.load(corpus, format)
        finally:
            file.write_bytes(valid)
        for finding in found.findings:
            printable(str(finding)).encode()
        assert found.problems or not any(map(find_problems, found.sentences))
        for sentence, _ in map(drop_invalid, found.sentences):
            assert sentence is None or not find_problems(sentence)

    return read


def bodies() -> Iterator[Target]:
    """Bodies of requests to the local server and to Label Studio's backend."""
    rows = json.dumps({"signature_name": "serving_default", "instances": [TEXT, {"b64": "QQ=="}]})
    columns = json.dumps({"inputs": {"text": [TEXT]}})
    tokens = json.dumps({"signature_name": "tokens", "instances": [["Ann", "ran"], ["Bob", ""]]})

    def predict(content: bytes) -> None:
        request = json_tensor.parse(content)
        is_tokens = request.signature == "tokens"
        name, rank = ("tokens", 2) if is_tokens else ("text", 1)
        found = json_tensor.strings(request, name, rank)
        for row in found:
            assert isinstance(row, list if is_tokens else bytes)

    def draw(content: bytes) -> None:
        text, width = drawing_route.read(content)
        drawing_route.answer(text, {**ROW, **{name: [] for name in ROW}}, width)

    yield Target("server: predict", [s.encode() for s in (rows, columns, tokens)], predict, (RequestError,))
    yield Target(
        "server: drawing", [json.dumps({"text": TEXT, "width": 800}).encode()], draw, (RequestError,)
    )
    yield from _label_studio()


def _label_studio() -> Iterator[Target]:
    from jner_re.serving.label_studio import app

    class Still:
        """A model that finds nothing, and no training."""

        current = None

        def begin(self, export: Callable[[], Any]) -> bool:
            with contextlib.suppress(InputError):
                json.dumps(export())
            return False

    still: Any = Still()
    backend = app.create(app.Backend(still, still, "http://127.0.0.1:9", ""))
    task = {"id": 1, "data": {"text": TEXT}, "annotations": []}
    requests = {
        "/setup": {"schema": _CONFIGURATION},
        "/predict": {"label_config": _CONFIGURATION, "tasks": [task]},
        "/train": {"label_config": _CONFIGURATION, "annotations": [task]},
        "/webhook": {"action": "START_TRAINING", "project": {"id": 1, "label_config": _CONFIGURATION}},
    }
    for path, request in requests.items():

        def post(content: bytes, path: str = path) -> None:
            status, body = asyncio.run(_posted(backend, path, content))
            assert status in (200, 400), f"status {status}: {body!r:.200}"
            json.loads(body)

        yield Target(f"Label Studio: {path}", [json.dumps(request).encode()], post)


async def _posted(application: Any, path: str, content: bytes) -> tuple[int, bytes]:
    """The answer of an ASGI application."""
    status, body = 0, b""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, body
        status = message.get("status", status)
        body += message.get("body", b"")

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "query_string": b""}
    await application(scope, receive, send)
    return status, body


def flag_files(folder: pathlib.Path) -> Target:
    """Files of flags, as --flagfile takes them."""
    presets = sorted((pathlib.Path(config_flags.__file__).parent / "presets").glob("*.flags"))
    file = folder / "mutated.flags"

    def parse(content: bytes) -> None:
        file.write_bytes(content)
        values = flags.FlagValues()
        config_flags.define(values)
        program_flags.read(values, ["fuzz", f"--flagfile={file}"])
        config_flags.parsed(values)

    return Target("flags", [path.read_bytes() for path in presets], parse, (InputError, flags.Error))


def export_notes(folder: pathlib.Path) -> Target:
    """What an exported folder says of itself."""
    about.write(folder, [TEXT], 0.1)
    file = folder / about.FILE

    def read(content: bytes) -> None:
        file.write_bytes(content)
        found = about.read(folder)
        assert all(isinstance(text, str) for text in found["examples"]) and 0 <= found["min_score"] <= 1

    return Target("export: about.json", [file.read_bytes()], read)


def model_files(folder: pathlib.Path, model: pathlib.Path) -> Iterator[Target]:
    """The files of a model directory: each alone, and the model opened with one of them mutated."""
    from jner_re.models import model_files as names
    from jner_re.models.model_vocabulary import ModelVocabulary
    from jner_re.models.temperatures import Temperatures

    copy = folder / "model"
    for path in model.rglob("*"):
        if path.is_file():
            (copy / path.relative_to(model)).parent.mkdir(parents=True, exist_ok=True)
            (copy / path.relative_to(model)).write_bytes(path.read_bytes())
    if not (copy / names.THRESHOLD).exists():
        names.write_threshold(copy, 0.5, "dev", {"entities": 1.5, "relations": 2.0, "source": "dev.json"})
    config, _ = configs.load(copy / names.CONFIG)

    def threshold() -> None:
        names.read_threshold(copy, config)
        Temperatures.load(copy)

    readers: dict[str, Callable[[], Any]] = {
        names.CONFIG: lambda: configs.load(copy / names.CONFIG),
        names.VOCABULARY: lambda: ModelVocabulary.load(copy / names.VOCABULARY),
        names.THRESHOLD: threshold,
    }
    for name, read in readers.items():
        yield _of_file(f"model: {name}", copy / name, read)
    from jner_re.evaluation.card import card

    if (copy / names.METRICS).exists():
        for name in (names.METRICS, names.VOCABULARY, names.THRESHOLD):
            yield _of_file(f"card: {name}", copy / name, lambda: card.text(copy))
    from jner_re.models import model_dir

    for name in (names.CONFIG, names.VOCABULARY, names.THRESHOLD, names.WEIGHTS):
        yield _of_file(f"opened: {name}", copy / name, lambda: model_dir.load(copy))


def _of_file(name: str, file: pathlib.Path, read: Callable[[], Any]) -> Target:
    valid = file.read_bytes()

    def give(content: bytes) -> None:
        file.write_bytes(content)
        try:
            read()
        finally:
            file.write_bytes(valid)

    return Target(name, [valid], give)


@contextlib.contextmanager
def answering() -> Iterator[tuple[str, Callable[[bytes], None]]]:
    """The URL of a server, and what sets the body of its answers."""
    bodies = [b""]

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", str(len(bodies[0])))
            self.end_headers()
            self.wfile.write(bodies[0])

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", lambda content: bodies.__setitem__(0, content)
        server.shutdown()


def answers(url: str, set_body: Callable[[bytes], None]) -> Target:
    """What a server answers to the client."""
    client = Client(Endpoint(url))

    def ask(content: bytes) -> None:
        set_body(content)
        found = client(TEXT)
        assert found.text == TEXT
        drawing.html(found)
        json.dumps(found.to_json(), allow_nan=False)

    valid = [{"predictions": [ROW]}, {"error": "no"}]
    return Target("client: answers", [json.dumps(answer).encode() for answer in valid], ask)
