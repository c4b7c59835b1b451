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

from proctor.grading.harmless import one_line
from proctor.grading.reading import is_student_id

# In what is left out, this stands in the log; `proctor watch` looks for it.
LEFT_OUT = "is left out"
MAX_FILES, MAX_DEPTH = 1000, 20
# A student's slow disk, or clock, is no more than this behind.
SPAN = timedelta(hours=1)
LATER = "later than the time in its name, which its student may write, as that in timestamp.txt"
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
        self.src_records = [record for record in self.src_records if record["username"] is not None]

    def do_copy(self, src, dest, log=None):
        """Copy files, by way of a folder that no student may write to, so that nothing becomes a link meanwhile."""
        with tempfile.TemporaryDirectory() as own:
            copy = Path(own) / "submission"
            copy.mkdir()
            try:
                changed = _copy(Path(src), copy, 1000 * self.coursedir.max_dir_size)
            except OSError as error:
                self.log.warning(f"{one_line(str(src))} {LEFT_OUT}: it changed as it was copied: {error.strerror}")
                return
            self._compare(Path(src), changed)
            super().do_copy(str(copy), dest, log)

    def _compare(self, folder, changed):
        """Tell of a folder that is younger than its name: that, and `timestamp.txt`, are its student's to write."""
        moment = datetime.fromtimestamp(changed, UTC).replace(tzinfo=None)
        if moment - parse_utc(folder.name.rsplit("+", 3)[2]) > SPAN:
            words = f"was still changed at {moment:%Y-%m-%d %H:%M:%S} UTC, {LATER}"
            self.log.warning(f"{one_line(str(folder))} {words}")


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


def _copy(source, target, most):
    """Copy a folder's own files, so many bytes at most; gives when it or they last changed, which the kernel writes."""
    owner, changed = source.lstat().st_uid, source.lstat().st_ctime
    for below, opened, name, _ in _own_files(source):
        # What it was when it was looked at, it need not be any more.
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=opened)
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode) or about.st_uid != owner:
                continue
            content = file.read(most)
        changed = max(changed, about.st_ctime)
        most -= len(content)
        path = target.joinpath(*below, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return changed
