# %% [markdown]
# # Seq2Seq: an autoencoder for patients
#
# **You learn**
#
# - to turn records of any length into tensors, with masks that say what is padding;
# - to write an encoder with attention, a decoder with a GRU, and what joins them, teacher forcing;
# - to train an autoencoder with a loss of which padding is no part, and to judge it beside something
#   simple;
# - to say what you expect before you look, and what a result means, and what it does not, after;
# - to find groups of patients in embeddings, and to doubt them: with other seeds, and with intervals.
#
# **You need** Python's lists and classes; PyTorch's tensors, `nn.Module`, and the loop that trains a
# network; roughly what a convolution and a recurrent layer do. No medicine.
#
# **It takes** about six and a half hours, by our estimate, of which the computer needs two minutes. By
# section, in minutes: 1 The data **15** · 2 From records to tensors **65** · 3 The model **115** · 4
# Training **90** · 5 Groups of patients **95** · 6 What to take away **5**.
#
# **How hard it is:** 2 of 5. The hardest part is 3.3.
#
# Which skill comes back in which notebook is on the [course map](docs/course_map.md); what a word means
# here, in the [glossary](docs/glossary.md).
#
# A doctor who meets a difficult case thinks of similar ones: *have I seen such a patient before, and what
# became of them?* A hospital has seen thousands. But what does "similar" mean for two records, one with two
# visits and nine diagnoses, the other with thirty visits and hundreds?
#
# In this assignment you teach a neural network to answer. It reads a whole record, however long, and writes
# it down as **one vector of 128 numbers**, the patient's *embedding*. Nobody tells it what a good embedding
# is. It only has to be able to rebuild the record from the vector, so whatever matters in the record must be
# in there. Such a network is an *autoencoder*; since it reads and writes sequences, it is a
# *sequence-to-sequence* (Seq2Seq) model.
#
# Once every patient is a point in space, similar patients are near ones, and groups of patients are clusters.
# You will find such groups, look at them, and measure how much they have to do with the illnesses behind
# them.

# %% install=dlh
# Where you are stuck, `hint("encoder")` in a cell of your own says where to
# look again.
from dlh.guide import guide

hint = guide("seq2seq")

# %% tags=["plot"]
from dlh.plots import draw_autoencoder, show

show(draw_autoencoder(), "An encoder reads a patient's visits into one"
     " vector, a decoder writes them down again; the vectors form clusters.")

# %% [markdown]
# **The encoder** (blue) slides a convolution over the visits, then lets *attention* decide how much each
# visit counts, and adds them up. Padding counts nothing. The sum is the embedding (green). **The decoder**
# (orange) starts from the embedding and writes the visits down again, one after the other.
#
# ### What you will write
#
# | | exercise | |
# | --- | --- | --- |
# | 2.1 | the dataset | {{points:dataset}} |
# | 2.2 | a batch of patients | {{points:collate}} |
# | 2.3 | the data loaders | {{points:loaders}} |
# | 2.4 | how much is padding, guessed and read | {{points:guess_padding}}, {{points:padding_reading}} |
# | 3.1 | the encoder | {{points:encoder}} |
# | 3.2 | the decoder | {{points:decoder}} |
# | 3.3 | the two together | {{points:seq2seq}} |
# | 4.1 | the loss before training, foretold | {{points:foretell_start}} |
# | 4.3 | loss and training | {{points:training}} |
# | 4.4 | the loss before training, read | {{points:start_reading}} |
# | 4.5 | the run, guessed and read | {{points:guess_scores}}, {{points:scores_reading}} |
# | 4.6 | without the teacher, guessed and read | {{points:guess_alone}}, {{points:alone_reading}} |
# | 5.1 | embeddings and clusters | {{points:clustering}} |
# | 5.2 | two clusters, guessed and read | {{points:guess_clusters}}, {{points:clusters_reading}} |
# | 5.4 | beside something simple, guessed and read | {{points:guess_baseline}}, {{points:baseline_reading}} |
# | 5.6 | a longer training, guessed and read | {{points:guess_longer}}, {{points:longer_reading}} |
# | | **together** | **{{points}}** |
#
# ### How it works
#
# - Write your code where it says `# your code here`, in place of the line below it that raises
#   `NotImplementedError`. Leave names and arguments as they are.
# - A cell of checks follows each exercise. It prints what it expected and what it got, stops at the first
#   difference, and says in its last line what has passed.
# - Where a cell needs an exercise that you have not finished, it says which one. Are you stuck? In a cell of your
#   own, `hint("3.1")` or `hint(Encoder)` says where to look again; called again, it says more. That costs nothing.
# - After you hand in, more checks run, on other data. The points of an exercise are shared out over several of
#   them, so that a part that is right earns its part. An exercise that builds on an earlier one is judged on
#   its own: one mistake costs you once.
# - **Before a result** you say what you expect. Where the text says *foretell*, you can work it out: it counts
#   whether it is right. Where it says *guess*, nobody can know: any of the answers earns the point, for standing
#   there before you ran the cell. So leave it as it was, most of all where it was wrong.
# - **After a result** you say in two or three sentences what it means. A person reads that. Take the numbers from
#   your own run; to have guessed wrong costs nothing here, either.
# - The cells that train the model and draw the figures are for you. They do not run when your work is graded.
#   What has been trained is kept: after a restart, you are back in the last section within a minute.
# - Nothing here needs a GPU. If you have one, it is used.

# %%
import random
from collections import Counter

import numpy as np
import pandas as pd
import torch
from sklearn.cluster import KMeans
from sklearn.metrics import (
    accuracy_score,
    calinski_harabasz_score,
    f1_score,
)
from torch import nn
from torch.utils.data import DataLoader, Dataset, random_split
from tqdm.auto import tqdm

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
from dlh.data import ehr

# A model as small as ours is fastest on one core: more would wait for each
# other most of the time.
torch.set_num_threads(1)

# The same random numbers, and so much the same results, at every run.
SEED = 24
torch.manual_seed(SEED)
random.seed(SEED)
np.random.seed(SEED)

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# %% [markdown]
# What takes time is set here. For 100 epochs, allow seven times as long; sections 4.6, 5.2 and
# 5.6 then show where they lead.

# %% tags=["training"]
EPOCHS = 15
SEEDS = (0, 1, 2)

# %% [markdown]
# ## 1 The data
#
# [MIMIC-III](https://mimic.mit.edu/docs/iii/) is a public database of intensive-care patients of a Boston
# hospital. Public does not mean open: who wants it signs an agreement, for these are people's records. We
# therefore work with a **synthetic cohort** in the same format. Its 1000 patients never lived, so you may
# look at everything.

# %% include=cohort,pids,types

# %% [markdown]
# | name | what it holds |
# | --- | --- |
# | `pids` | the id of each patient |
# | `vids` | for each patient, the ids of the visits, in order of time |
# | `hfs` | for each patient, 1 with heart failure and 0 without |
# | `seqs` | for each patient, for each visit, the *labels* (numbers) of the diagnoses |
# | `types` | from a diagnosis code to its label |
# | `rtypes` | the reverse, from a label to its code |
#
# So `seqs[i][j][k]` is the label of the `k`-th diagnosis at the `j`-th visit of the `i`-th patient. The codes
# are the first three characters of [ICD-9](https://www.cdc.gov/nchs/icd/icd9cm.htm), the international list
# of diseases: `DIAG_276` stands for disorders of fluid, electrolyte, and acid-base balance. `cohort.meanings`
# has the meaning of each.
#
# Here is one patient. Read the visits as a doctor would. What happened?

# %%
patient = 4
print(f"patient {pids[patient]}, heart failure: {hfs[patient]}")
for visit_id, visit in zip(vids[patient], seqs[patient], strict=True):
    print(f"\nvisit {visit_id}")
    for label in visit:
        code = rtypes[label]
        print(f"  label {label:3}  {code:8}  {cohort.meanings[code]}")

# %% [markdown]
# An old heart attack, a heart that fails, and at the second visit a new attack and failing kidneys: the story is
# there, but in no order, and with other things mixed in. How long are the records of the other patients?

# %%
visit_counts = [len(visits) for visits in seqs]
code_counts = [len(visit) for visits in seqs for visit in visits]
print(f"patients:                {len(seqs)}")
print(f"  with heart failure:    {sum(hfs)} ({np.mean(hfs):.0%})")
print(f"visits of a patient:     {min(visit_counts)} to {max(visit_counts)},"
      f" {np.mean(visit_counts):.1f} on average")
print(f"diagnoses at a visit:    {min(code_counts)} to {max(code_counts)},"
      f" {np.mean(code_counts):.1f} on average")
print(f"diagnosis codes:         {len(types)}")

# %% [markdown]
# Most of these codes are rare, and from a handful of cases a network learns nothing. We keep those that occur
# at least 50 times and give each a column of its own: `code2idx` takes a label to its column.

# %% include=MIN_OCCURRENCES,occurrences,freq_codes,code2idx
compare("frequent codes", len(freq_codes), 105)

# %% tags=["plot"]
pd.DataFrame(
    [
        (code2idx[label], label, rtypes[label], count,
         cohort.meanings[rtypes[label]])
        for label, count in occurrences.most_common(8)
    ],
    columns=["column", "label", "code", "occurrences", "meaning"],
)

# %% [markdown]
# Note that label and column are two different numbers. To mix them up is the classic mistake of section 2.2.

# %% [markdown]
# ## 2 From records to tensors
#
# PyTorch feeds a model in three steps. A **dataset** hands out one patient at a time, a **collate function**
# makes a rectangular batch of several, and a **data loader** does so for the whole cohort, in order or
# shuffled.

# %% [markdown]
# ### 2.1 The dataset ({{points:dataset}})
#
# A dataset is anything that knows its length and can give the item at an index. Keep the visits as they are,
# plain lists: the tensors come in the next step.
#
# - `__init__` stores `seqs` as `self.x` and `hfs` as `self.y`.
# - `__len__` returns the number of patients.
# - `__getitem__` returns a pair for one patient: the visits, and the heart-failure label.

