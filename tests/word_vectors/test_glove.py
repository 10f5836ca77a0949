from __future__ import annotations

import gzip
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jner_re.assets import catalogue
from jner_re.errors import InputError
from jner_re.word_vectors import glove, glove_text


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("JNER_RE_CACHE", str(tmp_path / "cache"))


def load(tmp_path, content, name="glove.txt"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return glove.load(str(path))


def test_words_and_vectors(tmp_path):
    loaded = load(tmp_path, "the 0.25 -1 2e-1\n, 1 2 3\n")
    assert loaded.words == ("the", ",")
    assert loaded.vectors.dtype == np.float32
    np.testing.assert_array_equal(loaded.vectors, np.float32([[0.25, -1, 0.2], [1, 2, 3]]))


@pytest.mark.parametrize(
    "word",
    [
        *("nan", "NA", "null", "inf", "1", "-0.5", '"', "'s", '"quoted', "#", ". . .", "at name@domain.com"),
        *("a\x00b", "\u0085", "\u2028", "a\u00a0b", "\ufeff", "naïve", "\x0b", "\U0001d518"),
    ],
)
def test_words_that_parsers_stumble_over(tmp_path, word):
    loaded = load(tmp_path, f"a 1 2\nb 3 4\n{word} 5 6\nc 7 8\n")
    assert loaded.words == ("a", "b", word, "c")
    np.testing.assert_array_equal(loaded.vectors[:, 0], [1, 3, 5, 7])


def test_header_blank_lines_and_windows_ends_are_skipped(tmp_path):
    loaded = load(tmp_path, "2 3\r\nthe 1 2 3 \r\n\r\nof 4 5 6")
    assert loaded.words == ("the", "of")
    np.testing.assert_array_equal(loaded.vectors, [[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a 1 2\nb 3 4\nc 5\n", r"glove\.txt: line 3 has 1 numbers, expected 2"),
        ("a 1 2\nb 3 4\nc 5 6 7\n", r"glove\.txt: line 3 has 3 numbers, expected 2"),
        ("a 1 2\n\nb 3 x4\nc 5 6\n", r"glove\.txt: line 3 has 'x4', expected a finite number"),
        ('a 1 2\nb 3 "4"\nc 5 6\n', r"glove\.txt: line 2 has '\"4\"', expected a finite number"),
        ("a 1 2\nb 3 nan\nc 5 6\n", r"glove\.txt: line 2 has 'nan', expected a finite number"),
        ("a 1 2\nb 3 1e40\nc 5 6\n", r"glove\.txt: line 2 has '1e40', expected a finite number"),
        ("a 1 2\nb 3 1\x002\nc 5 6\n", r"glove\.txt: line 2 has '1\\x002', expected a finite number"),
        ("a 1 2\nb 3 4\rc\nc 5 6\n", r"glove\.txt: line 2 has '4\\rc', expected a finite number"),
        ("a 1 2\n 3 4\nc 5 6\n", r"glove\.txt: line 2 starts with a space, expected a word"),
        (b"a 1 2\n\xff 3 4\nc 5 6\n", r"glove\.txt: line 2: the word b'\\xff' is not UTF-8"),
        ("words\nwithout\nnumbers\n", r"glove\.txt: line 1 is 'words', expected a word and its numbers"),
        ("", r"glove\.txt: has no word vectors"),
        ("400000 50\n", r"glove\.txt: has no word vectors"),
    ],
)
def test_malformed_files(tmp_path, content, message):
    for _ in range(2):  # nothing of a bad file is kept
        with pytest.raises(InputError, match=message):
            load(tmp_path, content)


def test_errors_past_the_first_batch_have_the_right_line(tmp_path, monkeypatch):
    monkeypatch.setattr(glove_text, "_LINES", 10)
    lines = [f"w{i} {i} 0.5\n" for i in range(1, 101)]
    assert len(load(tmp_path, "".join(lines)).words) == 100
    lines[56] = "w57 57 half\n"
    with pytest.raises(InputError, match="line 57 has 'half'"):
        load(tmp_path, "".join(lines))


def test_a_repeated_word_keeps_its_first_vector_and_is_told(tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO")
    monkeypatch.setattr(glove_text, "_LINES", 2)
    loaded = load(tmp_path, "a 1 2\nb 3 4\na 5 6\na 7 8\nc 9 10\n")
    assert loaded.words == ("a", "b", "c")
    np.testing.assert_array_equal(loaded.vectors, [[1, 2], [3, 4], [9, 10]])
    assert "glove.txt: 2 words are given again" in caplog.text


def test_packed_files(tmp_path):
    text = b"the 1 2\nof 3 4\n"
    (tmp_path / "g.txt.gz").write_bytes(gzip.compress(text))
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("../glove.txt", text)
        archive.writestr("README", "x")
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("a.2d.txt", text)
        archive.writestr("b.1d.txt", "the 7\n")
    assert glove.load(str(tmp_path / "g.txt.gz")).words == ("the", "of")
    assert glove.load(str(tmp_path / "one.zip")).words == ("the", "of")
    np.testing.assert_array_equal(glove.load(f"{tmp_path}/two.zip:b.1d.txt").vectors, [[7]])
    for source in ("two.zip", "two.zip:c.txt"):
        with pytest.raises(InputError, match=r"two\.zip: which .*two\.zip:a\.2d\.txt, .*two\.zip:b\.1d\.txt"):
            glove.load(f"{tmp_path}/{source}")


@pytest.mark.parametrize("name", ["g.zip", "g.txt.gz"])
def test_damaged_archives(tmp_path, name):
    with pytest.raises(InputError, match=rf"{name}: can't be unpacked"):
        load(tmp_path, b"no archive at all", name)
    with pytest.raises(InputError, match=rf"{name}: can't be unpacked"):
        load(tmp_path, gzip.compress(b"the 1 2\n" * 1000)[:-20], name)


def test_a_packed_line_that_would_fill_the_memory(tmp_path):
    path = tmp_path / "bomb.txt.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b"a 1 2\n")
        for _ in range(50):
            file.write(bytes(1 << 20))
    tracemalloc.start()
    with pytest.raises(
        InputError, match=r"bomb\.txt\.gz: line 2 has more than 65,536 bytes, expected a word"
    ):
        glove.load(str(path))
    assert tracemalloc.get_traced_memory()[1] < 5 << 20
    tracemalloc.stop()


def test_a_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"none\.txt: No such file or directory, expected a glove"):
        glove.load(str(tmp_path / "none.txt"))


def test_a_file_is_parsed_once_until_it_changes(tmp_path, monkeypatch):
    load(tmp_path, "a 1 2\n")
    with monkeypatch.context() as patch:
        patch.setattr(glove_text, "parse", None)
        again = glove.load(str(tmp_path / "glove.txt"))
    assert again.words == ("a",)
    np.testing.assert_array_equal(again.vectors, [[1, 2]])
    assert load(tmp_path, "b 1 2\nc 3 4\n").words == ("b", "c")


def test_rows_prefer_the_word_itself_to_its_lower_case():
    table = glove.WordVectors(("us", "US", "the"), np.eye(3, dtype=np.float32))
    rows = table.rows(["US", "us", "Us", "THE", "zebra", ""])
    assert rows.dtype == np.int32
    assert rows.tolist() == [1, 0, 0, 2, -1, -1]
    assert table.rows([]).shape == (0,)


word = st.text("abAB", min_size=1, max_size=2)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(word, unique=True), st.lists(word))
def test_restricting_keeps_the_vectors_of_the_given_words_and_no_others(table_words, words):
    vectors = np.arange(2 * len(table_words), dtype=np.float32).reshape(-1, 2)
    table = glove.WordVectors(tuple(table_words), vectors)
    small = table.restrict(words)
    assert set(small.words) <= {w for x in words for w in (x, x.lower())}
    assert set(small.words) <= set(table_words)
    for before, after in zip(table.rows(words), small.rows(words), strict=True):
        assert (before < 0) == (after < 0)
        if before >= 0:
            np.testing.assert_array_equal(table.vectors[before], small.vectors[after])


def test_the_named_vectors_are_read_from_their_arrays(tmp_path, monkeypatch):
    np.save(tmp_path / "vectors.npy", np.float32([[1, 2], [3, 4]]))
    (tmp_path / "words.parquet").write_bytes(b"a stand-in")
    monkeypatch.setattr(catalogue, "fetch", lambda name: tmp_path if name == "glove-6b-50d" else None)
    monkeypatch.setattr(pd, "read_parquet", lambda path: pd.DataFrame({"index": ["nan", "the"]}))
    loaded = glove.load("glove-6b-50d")
    assert loaded.words == ("nan", "the")
    np.testing.assert_array_equal(loaded.vectors, [[1, 2], [3, 4]])


def test_a_missing_parquet_library_is_one_line(tmp_path, monkeypatch):
    def no_library(path):
        raise ImportError("Unable to find a usable engine;\ntried using: 'pyarrow', 'fastparquet'.")

    monkeypatch.setattr(catalogue, "fetch", lambda name: tmp_path)
    monkeypatch.setattr(pd, "read_parquet", no_library)
    with pytest.raises(InputError, match=r"words\.parquet: can't be read without a Parquet library"):
        glove.load("glove-6b-50d")
