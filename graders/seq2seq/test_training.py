"""The checks of `masked_loss` and `train`."""

import math

import pytest
import torch
from torch import nn

from graders.seq2seq.helpers import NUM_CODES, binary
from proctor.checks import expect

PATIENTS, VISITS, EPOCHS = 5, 3, 2
NUM_BATCHES = 3


class TinyModel(nn.Module):
    """A reconstruction by one linear layer, which writes down its mode at each call and counts its gradients."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(105))
        self.modes, self.gradients = [], 0
        self.bias.register_hook(self.count)

    def count(self, gradient):
        self.gradients += 1

    def forward(self, x, masks):
        self.modes.append(self.training)
        return torch.sigmoid(x @ self.weight + self.bias)


@pytest.fixture
def reconstruction(generator):
    """A true batch and its reconstruction, both (5, 3, 105)."""
    x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator)
    return torch.sigmoid(torch.randn(x.shape, generator=generator)), x


def loss_of(submission, x_hat, x, masks, device):
    """The student's loss, a tensor with one value."""
    loss = submission.masked_loss(x_hat.to(device), x.to(device), masks.to(device))
    expect.shape(loss, (), "`masked_loss(x_hat, x, masks)`", "The loss is a single number, kept as a tensor.")
    return loss.cpu()


@pytest.mark.points(3)
def test_loss_value(submission, reference, reconstruction, device):
    """The loss is the cross-entropy, summed over a patient's codes and visits, averaged over the patients."""
    x_hat, x = reconstruction
    masks = torch.ones(PATIENTS, VISITS, dtype=torch.bool)
    expect.close(
        loss_of(submission, x_hat, x, masks, device),
        reference.masked_loss(x_hat, x, masks),
        "`masked_loss(x_hat, x, masks)` where all visits are real",
        "Sum within each patient, then take the mean over the patients.",
    )


@pytest.mark.points(3)
def test_loss_padding(submission, reconstruction, generator, device):
    """Padded visits add nothing to the loss."""
    x_hat, x = reconstruction
    masks = torch.ones(PATIENTS, VISITS, dtype=torch.bool)
    padding = torch.rand(PATIENTS, 4, NUM_CODES, generator=generator)
    longer_x_hat, longer_x = (
        torch.cat([x_hat, padding], dim=1),
        torch.cat([x, torch.zeros_like(padding)], dim=1),
    )
    longer_masks = torch.cat([masks, torch.zeros(PATIENTS, 4, dtype=torch.bool)], dim=1)
    loss = loss_of(submission, x_hat, x, masks, device)
    expect.true(bool(loss > 0), "`masked_loss` of a poor reconstruction should be above zero, but is not.", loss)
    expect.close(
        loss_of(submission, longer_x_hat, longer_x, longer_masks, device),
        loss,
        "`masked_loss` of a batch with four padded visits more",
        "It should be the loss of the batch without them: multiply by the masks before you sum.",
    )


@pytest.mark.points(2)
def test_loss_of_empty_batch(submission, reconstruction, device):
    """A batch without any real visit has a loss of zero."""
    x_hat, x = reconstruction
    masks = torch.zeros(PATIENTS, VISITS, dtype=torch.bool)
    real = loss_of(submission, x_hat, x, ~masks, device)
    expect.true(bool(real > 0), "`masked_loss` of a poor reconstruction should be above zero, but is not.", real)
    loss = loss_of(submission, x_hat, x * 0, masks, device)
    hint = "The mean of no visits at all is NaN; the sum of none is 0."
    expect.close(loss, 0.0, "`masked_loss` of a batch whose visits are all padded", hint)


@pytest.mark.points(2)
def test_loss_gradient(submission, reconstruction, device):
    """The loss can be followed back to the reconstruction."""
    x_hat, x = reconstruction
    masks = torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 0, 1], [1, 1, 1]], dtype=torch.bool)
    leaf = submission.put(x_hat.to(device))
    leaf.requires_grad_()
    loss = submission.keep(submission.masked_loss)(leaf, x.to(device), masks.to(device))
    expect.true(
        loss.type_name == "Tensor" and loss.requires_grad is True,
        "`masked_loss` should return a tensor that `backward` can start from, but the way back is cut off "
        "(`item`, `detach`, `.data`, `torch.no_grad`).",
        loss.type_name,
    )
    loss.backward()
    gradient = leaf.grad
    expect.type(gradient, torch.Tensor, "The gradient of the loss for x_hat")
    blind = int((gradient.cpu()[masks] == 0).all(1).sum())
    expect.true(
        blind == 0,
        f"Every real visit should get a gradient from the loss, but {blind} of {int(masks.sum())} got none.",
        gradient,
    )


