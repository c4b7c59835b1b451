"""Right solutions of `ecg_lstm`, written another way than the reference: they prove that the checks are fair."""

from proctor.authoring.bank import Alternative

LSTM = [
    Alternative(
        name="all_in_forward",
        exercise="lstm",
        code="""
class LSTM(nn.Module):
    def __init__(self, num_inputs, num_hiddens):
        super(LSTM, self).__init__()
        self.num_inputs = num_inputs
        self.num_hiddens = num_hiddens
        for gate in "ifoc":
            setattr(self, "W_x" + gate, nn.Parameter(torch.randn(num_inputs, num_hiddens) * 0.01))
            setattr(self, "W_h" + gate, nn.Parameter(torch.randn(num_hiddens, num_hiddens) * 0.01))
            setattr(self, "b_" + gate, nn.Parameter(torch.zeros(num_hiddens)))

    def forward(self, inputs):
        h = c = inputs.new_zeros(inputs.shape[0], self.num_hiddens)
        outputs = []
        for x in inputs.unbind(dim=1):
            i = (x @ self.W_xi + h @ self.W_hi + self.b_i).sigmoid()
            f = (x @ self.W_xf + h @ self.W_hf + self.b_f).sigmoid()
            o = (x @ self.W_xo + h @ self.W_ho + self.b_o).sigmoid()
            c = f * c + i * (x @ self.W_xc + h @ self.W_hc + self.b_c).tanh()
            h = o * c.tanh()
            outputs += [h]
        return torch.stack(outputs, 1), (h, c)
""",
    ),
    Alternative(
        name="gates_in_one_product",
        exercise="lstm",
        changes=[
            (
                "        batch_size = inputs.shape[0]\n",
                "        batch_size = inputs.shape[0]\n"
                "        self.W_x = torch.cat([self.W_xi, self.W_xf, self.W_xo, self.W_xc], dim=1)\n"
                "        self.W_h = torch.cat([self.W_hi, self.W_hf, self.W_ho, self.W_hc], dim=1)\n"
                "        self.b = torch.cat([self.b_i, self.b_f, self.b_o, self.b_c])\n",
            ),
            (
                "C_tilde = torch.tanh(\n            torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c)",
                "sums = torch.addmm(self.b, torch.cat([x, H], 1), torch.cat([self.W_x, self.W_h]))\n"
                "        I, F, O, C_tilde = sums.chunk(4, dim=1)",
            ),
            (
                "I = torch.sigmoid(\n            torch.mm(x, self.W_xi) + torch.mm(H, self.W_hi) + self.b_i)",
                "lstm = torch.sigmoid",
            ),
            (
                "        F = torch.sigmoid(\n            torch.mm(x, self.W_xf) + torch.mm(H, self.W_hf) + self.b_f)\n",
                "",
            ),
            (
                "        O = torch.sigmoid(\n            torch.mm(x, self.W_xo) + torch.mm(H, self.W_ho) + self.b_o)\n",
                "",
            ),
            ("F * C + I * C_tilde", "lstm(F) * C + lstm(I) * torch.tanh(C_tilde)"),
            ("O * torch.tanh(C)", "lstm(O) * torch.tanh(C)"),
        ],
    ),
    Alternative(
        name="inputs_multiplied_beforehand",
        exercise="lstm",
        code="""
class LSTM(nn.Module):
    def __init__(self, num_inputs, num_hiddens):
        super().__init__()
        self.num_inputs, self.num_hiddens = num_inputs, num_hiddens
        self.initialize_parameters()

    def initialize_parameters(self):
        sizes = {"W_x": (self.num_inputs, self.num_hiddens), "W_h": (self.num_hiddens, self.num_hiddens)}
        for gate in "cofi":
            for name, size in sizes.items():
                self.register_parameter(name + gate, nn.Parameter(nn.init.xavier_uniform_(torch.empty(size))))
            self.register_parameter(f"b_{gate}", nn.Parameter(torch.zeros(self.num_hiddens)))

    def forward(self, inputs):
        given = {
            gate: torch.einsum("nsi,ih->snh", inputs, getattr(self, f"W_x{gate}")) + getattr(self, f"b_{gate}")
            for gate in "ifoc"
        }
        hidden = torch.zeros(len(inputs), self.num_hiddens).to(inputs)
        cell = torch.zeros(len(inputs), self.num_hiddens).to(inputs)
        outputs = inputs.new_empty(len(inputs), inputs.shape[1], self.num_hiddens)
        for step in range(inputs.shape[1]):
            sums = {gate: given[gate][step] + hidden.matmul(getattr(self, f"W_h{gate}")) for gate in "ifoc"}
            cell = cell * torch.sigmoid(sums["f"]) + torch.sigmoid(sums["i"]) * torch.tanh(sums["c"])
            hidden = torch.sigmoid(sums["o"]) * torch.tanh(cell)
            outputs[:, step] = hidden
        return outputs, (hidden, cell)
""",
    ),
    Alternative(
        name="built_on_the_rnn",
        exercise="lstm",
        code="""
class LSTM(RNN):
    def initialize_parameters(self):
        def triple():
            return (
                nn.Parameter(torch.normal(0, 0.01, size=(self.num_inputs, self.num_hiddens))),
                nn.Parameter(torch.normal(0, 0.01, size=(self.num_hiddens, self.num_hiddens))),
                nn.Parameter(torch.zeros(self.num_hiddens)),
            )

        self.W_xi, self.W_hi, self.b_i = triple()
        self.W_xf, self.W_hf, self.b_f = triple()
        self.W_xo, self.W_ho, self.b_o = triple()
        self.W_xc, self.W_hc, self.b_c = triple()

    def one_step(self, x, state):
        H = state[0]
        C = state[1] if len(state) > 1 else torch.zeros_like(H)
        I = torch.sigmoid(torch.matmul(x, self.W_xi) + torch.matmul(H, self.W_hi) + self.b_i)
        F = torch.sigmoid(torch.matmul(x, self.W_xf) + torch.matmul(H, self.W_hf) + self.b_f)
        O = torch.sigmoid(torch.matmul(x, self.W_xo) + torch.matmul(H, self.W_ho) + self.b_o)
        C = F * C + I * torch.tanh(torch.matmul(x, self.W_xc) + torch.matmul(H, self.W_hc) + self.b_c)
        return O * torch.tanh(C), C

    def __repr__(self):
        return "LSTM(num_inputs=%d, num_hiddens=%d)" % (self.num_inputs, self.num_hiddens)
""",
    ),
    Alternative(
        name="steps_first_inside",
        exercise="lstm",
        changes=[
            ("batch_size = inputs.shape[0]", "inputs = inputs.permute(1, 0, 2)\n        batch_size = inputs.shape[1]"),
            ("range(inputs.shape[1])", "range(len(inputs))"),
            ("inputs[:, step]", "inputs[step]"),
            ("torch.stack(outputs, axis=1)", "torch.stack(outputs).transpose(0, 1)"),
            ("return outputs, (H, C)", "return [outputs, [H, C]]"),
        ],
    ),
    Alternative(
        name="functions_of_its_own",
        exercise="lstm",
        changes=[
            (
                "torch.zeros(\n            size=(batch_size, self.num_hiddens),\n"
                "            dtype=inputs.dtype, device=inputs.device)",
                "torch.zeros(batch_size, self.num_hiddens).to(inputs)",
            ),
            ("I = torch.sigmoid(", "squash = lambda z: 1 / (1 + torch.exp(-z))\n        I = squash("),
            ("F = torch.sigmoid(", "F = squash("),
            ("O = torch.sigmoid(", "O = squash("),
            (
                "C_tilde = torch.tanh(\n            torch.mm(x, self.W_xc) + torch.mm(H, self.W_hc) + self.b_c)",
                "C_tilde = 2 * squash(2 * nn.functional.linear(x, self.W_xc.T, self.b_c) + 2 * H @ self.W_hc) - 1",
            ),
        ],
    ),
    Alternative(
        name="named_state",
        exercise="lstm",
        changes=[
            (
                "        return outputs, (H, C)\n",
                "        from collections import namedtuple\n\n"
                '        return outputs, namedtuple("State", "hidden cell")(H, C)\n',
            ),
        ],
    ),
    Alternative(
        name="outputs_joined",
        exercise="lstm",
        changes=[
            ("outputs.append(H)", "outputs.append(H.unsqueeze(1))"),
            ("torch.stack(outputs, axis=1)", "torch.cat(outputs, dim=1)"),
            ("return outputs, (H, C)", "return outputs, (outputs[:, -1, :], C)"),
        ],
    ),
]

