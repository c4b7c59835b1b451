# %% [markdown]
# # Does it read "denies"? A Transformer for clinical notes
#
# **You learn**
#
# - to write a Transformer encoder: positions, attention with several heads, blocks, a classifier;
# - to keep padding out of all of it;
# - to judge a model on the cases that a claim is about, and beside what comes free;
# - to find a cause by an ablation, with several seeds.
#
# **You need** PyTorch's tensors, `view` and `transpose`, `nn.Module`, and the loop that trains a network;
# softmax; precision and recall. No medicine.
#
# **It takes** about six hours, by our estimate, of which the computer needs five minutes.
# By section, in minutes: 1 The notes **15** · 2 Before you train **45** · 3 The model **150** · 4 The
# published recipe **40** · 5 What is missing? **65** · 6 Repaired **15** · 7 What do the heads look at?
# **15** · 8 Other ways to say no **10** · 9 Summary **5**.
#
# **How hard it is:** 4 of 5. The hardest part is 3.2.
#
# Which skill comes back in which notebook is on the [course map](docs/course_map.md); what a word means
# here, in the [glossary](docs/glossary.md).
#
# *"Patient denies chest pain."* Two of these four words speak of the heart, and yet there is nothing wrong with
# it. Much of what stands in a clinical note is there to say what was **not** found. Whoever turns notes into
# diagnostic codes, for bills, for statistics, for research, must notice, or a hospital fills up with patients
# who have what they denied.
#
# In this assignment you build a **Transformer encoder** from scratch, following
# [Attention is all you need](https://arxiv.org/abs/1706.03762) (Vaswani and others, 2017), and train it to read
# notes. The recipe to train it is a published one, and so is a claim that came with it: that self-attention
# models *negation patterns* directly, and beats networks that read word by word.
#
# That is a claim, so you will test it: on the very cases that it is about, beside what comes free, and by taking
# the model apart, one piece at a time. What comes out, you will see; and where it is not what you expected, find
# out **why**.

# %% install=dlh
# Where you are stuck, `hint("attention")` in a cell of your own says where to
# look again.
from dlh.guide import guide

hint = guide("clinical_notes")

# %% tags=["plot"]
from dlh.plots import draw_transformer

figure = draw_transformer()

# %% [markdown]
# From left to right: every word becomes a vector, and so does its place in the note. In a block, every word looks
# at every other word and takes from each as much as **attention** says; then a small network works on each word by
# itself. At the end stands the mean over the words, and a verdict on each of four diagnoses.
#
# | | exercise | |
# | --- | --- | --- |
# | 2.1 | how to judge it | {{points:evaluation}} |
# | 2.2 | what comes free, foretold and read | {{points:free_scores}}, {{points:blindness}} |
# | 3.1 | positions | {{points:positions}} |
# | 3.2 | attention | {{points:attention}} |
# | 3.3 | a softmax that is too sure, foretold and read | {{points:weight_and_slope}}, {{points:stuck}} |
# | 3.4 | a block | {{points:block}} |
# | 3.5 | the classifier | {{points:classifier}} |
# | 4.1 | training | {{points:training}} |
# | 4.2 | the run, guessed and read | {{points:guess_published}}, {{points:published_reading}} |
# | 5.1 | taking parts away | {{points:ablation}} |
# | 5.2 | without positions, guessed and read | {{points:guess_positions}}, {{points:positions_reading}} |
# | 5.4 | two causes, guessed and read | {{points:guess_cause}}, {{points:causes_reading}} |
# | 6.2 | word by word, guessed and read | {{points:guess_gru}}, {{points:claim_reading}} |
# | 7.2 | another word for the cue, guessed and read | {{points:guess_cue}}, {{points:cue_reading}} |
# | 8 | new cues, guessed and read | {{points:guess_unknown}}, {{points:bedside}} |
# | | **together** | **{{points}}** |
#
# ### How it works
#
# - Write your code where it says `# your code here`, in place of the line below it that raises
#   `NotImplementedError`. Leave names and arguments as they are.
# - A cell of checks follows each exercise. It prints what it expected and what it got, stops at the first
#   difference, and says in its last line what has passed.
# - Where a cell needs an exercise that you have not finished, it says which one. Are you stuck? In a cell of your
#   own, `hint("3.2")` or `hint(MultiHeadSelfAttention)` says where to look again; called again, it says more. That
#   costs nothing.
# - After you hand in, more checks run, on other data. The points of an exercise are shared out over several of
#   them, so that a part that is right earns its part. An exercise that builds on an earlier one is judged on
#   its own: one mistake costs you once.
# - **Before a result** you say what you expect. Where the text says *foretell*, you can work it out: it counts
#   whether it is right. Where it says *guess*, nobody can know: any answer that could be right earns the point, for
#   standing there before you ran the cell. So leave it as it was, most of all where it was wrong.
# - **After a result** you say in two or three sentences what it means. A person reads that. Take the numbers from
#   your own run; to have guessed wrong costs nothing here, either.
# - *From scratch* means: with `nn.Linear`, `nn.LayerNorm`, `nn.Dropout`, `nn.Embedding` and what torch offers for
#   tensors, but without its ready-made attention and Transformers. (The checks compare yours with those.)
# - The cells that train models and draw figures are for you. They do not run when your work is graded. The whole
#   notebook takes less than five minutes on a laptop. If you have a GPU, it is used.

# %%
import math

import numpy as np
import torch
from sklearn.metrics import f1_score
from torch import nn

from dlh.checks import compare, compare_letter, compare_range
from dlh.data import notes

# The same random numbers, and so much the same results, at every run.
SEED = 42
PAD = notes.PAD

device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# On one core the results are the same however many your machine has, and
# networks this small would gain next to nothing from more.
torch.set_num_threads(1)

# %% [markdown]
# What takes time is set here. What has been trained is kept in a folder on your machine: as long as nothing that it
# depends on has changed, your code included, the same training is not done twice. So after a restart you can go on
# where you stopped: run the notebook up to there, which then is quick.

# %% tags=["training"]
PUBLISHED_EPOCHS = 25
NOTES, EPOCHS = 20_000, 3
ABLATION_NOTES, ABLATION_EPOCHS, ABLATION_SEEDS = 2_500, 4, [0, 1, 2]

# %% [markdown]
# ## 1 The notes
#
# Real notes are full of what identifies their patients, and cannot be handed out. Ours are made by a small program.
# It knows 95 words: terms of four groups of diagnoses, words that negate, and words that mean nothing here. A note
# has one to three findings, one after the other. Each finding is a few general words, some terms of its diagnosis, and
# general words again; **one in five begins with a word that negates it**. The labels are the diagnoses that are found:
# mentioned, and not negated. Here is the program; `NEGATED_SHARE` is 0.2.

# %% tags=["plot"]
import inspect

print(inspect.getsource(notes.generate_clinical_note))

# %% tags=["plot"]
from matplotlib import pyplot as plt

from dlh.plots import draw_notes, show

tokens, labels = notes.generate_notes(2600, seed=SEED)
groups = dict(zip(notes.CODE_NAMES, notes.TERM_GROUPS, strict=True))
examples = []
for i in (0, 3, 5):
    found = [name for name, label in zip(groups, labels[i]) if label]
    examples.append((notes.words_of(tokens[i]), "found: " + ", ".join(found)))
show(draw_notes(examples, groups, notes.CUES),
     "Three notes; each group's terms have a color, the negating words are"
     " white on black.")

# %% [markdown]
# They are no English, but the riddle is the real one. The same word "denies" stands in one note before the lungs and
# in another before the heart, and only its **place** tells what it denies. A list of the words in the note does not
# tell.
#
# With seed 42 we get the published notes, to the word: 2000 to train on, 300 to validate, 300 to test. 300 notes have
# only some 120 negated findings, too few to measure by, so we test on 2000 other notes.

# %% tags=["training"]
train, val, published_test = (
    (tokens[part], labels[part])
    for part in (slice(2000), slice(2000, 2300), slice(2300, None))
)
test = notes.generate_notes(2000, seed=SEED + 1)
mentioned = notes.mentioned_diagnoses(test[0]).numpy()
negated = mentioned & (test[1].numpy() == 0)
print("vocabulary:", len(notes.VOCAB), "words")
print("training notes:", tuple(train[0].shape), "padded with", notes.PAD)
print("words of a note:", int((test[0] != PAD).sum(1).min()), "to",
      int((test[0] != PAD).sum(1).max()))
print(f"mentioned diagnoses in the test notes: {mentioned.sum()},"
      f" of them negated: {negated.sum()}")

# %% [markdown]
# Know your labels before you train on them. How often is each diagnosis found, and how often mentioned but negated? How
# many are found in a note?

# %% tags=["plot"]
from dlh.plots import draw_labels

train_mentioned = notes.mentioned_diagnoses(train[0]).numpy()
show(draw_labels(train[1].numpy(), train_mentioned, notes.CODE_NAMES),
     "Left, for each diagnosis the training notes that find it and, much"
     " fewer, those that negate it; right, how many notes find 0 to 3.")

# %% [markdown]
# The four diagnoses are equally frequent: each is found in four notes of ten and negated in one of ten. So no diagnosis
# is harder for being rare, and micro and macro F1 will hardly differ. And one note in twelve finds nothing at all,
# although something is mentioned in every one.
#
# A `NoteLoader` gives batches of notes, cut to the longest note of the batch. It can do so because your model will
# not care how much padding follows a note, and it saves a third of the time.

# %% tags=["training"]
val_loader = notes.NoteLoader(*val, batch_size=256)
test_loader = notes.NoteLoader(*test, batch_size=256)