# %% exercise=dataset include=CustomDataset points=2

# %% check=dataset
"""The dataset hands out every patient's visits and label, unchanged."""

# Three small patients; the second has a code twice.
small = CustomDataset([[[7, 3]], [[5], [8, 8, 7]], [[3]]], [0, 1, 0])
compare("number of patients", len(small), 3, "Count `self.x`.")
compare("labels as they are stored", list(getattr(small, "y", [])),
        [0, 1, 0], "Store hfs as `self.y`.")
visits, label = parts_of("what small[1] gives", small[1], "visits", "label")
compare("visits of the second patient", visits, [[5], [8, 8, 7]],
        "The visits first; all of them as they are, plain lists.")
compare("label of the second patient", label, 1, "self.y at `index`.")

dataset = CustomDataset(seqs, hfs)
compare("number of patients in the cohort", len(dataset), 1000)
print("The dataset passes: every patient comes out as they went in.")

# %% [markdown]
# ### 2.2 A batch of patients ({{points:collate}})
#
# A batch is a tensor, and a tensor is a box: all its patients must have the same number of visits, all visits
# the same number of codes. Two tricks get us there.
#
# - A visit becomes a **multi-hot** vector: one column for each frequent code, 1 if the visit has it and 0 if
#   not.
# - Short patients are **padded** with visits of zeros. A **mask** remembers which visits are real.
#
# Do it by hand once. Say that four codes are frequent, and their labels are 7, 3, 8 and 5, in this order:
#
# ```
# freq_codes = [7, 3, 8, 5]                code2idx = {7: 0, 3: 1, 8: 2, 5: 3}
# ```
#
# Ann came twice, Bo three times. Label 6 is rare.
#
# ```
# Ann   [ [6, 8], [7, 5, 7] ]
# Bo    [ [3],    [6],    [5, 3] ]
# ```
#
# The longest record has three visits, so `x` has the shape (2 patients, 3 visits, 4 codes):
#
# ```
#           7  3  8  5                                       mask
# Ann   [ [ 0, 0, 1, 0 ],     8; the rare 6 is dropped     [ True,
#         [ 1, 0, 0, 1 ],     7 and 5; 7 twice is still 1    True,
#         [ 0, 0, 0, 0 ] ]    padding                        False ]
#
# Bo    [ [ 0, 1, 0, 0 ],     3                            [ True,
#         [ 0, 0, 0, 0 ],     only the rare 6                False,
#         [ 0, 1, 0, 1 ] ]    5 and 3                        True ]
# ```
#
# Look at Bo's second visit. It did take place, but after the rare codes are dropped nothing is left of it,
# and an empty visit has nothing to teach. So the rule for the mask is simple: **True where the visit has at
# least one frequent code.**
#
# Your part, in `collate_fn`:
#
# 1. In the innermost loop, `code` is a label, such as 7. Set the entry of `x` that belongs to it, if it is
#    frequent. (`code in code2idx` takes the same time however long the dictionary is; `code in freq_codes`
#    searches the whole list, for each code of each visit.)
# 2. After the loops, make `masks` from `x`.

# %% exercise=collate include=collate_fn points=10

# %% check=collate
"""A batch is multi-hot, padded with zeros, and masked where it is empty."""

codes = freq_codes
rare = next(label for label in rtypes if label not in code2idx)
ann = [[rare, codes[2]], [codes[0], codes[3], codes[0]]]
bo = [[codes[1]], [rare], [codes[3], codes[1]]]
x, masks, y = collate_fn([(ann, 0), (bo, 1)])

compare_shape("x", x, (2, 3, 105))
compare_shape("masks", masks, (2, 3),
              "Ask it of each visit: sum x over the codes (dim=-1).")
compare("dtype of x", x.dtype, torch.float, "Write into x, keep its type.")
compare("dtype of masks", masks.dtype, torch.bool,
        "`> 0` makes booleans of numbers.")
compare("dtype of y", y.dtype, torch.float, "Leave y as it is given.")
ann_x = torch.tensor([[0, 0, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0.0]])
bo_x = torch.tensor([[0, 1, 0, 0], [0, 0, 0, 0], [0, 1, 0, 1.0]])
compare("Ann's first four columns", x[0, :, :4], ann_x,
        "A label is not a column; set 1, do not count; after a rare code,"
        " go on.")
compare("Bo's first four columns", x[1, :, :4], bo_x,
        "Indices of x: patient, visit, column.")
compare("ones in the whole batch", x.sum().item(), 6.0,
        "A rare code must not set any column.")
compare("Ann's mask", masks[0].tolist(), [True, True, False],
        "True where a visit has at least one frequent code.")
compare("Bo's mask", masks[1].tolist(), [True, False, True],
        "The second visit has no frequent code.")

x, masks, y = collate_fn([(seqs[i], hfs[i]) for i in range(10)])
compare_shape("x, of ten patients", x, (10, 3, 105))
compare_shape("y, of ten patients", y, (10,))
compare("codes of the first visit", x[0][0].sum().item(), 9.0)
compare("visits of the first patient", masks[0].sum().item(), 2)
print("The batch passes: multi-hot, padded, and masked where it is empty.")

# %% [markdown]
# Now a fifth of the patients is set aside. The model will not learn from these 200 *validation* patients, so
# they show how it does with patients it has never met.

# %%
dataset = CustomDataset(seqs, hfs)
train_dataset, val_dataset = random_split(
    dataset, [800, 200], generator=torch.Generator().manual_seed(SEED)
)

# %% [markdown]
# ### 2.3 The data loaders ({{points:loaders}})
#
# Return two `DataLoader`s with batches of 32 patients that use the `collate_fn` they are given. The last batch
# of a loader has the patients that are left, however few: nobody is left out. Shuffle the training patients
# only. (A model that always meets them in the same order may learn the order. For validation the order should
# stay, so that we know which embedding is whose.)

# %% exercise=loaders include=load_data points=2

# %% check=loaders
"""Training patients come shuffled, validation patients in order, by 32."""

# The label of each sample is its place, so that the order can be seen.
samples = [(visits, place) for place, visits in enumerate(seqs)]
first, last = samples[:790], samples[790:]
shuffled, in_order = load_data(first, last, collate_fn)
compare("patients in a training batch", shuffled.batch_size, 32,
        "Batches of 32 in both loaders.")
compare("patients in a validation batch", in_order.batch_size, 32,
        "Batches of 32 in both loaders.")
compare("training batches of 790 patients", len(shuffled), 25,
        "24 batches of 32, and the 22 patients that are left.")
compare("validation batches of 210 patients", len(in_order), 7,
        "6 batches of 32, and the 18 patients that are left.")

orders = [torch.cat([y for _, _, y in shuffled]).int().tolist()
          for _ in range(2)]
compare("each training patient once an epoch",
        sorted(orders[0]) == list(range(790)), True,
        "The training loader gets `train_dataset`.")
compare("training order changes", orders[0] != orders[1], True,
        "Set shuffle=True for the training loader.")
order = torch.cat([y for _, _, y in in_order]).int().tolist()
compare("validation order stays", order == list(range(790, 1000)), True,
        "Set shuffle=False for the validation loader.")
print("The loaders pass: by 32, nobody left out, and only training mixed.")

# %% [markdown]
# ### 2.4 How much of it is padding? ({{points:guess_padding}})
#
# **Guess**: of all places for visits in the training batches, which share is padding? (The few visits of which no
# frequent code is left count with it. Any share from 0 to 1 earns the point.)

# %% exercise=guess_padding include=guess_padding points=1

# %% check=guess_padding
"""A guess of a share is a number from 0 to 1."""

compare_range("the guess", guess_padding(), 0, 1,
              "A share such as 0.5, not a percentage.")
print("Your guess stands. It will be printed beside the result.")

# %% tags=["training"]
torch.manual_seed(SEED)
train_loader, val_loader = load_data(train_dataset, val_dataset, collate_fn)
all_masks = [masks for _, masks, _ in train_loader]
widths = [masks.shape[1] for masks in all_masks]
places = sum(masks.numel() for masks in all_masks)
real = sum(masks.sum().item() for masks in all_masks)
padding = 1 - real / places
print(f"width of a batch: {min(widths)} to {max(widths)} visits,"
      f" {np.mean(widths):.1f} on average")
print(f"real visits of a patient: {real / len(train_dataset):.2f} on average")
print(f"padding: guessed {guess_padding():.0%}, found {padding:.0%}")

# %% [markdown]
# ### Where does it come from? ({{points:padding_reading}})
#
# Of our 1000 patients, 848 have just two visits. Where does the padding come from? And suppose that a loss counted
# the padding, too: what would a network learn first?

# %% [markdown] written=padding_reading points=1
# ### BEGIN SOLUTION
# A batch is as wide as its longest record. Among 32 patients there are nearly always some of the few who came often, and
# for one with twelve visits, thirty with two get ten empty ones each. So 68% of the places hold padding, though hardly
# a patient has a long record. A loss that counted them would ask mostly about visits in which nothing is: to answer
# "no code" everywhere would be right there, and a network would learn that first, and look good by it. (Records of like
# length in one batch would save most of that work. They would need the mask all the same.)
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the longest record sets the width for all 32, so a few long ones are enough.
# - 0.5 points: most questions would be about empty visits, so to predict no code at all would be rewarded (or: the loss
#   would look good without anything having been learned of patients).
# - A guess that was far off costs nothing; to pass over it does not either.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 3 The model
#
# The three parts of this section are small, and the shapes are the hard part of them. Keep this table beside
# you:
#
# | | what | shape |
# | --- | --- | --- |
# | `x` | the visits of a batch | (batch, visits, 105) |
# | `masks` | which of them are real | (batch, visits) |
# | hidden states | what the CNN makes of each visit | (batch, visits, 128) |
# | scores, attention | one number for each visit | (batch, visits, 1) |
# | context | the embedding | (batch, 128) |
# | `preds` | a probability for each code of each visit | (batch, visits, 105) |

