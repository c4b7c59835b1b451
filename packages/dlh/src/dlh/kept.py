"""Trainings that are kept, so that the last section of a notebook runs seconds after a restart."""

import hashlib
import os
import pickle
import tempfile
from pathlib import Path
from types import CodeType, FunctionType

import torch


def kept(model, train, *given):
    """Train a model, or, where just this training has been done before, take what came of it.

    A training is the same where these are: the initial weights, the sizes and the code of the model and all its parts,
    the code of `train`, and what is `given`. Anything else that it depends on has to be given.

    What came of it is kept in the folder that the environment variable DLH_KEPT names, or else in `dlh/trained` in the
    user's cache folder. It may be deleted at any time.

    Parameters
    ----------
    model : `torch.nn.Module`, new; afterwards it is trained, and lies where it lay
    train : function without arguments that trains it, and returns numbers, in lists, tuples and dicts
    given : what the training depends on: tensors, functions, numbers, texts, and lists, tuples and dicts of them

    Returns
    -------
    result : what `train()` returned, now or then
    """
    import pooch

    digest = hashlib.sha256()
    parts = [_described(module) for module in model.modules()]
    _add(digest, [torch.__version__, parts, model.state_dict(), train, given])
    folder = Path(os.environ.get("DLH_KEPT") or pooch.os_cache("dlh") / "trained").expanduser()
    file = folder / f"{digest.hexdigest()[:32]}.pt"
    saved = _load(file, model)
    if saved is None:
        saved = {"result": train()}
        _save(saved | {"weights": model.state_dict()}, file)
    return saved["result"]


def _load(file: Path, model) -> dict | None:
    """What is in the file, with its weights in the model; None where there is none, or it has been cut short."""
    try:
        saved = torch.load(file, map_location="cpu", weights_only=True)
        model.load_state_dict(saved["weights"])
    except (OSError, EOFError, RuntimeError, KeyError, TypeError, pickle.UnpicklingError):
        return None
    return saved


def _save(content, file: Path) -> None:
    """Write the file at once or not at all, and do without where there is no room."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as part:
            torch.save(content, part)
        Path(part.name).replace(file)
    except OSError as error:
        print(f"The trained weights could not be kept ({error}); they will be trained again next time.")


def _described(module) -> list:
    """What a module computes, but for its weights: its class, its code, its settings."""
    # What it inherits is its code as well, but for what torch brings along.
    kinds = [kind for kind in type(module).__mro__ if not kind.__module__.startswith(("torch.", "builtins"))]
    own = [value for kind in kinds for value in vars(kind).values() if isinstance(value, FunctionType)]
    settings = {name: value for name, value in vars(module).items() if isinstance(value, (int, float, str))}
    # In training mode or not says nothing of what will be trained.
    settings.pop("training", None)
    return [type(module).__name__, own, settings]


def _add(digest, value) -> None:
    """Put a value into a digest, each kind by what it is made of."""
    if isinstance(value, dict):
        value = [list(value), list(value.values())]
    if isinstance(value, (list, tuple)):
        digest.update(f"[{len(value)}".encode())
        for part in value:
            _add(digest, part)
    elif isinstance(value, frozenset):
        # Of texts, its order is another in each process.
        digest.update(repr(sorted(map(repr, value))).encode())
    elif isinstance(value, torch.Tensor):
        digest.update(f"{value.dtype}{tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    elif isinstance(value, FunctionType):
        _add(digest, value.__code__)
    elif isinstance(value, CodeType):
        digest.update(value.co_code)
        _add(digest, [value.co_names, value.co_consts])
    else:
        digest.update(repr(value).encode())
