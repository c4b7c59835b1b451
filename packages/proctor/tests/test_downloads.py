"""Classes as Canvas, Moodle and Blackboard hand them over: whose a file is, which of them counts, when it came."""

import logging
import struct
from dataclasses import dataclass
from datetime import datetime

import pytest
from traitlets.config import Config

from proctor.grading.collecting import DownloadCollector
from proctor.grading.extracting import Extraction
from proctor.grading.reading import is_student_id
from proctor.grading.roster import Student
from submissions import entry, zipped

ZONE = "Europe/Berlin"
ONE, TWO = "2024-10-01-12-30-09", "2024-10-03-09-00-00"


@dataclass
class Collected:
    """What was collected: {student: {name: content}}, {student: time}; what was told."""

    files: dict
    times: dict
    problems: list
    log: str


@pytest.fixture
def collect(tmp_path, caplog):
    """Collects {name: content} of a download, or {zip: {name: content}} of several."""

    def collect(entries, students=(), due=None, timezone=ZONE, **settings) -> Collected:
        archive, folder = tmp_path / "archive", tmp_path / "extracted"
        archive.mkdir()
        several = all(isinstance(content, (dict, list)) for content in entries.values())
        for name, content in (entries if several else {"submissions.zip": entries}).items():
            (archive / name).write_bytes(zipped(content))
        extraction = Extraction(timezone)
        for file in sorted(archive.iterdir()):
            extraction.take(file, folder)
        config = Config({"Exchange": {"timezone": timezone}, "DownloadCollector": settings})
        collector = DownloadCollector(config=config, log=logging.getLogger())
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        with caplog.at_level("INFO"):
            found = collector.collect_class(files, folder, list(students), ["seq2seq"], due)
        files = {who: {name: path.read_text() for name, path in work.items()} for who, (work, _) in found.items()}
        times = {who: str(when) for who, (_, when) in found.items()}
        return Collected(files, times, extraction.refused + collector.problems, caplog.text)

    return collect


def receipt(name, user):
    when = "Tuesday, 1 October 2024 12:30:09 o'clock CEST"
    return f"Name: {name} ({user})\nAssignment: Seq2Seq\nDate Submitted: {when}\n"


