"""What students hand in through nbgrader's exchange, whose folder everybody may write to: files of their own alone.

`nbgrader collect` runs as whoever grades. A link in a student's folder would have it copy what only they may read.
"""

import os
import pwd
import stat
import tempfile
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

from nbgrader.exchange import default
from nbgrader.utils import parse_utc

from proctor.grading import rights
from proctor.grading.harmless import one_line
from proctor.grading.reading import is_student_id

# In what is left out, and in what is taken but should be looked at, these stand in the log; `proctor watch` looks for
# them.
LEFT_OUT, CHANGED = "is left out", "was changed after the due date"
TO_TELL = (LEFT_OUT, CHANGED, rights.OPEN)
# `nbgrader submit` notes the time, then copies file after file.
COPYING = timedelta(minutes=5)
MAX_FILES, MAX_DEPTH = 1000, 20
SHARED = "c.ExchangeCollect.check_owner = False takes it, where all students have one account"


class CollectSubmissions(default.ExchangeCollect):
    """nbgrader's, which leaves out by name what is no submission of the student whose name it has, and copies no links.

    In `course_config.py`: `c.ExchangeFactory.collect = "proctor.gradebook.CollectSubmissions"`.
    """

    def _path_to_record(self, path):
        """What nbgrader knows of a folder in the exchange; of one that is left out, the student is None."""
        path = Path(path)
        student, timestamp, fault = self._read(path, *path.name.rsplit("+", 3))
        if fault:
            self.log.warning(f"{one_line(str(path))} {LEFT_OUT}: {fault}")
            student, timestamp = None, datetime.min
        return {"username": student, "filename": path.name, "timestamp": timestamp}

    def _read(self, path, student, *others):
        """The student, the time, and why neither counts, or nothing."""
        if not is_student_id(student):
            return None, None, "its name does not begin with a student's id"
        try:
            # Its name is the student's, too: an assignment's name has no `+`, nor has a time.
            timestamp = parse_utc(others[1])
        except (ValueError, OverflowError, IndexError):
            return None, None, "its name should have the time as its third part"
        return student, timestamp, self._fault_of(path, student)

    def _fault_of(self, path, student):
        try:
            about = path.lstat()
            if not stat.S_ISDIR(about.st_mode):
                return "it is not a folder"
            owner = _account(about.st_uid)
            if self.check_owner and owner != student:
                return f"it belongs to {owner}; {SHARED}"
            size = sum(size for *_, size in _own_files(path))
        except OSError as error:
            return f"it cannot be read: {error.strerror}"
        most = 1000 * self.coursedir.max_dir_size
        return f"it has {size} bytes, and may have {most} (c.CourseDirectory.max_dir_size)" if size > most else ""

    def init_src(self):
        """As nbgrader does, but for what is left out."""
        super().init_src()
        if self.check_owner:
            for line in rights.too_wide(Path(self.root), self.coursedir.course_id, Path(self.coursedir.root)):
                self.log.warning(one_line(line))
        self.src_records = [record for record in self.src_records if self._is_taken(record)]

    def _is_taken(self, record):
        student, folders = record["username"], self.coursedir
        if student is None:
            return False
        before = folders.format_path(folders.submitted_directory, student, folders.assignment_id)
        fault = rights.cannot_replace(Path(before))
        if fault:
            self.log.warning(f"{one_line(str(Path(self.inbound_path) / record['filename']))} {LEFT_OUT}: {fault}")
        return not fault

    def _compare_times(self, source):
        """Say where a submission is not as it was at the time that its name has, before the due date.

        Whoever owns a folder gives it its name and the times of its files; not that of the last change to them.
        """
        stated = parse_utc(source.name.rsplit("+", 3)[2])
        changed = datetime.fromtimestamp(_last_change(source), UTC).replace(tzinfo=None)
        if self.duedate is not None and stated <= self.duedate < changed - COPYING:
            then, now = (f"{time:%Y-%m-%d %H:%M:%S} UTC" for time in (stated, changed))
            words = f"it says {then}, and was last changed at {now}; it counts as in time"
            self.log.warning(f"{one_line(str(source))} {CHANGED}: {words}")

    def do_copy(self, src, dest, log=None):
        """Copy files, by way of a folder that no student may write to, so that nothing becomes a link meanwhile."""
        with tempfile.TemporaryDirectory() as own:
            copy = Path(own) / "submission"
            copy.mkdir()
            try:
                if self.check_owner:
                    self._compare_times(Path(src))
                _copy(Path(src), copy, 1000 * self.coursedir.max_dir_size)
            except OSError as error:
                self.log.warning(f"{one_line(str(src))} {LEFT_OUT}: it changed as it was copied: {error.strerror}")
                return
            super().do_copy(str(copy), dest, log)


def _account(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"account {number}"


def _own_files(folder):
    """The regular files of whoever the folder belongs to: (parts of the path, open folder, name, bytes) of each.

    Neither links to folders are followed, nor is what takes the place of a folder meanwhile.
    """
    owner, count = folder.lstat().st_uid, 0
    for where, folders, names, opened in islice(os.fwalk(folder, follow_symlinks=False), MAX_FILES):
        below = Path(where).relative_to(folder).parts
        if len(below) == MAX_DEPTH:
            folders.clear()
        for name in names:
            about = os.stat(name, dir_fd=opened, follow_symlinks=False)
            if stat.S_ISREG(about.st_mode) and about.st_uid == owner:
                count += 1
                if count > MAX_FILES:
                    return
                yield below, opened, name, about.st_size


def _last_change(folder):
    """When anything of a folder's own last changed, its name or rights included, in seconds since 1970."""
    files = (os.stat(name, dir_fd=opened, follow_symlinks=False) for _, opened, name, _ in _own_files(folder))
    return max(about.st_ctime for about in (folder.lstat(), *files))


def _copy(source, target, most):
    """Copy a folder's own files, so many bytes at most."""
    owner = source.lstat().st_uid
    for below, opened, name, _ in _own_files(source):
        # What it was when it was looked at, it need not be any more.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_uid != owner:
                continue
            content = file.read(most)
        most -= len(content)
        path = target.joinpath(*below, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