CONV_NET = [
    Alternative(
        name="layers_by_name",
        exercise="conv_net",
        code="""
import torch.nn.functional as F


class ConvNet(torch.nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        self.out = torch.nn.Linear(128, outputs)
        self.net = torch.nn.Sequential(
            torch.nn.Conv1d(inputs, 32, 3), torch.nn.Conv1d(32, 64, 3), torch.nn.Conv1d(64, 128, 3)
        )

    def forward(self, x):
        x = x.permute(0, 2, 1)
        x = F.avg_pool1d(F.relu(self.net[0](x)), 2)
        x = F.avg_pool1d(F.relu(self.net[1](x)), 2)
        return self.out(F.relu(self.net[2](x)).mean(dim=-1))
""",
    ),
    Alternative(
        name="layers_in_a_loop",
        exercise="conv_net",
        code="""
class ConvNet(nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        layers, channels = [], [inputs, 32, 64, 128]
        for before, after in zip(channels, channels[1:]):
            layers += [nn.Conv1d(before, after, kernel_size=(3,), stride=1, padding="valid"), nn.ReLU(inplace=True)]
            if after < 128:
                layers.append(nn.AvgPool1d(kernel_size=2, stride=2, ceil_mode=False))
        self.net = nn.Sequential(*layers, nn.AdaptiveAvgPool1d(output_size=1), nn.Flatten(1), nn.Linear(128, outputs))

    def forward(self, x):
        return self.net(x.transpose(1, 2).contiguous())
""",
    ),
    Alternative(
        name="layers_of_an_ordered_dict",
        exercise="conv_net",
        code="""
from collections import OrderedDict


class ConvNet(nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        self.net = nn.Sequential(OrderedDict([
            ("conv1", nn.Conv1d(in_channels=inputs, out_channels=32, kernel_size=3)),
            ("relu1", nn.ReLU()),
            ("pool1", nn.AvgPool1d(2)),
            ("conv2", nn.Conv1d(in_channels=32, out_channels=64, kernel_size=3)),
            ("relu2", nn.ReLU()),
            ("pool2", nn.AvgPool1d(2)),
            ("conv3", nn.Conv1d(in_channels=64, out_channels=128, kernel_size=3)),
            ("relu3", nn.ReLU()),
        ]))
        self.linear = nn.Linear(128, outputs)

    def forward(self, x):
        return self.linear(torch.mean(self.net(x.mT), 2))
""",
    ),
    Alternative(
        name="pooled_by_hand",
        exercise="conv_net",
        code="""
def halve(x):
    steps = x.shape[-1] // 2 * 2
    return (x[..., 0:steps:2] + x[..., 1:steps:2]) / 2


class ConvNet(nn.Module):
    def __init__(self, inputs=1, outputs=1):
        super().__init__()
        self.net = nn.ModuleList(
            [nn.Conv1d(inputs, 32, 3), nn.Conv1d(32, 64, 3), nn.Conv1d(64, 128, 3)]
        )
        self.linear = nn.Linear(128, outputs)

    def forward(self, x):
        x = x.transpose(2, 1)
        for convolution in self.net[:2]:
            x = halve(convolution(x).clamp(min=0))
        x = self.net[2](x).clamp(min=0)
        return self.linear(x.sum(dim=2) / x.shape[2])
""",
    ),
]

