"""Electronic health records: the diagnoses of patients, hospital visit by hospital visit.

`load_cohort` gives the synthetic cohort that comes with the course, `simulate` draws it (or another one) anew,
`load_mimic3` makes the same structure from MIMIC-III. docs/data_card_ehr.md describes the cohort.
"""

import gzip
import json
import math
import random
from collections import Counter
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from statistics import NormalDist

from dlh.data.icd9 import TITLES

HEART_FAILURE = "428"
COHORT_FILE = "ehr_cohort.json.gz"

# Found by tests/find_cohort_seed.py: with them the values published with the assignment hold.
SEED = 31
ORDER_SEED = 543


@dataclass(frozen=True)
class Cohort:
    """Patients with their visits and diagnoses; lists run over patients, in the same order.

    Attributes
    ----------
    pids : list of int, the patients' ids
    vids : list of lists of int, each patient's visit ids, earliest visit first
    hfs : list of int, 1 where the patient has heart failure, else 0
    seqs : patient -> visit -> diagnosis labels (int), each label at most once a visit
    types : dict, diagnosis code ("DIAG_276") to label
    rtypes : dict, label to diagnosis code
    phenotypes : list of int, the phenotype each patient was drawn from; None where the data is real
    phenotype_names : list of str, the name of each phenotype; None where the data is real
    meanings : dict, diagnosis code to its title in ICD-9-CM
    """

    pids: list[int]
    vids: list[list[int]]
    hfs: list[int]
    seqs: list[list[list[int]]]
    types: dict[str, int]
    rtypes: dict[int, str]
    phenotypes: list[int] | None
    phenotype_names: list[str] | None
    meanings: dict[str, str]


def load_cohort() -> Cohort:
    """The synthetic cohort that comes with the course: what `simulate()` draws, read from a file.

    Returns
    -------
    Cohort : 1000 patients, 548 of them with heart failure
    """
    packed = resources.files("dlh.data").joinpath(COHORT_FILE).read_bytes()
    fields = json.loads(gzip.decompress(packed))
    return Cohort(**fields, rtypes={label: code for code, label in fields["types"].items()})


def save_cohort(cohort: Cohort, path) -> None:
    """Write a cohort as gzipped JSON; the same cohort gives the same bytes.

    Parameters
    ----------
    cohort : Cohort
    path : where to write, a str or Path
    """
    fields = asdict(cohort)
    # JSON has no integer keys, and the reverse of `types` is quickly made.
    del fields["rtypes"]
    text = json.dumps(fields, separators=(",", ":"))
    Path(path).write_bytes(gzip.compress(text.encode(), mtime=0))


# The synthetic cohort. A weight says how readily a code is drawn; all that applies to a patient is added up.

# How readily anyone in hospital is given each of the 105 codes that are common.
COMMON = {
    "008": 0.5, "038": 0.7, "041": 1.0, "070": 0.4, "112": 0.6, "197": 0.7, "198": 0.7, "244": 2.2, "250": 3.0,
    "263": 0.7, "272": 4.0, "274": 0.9, "275": 1.0, "276": 6.0, "278": 1.2, "280": 1.0, "285": 4.0, "286": 0.7,
    "287": 0.9, "288": 0.8, "290": 0.5, "291": 0.3, "293": 0.9, "294": 0.7, "296": 1.1, "300": 1.6, "303": 0.3,
    "305": 2.2, "311": 2.4, "327": 0.8, "331": 0.5, "345": 1.1, "348": 0.7, "357": 0.5, "362": 0.5, "396": 0.4,
    "401": 6.5, "402": 0.5, "403": 0.9, "410": 0.9, "411": 0.6, "412": 0.8, "413": 0.7, "414": 2.6,
    "416": 0.8, "424": 1.3, "425": 0.6, "426": 0.8, "427": 3.5, "428": 0.25, "433": 0.8, "434": 0.8, "438": 0.8,
    "440": 0.8, "441": 0.7, "443": 1.0, "453": 1.0, "456": 0.3, "458": 1.6, "482": 0.6, "486": 1.3, "491": 0.5,
    "492": 0.4, "493": 1.0, "496": 1.2, "507": 0.8, "511": 1.0, "512": 0.6, "515": 0.4, "518": 1.8,
    "530": 3.2, "535": 0.8, "536": 0.5, "562": 0.9, "567": 0.4, "571": 0.4, "572": 0.3, "573": 0.4,
    "577": 0.6, "578": 1.0, "583": 0.4, "584": 2.0, "585": 1.2, "588": 0.4, "599": 2.6, "600": 1.2, "682": 0.9,
    "707": 1.0, "733": 1.2, "780": 1.8, "785": 1.0, "787": 1.2, "789": 0.8,
    "807": 0.4, "820": 0.3, "852": 0.4, "995": 0.7, "996": 1.2, "998": 1.5,
    "V10": 1.4, "V15": 1.4, "V45": 2.0, "V58": 2.2, "E878": 1.3, "E888": 0.4,
}  # fmt: skip

