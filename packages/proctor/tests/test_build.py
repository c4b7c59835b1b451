"""The authoring build: what it makes, what it refuses, and that no solution leaves."""

import re
import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.preprocessors import Execute
from nbgrader.utils import determine_grade
from nbgrader.validator import Validator

from proctor import cli
from proctor.authoring.assignment import load_assignment
from proctor.authoring.build import build_course, main
from proctor.authoring.errors import BuildError
from proctor.authoring.release_zip import student_files
from proctor.course import CourseError, find_root, open_course
from shapes import AREA, SHAPES, SOLUTIONS, SOLVED, cells, change, contents, given, line_of

# Reading


def test_assignment_is_read_without_a_build(course):
    assignment = load_assignment(open_course(course), "shapes")
    assert [(e.id, e.title, e.points, e.names, e.written) for e in assignment.exercises] == [
        ("area", "The area of a circle", 5, ("area",), False),
        ("box", "Boxes", 2.5, ("Box",), False),
        ("reflection", "Reflect", 1, (), True),
    ]
    assert assignment.points == 8.5
    assert assignment.graders == course / "graders/shapes"
    assert assignment.solutions_module == "solutions.shapes"


def test_code_of_an_exercise_is_the_solution_without_markers(course):
    code = load_assignment(open_course(course), "shapes").exercises[0].code
    start, end = SOLUTIONS.index("@keep"), SOLUTIONS.index("\n\n\nclass Box")
    expected = [line for line in SOLUTIONS[start:end].split("\n") if "###" not in line]
    assert code == "\n".join(expected)
    assert "# A comment that stays." in code


def test_definitions_are_joined_by_two_blank_lines(course):
    change(course, "source/shapes/shapes.py", "exercise=area include=area", "exercise=area include=keep,area")
    change(course, "source/shapes/shapes.py", "# %% include=keep\n", "")
    code = load_assignment(open_course(course), "shapes").exercises[0].code
    assert "    return function\n\n\n@keep\ndef area" in code


def test_root_is_found_from_below_and_missed_with_one_line(course, tmp_path):
    assert find_root(course / "source/shapes") == course
    with pytest.raises(CourseError) as missing:
        find_root(tmp_path)
    assert "\n" not in str(missing.value)


def test_unknown_assignment_is_told_with_those_that_exist(course):
    with pytest.raises(CourseError, match="shapes"):
        load_assignment(open_course(course), "shape")


# Building


def test_source_notebook_has_the_solutions_and_nbgraders_metadata(course):
    build_course(open_course(course))
    built = cells(course / "source/shapes/shapes.ipynb")
    assert [id for id, cell in built.items() if "nbgrader" in cell.metadata] == [
        "area", "check_area", "box", "check_box", "reflection",
    ]  # fmt: skip
    title, first, constants, heading = (list(built)[n] for n in range(4))
    assert first == given("from math import pi")
    plotted = given("print(given([0, 1]))")
    assert built["area"].source in SOLUTIONS
    assert "### BEGIN SOLUTION" in built["area"].source
    assert built["area"].metadata.nbgrader == {
        "schema_version": 3, "grade_id": "area", "grade": False, "solution": True, "locked": False, "task": False,
    }  # fmt: skip
    assert built["check_area"].metadata.nbgrader == {
        "schema_version": 3, "grade_id": "check_area", "grade": True, "solution": False, "locked": True,
        "task": False, "points": 5,
    }  # fmt: skip
    assert built["check_area"].metadata.tags == ["visible-check", "raises-exception"]
    reflection = built["reflection"].metadata.nbgrader
    assert (reflection.grade, reflection.solution, reflection.locked, reflection.points) == (True, True, False, 1)
    assert built[plotted].metadata.tags == ["plot", "training", "raises-exception"]
    goes_on = [id for id, cell in built.items() if "raises-exception" in cell.metadata.get("tags", [])]
    last = given(SOLUTIONS[SOLUTIONS.index("def given") :].strip())
    assert goes_on == ["area", "check_area", "box", "check_box", last, plotted]
    assert built[title].source == "# Shapes\n\nWorth 8.5 points, with $x^{{2}}$ as it is."
    assert built[heading].source.startswith("## 1.2 The area of a circle [5 points]")
    # The statement that makes three and four is put in once, and the comment above TWO with it.
    assert built[constants].source == (
        "# Why two: a comment above belongs to the assignment below.\nTWO = 2\nthree, four = TWO + 1, TWO * 2\n"
        "%matplotlib inline\nprint(three)"
    )


