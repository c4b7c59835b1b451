"""What the checks of several exercises share: stand-ins of earlier exercises, notes of odd sizes, small models.

A stand-in has the interface of the part it stands for and a simple law of its own. The student's code and the
reference are compared over the same one, so an earlier exercise's mistake costs nothing here.
"""

import torch
from torch import nn

from proctor.checks.constraints import BuiltIn

BUILT_IN = BuiltIn(
    frozenset({
        "MultiheadAttention", "multi_head_attention_forward", "scaled_dot_product_attention", "flex_attention",
        "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer", "TransformerDecoder", "Transformer",
        "_transformer_encoder_layer_fwd", "_native_multi_head_attention",
    }),
    ("attention", "transformer"),
)  # fmt: skip


class BuiltInAttention(nn.Module):
    """As `MultiHeadSelfAttention`, made of torch's own, without dropout. It writes down what it is made with."""

    def __init__(self, d_model, num_heads, dropout=0.1):
        super().__init__()
        self.given = [d_model, num_heads, dropout]
        self.d_model, self.num_heads, self.d_k = d_model, num_heads, d_model // num_heads
        self.scale, self.dropout = self.d_k**-0.5, nn.Dropout(dropout)
        self.seen = None
        self.inner = nn.MultiheadAttention(d_model, num_heads, batch_first=True)

    def forward(self, x, mask=None):
        if mask is not None and mask.shape != (x.shape[0], 1, 1, x.shape[1]):
            wanted = (x.shape[0], 1, 1, x.shape[1])
            raise ValueError(f"`attention` takes a mask of shape {wanted} here, not {tuple(mask.shape)}")
        self.seen = x.detach()
        padding = None if mask is None else mask[:, 0, 0] == 0
        return self.inner(x, x, x, key_padding_mask=padding, average_attn_weights=False)


class StandInPositions(nn.Module):
    """As `SinusoidalPositionalEncoding`, with another table. It writes down what it is given."""

    def __init__(self, d_model, max_len=5000):
        super().__init__()
        self.given = [d_model, max_len]
        self.register_buffer("pe", torch.cos(torch.arange(max_len * d_model) * 0.7).view(1, max_len, d_model))
        self.seen = None

    def forward(self, x):
        self.seen = x
        return x + self.pe[:, : x.shape[1]]


class StandInBlock(nn.Module):
    """As `TransformerBlock`: adds to each word a mean of the words that the mask leaves, and writes down its inputs."""

    def __init__(self, d_model, num_heads, d_ff, dropout=0.1):
        super().__init__()
        self.given = [d_model, num_heads, d_ff, dropout]
        self.weight = nn.Parameter(torch.ones(d_model))
        self.num_heads = num_heads
        self.seen, self.seen_mask = None, None

    def forward(self, x, mask=None):
        batch, length, _ = x.shape
        if mask is None:
            mask = torch.ones(batch, 1, 1, length, dtype=torch.bool, device=x.device)
        elif mask.dim() != 4 or not all(size in (1, batch, length) for size in mask.shape):
            wanted = (batch, 1, 1, length)
            raise ValueError(f"a block takes a mask of shape {wanted}, not {tuple(mask.shape)}")
        self.seen, self.seen_mask = x, mask
        left = (mask != 0).expand(batch, self.num_heads, length, length).to(x.dtype)
        attn_weights = left / left.sum(dim=-1, keepdim=True).clamp(min=1)
        x = torch.tanh((x + attn_weights[:, 0] @ x) * self.weight)
        return x, attn_weights * self.weight.mean()


class SmallModel(nn.Module):
    """As `ClinicalNoteClassifier`: logits of a bag of words, as loud as the first word says.

    It writes down of each call how many notes it got, whether in training mode, and whether with gradients.
    """

    def __init__(self, weight, dropout=0.0, gains=None):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.shift = nn.Parameter(torch.zeros(weight.shape[1]))
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("gains", torch.ones(len(weight)) if gains is None else gains.clone())
        self.calls = []

    def forward(self, x):
        self.calls.append([len(x), self.training, torch.is_grad_enabled()])
        words = self.dropout(self.weight[x])
        total = (words * (x != 0).unsqueeze(-1)).sum(dim=1) + self.shift
        return self.gains[x[:, 0]].unsqueeze(1) * total, []


class Batches:
    """As `NoteLoader`, in order: gives the same batches of notes each time."""

    def __init__(self, tokens, labels, batch_size):
        self.tokens, self.labels, self.batch_size, self.shuffle = tokens, labels, batch_size, False
        self.lengths = (tokens != 0).sum(dim=1).clamp(min=1)

    def __len__(self):
        return -(-len(self.tokens) // self.batch_size)

    def __iter__(self):
        yield from zip(self.tokens.split(self.batch_size), self.labels.split(self.batch_size), strict=True)


def draw_notes(count, length, vocabulary, classes, generator):
    """Random words, padded at the end, no note empty, and labels: (count, length) long, (count, classes) float."""
    tokens = torch.randint(1, vocabulary, (count, length), generator=generator)
    lengths = torch.randint(1, length + 1, (count,), generator=generator)
    tokens[torch.arange(length) >= lengths.unsqueeze(1)] = 0
    return tokens, torch.randint(2, (count, classes), generator=generator).float()


def put_in(submission, reference, monkeypatch, **stand_ins):
    """Puts stand-ins in the place of earlier exercises, in the submission and in the reference, until the check ends.

    Parameters
    ----------
    submission, reference, monkeypatch : the fixtures
    stand_ins : classes or functions, by the names of what they stand for
    """
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(reference, name, stand_in)
        submission.replace(name, submission.send(stand_in))
