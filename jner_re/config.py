"""What a model is (ModelConfig) and how it is trained (TrainConfig): frozen, and written to JSON."""

from __future__ import annotations

import dataclasses
import json
import math
import pathlib
from typing import Any, TypeVar

from jner_re import files
from jner_re.errors import InputError

_OF_FINE_TUNING = ("frozen_encoder_layers", "encoder_learning_rate", "encoder_warmup", "recompute_gradients")
_OF_WINDOWS = ("window_step", "max_sentence_distance", "window_states", "encoder_context")
MAX_WINDOW = 8  # sentences; what a document costs grows with it

_Config = TypeVar("_Config", "ModelConfig", "TrainConfig")


def _option(
    default: Any,
    help: str,
    choices: tuple[str, ...] = (),
    low: float | None = None,
    high: float | None = None,
) -> Any:
    """A field whose help text, choices and bounds (inclusive) are its metadata."""
    return dataclasses.field(
        default=default, metadata={"help": help, "choices": choices, "low": low, "high": high}
    )


@dataclasses.dataclass(frozen=True)
class ModelConfig:
    """The architecture (paper, section 3 and Table 1; DESIGN of the extensions in docs/model.md).

    Raises:
      InputError: if a value is out of its range.
    """

    encoder: str = _option(
        "minilm",
        "contextual token encoder: a name of the catalogue (minilm, mpnet, elmo-5.5b, …), a checkpoint of "
        "the Hugging Face hub (owner/name or owner/name@revision), the folder of a checkpoint or a "
        "SavedModel, a TF-Hub handle, several of these joined by commas, or empty for none",
    )
    fine_tune_encoder: bool = _option(
        False,
        "train the encoder, a transformer, too, from the weights it has; its output can't be cached then",
    )
    frozen_encoder_layers: int = _option(
        0,
        "with --fine_tune_encoder, layers not trained: 1 for the embeddings, 2 for the first block too, …",
        low=0,
    )
    glove: str = _option(
        "glove-6b-50d", "word vectors: a name of the catalogue, a glove.*.txt or .zip file, or empty for none"
    )
    char_rnn_size: int = _option(32, "size of the character BiRNN per direction; 0 for none", low=0)
    char_embedding_size: int = _option(32, "size of the character embeddings", low=1)
    max_word_chars: int = _option(
        40, "characters of a word that the character BiRNN reads: the first half and the last half", low=2
    )
    casing: bool = _option(True, "give the model a one-hot vector of each word's casing")
    tokenization: str = _option(
        "news",
        "how raw text is split into words: news keeps hyphenated words, fine splits them, characters is for "
        "scripts without spaces (Han, Kana, Thai, …), of which each letter is a word, and for sentences "
        "without white space between them",
        choices=("news", "fine", "characters"),
    )
    lines: str = _option(
        "wrapped",
        "what a line of raw text is: a part of a paragraph, which ends with a blank line (wrapped), or a "
        "paragraph (separate); no sentence goes on in the next paragraph",
        choices=("wrapped", "separate"),
    )
    language: str = _option(
        "en",
        "whether raw text has abbreviations (Mr., Inc.) and clitics ('s) of English",
        choices=("en", "other"),
    )
    window: int = _option(
        1,
        "consecutive sentences of a document that the model reads together: relations join their entities",
        low=1,
        high=MAX_WINDOW,
    )
    window_step: int = _option(
        8, "with --window, sentences that are decided at once, between neighbours", low=1
    )
    max_sentence_distance: int = _option(
        -1, "with --window, give only relations of sentences at most so far apart; -1 for all", low=-1
    )
    window_states: str = _option(
        "re",
        "with --window, whose BiRNNs go on over the ends of sentences: none, those of re, or of ner and re",
        choices=("none", "re", "both"),
    )
    encoder_context: bool = _option(
        False, "with --window, let the encoder read the sentences of a window together, not each alone"
    )
    rnn_cell: str = _option("gru", "cell of every BiRNN", choices=("gru", "lstm"))
    rnn_size: int = _option(256, "size of the BiRNN layers per direction", low=1)
    shared_layers: int = _option(1, "number of shared BiRNN layers", low=1)
    ner_layers: int = _option(1, "number of NER-specific BiRNN layers", low=0)
    re_layers: int = _option(2, "number of RE-specific BiRNN layers", low=0)
    ner_hidden_size: int = _option(64, "output size of FFNN(e1)", low=1)
    ner_activation: str = _option("tanh", "activation of FFNN(e1)", choices=("tanh", "relu"))
    re_hidden_size: int = _option(128, "output size of FFNN(r1)", low=1)
    re_activation: str = _option("relu", "activation of FFNN(r1)", choices=("tanh", "relu"))
    label_embedding_size: int = _option(25, "size of the entity label embeddings", low=1)
    constrained_crf: bool = _option(
        False,
        "in training too, normalize the CRF over well-formed tag sequences only, as its scores are",
    )
    constrained_decoding: bool = _option(
        True,
        "let Viterbi and entity scores regard only well-formed tag sequences; otherwise an I-x that begins "
        "an entity is read as B-x",
    )
    rnn_dropout: float = _option(0.35, "dropout before every BiRNN but the character one", low=0, high=0.95)
    re_dropout: float = _option(0.5, "dropout before relation scoring", low=0, high=0.95)
    threshold: float = _option(0.9, "a relation is predicted when its score exceeds this", low=0, high=1)
    pair_context_size: int = _option(
        0, "size of the pair context, the maximum over the words between two entities; 0 for none", low=0
    )
    pair_context_dropout: float = _option(0.3, "dropout before the pair context", low=0, high=0.95)
    typed_pairs: bool = _option(
        False, "give only the relations whose argument types were seen together in training"
    )
    entity_weighted: bool = _option(
        False, "multiply a relation's score by the posterior probabilities of its two entities"
    )

    def __post_init__(self) -> None:
        _check(self)

    @property
    def relation_distance(self) -> int:
        """How many sentences apart the entities of a relation may be: 0 for one sentence."""
        return self.window - 1 if self.max_sentence_distance < 0 else self.max_sentence_distance


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """The optimization (paper, section 3.4).

    Raises:
      InputError: if a value is out of its range.
    """

    optimizer: str = _option("nadam", "optimizer", choices=("adam", "nadam"))
    learning_rate: float = _option(5e-4, "learning rate at the start", low=0)
    constant_fraction: float = _option(
        1.0, "share of the run after which the learning rate falls linearly to 0; 1 keeps it", low=0, high=1
    )
    encoder_learning_rate: float = _option(
        5e-5, "with --fine_tune_encoder, the highest learning rate of the encoder", low=0
    )
    encoder_warmup: float = _option(
        0.1,
        "share of the run in which the encoder's learning rate rises linearly from 0, before it falls to 0",
        low=0,
        high=1,
    )
    recompute_gradients: bool = _option(
        False,
        "with --fine_tune_encoder, compute the inside of each block again for the gradients (gradient "
        "checkpointing): slower, in less memory",
    )
    batch_size: int = _option(2, "sentences in a batch; with --window, passages", low=1)
    epochs: int = _option(24, "passes over the training sentences", low=1)
    relation_weight: float = _option(5.0, "lambda_r: weight of the relation loss", low=0)
    relation_loss: str = _option(
        "sum",
        "the relation loss of a sentence: the sum over its ordered pairs of entities and the relation types, "
        "or their mean",
        choices=("sum", "mean"),
    )
    clip_norm: float = _option(0.0, "bound of the gradients' global norm; 0 for none", low=0)
    average_decay: float = _option(
        0.0,
        "decay of the moving average of the weights that is evaluated and saved; 0 for none",
        low=0,
        high=0.9999,
    )
    patience: int = _option(0, "stop after so many epochs without a better dev score; 0 for never", low=0)
    jit_compile: bool = _option(
        True,
        "let XLA compile the loops of GRU layers and the moving average for training; what is learned "
        "depends on it in the last digits alone",
    )
    calibrate: bool = _option(False, "choose the relation threshold on the dev set after training")
    seed: int = _option(1, "seed of weights, dropout and order", low=0, high=2**32 - 1)

    def __post_init__(self) -> None:
        _check(self)

    def with_seeds(self, count: int) -> list[TrainConfig]:
        """The same with this seed and those that follow it."""
        return [dataclasses.replace(self, seed=self.seed + i) for i in range(count)]