# %% [markdown]
# ## 2 Before you train: how will you judge?
#
# ### 2.1 Three scores ({{points:evaluation}})
#
# A model gives a *logit* for each diagnosis of a note. Its sigmoid is a probability, and above one half means: found.
# A note can have several diagnoses, so each of the four is a question of its own.
#
# **F1** is the usual score for this. It weighs how many of the verdicts "found" are right (precision) and how many
# diagnoses were found (recall): $F_1 = \frac{2\,TP}{2\,TP + FP + FN}$. For several diagnoses there are two ways:
#
# - **micro**: count $TP$, $FP$ and $FN$ over all notes and diagnoses, then compute one F1;
# - **macro**: compute the F1 of each diagnosis, then take the mean.
#
# But would F1 tell us whether a model heeds "denies"? Four findings in five are not negated. So look at the **slice**
# that is our question: of all diagnoses that a note *mentions*, those that are *negated*.
#
# - **accuracy** on negated mentions: the share of them that the model does not predict. Beware: a model that never
#   finds anything gets 1.
# - so we also take the **F1** of the verdict *"this mention is negated"*: among all mentions, those with label 0 are
#   to be found, and those that the model does not predict are found.
#
# By hand: five mentions, with labels 0, 0, 0, 1, 1 and probabilities 0.2, 0.5, 0.9, 0.4, 0.3. Two of the three negated
# ones are held back (0.5 is not *above* one half): accuracy 0.667. Held back are four in all. Two of these four are
# right (precision 1/2), and two of the three negated ones are among them (recall 2/3): $TP$, $FP$, and $FN$ are 2, 2,
# and 1, and F1 is 4/7, or 0.571.
#
# Your part:
#
# 1. `predict`: evaluation mode (or dropout goes on), no gradients; for each batch, move the tokens to `device`, and
#    append the labels to `truth` and the probabilities to `probs`, as numpy arrays (`.cpu().numpy()`).
# 2. `f1_scores`: `per_class`, `micro` and `macro`, by `f1_score` with `average=None`, `"micro"`, `"macro"`. Say
#    `zero_division=0`, so that a diagnosis that never occurs and is never predicted counts 0, without a warning.
# 3. `negation_scores`: `accuracy` and `f1`. Index an array with the boolean array `mentioned` to keep the mentions.
#
# `per_class` is an array; `micro`, `macro`, `accuracy`, and `f1` are single numbers, of Python or of numpy.

# %% exercise=evaluation include=predict,f1_scores,negation_scores points=10

# %% check=evaluation
"""Probabilities come in order, and are judged, also on negated mentions."""


# A stand-in for your model: the logits are the first two tokens, less 3.
class FirstTokens(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.dropout = nn.Dropout(0.5)
        self.with_gradients = False

    def forward(self, x):
        logits = self.dropout((x[:, :2] - 3) * self.weight)
        self.with_gradients |= logits.requires_grad
        return logits, []


stand_in = FirstTokens()
batches = [(torch.tensor([[1, 6], [5, 2]]), torch.tensor([[0.0, 1], [1, 1]])),
           (torch.tensor([[4, 0]]), torch.tensor([[0.0, 0]]))]
truth, probs = predict(stand_in, batches)
compare("types", (type(truth), type(probs)), (np.ndarray, np.ndarray))
compare("shape of the labels, of three notes", truth.shape, (3, 2))
compare("probabilities, in order", probs,
        np.array([[0.1192, 0.9526], [0.8808, 0.2689], [0.7311, 0.0474]]),
        "The sigmoid of the logits, in evaluation mode.")
compare("labels", truth.tolist(), [[0, 1], [1, 1], [0, 0]])
compare("gradients kept", stand_in.with_gradients, False,
        "Use torch.no_grad().")

# Four notes, three diagnoses: of the first, two are found and one is missed;
# of the second, one is found and one a false alarm; the third never occurs.
truth = np.array([[1.0, 1, 0], [1, 0, 0], [1, 0, 0], [0, 0, 0]])
probs = np.array([[0.9, 0.8, 0.1], [0.5, 0.2, 0.1], [0.7, 0.6, 0.2],
                  [0.4, 0.1, 0.3]])
per_class, micro, macro = f1_scores(truth, probs)
compare("F1 of the three diagnoses: 4 / 5, 2 / 3 and 0", per_class,
        np.array([0.8, 0.6667, 0]), "Found means above one half.")
compare("micro F1: 6 / (6 + 1 + 1)", float(micro), 0.75,
        "0.489 is the macro F1.")
compare("macro F1", float(macro), 0.4889, "The mean over all three.")

# The example above, in two notes; of the first, one is not mentioned.
accuracy, f1 = negation_scores(
    np.array([[0.0, 0, 0], [0, 1, 1]]),
    np.array([[0.2, 0.5, 0.8], [0.9, 0.4, 0.3]]),
    np.array([[True, True, False], [True, True, True]]),
)
compare("accuracy on negated mentions, the example", float(accuracy), 0.6667,
        "Look at mentioned diagnoses only, and of these at label 0.")
compare("F1 of negation, the example", float(f1), 0.5714,
        "To be found are the negated; found are those held back.")
print("The scores pass: probabilities in order, judged in three ways.")

# %% [markdown]
# ### 2.2 What comes free ({{points:free_scores}})
#
# Before any network: how far does one get without reading? Two answers that know nothing of order:
#
# - *all that is mentioned*: predict a diagnosis when any of its terms stands in the note;
# - a *bag of words*: a logistic regression for each diagnosis on how often each word of the vocabulary occurs. It
#   knows that a "denies" stands somewhere, but not before what.
#
# **Foretell** the scores of the first, before you measure them: nothing has to be trained for that. If a share
# `negated` of all mentions is negated, what are its micro F1, its accuracy on negated mentions, and its F1 of
# negation? Ask of what it predicts, how much is right, and of what is to be found, how much it predicts. (The answer
# counts if it is right; the first score brings one point, the other two together another.)

# %% exercise=free_scores include=free_scores points=2

# %% check=free_scores
"""The scores of an answer that does not read follow from one number."""

micro, accuracy, f1 = free_scores(0.4)
compare("micro F1 where four mentions of ten are negated", float(micro),
        0.75, "Of what it predicts, six of ten are right. And the recall?")
compare("all three are between 0 and 1",
        all(0 <= score <= 1 for score in (micro, accuracy, f1)), True)
print("The micro F1 is right for four of ten. The rest is taken down, and"
      " counts if it is right: the next cell shows it.")

# %% tags=["training"]
import pandas as pd
from sklearn.linear_model import LogisticRegression

results = {}


def report(name, truth, probs, parameters=None, seconds=None):
    """Keep the scores of a model on the test notes, and show all so far."""
    _, micro, macro = f1_scores(truth, probs)
    accuracy, f1 = negation_scores(truth, probs, mentioned)
    results[name] = {
        "micro F1": micro, "macro F1": macro,
        "accuracy on negated": accuracy, "F1 of negation": f1,
        "parameters": parameters, "seconds": seconds,
    }
    return pd.DataFrame(results).T.astype(float).round(3)


def count_words(tokens):
    """How often each word of the vocabulary stands in each note."""
    counts = torch.zeros(len(tokens), len(notes.VOCAB))
    counts.scatter_add_(1, tokens, torch.ones(tokens.shape))
    return counts[:, 1:].numpy()  # without the padding


report("all that is mentioned", test[1].numpy(), mentioned.astype(float))
bag_of_words = [
    LogisticRegression(max_iter=1000).fit(count_words(train[0]), label)
    for label in train[1].numpy().T
]
bag_probs = np.stack(
    [model.predict_proba(count_words(test[0]))[:, 1]
     for model in bag_of_words], axis=1,
)
table = report("bag of words", test[1].numpy(), bag_probs)
foretold = free_scores(negated.sum() / mentioned.sum())
print("foretold of all that is mentioned: micro F1 {:.3f},"
      " accuracy on negated {:.3f}, F1 of negation {:.3f}".format(*foretold))
table

# %% [markdown]
# Remember the first two columns. **Nearly 0.9 comes free**, from answers that cannot read. A network that reports an F1
# of 0.9 on these notes has shown nothing at all.
#
# ### What a bag of words makes of "denies" ({{points:blindness}})
#
# The bag of words is given every "denies", and has learned from 2000 notes. What does it gain by that, in micro F1 and
# on the negated mentions? How can both be?

# %% [markdown] written=blindness points=1
# ### BEGIN SOLUTION
# In micro F1 it gains nothing: 0.887, where the answer that does not read at all has 0.890. And yet it holds back half
# of the negated mentions, 0.53 against none. Both are true because it pays for them: a cue anywhere in the note
# makes it doubt every diagnosis in it, so it also holds back a tenth of those that are found (its F1 of negation is
# 0.54). It knows that something is negated, and not what.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: both, with numbers of the student's own table: none in micro F1, about half of the negated mentions
#   held back.
# - 0.5 points: a count tells that something is negated, not what, so that what is found is held back as well.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 3 The model
#
# ### 3.1 Positions ({{points:positions}})
#
# Attention, as you will see, treats a note as a heap of words. To know their order, each word is told its place: a
# vector of length $d$ (`d_model`) for the position $p$ is **added** to the vector of the word. The paper makes it of
# sines and cosines of ever lower frequency:
#
# $$ PE_{p,\,2i} = \sin\!\left(p \,/\, 10000^{2i/d}\right), \qquad
#    PE_{p,\,2i+1} = \cos\!\left(p \,/\, 10000^{2i/d}\right) $$
#
# Think of clocks. The first pair of numbers is the hand of a fast clock, the last that of one so slow that it hardly
# moves. Together they tell the time $p$. And from any $p$ to $p + 3$, every hand turns by the same angle, wherever
# it stood: that is how "three words before me" can be learned once, for all places.
#
# Your part:
#
# 1. In `__init__`, the table `pe`, (max_len, d_model): even columns sines, odd columns cosines. (The line below
#    yours keeps it as a buffer of shape (1, max_len, d_model).)
# 2. In `forward`, add the first rows of it, as many as there are words.

# %% exercise=positions include=SinusoidalPositionalEncoding points=7

# %% check=positions
"""Each position has its sines and cosines, which are added to the words."""

positions = SinusoidalPositionalEncoding(4, max_len=7)
encoded = positions(torch.zeros(2, 5, 4))
compare("shape for 5 words of at most 7", encoded.shape, (2, 5, 4),
        "Add the positions of five words to x, and return the sum.")
compare("position 0", encoded[0, 0], torch.tensor([0.0, 1, 0, 1]),
        "Sines and cosines take turns: columns 0, 2, ... and 1, 3, ...")
compare("position 1", encoded[1, 1],
        torch.tensor([0.8415, 0.5403, 0.0100, 0.9999]),
        "sin(1), cos(1), sin(1 / 100), cos(1 / 100)")
compare("position 4", encoded[1, 4],
        torch.tensor([-0.7568, -0.6536, 0.0400, 0.9992]))
compare("added to the words", positions(torch.full((1, 5, 4), 9.0))[0, 0],
        torch.tensor([9.0, 10, 9, 10]))
compare("weights to learn", len(list(positions.parameters())), 0)
print("The positions pass: sines and cosines, added to the words.")

# %% tags=["plot"]
places = SinusoidalPositionalEncoding(128, 64)(torch.zeros(1, 64, 128))[0]
figure, (left, right) = plt.subplots(
    1, 2, figsize=(11, 3.2), layout="constrained", width_ratios=[2, 1]
)
image = left.imshow(places, aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
left.set(title="the vectors of 64 positions", xlabel="dimension",
         ylabel="position")
figure.colorbar(image, ax=left)
for position in (10, 30):
    right.plot(np.arange(64) - position, places @ places[position],
               linestyle={10: "-", 30: ":"}[position], linewidth=2,
               label=f"position {position}")
right.set(title="products of two positions",
          xlabel="how many words further on", xlim=(-30, 30))
right.legend(frameon=False)
right.spines[["top", "right"]].set_visible(False)
show(figure, "Left, the vectors of 64 positions: waves that become slower"
     " from dimension to dimension. Right, products of two of them: the same"
     " curve for positions 10 and 30, highest at a distance of 0.")

# %% [markdown]
# On the right: the product of two positions' vectors depends on the distance only, and is the same for positions 10
# and 30. Attention is made of such products.
#
# ### 3.2 Attention ({{points:attention}})
#
# Every word $x_i$ asks a question, and every word offers an answer to it. Three matrices make a **query** $q_i$, a
# **key** $k_i$ and a **value** $v_i$ of it. How well question and key match is the score; the softmax over all words
# $j$ makes weights of the scores; and word $i$ receives the values, each as much as its weight says:
#
# $$ A = \mathrm{softmax}\!\left(\frac{Q K^\top}{\sqrt{d_k}}\right), \qquad \text{context} = A\,V $$
#
# "cough" may ask *does anybody negate me?*, "denies" has the key to that, and its value says *I do*.
#
# **Several heads.** One question is not enough. So the $d$ numbers of queries, keys and values are cut into
# `num_heads` pieces of $d_k = d\,/\,$`num_heads` numbers, each head attends with its own piece, and at the end the
# heads' contexts stand side by side again and pass a last matrix, `W_o`. The cutting is a matter of shapes:
#
# ```
# W_q(x)       (batch, length, d_model)
# .view        (batch, length, num_heads, d_k)      cut the last axis
# .transpose   (batch, num_heads, length, d_k)      heads before words: now @ works in each head by itself
# ```
#
# On the way back, swap first and join then. (A `view` straight to the shape that you want also runs, and mixes up
# words and heads. Why?)
#
# **The scale.** A product of two vectors of $d_k$ random numbers grows like $\sqrt{d_k}$. Large scores make the
# softmax pick one word and ignore the rest, and where it is so sure, hardly any gradient comes back. Hence the
# division. Use `self.scale`, which is $1/\sqrt{d_k}$: in section 5 you will switch it off to see.
#
# **Padding.** Notes are filled up with padding to the same length. Nobody must look at it. The `mask` is False
# there, and has shape (batch, 1, 1, length), so that it fits the scores of all heads and all looking words. Set those
# scores to a very low number **before** the softmax. (With $-\infty$, a note that is all padding gives
# $0/0$, "not a number", and that spreads. The lowest finite number, `torch.finfo(scores.dtype).min`, is safe.)
#
# Your part:
#
# 1. Four linear layers, `W_q`, `W_k`, `W_v`, `W_o`, from d_model to d_model, and `dropout`.
# 2. Queries, keys and values, each (batch, num_heads, length, d_k).
# 3. Scores, scaled and masked; `attn_weights`, their softmax, with dropout upon it; the context.
# 4. `out`: the heads joined, and through `W_o`.
#
# (In training, `attn_weights` may come back before or after the dropout; what counts is that the context is made of
# those after it. In evaluation mode it is the same.)

# %% exercise=attention include=MultiHeadSelfAttention points=20

# %% check=attention
"""Attention is what torch's own gives, and padding gets none of it."""

torch.manual_seed(SEED)
attention = MultiHeadSelfAttention(12, 3).eval()
x = torch.randn(2, 5, 12)
out, attn_weights = attention(x)
compare("shape of out", out.shape, (2, 5, 12))
compare("shape of the weights", attn_weights.shape, (2, 3, 5, 5),
        "Heads before words, when you have cut the last axis.")
compare("largest difference of a word's sum from one",
        (attn_weights.sum(-1) - 1).abs().max().item(), 0.0,
        "Softmax over the words looked at, the last axis.")

# torch keeps the first three matrices in one.
torchs_own = nn.MultiheadAttention(12, 3, batch_first=True).eval()
torchs_own.load_state_dict({
    "in_proj_weight": torch.cat([attention.W_q.weight, attention.W_k.weight,
                                 attention.W_v.weight]),
    "in_proj_bias": torch.cat([attention.W_q.bias, attention.W_k.bias,
                               attention.W_v.bias]),
    "out_proj.weight": attention.W_o.weight,
    "out_proj.bias": attention.W_o.bias,
})
their_out, their_weights = torchs_own(x, x, x, average_attn_weights=False)
compare("difference to torch's weights",
        (attn_weights - their_weights).abs().max().item(), 0.0,
        "Heads before words; queries times keys, times self.scale.")
compare("difference to torch's out",
        (out - their_out).abs().max().item(), 0.0,
        "Swap words and heads back before you join the heads; W_o last.")

mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])[:, None, None]
out, attn_weights = attention(x, mask)
compare("attention to the padding of note 1",
        attn_weights[1, :, :, 2:].sum().item(), 0.0,
        "Where the mask is False, lower the scores, before the softmax.")
