"""The PyTorch side of training_rnn.py: runs in an environment with PyTorch alone, steered through stdin.

The first line on stdin is a JSON object with the sizes of the network (and `threads`). Each further line,
{"batch_size": B, "seconds": S}, is answered by a line {"steps": N, "seconds": the time they took}.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import torch


def train_step(
    network: torch.nn.ModuleList, optimizer: torch.optim.Optimizer, inputs: torch.Tensor, labels: torch.Tensor
) -> None:
    rnn, head = network
    optimizer.zero_grad()
    logits = head(rnn(inputs)[0])
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten()).backward()
    optimizer.step()


def repeat(step: Callable[[], None], seconds: float) -> dict[str, float]:
    step()
    steps, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        step()
        steps += 1
    return {"steps": steps, "seconds": time.perf_counter() - start}


def main() -> None:
    sizes = json.loads(sys.stdin.readline())
    torch.set_num_threads(sizes["threads"])
    torch.manual_seed(0)
    units, tokens, labels = sizes["units"], sizes["tokens"], sizes["labels"]
    rnn = torch.nn.GRU(sizes["input_size"], units, sizes["layers"], bidirectional=True)
    network = torch.nn.ModuleList([rnn, torch.nn.Linear(2 * units, labels)])
    optimizer = torch.optim.Adam(network.parameters(), fused=True)
    print(json.dumps({"version": torch.__version__}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        inputs = torch.randn(tokens, request["batch_size"], sizes["input_size"])
        targets = torch.randint(0, labels, inputs.shape[:2])

        def step(inputs: torch.Tensor = inputs, targets: torch.Tensor = targets) -> None:
            train_step(network, optimizer, inputs, targets)

        print(json.dumps(repeat(step, request["seconds"])), flush=True)


if __name__ == "__main__":
    main()
