"""Is a network sane? Looks at it before it is trained for long: its first loss, one batch learned by heart, its layers.

None of them changes the network: what is trained here is a copy.
"""

import copy

import pandas as pd
import torch
from torch import nn


def default_loss(outputs, y):
    """The mean cross entropy of raw outputs: binary for one column, of several classes for more.

    Parameters
    ----------
    outputs : (samples, 1) or (samples, classes) float, before sigmoid or softmax
    y : (samples,) long, the true classes
    """
    if outputs.shape[1] == 1:
        return nn.functional.binary_cross_entropy_with_logits(outputs[:, 0], y.to(outputs.dtype))
    return nn.functional.cross_entropy(outputs, y)


def first_loss(net, x, y, loss=default_loss):
    """The loss of a network on one batch, as it is, in evaluation mode.

    Of a new network it should be near that of a uniform guess. Far above it, the network starts sure of wrong answers;
    far below it, it has seen the answers.

    Parameters
    ----------
    net : `torch.nn.Module`
    x, y : one batch, (samples, ...) and (samples,), on the device of the network
    loss : function of the network's outputs and y

    Returns
    -------
    loss : float
    """
    with torch.no_grad():
        return loss(copy.deepcopy(net).eval()(x), y).item()


def overfit(net, x, y, steps=100, lr=0.01, loss=default_loss):
    """Train a copy of a network on the same batch again and again.

    A network that cannot learn a single batch by heart will not learn a whole data set either: look for what keeps
    it from learning before you train any longer.

    Parameters
    ----------
    net, x, y, loss : as `first_loss` takes them
    steps : int, of Adam
    lr : float, its learning rate

    Returns
    -------
    losses : list of float, before each step
    """
    net = copy.deepcopy(net).train()
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    losses = []
    for _ in range(steps):
        batch_loss = loss(net(x), y)
        optimizer.zero_grad()
        batch_loss.backward()
        optimizer.step()
        losses.append(batch_loss.item())
    return losses


def layers(net, x, y, loss=default_loss):
    """What goes through each layer of a network with one batch, and what comes back.

    Parameters
    ----------
    net, x, y, loss : as `first_loss` takes them

    Returns
    -------
    table : `pandas.DataFrame`, a row for each layer that has no layers within it, in the order in which they are first
        called, with the columns

        - output: its spread, the standard deviation over all numbers that it gives; of a layer that returns several
          things, over the first
        - zeros: the share of them that is exactly 0
        - gradient: the root of the mean square of its weights' gradients, NaN for a layer without any
    """
    net = copy.deepcopy(net).train()
    rows = {}

    def look(name, module):
        def hook(module, inputs, outputs):
            while isinstance(outputs, (tuple, list)):
                outputs = outputs[0]
            spread = outputs.detach().float().std(correction=0).item()
            rows.setdefault(name, {"output": spread, "zeros": (outputs == 0).float().mean().item()})

        module.register_forward_hook(hook)

    parts = {name or type(net).__name__: part for name, part in net.named_modules() if not list(part.children())}
    for name, part in parts.items():
        look(name, part)
    loss(net(x), y).backward()
    for name, row in rows.items():
        gradients = [weight.grad.flatten() for weight in parts[name].parameters() if weight.grad is not None]
        row["gradient"] = torch.cat(gradients).square().mean().sqrt().item() if gradients else float("nan")
    return pd.DataFrame(rows).T


def step_gradients(read, x):
    """How much the last answer of a recurrent network heeds each step of its input.

    Parameters
    ----------
    read : function from x to what is made of it, (samples, ...)
    x : (samples, steps, features) float

    Returns
    -------
    sizes : (steps,) float, the length of the gradient of the sum of all answers, by the input of each step, over all
        samples and features
    """
    x = x.detach().clone().requires_grad_()
    (gradient,) = torch.autograd.grad(read(x).sum(), x)
    return gradient.square().sum(dim=(0, 2)).sqrt()