compare("largest difference of a word's sum from one, with a mask",
        (attn_weights.sum(-1) - 1).abs().max().item(), 0.0,
        "Mask the scores before the softmax, not the weights after it.")
compare("a note of nothing but padding is finite",
        bool(attention(x, mask & False)[0].isfinite().all()), True,
        "-inf everywhere gives 0 / 0: torch.finfo(scores.dtype).min")
compare("attention to the padding among scores hundreds of times as large",
        attention(20 * x, mask)[1][1, :, :, 2:].sum().item(), 0.0,
        "-10 is not low enough: torch.finfo(scores.dtype).min")
attention.scale = 0
compare("at a scale of 0, largest difference of the weights from 1/5",
        (attention(x)[1] - 0.2).abs().max().item(), 0.0, "Use self.scale.")

# In training, weights drop out. If all values are 1, the four numbers of a
# head are the sum of the weights that are left, and so the same.
attention = MultiHeadSelfAttention(12, 3, dropout=0.5).train()
with torch.inference_mode():
    attention.W_v.weight.zero_()
    attention.W_v.bias.fill_(1)
    attention.W_o.weight.copy_(torch.eye(12))
    attention.W_o.bias.zero_()
    heads = attention(x)[0].reshape(2, 5, 3, 4)
compare("the sums are no longer one", bool((heads - 1).abs().max() > 0.1),
        True, "Is there a dropout on the weights?")
compare("difference of the numbers of a head",
        (heads - heads[..., :1]).abs().max().item(), 0.0,
        "Put the dropout between softmax and values, and nowhere else.")
attention = MultiHeadSelfAttention(12, 3, dropout=1.0).train()
compare("at a dropout of 1, difference of out from the bias of W_o",
        (attention(x)[0] - attention.W_o.bias).abs().max().item(), 0.0,
        "Make the dropout with the share that __init__ is given.")
print("Attention passes: as torch's own, and padding gets none of it.")

# %% [markdown]
# Swap two words of a note, and their results are swapped, and nothing else happens: without positions, attention is
# blind to order. That is why "denies" needs 3.1.
#
# ### 3.3 A softmax that is too sure ({{points:weight_and_slope}})
#
# What was the scale for? Take the smallest case: a word looks at two words, and the first one's score is above the
# second's by `gap`. **Foretell** the weight that the first one gets, and its *slope*: by how much that weight rises,
# per unit, when the first one's score rises a little (the derivative). The slope is what a gradient has to pass.
#
# (The answer counts if it is right: one point for the weight, one for the slope.)

# %% exercise=weight_and_slope include=weight_and_slope points=2

# %% check=weight_and_slope
"""Two words share the weight; the slope tells how it can still change."""

compare("equal scores: the weight", float(weight_and_slope(0)[0]), 0.5,
        "The softmax of the scores `gap` and 0: both are below the line.")
compare("equal scores: the slope", float(weight_and_slope(0)[1]), 0.25,
        "The derivative of 1 / (1 + exp(-gap)).")
compare("a gap of 1: the weight", float(weight_and_slope(1)[0]), 0.7311,
        "The softmax of the scores 1 and 0.")
print("Foretold: of gaps of 0 and 1. Now see what a gap of 10 does.")

# %% [markdown]
# Now not two words but twenty, with scores drawn at random, and then made larger, all by the same factor.

# %% tags=["plot"]
for gap in (1, 3, 10):
    weight, slope = weight_and_slope(gap)
    print(f"two words, a gap of {gap:2}: weight {weight:.5f},"
          f" slope {slope:.5f}")

