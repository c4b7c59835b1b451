"""The checks of `SOMVAE`, over a stand-in for the loss of `StaticSOMVAE`."""

from types import SimpleNamespace

import pytest
import torch

from graders.carried import same, version_of
from graders.helpers import check_meta
from graders.som_vae.helpers import check_moves, close_number, go_backward, number
from graders.som_vae.mistakes import TRANSITIONS
from proctor.checks import expect

# No two sizes are the same.
ROWS, COLUMNS, LATENT, SERIES, STEPS = 2, 5, 7, 3, 13
NODES = ROWS * COLUMNS
WEIGHTS = {"gamma": 0.7, "tau": 1.3}


def static_loss(self, x, x_e, x_q, z_e, z_q, z_q_neighbors, k, z_dist_flat):
    return (x**2).sum() + (x_e * x_q).sum() + (z_e * z_q).sum() + (z_q_neighbors**2).sum() / 2


@pytest.fixture(autouse=True)
def static(submission, reference, monkeypatch):
    """A mistake in the losses of `StaticSOMVAE` costs nothing here."""
    monkeypatch.setattr(reference.StaticSOMVAE, "loss", static_loss)
    base = submission.StaticSOMVAE
    before = base.loss
    base.loss = submission.send(static_loss)
    yield
    base.loss = before


@pytest.fixture
def probs(generator):
    """Logits of the transitions."""
    return torch.randn(ROWS, COLUMNS, ROWS, COLUMNS, generator=generator)


@pytest.fixture
def k(generator):
    """The nodes of three series, none of which ends where it begins."""
    nodes = torch.randint(NODES, (SERIES, STEPS), generator=generator)
    nodes[:, -1] = (nodes[:, 0] + 3) % NODES
    return nodes


@pytest.fixture
def distances(generator):
    """The squared distances of all steps of three series to all nodes."""
    return torch.rand(SERIES, STEPS, NODES, generator=generator)


def model(of, probs, device="cpu"):
    """A model of the submission or the reference with these logits, and without networks."""
    made = of.SOMVAE(None, None, None, latent_dim=LATENT, som_dim=[ROWS, COLUMNS], alpha=5.0, beta=3.0, **WEIGHTS)
    made.load_state_dict({"probs": probs, "embeddings": torch.zeros(ROWS, COLUMNS, LATENT)})
    return made.to(str(device))


@pytest.fixture
def carried(submission, reference, probs, device):
    """The version that has the student's `log_transitions` for these logits, or one that is given them."""
    found = model(submission, probs, device).log_transitions()

    def shows(version):
        return same(found, model(version, probs).log_transitions())

    version = version_of(reference, ["SOMVAE"], TRANSITIONS, shows)
    # What is about the same everywhere tells the losses nothing, and no loss would have to look at it.
    is_some = isinstance(found, torch.Tensor) and found.shape == (NODES, NODES) and bool(found.double().std() > 1e-3)
    if is_some and not shows(version):
        given = type("SOMVAE", (reference.SOMVAE,), {"log_transitions": lambda model: found.cpu()})
        return SimpleNamespace(SOMVAE=given)
    return version


@pytest.fixture
def of_the_losses(submission, reference, probs, k, distances, device):
    """The version that has the student's two losses of three series."""
    mine = model(submission, probs, device)
    inputs = {"loss_prob": (k,), "_loss_z_prob": (k, distances)}
    found = {name: getattr(mine, name)(*(value.to(device) for value in given)) for name, given in inputs.items()}

    def shows(version):
        return all(same(found[name], getattr(model(version, probs), name)(*given)) for name, given in inputs.items())

    return version_of(reference, ["SOMVAE"], TRANSITIONS, shows)


@pytest.mark.points(3)
def test_log_transitions(submission, reference, probs, device):
    """`log_transitions` are the logarithms of probabilities that sum to one over all nodes that one can go to."""
    found = model(submission, probs, device).log_transitions()
    what = f"`log_transitions()` of a map of {ROWS} x {COLUMNS} nodes"
    expect.shape(found, (NODES, NODES), what, "From each node, to each node.")
    sums = found.exp().sum(dim=-1)
    expect.true(
        bool(torch.isclose(sums, torch.ones_like(sums), atol=1e-4).all()),
        "The probabilities from a node to all nodes should sum to one, but sum to other numbers, such as "
        f"{float(sums[0]):.4g}. A softmax over both of the last axes of `probs`.",
        found,
    )
    expect.close(found, model(reference, probs).log_transitions().detach(), what, "Rows are from, columns are to.")
    mine = model(submission, probs, device)
    mine.log_transitions()
    mine.load_state_dict({"probs": probs.flip(0)}, strict=False)
    expected = model(reference, probs.flip(0)).log_transitions().detach()
    hint = "`probs` learns: compute them anew at each call."
    expect.close(mine.log_transitions(), expected, "`log_transitions()` after `probs` has changed", hint)


@pytest.mark.points(2)
def test_transition_loss(submission, carried, probs, k, device):
    """The transition loss is the mean of minus the logarithm of the probabilities of a series' steps."""
    loss = number(model(submission, probs, device).loss_prob(k[0].to(device)), "`loss_prob(k)`")
    hint = f"A series of {STEPS} images has {STEPS - 1} steps, each from a node to the next."
    close_number(loss, model(carried, probs).loss_prob(k[0]), "`loss_prob(k)` of one series", hint)