# %% [markdown]
# ### 3.1 The encoder ({{points:encoder}})
#
# **Convolution.** A visit is easier to understand beside the one before and the one after. The window of our
# convolution is therefore 3 visits high; it is 105 codes wide, the full width, so it moves along time only.
# It looks for 128 patterns at once, and gives 128 numbers for each visit: its *hidden state*. With one row of
# zeros above and below, there are as many hidden states as visits. `nn.Conv2d` wants an axis for channels at
# position 1, as images have, and leaves an axis of length 1 where the codes were:
#
# ```
# (batch, visits, 105) -> (batch, 1, visits, 105) -> Conv2d -> (batch, 128, visits, 1) -> (batch, visits, 128)
# ```
#
# **Attention.** Some visits tell more than others. A linear layer gives each hidden state a *score*, softmax
# turns the scores of a patient into weights that sum to one over the visits, and the context is the weighted
# sum of the hidden states:
#
# $$ \alpha_t = \frac{\exp(s_t)}{\sum_u \exp(s_u)}, \qquad \text{context} = \sum_t \alpha_t\, h_t. $$
#
# **The mask.** A padded visit has a hidden state too, and it is not zero: the layer has a bias, and the
# window of the first padded visit reaches back to the last real one. So it has a score, and softmax would
# give it weight. Take a patient with two real visits and one padded one, and hidden states of only two
# numbers:
#
# | | hidden state | score | softmax, no mask | masked score | softmax, masked |
# | --- | --- | --- | --- | --- | --- |
# | visit 1 | (1, 0) | 2.0 | 0.245 | 2.0 | **0.731** |
# | visit 2 | (0, 2) | 1.0 | 0.090 | 1.0 | **0.269** |
# | padding | (4, 4) | 3.0 | 0.665 | -1,000,000,000 | **0** |
#
# Without the mask, two thirds of this patient would be a visit that never happened. With it, the context is
# $0.731 \cdot (1, 0) + 0.269 \cdot (0, 2) = (0.731,\ 0.538)$. Why -1e9 and not minus infinity? One of our
# patients has no frequent code at all, so that every score is masked. Softmax over nothing but minus infinity
# is *not a number*, and in training one such value spoils all the weights. With -1e9 that patient gets equal
# weights, which does no harm.
#
# Your part:
#
# 1. `self.cnn`: an `nn.Conv2d` with 1 input channel, 128 output channels, `kernel_size=(3, 105)`,
#    `padding=(1, 0)`.
# 2. `self.att`: an `nn.Linear` from 128 numbers to 1.
# 3. `forward`: hidden states, scores, mask, softmax over the visits, weighted sum. Name the result `context`.

# %% exercise=encoder include=Encoder points=15

# %% check=encoder
"""A patient's context comes from the real visits, weighted to one."""

encoder = Encoder().eval()
compare_kind("encoder.cnn", encoder.cnn, nn.Conv2d)
compare_kind("encoder.att", encoder.att, nn.Linear)
compare_shape("encoder.cnn.weight", encoder.cnn.weight, (128, 1, 3, 105))
compare_shape("what encoder.cnn makes of 7 visits",
              encoder.cnn(torch.zeros(2, 1, 7, 105)), (2, 128, 7, 1),
              "padding=(1, 0): a row of zeros above and below, none beside.")
compare_shape("encoder.att.weight", encoder.att.weight, (1, 128))

# The table above. These weights pass the first three codes on, visit by
# visit: two numbers of the hidden state, and the score.
by_hand = Encoder().eval()
with torch.no_grad():
    for parameter in by_hand.parameters():
        parameter.zero_()
    for code in range(3):
        by_hand.cnn.weight[code, 0, 1, code] = 1
    by_hand.att.weight[0, 2] = 1
x = torch.zeros(3, 3, 105)
x[:, :, :3] = torch.tensor([[1.0, 0, 2], [0, 2, 1], [4, 4, 3]])
# The third patient has the same scores, less 30: the same attention.
x[2, :, 2] -= 30
masks = torch.tensor([[True, True, True], [True, True, False],
                      [True, True, False]])
with hinted("the encoder, called with x and masks",
            "The table of shapes above has what each step gives."):
    context = by_hand(x, masks)
compare_shape("the context", context, (3, 128),
              "Weigh the hidden states, then sum over the visits (dim=1).")
compare("masks left as they were", masks.sum().item(), 7,
        "Do not write into `masks`: an `_` at the end of a method does.")
compare("context of the table, all three visits real", context[0, :2],
        torch.tensor([2.9057, 2.8410]),
        "Softmax over the visits (dim=1), of the scores as `att` gives them;"
        " sum over the visits; swap axes by transposing, not by a view.")
compare("context of the table, the third visit padded", context[1, :2],
        torch.tensor([0.7311, 0.5379]),
        "Set the scores of padded visits to -1e9 before the softmax.")
compare("the same where all scores are low", context[2, :2],
        torch.tensor([0.7311, 0.5379]),
        "No real score may be below that of the padding.")

# The last padded visit is in the window of no real visit.
x = (torch.rand(4, 6, 105) < 0.1).float()
masks = torch.ones(4, 6, dtype=torch.bool)
masks[1:, 4:] = False
other_x = x.clone()
other_x[1:, 5] = 1 - x[1:, 5]
change = (encoder(x, masks) - encoder(other_x, masks)).abs().max().item()
compare("change of the context with the padding", change, 0.0,
        "Set the scores of padded visits to -1e9 before the softmax.")
compare("contexts of an empty patient that are numbers",
        encoder(x * 0, ~masks)[0].isfinite().sum().item(), 128,
        "Mask with -1e9, so that a patient without any visit is possible.")
squeezed = "squeeze(-1) takes off one axis, squeeze() all of length 1."
with hinted("one patient with one visit", squeezed):
    context = encoder(x[:1, :1], masks[:1, :1])
compare_shape("the context of one patient with one visit", context, (1, 128),
              squeezed)
compare_gradients("the context", encoder(x, masks),
                  [*encoder.cnn.parameters(), *encoder.att.parameters()])

# The published value: ten patients, and weights drawn from seed 42.
torch.manual_seed(42)
encoder.cnn.reset_parameters()
encoder.att.reset_parameters()
x, masks, _ = collate_fn([(seqs[i], hfs[i]) for i in range(10)])
compare_shape("ten contexts", encoder(x, masks), (10, 128))
compare("first number of the first context",
        encoder(x, masks)[0][0].item(), -0.1248,
        "Both layers have biases, as nn.Conv2d and nn.Linear have them.")
print("The encoder passes: real visits alone, weighted to one.")

# %% [markdown]
# ### 3.2 The decoder ({{points:decoder}})
#
# The decoder does one step: from the visit before (`x`) and the hidden state so far (`hiddens`), it makes the
# next hidden state, and from that the probability of each of the 105 codes. Its memory is a *gated recurrent
# unit* (GRU).
#
# `nn.GRU` is made for whole sequences, so it wants two extra axes, which the given code adds: `x` becomes a
# sequence of one visit, (batch, 1, 105), and the hidden state gets an axis for layers, of which we have one:
# (1, batch, 128). It returns two things: the hidden states of all steps, and the last hidden state.
#
# Your part:
#
# 1. `self.rnn`: an `nn.GRU` with `input_size=105`, `hidden_size=128`, `batch_first=True`.
# 2. `forward`: pass `x` through the GRU, beginning with `hiddens`. Take the last hidden state without its
#    axis for layers, and name it `hiddens` again.

# %% exercise=decoder include=Decoder points=7

# %% check=decoder
"""One step gives a probability for each code, and the GRU's new state."""

decoder = Decoder().eval()
compare_kind("decoder.rnn", decoder.rnn, nn.GRU)
compare("input size of the GRU", decoder.rnn.input_size, 105)
compare("hidden size of the GRU", decoder.rnn.hidden_size, 128)

# The published values: all weights and inputs drawn from seed 42.
torch.manual_seed(42)
decoder.rnn.reset_parameters()
decoder.linear1.reset_parameters()
decoder.linear2.reset_parameters()
x = torch.randn(10, 105)
hiddens = torch.randn(10, 128)
with hinted("the decoder, called with ten patients",
            "Is batch_first set? Does the GRU get `x` and `hiddens`?"):
    preds, new_hiddens = parts_of("what the decoder gives",
                                  decoder(x, hiddens), "preds", "hiddens")
compare_shape("the hidden state", new_hiddens, (10, 128),
              "The GRU's second result, without its axis for layers.")
compare_shape("preds", preds, (10, 105))
compare("smallest probability above 0", preds.min().item() > 0, True)
compare("largest probability below 1", preds.max().item() < 1, True)
compare("first hidden number", new_hiddens[0][0].item(), 0.9358,
        "Does the GRU begin with `hiddens`, and read `x`, samples first?")
compare("first probability", preds[0][0].item(), 0.4646,
        "The given lines make it of `hiddens`: is that the new state?")
squeezed = "squeeze() takes off every axis of length 1."
with hinted("a single patient", squeezed):
    single = decoder(x[:1], hiddens[:1])[1]
compare_shape("the hidden state of a single patient", single, (1, 128),
              squeezed)
hiddens.requires_grad_()
compare_gradients("the new hidden state", decoder(x, hiddens)[1],
                  [hiddens, *decoder.rnn.parameters()])
compare_gradients("preds", decoder(x, hiddens)[0],
                  [hiddens, *decoder.rnn.parameters()])
print("The decoder passes: one step on from `hiddens`, and probabilities.")

