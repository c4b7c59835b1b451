"""The checks of `masked_loss` and `train`."""

import math

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from graders.layers import is_close
from graders.seq2seq.helpers import NUM_CODES, binary
from proctor.checks import expect
from proctor.checks.submission import StudentError

# Thirteen patients in batches of five: the last batch is smaller.
PATIENTS, BATCH, NUM_BATCHES, VISITS, EPOCHS = 13, 5, 3, 7, 2
# Codes that no patient has. Their weights get no gradient, and so stay, unless something else pulls at them.
UNUSED = 11
# One large batch, and many small ones: what is left of a look at the first few shows there.
MANY_PATIENTS, MANY_VISITS, MANY_BATCHES = 103, 23, 41


class TinyModel(nn.Module):
    """A reconstruction by one linear layer, which writes down its mode at each call, counts gradients, keeps the first.

    Every third gradient is thirty times as large: whoever clips gradients steps otherwise.
    """

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())
        self.bias = nn.Parameter(torch.zeros(105))
        self.modes, self.gradients, self.first = [], 0, None
        self.bias.register_hook(self.count)
        self.steps = 0
        self.weight.register_hook(self.steepen)

    def count(self, gradient):
        self.gradients += 1
        self.first = gradient.clone() if self.gradients == 1 else self.first

    def steepen(self, gradient):
        self.steps += 1
        return gradient * (30 if self.steps % 3 == 2 else 1)

    def forward(self, x, masks):
        self.modes.append(self.training)
        # What is masked has no codes: that a mask is False shows in the real visits of the patient, too.
        attention = masks.unsqueeze(-1) / (1.0 + masks.sum(dim=1)[:, None, None])
        return torch.sigmoid((x * (1.0 + 5 * attention)) @ self.weight + self.bias)


def other_loss(x_hat, x, masks):
    """In place of `masked_loss`: a loss that minds the order of its arguments, and the masks."""
    return (((x_hat - x) ** 2 * (1 + x)).sum(dim=-1) * (0.3 + masks.float())).mean()


@pytest.fixture
def reconstruction(generator):
    """A true batch and its reconstruction, both (5, 7, 105); some guesses are sure."""
    x = binary(BATCH, VISITS, NUM_CODES, generator=generator)
    return torch.sigmoid((2.5 * torch.randn(x.shape, generator=generator)).clamp(-9, 9)), x


@pytest.fixture
def masks():
    """Masks of five patients with one to seven real visits, one of them with a gap."""
    masks = torch.arange(VISITS) < torch.tensor([7, 3, 1, 6, 2]).unsqueeze(1)
    masks[3, 2] = False
    return masks


def loss_of(submission, x_hat, x, masks, device, single=False):
    """The student's loss, a tensor with one value: that it is one and not several is one check's matter, `single`."""
    loss = submission.masked_loss(x_hat.to(device), x.to(device), masks.to(device))
    if single or not isinstance(loss, torch.Tensor):
        expect.shape(loss, (), "`masked_loss(x_hat, x, masks)`", "The loss is a single number, kept as a tensor.")
    return loss.float().mean().cpu()


@pytest.mark.points(3)
def test_loss_value(submission, reference, reconstruction, masks, device):
    """The loss is the cross-entropy, summed over a patient's codes and visits, averaged over the patients."""
    x_hat, x = reconstruction
    everything = torch.ones(BATCH, VISITS, dtype=torch.bool)
    loss = loss_of(submission, x_hat, x, everything, device, single=True)
    expected = reference.masked_loss(x_hat, x, everything)
    # With padding it is another check's matter, but tells mistakes apart.
    padded = loss_of(submission, x_hat, x * masks.unsqueeze(-1), masks, device)
    expect.true(
        is_close(loss, expected),
        f"`masked_loss(x_hat, x, masks)` where all visits are real should be {float(expected):.4g}, but is "
        f"{float(loss):.4g}. Sum within each patient, then take the mean over the patients.",
        torch.stack([loss.double(), padded.double()]),
    )
    fewer = loss_of(submission, x_hat[:3], x[:3], everything[:3], device)
    what = "`masked_loss(x_hat, x, masks)` of three of these five patients"
    hint = "Take the mean over the patients of the batch, however many there are."
    expect.close(fewer, float(reference.masked_loss(x_hat[:3], x[:3], everything[:3])), what, hint)


