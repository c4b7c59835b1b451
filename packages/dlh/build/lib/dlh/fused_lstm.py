"""An LSTM layer in fewer and larger matrix products: why the built-in one is faster.

It stands here, and not in the notebook, so that nobody meets the equations in code before having written them.
"""

import torch
from torch import nn


class FusedLSTM(nn.Module):
    """The layer of an LSTM with its four gates in one product, and the inputs of all steps in another.

    Parameters
    ----------
    num_inputs : int, features of each step
    num_hiddens : int, size of the hidden state and of the cell state
    """

    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        # Side by side in each: input gate, forget gate, output gate, input node.
        self.W_x = nn.Parameter(torch.normal(0, 0.01, size=(num_inputs, 4 * num_hiddens)))
        self.W_h = nn.Parameter(torch.normal(0, 0.01, size=(num_hiddens, 4 * num_hiddens)))
        self.b = nn.Parameter(torch.zeros(4 * num_hiddens))

    @classmethod
    def copy_of(cls, lstm):
        """A layer that computes the same as another, whose weights are called `W_xi`, `W_hi`, `b_i` for the input
        gate, and so on with `f`, `o` and `c`.
        """
        fused = cls(lstm.num_inputs, lstm.num_hiddens)
        with torch.no_grad():
            fused.W_x.copy_(torch.cat([lstm.W_xi, lstm.W_xf, lstm.W_xo, lstm.W_xc], dim=1))
            fused.W_h.copy_(torch.cat([lstm.W_hi, lstm.W_hf, lstm.W_ho, lstm.W_hc], dim=1))
            fused.b.copy_(torch.cat([lstm.b_i, lstm.b_f, lstm.b_o, lstm.b_c]))
        return fused

    def forward(self, inputs):
        """Go through all steps, as the plain layer does.

        Parameters
        ----------
        inputs : (samples, steps, num_inputs) float

        Returns
        -------
        outputs : (samples, steps, num_hiddens), the hidden state after each step
        state : a tuple (hiddens, cells), the state after the last step, each (samples, num_hiddens)
        """
        # The inputs of all steps are known: one product for all of them.
        projected = inputs @ self.W_x + self.b
        hidden = inputs.new_zeros(len(inputs), self.W_h.shape[0])
        cell = torch.zeros_like(hidden)
        outputs = []
        for of_step in projected.unbind(dim=1):
            sums = torch.addmm(of_step, hidden, self.W_h).chunk(4, dim=1)
            write, keep, show = (gate.sigmoid() for gate in sums[:3])
            cell = keep * cell + write * sums[3].tanh()
            hidden = show * cell.tanh()
            outputs.append(hidden)
        return torch.stack(outputs, dim=1), (hidden, cell)
