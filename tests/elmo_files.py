"""An ELMo of random weights in bilm-tf's files."""

from __future__ import annotations

import copy
import json
import pathlib
from typing import Any

import h5py
import numpy as np

OPTIONS: dict[str, Any] = {
    "lstm": {
        "cell_clip": 0.3, "proj_clip": 0.2, "use_skip_connections": True, "n_layers": 2, "projection_dim": 5,
        "dim": 7,
    },
    "char_cnn": {
        "embedding": {"dim": 3}, "filters": [[1, 4], [2, 3], [5, 2]], "n_highway": 2, "n_characters": 262,
        "max_characters_per_token": 50, "activation": "relu",
    },
}  # fmt: skip
FULL: dict[str, Any] = {  # 2x4096_512_2048cnn_2xhighway
    "lstm": {
        "cell_clip": 3, "proj_clip": 3, "use_skip_connections": True, "n_layers": 2, "projection_dim": 512,
        "dim": 4096,
    },
    "char_cnn": {
        "embedding": {"dim": 16},
        "filters": [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]],
        "n_highway": 2, "n_characters": 262, "max_characters_per_token": 50, "activation": "relu",
    },
}  # fmt: skip


def shapes(options: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    """Of the arrays of the file, by name."""
    cnn, lstm = options["char_cnn"], options["lstm"]
    features, width = sum(number for _, number in cnn["filters"]), lstm["projection_dim"]
    found: dict[str, tuple[int, ...]] = {"char_embed": (261, cnn["embedding"]["dim"])}
    for i, (size, number) in enumerate(cnn["filters"]):
        found[f"CNN/W_cnn_{i}"] = (1, size, cnn["embedding"]["dim"], number)
        found[f"CNN/b_cnn_{i}"] = (number,)
    for i in range(cnn["n_highway"]):
        for part in ("carry", "transform"):
            found[f"CNN_high_{i}/W_{part}"] = (features, features)
            found[f"CNN_high_{i}/b_{part}"] = (features,)
    found["CNN_proj/W_proj"], found["CNN_proj/b_proj"] = (features, width), (width,)
    for direction in (0, 1):
        for layer in range(lstm["n_layers"]):
            place = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
            found[f"{place}/W_0"] = (2 * width, 4 * lstm["dim"])
            found[f"{place}/B"] = (4 * lstm["dim"],)
            found[f"{place}/W_P_0"] = (lstm["dim"], width)
    return found


def arrays(options: dict[str, Any], scale: float = 0.5) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {
        name: (scale * random.standard_normal(shape, np.float32)).astype(np.float32)
        for name, shape in shapes(options).items()
    }


def write(
    folder: pathlib.Path, options: dict[str, Any] | None = None, weights: dict[str, np.ndarray] | None = None
) -> pathlib.Path:
    """Writes options.json and weights.hdf5; returns the folder."""
    options = copy.deepcopy(OPTIONS) if options is None else options
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "options.json").write_text(json.dumps(options))
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, values in (arrays(options) if weights is None else weights).items():
            file[name] = values
    return folder
