from __future__ import annotations

import hashlib
import os
import pathlib
import re
import threading
import zipfile

import pytest

from jner_re.assets import catalogue, wheels
from jner_re.assets.entry import Entry, fetch_entry
from jner_re.assets.sources import File, HubSource, UrlSource, WheelSource
from jner_re.errors import InputError

WEIGHTS = b"\x08\x00weights" * 1000
CONFIG = b'{"model_type": "bert"}'
CHECKSUM = hashlib.sha256(WEIGHTS).hexdigest()
FILES = (File("config.json"), File("model.safetensors", CHECKSUM))
HUB = HubSource("someone/tiny")
UNREACHABLE = "http://127.0.0.1:9"
WHEEL = WheelSource(
    ("tiny-model==1.0",),
    {"config.json": "tiny/config.json", "model.safetensors": "tiny/model.safetensors"},
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """An empty cache, and neither hub nor package index."""
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)

    def no_index(requirement: str, folder: pathlib.Path) -> pathlib.Path:
        raise InputError(f"{requirement}: pip download failed: no index")

    monkeypatch.setattr(wheels, "fetch", no_index)
    return tmp_path / "cache" / "downloads"


@pytest.fixture(name="hub")
def published(cache, hub):
    hub.publish("someone/tiny", {"config.json": CONFIG, "model.safetensors": WEIGHTS})
    return hub


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A package index: add to it by file name."""
    contents: dict[str, dict[str, bytes]] = {}

    def fetch(requirement: str, folder: pathlib.Path) -> pathlib.Path:
        path = folder / f"{requirement}.whl"
        with zipfile.ZipFile(path, "w") as wheel:
            for name, content in contents[requirement].items():
                wheel.writestr(name, content)
        return path

    monkeypatch.setattr(wheels, "fetch", fetch)
    return contents


def entry(*sources, files=FILES):
    return Entry("tiny", "a test", files, sources)


def contents(folder):
    return {name: (folder / name).read_bytes() for name in ("config.json", "model.safetensors")}


def test_from_the_hub(hub, cache):
    folder = fetch_entry(entry(HUB))
    assert folder == cache / "tiny"
    assert contents(folder) == {"config.json": CONFIG, "model.safetensors": WEIGHTS}
    assert sorted(os.listdir(folder)) == ["checksums.json", "config.json", "model.safetensors"]
    assert sorted(os.listdir(cache)) == [".tiny.lock", "tiny"]


def test_from_the_cache_without_any_source(hub, monkeypatch, capsys):
    folder = fetch_entry(entry(HUB))
    capsys.readouterr()
    monkeypatch.setenv("HF_ENDPOINT", UNREACHABLE)
    assert fetch_entry(entry(HUB)) == folder
    assert capsys.readouterr().err == ""


def test_the_next_source_is_tried_with_a_notice(index, caplog):
    caplog.set_level("INFO")
    index["tiny-model==1.0"] = {"tiny/config.json": CONFIG, "tiny/model.safetensors": WEIGHTS, "../x": b""}
    folder = fetch_entry(entry(HUB, WHEEL))
    assert contents(folder) == {"config.json": CONFIG, "model.safetensors": WEIGHTS}
    lines = caplog.messages
    assert lines[0] == "tiny: fetching from hub someone/tiny"
    assert "can't be reached" in lines[1]
    assert lines[2] == "tiny: fetching from wheel tiny-model==1.0"
    assert len(lines) == 3


def test_a_zip_in_parts(index, tmp_path):
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.writestr("tiny/config.json", CONFIG)
        archive.writestr("tiny/model.safetensors", WEIGHTS)
    whole = (tmp_path / "all.zip").read_bytes()
    index["tiny-1==1.0"] = {"part/all.zip.1": whole[:777]}
    index["tiny-2==1.0"] = {"part/all.zip.2": whole[777:]}
    source = WheelSource(("tiny-1==1.0", "tiny-2==1.0"), WHEEL.members, ("part/all.zip.1", "part/all.zip.2"))
    assert contents(fetch_entry(entry(source)))["model.safetensors"] == WEIGHTS


def test_no_network_names_every_source_and_its_reason(cache):
    with pytest.raises(InputError) as raised:
        fetch_entry(entry(HUB, WHEEL))
    message = str(raised.value)
    assert message.startswith(f"tiny: can't be fetched: {UNREACHABLE} can't be reached: ")
    assert "Connection refused" in message
    assert "; tiny-model==1.0: pip download failed: no index" in message
    assert f"put config.json, model.safetensors into {cache / 'tiny'}" in message
    assert "\n" not in message
    assert os.listdir(cache / "tiny") == []


def test_a_wrong_checksum_from_every_source_leaves_nothing(hub, index, cache):
    wrong = b"other weights"
    hub.publish("someone/tiny", {"config.json": CONFIG, "model.safetensors": wrong})
    index["tiny-model==1.0"] = {"tiny/config.json": CONFIG, "tiny/model.safetensors": wrong}
    with pytest.raises(InputError) as raised:
        fetch_entry(entry(HUB, WHEEL))
    expected = f"sha256 is {hashlib.sha256(wrong).hexdigest()}, expected {CHECKSUM}"
    assert str(raised.value).count(expected) == 2
    assert os.listdir(cache / "tiny") == []
    assert not list(cache.rglob("model.safetensors"))


def test_a_wrong_checksum_from_the_first_source_is_made_good_by_the_next(hub, index, caplog):
    caplog.set_level("INFO")
    hub.publish("someone/tiny", {"config.json": CONFIG, "model.safetensors": b"other weights"})
    index["tiny-model==1.0"] = {"tiny/config.json": b"{}", "tiny/model.safetensors": WEIGHTS}
    folder = fetch_entry(entry(HUB, WHEEL))
    assert contents(folder) == {"config.json": b"{}", "model.safetensors": WEIGHTS}
    assert "sha256" in caplog.text


def test_damage_in_the_cache_is_found_and_mended_by_deleting(hub):
    folder = fetch_entry(entry(HUB))
    weights = folder / "model.safetensors"
    weights.write_bytes(b"damaged!" + WEIGHTS[8:])
    for _ in range(2):
        with pytest.raises(InputError, match=rf"{weights}: sha256 is \w+, expected {CHECKSUM}; once deleted"):
            fetch_entry(entry(HUB))
    weights.unlink()
    fetch_entry(entry(HUB))
    assert weights.read_bytes() == WEIGHTS


def test_a_file_without_pinned_checksum_must_stay_what_it_was(hub):
    folder = fetch_entry(entry(HUB))
    (folder / "config.json").write_bytes(b'{"model_type": "mpnet"}')
    with pytest.raises(InputError, match=rf"config\.json: .*expected {hashlib.sha256(CONFIG).hexdigest()}"):
        fetch_entry(entry(HUB))


def test_a_touched_but_equal_file_is_fine(hub):
    folder = fetch_entry(entry(HUB))
    os.utime(folder / "model.safetensors", (1, 1))
    assert fetch_entry(entry(HUB)) == folder


def test_a_new_pin_is_held_against_what_is_cached(hub):
    folder = fetch_entry(entry(HUB))
    pinned = entry(HUB, files=(File("config.json", "0" * 64), FILES[1]))
    with pytest.raises(InputError, match=re.escape(str(folder / "config.json"))):
        fetch_entry(pinned)


def test_files_put_there_by_hand_are_checked_and_used(cache):
    (cache / "tiny").mkdir(parents=True)
    (cache / "tiny" / "config.json").write_bytes(CONFIG)
    (cache / "tiny" / "model.safetensors").write_bytes(WEIGHTS)
    assert fetch_entry(entry(HUB, WHEEL)) == cache / "tiny"
    (cache / "tiny" / "model.safetensors").write_bytes(WEIGHTS[:-1])
    with pytest.raises(InputError, match="sha256 is"):
        fetch_entry(entry(HUB, WHEEL))


def test_an_interrupted_fetch_goes_on_where_it_was(hub, cache):
    hub.publish("someone/tiny", {"config.json": CONFIG})
    with pytest.raises(InputError, match=r"/resolve/main/model\.safetensors: there is no such file"):
        fetch_entry(entry(HUB))
    assert os.listdir(cache / "tiny") == []
    hub.publish("someone/tiny", {"config.json": CONFIG, "model.safetensors": WEIGHTS})
    hub.requests.clear()
    fetch_entry(entry(HUB))
    assert hub.asked_for("model.safetensors") and not hub.asked_for("config.json")


def test_two_at_once_fetch_once(cache):
    calls = []
    started = threading.Event()

    class Slow:
        def fetch(self, wanted, folder):
            calls.append(folder)
            started.set()
            threading.Event().wait(0.3)
            (folder / "config.json").write_bytes(CONFIG)
            (folder / "model.safetensors").write_bytes(WEIGHTS)

    first = threading.Thread(target=fetch_entry, args=(entry(Slow()),))
    first.start()
    assert started.wait(5)
    assert contents(fetch_entry(entry(Slow())))["config.json"] == CONFIG
    first.join()
    assert len(calls) == 1


def test_an_unreadable_record_of_checksums_is_made_anew(hub):
    folder = fetch_entry(entry(HUB))
    (folder / "checksums.json").write_text('{"config.json": {"unknown": 1}}')
    fetch_entry(entry(HUB))
    assert CHECKSUM in (folder / "checksums.json").read_text()


def test_an_unknown_name():
    with pytest.raises(InputError, match=r"'elma' is not in the catalogue, expected one of minilm, mpnet, "):
        catalogue.fetch("elma")


@pytest.mark.parametrize("known", catalogue.ENTRIES, ids=lambda known: known.name)
def test_the_catalogue_is_consistent(known):
    names = [file.name for file in known.files]
    assert len(set(names)) == len(names)
    for file in known.files:
        assert file.name == pathlib.PurePath(file.name).name
        # Where none is published here, it is recorded at the first download.
        of_urls = all(isinstance(source, UrlSource) for source in known.sources)
        assert re.fullmatch("[0-9a-f]{64}", file.sha256) if file.sha256 else of_urls
    for source in known.sources:
        if isinstance(source, HubSource):
            assert re.fullmatch("[0-9a-f]{40}", source.revision)
        if isinstance(source, WheelSource):
            assert set(source.members) == set(names)
            assert len(source.parts) in (0, len(source.requirements))
            assert source.parts or len(source.requirements) == 1
            assert all(re.fullmatch(r"[\w-]+==[\d.]+", requirement) for requirement in source.requirements)
