"""Makes the fixtures of test_architectures.py: what PyTorch's transformers gives for tiny checkpoints.

Not part of the package's environment. Made with torch 2.13.0 and transformers 5.24.0, from the root:

  python -m venv /tmp/torch && /tmp/torch/bin/pip install torch transformers safetensors
  /tmp/torch/bin/python tests/encoders/make_architectures.py

For each variant there is NAME.json with the `config` that save_pretrained writes, the `shapes` of the weights
in its file (their values are `tiny_weights`) and `lengths` of the sentences, and in architectures.npz
`NAME/i`, the layers of sentence i [L, S, 5] as products with `tiny_weights.sight`, and `NAME/gradients`, for
each weight in the order of `shapes` the product of its gradient with `tiny_weights.direction`. The gradients
are of the products of all layers of the two longest sentences with `tiny_weights.view`. `buckets/B/D` is
DeBERTa's bucket of the distances from -600 to 600, of B buckets and a largest distance of D.

With --full=FOLDER ids and all layers, in float32 and in float64, are written there, as NAME.npz, beside the
checkpoints, of more variants and with a sentence as long as the model takes: benchmarks.encoders.layers
compares them.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import tempfile
from typing import Any

import numpy as np
import tiny_weights
import torch
import transformers
from safetensors.numpy import load_file
from transformers.models.deberta_v2.modeling_deberta_v2 import make_log_bucket_position

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures" / "encoders" / "architectures"
VOCABULARY = 60
LENGTHS = (1, 2, 7, 39)
SIZES = {
    "vocab_size": VOCABULARY,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 40,
    "max_position_embeddings": 64,
}
_DISTILBERT = {
    "vocab_size": VOCABULARY,
    "dim": 24,
    "n_layers": 3,
    "n_heads": 3,
    "hidden_dim": 40,
    "max_position_embeddings": 48,
}
_ROBERTA = {**SIZES, "max_position_embeddings": 66, "type_vocab_size": 1, "layer_norm_eps": 1e-5}
_DEBERTA = {  # as v3
    **SIZES,
    "relative_attention": True,
    "position_buckets": 8,
    "max_relative_positions": -1,
    "pos_att_type": "p2c|c2p",
    "share_att_key": True,
    "norm_rel_ebd": "layer_norm",
    "position_biased_input": False,
}
_MODERN = {
    **SIZES,
    "num_hidden_layers": 4,
    "local_attention": 8,
    "pad_token_id": 0,
    "cls_token_id": 1,
    "bos_token_id": 1,
    "sep_token_id": 2,
    "eos_token_id": 2,
}
_BIASES = {"norm_bias": True, "attention_bias": True, "mlp_bias": True}
# The fixtures: of each architecture what its variants can differ in.
VARIANTS: dict[str, tuple[str, dict[str, Any]]] = {
    "distilbert": ("DistilBert", _DISTILBERT),
    "electra": ("Electra", {**SIZES, "embedding_size": 10}),
    "electra_wide": ("Electra", {**SIZES, "embedding_size": 24, "hidden_act": "relu"}),
    "roberta": ("Roberta", _ROBERTA),
    "camembert": ("Camembert", _ROBERTA),
    "xlm_roberta": ("XLMRoberta", {**_ROBERTA, "hidden_act": "gelu_new"}),
    "deberta_v3": ("DebertaV2", _DEBERTA),
    "deberta_v2_xlarge": (
        "DebertaV2",
        {**_DEBERTA, "conv_kernel_size": 3, "conv_act": "gelu", "position_buckets": 12},
    ),
    "deberta_unshared": (
        "DebertaV2",
        {
            **_DEBERTA,
            "share_att_key": False,
            "position_buckets": -1,
            "max_relative_positions": 9,
            "norm_rel_ebd": "none",
            "position_biased_input": True,
            "type_vocab_size": 2,
            "embedding_size": 10,
        },
    ),
    "modernbert": ("ModernBert", _MODERN),
    "modernbert_biases": (
        "ModernBert",
        {**_MODERN, **_BIASES, "global_attn_every_n_layers": 2, "local_rope_theta": 160000.0},
    ),
}
# Compared once, not kept.
MORE: dict[str, tuple[str, dict[str, Any]]] = {
    "distilbert_sinusoidal": (
        "DistilBert",
        {**_DISTILBERT, "sinusoidal_pos_embds": True, "activation": "relu"},
    ),
    "electra_types": (
        "Electra",
        {**SIZES, "embedding_size": 30, "type_vocab_size": 3, "layer_norm_eps": 1e-6},
    ),
    "roberta_types": (
        "Roberta",
        {**_ROBERTA, "type_vocab_size": 2, "pad_token_id": 0, "num_attention_heads": 4},
    ),
    **{
        f"deberta_{'_'.join(types) or 'neither'}_{'shared' if shared else 'own'}_{buckets}": (
            "DebertaV2",
            {**_DEBERTA, "pos_att_type": list(types), "share_att_key": shared, "position_buckets": buckets},
        )
        for types in (("c2p",), ("p2c",), ("c2p", "p2c"), ())
        for shared in (True, False)
        for buckets in (-1, 7, 32)
    },
    "deberta_absolute": ("DebertaV2", {**SIZES, "pos_att_type": None, "type_vocab_size": 2}),
    "deberta_conv_tanh": (
        "DebertaV2",
        {**_DEBERTA, "conv_kernel_size": 5, "share_att_key": False, "embedding_size": 12},
    ),
    "deberta_far": ("DebertaV2", {**_DEBERTA, "max_relative_positions": 20, "position_buckets": 16}),
    **{
        f"modernbert_{name}": ("ModernBert", {**_MODERN, name: True})
        for name in ("norm_bias", "attention_bias", "mlp_bias")
    },
    "modernbert_odd_window": ("ModernBert", {**_MODERN, "local_attention": 7, "norm_eps": 1e-6}),
    "modernbert_types": (
        "ModernBert",
        {**_MODERN, "layer_types": ["sliding_attention", "full_attention"] * 2, "hidden_activation": "relu"},
    ),
    "modernbert_one": ("ModernBert", {**_MODERN, "num_hidden_layers": 1}),
    "deberta_long": ("DebertaV2", {**_DEBERTA, "position_buckets": 256, "max_position_embeddings": 512}),
    "modernbert_long": ("ModernBert", {**_MODERN, "local_attention": 128, "max_position_embeddings": 2048}),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--full", type=pathlib.Path)
    full = parser.parse_args().full
    if full is not None:
        for name, (kind, config) in {**VARIANTS, **MORE}.items():
            model, _ = make(kind, config, full / name)
            longest = config["max_position_embeddings"] - (
                2 if "Roberta" in kind or kind == "Camembert" else 0
            )
            lengths = (*LENGTHS, longest)
            arrays = {f"ids_{i}": ids for i, ids in enumerate(tiny_weights.sentences(VOCABULARY, lengths))}
            arrays |= {f"layers_{i}": layers for i, layers in enumerate(all_layers(model, lengths))}
            arrays |= {f"exact_{i}": layers for i, layers in enumerate(all_layers(model.double(), lengths))}
            np.savez(full / f"{name}.npz", **arrays)
        return
    FIXTURES.mkdir(exist_ok=True)
    results = {}
    for name, (kind, config) in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            model, shapes = make(kind, config, pathlib.Path(folder))
            saved = json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8"))
        fixture = {"config": saved, "shapes": shapes, "lengths": LENGTHS}
        (FIXTURES / f"{name}.json").write_text(json.dumps(fixture) + "\n", encoding="utf-8")
        for i, layers in enumerate(all_layers(model, LENGTHS)):
            results[f"{name}/{i}"] = layers @ tiny_weights.sight(layers.shape[-1])
        results[f"{name}/gradients"] = gradients(model, shapes, LENGTHS)
    distances = torch.arange(-600, 601)
    for buckets, largest in ((256, 512), (32, 128), (7, 20)):
        found = make_log_bucket_position(distances, buckets, largest)
        results[f"buckets/{buckets}/{largest}"] = found.numpy().astype(np.int16)
    np.savez_compressed(FIXTURES / "architectures.npz", **results)


def make(
    kind: str, config: dict[str, Any], folder: pathlib.Path
) -> tuple[transformers.PreTrainedModel, dict[str, list[int]]]:
    """Writes a checkpoint of a model with a head; gives it, without dropout, and its weights' shapes."""
    model = getattr(transformers, f"{kind}ForTokenClassification")(
        getattr(transformers, f"{kind}Config")(**config)
    )
    shapes = {name: list(weight.shape) for name, weight in model.named_parameters()}
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.tensor(tiny_weights.weight(name, weight.shape)))
    model.save_pretrained(folder)
    stored = load_file(folder / "model.safetensors")
    assert {name: list(array.shape) for name, array in stored.items()} == shapes
    for name, array in stored.items():
        np.testing.assert_array_equal(array, tiny_weights.weight(name, array.shape))
    return model.eval(), shapes


