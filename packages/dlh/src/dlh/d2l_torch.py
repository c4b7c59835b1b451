"""The library of *Dive into Deep Learning* (`d2l`, release 0.17) on a current Python stack.

    from dlh.d2l_torch import d2l

gives the same module as `from d2l import torch as d2l`, after two small repairs:

- IPython has since moved `set_matplotlib_formats` out of `IPython.display`. It is given back, because every
  figure of d2l calls it there.
- d2l imports torchvision, of which this course needs nothing. Where torchvision is absent, or broken (its
  wheel on the registry is a CUDA build, and fails beside a CPU build of torch), a placeholder stands in while
  d2l loads, and says so when something in d2l wants to use it.
"""

import importlib
import sys
import types

from IPython import display
from matplotlib_inline import backend_inline


class _Placeholder(types.ModuleType):
    """Stands in for a torchvision module; any use of it raises with the reason torchvision is missing."""

    def __init__(self, name, reason):
        super().__init__(name)
        self.__dict__["_reason"] = reason

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise ImportError(
            f"this part of d2l needs {self.__name__}.{attribute}, and torchvision cannot be imported here "
            f"({self._reason}). Install the torchvision that matches torch {_torch_version()}, "
            "see https://pytorch.org/get-started/locally/"
        )


def _torch_version():
    return importlib.import_module("torch").__version__


def _forget_torchvision():
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]


def _import_d2l():
    try:
        return importlib.import_module("d2l.torch")
    except ModuleNotFoundError as error:
        if error.name not in ("d2l", "d2l.torch"):
            raise
        message = "`d2l` is missing; install it with `python -m pip install d2l==0.17.0`, later ones do not fit"
        raise ModuleNotFoundError(message, name="d2l") from None


def _load():
    """Import `d2l.torch` with both repairs made, and leave no placeholder behind in `sys.modules`."""
    if not hasattr(display, "set_matplotlib_formats"):
        display.set_matplotlib_formats = backend_inline.set_matplotlib_formats
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, OSError) as error:
        reason = f"{type(error).__name__}: {error}"
    else:
        return _import_d2l()

    # A broken torchvision leaves those of its modules behind that did load.
    _forget_torchvision()
    placeholder = _Placeholder("torchvision", reason)
    placeholder.transforms = _Placeholder("torchvision.transforms", reason)
    sys.modules["torchvision"] = placeholder
    sys.modules["torchvision.transforms"] = placeholder.transforms
    try:
        return _import_d2l()
    finally:
        _forget_torchvision()


d2l = _load()
