"""What tests share: the toy course, built once, submissions to it, and a server to download from."""

import os
import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import pytest
from filelock import FileLock

from proctor.assignment import Assignment, load_assignment
from proctor.build import build_course
from proctor.demo import cell


def pytest_addoption(parser):
    """What takes too long for every day."""
    words = "compare warm hosts with fresh ones over every mistake and alternative, not one of each exercise: an hour"
    parser.addoption("--whole-banks", action="store_true", help=words)


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """Makes a folder once for all test processes: `once(name, make)`, where `make` is called with its path."""

    def once(name, make) -> Path:
        shared = tmp_path_factory.getbasetemp()
        if "PYTEST_XDIST_WORKER" in os.environ:
            shared = shared.parent
        folder, done = shared / name, shared / f"{name}.done"
        with FileLock(shared / f"{name}.lock"):
            if not done.exists():
                shutil.rmtree(folder, ignore_errors=True)
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def toy_sources() -> Path:
    """The toy course as its author wrote it."""
    return Path(__file__).parent / "fixtures" / "course"


@pytest.fixture(scope="session")
def toy_course(toy_sources, once) -> Path:
    """The toy course, built; to be read only, for all tests share it."""

    def make(folder):
        shutil.copytree(toy_sources, folder, ignore=shutil.ignore_patterns("__pycache__"))
        build_course(folder)

    return once("toy_course", make)


@pytest.fixture(scope="session")
def toy(toy_course) -> Assignment:
    """The assignment of the toy course."""
    return load_assignment(toy_course, "toy")


@pytest.fixture
def release(toy):
    """The release notebook of the toy course, to be changed as a student would."""
    return nbformat.read(toy.release_notebook, as_version=4)


@pytest.fixture
def solved(toy, release):
    """The release notebook with both exercises solved."""
    for exercise in toy.exercises:
        cell(release, exercise.id).source = exercise.code
    return release


class Server:
    """Serves `files` on 127.0.0.1; a file named in `cuts` breaks off after so many bytes, once for each number."""

    def __init__(self):
        self.files, self.cuts, self.asked, self.ranges = {}, {}, [], True
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):  # noqa: N802
                server.answer(self)

            def log_message(self, *_):
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"

    def answer(self, request):
        name, wanted = request.path.lstrip("/"), request.headers.get("Range")
        self.asked.append((name, wanted))
        if name not in self.files:
            request.send_error(404)
            return
        content = self.files[name]
        start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.ranges else 0
        if start and start >= len(content):
            request.send_error(416)
            return
        request.send_response(206 if start else 200)
        if start:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        request.send_header("Content-Length", str(len(content) - start))
        request.end_headers()
        stop = self.cuts[name].pop(0) if self.cuts.get(name) else len(content)
        request.wfile.write(content[start:stop])


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("pooch.core.time.sleep", lambda _: None)
    server = Server()
    yield server
    server.http.shutdown()
    server.http.server_close()