def all_layers(model: transformers.PreTrainedModel, lengths: tuple[int, ...]) -> list[np.ndarray]:
    """Of each sentence [L, S, D]."""
    with torch.no_grad():
        return [_layers(model, ids).numpy() for ids in tiny_weights.sentences(VOCABULARY, lengths)]


def gradients(
    model: transformers.PreTrainedModel, shapes: dict[str, list[int]], lengths: tuple[int, ...]
) -> np.ndarray:
    """Of each weight the product with its direction; 0 if nothing depends on it."""
    total = torch.zeros(())
    for ids in tiny_weights.sentences(VOCABULARY, lengths)[-2:]:
        layers = _layers(model, ids)
        total = (
            total + (layers * torch.tensor(tiny_weights.view(len(layers), layers.shape[-1]))[:, None]).sum()
        )
    model.zero_grad()
    total.backward()
    products = []
    for name, weight in model.named_parameters():
        gradient = np.zeros(tuple(weight.shape), np.float32) if weight.grad is None else weight.grad.numpy()
        products.append(
            float((gradient.astype(np.float64) * tiny_weights.direction(name, shapes[name])).sum())
        )
    return np.array(products)


def _layers(model: transformers.PreTrainedModel, ids: np.ndarray) -> torch.Tensor:
    states = model.base_model(input_ids=torch.tensor(ids)[None], output_hidden_states=True).hidden_states
    return torch.stack(states)[:, 0]


if __name__ == "__main__":
    main()