LSTM_NET = [
    Alternative(
        name="last_of_the_outputs",
        exercise="lstm_net",
        changes=[("_, (h, _) = self.lstm(x)", "outputs, _ = self.lstm(x)\n        h = outputs[:, -1, :]")],
    ),
    Alternative(
        name="state_by_index",
        exercise="lstm_net",
        changes=[
            ("LSTM(inputs, 128)", "LSTM(num_inputs=inputs, num_hiddens=128)"),
            ("_, (h, _) = self.lstm(x)", "h = self.lstm.forward(x)[1][0]"),
        ],
    ),
    Alternative(
        name="linear_layers_apart",
        exercise="lstm_net",
        code="""
class LSTMNet(nn.Module):
    def __init__(self, inputs=17, outputs=1, hiddens=128):
        super().__init__()
        self.linear = nn.ModuleDict({"second": nn.Linear(hiddens, outputs), "first": nn.Linear(hiddens, hiddens)})
        self.lstm = LSTM(inputs, hiddens)

    def forward(self, x):
        out, (h, c) = self.lstm(x)
        return self.linear["second"](nn.functional.relu(self.linear["first"](h)))
""",
    ),
    Alternative(
        name="built_on_a_base",
        exercise="lstm_net",
        code="""
class RecurrentNet(nn.Module):
    def __init__(self, layer, outputs):
        super().__init__()
        self.lstm = layer
        self.linear = nn.Sequential(nn.Linear(128, 128), nn.LeakyReLU(0.0), nn.Identity(), nn.Linear(128, outputs))

    def forward(self, x):
        state = self.lstm(x)[-1]
        return self.linear(state[0])


class LSTMNet(RecurrentNet):
    def __init__(self, inputs=17, outputs=1):
        super().__init__(LSTM(inputs, 128), outputs)
""",
    ),
]

