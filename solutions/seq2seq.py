"""Seq2Seq: an autoencoder of patients' visits, and clusters of embeddings.

The encoder is a convolution over visits with masked attention on top, the
decoder a GRU that unrolls the visits again. Between `### BEGIN SOLUTION` and
`### END SOLUTION` stands what students write.
"""

import random
from collections import Counter

import numpy as np
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import accuracy_score, calinski_harabasz_score, f1_score
from torch import nn
from torch.utils.data import DataLoader, Dataset
from tqdm.auto import tqdm

from dlh.data import ehr

MIN_OCCURRENCES = 50

cohort = ehr.load_cohort()
pids, vids, hfs, seqs = cohort.pids, cohort.vids, cohort.hfs, cohort.seqs
types, rtypes = cohort.types, cohort.rtypes

occurrences = Counter(
    code for patient in seqs for visit in patient for code in visit
)
freq_codes = [
    code for code, count in occurrences.items() if count >= MIN_OCCURRENCES
]
code2idx = {code: index for index, code in enumerate(freq_codes)}


class CustomDataset(Dataset):
    """Pairs each patient's visits with the heart-failure label.

    Parameters
    ----------
    seqs : list of patients, each a list of visits, each a list of
        diagnosis labels (int)
    hfs : list of int, 1 where the patient has heart failure
    """

    def __init__(self, seqs, hfs):
        ### BEGIN SOLUTION
        self.x = seqs
        self.y = hfs
        ### END SOLUTION

    def __len__(self):
        """The number of patients."""
        ### BEGIN SOLUTION
        return len(self.x)
        ### END SOLUTION

    def __getitem__(self, index):
        """The pair (visits, label) of one patient, as plain Python values."""
        ### BEGIN SOLUTION
        return self.x[index], self.y[index]
        ### END SOLUTION


def collate_fn(data):
    """Turn a list of patients into one padded multi-hot batch.

    Parameters
    ----------
    data : list of (visits, label) pairs, as `CustomDataset` gives them

    Returns
    -------
    x : (patients, visits, frequent codes) float, 1 where the visit has the
        code; codes that are not in `freq_codes` are dropped, and patients
        with fewer visits are padded with zeros to the longest one
    masks : (patients, visits) bool, True where the visit has at least one
        frequent code
    y : (patients,) float, the heart-failure labels
    """
    sequences, labels = zip(*data)
    y = torch.tensor(labels, dtype=torch.float)
    max_visits = max(len(patient) for patient in sequences)
    x = torch.zeros(len(sequences), max_visits, len(freq_codes))
    for i_patient, patient in enumerate(sequences):
        for j_visit, visit in enumerate(patient):
            for code in visit:
                # 1. Mark this code in x, if it is a frequent one.
                ### BEGIN SOLUTION
                if code in code2idx:
                    x[i_patient, j_visit, code2idx[code]] = 1
                ### END SOLUTION
    # 2. Tell the visits with at least one code from the empty ones.
    ### BEGIN SOLUTION
    masks = x.sum(dim=-1) > 0
    ### END SOLUTION
    return x, masks, y


def load_data(train_dataset, val_dataset, collate_fn):
    """Serve the patients in batches of 32.

    The training loader draws a new order for each epoch; the validation
    loader keeps the order of the dataset.

    Parameters
    ----------
    train_dataset, val_dataset : `CustomDataset` or subsets of one
    collate_fn : the function that makes a batch of a list of samples

    Returns
    -------
    train_loader, val_loader : two `DataLoader`s
    """
    ### BEGIN SOLUTION
    train_loader = DataLoader(
        train_dataset, batch_size=32, shuffle=True, collate_fn=collate_fn
    )
    val_loader = DataLoader(
        val_dataset, batch_size=32, shuffle=False, collate_fn=collate_fn
    )
    ### END SOLUTION
    return train_loader, val_loader