# Of which a SavedModel, a checkpoint in the Hugging Face layout and one of an ELMo have one.


def check_together(model: ModelConfig, train: TrainConfig) -> None:
    """Raises InputError if an option is given without the one it belongs to: fine-tuning, or a window."""
    if model.max_sentence_distance >= model.window > 1:
        limit = model.max_sentence_distance
        raise InputError(f"max_sentence_distance is {limit}, expected less than the window, {model.window}")
    for is_used, told, names in (
        (model.fine_tune_encoder, "without fine_tune_encoder", _OF_FINE_TUNING),
        (model.window > 1, "with a window of 1", _OF_WINDOWS),
    ):
        for name in names:
            config = model if hasattr(model, name) else train
            value, default = getattr(config, name), getattr(type(config), name)
            if value != default and not is_used:
                raise InputError(f"{name} is {value}, expected {default} {told}")


def _check(config: ModelConfig | TrainConfig) -> None:
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        choices, low, high = (field.metadata[name] for name in ("choices", "low", "high"))
        if choices and value not in choices:
            raise InputError(f"{field.name} is {value!r}, expected one of {', '.join(choices)}")
        if isinstance(value, float) and not math.isfinite(value):
            raise InputError(f"{field.name} is {value!r}, expected a finite number")
        if low is not None and not low <= value:
            raise InputError(f"{field.name} is {value!r}, expected at least {low}")
        if high is not None and not value <= high:
            raise InputError(f"{field.name} is {value!r}, expected at most {high}")


def save(path: pathlib.Path, model: ModelConfig, train: TrainConfig) -> None:
    """Writes both configs as one JSON file."""
    record = {"model": dataclasses.asdict(model), "train": dataclasses.asdict(train)}
    files.write_text(path, json.dumps(record, indent=2) + "\n")


def load(path: pathlib.Path) -> tuple[ModelConfig, TrainConfig]:
    """Reads what `save` wrote.

    Raises:
      InputError: if the file is missing, of another shape, or holds a value out of its range.
    """
    record = files.read_json(path)
    if not isinstance(record, dict) or set(record) != {"model", "train"}:
        raise InputError(f"{path}: expected an object with the keys model and train")
    return _from_record(ModelConfig, record["model"], path), _from_record(TrainConfig, record["train"], path)


def _from_record(kind: type[_Config], record: Any, path: pathlib.Path) -> _Config:
    fields = {field.name: field for field in dataclasses.fields(kind)}
    if not isinstance(record, dict):
        raise InputError(f"{path}: expected an object, found {record!r}")
    for name, value in record.items():
        if name not in fields:
            raise InputError(f"{path}: {name} is not a field of this version's {kind.__name__}")
        wanted = type(fields[name].default)
        if type(value) is not wanted and not (wanted is float and type(value) is int):
            raise InputError(f"{path}: {name} is {value!r}, expected a value of type {wanted.__name__}")
    try:
        return kind(**record)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
