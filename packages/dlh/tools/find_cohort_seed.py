"""Finds the seeds of the shipped cohort, and with --write makes its file.

    python packages/dlh/tools/find_cohort_seed.py            # search: less than a minute
    python packages/dlh/tools/find_cohort_seed.py --write    # make ehr_cohort.json.gz from the seeds in dlh/data/ehr.py

The assignment publishes a value of its untrained encoder on the first ten patients. It depends on the first patient
alone: which of the nine frequent codes of visit one come back in visit two, and how many new ones come with them.
So the search draws cohorts until one has a patient that fits, then orders of the patients until one begins with
that patient and pads the first ten to three visits. No patient is made or changed for it.
"""

import argparse
import itertools
from pathlib import Path

import torch
from torch import nn

from dlh.data import ehr

PUBLISHED_VALUE = -0.1248
# Nearer than the four published decimals ask, so that rounding on another machine cannot undo it.
TOLERANCE = 3e-5


class Encoder(nn.Module):
    """The assignment's encoder, its layers drawn in the published order. The reference cannot be imported here:
    it loads the very file that is to be made."""

    def __init__(self):
        super().__init__()
        self.cnn = nn.Conv2d(in_channels=1, out_channels=128, kernel_size=(3, 105), padding=(1, 0))
        self.att = nn.Linear(in_features=128, out_features=1)

    def forward(self, x, masks):
        hidden_states = self.cnn(x.unsqueeze(1)).squeeze(-1).transpose(1, 2)
        scores = self.att(hidden_states).masked_fill(~masks.unsqueeze(-1), -1e9)
        return (torch.softmax(scores, dim=1) * hidden_states).sum(dim=1)


def as_first_patient(visits):
    """x of one patient, shape (3, 105), as if he stood first: the frequent codes are numbered as they come."""
    numbers = {}
    x = torch.zeros(3, len(ehr.COMMON))
    for t, visit in enumerate(visits):
        for label in visit:
            x[t, numbers.setdefault(label, len(numbers))] = 1
    return x


def fitting_patients(cohort, encoder):
    """The indices of the patients who, standing first, would give the published values."""
    frequent = {cohort.types[f"DIAG_{code}"] for code in ehr.COMMON}
    records = [[[label for label in visit if label in frequent] for visit in patient] for patient in cohort.seqs]
    possible = [i for i, visits in enumerate(records) if len(visits) == 2 and len(visits[0]) == 9 and visits[1]]
    x = torch.stack([as_first_patient(records[i]) for i in possible])
    with torch.no_grad():
        values = encoder(x, x.sum(dim=-1) > 0)[:, 0]
    return [i for i, value in zip(possible, values.tolist(), strict=True) if abs(value - PUBLISHED_VALUE) < TOLERANCE]


def find_order(cohort, patients):
    """The first order seed that puts one of the patients first and pads the first ten to three visits."""
    first_pids = {cohort.pids[i] for i in patients}
    for order_seed in range(20_000):
        order = ehr.patient_order(len(cohort.pids), order_seed)
        if cohort.pids[order[0]] in first_pids and max(len(cohort.seqs[i]) for i in order[:10]) == 3:
            return order_seed
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the cohort's file instead of searching")
    parser.add_argument("--first", type=int, default=0, metavar="SEED", help="begin the search at this seed")
    arguments = parser.parse_args()
    if arguments.write:
        path = Path(ehr.__file__).with_name(ehr.COHORT_FILE)
        ehr.save_cohort(ehr.simulate(), path)
        print(f"wrote {path} ({path.stat().st_size} bytes)")
        return
    torch.manual_seed(42)
    encoder = Encoder()
    for seed in itertools.count(arguments.first):
        cohort = ehr.simulate_in_drawn_order(seed)
        patients = fitting_patients(cohort, encoder)
        if patients:
            order_seed = find_order(cohort, patients)
            print(f"seed {seed}: {len(patients)} fitting patients, order seed {order_seed}", flush=True)
            if order_seed is not None:
                print(f"put SEED = {seed} and ORDER_SEED = {order_seed} into {ehr.__file__}, then run --write")
                return


if __name__ == "__main__":
    main()
