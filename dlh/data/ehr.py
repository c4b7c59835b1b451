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
SEED = 8
ORDER_SEED = 996


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
    "008": 0.5, "038": 0.7, "041": 1.0, "070": 0.4, "112": 0.7, "197": 0.7, "198": 0.7, "244": 2.2, "250": 3.0,
    "263": 0.7, "272": 4.0, "274": 0.9, "275": 1.0, "276": 6.0, "278": 1.2, "280": 1.0, "285": 4.0, "286": 0.7,
    "287": 0.9, "288": 0.8, "290": 0.5, "291": 0.4, "293": 0.9, "294": 0.7, "296": 1.1, "300": 1.6, "303": 0.3,
    "305": 2.2, "311": 2.4, "327": 0.8, "331": 0.5, "345": 1.1, "348": 0.7, "357": 0.5, "362": 0.5, "396": 0.4,
    "401": 6.5, "402": 0.5, "403": 0.9, "410": 0.9, "411": 0.7, "412": 0.8, "413": 0.7, "414": 2.6,
    "416": 0.8, "424": 1.3, "425": 0.6, "426": 0.8, "427": 3.5, "428": 0.25, "433": 0.8, "434": 0.8, "438": 0.8,
    "440": 0.8, "441": 1.6, "443": 1.0, "453": 1.0, "456": 0.3, "458": 1.6, "482": 0.6, "486": 1.3, "491": 0.5,
    "492": 0.4, "493": 1.0, "496": 1.2, "507": 0.8, "511": 1.0, "512": 0.9, "515": 0.4, "518": 1.8,
    "530": 3.2, "535": 1.0, "536": 0.5, "562": 1.4, "567": 0.4, "571": 0.4, "572": 0.3, "573": 0.6,
    "577": 0.8, "578": 1.0, "583": 0.4, "584": 2.0, "585": 1.2, "588": 0.4, "599": 2.6, "600": 1.2, "682": 0.9,
    "707": 1.0, "733": 1.2, "780": 1.8, "785": 1.0, "787": 1.2, "789": 0.8,
    "807": 0.4, "820": 0.5, "852": 0.4, "995": 0.7, "996": 1.2, "998": 1.5,
    "V10": 1.4, "V15": 1.8, "V45": 2.0, "V58": 2.2, "E878": 2.2, "E888": 0.4,
}  # fmt: skip

