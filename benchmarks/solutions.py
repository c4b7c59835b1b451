"""Each assignment's solution beside the published code's way of the same work, as a Markdown table of ratios.

    python -m benchmarks.solutions [--device cuda]

Both ways run by turns on the same inputs, and their results are compared, so that a way is not fast because it does
less. Where the published way has a fault, it is repaired so far that it gives the same. The step of the SOM-VAE has a
benchmark of its own, `som_vae_step`; its indexing is repeated here.
"""

import argparse
import copy
import os

import numpy as np
import torch
from torch import nn

from benchmarks import som_vae_step
from dlh.fused_lstm import FusedLSTM
from solutions import clinical_notes, ecg_lstm, mina, seq2seq, som_vae


def collate_in_lists(data):
    """Patients to a multi-hot batch, with a search in a list and a tensor made for every code."""
    sequences, labels = zip(*data, strict=True)
    x = torch.zeros(len(sequences), max(map(len, sequences)), len(seq2seq.freq_codes))
    for i_patient, patient in enumerate(sequences):
        for j_visit, visit in enumerate(patient):
            for code in visit:
                if code in seq2seq.freq_codes:
                    x[i_patient][j_visit].index_fill_(0, torch.tensor(seq2seq.code2idx[code]), 1)
    return x, x.sum(dim=-1) > 0, torch.tensor(labels, dtype=torch.float)


def collate(device):
    """A batch of 100 patients; on the processor, whatever the device."""
    data = list(zip(seq2seq.seqs[:100], seq2seq.hfs[:100], strict=True))
    return lambda: collate_in_lists(data)[0], lambda: seq2seq.collate_fn(data)[0]


def encoder(device):
    """The encoder, forward and backward, beside one that writes -1e9 into its scores in place."""
    ours = seq2seq.Encoder().to(device)
    x, masks = (part.to(device) for part in seq2seq.collate_fn(list(zip(seq2seq.seqs, seq2seq.hfs, strict=True)))[:2])

    def in_place():
        hidden = ours.cnn(x.unsqueeze(1)).squeeze(-1).permute(0, 2, 1)
        scores = ours.att(hidden)
        scores[masks == 0] = -1e9
        return backward(ours, (torch.softmax(scores, dim=1) * hidden).sum(1))

    return in_place, lambda: backward(ours, ours(x, masks))


def backward(module, output):
    """All gradients, summed up by parameter, after a step back from the output."""
    module.zero_grad()
    output.square().mean().backward()
    return torch.stack([parameter.grad.sum() for parameter in module.parameters()])


def segments(device):
    """A batch of 128 electrocardiograms of 3000 samples in 4 channels; on the processor, whatever the device."""
    stream = np.random.default_rng(0)
    data = {name: stream.normal(size=(4, 128, size)).astype("float32") for name, size in
            (("X", 3000), ("K_beat", 3000), ("K_rhythm", 60), ("K_freq", 1))}  # fmt: skip
    dataset = mina.ECGDataset({**data, "Y": np.arange(128) % 2})
    samples = [dataset[i] for i in range(len(dataset))]
    loader = mina.load_data(dataset)

    def list_of_arrays():
        parts = zip(*(inputs for inputs, _ in samples), strict=True)
        return [torch.FloatTensor([array.tolist() for array in part]).permute(1, 0, 2) for part in parts][0]

    return list_of_arrays, lambda: loader.collate_fn(samples)[0][0]


def indexing(device):
    """What picks nodes, neighbors and transitions for 100 images, forward and backward."""
    looped = som_vae_step.indexer(som_vae_step.gather_neighbors, som_vae_step.pick_looped, 100, device)
    return looped, som_vae_step.indexer(som_vae.gather_neighbors, som_vae_step.pick, 100, device)


