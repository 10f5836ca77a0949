"""Tokens are Python's; sentences end where a reader would say, in most cases."""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from jner_re.text import long_sentences
from jner_re.text.long_sentence_breaks import break_points
from jner_re.text.splitter import SplitText, split_text
from jner_re.text.tokenization import TOKEN_PATTERNS, tokenize

STYLES = sorted(TOKEN_PATTERNS)
SPACES = [chr(code) for code in range(0x110000) if chr(code).isspace()]
unicode_text = st.text(st.characters(exclude_categories=["Cs"]))
# What rules look at, put together in any order.
WORDS = (
    "He said U.S. Mr. S. No. 5 1,000.5 hepatitis C. Danville, Ala. D-Ariz. 's . ?! … ... \" ' `` '' ( ) - -- "
    "é e\u0301 東京。 שלום مرحبا 😀 👩\u200d👩\u200d👧 ǅ \U0010ffff \0 \x01 \x02 \x03 \x01\x03 \ufeff"
)
prose = st.lists(st.sampled_from([*SPACES, " ", "\r\n", "\n\n", *WORDS.split()]), max_size=30).map("".join)


@functools.cache
def traced(style: str) -> Callable[[tf.Tensor], SplitText]:
    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def graph(texts: tf.Tensor) -> SplitText:
        return split_text(texts, style)

    return graph


Found = list[list[list[tuple[str, int, int]]]]  # tokens of the sentences of texts, as `tokenize` gives them


def found(split: SplitText) -> Found:
    """In Python's types, after checks of the tensors'."""
    assert split.tokens.dtype == tf.string
    assert split.starts.dtype == split.ends.dtype == tf.int32
    return [
        [
            [(token.decode(), *place) for token, *place in zip(*sentence, strict=True)]
            for sentence in zip(*text, strict=True)
        ]
        for text in zip(*(values.to_list() for values in split[:3]), strict=True)
    ]


def split_all(texts: list[str] | list[bytes], style: str) -> Found:
    return found(traced(style)(tf.constant(texts, tf.string, shape=[len(texts)])))


def marked(text: str, style: str = "fine") -> str:
    """The text with "|" where a sentence begins that is not the first."""
    sentences = split_all([text], style)[0]
    for sentence in reversed(sentences[1:]):
        text = f"{text[: sentence[0][1]]}|{text[sentence[0][1] :]}"
    return text


@settings(max_examples=100)
@given(st.lists(unicode_text | prose, max_size=4), st.sampled_from(STYLES))
def test_tokens_are_those_of_python(texts: list[str], style: str) -> None:
    for text, sentences in zip(texts, split_all(texts, style), strict=True):
        assert [token for sentence in sentences for token in sentence] == tokenize(text, style)
        assert all(sentences)
        if style != "characters":  # in which sentences end without white space, too
            assert all(text[sentence[0][1] - 1].isspace() for sentence in sentences[1:])


@settings(max_examples=30)
@given(st.lists(prose, min_size=1, max_size=4))
def test_a_text_is_its_tokens_and_the_spaces_before_them(texts: list[str]) -> None:
    split = traced("news")(tf.constant(texts))
    joined = tf.strings.reduce_join(tf.strings.join([split.spaces.flat_values, split.tokens.flat_values]))
    assert joined.numpy().decode() == "".join(text.rstrip() for text in texts)


@pytest.mark.parametrize("style", STYLES)
def test_every_character(style: str) -> None:
    """Between two letters, of the Basic Multilingual Plane."""
    text = " ".join(f"a{chr(code)}b" for code in range(0x10000) if not 0xD800 <= code < 0xE000)
    assert [token for sentence in split_all([text], style)[0] for token in sentence] == tokenize(text, style)


@settings(max_examples=30)
@given(st.lists(prose, min_size=1, max_size=5))
def test_a_text_does_not_depend_on_the_others(texts: list[str]) -> None:
    assert split_all(texts, "news") == [split_all([text], "news")[0] for text in texts]