# Codes that, once given, are mostly given again at later visits.
CHRONIC = {
    "070", "244", "250", "272", "274", "278", "280", "285", "290", "294", "296", "300", "303", "305",
    "311", "327", "331", "345", "357", "362", "396", "401", "402", "403", "412", "413", "414", "416",
    "424", "425", "426", "427", "428", "433", "438", "440", "441", "443", "456", "491", "492", "493",
    "496", "515", "530", "536", "571", "572", "583", "585", "588", "600", "733", "V10", "V15", "V45",
    "V58",
}  # fmt: skip
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
        {"414": 39, "410": 14, "411": 8, "412": 11, "413": 6, "427": 21, "424": 11, "425": 11, "426": 6,
         "272": 18, "401": 12, "402": 5, "416": 5, "396": 5, "V45": 9, "V58": 6, "440": 5, "443": 5, "433": 5,
         "785": 5, "458": 5, "996": 5, "998": 5},
        ("39", "41", "42", "43", "44", "74", "V4"),
        {"diabetes": 0.35, "atrial fibrillation": 0.4, "kidney disease": 0.25},
    ),
    Phenotype(
        "diabetes with chronic kidney disease", 0.20, 0.5,
        {"250": 36, "585": 33, "403": 27, "584": 12, "588": 11, "583": 11, "357": 11, "362": 11, "285": 15,
         "276": 12, "275": 8, "280": 6, "274": 6, "272": 9, "536": 8, "707": 8, "682": 6, "443": 8, "440": 5,
         "996": 6, "278": 5, "458": 5, "599": 5, "V45": 9, "V58": 12},
        ("24", "25", "27", "36", "58", "59", "73", "V4"),
        {"atrial fibrillation": 0.15, "coronary disease": 0.35, "obesity": 0.3},
    ),
    Phenotype(
        "chronic lung disease", 0.17, 0.3,
        {"496": 24, "491": 23, "518": 21, "486": 17, "493": 12, "492": 11, "305": 12, "416": 9, "515": 8,
         "327": 6, "511": 8, "482": 6, "512": 6, "507": 5, "300": 6, "733": 5, "288": 3, "276": 5},
        ("01", "03", "16", "46", "47", "48", "49", "50", "51", "V1"),
        {"atrial fibrillation": 0.25, "obesity": 0.25, "depression": 0.3, "cancer": 0.2},
    ),
    Phenotype(
        "sepsis and critical illness", 0.15, -1.0,
        {"038": 30, "995": 30, "785": 21, "518": 18, "584": 18, "276": 12, "599": 12, "041": 12, "486": 8,
         "482": 8, "507": 8, "112": 9, "008": 9, "263": 9, "286": 6, "287": 8, "288": 8, "348": 6, "567": 8,
         "682": 8, "707": 9, "453": 6, "780": 5, "996": 6, "998": 6},
        ("00", "04", "11", "32", "42", "54", "55", "56", "99", "E8"),
        {"cancer": 0.3, "diabetes": 0.25, "kidney disease": 0.25},
    ),
    Phenotype(
        "liver disease and alcohol", 0.11, -2.2,
        {"571": 36, "572": 21, "303": 20, "291": 14, "456": 17, "070": 15, "578": 14, "286": 12, "287": 14,
         "789": 14, "573": 11, "577": 11, "567": 9, "535": 9, "530": 6, "305": 9, "276": 9, "285": 8, "263":
         5, "348": 5, "296": 5, "280": 5},
        ("15", "26", "29", "30", "53", "57", "78", "98"),
        {"depression": 0.35, "coronary disease": 0.05, "atrial fibrillation": 0.05},
    ),
    Phenotype(
        "falls and frailty in old age", 0.12, -0.3,
        {"820": 14, "807": 14, "E888": 17, "852": 15, "733": 17, "294": 14, "331": 14, "290": 11, "293": 14,
         "780": 12, "787": 9, "599": 11, "600": 9, "434": 9, "438": 9, "401": 12, "427": 6, "345": 6, "244":
         6, "507": 6, "453": 5, "458": 6, "562": 5, "285": 6, "311": 5},
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
    "diabetes": Comorbidity(0.4, {"250": 22, "357": 2, "362": 2, "272": 6, "536": 2}),
    "coronary disease": Comorbidity(2.0, {"414": 26, "412": 8, "413": 4, "272": 8, "411": 3}),
    "kidney disease": Comorbidity(1.0, {"585": 20, "403": 14, "588": 3, "285": 6, "584": 6}),
    "atrial fibrillation": Comorbidity(1.5, {"427": 26, "424": 4, "426": 3, "434": 3}),
    "obesity": Comorbidity(0.6, {"278": 18, "327": 12, "416": 3, "272": 5}),
    "depression": Comorbidity(0.0, {"311": 14, "300": 9, "296": 8}),
    "cancer": Comorbidity(-0.5, {"197": 16, "198": 16, "V10": 12, "453": 4, "285": 5, "288": 4}),
    "thyroid disease": Comorbidity(0.1, {"244": 20}),
}
OTHERWISE = 0.12

# What heart failure itself brings, besides its own code.
HEART_FAILURE_CODES = {"428": 90, "427": 20, "416": 12, "424": 12, "425": 12, "511": 12, "584": 12, "402": 8}

PATIENTS = 1000
HEART_FAILURE_PATIENTS = 548
TYPES = 619
OCCURRING_TYPES = 599
MIN_OCCURRENCES = 50
VISITS_WITHOUT_COMMON_CODES = 9
MEDIAN_SIZE = 11.0
SIZE_SPREAD = 0.063
VISIT_SEVERITY = 1.3
# Number of visits -> number of patients: 1000 patients, 2375 visits.
VISIT_COUNTS = {
    2: 848, 3: 93, 4: 26, 5: 10, 6: 5, 7: 4, 8: 3, 9: 2, 10: 2, 12: 2, 14: 1, 16: 1, 18: 1, 24: 1, 30: 1,
}  # fmt: skip


