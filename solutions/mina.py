"""MINA: attention, guided by knowledge, on the beats, the rhythm and the frequency bands of an electrocardiogram.

Each of four channels has a convolution over windows of 50 samples and a bidirectional LSTM over the windows; the
channels come together at the end. Between `### BEGIN SOLUTION` and `### END SOLUTION` stands what students write.
"""

# ruff: noqa: N803, N806 (the names of the published assignment)

import math

import numpy as np
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import nn
from torch.utils.data import DataLoader, Dataset


class ECGDataset(Dataset):
    """The segments one by one, each with its knowledge and its label.

    Parameters
    ----------
    data_dict : dict of arrays, float but for Y: "X" (channels, segments, n),
        "K_beat" (channels, segments, n), "K_rhythm" (channels, segments, M),
        "K_freq" (channels, segments, 1), "Y" (segments,) int
    """

    def __init__(self, data_dict):
        ### BEGIN SOLUTION
        self.X = data_dict["X"]
        self.K_beat = data_dict["K_beat"]
        self.K_rhythm = data_dict["K_rhythm"]
        self.K_freq = data_dict["K_freq"]
        self.Y = data_dict["Y"]
        ### END SOLUTION

    def __len__(self):
        """The number of segments."""
        ### BEGIN SOLUTION
        return len(self.Y)
        ### END SOLUTION

    def __getitem__(self, i):
        """Segment i as ((X, K_beat, K_rhythm, K_freq), Y).

        Their shapes are (channels, n), (channels, n), (channels, M),
        (channels, 1), and ().
        """
        ### BEGIN SOLUTION
        inputs = (self.X[:, i], self.K_beat[:, i],
                  self.K_rhythm[:, i], self.K_freq[:, i])
        return inputs, self.Y[i]
        ### END SOLUTION


def load_data(dataset, batch_size=128):
    """Serve the segments in batches, in the order of the dataset.

    The segments were shuffled when they were made.

    Parameters
    ----------
    dataset : `ECGDataset`
    batch_size : int

    Returns
    -------
    loader : `DataLoader`, gives batches as `my_collate` makes them
    """

    def my_collate(batch):
        """Turn a list of samples of the dataset into one batch.

        Parameters
        ----------
        batch : list of ((X, K_beat, K_rhythm, K_freq), Y), as `ECGDataset`
            gives them

        Returns
        -------
        (X, K_beat, K_rhythm, K_freq) : float tensors, the channels first and
            then the segments: (channels, batch, n), (channels, batch, n),
            (channels, batch, M), (channels, batch, 1)
        Y : (batch,) long tensor
        """
        ### BEGIN SOLUTION
        samples, labels = zip(*batch)
        # One array first: to make a tensor of a list of arrays takes a
        # hundred times as long.
        inputs = tuple(
            torch.as_tensor(np.stack(parts, axis=1), dtype=torch.float)
            for parts in zip(*samples)
        )
        return inputs, torch.as_tensor(np.array(labels), dtype=torch.long)
        ### END SOLUTION

    return DataLoader(
        dataset, batch_size=batch_size, shuffle=False, collate_fn=my_collate
    )


class KnowledgeAttn(nn.Module):
    """Sums up the items of a sequence, each weighted by attention.

    The attention looks at the item and at knowledge of it.

    Parameters
    ----------
    input_features : int, how many numbers an item has
    attn_dim : int, how many hidden numbers the score of an item is made of
    """

    def __init__(self, input_features, attn_dim):
        super().__init__()
        self.input_features = input_features
        self.attn_dim = attn_dim
        self.n_knowledge = 1
        ### BEGIN SOLUTION
        self.att_W = nn.Linear(
            self.input_features + self.n_knowledge, self.attn_dim, bias=False
        )
        self.att_v = nn.Linear(self.attn_dim, 1, bias=False)
        ### END SOLUTION
        self.init()

    def init(self):
        """Draw the weights from a normal distribution."""
        nn.init.normal_(self.att_W.weight)
        nn.init.normal_(self.att_v.weight)

    @classmethod
    def attention_sum(cls, x, attn):
        """The weighted sum of the items.

        Parameters
        ----------
        x : (batch, D, features) float, D items each
        attn : (batch, D, 1) float, the weight of each item

        Returns
        -------
        out : (batch, features) float
        """
        ### BEGIN SOLUTION
        return (attn * x).sum(dim=1)
        ### END SOLUTION

    def forward(self, x, k):
        """Attend to the items.

        Parameters
        ----------
        x : (batch, D, input_features) float, D items each
        k : (batch, D, 1) float, one number of knowledge for each item

        Returns
        -------
        out : (batch, input_features) float, the items summed up by attention
        attn : (batch, D, 1) float, the attention, which sums to one over the
            D items
        """
        ### BEGIN SOLUTION
        hidden = torch.tanh(self.att_W(torch.cat([x, k], dim=-1)))
        attn = torch.softmax(self.att_v(hidden), dim=1)
        out = self.attention_sum(x, attn)
        ### END SOLUTION
        return out, attn