torch.manual_seed(SEED)
scores = torch.randn(500, 20)
factors = [1, 2, 4, 8, 16, 32, 64, 128]
weights = torch.stack([torch.softmax(scores * f, -1) for f in factors])
# How far all weights can be moved: of each, weight * (1 - weight).
lines = {
    "largest weight": weights.amax(-1).mean(1),
    "entropy, of log(20)": torch.special.entr(weights).sum(-1).mean(1)
    / math.log(20),
    "sum of the slopes": (weights * (1 - weights)).sum(-1).mean(1),
}
figure, axes = plt.subplots(figsize=(7.5, 3.2), layout="constrained")
for (name, curve), marker in zip(lines.items(), "os^"):
    axes.plot(factors, curve, marker=marker, label=name)
axes.set_xscale("log", base=2)
axes.set_xticks(factors, factors)
axes.set(xlabel="factor on the scores", ylim=(0, 1.05),
         title="a softmax over 20 words, mean of 500 draws")
axes.legend(frameon=False, loc="center right")
axes.spines[["top", "right"]].set_visible(False)
show(figure, "As the scores grow, the largest weight rises to nearly 1, and"
     " entropy and slopes fall to nearly 0.")

# %% [markdown]
# The **entropy** of the weights is $-\sum_j a_j \log a_j$: the logarithm of 20 where a word looks at all twenty alike,
# 0 where it looks at a single one.
#
# ### Stuck ({{points:stuck}})
#
# Imagine a head whose scores, before anything is learned, are a hundred times too large. What will its words look at,
# and why does training not simply put it right?

# %% [markdown] written=stuck points=1
# ### BEGIN SOLUTION
# Each of its words gives nearly all of its weight to one word, and to which one chance has decided, by the
# initial weights. Training moves scores by their gradients, and each gradient is multiplied by the slope of the
# softmax, weight times one minus weight, which is nearly 0 both for the word that has everything and for those
# that have nothing. So queries and keys hardly learn, however wrong the choice is; the rest of the network learns
# around it.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: (nearly) all weight on one word, and an arbitrary one: chance, not meaning.
# - 0.5 points: the slopes are nearly zero, so that no gradient reaches the scores (queries and keys).
#   "It learns slowly" without the reason is a quarter.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 3.4 A block ({{points:block}})
#
# After the words have looked around, each thinks about what it saw, by itself: a small network (`ffn`) of two linear
# layers with a ReLU, the same for every word. Around both steps goes a **shortcut**: what a step computes is *added*
# to what went in, so that a step need only learn what to change, and gradients have a way around it. And a **layer
# norm** brings each word's vector to mean 0 and standard deviation 1 (times a weight, plus a bias), so that numbers
# stay of one size however many blocks follow.
#
# $$ x \leftarrow \mathrm{norm}_1\big(x + \mathrm{dropout}_1(\mathrm{attention}(x))\big), \qquad
#    x \leftarrow \mathrm{norm}_2\big(x + \mathrm{dropout}_2(\mathrm{ffn}(x))\big) $$
#
# Your part:
#
# 1. `attention`, a `MultiHeadSelfAttention`, with the dropout; `ffn`, an `nn.Sequential` of linear layer (d_model to
#    d_ff), ReLU, dropout, linear layer (d_ff to d_model); `norm1` and `norm2`; `dropout1` and `dropout2`.
# 2. The two lines above. Keep the attention's weights as `attn_weights`, and do not forget the mask.

# %% exercise=block include=TransformerBlock points=11

# %% check=block
"""A block is what torch's own gives with the same weights."""

torch.manual_seed(SEED)
block = TransformerBlock(12, 3, d_ff=20, dropout=0.3).eval()
x = torch.randn(2, 5, 12)
mask = torch.tensor([[True] * 5, [True] * 2 + [False] * 3])[:, None, None]
# The two norms are told apart by their weights.
with torch.inference_mode():
    block.norm1.weight.copy_(torch.linspace(0.5, 1.5, 12))
out, attn_weights = block(x, mask)
compare("shape of x", out.shape, (2, 5, 12))
compare("shape of the attention", attn_weights.shape, (2, 3, 5, 5))
compare("attention to the padding of note 1",
        attn_weights[1, :, :, 2:].sum().item(), 0.0,
        "Hand the mask on to the attention.")
compare("dropout of the attention", block.attention.dropout.p, 0.3,
        "Hand the dropout on to the attention.")
compare("mean of each word's vector", out.mean(-1), torch.zeros(2, 5),
        "norm2 comes last.")
compare("weights of the block",
        sum(weight.numel() for weight in block.parameters()), 1184)

torchs_own = nn.TransformerEncoderLayer(12, 3, 20, batch_first=True).eval()
own, theirs = block.state_dict(), torchs_own.state_dict()
layers = [block.attention.W_q, block.attention.W_k, block.attention.W_v]
linear = [layer for layer in block.ffn.modules()
          if isinstance(layer, nn.Linear)]
for kind in ("weight", "bias"):
    theirs[f"self_attn.in_proj_{kind}"] = torch.cat(
        [getattr(layer, kind) for layer in layers])
    theirs[f"self_attn.out_proj.{kind}"] = own[f"attention.W_o.{kind}"]
    theirs[f"linear1.{kind}"] = getattr(linear[0], kind)
    theirs[f"linear2.{kind}"] = getattr(linear[1], kind)
    for norm in ("norm1", "norm2"):
        theirs[f"{norm}.{kind}"] = own[f"{norm}.{kind}"]
torchs_own.load_state_dict(theirs)
difference = torchs_own(x, src_key_padding_mask=~mask[:, 0, 0]) - out
compare("difference to torch's block, at the words",
        difference[mask[:, 0, 0]].abs().max().item(), 0.0,
        "Shortcut, then norm1; the second step starts from the new x; ReLU"
        " in ffn.")
block = TransformerBlock(12, 3, d_ff=20, dropout=1.0).train()
compare("what a dropout of 1 leaves: both norms, one upon the other",
        (block(x, mask)[0] - block.norm2(block.norm1(x))).abs().max().item(),
        0.0, "dropout1 on the attention, dropout2 on ffn; none on the sums.")
print("The block passes: as torch's own, with the same weights.")

# %% [markdown]
# ### 3.5 The classifier ({{points:classifier}})
#
# Now put it together.
#
# - `embedding` holds a vector for each word of the vocabulary. Tell it that word 0 is padding (`padding_idx`): its
#   vector is zero and stays so.
# - The paper multiplies the words' vectors by $\sqrt{d}$ before it adds the positions. We do as the paper does, and
#   shall come back to this line.
# - Dropout on the sum of both, then the blocks, one after the other, each with the mask. Keep each block's attention.
# - The **mean over the words** of a note, the padding left out, above and below the fraction line. Where there is no
#   word at all, divide by 1 and not by 0.
# - `classifier`, a linear layer, makes logits of it. No sigmoid: the loss wants logits.
#
# Your part:
#
# 1. `embedding`, `pos_encoding`, `blocks` (an `nn.ModuleList` of num_layers blocks), `classifier`, `dropout`.
# 2. `pad_mask`: True where x is a word, with shape (batch, 1, 1, length).
# 3. and 4. as above, to `all_attn` (a list) and `logits`.

# %% exercise=classifier include=ClinicalNoteClassifier points=15

# %% check=classifier
"""A note gets four logits, and padding changes none of them."""

torch.manual_seed(SEED)
new_model = ClinicalNoteClassifier(vocab_size=95, max_len=64).eval()
compare("weights in the model",
        sum(weight.numel() for weight in new_model.parameters()), 409_220,
        "12,676 are those of embedding and classifier: an nn.ModuleList.")
x = torch.tensor([[2, 61, 7, 8, 70, 0, 0], [2, 5, 9, 63, 66, 33, 34],
                  [0, 0, 0, 0, 0, 0, 0]])
logits, all_attn = new_model(x)
compare("shape of the logits", logits.shape, (3, 4))
compare("blocks whose attention comes back", len(all_attn), 2,
        "A list, with the attention of each block.")
compare("shape of the attention", all_attn[1].shape, (3, 4, 7, 7))
second = all_attn[1]
with torch.inference_mode():
    new_model.blocks[0].norm2.bias.normal_()
logits, all_attn = new_model(x)
compare("the second block looks at what the first one makes",
        bool((all_attn[1] - second).abs().max() > 1e-4), True,
        "Each block is given what the one before it returns.")
compare("a note of nothing but padding is finite",
        bool(logits.isfinite().all()), True,
        "Divide by at least one: .clamp(min=1)")
longer, _ = new_model(torch.cat([x, torch.zeros(3, 9, dtype=int)], dim=1))
compare("what nine more words of padding change",
        (longer - logits).abs().max().item(), 0.0,
        "Pass the mask to every block, and leave padding out of the mean.")
swapped, _ = new_model(x[:, [0, 2, 1, 3, 4, 5, 6]])
compare("two words swapped give other logits",
        bool((swapped[:2] - logits[:2]).abs().max() > 1e-4), True,
        "Add the positions to the words.")
other = ClinicalNoteClassifier(95, num_layers=3, max_len=9)
compare("blocks and positions, where they are others",
        (len(other.blocks), other.pos_encoding.pe.shape[1]), (3, 9),
        "Use num_layers and max_len.")
compare("vector of the padding", other.embedding.weight[0].abs().sum().item(),
        0.0, "Set padding_idx.")

# By hand, without any block: words of four numbers, times sqrt(4); plus the
# sines and cosines of 3.1; then the mean. The last layer changes nothing.
by_hand = ClinicalNoteClassifier(3, d_model=4, num_heads=2, num_layers=0)
with torch.inference_mode():
    by_hand.embedding.weight[1:] = torch.tensor([[1.0, 2, 3, 4],
                                                 [-1, 0, 1, 0.5]])
    by_hand.classifier.weight.copy_(torch.eye(4))
    by_hand.classifier.bias.zero_()
    logits, _ = by_hand.eval()(torch.tensor([[2, 0, 0], [1, 2, 0]]))