class Encoder(nn.Module):
    """A convolution over the visits, summed up by masked attention."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.cnn = nn.Conv2d(in_channels=1, out_channels=128,
                             kernel_size=(3, 105), padding=(1, 0))
        self.att = nn.Linear(in_features=128, out_features=1)
        ### END SOLUTION

    def forward(self, x, masks):
        """Embed each patient.

        Parameters
        ----------
        x : (batch, visits, 105) float, the multi-hot visits
        masks : (batch, visits) bool, True where the visit is real

        Returns
        -------
        context : (batch, 128) float, the sum of the hidden states of the
            real visits, weighted by their attention
        """
        ### BEGIN SOLUTION
        hidden_states = self.cnn(x.unsqueeze(1)).squeeze(-1).transpose(1, 2)
        scores = self.att(hidden_states).masked_fill(
            ~masks.unsqueeze(-1), -1e9)
        attention = torch.softmax(scores, dim=1)
        context = (attention * hidden_states).sum(dim=1)
        ### END SOLUTION
        return context


class Decoder(nn.Module):
    """One step of decoding: from one visit and a hidden state to the next."""

    def __init__(self):
        super().__init__()
        ### BEGIN SOLUTION
        self.rnn = nn.GRU(input_size=105, hidden_size=128, batch_first=True)
        ### END SOLUTION
        self.linear1 = nn.Linear(128, 128)
        self.act = nn.ReLU()
        self.linear2 = nn.Linear(128, 105)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x, hiddens):
        """Decode one visit.

        Parameters
        ----------
        x : (batch, 105) float, the visit before this one
        hiddens : (batch, 128) float, the hidden state so far

        Returns
        -------
        preds : (batch, 105) float, the probability of each code in this visit
        hiddens : (batch, 128) float, the new hidden state
        """
        x = x.unsqueeze(1)
        hiddens = hiddens.unsqueeze(0)
        ### BEGIN SOLUTION
        _, hiddens = self.rnn(x, hiddens)
        hiddens = hiddens.squeeze(0)
        ### END SOLUTION
        preds = self.sigmoid(self.linear2(self.act(self.linear1(hiddens))))
        return preds, hiddens


class Seq2Seq(nn.Module):
    """The autoencoder: the decoder unrolls the visits from their context.

    Parameters
    ----------
    encoder : called as `encoder(x, masks)`, gives (batch, 128)
    decoder : called as `decoder(x, hiddens)`, gives (batch, 105) and
        (batch, 128)
    teacher_forcing_ratio : float in [0, 1], how often a step is given the
        true previous visit
    """

    def __init__(self, encoder, decoder, teacher_forcing_ratio):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.teacher_forcing_ratio = teacher_forcing_ratio

    def forward(self, x, masks):
        """Reconstruct every visit.

        Parameters
        ----------
        x : (batch, visits, 105) float, the multi-hot visits
        masks : (batch, visits) bool, True where the visit is real

        Returns
        -------
        preds : (batch, visits, 105) float, the probability of each code at
            each visit
        """
        # 1. The context is the first hidden state of the decoder: `hiddens`.
        ### BEGIN SOLUTION
        hiddens = self.encoder(x, masks)
        ### END SOLUTION
        batch_size, num_visits, num_codes = x.shape
        first_input = torch.zeros(
            batch_size, num_codes, dtype=x.dtype, device=x.device
        )
        cur_pred, hiddens = self.decoder(first_input, hiddens)
        preds = [cur_pred]
        for t in range(1, num_visits):
            teacher_force = random.random() < self.teacher_forcing_ratio
            # 2. Decode visit t: replace `cur_pred` and `hiddens`.
            ### BEGIN SOLUTION
            previous = x[:, t - 1] if teacher_force else cur_pred
            cur_pred, hiddens = self.decoder(previous, hiddens)
            ### END SOLUTION
            preds.append(cur_pred)
        # 3. Return the list `preds` as one tensor, patients first.
        ### BEGIN SOLUTION
        return torch.stack(preds, dim=1)
        ### END SOLUTION


criterion = nn.BCELoss(reduction="none")


def masked_loss(x_hat, x, masks):
    """How far the reconstruction is from the real visits.

    Binary cross-entropy, summed over the codes of all real visits of a
    patient, then averaged over the patients.

    Parameters
    ----------
    x_hat : (batch, visits, 105) float, the probability of each code
    x : (batch, visits, 105) float, the true visits
    masks : (batch, visits) bool, True where the visit is real

    Returns
    -------
    loss : () float
    """
    ### BEGIN SOLUTION
    loss = criterion(x_hat, x) * masks.unsqueeze(-1)
    return loss.sum(dim=(1, 2)).mean()
    ### END SOLUTION


def evaluate(model, data_loader):
    """How well the model reconstructs the real visits of a data set.

    Parameters
    ----------
    model : a `Seq2Seq`
    data_loader : gives (x, masks, y) batches

    Returns
    -------
    f1 : float, micro-averaged over all codes of all real visits
    accuracy : float, the share of real visits that are reconstructed without
        a single error
    """
    device = next(model.parameters()).device
    model.eval()
    predicted, true = [], []
    with torch.no_grad():
        for x, masks, _ in data_loader:
            x_hat = model(x.to(device), masks.to(device)).cpu()
            predicted.append(x_hat[masks] > 0.5)
            true.append(x[masks] > 0.5)
    predicted, true = torch.cat(predicted).numpy(), torch.cat(true).numpy()
    f1 = f1_score(true, predicted, average="micro")
    return f1, accuracy_score(true, predicted)


def train(model, train_loader, val_loader, n_epochs, on_epoch=None):
    """Train with Adam at a learning rate of 0.01.

    Parameters
    ----------
    model : a `Seq2Seq`, trained in place, on the device of its parameters
    train_loader, val_loader : give (x, masks, y) batches
    n_epochs : int
    on_epoch : called as `on_epoch(epoch, loss, f1)` at the end of each epoch,
        to draw curves

    Returns
    -------
    history : a list of (loss, f1), one pair for each epoch: the mean training
        loss, the validation F1
    """
    device = next(model.parameters()).device
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    history = []
    progress = tqdm(range(n_epochs), desc="training", unit="epoch")
    for epoch in progress:
        model.train()
        train_loss = 0.0
        for x, masks, _ in train_loader:
            x, masks = x.to(device), masks.to(device)
            # One step of gradient descent; call the batch's loss `loss`.
            ### BEGIN SOLUTION
            optimizer.zero_grad()
            loss = masked_loss(model(x, masks), x, masks)
            loss.backward()
            optimizer.step()
            ### END SOLUTION
            train_loss += loss.item() / len(train_loader)
        f1, _ = evaluate(model, val_loader)
        history.append((train_loss, f1))
        progress.set_postfix(loss=f"{train_loss:.2f}", f1=f"{f1:.2f}")
        if on_epoch is not None:
            on_epoch(epoch + 1, train_loss, f1)
    return history


def get_embeddings(model, data_loader):
    """The encoder's context vector of every patient.

    Parameters
    ----------
    model : a trained `Seq2Seq`
    data_loader : gives (x, masks, y) batches, in order

    Returns
    -------
    embeddings : (patients, 128) numpy array
    labels : (patients,) numpy array, the heart-failure labels
    """
    device = next(model.parameters()).device
    ### BEGIN SOLUTION
    model.eval()
    embeddings, labels = [], []
    with torch.no_grad():
        for x, masks, y in data_loader:
            embeddings.append(
                model.encoder(x.to(device), masks.to(device)).cpu().numpy())
            labels.append(y.numpy())
    return np.concatenate(embeddings), np.concatenate(labels)
    ### END SOLUTION


def get_clusters(embeddings):
    """Sort the patients into two groups with k-means.

    Prints the Calinski-Harabasz score of the two groups.

    Parameters
    ----------
    embeddings : (patients, features) numpy array

    Returns
    -------
    labels : (patients,) numpy array of 0 and 1
    """
    ### BEGIN SOLUTION
    labels = KMeans(
        n_clusters=2, n_init=10, random_state=0
    ).fit_predict(embeddings)
    print(
        "Calinski-Harabasz score: "
        f"{calinski_harabasz_score(embeddings, labels):.1f}"
    )
    ### END SOLUTION
    return labels


def guess_padding():
    """Which share of the places for visits is padding, as you guess."""
    ### BEGIN SOLUTION
    share = 0.2
    ### END SOLUTION
    return share


def foretell_start(visits):
    """The loss of a model that takes every code for as likely as not.

    Parameters
    ----------
    visits : float, how many real visits a patient has, on average

    Returns
    -------
    loss : float, in the units of `masked_loss`
    """
    ### BEGIN SOLUTION
    loss = visits * 105 * np.log(2)
    ### END SOLUTION
    return loss


def guess_scores():
    """F1 and accuracy on the validation patients, as you guess."""
    ### BEGIN SOLUTION
    f1, accuracy = 0.9, 0.7
    ### END SOLUTION
    return f1, accuracy


def guess_alone():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "a"
    ### END SOLUTION
    return letter


def guess_clusters():
    """How many of 200 patients are in the fitting cluster, as you guess."""
    ### BEGIN SOLUTION
    patients = 195
    ### END SOLUTION
    return patients


def guess_baseline():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "a"
    ### END SOLUTION
    return letter


def guess_longer():
    """The letter of your guess, such as "a"."""
    ### BEGIN SOLUTION
    letter = "a"
    ### END SOLUTION
    return letter