class BeatNet(nn.Module):
    """Sums up each window of one channel.

    A convolution, and attention guided by how steep the signal is.

    Parameters
    ----------
    n : int, samples of a segment, M * T
    T : int, samples of a window
    conv_out_channels : int, the number of filters
    """

    def __init__(self, n=3000, T=50, conv_out_channels=64):
        super().__init__()
        self.n, self.M, self.T = n, n // T, T
        self.conv_out_channels = conv_out_channels
        self.conv_kernel_size = 32
        self.conv_stride = 2
        # 1. The two convolutions, `conv` and `conv_k`.
        ### BEGIN SOLUTION
        self.conv = nn.Conv1d(1, conv_out_channels, self.conv_kernel_size,
                              stride=self.conv_stride)
        self.conv_k = nn.Conv1d(1, 1, self.conv_kernel_size,
                                stride=self.conv_stride)
        ### END SOLUTION
        self.att_cnn_dim = 8
        # 2. The attention, `attn`.
        ### BEGIN SOLUTION
        self.attn = KnowledgeAttn(conv_out_channels, self.att_cnn_dim)
        ### END SOLUTION

    def forward(self, x, k_beat):
        """Sum up each window.

        Parameters
        ----------
        x : (batch, n) float, one channel
        k_beat : (batch, n) float, its beat knowledge

        Returns
        -------
        out : (batch, M, conv_out_channels) float
        alpha : (batch * M, N, 1) float, the attention over the
            N = (T - 32) // 2 + 1 places of the convolution
        """
        # Each window on its own: (batch, n) -> (batch * M, 1, T).
        x = x.reshape(-1, self.T).unsqueeze(1)
        k_beat = k_beat.reshape(-1, self.T).unsqueeze(1)
        # 3. Convolve x and k_beat, and attend: `out` and `alpha`.
        ### BEGIN SOLUTION
        places = torch.relu(self.conv(x)).transpose(1, 2)
        knowledge = torch.relu(self.conv_k(k_beat)).transpose(1, 2)
        out, alpha = self.attn(places, knowledge)
        ### END SOLUTION
        out = out.reshape(-1, self.M, self.conv_out_channels)
        return out, alpha


class RhythmNet(nn.Module):
    """Sums up the windows of one channel.

    A bidirectional LSTM, and attention guided by how much they vary.

    Parameters
    ----------
    n : int, samples of a segment, M * T
    T : int, samples of a window
    input_size : int, how many numbers a window has, the filters of `BeatNet`
    rhythm_out_size : int, how many numbers come out
    """

    def __init__(self, n=3000, T=50, input_size=64, rhythm_out_size=8):
        super().__init__()
        self.n, self.M, self.T = n, n // T, T
        self.input_size = input_size
        self.rnn_hidden_size = 32
        # 1. The recurrent network, `lstm`.
        ### BEGIN SOLUTION
        self.lstm = nn.LSTM(self.input_size, self.rnn_hidden_size,
                            batch_first=True, bidirectional=True)
        ### END SOLUTION
        lstm_out_size = 2 * self.rnn_hidden_size
        self.att_rnn_dim = 8
        # 2. The attention, `attn`.
        ### BEGIN SOLUTION
        self.attn = KnowledgeAttn(lstm_out_size, self.att_rnn_dim)
        ### END SOLUTION
        self.out_size = rhythm_out_size
        # 3. The output layers, `fc` and `do`.
        ### BEGIN SOLUTION
        self.fc = nn.Linear(lstm_out_size, self.out_size)
        self.do = nn.Dropout(p=0.5)
        ### END SOLUTION

    def forward(self, x, k_rhythm):
        """Sum up the windows.

        Parameters
        ----------
        x : (batch, M, input_size) float, what `BeatNet` made of each window
        k_rhythm : (batch, M) float, the rhythm knowledge of each window

        Returns
        -------
        out : (batch, rhythm_out_size) float
        beta : (batch, M, 1) float, the attention over the windows
        """
        # 4. LSTM, attention, then fc, ReLU and dropout: `out` and `beta`.
        ### BEGIN SOLUTION
        states, _ = self.lstm(x)
        out, beta = self.attn(states, k_rhythm.unsqueeze(-1))
        out = self.do(torch.relu(self.fc(out)))
        ### END SOLUTION
        return out, beta


