"""PyTorch's side of benchmarks.encoders.transformers; runs in an environment of its own."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
import transformers

_KINDS = {
    "distilbert": "DistilBert",
    "electra": "Electra",
    "roberta": "Roberta",
    "deberta-v2": "DebertaV2",
    "modernbert": "ModernBert",
}


def main() -> None:
    """Answers one line after the other: threads and ids, an architecture to make and save, or a run."""
    ids, model = torch.zeros([1, 1], dtype=torch.long), None
    for line in sys.stdin:
        request = json.loads(line)
        answer: dict[str, Any]
        if "threads" in request:
            torch.set_num_threads(request["threads"])
            ids = torch.tensor(request["ids"])
            answer = {"torch": torch.__version__, "transformers": transformers.__version__}
        elif "config" in request:
            kind = _KINDS[request["architecture"]]
            config = getattr(transformers, f"{kind}Config")(**request["config"])
            torch.manual_seed(0)
            model = getattr(transformers, f"{kind}Model")(config).eval()
            transformers.utils.logging.disable_progress_bar()
            model.save_pretrained(request["folder"])
            answer = {"mean": float(_layers(model, ids).abs().mean())}
        else:
            begin = time.perf_counter()
            _layers(model, ids)
            answer = {"seconds": time.perf_counter() - begin}
        print(json.dumps(answer), flush=True)


def _layers(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        return torch.stack(model(input_ids=ids, output_hidden_states=True).hidden_states)


if __name__ == "__main__":
    main()