class Training:
    """A model of the student's host, batches for it, and what `train` makes of them.

    Parameters
    ----------
    submission, generator, device : the fixtures
    """

    def __init__(self, submission, generator, device):
        self.submission, self.device = submission, device
        self.weight = 0.1 * torch.randn(NUM_CODES, NUM_CODES, generator=generator)
        x = binary(NUM_BATCHES * PATIENTS, VISITS, NUM_CODES, generator=generator)
        masks = (torch.arange(VISITS) <= torch.arange(len(x)).unsqueeze(1) % VISITS).clone()
        dataset = submission.library("torch.utils.data.TensorDataset")(x * masks.unsqueeze(-1), masks, x[:, 0, 0])
        self.loader = submission.library("torch.utils.data.DataLoader")(dataset, batch_size=PATIENTS)
        self.tiny_model = submission.send(TinyModel)

    def model(self):
        """A model with the initial weights."""
        return self.tiny_model(self.weight).to(str(self.device))

    def train(self, model, epochs=EPOCHS):
        """What the student's `train` returns."""
        return self.submission.train(model, self.loader, self.loader, epochs)

    def stepped(self):
        """The weights after the same epochs, step by step with Adam and the student's own loss."""
        submission, model = self.submission, self.model()
        optimizer = submission.library("torch.optim.Adam")(model.parameters(), lr=1e-2)
        for _ in range(EPOCHS):
            for x, masks, _labels in self.loader:
                x, masks = x.to(self.device), masks.to(self.device)
                optimizer.zero_grad()
                submission.keep(submission.masked_loss)(submission.keep(model)(x, masks), x, masks).backward()
                optimizer.step()
        return model.weight


@pytest.mark.points(3)
def test_steps(submission, generator, device):
    """Each batch makes one step of Adam, along its own gradient only."""
    training = Training(submission, generator, device)
    model = training.model()
    training.train(model)
    trained = model.weight
    passes, left = model.gradients, submission.gradients(model)["bias"]
    left = "no gradient" if left is None else "a gradient" if bool((left != 0).any()) else "a gradient of zero"
    expect.true(
        not torch.allclose(trained.cpu(), training.weight),
        "`train` should change the weights of the model that it is given, but they are as before: it goes backward "
        f"{passes} times, and {left} is left at the end. A step needs the gradients of this model's loss.",
        [passes, left],
    )
    # Adam's step hardly depends on a gradient's size; where it is nearly zero, rounding may show at 1e-5 times
    # the learning rate.
    expect.close(
        trained,
        training.stepped(),
        f"The model's weight matrix after {EPOCHS} epochs of {NUM_BATCHES} batches",
        "In each step: clear the gradients, compute the loss, go backward, let the optimizer step.",
        rtol=1e-3,
        atol=1e-4,
    )


@pytest.mark.points(1)
def test_given_model(submission, generator, device):
    """The model that is passed in is the one that trains, in training mode; in evaluation mode it is evaluated."""
    training = Training(submission, generator, device)
    model, other = training.model(), training.model()
    for name in ("seq2seq", "encoder", "decoder"):
        submission.replace(name, other)
    training.train(model, epochs=1)
    expect.equal(
        len(other.modes),
        0,
        "The number of calls of a model named `seq2seq` outside of `train`",
        "Use the `model` that `train` is given.",
    )
    modes = ["training" if mode else "evaluation" for mode in model.modes]
    expected = ["training"] * NUM_BATCHES + ["evaluation"] * NUM_BATCHES
    expect.equal(modes, expected, f"The modes in which {NUM_BATCHES} batches to train and to validate are passed")


@pytest.mark.points(1)
def test_history(submission, generator, device):
    """The history has one pair of loss and F1 for each epoch, and the loss falls."""
    training = Training(submission, generator, device)
    history = training.train(training.model(), epochs=3)
    expect.type(history, (list, tuple), "What `train` returns")
    expect.equal(len(history), 3, "The number of entries in the history of 3 epochs")
    pairs = [tuple(float(value) for value in pair) for pair in history]
    expect.true(all(len(pair) == 2 for pair in pairs), "Each entry of the history should be a pair.", pairs)
    finite = all(math.isfinite(value) for pair in pairs for value in pair)
    expect.true(finite, "The losses and F1 values in the history should be finite, but are not.", pairs)
    losses = [pair[0] for pair in pairs]
    expect.true(losses[2] < losses[0], f"The loss should fall from epoch to epoch, but went {losses}.", losses)