# %% [markdown]
# ### 3.3 The two together ({{points:seq2seq}})
#
# The context is the decoder's first hidden state; with a visit of zeros to begin with, it writes visit 1.
# From then on, which visit should it be given as "the visit before"? There are two answers.
#
# | step | with teacher forcing | without | output |
# | --- | --- | --- | --- |
# | 1 | $0$ | $0$ | $\hat{x}_1$ |
# | 2 | $x_1$ | $\hat{x}_1$ | $\hat{x}_2$ |
# | 3 | $x_2$ | $\hat{x}_2$ | $\hat{x}_3$ |
#
# With **teacher forcing**, it sees the true visit $x_{t-1}$. Early in training this helps: a bad first visit
# does not spoil all that follow. **Without** it, the decoder sees its own prediction $\hat{x}_{t-1}$, as a
# writer must when no one knows the truth. A model that only ever saw the truth is lost then. So we toss a
# coin at each step: with probability `teacher_forcing_ratio` the truth, otherwise the prediction.
#
# Your part, in the three places of `forward`:
#
# 1. Let the encoder read the visits. Its context is `hiddens`.
# 2. At each step `t`, give the decoder the visit before (`x[:, t - 1]` if `teacher_force`, else `cur_pred`)
#    and `hiddens`. Keep what it returns as `cur_pred` and `hiddens`.
# 3. `preds` is a list, with a tensor (batch, 105) for each visit. Return it as one tensor (batch, visits,
#    105).

# %% exercise=seq2seq include=Seq2Seq points=20

# %% check=seq2seq
"""The context starts the decoder; each step sees the visit before."""

# Stand-ins for your parts. The context counts a patient's codes and real
# visits; a step predicts 0.1 of the hidden state and 0.2 of the visit before,
# and adds 1 to the hidden state.
def counting_encoder(x, masks):
    count = x.sum(dim=(1, 2)) + masks.sum(dim=1)
    return count.unsqueeze(1) + torch.zeros(128)

def simple_decoder(previous, hiddens):
    return 0.1 * hiddens[:, :105] + 0.2 * previous, hiddens + 1

# Ann has the first code at visits 1 and 3: two codes, two visits, context 4.
# Bo has it at visit 2: context 2. Nobody has any other code.
x = torch.zeros(2, 4, 105)
x[:, :, 0] = torch.tensor([[1.0, 0, 1, 0], [0, 1, 0, 0]])
masks = torch.tensor([[True, False, True, False],
                      [False, True, False, False]])
preds = Seq2Seq(counting_encoder, simple_decoder, 1.0).eval()(x, masks)
compare_shape("preds", preds, (2, 4, 105), "All visits, on axis 1.")
compare("without any code before: a tenth of 4, 5, 6, 7 and of 2, 3, 4, 5",
        preds[:, :, 9], torch.tensor([[0.4, 0.5, 0.6, 0.7],
                                      [0.2, 0.3, 0.4, 0.5]]),
        "First the context of `self.encoder`; then `hiddens` passed on, and"
        " true visits, in evaluation mode, too; stack.")
compare("with teacher forcing, 0.2 more after a visit with the code",
        preds[:, :, 0], torch.tensor([[0.4, 0.7, 0.6, 0.9],
                                      [0.2, 0.3, 0.6, 0.5]]),
        "The visit before is x[:, t - 1].")
preds = Seq2Seq(counting_encoder, simple_decoder, 0.0)(x, masks)
compare("without, 0.2 of the prediction before (0.58 = 0.5 + 0.2 * 0.4)",
        preds[:, :, 0], torch.tensor([[0.4, 0.58, 0.716, 0.8432],
                                      [0.2, 0.34, 0.468, 0.5936]]),
        "The visit before is cur_pred, as it is.")
compare("codes in x, as before", x.sum().item(), 3.0, "Do not write into x.")

# A step that halves the visit before: 0.5 after a true visit of ones.
def halving_decoder(previous, hiddens):
    return previous / 2, hiddens

preds = Seq2Seq(counting_encoder, halving_decoder, 0.5)(
    torch.ones(1, 41, 105), torch.ones(1, 41, dtype=torch.bool))
forced = (preds[0, 1:, 0] == 0.5).sum().item()
compare("at a ratio of 0.5, some of 40 steps see the truth, some do not",
        0 < forced < 40, True, "Let `teacher_force` decide, at each step.")

# The published value: your encoder and decoder, all drawn from seed 42.
encoder, decoder = Encoder().eval(), Decoder().eval()
for layers in ([encoder.cnn, encoder.att],
               [decoder.rnn, decoder.linear1, decoder.linear2]):
    torch.manual_seed(42)
    for layer in layers:
        layer.reset_parameters()
torch.manual_seed(42)
x = torch.randn(10, 5, 105)
masks = torch.ones(10, 5, dtype=torch.bool)
preds = Seq2Seq(encoder, decoder, 0.5)(x, masks)
compare_shape("preds, of ten patients", preds, (10, 5, 105))
compare("first probability", preds[0][0][0].item(), 0.4819,
        "If all else is right: has one of the two parts changed since?")
compare_gradients("preds", preds, [*encoder.cnn.parameters(),
                                   *encoder.att.parameters(),
                                   *decoder.rnn.parameters()])
print("The model passes: each step goes on from the one before it.")

# %% [markdown]
# ## 4 Training
#
# ### 4.1 What is a good reconstruction? ({{points:foretell_start}})
#
# Each code of each visit is a question with two answers: there or not there. *Binary cross-entropy* measures
# how surprised the model is by the truth. With `reduction="none"` PyTorch gives one number for each question,
# (batch, visits, 105), so that we can leave out the padding before we add up.

# %% include=criterion

# %% [markdown]
# Our loss (you will write it in 4.3, as `masked_loss`) adds these numbers up, over the codes of all *real* visits of a
# patient; then it takes the mean over the patients. **Foretell** where training will start. A new network knows
# nothing, so that each of its probabilities is near one half. What is its loss, if patients have `visits` real visits
# on average? (It counts if it is right.)

# %% exercise=foretell_start include=foretell_start points=1

# %% check=foretell_start
"""A loss that adds up grows with the number of visits."""

two, three, six = (
    number_of(f"foretell_start({visits})", foretell_start(visits),
              "A number, not in quotes.")
    for visits in (2.0, 3.0, 6.0))
compare("the loss is above zero", two > 0, True,
        "Cross-entropy is minus a logarithm.")
compare("the loss for six visits, divided by that for three", six / three,
        2.0, "Visits are added up.")
print("Taken down. It counts if it is right: section 4.4 shows it.")

# %% [markdown]
# ### 4.2 How well does it do?
#
# The loss is made for the optimizer; for people, we say that a code is *predicted* if its probability is
# above one half. **F1** weighs two questions: how many of the predicted codes are true, and how many of the
# true codes are predicted? It is 1 if all are, and 0 if none is. **Accuracy** is far stricter here: it counts
# a visit only if all 105 codes are right. Both look at real visits alone. This function is given; see how it
# takes its device from the model.

# %% include=evaluate

# %% [markdown]
# ### 4.3 Loss and training ({{points:training}})
#
# Your part:
#
# 1. `masked_loss` takes the cross-entropy of all codes, leaves out the visits that are not real, **sums**
#    over each patient's visits and codes, and takes the **mean** over the patients, all of them. The result is
#    a single number, as a tensor of shape (): `backward` starts from it.
# 2. In `train`, one step for a batch: set the gradients to zero, compute the loss as `loss`, backpropagate,
#    let the optimizer step.
#
# Use the `model` that `train` is given, not one that happens to exist in the notebook.

# %% exercise=training include=masked_loss,train points=15

# %% check=training
"""Padding adds nothing to the loss, and training makes the loss smaller."""

# If every probability is one half, every code costs the same.
half = torch.full((4, 3, 105), 0.5, requires_grad=True)
x = torch.zeros(4, 3, 105)
masks = torch.tensor([[True, True, False], [True, False, False],
                      [True, True, False], [False, False, False]])
loss = masked_loss(half, x, masks)
compare_shape("the loss", loss, (), "A tensor, not yet a float.")
compare("the loss carries gradients", loss.requires_grad, True,
        "No .item(), .detach() or .data on the way.")
compare("loss of five visits of four patients, all codes at one half",
        loss.item(), 90.9756,
        "Sum over visits and codes, then take the mean over patients.")
guess = half.clone()
guess[~masks] = 0.9
compare("the same with other guesses for the padding",
        masked_loss(guess, x, masks).item(), 90.9756,
        "Multiply by the masks before you sum.")
compare("loss of a batch without any real visit",
        float(masked_loss(guess, x, masks & False)), 0.0)


# A stand-in for your model: it guesses the same for every real visit, and
# 0.9 for padding.
class SameForAll(nn.Module):
    def __init__(self):
        super().__init__()
        self.logits = nn.Parameter(torch.zeros(105))
        self.real_visits = 0

    def forward(self, x, masks):
        if self.training:
            self.real_visits = int(masks.sum())
        guess = torch.sigmoid(self.logits).expand_as(x)
        return torch.where(masks.unsqueeze(-1), guess, 0.9)


# Two real visits with the first ten codes, and one of padding.
x = torch.zeros(8, 3, 105)
x[:, :2, :10] = 1
masks = torch.tensor([[True, True, False]] * 8)
batches = [(x, masks, torch.zeros(8))] * 5
stand_in = SameForAll()
history = train(stand_in, batches, batches, 4)
compare("epochs of training", len(history), 4)
compare("real visits in the masks that the model gets in training",
        stand_in.real_visits, 16, "Call it with x and its masks.")
losses = [loss for loss, _ in history]
compare("loss falls at each epoch", losses == sorted(set(losses))[::-1],
        True, "zero_grad, backward, step; on the `model` that train gets.")
