"""The joint model in plain PyTorch, for comparison: the same shapes and work as `jner_re.models.joint`.

Sequences are packed (`pack_padded_sequence`): only so do the backward GRUs start at a sentence's last word,
and nothing is computed for padding. The character GRU reads the words alone, not the padded places.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

Tensors = dict[str, torch.Tensor]
_MASKED_LOGIT = -200.0


@dataclasses.dataclass(frozen=True)
class Architecture:
    """What the network is built for.

    Attributes:
      model: the fields of ModelConfig.
      sizes: the fields of InputSizes.
      num_casings: classes of casing.
      num_tags: BIO tags.
      num_relations: relation types.
      allowed: bool [E, E, R], argument types of the relation types; None allows all.
    """

    model: dict[str, Any]
    sizes: dict[str, Any]
    num_casings: int
    num_tags: int
    num_relations: int
    allowed: list[list[list[bool]]] | None


class BiGRUs(nn.Module):
    """A stack of bidirectional GRUs with dropout before each."""

    def __init__(self, width: int, units: int, depth: int, dropout: float) -> None:
        super().__init__()
        widths = [width] + [2 * units] * (depth - 1)
        self.dropout = dropout
        self.layers = nn.ModuleList(
            nn.GRU(width, units, batch_first=True, bidirectional=True) for width in widths[:depth]
        )

    def forward(self, states: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """[B, T, D] -> [B, T, 2 * units], zeros at padding."""
        for layer in self.layers:
            states = functional.dropout(states, self.dropout, self.training)
            packed = pack_padded_sequence(states, lengths, batch_first=True, enforce_sorted=False)
            states, _ = pad_packed_sequence(
                layer(packed)[0], batch_first=True, total_length=int(states.shape[1])
            )
        return states


class CharEncoder(nn.Module):
    """A BiGRU over the characters of each word."""

    def __init__(self, num_chars: int, embedding_size: int, units: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(num_chars, embedding_size)
        self.gru = nn.GRU(embedding_size, units, batch_first=True, bidirectional=True)

    def forward(self, char_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """int [B, T, C], bool [B, T] -> [B, T, 2 * units]: the last state of each direction."""
        words = char_ids[mask]
        lengths = (words > 0).sum(1)
        packed = pack_padded_sequence(self.embedding(words), lengths, batch_first=True, enforce_sorted=False)
        _, last = self.gru(packed)
        states = torch.cat([last[0], last[1]], dim=1)
        return states.new_zeros(*mask.shape, states.shape[1]).masked_scatter(mask[..., None], states)


class CRF(nn.Module):
    """Negative log-likelihood of a linear-chain CRF by the forward algorithm."""

    def __init__(self, num_tags: int) -> None:
        super().__init__()
        self.transitions = nn.Parameter(torch.zeros(num_tags, num_tags))
        self.start = nn.Parameter(torch.zeros(num_tags))
        self.end = nn.Parameter(torch.zeros(num_tags))

    def forward(
        self, logits: torch.Tensor, tags: torch.Tensor, lengths: torch.Tensor, mask: torch.Tensor
    ) -> torch.Tensor:
        """[B, T, K], [B, T], [B], bool [B, T] -> [B]."""
        unary = logits.gather(2, tags[..., None])[..., 0]
        steps = self.transitions[tags[:, :-1], tags[:, 1:]]
        last = tags.gather(1, lengths[:, None] - 1)[:, 0]
        score = (unary * mask).sum(1) + (steps * mask[:, 1:]).sum(1) + self.start[tags[:, 0]] + self.end[last]
        prefixes = self.start + logits[:, 0]
        for t in range(1, logits.shape[1]):
            longer = torch.logsumexp(prefixes[:, :, None] + self.transitions, dim=1) + logits[:, t]
            prefixes = torch.where(mask[:, t, None], longer, prefixes)
        return torch.logsumexp(prefixes + self.end, dim=1) - score


class RelationScorer(nn.Module):
    """FFNN(r1), DistMult, cosine and FFNN(r2), heads and tails multiplied once per entity."""

    def __init__(self, width: int, hidden_size: int, activation: str, num_relations: int) -> None:
        super().__init__()
        self.activation = getattr(torch, activation)
        self.hidden = nn.Linear(width, hidden_size)
        self.diagonals = nn.Parameter(nn.init.xavier_uniform_(torch.empty(num_relations, width)))
        self.head = nn.Linear(hidden_size, num_relations)
        self.tail = nn.Linear(hidden_size, num_relations, bias=False)
        self.cosine = nn.Parameter(torch.zeros(num_relations))
        self.distmult = nn.Linear(num_relations, num_relations, bias=False)

    def forward(self, entities: torch.Tensor) -> torch.Tensor:
        """[B, M, P] -> [B, M, M, R]."""
        batch, count, width = entities.shape
        states = self.activation(self.hidden(entities))
        unit = functional.normalize(states, dim=2)
        cosines = unit @ unit.transpose(1, 2)
        scaled = (entities[:, :, None] * self.diagonals).reshape(batch, -1, width)
        products = (scaled @ entities.transpose(1, 2)).view(batch, count, -1, count).permute(0, 1, 3, 2)
        logits = self.head(states)[:, :, None] + self.tail(states)[:, None]
        return logits + cosines[..., None] * self.cosine + self.distmult(products)


class PairContext(nn.Module):
    """The maximum over the tokens between two entities, from a sparse table."""

    def __init__(self, width: int, size: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.projection = nn.Linear(width, size)

    def forward(self, states: torch.Tensor, spans: torch.Tensor) -> torch.Tensor:
        """[B, T, D], [B, M, 2] -> [B, M, M, size]."""
        table = [self.projection(functional.dropout(states, self.dropout, self.training))]
        for k in range(states.shape[1].bit_length() - 1):
            table.append(torch.maximum(table[k], table[k].roll(-(2**k), dims=1)))
        batch, length, size = table[0].shape
        rows = torch.stack(table).view(-1, size)
        first = torch.minimum(spans[:, :, None, 1], spans[:, None, :, 1])
        last = torch.maximum(spans[:, :, None, 0], spans[:, None, :, 0])
        empty = last <= first
        first, last = first.masked_fill(empty, 0), last.masked_fill(empty, 1)
        level = torch.log2((last - first).float()).long()
        offset = (level * batch + torch.arange(batch)[:, None, None]) * length
        maximum = torch.maximum(rows[offset + first], rows[offset + last - 2**level])
        return maximum.masked_fill(empty[..., None], 0.0)


class JointNetwork(nn.Module):
    """From features and gold annotation to the loss."""

    def __init__(self, architecture: Architecture, relation_weight: float) -> None:
        super().__init__()
        model, sizes = architecture.model, architecture.sizes
        assert model["rnn_cell"] == "gru" and len(sizes["encoders"]) == 1 and sizes["num_chars"]
        [(num_layers, encoder_width)] = sizes["encoders"]
        self.num_casings, self.relation_weight = architecture.num_casings, relation_weight
        self.re_dropout = model["re_dropout"]
        self.layer_scores = nn.Parameter(torch.zeros(num_layers))
        self.gamma = nn.Parameter(torch.ones([]))
        units, chars, states = model["rnn_size"], model["char_rnn_size"], 2 * model["rnn_size"]
        self.chars = CharEncoder(sizes["num_chars"], model["char_embedding_size"], chars)
        width = encoder_width + sizes["word_width"] + 2 * chars + self.num_casings
        self.shared = BiGRUs(width, units, model["shared_layers"], model["rnn_dropout"])
        self.ner = BiGRUs(states, units, model["ner_layers"], model["rnn_dropout"])
        self.re = BiGRUs(states, units, model["re_layers"], model["rnn_dropout"])
        self.ner_activation = getattr(torch, model["ner_activation"])
        self.ner_hidden = nn.Linear(states, model["ner_hidden_size"])
        self.ner_scores = nn.Linear(model["ner_hidden_size"], architecture.num_tags)
        self.crf = CRF(architecture.num_tags)
        self.labels = nn.Embedding(architecture.num_tags, model["label_embedding_size"])
        width, relations = states + model["label_embedding_size"], architecture.num_relations
        self.scorer = RelationScorer(width, model["re_hidden_size"], model["re_activation"], relations)
        self.context = PairContext(states, model["pair_context_size"], model["pair_context_dropout"])
        self.context_scores = nn.Linear(model["pair_context_size"], relations, bias=False)
        every = torch.ones((architecture.num_tags // 2,) * 2 + (relations,), dtype=torch.bool)
        allowed = architecture.allowed
        self.register_buffer("allowed", every if allowed is None else torch.tensor(allowed))

    def forward(self, batch: Tensors) -> torch.Tensor:
        """The training loss of a batch as `benchmarks.training.batch_file` holds it."""
        lengths, tags, spans = batch["lengths"], batch["tag_ids"], batch["spans"]
        mask = torch.arange(tags.shape[1]) < lengths[:, None]
        weights = self.gamma * torch.softmax(self.layer_scores, 0)
        average = torch.einsum("btld,l->btd", batch["encoder_layers"].float(), weights)
        casing = functional.one_hot(batch["casing_ids"], self.num_casings).float()
        tokens = [average, batch["word_vectors"], self.chars(batch["char_ids"], mask), casing]
        states = self.shared(torch.cat(tokens, dim=2), lengths)
        tag_logits = self.ner_scores(self.ner_activation(self.ner_hidden(self.ner(states, lengths))))
        loss = self.crf(tag_logits, tags, lengths, mask).mean()
        if not spans.shape[1]:
            return loss
        logits = self.pair_logits(self.re(states, lengths), tags, spans)
        labels = batch["relations"].float()
        entropies = functional.binary_cross_entropy_with_logits(logits, labels, reduction="sum")
        return loss + self.relation_weight * entropies / len(lengths)

    def pair_logits(self, states: torch.Tensor, tags: torch.Tensor, spans: torch.Tensor) -> torch.Tensor:
        """[B, T, D], [B, T], [B, M, 2] -> [B, M, M, R]."""
        ends = (spans[:, :, 1] - 1).clamp(min=0)
        rows = torch.arange(len(spans))[:, None]
        tags = tags[rows, ends]
        entities = torch.cat([states[rows, ends], self.labels(tags)], dim=2)
        logits = self.scorer(functional.dropout(entities, self.re_dropout, self.training))
        logits = logits + self.context_scores(self.context(states, spans))
        types = ((tags - 1) // 2).clamp(min=0)
        valid = spans[:, :, 1] > spans[:, :, 0]
        mask = valid[:, :, None] & valid[:, None] & ~torch.eye(spans.shape[1], dtype=torch.bool)
        mask = mask[..., None] & self.allowed[types[:, :, None], types[:, None]]
        return logits.masked_fill(~mask, _MASKED_LOGIT)