@pytest.mark.points(2)
def test_loss_padding(submission, reference, reconstruction, masks, generator, device):
    """Padded visits add nothing to the loss."""
    x_hat, x = reconstruction
    real = torch.ones(BATCH, VISITS, dtype=torch.bool)
    padding = torch.rand(BATCH, 4, NUM_CODES, generator=generator)
    longer_x_hat, longer_x = (
        torch.cat([x_hat, padding], dim=1),
        torch.cat([x, torch.zeros_like(padding)], dim=1),
    )
    longer_masks = torch.cat([real, torch.zeros(BATCH, 4, dtype=torch.bool)], dim=1)
    loss = loss_of(submission, x_hat, x, real, device)
    check_says_something(submission, reconstruction, device)
    expect.close(
        loss_of(submission, longer_x_hat, longer_x, longer_masks, device),
        loss,
        "`masked_loss` of a batch with four padded visits more",
        "It should be the loss of the batch without them: multiply by the masks before you sum.",
    )
    # A loss that is wrong where all visits are real is another check's matter.
    if is_close(loss, reference.masked_loss(x_hat, x, real)):
        x = x * masks.unsqueeze(-1)
        expected = float(reference.masked_loss(x_hat, x, masks))
        what = "`masked_loss` of patients with one to seven real visits, one of them with a gap between two,"
        expect.close(loss_of(submission, x_hat, x, masks, device), expected, what, "The masks tell which are real.")


def check_says_something(submission, reconstruction, device):
    """The loss depends on the reconstruction, as that of a constant does not."""
    x_hat, x = reconstruction
    masks = torch.ones(BATCH, VISITS, dtype=torch.bool)
    losses = [loss_of(submission, values, x, masks, device) for values in (x_hat, 0.5 * x_hat)]
    expect.different(losses[0], losses[1], "`masked_loss` of two reconstructions of the same visits")


@pytest.mark.points(2)
def test_loss_of_empty_batch(submission, reference, reconstruction, masks, device):
    """Patients without any real visit add a loss of zero to the mean, and guesses of exactly 0 and 1 a finite one."""
    x_hat, x = reconstruction
    check_says_something(submission, reconstruction, device)
    loss = loss_of(submission, x_hat, x * 0, torch.zeros_like(masks), device)
    hint = "The mean of no visits at all is NaN; the sum of none is 0."
    expect.close(loss, 0.0, "`masked_loss` of a batch whose visits are all padded", hint)
    x = x * masks.unsqueeze(-1)
    # A loss that is wrong anyway is another check's matter.
    if is_close(loss_of(submission, x_hat, x, masks, device), reference.masked_loss(x_hat, x, masks)):
        masks[4] = False
        expected = float(reference.masked_loss(x_hat, x, masks))
        loss = loss_of(submission, x_hat, x, masks, device)
        what = "`masked_loss` of five patients, one of them without any real visit,"
        expect.close(loss, expected, what, "The mean is over all patients of the batch, this one too.")
        loss = loss_of(submission, x, x, torch.ones_like(masks), device)
        expect.true(
            bool(torch.isfinite(loss)),
            f"`masked_loss` should be a finite number where all probabilities are exactly 0 or 1, but is {loss:.3g}. "
            "Sigmoid rounds to them, and their logarithms are infinite: `criterion` sees to that.",
            f"{loss:.3g}",
        )


@pytest.mark.points(3)
def test_loss_gradient(submission, reference, reconstruction, masks, device):
    """The loss can be followed back to the reconstruction."""
    x_hat, x = reconstruction
    x = x * masks.unsqueeze(-1)
    leaf, twin = submission.put(x_hat.to(device)), x_hat.clone().requires_grad_()
    leaf.requires_grad_()
    loss = submission.keep(submission.masked_loss)(leaf, x.to(device), masks.to(device))
    expect.true(
        loss.type_name == "Tensor" and loss.requires_grad is True,
        "`masked_loss` should return a tensor that `backward` can start from, but the way back is cut off "
        "(`item`, `detach`, `.data`, `torch.no_grad`).",
        loss.type_name,
    )
    if submission.get(loss).dim():
        loss = submission.keep(loss.mean)()
    loss.backward()
    gradient, value = leaf.grad, submission.get(loss)
    expect.type(gradient, torch.Tensor, "The gradient of the loss for x_hat")
    expected = reference.masked_loss(twin, x, masks)
    expected.backward()
    if is_close(value, expected):
        expect.close(gradient, twin.grad, "The gradient of the loss for x_hat", atol=1e-4, rtol=1e-3)
    # A wrong loss is another check's matter.
    varied = bool((gradient != gradient.flatten()[0]).any()) and bool(torch.isfinite(gradient).all())
    expect.true(varied, "The gradient of the loss for x_hat should be finite, and not the same everywhere.", gradient)