def test_release_has_the_stub_and_all_else(course):
    build_course(open_course(course))
    source, release = cells(course / "source/shapes/shapes.ipynb"), cells(course / "release/shapes/shapes.ipynb")
    assert list(release) == list(source)
    assert release["area"].source == (
        '@keep\ndef area(radius):\n    """The area of a circle."""\n    # A comment that stays.\n'
        "    square = radius * radius\n    # your code here\n"
        '    raise NotImplementedError("not implemented yet")\n    return result'
    )
    assert release["reflection"].source == "Your answer here."
    graded = {"area", "box", "reflection"}
    assert all(release[id].source == source[id].source for id in source if id not in graded)
    assert release["check_area"].metadata.tags == ["visible-check", "raises-exception"]
    assert (course / "release/shapes/figures/circle.svg").is_file()
    assert not list((course / "release").rglob("*.py"))


def test_marking_scheme_stays_with_the_authors(course):
    build_course(open_course(course))
    scheme = "One point for any true statement about a box."
    answer = cells(course / "source/shapes/shapes.ipynb")["reflection"].source
    assert f"### BEGIN MARK SCHEME\n{scheme}\n### END MARK SCHEME" in answer
    files = {**contents(course / "release"), **student_files(open_course(course), ["shapes"], "students")}
    assert not [path for path, content in files.items() if b"MARK SCHEME" in content or scheme.encode() in content]
    change(course, SHAPES, "# Worth", f"# {scheme} Worth")
    with pytest.raises(BuildError, match="`One point for any true .* is a solution line"):
        build_course(open_course(course))


def test_gradebook_knows_the_assignment(course):
    build_course(open_course(course))
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert gradebook.find_assignment("shapes").max_score == 8.5


def test_rebuild_changes_nothing(course, monkeypatch):
    monkeypatch.chdir(course / "source")
    assert build_course(open_course(course))
    before = contents(course / "source", course / "release")
    assert build_course(open_course(course), ["shapes"]) == []
    assert contents(course / "source", course / "release") == before
    assert Path.cwd() == course / "source"


def test_command_says_so_where_there_is_nothing_to_write(course, capsys):
    build_course(open_course(course))
    assert cli.main(["--course", str(course), "build"]) == 0
    assert capsys.readouterr().out == "The notebooks are up to date, and the gradebook knows them.\n"


def test_file_that_the_author_removes_leaves_the_release(course):
    build_course(open_course(course))
    (course / "source/shapes/figures/circle.svg").unlink()
    build_course(open_course(course))
    assert not (course / "release/shapes/figures/circle.svg").exists()


# Refusing

IF = "    ### BEGIN SOLUTION\n    if"
RESULT = "    ### END SOLUTION\n    return result"
MODEL = "# ### BEGIN SOLUTION"

