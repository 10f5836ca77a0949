"""From raw text or tokens to entities and relations, in one graph: prediction, export and server run it."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection

import tensorflow as tf

from jner_re.constraints import Constraints
from jner_re.extraction import found_arrays, sentence_checks
from jner_re.extraction.found_rows import places_in_text
from jner_re.extraction.found_rows import rows as rows_of
from jner_re.extraction.outputs import BREAKS
from jner_re.extraction.passage_finder import PassageFinder
from jner_re.features.inputs import Reading
from jner_re.features.specs import numbered
from jner_re.models import best_relations, hub_model, numpy_behaviour
from jner_re.models import model_dir as model_dirs
from jner_re.models.decode import Found, gather_found
from jner_re.models.model_dir import TrainedModel
from jner_re.text.splitter import row_ids, split_text

_TOKENS_AT_ONCE = 2048  # padded tokens that go through encoder and model together

TEXT = tf.TensorSpec([None], tf.string, "text")
TOKENS = tf.TensorSpec([None, None], tf.string, "tokens")
_SENTENCES = tf.RaggedTensorSpec([None, None], tf.string, ragged_rank=1, row_splits_dtype=tf.int64)
_DOCUMENT_IDS = tf.TensorSpec([None], tf.int32)
_NAMES = tf.TensorSpec([None], tf.string)
_MIN_SCORE = tf.TensorSpec([], tf.float32, "min_score")


class Extractor(tf.Module):
    """A trained model from text or tokens to entities and relations.

    With a window of more than one sentence (`ModelConfig.window`), relations join entities of so many
    sentences of a text; a row of tokens is a sentence without neighbours.

    `from_text` and `from_tokens` return the tensors of `outputs.py`, each with the batch first and padded;
    `broken_at` is of the former alone. `relation_score` is above `min_score`.

    Whatever the request holds, a bounded number of tokens goes through encoder and model together.
    """

    def __init__(self, trained: TrainedModel) -> None:
        """Takes a model directory as `model_dir.load` opens it."""
        super().__init__(name="extractor")
        self.label_set = trained.vocabulary.label_set
        self.threshold = trained.threshold
        self._limits = trained.limits
        self.tokenization, self.lines = trained.config.tokenization, trained.config.lines
        self.language = trained.config.language
        self.featurizer = trained.inputs.featurizer
        self.encoders = list(trained.inputs.encoders.values())
        # Keras would save each of its layers as functions of their own: only the weights are to be tracked.
        self.model = functools.partial(trained.model, training=False)
        self._weights = list(trained.model.weights)
        self._passages = self._passage_finder(trained.inputs.reading)

    def _passage_finder(self, reading: Reading | None) -> PassageFinder | None:
        """For a model that reads several sentences together."""
        if reading is None:
            return None
        specs = {
            numbered("encoder_layers", i): tf.TensorSpec(
                [None, None, each.num_layers, each.width], tf.float16
            )
            for i, each in enumerate(self.encoders)
        }
        return PassageFinder(
            reading.window,
            reading.step,
            self.features,
            self.checked_layers,
            self.model,
            specs,
            reading.encoder_context,
        )

    @tf.function(input_signature=[TEXT, _MIN_SCORE], autograph=False)
    def from_text(self, text: tf.Tensor, min_score: tf.Tensor) -> dict[str, tf.Tensor]:
        """Raw texts of any length, which are split into sentences.

        Args:
          text: string [B], UTF-8; each broken piece of it counts as one U+FFFD.
          min_score: float32 [], of relations; those above it are given.

        Returns:
          See the class. Entities are numbered over the whole text.

        Raises:
          tf.errors.InvalidArgumentError: an encoder's output for a sentence doesn't fit float16.
        """
        numpy_behaviour.refuse()  # when the graph is made
        split = split_text(text, self.tokenization, self.lines, self.language)
        sentences = split.tokens.values
        text_ids = tf.cast(row_ids(split.tokens), tf.int32)
        firsts = tf.gather(tf.cast(split.tokens.row_starts(), tf.int32), text_ids)
        numbers = tf.range(tf.size(text_ids)) - firsts
        names = tf.strings.join(
            ["text ", tf.strings.as_string(text_ids), ": sentence ", tf.strings.as_string(numbers), " has"]
        )
        found = self.find(sentences, text_ids, names, min_score)
        starts, ends, texts = places_in_text(split, found.entities)
        return {
            "token": split.tokens.merge_dims(1, 2).to_tensor(""),
            BREAKS.name: split.breaks.to_tensor(BREAKS.padding),
            **rows_of(found, text_ids, tf.size(text, tf.int64), starts, ends, texts, self.label_set),
        }

    @tf.function(input_signature=[TOKENS, _MIN_SCORE], autograph=False)
    def from_tokens(self, tokens: tf.Tensor, min_score: tf.Tensor) -> dict[str, tf.Tensor]:
        """Sentences that are tokenized.

        Args:
          tokens: string [B, T], UTF-8, each row a sentence padded with "".
          min_score: float32 []; relations above it are given.

        Returns:
          See the class; an entity's text is its tokens joined by spaces.

        Raises:
          tf.errors.InvalidArgumentError: a sentence has more than MAX_TOKENS tokens, or one that is "", or an
            encoder's output for it doesn't fit float16.
        """
        numpy_behaviour.refuse()
        tokens = tf.strings.unicode_transcode(tokens, "UTF-8", "UTF-8")
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int64), axis=1)
        sentences = tf.RaggedTensor.from_tensor(tokens, lengths)
        rows = tf.range(tf.shape(tokens)[0])
        names = tf.strings.join(["sentence ", tf.strings.as_string(rows), ":"])
        checks = [sentence_checks.lengths(sentences, names), sentence_checks.padding(sentences, names)]
        with tf.control_dependencies(checks):
            found = self.find(sentences, rows, names, min_score)
        _, starts, ends, _ = tf.unstack(found.entities, axis=1)
        firsts = tf.cast(tf.gather(sentences.row_starts(), found.entities[:, 0]), tf.int32)
        words = tf.ragged.range(firsts + starts, firsts + ends)
        texts = tf.strings.reduce_join(tf.gather(sentences.values, words), axis=1, separator=" ")
        count = tf.size(rows, tf.int64)
        return {"token": tokens, **rows_of(found, rows, count, starts, ends, texts, self.label_set)}

    # Traced once for both signatures.
    @tf.function(input_signature=[_SENTENCES, _DOCUMENT_IDS, _NAMES, _MIN_SCORE], autograph=False)
    def find(
        self, sentences: tf.RaggedTensor, document_ids: tf.Tensor, names: tf.Tensor, min_score: tf.Tensor
    ) -> Found:
        """Entities and relations of sentences; of documents in passages, as `PassageFinder.find` says.

        Args:
          sentences: string [S, (tokens)]; some may be empty.
          document_ids: int32 [S], not decreasing.
          names: string [S], what begins a message about each.
          min_score: of relations.

        Raises:
          tf.errors.InvalidArgumentError: an encoder's output for a sentence doesn't fit float16.
        """
        if self._passages is None:
            found = self._find_in_sentences(sentences, names, min_score)
        else:
            found = self._passages.find(sentences, document_ids, names, min_score)
        if self._limits is None:
            return found
        return best_relations.of_found(found, tf.size(names), self._limits)

    def _find_in_sentences(self, sentences: tf.RaggedTensor, names: tf.Tensor, min_score: tf.Tensor) -> Found:
        """Entities and relations of sentences, a group of similar length at a time."""
        lengths = tf.cast(sentences.row_lengths(), tf.int32)
        order = tf.argsort(lengths, direction="DESCENDING", stable=True)
        lengths = tf.gather(lengths, order)
        count = tf.math.count_nonzero(lengths, dtype=tf.int32)

        def end_of_group(begin: tf.Tensor) -> tf.Tensor:
            return tf.minimum(begin + tf.maximum(_TOKENS_AT_ONCE // lengths[begin], 1), count)

        groups = found_arrays.count_groups(count, end_of_group)

        def add_group(
            number: tf.Tensor, begin: tf.Tensor, arrays: list[tf.TensorArray]
        ) -> tuple[tf.Tensor, tf.Tensor, list[tf.TensorArray]]:
            end = end_of_group(begin)
            group = order[begin:end]
            tokens = tf.gather(sentences, group).to_tensor("")
            found = gather_found(self.outputs(tokens, tf.gather(names, group)), min_score)
            return number + 1, end, found_arrays.write(arrays, number, found, group)

        arrays = found_arrays.new(groups)
        _, _, arrays = tf.while_loop(
            lambda number, begin, arrays: number < groups, add_group, (0, 0, arrays), parallel_iterations=1
        )
        return found_arrays.in_order(arrays)

    @tf.autograph.experimental.do_not_convert
    def outputs(self, tokens: tf.Tensor, names: tf.Tensor) -> dict[str, tf.Tensor]:
        """The inference model's outputs (`JointModel.inference`) for tokens [B, T] padded with "".

        `names` [B] begin the message if an encoder's output doesn't fit float16.
        """
        features = self.features(tokens)
        return self.model({**features, **self.checked_layers(tokens, features["lengths"], names)})

    def checked_layers(self, tokens: tf.Tensor, lengths: tf.Tensor, names: tf.Tensor) -> dict[str, tf.Tensor]:
        """What `encode` gives; `names` [B] begin the message if it doesn't fit float16."""
        layers = self.encode(tokens, lengths)
        with tf.control_dependencies([sentence_checks.finite(each, names) for each in layers.values()]):
            return {name: tf.identity(each) for name, each in layers.items()}

    def features(self, tokens: tf.Tensor) -> dict[str, tf.Tensor]:
        """The model's inputs but for the encoders' layers."""
        lengths = tf.reduce_sum(tf.cast(tokens != "", tf.int32), axis=1)
        return {**self.featurizer.features(tokens), "lengths": lengths}

    def encode(self, tokens: tf.Tensor, lengths: tf.Tensor) -> dict[str, tf.Tensor]:
        """Each encoder's layers [B, T, L, D], with the precision that they have in the cache for training."""
        return {
            numbered("encoder_layers", i): tf.cast(encoder.encode(tokens, lengths), tf.float16)
            for i, encoder in enumerate(self.encoders)
        }


def load(
    model_dir: str | os.PathLike[str],
    words: Collection[str] | None = None,
    constraints: Constraints | None = None,
) -> Extractor:
    """Opens a model directory.

    Args:
      model_dir: written by training.
      words: keep the word vectors of these words alone.
      constraints: declared, in place of the model's own.

    Raises:
      InputError: it isn't one, it is damaged, or an encoder or its word vectors aren't available.
    """
    extractor = Extractor(model_dirs.load(hub_model.find(model_dir), words, constraints))
    for encoder in extractor.encoders:
        encoder.load_now()
    return extractor