class FreqNet(nn.Module):
    """The whole of MINA.

    A `BeatNet` and a `RhythmNet` for each channel, and attention over the
    channels.

    Parameters
    ----------
    n_channels : int, the frequency bands
    n : int, samples of a segment, M * T
    T : int, samples of a window
    """

    def __init__(self, n_channels=4, n=3000, T=50):
        super().__init__()
        self.n, self.M, self.T = n, n // T, T
        self.n_class = 2
        self.n_channels = n_channels
        self.conv_out_channels = 64
        self.rhythm_out_size = 8
        self.beat_nets = nn.ModuleList()
        self.rhythm_nets = nn.ModuleList()
        # 1. One network of each kind for each channel, with the sizes above.
        ### BEGIN SOLUTION
        for _ in range(self.n_channels):
            self.beat_nets.append(
                BeatNet(self.n, self.T, self.conv_out_channels)
            )
            self.rhythm_nets.append(
                RhythmNet(self.n, self.T, self.conv_out_channels,
                          self.rhythm_out_size)
            )
        ### END SOLUTION
        self.att_channel_dim = 2
        # 2. The attention `attn` and the output layer `fc`.
        ### BEGIN SOLUTION
        self.attn = KnowledgeAttn(self.rhythm_out_size, self.att_channel_dim)
        self.fc = nn.Linear(self.rhythm_out_size, self.n_class)
        ### END SOLUTION

    def forward(self, x, k_beats, k_rhythms, k_freq):
        """Tell the classes apart.

        Parameters
        ----------
        x : (n_channels, batch, n) float
        k_beats : (n_channels, batch, n) float
        k_rhythms : (n_channels, batch, M) float
        k_freq : (n_channels, batch, 1) float

        Returns
        -------
        out : (batch, n_class) float, probabilities
        gamma : (batch, n_channels, 1) float, the attention over the channels
        """
        new_x = []
        for i in range(self.n_channels):
            beats, _ = self.beat_nets[i](x[i], k_beats[i])
            rhythm, _ = self.rhythm_nets[i](beats, k_rhythms[i])
            new_x.append(rhythm)
        x = torch.stack(new_x, dim=1)
        # 3. Attend to the channels, then fc and softmax: `out` and `gamma`.
        ### BEGIN SOLUTION
        out, gamma = self.attn(x, k_freq.transpose(0, 1))
        out = torch.softmax(self.fc(out), dim=-1)
        ### END SOLUTION
        return out, gamma