# name, file to change, old text, new text, file blamed, words on the line blamed, words of the message
REFUSED = [
    ("misspelt begin", SOLVED, IF, "    ### BEGIN SOLUTON\n    if", SOLVED, "BEGIN SOLUTON", "unknown marker"),
    ("one hash", SOLVED, IF, "    # BEGIN SOLUTION\n    if", SOLVED, "    # BEGIN SOLUTION", "unknown marker"),
    ("no space", SOLVED, IF, "    #BEGIN SOLUTION\n    if", SOLVED, "#BEGIN SOLUTION", "unknown marker"),
    ("two spaces", SOLVED, IF, "    ### BEGIN  SOLUTION\n    if", SOLVED, "BEGIN  SOL", "unknown marker"),
    ("wrong case", SOLVED, IF, "    ### Begin Solution\n    if", SOLVED, "Begin Solution", "unknown marker"),
    ("misspelt verb", SOLVED, IF, "    ### BEGN SOLUTION\n    if", SOLVED, "BEGN SOL", "unknown marker"),
    ("after code", SOLVED, "    square = radius * radius", "    square = radius**2  ### END SOLUTION",
     SOLVED, "radius**2", "unknown marker"),
    ("hidden tests", SOLVED, "    # A comment that", "    ### BEGIN HIDDEN TESTS that", SOLVED, "HIDDEN",
     "unknown marker"),
    ("in a docstring", SOLVED, "The area of a circle.", "BEGIN SOLUTION", SOLVED, '"""BEGIN', "unknown marker"),
    ("no end", SOLVED, RESULT, "    return result", SOLVED, ("    ### BEGIN", 1), "within the region"),
    ("no begin", SOLVED, IF, "    if", SOLVED, "    ### END", "without a `### BEGIN SOLUTION`"),
    ("empty region", SOLVED, "    # A comment that stays.", "    ### BEGIN SOLUTION\n    ### END SOLUTION", SOLVED,
     "    ### BEGIN", "is empty"),
    ("outside all", SOLVED, "from math import pi\n", "### BEGIN SOLUTION\nfrom math import pi\n### END SOLUTION\n",
     SOLVED, ("### BEGIN", 1), "not within one function"),
    ("region nobody asks", SOLVED, "    return function",
     "    ### BEGIN SOLUTION\n    return function\n    ### END SOLUTION",
     SOLVED, "    ### BEGIN", "no exercise includes this"),
    ("defined twice", SOLVED, "def given(values)", "TWO = 3\n\n\ndef given(values)", SOLVED, "TWO = 3",
     "a second time"),
    ("solutions syntax", SOLVED, "def given(values):", "def given(values)", SOLVED, "def given", "no valid Python"),
    ("misspelt in text", SHAPES, "assert area(0) == 0", "### BEGIN HIDEN TESTS\nassert area(0) == 0",
     SHAPES, "HIDEN", "out of place"),
    ("hidden in text", SHAPES, "assert area(0) == 0", "### BEGIN HIDDEN TESTS\nassert area(0) == 0",
     SHAPES, "HIDDEN", "out of place"),
    ("solution in text", SHAPES, "assert area(0) == 0", "# BEGIN SOLUTION\nassert area(0) == 0",
     SHAPES, "# BEGIN SOLUTION", "out of place"),
    ("autotest", SHAPES, "assert area(0) == 0", "### AUTOTEST area(0)", SHAPES, "AUTOTEST", "out of place"),
    ("in prose", SHAPES, "# Worth", "# Write after BEGIN SOLUTION. Worth", SHAPES, "Write after", "out of place"),
    ("scheme without answer", SHAPES, "# ### BEGIN SOLUTION\n# The sides", "# The sides", SHAPES, "BEGIN MARK SCHEME",
     "belongs between"),
    ("scheme within a scheme", SHAPES, "# One point", "# ### BEGIN MARK SCHEME\n# One point",
     SHAPES, ("BEGIN MARK SCHEME", 1), "belongs between"),
    ("scheme, no end", SHAPES, "# ### END MARK SCHEME\n", "", SHAPES, "BEGIN MARK SCHEME", "without an `### END MARK"),
    ("scheme, no begin", SHAPES, "# ### BEGIN MARK SCHEME\n", "", SHAPES, "END MARK SCHEME", "without a `### BEGIN M"),
    ("scheme misspelt", SHAPES, "BEGIN MARK SCHEME", "BEGIN MARKING SCHEME", SHAPES, "MARKING", "unknown marker"),
    ("scheme in prose", SHAPES, "# Worth", "# ### BEGIN MARK SCHEME\n# Worth", SHAPES, "MARK SCHEME", "out of place"),
    ("scheme in code", SOLVED, "    # A comment that", "    ### BEGIN MARK SCHEME that", SOLVED, "MARK SCHEME",
     "unknown marker"),
    ("written, no end", SHAPES, "\n# ### END SOLUTION", "", SHAPES, MODEL, "without an `### END SOLUTION`"),
    ("written, no begin", SHAPES, MODEL, "# A line", SHAPES, "# ### END SOLUTION", "without a `### BEGIN SOLUTION`"),
    ("unknown option", SHAPES, "exercise=area", "exercize=area", SHAPES, "exercize", "did you mean `exercise`?"),
    ("option of prose", SHAPES, "written=reflection", "exercise=reflection", SHAPES, "=reflection", "unknown option"),
    ("a title", SHAPES, "# %% include=keep", "# %% Keep include=keep", SHAPES, "Keep include", "cannot read"),
    ("option twice", SHAPES, "include=keep", "include=keep include=keep", SHAPES, "include=keep", "given twice"),
    ("options apart", SHAPES, "check=area", 'check=area tags=["plot"]', SHAPES, "check=area", "do not go together"),
    ("unknown tag", SHAPES, '"plot"', '"plots"', SHAPES, "plots", "did you mean `plot`?"),
    ("generated tag", SHAPES, '"plot"', '"visible-check"', SHAPES, "visible-check", "is generated"),
    ("tags, no list", SHAPES, '["plot", "training"]', "plot", SHAPES, "tags=plot", "should be a list"),
    ("cell kind", SHAPES, "# %% include=keep", "# %% [raw]\n\n# %% include=keep", SHAPES, "[raw]",
     "unknown cell header"),
    ("no identifier", SHAPES, "include=TWO,", "include=TWO,,", SHAPES, "TWO,,", "identifier"),
    ("text first", SHAPES, "# %% [markdown]\n# # Shapes", "print()\n\n# %% [markdown]\n# # Shapes",
     SHAPES, "# %% [markdown]", "before the first"),
    ("unknown include", SHAPES, "include=given", "include=givn", SHAPES, "givn", "did you mean `given`?"),
    ("include twice", SHAPES, "include=given", "include=keep", SHAPES, ("include=keep", 1), "includes already"),
    ("no points", SHAPES, " points=5", "", SHAPES, "exercise=area", "has no points"),
    ("points, no number", SHAPES, "points=5", "points=five", SHAPES, "points=five", "positive number"),
    ("points below zero", SHAPES, "points=5", "points=-5", SHAPES, "points=-5", "positive number"),
    ("points alone", SHAPES, "written=reflection points=1", "points=1", SHAPES, "] points=1", "without an exercise"),
    ("no check cell", SHAPES, "# %% check=area", "# %%", SHAPES, "exercise=area", "has no check cell"),
    ("no region", SHAPES, "include=given", "exercise=given include=given points=1\n\n# %% check=given",
     SHAPES, "exercise=given", "has no solution"),
    ("no include", SHAPES, " include=Box", "", SHAPES, "exercise=box", "has no solution"),
    ("check of nothing", SHAPES, "check=area", "check=arena", SHAPES, "arena", "did you mean `area`?"),
    ("check of written", SHAPES, "# %% include=given", "# %% check=reflection", SHAPES, "check=refl",
     "unknown exercise"),
    ("two checks", SHAPES, "check=box", "check=area", SHAPES, ("check=area", 1), "`check_area` is taken"),
    ("grade id twice", SHAPES, "written=reflection", "written=area", SHAPES, "written=area", "`area` is taken"),
    ("placeholder", SHAPES, "{{points:area}}", "{{points:arena}}", SHAPES, "arena", "did you mean `area`?"),
    ("placeholder word", SHAPES, "{{points:area}}", "{{point:area}}", SHAPES, "point:", "unknown placeholder"),
    ("no heading", SHAPES, "# %% [markdown]\n# # Shapes",
     "# %% exercise=first include=Box points=1\n\n# %% [markdown]\n# # Shapes",
     SHAPES, "exercise=first", "no heading"),
    ("solution in prose", SHAPES, "# Worth", "# Write `result = pi * square`. Worth", SHAPES, "Write",
     "is a solution line"),
    ("solution in a check", SHAPES, "assert area(0) == 0", "result = pi * square", SHAPES, "result =",
     "is a solution line"),
    ("other points", AREA, "points(3)", "points(4)", AREA, "import pytest",
     "have 6 points, but the exercise `area` has 5"),
    ("check without points", AREA, "@pytest.mark.points(3)\n", "", AREA, "def test_zero", "should have one"),
    ("points not a number", AREA, "points(3)", "points(1 + 2)", AREA, "def test_zero", "should have one"),
    ("same check twice", AREA, "def test_zero", "def test_unit", AREA, ("def test_unit", 1), "a second time"),
    ("graders syntax", AREA, "import pytest", "import", AREA, "import", "no valid Python"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "blamed", "words", "message"),
    [pytest.param(*case[1:], id=case[0]) for case in REFUSED],
)
def test_refused_with_file_and_line(course, file, old, new, blamed, words, message):
    change(course, file, old, new)
    before = contents(course)
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    line = line_of(course, blamed, *(words if isinstance(words, tuple) else (words,)))
    told = [error for error in refused.value.errors if error.startswith(f"{blamed}:{line}: ")]
    assert any(message in error for error in told), refused.value.errors
    assert all(re.match(r"[\w/.]+:\d+: .", error) and "\n" not in error for error in refused.value.errors)
    assert contents(course) == before