@pytest.mark.parametrize(
    ("before", "text"),
    [
        ("hepatitis", "C. Smith came."),
        ("Danville,", "Ala. Smith came."),
        ("He went.", "he came"),
        ('"', '" He said. " Go. "'),
        ("He went. (", "Then"),
        ("He went.\n\n", ") He came."),
    ],
)
def test_rules_do_not_look_into_other_texts(before: str, text: str) -> None:
    alone = split_all([text], "news")[0]
    assert split_all([before, text, before], "news")[1] == alone


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=8) | prose.map(lambda text: text.encode()[1:-1]), min_size=1, max_size=4))
def test_broken_text_is_repaired_as_python_does(texts: list[bytes]) -> None:
    assert split_all(texts, "fine") == split_all([text.decode("utf-8", "replace") for text in texts], "fine")


@tf.function(
    input_signature=[tf.TensorSpec([None], kind) for kind in (tf.string, tf.bool, tf.int64)], autograph=False
)
def broken_at_three(tokens: tf.Tensor, spaced: tf.Tensor, splits: tf.Tensor) -> tf.Tensor:
    return break_points(tokens, spaced, splits, 3)


def broken(tokens: list[str], spaced: list[bool], most: int) -> list[int]:
    """Where a sentence is broken, by going through the places from the last that fits."""
    cuts, begin = [], 0
    while len(tokens) - begin > most:
        places = range(begin + most, begin, -1)
        marks = [
            p for p in places if tokens[p - 1] in "。" or (spaced[p] and tokens[p - 1] in ("x,", "..", "!"))
        ]
        begin = [*marks, *(p for p in places if spaced[p]), begin + most][0]
        cuts.append(begin)
    return cuts


@given(
    st.lists(st.lists(st.tuples(st.sampled_from(["a", "x,", "..", "!", "。", "Mr.", "-"]), st.booleans())))
)
@settings(max_examples=60)
def test_long_sentences_are_broken_at_the_last_mark_or_white_space(
    sentences: list[list[tuple[str, bool]]],
) -> None:
    tokens = [token for sentence in sentences for token, _ in sentence]
    spaced = [space for sentence in sentences for _, space in sentence]
    splits = np.cumsum([0, *map(len, sentences)])
    found = broken_at_three(
        tf.constant(tokens, tf.string), tf.constant(spaced, tf.bool), tf.constant(splits, tf.int64)
    )
    expected = [
        [begin + cut for cut in broken(tokens[begin:end], spaced[begin:end], 3)]
        for begin, end in itertools.pairwise(splits.tolist())
    ]
    assert sorted(found.numpy().tolist()) == list(itertools.chain(*expected))
    for sentence in sentences:  # in Python, and of corpora, where white space is between all tokens
        words, spaces = [token for token, _ in sentence], [space for _, space in sentence]
        assert long_sentences.break_points(words, spaces, 3) == broken(words, spaces, 3)
        assert long_sentences.break_points(words, max_tokens=3) == broken(words, [True] * len(words), 3)


def test_what_is_broken_is_told_and_goes_on_behind() -> None:
    text = "One. " + "Two, " * 999 + "three " * 1500 + "end."
    split = traced("news")(tf.constant(["A go.", text, ""]))
    assert [list(map(len, sentences)) for sentences in found(split)] == [[3], [2, 1998, 1502], []]
    assert split.breaks.to_list() == [[], [5 + 5 * 999], []]
    word = "a-" * 3000  # no white space and no mark
    assert [len(sentence) for sentence in split_all([word], "fine")[0]] == [2000, 2000, 2000]


def test_eager_and_graph_agree() -> None:
    texts = tf.constant(["Mr. Lee left. He's gone.", "", "One."])
    assert found(split_text(texts, "news")) == found(traced("news")(texts))


@pytest.mark.parametrize("text", ["", " ", "\n \r\n\t", "".join(SPACES)])
def test_blank_texts_have_no_sentences(text: str) -> None:
    assert split_all([text, "a", text], "fine") == [[], [[("a", 0, 1)]], []]


def test_no_texts() -> None:
    split = traced("fine")(tf.constant([], tf.string))
    assert found(split) == []
    assert split.tokens.shape.rank == 3


def test_nul_and_byte_order_mark_stay() -> None:
    assert split_all(["\ufeffa \0b\x01\x03\x01\x02"], "fine") == [
        [[("\ufeffa", 0, 2), ("\0b\x01\x03\x01\x02", 3, 9)]]
    ]