class Training:
    """A model of the student's host, batches for it, and what `train` makes of them.

    Parameters
    ----------
    submission, generator, device : the fixtures
    """

    def __init__(self, submission, generator, device):
        self.submission, self.device = submission, device
        self.weight = 0.1 * torch.randn(NUM_CODES, NUM_CODES, generator=generator)
        self.weight[:UNUSED] *= 300
        x = binary(PATIENTS, VISITS, NUM_CODES, generator=generator)
        x[..., :UNUSED] = 0
        masks = (torch.arange(VISITS) <= 3 * torch.arange(PATIENTS).unsqueeze(1) % VISITS).clone()
        self.data = (x * masks.unsqueeze(-1), masks, x[:, 0, 0])
        dataset = submission.library("torch.utils.data.TensorDataset")(*self.data)
        loader = submission.library("torch.utils.data.DataLoader")
        self.loader = loader(dataset, batch_size=BATCH)
        # Others are validated: each visit has the codes that the one of the same place lacks.
        others = (1 - x) * masks.unsqueeze(-1)
        others[..., :UNUSED] = 0
        dataset = submission.library("torch.utils.data.TensorDataset")(others, *self.data[1:])
        self.val_loader = loader(dataset, batch_size=BATCH)
        self.tiny_model = submission.send(TinyModel)

    def model(self):
        """A model with the initial weights."""
        return self.tiny_model(self.weight).to(str(self.device))

    def train(self, model, epochs=EPOCHS):
        """What the student's `train` returns, with a loss of the check's own where the student's stops it."""
        try:
            return self.submission.train(model, self.loader, self.val_loader, epochs)
        except StudentError:
            self.submission.replace("masked_loss", self.submission.send(other_loss))
            return self.submission.train(model, self.loader, self.val_loader, epochs)

    def trained(self):
        """The student's model after training, a handle."""
        model = self.model()
        self.train(model)
        return model

    def stepped(self, reference):
        """The weight after the reference has trained as long, on the CPU."""
        model = TinyModel(self.weight)
        loader = DataLoader(TensorDataset(*self.data), batch_size=BATCH)
        reference.train(model, loader, loader, EPOCHS)
        return model.weight.detach()


@pytest.mark.points(3)
def test_steps(submission, reference, monkeypatch, generator, device):
    """Each batch makes one step of Adam, along its own gradient only."""
    training = Training(submission, generator, device)
    model, expected = training.trained(), training.stepped(reference)
    # Adam's step hardly depends on a gradient's size; where it is nearly zero, rounding may show at 1e-5 times
    # the learning rate.
    close = {"rtol": 1e-3, "atol": 1e-4}
    if not torch.allclose(model.weight.cpu(), expected, **close):
        # A wrong loss is another check's matter: once more, with the check's own.
        submission.replace("masked_loss", submission.send(other_loss))
        monkeypatch.setattr(reference, "masked_loss", other_loss)
        model, expected = training.trained(), training.stepped(reference)
    trained = model.weight.cpu()
    passes, left = model.gradients, submission.gradients(model)["bias"]
    left = "no gradient" if left is None else "a gradient" if bool((left != 0).any()) else "a gradient of zero"
    expect.true(
        not torch.allclose(trained, training.weight),
        "`train` should change the weights of the model that it is given, but they are as before: it goes backward "
        f"{passes} times, and {left} is left at the end. A step needs the gradients of this model's loss.",
        [passes, left],
    )
    unused = "The weights of codes that no patient has, after training,"
    hint = "Nothing but the gradients of the loss should move weights: is there a weight decay?"
    kept = torch.allclose(trained[:UNUSED], training.weight[:UNUSED], rtol=1e-5)
    expect.true(kept, f"{unused} should be what they were, but are not. {hint}", "moved")
    expect.close(
        trained,
        expected,
        f"The model's weight matrix after {EPOCHS} epochs of {NUM_BATCHES} batches",
        "In each step: clear the gradients, compute the loss, go backward, let the optimizer step.",
        **close,
    )
    check_everyone_counts(submission, reference, generator, training)


