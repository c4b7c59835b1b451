"""The looks at a network before it is trained: right in numbers, and without a trace on the network."""

import math

import pytest
import torch
from torch import nn

from dlh import sanity


class Pair(nn.Module):
    """A layer that returns two things, as recurrent layers do."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.full((3,), 2.0))

    def forward(self, x):
        return x * self.weight, x


class Net(nn.Module):
    """Two layers in another order than that in which they are called, and one that is not called."""

    def __init__(self, outputs=1):
        super().__init__()
        self.last = nn.Linear(3, outputs)
        self.idle = nn.Linear(3, 3)
        self.pair, self.relu = Pair(), nn.ReLU()
        self.drop = nn.Dropout(0.5)

    def forward(self, x):
        return self.last(self.drop(self.relu(self.pair(x)[0])))


@pytest.fixture
def net():
    torch.manual_seed(0)
    return Net()


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(16, 3), torch.arange(16) % 2


@pytest.mark.parametrize("outputs", [1, 5])
def test_a_network_that_gives_zeros_has_the_loss_of_a_uniform_guess(outputs, batch):
    net = Net(outputs)
    nn.init.zeros_(net.last.weight)
    nn.init.zeros_(net.last.bias)
    classes = max(2, outputs)
    assert sanity.first_loss(net, batch[0], batch[1]) == pytest.approx(math.log(classes), abs=1e-6)


def test_a_sure_and_wrong_network_has_a_high_first_loss_without_dropout(net, batch):
    x, _ = batch
    nn.init.zeros_(net.last.weight)
    nn.init.constant_(net.last.bias, 7)
    assert sanity.first_loss(net, x, torch.zeros(16, dtype=torch.long)) == pytest.approx(7, abs=1e-2)
    assert sanity.first_loss(net, x, x[:, 0], loss=lambda outputs, y: outputs.mean()) == pytest.approx(7)


def test_one_batch_is_learned_by_heart_by_a_copy(batch):
    torch.manual_seed(2)
    net = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 1))
    before = [weight.clone() for weight in net.parameters()]
    losses = sanity.overfit(net, *batch, steps=150)
    assert len(losses) == 150
    assert losses[0] == pytest.approx(sanity.first_loss(net, *batch), abs=1e-6)
    assert losses[-1] < 0.1
    stuck = sanity.overfit(net, *batch, steps=5, lr=0.0)
    assert stuck == [losses[0]] * 5
    assert all(torch.equal(old, new) for old, new in zip(before, net.parameters(), strict=True))
    assert all(weight.grad is None for weight in net.parameters())


def test_layers_are_listed_as_they_are_called_with_what_goes_and_comes(net, batch):
    x, y = batch
    net.drop.p = 0.0
    net.eval()
    table = sanity.layers(net, x, y)
    assert list(table.index) == ["pair", "relu", "drop", "last"]
    assert table["output"]["pair"] == pytest.approx((2 * x).std(correction=0).item(), rel=1e-5)
    assert table["zeros"]["relu"] == pytest.approx((x <= 0).float().mean().item())
    assert table["zeros"]["last"] == 0
    outputs = net(x)
    gradients = torch.autograd.grad(sanity.default_loss(outputs, y), [net.last.weight, net.last.bias])
    expected = torch.cat([gradient.flatten() for gradient in gradients]).square().mean().sqrt().item()
    assert table["gradient"]["last"] == pytest.approx(expected, rel=1e-5)
    assert math.isnan(table["gradient"]["relu"])
    assert not net.training
    assert not net.pair._forward_hooks


def test_a_network_without_parts_is_a_layer_itself(batch):
    table = sanity.layers(nn.Linear(3, 1), *batch)
    assert list(table.index) == ["Linear"]


def test_gradients_by_step_tell_what_is_still_heeded():
    x = torch.ones(2, 4, 3)
    weights = torch.tensor([0.0, 1.0, 0.5, 2.0])
    sizes = sanity.step_gradients(lambda x: (x.sum(2) * weights).sum(1), x)
    # Each of the six numbers of a step has the step's weight as its gradient.
    assert sizes.tolist() == pytest.approx((weights * 6**0.5).tolist())
    assert not x.requires_grad