compare("the first logit after 20 steps of Adam", stand_in.logits[0].item(),
        0.1987, "One step for each batch, along its own gradient alone.")
compare("loss of the first epoch", losses[0], 143.477, tolerance=0.01,
        hint="masked_loss of what the model makes of x and its masks.")
compare("codes whose guess has moved the right way",
        ((stand_in.logits > 0) == (x[0, 0] > 0)).sum().item(), 105)
print("Loss and training pass: padding adds nothing, and the loss falls.")

# %% [markdown]
# ### 4.4 Before training: is it sane?
#
# A training that runs is not yet one that is right. A look before it starts is cheap: is the loss of a new network
# what you have foretold? And what does a guess cost that looks at no record at all, but knows how frequent each code is
# among the training visits? Such a **baseline** is what you get for free.

# %% tags=["training"]
def mean_loss(guess):
    """The loss over the training batches of what is guessed for each."""
    with torch.no_grad():
        losses = [masked_loss(guess(x, masks), x, masks).item()
                  for x, masks, _ in train_loader]
    return np.mean(losses)


torch.manual_seed(SEED)
random.seed(SEED)
new = Seq2Seq(Encoder(), Decoder(), teacher_forcing_ratio=0.5).eval()
start_loss = mean_loss(new)
frequencies = torch.cat([x[masks] for x, masks, _ in train_loader]).mean(0)
frequency_loss = mean_loss(lambda x, masks: frequencies.expand_as(x))
print(f"foretold:            {foretell_start(real / len(train_dataset)):.1f}")
print(f"a new network:       {start_loss:.1f}")
print(f"frequencies alone:   {frequency_loss:.1f}")
print(f"the most frequent code is at {frequencies.max():.0%} of the visits")

# %% [markdown]
# ### A start, and a level to beat ({{points:start_reading}})
#
# Suppose that a new network of a friend of yours starts at 540 in place of this number, and that everything else is as
# it is here. Which mistake would you look for first? (2.4 has a number for you.) And from which loss on would you
# believe that a network has learned something about *patients*?

# %% [markdown] written=start_reading points=1
# ### BEGIN SOLUTION
# A new network costs 170, as foretold. 540 is about three times that, and 68% of the places are padding: counted with the
# real ones there are three times as many. So I would look whether the mask is missing in the loss. And the
# frequencies alone cost 68, without a look at any record. A loss that falls from 170 to 80 shows no more than
# that the network is on its way to them; below 68 it must know something of the very patient.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: padding is counted: about three times as many visits, three times the loss.
# - 0.5 points: only below the loss of the frequencies, since those look at no patient.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 4.5 The run ({{points:guess_scores}})
#
# Now for the real thing: 800 patients, 15 epochs, half of the steps with teacher forcing. It takes less than a minute.
# **Guess** first, for the validation patients: which F1 will it reach, and which accuracy? (Frequencies alone have an F1
# of 0: no code is at more than half of the visits, so that they predict none. Any two shares from 0 to 1 earn the
# point.)

# %% exercise=guess_scores include=guess_scores points=1

# %% check=guess_scores
"""A guess of F1 and accuracy is two numbers from 0 to 1."""

for what, share in zip(
        ("F1", "accuracy"),
        parts_of("what guess_scores gives", guess_scores(),
                 "f1", "accuracy"), strict=True):
    compare_range(f"the guess of {what}", share, 0, 1,
                  "A share such as 0.5, not a percentage.")
print("Your guesses stand. They will be printed beside the result.")

# %% tags=["training"]
from dlh.kept import kept
from dlh.plots import LiveCurves

# What a training depends on: where all this is as it was, it is kept.
settings = [seqs, freq_codes, list(train_dataset.indices), EPOCHS,
            load_data, collate_fn, train, evaluate, masked_loss]

torch.manual_seed(SEED)
random.seed(SEED)
train_loader, val_loader = load_data(train_dataset, val_dataset, collate_fn)
seq2seq = Seq2Seq(Encoder(), Decoder(), teacher_forcing_ratio=0.5)
seq2seq = seq2seq.to(device)

curves = LiveCurves(EPOCHS)
history = kept(
    seq2seq,
    lambda: train(seq2seq, train_loader, val_loader, EPOCHS, curves.add),
    SEED, settings)
# Where the training was kept, the curves are drawn all the same.
for epoch, (loss, f1) in list(enumerate(history, 1))[len(curves.epochs):]:
    curves.add(epoch, loss, f1)
below = next((epoch for epoch, (loss, _) in enumerate(history, 1)
              if loss < frequency_loss), None)
print(f"loss: {history[0][0]:.0f} after the first epoch,"
      f" {history[-1][0]:.0f} after the last")
print(f"first epoch below the loss of the frequencies: {below or 'none'}")
print(f"F1: {history[0][1]:.2f} after the first epoch,"
      f" {history[-1][1]:.2f} after the last")

# %% [markdown]
# Two questions of every run: does the loss pass that of the frequencies, and soon? And when training ends, does it still
# fall, and does the F1 on the validation patients still rise? Where the loss falls and the F1 no longer rises, what is
# learned of the training patients does not help with others.
#
# An F1 lies between two shares: **precision**, the share of the predicted codes that are true, and **recall**, the share
# of the true codes that are predicted. Here are all of them, and beside them what you guessed:

# %% tags=["training"]
def codes_of(model, ratio):
    """For each validation patient: codes rightly predicted, predicted, true.

    With them, for each real visit, how many of its 105 codes are wrong.
    """
    model.teacher_forcing_ratio = ratio
    model.eval()
    rows, wrong = [], []
    with torch.no_grad():
        for x, masks, _ in val_loader:
            x_hat = model(x.to(device), masks.to(device)).cpu()
            true, predicted = ((values > 0.5) & masks.unsqueeze(-1)
                               for values in (x, x_hat))
            rows.append(torch.stack([
                part.sum(dim=(1, 2))
                for part in (true & predicted, predicted, true)], dim=1))
            wrong.append((true != predicted).sum(dim=2)[masks])
    return torch.cat(rows).numpy(), torch.cat(wrong).numpy()


def f1_of(codes):
    """The micro F1 of some patients, from the counts of their codes."""
    right, predicted, true = codes.sum(axis=0)
    return 2 * right / (predicted + true)


alone, wrong = codes_of(seq2seq, 0.0)
right, predicted, true = alone.sum(axis=0)
found = {"precision": right / predicted, "recall": right / true,
         "F1": f1_of(alone), "accuracy": np.mean(wrong == 0)}
print(f"wrong of the 105 codes of a visit: {wrong.mean():.1f} on average,"
      f" of {true / len(wrong):.1f} that are there")
pd.DataFrame([found, dict(zip(["F1", "accuracy"], guess_scores()))],
             index=["found", "guessed"]).round(3)

# %% [markdown]
# ### Try it: one patient
#
# Here is one of the validation patients: each row a visit, each mark a code that comes back rightly, is left out, or is
# added; on the left, the attention of your encoder. Go through some patients. Are the marks that are
# left out those of codes that the patient has at several visits (one mark below the other), or at one alone? Look for a patient with more than three visits: is all attention at one of them? Then lower the
# threshold from which a code is predicted. What is left out becomes less, and what is added more; which of the two
# grows faster?

# %% tags=["plot"]
from dlh.interactive import explore
from dlh.plots import draw_reconstruction


def reconstruct(index):
    """A patient's visits, the probabilities of their codes, attention."""
    x, masks, _ = (part[:1].to(device) for part in collate_fn(
        [val_dataset[index]]))
    scores = []
    hook = seq2seq.encoder.att.register_forward_hook(
        lambda layer, given, made: scores.append(made.detach()))
    seq2seq.teacher_forcing_ratio = 0.0
    state = random.getstate()
    try:
        with torch.no_grad():
            x_hat = seq2seq.eval()(x, masks)
    finally:
        hook.remove()
        # All that follows draws what it would have drawn without this look.
        random.setstate(state)
    real = masks[0]
    attention = torch.softmax(scores[0].reshape(-1)[real], dim=0)
    return (part.cpu().numpy() for part in
            (x[0, real] > 0.5, x_hat[0, real], attention))


@explore(patient=(0, len(val_dataset) - 1, 1), threshold=(0.05, 0.95, 0.05))
def show_patient(patient=0, threshold=0.5):
    """What comes back of a validation patient, and where attention is."""
    true, probabilities, attention = reconstruct(patient)
    predicted = probabilities > threshold
    figure = draw_reconstruction(
        true, predicted, attention, f"validation patient {patient}, codes"
        f" with a probability above {threshold:.2f}")
    return figure, (
        f"{len(true)} visits of a patient, a row each, with their attention"
        f" ({', '.join(f'{weight:.2f}' for weight in attention)}) and their"
        f" codes: {(true & predicted).sum()} right,"
        f" {(true & ~predicted).sum()} left out,"
        f" {(~true & predicted).sum()} added.")


# %% [markdown]
# ### What it gets wrong ({{points:scores_reading}})
#
# Which kind of mistake does the model make more often, to predict what is not there or to leave out what is? And how
# can the accuracy be as low as it is, beside such an F1?

# %% [markdown] written=scores_reading points=1
# ### BEGIN SOLUTION
# The precision is 0.80 and the recall 0.62: what it predicts is mostly true, and it leaves out more than a third of what is
# there. It is the careful kind of model. The accuracy counts a visit only if all 105 codes are right. With five
# wrong ones at a visit on average, hardly any visit is without one: three visits in a hundred. So the two do not
# contradict each other: F1 asks code by code, and accuracy visit by visit.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: precision is above recall, so it leaves out more than it adds (with the student's own numbers).
# - 0.5 points: for the accuracy all 105 must be right at once, and one wrong code of several is enough to lose the visit.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 4.6 Without the teacher ({{points:guess_alone}})
#
# The numbers of the table above are of a decoder that was alone: at no step did it see the truth. (For the F1 of the
# curves, it saw the truth at half of the steps.) **Guess** by a letter how much F1 it has cost to be alone, beside a
# teacher at every step. (Any of the four earns the point.)
#
# - a: more than 0.1;
# - b: between 0.02 and 0.1;
# - c: less than 0.02, in either direction;
# - d: nothing; it gains more than 0.02.

