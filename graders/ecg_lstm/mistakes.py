"""Wrong solutions of `ecg_lstm` that students write. They prove the checks, and they explain failures."""

import itertools

from graders.guesses import slips_of_letter
from proctor.authoring.bank import Mistake

GATES = {"i": "input gate", "f": "forget gate", "o": "output gate", "c": "input node"}

LSTM = [
    Mistake(
        name="candidate_through_sigmoid",
        exercise="lstm",
        hint="Your input node goes through a sigmoid, like the gates. A gate opens and closes, between 0 and 1; what "
        "is written into the cell may also be negative: it goes through tanh.",
        changes=[("C_tilde = torch.tanh(", "C_tilde = torch.sigmoid(")],
    ),
    Mistake(
        name="candidate_without_tanh",
        exercise="lstm",
        hint="Your input node is a plain sum. It goes through tanh, so that it stays between -1 and 1.",
        changes=[("C_tilde = torch.tanh(", "C_tilde = (")],
    ),
    Mistake(
        name="gates_through_tanh",
        exercise="lstm",
        hint="Your gates go through tanh. A gate says how much passes, from none to all: it goes through a sigmoid.",
        changes=[
            ("I = torch.sigmoid(", "I = torch.tanh("),
            ("F = torch.sigmoid(", "F = torch.tanh("),
            ("O = torch.sigmoid(", "O = torch.tanh("),
        ],
    ),
    Mistake(
        name="output_gate_through_tanh",
        exercise="lstm",
        hint="Your output gate goes through tanh. A gate says how much passes, from none to all: use a sigmoid.",
        changes=[("O = torch.sigmoid(", "O = torch.tanh(")],
    ),
    Mistake(
        name="gates_without_sigmoid",
        exercise="lstm",
        hint="Your gates are plain sums. A gate says how much passes, from none to all: it goes through a sigmoid.",
        changes=[
            ("I = torch.sigmoid(", "I = ("),
            ("F = torch.sigmoid(", "F = ("),
            ("O = torch.sigmoid(", "O = ("),
        ],
    ),
    Mistake(
        name="hidden_without_tanh",
        exercise="lstm",
        hint="Your H is the output gate times C. C can grow without bound, so it goes through tanh on its way out.",
        changes=[("O * torch.tanh(C)", "O * C")],
    ),
    Mistake(
        name="hidden_through_sigmoid",
        exercise="lstm",
        hint="You send C through a sigmoid on its way out. It goes through tanh.",
        changes=[("O * torch.tanh(C)", "O * torch.sigmoid(C)")],
    ),
    Mistake(
        name="tanh_of_gated_cell",
        exercise="lstm",
        hint="You multiply C with the output gate inside of the tanh. The gate comes last: it scales what tanh gives.",
        changes=[("O * torch.tanh(C)", "torch.tanh(O * C)")],
    ),
    Mistake(
        name="hidden_from_candidate",
        exercise="lstm",
        hint="Your H is made of the input node of this step alone. It shows the cell state C, which remembers.",
        changes=[("O * torch.tanh(C)", "O * torch.tanh(C_tilde)")],
    ),
    Mistake(
        name="hidden_from_old_cell",
        exercise="lstm",
        hint="Your H shows the cell state of the step before. Compute the new C first, then H from it.",
        changes=[
            (
                "C = F * C + I * C_tilde\n        H = O * torch.tanh(C)",
                "H = O * torch.tanh(C)\n        C = F * C + I * C_tilde",
            )
        ],
    ),
    Mistake(
        name="input_and_forget_swapped",
        exercise="lstm",
        hint="You let the input gate keep the old cell and the forget gate write the new one. It is the other way "
        "round.",
        changes=[("F * C + I * C_tilde", "I * C + F * C_tilde")],
    ),
    Mistake(
        name="forget_gate_inverted",
        exercise="lstm",
        hint="You multiply the old cell by 1 - F. In spite of its name, the forget gate says how much is kept.",
        changes=[("F * C +", "(1 - F) * C +")],
    ),
    Mistake(
        name="forget_gate_unused",
        exercise="lstm",
        hint="Your cell keeps everything: the old C is not multiplied by the forget gate.",
        changes=[("F * C +", "C +")],
    ),
    Mistake(
        name="gates_coupled",
        exercise="lstm",
        hint="You write with 1 - F. That is another kind of cell (a GRU does so); an LSTM has an input gate for it.",
        changes=[("I * C_tilde", "(1 - F) * C_tilde")],
    ),
    Mistake(
        name="input_gate_unused",
        exercise="lstm",
        hint="Your cell takes all that is new: the input node is not multiplied by the input gate.",
        changes=[("I * C_tilde", "C_tilde")],
    ),
    Mistake(
        name="old_cell_overwritten",
        exercise="lstm",
        hint="Your new cell holds only what this step writes. What was in it, times the forget gate, is added; hand C "
        "on from step to step.",
        changes=[("F * C + I * C_tilde", "I * C_tilde")],
    ),
    Mistake(
        name="gates_look_at_cell",
        exercise="lstm",
        hint="Your gates look at the cell state C where they should look at the hidden state H.",
        changes=[
            ("torch.mm(H, self.W_hi)", "torch.mm(C, self.W_hi)"),
            ("torch.mm(H, self.W_hf)", "torch.mm(C, self.W_hf)"),
            ("torch.mm(H, self.W_ho)", "torch.mm(C, self.W_ho)"),
            ("torch.mm(H, self.W_hc)", "torch.mm(C, self.W_hc)"),
        ],
    ),
    Mistake(
        name="candidate_without_hidden",
        exercise="lstm",
        hint="Your input node looks at the input alone. It looks at the hidden state H of the step before, too.",
        changes=[(" + torch.mm(H, self.W_hc)", "")],
    ),
    Mistake(
        name="hidden_gated_in_candidate",
        exercise="lstm",
        hint="You multiply H by the forget gate inside of the input node. That is a GRU's way; in an LSTM the forget "
        "gate belongs to the cell.",
        changes=[("torch.mm(H, self.W_hc)", "torch.mm(F * H, self.W_hc)")],
    ),
    Mistake(
        name="biases_left_out",
        exercise="lstm",
        hint="Your sums leave out the biases. They begin at zero, so it does not show until they are trained.",
        changes=[(" + self.b_i", ""), (" + self.b_f", ""), (" + self.b_o", ""), (" + self.b_c", "")],
    ),
    Mistake(
        name="gates_share_weights",
        exercise="lstm",
        hint="You call `triple()` once, so that all gates begin with the same weights. Each gate has a `triple()` of "
        "its own.",
        changes=[
            (
                "self.W_xf, self.W_hf, self.b_f = triple()",
                "self.W_xf, self.W_hf, self.b_f = self.W_xi, self.W_hi, self.b_i",
            ),
            (
                "self.W_xo, self.W_ho, self.b_o = triple()",
                "self.W_xo, self.W_ho, self.b_o = self.W_xi, self.W_hi, self.b_i",
            ),
            (
                "self.W_xc, self.W_hc, self.b_c = triple()",
                "self.W_xc, self.W_hc, self.b_c = self.W_xi, self.W_hi, self.b_i",
            ),
        ],
    ),
    Mistake(
        name="input_node_weights_missing",
        exercise="lstm",
        hint="Three gates have weights, but the input node has none. It needs a `triple()` of its own: W_xc, W_hc,"
        " b_c.",
        changes=[
            ("        self.W_xc, self.W_hc, self.b_c = triple()\n", ""),
            (
                "torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c",
                "torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi) + self.b_i",
            ),
        ],
    ),
    Mistake(
        name="names_of_the_equations",
        exercise="lstm",
        hint="You call the weights of the input node `W_xg`, `W_hg`, `b_g`, as other books do. Here they end in c.",
        changes=[
            ("self.W_xc, self.W_hc, self.b_c = triple()", "self.W_xg, self.W_hg, self.b_g = triple()"),
            (
                "torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c",
                "torch.mm(x, self.W_xg) + torch.mm(H, self.W_hg) + self.b_g",
            ),
        ],
    ),
    Mistake(
        name="weight_named_otherwise",
        exercise="lstm",
        hint="You call a weight of the input gate `Wxi`. Others look for it under its name in the text, `W_xi`.",
        changes=[
            ("self.W_xi, self.W_hi, self.b_i = triple()", "self.Wxi, self.W_hi, self.b_i = triple()"),
            ("torch.mm(x, self.W_xi)", "torch.mm(x, self.Wxi)"),
        ],
    ),
    Mistake(
        name="weights_no_parameters",
        exercise="lstm",
        costly="Its weights cannot be put in, so nothing can be compared.",
        hint="You take the data out of the input node's parameters. Only an `nn.Parameter` is trained and saved.",
        changes=[
            (
                "self.W_xc, self.W_hc, self.b_c = triple()",
                "self.W_xc, self.W_hc, self.b_c = (weight.data for weight in triple())",
            )
        ],
    ),
    Mistake(
        name="steps_first",
        exercise="lstm",
        hint="Your outputs have the steps first, then the samples, as in the book. Here the samples come first.",
        changes=[("torch.stack(outputs, axis=1)", "torch.stack(outputs)")],
    ),
    Mistake(
        name="loop_over_samples",
        exercise="lstm",
        hint="Your loop runs over the samples (`inputs[step]`), not over the steps: the book's inputs have the "
        "steps first.",
        changes=[
            ("batch_size = inputs.shape[0]", "batch_size = inputs.shape[1]"),
            ("range(inputs.shape[1])", "range(inputs.shape[0])"),
            ("inputs[:, step]", "inputs[step]"),
            ("torch.stack(outputs, axis=1)", "torch.stack(outputs, axis=0)"),
        ],
    ),
    Mistake(
        name="outputs_side_by_side",
        exercise="lstm",
        hint="`torch.cat` lines the steps up along the hidden units. `torch.stack` makes an axis of their own for "
        "them.",
        changes=[("torch.stack(outputs, axis=1)", "torch.cat(outputs, axis=1)")],
    ),
    Mistake(
        name="cells_as_outputs",
        exercise="lstm",
        hint="Your outputs are the cell states. What a layer shows of each step is its hidden state H.",
        changes=[("outputs.append(H)", "outputs.append(C)")],
    ),
    Mistake(
        name="last_step_left_out",
        exercise="lstm",
        hint="You append H before the step is made, so your outputs begin with zeros and the last step is missing.",
        changes=[
            (
                "            H, C = self.one_step(inputs[:, step], H, C)\n            outputs.append(H)\n",
                "            outputs.append(H)\n            H, C = self.one_step(inputs[:, step], H, C)\n",
            ),
        ],
    ),
    Mistake(
        name="steps_backward",
        exercise="lstm",
        hint="Your loop runs from the last step to the first.",
        changes=[("range(inputs.shape[1])", "reversed(range(inputs.shape[1]))")],
    ),
    Mistake(
        name="state_swapped",
        exercise="lstm",
        hint="You return the state as (C, H). The hidden state comes first.",
        changes=[("return outputs, (H, C)", "return outputs, (C, H)")],
    ),
    Mistake(
        name="state_of_rnn",
        exercise="lstm",
        hint="You return (H,), as the RNN does. The state of an LSTM has two parts, (H, C).",
        changes=[("return outputs, (H, C)", "return outputs, (H,)")],
    ),
    Mistake(
        name="three_values_returned",
        exercise="lstm",
        hint="You return outputs, H and C, three values. H and C belong together in one tuple: outputs, (H, C).",
        changes=[("return outputs, (H, C)", "return outputs, H, C")],
    ),
    Mistake(
        name="hidden_state_lost",
        exercise="lstm",
        hint="You start every step with a hidden state of zeros. Hand on the H of the step before, as you do with C.",
        changes=[("self.one_step(inputs[:, step], H, C)", "self.one_step(inputs[:, step], torch.zeros_like(H), C)")],
    ),
    Mistake(
        name="first_step_skipped",
        exercise="lstm",
        hint="Your loop begins with the second step, so that the first is never read and one output is missing.",
        changes=[("range(inputs.shape[1])", "range(1, inputs.shape[1])")],
    ),
    Mistake(
        name="state_without_dtype",
        exercise="lstm",
        hint="Your first state is made without `dtype=inputs.dtype`, so it does not fit inputs of double precision.",
        changes=[("dtype=inputs.dtype, device", "device")],
    ),
    Mistake(
        name="forget_bias_of_one",
        exercise="lstm",
        hint="Your forget gate begins with a bias of one. That is a known trick, but the text has all biases at zero.",
        changes=[
            (
                "self.W_xf, self.W_hf, self.b_f = triple()",
                "self.W_xf, self.W_hf, self.b_f = triple()\n        nn.init.ones_(self.b_f)",
            ),
        ],
    ),
    Mistake(
        name="hidden_state_drops_out",
        exercise="lstm",
        hint=(
            "Your LSTM gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[("H = O * torch.tanh(C)", "H = nn.functional.dropout(O * torch.tanh(C), 0.1, self.training)")],
    ),
    Mistake(
        name="state_starts_at_one",
        exercise="lstm",
        hint="Your cell state starts at one. Before the first step there is nothing to remember: zeros.",
        changes=[("torch.zeros_like(H)", "torch.ones_like(H)")],
    ),
    Mistake(
        name="state_starts_at_random",
        exercise="lstm",
        hint="Your hidden state starts at random, so the same inputs give other outputs each time. Start from zeros.",
        changes=[
            (
                "H = torch.zeros(",
                "H = torch.randn(",
            )
        ],
    ),
    Mistake(
        name="weights_begin_large",
        exercise="lstm",
        hint="Your weights begin with a standard deviation of one, a hundred times what `triple()` draws: the gates "
        "are then open or closed from the start, and learn slowly.",
        changes=[
            (
                "self.W_xi, self.W_hi, self.b_i = triple()",
                "draw = triple\n        triple = lambda: (nn.Parameter(100 * part.detach()) for part in draw())\n"
                "        self.W_xi, self.W_hi, self.b_i = triple()",
            )
        ],
    ),
    Mistake(
        name="state_kept_between_calls",
        exercise="lstm",
        hint="You keep the state in `self` and go on from there at the next call. The next batch has other samples: "
        "each call starts from zeros.",
        changes=[
            (
                "C = torch.zeros_like(H)",
                "C = torch.zeros_like(H)\n        H, C = getattr(self, 'state', None) or (H, C)",
            ),
            ("return outputs, (H, C)", "self.state = (H.detach(), C.detach())\n        return outputs, (H, C)"),
        ],
    ),
    Mistake(
        name="state_detached",
        exercise="lstm",
        hint="You detach the state after each step, so no error ever reaches the steps before. In one call the "
        "gradient flows through all of them.",
        changes=[("self.one_step(inputs[:, step], H, C)", "self.one_step(inputs[:, step], H.detach(), C.detach())")],
    ),
    Mistake(
        name="state_left_on_cpu",
        exercise="lstm",
        hint="Your first state is made without `device=inputs.device`, so on a GPU it stays on the CPU.",
        changes=[("dtype=inputs.dtype, device=inputs.device", "dtype=inputs.dtype")],
    ),
    Mistake(
        name="samples_share_state",
        exercise="lstm",
        hint="You average the hidden state over the samples. Each sample has a state of its own.",
        changes=[("outputs.append(H)", "H = H.mean(dim=0, keepdim=True).expand_as(H)\n            outputs.append(H)")],
    ),
    Mistake(
        name="built_in_lstm",
        exercise="lstm",
        costly="The whole exercise is to write just that.",
        hint="You have torch's own LSTM do the work. Write out the gates: that is what this exercise is for.",
        code="""
class LSTM(nn.LSTM):
    def __init__(self, num_inputs, num_hiddens):
        super().__init__(num_inputs, num_hiddens, batch_first=True)

    def forward(self, inputs):
        outputs, (hiddens, cells) = super().forward(inputs)
        return outputs, (hiddens[0], cells[0])
""",
    ),
    Mistake(
        name="built_in_cell",
        exercise="lstm",
        costly="The whole exercise is to write just that.",
        hint="You have torch's `lstm_cell` compute each step. Write out the gates: that is what this exercise is for.",
        changes=[
            (
                "self.one_step(inputs[:, step], H, C)",
                "torch.lstm_cell(\n"
                "                inputs[:, step],\n"
                "                (H, C),\n"
                "                torch.cat([self.W_xi, self.W_xf, self.W_xc, self.W_xo], 1).T,\n"
                "                torch.cat([self.W_hi, self.W_hf, self.W_hc, self.W_ho], 1).T,\n"
                "                torch.cat([self.b_i, self.b_f, self.b_c, self.b_o]),\n"
                "                torch.zeros(4 * self.num_hiddens, device=inputs.device),\n"
                "            )",
            )
        ],
    ),
    Mistake(
        name="bias_of_i_left_out",
        exercise="lstm",
        hint=(
            "The sum of your input gate leaves its bias `b_i` out. It begins at zero, so it does not show "
            "until it is trained."
        ),
        changes=[
            (" + self.b_i)", ")"),
        ],
    ),
    Mistake(
        name="bias_of_f_left_out",
        exercise="lstm",
        hint=(
            "The sum of your forget gate leaves its bias `b_f` out. It begins at zero, so it does not show "
            "until it is trained."
        ),
        changes=[
            (" + self.b_f)", ")"),
        ],
    ),
    Mistake(
        name="bias_of_o_left_out",
        exercise="lstm",
        hint=(
            "The sum of your output gate leaves its bias `b_o` out. It begins at zero, so it does not show "
            "until it is trained."
        ),
        changes=[
            (" + self.b_o)", ")"),
        ],
    ),
    Mistake(
        name="bias_of_c_left_out",
        exercise="lstm",
        hint=(
            "The sum of your input node leaves its bias `b_c` out. It begins at zero, so it does not show "
            "until it is trained."
        ),
        changes=[
            (" + self.b_c)", ")"),
        ],
    ),
    Mistake(
        name="input_node_looks_at_cell",
        exercise="lstm",
        hint="Your input node looks at the cell state C where it should look at the hidden state H.",
        changes=[
            ("torch.mm(H, self.W_hc)", "torch.mm(C, self.W_hc)"),
        ],
    ),
    Mistake(
        name="output_gate_sees_cell",
        exercise="lstm",
        hint="You add the cell state to the sum of the output gate (a peephole). The gates look at x and H alone.",
        changes=[
            ("self.b_o)", "self.b_o + C)"),
        ],
    ),
    Mistake(
        name="both_states_start_at_one",
        exercise="lstm",
        hint="Your states start at one. Before the first step there is nothing to remember: zeros.",
        changes=[
            ("H = torch.zeros(", "H = torch.ones("),
            ("torch.zeros_like(H)", "torch.ones_like(H)"),
        ],
    ),
    Mistake(
        name="hidden_starts_at_one",
        exercise="lstm",
        hint="Your hidden state starts at one. Before the first step there is nothing to show: zeros.",
        changes=[
            ("H = torch.zeros(", "H = torch.ones("),
        ],
    ),
    Mistake(
        name="hidden_state_alone",
        exercise="lstm",
        hint="You return H alone for the state. The state of an LSTM has two parts, (H, C).",
        changes=[
            ("return outputs, (H, C)", "return outputs, H"),
        ],
    ),
    Mistake(
        name="axis_of_layers_added",
        exercise="lstm",
        hint="Your states have an axis for layers in front, as torch's have. Here they are (samples, hidden units).",
        changes=[
            ("return outputs, (H, C)", "return outputs, (H.unsqueeze(0), C.unsqueeze(0))"),
        ],
    ),
    Mistake(
        name="gates_share_weights_of_hidden_state",
        exercise="lstm",
        hint="Your four gates share one matrix for the hidden state. Each has a `triple()` of its own, all three parts "
        "of it.",
        changes=[
            (
                "self.W_xc, self.W_hc, self.b_c = triple()",
                "self.W_xc, self.W_hc, self.b_c = triple()\n        self.W_hf = self.W_ho = self.W_hc = self.W_hi",
            ),
        ],
    ),
    Mistake(
        name="two_gates_share_weights",
        exercise="lstm",
        hint="Your forget gate has the weights of the input gate. Each gate has a `triple()` of its own.",
        changes=[
            (
                "self.W_xf, self.W_hf, self.b_f = triple()",
                "self.W_xf, self.W_hf, self.b_f = self.W_xi, self.W_hi, self.b_i",
            ),
        ],
    ),
    Mistake(
        name="end_of_steps_skipped",
        exercise="lstm",
        hint="Your loop ends one step early, so that the last is never read and one output is missing.",
        changes=[
            ("range(inputs.shape[1])", "range(inputs.shape[1] - 1)"),
        ],
    ),
    Mistake(
        name="names_of_weights_swapped",
        exercise="lstm",
        hint="You call weights of x `W_h` and weights of H `W_x`. `triple()` gives those of x first.",
        changes=[
            ("self.W_xi, self.W_hi, self.b_i = triple()", "self.W_hi, self.W_xi, self.b_i = triple()"),
            ("torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi)", "torch.mm(x, self.W_hi) + torch.mm(H, self.W_xi)"),
            ("self.W_xf, self.W_hf, self.b_f = triple()", "self.W_hf, self.W_xf, self.b_f = triple()"),
            ("torch.mm(x, self.W_xf) + torch.mm(H, self.W_hf)", "torch.mm(x, self.W_hf) + torch.mm(H, self.W_xf)"),
            ("self.W_xo, self.W_ho, self.b_o = triple()", "self.W_ho, self.W_xo, self.b_o = triple()"),
            ("torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho)", "torch.mm(x, self.W_ho) + torch.mm(H, self.W_xo)"),
            ("self.W_xc, self.W_hc, self.b_c = triple()", "self.W_hc, self.W_xc, self.b_c = triple()"),
            ("torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc)", "torch.mm(x, self.W_hc) + torch.mm(H, self.W_xc)"),
        ],
    ),
    Mistake(
        name="cell_made_at_each_step",
        exercise="lstm",
        costly="The whole exercise is to write just that.",
        hint=(
            "You have torch's `nn.LSTMCell` compute each step. Write out the gates: that is what this exercise is for."
        ),
        changes=[
            (
                "        return H, C\n",
                "        return nn.LSTMCell(self.num_inputs, self.num_hiddens).to(x)(x, (H, C))\n",
            ),
        ],
    ),
    Mistake(
        name="candidate_through_relu",
        exercise="lstm",
        hint="Your input node goes through a ReLU. It goes through tanh.",
        changes=[("C_tilde = torch.tanh(", "C_tilde = torch.relu(")],
    ),
    Mistake(
        name="hidden_through_relu",
        exercise="lstm",
        hint="You put a ReLU around the cell state. The hidden state takes its tanh.",
        changes=[("O * torch.tanh(C)", "O * torch.relu(C)")],
    ),
    Mistake(
        name="sums_of_output_gate_and_input_node_exchanged",
        exercise="lstm",
        hint="Your output gate has the sum of the input node, and the input node that of the output gate. Where one "
        "product makes all four, cut it in the order in which you put it together.",
        changes=[
            (
                "torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + self.b_o",
                "torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c",
            ),
            (
                "C_tilde = torch.tanh(\n            torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c",
                "C_tilde = torch.tanh(\n            torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + self.b_o",
            ),
        ],
    ),
    Mistake(
        name="input_gate_through_softmax",
        exercise="lstm",
        hint="Your input gate is a softmax over the hidden units. Each unit has a sigmoid of its own.",
        changes=[
            (
                "I = torch.sigmoid(\n            torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi) + self.b_i)",
                "I = torch.softmax(\n            torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi) + self.b_i, dim=1)",
            )
        ],
    ),
    Mistake(
        name="gates_added",
        exercise="lstm",
        hint="You add the forget gate to the cell state. It multiplies it.",
        changes=[("F * C + I * C_tilde", "F + C + I * C_tilde")],
    ),
    Mistake(
        name="cell_subtracted",
        exercise="lstm",
        hint="You subtract the new part of the cell state. It is added.",
        changes=[("F * C + I * C_tilde", "F * C - I * C_tilde")],
    ),
    Mistake(
        name="outputs_detached",
        exercise="lstm",
        hint="You cut the outputs off from their gradient, so that the LSTM never learns.",
        changes=[("outputs.append(H)", "outputs.append(H.detach())")],
    ),
    Mistake(
        name="cell_detached",
        exercise="lstm",
        hint=("You cut the cell state off from its gradient between steps, so that errors do not go back through it."),
        changes=[("C = F * C +", "C = F * C.detach() +")],
    ),
    Mistake(
        name="input_gate_for_output",
        exercise="lstm",
        hint="You open the hidden state with the input gate. It is the output gate's work.",
        changes=[("H = O * torch", "H = I * torch")],
    ),
    Mistake(
        name="forget_gate_for_output",
        exercise="lstm",
        hint="You open the hidden state with the forget gate. It is the output gate's work.",
        changes=[("H = O * torch", "H = F * torch")],
    ),
    Mistake(
        name="hidden_left_out_of_forget",
        exercise="lstm",
        hint="Your forget gate does not see the hidden state.",
        changes=[(" + torch.mm(H, self.W_hf)", "")],
    ),
    Mistake(
        name="input_left_out_of_output",
        exercise="lstm",
        hint="Your output gate does not see the input.",
        changes=[("torch.mm(x, self.W_xo) + ", "")],
    ),
    Mistake(
        name="tanh_of_the_cell_itself",
        exercise="lstm",
        hint="You put a tanh around the new cell state itself. Only the hidden state takes its tanh.",
        changes=[("C = F * C + I * C_tilde", "C = torch.tanh(F * C + I * C_tilde)")],
    ),
    Mistake(
        name="weights_transposed",
        exercise="lstm",
        hint="You transpose a matrix of weights. It is used as `triple()` makes it.",
        changes=[("torch.mm(H, self.W_hi)", "torch.mm(H, self.W_hi.T)")],
    ),
    Mistake(
        name="outputs_reshaped",
        exercise="lstm",
        hint="You stack the steps in front and reshape, which mixes samples and steps. Axes are swapped by "
        "`transpose`, or stack along axis 1 at once.",
        changes=[
            (
                "torch.stack(outputs, axis=1)",
                "torch.stack(outputs).reshape(batch_size, inputs.shape[1], self.num_hiddens)",
            )
        ],
    ),
    Mistake(
        name="small_state_at_random",
        exercise="lstm",
        hint="Your hidden state starts with small random numbers, as weights do. A state starts from zeros.",
        changes=[
            (
                "H = torch.zeros(",
                "H = 0.01 * torch.randn(",
            )
        ],
    ),
    Mistake(
        name="three_gates_look_at_cell",
        exercise="lstm",
        hint="Your three gates look at the cell state C. They look at the hidden state H, as the input node does.",
        changes=[
            ("torch.mm(H, self.W_hi)", "torch.mm(C, self.W_hi)"),
            ("torch.mm(H, self.W_hf)", "torch.mm(C, self.W_hf)"),
            ("torch.mm(H, self.W_ho)", "torch.mm(C, self.W_ho)"),
        ],
    ),
    Mistake(
        name="output_gate_looks_at_new_hidden",
        exercise="lstm",
        hint="You put tanh(C) in the place of H before the output gate is computed, which so does not see the hidden "
        "state of the step before.",
        changes=[
            (
                "        H = O * torch.tanh(C)\n",
                "        H = torch.tanh(C)\n"
                "        O = torch.sigmoid(torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + self.b_o)\n"
                "        H = O * H\n",
            )
        ],
    ),
    Mistake(
        name="output_gate_looks_at_new_cell",
        exercise="lstm",
        hint="Your output gate looks at the new cell state in the place of the hidden state of the step before.",
        changes=[
            (
                "        H = O * torch.tanh(C)\n",
                "        O = torch.sigmoid(torch.mm(x, self.W_xo) + torch.mm(C, self.W_ho) + self.b_o)\n"
                "        H = O * torch.tanh(C)\n",
            )
        ],
    ),
    Mistake(
        name="outputs_in_single_precision",
        exercise="lstm",
        hint="Your outputs are float32 whatever the inputs are. Let them have the dtype of the inputs.",
        changes=[("torch.stack(outputs, axis=1)", "torch.stack(outputs, axis=1).float()")],
    ),
    *(
        Mistake(
            name=f"{gate}_with_{part}_of_{other}".replace(" ", "_"),
            exercise="lstm",
            hint=f"Your {gate} uses `{name}{b}`, which is of the {other}. Look for a line that was copied.",
            changes=[(code.format(a, a), code.format(a, b))],
        )
        for (a, gate), (b, other) in itertools.permutations(GATES.items(), 2)
        for part, name, code in [
            ("input_weights", "W_x", "torch.mm(x, self.W_x{1})"),
            ("hidden_weights", "W_h", "torch.mm(H, self.W_h{1})"),
            ("bias", "b_", "self.W_h{0}) + self.b_{1}"),
        ]
    ),
    Mistake(
        name="cell_clipped",
        exercise="lstm",
        hint="You keep the cell state between -1 and 1. It may grow: that is how it counts and remembers.",
        changes=[("C = F * C + I * C_tilde", "C = (F * C + I * C_tilde).clamp(-1, 1)")],
    ),
    Mistake(
        name="states_handed_on_swapped",
        exercise="lstm",
        hint="You hand C and H to `one_step` in the wrong order. It takes x, H, C.",
        changes=[("self.one_step(inputs[:, step], H, C)", "self.one_step(inputs[:, step], C, H)")],
    ),
    Mistake(
        name="first_step_only",
        exercise="lstm",
        hint="You make one step and return. Is `return` inside of the loop?",
        changes=[("range(inputs.shape[1])", "range(1)")],
    ),
    Mistake(
        name="input_and_output_swapped",
        exercise="lstm",
        hint="You let the output gate write the cell and the input gate show it. It is the other way round.",
        changes=[("F * C + I * C_tilde", "F * C + O * C_tilde"), ("O * torch.tanh(C)", "I * torch.tanh(C)")],
    ),
    Mistake(
        name="forget_and_output_swapped",
        exercise="lstm",
        hint="You let the output gate keep the old cell and the forget gate show the new one. It is the other way "
        "round.",
        changes=[("F * C + I * C_tilde", "O * C + I * C_tilde"), ("O * torch.tanh(C)", "F * torch.tanh(C)")],
    ),
    Mistake(
        name="new_part_forgotten_too",
        exercise="lstm",
        hint="Your forget gate also multiplies what is new. It multiplies the old cell alone: look at the brackets.",
        changes=[("F * C + I * C_tilde", "F * (C + I * C_tilde)")],
    ),
    Mistake(
        name="input_gate_through_tanh",
        exercise="lstm",
        hint="Your input gate goes through tanh. A gate says how much passes, from none to all: use a sigmoid.",
        changes=[("I = torch.sigmoid(", "I = torch.tanh(")],
    ),
    Mistake(
        name="forget_gate_through_tanh",
        exercise="lstm",
        hint="Your forget gate goes through tanh. A gate says how much passes, from none to all: use a sigmoid.",
        changes=[("F = torch.sigmoid(", "F = torch.tanh(")],
    ),
    Mistake(
        name="input_gate_without_sigmoid",
        exercise="lstm",
        hint="Your input gate is a plain sum. A gate says how much passes, from none to all: it goes through a "
        "sigmoid.",
        changes=[("I = torch.sigmoid(", "I = (")],
    ),
    Mistake(
        name="forget_gate_without_sigmoid",
        exercise="lstm",
        hint="Your forget gate is a plain sum. A gate says how much passes, from none to all: it goes through a "
        "sigmoid.",
        changes=[("F = torch.sigmoid(", "F = (")],
    ),
    Mistake(
        name="output_gate_without_sigmoid",
        exercise="lstm",
        hint="Your output gate is a plain sum. A gate says how much passes, from none to all: it goes through a "
        "sigmoid.",
        changes=[("O = torch.sigmoid(", "O = (")],
    ),
    Mistake(
        name="hidden_left_out_of_input",
        exercise="lstm",
        hint="Your input gate does not see the hidden state.",
        changes=[(" + torch.mm(H, self.W_hi)", "")],
    ),
    Mistake(
        name="hidden_left_out_of_output",
        exercise="lstm",
        hint="Your output gate does not see the hidden state.",
        changes=[(" + torch.mm(H, self.W_ho)", "")],
    ),
    Mistake(
        name="input_left_out_of_input",
        exercise="lstm",
        hint="Your input gate does not see the input.",
        changes=[("torch.mm(x, self.W_xi) + ", "")],
    ),
    Mistake(
        name="input_left_out_of_forget",
        exercise="lstm",
        hint="Your forget gate does not see the input.",
        changes=[("torch.mm(x, self.W_xf) + ", "")],
    ),
    Mistake(
        name="weights_of_forget_transposed",
        exercise="lstm",
        hint="You transpose the weights of H in your forget gate. They are used as `triple()` makes them.",
        changes=[("torch.mm(H, self.W_hf)", "torch.mm(H, self.W_hf.T)")],
    ),
    Mistake(
        name="weights_of_output_transposed",
        exercise="lstm",
        hint="You transpose the weights of H in your output gate. They are used as `triple()` makes them.",
        changes=[("torch.mm(H, self.W_ho)", "torch.mm(H, self.W_ho.T)")],
    ),
    Mistake(
        name="weights_of_input_node_transposed",
        exercise="lstm",
        hint="You transpose the weights of H in your input node. They are used as `triple()` makes them.",
        changes=[("torch.mm(H, self.W_hc)", "torch.mm(H, self.W_hc.T)")],
    ),
    Mistake(
        name="input_gate_looks_at_cell",
        exercise="lstm",
        hint="Your input gate looks at the cell state C where it should look at the hidden state H.",
        changes=[("torch.mm(H, self.W_hi)", "torch.mm(C, self.W_hi)")],
    ),
    Mistake(
        name="forget_gate_looks_at_cell",
        exercise="lstm",
        hint="Your forget gate looks at the cell state C where it should look at the hidden state H.",
        changes=[("torch.mm(H, self.W_hf)", "torch.mm(C, self.W_hf)")],
    ),
    Mistake(
        name="output_gate_looks_at_cell",
        exercise="lstm",
        hint="Your output gate looks at the cell state C where it should look at the hidden state H.",
        changes=[("torch.mm(H, self.W_ho)", "torch.mm(C, self.W_ho)")],
    ),
    Mistake(
        name="output_gate_sees_new_cell",
        exercise="lstm",
        hint="You add the new cell state to the sum of the output gate (a peephole). The gates look at x and H alone.",
        changes=[
            (
                "        C = F * C + I * C_tilde\n        H = O * torch.tanh(C)",
                "        C = F * C + I * C_tilde\n"
                "        O = torch.sigmoid(\n"
                "            torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + C + self.b_o)\n"
                "        H = O * torch.tanh(C)",
            ),
        ],
    ),
    Mistake(
        name="cell_through_tanh_once",
        exercise="lstm",
        hint="You put the tanh around the new cell state itself, and so hand on what should only be shown. C is "
        "without, and H takes the tanh of it.",
        changes=[
            ("C = F * C + I * C_tilde", "C = torch.tanh(F * C + I * C_tilde)"),
            ("H = O * torch.tanh(C)", "H = O * C"),
        ],
    ),
    Mistake(
        name="returned_state_detached",
        exercise="lstm",
        hint="You return the state detached. What is built on the last hidden state then sends no gradient into it.",
        changes=[("return outputs, (H, C)", "return outputs, (H.detach(), C.detach())")],
    ),
    Mistake(
        name="cell_clipped_far_out",
        exercise="lstm",
        hint="You keep the cell state between two bounds. It may grow: that is how it counts and remembers.",
        changes=[("C = F * C + I * C_tilde", "C = (F * C + I * C_tilde).clamp(-10, 10)")],
    ),
    Mistake(
        name="one_step_gives_cell_first",
        exercise="lstm",
        hint="Your `one_step` returns C, H. It is to return H, C, as its docstring says.",
        changes=[
            ("H, C = self.one_step(", "C, H = self.one_step("),
            ("        return H, C\n", "        return C, H\n"),
        ],
    ),
    Mistake(
        name="zero_steps_left_out",
        exercise="lstm",
        hint="You leave out steps that are nothing but zeros. The LSTM goes on at every step.",
        changes=[
            (
                "            H, C = self.one_step(inputs[:, step], H, C)\n",
                "            if inputs[:, step].any():\n                H, C = self.one_step(inputs[:, step], H, C)\n",
            ),
        ],
    ),
    *(
        Mistake(
            name=f"bias_of_{gate}_outside",
            exercise="lstm",
            hint=f"You add the bias of your {GATES[gate]} after the {'tanh' if gate == 'c' else 'sigmoid'}. It belongs "
            "into the brackets: look where they close.",
            changes=[(f" + self.b_{gate})", f") + self.b_{gate}")],
        )
        for gate in GATES
    ),
]


def conv_net(*layers, x="x.transpose(2, 1)"):
    """A `ConvNet` of these layers."""
    lines = "".join(f"            {layer},\n" for layer in layers)
    return f"""
class ConvNet(nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        self.net = nn.Sequential(
{lines}        )

    def forward(self, x):
        return self.net({x})
"""


RELU, LEAKY, POOL = "nn.ReLU()", "nn.LeakyReLU()", "nn.AvgPool1d(2)"
FIRST, SECOND, THIRD = "nn.Conv1d(inputs, 32, 3)", "nn.Conv1d(32, 64, 3)", "nn.Conv1d(64, 128, 3)"
END = ("nn.AdaptiveAvgPool1d(1)", "nn.Flatten()", "nn.Linear(128, outputs)")

CONV_NET = [
    Mistake(
        name="pooling_left_out",
        exercise="conv_net",
        hint="Your network has no average pooling after its first two convolutions. Each halves the number of "
        "steps, so that the next convolution sees further.",
        code=conv_net(FIRST, RELU, SECOND, RELU, THIRD, RELU, *END),
    ),
    Mistake(
        name="second_pooling_left_out",
        exercise="conv_net",
        hint="The average pooling after the second convolution is missing.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, THIRD, RELU, *END),
    ),
    Mistake(
        name="first_pooling_left_out",
        exercise="conv_net",
        hint="The average pooling after the first convolution is missing.",
        code=conv_net(FIRST, RELU, SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="third_pooling",
        exercise="conv_net",
        hint="You pool after the third convolution as well. There, the adaptive pooling takes the mean over all steps.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, POOL, *END),
    ),
    Mistake(
        name="maximum_pooling",
        exercise="conv_net",
        hint="You pool with the maximum of two steps; the text asks for their average.",
        code=conv_net(FIRST, RELU, "nn.MaxPool1d(2)", SECOND, RELU, "nn.MaxPool1d(2)", THIRD, RELU, *END),
    ),
    Mistake(
        name="pooling_moves_by_one",
        exercise="conv_net",
        hint="Your pooling moves on by one step (`stride=1`), so that it smooths and does not halve the number of "
        "steps.",
        code=conv_net(
            FIRST, RELU, "nn.AvgPool1d(2, stride=1)", SECOND, RELU, "nn.AvgPool1d(2, stride=1)", THIRD, RELU, *END
        ),
    ),
    Mistake(
        name="pooling_of_three",
        exercise="conv_net",
        hint="Your poolings take three steps together; the text asks for two.",
        code=conv_net(FIRST, RELU, "nn.AvgPool1d(3)", SECOND, RELU, "nn.AvgPool1d(3)", THIRD, RELU, *END),
    ),
    Mistake(
        name="stride_for_pooling",
        exercise="conv_net",
        hint="You halve the steps with `stride=2` in the convolutions, which drops every other step. The average "
        "pooling uses them all.",
        code=conv_net(
            "nn.Conv1d(inputs, 32, 3, stride=2)", RELU, "nn.Conv1d(32, 64, 3, stride=2)", RELU, THIRD, RELU, *END
        ),
    ),
    Mistake(
        name="convolutions_padded",
        exercise="conv_net",
        hint="Your convolutions have `padding=1`. The text asks for none; zeros at the ends would count as steps.",
        code=conv_net(
            "nn.Conv1d(inputs, 32, 3, padding=1)",
            RELU,
            POOL,
            "nn.Conv1d(32, 64, 3, padding=1)",
            RELU,
            POOL,
            "nn.Conv1d(64, 128, 3, padding=1)",
            RELU,
            *END,
        ),
    ),
    Mistake(
        name="kernel_of_five",
        exercise="conv_net",
        hint="Your convolutions have a kernel of 5 steps; the text asks for 3.",
        code=conv_net(
            "nn.Conv1d(inputs, 32, 5)",
            RELU,
            POOL,
            "nn.Conv1d(32, 64, 5)",
            RELU,
            POOL,
            "nn.Conv1d(64, 128, 5)",
            RELU,
            *END,
        ),
    ),
    Mistake(
        name="pooling_before_relu",
        exercise="conv_net",
        hint="You pool before the ReLU. Then a positive and a negative step cancel out; the ReLU comes first.",
        code=conv_net(FIRST, POOL, RELU, SECOND, POOL, RELU, THIRD, RELU, *END),
    ),
    Mistake(
        name="last_relu_left_out",
        exercise="conv_net",
        hint="The ReLU after the third convolution is missing.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, *END),
    ),
    Mistake(
        name="convolutions_without_relu",
        exercise="conv_net",
        hint="There is no ReLU anywhere, so that your network is one large linear function.",
        code=conv_net(FIRST, POOL, SECOND, POOL, THIRD, *END),
    ),
    Mistake(
        name="relu_at_the_end",
        exercise="conv_net",
        hint="Your output goes through a ReLU, so that it is never negative. The last layer is the linear one.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END, RELU),
    ),
    Mistake(
        name="sigmoid_at_the_end",
        exercise="conv_net",
        hint="Your output goes through a sigmoid. The loss does that by itself: return the raw number.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END, "nn.Sigmoid()"),
    ),
    Mistake(
        name="maximum_over_steps",
        exercise="conv_net",
        hint="You take the maximum of each channel over the steps; the text asks for the mean.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, "nn.AdaptiveMaxPool1d(1)", *END[1:]),
    ),
    Mistake(
        name="steps_as_channels",
        exercise="conv_net",
        hint="Your first convolution takes 40 channels, the steps, and moves along the frequencies. `forward` "
        "swaps the two axes: the channels are the `inputs`.",
        code=conv_net("nn.Conv1d(40, 32, 3)", RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="features_written_in",
        exercise="conv_net",
        hint="Your first convolution always takes 17 channels. Take as many as the argument `inputs` says.",
        code=conv_net("nn.Conv1d(17, 32, 3)", RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="output_written_in",
        exercise="conv_net",
        hint="Your linear layer always has one output. Take as many as the argument `outputs` says.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END[:2], "nn.Linear(128, 1)"),
    ),
    Mistake(
        name="flatten_left_out",
        exercise="conv_net",
        hint="Without `Flatten`, the axis of length one that the adaptive pooling leaves meets the linear layer.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, END[0], END[2]),
    ),
    Mistake(
        name="axes_not_swapped",
        exercise="conv_net",
        hint="You took out the swap of the axes in `forward`. A convolution wants samples, channels, steps.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END, x="x"),
    ),
    Mistake(
        name="axes_reshaped",
        exercise="conv_net",
        hint="You reshape where `forward` swaps the axes, which mixes steps and features. `transpose` was given.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END, x="x.reshape(len(x), x.shape[2], -1)"),
    ),
    Mistake(
        name="first_relu_left_out",
        exercise="conv_net",
        hint="The ReLU after the first convolution is missing.",
        code=conv_net(FIRST, POOL, SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="second_relu_left_out",
        exercise="conv_net",
        hint="The ReLU after the second convolution is missing.",
        code=conv_net(FIRST, RELU, POOL, SECOND, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="pooling_three_by_two",
        exercise="conv_net",
        hint="Your poolings take three steps together and move on by two; the text asks for two.",
        code=conv_net(
            FIRST, RELU, "nn.AvgPool1d(3, stride=2)", SECOND, RELU, "nn.AvgPool1d(3, stride=2)", THIRD, RELU, *END
        ),
    ),
    Mistake(
        name="leaky_convolutions",
        exercise="conv_net",
        hint="You use a leaky ReLU, which lets a hundredth of what is negative pass. The text asks for ReLU.",
        code=conv_net(FIRST, LEAKY, POOL, SECOND, LEAKY, POOL, THIRD, LEAKY, *END),
    ),
    Mistake(
        name="convolutions_drop_out",
        exercise="conv_net",
        hint=(
            "Your network gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END[:2], "nn.Dropout(0.5)", END[2]),
    ),
    Mistake(
        name="batch_normalized",
        exercise="conv_net",
        hint="Your network normalizes over the batch. The text asks for no such layer.",
        code=conv_net(FIRST, RELU, POOL, SECOND, "nn.BatchNorm1d(64)", RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="convolutions_without_bias",
        exercise="conv_net",
        hint="Your convolutions have no bias. The text leaves it in, as torch does by itself.",
        code=conv_net(
            "nn.Conv1d(inputs, 32, 3, bias=False)",
            RELU,
            POOL,
            "nn.Conv1d(32, 64, 3, bias=False)",
            RELU,
            POOL,
            "nn.Conv1d(64, 128, 3, bias=False)",
            RELU,
            *END,
        ),
    ),
    Mistake(
        name="another_linear_layer",
        exercise="conv_net",
        hint="There is a linear layer of 64 units before the last one. The text asks for one linear layer.",
        code=conv_net(
            *(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU),
            *(*END[:2], "nn.Linear(128, 64)", RELU, "nn.Linear(64, outputs)"),
        ),
    ),
    Mistake(
        name="called_layers",
        exercise="conv_net",
        hint="Your layers are in `self.layers`. The text calls them `self.net`.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, RELU, *END).replace("self.net", "self.layers"),
    ),
    Mistake(
        name="channels_halved",
        exercise="conv_net",
        hint="Your first convolution has 16 channels. 32 are asked for.",
        changes=[("nn.Conv1d(inputs, 32,", "nn.Conv1d(inputs, 16,"), ("nn.Conv1d(32, 64", "nn.Conv1d(16, 64")],
    ),
    Mistake(
        name="two_convolutions",
        exercise="conv_net",
        hint="You have two convolutions. Three are asked for.",
        changes=[
            ("            nn.Conv1d(64, 128, kernel_size=3),\n            nn.ReLU(),\n", ""),
            ("nn.Linear(128, outputs)", "nn.Linear(64, outputs)"),
        ],
    ),
    Mistake(
        name="softmax_after_convolutions",
        exercise="conv_net",
        hint="You have a softmax at the end. Raw outputs are asked for: the loss does the rest.",
        changes=[("nn.Linear(128, outputs),", "nn.Linear(128, outputs),\n            nn.Softmax(dim=1),")],
    ),
    Mistake(
        name="stride_of_two",
        exercise="conv_net",
        hint=("Your first convolution moves by two steps. The pooling halves the steps, the convolutions move by one."),
        changes=[("nn.Conv1d(inputs, 32, kernel_size=3)", "nn.Conv1d(inputs, 32, kernel_size=3, stride=2)")],
    ),
    Mistake(
        name="pooled_to_two",
        exercise="conv_net",
        hint="You pool to two places at the end. One mean over all steps is asked for.",
        changes=[
            ("nn.AdaptiveAvgPool1d(1)", "nn.AdaptiveAvgPool1d(2)"),
            ("nn.Linear(128, outputs)", "nn.Linear(256, outputs)"),
        ],
    ),
    Mistake(
        name="all_pooling_before_relu",
        exercise="conv_net",
        hint="You pool before the ReLU, at the end as well. Then a positive and a negative step cancel out; the ReLU "
        "comes first.",
        code=conv_net(FIRST, POOL, RELU, SECOND, POOL, RELU, THIRD, END[0], RELU, *END[1:]),
    ),
    Mistake(
        name="last_pooling_before_relu",
        exercise="conv_net",
        hint="You take the mean over the steps before the last ReLU. Then positive and negative steps cancel out; the "
        "ReLU comes first.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, POOL, THIRD, END[0], RELU, *END[1:]),
    ),
    Mistake(
        name="first_pooling_three_by_two",
        exercise="conv_net",
        hint="Your first pooling takes three steps together and moves on by two; the text asks for two.",
        code=conv_net(FIRST, RELU, "nn.AvgPool1d(3, stride=2)", SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="first_pooling_of_three",
        exercise="conv_net",
        hint="Your first pooling takes three steps together; the text asks for two.",
        code=conv_net(FIRST, RELU, "nn.AvgPool1d(3)", SECOND, RELU, POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="second_pooling_of_three",
        exercise="conv_net",
        hint="Your second pooling takes three steps together; the text asks for two.",
        code=conv_net(FIRST, RELU, POOL, SECOND, RELU, "nn.AvgPool1d(3)", THIRD, RELU, *END),
    ),
    Mistake(
        name="second_tanh_for_relu",
        exercise="conv_net",
        hint="After the second convolution you have a tanh; the text asks for ReLU.",
        code=conv_net(FIRST, RELU, POOL, SECOND, "nn.Tanh()", POOL, THIRD, RELU, *END),
    ),
    Mistake(
        name="tanh_for_relu",
        exercise="conv_net",
        hint="You have a tanh after the convolutions; the text asks for ReLU.",
        code=conv_net(FIRST, "nn.Tanh()", POOL, SECOND, "nn.Tanh()", POOL, THIRD, "nn.Tanh()", *END),
    ),
    Mistake(
        name="first_maximum_pooling",
        exercise="conv_net",
        hint="Your first pooling takes the maximum of two steps; the text asks for their average.",
        changes=[
            (
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU(),\n            nn.MaxPool1d(2),",
            )
        ],
    ),
    Mistake(
        name="first_pooling_before_relu",
        exercise="conv_net",
        hint="Your first pooling comes before its ReLU. Then a positive and a negative step cancel out; the ReLU "
        "comes first.",
        changes=[
            (
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.AvgPool1d(2),\n            nn.ReLU(),",
            )
        ],
    ),
    Mistake(
        name="first_pooling_keeps_what_is_left",
        exercise="conv_net",
        hint="Your first pooling keeps an odd step at the end (`ceil_mode`). The text asks for a plain average "
        "over 2 steps.",
        changes=[
            (
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                (
                    "nn.Conv1d(inputs, 32, kernel_size=3),\n"
                    "            nn.ReLU(),\n"
                    "            nn.AvgPool1d(2, ceil_mode=True),"
                ),
            )
        ],
    ),
    Mistake(
        name="first_pooling_by_stride",
        exercise="conv_net",
        hint="Your first convolution moves by two steps in the place of the pooling, which drops every other one. "
        "Pool by the average.",
        changes=[
            (
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(inputs, 32, kernel_size=3, stride=2),\n            nn.ReLU(),",
            )
        ],
    ),
    Mistake(
        name="second_maximum_pooling",
        exercise="conv_net",
        hint="Your second pooling takes the maximum of two steps; the text asks for their average.",
        changes=[
            (
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU(),\n            nn.MaxPool1d(2),",
            )
        ],
    ),
    Mistake(
        name="second_pooling_before_relu",
        exercise="conv_net",
        hint="Your second pooling comes before its ReLU. Then a positive and a negative step cancel out; the ReLU "
        "comes first.",
        changes=[
            (
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.AvgPool1d(2),\n            nn.ReLU(),",
            )
        ],
    ),
    Mistake(
        name="second_pooling_keeps_what_is_left",
        exercise="conv_net",
        hint="Your second pooling keeps an odd step at the end (`ceil_mode`). The text asks for a plain average "
        "over 2 steps.",
        changes=[
            (
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                (
                    "nn.Conv1d(32, 64, kernel_size=3),\n"
                    "            nn.ReLU(),\n"
                    "            nn.AvgPool1d(2, ceil_mode=True),"
                ),
            )
        ],
    ),
    Mistake(
        name="poolings_keep_what_is_left",
        exercise="conv_net",
        hint="Your poolings keep an odd step at the end (`ceil_mode`). The text asks for a plain average over 2 steps.",
        code=conv_net(
            FIRST,
            RELU,
            "nn.AvgPool1d(2, ceil_mode=True)",
            SECOND,
            RELU,
            "nn.AvgPool1d(2, ceil_mode=True)",
            THIRD,
            RELU,
            *END,
        ),
    ),
    Mistake(
        name="second_pooling_by_stride",
        exercise="conv_net",
        hint="Your second convolution moves by two steps in the place of the pooling, which drops every other "
        "one. Pool by the average.",
        changes=[
            (
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU(),\n            nn.AvgPool1d(2),",
                "nn.Conv1d(32, 64, kernel_size=3, stride=2),\n            nn.ReLU(),",
            )
        ],
    ),
    Mistake(
        name="first_convolution_padded",
        exercise="conv_net",
        hint="Your first convolution is padded. The text asks for no padding; zeros at the ends would count as steps.",
        changes=[("nn.Conv1d(inputs, 32, kernel_size=3)", "nn.Conv1d(inputs, 32, kernel_size=3, padding=1)")],
    ),
    Mistake(
        name="first_convolution_without_bias",
        exercise="conv_net",
        hint="Your first convolution has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Conv1d(inputs, 32, kernel_size=3)", "nn.Conv1d(inputs, 32, kernel_size=3, bias=False)")],
    ),
    Mistake(
        name="first_kernel_of_five",
        exercise="conv_net",
        hint="Your first convolution has a kernel of 5 steps; the text asks for 3.",
        changes=[("nn.Conv1d(inputs, 32, kernel_size=3)", "nn.Conv1d(inputs, 32, kernel_size=5)")],
    ),
    Mistake(
        name="first_convolution_dilated",
        exercise="conv_net",
        hint="Your first convolution leaves steps out between those that it sees (`dilation`). The text asks for none.",
        changes=[("nn.Conv1d(inputs, 32, kernel_size=3)", "nn.Conv1d(inputs, 32, kernel_size=3, dilation=2)")],
    ),
    Mistake(
        name="first_leaky_relu",
        exercise="conv_net",
        hint="After the first convolution you have a leaky ReLU; the text asks for ReLU.",
        changes=[
            (
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.ReLU()",
                "nn.Conv1d(inputs, 32, kernel_size=3),\n            nn.LeakyReLU()",
            )
        ],
    ),
    Mistake(
        name="second_convolution_padded",
        exercise="conv_net",
        hint="Your second convolution is padded. The text asks for no padding; zeros at the ends would count as steps.",
        changes=[("nn.Conv1d(32, 64, kernel_size=3)", "nn.Conv1d(32, 64, kernel_size=3, padding=1)")],
    ),
    Mistake(
        name="second_convolution_without_bias",
        exercise="conv_net",
        hint="Your second convolution has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Conv1d(32, 64, kernel_size=3)", "nn.Conv1d(32, 64, kernel_size=3, bias=False)")],
    ),
    Mistake(
        name="second_kernel_of_five",
        exercise="conv_net",
        hint="Your second convolution has a kernel of 5 steps; the text asks for 3.",
        changes=[("nn.Conv1d(32, 64, kernel_size=3)", "nn.Conv1d(32, 64, kernel_size=5)")],
    ),
    Mistake(
        name="second_convolution_dilated",
        exercise="conv_net",
        hint="Your second convolution leaves steps out between those that it sees (`dilation`). The text asks for "
        "none.",
        changes=[("nn.Conv1d(32, 64, kernel_size=3)", "nn.Conv1d(32, 64, kernel_size=3, dilation=2)")],
    ),
    Mistake(
        name="second_leaky_relu",
        exercise="conv_net",
        hint="After the second convolution you have a leaky ReLU; the text asks for ReLU.",
        changes=[
            (
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.ReLU()",
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.LeakyReLU()",
            )
        ],
    ),
    Mistake(
        name="third_convolution_padded",
        exercise="conv_net",
        hint="Your third convolution is padded. The text asks for no padding; zeros at the ends would count as steps.",
        changes=[("nn.Conv1d(64, 128, kernel_size=3)", "nn.Conv1d(64, 128, kernel_size=3, padding=1)")],
    ),
    Mistake(
        name="third_convolution_without_bias",
        exercise="conv_net",
        hint="Your third convolution has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Conv1d(64, 128, kernel_size=3)", "nn.Conv1d(64, 128, kernel_size=3, bias=False)")],
    ),
    Mistake(
        name="third_kernel_of_five",
        exercise="conv_net",
        hint="Your third convolution has a kernel of 5 steps; the text asks for 3.",
        changes=[("nn.Conv1d(64, 128, kernel_size=3)", "nn.Conv1d(64, 128, kernel_size=5)")],
    ),
    Mistake(
        name="third_convolution_dilated",
        exercise="conv_net",
        hint="Your third convolution leaves steps out between those that it sees (`dilation`). The text asks for none.",
        changes=[("nn.Conv1d(64, 128, kernel_size=3)", "nn.Conv1d(64, 128, kernel_size=3, dilation=2)")],
    ),
    Mistake(
        name="third_leaky_relu",
        exercise="conv_net",
        hint="After the third convolution you have a leaky ReLU; the text asks for ReLU.",
        changes=[
            (
                "nn.Conv1d(64, 128, kernel_size=3),\n            nn.ReLU()",
                "nn.Conv1d(64, 128, kernel_size=3),\n            nn.LeakyReLU()",
            )
        ],
    ),
    Mistake(
        name="linear_layer_without_bias",
        exercise="conv_net",
        hint="Your linear layer has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Linear(128, outputs)", "nn.Linear(128, outputs, bias=False)")],
    ),
    Mistake(
        name="third_channels_of_64",
        exercise="conv_net",
        hint="Your third convolution makes 64 channels; the text asks for 128.",
        changes=[
            ("nn.Conv1d(64, 128, kernel_size=3)", "nn.Conv1d(64, 64, kernel_size=3)"),
            ("nn.Linear(128, outputs)", "nn.Linear(64, outputs)"),
        ],
    ),
    Mistake(
        name="linear_layer_of_128_before",
        exercise="conv_net",
        hint="There is a linear layer of 128 units before the last one. The text asks for one linear layer.",
        changes=[
            (
                "nn.Linear(128, outputs)",
                "nn.Linear(128, 128),\n            nn.ReLU(),\n            nn.Linear(128, outputs)",
            )
        ],
    ),
    Mistake(
        name="pooling_over_six_at_the_end",
        exercise="conv_net",
        hint="You pool over 6 steps at the end, which are all of them in a chunk of 40 only. The adaptive pooling "
        "fits any length.",
        changes=[("nn.AdaptiveAvgPool1d(1)", "nn.AvgPool1d(6)")],
    ),
    Mistake(
        name="features_normalized_after_convolution",
        exercise="conv_net",
        hint="You normalize after each convolution (`InstanceNorm1d`, `BatchNorm1d`). The table has no such layer.",
        changes=[
            (
                "kernel_size=3),\n            nn.ReLU(),\n            nn.AdaptiveAvgPool1d(1)",
                "kernel_size=3),\n"
                "            nn.InstanceNorm1d(128),\n"
                "            nn.ReLU(),\n"
                "            nn.AdaptiveAvgPool1d(1)",
            ),
            (
                "nn.Conv1d(32, 64, kernel_size=3),",
                "nn.Conv1d(32, 64, kernel_size=3),\n            nn.InstanceNorm1d(64),",
            ),
        ],
    ),
]

LSTM_NET = [
    Mistake(
        name="all_steps_classified",
        exercise="lstm_net",
        hint="You send the outputs of all steps through the linear layers and get a result for each step. Only the "
        "last hidden state counts.",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)")],
    ),
    Mistake(
        name="cell_state_classified",
        exercise="lstm_net",
        hint="You send the cell state through the linear layers. The state is (H, C): the hidden state comes first.",
        changes=[("_, (h, _) = self.lstm(x)", "_, (_, h) = self.lstm(x)")],
    ),
    Mistake(
        name="first_step_classified",
        exercise="lstm_net",
        hint="You take the output of the first step, when the LSTM has hardly seen anything. Take the last one.",
        changes=[("_, (h, _) = self.lstm(x)", "h = self.lstm(x)[0][:, 0]")],
    ),
    Mistake(
        name="mean_of_outputs",
        exercise="lstm_net",
        hint="You take the mean of the outputs over the steps; the text asks for the last hidden state.",
        changes=[("_, (h, _) = self.lstm(x)", "h = self.lstm(x)[0].mean(dim=1)")],
    ),
    Mistake(
        name="last_sample_classified",
        exercise="lstm_net",
        hint="`outputs[-1]` is the last sample of the batch with all of its steps. The steps are on axis 1.",
        changes=[("_, (h, _) = self.lstm(x)", "h = self.lstm(x)[0][-1]")],
    ),
    Mistake(
        name="state_as_tuple",
        exercise="lstm_net",
        hint="You hand the whole state (H, C) to the linear layers. Take H out of it.",
        changes=[("_, (h, _) = self.lstm(x)", "_, h = self.lstm(x)")],
    ),
    Mistake(
        name="state_unpacked_as_rnn",
        exercise="lstm_net",
        hint="You unpack the state as the RNN's, which has one part. The LSTM's has two, (H, C).",
        changes=[("_, (h, _) = self.lstm(x)", "_, (h,) = self.lstm(x)")],
    ),
    Mistake(
        name="axes_swapped_for_lstm",
        exercise="lstm_net",
        hint="You swap samples and steps before the LSTM. Yours takes samples first, so leave x as it is.",
        changes=[("_, (h, _) = self.lstm(x)", "h = self.lstm(x.transpose(0, 1))[0][-1]")],
    ),
    Mistake(
        name="own_lstm_not_used",
        exercise="lstm_net",
        hint="You take torch's LSTM here. This network is built on the `LSTM` that you have written yourself.",
        changes=[
            ("LSTM(inputs, 128)", "nn.LSTM(inputs, 128, batch_first=True)"),
            ("self.linear(h)", "self.linear(h[-1])"),
        ],
    ),
    Mistake(
        name="rnn_in_its_place",
        exercise="lstm_net",
        hint="Your network still has the RNN of the example inside. Put your LSTM in its place.",
        changes=[("LSTM(inputs, 128)", "RNN(inputs, 128)"), ("_, (h, _) = self.lstm(x)", "_, (h,) = self.lstm(x)")],
    ),
    Mistake(
        name="single_linear_layer",
        exercise="lstm_net",
        hint="There is one linear layer after your LSTM. The text asks for two, with a ReLU between them.",
        changes=[("            nn.Linear(128, 128),\n            nn.ReLU(),\n", "")],
    ),
    Mistake(
        name="relu_left_out",
        exercise="lstm_net",
        hint="There is no ReLU between your linear layers; without it, the two are no more than one.",
        changes=[("            nn.ReLU(),\n", "")],
    ),
    Mistake(
        name="tanh_between_layers",
        exercise="lstm_net",
        hint="You have a tanh between the linear layers; the text asks for a ReLU.",
        changes=[("nn.ReLU()", "nn.Tanh()")],
    ),
    Mistake(
        name="sigmoid_of_a_single_output",
        exercise="lstm_net",
        hint="With one output, it goes through a sigmoid. The loss does that by itself: return the raw number.",
        changes=[
            (
                "return self.linear(h)",
                "out = self.linear(h)\n        return torch.sigmoid(out) if out.shape[1] == 1 else out",
            ),
        ],
    ),
    Mistake(
        name="sigmoid_after_lstm",
        exercise="lstm_net",
        hint="Your output goes through a sigmoid. The loss does that by itself: return the raw number.",
        changes=[("return self.linear(h)", "return torch.sigmoid(self.linear(h))")],
    ),
    Mistake(
        name="relu_after_the_last_layer",
        exercise="lstm_net",
        hint="Your output goes through a ReLU, so that it is never negative. The last layer is the linear one.",
        changes=[("return self.linear(h)", "return torch.relu(self.linear(h))")],
    ),
    Mistake(
        name="hiddens_as_outputs",
        exercise="lstm_net",
        hint="Your LSTM has as many hidden units as the network has outputs. It should have 128.",
        changes=[("LSTM(inputs, 128)", "LSTM(inputs, outputs)"), ("nn.Linear(128, 128)", "nn.Linear(outputs, 128)")],
    ),
    Mistake(
        name="sizes_written_in",
        exercise="lstm_net",
        hint="Your LSTM always takes 17 features. Take as many as the argument `inputs` says.",
        changes=[("LSTM(inputs, 128)", "LSTM(17, 128)")],
    ),
    Mistake(
        name="single_output_written_in",
        exercise="lstm_net",
        hint="Your last layer always has one output. Take as many as the argument `outputs` says.",
        changes=[("nn.Linear(128, outputs)", "nn.Linear(128, 1)")],
    ),
    Mistake(
        name="single_output_squeezed",
        exercise="lstm_net",
        hint="You squeeze the output: where there is one, its axis is gone. The loss then compares (samples,) with "
        "(samples, 1), and every sample with every label.",
        changes=[("self.linear(h)", "self.linear(h).squeeze(-1)")],
    ),
    Mistake(
        name="outputs_squeezed",
        exercise="lstm_net",
        hint="You squeeze the hidden state, or what is made of it. With a single sample, that drops the axis of the "
        "samples.",
        changes=[("self.linear(h)", "self.linear(h.squeeze())")],
    ),
    Mistake(
        name="lstm_cut_off",
        exercise="lstm_net",
        hint="You cut the LSTM off (`torch.no_grad()`, `detach`), so that it never learns.",
        changes=[("self.linear(h)", "self.linear(h.detach())")],
    ),
    Mistake(
        name="lstm_made_at_each_call",
        exercise="lstm_net",
        hint="You make a new LSTM at each call, with new random weights. Make it once, in `__init__`.",
        changes=[
            ("self.lstm = LSTM(inputs, 128)", "self.inputs = inputs"),
            ("self.lstm(x)", "LSTM(self.inputs, 128)(x)"),
        ],
    ),
    Mistake(
        name="lstm_called_rnn",
        exercise="lstm_net",
        hint="Your LSTM is still called `self.rnn`, as in the example. The text calls it `self.lstm`.",
        changes=[("self.lstm = LSTM", "self.rnn = LSTM"), ("self.lstm(x)", "self.rnn(x)")],
    ),
    Mistake(
        name="narrow_linear_layer",
        exercise="lstm_net",
        hint="Your linear layers go through 64 units; the text asks for 128.",
        changes=[
            ("nn.Linear(128, 128)", "nn.Linear(128, 64)"),
            ("nn.Linear(128, outputs)", "nn.Linear(64, outputs)"),
        ],
    ),
    Mistake(
        name="network_drops_out",
        exercise="lstm_net",
        hint=(
            "Your network gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[
            ("self.linear(h)", "self.linear(nn.functional.dropout(h, 0.5, self.training))"),
        ],
    ),
    Mistake(
        name="relu_on_the_state",
        exercise="lstm_net",
        hint=(
            "You send the hidden state through a ReLU, which cuts off what is negative. It goes into the "
            "linear layer as it is."
        ),
        changes=[
            ("self.linear(h)", "self.linear(torch.relu(h))"),
        ],
    ),
    Mistake(
        name="first_output_alone",
        exercise="lstm_net",
        hint="You return one number for each sample, without the axis of the outputs: (samples, outputs).",
        changes=[
            ("self.linear(h)", "self.linear(h)[:, 0]"),
        ],
    ),
    Mistake(
        name="last_bias_switched_off",
        exercise="lstm_net",
        hint="Your last linear layer has no bias. The text leaves it in, as torch does by itself.",
        changes=[
            ("nn.Linear(128, outputs)", "nn.Linear(128, outputs, bias=False)"),
        ],
    ),
    Mistake(
        name="half_the_units",
        exercise="lstm_net",
        hint="Your LSTM has 64 hidden units; the text asks for 128.",
        changes=[
            ("LSTM(inputs, 128)", "LSTM(inputs, 64)"),
            ("nn.Linear(128, 128)", "nn.Linear(64, 128)"),
        ],
    ),
    Mistake(
        name="tanh_on_state",
        exercise="lstm_net",
        hint="You put a tanh on the last hidden state. The linear layers get it as it is.",
        changes=[("return self.linear(h)", "return self.linear(torch.tanh(h))")],
    ),
    Mistake(
        name="softmax_after_the_last_layer",
        exercise="lstm_net",
        hint="You have a softmax at the end. Raw outputs are asked for: the loss does the rest.",
        changes=[("return self.linear(h)", "return torch.softmax(self.linear(h), dim=1)")],
    ),
    Mistake(
        name="cell_state_added",
        exercise="lstm_net",
        hint="You add the cell state to the hidden state. The linear layers get the hidden state alone.",
        changes=[("_, (h, _) = self.lstm(x)", "_, (h, c) = self.lstm(x)\n        h = h + c")],
    ),
    Mistake(
        name="largest_of_outputs",
        exercise="lstm_net",
        hint="You take the largest outputs of all steps. The last hidden state is asked for.",
        changes=[("_, (h, _) = self.lstm(x)", "outputs, _ = self.lstm(x)\n        h = outputs.amax(dim=1)")],
    ),
    Mistake(
        name="relu_moved_to_the_end",
        exercise="lstm_net",
        hint="Your ReLU stands after the last linear layer, so that the output is never negative. It belongs between "
        "the two.",
        changes=[
            ("            nn.ReLU(),\n", ""),
            ("nn.Linear(128, outputs),\n", "nn.Linear(128, outputs),\n            nn.ReLU(),\n"),
        ],
    ),
    Mistake(
        name="relu_before_both_layers",
        exercise="lstm_net",
        hint="Your ReLU stands before the first linear layer. It belongs between the two.",
        changes=[
            (
                "            nn.Linear(128, 128),\n            nn.ReLU(),\n",
                "            nn.ReLU(),\n            nn.Linear(128, 128),\n",
            )
        ],
    ),
    Mistake(
        name="steps_fed_backward",
        exercise="lstm_net",
        hint="You feed the steps to the LSTM from the last to the first. It reads them as they come.",
        changes=[("self.lstm(x)", "self.lstm(x.flip(1))")],
    ),
    Mistake(
        name="features_fed_backward",
        exercise="lstm_net",
        hint="You turn the features round, the last axis. They go into the LSTM as they come.",
        changes=[("self.lstm(x)", "self.lstm(x.flip(-1))")],
    ),
    Mistake(
        name="plain_linear_layer_after_lstm",
        exercise="lstm_net",
        hint="Your `linear` is a single layer from the state to the output. The text asks for two, with a ReLU between "
        "them.",
        changes=[
            (
                "nn.Sequential(\n            nn.Linear(128, 128),\n            nn.ReLU(),\n"
                "            nn.Linear(128, outputs),\n        )",
                "nn.Linear(128, outputs)",
            )
        ],
    ),
    Mistake(
        name="sum_of_outputs",
        exercise="lstm_net",
        hint="You add up the outputs of all steps; the text asks for the last hidden state.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h)", "return self.linear(h.sum(dim=1))"),
        ],
    ),
    Mistake(
        name="last_output_but_one",
        exercise="lstm_net",
        hint="You take the output of the last step but one. The last is `[:, -1]`.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h)", "return self.linear(h[:, -2])"),
        ],
    ),
    Mistake(
        name="mean_of_results",
        exercise="lstm_net",
        hint="You send the outputs of all steps through the linear layers and take the mean. Only the last hidden "
        "state counts.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h)", "return self.linear(h).mean(dim=1)"),
        ],
    ),
    Mistake(
        name="step_of_the_notebook",
        exercise="lstm_net",
        hint="You take the output of step 39, which is the last in a chunk of 40 only.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h)", "return self.linear(h[:, 39])"),
        ],
    ),
    Mistake(
        name="first_forty_steps",
        exercise="lstm_net",
        hint="You read the first 40 steps alone. x may have more: the LSTM goes through all.",
        changes=[("self.lstm(x)", "self.lstm(x[:, :40])")],
    ),
    Mistake(
        name="first_bias_switched_off",
        exercise="lstm_net",
        hint="Your first linear layer has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Linear(128, 128)", "nn.Linear(128, 128, bias=False)")],
    ),
    Mistake(
        name="both_biases_switched_off",
        exercise="lstm_net",
        hint="Your linear layers have no bias. The text leaves it in, as torch does by itself.",
        changes=[
            ("nn.Linear(128, 128)", "nn.Linear(128, 128, bias=False)"),
            ("nn.Linear(128, outputs)", "nn.Linear(128, outputs, bias=False)"),
        ],
    ),
    Mistake(
        name="inputs_normalized_in_the_network",
        exercise="lstm_net",
        hint="You bring x to mean 0 and deviation 1 in the network. It goes to the LSTM as it is.",
        changes=[
            (
                "self.lstm(x)",
                "self.lstm(\n            (x - x.mean(dim=1, keepdim=True)) / (x.std(dim=1, keepdim=True) + 1e-6))",
            ),
        ],
    ),
]