def test_exercise_without_checks_is_refused(course):
    (course / "graders/shapes/test_box.py").unlink()
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    line = line_of(course, SHAPES, "exercise=box")
    assert refused.value.errors == [
        f"{SHAPES}:{line}: the exercise `box` has no checks; write them in graders/shapes/test_box.py"
    ]


def test_empty_grader_is_refused(course):
    (course / AREA).write_text("import pytest\n", encoding="utf-8")
    with pytest.raises(BuildError, match=f"{AREA}:1: .* no checks here"):
        build_course(open_course(course))


@pytest.mark.parametrize("name", ["sphere", "reflection"])
def test_grader_of_no_exercise_is_refused(course, name):
    shutil.copy(course / AREA, course / f"graders/shapes/test_{name}.py")
    with pytest.raises(BuildError, match=f"graders/shapes/test_{name}.py:1: .*`{name}`"):
        build_course(open_course(course))


def test_missing_solutions_are_refused(course):
    (course / SOLVED).unlink()
    with pytest.raises(BuildError, match="solutions/shapes.py:1: there is no such file"):
        build_course(open_course(course))


def test_stub_that_is_no_python_is_refused(course):
    change(course, SOLVED, IF, "        ### BEGIN SOLUTION\n    if")
    before = contents(course / "source")
    with pytest.raises(BuildError, match=f"{SHAPES}:{line_of(course, SHAPES, 'exercise=area')}: .*indented"):
        build_course(open_course(course))
    assert contents(course / "source") == before
    assert not (course / "release").exists()


