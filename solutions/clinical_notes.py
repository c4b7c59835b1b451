"""Clinical notes: a Transformer encoder from scratch, that finds diagnoses in notes and has to heed "denies".

Vaswani and others, "Attention is all you need" (2017), is cited as the paper. Between `### BEGIN SOLUTION` and
`### END SOLUTION` stands what students write.
"""

# ruff: noqa: N803, N806 (the names of the published assignment)

import math

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import nn

PAD = 0


class SinusoidalPositionalEncoding(nn.Module):
    """Adds to each word's vector one that tells its position.

    Section 3.5 of the paper.

    Parameters
    ----------
    d_model : int, even, the length of the vectors
    max_len : int, how many positions there are
    """

    def __init__(self, d_model, max_len=5000):
        super().__init__()
        # The table `pe`, (max_len, d_model).
        ### BEGIN SOLUTION
        position = torch.arange(max_len, dtype=torch.float).unsqueeze(1)
        frequency = torch.exp(
            -math.log(10000.0) * torch.arange(0, d_model, 2) / d_model)
        pe = torch.zeros(max_len, d_model)
        pe[:, 0::2] = torch.sin(position * frequency)
        pe[:, 1::2] = torch.cos(position * frequency)
        ### END SOLUTION
        # A buffer goes along to the GPU and into saved weights, and does
        # not learn.
        self.register_buffer("pe", pe.unsqueeze(0))

    def forward(self, x):
        """Add the positions.

        Parameters
        ----------
        x : (batch, length, d_model) float, length at most max_len

        Returns
        -------
        (batch, length, d_model) float
        """
        ### BEGIN SOLUTION
        return x + self.pe[:, : x.shape[1]]
        ### END SOLUTION


class MultiHeadSelfAttention(nn.Module):
    """Every word looks at every word of its note, in several heads at once.

    Section 3.2 of the paper.

    Parameters
    ----------
    d_model : int, the length of the vectors, a multiple of num_heads
    num_heads : int
    dropout : float, the share of attention weights dropped in training
    """

    def __init__(self, d_model, num_heads, dropout=0.1):
        super().__init__()
        if d_model % num_heads:
            raise ValueError("d_model should be a multiple of num_heads,"
                             f" but {d_model} is none of {num_heads}")
        self.d_model = d_model
        self.num_heads = num_heads
        self.d_k = d_model // num_heads
        # What the scores are multiplied by. Use it: section 5 changes it,
        # to see what it is good for.
        self.scale = 1 / math.sqrt(self.d_k)
        # 1. The layers `W_q`, `W_k`, `W_v`, `W_o` and `dropout`.
        ### BEGIN SOLUTION
        self.W_q = nn.Linear(d_model, d_model)
        self.W_k = nn.Linear(d_model, d_model)
        self.W_v = nn.Linear(d_model, d_model)
        self.W_o = nn.Linear(d_model, d_model)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, x, mask=None):
        """Attend.

        Parameters
        ----------
        x : (batch, length, d_model) float
        mask : bool, (batch, 1, 1, length) or any shape that broadcasts to
            (batch, num_heads, length, length); False (or 0) where a word must
            not be looked at

        Returns
        -------
        out : (batch, length, d_model) float
        attn_weights : (batch, num_heads, length, length) float; row i of a
            head tells how much word i looks at each word, and sums to one
        """
        batch, length, _ = x.shape
        # 2. Queries, keys and values, each (batch, num_heads, length, d_k).
        # 3. The scores, masked; the weights; what they make of the values.
        # 4. The heads side by side again, and through `W_o`: `out`.
        ### BEGIN SOLUTION
        queries, keys, values = (
            layer(x).view(batch, length, self.num_heads, self.d_k)
            .transpose(1, 2)
            for layer in (self.W_q, self.W_k, self.W_v)
        )
        scores = queries @ keys.transpose(-2, -1) * self.scale
        if mask is not None:
            # The least finite number: where all is masked, -inf would give
            # 0 / 0.
            scores = scores.masked_fill(
                mask == 0, torch.finfo(scores.dtype).min)
        attn_weights = self.dropout(torch.softmax(scores, dim=-1))
        context = (attn_weights @ values).transpose(1, 2).reshape(
            batch, length, self.d_model)
        out = self.W_o(context)
        ### END SOLUTION
        return out, attn_weights