TORCH_LSTM_NET = [
    Mistake(
        name="steps_first_in_torch",
        exercise="torch_lstm_net",
        hint="torch's LSTM takes your samples for the steps: without `batch_first=True`, the first axis of x is that "
        "of the steps, and with it, the second. Yours are the samples, then the steps.",
        changes=[(", batch_first=True", "")],
    ),
    Mistake(
        name="steps_first_last_output",
        exercise="torch_lstm_net",
        hint="torch's LSTM takes your samples for the steps of one sequence, so that each depends on those before it: "
        "`batch_first=True` is missing, or x is turned although it is there.",
        changes=[
            (", batch_first=True", ""),
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("h[-1]", "h[:, -1]"),
        ],
    ),
    Mistake(
        name="axis_of_layers_kept",
        exercise="torch_lstm_net",
        hint="torch's hidden state has an axis for its layers in front, (1, samples, 128). Take it off: `h[-1]`.",
        changes=[("h[-1]", "h")],
    ),
    Mistake(
        name="first_sample_of_state",
        exercise="torch_lstm_net",
        hint="`h[:, -1]` is the hidden state of the last sample alone. The axis in front is that of the layers.",
        changes=[("h[-1]", "h[:, -1]")],
    ),
    Mistake(
        name="cell_state_of_torch",
        exercise="torch_lstm_net",
        hint="You take the cell state. The state is (h, c): the hidden state comes first.",
        changes=[("_, (h, _) = self.lstm(x)", "_, (_, h) = self.lstm(x)")],
    ),
    Mistake(
        name="last_sample_of_outputs",
        exercise="torch_lstm_net",
        hint="`outputs[-1]` is the last sample of the batch with all of its steps. The steps are on axis 1.",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)")],
    ),
    Mistake(
        name="first_output_of_torch",
        exercise="torch_lstm_net",
        hint="You take the output of the first step, when the LSTM has hardly seen anything. Take the last one.",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"), ("h[-1]", "h[:, 0]")],
    ),
    Mistake(
        name="all_outputs_of_torch",
        exercise="torch_lstm_net",
        hint="You send the outputs of all steps through the linear layers. Only the last hidden state counts.",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"), ("h[-1]", "h")],
    ),
    Mistake(
        name="mean_of_torch_outputs",
        exercise="torch_lstm_net",
        hint="You take the mean of the outputs over the steps; the text asks for the last hidden state.",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"), ("h[-1]", "h.mean(dim=1)")],
    ),
    Mistake(
        name="state_reshaped_wrongly",
        exercise="torch_lstm_net",
        hint="You reshape x so that its numbers fall on other samples and steps. `transpose` swaps axes, `view` "
        "does not.",
        changes=[
            (", batch_first=True", ""),
            ("self.lstm(x)", "self.lstm(x.reshape(x.shape[1], x.shape[0], x.shape[2]))"),
        ],
    ),
    Mistake(
        name="squeezed_state",
        exercise="torch_lstm_net",
        hint="`squeeze()` takes off every axis of length one; with a single sample, the axis of the samples as well.",
        changes=[("h[-1]", "h.squeeze()")],
    ),
    Mistake(
        name="own_lstm_again",
        exercise="torch_lstm_net",
        hint="This is your own LSTM again. Here, take torch's: `nn.LSTM`.",
        changes=[("nn.LSTM(inputs, 128, batch_first=True)", "LSTM(inputs, 128)"), ("h[-1]", "h")],
    ),
    Mistake(
        name="torch_rnn",
        exercise="torch_lstm_net",
        hint="You take `nn.RNN`. The text asks for `nn.LSTM`.",
        changes=[("nn.LSTM(", "nn.RNN("), ("_, (h, _) = self.lstm(x)", "_, h = self.lstm(x)")],
    ),
    Mistake(
        name="torch_gru",
        exercise="torch_lstm_net",
        hint="You take `nn.GRU`, which has three gates and no cell. The text asks for `nn.LSTM`.",
        changes=[("nn.LSTM(", "nn.GRU("), ("_, (h, _) = self.lstm(x)", "_, h = self.lstm(x)")],
    ),
    Mistake(
        name="two_layers",
        exercise="torch_lstm_net",
        hint="Your LSTM has two layers on top of each other. To be like LSTMNet, it has one.",
        changes=[("batch_first=True", "num_layers=2, batch_first=True")],
    ),
    Mistake(
        name="both_directions",
        exercise="torch_lstm_net",
        hint="Your LSTM runs in both directions. To be like LSTMNet, it runs forward only.",
        changes=[("batch_first=True", "bidirectional=True, batch_first=True")],
    ),
    Mistake(
        name="linear_layer_missing",
        exercise="torch_lstm_net",
        hint="There is one linear layer after your LSTM. LSTMNet has two, with a ReLU between them.",
        changes=[("            nn.Linear(128, 128),\n            nn.ReLU(),\n", "")],
    ),
    Mistake(
        name="no_relu_after_torch",
        exercise="torch_lstm_net",
        hint="There is no ReLU between your linear layers; without it, the two are no more than one.",
        changes=[("            nn.ReLU(),\n", "")],
    ),
    Mistake(
        name="sigmoid_of_a_single_output_of_torch",
        exercise="torch_lstm_net",
        hint="With one output, it goes through a sigmoid. The loss does that by itself: return the raw number.",
        changes=[
            (
                "return self.linear(h[-1])",
                "out = self.linear(h[-1])\n        return torch.sigmoid(out) if out.shape[1] == 1 else out",
            ),
        ],
    ),
    Mistake(
        name="sigmoid_after_torch",
        exercise="torch_lstm_net",
        hint="Your output goes through a sigmoid. The loss does that by itself: return the raw number.",
        changes=[("return self.linear(h[-1])", "return torch.sigmoid(self.linear(h[-1]))")],
    ),
    Mistake(
        name="biases_switched_off",
        exercise="torch_lstm_net",
        hint="You made the LSTM with `bias=False`. Yours has biases, so this one should, too.",
        changes=[("batch_first=True", "bias=False, batch_first=True")],
    ),
    Mistake(
        name="half_the_hiddens",
        exercise="torch_lstm_net",
        hint="Your LSTM has 64 hidden units; LSTMNet's has 128.",
        changes=[("nn.LSTM(inputs, 128,", "nn.LSTM(inputs, 64,"), ("nn.Linear(128, 128)", "nn.Linear(64, 128)")],
    ),
    Mistake(
        name="frequencies_written_in",
        exercise="torch_lstm_net",
        hint="Your LSTM always takes 17 features. Take as many as the argument `inputs` says.",
        changes=[("nn.LSTM(inputs, 128,", "nn.LSTM(17, 128,")],
    ),
    Mistake(
        name="one_output_written_in",
        exercise="torch_lstm_net",
        hint="Your last layer always has one output. Take as many as the argument `outputs` says.",
        changes=[("nn.Linear(128, outputs)", "nn.Linear(128, 1)")],
    ),
    Mistake(
        name="first_state_on_cpu",
        exercise="torch_lstm_net",
        hint="You make the first state without `device=x.device`, so on a GPU it stays on the CPU. It may be left out: "
        "torch's LSTM starts from zeros by itself.",
        changes=[
            ("self.lstm(x)", "self.lstm(x, (torch.zeros(1, len(x), 128), torch.zeros(1, len(x), 128)))"),
        ],
    ),
    Mistake(
        name="first_state_random",
        exercise="torch_lstm_net",
        hint="You start from random states, so that the same x gives another result each time. Start from zeros.",
        changes=[
            (
                "self.lstm(x)",
                "self.lstm(x, (x.new_empty(1, len(x), 128).normal_(), x.new_empty(1, len(x), 128).normal_()))",
            ),
        ],
    ),
    Mistake(
        name="torch_lstm_frozen",
        exercise="torch_lstm_net",
        hint="You cut the LSTM off (`torch.no_grad()`, `detach`), so that it never learns.",
        changes=[("_, (h, _) = self.lstm(x)", "with torch.no_grad():\n            _, (h, _) = self.lstm(x)")],
    ),
    Mistake(
        name="narrow_linear_layer_of_torch",
        exercise="torch_lstm_net",
        hint="Your linear layers go through 64 units; the text asks for 128.",
        changes=[
            ("nn.Linear(128, 128)", "nn.Linear(128, 64)"),
            ("nn.Linear(128, outputs)", "nn.Linear(64, outputs)"),
        ],
    ),
    Mistake(
        name="network_drops_out_of_torch",
        exercise="torch_lstm_net",
        hint=(
            "Your network gives something else in training mode, such as by a dropout, or by what it draws or keeps. "
            "None of that is asked for."
        ),
        changes=[
            ("self.linear(h[-1])", "self.linear(nn.functional.dropout(h[-1], 0.5, self.training))"),
        ],
    ),
    Mistake(
        name="relu_on_the_state_of_torch",
        exercise="torch_lstm_net",
        hint=(
            "You send the hidden state through a ReLU, which cuts off what is negative. It goes into the "
            "linear layer as it is."
        ),
        changes=[
            ("self.linear(h[-1])", "self.linear(torch.relu(h[-1]))"),
        ],
    ),
    Mistake(
        name="first_output_alone_of_torch",
        exercise="torch_lstm_net",
        hint="You return one number for each sample, without the axis of the outputs: (samples, outputs).",
        changes=[
            ("self.linear(h[-1])", "self.linear(h[-1])[:, 0]"),
        ],
    ),
    Mistake(
        name="single_output_squeezed_of_torch",
        exercise="torch_lstm_net",
        hint="You squeeze the output: where there is one, its axis is gone. The loss then compares (samples,) with "
        "(samples, 1).",
        changes=[("self.linear(h[-1])", "self.linear(h[-1]).squeeze(-1)")],
    ),
    Mistake(
        name="last_bias_switched_off_of_torch",
        exercise="torch_lstm_net",
        hint="Your last linear layer has no bias. The text leaves it in, as torch does by itself.",
        changes=[
            ("nn.Linear(128, outputs)", "nn.Linear(128, outputs, bias=False)"),
        ],
    ),
    Mistake(
        name="tanh_after_torch",
        exercise="torch_lstm_net",
        hint="You have a tanh between the linear layers; LSTMNet has a ReLU.",
        changes=[
            ("nn.ReLU()", "nn.Tanh()"),
        ],
    ),
    Mistake(
        name="largest_of_torch_outputs",
        exercise="torch_lstm_net",
        hint="You take the largest of the outputs over the steps; the text asks for the last hidden state.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("h[-1]", "h.amax(dim=1)"),
        ],
    ),
    Mistake(
        name="relu_after_the_output_of_torch",
        exercise="torch_lstm_net",
        hint="Your output goes through a ReLU, so that it is never negative. The last layer is the linear one.",
        changes=[
            ("self.linear(h[-1])", "torch.relu(self.linear(h[-1]))"),
        ],
    ),
    Mistake(
        name="softmax_after_torch",
        exercise="torch_lstm_net",
        hint="You have a softmax at the end. Raw outputs are asked for: the loss does the rest.",
        changes=[("return self.linear(h[-1])", "return torch.softmax(self.linear(h[-1]), dim=1)")],
    ),
    Mistake(
        name="both_states_of_torch_added",
        exercise="torch_lstm_net",
        hint="You add the cell state to the hidden state. The linear layers get the hidden state alone.",
        changes=[("_, (h, _) = self.lstm(x)", "_, (h, c) = self.lstm(x)\n        h = h + c")],
    ),
    Mistake(
        name="steps_fed_backward_to_torch",
        exercise="torch_lstm_net",
        hint="You feed the steps to the LSTM from the last to the first. It reads them as they come.",
        changes=[("self.lstm(x)", "self.lstm(x.flip(1))")],
    ),
    Mistake(
        name="relu_moved_to_the_end_of_torch",
        exercise="torch_lstm_net",
        hint="Your ReLU stands after the last linear layer, so that the output is never negative. It belongs between "
        "the two.",
        changes=[
            ("            nn.ReLU(),\n", ""),
            ("nn.Linear(128, outputs),\n", "nn.Linear(128, outputs),\n            nn.ReLU(),\n"),
        ],
    ),
    Mistake(
        name="plain_linear_layer",
        exercise="torch_lstm_net",
        hint="Your `linear` is a single layer from the state to the output. LSTMNet has two, with a ReLU between them.",
        changes=[
            (
                "nn.Sequential(\n            nn.Linear(128, 128),\n            nn.ReLU(),\n"
                "            nn.Linear(128, outputs),\n        )",
                "nn.Linear(128, outputs)",
            )
        ],
    ),
    Mistake(
        name="sum_of_outputs_of_torch",
        exercise="torch_lstm_net",
        hint="You add up the outputs of all steps; the text asks for the last hidden state.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h[-1])", "return self.linear(h.sum(dim=1))"),
        ],
    ),
    Mistake(
        name="last_output_but_one_of_torch",
        exercise="torch_lstm_net",
        hint="You take the output of the last step but one. The last is `[:, -1]`.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h[-1])", "return self.linear(h[:, -2])"),
        ],
    ),
    Mistake(
        name="mean_of_results_of_torch",
        exercise="torch_lstm_net",
        hint="You send the outputs of all steps through the linear layers and take the mean. Only the last hidden "
        "state counts.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h[-1])", "return self.linear(h).mean(dim=1)"),
        ],
    ),
    Mistake(
        name="step_of_the_notebook_of_torch",
        exercise="torch_lstm_net",
        hint="You take the output of step 39, which is the last in a chunk of 40 only.",
        changes=[
            ("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"),
            ("return self.linear(h[-1])", "return self.linear(h[:, 39])"),
        ],
    ),
    Mistake(
        name="first_forty_steps_of_torch",
        exercise="torch_lstm_net",
        hint="You read the first 40 steps alone. x may have more: the LSTM goes through all.",
        changes=[("self.lstm(x)", "self.lstm(x[:, :40])")],
    ),
    Mistake(
        name="first_bias_switched_off_of_torch",
        exercise="torch_lstm_net",
        hint="Your first linear layer has no bias. The text leaves it in, as torch does by itself.",
        changes=[("nn.Linear(128, 128)", "nn.Linear(128, 128, bias=False)")],
    ),
    Mistake(
        name="both_biases_switched_off_of_torch",
        exercise="torch_lstm_net",
        hint="Your linear layers have no bias. The text leaves it in, as torch does by itself.",
        changes=[
            ("nn.Linear(128, 128)", "nn.Linear(128, 128, bias=False)"),
            ("nn.Linear(128, outputs)", "nn.Linear(128, outputs, bias=False)"),
        ],
    ),
    Mistake(
        name="state_of_last_call",
        exercise="torch_lstm_net",
        hint=(
            "Your LSTM goes on from the state of the last call, which is of other samples. Each call starts from "
            "zeros, which torch's LSTM does by itself."
        ),
        changes=[
            (
                "_, (h, _) = self.lstm(x)",
                "kept = getattr(self, \"state\", None)\n"
                "        if kept is not None and kept[0].shape[1] != len(x):\n"
                "            kept = None\n"
                "        _, (h, c) = self.lstm(x, kept)\n"
                "        self.state = h.detach(), c.detach()",
            ),
        ],
    ),
    Mistake(
        name="last_forty_steps_alone",
        exercise="torch_lstm_net",
        hint="You give the LSTM the last 40 steps alone. It goes through all steps, however many there are.",
        changes=[
            ("self.lstm(x)", "self.lstm(x[:, -40:])"),
        ],
    ),
]