def attention_block(device):
    """`nn.TransformerEncoderLayer` beside the block from scratch, forward and backward, without dropout."""
    ours = clinical_notes.TransformerBlock(128, 4, 256, dropout=0.0).to(device)
    theirs = nn.TransformerEncoderLayer(128, 4, 256, dropout=0.0, batch_first=True).to(device)
    with torch.no_grad():
        attention = ours.attention
        projections = (attention.W_q, attention.W_k, attention.W_v)
        theirs.self_attn.in_proj_weight.copy_(torch.cat([layer.weight for layer in projections]))
        theirs.self_attn.in_proj_bias.copy_(torch.cat([layer.bias for layer in projections]))
    pairs = ((theirs.self_attn.out_proj, attention.W_o), (theirs.linear1, ours.ffn[0]), (theirs.linear2, ours.ffn[3]),
             (theirs.norm1, ours.norm1), (theirs.norm2, ours.norm2))  # fmt: skip
    for to, source in pairs:
        to.load_state_dict(copy.deepcopy(source.state_dict()))
    x = torch.randn(64, 40, 128, generator=torch.Generator().manual_seed(0)).to(device)
    mask = (torch.arange(40) < torch.arange(1, 65).unsqueeze(1)).to(device)

    def step(module, call):
        output = call()
        module.zero_grad()
        output.square().mean().backward()
        return output * mask.unsqueeze(-1)

    return (lambda: step(theirs, lambda: theirs(x, src_key_padding_mask=~mask)),
            lambda: step(ours, lambda: ours(x, mask[:, None, None])[0]))  # fmt: skip


def lstm_ways(device):
    """The layer gate by gate, as published and as students write it; with one product; torch's own."""
    plain = ecg_lstm.LSTM(17, 32).to(device)
    fused = FusedLSTM.copy_of(plain).to(device)
    built_in = nn.LSTM(17, 32, batch_first=True).to(device)
    gates = "ifco"  # torch's order
    with torch.no_grad():
        built_in.weight_ih_l0.copy_(torch.cat([getattr(plain, f"W_x{gate}").T for gate in gates]))
        built_in.weight_hh_l0.copy_(torch.cat([getattr(plain, f"W_h{gate}").T for gate in gates]))
        built_in.bias_ih_l0.copy_(torch.cat([getattr(plain, f"b_{gate}") for gate in gates]))
        built_in.bias_hh_l0.zero_()
    x = torch.randn(64, 60, 17, generator=torch.Generator().manual_seed(0)).to(device)

    def step(module):
        output = module(x)[0]
        module.zero_grad()
        output.square().mean().backward()
        return output

    return lambda: step(plain), lambda: step(fused), lambda: step(built_in)


def lstm_fused(device):
    """The fused layer beside the one that goes gate by gate."""
    return lstm_ways(device)[:2]


def lstm_built_in(device):
    """The fused layer beside torch's own."""
    ways = lstm_ways(device)
    return ways[2], ways[1]


WORK = {
    "`seq2seq`: collate 100 patients | code by code, looked up in a list": collate,
    "`seq2seq`: encoder, forward and backward | scores masked in place": encoder,
    "`mina`: collate 128 segments | a tensor of lists of numbers": segments,
    "`som_vae`: nodes, neighbors, transitions | a loop over the batch": indexing,
    "`clinical_notes`: block, forward and backward | `nn.TransformerEncoderLayer`": attention_block,
    "`ecg_lstm`: `dlh`'s `FusedLSTM`, 60 steps | gate by gate": lstm_fused,
    "`ecg_lstm`: `dlh`'s `FusedLSTM`, 60 steps | `nn.LSTM`": lstm_built_in,
}


def main():
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    where = torch.cuda.get_device_name() if options.device == "cuda" else f"{torch.get_num_threads()} thread(s)"
    print(f"{options.device}, {where}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; ", end="")
    print(f"medians of {options.rounds} rounds\n")
    print("| work | the other way | other (ms) | ours (ms) | other / ours |\n| --- | --- | ---: | ---: | ---: |")
    for words, make in WORK.items():
        torch.manual_seed(0)
        other, ours = (numbers(way) for way in make(options.device))
        milliseconds = som_vae_step.measure(other, ours, options.rounds)
        ratio = np.median(milliseconds[:, 0] / milliseconds[:, 1])
        other_time, our_time = np.median(milliseconds, axis=0)
        print(f"| {words} | {other_time:.2f} | {our_time:.2f} | {ratio:.1f} |", flush=True)


def numbers(way):
    """The way with its result as a number, which waits for the device and is compared."""
    return lambda: float(torch.as_tensor(way()).detach().double().square().sum())


if __name__ == "__main__":
    main()
