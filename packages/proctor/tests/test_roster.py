"""The class, as nbgrader's and the LMSs' exports list it."""

import pytest

from proctor.grading.reading import Unreadable, is_student_id, why_no_student_id
from proctor.grading.roster import Student, read_roster

ROSTERS = {
    "simple": "id,name\nann,Ann Lee\n",
    "semicolons": "\ufeffid;name;group\r\nann;Lee, Ann;7\r\n\r\n",
    "nbgrader": "id,last_name,first_name,email,lms_user_id\nann,Lee,Ann,,\n",
    "Canvas": "Student,ID,SIS User ID,SIS Login ID,Section\n,,,,\n    Points Possible,,,,\n"
    '"Lee, Ann",,U1,ann,S1\n"Student, Test",9,,abcdef,S1\n',
    "Moodle": '"First name","Last name","ID number"\nAnn,Lee,ann\n',
    "Moodle's worksheet": 'Identifier,"Full name",Username,Status\n,"Ann Lee",ann,"No\nsubmission"\n',
    "Blackboard": '"Last Name","First Name","Username","Last Access"\n"Lee","Ann","ann","x"\n',
}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("case", ROSTERS)
def test_rosters_are_read(tmp_path, case, encoding):
    (tmp_path / "roster.csv").write_bytes(ROSTERS[case].encode(encoding))
    assert read_roster(tmp_path / "roster.csv") == [Student("ann", "Ann", "Lee")]


def test_numbers_of_an_lms_are_kept(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text('Student,ID,SIS Login ID\n"Lee, Ann",123,ann\n')
    assert read_roster(path) == [Student("ann", "Ann", "Lee", "", "123")]
    path.write_text('Identifier,"Full name","Email address"\n"Participant 123","Ann Lee",ann@uni.edu\n')
    assert read_roster(path) == [Student("ann@uni.edu", "Ann", "Lee", "ann@uni.edu", "123")]


BAD = {
    "empty": ("", "first line"),
    "no head": ("ann,Ann Lee\n", "first line"),
    "nobody": ("id,name\n", "nobody"),
    "twice": ("id,name\nann,A\nann,B\n", "line 3"),
    "no id": ("id,name\nann,A\n,B\n", "line 3"),
    "no student's": ("id,name\n../ann,A\n", "line 2"),
    "long": (f"id,name\nann,{'A' * 200}\n", "line 2"),
    "not CSV": ('id,name\n"ann,A\n', "CSV"),
    "not UTF-8": ("id,name\nann,José\n".encode("cp1252"), "UTF-8"),
    "none": (None, "not there"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_roster_is_told_in_one_line(tmp_path, case):
    content, word = BAD[case]
    if content is not None:
        (tmp_path / "roster.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(Unreadable, match=word) as caught:
        read_roster(tmp_path / "roster.csv")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "it is empty"), (".ann", "it begins with '.'"), ("-a", "it begins with '-'"), ("ann ", "with space"),
        ("a*b", "it has '*' in it"), ("a%20", "it has '%' in it"), ("a\u202eb", "u202e"),
        ("a\nb", "it has '\\n' in it"),
        ("ann\u200b", "u200b"), ("an\xadn", "xad"), ("ann\u3164", "u3164"), ("ann\U000e0061", "e0061"),
        ("علی\u200cرضا", ""),
        ("a\udc80", "udc80"), ("ä" * 101, "longer than 200 bytes"), ("李雷 (2)", ""), ("o'neil@uni.edu", ""),
    ],
)  # fmt: skip
def test_name_that_is_no_students_id_is_told_why(name, why):
    assert why in why_no_student_id(name) and is_student_id(name) == (not why)
    assert why_no_student_id(name).isprintable()
