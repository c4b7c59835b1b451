"""Recurrent networks on ECG: an RNN and an LSTM from scratch, beside torch.nn.LSTM and networks without memory.

Recordings become spectrograms, spectrograms become chunks, and six networks tell atrial fibrillation from
normal rhythm in them. Between `### BEGIN SOLUTION` and `### END SOLUTION` stands what students write.
"""

# Gates and states have the capital letters of their equations; the signature of `train` is the published one.
# ruff: noqa: B008, E741, N803, N806

import numpy as np
import torch
from torch import nn

from dlh.d2l_torch import d2l


def balance_dataset(dataset):
    """Repeat samples of the smaller classes until all are equally large.

    Which of them are repeated is drawn from torch's random numbers.

    Parameters
    ----------
    dataset : gives (x, y) pairs, y being the class

    Returns
    -------
    balanced : the dataset itself where it is balanced already, else a
        `Subset` with all of its samples first and the repeated ones after it
    """
    labels = torch.tensor([int(dataset[i][1]) for i in range(len(dataset))])
    indices = torch.arange(len(dataset))
    classes, counts = torch.unique(labels, return_counts=True)
    if len(set(counts.tolist())) == 1:
        return dataset

    print("Samples per class:", counts.tolist())
    for label, count in zip(classes.tolist(), counts.tolist(), strict=True):
        of_class = torch.where(labels == label)[0]
        while count < max(counts):
            # All samples of the class once more, or as many as are missing.
            extra_samples = min(max(counts).item() - count, len(of_class))
            print(f"- Repeating {extra_samples} samples of class {label}")
            chosen = of_class[torch.randperm(len(of_class))][:extra_samples]
            indices = torch.cat((indices, chosen))
            count += extra_samples
    return torch.utils.data.Subset(dataset, indices.tolist())


