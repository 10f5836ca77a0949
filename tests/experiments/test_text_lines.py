from __future__ import annotations

import json
import pathlib

import pytest

from experiments import text_lines
from jner_re.errors import InputError


def read(path: pathlib.Path, content: bytes | str, input_format: str | None = None) -> list[text_lines.Line]:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(text_lines.read([str(path)], input_format))


def test_lines_that_are_not_blank_are_texts(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "news.txt"
    lines = read(path, "\ufeffone \r\n\n \t\ntwo\u2028three\n\ufeffno mark")
    assert [line.fields for line in lines] == [
        {"text": "one "}, {"text": "two\u2028three"}, {"text": "\ufeffno mark"}
    ]  # fmt: skip
    assert [line.place for line in lines] == [f"{path}: line {number}" for number in (1, 4, 5)]
    assert [line.name for line in lines] == ["news-1", "news-4", "news-5"]
    assert not any(line.error for line in lines)


def test_the_ending_or_the_flag_chooses_json(tmp_path: pathlib.Path) -> None:
    record = {"id": 7, "large": 10**999, "text": "one", "more": [None, 1.5]}
    as_json = [line.fields for line in read(tmp_path / "a.jsonl", json.dumps(record))]
    assert as_json == [record]
    assert [line.fields for line in read(tmp_path / "a.txt", json.dumps(record), "jsonl")] == [record]
    as_text = [{"text": json.dumps(record)}]
    assert [line.fields for line in read(tmp_path / "a.jsonl", json.dumps(record), "txt")] == as_text


@pytest.mark.parametrize(
    ("content", "fields", "error"),
    [
        (b"ab\xff", {"text": "ab\ufffd"}, "byte 2 is not UTF-8, expected UTF-8 text"),
        (b'{"text": }', {"text": '{"text": }'}, "column 10: Expecting value, expected JSON"),
        (b"[" * 100_000, {"text": "[" * 100_000}, "expected JSON"),
        (b"[]", {"text": "[]"}, 'expected a JSON object with a string as its "text"'),
        (b'{"id": 1}', {"id": 1}, '"text" is None, expected a string'),
        (b'{"id": 1, "text": 2}', {"id": 1, "text": 2}, '"text" is 2, expected a string'),
        (b'{"x": NaN}', {"text": '{"x": NaN}'}, "NaN is no JSON, expected JSON"),
        (b'{"x": -1e999}', {"text": '{"x": -1e999}'}, "-1e999 is too large a number, expected JSON"),
        (
            b'{"x": -%s}' % (b"1" * 5000),
            {"text": f'{{"x": -{"1" * 5000}}}'},
            f"-{'1' * 39}… is too large a number, expected JSON",
        ),
        (b'{"id": 1, "error": "old"}', {"id": 1}, '"text" is None, expected a string'),
        (
            b'{"id": 1, "text": "a", "entities": [5]}',
            {"id": 1, "text": "a"},
            'it has "entities", a field of the answer, expected another name',
        ),
    ],
)
def test_what_is_wrong_with_a_line_is_told_and_the_rest_goes_on(
    content: bytes, fields: dict[str, object], error: str, tmp_path: pathlib.Path
) -> None:
    wrong, right = read(tmp_path / "a.jsonl", content + b'\n{"text": "right"}\n')
    assert wrong.fields == fields and wrong.error.endswith(error)
    assert right.fields == {"text": "right"} and not right.error


def test_files_that_cannot_be_read(tmp_path: pathlib.Path) -> None:
    for paths, message in (
        ([str(tmp_path)], "is a folder without .txt files, expected texts"),
        ([str(tmp_path / "no.txt")], r"no\.txt: no such file, or not readable"),
        (["-", "-"], "- is given twice"),
    ):
        with pytest.raises(InputError, match=message):
            text_lines.check(paths)
    text_lines.check(["-"])


def test_files_of_the_same_name_would_overwrite_each_others_documents() -> None:
    text_lines.check_names(["a/x.txt", "x-1.txt", "-"])
    with pytest.raises(InputError, match=r"a/x\.txt and b/x\.jsonl: .* names, x-1 and so on"):
        text_lines.check_names(["a/x.txt", "y.txt", "b/x.jsonl"])
    with pytest.raises(InputError, match=r"- and stdin\.txt: "):
        text_lines.check_names(["-", "stdin.txt"])


def test_a_file_of_json_is_no_lines(tmp_path: pathlib.Path) -> None:
    (path := tmp_path / "tasks.json").write_text('[{"text": "a"}]')
    with pytest.raises(InputError, match=r"tasks.json: is one piece of JSON, expected lines of text"):
        text_lines.check([str(path)])
    text_lines.check([str(path)], "txt")