# %% exercise=guess_alone include=guess_alone points=1

# %% check=guess_alone
"""A guess is one of the letters."""

compare_letter("guess_alone()", guess_alone(), "abcd")
print("Your guess stands.")

# %% [markdown]
# How sure is such a difference? The **bootstrap** imitates other patients: it draws as many as there are, with
# replacement, a thousand times, and takes the difference in each draw. The middle 95% of the results is an interval.
# Since the *same* patients are drawn for both, what makes a draw easy or hard drops out. Where the interval holds zero,
# these patients do not tell which of the two is better.

# %% tags=["training"]
from dlh.metrics import paired_bootstrap

taught, _ = codes_of(seq2seq, 1.0)
n_visits = np.array([len(seqs[index]) for index in val_dataset.indices])
forcing = pd.DataFrame([
    {"patients with": name, "patients": chosen.sum(),
     "F1 with the teacher": f1_of(taught[chosen]),
     "F1 alone": f1_of(alone[chosen]),
     **dict(zip(["difference", "low", "high"], paired_bootstrap(
         f1_of, alone[chosen], taught[chosen])))}
    for name, chosen in (("any number of visits", n_visits > 0),
                         ("two visits", n_visits == 2),
                         ("more than two", n_visits > 2))
]).set_index("patients with")
forcing.round(3)

# %% [markdown]
# ### Who needs a teacher? ({{points:alone_reading}})
#
# What does this show of the use that a decoder has for the true visit before? At how many steps could the teacher help a patient
# with two visits? And what does the last row say?

# %% [markdown] written=alone_reading points=1
# ### BEGIN SOLUTION
# Next to nothing is lost, but that shows less than it seems. The first visit is written from the context alone in any case,
# and with two visits there is just one step at which the teacher could help; 173 of these 200 patients have two. The
# last row looks at the others, who could be helped more often, and there is no loss to be seen either. But they are
# 27 patients, and the interval, which holds zero, leaves room for a small loss and for a small gain. What it
# does show: for these records, the 128 numbers and what the decoder has written itself are enough.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: nearly all patients have two visits, so one step: the comparison could hardly have shown a need.
# - 0.5 points: the last row read with its interval (few patients; it holds zero, so these do not tell), or with the
#   student's own numbers where they say something else.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 5 Groups of patients
#
# The decoder has done its work: it made the encoder learn. From here on we only need the embeddings.
#
# ### 5.1 Embeddings and clusters ({{points:clustering}})
#
# [k-means](https://scikit-learn.org/stable/modules/clustering.html#k-means) looks for *k* centers such that
# each point is as near as possible to one of them. It is given no labels. The [Calinski-Harabasz
# score](https://scikit-learn.org/stable/modules/clustering.html#calinski-harabasz-index) says how far apart
# the clusters are, compared with their width; higher is better.
#
# Your part:
#
# 1. `get_embeddings` collects the encoder's context of every patient, and the labels, batch by batch, into
#    two numpy arrays. Use `model.eval()` and `torch.no_grad()`, move each batch to `device` and the result
#    back to the CPU, and keep the order.
# 2. `get_clusters` sorts the patients into **two** clusters with `KMeans`, prints the
#    `calinski_harabasz_score` and names the result `labels`. Give `KMeans` a `random_state`, so that it finds
#    the same clusters each time.

# %% exercise=clustering include=get_embeddings,get_clusters points=15

# %% check=clustering
"""Embeddings come in order as arrays, and two clear groups are told apart."""

import contextlib
import io
import re


# A stand-in for your encoder: it counts each code in the real visits.
class CountingEncoder(nn.Module):
    def forward(self, x, masks):
        self.mode_when_called = "training" if self.training else "evaluation"
        return nn.functional.pad((x * masks.unsqueeze(-1)).sum(dim=1),
                                 (0, 128 - 105))


