# %% [markdown]
# # Recurrent networks on the rhythm of the heart
#
# **You learn**
#
# - to write an LSTM from nothing but matrix products, with the shapes that PyTorch's own has;
# - to check whether a network is sane before you train it for long;
# - to build networks with a convolution and with recurrent layers, and to compare them fairly;
# - to read curves of training and validation, and to say what they show and what they do not;
# - to say how much a result may be luck, of the seed and of the patients;
# - to judge what data augmentation does for a network, and which kinds suit the data.
#
# **You need** PyTorch's tensors, `nn.Module`, and the loop that trains a network; matrix products;
# roughly what a spectrum is. No medicine.
#
# **It takes** about six hours, by our estimate, of which the computer needs four minutes.
# By section, in minutes: 1 The data **20** · 2 to 6 Spectrograms, split, balance, chunks, loaders
# **30** · 7 Layers with a memory **75** · 8 The training loop **5** · 9 Six networks **55** · 10
# Experiments **35** · 11 What do you make of it? **60** · 12 Data augmentation **25** · 13 What did
# augmentation do? **45** · 14, if you like **10**.
#
# **How hard it is:** 2 of 5. The hardest part is 7.1; the answers in words take as long as the code.
#
# Which skill comes back in which notebook is on the [course map](docs/course_map.md); what a word means
# here, in the [glossary](docs/glossary.md).
#
# A healthy heart beats like a good drummer: nearly, but never quite, like a machine. In **atrial
# fibrillation** the atria quiver instead of beating, and pulses reach the ventricles at random. The drummer
# has lost the beat. Millions live with it, many without knowing, and it multiplies the risk of a stroke. A
# recording of half a minute, taken with a device that fits in a pocket, could find it, if only someone had
# the time to look at all those recordings.
#
# In this assignment networks do the looking. What they must hear is rhythm, which is a matter of *time*: is
# this beat where the beats before led us to expect it? So you will
#
# 1. write an LSTM, a recurrent layer with a memory, from nothing but matrix products;
# 2. use the one that PyTorch has built in;
# 3. compare recurrent networks with a convolution and with two networks that know nothing of time;
# 4. find out what *data augmentation* does for each of them.
#
# ### What you will write
#
# | section | what | worth |
# | --- | --- | --- |
# | 1 | a question about unequal classes | {{points:imbalance}} |
# | 7.1 | the LSTM | {{points:lstm}} |
# | 7.2 | how long it remembers, foretold | {{points:kept_share}} |
# | 9 | ConvNet | {{points:conv_net}} |
# | 9 | LSTMNet | {{points:lstm_net}} |
# | 9 | TorchLSTMNet | {{points:torch_lstm_net}} |
# | 10.1 | the first loss, foretold | {{points:uniform_loss}} |
# | 10.2 | which network is best, guessed | {{points:guess_best}} |
# | 10.3 | what one recording weighs, foretold | {{points:one_recording}} |
# | 11 | eight questions about the experiments | 10 points |
# | 12.2 | whom augmentation helps, guessed | {{points:guess_augmentation}} |
# | 13 | six questions about data augmentation | 8 points |
# | | **together** | **{{points}}** |
#
# ### How it works
#
# - Write your code where it says `# your code here`, in place of the line below it that raises
#   `NotImplementedError`. Leave names and arguments as they are.
# - A cell of checks follows each exercise. It prints what it expected and what it got, stops at the first
#   difference, and says in its last line what has passed. After you hand in, more checks run, on other data.
# - Where a cell needs an exercise that you have not finished, it says which one. Are you stuck? In a cell of your
#   own, `hint("7.1")` or `hint(ConvNet)` says where to look again; called again, it says more. That costs nothing.
# - **Before a result** you say what you expect. Where the text says *foretell*, you can work it out: it counts
#   whether it is right. Where it says *guess*, nobody can know: any of the answers earns the points, for standing
#   there before you ran the cell. So leave it as it was, most of all where it was wrong.
# - **After a result**, answers in words are read by a person. One to three sentences will do, but each should give a
#   **reason**, and where your own experiments have a number to show for it, the number.
# - The cells that load data, train and draw are for you. They do not run when your work is graded.
# - With the settings below, the whole notebook takes some four minutes on a laptop. If you have a GPU, it is
#   used. What has been trained is kept in a folder on your machine: as long as nothing that it depends on has changed,
#   your code included, the same training is not done twice. After a restart, run the notebook up to where you were.

# %% install=dlh
# Where you are stuck, `hint("lstm")` in a cell of your own says where to
# look again.
from dlh.guide import guide

hint = guide("ecg_lstm")

# %%
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import torch
from torch import nn

from dlh.checks import (
    compare,
    compare_gradients,
    compare_kind,
    compare_letter,
    compare_range,
    compare_shape,
    hinted,
    number_of,
    parts_of,
)
from dlh.d2l_torch import d2l
from dlh.data import ecg
from dlh.data.ecg_dataset import ECGDataset, ECGSpectrumDataset
from dlh.plots import show

# On one core the results are the same however many your machine has, and
# networks this small would gain little from more.
torch.set_num_threads(1)

# %% [markdown]
# `EPOCHS` and `RECORDINGS` decide how long everything takes. With a GPU, or an evening, allow yourself more: the published
# experiments used 5622 recordings and 20 epochs, for some networks 100. `SEEDS` are for section 12: what one
# run of a network shows may be luck, so there each is trained several times.

# %% tags=["parameters"]
EPOCHS = 8
RECORDINGS = 600
SEED = 12345
SEEDS = [SEED, SEED + 1, SEED + 2]

# %% [markdown]
# ## 1 The data
#
# In the [PhysioNet/CinC Challenge 2017](https://physionet.org/content/challenge-2017/1.0.0/), teams from all
# over the world let computers judge recordings of a single-lead electrocardiogram (ECG), 300 samples a
# second, 9 to 61 seconds long. We take two of its classes, normal rhythm (label N, our class 0) and atrial
# fibrillation (label A, our class 1).
#
# The recordings are about 100 MB. If you have fetched them (`python -m dlh.data ecg --download`), you work with
# them; otherwise you get recordings that we **simulate**: no real patients, but the same files, with the rhythms,
# the waves and the noise that the textbooks describe. The cell tells you which ones you have.

# %% tags=["training"]
directory, source = ecg.default_directory(n=RECORDINGS)
print(source)

# %% [markdown]
# A PyTorch *dataset* hands out one sample at a time. `ECGDataset` reads a folder of recordings; those of less than
# 4000 samples, 13 seconds, are left out. A tensor is a box, so shorter recordings are padded with zeros, and
# `lengths` remembers how much is real; whoever asks for a recording gets it without the padding.

# %% tags=["plot"]
import inspect

print(inspect.getsource(ECGDataset.load_data))
print(inspect.getsource(ECGDataset.__getitem__))

# %% tags=["training"]
data = ECGDataset(directory, class_labels=("N", "A"))

print(f"recordings:     {len(data)}")
print(f"minimum length: {data.lengths.min()} samples")
print(f"median length:  {data.lengths.median()} samples")
print(f"maximum length: {data.lengths.max()} samples")
print(f"classes:        {data.class_labels},",
      data.class_proportions.numpy())

# %% [markdown]
# Here are six seconds of two recordings of each class. Put a finger on the tall spikes, the *R waves*: how
# even are they? Then look at the small bump before each spike, the *P wave*, which is the atria at work. An
# irregular rhythm without P waves is how a cardiologist recognizes atrial fibrillation. (We picked recordings that are
# upright and tall; in others the device was held the wrong way round, or the waves are small. And not every healthy
# heart is as even as these two: many speed up a little with each breath.)

# %% tags=["plot"]
def upright(i):
    """Spikes up, and tall enough to be seen well; not all are so."""
    piece = data[i][0][1500:3300]
    return piece.max() > max(500, -piece.min())

examples = [
    i for label in (0, 1)
    for i in [int(i) for i in torch.where(data.labels == label)[0]
              if upright(i)][:3:2]
]
figure, axes = plt.subplots(2, 2, sharex=True, figsize=(9.6, 4.5))
for panel, i in zip(axes.flat, examples, strict=True):
    x, y = data[i]
    piece = x[1500:3300] / 1000
    panel.plot(np.arange(len(piece)) / 300, piece, linewidth=0.9)
    panel.set(title=f"{data.names[i]}, label {data.class_labels[y]}",
              ylabel="millivolts")
    panel.spines[["top", "right"]].set_visible(False)
for panel in axes[1]:
    panel.set(xlabel="seconds")
figure.tight_layout()
show(figure, "Six seconds of four recordings. Above, normal rhythm: spikes"
     " at even distances, a small bump before each. Below, atrial"
     " fibrillation: spikes at uneven distances, without that bump.")

# %% [markdown]
# ### Unequal classes ({{points:imbalance}})
#
# About seven of eight recordings are normal. What could go wrong when a network is trained, and judged, on
# classes as unequal as these?

