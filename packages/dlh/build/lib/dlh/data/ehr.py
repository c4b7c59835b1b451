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

from dlh.data.ehr_tables import (
    CHRONIC,
    COMMON,
    COMORBIDITIES,
    CONSEQUENCES,
    HEART_FAILURE_CODES,
    OTHERWISE,
    PERSISTENCE,
    PHENOTYPES,
)
from dlh.data.icd9 import TITLES

HEART_FAILURE = "428"
COHORT_FILE = "ehr_cohort.json.gz"

# Found by tools/find_cohort_seed.py: with them the values published with the assignment hold.
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


# The counts of the synthetic cohort; what its patients are drawn from is in `ehr_tables`.
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
        "raise the weights of the least frequent codes in dlh/data/ehr_tables.py."
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
    rows = _rows_of_visits(admissions, diagnoses)
    if rows.empty:
        raise ValueError(
            f"{directory}: no patient has two visits with diagnoses; check that ADMISSIONS and DIAGNOSES_ICD "
            "come from the same, whole release of MIMIC-III."
        )
    known = _first_titles(titles) | TITLES
    return Cohort(
        **_patients_of(rows, types),
        types=types,
        rtypes={label: code for code, label in types.items()},
        phenotypes=None,
        phenotype_names=None,
        meanings={code: known.get(code.removeprefix("DIAG_"), "unknown") for code in types},
    )


def _rows_of_visits(admissions, diagnoses):
    """A row for each category of each visit, in order, of the patients with two visits or more."""
    # ADMISSIONS says whose a visit is and when it was; DIAGNOSES_ICD repeats the first and does not know the second.
    rows = diagnoses.drop(columns="SUBJECT_ID").merge(admissions, on="HADM_ID")
    rows = rows.sort_values(["SUBJECT_ID", "ADMITTIME", "HADM_ID", "SEQ_NUM"], kind="stable")
    rows = rows.drop_duplicates(["HADM_ID", "category"])
    return rows[rows.groupby("SUBJECT_ID")["HADM_ID"].transform("nunique") >= 2]


def _patients_of(rows, types):
    """What `Cohort` has of its patients: name -> list over them."""
    patients = {"pids": [], "vids": [], "hfs": [], "seqs": []}
    for pid, patient in rows.groupby("SUBJECT_ID", sort=False):
        visits = {int(vid): list(visit) for vid, visit in patient.groupby("HADM_ID", sort=False)["category"]}
        patients["pids"].append(int(pid))
        patients["vids"].append(list(visits))
        patients["hfs"].append(int(any(HEART_FAILURE in categories for categories in visits.values())))
        patients["seqs"].append([[types[f"DIAG_{one}"] for one in categories] for categories in visits.values()])
    return patients


def _first_titles(titles):
    """Category -> the title of its first code."""
    titles = titles.dropna().sort_values("ICD9_CODE", kind="stable")
    return dict(zip(titles["ICD9_CODE"].map(category_of)[::-1], titles["LONG_TITLE"][::-1], strict=True))


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