class StandIn(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = CountingEncoder()
        self.weight = nn.Parameter(torch.zeros(1))


x = (torch.rand(11, 3, 105) < 0.2).float()
masks = torch.ones(11, 3, dtype=torch.bool)
masks[::2, 2] = False
y = torch.arange(11) % 2 + 0.0
loader = DataLoader(list(zip(x, masks, y, strict=True)), batch_size=6)
stand_in = StandIn()
found, of_whom = parts_of("what get_embeddings gives",
                          get_embeddings(stand_in, loader),
                          "embeddings", "labels")
compare("type of the embeddings", type(found), np.ndarray,
        "NumPy arrays: .numpy() on the CPU, then np.concatenate.")
compare("type of the labels", type(of_whom), np.ndarray)
compare_shape("the embeddings", found, (11, 128), "All batches, end to end.")
compare_shape("the labels", of_whom, (11,), "All batches, end to end.")
compare("labels in order", of_whom.tolist(), y.tolist(),
        "The third thing in a batch, in the loader's order.")
compare("largest difference from model.encoder",
        np.abs(found[:, :105] - (x[:, :2].sum(1) + x[:, 2] * y[:, None]
                                 ).numpy()).max().item(), 0.0,
        "The encoder of the `model` that is given, with x and its masks.")
compare("mode of the encoder", stand_in.encoder.mode_when_called,
        "evaluation", "Call model.eval() first.")

# Two groups of 100 points, far apart in the last of five numbers.
points = np.random.default_rng(0).normal(size=(200, 5))
points[::2, 4] += 9
printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    groups = get_clusters(points)
compare_shape("the cluster labels", groups, (200,), "One for each patient.")
compare("different labels", sorted(set(groups.tolist())), [0, 1],
        "Two clusters, numbered as KMeans does.")
compare("clusters in the first group", len(set(groups[::2])), 1,
        "All numbers of the embeddings, as they are.")
compare("clusters in the second group", len(set(groups[1::2])), 1,
        "All numbers of the embeddings, as they are.")
score = calinski_harabasz_score(points, groups)
numbers = [
    float(number) for number in
    re.findall(r"\d+\.?\d*(?:e[+-]?\d+)?", printed.getvalue())
]
compare(f"Calinski-Harabasz score {score:.0f} among the printed {numbers}",
        any(abs(number / score - 1) < 0.01 for number in numbers), True,
        "Print calinski_harabasz_score of the embeddings and the labels.")
cloud = np.random.default_rng(1).normal(size=(200, 5))
with contextlib.redirect_stdout(io.StringIO()):
    again = [get_clusters(cloud).tolist() for _ in range(5)]
compare("the same clusters each time, where there are none",
        all(one == again[0] for one in again), True,
        "Give KMeans a random_state.")
print("Embeddings and clusters pass: in order, and two groups told apart.")

# %% [markdown]
# ### 5.2 Two clusters ({{points:guess_clusters}})
#
# Now the 200 validation patients, whom the model has never met. Of the two clusters, call one "with heart failure", such
# that as many patients as possible are in the one that fits. **Guess** how many of the 200 that will be. (By chance
# it would be a bit over 100. Any number from 100 to 200 earns the point.)

# %% exercise=guess_clusters include=guess_clusters points=1

# %% check=guess_clusters
"""A guess is a number of patients, of 200."""

compare_range("the guess", guess_clusters(), 100, 200,
              "Of 200 patients; with the better name, at least half fit.")
print("Your guess stands. It will be printed beside the result.")

# %% tags=["training"]
embeddings, labels = get_embeddings(seq2seq, val_loader)
cluster_labels = get_clusters(embeddings)


def fitting(groups, truth):
    """How many patients are in the one of two groups that fits."""
    agree = int((groups == truth).sum())
    return max(agree, len(truth) - agree)


agree = fitting(cluster_labels, labels)
print(f"in the cluster that fits: guessed {guess_clusters()},"
      f" found {agree} of {len(labels)}")

# %% [markdown]
# Nobody sees in 128 dimensions. [t-SNE](https://distill.pub/2016/misread-tsne/) draws the points in two, so
# that near neighbors stay neighbors; distances between far points mean little. We draw the same points three
# times: by heart failure, by your clusters, and by a thing that no real cohort could tell us. The
# synthetic patients were drawn from six *phenotypes*, kinds of patients, and `cohort.phenotypes` says which.
# No model has seen these. Each group has a color and a mark.

# %% tags=["plot"]
from sklearn.manifold import TSNE

from dlh.plots import scatter_panels

phenotypes = np.array(cohort.phenotypes)
val_phenotypes = phenotypes[val_dataset.indices]


def draw_patients(vectors, clusters, words):
    points = TSNE(
        init="pca", perplexity=20, random_state=SEED
    ).fit_transform(vectors)
    figure = scatter_panels(
        points,
        {
            "heart failure": labels,
            "cluster": clusters,
            "phenotype": val_phenotypes,
        },
        {
            "heart failure": ["without", "with"],
            "phenotype": cohort.phenotype_names,
        },
    )
    show(figure, words)


draw_patients(embeddings, cluster_labels,
              f"{len(embeddings)} patients as points, three times: by heart"
              f" failure, by your two clusters, of which {agree} patients"
              " are in the one that fits, and by phenotype.")
pd.crosstab(
    pd.Series(val_phenotypes, name="phenotype").map(
        dict(enumerate(cohort.phenotype_names))),
    pd.Series(cluster_labels, name="cluster"))

# %% [markdown]
# Nobody told the encoder of heart failure, nor of phenotypes. All the same the groups are not spread at random.
#
# But one training is one draw. Here are three more, from other seeds, all else as it was. After each epoch we note the
# F1 and the accuracy of the decoder alone, and the embeddings of all 1000 patients.

# %% tags=["training"]
everyone = DataLoader(dataset, batch_size=32, collate_fn=collate_fn)


def train_from(seed):
    """Train a model from a seed; F1, accuracy, embeddings by epoch."""
    torch.manual_seed(seed)
    random.seed(seed)
    loaders = load_data(train_dataset, val_dataset, collate_fn)
    model = Seq2Seq(Encoder(), Decoder(), teacher_forcing_ratio=0.5)
    model = model.to(device)
    seen = {"F1": [], "accuracy": [], "embeddings": []}

    def look(epoch, loss, f1):
        vectors, _ = get_embeddings(model, everyone)
        seen["embeddings"].append(torch.from_numpy(vectors))
        # No coin may be tossed here, or the training would go on otherwise.
        coins = random.getstate()
        model.teacher_forcing_ratio = 0.0
        f1, accuracy = evaluate(model, loaders[1])
        model.teacher_forcing_ratio = 0.5
        random.setstate(coins)
        seen["F1"].append(float(f1))
        seen["accuracy"].append(float(accuracy))

    def run():
        train(model, *loaders, EPOCHS, look)
        return seen

    return kept(model, run, seed, settings, get_embeddings)


runs = {seed: train_from(seed) for seed in SEEDS}

# %% tags=["plot"]
from dlh.plots import band_curves


def band_of(curves):
    """Mean, lowest and highest of the seeds, at each epoch."""
    curves = np.array(curves)
    return curves.mean(0), curves.min(0), curves.max(0)


figure = band_curves(
    {"F1": band_of([run["F1"] for run in runs.values()]),
     "accuracy": band_of([run["accuracy"] for run in runs.values()])},
    ylabel="validation patients",
    title="mean of three seeds, from the lowest to the highest")
last = {what: np.mean([run[what][-1] for run in runs.values()])
        for what in ("F1", "accuracy")}
show(figure, f"F1 and accuracy over {EPOCHS} epochs, with bands of"
     f" {len(runs)} seeds. In the mean, F1 ends at {last['F1']:.2f} and"
     f" accuracy at {last['accuracy']:.2f}.")
by_seed = {"our run": (f1_of(alone), embeddings)} | {
    f"seed {seed}": (run["F1"][-1],
                     run["embeddings"][-1].numpy()[val_dataset.indices])
    for seed, run in runs.items()}
two_clusters = {
    name: KMeans(2, n_init=10, random_state=0).fit_predict(vectors)
    for name, (_, vectors) in by_seed.items()}
seeds = pd.DataFrame({
    name: {"F1": f1, "in the cluster that fits":
           fitting(two_clusters[name], labels)}
    for name, (f1, _) in by_seed.items()}).T
seeds.round({"F1": 3})

# %% [markdown]
# ### Four runs, one F1 ({{points:clusters_reading}})
#
# What would you have written in a report, had you had your own run alone (`our run` in the table)? And what do you
# write now? The F1 of the four runs is nearly the same: what does it tell of their clusters?

# %% [markdown] written=clusters_reading points=1
# ### BEGIN SOLUTION
# From our run alone I would have written that the two clusters are those with and without heart failure, more or less: 172
# of 200 fit. Four runs say that this was luck. They go from 105, which is no better than chance, to 180 and more.
# All four have the same F1, about 0.7, so it tells nothing about what clusters will be found. The embeddings
# hold all that is needed to rebuild a record, in each run, but which difference between patients is the largest
# one, and so parts the two clusters, is another from run to run.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: from one run one would claim more (or less) than four support; the number is given with its spread over the
#   seeds.
# - 0.5 points: equal F1, different clusters: what the training is judged by does not say what k-means will find.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 5.3 How much, and what
#
# What else can be the largest difference between two embeddings? Look at one number of an embedding that
# we have not thought of, its length:

# %% tags=["plot"]
val_seqs = [seqs[index] for index in val_dataset.indices]
n_diagnoses = [np.mean([len(visit) for visit in visits])
               for visits in val_seqs]


def correlation_of(vectors):
    return np.corrcoef(np.linalg.norm(vectors, axis=1), n_diagnoses)[0, 1]


print("correlation of the length of an embedding with the number of"
      " diagnoses at a visit:")
for name, (_, of_run) in by_seed.items():
    print(f"  {name:8} {correlation_of(of_run):.2f}")

# %% [markdown]
# The encoder adds up patterns of codes, so the more codes, the longer the vector. The length says **how
# much** there is in a record, its direction says **what**. We are after kinds of patients, and k-means knows
# nothing but distances: in one run it parts long from short, in another it parts by what is in the record. So give all
# embeddings the length 1, and only the direction is left. (That is what
# *cosine similarity* does too.) And there are six kinds of patients, so ask for six clusters. Below, each cluster has
# the color and the mark of the phenotype that it shares most patients with.

# %% tags=["plot"]
from sklearn.preprocessing import normalize

from dlh.plots import match_groups

n_phenotypes = len(cohort.phenotype_names)
directions = normalize(embeddings)
six_clusters = KMeans(
    n_phenotypes, n_init=20, random_state=SEED
).fit_predict(directions)
six_clusters = match_groups(six_clusters, val_phenotypes)
as_phenotype = np.mean(six_clusters == val_phenotypes)
draw_patients(directions, six_clusters,
              "The same patients by direction, with six clusters in the"
              f" middle panel; {as_phenotype:.0%} of the patients are in the"
              " cluster of their phenotype.")
print(f"in the cluster of their phenotype: {as_phenotype:.0%}")

# %% [markdown]
# Compare the middle with the right: where the two agree, k-means has found by itself what the patients
# were drawn from.

# %% [markdown]
# ### 5.4 What does the autoencoder buy? ({{points:guess_baseline}})
#
# A picture is not a measurement. And a method is only as good as it is better than a simple one. The simple
# one here: count how often each patient has each of the 105 codes, and give these counts to k-means. A second
# rival is an encoder that was never trained, with random weights. All 1000 patients take part, since no label
# was ever used in training.
#
# Two scores compare clusters with a truth: the [normalized mutual
# information](https://scikit-learn.org/stable/modules/clustering.html#mutual-information-based-scores) (NMI)
# and the [adjusted Rand index](https://scikit-learn.org/stable/modules/clustering.html#adjusted-rand-score)
# (ARI). Both are 1 if clusters and truth are the same up to their names. ARI is 0 on average for clusters
# drawn at random, and NMI near 0. The Calinski-Harabasz score needs no truth. What is it worth without one?
#
# **Guess** by a letter: for six clusters and vectors of length one, how far is the trained encoder ahead of the counts, in
# NMI with the phenotypes? (Any of the four earns the point.)
#
# - a: by more than 0.1;
# - b: by 0.02 to 0.1;
# - c: not at all, they are within 0.02;
# - d: the counts are ahead by more than 0.02.

# %% exercise=guess_baseline include=guess_baseline points=1

# %% check=guess_baseline
"""A guess is one of the letters."""

compare_letter("guess_baseline()", guess_baseline(), "abcd")
print("Your guess stands.")

# %% tags=["plot"]
from sklearn.metrics import (
    adjusted_rand_score,
    normalized_mutual_info_score,
)

torch.manual_seed(SEED)
untrained = Seq2Seq(Encoder(), Decoder(), 0.5)
counts = np.concatenate([x.sum(dim=1).numpy() for x, _, _ in everyone])
vectors = {
    "code counts": counts,
    "untrained encoder": get_embeddings(untrained, everyone)[0],
    "trained encoder": get_embeddings(seq2seq, everyone)[0],
}

rows, groups_of = [], {}
for k in (2, n_phenotypes):
    for length in ("as it is", "one"):
        for name, points in vectors.items():
            points = normalize(points) if length == "one" else points
            groups = KMeans(
                k, n_init=20, random_state=SEED
            ).fit_predict(points)
            groups_of[k, length, name] = groups
            rows.append({
                "k": k,
                "length": length,
                "vectors": name,
                "Calinski-Harabasz": calinski_harabasz_score(points, groups),
                "NMI phenotype":
                    normalized_mutual_info_score(phenotypes, groups),
                "ARI phenotype": adjusted_rand_score(phenotypes, groups),
                "NMI heart failure":
                    normalized_mutual_info_score(hfs, groups),
                "ARI heart failure": adjusted_rand_score(hfs, groups),
            })
comparison = pd.DataFrame(rows).set_index(["k", "length", "vectors"])
comparison.round({"Calinski-Harabasz": 0}).round(2)

# %% [markdown]
# Before you read it: how far do such numbers go from seed to seed, and is a difference more than the luck of these
# patients? The first table has the other trainings, the second the bootstrap of differences, the same
# patients drawn for both.

# %% tags=["plot"]
def six_of(points):
    return KMeans(n_phenotypes, n_init=20,
                  random_state=SEED).fit_predict(points)


nmi_by_seed = pd.DataFrame({
    f"seed {seed}": {
        length: normalized_mutual_info_score(
            phenotypes, six_of(change(run["embeddings"][-1].numpy())))
        for length, change in (("as it is", lambda points: points),
                               ("one", normalize))}
    for seed, run in runs.items()})


def nmi_of(pairs):
    """The NMI of clusters and phenotypes, two columns."""
    return normalized_mutual_info_score(pairs[:, 1], pairs[:, 0])


def with_phenotypes(name):
    groups = groups_of[n_phenotypes, "one", name]
    return np.column_stack([groups, phenotypes])


differences = pd.DataFrame({
    f"trained encoder less {name}": dict(zip(
        ["NMI", "low", "high"],
        paired_bootstrap(nmi_of, with_phenotypes("trained encoder"),
                         with_phenotypes(name))))
    for name in ("code counts", "untrained encoder")}).T
print("six clusters, NMI with the phenotypes, trained from other seeds:")
print(nmi_by_seed.round(2).to_string())
print("\nsix clusters of length one, with an interval over patients:")
print(differences.round(3).to_string())

# %% [markdown]
# ### What was deep about it? ({{points:baseline_reading}})
#
# Stay with six clusters, and compare the counts with the trained encoder twice: as they are, and at length one. What would
# you have said of learning after the first comparison, and what do you say after the second? How sure is what is left of
# the lead?

# %% [markdown] written=baseline_reading points=1
# ### BEGIN SOLUTION
# As they are, the counts have an NMI of 0.20, and the trained encoder 0.78. Divided by their length, the counts have 0.77:
# most of what looked like deep learning was scaling. What is left is a lead of 0.05, 0.82 to 0.77. Its interval does
# not hold zero, and the other seeds are ahead, too (0.81 to 0.87). So the lead is real, for patients like these,
# and small.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: dividing by the length brings the counts from far behind to nearly level, without any learning.
# - 0.5 points: what is left, judged by the interval of the difference (and, or, by the seeds), in the student's own
#   numbers.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# There is a lesson in the other rows, too. The numbers are those of our run; yours may differ.
#
# - **The highest Calinski-Harabasz score**, 181, is that of the code counts in two clusters. Those
#   clusters are worthless: NMI 0.01. They part six patients with very many visits (10 to 30) from the other
#   994. The score says how well separated clusters are, not whether they mean anything, and it must never be
#   compared between different vectors.
# - **Six clusters, vectors as they are.** Here luck decides: the trained encoder has 0.78 in our run, and from 0.43 to
#   0.82 with the other seeds. Even untrained it has 0.71: attention *averages* over the visits, so a patient with many
#   of them is not far from everyone else.
# - **The untrained encoder** of length one stays at 0.72, below the other two. So training does add something to the
#   architecture.
# - **Heart failure.** Here the counts win, 0.73 to 0.40 in two clusters of length one, and even the untrained encoder
#   has 0.67. None of them had to find out who is ill: `DIAG_428` *is* heart failure. It stands in the records of 93% of
#   the patients with the label, and of less than 1% of the others, and counts and encoders read it alike. A score that
#   looks too good often has such a leak behind it. What the three scores compare is something else: two clusters follow
#   the coarsest difference between the vectors, and after our training that is less that of heart failure than before.

# %% [markdown]
# ### 5.5 Patients like this one
#
# Back to the question at the beginning. Here are the three nearest patients to the one whose visits you have
# read in section 1, by the angle between the embeddings, and the diagnoses they have in common.

# %% tags=["plot"]
def find_similar(points, count):
    """The nearest patients of each, by the angle between the vectors."""
    points = normalize(points)
    similarity = points @ points.T
    np.fill_diagonal(similarity, -1)
    return np.argsort(-similarity, axis=1)[:, :count]


def describe(index):
    heart = "with" if hfs[index] else "without"
    phenotype = cohort.phenotype_names[phenotypes[index]]
    return (f"patient {pids[index]}: {phenotype}, {heart} heart failure, "
            f"{len(seqs[index])} visits")


diagnoses = [
    {label for visit in visits for label in visit} for visits in seqs
]
print(describe(patient))
for index in find_similar(vectors["trained encoder"], 3)[patient]:
    print("\n" + describe(index))
    for label in sorted(diagnoses[patient] & diagnoses[index]):
        print("   ", cohort.meanings[rtypes[label]])

# %% [markdown]
# Is it so for everyone? Look at the five nearest patients of each. What share of them is of the same
# phenotype?

# %% tags=["plot"]
def same_kind(points):
    """For each patient, the share of the five nearest of their kind."""
    similar = find_similar(points, 5)
    return (phenotypes[similar] == phenotypes[:, None]).mean(axis=1)


shares = {name: same_kind(points) for name, points in vectors.items()}
by_chance = np.mean(phenotypes[:, None] == phenotypes)
for name, share in shares.items():
    print(f"{name:18} {share.mean():.1%}")
print(f"{'by chance':18} {by_chance:.1%}")
difference, low, high = paired_bootstrap(
    np.mean, shares["trained encoder"], shares["code counts"])
print("trained encoder less counts: "
      f"{difference:+.1%} ({low:+.1%} to {high:+.1%})")

# %% [markdown]
# Far more than by chance, for all three. But in our run the simple counts were ahead of the autoencoder here, by two
# points. Whether an embedding is good depends on what you want to do with it; so measure that.
#
# ### 5.6 A longer training ({{points:guess_longer}})
#
# We have judged the training by its F1. But the F1 was never what we wanted. From epoch 5 to the last, the F1 rose by 0.1 or
# more. **Guess** by a letter what the share of neighbors of the same kind did meanwhile, in the mean of the other
# three seeds. (Any of the three earns the point.)
#
# - a: it rose, too, by more than 2 points in a hundred;
# - b: it stayed where it was, within 2 points;
# - c: it fell by more than 2 points.

# %% exercise=guess_longer include=guess_longer points=1

# %% check=guess_longer
"""A guess is one of the letters."""

compare_letter("guess_longer()", guess_longer(), "abc")
print("Your guess stands.")

# %% tags=["plot"]
neighbors = np.array([
    [same_kind(points.numpy()).mean() for points in run["embeddings"]]
    for run in runs.values()])
figure = band_curves(
    {"of the same kind, of five neighbors": band_of(neighbors),
     "F1 on validation patients": band_of(
         [run["F1"] for run in runs.values()])},
    title="mean of three seeds, from the lowest to the highest",
    levels={"neighbors by code counts": shares["code counts"].mean()})
mean = neighbors.mean(0)
show(figure, "The share of neighbors of the same kind, a level for that of"
     f" the code counts, and the F1, over {EPOCHS} epochs. In the mean the"
     f" share is highest in epoch {mean.argmax() + 1}, {mean.max():.2f}, and"
     f" {mean[-1]:.2f} at the end.")
epochs = [epoch for epoch in (1, 2, 5, EPOCHS) if epoch <= EPOCHS]
pd.DataFrame(
    {f"epoch {epoch}": {
        "of the same kind": mean[epoch - 1],
        "F1": np.mean([run["F1"][epoch - 1] for run in runs.values()])}
     for epoch in epochs}).round(3)

# %% [markdown]
# ### When is it best? ({{points:longer_reading}})
#
# When is the embedding best for finding patients like this one, and how good is the reconstruction then? Why do the two
# not go together? And how would you choose the number of epochs in a hospital, where nobody knows the
# phenotypes?

# %% [markdown] written=longer_reading points=1
# ### BEGIN SOLUTION
# The neighbors are best after the second epoch, 93% of the same kind, when the F1 is below 0.4; at the end 83% are, with an
# F1 of nearly 0.7. First the encoder learns what many patients have in common, and that is their kind. To rebuild a
# record ever better, it must keep what tells one patient from another, and two of a kind drift apart. The F1 cannot
# tell when to stop, since it measures another thing. In a hospital I would have doctors say, for some pairs of
# patients, whether they are alike, and choose the epoch by that (or by a task for which the neighbors are used, such as
# what became of them).
#
# ### BEGIN MARK SCHEME
# - 0.5 points: best after few epochs, with the student's own numbers, and a reason: to rebuild asks for what tells patients
#   apart, likeness for what they share.
# - 0.5 points: a way to choose that measures what is wanted, without phenotypes: judged pairs, an outcome, another task. "By
#   the F1" or "by the Calinski-Harabasz score" is none.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# **If you like**, set `EPOCHS = 100` at the top and run the notebook again, which takes some minutes. Guess first: do the
# neighbors come back? Does the accuracy get anywhere? And who needs the teacher then, in 4.6?

# %% [markdown]
# ## 6 What to take away
#
# - An autoencoder turns records of any length into vectors of one length, without any label. To rebuild is a
#   means; the vector is the end.
# - Padding must never count. You have kept it out in two places: in the attention and in the loss.
# - Teacher forcing helps a decoder to learn. Check that it can do without.
# - Clusters are only as good as the distance behind them. Here the length of a vector mattered as much as the
#   model.
# - Compare with something simple, and with a truth if you have one. Be suspicious of a score that needs none.
# - One training is one draw. What holds for one seed and not for the next is no result.
# - What a network is trained for is seldom what you want it for. Measure what you want.
#
# **What this does not show.** The patients are synthetic. Six phenotypes are in there because we put them
# there; in a real hospital nobody knows how many kinds of patients there are, and many patients are of two
# kinds or of none. Codes are written down for billing, too, so real records have habits and gaps that ours
# lack. Nothing here is evidence about any disease.
#
# **Where to go from here.** With access to MIMIC-III, put `ADMISSIONS.csv`, `DIAGNOSES_ICD.csv`, and
# `D_ICD_DIAGNOSES.csv` into one folder, and replace `ehr.load_cohort()` by `ehr.load_mimic3("that/folder")`.
# The rest of the notebook needs two changes: the number of frequent codes is not 105 any more, and nobody can
# tell you the phenotypes. Other things to try: fewer than 128 numbers, codes left out of the input at random
# so that the model must guess them (a *denoising* autoencoder), or a prediction from the embedding: which
# patients will come back?
#
# **Further reading**
#
# - [Sequence to sequence learning](https://arxiv.org/abs/1409.3215) (Sutskever and others, 2014): the
#   paper that gave such models their name, for translation; teacher forcing is in it without the word.
# - [Deep Patient](https://doi.org/10.1038/srep26094) (Miotto and others, 2016): autoencoders on the
#   records of 700 000 real patients, judged by the diseases that they foretell.
# - [MIMIC-III](https://doi.org/10.1038/sdata.2016.35) (Johnson and others, 2016): how the database was
#   made, what was taken out of it to protect its patients, and what is in it.

# %% [markdown]
# Before you hand in, restart the kernel and run all cells. The last one then says how far each exercise is.

# %% tags=["plot"]
hint.summary()
