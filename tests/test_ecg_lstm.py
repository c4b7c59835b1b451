"""The given code of ecg_lstm: data sets, chunks, training, votes; and that its layers compute the same."""

from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn

from dlh.fused_lstm import FusedLSTM
from dlh.sanity import default_loss
from proctor.authoring.assignment import load_assignment
from proctor.authoring.questions import read_questions
from proctor.course import find_root, open_course
from proctor.grading.grade import draw_up
from proctor.grading.report import table
from solutions import ecg_lstm


class Numbered(torch.utils.data.Dataset):
    """Samples whose values tell which sample and which step they are: 1000 * sample + step."""

    def __init__(self, lengths, labels):
        self.lengths, self.labels = lengths, torch.tensor(labels)

    def __len__(self):
        return len(self.lengths)

    def __getitem__(self, index):
        steps = 1000.0 * index + torch.arange(self.lengths[index])
        return steps[:, None].expand(-1, 2), self.labels[index]


def test_balanced_classes_keep_all_and_repeat_evenly(capsys):
    data = Numbered([3] * 10, [0] * 8 + [1] * 2)
    torch.manual_seed(0)
    balanced = ecg_lstm.balance_dataset(data)
    assert balanced.indices[:10] == list(range(10))
    assert sorted(balanced.indices[10:]) == [8, 8, 8, 9, 9, 9]
    assert "Samples per class: [8, 2]" in capsys.readouterr().out
    assert ecg_lstm.balance_dataset(balanced) is balanced


def test_balance_takes_a_part_of_the_class_where_that_is_enough():
    balanced = ecg_lstm.balance_dataset(Numbered([3] * 11, [1] * 4 + [0] * 7))
    repeated = balanced.indices[11:]
    assert len(repeated) == 3
    assert set(repeated) < {0, 1, 2, 3}
    assert len(set(repeated)) == 3


def test_chunks_follow_each_other_and_drop_the_rest():
    chunks = ecg_lstm.ChunkedDataset(Numbered([11, 4, 8], [0, 1, 1]), chunk_size=4)
    assert [int(x[0, 0]) for x, _ in chunks] == [0, 4, 1000, 2000, 2004]
    assert [int(y) for _, y in chunks] == [0, 0, 1, 1, 1]
    assert chunks.tensors[0].shape == (5, 4, 2)
    assert (chunks.tensors[0].diff(dim=1) == 1).all()


def test_random_chunks_are_whole_and_reach_both_ends():
    data = Numbered([6, 9], [1, 0])
    torch.manual_seed(0)
    begins = [set(), set()]
    for _ in range(200):
        x, y = ecg_lstm.random_chunk_collate_fn([data[0], data[1]], 5)
        assert x.shape == (2, 5, 2)
        assert (x.diff(dim=1) == 1).all()
        assert y.tolist() == [1, 0]
        for sample in (0, 1):
            begins[sample].add(int(x[sample, 0, 0]) - 1000 * sample)
    assert begins == [{0, 1}, {0, 1, 2, 3, 4}]
    x, _ = ecg_lstm.random_chunk_collate_fn([Numbered([5], [1])[0]], 5)
    assert x.shape == (1, 5, 2)


@pytest.mark.parametrize(
    ("y_hat", "y", "expected"),
    [
        ([[2.0], [-1.0], [0.5], [-0.1]], [1, 0, 0, 1], 0.5),
        ([[2.0, 3.0], [1.0, 0.0], [0.0, -1.0]], [1, 0, 1], 2 / 3),
    ],
)
def test_accuracy_of_one_and_of_several_outputs(y_hat, y, expected):
    assert ecg_lstm.accuracy(torch.tensor(y_hat), torch.tensor(y)).item() == pytest.approx(expected)


def test_chunks_vote_by_majority():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias = nn.Parameter(torch.tensor(0.0))

        def forward(self, x):
            # Only the chunk that begins at step 0 is taken for class 0.
            return (x[:, 0, :1] % 1000 > 0).float() - 0.5 + self.bias

    votes, labels = ecg_lstm.vote(Net(), Numbered([11, 4, 13], [0, 1, 1]), chunk_size=4)
    assert votes.tolist() == pytest.approx([1 / 2, 0, 2 / 3])
    assert labels.tolist() == [0, 1, 1]