# {the name in a download: the student, and what their file is called then}
SEEN = {
    "ann_LATE_123_456_seq2seq-1.ipynb": ("ann_123", "seq2seq.ipynb"),
    "ann_123_456_seq2seq.ipynb": ("ann_123", "seq2seq.ipynb"),
    "ann_late_123_456_seq2seq (1).ipynb": ("ann_123", "seq2seq.ipynb"),
    "o'neil-smith_123_456_seq2seq-12.ipynb": ("o'neil-smith_123", "seq2seq.ipynb"),
    "van_der_berg_123_456_seq2seq.ipynb": ("van_der_berg_123", "seq2seq.ipynb"),
    "李雷_123_456_Untitled.ipynb": ("李雷_123", "seq2seq.ipynb"),
    "иванов_LATE_123_456_seq2seq.IPYNB": ("иванов_123", "seq2seq.ipynb"),
    "anon_Ab3dE_456_seq2seq.ipynb": ("anon_Ab3dE", "seq2seq.ipynb"),
    "LATE_anon_Ab3dE_456_seq2seq.ipynb": ("anon_Ab3dE", "seq2seq.ipynb"),
    "leecharlotte123_question_7_9_seq2seq.ipynb": ("leecharlotte_123", "seq2seq.ipynb"),
    "leecharlotte_question_7_9_seq2seq.ipynb": ("leecharlotte", "seq2seq.ipynb"),
    "ann_123_456_my_2_3_notes.ipynb": ("ann_123", "seq2seq.ipynb"),
    "ann_123_456_seq2seq.ipynb.json": ("ann_123", "seq2seq.ipynb.json"),
    "ann_123_456_seq2seq.py": ("ann_123", "seq2seq.py"),
    "ann_123_456_seq2seq.html": ("ann_123", "seq2seq.html"),
    "ann_123_text.html": ("ann_123", "text.html"),
    "Ann Lee_123_assignsubmission_file_/seq2seq.ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "submissions/ann_123_456_seq2seq.ipynb": ("ann_123", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_file/seq2seq.ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_file_Bob_9_assignsubmission_file_x.ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    f"Seq2Seq_ann_attempt_{ONE}_x_bob_attempt_{TWO}_seq2seq.ipynb": ("ann", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_file_/seq2seq (2).ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_file_/work/Seq2Seq - Copy (2).ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_file_seq2seq.ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "Ann Lee_123_assignsubmission_onlinetext_/onlinetext.html": ("Ann Lee_123", "onlinetext.html"),
    "Anna-Lena O'Neil, Dr._123_assignsubmission_file_/seq2seq.ipynb": ("Anna-Lena O'Neil, Dr._123", "seq2seq.ipynb"),
    "Jose\u0301 Nu\u0301n\u0303ez_123_assignsubmission_file_/seq2seq.ipynb": ("José Núñez_123", "seq2seq.ipynb"),
    "محمد علي_123_assignsubmission_file_/seq2seq.ipynb": ("محمد علي_123", "seq2seq.ipynb"),
    "Ann\u200b Lee\U000e0041_123_assignsubmission_file_/seq2seq.ipynb": ("Ann Lee_123", "seq2seq.ipynb"),
    "Ann <A*> Lee_123_assignsubmission_file_/seq2seq.ipynb": ("Ann A Lee_123", "seq2seq.ipynb"),
    f"Seq2Seq_ann_attempt_{ONE}_seq2seq.ipynb": ("ann", "seq2seq.ipynb"),
    f"Seq2Seq_ann_lee_attempt_{ONE}_my seq2seq.ipynb": ("ann_lee", "seq2seq.ipynb"),
    f"Seq2Seq_Ann Lee_attempt_{ONE}_seq2seq_attempt_2.ipynb": ("Ann Lee", "seq2seq.ipynb"),
    f"Homework 2_ann_lee_attempt_{ONE}_seq2seq.ipynb": ("ann_lee", "seq2seq.ipynb"),
    f"seq2seq_ann@uni.edu_attempt_{ONE}_seq2seq.ipynb": ("ann@uni.edu", "seq2seq.ipynb"),
}


@pytest.mark.parametrize("name", SEEN)
def test_each_name_is_read(collect, name):
    collected = collect({name: "work"})
    student, called = SEEN[name]
    assert collected.files == {student: {called: "work"}}
    assert is_student_id(student)
    assert bool(collected.problems) == called.endswith(".html")


@pytest.mark.parametrize("name", [name for name in SEEN if not name.endswith(".html")])
def test_a_zip_of_ones_own_is_looked_into(collect, name):
    packed = zipped({"a/seq2seq-1.ipynb": "work", "__MACOSX/a/._seq2seq-1.ipynb": "x", "a/timestamp.txt": "2000-01-01"})
    collected = collect({name.rpartition(".")[0] + ".zip": packed})
    assert collected.files == {SEEN[name][0]: {"seq2seq.ipynb": "work"}}
    assert not collected.problems


