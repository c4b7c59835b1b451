"""What the checks of several exercises share: data of odd sizes, pairs, and stand-ins of earlier exercises.

A stand-in has the interface of the part it stands for and a simple law of its own. The student's code and the
reference are compared over the same one, so an earlier exercise's mistake costs nothing here, and what is sent to
the host is nobody's solution.
"""

import numpy as np
import torch
from torch import nn

from proctor.checks import expect

PARTS = ("X", "K_beat", "K_rhythm", "K_freq")


class StandInAttention(nn.Module):
    """As `KnowledgeAttn`, with its parameters, parts and laws: the weights sum to one, but come by another formula."""

    def __init__(self, input_features, attn_dim):
        super().__init__()
        self.input_features, self.attn_dim, self.n_knowledge = input_features, attn_dim, 1
        self.att_W = nn.Linear(input_features + 1, attn_dim, bias=False)
        self.att_v = nn.Linear(attn_dim, 1, bias=False)
        self.init()

    def init(self):
        nn.init.ones_(self.att_W.weight)
        nn.init.ones_(self.att_v.weight)

    @classmethod
    def attention_sum(cls, x, attn):
        return torch.einsum("bdf,bdo->bf", x, attn)

    def forward(self, x, k):
        if k.shape != (*x.shape[:2], 1):
            found = f"x of shape {tuple(x.shape)} and k of shape {tuple(k.shape)}"
            raise ValueError(f"`attn` takes x of shape (batch, D, features) and k of shape (batch, D, 1), not {found}")
        # No two weights do the same, and each has a gradient that is large enough to be compared.
        lean = self.att_W.weight.sum(dim=0)
        place = torch.linspace(0.5, 1.5, x.shape[-1], device=x.device)
        turns = torch.linspace(0.5, 1.5, self.attn_dim, device=x.device) * self.att_v.weight
        angle = (x * (place + lean[:-1])).mean(dim=-1, keepdim=True) + k * (2 + lean[-1])
        shares = 1.2 + torch.cos(angle + turns).mean(dim=-1, keepdim=True)
        attn = shares / shares.sum(dim=1, keepdim=True)
        return self.attention_sum(x, attn), attn


class StandInBeatNet(nn.Module):
    """As `BeatNet`: a few numbers of each window, which depend on the signal and its knowledge."""

    def __init__(self, n=3000, T=50, conv_out_channels=64):  # noqa: N803 - the published name
        super().__init__()
        self.given = [n, T, conv_out_channels]
        self.n, self.M, self.T, self.conv_out_channels = n, n // T, T, conv_out_channels
        self.weight = nn.Parameter(torch.ones(conv_out_channels))

    def forward(self, x, k_beat):
        known = (x + k_beat.abs()).reshape(x.shape[0], -1, self.T)
        places = torch.relu(known).reshape(-1, self.T)[:, : (self.T - 32) // 2 + 1] + 0.1
        alpha = (places / places.sum(dim=1, keepdim=True)).unsqueeze(-1)
        return torch.sin(known.mean(dim=-1, keepdim=True) + self.weight), alpha


class StandInRhythmNet(nn.Module):
    """As `RhythmNet`: a few numbers of each segment, which depend on the windows and their knowledge."""

    def __init__(self, n=3000, T=50, input_size=64, rhythm_out_size=8):  # noqa: N803 - the published name
        super().__init__()
        self.given = [n, T, input_size, rhythm_out_size]
        self.n, self.M, self.T = n, n // T, T
        self.input_size, self.out_size = input_size, rhythm_out_size
        self.weight = nn.Parameter(torch.full((input_size, rhythm_out_size), 1 / input_size))

    def forward(self, x, k_rhythm):
        shares = torch.sigmoid(k_rhythm).unsqueeze(-1)
        return (x * shares).amax(dim=1) @ self.weight, shares / shares.sum(dim=1, keepdim=True)


class SmallModel(nn.Module):
    """As `FreqNet`: probabilities of two classes, from the means of the inputs. It writes down how it is called.

    The spare weights have a gradient of zero, and so stay, unless something else pulls at them. Every third gradient is
    thirty times as large: whoever clips gradients steps otherwise.
    """

    def __init__(self, weight, dropout=0.0):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(()))
        self.spare = nn.Parameter(torch.linspace(10.0, 30.0, 5))
        self.dropout = nn.Dropout(dropout)
        self.modes, self.devices, self.recorded, self.weights, self.gradients = [], [], [], [], 0
        self.bias.register_hook(self.count)
        self.steps = 0
        self.weight.register_hook(self.steepen)

    def count(self, gradient):
        self.gradients += 1

    def steepen(self, gradient):
        self.steps += 1
        return gradient * (30 if self.steps % 3 == 2 else 1)

    def forward(self, x, k_beats, k_rhythms, k_freq):
        self.modes.append(self.training)
        self.weights.append(self.weight.detach().clone())
        self.devices.append([value.device.type for value in (x, k_beats, k_rhythms, k_freq)])
        means = torch.cat([value.mean(dim=-1) for value in (x, k_beats, k_rhythms, k_freq)])
        # A matrix product would not notice tensors of two devices where there are no data.
        score = (self.weight.unsqueeze(-1) * self.dropout(means)).sum(dim=0) + self.bias + 0 * self.spare.sum()
        first = torch.sigmoid(score)
        out = torch.stack([1 - first, first], dim=1)
        self.recorded.append(out.requires_grad)
        return out, torch.softmax(k_freq.transpose(0, 1), dim=1)


