"""The synthetic cohort, its published counts and values, and the loader for MIMIC-III."""

import gzip
import math
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from statistics import mean

import pytest

from dlh.data import ehr
from dlh.data.icd9 import TITLES

TOOLS = Path(__file__).parent.parent / "tools"
MIMIC3 = Path(__file__).parent / "fixtures" / "mimic3"


@pytest.fixture(scope="module")
def cohort():
    return ehr.load_cohort()


@pytest.fixture(scope="module")
def drawn():
    return ehr.simulate()


@pytest.fixture(scope="module")
def another():
    return ehr.simulate(seed=1, order_seed=1)


@pytest.fixture(params=["cohort", "another"])
def any_cohort(request):
    """The shipped cohort and one of another seed: what is by construction holds for both."""
    return request.getfixturevalue(request.param)


def visits_of(cohort):
    return [visit for patient in cohort.seqs for visit in patient]


def occurrences_of(cohort):
    return Counter(label for visit in visits_of(cohort) for label in visit)


def has(patient, cohort, code):
    return any(cohort.types[f"DIAG_{code}"] in visit for visit in patient)


# Counts


def test_lists_run_over_the_same_thousand_patients(any_cohort):
    c = any_cohort
    assert len(c.pids) == len(c.vids) == len(c.hfs) == len(c.seqs) == len(c.phenotypes) == 1000
    assert [len(visits) for visits in c.vids] == [len(visits) for visits in c.seqs]


def test_ids_are_unique(any_cohort):
    assert len(set(any_cohort.pids)) == 1000
    vids = [vid for visits in any_cohort.vids for vid in visits]
    assert len(set(vids)) == len(vids)


def test_heart_failure_patients(any_cohort):
    assert set(any_cohort.hfs) == {0, 1}
    assert sum(any_cohort.hfs) == 548


def test_diagnosis_types(any_cohort):
    c = any_cohort
    counts = occurrences_of(c)
    assert len(c.types) == 619
    assert sorted(c.types.values()) == list(range(619))
    assert c.rtypes == {label: code for code, label in c.types.items()}
    assert len(counts) == 599
    assert set(counts) <= set(c.rtypes)
    assert sum(count >= 50 for count in counts.values()) == 105


def test_every_type_is_an_icd9_category_with_its_title(any_cohort):
    assert any_cohort.meanings == {code: TITLES[code.removeprefix("DIAG_")] for code in any_cohort.types}
    assert any_cohort.meanings["DIAG_276"] == "Disorders of fluid, electrolyte, and acid-base balance"
    assert any_cohort.meanings["DIAG_428"] == "Heart failure"
    assert {"DIAG_V45", "DIAG_E878"} <= set(any_cohort.types)


def test_visits_per_patient(any_cohort):
    counts = [len(patient) for patient in any_cohort.seqs]
    assert (min(counts), max(counts)) == (2, 30)
    assert mean(counts) == 2.375


def test_codes_per_visit(any_cohort):
    sizes = [len(visit) for visit in visits_of(any_cohort)]
    assert (min(sizes), max(sizes)) == (1, 40)
    assert mean(sizes) == pytest.approx(11.42, abs=0.02)


def test_codes_of_a_visit_are_distinct(any_cohort):
    assert all(len(set(visit)) == len(visit) for visit in visits_of(any_cohort))


def test_nine_visits_and_one_whole_patient_have_no_frequent_code(any_cohort):
    frequent = {label for label, count in occurrences_of(any_cohort).items() if count >= 50}
    empty = [[frequent.isdisjoint(visit) for visit in patient] for patient in any_cohort.seqs]
    assert sum(map(sum, empty)) == 9
    assert sum(map(all, empty)) == 1


def test_every_value_is_plain(cohort):
    """A notebook prints them, and JSON keeps them."""
    assert all(type(pid) is int for pid in cohort.pids)
    assert all(type(label) is int for visit in visits_of(cohort) for label in visit)
    assert all(type(hf) is int for hf in cohort.hfs)


# The search