class TransformerBlock(nn.Module):
    """Attention, then a small network for each word.

    Around both a shortcut and a norm: section 3.1 of the paper.

    Parameters
    ----------
    d_model, num_heads : ints, as in `MultiHeadSelfAttention`
    d_ff : int, the hidden units of the small network
    dropout : float
    """

    def __init__(self, d_model, num_heads, d_ff, dropout=0.1):
        super().__init__()
        # 1. The layers `attention`, `ffn`, `norm1`, `norm2`, `dropout1` and
        #    `dropout2`.
        ### BEGIN SOLUTION
        self.attention = MultiHeadSelfAttention(d_model, num_heads, dropout)
        self.ffn = nn.Sequential(
            nn.Linear(d_model, d_ff), nn.ReLU(), nn.Dropout(dropout),
            nn.Linear(d_ff, d_model)
        )
        self.norm1 = nn.LayerNorm(d_model)
        self.norm2 = nn.LayerNorm(d_model)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, x, mask=None):
        """Let the words exchange what they know, and think about it.

        Parameters
        ----------
        x : (batch, length, d_model) float
        mask : as in `MultiHeadSelfAttention`

        Returns
        -------
        x : (batch, length, d_model) float
        attn_weights : (batch, num_heads, length, length) float
        """
        # 2. Attention and what goes around it, then the network and what goes
        #    around that: `x`, `attn_weights`.
        ### BEGIN SOLUTION
        attended, attn_weights = self.attention(x, mask)
        x = self.norm1(x + self.dropout1(attended))
        x = self.norm2(x + self.dropout2(self.ffn(x)))
        ### END SOLUTION
        return x, attn_weights


class ClinicalNoteClassifier(nn.Module):
    """A Transformer encoder that tells which diagnoses a note finds.

    Parameters
    ----------
    vocab_size : int
    d_model, num_heads, d_ff, num_layers : ints, the sizes of the encoder
    num_classes : int, the diagnoses
    max_len : int, how many words a note may have
    dropout : float
    """

    def __init__(
        self, vocab_size, d_model=128, num_heads=4, d_ff=512, num_layers=2,
        num_classes=4, max_len=128, dropout=0.15,
    ):
        super().__init__()
        self.d_model = d_model
        # 1. The layers `embedding`, `pos_encoding`, `blocks`, `classifier`
        #    and `dropout`.
        ### BEGIN SOLUTION
        self.embedding = nn.Embedding(vocab_size, d_model, padding_idx=PAD)
        self.pos_encoding = SinusoidalPositionalEncoding(d_model, max_len)
        self.blocks = nn.ModuleList(
            [TransformerBlock(d_model, num_heads, d_ff, dropout)
             for _ in range(num_layers)]
        )
        self.classifier = nn.Linear(d_model, num_classes)
        self.dropout = nn.Dropout(dropout)
        ### END SOLUTION

    def forward(self, x):
        """Read notes.

        Parameters
        ----------
        x : (batch, length) long, the words' numbers; 0 is padding

        Returns
        -------
        logits : (batch, num_classes) float; above 0 where the diagnosis is
            more probable than not
        all_attn : list of (batch, num_heads, length, length) float, the
            attention of each block
        """
        # 2. The mask `pad_mask`, (batch, 1, 1, length).
        # 3. The words' vectors with their positions, and through the blocks;
        #    collect `all_attn`.
        # 4. The mean over the words of each note, and `logits` of it.
        ### BEGIN SOLUTION
        pad_mask = (x != PAD)[:, None, None, :]
        words = self.pos_encoding(self.embedding(x) * math.sqrt(self.d_model))
        words = self.dropout(words)
        all_attn = []
        for block in self.blocks:
            words, attn_weights = block(words, pad_mask)
            all_attn.append(attn_weights)
        is_word = (x != PAD).unsqueeze(-1)
        # A note without any word has a mean of zero, not 0 / 0.
        mean = (words * is_word).sum(dim=1) / is_word.sum(dim=1).clamp(min=1)
        logits = self.classifier(mean)
        ### END SOLUTION
        return logits, all_attn