compare("a note of word 2 alone: 2 * (-1, 0, 1, 0.5) + (0, 1, 0, 1)",
        logits[0], torch.tensor([-2.0, 1, 2, 2]),
        "Times sqrt(d_model) before the positions; no sigmoid at the end.")
compare("a note of words 1 and 2: the mean of (2, 5, 6, 9) and"
        " (-1.158, 0.540, 2.010, 2.000)", logits[1],
        torch.tensor([0.4207, 2.7702, 4.005, 5.5]),
        "The mean over the words, padding left out of both sums.")
other = ClinicalNoteClassifier(95, dropout=1.0).train()
compare("at a dropout of 1, difference from the bias of the classifier",
        (other(x)[0] - other.classifier.bias).abs().max().item(), 0.0,
        "On words and positions together, and handed on to each block.")
print("The classifier passes: four logits, untouched by padding.")

# %% [markdown]
# ## 4 The published recipe
#
# ### 4.1 Training ({{points:training}})
#
# The recipe: Adam with a learning rate of 0.0003, 25 epochs, batches of 32. The loss is the binary cross entropy of
# each diagnosis by itself, computed from logits (`nn.BCEWithLogitsLoss`). Gradients whose norm is above 1 are
# **clipped** to norm 1 before the step (`nn.utils.clip_grad_norm_`), so that no single batch can throw the weights far.
#
# One trap: `predict` leaves the model in evaluation mode. Where should you switch back?
#
# Your part:
#
# 1. `optimizer` and `criterion`.
# 2. The mode; and for each batch the step: move both tensors to `device`, loss, clear the gradients, backward, clip,
#    step; and the loss as a plain number (`.item()`) into `epoch_losses`.

# %% exercise=training include=train_model points=10

# %% check=training
"""Training makes the loss fall, in training mode, with clipped gradients."""


# A stand-in for your model: two words, each with a logit for two diagnoses.
# The second number of a note is how loud it is.
class TwoWords(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3, 2))
        self.modes = []

    def forward(self, x):
        self.modes.append(self.training)
        return x[:, 1:] * self.weight[x[:, 0]], []


words = torch.tensor([[1, 1], [2, 1], [1, 1], [2, 1]])
both = torch.tensor([[1.0, 1], [0, 0], [1, 1], [0, 0]])
batches = [(words[:2], both[:2]), (words[2:], both[2:])]
stand_in = TwoWords()
fell, f1s = train_model(stand_in, batches, batches, num_epochs=3, lr=0.1)
compare("entries of losses and F1", (len(fell), len(f1s)), (3, 3))
compare("loss of the first epoch", fell[0], 0.6688,
        "From logits, each label by itself; a step of Adam, with `lr`, for"
        " each batch. At first it is log 2, 0.6931; 0.644 is the last"
        " batch's alone.")
compare("losses fall", fell == sorted(set(fell), reverse=True), True)
compare("F1 after the last epoch", f1s[-1], 1.0)
compare("modes: two steps in training, two batches of validation, ...",
        stand_in.modes, [True, True, False, False] * 3,
        "Switch to training mode in every epoch.")
compare("both words after six steps", stand_in.weight[1:],
        torch.tensor([[0.595, 0.595], [-0.595, -0.595]]),
        "Each step along its own gradient alone, clipped at 1: clear the"
        " gradients.")
# A loud note, then two quiet ones. Adam goes by the size of the gradients it
# has seen: had the first not been clipped, it would move less after it.
stand_in = TwoWords()
loud, quiet = (torch.tensor([[1, 100]]), both[:1]), (words[:1], both[:1])
train_model(stand_in, [loud, quiet, quiet], batches, num_epochs=1, lr=0.1)
compare("weight after a loud note and two quiet ones",
        stand_in.weight[1, 0].item(), 0.2703,
        "Clip between backward and step, and only what is above 1.")
print("Training passes: the loss falls, in training mode, clipped.")

# %% [markdown]
# ### 4.2 The run ({{points:guess_published}})
#
# Exactly as published: 2000 notes, 25 epochs, in a minute or so. **Guess** first: of the negated mentions in the test
# notes, which share will it rightly hold back? *All that is mentioned* holds back none, the bag of words half; to read
# every cue would be 1. (Any share from 0 to 1 earns the point.)

# %% exercise=guess_published include=guess_published points=1

# %% check=guess_published
"""A guess of an accuracy is a number from 0 to 1."""

compare_range("the guess", guess_published(), 0, 1,
              "A share such as 0.5, not a percentage.")
print("Your guess stands. It will be printed beside the result.")

# %% tags=["training"]
import time

from dlh.kept import kept


def size(model):
    return sum(weight.numel() for weight in model.parameters())


def train_and_report(name, model, data, **settings):
    """Train on the notes, and keep the scores on the test notes."""
    loader = notes.NoteLoader(*data, batch_size=32, shuffle=True)

    def train():
        start = time.perf_counter()
        history = train_model(model, loader, val_loader, **settings)
        return history, time.perf_counter() - start

    history, seconds = kept(model.to(device), train, data, settings,
                            train_model, predict, f1_scores)
    table = report(name, *predict(model, test_loader), size(model), seconds)
    return history, table


torch.manual_seed(SEED)
published = ClinicalNoteClassifier(len(notes.VOCAB), max_len=64)
(losses, f1s), table = train_and_report(
    "published recipe", published, train, num_epochs=PUBLISHED_EPOCHS)
_, micro, macro = f1_scores(
    *predict(published, notes.NoteLoader(*published_test, batch_size=256)))
print("on the 300 published test notes:"
      f" micro F1 {micro:.3f}, macro {macro:.3f}")
print(f"accuracy on negated mentions: guessed {guess_published():.2f},"
      f" found {table.loc['published recipe', 'accuracy on negated']:.2f}")
table

# %% tags=["plot"]
epochs = np.arange(1, len(losses) + 1)
per_class, _, _ = f1_scores(*predict(published, test_loader))
free = results["all that is mentioned"]["micro F1"]
figure, axes = plt.subplots(1, 3, figsize=(13, 3), layout="constrained")
axes[0].plot(epochs, losses, color="#0072B2")
axes[0].set(title="training loss", xlabel="epoch", ylim=0)
axes[1].plot(epochs, f1s, color="#009E73")
axes[1].axhline(free, color="#666666", linestyle="--", linewidth=1,
                label="all that is mentioned")
axes[1].set(title="micro F1 on the validation notes", xlabel="epoch",
            ylim=(0.8, 1.005))
axes[1].legend(frameon=False, loc="upper right")
bars = axes[2].bar(notes.CODE_NAMES, per_class, color="#0072B2")
axes[2].bar_label(bars, fmt="%.3f")
axes[2].set(title="F1 of each diagnosis, test notes", ylim=(0, 1.08))
for panel in axes:
    panel.spines[["top", "right"]].set_visible(False)
show(figure, "Left, the training loss falls over all epochs. Middle, the"
     " validation F1 is soon near the dashed line of all that is mentioned."
     " Right, the F1 of the four diagnoses, alike.")

# %% [markdown]
# ### A report, and what it hides ({{points:published_reading}})
#
# An F1 of 0.9 or so, four good bars, a falling loss: in a report it would look fine. What does the table say, beside
# the bag of words and beside your guess? And what do the first two panels together tell you?

# %% [markdown] written=published_reading points=1
# ### BEGIN SOLUTION
# The micro F1 is about 0.91, two hundredths above what comes free. Of the negated mentions it holds back six in ten,
# hardly more than the bag of words with its five: a third or more of what patients deny would be coded as theirs. I had
# guessed 0.9: the F1 looks like a model that reads, and only the slice shows that it hardly does. And while the
# loss goes on falling, the validation has stood still since the seventh epoch or so: what it goes on to learn is the
# 2000 notes by heart.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: beside what comes free the micro F1 is hardly better, and a third or more of the negated mentions are
#   still reported as found (or: the student's own numbers, and what they mean for negation).
# - 0.5 points: the loss falls and the validation stands still: it learns the training notes by heart.
# - A guess that was far off costs nothing; to pass over it does not either.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# So as it stands, the claim fails. Why?
#
# ## 5 What is missing?
#
# ### 5.1 Taking parts away ({{points:ablation}})
#
# To find out what a part of a model is worth, take it away and train again: an **ablation**. With one run each, luck
# decides; so train every variant with the same few **seeds**, and draw the mean with a band of one standard deviation.
#
# Each change is a function that is given a new model, changes it in place and returns it.
#
# Your part:
#
# 1. `remove_scaling`: set `scale` to 1 in every `MultiHeadSelfAttention` of the model. `model.modules()` goes through
#    all that is inside, and `isinstance` tells what it is.
# 2. `remove_positions`: put something in the place of `pos_encoding` that returns what it is given (`nn.Identity`).
# 3. `soften_words`: divide the numbers in `embedding.weight` by $\sqrt{d}$ (`model.d_model`), without gradients. (Why
#    one would want this you will see in a moment.)
# 4. `ablation_curves`: call `run(change, seed)` for each variant and each seed; collect the curves of each variant as
#    an array with a row for each seed.
# 5. `mean_and_band`: the mean over the seeds, and the mean minus and plus the standard deviation. From a sample as
#    small as this, divide by the number of seeds less one: `ddof=1`.

# %% exercise=ablation include=remove_scaling,remove_positions,soften_words,ablation_curves,mean_and_band points=7

# %% check=ablation
"""Parts are taken away in place, and curves are collected by seed."""

torch.manual_seed(SEED)
small = dict(vocab_size=95, d_model=16, num_heads=4, d_ff=8)
changed = ClinicalNoteClassifier(**small)
compare("remove_scaling returns the model",
        remove_scaling(changed) is changed, True)
compare("the scales after it",
        [float(block.attention.scale) for block in changed.blocks],
        [1.0, 1.0],
        "1, on each MultiHeadSelfAttention among model.modules().")