def test_the_search_finds_the_shipped_seeds():
    """The search is what the data card says it is: it stops at these seeds, by itself."""
    command = [sys.executable, TOOLS / "find_cohort_seed.py", "--first", str(ehr.SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert f"put SEED = {ehr.SEED} and ORDER_SEED = {ehr.ORDER_SEED} into" in done.stdout


# Drawn anew


def test_the_default_seeds_give_the_shipped_cohort(cohort, drawn):
    assert drawn == cohort


def test_saving_it_gives_the_shipped_bytes(drawn, tmp_path):
    ehr.save_cohort(drawn, tmp_path / "cohort.json.gz")
    shipped = Path(ehr.__file__).with_name(ehr.COHORT_FILE).read_bytes()
    # zlib's compressed bytes differ between its builds; the text they hold does not.
    assert gzip.decompress((tmp_path / "cohort.json.gz").read_bytes()) == gzip.decompress(shipped)
    assert shipped[4:8] == bytes(4), "the time in the gzip header must be zero"


def test_saving_twice_gives_the_same_bytes(cohort, tmp_path):
    for name in ("first", "second"):
        ehr.save_cohort(cohort, tmp_path / name)
        time.sleep(1.1 if name == "first" else 0)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_string_hashing_does_not_change_a_draw(drawn):
    code = "from dlh.data import ehr; c = ehr.simulate(); print([c.seqs, c.pids, c.vids, c.hfs])"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str([drawn.seqs, drawn.pids, drawn.vids, drawn.hfs])


def test_another_seed_gives_other_patients(cohort, another):
    assert another.seqs != cohort.seqs
    assert another.hfs != cohort.hfs


def test_the_order_seed_changes_the_order_alone(drawn):
    other = ehr.simulate(order_seed=ehr.ORDER_SEED + 1)
    assert other.pids != drawn.pids
    rows, other_rows = (
        {row[0]: row[1:] for row in zip(c.pids, c.vids, c.hfs, c.seqs, c.phenotypes, strict=True)}
        for c in (drawn, other)
    )
    assert rows == other_rows


def test_drawing_leaves_the_global_random_state_alone():
    import random

    before = random.getstate()
    ehr.simulate_in_drawn_order(3)
    assert random.getstate() == before


def test_weights_that_cannot_give_the_counts_are_told(cohort, monkeypatch):
    monkeypatch.setattr(ehr, "_draw", lambda stream: cohort)
    monkeypatch.setattr(ehr, "MIN_OCCURRENCES", 10_000)
    with pytest.raises(RuntimeError, match="seed 5: in 100 draws .* raise the weights"):
        ehr.simulate(5)


# Structure


def test_tables_name_only_common_codes():
    tables = [phenotype.codes for phenotype in ehr.PHENOTYPES]
    tables += [comorbidity.codes for comorbidity in ehr.COMORBIDITIES.values()]
    tables += [ehr.HEART_FAILURE_CODES, ehr.CONSEQUENCES, *ehr.CONSEQUENCES.values(), ehr.CHRONIC]
    assert {code for table in tables for code in table} <= set(ehr.COMMON) <= set(TITLES)
    assert len(ehr.COMMON) == 105
    assert math.isclose(sum(phenotype.share for phenotype in ehr.PHENOTYPES), 1)
    assert {name for phenotype in ehr.PHENOTYPES for name in phenotype.comorbidities} <= set(ehr.COMORBIDITIES)


def test_each_phenotype_has_its_share_of_patients(any_cohort):
    counts = Counter(any_cohort.phenotypes)
    for index, phenotype in enumerate(ehr.PHENOTYPES):
        spread = math.sqrt(1000 * phenotype.share * (1 - phenotype.share))
        assert abs(counts[index] - 1000 * phenotype.share) < 4 * spread
    assert any_cohort.phenotype_names == [phenotype.name for phenotype in ehr.PHENOTYPES]


def test_category_428_is_strongly_but_not_perfectly_tied_to_heart_failure(any_cohort):
    coded = [has(patient, any_cohort, "428") for patient in any_cohort.seqs]
    of_ill = mean(c for c, hf in zip(coded, any_cohort.hfs, strict=True) if hf)
    of_others = mean(c for c, hf in zip(coded, any_cohort.hfs, strict=True) if not hf)
    assert 0.85 < of_ill < 1
    assert 0 < of_others < 0.05


def test_heart_failure_depends_on_phenotype_and_comorbidity(any_cohort):
    c = any_cohort
    risk = {
        name: mean(hf for hf, p in zip(c.hfs, c.phenotypes, strict=True) if c.phenotype_names[p] == name)
        for name in c.phenotype_names
    }
    assert risk["ischemic heart failure"] > 0.9
    assert risk["diabetes with chronic kidney disease"] > risk["sepsis and critical illness"] + 0.2
    assert risk["liver disease and alcohol"] < 0.1
    # Coronary disease as a comorbidity, seen by two or more of its codes: it raises the risk within the others.
    moderate = {c.phenotype_names.index(name) for name, share in risk.items() if 0.1 < share < 0.9}
    coronary = {c.types[f"DIAG_{code}"] for code in ("412", "413", "414")}
    hfs = {True: [], False: []}
    for patient, hf, phenotype in zip(c.seqs, c.hfs, c.phenotypes, strict=True):
        if phenotype in moderate:
            hfs[sum(label in coronary for visit in patient[:2] for label in visit) >= 2].append(hf)
    assert mean(hfs[True]) > mean(hfs[False]) + 0.15


def recurrence(cohort, codes):
    """How often a code of visit one is given again at visit two."""
    labels = {cohort.types[f"DIAG_{code}"] for code in codes}
    again = [label in patient[1] for patient in cohort.seqs for label in patient[0] if label in labels]
    return mean(again)


def test_chronic_codes_persist_and_acute_ones_change(any_cohort):
    assert recurrence(any_cohort, ehr.CHRONIC) > 0.6
    assert recurrence(any_cohort, set(ehr.COMMON) - ehr.CHRONIC) < 0.45


@pytest.mark.parametrize(("cause", "consequence"), [("410", "412"), ("571", "572"), ("434", "438")])
def test_complications_follow_their_cause(any_cohort, cause, consequence):
    """At visit two the consequence is newly given more often where visit one had the cause."""
    first, second = (any_cohort.types[f"DIAG_{code}"] for code in (cause, consequence))
    free = [patient for patient in any_cohort.seqs if second not in patient[0]]
    after = mean(second in patient[1] for patient in free if first in patient[0])
    assert after > 1.5 * mean(second in patient[1] for patient in free if first not in patient[0])


def test_comorbid_codes_come_together(any_cohort):
    """Obesity and sleep apnea, depression and anxiety: more often together than by chance."""
    for one, other in (("278", "327"), ("311", "300"), ("197", "198")):
        pairs = [(has(patient, any_cohort, one), has(patient, any_cohort, other)) for patient in any_cohort.seqs]
        by_chance = mean(a for a, _ in pairs) * mean(b for _, b in pairs)
        assert mean(a and b for a, b in pairs) > 1.3 * by_chance


def test_the_number_of_codes_tells_nothing_of_the_phenotype(any_cohort):
    sizes = {index: [] for index in range(len(any_cohort.phenotype_names))}
    for phenotype, patient in zip(any_cohort.phenotypes, any_cohort.seqs, strict=True):
        sizes[phenotype].append(mean(len(visit) for visit in patient))
    assert all(abs(mean(values) - 11.42) < 1.1 for values in sizes.values())


def test_uncommon_codes_favor_phenotypes(any_cohort):
    """Patients with lung disease have more of the uncommon codes of the respiratory chapter than others have."""
    lung = any_cohort.phenotype_names.index("chronic lung disease")
    shares = {True: [], False: []}
    for phenotype, patient in zip(any_cohort.phenotypes, any_cohort.seqs, strict=True):
        codes = [any_cohort.rtypes[label].removeprefix("DIAG_") for visit in patient for label in visit]
        uncommon = [code for code in codes if code not in ehr.COMMON]
        shares[phenotype == lung] += [code.startswith(("46", "47", "48", "49", "50", "51")) for code in uncommon]
    assert mean(shares[True]) > 1.8 * mean(shares[False])


# MIMIC-III


@pytest.fixture
def mimic3(tmp_path):
    """A copy of the fixture that a test may damage."""
    return Path(shutil.copytree(MIMIC3, tmp_path / "mimic3"))


def codes_of(cohort, pid):
    patient = cohort.seqs[cohort.pids.index(pid)]
    return [[cohort.rtypes[label] for label in visit] for visit in patient]


def test_mimic3_visits_in_time_and_codes_in_sequence_as_categories():
    cohort = ehr.load_mimic3(MIMIC3)
    assert cohort.vids[cohort.pids.index(20)] == [100001, 100002]
    assert codes_of(cohort, 20) == [["DIAG_428", "DIAG_401", "DIAG_427"], ["DIAG_038", "DIAG_V45", "DIAG_E878"]]


def test_mimic3_drops_visits_without_codes_and_patients_with_one_visit():
    """21 has one visit, 23 a second one without any diagnosis, and one of the three visits of 22 has no code."""
    cohort = ehr.load_mimic3(MIMIC3)
    assert cohort.pids == [20, 22]
    assert cohort.vids == [[100001, 100002], [100004, 100005]]


def test_mimic3_skips_rows_without_code_and_of_unlisted_admissions():
    cohort = ehr.load_mimic3(MIMIC3)
    assert codes_of(cohort, 22) == [
        ["DIAG_250", "DIAG_413"],
        ["DIAG_719", "DIAG_640", "DIAG_X99", "DIAG_250"],
    ]
    assert 24 not in cohort.pids


def test_mimic3_label_is_category_428_and_it_stays_in_the_visits():
    cohort = ehr.load_mimic3(MIMIC3)
    assert cohort.hfs == [1, 0]
    assert "DIAG_428" in codes_of(cohort, 20)[0]


def test_mimic3_types_are_all_categories_sorted():
    cohort = ehr.load_mimic3(MIMIC3)
    names = ["038", "112", "250", "401", "413", "427", "428", "486", "584", "640", "719", "E878", "V45", "X99"]
    assert list(cohort.types) == [f"DIAG_{name}" for name in names]
    assert list(cohort.types.values()) == list(range(len(names)))
    assert cohort.rtypes == {label: code for code, label in cohort.types.items()}


def test_mimic3_meanings():
    """The category's title; the first code's where the course's table lacks it; "unknown" where nobody has it."""
    meanings = ehr.load_mimic3(MIMIC3).meanings
    assert meanings["DIAG_428"] == "Heart failure"
    assert meanings["DIAG_719"] == "Other and unspecified disorders of joint"
    assert meanings["DIAG_640"] == "Threatened abortion, unspecified as to episode of care or not applicable"
    assert meanings["DIAG_X99"] == "unknown"


def test_mimic3_has_no_phenotypes_and_plain_values():
    cohort = ehr.load_mimic3(MIMIC3)
    assert cohort.phenotypes is None
    assert cohort.phenotype_names is None
    assert type(cohort.pids[0]) is type(cohort.vids[0][0]) is type(cohort.seqs[0][0][0]) is type(cohort.hfs[0]) is int


def test_mimic3_reads_gzipped_files_and_lower_case_columns(mimic3):
    for path in mimic3.glob("*.csv"):
        header, _, rest = path.read_text().partition("\n")
        path.with_suffix(".csv.gz").write_bytes(gzip.compress(f"{header.lower()}\n{rest}".encode()))
        path.unlink()
    assert ehr.load_mimic3(str(mimic3)) == ehr.load_mimic3(MIMIC3)


@pytest.mark.parametrize("name", list(ehr.MIMIC3_COLUMNS))
def test_mimic3_missing_file(mimic3, name):
    (mimic3 / f"{name}.csv").unlink()
    with pytest.raises(FileNotFoundError) as error:
        ehr.load_mimic3(mimic3)
    message = str(error.value)
    assert "\n" not in message
    assert f"{name}.csv (or {name}.csv.gz) is not in {mimic3}" in message
    assert "physionet.org" in message


def test_mimic3_missing_directory(tmp_path):
    with pytest.raises(FileNotFoundError, match="ADMISSIONS.csv .* is not in .*nowhere"):
        ehr.load_mimic3(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("name", "column"), [(name, column) for name, columns in ehr.MIMIC3_COLUMNS.items() for column in columns]
)
def test_mimic3_missing_column(mimic3, name, column):
    path = mimic3 / f"{name}.csv"
    path.write_text(path.read_text().replace(f'"{column}"', '"OTHER"', 1))
    with pytest.raises(ValueError, match=f"{name}.csv lacks the column {column} ") as error:
        ehr.load_mimic3(mimic3)
    assert "\n" not in str(error.value)
    assert str(mimic3) in str(error.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("ADMISSIONS", "2150-01-30 23:59:00", "soon", "line 4: ADMITTIME is 'soon', which is not a time"),
        ("DIAGNOSES_ICD", "4,20,100001,3", "4,20,100001,third", "line 5: SEQ_NUM is 'third', which is not a whole"),
        ("DIAGNOSES_ICD", "8,21,100003", "8,21,10.5", "line 9: HADM_ID is '10.5', which is not a whole number"),
    ],
)
def test_mimic3_value_that_cannot_be_read(mimic3, name, old, new, message):
    path = mimic3 / f"{name}.csv"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ValueError, match=message):
        ehr.load_mimic3(mimic3)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00broken\xff"])