LATEST = {
    "Canvas's number": {"ann_1_20_seq2seq.ipynb": "last", "ann_1_10_seq2seq-1.ipynb": "first"},
    "a copy's number": {"ann_1_10_seq2seq.ipynb": "first", "ann_1_10_seq2seq-1.ipynb": "last"},
    "copies beyond nine": {"ann_1_10_seq2seq-9.ipynb": "first", "ann_1_10_seq2seq-10.ipynb": "last"},
    "late": {"ann_LATE_1_20_seq2seq.ipynb": "last", "ann_1_30_seq2seq.ipynb": "first"},
    "browser": {f"A_1_assignsubmission_file_/seq2seq{n}.ipynb": w for n, w in (("", "first"), (" (1)", "last"))},
    "attempt": {f"Seq2Seq_ann_attempt_{t}_seq2seq.ipynb": w for t, w in ((TWO, "last"), (ONE, "first"))},
    "other name": {
        f"Seq2Seq_ann_attempt_{TWO}_Untitled.ipynb": "last",
        f"Seq2Seq_ann_attempt_{ONE}_seq2seq.ipynb": "first",
    },
    "two downloads": {
        "a.zip": {"ann_1_20_seq2seq-1.ipynb": "last"},
        "b.zip": {"ann_1_10_seq2seq.ipynb": "first", "ann_1_11_helper.py": "first"},
    },
}


@pytest.mark.parametrize("case", LATEST)
def test_the_latest_counts(collect, case):
    collected = collect(LATEST[case])
    assert list(collected.files.values()) == [{"seq2seq.ipynb": "last"}]
    assert not collected.problems


def test_of_two_downloads_of_moodle_the_newer_counts(tmp_path):
    name = "A_1_assignsubmission_file_/seq2seq.ipynb"
    (tmp_path / "a.zip").write_bytes(zipped({name: "last"}, (2024, 10, 9, 1, 0, 0)))
    (tmp_path / "b.zip").write_bytes(zipped({name: "first"}, (2024, 10, 2, 1, 0, 0)))
    folder, extraction, collector = tmp_path / "out", Extraction(ZONE), DownloadCollector()
    for file in ("a.zip", "b.zip"):
        extraction.take(tmp_path / file, folder)
    found = collector.collect_class(list(folder.rglob("*.ipynb")), folder, [], ["seq2seq"], None)
    assert found["A_1"][0]["seq2seq.ipynb"].read_text() == "last"
    assert str(found["A_1"][1]) == "2024-10-08 23:00:00"


