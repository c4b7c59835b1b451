"""What the checks of several exercises share: how many operations code takes, losses of an unbuilt model, gradients."""

import torch

from proctor.checks import expect


class CountOperations(torch.overrides.TorchFunctionMode):
    """Counts the torch operations of a call, whose result it throws away."""

    def __init__(self):
        super().__init__()
        self.count = 0

    def __torch_function__(self, function, types, args=(), kwargs=None):
        self.count += 1
        return function(*args, **(kwargs or {}))

    def of(self, function, *args):
        with self:
            function(*args)
        return self.count


def check_no_loop(submission, function, small, large, what):
    """A function takes as many torch operations for a large batch as for a small one.

    Parameters
    ----------
    submission : the submission
    function : handle of the student's function
    small, large : tuples of arguments
    what : str, the function, such as "`find_nearest`"
    """
    counter = submission.send(CountOperations)
    few, many = (counter().of(function, *arguments) for arguments in (small, large))
    expect.true(
        many == few,
        f"{what} should take as many torch operations for a large batch as for a small one, but takes {few} "
        f"for one and {many} for the other. Let tensors do it, with no loop over the batch.",
        [few, many],
    )


def learnable(submission, tensor, device):
    """A handle of a tensor in the host that gets gradients."""
    handle = submission.put(tensor.to(device))
    handle.requires_grad = True
    return handle


def gradient(submission, handle):
    """The gradient that has reached a tensor in the host, on the CPU; None where none has, or zeros alone."""
    value = handle.grad
    return None if value is None or not bool((value != 0).any()) else value.cpu()


def go_backward(loss, what):
    """Go backward from a handle of a loss, which must carry gradients."""
    expect.true(loss.requires_grad is True, f"{what} should carry gradients, but does not.", "no gradient at all")
    loss.backward()


def number(value, what):
    """The value, a loss: one number in a tensor."""
    expect.type(value, torch.Tensor, what)
    expect.shape(value, (), what, "A loss is a single number.")
    return value