def test_layers_compute_what_the_built_in_computes():
    torch.manual_seed(1)
    lstm = ecg_lstm.LSTM(3, 5)
    with torch.no_grad():
        for parameter in lstm.parameters():
            parameter.normal_()
        built_in = nn.LSTM(3, 5, batch_first=True)
        for name, part in [("weight_ih_l0", "W_x"), ("weight_hh_l0", "W_h"), ("bias_ih_l0", "b_")]:
            # Transposed and one below the other; a transposed bias is itself.
            ours = torch.cat([torch.atleast_2d(getattr(lstm, part + gate)) for gate in "ifco"], dim=1).T
            getattr(built_in, name).copy_(ours.squeeze(1))
        built_in.bias_hh_l0.zero_()
    fused = FusedLSTM.copy_of(lstm)
    x = torch.randn(7, 11, 3)
    expected, (h, c) = built_in(x)
    for layer in (lstm, fused):
        outputs, state = layer(x)
        torch.testing.assert_close(outputs, expected)
        torch.testing.assert_close(state, (h[0], c[0]))
    assert not torch.allclose(expected[:, 0], expected[:, -1])


def test_training_learns_and_reports(capsys):
    torch.manual_seed(2)
    x = torch.randn(60, 40, 17)
    y = (x.mean(dim=(1, 2)) > 0).long()
    x += (2 * y[:, None, None] - 1) * 0.3
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=25)
    for outputs in (1, 2):
        net = ecg_lstm.MeanSpectrumNet(outputs=outputs)
        result = ecg_lstm.train(net, {"train": loader, "val": loader}, epochs=12, device=torch.device("cpu"))
        curves = result["curves"]
        assert list(curves) == ["train loss", "train acc", "val loss", "val acc"]
        assert all(len(curve) == 12 and curve[-1] == result[name] for name, curve in curves.items())
        assert result["val acc"] > 0.95
        assert curves["train loss"][-1] < 0.5 * curves["train loss"][0]
        with torch.no_grad():
            expected = ecg_lstm.accuracy(net(x), y).item()
            loss = default_loss(net(x), y).item()
        assert (result["val acc"], result["val loss"]) == pytest.approx((expected, loss))
        assert result["examples/sec"] > 0
        assert "val acc" in capsys.readouterr().out


def test_written_answers_are_left_to_a_person():
    root = find_root(Path(__file__))
    assignment = load_assignment(open_course(root), "ecg_lstm")
    verdict = draw_up(assignment, "ann", [], "cpu", [])
    assert [exercise.id for exercise in verdict.exercises] == [
        "lstm", "kept_share", "conv_net", "lstm_net", "torch_lstm_net",
        "uniform_loss", "guess_best", "one_recording", "guess_augmentation",
    ]  # fmt: skip
    assert (verdict.max_points, verdict.by_hand, assignment.points) == (12, 19, 31)
    assert table(verdict)[-1] == "  Written answers, 19 points, are marked by hand."


def test_whoever_marks_has_a_question_a_model_answer_and_a_scheme():
    assignment = load_assignment(open_course(find_root(Path(__file__))), "ecg_lstm")
    written = [question for question in read_questions(assignment) if question.written]
    assert len(written) == 15
    assert len({question.prose for question in written}) == 15
    for question in written:
        assert "?" in question.prose or "example of" in question.prose or "Name an advantage" in question.prose
        assert f"{question.points:g} point" in question.prose
        assert len(question.model_answer) > 100
        assert question.scheme.startswith("- ")
        assert "###" not in question.model_answer + question.scheme


def test_code_lines_are_as_wide_as_a_notebook_shows_and_figures_have_words():
    """In the solved notebook, too. A figure that is just drawn says nothing to whoever does not see it."""
    notebook = nbformat.read(Path(__file__).parents[1] / "source/ecg_lstm/ecg_lstm.ipynb", as_version=4)
    # The first code cell is every notebook's.
    codes = [cell.source for cell in notebook.cells if cell.cell_type == "code"][1:]
    assert [line for code in codes for line in code.splitlines() if len(line) > 78] == []
    assert not [code for code in codes if "plt.show()" in code or "plt.subplots" in code and "show(figure" not in code]
