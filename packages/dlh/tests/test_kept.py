"""Kept trainings: the same one is not done twice, any other is."""

import pytest
import torch
from torch import nn

from dlh.kept import kept


class Scaled(nn.Module):
    """A layer with a setting that is no weight."""

    def __init__(self):
        super().__init__()
        self.scale, self.layer = 1.0, nn.Linear(2, 1)

    def forward(self, x):
        return self.layer(x) * self.scale


class Trained:
    """A training that counts how often it is done, and changes the weights."""

    def __init__(self):
        self.times = 0

    def __call__(self, model, *given):
        def train():
            self.times += 1
            with torch.no_grad():
                model.layer.weight.fill_(7)
            return [0.5, 0.25], 1.5

        return kept(model, train, *given)


@pytest.fixture
def training(tmp_path, monkeypatch):
    monkeypatch.setenv("DLH_KEPT", str(tmp_path / "trained"))
    return Trained()


def new(seed=0, scale=1.0):
    torch.manual_seed(seed)
    model = Scaled()
    model.scale = scale
    return model


def test_the_same_training_is_done_once(training):
    first, second = new(), new().eval()
    assert training(first, torch.arange(3), {"lr": 1e-3}) == ([0.5, 0.25], 1.5)
    assert training(second, torch.arange(3), {"lr": 1e-3}) == ([0.5, 0.25], 1.5)
    assert training.times == 1
    assert (second.layer.weight == 7).all()


def one_step(x):
    return x + 1


def another_step(x):
    return x + 2


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ({"seed": 1}, (torch.arange(3), 3, one_step)),
        ({"scale": 0.5}, (torch.arange(3), 3, one_step)),
        ({}, (torch.arange(1, 4), 3, one_step)),
        ({}, (torch.arange(3), 4, one_step)),
        ({}, (torch.arange(3), 3, another_step)),
        ({}, (torch.arange(3), 3)),
    ],
)
def test_any_other_training_is_done(training, model, given):
    training(new(), torch.arange(3), 3, one_step)
    training(new(**model), *given)
    assert training.times == 2


def test_other_code_of_the_model_is_trained_again(training, monkeypatch):
    training(new())
    monkeypatch.setattr(Scaled, "forward", lambda self, x: self.layer(x) / self.scale)
    training(new())
    assert training.times == 2


def test_other_code_of_what_the_model_inherits_is_trained_again(training, monkeypatch):
    class Shifted(Scaled):
        pass

    for _ in range(2):
        torch.manual_seed(0)
        training(Shifted())
        monkeypatch.setattr(Scaled, "forward", lambda self, x: self.layer(x) + self.scale)
    assert training.times == 2


def test_a_file_that_was_cut_short_is_made_again(training, tmp_path):
    training(new())
    (file,) = (tmp_path / "trained").iterdir()
    file.write_bytes(file.read_bytes()[:100])
    for _ in range(2):
        training(new())
    assert training.times == 2


def test_a_folder_that_cannot_be_written_costs_the_keeping_alone(training, tmp_path, capsys):
    (tmp_path / "trained").write_text("no folder")
    assert training(new()) == ([0.5, 0.25], 1.5)
    assert "could not be kept" in capsys.readouterr().out