class RealModel(nn.Module):
    """As `FreqNet`, with real probabilities wherever it lies itself. It writes down the devices of what it is given."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1), requires_grad=False)
        self.devices = []

    def forward(self, x, k_beats, k_rhythms, k_freq):
        self.devices.append([value.device.type for value in (x, k_beats, k_rhythms, k_freq)])
        return torch.full((x.shape[1], 2), 0.5), torch.full((x.shape[1], x.shape[0], 1), 1 / x.shape[0])


class Cut:
    """Cuts batches of segments, whose numbers are given, out of arrays with the segments on the second axis."""

    def __init__(self, inputs, labels):
        self.inputs, self.labels = inputs, labels

    def __call__(self, numbers):
        return tuple(value[:, numbers] for value in self.inputs), self.labels[numbers]


CHANNELS = 3


def segments(count, generator):
    """Inputs for `SmallModel` and labels of both classes: x, k_beats, k_rhythms, k_freq; Y."""
    inputs = tuple(torch.randn(CHANNELS, count, length, generator=generator) for length in (7, 7, 5, 1))
    return inputs, torch.randint(2, (count,), generator=generator)


def batches(submission, inputs, labels, batch_size):
    """A data loader in the host over these segments, in order; of a list, each batch has its own size."""
    cut = submission.send(Cut)(inputs, labels)
    loader = submission.library("torch.utils.data.DataLoader")
    if isinstance(batch_size, list):
        starts = [sum(batch_size[:place]) for place in range(len(batch_size))]
        parts = [list(range(start, start + size)) for start, size in zip(starts, batch_size, strict=True)]
        return loader(list(range(len(labels))), batch_sampler=parts, collate_fn=cut)
    return loader(list(range(len(labels))), batch_size=batch_size, collate_fn=cut)


def put_in(submission, reference, monkeypatch, **stand_ins):
    """Puts stand-ins in the place of earlier exercises, in the submission and in the reference, until the check ends.

    Parameters
    ----------
    submission, reference, monkeypatch : the fixtures
    stand_ins : classes, by the names of what they stand for
    """
    for name, stand_in in stand_ins.items():
        monkeypatch.setattr(reference, name, stand_in)
        submission.replace(name, submission.send(stand_in))


def check_not_rescaled(value, expected, what):
    """A signal is not the right one in other units, by whichever mean and deviation it was standardized once more."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "f":
        return
    value, expected = (torch.as_tensor(one).double() for one in (value, expected))
    if value.shape != expected.shape or value.shape[-1] < 3 or torch.allclose(value, expected, rtol=2e-3, atol=2e-3):
        # What is only rounded is told as values.
        return
    rows = [one - one.mean(dim=-1, keepdim=True) for one in (value, expected)]
    alike = torch.cosine_similarity(*rows, dim=-1)
    expect.true(
        not bool((alike > 1 - 1e-6).all()),
        f"{what} is the right signal, but shifted or scaled. It was normalized when it was made: hand it on as it is.",
        "shifted or scaled",
    )


def fresh(submission, name, arguments, device):
    """The student's module in evaluation mode on the device, with its own first weights.

    For laws that hold with any weights: a layer of the wrong size is another check's matter.
    """
    submission.seed(0)
    return getattr(submission, name)(*arguments).to(str(device)).eval()


def twin_of(module, weights):
    """A module of the reference, in evaluation mode on the CPU, with the given weights."""
    module.load_state_dict(weights)
    return module.eval()


def part(weights, *layers):
    """The weights of some layers only, by the first part of their names."""
    return {name: value for name, value in weights.items() if name.partition(".")[0] in layers}


def check_no_more(module, weights, layer, message):
    """A layer has no parameters beyond those of `weights`.

    Parameters
    ----------
    module : handle of the student's module
    weights : {name: tensor}
    layer : str, the first part of the parameters' names
    message : str, what the layer should be
    """
    extra = sorted(name for name in module.state_dict() if name.startswith(f"{layer}.") and name not in weights)
    expect.true(not extra, f"{message}, but `self.{layer}` also has {extra}.", extra)


def pair(result, what, names):
    """The two values of a result, which are named in `names`, such as "out and attn"."""
    expect.type(result, (tuple, list), what)
    expect.equal(len(result), 2, f"The number of values that {what} returns", f"Return {names}.")
    return result
