"""The PyTorch side of elmo.py: runs in an environment with PyTorch alone, steered through stdin.

The first line on stdin is a JSON object with the sizes of the network. {"batches": [[lengths, distinct
words], …]} sets the work, {"run": true} does it once; every line is answered by one.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import torch
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence


class Network(torch.nn.Module):
    """Character CNN, highway layers, projection, two LSTMs with projection in each direction."""

    def __init__(self, sizes: dict[str, Any]) -> None:
        super().__init__()
        features = sum(number for _, number in sizes["filters"])
        self.embedding = torch.nn.Embedding(262, sizes["char_width"])
        self.convolutions = torch.nn.ModuleList(
            torch.nn.Conv1d(sizes["char_width"], number, size) for size, number in sizes["filters"]
        )
        self.highways = torch.nn.ModuleList(
            torch.nn.Linear(features, 2 * features) for _ in range(sizes["highway"])
        )
        self.projection = torch.nn.Linear(features, sizes["width"])
        self.lstms = torch.nn.ModuleList(
            torch.nn.LSTM(sizes["width"], sizes["units"], proj_size=sizes["width"])
            for _ in range(2 * sizes["layers"])
        )
        self.layers = sizes["layers"]

    def forward(self, chars: torch.Tensor, lengths: list[int]) -> torch.Tensor:
        """Ids of the distinct words' characters [N, 50]; each batch's places are drawn from them."""
        embedded = self.embedding(chars).transpose(1, 2)
        states = torch.cat([conv(embedded).amax(2).relu() for conv in self.convolutions], 1)
        for highway in self.highways:
            gate, new = highway(states).chunk(2, 1)
            gate = gate.sigmoid()
            states = gate * new.relu() + (1 - gate) * states
        words = self.projection(states)
        places = torch.arange(max(lengths) * len(lengths)) % len(words)
        inputs = words[places].view(max(lengths), len(lengths), -1)
        outputs = []
        for direction in range(2):
            layer = torch.nn.utils.rnn.pack_padded_sequence(
                inputs, torch.tensor(lengths), enforce_sorted=False
            )
            for i in range(self.layers):
                new, _ = self.lstms[direction * self.layers + i](layer)
                data = new.data + layer.data if i else new.data
                layer = PackedSequence(data, new.batch_sizes, new.sorted_indices, new.unsorted_indices)
                outputs.append(pad_packed_sequence(layer)[0])
        return torch.stack(outputs)


def main() -> None:
    sizes = json.loads(sys.stdin.readline())
    torch.set_num_threads(sizes["threads"])
    torch.manual_seed(0)
    network = Network(sizes).eval()
    print(json.dumps({"version": torch.__version__}), flush=True)
    batches: list[tuple[torch.Tensor, list[int]]] = []
    for line in sys.stdin:
        request = json.loads(line)
        if "batches" in request:
            batches = [
                (torch.randint(0, 262, (words + 2, 50)), [length + 2 for length in lengths])
                for lengths, words in request["batches"]
            ]
        start = time.perf_counter()
        if "run" in request:
            with torch.inference_mode():
                for chars, lengths in batches:
                    network(chars, lengths)
        print(json.dumps({"seconds": time.perf_counter() - start}), flush=True)


if __name__ == "__main__":
    main()
