"""What the tests of dlh share: figures that nobody has to close, tools, recordings, a server to download from."""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import matplotlib
import pytest

from dlh.data import ecg

matplotlib.use("agg")
# Tools are scripts, not installed; the tests take their measures from one of them.
sys.path.append(str(Path(__file__).parent.parent / "tools"))


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close("all")


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


@pytest.fixture(scope="session")
def original(tmp_path_factory):
    """A folder of eight recordings, to be read only."""
    return ecg.simulate(8, 0.25, seed=2, directory=tmp_path_factory.mktemp("small") / "ecg")