def predict(model, loader, device=None):
    """What the model says of each note.

    Parameters
    ----------
    model : gives (logits, attention), as `ClinicalNoteClassifier` does
    loader : gives (tokens, labels) batches, in order
    device : `torch.device`, where to compute; by default where the model is

    Returns
    -------
    truth : (notes, classes) float array, the labels
    probs : (notes, classes) float array, the probability of each diagnosis
    """
    device = device or next(model.parameters()).device
    truth, probs = [], []
    ### BEGIN SOLUTION
    model.eval()
    with torch.no_grad():
        for tokens, labels in loader:
            logits, _ = model(tokens.to(device))
            truth.append(labels.cpu().numpy())
            probs.append(torch.sigmoid(logits).cpu().numpy())
    ### END SOLUTION
    return np.concatenate(truth), np.concatenate(probs)


def f1_scores(truth, probs):
    """F1 of each diagnosis and of all.

    A diagnosis is predicted where its probability is above one half.

    Parameters
    ----------
    truth, probs : (notes, classes) float arrays

    Returns
    -------
    per_class : (classes,) float array, the F1 of each diagnosis; 0 where
        there is nothing to find and nothing found
    micro : float, the F1 of all notes and diagnoses in one
    macro : float, the mean of `per_class`
    """
    ### BEGIN SOLUTION
    pred = probs > 0.5
    per_class = f1_score(truth, pred, average=None, zero_division=0)
    micro = f1_score(truth, pred, average="micro", zero_division=0)
    macro = f1_score(truth, pred, average="macro", zero_division=0)
    ### END SOLUTION
    return per_class, micro, macro


def negation_scores(truth, probs, mentioned):
    """How well negation is heeded, seen on the mentioned diagnoses alone.

    Parameters
    ----------
    truth, probs : (notes, classes) float arrays
    mentioned : (notes, classes) bool array, whether the note has words of the
        diagnosis

    Returns
    -------
    accuracy : float, of the negated mentions, the share that is not predicted
    f1 : float, of "this mention is negated", over all mentions
    """
    ### BEGIN SOLUTION
    negated = truth[mentioned] == 0
    held_back = probs[mentioned] <= 0.5
    accuracy = held_back[negated].mean()
    f1 = f1_score(negated, held_back, zero_division=0)
    ### END SOLUTION
    return accuracy, f1


def train_model(model, train_loader, val_loader, num_epochs=25, lr=3e-4,
                device=None):
    """Train with Adam; prints each epoch's mean loss and validation F1.

    Parameters
    ----------
    model : a `ClinicalNoteClassifier` or another model that gives
        (logits, ...), trained in place
    train_loader, val_loader : give (tokens, labels) batches
    num_epochs : int
    lr : float, the learning rate
    device : `torch.device`, where to train; by default where the model is

    Returns
    -------
    train_losses : list of float, the mean loss of the batches of each epoch
    val_f1_scores : list of float, the micro F1 on the validation notes after
        each epoch
    """
    device = device or next(model.parameters()).device
    model.to(device)
    # 1. The optimizer, `optimizer`, and the loss function, `criterion`.
    ### BEGIN SOLUTION
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.BCEWithLogitsLoss()
    ### END SOLUTION
    train_losses, val_f1_scores = [], []
    for epoch in range(num_epochs):
        epoch_losses = []
        # 2. Set the mode. For each batch, make one step of gradient descent,
        #    with the gradients clipped to a norm of 1, and append the loss to
        #    `epoch_losses`.
        ### BEGIN SOLUTION
        model.train()
        for tokens, labels in train_loader:
            logits, _ = model(tokens.to(device))
            loss = criterion(logits, labels.to(device))
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            epoch_losses.append(loss.item())
        ### END SOLUTION
        train_losses.append(float(np.mean(epoch_losses)))
        _, micro, _ = f1_scores(*predict(model, val_loader, device))
        val_f1_scores.append(float(micro))
        print(f"epoch {epoch + 1:2d}: loss {train_losses[-1]:.4f},"
              f" validation F1 {val_f1_scores[-1]:.4f}")
    return train_losses, val_f1_scores


def remove_scaling(model):
    """Let a new model take the scores as they are, not divided by sqrt(d_k).

    Parameters
    ----------
    model : has `MultiHeadSelfAttention` layers somewhere inside

    Returns
    -------
    model : the same object
    """
    ### BEGIN SOLUTION
    for module in model.modules():
        if isinstance(module, MultiHeadSelfAttention):
            module.scale = 1.0
    ### END SOLUTION
    return model