class ChunkedDataset(torch.utils.data.TensorDataset):
    """Recordings cut into chunks of one length, with their classes.

    What is left at the end of a recording, less than a chunk, is dropped.

    Parameters
    ----------
    source_dataset : gives pairs of x, (steps, features), and y
    chunk_size : int, steps of a chunk
    """

    def __init__(self, source_dataset, chunk_size=40):
        super().__init__(*self.make_chunks(source_dataset, chunk_size))

    def make_chunks(self, source_dataset, chunk_size):
        """Chunks, (chunks, chunk_size, features), and classes, (chunks,)."""
        all_x, all_y = [], []
        for i in range(len(source_dataset)):
            x, y = source_dataset[i]
            for chunk in range(x.shape[0] // chunk_size):
                offset = chunk * chunk_size
                all_x.append(x[offset : offset + chunk_size])
                all_y.append(int(y))
        return torch.stack(all_x), torch.tensor(all_y)


class RNN(nn.Module):
    """A recurrent layer: a state is made of the input and the state before.

    Parameters
    ----------
    num_inputs : int, features of each step
    num_hiddens : int, size of the hidden state
    """

    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        self.num_inputs = num_inputs
        self.num_hiddens = num_hiddens
        self.initialize_parameters()

    def initialize_parameters(self):
        """Draw small random weights; the bias begins at zero."""

        def triple():
            return (
                nn.Parameter(torch.normal(
                    0, 0.01, size=(self.num_inputs, self.num_hiddens))),
                nn.Parameter(torch.normal(
                    0, 0.01, size=(self.num_hiddens, self.num_hiddens))),
                nn.Parameter(torch.zeros(size=(self.num_hiddens,))),
            )

        self.W_xh, self.W_hh, self.b_h = triple()

    def forward(self, inputs):
        """Go through all steps.

        Parameters
        ----------
        inputs : (samples, steps, num_inputs) float

        Returns
        -------
        outputs : (samples, steps, num_hiddens), the hidden state of each step
        state : a tuple (hiddens,), the hidden state after the last step,
            (samples, num_hiddens)
        """
        batch_size = inputs.shape[0]
        zeros = torch.zeros(
            size=(batch_size, self.num_hiddens),
            dtype=inputs.dtype, device=inputs.device)
        state = (zeros,)
        outputs = []
        for step in range(inputs.shape[1]):
            state = self.one_step(inputs[:, step], state)
            outputs.append(state[0])
        outputs = torch.stack(outputs, axis=1)
        return outputs, state

    def one_step(self, x, state):
        """Go one step.

        Parameters
        ----------
        x : (samples, num_inputs) float, the input of this step
        state : a tuple (hiddens,), the state after the step before

        Returns
        -------
        state : a tuple (hiddens,), the state after this step
        """
        (h,) = state
        h = torch.tanh(
            torch.mm(x, self.W_xh) + torch.mm(h, self.W_hh) + self.b_h)
        return (h,)

    def __repr__(self):
        return (f"RNN(num_inputs={self.num_inputs},"
                f" num_hiddens={self.num_hiddens})")


class LSTM(nn.Module):
    """A recurrent layer with a long short-term memory.

    Parameters
    ----------
    num_inputs : int, features of each step
    num_hiddens : int, size of the hidden state and of the cell state
    """

    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        self.num_inputs = num_inputs
        self.num_hiddens = num_hiddens
        self.initialize_parameters()

    def initialize_parameters(self):
        """Draw small random weights; the biases begin at zero."""

        def triple():
            return (
                nn.Parameter(torch.normal(
                    0, 0.01, size=(self.num_inputs, self.num_hiddens))),
                nn.Parameter(torch.normal(
                    0, 0.01, size=(self.num_hiddens, self.num_hiddens))),
                nn.Parameter(torch.zeros(size=(self.num_hiddens,))),
            )

        # 1. Input gate (i), forget gate (f), output gate (o), input node (c).
        ### BEGIN SOLUTION
        self.W_xi, self.W_hi, self.b_i = triple()
        self.W_xf, self.W_hf, self.b_f = triple()
        self.W_xo, self.W_ho, self.b_o = triple()
        self.W_xc, self.W_hc, self.b_c = triple()
        ### END SOLUTION

    def forward(self, inputs):
        """Go through all steps.

        Parameters
        ----------
        inputs : (samples, steps, num_inputs) float

        Returns
        -------
        outputs : (samples, steps, num_hiddens), the hidden state of each step
        state : a tuple (hiddens, cells), the state after the last step, each
            (samples, num_hiddens)
        """
        # 2. Begin with zeros, go through the steps, stack the outputs.
        ### BEGIN SOLUTION
        batch_size = inputs.shape[0]
        H = torch.zeros(
            size=(batch_size, self.num_hiddens),
            dtype=inputs.dtype, device=inputs.device)
        C = torch.zeros_like(H)
        outputs = []
        for step in range(inputs.shape[1]):
            H, C = self.one_step(inputs[:, step], H, C)
            outputs.append(H)
        outputs = torch.stack(outputs, axis=1)
        return outputs, (H, C)
        ### END SOLUTION

    def one_step(self, x, H, C):
        """Go one step.

        Parameters
        ----------
        x : (samples, num_inputs) float, the input of this step
        H, C : (samples, num_hiddens) float, hidden state and cell state after
            the step before

        Returns
        -------
        H, C : (samples, num_hiddens) float, the states after this step
        """
        # 3. The gates, the input node, the new cell state, the new H.
        ### BEGIN SOLUTION
        I = torch.sigmoid(
            torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi) + self.b_i)
        F = torch.sigmoid(
            torch.mm(x, self.W_xf) + torch.mm(H, self.W_hf) + self.b_f)
        O = torch.sigmoid(
            torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + self.b_o)
        C_tilde = torch.tanh(
            torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c)
        C = F * C + I * C_tilde
        H = O * torch.tanh(C)
        return H, C
        ### END SOLUTION

    def __repr__(self):
        return (f"LSTM(num_inputs={self.num_inputs},"
                f" num_hiddens={self.num_hiddens})")


def accuracy(y_hat, y):
    """The share of right predictions.

    Parameters
    ----------
    y_hat : (samples, classes) float, raw network outputs, before sigmoid or
        softmax; with one column, class 1 is predicted where it is above zero
    y : (samples,) long, the true classes

    Returns
    -------
    accuracy : () float
    """
    one = y_hat.shape[1] == 1
    predicted = y_hat[:, 0] > 0 if one else torch.argmax(y_hat, axis=1)
    return torch.mean((predicted == y).to(torch.float32))