FORETOLD = [
    Mistake(
        name="times_the_steps",
        exercise="kept_share",
        hint="You multiply the gate by the steps. Each step keeps a share of what the one before has left: a power.",
        changes=[(") ** steps", ") * steps")],
    ),
    Mistake(
        name="divided_by_the_steps",
        exercise="kept_share",
        hint="You divide the gate by the steps. Each step keeps a share of what the one before has left: a power.",
        changes=[(") ** steps", ") / steps")],
    ),
    Mistake(
        name="one_step_alone",
        exercise="kept_share",
        hint="Your share is that of a single step. Each further step keeps as much of what is left.",
        changes=[(") ** steps", ")")],
    ),
    Mistake(
        name="one_step_too_many",
        exercise="kept_share",
        hint="You go one step too many.",
        changes=[("** steps", "** (steps + 1)")],
    ),
    Mistake(
        name="one_step_too_few",
        exercise="kept_share",
        hint="You go one step too few.",
        changes=[("** steps", "** (steps - 1)")],
    ),
    Mistake(
        name="sum_without_sigmoid",
        exercise="kept_share",
        hint="You take the sum itself for the gate. A gate is the sigmoid of its sum.",
        changes=[("(1 / (1 + np.exp(-total)))", "total")],
    ),
    Mistake(
        name="lost_at_each_step",
        exercise="kept_share",
        hint="You take the same amount off at each step. What a step loses is a share of what is left: multiply.",
        changes=[
            (
                "share = (1 / (1 + np.exp(-total))) ** steps",
                "share = max(0.0, 1 - steps * (1 - 1 / (1 + np.exp(-total))))",
            ),
        ],
    ),
    Mistake(
        name="sum_through_tanh",
        exercise="kept_share",
        hint="You send the sum through tanh. A gate goes through the sigmoid.",
        changes=[("(1 / (1 + np.exp(-total)))", "np.tanh(total)")],
    ),
    Mistake(
        name="what_is_forgotten",
        exercise="kept_share",
        hint="Your share is what is lost. Asked is what is left.",
        changes=[("** steps", "** steps\n    share = 1 - share")],
    ),
    Mistake(
        name="forgotten_at_each_step",
        exercise="kept_share",
        hint="At each step you keep what the forget gate lets go, one minus its sigmoid, which is the sigmoid of minus "
        "`total`. In spite of its name, the gate says how much is kept.",
        changes=[("(1 / (1 + np.exp(-total)))", "(1 - 1 / (1 + np.exp(-total)))")],
    ),
    Mistake(
        name="exponential_decay",
        exercise="kept_share",
        hint="You let the cell state fall as exp(-total * steps) does. What each step lets pass is the forget gate's "
        "number, the sigmoid of `total`.",
        changes=[("share = (1 / (1 + np.exp(-total))) ** steps", "share = np.exp(-total * steps)")],
    ),
    Mistake(
        name="steps_within_the_sigmoid",
        exercise="kept_share",
        hint="You multiply the sum by the steps, then take one sigmoid. First the sigmoid, then the power.",
        changes=[("share = (1 / (1 + np.exp(-total))) ** steps", "share = 1 / (1 + np.exp(-total * steps))")],
    ),
    Mistake(
        name="always_one_half",
        exercise="kept_share",
        hint="You take it that the gate is one half, as it is where `total` is 0. Compute it from `total`.",
        changes=[("(1 / (1 + np.exp(-total)))", "0.5")],
    ),
    Mistake(
        name="percent_of_the_cell",
        exercise="kept_share",
        hint="Your share is in percent. Give it as a number from 0 to 1.",
        changes=[("** steps", "** steps * 100")],
    ),
    Mistake(
        name="decays_exponentially",
        exercise="kept_share",
        hint=(
            "You let the cell decay as exp(-(1 - gate) * steps), as if it were forgotten all the time. It is "
            "multiplied by the gate once in each step."
        ),
        changes=[
            ("(1 / (1 + np.exp(-total))) ** steps", "np.exp(-(1 - 1 / (1 + np.exp(-total))) * steps)"),
        ],
    ),
    Mistake(
        name="half_of_it_shown",
        exercise="kept_share",
        hint="You multiply by an output gate, one half, as well. Asked for is the share of the cell state.",
        changes=[
            ("** steps", "** steps / 2"),
        ],
    ),
    Mistake(
        name="logarithm_of_base_two",
        exercise="uniform_loss",
        hint="Your logarithm is of base 2. Cross entropy here takes the natural one, `np.log`.",
        changes=[("-np.log(", "-np.log2(")],
    ),
    Mistake(
        name="logarithm_of_base_ten",
        exercise="uniform_loss",
        hint="Your logarithm is of base 10. Cross entropy here takes the natural one, `np.log`.",
        changes=[("-np.log(", "-np.log10(")],
    ),
    Mistake(
        name="sign_left_out",
        exercise="uniform_loss",
        hint="Your loss is below zero. Cross entropy is *minus* the logarithm of a probability.",
        changes=[("-np.log(", "np.log(")],
    ),
    Mistake(
        name="probability_in_place_of_loss",
        exercise="uniform_loss",
        hint="Your loss is the probability itself. Take minus its natural logarithm.",
        changes=[("-np.log(1 / classes)", "1 / classes")],
    ),
    Mistake(
        name="what_is_wrong_in_place_of_loss",
        exercise="uniform_loss",
        hint="Your loss is the share that such a guess gets wrong. Take minus the logarithm of the probability.",
        changes=[("-np.log(1 / classes)", "1 - 1 / classes")],
    ),
    Mistake(
        name="two_classes_alone",
        exercise="uniform_loss",
        hint="Your loss is that of two classes. Compute it from `classes`.",
        changes=[("1 / classes", "1 / 2")],
    ),
    Mistake(
        name="one_class_less",
        exercise="uniform_loss",
        hint="You leave out one class. Each of all of them gets the same probability.",
        changes=[("1 / classes", "1 / max(classes - 1, 1)")],
    ),
    Mistake(
        name="logarithm_of_a_sum",
        exercise="uniform_loss",
        hint="You add 1 within the logarithm. The probability is 1 / classes.",
        changes=[("-np.log(1 / classes)", "np.log(1 + classes)")],
    ),
    Mistake(
        name="both_terms_of_the_binary_loss",
        exercise="uniform_loss",
        hint="You add up the terms of all classes. Only the probability of the true class counts.",
        changes=[("-np.log(1 / classes)", "-np.log(1 / classes) * classes")],
    ),
    Mistake(
        name="averaged_over_the_classes",
        exercise="uniform_loss",
        hint="Your loss is divided by the number of classes, as one term of the entropy, -p log p, is. The loss of a "
        "sample is minus the logarithm alone.",
        changes=[("-np.log(1 / classes)", "-np.log(1 / classes) / classes")],
    ),
    Mistake(
        name="log_two_for_each_further_class",
        exercise="uniform_loss",
        hint=(
            "Your loss grows by the same amount with each class. It is the logarithm of their number: twice as many "
            "classes cost log 2 more."
        ),
        changes=[
            ("-np.log(1 / classes)", "(classes - 1) * np.log(2)"),
        ],
    ),
    Mistake(
        name="binary_losses_summed",
        exercise="uniform_loss",
        hint=(
            "You add up a binary cross entropy of each class. The cross entropy of several classes looks at the "
            "true one alone."
        ),
        changes=[
            ("-np.log(1 / classes)", "-np.log(1 / classes) - (classes - 1) * np.log(1 - 1 / classes)"),
        ],
    ),
    Mistake(
        name="mean_of_two_left_out",
        exercise="one_recording",
        hint="You give the rise of one class's share. The mean of two shares rises by half as much.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 1 / normal, 1 / af")],
    ),
    Mistake(
        name="of_all_recordings",
        exercise="one_recording",
        hint="You divide by all recordings, as for the plain accuracy. Here each class has a share of its own.",
        changes=[
            ("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 1 / (normal + af), 1 / (normal + af)")
        ],
    ),
    Mistake(
        name="classes_swapped",
        exercise="one_recording",
        hint="You have the two classes the other way round: by_normal is for one more right recording of class N.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 1 / af / 2, 1 / normal / 2")],
    ),
    Mistake(
        name="normal_for_both",
        exercise="one_recording",
        hint="You divide by the normal recordings for both. One of class A is a part of class A.",
        changes=[("1 / af / 2", "1 / normal / 2")],
    ),
    Mistake(
        name="af_for_both",
        exercise="one_recording",
        hint="You divide by the recordings of class A for both. One of class N is a part of class N.",
        changes=[("1 / normal / 2", "1 / af / 2")],
    ),
    Mistake(
        name="one_recording_more",
        exercise="one_recording",
        hint="You count one recording more. There are as many as before, of which one more is judged right, and the "
        "share of its class counts half.",
        changes=[
            ("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 1 / (normal + 1), 1 / (af + 1)"),
        ],
    ),
    Mistake(
        name="two_recordings_for_one",
        exercise="one_recording",
        hint="You multiply by two where you should divide: the mean of two shares rises by half of what one rises by.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 2 / normal, 2 / af")],
    ),
    Mistake(
        name="in_percent",
        exercise="one_recording",
        hint="You give percent. Give shares: a hundredth is 0.01.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 50 / normal, 50 / af")],
    ),
    Mistake(
        name="counts_in_place_of_shares",
        exercise="one_recording",
        hint="You give how many recordings there are, halved. One of them is one part of so many.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = normal / 2, af / 2")],
    ),
    Mistake(
        name="half_for_both",
        exercise="one_recording",
        hint="You halve once too often: one recording is one part of its class, and that share counts half.",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 1 / normal / 4, 1 / af / 4")],
    ),
    Mistake(
        name="af_not_halved",
        exercise="one_recording",
        hint="You halve for class N alone. The share of class A counts half, too.",
        changes=[("1 / af / 2", "1 / af")],
    ),
    Mistake(
        name="shares_weighted_by_frequency",
        exercise="one_recording",
        hint=(
            "You weigh the shares of the two classes by how frequent they are. The balanced accuracy is their plain "
            "mean, one half each."
        ),
        changes=[
            ("1 / normal / 2, 1 / af / 2", "af / (normal + af) / normal, normal / (normal + af) / af"),
        ],
    ),
]

GUESSES = [
    *slips_of_letter("guess_best", 'letter = "c"'),
    *slips_of_letter("guess_augmentation", 'letter = "b"'),
]

MISTAKES = [*LSTM, *CONV_NET, *LSTM_NET, *TORCH_LSTM_NET, *FORETOLD, *GUESSES]
