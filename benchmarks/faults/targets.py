"""Everything that is given mutated files: readers of corpora, servers and client, a model's files, flags."""

from __future__ import annotations

import contextlib
import pathlib
import zlib
from collections.abc import Callable, Collection, Iterator
from typing import Any

from absl import flags

from benchmarks.faults.server_targets import TEXT, answering, answers, bodies
from benchmarks.faults.target import Target
from experiments import config_flags
from jner_re import config as configs
from jner_re import program_flags
from jner_re.corpora import data_dir, formats
from jner_re.corpora.dropping import drop_invalid
from jner_re.errors import InputError, printable
from jner_re.extraction import about
from jner_re.schema import find_problems


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
