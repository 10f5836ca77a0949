from __future__ import annotations

import pathlib

import numpy as np
import tensorflow as tf

from jner_re.extractor import Extractor
from jner_re.serving.in_process import SavedModel

TEXTS = ["Ann Lee, born in Rome, lives in Oslo. Bob  Carr met Ann in Lima.", "", "Rome"]


def test_written(extractor: Extractor, exported: pathlib.Path) -> None:
    rows = SavedModel(exported).texts(TEXTS, None)
    direct = extractor.from_text(tf.constant(TEXTS), tf.constant(0.01))
    assert [row["entity_start"] for row in rows] == direct["entity_start"].numpy().tolist()
    assert np.any(direct["relation_score"].numpy() > 0)