def test_what_an_instructor_unpacked_is_read(tmp_path):
    names = ["A_1_assignsubmission_file_/seq2seq.ipynb", "A_1_assignsubmission_onlinetext_/onlinetext.html"]
    for name in [*names, "ann_2_3_seq2seq.ipynb"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    found = DownloadCollector().collect_class(files, tmp_path, [], ["seq2seq"], None)
    assert {student: set(files) for student, (files, _) in found.items()} == {
        "A_1": {"seq2seq.ipynb", "onlinetext.html"},
        "ann_2": {"seq2seq.ipynb"},
    }


def test_students_of_one_name_are_two(collect):
    names = [
        "Ann Lee_123_assignsubmission_file_/seq2seq.ipynb",
        "Ann Lee_456_assignsubmission_file_/seq2seq.ipynb",
        "leeann_77_1_seq2seq.ipynb",
        "leeann_LATE_78_2_seq2seq.ipynb",
    ]
    assert set(collect(dict.fromkeys(names, "x")).files) == {"Ann Lee_123", "Ann Lee_456", "leeann_77", "leeann_78"}


def test_receipts_part_titles_from_usernames(collect):
    users = {"ann_b": "Ann Lee", "lee": "Lee (Al) Bo", "ann_lee": "Ann Lee", "kim park": "Kim"}
    entries = {}
    for user, name in users.items():
        entries[f"HW 1_Part_a_{user}_attempt_{ONE}.txt"] = receipt(name, user)
        entries[f"HW 1_Part_a_{user}_attempt_{ONE}_seq2seq.ipynb"] = user
    entries[f"HW 1_Part_a_x_y_attempt_{ONE}_seq2seq.ipynb"] = "x_y"
    entries[f"HW 1_Part_a_zoe_attempt_{ONE}.txt"] = receipt("Zoe", "zoe")
    collected = collect(entries)
    expected = {user: {"seq2seq.ipynb": user} for user in [*users, "x_y"]}
    assert collected.files == expected | {"zoe": {}}
    assert len(collected.problems) == 1 and "zoe" in collected.problems[0]


def test_a_class_tells_its_title(collect):
    heads = [f"Part_2_{user}" for user in ("ann_b", "bo", "c_d_e")]
    collected = collect({f"{head}_attempt_{ONE}_seq2seq.ipynb": "x" for head in heads})
    assert set(collected.files) == {"ann_b", "bo", "c_d_e"}


@pytest.mark.parametrize("name", ["seq2seq.ipynb.TXT", "seq2seq.ipynb~", "seq2seq.ipynb.download", "mine.py.txt"])
def test_a_notebook_under_another_ending_is_one(collect, name):
    collected = collect({f"Seq2Seq_ann_attempt_{ONE}_{name}": "work", f"Seq2Seq_ann_attempt_{ONE}_notes.html": "x"})
    assert collected.files["ann"][f"seq2seq{name.lower().removeprefix('seq2seq').removeprefix('mine')}"] == "work"


def test_a_guessed_username_is_told(collect):
    collected = collect({f"Part_2_ann_lee_attempt_{ONE}_seq2seq.ipynb": "x"}, students=[Student("lee", of_class=False)])
    assert set(collected.files) == {"lee"} and "was guessed" in collected.log


@pytest.mark.parametrize("name", [name for name in SEEN if "_attempt_" not in name])
def test_one_file_is_read_as_nbgrader_asks(tmp_path, name):
    file = tmp_path / "submissions.zip" / name
    file.parent.mkdir(parents=True)
    file.write_text("work")
    told = DownloadCollector().collect(str(file))
    assert told["student_id"] == SEEN[name][0] and told["file_id"]


def test_nobody_hands_in_for_somebody_else(collect):
    forged = zipped({"Bob_9_assignsubmission_file_/seq2seq.ipynb": "forged", "bob_9_99_seq2seq.ipynb": "forged"})
    collected = collect({"bob_9_10_seq2seq.ipynb": "own", "eve_8_20_seq2seq.zip": forged})
    assert collected.files["bob_9"] == {"seq2seq.ipynb": "own"}
    assert set(collected.files) == {"bob_9", "eve_8"}


@pytest.mark.parametrize("name", ["gradebook_2024_101_Seq2Seq_2024-10-01-12-30-09.zip", "HW_2024_10_submissions.zip"])
def test_a_download_is_no_students(collect, name):
    entries = {f"{who}_{n}_{n}_seq2seq.ipynb": who for n, who in enumerate(("ann", "bob"), 1)}
    assert set(collect({name: entries}).files) == {"ann_1", "bob_2"}


def test_a_download_in_a_zip_is_looked_into(collect):
    inner = zipped({"ann_1_10_seq2seq.ipynb": "x", "bob_2_11_seq2seq.zip": zipped({"seq2seq.ipynb": "y"})})
    collected = collect({"submissions.zip": inner})
    assert collected.files == {"ann_1": {"seq2seq.ipynb": "x"}, "bob_2": {"seq2seq.ipynb": "y"}}


UNCLEAR = {
    "two notebooks": ({"ann_1_2_a.ipynb": "x", "ann_1_3_b.ipynb": "x"}, "a.ipynb, b.ipynb"),
    "a page": ({"ann_1_2_seq2seq.html": "x"}, "seq2seq.html"),
    "another archive": ({"ann_1_2_seq2seq.rar": "x"}, "seq2seq.rar"),
    "a broken zip": ({"ann_1_2_seq2seq.zip": "x"}, "seq2seq.zip"),
    "what macOS adds": ({"ann_1_2_._seq2seq.ipynb": "x"}, "._seq2seq.ipynb"),
    "typed": ({"A_1_assignsubmission_onlinetext_/onlinetext.html": "x"}, "onlinetext.html"),
    "no name": ({"Untitled.ipynb": "x"}, "Untitled.ipynb"),
    "no id": ({f"Seq2Seq_ann*_attempt_{ONE}_seq2seq.ipynb": "x"}, "ann*"),
    "a folder": ({"ann_1_2_..": "x"}, ".."),
}


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_cannot_be_placed_is_told(collect, case):
    entries, word = UNCLEAR[case]
    problems = collect(entries).problems
    assert len(problems) == 1 and word in problems[0] and "\n" not in problems[0]


def test_files_beside_the_notebook_come_along(collect):
    entries = {"ann_1_2_seq2seq-1.ipynb": "n", "ann_1_3_helper.py": "h", "ann_1_4_scratch.ipynb": "s"}
    entries |= {"ann_1_5_timestamp.txt": "2000-01-01", "ann_1_6_submission_secret.txt": "x"}
    assert collect(entries).files == {"ann_1": {"seq2seq.ipynb": "n", "helper.py": "h", "scratch.ipynb": "s"}}


def test_an_instructors_own_rule_still_works(collect):
    rule = r".*/(?P<student_id>\w+?)__(?P<timestamp>[\d-]+)_(?P<file_id>seq2seq)"
    collected = collect({f"ann__{ONE}_seq2seq.ipynb": "x", "ann__.ipynb": "x"}, named_regexp=rule)
    assert collected.files == {"ann": {"seq2seq.ipynb": "x"}} and collected.times == {"ann": "2024-10-01 10:30:09"}
    assert len(collected.problems) == 1


# Times


@pytest.mark.parametrize(
    ("time", "timezone", "expected"),
    [
        (ONE, ZONE, "2024-10-01 10:30:09"),
        ("2024-12-01-12-30-09", ZONE, "2024-12-01 11:30:09"),
        (ONE, "UTC", "2024-10-01 12:30:09"),
        (ONE, "America/New_York", "2024-10-01 16:30:09"),
        ("2024-10-27-02-30-00", ZONE, "2024-10-27 00:30:00"),
        ("2024-13-01-12-30-09", ZONE, "None"),
    ],
)
def test_blackboards_times_are_the_courses(collect, time, timezone, expected):
    collected = collect({f"Seq2Seq_ann_attempt_{time}_seq2seq.ipynb": "x"}, timezone=timezone)
    assert collected.times == {"ann": expected}
    assert ("cannot be read" in collected.log) == (expected == "None")


@pytest.mark.parametrize(
    ("when", "extra", "expected"),
    [
        ((2024, 10, 2, 23, 50, 0), b"", "2024-10-02 21:50:00"),
        ((1980, 1, 1, 0, 0, 0), b"", "None"),
        # What Info-ZIP adds is UTC.
        ((2024, 10, 2, 23, 50, 0), struct.pack("<HHBI", 0x5455, 5, 1, 1727784609), "2024-10-01 12:10:09"),
    ],
)
def test_else_times_are_those_of_the_zip(collect, when, extra, expected):
    name = "A_1_assignsubmission_file_/seq2seq.ipynb"
    collected = collect({"a.zip": [(entry(name, when, extra), "x")]})
    assert collected.times == {"A_1": expected}
    assert "Moodle writes no times into names" in collected.log


def test_a_students_clock_does_not_count(collect):
    own = zipped({"seq2seq.ipynb": "x"}, (2001, 1, 1, 1, 1, 1))
    assert collect({"ann_1_2_seq2seq.zip": own}).times == {"ann_1": "2024-10-02 21:50:00"}


def test_who_is_late_is_as_canvas_says(collect):
    due = datetime(2024, 10, 1)
    collected = collect({"ann_1_2_seq2seq.ipynb": "x", "bob_LATE_2_3_seq2seq.ipynb": "x"}, due=due)
    assert collected.times == {"ann_1": "2024-10-01 00:00:00", "bob_2": "2024-10-02 21:50:00"}
    assert "Canvas calls late: bob_2" in collected.log


# The class


CLASS = [
    Student("alee", "Ann", "Lee", "ann@uni.edu", "123"),
    Student("alee2", "Ann", "Lee", "", "124"),
    Student("jose", "José", "Núñez", "", "125"),
    Student("ludwig", "Ludwig", "van Beethoven", "", "126"),
    Student("lei", "雷", "李", "", "127"),
    Student("neil", "Mary-Jane", "O'Neil", "", "128"),
]
KNOWN = {
    "leeann_123_9_seq2seq.ipynb": "alee",
    "leeann_LATE_124_9_seq2seq.ipynb": "alee2",
    "married_126_9_seq2seq.ipynb": "ludwig",
    "Ann Lee_124_assignsubmission_file_/seq2seq.ipynb": "alee2",
    "José Núñez_9_assignsubmission_file_/seq2seq.ipynb": "jose",
    "Jose\u0301 Nu\u0301n\u0303ez_9_assignsubmission_file_/seq2seq.ipynb": "jose",
    "NÚÑEZ José_9_assignsubmission_file_/seq2seq.ipynb": "jose",
    "Jose Nunez_9_assignsubmission_file_/seq2seq.ipynb": "jose",
    "Ludwig van Beethoven_9_assignsubmission_file_/seq2seq.ipynb": "ludwig",
    "李雷_9_assignsubmission_file_/seq2seq.ipynb": "lei",
    "oneilmaryjane_question_1_2_seq2seq.ipynb": "neil",
    f"Seq2Seq_ALEE_attempt_{ONE}_seq2seq.ipynb": "alee",
    f"Seq2Seq_ann@uni.edu_attempt_{ONE}_seq2seq.ipynb": "alee",
    f"Seq2Seq_124_attempt_{ONE}_seq2seq.ipynb": "alee2",
}


@pytest.mark.parametrize("name", KNOWN)
def test_who_is_of_the_class_has_their_id(collect, name):
    collected = collect({name: "x"}, students=CLASS)
    assert list(collected.files) == [KNOWN[name]] and not collected.problems


STRANGERS = {
    "several of a name": ("Ann Lee_9_assignsubmission_file_/seq2seq.ipynb", "Ann Lee_9", "alee, alee2"),
    "nobody": ("Bob Ray_9_assignsubmission_file_/seq2seq.ipynb", "Bob Ray_9", ""),
    "a username": (f"Seq2Seq_bob_attempt_{ONE}_seq2seq.ipynb", "bob", ""),
}


@pytest.mark.parametrize("case", STRANGERS)
def test_who_is_not_told_apart_keeps_an_own_id(collect, case):
    name, student, alike = STRANGERS[case]
    collected = collect({name: "x"}, students=CLASS)
    assert list(collected.files) == [student]
    assert alike in "".join(collected.problems) if alike else f"{student} is not of the class" in collected.log


def test_a_name_is_not_given_to_two(collect):
    names = [f"José Núñez_{n}_assignsubmission_file_/seq2seq.ipynb" for n in (8, 9)]
    collected = collect(dict.fromkeys(names, "x"), students=CLASS)
    assert set(collected.files) == {"José Núñez_8", "José Núñez_9"} and len(collected.problems) == 2


def test_a_name_does_not_take_what_a_number_has(collect):
    names = [f"José Núñez_{n}_assignsubmission_file_/seq2seq.ipynb" for n in (125, 9)]
    collected = collect(dict.fromkeys(names, "x"), students=CLASS)
    assert set(collected.files) == {"jose", "José Núñez_9"} and len(collected.problems) == 1


def test_a_quiz_goes_with_the_assignment(collect):
    names = ["leecharlotte_9_20_seq2seq.ipynb", "leecharlotte_question_1_30_seq2seq.ipynb"]
    collected = collect(dict.fromkeys(names, "x"), students=[Student("char", "Charlotte", "Lee", "", "9")])
    assert set(collected.files) == {"char"} and not collected.problems


def test_another_number_of_canvas_is_another_student(collect):
    collected = collect({"leeann_123_1_seq2seq.ipynb": "x", "núñezjosé_999_2_seq2seq.ipynb": "x"}, students=CLASS)
    assert set(collected.files) == {"alee", "núñezjosé_999"}


# What a student who is not ann may call their file, behind what the LMS has written before it.
PRETENDED = [
    f"x_alee_attempt_{TWO}_seq2seq.ipynb",
    f"x_alee_attempt_{TWO}.txt",
    "Ann Lee_123_assignsubmission_file_seq2seq.ipynb",
    "leeann_LATE_123_999_seq2seq.ipynb",
    "leeann_question_7_999_seq2seq.ipynb",
    "_123_assignsubmission_file_.zip",
    f"_alee_attempt_{TWO}_x.zip",
]
WRITTEN = {
    "Canvas": ("{}_{}_{}_", ("leeann", 123), ("núñezjosé", 125)),
    "Canvas's quiz": ("{}{}_question_7_{}_", ("leeann", 123), ("núñezjosé", 125)),
    "Moodle": ("{}_{}_assignsubmission_file_", ("Ann Lee", 123), ("José Núñez", 125)),
    "Blackboard": ("Lab_2_1_{}_attempt_" + ONE + "_", ("alee",), ("jose",)),
}


@pytest.mark.parametrize("pretended", PRETENDED)
@pytest.mark.parametrize("lms", WRITTEN)
def test_what_a_student_calls_a_file_makes_nobody_of_them(collect, lms, pretended):
    form, ann, jose = WRITTEN[lms]
    seq2seq = zipped({"leeann_123_99_seq2seq.ipynb": "jose's"}) if pretended.endswith(".zip") else "jose's"
    entries = {form.format(*ann, 10) + "seq2seq.ipynb": "ann's", form.format(*jose, 11) + pretended: seq2seq}
    collected = collect(entries, students=CLASS)
    assert collected.files["alee"] == {"seq2seq.ipynb": "ann's"}
    assert "jose's" in collected.files["jose"].values()


def test_downloads_that_lie_side_by_side_are_told_apart(collect):
    names = [f"leeann_123_4_x_jose_attempt_{TWO}_seq2seq.ipynb", f"HW_jose_attempt_{ONE}_9_9_seq2seq.ipynb"]
    names += [f"HW_ludwig_attempt_{ONE}_seq2seq.ipynb", "Ann Lee_124_assignsubmission_file_seq2seq.ipynb"]
    collected = collect({name: name for name in names}, students=CLASS)
    own = {student: list(files.values()) for student, files in collected.files.items()}
    assert own == {"alee": names[:1], "jose": names[1:2], "ludwig": names[2:3], "alee2": names[3:]}


def test_zip_that_holds_the_names_of_others_is_one_students(collect):
    theirs = {"leeann_123_99_seq2seq.ipynb": "jose's", "married_126_99_seq2seq.ipynb": "jose's"}
    own = {"leeann_123_1_work.zip": {"seq2seq.ipynb": "ann's"}, "núñezjosé_125_3_work.zip": theirs}
    collected = collect(own, students=CLASS)
    assert collected.files["alee"] == {"seq2seq.ipynb": "ann's"}
    assert set(collected.files) == {"alee", "jose"}


NO_RECEIPTS = ["a:" + " " * 9000 + "x", "a:" + "(" * 9000, "a: x" + " )" * 4500, ":" * 9000, "a:(b)()", "a: b (", ""]


@pytest.mark.parametrize("line", NO_RECEIPTS)
def test_receipt_that_is_none_costs_nothing(collect, line):
    collected = collect({f"Seq2Seq_ann_attempt_{ONE}.txt": line, f"Seq2Seq_bob_attempt_{ONE}_seq2seq.ipynb": "x"})
    assert set(collected.files) == {"ann", "bob"}