class _Stream(random.Random):
    """A stream of random draws made of `random()` alone, which Python keeps the same in all its versions."""

    def order(self, items):
        return sorted(items, key=lambda _: self.random())

    def normal(self):
        # random() may give 0, of which there is no quantile.
        return NormalDist().inv_cdf(self.random() or 0.5)

    def pick(self, weights):
        """The key of a weight, drawn with a probability in proportion to it."""
        point = self.random() * sum(weights.values())
        for key, weight in weights.items():
            point -= weight
            if point < 0:
                return key
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
    for _ in range(100):
        cohort = _draw(stream)
        if _common_codes_are_frequent(cohort):
            return cohort
    raise RuntimeError(
        f"seed {seed}: in 100 draws some code of COMMON always occurred less than {MIN_OCCURRENCES} times; "
        "raise the weights of the least frequent codes in dlh/data/ehr.py."
    )


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
            # Sorted: the order of a set differs from run to run, and with it the last digit of a sum.
            for code in sorted(past):
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
    return [name for name in COMORBIDITIES if stream.random() < phenotype.comorbidities.get(name, OTHERWISE)]


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
    sickest_last = sorted(visits, key=lambda visit: severities[visit[0]] + VISIT_SEVERITY * stream.normal())
    sizes = {}
    for rank, visit in enumerate(sickest_last):
        share = (rank + 0.5) / len(visits)
        # The cube of a logistic variable: mostly 8 to 14 codes, at its ends 1 and 40.
        size = MEDIAN_SIZE * (1 + SIZE_SPREAD * math.log(share / (1 - share))) ** 3
        sizes[visit] = min(max(round(size), 1), 40)
    return sizes


def _choose_unusual_visits(stream, visit_counts, sizes):
    """The short visits for something out of the way: both of one patient, and one each of seven others."""
    short = [patient for patient in range(PATIENTS) if visit_counts[patient] == 2]
    short = sorted(stream.order(short), key=lambda patient: sizes[patient, 0] + sizes[patient, 1])
    whole, *others = short[: VISITS_WITHOUT_COMMON_CODES - 1]
    unusual = {(whole, 0), (whole, 1)}
    return unusual | {(patient, min((0, 1), key=lambda visit: sizes[patient, visit])) for patient in others}


