"""The PyTorch side of benchmarks.training.speed: needs PyTorch and NumPy alone, steered through stdin.

Each line on stdin is a JSON object and is answered by one on stdout:
{"command": "build", "architecture": …, "train": …, "batches": FILE, "threads": N} builds the network and
trains on all batches once, {"command": "pass"} trains on all batches once more.
"""

from __future__ import annotations

import json
import pathlib
import sys
import time
from typing import Any

import numpy as np
import torch

from benchmarks.training.batch_file import read_batches
from benchmarks.training.torch_network import Architecture, JointNetwork, Tensors


class Trainer:
    """The network, its optimizer, the moving average of its weights, and the batches."""

    def __init__(self, architecture: Architecture, train: dict[str, Any], batches: list[Tensors]) -> None:
        torch.manual_seed(train["seed"])
        self.batches = batches
        self.decay = train["average_decay"]
        self.network = JointNetwork(architecture, train["relation_weight"]).train()
        self.weights = list(self.network.parameters())
        self.averages = [weight.detach().clone() for weight in self.weights]
        kind = {"nadam": torch.optim.NAdam, "adam": torch.optim.Adam}[train["optimizer"]]
        self.optimizer = kind(self.weights, lr=train["learning_rate"], foreach=True)

    def one_pass(self) -> dict[str, float]:
        """Trains on all batches, as `model.fit` does in an epoch, and gives seconds and mean loss."""
        losses, start = [], time.perf_counter()
        for batch in self.batches:
            self.optimizer.zero_grad()
            loss = self.network(batch)
            loss.backward()
            self.optimizer.step()
            losses.append(loss.item())
            if self.decay:
                with torch.no_grad():
                    torch._foreach_lerp_(self.averages, self.weights, 1 - self.decay)
        return {"seconds": time.perf_counter() - start, "loss": float(np.mean(losses))}


def tensors(batch: dict[str, np.ndarray]) -> Tensors:
    """Numbers of characters, tags and tokens as int64, which PyTorch indexes with; the rest as it is."""
    return {
        name: torch.from_numpy(array.astype(np.int64) if array.dtype == np.int32 else array)
        for name, array in batch.items()
    }


def main() -> None:
    trainer = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["command"] == "build":
            torch.set_num_threads(request["threads"])
            batches = [tensors(batch) for batch in read_batches(pathlib.Path(request["batches"]))]
            trainer = Trainer(Architecture(**request["architecture"]), request["train"], batches)
            answer = trainer.one_pass()
            answer["version"] = torch.__version__
            answer["parameters"] = sum(weight.numel() for weight in trainer.weights)
        else:
            assert trainer is not None
            answer = trainer.one_pass()
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