# Codes that, once given, are mostly given again at later visits.
CHRONIC = set(
    "070 244 250 272 274 278 280 285 290 294 296 300 303 305 311 327 331 345 357 362 396 401 402 403 412 413 "
    "414 416 424 425 426 427 428 433 438 440 441 443 456 491 492 493 496 515 530 536 571 572 583 585 588 600 733 V10 V15 V45 V58".split()
)
PERSISTENCE = 14.0

# What follows from an earlier visit's code, and the weight it adds at later visits: complications accrue.
CONSEQUENCES = {
    "250": {"357": 2.5, "362": 2.5, "583": 2.5, "585": 3.0, "443": 2.0, "707": 2.5, "536": 1.5},
    "303": {"571": 5.0, "291": 4.0, "577": 2.0},
    "401": {"402": 1.0, "403": 1.5, "434": 1.5},
    "410": {"412": 14.0, "425": 3.0, "427": 3.0},
    "414": {"410": 2.0, "412": 3.0, "425": 1.5},
    "424": {"416": 3.0, "427": 3.0},
    "428": {"416": 3.0, "511": 2.0, "584": 2.0, "425": 2.0},
    "434": {"438": 12.0, "345": 2.0},
    "491": {"416": 3.0, "518": 3.0},
    "571": {"456": 5.0, "572": 6.0, "578": 3.0, "567": 2.5, "287": 2.5},
    "585": {"588": 4.0, "403": 4.0, "285": 3.0, "275": 2.0, "996": 2.0},
    "820": {"733": 4.0, "707": 2.0, "453": 2.0},
}


@dataclass(frozen=True)
class Phenotype:
    """A kind of patient: which codes are typical, and how near to heart failure it brings one.

    Attributes
    ----------
    name : str
    share : float, the share of patients of this kind
    heart_failure : float, what it adds to the liability for heart failure
    codes : dict, common code to the weight it adds
    favors : tuple of str, first digits of the uncommon codes that are more likely than others
    comorbidities : dict, name of a comorbidity to its probability; unnamed ones have `OTHERWISE`
    """

    name: str
    share: float
    heart_failure: float
    codes: dict[str, float]
    favors: tuple[str, ...]
    comorbidities: dict[str, float]