# %% [markdown] written=imbalance points=1
# ### BEGIN SOLUTION
# The loss is a mean over recordings, so seven eighths of it come from class N: the network gains most by
# being right about N and may hardly learn what fibrillation looks like. And plain accuracy hides it: whoever
# always answers "normal" is right in 88% of cases and has found not one patient.
#
# ### BEGIN MARK SCHEME
# - 1 point for either consequence: a bias towards the majority class (the minority is learned badly), or an
#   accuracy that misleads (always N gives about 88%).
# - 0.5 points where only "the results get worse" or the like is said, with no reason.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 2 From signals to spectrograms
#
# 9000 samples are a long way for a network to remember. A **spectrogram** shortens it: cut the signal into
# windows of 32 samples (a tenth of a second), each of which begins with the last 4 of the one before, and note
# how strong each of 17 frequencies is in each. What was one number 300 times a second becomes 17 numbers 11 times
# a second. Each frequency is then scaled to mean 0 and standard deviation 1, for the lowest is a million times as
# strong as the highest.
#
# (To be strict, mean and standard deviation should come from the training recordings alone. With 34 numbers
# from hundreds of recordings it makes no difference that can be measured, and we follow the published
# experiment.)

# %% tags=["plot"]
print(inspect.getsource(ECGSpectrumDataset.compute_spectrum))

# %% tags=["training"]
data_spectrum = ECGSpectrumDataset(directory, class_labels=("N", "A"))

print(f"minimum length:     {data_spectrum.lengths.min()} windows")
print(f"median length:      {data_spectrum.lengths.median()} windows")
print(f"maximum length:     {data_spectrum.lengths.max()} windows")
print(f"mean:               {data_spectrum.samples.mean():.6f}")
print(f"standard deviation: {data_spectrum.samples.std():.6f}")
x, y = data_spectrum[0]
print(f"first sample:       {tuple(x.shape)}")

# %% [markdown]
# The same six seconds of the same recordings, time from left to right, frequency from below. A heartbeat is a
# short stroke over many frequencies. The rhythm can still be read: it is the distance between strokes. The colors
# are standard deviations above the mean; a recording of tall waves has brighter strokes than one of small waves.

# %% tags=["plot"]
from matplotlib.colors import AsinhNorm

figure, axes = plt.subplots(2, 2, sharex=True, sharey=True,
                            figsize=(9.6, 4.4), layout="constrained")