def remove_positions(model):
    """Take the positions away from a new model: it reads a bag of words.

    Parameters
    ----------
    model : a `ClinicalNoteClassifier`

    Returns
    -------
    model : the same object
    """
    ### BEGIN SOLUTION
    model.pos_encoding = nn.Identity()
    ### END SOLUTION
    return model


def soften_words(model):
    """Divide the words' vectors of a new model by sqrt(d_model), in place.

    Parameters
    ----------
    model : a `ClinicalNoteClassifier`

    Returns
    -------
    model : the same object
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        model.embedding.weight /= math.sqrt(model.d_model)
    ### END SOLUTION
    return model


def ablation_curves(variants, seeds, run):
    """Train each variant with the same seeds.

    Parameters
    ----------
    variants : dict, a variant's name to its change, a function that is given
        a model and returns it
    seeds : list of int
    run : called as run(change, seed); trains a changed model from that seed,
        and gives the F1 after each epoch, a list

    Returns
    -------
    curves : dict, a variant's name to a (seeds, epochs) float array
    """
    ### BEGIN SOLUTION
    return {
        name: np.array([run(change, seed) for seed in seeds])
        for name, change in variants.items()
    }
    ### END SOLUTION


def mean_and_band(curves):
    """The mean over seeds, and a band of one standard deviation to each side.

    Parameters
    ----------
    curves : (seeds, epochs) float array, two seeds or more

    Returns
    -------
    mean, low, high : (epochs,) float arrays; the standard deviation is that
        of a sample (divided by seeds - 1)
    """
    ### BEGIN SOLUTION
    mean = curves.mean(axis=0)
    deviation = curves.std(axis=0, ddof=1)
    low, high = mean - deviation, mean + deviation
    ### END SOLUTION
    return mean, low, high


def free_scores(negated):
    """What the answer "all that is mentioned" scores, foretold.

    Parameters
    ----------
    negated : float from 0 to 1, the share of all mentions that are negated

    Returns
    -------
    micro_f1 : float, over all notes and diagnoses
    accuracy : float, on negated mentions
    f1 : float, of "this mention is negated"
    """
    ### BEGIN SOLUTION
    # All that is predicted is a mention, and all that is to be found is
    # predicted.
    precision, recall = 1 - negated, 1.0
    micro_f1 = 2 * precision * recall / (precision + recall)
    accuracy, f1 = 0.0, 0.0
    ### END SOLUTION
    return micro_f1, accuracy, f1


def weight_and_slope(gap):
    """How sure a softmax over two words is, and how well it can still learn.

    Parameters
    ----------
    gap : float, by how much the first word's score is above the second's

    Returns
    -------
    weight : float, of the first word
    slope : float, the derivative of that weight by the first word's score
    """
    ### BEGIN SOLUTION
    weight = 1 / (1 + math.exp(-gap))
    slope = weight * (1 - weight)
    ### END SOLUTION
    return weight, slope


def guess_published():
    """Its accuracy on negated mentions, before the run: from 0 to 1."""
    ### BEGIN SOLUTION
    return 0.9
    ### END SOLUTION


def guess_positions():
    """What it loses without positions, before the run: a letter."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


def guess_cause():
    """Which change gains more by itself, before the run: a letter."""
    ### BEGIN SOLUTION
    return "a"
    ### END SOLUTION


def guess_gru():
    """How the GRU does beside the Transformer, before the run: a letter."""
    ### BEGIN SOLUTION
    return "b"
    ### END SOLUTION


def guess_cue():
    """The shares of negated findings that are predicted, before the run.

    Returns
    -------
    cue : float from 0 to 1, with "the" in place of the cue
    before : float from 0 to 1, with "the" in place of the word before it
    """
    ### BEGIN SOLUTION
    cue, before = 0.9, 0.05
    ### END SOLUTION
    return cue, before


def guess_unknown():
    """The Transformer's accuracy on negated mentions, before the run.

    Returns
    -------
    unknown : float from 0 to 1, with a cue that no training note shows
    behind : float from 0 to 1, with the cue behind its terms
    """
    ### BEGIN SOLUTION
    unknown, behind = 0.5, 0.5
    ### END SOLUTION
    return unknown, behind
