"""What messages may show: no secrets, and nothing that changes a terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jner_re.config_paths import public_names
from jner_re.errors import printable, without_secrets


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("http://ann:key@host:8/a: no", "http://host:8/a: no"),
        ("(https://host/a?token=key)", "(https://host/a)"),
        ("s3://key@host/a?b=key c", "s3://host/a c"),
        ("Max retries exceeded with url: /v1/a?b=key (Caused by x)",
         "Max retries exceeded with url: /v1/a (Caused by x)"),
        ("who? owner/name@main at a@b", "who? owner/name@main at a@b"),
    ],
)  # fmt: skip
def test_what_gives_access_is_left_out(message: str, shown: str) -> None:
    assert without_secrets(message) == shown


def test_addresses_of_encoders_are_told_without_secrets() -> None:
    assert public_names("https://ann:key@host/e.tar.gz?b=key, /home/ann/encoder") == [
        "https://host/e.tar.gz",
        "encoder",
    ]


@given(st.text(st.sampled_from("aé\x1b[3\u202e\n\r\x00\ud800 𝒜\x7f\u2028")))
def test_messages_are_one_line_that_moves_no_cursor(message: str) -> None:
    shown = printable(message)
    assert shown.isprintable()
    assert shown == message or not message.isprintable()
    assert printable("red \x1b[31m\u202e\n") == r"red \x1b[31m\u202e\n"