def test_all_that_is_wrong_is_told_at_once(course):
    change(course, SHAPES, "include=given", "include=givn")
    change(course, SOLVED, IF, "    ### BEGIN SOLUTON\n    if")
    change(course, AREA, "points(3)", "points(4)")
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    assert {error.split(":")[0] for error in refused.value.errors} == {SHAPES, SOLVED, AREA}


def test_solution_that_reaches_the_release_is_refused_and_the_old_release_stays(course):
    build_course(open_course(course))
    before = contents(course / "release")
    (course / "source/shapes/notes.txt").write_text("Hint:  self.sides = list(sides)\n", encoding="utf-8")
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    line = line_of(course, SOLVED, "list(sides)")
    assert refused.value.errors == [
        f"{SOLVED}:{line}: the solution line `self.sides = list(sides)` is in release/shapes/notes.txt"
    ]
    assert contents(course / "release") == before


def test_marker_that_reaches_the_release_is_refused(course):
    (course / "source/shapes/notes.txt").write_text("### BEGIN HIDDEN TESTS\n", encoding="utf-8")
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    assert refused.value.errors == ["release/shapes/notes.txt:1: a marker `BEGIN HIDDEN TESTS` is left"]
    assert not (course / "release").exists()


def test_release_that_lost_given_code_is_refused(course):
    """nbgrader that does not know a marker replaces the whole cell, and is silent about it."""
    with (course / "course_config.py").open("a", encoding="utf-8") as config:
        config.write('\nc.ClearSolutions.begin_solution_delimeter = "BEGIN OTHER"\n')
    with pytest.raises(BuildError) as refused:
        build_course(open_course(course))
    line = line_of(course, SHAPES, "exercise=area")
    assert f"{SHAPES}:{line}: nbgrader takes `@keep` out of `area`, which is no solution" in refused.value.errors
    assert not (course / "release").exists()


@pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning")
def test_cells_cannot_change_under_submissions_and_nbgraders_reason_is_told(course):
    build_course(open_course(course))
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ann")
        gradebook.add_submission("shapes", "ann")
    before = contents(course / "source", course / "release")
    assert build_course(open_course(course)) == []
    change(course, SHAPES, "written=reflection", "written=thought")
    before[course / SHAPES] = (course / SHAPES).read_bytes()
    with pytest.raises(BuildError, match="Cannot add or remove cells .* submissions"):
        build_course(open_course(course))
    assert contents(course / "source", course / "release") == before


# The command line


def test_command_builds_and_says_so(course, monkeypatch, capsys):
    monkeypatch.chdir(course / "graders")
    assert main(["shapes", "--zip"]) == 0
    assert "wrote release/shapes/shapes.ipynb" in capsys.readouterr().out
    assert (course / "dist/shapes-and-sizes.zip").is_file()
    assert main([]) == 0
    assert capsys.readouterr().out == "nothing has changed\n"


@pytest.mark.parametrize("argument", ["shapes", "circles"])
def test_command_refuses_with_one_line_each_and_2(course, monkeypatch, capsys, argument):
    monkeypatch.chdir(course)
    change(course, SHAPES, "include=given", "include=givn")
    assert main([argument]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.splitlines()) == 1


# Errors


def test_an_error_does_not_end_run_all_and_nbgrader_notices_it(course):
    """As front ends run it, with errors not allowed, and as nbgrader's own validate and autograde do."""
    build_course(open_course(course))
    path = course / "release/shapes/shapes.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60).execute()
    assert notebook.cells[-3].outputs[0].text == "[1]\n"
    unnoticed = Execute().preprocess(nbformat.read(path, as_version=4), {})[0]
    for ran in (notebook, unnoticed):
        scores = {cell.id: determine_grade(cell) for cell in ran.cells if cell.id.startswith("check_")}
        assert scores == {"check_area": (0, 5), "check_box": (0, 2.5)}
    failed = Validator().validate(str(path))["failed"]
    assert [one["source"].split()[0] for one in failed] == ["assert", "assert", "Your"]
