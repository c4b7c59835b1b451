"""The toy course in two releases: exercises that stay, go, come and change their names, and given code put right."""

import shutil
from pathlib import Path

from proctor.authoring.build import build_course
from proctor.course import open_course

FIRST = """\
# %% [markdown]
# # Toy

# %%
import torch
from toylib import FACTOR

# %%
HALF = 0.5
LIMIT = 100

# %% tags=["training"]
raise RuntimeError("a training cell ran while grading")

# %% [markdown]
# ## 1. Double a tensor

# %% exercise=double include=double points=4

# %% check=double
assert double(torch.ones(2)).sum() == 4, "two ones, doubled, should add up to 4"

# %% [markdown]
# ## 2. Add up

# %% exercise=total include=total points=6

# %% check=total
assert total(torch.ones(3), double) == 6, "three ones, doubled, should add up to 6"

# %% [markdown]
# ## 3. Negate

# %% exercise=negative include=negative points=1

# %% check=negative
assert negative(1) == -1
raise RuntimeError("a check cell ran while grading")

# %% [markdown]
# ## 4. Reflect

# %% [markdown] written=reflection points=3
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION

# %% tags=["plot"]
raise RuntimeError("a figure was drawn while grading")
"""
SECOND = """\
# %% [markdown]
# # Toy, put right

# %% [markdown]
# A new word of welcome.

# %%
import math

import torch
from toylib import FACTOR

# %%
LIMIT = 1000

# %% [markdown]
# ## 1. Sum a function of a tensor

# %% exercise=summed include=summed points=6 formerly=total

# %% check=summed
assert summed(torch.ones(3), abs) == 3, "three ones should add up to 3"

# %% [markdown]
# ## 2. Double a tensor

# %% exercise=double include=double points=4

# %% check=double
assert double(torch.ones(2)).sum() == 4, "two ones, doubled, should add up to four"

# %%
ROUNDS = 3

# %% tags=["training"]
for _ in range(ROUNDS):
    raise RuntimeError("a training cell ran while grading")

# %% [markdown]
# ## 3. Triple

# %% exercise=triple include=triple points=2

# %% check=triple
assert triple(1) == 3

# %% [markdown]
# ## 4. Look back

# %% [markdown] written=thought points=3 formerly=reflection
# ### BEGIN SOLUTION
# Because two is the smallest prime.
# ### END SOLUTION

# %% [markdown] written=question points=1
# ### BEGIN SOLUTION
# Why not three?
# ### END SOLUTION

# %% tags=["plot"]
raise RuntimeError("a better figure was drawn while grading")
"""
ANSWERS = {
    # It builds on a given name that the second release no longer has.
    "double": "def double(x):\n    return x / HALF",
    "total": "def total(x, function):\n    return function(x).sum()",
    "negative": "def negative(x):\n    return -x",
    "reflection": "Two is prime.",
}
ONE_MORE = '''

def {name}(x):
    """A multiple of a number."""
    ### BEGIN SOLUTION
    multiple_of_x = {factor} * x
    return multiple_of_x
    ### END SOLUTION
'''
CHECK = '''\
import pytest

from proctor.checks import expect


@pytest.mark.points({points})
def test_value(submission, reference):
    """The number is multiplied."""
    expect.equal(submission.{name}(7), reference.{name}(7), "`{name}(7)`")
'''


def add_exercise(root, name, factor, points):
    with (root / "solutions/toy.py").open("a") as solutions:
        solutions.write(ONE_MORE.format(name=name, factor=factor))
    (root / f"graders/toy/test_{name}.py").write_text(CHECK.format(name=name, points=points))


def edit(file, **words):
    text = file.read_text()
    for old, new in words.items():
        text = text.replace(old, new)
    file.write_text(text)


def build_both(sources: Path, folder: Path) -> None:
    """Build the first release, whose notebook becomes `first.ipynb`, and the second."""
    shutil.copytree(sources, folder, ignore=shutil.ignore_patterns("__pycache__", "mistakes.py", "altern*"))
    text = folder / "source/toy/toy.py"
    text.write_text(FIRST)
    add_exercise(folder, "negative", -1, 1)
    build_course(open_course(folder))
    shutil.copy(folder / "release/toy/toy.ipynb", folder / "first.ipynb")
    shutil.copytree(sources / "solutions", folder / "solutions", dirs_exist_ok=True)
    (folder / "graders/toy/test_negative.py").unlink()
    add_exercise(folder, "triple", 3, 2)
    edit(folder / "solutions/toy.py", **{"def total": "def summed"})
    (folder / "graders/toy/test_total.py").rename(folder / "graders/toy/test_summed.py")
    edit(folder / "graders/toy/test_summed.py", **{".total": ".summed"})
    text.write_text(SECOND)
    build_course(open_course(folder))