def check_everyone_counts(submission, reference, generator, training):
    """All batches are trained on, and all patients and visits of each, also where there are many."""
    x = binary(MANY_PATIENTS, MANY_VISITS, NUM_CODES, generator=generator)
    masks = torch.ones(MANY_PATIENTS, MANY_VISITS, dtype=torch.bool)
    dataset = submission.library("torch.utils.data.TensorDataset")(x, masks, x[:, 0, 0])
    # Every other one of the small batches is of a single patient.
    batches = [list(range(MANY_PATIENTS)), *([number, 0][: 2 - number % 2] for number in range(1, MANY_BATCHES))]
    larger = sum(len(batch) > 1 for batch in batches)
    training.loader = submission.library("torch.utils.data.DataLoader")(dataset, batch_sampler=batches)
    model, twin = training.model(), TinyModel(training.weight)
    training.train(model, epochs=1)
    expect.true(
        model.gradients >= MANY_BATCHES,
        f"`train` should go backward from each of {MANY_BATCHES} batches of an epoch, but leaves "
        f"{'those of a single patient' if model.gradients == larger else 'some'} out. Is there a `break`, for trying "
        "things out?",
        "batches of one left out" if model.gradients == larger else "batches left out",
    )
    reference.masked_loss(twin(x, masks), x, masks).backward()
    # How large a gradient is hardly matters to Adam, and is another check's matter.
    found, expected = (value / value.norm() for value in (model.first.cpu(), twin.first))
    expect.true(
        torch.allclose(found, expected, rtol=1e-3, atol=1e-4),
        f"The first step on a batch of {MANY_PATIENTS} patients with {MANY_VISITS} visits goes along another gradient "
        "than that of the whole batch. Is a part left out, for trying things out (`x[:10]`)?",
        "a part of the batch",
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
    modes = ["training" if mode else "evaluation" for mode in model.modes[-2 * NUM_BATCHES :]]
    expected = ["training"] * NUM_BATCHES + ["evaluation"] * NUM_BATCHES
    expect.equal(modes, expected, f"The modes in which {NUM_BATCHES} batches to train and to validate are passed")


@pytest.mark.points(1)
def test_history(submission, generator, device):
    """The history has one pair of loss and F1 for each epoch, and the loss falls."""
    training = Training(submission, generator, device)
    model = training.model()
    history = training.train(model, epochs=3)
    expect.type(history, (list, tuple), "What `train` returns")
    expect.equal(len(history), 3, "The number of entries in the history of 3 epochs")
    pairs = [tuple(float(value) for value in pair) for pair in history]
    expect.true(all(len(pair) == 2 for pair in pairs), "Each entry of the history should be a pair.", pairs)
    finite = all(math.isfinite(value) for pair in pairs for value in pair)
    expect.true(finite, "The losses and F1 values in the history should be finite, but are not.", pairs)
    expect.true(len(model.modes) > 0, "`train` should call the model that it is given, but never does.", "never")
    losses = [pair[0] for pair in pairs]
    expect.true(losses[2] < losses[0], f"The loss should fall from epoch to epoch, but went {losses}.", losses)
    check_recorded(submission, training)


class RecordedLoss:
    """In place of `masked_loss`: a loss that writes down what it gives."""

    def __init__(self):
        self.given = []

    def __call__(self, x_hat, x, masks):
        loss = (((x_hat - x) ** 2 * (1 + x)).sum(dim=-1) * (0.3 + masks.float())).mean()
        self.given.append(loss.item())
        return loss


def check_recorded(submission, training):
    """The loss in the history is what `masked_loss` gave, on average; who does without it is not judged by it."""
    recorded = submission.send(RecordedLoss)()
    submission.replace("masked_loss", recorded)
    history = training.train(training.model(), epochs=1)
    given = list(recorded.given)
    # Whoever looks at a batch again afterwards has gone backward from the first look.
    calls, rest = divmod(len(given), NUM_BATCHES)
    if calls and not rest:
        given = given[::calls]
        what = "The loss in the history of one epoch, with a `masked_loss` of the check's own,"
        hint = "It is the mean over the batches: what goes backward, by the name `loss`, is what `masked_loss` gives."
        expect.close(float(history[0][0]), sum(given) / len(given), what, hint)
