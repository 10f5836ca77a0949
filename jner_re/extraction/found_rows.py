"""What was found in sentences, as the rows of an answer (`outputs.py`), in the graph."""

from __future__ import annotations

import tensorflow as tf

from jner_re.extraction.outputs import OUTPUTS
from jner_re.models.decode import Found
from jner_re.schema import LabelSet
from jner_re.text.splitter import SplitText


def rows(
    found: Found,
    rows: tf.Tensor,
    count: tf.Tensor,
    starts: tf.Tensor,
    ends: tf.Tensor,
    texts: tf.Tensor,
    label_set: LabelSet,
) -> dict[str, tf.Tensor]:
    """Puts what was found in the sentences of a row together.

    Args:
      found: in the sentences.
      rows: int32 [S], the row that each sentence belongs to.
      count: int64 [], the number of rows.
      starts: int32 [M], of the entities in their row.
      ends: likewise.
      texts: string [M].
      label_set: of the types.
    """
    sentence, _, _, kind = tf.unstack(found.entities, axis=1)
    entity_rows = tf.gather(rows, sentence)
    per_sentence = tf.math.unsorted_segment_sum(tf.ones_like(sentence), sentence, tf.size(rows))
    per_row = tf.math.unsorted_segment_sum(tf.ones_like(sentence), entity_rows, count)
    offsets = tf.cumsum(per_sentence, exclusive=True) - tf.gather(tf.cumsum(per_row, exclusive=True), rows)
    relation_sentence, head, tail, relation_kind = tf.unstack(found.relations, axis=1)
    relation_rows = tf.gather(rows, relation_sentence)
    offset = tf.gather(offsets, relation_sentence)

    def padded(name: str, values: tf.Tensor, ids: tf.Tensor) -> tf.Tensor:
        ragged = tf.RaggedTensor.from_value_rowids(values, tf.cast(ids, tf.int64), count, validate=False)
        return ragged.to_tensor(OUTPUTS[name].padding)

    entity_types = tf.constant(label_set.entity_types, tf.string)
    relation_types = tf.constant(label_set.relation_types, tf.string)
    entities = {
        "entity_type": tf.gather(entity_types, kind),
        "entity_text": texts,
        "entity_start": starts,
        "entity_end": ends,
        "entity_score": found.entity_scores,
    }
    relations = {
        "relation_type": tf.gather(relation_types, relation_kind),
        "relation_head": head + offset,
        "relation_tail": tail + offset,
        "relation_score": found.relation_scores,
    }
    return {
        **{name: padded(name, values, entity_rows) for name, values in entities.items()},
        **{name: padded(name, values, relation_rows) for name, values in relations.items()},
    }


def places_in_text(split: SplitText, entities: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Start and end of entities [M, 4] in their text, and the text there."""
    sentences = split.tokens.values
    sentence, start, end, _ = tf.unstack(entities, axis=1)
    begin = tf.cast(tf.gather(sentences.row_starts(), sentence), tf.int32)
    first, last = begin + start, begin + end - 1
    later = tf.ragged.range(first + 1, last + 1)
    pieces = tf.strings.join([split.spaces.flat_values, sentences.values])
    rest = tf.strings.reduce_join(tf.gather(pieces, later), axis=1)
    texts = tf.strings.join([tf.gather(sentences.values, first), rest])
    return tf.gather(split.starts.flat_values, first), tf.gather(split.ends.flat_values, last), texts