PHENOTYPES = [
    Phenotype(
        "ischemic heart failure", 0.25, 2.2,
        {"414": 26, "410": 9, "411": 5, "412": 7, "413": 4, "427": 14, "424": 7, "425": 7, "426": 4, "272": 12,
         "401": 8, "402": 3, "416": 3, "396": 3, "V45": 6, "V58": 4, "440": 3, "443": 3, "433": 3, "785": 3, "458": 3,
         "996": 3, "998": 3},
        ("39", "41", "42", "43", "44", "74", "V4"),
        {"diabetes": 0.35, "atrial fibrillation": 0.4, "kidney disease": 0.25},
    ),
    Phenotype(
        "diabetes with chronic kidney disease", 0.20, 0.5,
        {"250": 24, "585": 22, "403": 18, "584": 8, "588": 7, "583": 7, "357": 7, "362": 7, "285": 10, "276": 8,
         "275": 5, "280": 4, "274": 4, "272": 6, "536": 5, "707": 5, "682": 4, "443": 5, "440": 3, "996": 4, "278": 3,
         "458": 3, "599": 3, "V45": 6, "V58": 8},
        ("24", "25", "27", "36", "58", "59", "73", "V4"),
        {"atrial fibrillation": 0.15, "coronary disease": 0.35, "obesity": 0.3},
    ),
    Phenotype(
        "chronic lung disease", 0.17, 0.3,
        {"496": 16, "491": 15, "518": 14, "486": 11, "493": 8, "492": 7, "305": 8, "416": 6, "515": 5,
         "327": 4, "511": 5, "482": 4, "512": 4, "507": 3, "300": 4, "733": 3, "288": 2, "276": 3},
        ("01", "03", "16", "46", "47", "48", "49", "50", "51", "V1"),
        {"atrial fibrillation": 0.25, "obesity": 0.25, "depression": 0.3, "cancer": 0.2},
    ),
    Phenotype(
        "sepsis and critical illness", 0.15, -1.0,
        {"038": 20, "995": 20, "785": 14, "518": 12, "584": 12, "276": 8, "599": 8, "041": 8, "486": 5, "482": 5,
         "507": 5, "112": 6, "008": 6, "263": 6, "286": 4, "287": 5, "288": 5, "348": 4, "567": 5, "682": 5,
         "707": 6, "453": 4, "780": 3, "996": 4, "998": 4},
        ("00", "04", "11", "32", "42", "54", "55", "56", "99", "E8"),
        {"cancer": 0.3, "diabetes": 0.25, "kidney disease": 0.25},
    ),
    Phenotype(
        "liver disease and alcohol", 0.11, -2.2,
        {"571": 24, "572": 14, "303": 13, "291": 9, "456": 11, "070": 10, "578": 9, "286": 8, "287": 9, "789": 9,
         "573": 7, "577": 7, "567": 6, "535": 6, "530": 4, "305": 6, "276": 6, "285": 5, "263": 3, "348": 3, "296": 3,
         "280": 3},
        ("15", "26", "29", "30", "53", "57", "78", "98"),
        {"depression": 0.35, "coronary disease": 0.05, "atrial fibrillation": 0.05},
    ),
    Phenotype(
        "falls and frailty in old age", 0.12, -0.3,
        {"820": 9, "807": 9, "E888": 11, "852": 10, "733": 11, "294": 9, "331": 9, "290": 7, "293": 9, "780": 8, "787": 6,
         "599": 7, "600": 6, "434": 6, "438": 6, "401": 8, "427": 4, "345": 4, "244": 4, "507": 4, "453": 3,
         "458": 4, "562": 3, "285": 4, "311": 3},
        ("33", "34", "35", "37", "71", "72", "80", "81", "82", "83", "85", "87", "92", "E8"),
        {"atrial fibrillation": 0.3, "coronary disease": 0.25, "depression": 0.25},
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Comorbidity:
    """An illness that a patient may have besides the phenotype: codes that come together.

    Attributes
    ----------
    heart_failure : float, what it adds to the liability for heart failure
    codes : dict, common code to the weight it adds
    """

    heart_failure: float
    codes: dict[str, float]


COMORBIDITIES = {
    "diabetes": Comorbidity(0.3, {"250": 14, "357": 1.5, "362": 1.5, "272": 4, "536": 1}),
    "coronary disease": Comorbidity(1.0, {"414": 14, "412": 4, "413": 2, "272": 6, "411": 1.5}),
    "kidney disease": Comorbidity(0.6, {"585": 12, "403": 8, "588": 2, "285": 5, "584": 4}),
    "atrial fibrillation": Comorbidity(0.8, {"427": 16, "424": 3, "426": 2, "434": 2}),
    "obesity": Comorbidity(0.4, {"278": 12, "327": 8, "416": 2, "272": 3}),
    "depression": Comorbidity(0.0, {"311": 9, "300": 6, "296": 5}),
    "cancer": Comorbidity(-0.3, {"197": 12, "198": 12, "V10": 10, "453": 3, "285": 4, "288": 3}),
    "thyroid disease": Comorbidity(0.1, {"244": 14}),
}
OTHERWISE = 0.12

# What heart failure itself brings, besides its own code.
HEART_FAILURE_CODES = {"428": 60, "427": 5, "416": 3, "424": 3, "425": 3, "511": 3, "584": 3, "402": 2}

PATIENTS = 1000
HEART_FAILURE_PATIENTS = 548
TYPES = 619
OCCURRING_TYPES = 599
MIN_OCCURRENCES = 50
VISITS_WITHOUT_COMMON_CODES = 9
MEAN_SIZE = 11.43
# Number of visits -> number of patients: 1000 patients, 2375 visits.
VISIT_COUNTS = {2: 797, 3: 133, 4: 38, 5: 15, 6: 7, 7: 3, 8: 2, 9: 1, 10: 1, 12: 1, 15: 1, 30: 1}


class _Stream(random.Random):
    """A stream of random draws made of `random()` alone, which Python keeps the same in all its versions."""

    def order(self, items):
        return sorted(items, key=lambda _: self.random())

    def normal(self):
        return NormalDist().inv_cdf(self.random() or 0.5)

    def pick(self, weights):
        """The key of a weight, drawn with a probability in proportion to it."""
        point = self.random() * sum(weights.values())
        for key, weight in weights.items():
            point -= weight
            if point < 0:
                break
        return key

    def pick_many(self, weights, count):
        """`count` different keys, drawn one after another with probabilities in proportion to their weights."""
        waiting = {key: -math.log(1 - self.random()) / weight for key, weight in weights.items()}
        return sorted(waiting, key=waiting.get)[:count]


def simulate(seed: int = SEED, order_seed: int = ORDER_SEED) -> Cohort:
    """Draw a synthetic cohort: patients of six phenotypes, with comorbidities, whose illnesses progress.

    The counts that the assignment publishes hold for every seed: they are dealt out (visits, codes a visit,
    uncommon codes), or cut off by rank (heart failure), or drawn again until they hold (common codes).

    Parameters
    ----------
    seed : int, draws the patients
    order_seed : int, draws the order in which they stand, and nothing else

    Returns
    -------
    Cohort : the same one for the same seeds, on every machine
    """
    cohort = simulate_in_drawn_order(seed)
    order = patient_order(PATIENTS, order_seed)
    by_patient = ("pids", "vids", "hfs", "seqs", "phenotypes")
    return replace(cohort, **{name: [getattr(cohort, name)[index] for index in order] for name in by_patient})


def simulate_in_drawn_order(seed: int) -> Cohort:
    """The patients of `simulate` before they are put in order."""
    stream = _Stream(seed)
    while True:
        cohort = _draw(stream)
        if _common_codes_are_frequent(cohort):
            return cohort


def patient_order(count: int, order_seed: int) -> list[int]:
    """Indices of `count` patients in the order that `order_seed` draws."""
    return _Stream(order_seed).order(range(count))


def _common_codes_are_frequent(cohort):
    counts = Counter(label for patient in cohort.seqs for visit in patient for label in visit)
    return all(counts[cohort.types[f"DIAG_{code}"]] >= MIN_OCCURRENCES for code in COMMON)


def _draw(stream):
    """A cohort whose common codes may turn out too infrequent; all other counts hold."""
    patients = range(PATIENTS)
    shares = {index: phenotype.share for index, phenotype in enumerate(PHENOTYPES)}
    phenotypes = [stream.pick(shares) for _ in patients]
    comorbidities = [_draw_comorbidities(stream, PHENOTYPES[phenotype]) for phenotype in phenotypes]
    hfs = _draw_heart_failure(stream, phenotypes, comorbidities)
    visit_counts = stream.order([count for count, many in VISIT_COUNTS.items() for _ in range(many)])
    visits = [(patient, visit) for patient in patients for visit in range(visit_counts[patient])]
    sizes = _draw_sizes(stream, visits)
    unusual = _choose_unusual_visits(stream, visit_counts, sizes)
    rare_codes = stream.order(code for code in TITLES if code not in COMMON)[: TYPES - len(COMMON)]
    rare = _deal_rare_codes(stream, rare_codes, sizes, unusual, phenotypes)

    records = []
    for patient in patients:
        base = dict(COMMON)
        parts = [PHENOTYPES[phenotypes[patient]].codes]
        parts += [COMORBIDITIES[name].codes for name in comorbidities[patient]]
        parts += [HEART_FAILURE_CODES] if hfs[patient] else []
        for part in parts:
            _add(base, part)
        record, past = [], set()
        for visit in range(visit_counts[patient]):
            weights = dict(base)
            for code in past:
                _add(weights, CONSEQUENCES.get(code, {}))
            for code in past & CHRONIC:
                weights[code] *= PERSISTENCE
            uncommon = rare[patient, visit]
            common = stream.pick_many(weights, sizes[patient, visit] - len(uncommon))
            past.update(common)
            record.append(common + uncommon)
        records.append(record)

    codes = [code for code in TITLES if code in COMMON or code in rare_codes]
    types = {f"DIAG_{code}": label for label, code in enumerate(codes)}
    ids = iter(stream.order(range(100_000, 200_000)))
    return Cohort(
        pids=stream.order(range(10_000, 100_000))[:PATIENTS],
        vids=[[next(ids) for _ in record] for record in records],
        hfs=hfs,
        seqs=[[[types[f"DIAG_{code}"] for code in visit] for visit in record] for record in records],
        types=types,
        rtypes={label: code for code, label in types.items()},
        phenotypes=phenotypes,
        phenotype_names=[phenotype.name for phenotype in PHENOTYPES],
        meanings={f"DIAG_{code}": TITLES[code] for code in codes},
    )


def _add(weights, part):
    for code, weight in part.items():
        weights[code] += weight


def _draw_comorbidities(stream, phenotype):
    return [
        name for name in COMORBIDITIES if stream.random() < phenotype.comorbidities.get(name, OTHERWISE)
    ]


def _draw_heart_failure(stream, phenotypes, comorbidities):
    """1 for the 548 patients with the greatest liability: phenotype, comorbidities, and chance."""
    liabilities = [
        PHENOTYPES[phenotype].heart_failure + sum(COMORBIDITIES[name].heart_failure for name in names)
        + stream.normal()
        for phenotype, names in zip(phenotypes, comorbidities, strict=True)
    ]  # fmt: skip
    threshold = sorted(liabilities, reverse=True)[HEART_FAILURE_PATIENTS - 1]
    return [int(liability >= threshold) for liability in liabilities]


def _draw_sizes(stream, visits):
    """The number of codes of each visit, 1 to 40; the same numbers for every seed, dealt out by severity.

    Severity belongs to the patient, not to the phenotype: how many codes there are tells nothing of their kind.
    """
    severities = [stream.normal() for _ in range(PATIENTS)]
    sickest_last = sorted(visits, key=lambda visit: severities[visit[0]] + 0.8 * stream.normal())
    sizes = {}
    for rank, visit in enumerate(sickest_last):
        quantile = NormalDist().inv_cdf((rank + 0.5) / len(visits))
        # The Wilson-Hilferty approximation of a gamma distribution of shape 3: a cube of a normal variable.
        size = MEAN_SIZE * (1 - 1 / 27 + quantile / 27**0.5) ** 3
        sizes[visit] = min(max(round(size), 1), 40)
    return sizes


def _choose_unusual_visits(stream, visit_counts, sizes):
    """The short visits for something out of the way: both of one patient, and one each of seven others."""
    short = [patient for patient in range(PATIENTS) if visit_counts[patient] == 2]
    short = sorted(stream.order(short), key=lambda patient: sizes[patient, 0] + sizes[patient, 1])
    whole, *others = short[:VISITS_WITHOUT_COMMON_CODES - 1]
    unusual = {(whole, 0), (whole, 1)}
    return unusual | {(patient, min((0, 1), key=lambda visit: sizes[patient, visit])) for patient in others}


def _deal_rare_codes(stream, codes, sizes, unusual, phenotypes):
    """Visit -> its uncommon codes: each of them is dealt out a fixed number of times, from 0 to 45.

    A visit keeps room for one common code at least, unless it is among the unusual ones. A code rather falls
    to a patient whose phenotype favors it.
    """
    copies = _copies(len(codes))
    mandatory = [visit for visit in sizes if visit in unusual for _ in range(sizes[visit])]
    free = [visit for visit in sizes if visit not in unusual for _ in range(sizes[visit] - 1)]
    places = stream.order(mandatory + stream.order(free)[: sum(copies) - len(mandatory)])
    dealt = {visit: [] for visit in sizes}
    for code, count in zip(codes, copies, strict=True):
        for _ in range(count):
            while True:
                index = int(stream.random() * len(places))
                patient, visit = places[index]
                favored = code.startswith(PHENOTYPES[phenotypes[patient]].favors)
                if code not in dealt[patient, visit] and (favored or stream.random() < 0.3):
                    break
            dealt[patient, visit].append(code)
            places[index] = places[-1]
            places.pop()
    return dealt


def _copies(count):
    """How often each of the uncommon codes occurs, most frequent first, the last 20 never."""
    occurring = count - (TYPES - OCCURRING_TYPES)
    return [1 + int(44 * (1 - rank / occurring) ** 4) for rank in range(occurring)] + [0] * (count - occurring)