def train(net, data_loaders, epochs=100, lr=0.01, device=d2l.try_gpu()):
    """Train with Adam.

    Parameters
    ----------
    net : gives raw outputs, (samples, 1) or (samples, classes); it is moved
        to the device and trained in place
    data_loaders : dict with loaders of (x, y) batches, "train" and "val"
    epochs : int
    lr : float, learning rate
    device : torch.device, by default the GPU if there is one

    Returns
    -------
    result : dict with "train loss", "train acc", "val loss", "val acc" of the
        last epoch, "curves" with the same four as lists, a number for each
        epoch, and "examples/sec" in training
    """
    net = net.to(device)
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    names = "train loss", "train acc", "val loss", "val acc"
    curves = {name: [] for name in names}
    timer = {"train": d2l.Timer(), "val": d2l.Timer()}

    for _ in range(epochs):
        # The sums of loss and accuracy over the samples, and their number.
        metrics = {"train": d2l.Accumulator(3), "val": d2l.Accumulator(3)}
        for phase in ("train", "val"):
            net.train(phase == "train")
            for x, y in data_loaders[phase]:
                timer[phase].start()
                x, y = x.to(device), y.to(device)
                with torch.set_grad_enabled(phase == "train"):
                    y_hat = net(x)
                    if y_hat.shape[1] == 1:
                        loss = nn.functional.binary_cross_entropy_with_logits(
                            y_hat[:, 0], y.to(y_hat.dtype))
                    else:
                        loss = nn.functional.cross_entropy(y_hat, y)
                if phase == "train":
                    optimizer.zero_grad()
                    loss.backward()
                    optimizer.step()
                right = accuracy(y_hat, y).item() * len(x)
                metrics[phase].add(loss.item() * len(x), right, len(x))
                timer[phase].stop()
            loss_sum, right, count = metrics[phase]
            curves[f"{phase} loss"].append(loss_sum / count)
            curves[f"{phase} acc"].append(right / count)

    result = {name: curve[-1] for name, curve in curves.items()}
    print(", ".join(f"{name} {value:.3f}" for name, value in result.items()))
    result["curves"] = curves
    trained = metrics["train"][2] * epochs
    result["examples/sec"] = trained / timer["train"].sum()
    return result


class FullyConnectedNet(nn.Module):
    """All features of all steps at once, through three linear layers.

    Parameters
    ----------
    inputs : int, steps times features
    outputs : int
    """

    def __init__(self, inputs, outputs=1):
        super().__init__()
        self.linear = nn.Sequential(
            nn.Flatten(),
            nn.Linear(inputs, 512),
            nn.ReLU(),
            nn.Linear(512, 256),
            nn.ReLU(),
            nn.Linear(256, outputs),
        )

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        return self.linear(x)


class MeanSpectrumNet(nn.Module):
    """The mean over the steps, through three linear layers.

    Parameters
    ----------
    inputs : int, features of each step
    outputs : int
    """

    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(inputs, 128),
            nn.ReLU(),
            nn.Linear(128, 64),
            nn.ReLU(),
            nn.Linear(64, outputs),
        )

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        x = torch.mean(x, axis=1)
        return self.net(x)


class ConvNet(nn.Module):
    """Three convolutions over the steps, with the features as channels.

    Parameters
    ----------
    inputs : int, features of each step
    outputs : int
    """

    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        # The layers in order, as one nn.Sequential: `self.net`.
        ### BEGIN SOLUTION
        self.net = nn.Sequential(
            nn.Conv1d(inputs, 32, kernel_size=3),
            nn.ReLU(),
            nn.AvgPool1d(2),
            nn.Conv1d(32, 64, kernel_size=3),
            nn.ReLU(),
            nn.AvgPool1d(2),
            nn.Conv1d(64, 128, kernel_size=3),
            nn.ReLU(),
            nn.AdaptiveAvgPool1d(1),
            nn.Flatten(),
            nn.Linear(128, outputs),
        )
        ### END SOLUTION

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        # A convolution moves along the last axis: that should be the steps.
        x = x.transpose(2, 1)
        return self.net(x)


class RNNNet(nn.Module):
    """The last hidden state of an RNN, through two linear layers.

    Parameters
    ----------
    inputs : int, features of each step
    outputs : int
    """

    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        self.rnn = RNN(inputs, 128)
        self.linear = nn.Sequential(
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, outputs),
        )

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        _, (h,) = self.rnn(x)
        return self.linear(h)