def train_model(model, train_dataloader, n_epoch=5, lr=0.003, device=None):
    """Train with Adam; prints the mean loss of each epoch.

    Parameters
    ----------
    model : a `FreqNet`, trained in place
    train_dataloader : gives ((X, K_beat, K_rhythm, K_freq), Y) batches
    n_epoch : int
    lr : float, the learning rate
    device : `torch.device`, where to train; by default where the model is

    Returns
    -------
    model : the trained model, the same object
    loss_history : list of float, the loss of each batch of each epoch
    """
    device = device or next(model.parameters()).device
    model.to(device)
    model.train()
    loss_history = []
    # 1. The optimizer, `optimizer`.
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    ### END SOLUTION
    for epoch in range(n_epoch):
        curr_epoch_loss = []
        for inputs, Y in train_dataloader:
            X, K_beat, K_rhythm, K_freq = (part.to(device) for part in inputs)
            Y = Y.to(device)
            # 2. One step of gradient descent; call the batch's loss `loss`.
            ### BEGIN SOLUTION
            probabilities, _ = model(X, K_beat, K_rhythm, K_freq)
            loss = nn.functional.nll_loss(
                torch.log(probabilities.clamp_min(1e-8)), Y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            ### END SOLUTION
            curr_epoch_loss.append(loss.item())
        print(f"epoch {epoch + 1}: loss {np.mean(curr_epoch_loss):.4f}")
        loss_history += curr_epoch_loss
    return model, loss_history


def eval_model(model, dataloader, device=None):
    """What the model says of each segment.

    Parameters
    ----------
    model : a `FreqNet`
    dataloader : gives ((X, K_beat, K_rhythm, K_freq), Y) batches, in order
    device : `torch.device`, where to compute; by default where the model is

    Returns
    -------
    pred_all : (segments, 2) float array, the probabilities of the two classes
    Y_test : (segments,) int array, the true labels
    """
    device = device or next(model.parameters()).device
    model.to(device)
    pred_all, Y_test = [], []
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        for inputs, Y in dataloader:
            probabilities, _ = model(*(part.to(device) for part in inputs))
            pred_all.append(probabilities.cpu().numpy())
            Y_test.append(Y.cpu().numpy())
    ### END SOLUTION
    return np.concatenate(pred_all), np.concatenate(Y_test)


def evaluate_predictions(truth, pred):
    """How well class 1 is told from class 0.

    Parameters
    ----------
    truth : (segments,) int array, the true labels
    pred : (segments, 2) float array, the probabilities of the two classes

    Returns
    -------
    auroc : float, the area under the ROC curve of the probability of class 1
    f1 : float, the F1 score of class 1, where it is the more probable one
    """
    ### BEGIN SOLUTION
    auroc = roc_auc_score(truth, pred[:, 1])
    f1 = f1_score(truth, pred.argmax(axis=1))
    ### END SOLUTION
    return auroc, f1


def foretell_interval():
    """The letter of your answer, such as "a"."""
    ### BEGIN SOLUTION
    letter = "c"
    ### END SOLUTION
    return letter


def guess_order():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "b"
    ### END SOLUTION
    return letter


def at_prevalence(recall, specificity, prevalence):
    """What alarms are worth where a share of all segments is AF.

    Parameters
    ----------
    recall : float, the share of AF segments that are called AF
    specificity : float, the share of normal segments that are called normal
    prevalence : float, the share of AF among all segments

    Returns
    -------
    precision : float, the share of AF among those that are called AF
    f1 : float, the F1 score of AF
    """
    ### BEGIN SOLUTION
    found = recall * prevalence
    false_alarms = (1 - specificity) * (1 - prevalence)
    precision = found / (found + false_alarms)
    f1 = 2 * precision * recall / (precision + recall)
    ### END SOLUTION
    return precision, f1


def choose_threshold(truth, p1, recall):
    """The largest threshold at which enough of the AF segments are found.

    Parameters
    ----------
    truth : (segments,) int array, the true labels
    p1 : (segments,) float array, the probabilities of AF
    recall : float in (0, 1], the share of the AF segments to find at least

    Returns
    -------
    threshold : float; a segment is called AF where p1 >= threshold
    """
    ### BEGIN SOLUTION
    of_af = np.sort(p1[truth == 1])
    to_find = math.ceil(recall * len(of_af))
    threshold = of_af[-to_find]
    ### END SOLUTION
    return threshold


def recalibrate(p1, trained, here):
    """Probabilities of AF for where AF is more or less frequent.

    Parameters
    ----------
    p1 : (segments,) float array, probabilities of AF
    trained : float, the share of AF among the segments of the training
    here : float, the share of AF among the segments to be judged

    Returns
    -------
    p1 : (segments,) float array, the probabilities of AF here
    """
    ### BEGIN SOLUTION
    of_af = p1 * here / trained
    of_normal = (1 - p1) * (1 - here) / (1 - trained)
    return of_af / (of_af + of_normal)
    ### END SOLUTION


def guess_rate():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "a"
    ### END SOLUTION
    return letter


def guess_ablation():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "a"
    ### END SOLUTION
    return letter