new = ClinicalNoteClassifier(**small)
compare("the scales of another model",
        [float(block.attention.scale) for block in new.blocks], [0.5, 0.5])

changed = remove_positions(ClinicalNoteClassifier(**small)).eval()
x = torch.tensor([[2, 61, 7, 8, 70]])
compare("without positions, what order changes",
        (changed(x)[0] - changed(x.flip(1))[0]).abs().max().item(), 0.0)

changed = ClinicalNoteClassifier(**small)
before = changed.embedding.weight.detach().clone()
soften_words(changed)
compare("largest difference of the softened words, times 4, from the words",
        (4 * changed.embedding.weight - before).abs().max().item(), 0.0,
        "Divide by the root of model.d_model: sqrt(16) is 4.")
compare("they still learn", changed.embedding.weight.requires_grad, True)

collected = ablation_curves(
    {"as it is": lambda model: model, "doubled": lambda model: 2 * model},
    seeds=[3, 5],
    run=lambda change, seed: [change(10) + seed, change(20) + seed, 0],
)
compare("variants", list(collected), ["as it is", "doubled"])
compare("type of a variant's curves", type(collected["doubled"]), np.ndarray)
compare("curves of a variant", collected["doubled"],
        np.array([[23.0, 43, 0], [25, 45, 0]]), "A row for each seed.")
mean, low, high = mean_and_band(np.array([[1.0, 4], [2, 4], [3, 7]]))
compare("mean", mean, np.array([2.0, 5.0]), "Over the seeds, the rows.")
compare("low", low, np.array([1.0, 3.2679]),
        "Divide by the number of seeds less one: ddof=1.")
compare("high", high, np.array([3.0, 6.7321]))
print("The ablation passes: parts taken away in place, curves by seed.")

# %% [markdown]
# ### 5.2 Without positions ({{points:guess_positions}})
#
# To train every variant three times, we use a smaller model ($d = 64$, two heads), other notes, and fewer epochs.
#
# **Guess** by a letter: what will the published model lose in validation F1 (after the last epoch, mean of the seeds)
# without its positions, and so without any notion of order? (Any of the four earns the point.)
#
# - a: more than 0.05;
# - b: between 0.01 and 0.05;
# - c: less than 0.01, in either direction;
# - d: nothing; it gains more than 0.01.

# %% exercise=guess_positions include=guess_positions points=1

# %% check=guess_positions
"""A guess is one of the letters."""

