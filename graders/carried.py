"""Error carried forward within an exercise: what an earlier check has found is not charged again.

A later check compares with the reference as it would be with the known mistake that the submission has shown so far.
"""

import copy
import functools
import inspect
import itertools
from types import SimpleNamespace

import torch

from graders.helpers import check_layers
from graders.layers import is_close, mend
from proctor.checks import expect


def versions(reference, names, mistakes):
    """The reference, and then what it would be with each of some mistakes.

    Parameters
    ----------
    reference : the solutions module, with the stand-ins of the check
    names : list of str, what the mistakes' exercise defines
    mistakes : list of Mistake, of this exercise

    Yields
    ------
    version : has the reference's names as attributes
    """
    yield reference
    code = "".join(_code(getattr(reference, name)) for name in names)
    for mistake in mistakes:
        changed = mistake.code or code
        for old, new in mistake.changes:
            changed = changed.replace(old, new)
        namespace = dict(vars(reference))
        exec(_compiled(changed, mistake.name), namespace)
        yield SimpleNamespace(**namespace)


# The same versions are made for every check of every submission.
@functools.cache
def _code(definition):
    lines = inspect.getsource(definition).splitlines(keepends=True)
    return "".join(line for line in lines if not line.strip().startswith("### "))


@functools.cache
def _compiled(code, name):
    return compile(code, f"<{name}>", "exec")


def version_of(reference, names, mistakes, shows):
    """The first version of which `shows(version)` is true, and the reference where there is none."""
    return next((version for version in versions(reference, names, mistakes) if _holds(shows, version)), reference)


def built(submission, reference, name, mistakes, scales, generator, device, arguments, call=None, inputs=()):
    """The student's module and the version that is like it, in evaluation mode, with the same random weights.

    The version has the same layers, and where `call` is given, it gives the same, too, as far as one does (`alike`).
    Where no version has the same layers, those of torch are built anew as the reference's are, unless the student's
    code cannot take them: what `check_layers` charges is not charged again.

    Parameters
    ----------
    submission, reference, generator, device : the fixtures
    name : str, the module's class
    mistakes : list of Mistake, of this exercise
    scales : dict, the standard deviation for a weight's first part ("cnn" for "cnn.weight")
    arguments : what the class is called with
    call : gives tensors for a module, the student's or a version's, and its device
    inputs : tensors on the CPU, which tell whether the student's code can take other layers

    Returns
    -------
    module : handle, on the device
    version : module, on the CPU
    """
    submission.seed(0)
    module = getattr(submission, name)(*arguments)
    what = f"`{name}({', '.join(map(str, arguments))})`"
    shapes, trained = _shapes(module, what)
    made = _made(reference, name, mistakes, arguments)
    first = next((version for version in made if _fits(version, shapes, trained)), None)
    if first is None:
        first = getattr(reference, name)(*copy.deepcopy(arguments)).eval()
        mend(submission, module, first, {}, inputs, "cpu")
        shapes, trained = _shapes(module, what)
        if not _fits(first, shapes, trained):
            check_layers(module, dict(first.named_parameters()), what)
    alike = (version for version in _made(reference, name, mistakes, arguments) if _fits(version, shapes, trained))
    # The check's own inputs may be drawn before or after.
    drawn = torch.Generator().manual_seed(generator.initial_seed())
    weights = {
        key: scales[key.partition(".")[0]] * torch.randn(value.shape, generator=drawn)
        for key, value in first.named_parameters()
    }
    module.load_state_dict(_renamed(weights, shapes), strict=False)
    module = module.to(str(device)).eval()
    found = call(module, device) if call else None
    for version in itertools.chain([first], alike):
        version.load_state_dict(weights, strict=False)
        if call is None or _holds(lambda one: same(found, call(one, "cpu")), version):
            return module, Twin(version, shapes)
    return module, Twin(first, shapes, alike=False)


def _made(reference, name, mistakes, arguments):
    """The module of each version, which gets arguments of its own: a mistake may be to change them in place."""
    return (
        getattr(version, name)(*copy.deepcopy(arguments)).eval() for version in versions(reference, [name], mistakes)
    )


def _shapes(module, what):
    """The names and the shapes of what a student's module has, and of those that are trained."""
    state = module.state_dict()
    expect.type(state, dict, f"{what}.state_dict()")
    shapes = {key: tuple(value.shape) for key, value in state.items()}
    return shapes, {name: shapes.get(name) for name, _ in module.named_parameters()}


class Twin:
    """A version of a module under the names that the student's module has for its weights.

    Parameters
    ----------
    version : module
    shapes : dict, the student's names and the shapes of what they name
    silent : names of weights whose gradients are nothing but rounding
    alike : bool, whether the version gives what the student's module gives
    """

    def __init__(self, version, shapes, silent=(), alike=True):
        self.version, self.shapes, self.silent, self.alike = version, shapes, silent, alike

    def __call__(self, *inputs):
        return self.version(*inputs)

    def __getattr__(self, name):
        return getattr(self.version, name)

    def train(self, mode=True):
        """As of the version."""
        self.version.train(mode)
        return self

    def eval(self):
        """As of the version."""
        return self.train(False)

    def state_dict(self):
        """As of the version, under the student's names."""
        return _renamed(self.version.state_dict(), self.shapes)

    def named_parameters(self):
        """As of the version, under the student's names."""
        named = _renamed(dict(self.version.named_parameters()), self.shapes)
        return [(name, value) for name, value in named.items() if name not in self.silent]


def _renamed(weights, shapes):
    """Weights under the names that a student has for them: another where the shape, and the layer, leave no doubt."""
    renamed = {}
    for name, value in weights.items():
        layer, kind = name.partition(".")[0] + ".", "." + name.rpartition(".")[2]
        others = [
            other for other, shape in shapes.items()
            if other not in weights and other not in renamed and shape == tuple(value.shape)
            and (other.endswith(kind) or "." not in name + other)
        ]  # fmt: skip
        # A parameter of no layer is known by its letters, `Wxi` for `W_xi`.
        alike = [other for other in others if "." not in name and _letters(other) == _letters(name)]
        others = alike or [other for other in others if other.startswith(layer)] or others
        renamed[others[0] if name not in shapes and len(others) == 1 else name] = value
    return renamed


def _letters(name):
    return name.replace("_", "").casefold()


def _fits(version, shapes, trained):
    """Whether a version trains weights of the student's names and shapes, and no others."""
    own = _renamed(dict(version.named_parameters()), shapes)
    return trained == {name: tuple(value.shape) for name, value in own.items()}


def same(found, expected):
    """Whether tensors, or lists of tensors, are the same as far as `expect.close` can tell."""
    if isinstance(expected, (tuple, list)):
        return len(found) == len(expected) and all(map(same, found, expected))
    found, expected = (torch.as_tensor(value).detach().cpu() for value in (found, expected))
    return is_close(found, expected)


def _holds(condition, version):
    try:
        return condition(version)
    except (RuntimeError, TypeError, ValueError, LookupError, AttributeError, AssertionError):
        return False  # a mistake that stops there is not the one that is looked for
