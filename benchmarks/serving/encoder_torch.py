"""PyTorch's side of benchmarks.serving.beside_torch; runs in an environment of its own."""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

import torch
import transformers


def main() -> None:
    """Answers one line after the other: a checkpoint and texts, or a run over all texts."""
    model: Any = None
    ids: list[list[int]] = []
    for line in sys.stdin:
        request = json.loads(line)
        if "folder" in request:
            torch.set_num_threads(request["threads"])
            model = transformers.AutoModel.from_pretrained(request["folder"]).eval()
            ids = _tokenizer(request["folder"])(request["texts"])["input_ids"]
            answer = {
                "torch": torch.__version__,
                "transformers": transformers.__version__,
                "subwords": sum(map(len, ids)) / len(ids),
            }
        else:
            begin, used = time.perf_counter(), time.process_time()
            for i in range(0, len(ids), request["size"]):
                _run(model, ids[i : i + request["size"]])
            answer = {"seconds": time.perf_counter() - begin, "processor": time.process_time() - used}
        print(json.dumps(answer), flush=True)


def _tokenizer(folder: str) -> Any:
    """Lower-cased WordPiece, as MiniLM and MPNet have it."""
    vocabulary = str(pathlib.Path(folder, "vocab.txt"))
    kind = json.loads(pathlib.Path(folder, "config.json").read_text())["model_type"]
    return {"bert": transformers.BertTokenizer, "mpnet": transformers.MPNetTokenizer}[kind](vocabulary)


def _run(model: Any, ids: list[list[int]]) -> torch.Tensor:
    longest = max(map(len, ids))
    padded = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
    mask = torch.tensor([[1] * len(row) + [0] * (longest - len(row)) for row in ids])
    with torch.no_grad():
        return model(input_ids=padded, attention_mask=mask).last_hidden_state


if __name__ == "__main__":
    main()