compare_letter("guess_positions()", guess_positions(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
import contextlib
import io

ablation_data = notes.generate_notes(ABLATION_NOTES, seed=SEED + 2)


def small_model():
    return ClinicalNoteClassifier(
        len(notes.VOCAB), d_model=64, num_heads=2, d_ff=128, max_len=64)


def run(change, seed):
    """The validation F1 after each epoch of a small model, changed."""
    torch.manual_seed(seed)
    model = change(small_model()).to(device)
    loader = notes.NoteLoader(*ablation_data, batch_size=32, shuffle=True)

    def train():
        with contextlib.redirect_stdout(io.StringIO()):
            _, f1s = train_model(model, loader, val_loader,
                                 num_epochs=ABLATION_EPOCHS, lr=1e-3)
        return f1s

    # The seed sets the dropout as well, the epochs how long.
    return kept(model, train, ablation_data, seed, ABLATION_EPOCHS,
                train_model, predict, f1_scores)


def last_epoch(curves):
    """What each variant reaches, as mean and spread of the seeds."""
    return pd.DataFrame({
        name: {"mean of the last epoch": value[:, -1].mean(),
               "standard deviation": value[:, -1].std(ddof=1)}
        for name, value in curves.items()
    }).T.round(3)


curves = ablation_curves({
    "published": lambda model: model,
    "published, without positions": remove_positions,
}, ABLATION_SEEDS, run)
last_epoch(curves)

# %% [markdown]
# ### What the positions were worth ({{points:positions_reading}})
#
# Compare the two rows, and each difference with the standard deviation of the seeds. What follows for the model that we
# trained in section 4? And what does *not* follow about positions?

# %% [markdown] written=positions_reading points=1
# ### BEGIN SOLUTION
# Without its positions the model reaches the same F1, within what the seeds differ by. So it makes no use of them,
# and a Transformer that knows no order is a bag of words: that is what we trained in section 4, with 409,220 weights.
# It does not follow that order is worth nothing. The labels cannot be told without it, and the model is given it;
# that it does not use what it has been given is all that the two rows show.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: it loses nothing beyond the spread of the seeds, so it makes no use of its positions: what was
#   trained is a bag of words.
# - 0.5 points: it does not follow that positions are worthless, or that negation could be read without them; only
#   that this model, trained this way, does not use what it is given.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ### 5.3 Look before you train
#
# The published model **has** positions, and does not use them. Why? Look at a model that has not learned anything yet:
# at the two vectors that are added, at what attention makes of their sum, and at the loss. And look at what four
# changes make of that:
#
# - *loud places*: positions times $\sqrt{d}$, like the words;
# - *calm scores*: the scores of the first block divided by $d$;
# - *softened words*: your `soften_words`;
# - and *softened, without scaling*: the same with your `remove_scaling`.

# %% tags=["training"]
def loud_places(model):
    """Multiply the positions by what the words are multiplied by."""
    model.pos_encoding.pe *= math.sqrt(model.d_model)
    return model


def calm_scores(model):
    """Divide the scores of the first block by d_model."""
    model.blocks[0].attention.scale /= model.d_model
    return model


def look_at(change):
    """What a new model makes of 200 notes: sizes, attention, loss."""
    torch.manual_seed(SEED)
    new = change(
        ClinicalNoteClassifier(len(notes.VOCAB), max_len=64)).eval()
    some, found = test[0][:200], test[1][:200]
    with torch.inference_mode():
        logits, all_attn = new(some)
        words = new.embedding.weight[1:] * math.sqrt(new.d_model)
        places = new.pos_encoding(torch.zeros(1, 40, new.d_model))[0]
        loss = nn.functional.binary_cross_entropy_with_logits(logits, found)
    # (words, heads), of the words alone
    attn = all_attn[0].transpose(1, 2)[some != PAD]
    return {
        "length of a word's vector": words.norm(dim=1).mean(),
        "of a position's": places.norm(dim=1).mean(),
        "largest weight, block 1": attn.amax(-1).mean(),
        "entropy of the weights": torch.special.entr(attn).sum(-1).mean(),
        "loss": loss,
    }


start = pd.DataFrame({name: look_at(change) for name, change in {
    "as published": lambda model: model,
    "loud places": loud_places,
    "calm scores": calm_scores,
    "softened words": soften_words,
    "softened, without scaling":
        lambda model: remove_scaling(soften_words(model)),
}.items()}).T.astype(float)
length = (test[0][:200] != PAD).sum(1)
print("entropy if each word looked at all words of its note alike:"
      f" {(length * length.log()).sum() / length.sum():.2f}")
print(f"loss of a model that knows nothing: log 2 = {math.log(2):.3f}")
start.round(2)

# %% [markdown]
# The loss tells nothing: it starts at log 2 in every row, as it should. The rest tells two things that are odd about
# the published model, and each of two changes repairs one of them and leaves the other as it is. Which ones?
#
# ### 5.4 Two causes ({{points:guess_cause}})
#
# So let us train all four: with neither, with one, with the other, and with both (softened words are both). A
# **two by two** tells what each is worth by itself. **Guess** by a letter (any of the four earns the point):
#
# - a: loud places alone gain more than calm scores alone;
# - b: calm scores alone gain more;
# - c: they gain about as much, within 0.005;
# - d: neither gains anything by itself, only both do.

# %% exercise=guess_cause include=guess_cause points=1

# %% check=guess_cause
"""A guess is one of the letters."""

compare_letter("guess_cause()", guess_cause(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
curves |= ablation_curves({
    "loud places": loud_places,
    "calm scores": calm_scores,
    "softened words": soften_words,
    "softened words, without positions":
        lambda model: remove_positions(soften_words(model)),
}, ABLATION_SEEDS, run)

# %% tags=["plot"]
from dlh.plots import band_curves

figure = band_curves(
    {name: mean_and_band(value) for name, value in curves.items()},
    ylabel="micro F1 on the validation notes",
    title=f"mean and standard deviation of {len(ABLATION_SEEDS)} seeds",
    levels={"bag of words": results["bag of words"]["micro F1"]},
)
show(figure, "Validation F1 by epoch. Softened words are far ahead at the"
     " end; calm scores and loud places are between them and the published"
     " model.")
last = {name: value[:, -1].mean() for name, value in curves.items()}
two_by_two = pd.DataFrame(
    [[last["published"], last["calm scores"]],
     [last["loud places"], last["softened words"]]],
    index=["words much longer than places", "words about as long"],
    columns=["scores too large", "scores calm"])
print(last_epoch(curves))
two_by_two.round(3)

# %% [markdown]
# ### Two by two ({{points:causes_reading}})
#
# Read the table: what does each cause do by itself, what do both, and is that the sum of the two? What would you have
# concluded if you had stopped at the first cause that you found?

# %% [markdown] written=causes_reading points=2
# ### BEGIN SOLUTION
# From 0.87 as published, loud places alone lead to 0.88, no more than the spread of the seeds; calm scores alone to
# 0.90; both together to 0.93, which is more than the two gains added up. Each needs the other: a place that can be
# heard is of little use to a softmax that is stuck, and a softmax that is free cannot use what it does not hear.
# Whoever looked at the lengths of the vectors first, and stopped there, would have tried loud places, seen nothing,
# and dropped a right idea; whoever stopped at the calm scores would have taken half of the repair for the whole.
#
# ### BEGIN MARK SCHEME
# - 1 point: the gains of each alone and of both, as numbers of the student's own table, and their order; that both
#   together make more than either is enough for "the sum". Within the spread of the seeds (about 0.02), an order of
#   the two alone that is called uncertain is right, too.
# - 1 point: whoever stopped at one cause would have repaired a part and taken it for the whole (or would have
#   dropped a right idea, since alone it gains little).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# Here is what goes on. The word shouts and its place whispers: 128 against 8. That does harm in two ways.
#
# - **The place is drowned.** After the first norm it is 6% of what is left. "Three places before me" cannot be heard.
# - **The softmax is stuck.** A score is the product of *two* shouting vectors, and so more than a hundred times too
#   large. Before anything is learned, a word of the first block gives nine tenths of its attention to one single word,
#   whichever that is, and the entropy of its weights is 0.16. Softened, the largest share is a tenth, and the entropy
#   3.0, hardly less than the 3.1 of a word that looks at all words alike. And where a softmax is so sure, hardly any
#   gradient comes back (section 3.3).
#
# It is a **misunderstanding between a paper and a library**. In the paper's code, the words' vectors start with
# standard deviation $1/\sqrt{d}$, so that times $\sqrt{d}$ they have standard deviation 1, about as much as the sines
# and cosines. `nn.Embedding` starts with standard deviation 1. Times $\sqrt{d}$, that makes words eleven times too
# loud. The code runs, the loss falls, and nothing looks wrong, unless someone asks about "denies".
#
# `soften_words` undoes both, in one line. Positions matter now: without them, softened words lose what they gained by
# order. But they still do better than the published model *with* positions, since their softmax is free. And the scale?
# The last row of the table in 5.3 shows what it is there for; trained so, we got 0.91, give or take 0.007, against
# 0.93, give or take 0.014: three seeds do not settle that.
#
# ## 6 Repaired
#
# ### 6.1 Softened words, more notes
#
# Now the whole model. The one line, and since notes cost us nothing, ten times as many of them, for three epochs with a
# higher learning rate, so that it cannot learn them by heart. That is 1875 steps; the published recipe takes 1575.

# %% tags=["training"]
many = notes.generate_notes(NOTES, seed=SEED + 2)
torch.manual_seed(SEED)
model = soften_words(ClinicalNoteClassifier(len(notes.VOCAB), max_len=64))
_, table = train_and_report("softened words, more notes", model, many,
                            num_epochs=EPOCHS, lr=1e-3)
table

# %% [markdown]
# It reads "denies". What did it, the line or the notes? Try it: take `soften_words` out of the cell above and run it
# again. And what of the other advice that one hears? Here is what we measured on 2000 test notes, one run each,
# 60,000 notes read in every row but the first two (50,000):
#
# | words | notes | and | micro F1 | accuracy on negated |
# | --- | --- | --- | --- | --- |
# | loud | 2,000 | as published | 0.900 | 0.664 |
# | **softened** | 2,000 | as published | 0.976 | 0.953 |
# | loud | 20,000 | learning rate 0.001, warm-up and decay | 0.912 | 0.532 |
# | **softened** | 20,000 | learning rate as published | 0.999 | 0.995 |
# | **softened** | 20,000 | learning rate 0.001 | 0.998 | 0.990 |
# | **softened** | 20,000 | learning rate 0.001, warm-up and decay | 0.999 | 0.996 |
# | **softened** | 20,000 | the same, the class token in place of the mean | 0.999 | 0.997 |
#
# (The digits belong to the machine, too. On another one, with the same seed, the first row came out as 0.911 and 0.579,
# the fifth as 0.989 and 0.967. Trust the large differences.)
#
# Ten times the notes, and a learning rate that warms up: worth nothing while the words are loud. Once they are
# softened, almost anything works. Find the fault before you buy more data.

# %% [markdown]
# ### 6.2 "Outperforming sequential models"? ({{points:guess_gru}})
#
# The other half of the claim. A recurrent network reads word by word: here is a **GRU** in both directions, of as many
# weights, trained by the published recipe, on the same 2000 notes, in as many steps. It needs no positions: order is
# how it reads. **Guess** how it will do, in micro F1 on the test notes, by a letter (any of the four earns the point):
#
# - a: no better than the bag of words;
# - b: better than the bag of words, and behind the repaired Transformer by more than 0.02;
# - c: within 0.02 of the repaired Transformer;
# - d: ahead of it by more than 0.02.

# %% exercise=guess_gru include=guess_gru points=1

# %% check=guess_gru
"""A guess is one of the letters."""

compare_letter("guess_gru()", guess_gru(), "abcd")
print("Your guess stands.")

# %% tags=["training"]
class RecurrentClassifier(nn.Module):
    """A GRU in both directions, then the mean over the words, as above."""

    def __init__(self, vocab_size, d_model=128, hidden=200, num_classes=4,
                 dropout=0.15):
        super().__init__()
        self.words = nn.Embedding(vocab_size, d_model, padding_idx=PAD)
        self.gru = nn.GRU(d_model, hidden, batch_first=True,
                          bidirectional=True)
        self.drop = nn.Dropout(dropout)
        self.verdict = nn.Linear(2 * hidden, num_classes)

    def forward(self, x):
        lengths = (x != PAD).sum(dim=1).clamp(min=1)
        words = nn.utils.rnn.pack_padded_sequence(
            self.drop(self.words(x)), lengths.cpu(),
            batch_first=True, enforce_sorted=False)
        states, _ = nn.utils.rnn.pad_packed_sequence(
            self.gru(words)[0], batch_first=True, total_length=x.shape[1])
        mean = states.sum(dim=1) / lengths.unsqueeze(1)
        return self.verdict(self.drop(mean)), []


torch.manual_seed(SEED)
gru = RecurrentClassifier(len(notes.VOCAB))
_, table = train_and_report("GRU, published recipe", gru, train,
                            num_epochs=PUBLISHED_EPOCHS)
table

# %% [markdown]
# ### Is the claim borne out? ({{points:claim_reading}})
#
# *Self-attention models negation directly, and beats networks that read word by word.* What do your numbers say to
# that? And what about these notes makes it easy for a network that reads word by word?

# %% [markdown] written=claim_reading points=1
# ### BEGIN SOLUTION
# On these notes it is not borne out. The GRU heeds "denies" after the same 2000 notes and the same recipe with which
# the Transformer held back little more than a bag of words does. The repaired Transformer heeds it as well, but was
# given ten times as many notes for it, so that comparison is not an equal one. Word by word it is easy here, because
# a cue stands three to five words before the first term that it negates, in notes of at most 43 words: there is not
# far to carry it.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: on these notes it is not borne out, by a comparison on the same notes (with the published
#   Transformer), or with the repaired one, told to have had ten times as many notes.
# - 0.5 points: cue and terms are a few words apart, or notes are short, so that nothing has to be carried far.
# - "Recurrent networks are better" in general: no more than half a point.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# What attention is better at, long distances and training on all words at once on large machines, these notes do not
# ask for.
#
# ## 7 What do the heads look at?
#
# ### 7.1 Three notes
#
# Below are three notes: one in which one of two mentions is negated, one in which nothing is, and one in which all that
# is mentioned is negated. For the first you see the attention of each head of both blocks, for the others that of the
# second block alone. The cue is white on black, what it negates is bold, and the frame marks where the negated terms
# look at their cue.

# %% tags=["plot"]
from dlh.plots import draw_heads

scopes = [notes.negation_scopes(note) for note in test[0]]
lengths = (test[0] != PAD).sum(1)
found = mentioned & ~negated


def first(negations, findings):
    """The first note, not too long, with so many negated and found."""
    return next(
        i for i in range(len(scopes))
        if lengths[i] < 26 and len(scopes[i]) == negations
        and negated[i].sum() == negations and found[i].sum() == findings)


def draw_attention_of(i, blocks):
    """Draw the heads of some blocks, for note i, with the verdicts on it."""
    note = test[0][i : i + 1, : lengths[i]]
    with torch.inference_mode():
        logits, all_attn = model.eval()(note.to(device))
    verdicts = ", ".join(f"{name} {p:.2f}" for name, p in zip(
        notes.CODE_NAMES, torch.sigmoid(logits[0]).tolist()))
    for block in blocks:
        figure = draw_heads(
            all_attn[block - 1][0].cpu().numpy(), notes.words_of(note[0]),
            scopes[i], f"block {block}; {verdicts}")
        show(figure, f"The attention of four heads of block {block} between"
             f" the words of a note, {len(scopes[i])} of whose words negate.")


draw_attention_of(first(1, 1), blocks=[1, 2])
draw_attention_of(first(0, 2), blocks=[2])
draw_attention_of(first(1, 0), blocks=[2])

# %% [markdown]
# Three notes are anecdotes. So, over all test notes: how much more do negated terms look at **their own cue** than at a
# word picked at random? And how much do terms that are not negated look at a cue that stands elsewhere in their note?
# A number of 1 is what chance would give.

# %% tags=["plot"]
terms_of = torch.isin(test[0], torch.tensor(
    [notes.word2idx[word] for group in notes.TERM_GROUPS for word in group]))
own, foreign = [], []
for i in [i for i in range(500) if scopes[i]]:
    with torch.inference_mode():
        _, all_attn = model(test[0][i : i + 1, : lengths[i]].to(device))
    # (blocks, heads, looks, is looked at), in multiples of chance
    attn = torch.cat(all_attn).cpu() * lengths[i]
    denied = {position for _, terms in scopes[i] for position in terms}
    others = [position for position in terms_of[i].nonzero()[:, 0].tolist()
              if position not in denied]
    for cue, terms in scopes[i]:
        own.append(attn[:, :, terms, cue].mean(-1))
        if others:
            foreign.append(attn[:, :, others, cue].mean(-1))
heads = [f"block {block}, head {head}" for block in (1, 2)
         for head in (1, 2, 3, 4)]
pd.DataFrame({
    "negated terms to their cue": torch.stack(own).mean(0).flatten(),
    "other terms to that cue": torch.stack(foreign).mean(0).flatten(),
}, index=heads).round(1)

# %% [markdown]
# A head in which the first number is far above the second has learned **whose** cue it is, and by place alone: nothing
# else tells. Other heads look at a cue from wherever they are, some even more from terms that it does not negate. (What
# for? To know that it is not theirs is worth something, too.)
#
# ### 7.2 Another word for the cue ({{points:guess_cue}})
#
# **A caution.** Attention shows where a head looks, and not what the model concludes from it. To know what a word
# *does*, change it and see. So take the cue of every negated finding of the test notes, put "the" in its place, and
# ask again: which share of these findings is predicted now? And, as a control, change the word right before the cue
# instead, and leave the cue. **Guess** both shares. (Any two from 0 to 1 earn the point.)

# %% exercise=guess_cue include=guess_cue points=1

# %% check=guess_cue
"""A guess of two shares is two numbers from 0 to 1."""

compare("two guesses from 0 to 1", [0 <= x <= 1 for x in guess_cue()],
        [True, True], "Shares, not percentages.")
print("Your guesses stand. They will be printed beside the results.")

# %% tags=["training"]
def share_found(offset):
    """Replace the word `offset` from each cue; how many negated are found?"""
    changed = test[0].clone()
    for i, scope in enumerate(scopes):
        for cue, _ in scope:
            if cue + offset > 0:  # the first word is <CLS>
                changed[i, cue + offset] = notes.word2idx["the"]
    loader = notes.NoteLoader(changed, test[1], batch_size=256)
    _, probs = predict(model, loader)
    return (probs > 0.5)[negated].mean()


_, probs = predict(model, test_loader)
print("negated findings predicted:         "
      f" {(probs > 0.5)[negated].mean():.1%}")
cue, before = guess_cue()
print(f"... with \"the\" in place of the cue: {share_found(0):.1%}"
      f" (guessed {cue:.0%})")
print(f"... in place of the word before it:  {share_found(-1):.1%}"
      f" (guessed {before:.0%})")

# %% [markdown]
# ### What the cue does ({{points:cue_reading}})
#
# What do you know from these three numbers that no picture of attention tells? What is the third one for?

# %% [markdown] written=cue_reading points=1
# ### BEGIN SOLUTION
# With "the" in place of the cue, most of the denied diagnoses are predicted; with "the" in place of the word before
# it, hardly more than with nothing changed. So it is the cue that makes the model hold a diagnosis back: changed
# alone, it turns the verdict. A picture shows that a head looks at the cue, and not whether anything follows from it.
# The third number is the control: it might have been enough to change any word near the terms, and it is not.
#
# ### BEGIN MARK SCHEME
# - 0.5 points: the cue is the *cause* of the verdict: changed alone, it turns (nearly) all of them; attention shows
#   only where a head looks, not what follows from it.
# - 0.5 points: the control shows that it is this word, and not any change to the note (or to that place).
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# ## 8 Other ways to say no
#
# ### New cues ({{points:guess_unknown}})
#
# The vocabulary has ten words that negate; the notes use six of them. The other four, *ruled, out, unlikely,
# excluded*, are in the vocabulary, and their vectors have never been trained. And every cue of these notes stands
# **before** its terms; a real note also says *"pneumonia unlikely"*. So write two more tests, which no training note
# resembles: the cue replaced by an unknown one, and each note's negated finding followed by its cue instead of led by
# it. **Guess** the Transformer's accuracy on the negated mentions in both. (Any two shares from 0 to 1 earn the point.)

# %% exercise=guess_unknown include=guess_unknown points=1

# %% check=guess_unknown
"""A guess of two accuracies is two numbers from 0 to 1."""

compare("two guesses from 0 to 1", [0 <= x <= 1 for x in guess_unknown()],
        [True, True], "Shares, not percentages.")
print("Your guesses stand. They will be shown beside the results.")

# %% tags=["training"]
def accuracy_on(tokens):
    """Accuracy on the negated mentions, of both models, for changed notes."""
    loader = notes.NoteLoader(tokens, test[1], batch_size=256)
    return [negation_scores(*predict(reader, loader), mentioned)[0]
            for reader in (model, gru)]


unknown, behind = test[0].clone(), test[0].clone()
for i, scope in enumerate(scopes):
    for cue, terms in scope:
        unknown[i, cue] = notes.word2idx["unlikely"]
        if terms:
            moved = test[0][i, cue + 1 : terms[-1] + 1]
            behind[i, cue : terms[-1]] = moved
            behind[i, terms[-1]] = test[0][i, cue]
shifted = pd.DataFrame(
    {"as trained": accuracy_on(test[0]), "unknown cue": accuracy_on(unknown),
     "cue behind": accuracy_on(behind)}, index=["Transformer", "GRU"])
shifted.loc["your guess"] = [None, *guess_unknown()]
shifted.astype(float).round(3)

# %% [markdown]
# ### Try it: a note of your own
#
# Write a note, and see what the repaired model finds in it and which words it looks at: below each word, how much it is
# looked at by all words of the note, in multiples of chance. It begins with a test note of which one finding is negated
# and one is not. Move the cue behind its terms; put one that it has never met in its place (*unlikely*), or a word that is
# not in its vocabulary (it gets a question mark); take general words out. Then write as people do: *denies chest pain,
# reports a cough*. Is what is denied held back, and what is reported found? Heads differ: choose one. (There is room for 63
# words; what comes after is left out.)

# %% tags=["plot"]
from dlh.interactive import explore
from dlh.plots import draw_reading

example = " ".join(notes.words_of(test[0][first(1, 1)])[1:])


@explore(block=[1, 2], head=["all", 1, 2, 3, 4])
def show_note(text=example, block=2, head="all"):
    """What the model finds in a note, and which words it looks at."""
    words, note = notes.read_note(text)
    with torch.inference_mode():
        logits, all_attn = model.eval()(note[None].to(device))
    attn = all_attn[block - 1][0]
    attn = attn.mean(0) if head == "all" else attn[head - 1]
    looked_at = (len(note) * attn.mean(0)).cpu().numpy()
    probs = torch.sigmoid(logits[0]).tolist()
    figure = draw_reading(
        words, (note != notes.UNK).tolist(), looked_at, probs, groups,
        notes.CUES, title=f"block {block}, head: {head}")
    verdicts = ", ".join(f"{name} {p:.2f}" for name, p in zip(groups, probs))
    most = looked_at.argmax()
    return figure, (
        f"The words of the note, each with a bar for how much it is looked at"
        f" in block {block}; most, {looked_at[most]:.1f} times as much as by"
        f" chance, {words[most]}. On the right, probabilities: {verdicts}.")


# %% [markdown]
# ### At the bedside ({{points:bedside}})
#
# A colleague wants to use the repaired model on the notes of your hospital: "its F1 is nearly 1." What has it
# learned, judged by this table? What would you have to test before it may code a single note, and on which notes?

# %% [markdown] written=bedside points=2
# ### BEGIN SOLUTION
# It has learned that one of six words, some places before a term, means no. With a cue that it has never met, or with
# the cue behind its terms, its accuracy on the very same findings falls far below what it is as trained. What my
# colleague quotes holds for notes of the program that made its training notes. Before it codes a note of ours, I
# would draw notes from each ward, have two people mark what is mentioned and what is negated, and measure the negated
# mentions by themselves, and by the way in which they are negated: each cue, before and behind, double negations,
# family history. It would have to beat a list of rules there. And since a denied disease that is coded follows a
# patient for years, a person would confirm each code at first, and we would go on measuring.
#
# ### BEGIN MARK SCHEME
# - 1 point: what it has learned is narrower than negation (known words, a known place), with a number of the table.
# - 1 point: a test of one's own, on notes from where it is to be used, by slices: negated mentions, or several
#   ways to negate, each by itself. Half a point for "more data" or "real data" without saying what is measured.
# - Also worth half a point in place of a missing half: what an error costs (a denied disease that is coded), that
#   a person confirms, or that it is watched in use.
# ### END MARK SCHEME
# ### END SOLUTION

# %% [markdown]
# A model that is to read real notes must have met the ways in which real notes say no; and someone must have **tested**
# each of them by itself.
#
# ## 9 Summary

# %% tags=["training"]
print(f"Transformer: {size(model):,} weights, {len(model.blocks)} blocks,"
      f" {model.blocks[0].attention.num_heads} heads")
per_class, micro, macro = f1_scores(*predict(model, test_loader))
for name, f1 in zip(notes.CODE_NAMES, per_class):
    print(f"  {name:12} F1 {f1:.3f}")
print(f"  {'micro':12} F1 {micro:.3f}")
print(f"  {'macro':12} F1 {macro:.3f}")
table

# %% [markdown]
# - **Ask what comes free.** An F1 of 0.9 was the score of an answer that does not read.
# - **Test the slice that the claim is about.** Negated mentions are a tenth of all labels; an average hides them.
# - **An ablation is a diagnosis.** What loses nothing when its positions are taken away has not used them.
# - **Look at the size of what you add, and of what you give to a softmax.** Of two vectors, one sixteen times as long,
#   the sum is the one, and the other is noise; and scores that are far too large leave nothing to choose. Code that
#   runs and a loss that falls say nothing about it.
# - **One cause found is not all causes found.** Take each away by itself, and see what it was worth.
# - **Claims need a baseline of equal means.** With the same notes and steps, the GRU reads as well.
# - **A test on notes of the same program tells about that program.** Section 8 took two small changes to break it.
#
# **Further reading**
#
# - [Attention is all you need](https://arxiv.org/abs/1706.03762) (Vaswani and others, 2017): the
#   Transformer, with a decoder too; section 3.2 is your 3.2.
# - [NegEx](https://doi.org/10.1006/jbin.2001.1029) (Chapman and others, 2001): a list of words and a few
#   rules that find what real discharge summaries deny: the baseline to beat.
# - [What BERT is not](https://arxiv.org/abs/1907.13528) (Ettinger, 2020): a large language model that
#   knew much and was deaf to "not"; its tests are of the kind of your section 8.
#
# ## The end
#
# Save the notebook, run it once from top to bottom, and hand it in. The last cell says how far each exercise is.

# %% tags=["plot"]
hint.summary()