def test_mimic3_file_that_is_not_csv(mimic3, content):
    (mimic3 / "DIAGNOSES_ICD.csv").write_bytes(content)
    with pytest.raises(ValueError, match="DIAGNOSES_ICD.csv cannot be read as CSV") as error:
        ehr.load_mimic3(mimic3)
    assert "\n" not in str(error.value)


def test_mimic3_truncated_gzip(mimic3):
    path = mimic3 / "ADMISSIONS.csv"
    path.with_suffix(".csv.gz").write_bytes(gzip.compress(path.read_bytes())[:100])
    path.unlink()
    with pytest.raises(ValueError, match="ADMISSIONS.csv.gz cannot be read as CSV .*; download it again"):
        ehr.load_mimic3(mimic3)


def test_mimic3_without_any_patient_of_two_visits(mimic3):
    path = mimic3 / "DIAGNOSES_ICD.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:4]) + "\n")
    with pytest.raises(ValueError, match="no patient has two visits with diagnoses"):
        ehr.load_mimic3(mimic3)


@pytest.mark.parametrize(
    ("code", "category"), [("4280", "428"), ("486", "486"), ("V4581", "V45"), ("E8788", "E878"), ("0389", "038")]
)
def test_category_of(code, category):
    assert ehr.category_of(code) == category