def _deal_rare_codes(stream, codes, sizes, unusual, phenotypes):
    """Visit -> its uncommon codes: each of them is dealt out a fixed number of times, from 0 to 45.

    A visit keeps room for one common code at least, unless it is among the unusual ones. A code rather falls
    to a patient whose phenotype favors it. The most frequent codes are dealt first, while many visits that do
    not have them yet are left.
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


MIMIC3_COLUMNS = {
    "ADMISSIONS": ["SUBJECT_ID", "HADM_ID", "ADMITTIME"],
    "DIAGNOSES_ICD": ["SUBJECT_ID", "HADM_ID", "SEQ_NUM", "ICD9_CODE"],
    "D_ICD_DIAGNOSES": ["ICD9_CODE", "LONG_TITLE"],
}


def load_mimic3(directory) -> Cohort:
    """The patients of MIMIC-III, in the structure of the course's own cohort.

    Visits stand in the order of their ADMITTIME, codes in that of their SEQ_NUM, patients in that of their SUBJECT_ID.
    These are the rules:

    - A code counts as its three-digit category: 3 characters, of E codes 4. It counts once a visit.
    - Rows without a code, or of an admission that ADMISSIONS does not list, are skipped. A visit without any code
      is dropped, and so is a patient with fewer than two visits left.
    - `hfs` is 1 where category 428 stands in any visit. The category stays in `seqs`, as an autoencoder never sees
      the label; a classifier of heart failure would read its answer there, so take it out first.
    - `types` has every category of DIAGNOSES_ICD, sorted, so some of them may not occur in `seqs`.
    - `meanings` has the category's title in ICD-9-CM, or the title in D_ICD_DIAGNOSES of its first code, or
      "unknown" where neither knows it. A code that D_ICD_DIAGNOSES does not list stays.

    Parameters
    ----------
    directory : str or Path, holds ADMISSIONS, DIAGNOSES_ICD and D_ICD_DIAGNOSES, as .csv or .csv.gz

    Returns
    -------
    Cohort : `pids` are SUBJECT_IDs, `vids` HADM_IDs; `phenotypes` and `phenotype_names` are None

    Raises
    ------
    FileNotFoundError : the directory, or one of the files, is not there
    ValueError : a file lacks a column, has a value that cannot be read, or no patient has two visits
    """
    directory = Path(directory)
    admissions, diagnoses, titles = (_read_mimic3(directory, name) for name in MIMIC3_COLUMNS)

    diagnoses = diagnoses.dropna(subset=["HADM_ID", "ICD9_CODE"])
    diagnoses = diagnoses.assign(category=diagnoses["ICD9_CODE"].map(category_of))
    types = {f"DIAG_{category}": label for label, category in enumerate(sorted(set(diagnoses["category"])))}

    # ADMISSIONS says whose a visit is and when it was; DIAGNOSES_ICD repeats the first and does not know the second.
    rows = diagnoses.drop(columns="SUBJECT_ID").merge(admissions, on="HADM_ID")
    rows = rows.sort_values(["SUBJECT_ID", "ADMITTIME", "HADM_ID", "SEQ_NUM"], kind="stable")
    rows = rows.drop_duplicates(["HADM_ID", "category"])
    rows = rows[rows.groupby("SUBJECT_ID")["HADM_ID"].transform("nunique") >= 2]
    if rows.empty:
        raise ValueError(
            f"{directory}: no patient has two visits with diagnoses; check that ADMISSIONS and DIAGNOSES_ICD "
            "come from the same, whole release of MIMIC-III."
        )

    pids, vids, hfs, seqs = [], [], [], []
    for pid, patient in rows.groupby("SUBJECT_ID", sort=False):
        visits = [(int(vid), list(visit)) for vid, visit in patient.groupby("HADM_ID", sort=False)["category"]]
        pids.append(int(pid))
        vids.append([vid for vid, _ in visits])
        hfs.append(int(any(HEART_FAILURE in categories for _, categories in visits)))
        seqs.append([[types[f"DIAG_{category}"] for category in categories] for _, categories in visits])

    titles = titles.dropna().sort_values("ICD9_CODE", kind="stable")
    first_titles = dict(zip(titles["ICD9_CODE"].map(category_of)[::-1], titles["LONG_TITLE"][::-1], strict=True))
    known = first_titles | TITLES
    return Cohort(
        pids=pids,
        vids=vids,
        hfs=hfs,
        seqs=seqs,
        types=types,
        rtypes={label: code for code, label in types.items()},
        phenotypes=None,
        phenotype_names=None,
        meanings={code: known.get(code.removeprefix("DIAG_"), "unknown") for code in types},
    )


def category_of(code: str) -> str:
    """The three-digit category of an ICD-9-CM diagnosis code, written without its point as MIMIC-III does.

    Parameters
    ----------
    code : str, such as "4280", "V4581" or "E8788"

    Returns
    -------
    str : "428", "V45", "E878"
    """
    return code[:4] if code.startswith("E") else code[:3]


def _read_mimic3(directory, name):
    """The needed columns of one of MIMIC-III's tables."""
    import pandas as pd

    paths = [directory / f"{name}.csv", directory / f"{name}.csv.gz"]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise FileNotFoundError(
            f"{name}.csv (or {name}.csv.gz) is not in {directory.resolve()}; "
            "download MIMIC-III from https://physionet.org/content/mimiciii/ and give the folder with its CSV files."
        )
    try:
        # Codes as text: as numbers, "0389" would lose its first digit. So no other text than none means missing.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], skipinitialspace=True)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, OSError, EOFError) as error:
        raise ValueError(f"{path} cannot be read as CSV ({error}); download it again.".replace("\n", " ")) from error
    # The demo release of MIMIC-III writes its column names in lower case.
    table.columns = table.columns.str.upper()
    missing = [column for column in MIMIC3_COLUMNS[name] if column not in table.columns]
    if missing:
        raise ValueError(
            f"{path} lacks the column {', '.join(missing)} (it has {', '.join(table.columns)}); "
            "give MIMIC-III's own file, unchanged."
        )
    table = table[MIMIC3_COLUMNS[name]]
    for column in {"SUBJECT_ID", "HADM_ID", "SEQ_NUM", "ADMITTIME"} & set(table.columns):
        table = table.assign(**{column: _converted(table[column], path)})
    return table


def _converted(column, path):
    """A column of text as whole numbers, or as times; empty stays empty."""
    import pandas as pd

    if column.name == "ADMITTIME":
        values, kind = pd.to_datetime(column, errors="coerce"), "a time like 2101-10-20 19:08:00"
    else:
        values, kind = pd.to_numeric(column, errors="coerce"), "a whole number"
        values = values.where(values % 1 == 0)
    wrong = column[values.isna() & column.notna()]
    if len(wrong):
        raise ValueError(
            f"{path}, line {wrong.index[0] + 2}: {column.name} is {wrong.iloc[0]!r}, which is not {kind}; "
            "give MIMIC-III's own file, unchanged."
        )
    return values