for panel, i in zip(axes.flat, examples, strict=True):
    x, y = data_spectrum[i]
    piece = x[1500 // 28 : 3300 // 28].T
    image = panel.imshow(piece, origin="lower", aspect="auto", cmap="magma",
                         extent=(0, 6, 0, 150),
                         norm=AsinhNorm(0.1, vmin=-0.6, vmax=8))
    panel.set(title=f"{data.names[i]}, label {data.class_labels[y]}")
figure.supxlabel("seconds")
figure.supylabel("frequency (Hz)")
figure.colorbar(image, ax=axes, label="standard deviations",
                ticks=[-0.5, 0, 0.5, 2, 8], format="{x:g}")
show(figure, "Four spectrograms of six seconds. Each heartbeat is a bright"
     " upright stroke; the strokes stand evenly apart in the upper two, of"
     " normal rhythm, and unevenly in the lower two.")

# %% [markdown]
# ## 3 Training and validation
#
# A fifth of the recordings is set aside for validation. Note *when* we split: now, as long as a recording is
# one piece. Were we to cut recordings into chunks first and split the chunks, then chunks of the same heart
# would be on both sides, and a network that merely recognizes hearts would look as if it recognized
# fibrillation.

# %% tags=["training"]
# Real recordings are always all there; this many of them are used. They
# are in no particular order.
used = torch.utils.data.Subset(
    data_spectrum, range(min(RECORDINGS, len(data_spectrum)))
)
train_samples = int(0.8 * len(used))
val_samples = len(used) - train_samples
data_train_original, data_val_original = torch.utils.data.random_split(
    used, [train_samples, val_samples],
    generator=torch.Generator().manual_seed(SEED),
)
print(f"training:   {len(data_train_original)} recordings")
print(f"validation: {len(data_val_original)} recordings")

# %% [markdown]
# ## 4 Balancing the classes
#
# So that both classes count the same, recordings with fibrillation are repeated until there are as many as
# normal ones. The validation chunks of the next section are balanced as well. That is a choice: they are then no
# longer like the patients of a real practice, but their accuracy can be compared with that in training, and guessing
# gives one half.

# %% include=balance_dataset

# %% tags=["training"]
torch.manual_seed(SEED)
data_train = balance_dataset(data_train_original)

# %% [markdown]
# ## 5 Chunks
#
# Recordings differ in length, and long ones are slow to train on. We cut them into **chunks** of 40 windows,
# which is 3.7 seconds and some four heartbeats. Each chunk is a sample of its own, with the label of its
# recording.

# %% include=ChunkedDataset

# %% tags=["training"]
train_chunks = ChunkedDataset(data_train_original)
val_chunks = ChunkedDataset(data_val_original)

# Balanced anew, for recordings have different numbers of chunks.
torch.manual_seed(SEED)
chunked_data_train = balance_dataset(train_chunks)
chunked_data_val = balance_dataset(val_chunks)
print(f"training:   {len(chunked_data_train)} chunks")
print(f"validation: {len(chunked_data_val)} chunks")

# %% [markdown]
# ## 6 Data loaders

# %% tags=["training"]
batch_size = 192
chunked_loaders = {
    "train": torch.utils.data.DataLoader(
        chunked_data_train, shuffle=True, batch_size=batch_size
    ),
    "val": torch.utils.data.DataLoader(
        chunked_data_val, batch_size=batch_size
    ),
}
for x, y in chunked_loaders["train"]:
    print(f"x of the first batch: {tuple(x.shape)}, y: {tuple(y.shape)}")
    break

# %% [markdown]
# ## 7 Layers with a memory
#
# A *recurrent* layer reads a sequence step by step and keeps a **hidden state**, a vector in which it notes
# what it has read so far. A plain recurrent network (RNN) makes the new state from the input of this step and
# the state before:
#
# $$ h_t = \tanh(x_t W_{xh} + h_{t-1} W_{hh} + b_h) $$
#
# It is given below (and explained in [section 9.4](https://d2l.ai/chapter_recurrent-neural-networks/rnn.html)
# of *Dive into Deep Learning*). Read it well: your LSTM will have the same shape. `one_step` is the formula;
# `forward` begins with a state of zeros and goes through the steps.

# %% include=RNN
rnn = RNN(3, 5)
print(rnn)
for name, parameter in rnn.named_parameters():
    print(f"- {name}: {tuple(parameter.shape)}")

# %% [markdown]
# ### 7.1 The LSTM ({{points:lstm}})
#
# The RNN rewrites its whole state at every step. The **long short-term memory** (LSTM) keeps a second vector, the
# **cell state** $C$, which it need not rewrite. Three *gates*, numbers between 0 and 1, decide what happens to it: how
# much of it to keep (forget gate $F$), how much news to let in (input gate $I$), how much of it to show
# (output gate $O$). The news itself is the *input node* $\tilde C$.
#
# $$
# \begin{aligned}
# I_t &= \sigma(X_t W_{xi} + H_{t-1} W_{hi} + b_i) &\qquad \tilde C_t &= \tanh(X_t W_{xc} + H_{t-1} W_{hc} + b_c) \\
# F_t &= \sigma(X_t W_{xf} + H_{t-1} W_{hf} + b_f) & C_t &= F_t \odot C_{t-1} + I_t \odot \tilde C_t \\
# O_t &= \sigma(X_t W_{xo} + H_{t-1} W_{ho} + b_o) & H_t &= O_t \odot \tanh(C_t)
# \end{aligned}
# $$
#
# ($\sigma$ is the sigmoid, $\odot$ multiplies element by element.)

# %% tags=["plot"]
from dlh.plots import draw_lstm_cell

show(draw_lstm_cell(), "One step of an LSTM. Along the top, the cell state:"
     " the forget gate keeps a part of it, the input gate lets in a part of"
     " the input node; below, the output gate shows a part of it as the"
     " hidden state. All four look at the input and the last hidden state.")

# %% [markdown]
# **One step by hand.** Say that the cell state is 2, and the four sums in the brackets come out as $0$ for
# the input gate, $3$ for the forget gate, $-3$ for the output gate, $1$ for the input node:
#
# | what | how | value |
# | --- | --- | --- |
# | input gate | $I = \sigma(0)$ | 0.500 |
# | forget gate | $F = \sigma(3)$ | 0.953 |
# | output gate | $O = \sigma(-3)$ | 0.047 |
# | input node | $\tilde C = \tanh(1)$ | 0.762 |
# | cell state | $C = 0.953 \cdot 2 + 0.500 \cdot 0.762$ | 2.286 |
# | hidden state | $H = 0.047 \cdot \tanh(2.286)$ | 0.046 |
#
# The cell remembers nearly all of its 2 and adds some news, but shows hardly anything. Why is the input node
# a $\tanh$, and no sigmoid like the gates? Because news can also be *bad* news. A sigmoid is never below
# zero, so the cell state could never go below zero.
#
# Your part, without `nn.LSTM` and its relatives, in the three places:
#
# 1. In `initialize_parameters`: four triples, made by `triple()`. Their names are `W_xi`, `W_hi`, `b_i` for
#    the input gate; the same with `f`, `o`, `c`.
# 2. In `forward`: begin with states of zeros (of the dtype and on the device of `inputs`), go through the
#    steps, and return the hidden states of all steps as one tensor, and the last states as the tuple `(H,
#    C)`.
# 3. In `one_step`: the six equations.
#
# [Section 10.1](https://d2l.ai/chapter_recurrent-modern/lstm.html) of the book has code for an LSTM, too.
# Mind that its tensors are (steps, samples, features); ours are (samples, steps, features).

# %% exercise=lstm include=LSTM points=5

# %% check=lstm
"""The LSTM follows its equations, step by step, like PyTorch's own."""

lstm = LSTM(3, 5)
shapes = {name: tuple(p.shape) for name, p in lstm.named_parameters()}
for gate in "ifoc":
    names = f"W_x{gate}", f"W_h{gate}", f"b_{gate}"
    compare("shapes of " + ", ".join(names),
            [shapes.get(name) for name in names], [(3, 5), (5, 5), (5,)],
            "As triple() gives them, under these names; None: no parameter"
            " has the name.")
compare("number of parameters", len(shapes), 12)

# The step by hand: no weights, only biases, so that the sums are known.
by_hand = LSTM(1, 1)
with torch.no_grad():
    for name, parameter in by_hand.named_parameters():
        parameter.fill_({"b_f": 3.0, "b_o": -3.0, "b_c": 1.0}.get(name, 0.0))
    outputs, state = parts_of("what the LSTM gives",
                              by_hand(torch.zeros(1, 1, 1)),
                              "outputs", "(H, C)")
hidden, cell = parts_of("the last states", state, "H", "C")
compare("cell state after one step from zero",
        cell, torch.tensor([[0.3808]]),
        "I * C_tilde: sigmoid(0) times tanh(1); return (H, C), in this"
        " order.")
compare("hidden state after one step from zero",
        hidden, torch.tensor([[0.0172]]),
        "O * tanh(C): sigmoid(-3) times tanh(0.3808).")
with torch.no_grad():
    outputs, (hidden, cell) = by_hand(torch.zeros(1, 2, 1))
compare("cell state after two steps", cell, torch.tensor([[0.7435]]),
        "F * C + I * C_tilde, with the C of the step before; steps are axis"
        " 1 of the inputs.")
with torch.no_grad():
    outputs, (hidden, cell) = by_hand(torch.zeros(1, 40, 1))
compare("cell state after forty steps", cell, torch.tensor([[6.8795]]),
        "No bound for C: only what it shows goes through tanh.")
compare("hidden state after forty steps", hidden, torch.tensor([[0.0474]]),
        "O * tanh(C); 0.326 is O * C.")

# All together: PyTorch's layer, with your weights. It keeps them transposed,
# one below the other, in the order i, f, c, o.
x = torch.randn(4, 7, 3)
with torch.no_grad():
    for parameter in lstm.parameters():
        parameter.normal_()
    built_in = nn.LSTM(3, 5, batch_first=True)
    for name, part in [("weight_ih_l0", "W_x"), ("weight_hh_l0", "W_h"),
                       ("bias_ih_l0", "b_")]:
        ours = torch.cat([getattr(lstm, part + g) for g in "ifco"], dim=-1)
        getattr(built_in, name).copy_(ours.movedim(-1, 0))
    built_in.bias_hh_l0.zero_()
    outputs, (hidden, cell) = lstm(x)
    expected, (expected_h, expected_c) = built_in(x)
compare_shape("outputs", outputs, (4, 7, 5),
              "(samples, steps, hidden units): stack along axis 1.")
compare_shape("the last hidden state", hidden, (4, 5))
compare_shape("the last cell state", cell, (4, 5))
compare("difference from nn.LSTM after one step",
        (outputs[:, 0] - expected[:, 0]).abs().max().item(), 0.0,
        "Does each of the four sums have x with its own W_x? Do outputs have"
        " the H of each step, in order, from zeros on?")
compare("difference from nn.LSTM after all steps",
        (outputs - expected).abs().max().item(), 0.0,
        "The first step is right: does each of the four sums have the last H,"
        " not C, with its own W_h, not transposed?")
compare("difference of the last hidden state",
        (hidden - expected_h[0]).abs().max().item(), 0.0,
        "Return the states after the last step.")
compare("difference of the last cell state",
        (cell - expected_c[0]).abs().max().item(), 0.0,
        "Return the states after the last step.")
with torch.no_grad():
    compare("difference of the same inputs read a second time",
            (lstm(x)[0] - outputs).abs().max().item(), 0.0,
            "Each call begins with zeros, for H and for C.")
x.requires_grad_()
compare_gradients("the outputs", lstm(x)[0], [x, *lstm.parameters()])
ours, expected = (
    torch.autograd.grad(layer(x)[0][:, -1].sum(), x)[0]
    for layer in (lstm, built_in))
compare("difference of the gradient of each step from nn.LSTM",
        (ours - expected).abs().max().item(), 0.0,
        "It goes back through all steps: no .detach() or .data on the way.")
of_inputs = "Are the first states of the dtype of `inputs`?"
with hinted("inputs and weights of doubles", of_inputs):
    doubles, _ = lstm.double()(x.double())
compare("dtype of the outputs for doubles", doubles.dtype, torch.double,
        of_inputs)
print("The LSTM passes: its own equations, and PyTorch's numbers.")

# %% [markdown]
# ### 7.2 How long does it remember? ({{points:kept_share}})
#
# A new LSTM has weights of about 0.01 and biases of 0, so the sums in the brackets of its gates are nearly 0. What
# the first step of a chunk has put into the cell state: how much of it is left at the end of the chunk, 39 steps
# later? **Foretell** the share that is left after `steps` steps, where the sum in the forget gate's brackets is
# `total` at each of them. (It counts if it is right.)

# %% exercise=kept_share include=kept_share points=1

# %% check=kept_share
"""What is left after some steps is a share, and after none it is all."""

compare("what is left after no step",
        number_of("kept_share(0.3, 0)", kept_share(0.3, 0)), 1.0,
        "Each step multiplies what is left; none leaves it as it is.")
compare_range("what is left after 39 steps", kept_share(0.0, 39), 0, 1)
print("Taken down. It counts if it is right: the next cell shows it.")

# %% [markdown]
# And now the layers themselves. Take the hidden state after the last step, and ask by its gradient how much it heeds
# the input of each step. A third layer is your LSTM with the biases of its forget gate set to 3.

# %% tags=["training"]
from dlh.plots import draw_memory
from dlh.sanity import step_gradients


def last_state(layer):
    return lambda x: layer.double()(x)[0][:, -1]


torch.manual_seed(SEED)
new_layers = {"RNN": RNN(17, 128), "LSTM": LSTM(17, 128),
              "LSTM, forget bias 3": LSTM(17, 128)}
with torch.no_grad():
    new_layers["LSTM, forget bias 3"].b_f.fill_(3)
x = torch.randn(32, 40, 17, dtype=torch.float64)
memory = {name: step_gradients(last_state(layer), x)
          for name, layer in new_layers.items()}
for name, sizes in memory.items():
    print(f"{name:20} the first step counts {sizes[0] / sizes[-1]:.1e}"
          " of what the last one counts")
print(f"foretold: {kept_share(0.0, 39):.1e} for the LSTM,"
      f" {kept_share(3.0, 39):.2f} with a forget bias of 3")
show(draw_memory(memory, "How much the last hidden state heeds each step"),
     "Three lines on a logarithmic scale, over 40 steps. The first step,"
     " beside the last: " + "; ".join(
         f"{name}: {sizes[0] / sizes[-1]:.1e}"
         for name, sizes in memory.items()) + ".")

# %% [markdown]
# In the new RNN, each step back takes a factor of about 0.11; in the new LSTM, of about one half, as foretold. (It
# keeps a little more, since a state also passes on through $H$.) So neither hears the first beat while it is new. But
# the LSTM can *learn* to hear it by a number that it has: a forget gate with a bias of 3 keeps 0.95 at each step. Some
# libraries begin with a bias of 1 for this reason. We begin with 0 (PyTorch with random numbers near 0), and see.

# %% [markdown]
# ## 8 The training loop
#
# `accuracy` and `train` are given. The networks end in a single number without a sigmoid; the loss, *binary
# cross-entropy with logits*, puts the sigmoid in. So a positive number means class 1. Like *Dive into Deep
# Learning* we use its `Timer`, `Accumulator` and `try_gpu`. What `train` returns has the curves of loss and accuracy,
# one number for each epoch.

# %% include=accuracy

# %% include=train

# %% [markdown]
# ## 9 Six networks
#
# All of them take chunks, (samples, 40 steps, 17 features), and give (samples, 1).
#
# | network | what it knows of time |
# | --- | --- |
# | `MeanSpectrumNet` | nothing: it sees the mean over the steps |
# | `FullyConnectedNet` | nothing: each step and frequency is a number like any other |
# | `ConvNet` | what is near: a window slides along the steps |
# | `RNNNet` | what came before, in a hidden state |
# | `LSTMNet` | the same, with a cell state |
# | `TorchLSTMNet` | the same, by PyTorch |
#
# ### FullyConnectedNet
#
# From all inputs to 512 units, to 256, to the output, with a ReLU in between.

# %% include=FullyConnectedNet
print(FullyConnectedNet(40 * 17))

# %% [markdown]
# ### MeanSpectrumNet
#
# The mean spectrum over all steps, then from 17 features to 128 units, to 64, to the output. It is the
# baseline that hears *sound* without *rhythm*.

# %% include=MeanSpectrumNet
print(MeanSpectrumNet())

# %% [markdown]
# ### ConvNet ({{points:conv_net}})
#
# A convolution along the steps, with the frequencies as its channels. Make `self.net`, an
# `nn.Sequential` of these layers, in this order:
#
# 1. A 1-d convolution from `inputs` channels to 32, kernel size 3, and a ReLU.
# 2. **Average pooling** over 2 steps.
# 3. A convolution from 32 channels to 64, kernel size 3, and a ReLU.
# 4. **Average pooling** over 2 steps.
# 5. A convolution from 64 channels to 128, kernel size 3, and a ReLU.
# 6. [`AdaptiveAvgPool1d`](https://pytorch.org/docs/stable/generated/torch.nn.AdaptiveAvgPool1d.html) down to
#    one step: the mean of each channel over the whole chunk.
# 7. Flatten, then a linear layer from 128 units to `outputs`.
#
# What is the pooling for? Three convolutions of size 3 see 7 steps, or two thirds of a second: not even one
# beat and the next. With each pooling, what follows sees twice as far. The last convolution now sees 18
# steps, or 1.7 seconds.

# %% exercise=conv_net include=ConvNet points=1

# %% check=conv_net
"""ConvNet has the layers asked for, and its poolings see far."""

net = ConvNet(17)
x = torch.randn(4, 40, 17)
compare("shapes of the weights",
        sorted(tuple(p.shape) for p in net.parameters() if p.dim() > 1),
        sorted([(32, 17, 3), (64, 32, 3), (128, 64, 3), (1, 128)]),
        "Three convolutions, (channels out, channels in, 3), and one linear.")
compare_shape("the output", net(x), (4, 1),
              "To one step, flatten(1), linear.")
compare_shape("the output, where there are to be three", ConvNet(17, 3)(x),
              (4, 3), "Use `outputs`.")

# By hand: one feature that counts the 44 steps, 0 to 43, and one that jumps
# up and down. Each kernel looks at the middle of its window alone; what it
# makes negative, ReLU has to stop.
by_hand = ConvNet(1)
weights = {tuple(p.shape): p for p in by_hand.parameters()}
compare("a convolution of one feature", (32, 1, 3) in weights, True,
        "Use `inputs`.")
with torch.no_grad():
    for parameter in by_hand.parameters():
        parameter.zero_()
    weights[32, 1, 3][:2, 0, 1] = torch.tensor([1.0, -1.0])
    weights[64, 32, 3][range(3), [0, 1, 0], 1] = torch.tensor([1.0, -1, -1])
    weights[128, 64, 3][range(4), [0, 1, 2, 0], 1] = torch.tensor(
        [1.0, 1, -1, -1])
    weights[1, 128][0, :4] = torch.tensor([1.0, 1, 1, 2])
    weights[1,].fill_(-100)
    counting, jumping = torch.arange(44.0), torch.tensor([2.0, -2.0] * 22)
    outputs = by_hand(torch.stack([counting, jumping]).unsqueeze(-1)) + 100
compare("mean of 8.5, 12.5, ..., 32.5, what is left of 0 to 43",
        outputs[0].item(), 20.5,
        "Average poolings after the first and the second ReLU; 22 is maxima,"
        " or the output is not the mean of all steps.")
compare("mean of what is left of 2, -2, 2, -2, ...", outputs[1].item(), 1.0,
        "Convolution, then ReLU, then pooling, and no other layers.")
print("ConvNet passes: its layers in order, and two poolings by averages.")

# %% tags=["plot"]
print(ConvNet(17))

# %% [markdown]
# ### RNNNet
#
# An RNN with 128 hidden units; its last hidden state goes to 128 units with a ReLU, then to the output.

# %% include=RNNNet
print(RNNNet())

# %% [markdown]
# ### LSTMNet ({{points:lstm_net}})
#
# The same with your LSTM: 128 hidden units as `self.lstm`; what takes its last hidden state through 128 units
# and a ReLU to the output as `self.linear`. (How these layers are nested is up to you, in one `nn.Sequential`,
# in several, or in a module of your own: only the two names count.)

# %% exercise=lstm_net include=LSTMNet points=1

# %% check=lstm_net
"""LSTMNet makes its output of the LSTM's last hidden state."""

net = LSTMNet()
x = torch.randn(4, 40, 17)
compare_kind("net.lstm", net.lstm, LSTM, "Yours, from 7.1.")
compare_shape("what net.lstm gives first", net.lstm(x)[0], (4, 40, 128),
              "`inputs` features, 128 hidden units.")
linear = {tuple(p.shape): p for p in net.linear.parameters()}
compare("shapes in net.linear", sorted(linear),
        [(1,), (1, 128), (128,), (128, 128)],
        "Two linear layers, with a bias each.")
compare_shape("the output", net(x), (4, 1),
              "Of the last hidden state alone, (samples, 128).")
compare_shape("the output, where there are to be three", LSTMNet(17, 3)(x),
              (4, 3), "Use `outputs`.")
compare_shape("the output, of one sample of 5 features",
              LSTMNet(5)(x[:1, :, :5]), (1, 1), "Use `inputs`.")

# Linear layers that add up what is positive of the last hidden state, every
# second number with its sign turned round, and take 100 away.
signs = torch.tensor([1.0, -1.0] * 64)
with torch.no_grad():
    for parameter in net.lstm.parameters():
        parameter.normal_(0, 0.3)
    linear[128, 128].copy_(torch.diag(signs))
    linear[128,].zero_()
    linear[1, 128].fill_(1)
    linear[1,].fill_(-100)
    last = net.lstm(x)[0][:, -1]
    compare("largest difference from the sum by hand",
            (net(x)[:, 0] - (signs * last).clamp(0).sum(1) + 100
             ).abs().max().item(), 0.0,
            "The last hidden state, linear, ReLU, linear, and nothing more.")
compare_gradients("the output", net(x),
                  [*net.lstm.parameters(), *net.linear.parameters()])
print("LSTMNet passes: from the last hidden state to one number.")

# %% tags=["plot"]
print(LSTMNet())

# %% [markdown]
# ### TorchLSTMNet ({{points:torch_lstm_net}})
#
# To write your own layer is the way to understand it, and rarely the way to use it. Build the same network
# with [`nn.LSTM`](https://pytorch.org/docs/stable/generated/torch.nn.LSTM.html) as `self.lstm`, one layer in
# one direction, and the rest as `self.linear` again. Two things to read up there: what `batch_first` is for,
# and which axis the states have in front that yours do not.

# %% exercise=torch_lstm_net include=TorchLSTMNet points=1

# %% check=torch_lstm_net
"""TorchLSTMNet computes what LSTMNet computes, by nn.LSTM."""

net = TorchLSTMNet()
x = torch.randn(4, 40, 17)
compare_kind("net.lstm", net.lstm, nn.LSTM, "PyTorch's own.")
compare("features of net.lstm", net.lstm.input_size, 17)
compare("hidden units of net.lstm", net.lstm.hidden_size, 128)
compare("weights of net.lstm", len(list(net.lstm.parameters())), 4,
        "One layer, in one direction, with its biases.")
linear = {tuple(p.shape): p for p in net.linear.parameters()}
compare("shapes in net.linear", sorted(linear),
        [(1,), (1, 128), (128,), (128, 128)],
        "Two linear layers, with a bias each.")
of_layers = ("The state is (layers, samples, 128), whatever batch_first is;"
             " (40, 1): steps were taken for samples.")
with hinted("the net, called with four samples", of_layers):
    output = net(x)
compare_shape("the output", output, (4, 1), of_layers)
squeezed = "squeeze() takes off every axis of length 1."
with hinted("the net, called with one sample", squeezed):
    output = net(x[:1])
compare_shape("the output for one sample", output, (1, 1), squeezed)
compare_shape("the output, where there are to be three",
              TorchLSTMNet(17, 3)(x), (4, 3), "Use `outputs`.")
compare("features where there are five", TorchLSTMNet(5).lstm.input_size, 5,
        "Use `inputs`.")
with torch.no_grad():
    change = (net(x)[:1] - net(x[:1])).abs().max().item()
    compare("change of the first output without the other samples",
            change, 0.0,
            "Is batch_first set? Else samples are taken for steps. (Dropout"
            " or a random first state would show here, too.)")

# The same sum by hand as for LSTMNet.
signs = torch.tensor([1.0, -1.0] * 64)
own = nn.LSTM(17, 128, batch_first=True)
with torch.no_grad():
    for parameter in net.lstm.parameters():
        parameter.normal_(0, 0.3)
    own.load_state_dict(net.lstm.state_dict())
    linear[128, 128].copy_(torch.diag(signs))
    linear[128,].zero_()
    linear[1, 128].fill_(1)
    linear[1,].fill_(-100)
    last = own(x)[0][:, -1]
    compare("largest difference from the sum by hand",
            (net(x)[:, 0] - (signs * last).clamp(0).sum(1) + 100
             ).abs().max().item(), 0.0,
            "The last hidden state, linear, ReLU, linear, and nothing more.")
compare_gradients("the output", net(x),
                  [*net.lstm.parameters(), *net.linear.parameters()])
print("TorchLSTMNet passes: it computes what LSTMNet computes.")

# %% tags=["plot"]
print(TorchLSTMNet())

# %% [markdown]
# ## 10 Experiments
#
# Here are the six, each by a name, so that one can be made anew whenever it is needed.

# %% tags=["training"]
NETWORKS = {
    "MeanSpectrumNet": lambda: MeanSpectrumNet(17),
    "FullyConnectedNet": lambda: FullyConnectedNet(40 * 17),
    "ConvNet": lambda: ConvNet(17),
    "RNNNet": lambda: RNNNet(17),
    "LSTMNet": lambda: LSTMNet(17),
    "TorchLSTMNet": lambda: TorchLSTMNet(17),
}

# %% [markdown]
# ### 10.1 Before you train: is it sane? ({{points:uniform_loss}})
#
# A network with a fault in it trains as well, only badly, and you learn of it after an hour, if at all. Three looks
# take seconds. `dlh.sanity` has them, for any network:
#
# - `first_loss`: a new network knows nothing, so its loss should be that of a guess which finds all classes
#   equally likely. Far above, it starts by being sure of wrong answers; far below, it has seen the answers.
# - `overfit`: train on **one batch** again and again. What cannot learn 32 chunks by heart will not learn 7000. (A copy
#   is trained; the network stays as it is.)
# - `layers`: what goes forward through each layer, and which gradient comes back. Numbers that die out or blow up from
#   layer to layer, a ReLU that gives nothing but zeros, a gradient of 0: there is the fault.
#
# **Foretell** the first loss, the cross entropy of a guess that gives each of `classes` classes the same probability.
# (Our networks end in one number for two classes; binary cross-entropy is the same thing for two. It counts if it is
# right.)

# %% exercise=uniform_loss include=uniform_loss points=1

# %% check=uniform_loss
"""With one class there is nothing to guess, and with more the loss grows."""

one, two, three = (
    number_of(f"uniform_loss({classes})", uniform_loss(classes),
              "A number, not in quotes.")
    for classes in (1, 2, 3))
compare("loss where there is one class alone", abs(one), 0.0,
        "It gets all of the probability, and the logarithm of 1 is 0.")
compare("more classes are harder to guess", three > two > 0, True,
        "Minus the logarithm of a probability is above zero.")
print("Taken down. It counts if it is right: the next cell shows it.")

# %% tags=["training"]
from dlh import sanity

torch.manual_seed(SEED)
one_x, one_y = next(iter(chunked_loaders["train"]))
one_x, one_y = one_x[:32], one_y[:32]
rows = {}
for name, network in NETWORKS.items():
    torch.manual_seed(SEED)
    net = network()
    losses = sanity.overfit(net, one_x, one_y, steps=100)
    rows[name] = {
        "weights": sum(weight.numel() for weight in net.parameters()),
        "first loss": sanity.first_loss(net, one_x, one_y),
        "one batch, after 100 steps": losses[-1],
    }
sane = pd.DataFrame(rows).T.round(3).astype({"weights": int})
print(f"foretold for two classes: {uniform_loss(2):.3f}")
sane

# %% tags=["training"]
torch.manual_seed(SEED)
conv_layers = sanity.layers(ConvNet(17), one_x, one_y)
conv_layers

# %% [markdown]
# All six start where they should, near the loss of a guess. Five learn one batch by heart, and one does not: remember
# which, you will be asked for the reason. In the table of ConvNet, each ReLU lets about half of the numbers pass; the
# numbers become smaller from layer to layer, to less than a tenth at the last ReLU, but nothing has died out; and
# every layer with weights gets a gradient. Try `sanity.layers` on another network, if you like.
#
# ### 10.2 The runs ({{points:guess_best}})
#
# Each network now trains on the same chunks, for as many epochs. For each we note how many validation *chunks* it gets
# right, and then something that matters more to a patient: how many *recordings*. A recording has some nine chunks,
# so let them **vote**: if more than half of them say fibrillation, fibrillation it is.

# %% include=vote

# %% [markdown]
# **Guess** by a letter: which will get the most validation chunks right? (Any of the four earns the points.)
#
# - a: one that knows nothing of time, `MeanSpectrumNet` or `FullyConnectedNet`;
# - b: `ConvNet`;
# - c: one of the two with an LSTM;
# - d: `RNNNet`.

# %% exercise=guess_best include=guess_best points=0.5

# %% check=guess_best
"""A guess is one of the letters."""

compare_letter("guess_best()", guess_best(), "abcd")
print("Your guess stands.")

# %% [markdown]
# The next cell says what an experiment is. The six after it train, for a second or for half a minute each.

# %% tags=["training"]
from dlh.kept import kept

chunks = [*train_chunks.tensors, *val_chunks.tensors, SEED]
results, trained = {}, {}


def experiment(name, loaders, seed=SEED, augmented=False):
    """Train a new network, or take what came of it, and note its results."""
    torch.manual_seed(seed)
    net = NETWORKS[name]()

    def run():
        result = train(net, loaders, epochs=EPOCHS)
        result["votes"] = vote(net, data_val_original)[0].tolist()
        return result

    results[name, augmented, seed] = kept(
        net, run, chunks, EPOCHS, batch_size, train, accuracy, vote,
        augmented and random_chunk_collate_fn)
    trained[name, augmented, seed] = net

# %% tags=["training"]
experiment("MeanSpectrumNet", chunked_loaders)

# %% tags=["training"]
experiment("FullyConnectedNet", chunked_loaders)

# %% tags=["training"]
experiment("ConvNet", chunked_loaders)

# %% tags=["training"]
experiment("RNNNet", chunked_loaders)

# %% tags=["training"]
experiment("LSTMNet", chunked_loaders)

# %% tags=["training"]
experiment("TorchLSTMNet", chunked_loaders)

# %% [markdown]
# Here are the curves of all six, loss above and accuracy below, on the same scales. (Where a loss leaves the panel, it
# is above 2.)

# %% tags=["training"]
from dlh.plots import training_curves


def curves(names, seeds, augmented=(False,)):
    """The curves of each network: {(what, augmented): (seeds, epochs)}."""
    return {
        name: {
            (what, flag): [results[name, flag, seed]["curves"][what]
                           for seed in seeds]
            for flag in augmented
            for what in ("train loss", "val loss", "train acc", "val acc")
        } for name in names
    }


def in_words(name, seeds, augmented=False):
    """The accuracies that a network's curves end with, for the words."""
    means = [np.mean([results[name, augmented, seed][what]
                      for seed in seeds])
             for what in ("train acc", "val acc")]
    name += ", augmented" if augmented else ""
    return f"{name}: {means[0]:.2f} and {means[1]:.2f}"


show(training_curves(curves(NETWORKS, [SEED])),
     "Six columns, a network each. Accuracy in training and validation after"
     " the last epoch: " + "; ".join(
         in_words(name, [SEED]) for name in NETWORKS) + ".")

# %% [markdown]
# ### Try it: hold a gate
#
# What are the gates for? Here is your trained `LSTMNet` on one chunk, as it has learned, and with one of its gates held
# at a value of your choice at every step: the gate's weights are set to 0, and its bias such that the sigmoid gives that
# value. Below the chunk, the size of the cell state (the root of its mean square), and the probability of fibrillation if
# the chunk ended there.
#
# Foretell each before you move: the forget gate at 0, and at 1; the input gate at 0; the output gate at 0. With which of
# them does the network say the same about every chunk? And how large does the cell state grow where nothing is forgotten?

# %% tags=["plot"]
import copy

from dlh.interactive import explore
from dlh.plots import draw_states_over_time


def with_gate(net, gate, value):
    """A copy of a network whose LSTM has a gate that always is `value`."""
    net = copy.deepcopy(net)
    with torch.no_grad():
        for part in ("W_x", "W_h", "b_"):
            getattr(net.lstm, part + gate[0]).zero_()
        # Of 0 and of 1 it is infinite, and the sigmoid makes 0 and 1 of that.
        getattr(net.lstm, f"b_{gate[0]}").add_(
            torch.logit(torch.tensor(value)))
    return net


@torch.no_grad()
def over_time(net, x):
    """The size of the cell state after each step, and what the net says."""
    net.eval()
    cells = [net.lstm(x[:, :step])[1][1].square().mean().sqrt().item()
             for step in range(1, x.shape[1] + 1)]
    said = [torch.sigmoid(net(x[:, :step])).item()
            for step in range(1, x.shape[1] + 1)]
    return cells, said


first_af = next(i for i, (_, y) in enumerate(chunked_data_val) if y)


@explore(gate=["forget", "input", "output"], value=(0.0, 1.0, 0.05),
         chunk=(0, len(chunked_data_val) - 1, 1))
def show_gate(gate="forget", value=0.5, chunk=first_af):
    """Your LSTM on one of the validation chunks, one of its gates held."""
    x, y = chunked_data_val[chunk]
    run = "LSTMNet", False, SEED
    net = trained[run] if run in trained else NETWORKS["LSTMNet"]()
    x_there = x[None].to(next(net.parameters()).device)
    both = {"as learned" if run in trained else "new, not trained yet":
            over_time(net, x_there),
            f"{gate} gate at {value:.2f}":
            over_time(with_gate(net, gate, value), x_there)}
    cells, said = ({name: two[i] for name, two in both.items()}
                   for i in (0, 1))
    figure = draw_states_over_time(
        x.numpy(), cells, said, f"validation chunk {chunk}, in truth"
        f" {'atrial fibrillation' if y else 'normal rhythm'}")
    ends = "; ".join(
        f"{name}: {cells[name][-1]:.2f} and {said[name][-1]:.2f}"
        for name in both)
    return figure, (
        f"The spectrogram of chunk {chunk}; below it, over its 40 steps, the"
        " size of the cell state and the probability of fibrillation. At the"
        f" end they are, {ends}.")


# %% [markdown]
# ### 10.3 How much is one recording? ({{points:one_recording}})
#
# A table of results says nothing of how far they may be luck. One kind of luck is *which patients* are in the
# validation set. The accuracy of recordings is balanced: the mean of two shares, that of the normal recordings that are
# judged right, and that of those with fibrillation. **Foretell** how much it rises if one more normal recording is
# judged right, of `normal` in all; and if one more with fibrillation is, of `af`. (It counts if it is right.)

# %% exercise=one_recording include=one_recording points=1

# %% check=one_recording
"""With one recording of each class, one more is half of the way."""

rises = parts_of("what one_recording gives", one_recording(1, 1),
                 "by_normal", "by_af")
compare("one recording of each class: from 0 to a half",
        [number_of("a rise", rise) for rise in rises], [0.5, 0.5],
        "From none right to all right, its share rises by 1; the mean of two"
        " shares by less.")
print("Taken down. It counts if it is right: the next cell has the numbers.")

# %% [markdown]
# The **bootstrap** tells it all at once: draw as many recordings of each class as there are, with replacement, a
# thousand times; the middle 95% of the accuracies are an interval for what other patients would have given. (Accuracy
# and loss of *chunks*, train and val, are those of the **last** epoch; the curves show how much they jump.)

# %% tags=["training"]
from dlh.metrics import bootstrap_balanced

truth = np.array([int(y) for _, y in data_val_original])
normal, af = np.bincount(truth)
rises = " and ".join(f"{rise:.3f}" for rise in one_recording(normal, af))
print(f"{normal} normal recordings and {af} with fibrillation:"
      f" one more right is worth {rises}")


def right(name, augmented=False, seeds=(SEED,)):
    """The share of the networks, by seed, that judge each recording right."""
    votes = [results[name, augmented, seed]["votes"] for seed in seeds]
    return ((np.array(votes) > 0.5) == truth).mean(axis=0)


def table(seeds, augmented=(False,)):
    """The means over the seeds, and intervals by recording."""
    rows = {}
    for name, flag, _ in results:
        if flag not in augmented or (name, flag, seeds[-1]) not in results:
            continue
        runs = [results[name, flag, seed] for seed in seeds]
        mean, low, high = bootstrap_balanced(truth, right(name, flag, seeds))
        rows[name + (", augmented" if flag else "")] = {
            **{what: np.mean([run[what] for run in runs]) for what in
               ("train acc", "val acc", "train loss", "val loss")},
            "recordings": mean, "low": low, "high": high,
            "examples/sec": np.mean([run["examples/sec"] for run in runs])}
    rows = pd.DataFrame(rows).T
    return rows.round(3).astype({"examples/sec": int})


single = table([SEED])
single

# %% [markdown]
# An interval of one network says how well it may do. To say that one is *better* than another, ask for the interval of
# the **difference**: both have judged the same recordings, so what made a draw hard for both drops out. Where the
# interval holds zero, these recordings do not tell which is better.

# %% tags=["training"]
def differences(pairs):
    """How much more recordings the first judges right than the second."""
    rows = {f"{a} minus {b}": bootstrap_balanced(truth, first - second)
            for (a, first), (b, second) in pairs}
    names = ["difference", "low", "high"]
    return pd.DataFrame(rows, index=names).T.round(3)


against = differences(
    [(("TorchLSTMNet", right("TorchLSTMNet")), (name, right(name)))
     for name in NETWORKS if name != "TorchLSTMNet"])
against

# %% [markdown]
# ## 11 What do you make of it?
#
# ### (a) Which network did best? ({{points:models_compared}})
#
# Compare the six in your experiments, with numbers and with the intervals of 10.3. Which is best, and what does it
# have that the others lack? Of which others can you say that it is better, and of which not?

# %% [markdown] written=models_compared points=2
# ### BEGIN SOLUTION
# On validation chunks, TorchLSTMNet (0.79) and ConvNet (0.75) are ahead, then LSTMNet (0.69), whose curves were still
# getting better when training ended. FullyConnectedNet (0.59) is nearly perfect in training and far from it in
# validation; MeanSpectrumNet (0.54) and RNNNet (0.52) hardly do better than guessing. On recordings the same three
# are ahead. The differences have wide intervals, since one recording with fibrillation is worth 0.033: TorchLSTMNet
# is better than FullyConnectedNet, MeanSpectrumNet and RNNNet; whether it is better than ConvNet, 117 recordings do
# not tell, for that interval holds zero. (And each has been trained once: another seed can undo a lead such as the 0.08
# before LSTMNet.) Fibrillation shows in the distances between beats, that is in the order of the steps: the LSTM reads
# in that order and can carry the time since the last beat in its cell state, and ConvNet sees a beat and the next in
# one window. The mean spectrum has thrown the order away.
#
# ### BEGIN MARK SCHEME
# - 1 point for a comparison of all six that agrees with the student's own tables (numbers or a clear ranking); half
#   of it for whom the best one beats and whom it may not, by the intervals of the differences.
# - 1 point for a reason that ties the best model to the data: it uses the order of steps, or distances
#   between beats, over a long enough stretch. "LSTMs are made for sequences" alone is half a point.
# - Where the student's table has another winner, the reason must fit that winner.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (b) Who generalizes? ({{points:generalizing}})
#
# Look at the gap between training and validation. Why is it wide for some networks and narrow for others?

# %% [markdown] written=generalizing points=2
# ### BEGIN SOLUTION
# FullyConnectedNet has nearly half a million weights, one for each place in the chunk: it can learn training
# chunks by heart, and a beat that comes two steps later is a new pattern to it. It has the widest gap, 0.97 in training
# and 0.59 in validation. ConvNet and the LSTMs use the same few weights at every step, so what they learn about a
# beat holds wherever it falls. That is the right assumption for chunks cut at arbitrary places; the gap is narrower
# (ConvNet 0.89 and 0.75, TorchLSTMNet 0.85 and 0.79). A narrow gap alone is no merit: RNNNet's is the narrowest, 0.52
# and 0.52, because it has learned nothing.
#
# ### BEGIN MARK SCHEME
# - 1 point for capacity: many free weights and few recordings allow learning by heart (FullyConnectedNet).
# - 1 point for shared weights over time, or invariance to shifts, of convolution and recurrence.
# - Underfitting recognized as such (RNNNet, MeanSpectrumNet) can stand in for half a point of either.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (c) Yours and PyTorch's ({{points:built_in}})
#
# How does your LSTM compare with the one that is built in?

# %% [markdown] written=built_in points=1
# ### BEGIN SOLUTION
# They compute the same function (the check of 7.1 showed it), but they do not start alike: ours from a normal
# distribution of width 0.01, the built-in from a uniform one of up to 0.09. Ours learns later: after 8 epochs it has
# 0.69 of the validation chunks and was still getting better, the built-in has 0.79. With more epochs the two should
# meet, up to the luck of the seed. In speed there is little difference on one core of a CPU: the arithmetic weighs
# most, and it is the same. On a GPU the built-in would be many times faster: ours starts eight small matrix products
# and a dozen other operations at each step, each from Python, where the built-in does a few large ones in compiled
# code.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the same model, so what differs is the start, the luck of it, or that training ended too early (or:
#   the accuracy is about the same, where it is so in the student's table).
# - 0.5 points: the speed as in the student's own examples/sec, whichever is ahead, with a reason that fits: on
#   a CPU the same arithmetic, on a GPU fewer and larger operations for the built-in.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (d) The trouble with the RNN ({{points:rnn_training}})
#
# The RNN learns much worse than the LSTM, or nothing at all. Why is it harder to train? Use what you saw in 7.2 and
# in 10.1.

# %% [markdown] written=rnn_training points=1
# ### BEGIN SOLUTION
# The gradient goes back through a multiplication by the same matrix, and the slope of a tanh, at each of 40
# steps, so it vanishes (or explodes) exponentially: in the new RNN of 7.2, the first step counted less than 10^-36 of
# what the last one did, so what came early hardly moves the weights. It could not even learn 32 chunks by heart in
# 10.1: its loss was still 0.56 after 100 steps, where all others were below 0.01. In the LSTM the gradient goes
# back through the cell state, which is only multiplied by the forget gate. At the start that is one half, which is
# little (10^-11 over the chunk), but it can learn to be near one; with a bias of 3, 0.24 was left.
#
# ### BEGIN MARK SCHEME
# - 1 point for vanishing (or exploding) gradients, through repeated multiplication over the steps, or by
#   contrast with the additive path of the cell state.
# - Half of it for the reason without anything that was seen in 7.2 or 10.1, and for "it forgets" or "no long-term
#   memory" without gradients.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (e) For the convolution ({{points:conv_advantage}})
#
# Both ConvNet and the LSTM work along time. Name an advantage of the convolution.

# %% [markdown] written=conv_advantage points=1
# ### BEGIN SOLUTION
# All steps can be computed at the same time, as no step waits for the one before, so it is faster to train: in our
# run, several times as many chunks a second as the LSTM. And the way from any step to the output is short, a few
# layers instead of up to 40 steps, so gradients do not fade. (It also has fewer weights here, a third of the LSTM's,
# and sees what comes after a step as well as what came before.)
#
# ### BEGIN MARK SCHEME
# - 1 point for any one of: parallel over steps or faster; short gradient paths, easier to train; fewer
#   weights; sees both sides of a step.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (f) For the LSTM ({{points:lstm_advantage}})
#
# And an advantage of the LSTM over the convolution?

# %% [markdown] written=lstm_advantage points=1
# ### BEGIN SOLUTION
# Its state can carry something from any step to any later one, so it can relate beats however far apart they
# are, while the convolution sees no further than its receptive field (18 of our 40 steps) before all is
# averaged. It also keeps the order of what it read, and can answer after every step of a stream as it comes, without
# reading again what came before.
#
# ### BEGIN MARK SCHEME
# - 1 point for any one of: long-range dependencies not bounded by a receptive field; it keeps order where the
#   mean pooling loses it; works step by step on a stream. That it takes sequences of any length is none: ConvNet's
#   mean over the steps does so, too.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (g) Longer chunks ({{points:longer_chunks}})
#
# Chunks of 40 steps are short, for the sake of speed. Suppose that they were much longer. What would that do
# to each network?

# %% [markdown] written=longer_chunks points=1
# ### BEGIN SOLUTION
# More beats in a chunk make irregularity plainer, so whoever can use time gains, up to a point. LSTM: gains
# most in principle, but gradients must travel further and training slows down in proportion. RNN: even worse,
# its gradients vanish over more steps. ConvNet: same weights, and its final mean is over more places, hence
# less noisy; gains, although it still sees only 18 steps at once. FullyConnectedNet: its first layer grows
# with the chunk, so it overfits even more, and there are fewer chunks to learn from. MeanSpectrumNet: a
# steadier mean, but still no rhythm.
#
# ### BEGIN MARK SCHEME
# - 1 point where at least four networks (the two LSTMs count as one) get an effect with a reason that holds.
# - 0.5 points for two or three of them. A plain "it gets better for all" earns none.
# - Fewer training chunks, or more computing time, counts as an effect.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (h) Far from the end ({{points:early_steps}})
#
# A recurrent network reads the first steps long before it gives its answer. What would you change so that
# they count as much as the last ones?

# %% [markdown] written=early_steps points=1
# ### BEGIN SOLUTION
# Let all hidden states reach the output directly: their mean or maximum over the steps, or attention over
# them, in place of the last one. Or read in both directions, so that early steps are the last ones for the
# second reader. Or shorten the way by convolution and pooling before the LSTM.
#
# ### BEGIN MARK SCHEME
# - 1 point for any workable way that shortens the path: pooling or attention over all states, a bidirectional
#   network, skip connections, fewer steps through pooling or strides. Half a point where it is named but not
#   said why.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 12 Data augmentation
#
# A few hundred recordings are not many. **Data augmentation** makes more of them: it changes samples in ways
# that leave their label as it is. Ours is simple. So far, every recording was cut at the same places, 0, 40,
# 80 and so on, in every epoch. Now each recording is cut at a **random** place whenever it is used: the
# network hardly ever sees the same chunk twice.
#
# A data loader passes the samples of a batch to its `collate_fn`, to make one tensor of them. That is the
# moment to cut.
#
# ### 12.1 Random chunks

# %% include=random_chunk_collate_fn

# %% [markdown]
# An epoch over the recordings would have only one chunk of each. So that a network sees as many chunks in an
# epoch as before, a *sampler* goes through the (balanced) recordings several times, in a new order each time.
# The validation chunks are those of section 5; section 13 asks what you think of that.

# %% tags=["training"]
random_chunk_loaders = {
    "train": torch.utils.data.DataLoader(
        data_train, batch_size=batch_size,
        sampler=torch.utils.data.RandomSampler(
            data_train, num_samples=len(chunked_data_train)
        ),
        collate_fn=partial(random_chunk_collate_fn, window_size=40),
    ),
    "val": chunked_loaders["val"],
}
for x, y in random_chunk_loaders["train"]:
    print(f"x of the first batch: {tuple(x.shape)}, y: {tuple(y.shape)}")
    break
print("recordings:                ", len(data_train))
print("batches of an epoch:       ", len(random_chunk_loaders["train"]))
print("with chunks cut only once: ", len(chunked_loaders["train"]))

# %% [markdown]
# ### 12.2 A fair comparison ({{points:guess_augmentation}})
#
# Only one thing should differ between a run with augmentation and one without: how its training chunks are cut. So both
# have as many batches in an epoch, the **same number of epochs**, and the same **seeds**, three of them, for the seed
# decides over the first weights and over the order of the batches, and that is the other kind of luck. We take four of
# the six networks.
#
# **Guess** by a letter: whose mean accuracy on validation chunks gains the most? (Any of the four earns the points.)
#
# - a: MeanSpectrumNet; b: FullyConnectedNet; c: ConvNet; d: TorchLSTMNet.

# %% exercise=guess_augmentation include=guess_augmentation points=0.5

# %% check=guess_augmentation
"""A guess is one of the letters."""

compare_letter("guess_augmentation()", guess_augmentation(), "abcd")
print("Your guess stands.")

# %% [markdown]
# Twenty more runs, in two or three minutes: most of that is the LSTM's.

# %% tags=["training"]
FOUR = ["MeanSpectrumNet", "FullyConnectedNet", "ConvNet", "TorchLSTMNet"]
for name in FOUR:
    for seed in SEEDS:
        for augmented, loaders in ((False, chunked_loaders),
                                   (True, random_chunk_loaders)):
            if (name, augmented, seed) not in results:
                print(f"{name}, seed {seed},"
                      f" {'augmented' if augmented else 'cut once'}")
                experiment(name, loaders, seed, augmented)

# %% [markdown]
# Curves again; the lines are means over the seeds, the bands go from the lowest to the highest of them.

# %% tags=["training"]
show(training_curves(curves(FOUR, SEEDS, augmented=(False, True))),
     f"Four columns, a network each, with bands over {len(SEEDS)} seeds."
     " Accuracy in training and validation after the last epoch: "
     + "; ".join(in_words(name, SEEDS, flag)
                 for name in FOUR for flag in (False, True)) + ".")

# %% [markdown]
# ### 12.3 All results
#
# Means over the seeds; the intervals are of the mean accuracy on recordings, with recordings drawn. Below the table,
# what augmentation changes in it, with an interval; and in validation chunks, for each seed by itself.

# %% tags=["training"]
rows = table(SEEDS, augmented=(False, True))
rows

# %% tags=["training"]
by_cut = differences(
    [((f"{name}, augmented", right(name, True, SEEDS)),
      ("cut once", right(name, False, SEEDS))) for name in FOUR])
gains = pd.DataFrame({
    name: {f"seed {seed}": results[name, True, seed]["val acc"]
           - results[name, False, seed]["val acc"] for seed in SEEDS}
    for name in FOUR}).T
by_cut

# %% tags=["training"]
print("gained in validation chunks by augmentation, seed by seed")
gains.round(3)

# %% [markdown]
# The crosses are the figures that were published for this assignment, for chunks of the challenge's real
# recordings, 4497 of them for training, 20 to 100 epochs. If your recordings are simulated, they are another
# and in some ways an easier world, and there are far fewer of them: compare the *order* of the networks, not
# the numbers. The bars on chunks go from the lowest to the highest seed, those on recordings are the intervals.

# %% tags=["training"]
from dlh.plots import accuracy_intervals
from dlh.plots.ecg_lstm import PUBLISHED

on_chunks, on_recordings = {}, {}
for name, flag in PUBLISHED:
    seeds = SEEDS if name in FOUR else [SEED]
    found = [results[name, flag, seed]["val acc"] for seed in seeds]
    on_chunks[name, flag] = np.mean(found), min(found), max(found)
    on_recordings[name, flag] = bootstrap_balanced(
        truth, right(name, flag, seeds))
width = np.mean([high - low for _, low, high in on_recordings.values()])
show(accuracy_intervals({"validation chunks": on_chunks,
                         "validation recordings, by vote": on_recordings},
                        {"validation chunks": PUBLISHED}),
     "Two panels with a row for each network: accuracy on validation chunks"
     " with the range over the seeds and a cross for what was published,"
     f" and on recordings with intervals, {width:.2f} wide in the mean.")

# %% [markdown]
# ## 13 What did augmentation do?
#
# ### (a) Training and validation ({{points:augmentation_effect}})
#
# How do the results in training and in validation change with augmentation, at equal epochs? For whom is the change
# more than luck, of the seed and of the patients? Explain it.

# %% [markdown] written=augmentation_effect points=2
# ### BEGIN SOLUTION
# FullyConnectedNet changes most: its training accuracy falls from 0.97 to 0.76, its validation accuracy rises from 0.59
# to 0.72, with each of the three seeds by at least 0.1; on recordings it gains 0.23, and the interval is far above
# zero. What never comes twice cannot be learned by heart (training is harder), and what is learned has to hold for a
# beat at any place in the chunk (validation is better): augmentation works as regularization. For ConvNet and
# MeanSpectrumNet, the change in validation is less than a tenth and goes up with one seed and down with another, and
# on recordings the intervals hold zero: that may be luck. TorchLSTMNet loses 0.20 with one seed and gains 0.18 with
# another, so its seeds differ more than augmentation changes it; either run alone would have seemed to prove
# something. Eight epochs are too few for it. (On the challenge's recordings it gained a little, 0.906 to 0.915, but
# there it had 100 epochs with augmentation and 20 without, so that two things were changed at once.)
#
# ### BEGIN MARK SCHEME
# - 1 point for both directions, as in the student's own table, and for telling apart what holds for all seeds (or
#   has an interval without zero) from what may be luck.
# - 1 point for an explanation that fits: chunks differ each time, so that learning by heart no longer pays (training
#   worse, validation better, the gap narrower); where nothing was learned by heart, nothing is gained; what is harder
#   takes more epochs (the LSTM).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (b) Some more than others ({{points:augmentation_models}})
#
# Why does it change some networks more than others? What did you guess in 12.2?

# %% [markdown] written=augmentation_models points=1
# ### BEGIN SOLUTION
# It helps against overfitting, so it helps who overfits: FullyConnectedNet, with nearly half a million weights. It
# also learns from it what ConvNet has built in, namely that a shift means nothing. MeanSpectrumNet's mean hardly
# changes with the place of the cut, so there is nothing to gain. The LSTM has many weights, too, but in eight epochs
# it had not come to overfit. I had guessed FullyConnectedNet, for its gap was the widest.
#
# ### BEGIN MARK SCHEME
# - 1 point for linking the effect to how much a network overfits (capacity), or to whether it is invariant to
#   shifts already.
# - To have guessed wrong costs nothing, nor does it to pass over the guess.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (c) The validation set ({{points:augment_validation}})
#
# Should the validation chunks be cut at random as well? Why, or why not?

# %% [markdown] written=augment_validation points=1
# ### BEGIN SOLUTION
# No. Validation measures, and a yardstick should not change: with random chunks the accuracy would differ
# from epoch to epoch and from network to network for no reason but luck. Nor does it need the variety, as
# nothing is learned from it. (Averaging over many cuts of each recording at test time is another matter; it
# makes the prediction steadier.)
#
# ### BEGIN MARK SCHEME
# - 1 point for no, with a reason: results stay comparable and repeatable, or validation should be like the
#   data met in use.
# - 1 point also for a reasoned yes that means averaging over several cuts (test-time augmentation).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (d) What a cardiologist knows ({{points:augmentation_knowledge}})
#
# Augmentation tells a network something that we know about the data. From what you know about ECGs, is ours a
# good idea?

# %% [markdown] written=augmentation_knowledge points=1
# ### BEGIN SOLUTION
# Yes. A recording begins when someone presses a button, so where a chunk begins says nothing about the heart;
# the rhythm of 3.7 seconds is the same wherever one cuts. One caveat: a label is for the whole recording, and
# fibrillation may come and go, so that some chunks of it are normal. Random cuts share that weakness with
# fixed ones.
#
# ### BEGIN MARK SCHEME
# - 1 point for: the place of the cut carries no diagnosis (shift invariance, periodic signal), or for a sound
#   objection (episodes of fibrillation may lie outside the chunk).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (e) Another one ({{points:other_augmentation}})
#
# Give an example of another augmentation that suits these data, and say why it should work.

# %% [markdown] written=other_augmentation points=1
# ### BEGIN SOLUTION
# Multiply the signal by a random factor: how tall the waves are depends on the electrodes and the chest, not
# on the rhythm. Others: add noise, drift or hum as real devices do, so that the network stops relying on
# clean recordings; turn the signal upside down, as when a patient holds the device the wrong way; stretch
# time by a few percent, since hearts beat faster and slower without being ill.
#
# ### BEGIN MARK SCHEME
# - 0.5 points for an augmentation that leaves the label as it is: amplitude, noise, drift, inversion, slight
#   stretching of time, masking of frequencies or short stretches.
# - 0.5 points for why: it varies something that differs between recordings but not between the classes.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### (f) One that fails here ({{points:unsuitable_augmentation}})
#
# Give an example of an augmentation that may suit other data, but probably not these. Why?

# %% [markdown] written=unsuitable_augmentation points=2
# ### BEGIN SOLUTION
# Cut a recording into small pieces and shuffle them, as may do for textures or bags of words: it makes every
# rhythm irregular, so that normal recordings look like fibrillation. Likewise a strong random warping of
# time. Mirror images are fine for photos of cats, but a heartbeat played backwards has its P wave after the
# QRS complex, which no heart does; mirroring the frequency axis of a spectrogram makes no physical sense at
# all.
#
# ### BEGIN MARK SCHEME
# - 1 point for an augmentation that works elsewhere (on images, text, sound) and destroys something here:
#   shuffling or warping time, playing backwards, rotating or mirroring the spectrogram, mixing several
#   patients' signals.
# - 1 point for saying what it destroys: the rhythm, or the shape of the beat, which is what the label rests
#   on.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 14 If you like: when is the built-in faster?
#
# Nothing here is graded. Your LSTM and `nn.LSTM` do the same sums. Where does the time go?
#
# Count matrix products. Your layer makes eight of them at each step, two for each of three gates and the
# input node: 320 for a chunk of 40 steps, each so small that on a GPU it takes longer to *start* than
# to do. Two ideas help.
#
# - **Fuse the gates.** All four multiply the same $X_t$ and the same $H_{t-1}$. Put the four matrices side by
#   side into one of four times the width: two products at each step in place of eight.
# - **Hoist the inputs out of the loop.** $X_t W_x$ does not depend on the state, and all $X_t$ are known from
#   the start. One large product before the loop replaces 40 small ones in it.
#
# What remains is one product for each step, 41 in all. The loop itself must stay, for each state needs the
# one before:
#
# ```
# projected = inputs @ W_x + b                       all gates, all steps at once
# for each step:
#     sums = projected of this step + H @ W_h        all gates at once
#     split sums in four; then gates and states as in your one_step
# ```
#
# `dlh` has such a layer. (`FusedLSTM??` in a cell of its own shows its code.)

# %% tags=["training"]
from dlh.fused_lstm import FusedLSTM

plain = LSTM(17, 128)
fused = FusedLSTM.copy_of(plain)
one_batch = torch.randn(192, 40, 17)
with torch.no_grad():
    compare("largest difference between the two",
            (plain(one_batch)[0] - fused(one_batch)[0]).abs().max().item(),
            0.0)

# %% [markdown]
# The same numbers from both. Now measure them: one batch of 192 chunks, forward and backward.

# %% tags=["training"]
def milliseconds(layer, x, repetitions=5):
    """The time of one batch, forward and backward, the best of several."""
    timer = d2l.Timer()
    for _ in range(repetitions + 1):
        timer.start()
        outputs, _ = layer(x)
        outputs.sum().backward()
        if x.is_cuda:
            # The GPU works on its own: wait until it has finished.
            torch.cuda.synchronize()
        timer.stop()
    return 1000 * min(timer.times[1:])

devices = [torch.device("cpu")]
if torch.cuda.is_available():
    devices.append(torch.device("cuda"))
layers = {"from scratch": LSTM(17, 128), "fused": FusedLSTM(17, 128),
          "torch.nn.LSTM": nn.LSTM(17, 128, batch_first=True)}
speed = pd.DataFrame({
    str(device): {name: milliseconds(layer.to(device), one_batch.to(device))
                  for name, layer in layers.items()}
    for device in devices
}).round(1)
speed.columns = [f"milliseconds on {device}" for device in devices]
speed

# %% [markdown]
# On a CPU, an operation starts quickly and the arithmetic itself weighs most, and that is the same for all
# three: the differences are small. On a GPU, to start an operation costs more than most of ours take, and
# `nn.LSTM` calls one that runs the whole loop: in the published experiment it was 18 times as fast as a layer
# like yours.
#
# **Further reading**
#
# - [Long short-term memory](https://doi.org/10.1162/neco.1997.9.8.1735) (Hochreiter and Schmidhuber,
#   1997): the paper that invented it, still without a forget gate, and why gradients vanish.
# - [LSTM: a search space odyssey](https://arxiv.org/abs/1503.04069) (Greff and others, 2015): an ablation
#   of every gate, in thousands of runs: which of them matter.
# - [Convolutional recurrent networks for ECG](https://arxiv.org/abs/1710.06122) (Zihlmann and others,
#   2017): convolution and LSTM together, on spectrograms and with augmentation, in the same challenge.
#
# ## The end
#
# You have written a network with a memory, and seen where it pays. Save the notebook, run it once from top to
# bottom, and hand it in. The last cell says how far each exercise is.

# %% tags=["plot"]
hint.summary()