@pytest.mark.parametrize("style", STYLES)
def test_ops_are_those_of_tensorflow_serving(style: str) -> None:
    """Besides those of TensorFlow itself only one, which TensorFlow Serving links too."""
    definition = traced(style).get_concrete_function().graph.as_graph_def()  # type: ignore[attr-defined]
    ops = {node.op for node in definition.node}
    ops |= {node.op for function in definition.library.function for node in function.node_def}
    assert {op for op in ops if not hasattr(tf.raw_ops, op)} == {"RegexSplitWithOffsets"}


@pytest.mark.parametrize(
    "units",
    [
        ["He went to the U.S. with Mr. Lee. "],
        *(["a"], ["a."], ["a-"], ["'"], ['" '], [". "], ["( "], [") "], ["\n"], ["\0"]),
        ["a ", "-"],  # many words and a long one
        ["a. B ", "a "],  # many sentences and a long one
    ],
)
def test_time_is_linear(units: list[str]) -> None:
    """Ten times the text does not take a hundred times as long, whatever it repeats."""
    graph = traced("news")
    seconds = []
    for length in (20_000, 200_000):
        text = tf.constant(["".join(unit * (length // len(unit)) for unit in units)])
        start = time.perf_counter()
        graph(text)
        seconds.append(time.perf_counter() - start)
    assert seconds[1] < 30 * max(seconds[0], 0.02)


@pytest.mark.parametrize(
    "expected",
    [
        # Ends.
        "He went. |She stayed! |Did he? |Yes.",
        "Wait... |He did… |Really?! |No.",
        "Is 3.5 more than 1,000.25? |See www.example.com/a.html?b=C. |It tells.",
        "He paid 5. |10 more came.",
        "It has no period\n\n|But a blank line",
        "A heading\nof two lines\n \n|The text.\r\n\t\r\n|More.\r\r|And more",
        "One line.\n|Another one\nthat goes\r\non. |End.",
        "mid-sentence\u2029|paragraph",
        "No space.No break. |One?Two.",
        "他去了。 |她留下。",
        # What goes on in lower case.
        "He asked why? and left. |Yahoo! is old. |It is (see above.) that.",
        # Abbreviations.
        "Mr. Lee and Dr. Ann B. Smith met Lt. Gov. Jones of St. Paul. |They talked.",
        "J. R. R. Tolkien and J.-P. Sartre, e.g. Smith et al. Journal. |He wrote.",
        "The U.S. Senate and Acme Inc. President Lee met at 5 p.m. Monday. |It rained.",
        "He lives in the U.S. |He works for Acme Inc. |The firm is old.",
        "He left at 5 p.m. |Then he slept.",
        "Sen. Lee, D-Ariz. President of it, came on Oct. 5 to Ft. Worth. |Good.",
        "Born in Danville, Ala. |Owens ran. |In Ala. Owens ran.",
        "DANVILLE, Ala. (AP) Owens ran. |He won.",
        "Reported by approx. Ten or Approx. Ten of the Dept. Store (etc. More).",
        "Smith v. Jones, ca. Easter, vs. Lee. |End.",
        "Dr. Lee, Ph.D. Professor of it. |End.",
        # Words that are abbreviations only before a number, or only with a capital.
        "See No. 5 and Fig. 2 in vol. 3, pp. 5 to 7. |He said no. |She said No. |Lee did too.",
        "He is ill. |Lee saw the mass. |Take me. |It may. |Come in. |Man. |Old co. |End.",
        "Chronic hepatitis C. |Patients had vitamin K. |Grade B. |Ann B. Smith.",
        # Quotes and brackets.
        '"Yes." |He left. |"No!" |She said "go." |"Why?" he asked.',
        "He said (yes.) |(She did not.) |“Go.” |‘Now.’ |«So.» |[End.]",
        "She said ``go.'' |``No.'' |'Yes.' |'No.'",
        # Tokenized.
        "He said . '' |He left . |`` No ! '' |She said ( yes . ) |( End . )",
        'He said " yes . " |" No . " |Then . |" Why ? " he asked .',
        "`` No , '' said Mr. Lee of the U.S. `` Yes . '' `` the '' ? |End .",
        "He said -LRB- yes . -RRB- |-LRB- No . -RRB-",
        "One . . |Two . , three .. . |Four ! ? |Five ; six",
    ],
)
def test_breaks(expected: str) -> None:
    assert marked(expected.replace("|", "")) == expected


def test_closing_brackets_stay_after_several_words() -> None:
    assert marked("( He said ( yes . ) ) ] '' She left .") == "( He said ( yes . ) ) ] '' |She left ."