TORCH_LSTM_NET = [
    Alternative(
        name="torch_steps_first",
        exercise="torch_lstm_net",
        changes=[(", batch_first=True", ""), ("self.lstm(x)", "self.lstm(x.transpose(0, 1))")],
    ),
    Alternative(
        name="torch_last_output",
        exercise="torch_lstm_net",
        changes=[("_, (h, _) = self.lstm(x)", "h, _ = self.lstm(x)"), ("h[-1]", "h[:, -1]")],
    ),
    Alternative(
        name="torch_state_viewed",
        exercise="torch_lstm_net",
        changes=[
            ("nn.LSTM(inputs, 128,", "torch.nn.LSTM(inputs, hidden_size=128, num_layers=1,"),
            ("h[-1]", "h.view(-1, 128)"),
        ],
    ),
    Alternative(
        name="torch_state_squeezed",
        exercise="torch_lstm_net",
        changes=[("h[-1]", "h.squeeze(0)")],
    ),
    Alternative(
        name="torch_first_state_given",
        exercise="torch_lstm_net",
        changes=[
            (
                "_, (h, _) = self.lstm(x)",
                "start = torch.zeros(1, x.shape[0], 128, dtype=x.dtype, device=x.device)\n"
                "        _, (h, _) = self.lstm(x, (start, start.clone()))",
            )
        ],
    ),
    Alternative(
        name="torch_linear_after_state",
        exercise="torch_lstm_net",
        changes=[("return self.linear(h[-1])", "return self.linear(h)[0]")],
    ),
    Alternative(
        name="built_on_lstm_net",
        exercise="torch_lstm_net",
        code="""
class TorchLSTMNet(LSTMNet):
    def __init__(self, inputs=17, outputs=1):
        super().__init__(inputs, outputs)
        self.lstm = nn.LSTM(input_size=inputs, hidden_size=128, batch_first=True)

    def forward(self, x):
        h = self.lstm(x)[1][0]
        return self.linear(h[0])
""",
    ),
]

FORETOLD = [
    Alternative(
        name="power_of_the_exponential",
        exercise="kept_share",
        changes=[("share = (1 / (1 + np.exp(-total))) ** steps", "share = np.exp(-steps * np.log1p(np.exp(-total)))")],
    ),
    Alternative(
        name="step_by_step",
        exercise="kept_share",
        changes=[
            (
                "share = (1 / (1 + np.exp(-total))) ** steps",
                "share = 1.0\n    for _ in range(steps):\n        share /= 1 + np.exp(-total)",
            )
        ],
    ),
    Alternative(
        name="sigmoid_of_torch",
        exercise="kept_share",
        changes=[
            (
                "share = (1 / (1 + np.exp(-total))) ** steps",
                "share = torch.tensor(float(total)).double().sigmoid() ** steps",
            )
        ],
    ),
    Alternative(
        name="logarithm_of_the_classes",
        exercise="uniform_loss",
        changes=[("loss = -np.log(1 / classes)", "loss = np.log(classes)")],
    ),
    Alternative(
        name="loss_of_torch",
        exercise="uniform_loss",
        changes=[
            ("loss = -np.log(1 / classes)", "loss = nn.functional.cross_entropy(torch.zeros(classes), torch.tensor(0))")
        ],
    ),
    Alternative(
        name="mean_over_the_classes",
        exercise="uniform_loss",
        changes=[("loss = -np.log(1 / classes)", "loss = sum(-np.log(1 / classes) for _ in range(classes)) / classes")],
    ),
    Alternative(
        name="guess_best_another_letter",
        exercise="guess_best",
        changes=[('letter = "c"', 'letter = "a"')],
    ),
    Alternative(
        name="guess_best_capital_letter",
        exercise="guess_best",
        changes=[('letter = "c"', 'letter = " D"')],
    ),
    Alternative(
        name="as_a_list",
        exercise="one_recording",
        changes=[("return by_normal, by_af", "return [by_normal, by_af]")],
    ),
    Alternative(
        name="as_an_array",
        exercise="one_recording",
        changes=[("return by_normal, by_af", "return np.array([by_normal, by_af])")],
    ),
    Alternative(
        name="by_numpy",
        exercise="one_recording",
        changes=[("by_normal, by_af = 1 / normal / 2, 1 / af / 2", "by_normal, by_af = 0.5 / np.array([normal, af])")],
    ),
    Alternative(
        name="difference_of_two_means",
        exercise="one_recording",
        changes=[
            (
                "by_normal, by_af = 1 / normal / 2, 1 / af / 2",
                "by_normal, by_af = (np.mean([n / normal, a / af]) for n, a in ((1, 0), (0, 1)))",
            )
        ],
    ),
    Alternative(
        name="guess_augmentation_another_letter",
        exercise="guess_augmentation",
        changes=[('letter = "b"', 'letter = "d"')],
    ),
    Alternative(
        name="guess_augmentation_capital_letter",
        exercise="guess_augmentation",
        changes=[('letter = "b"', 'letter = " A"')],
    ),
]

ALTERNATIVES = [*LSTM, *CONV_NET, *LSTM_NET, *TORCH_LSTM_NET, *FORETOLD]