@pytest.mark.points(2)
def test_series_apart(submission, reference, carried, probs, k, device):
    """No step leads from the end of a series into the next."""
    mine = model(submission, probs, device)
    one, several = (number(mine.loss_prob(steps.to(device)), "`loss_prob(k)`") for steps in (k[0], k))
    # What is wrong with a single series is charged there.
    wanted = ["SOMVAE"], TRANSITIONS, lambda version: same(one, model(version, probs).loss_prob(k[0]))
    version = carried if carried is not reference else version_of(reference, *wanted)
    hint = "The time is the last axis of k, whatever comes before."
    expect.close(several, model(version, probs).loss_prob(k), "`loss_prob(k)` of three series", hint)
    grouped = number(mine.loss_prob(k.unsqueeze(1).to(device)), "`loss_prob(k)`")
    expected = model(version, probs).loss_prob(k.unsqueeze(1))
    expect.close(grouped, expected, f"`loss_prob(k)` of k of shape {(SERIES, 1, STEPS)}", hint)


@pytest.mark.points(2.5)
def test_smoothness(submission, carried, probs, k, distances, device):
    """The smoothness loss is the expected squared distance to where the step before leads, by dimension."""
    mine = model(submission, probs, device)
    grouped = (slice(None), None)
    for which, name in ((0, "one series"), (slice(None), "three series"), (grouped, "series with two axes in front")):
        steps, far = k[which], distances[which]
        loss = number(mine._loss_z_prob(steps.to(device), far.to(device)), "`_loss_z_prob(k, z_dist_flat)`")
        hint = "Sum over the nodes, mean over all steps but the first, divided by the latent dimensions."
        close_number(loss, model(carried, probs)._loss_z_prob(steps, far), f"`_loss_z_prob` of {name}", hint)


@pytest.mark.points(1)
def test_smoothness_moves_no_probability(submission, of_the_losses, probs, k, distances, generator, device):
    """The smoothness loss moves encodings and nodes, through the distances, and no probability."""
    mine = model(submission, probs, device)
    functions = mine._loss_z_prob, model(of_the_losses, probs)._loss_z_prob
    check_moves(submission, *functions, {"k": k, "z_dist_flat": distances}, "`_loss_z_prob`", generator, device)
    moved = submission.gradients(mine)["probs"]
    still = moved is None or not bool((moved != 0).any())
    expect.true(still, "The smoothness loss should not move `probs`, but does: detach the probabilities.", moved)


@pytest.mark.points(2)
def test_same_parameter(submission, of_the_losses, probs, k, distances, device):
    """`probs` is one and the same parameter all the time, and learns from the transition loss."""
    mine = model(submission, probs, device)
    get = submission.keep(submission.library("builtins.getattr"))
    parameter = get(mine, "probs")
    mine._loss_z_prob(k.to(device), distances.to(device))
    loss = submission.keep(mine.loss_prob)(k.to(device))
    same = submission.library("operator.is_")(get(mine, "probs"), parameter)
    message = "Computing losses should leave `probs` the parameter that it is, but puts another in its place."
    expect.true(same, message, same)
    what = "`probs`, after losses were computed and before any step,"
    expect.close(mine.probs, probs, what, "Only an optimizer moves it.")
    go_backward(loss, "`loss_prob`")
    check_probs_moved(submission, mine, model(of_the_losses, probs), lambda twin: twin.loss_prob(k), loss)


def check_probs_moved(submission, mine, twin, call, loss):
    """The gradient of `probs` is the reference's, or that of the version that has the same loss."""
    expected = call(twin)
    expected.backward()
    moved = submission.gradients(mine)["probs"]
    message = "The transition loss should give `probs` a gradient, but does not. Is it cut off, or a copy used?"
    expect.true(moved is not None and bool((moved != 0).any()), message, moved)
    if same(submission.get(loss), expected):
        hint = "The loss is right, so a part of the way back is cut off."
        expect.close(moved, twin.probs.grad, "The gradient of `probs`", hint)


@pytest.fixture
def whole(k, distances, generator):
    """All that the whole loss is given."""
    names = ("x", "x_e", "x_q", "z_e", "z_q", "z_q_neighbors")
    others = {name: torch.rand(SERIES, STEPS, 2, generator=generator) for name in names}
    return others | {"k": k, "z_dist_flat": distances}


@pytest.mark.points(1)
def test_sum(submission, of_the_losses, probs, whole, device):
    """The whole loss adds gamma times the transition loss and tau times the smoothness loss."""
    mine = model(submission, probs, device)
    loss = number(mine.loss(*(value.to(device) for value in whole.values())), "`loss`")
    expected = model(of_the_losses, probs).loss(*whole.values())
    expect.close(loss, expected, "`loss`", "Two losses, each with its weight, beside `static`.")


@pytest.mark.points(0.5)
def test_sum_moves_all(submission, of_the_losses, probs, whole, generator, device):
    """Each loss moves what it is to move, through the whole loss."""
    mine, twin = model(submission, probs, device), model(of_the_losses, probs)
    check_moves(submission, mine.loss, twin.loss, whole, "`loss`", generator, device)
    mine, twin = model(submission, probs, device), model(of_the_losses, probs)
    loss = submission.keep(mine.loss)(*(value.to(device) for value in whole.values()))
    go_backward(loss, "`loss`")
    check_probs_moved(submission, mine, twin, lambda one: one.loss(*whole.values()), loss)


@pytest.mark.points(1)
def test_device(submission, probs, k, distances):
    """The losses work on the device of their inputs."""
    mine = model(submission, probs)
    calls = [(mine.loss_prob, (k,)), (mine._loss_z_prob, (k, distances))]
    for function, inputs in calls:
        found = number(function(*inputs), "The loss")
        other = number(function(*(value[:1] for value in inputs)), "The loss")
        expect.different(found, other, "The losses of some series and of others")
    mine.to("meta")
    message = "The losses should work on the device of the model, but mix devices, and so fail on a GPU."
    for function, inputs in calls:
        check_meta(lambda f=function, given=inputs: f(*(value.to("meta") for value in given)), message)
