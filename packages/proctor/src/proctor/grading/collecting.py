"""nbgrader's `zip_collect` for what Canvas, Moodle and Blackboard hand out, as it comes.

`course_config.py` puts these classes where nbgrader has its own, which need a regular expression.
"""

import unicodedata
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.zipcollectapp import ZipCollectApp
from nbgrader.plugins import ExtractorPlugin, FileNameCollectorPlugin
from nbgrader.utils import find_all_notebooks
from traitlets import Unicode

from proctor.authoring.build import scripts_on_path
from proctor.course import counted
from proctor.grading import downloads, roster
from proctor.grading.extracting import Extraction, is_noise, printable
from proctor.grading.reading import Unreadable, is_student_id
from proctor.grading.times import read_lms_time


class DownloadExtractor(ExtractorPlugin):
    """In the place of `ZipCollectApp.extractor_plugin`: unpacks what strangers packed, each file with its time."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.refused = []

    def extract(self, archive_path, extracted_path):
        """Unpack every zip in a folder into a folder of its name, and copy other files."""
        extraction = Extraction(_timezone(self.config))
        for file in sorted(Path(archive_path).rglob("*")):
            place = file.relative_to(archive_path)
            if (file.is_symlink() or not file.is_dir()) and not any(map(is_noise, place.parts)):
                extraction.take(file, Path(extracted_path) / place.parent)
        self.refused += extraction.refused


class DownloadCollector(FileNameCollectorPlugin):
    """In the place of `ZipCollectApp.collector_plugin`: knows the names that Canvas, Moodle and Blackboard give.

    Where they do not fit, `named_regexp` is tried, if there is one.
    """

    roster = Unicode(
        "",
        help="A CSV file of the class, in the course's folder: id,name, or as Canvas, Moodle or Blackboard export it.",
    ).tag(config=True)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.problems = []
        # What was left out is known at the end, and no setting names the class of the command that ends then.
        if type(self.parent) is ZipCollectApp:
            self.parent.__class__ = CollectDownloads

    def collect(self, submitted_file):
        """What the name of one file says, as nbgrader wants it; a class is collected by `collect_class`."""
        file = Path(submitted_file)
        handed, _ = downloads.read_names(Path(file.anchor), [file])
        if not handed or handed[0].own is None:
            return self._by_regexp(file) if not handed else None
        (one,) = downloads.name_users(handed, [], "")
        try:
            told = {"student_id": downloads.own_id(one), "file_id": one.own.name}
        except ValueError as error:
            self.log.warning("%s: %s", printable(file.name), error)
            return None
        when = self._time([one])
        return told | ({"timestamp": when.isoformat(" ")} if when else {})

    def collect_class(self, files, folder, students, notebooks, due):
        """Whose the files of a download are, and which of them count.

        Parameters
        ----------
        files, folder : the unpacked files, and the folder that they are in
        students : the class, as the gradebook has it
        notebooks : names of the assignment's notebooks, without .ipynb
        due : datetime in UTC or None, until when the assignment may be handed in

        Returns
        -------
        {student's id: ({path in the student's folder: file}, the time in UTC or None)}
        """
        whose, unknown = self.whose(files, folder, students, notebooks[0])
        collected, late = {}, []
        for student, theirs in sorted(whose.items()):
            attempt = downloads.latest_attempt(theirs)
            last = max(theirs, key=lambda one: one.time)
            if not attempt:
                # Their folder is made, so that they have a row, and a page that says so.
                collected[student] = {}, self._time([last])
            if not attempt or last.time > attempt[0].time:
                self.problems.append(f"{student}: no file came with the attempt of {last.time}")
            if attempt:
                placed = downloads.place(attempt, notebooks)
                self._tell(student, attempt, placed)
                files = {name: one.path for name, one in placed.files.items()}
                collected[student] = files, self._time_in_zone(attempt, due)
                late += [student] if any(one.late for one in attempt) else []
        if late:
            self.log.info("Canvas calls late: %s", roster.listed(late))
        for file in unknown:
            self._by_own_rule(file, folder, collected)
        self._tell_times([one for theirs in whose.values() for one in theirs])
        return collected

    def whose(self, files, folder, students, notebook):
        """The files of a download: ({student's id: theirs}, those of which no LMS's name tells).

        Parameters are as in `collect_class`, `notebook` the name of one, without .ipynb.
        """
        handed, unknown = downloads.read_names(folder, files)
        usernames = {
            known for student in students for known in (student.id, student.lms_user_id, student.email) if known
        }
        return self._by_student(downloads.name_users(handed, usernames, notebook), students), unknown

    def _tell(self, student, attempt, placed):
        for note in placed.notes:
            self.log.info("%s: %s", student, note)
        if placed.unclear:
            self.problems.append(f"{student}: {placed.unclear}")
        if attempt[0].guessed:
            self.log.warning("%s: where the title ends and the username begins was guessed", student)

    def _by_student(self, handed, students):
        """The files of each student, by the class's ids where it has them."""
        identities = defaultdict(list)
        for one in handed:
            identities[one.lms, unicodedata.normalize("NFC", one.name.casefold()), one.number].append(one)
        numbers = {one.number for one in handed if one.lms == "Canvas"} - {""}
        numbered = bool(numbers & {student.lms_user_id for student in students})
        found = {key: roster.find(theirs[-1], students, numbered) for key, theirs in identities.items()}
        # A quiz of Canvas's may have no number; else another number is another student, of whatever name.
        unnumbered = {key for key in identities if key[0] == "Canvas" and not key[2]}
        taken = Counter((key[0], of[0].id) for key, of in found.items() if len(of) == 1 and key not in unnumbered)
        known = any(student.of_class for student in students)
        result = defaultdict(list)
        for key, theirs in identities.items():
            try:
                name = downloads.own_id(theirs[0])
            except ValueError as error:
                self.problems.append(f"{printable(theirs[0].own.name if theirs[0].own else theirs[0].name)}: {error}")
                continue
            of = found[key]
            alike = roster.listed(student.id for student in of)
            if len(of) == 1 and (key in unnumbered or _by_number(key, of[0]) or taken[key[0], of[0].id] == 1):
                name = of[0].id
            elif len(of) == 1:
                self.problems.append(f"{name}: several of this name handed in, and the class has one, {alike}")
            elif of:
                self.problems.append(
                    f"{name}: the class has several of this name, {alike}; their LMS numbers in the roster would tell"
                )
            elif known:
                self.log.warning("%s is not of the class, as the gradebook has it", name)
            result[name] += theirs
        return result

    def _by_own_rule(self, file, folder, collected):
        """Place a file whose name no LMS gave, by the instructor's own `named_regexp`."""
        told = self._by_regexp(file)
        if told is None:
            where = printable(str(file.relative_to(folder)))
            self.problems.append(f"{where}: left out, for Canvas, Moodle and Blackboard give other names")
            return
        files, when = collected.get(told["student_id"], ({}, None))
        name = str(Path(told["file_id"]).with_suffix(file.suffix))
        if name in files and (not told.get("timestamp") or (when and when > told["timestamp"])):
            return
        collected[told["student_id"]] = (
            files | {name: file},
            max(filter(None, (when, told.get("timestamp"))), default=None),
        )

    def _by_regexp(self, file):
        told = self._match(str(file)) if self.named_regexp and file.suffix in self.valid_ext else None
        if not told or not is_student_id(told.get("student_id") or "") or not told.get("file_id"):
            return None
        if told.get("timestamp"):
            told["timestamp"] = self._read(told["timestamp"], told["student_id"])
        return told

    def _read(self, words, student):
        try:
            return read_lms_time(words, _timezone(self.config))
        except (ValueError, LookupError, OverflowError) as error:
            self.log.warning("%s: no time of handing in, for %s cannot be read (%s)", student, words, error)
            return None

    def _time(self, attempt):
        """When an attempt was handed in: as the LMS says, else as the zip does; None where neither does."""
        if attempt[0].time:
            return self._read(attempt[0].time, attempt[0].name)
        last = max(one.modified for one in attempt)
        return datetime.fromtimestamp(int(last), UTC).replace(tzinfo=None) if last > 0 else None

    def _time_in_zone(self, attempt, due):
        when = self._time(attempt)
        # Canvas, which knows the time and does not tell it, tells who is late; its zip has the time of the download.
        if attempt[0].lms == "Canvas" and when and due and when > due and not any(one.late for one in attempt):
            return due
        return when

    def _tell_times(self, handed):
        for lms in sorted({one.lms for one in handed if not one.time and one.own}):
            times = [one.modified for one in handed if one.lms == lms and one.own]
            known = [time for time in times if time]
            self.log.warning(
                "%s writes no times into names: timestamp.txt has those of the zip's entries, read in %s%s",
                lms,
                _timezone(self.config),
                f"; none for {counted(len(times) - len(known), 'file')}" if len(known) < len(times) else "",
            )
            if downloads.all_at_once(known):
                self.log.warning(
                    "All times of %s are within ten minutes: that may be the download, not the handing in", lms
                )


def _by_number(key, student):
    """Whether the LMS's number, or its username, says that a file is a student's, and not a name alone."""
    lms, name, number = key
    known = {student.id.casefold(), student.lms_user_id.casefold(), student.email.casefold()} - {""}
    return (name if lms == "Blackboard" else number) in known


def _timezone(config):
    return config.get("Exchange", {}).get("timezone", "UTC")


class CollectDownloads(ZipCollectApp):
    """nbgrader's `ZipCollectApp`, which tells what it could not place, and ends with a status that says so."""

    collected = 0

    def extract_archive_files(self):
        """Unpack what was downloaded, where there is something, the settings can be used and the roster can be read."""
        if not isinstance(self.extractor_plugin_inst, DownloadExtractor):
            # nbgrader's own follows links, and keeps no times.
            self.extractor_plugin_inst = DownloadExtractor(parent=self)
        archive = Path(self._format_collect_path(self.archive_directory))
        if not archive.is_dir() or all(is_noise(file.name) for file in archive.iterdir()):
            self.fail("There is nothing to collect: put the zip from your LMS into %s", archive)
        try:
            ZoneInfo(_timezone(self.config))
        except (LookupError, ValueError, OSError):
            self.fail("c.Exchange.timezone should be a zone such as Europe/Berlin, but is %r", _timezone(self.config))
        try:
            self.students, self.due = self._read_class()
        except Unreadable as error:
            self.fail("%s", error)
        super().extract_archive_files()

    def _read_class(self):
        """The class as the gradebook has it, with the roster put in; and when the assignment is due."""
        file = self.collector_plugin_inst.roster
        given = roster.read_roster(Path(self.coursedir.root) / file) if file else []
        with (
            scripts_on_path(),
            Gradebook(self.coursedir.db_url, self.coursedir.course_id, self.authenticator) as gradebook,
        ):
            roster.save(given, gradebook)
            try:
                due = gradebook.find_assignment(self.coursedir.assignment_id).duedate
            except MissingEntry:
                due = None
            listed = {student.id for student in given}
            students = roster.known_students(gradebook)
            return [replace(one, of_class=one.of_class or one.id in listed) for one in students], due

    def _collect_files(self, src_files):
        """Collect a whole class; `src_files` are its unpacked files."""
        course = self.coursedir
        folder = Path(self._format_collect_path(self.extracted_directory))
        released = find_all_notebooks(course.format_path(course.release_directory, ".", course.assignment_id))
        notebooks = [name.removesuffix(".ipynb") for name in released] or [course.assignment_id]
        if course.assignment_id in notebooks:
            notebooks.sort(key=lambda name: name != course.assignment_id)
        collector = self.collector_plugin_inst
        collected = collector.collect_class(list(map(Path, src_files)), folder, self.students, notebooks, self.due)
        self.log.info("%s handed in", counted(len(collected), "student"))
        self.collected, data = len(collected), {}
        for student, (files, when) in collected.items():
            submitted = Path(course.format_path(course.submitted_directory, student, course.assignment_id))
            data[student] = {
                "src_files": [str(file) for file in files.values()],
                "dest_files": [str(submitted / name) for name in files],
                "file_ids": list(files),
                "timestamp": when,
            }
        return data

    def _mkdirs_if_missing(self, path):
        """As nbgrader's, without a warning for each folder that is made."""
        Path(path).mkdir(parents=True, exist_ok=True)

    def process_extracted_files(self):
        """Collect a class, and say who of it handed in nothing and what could not be placed.

        Raises
        ------
        SystemExit : where something could not be placed
        """
        try:
            super().process_extracted_files()
        finally:
            problems = self.extractor_plugin_inst.refused + self.collector_plugin_inst.problems
            for problem in problems:
                self.log.error("%s", problem)
        self._tell_missing()
        if problems:
            self.fail("The lines above say what was not collected as it is, or not at all: %d in all", len(problems))
        if not self.collected:
            self.fail(
                "Nothing was collected: there is no file in %s", self._format_collect_path(self.archive_directory)
            )

    def _tell_missing(self):
        """Say who of the class has no folder, as far as the gradebook knows the class."""
        course = self.coursedir
        ids = sorted(student.id for student in self.students if student.of_class)
        folders = {one: course.format_path(course.submitted_directory, one, course.assignment_id) for one in ids}
        missing = [student for student, folder in folders.items() if not Path(folder).is_dir()]
        if missing:
            self.log.info("Nothing handed in by %d of %d: %s", len(missing), len(ids), roster.listed(missing))