class LSTMNet(nn.Module):
    """The last hidden state of an LSTM, through two linear layers.

    Parameters
    ----------
    inputs : int, features of each step
    outputs : int
    """

    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        # 1. `self.lstm` is an LSTM of yours, `self.linear` the rest.
        ### BEGIN SOLUTION
        self.lstm = LSTM(inputs, 128)
        self.linear = nn.Sequential(
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, outputs),
        )
        ### END SOLUTION

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        # 2. Call them.
        ### BEGIN SOLUTION
        _, (h, _) = self.lstm(x)
        return self.linear(h)
        ### END SOLUTION


class TorchLSTMNet(nn.Module):
    """`LSTMNet` with PyTorch's LSTM in place of the one from scratch.

    Parameters
    ----------
    inputs : int, features of each step
    outputs : int
    """

    def __init__(self, inputs=17, outputs=1):
        super().__init__()
        # 1. `self.lstm` is an nn.LSTM, `self.linear` as in LSTMNet.
        ### BEGIN SOLUTION
        self.lstm = nn.LSTM(inputs, 128, batch_first=True)
        self.linear = nn.Sequential(
            nn.Linear(128, 128),
            nn.ReLU(),
            nn.Linear(128, outputs),
        )
        ### END SOLUTION

    def forward(self, x):
        """From (samples, steps, features) to (samples, outputs)."""
        # 2. Call them; mind the axis for layers in the states of nn.LSTM.
        ### BEGIN SOLUTION
        _, (h, _) = self.lstm(x)
        return self.linear(h[-1])
        ### END SOLUTION


def random_chunk_collate_fn(samples, window_size):
    """Cut a chunk out of each sample, at a random place, for a batch.

    Parameters
    ----------
    samples : list of (x, y), x being (steps, features) with at least
        window_size steps, y the class
    window_size : int, steps of a chunk

    Returns
    -------
    x_batch : (samples, window_size, features), dtype and device as in samples
    y_batch : (samples,), dtype and device as in samples
    """
    x_batch, y_batch = [], []
    for x, y in samples:
        # The last place where a whole chunk fits counts, too.
        offset = torch.randint(x.shape[0] - window_size + 1, (1,)).item()
        x_batch.append(x[offset : offset + window_size])
        y_batch.append(y)
    return torch.stack(x_batch), torch.stack(y_batch)


def vote(net, dataset, chunk_size=40):
    """Let the chunks of each recording vote on its class.

    Parameters
    ----------
    net : gives raw outputs, (samples, 1)
    dataset : gives pairs of x, (steps, features) with at least chunk_size
        steps, and y, the class 0 or 1

    Returns
    -------
    votes : (recordings,) float, the share of chunks that vote for class 1
    labels : (recordings,) long, the true classes
    """
    device = next(net.parameters()).device
    net.eval()
    votes, labels = [], []
    with torch.no_grad():
        for i in range(len(dataset)):
            x, y = dataset[i]
            whole = len(x) // chunk_size * chunk_size
            chunks = x[:whole].reshape(-1, chunk_size, x.shape[1])
            above = net(chunks.to(device))[:, 0] > 0
            votes.append(above.float().mean().cpu())
            labels.append(int(y))
    return torch.stack(votes), torch.tensor(labels)


def kept_share(total, steps):
    """The share of the cell state that is left after some more steps.

    Parameters
    ----------
    total : float, the sum in the forget gate's brackets, the same at each
        step
    steps : int, how many steps

    Returns
    -------
    share : float
    """
    ### BEGIN SOLUTION
    share = (1 / (1 + np.exp(-total))) ** steps
    ### END SOLUTION
    return share


def uniform_loss(classes):
    """The cross entropy of a guess that gives all classes the same share."""
    ### BEGIN SOLUTION
    loss = -np.log(1 / classes)
    ### END SOLUTION
    return loss


def guess_best():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "c"
    ### END SOLUTION
    return letter


def one_recording(normal, af):
    """How much the balanced accuracy rises by one more right recording.

    Parameters
    ----------
    normal, af : int, how many recordings there are of each class

    Returns
    -------
    by_normal, by_af : float, where it is one of class N, and one of class A
    """
    ### BEGIN SOLUTION
    by_normal, by_af = 1 / normal / 2, 1 / af / 2
    ### END SOLUTION
    return by_normal, by_af


def guess_augmentation():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "b"
    ### END SOLUTION
    return letter
