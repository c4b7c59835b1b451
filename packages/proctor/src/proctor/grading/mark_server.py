"""The page for marking by hand: served to one browser on this machine, for as long as `proctor mark` runs.

Each address but those of the page itself wants the token that `proctor mark` prints, in a header that no other site
can have a browser send. The page is five files that hold nothing of anybody's; texts of students go into it as text, or
as the HTML that `typeset` makes of them.
"""

import asyncio
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler, StaticFileHandler

from proctor.grading.marking import Conflict, Marking, Refused
from proctor.grading.reading import Unreadable
from proctor.grading.typeset import typeset, typeset_ours

TEMPLATES = Path(__file__).parent / "templates"
HOST = "127.0.0.1"
MAX_REQUEST_BYTES = 2**20
# A score that a marker may say to have seen: larger ones are in no gradebook.
MAX_SEEN = 10**9
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class _Page(StaticFileHandler):
    def set_extra_headers(self, path):
        for name, value in HEADERS.items():
            self.set_header(name, value)


class _Handler(RequestHandler):
    """What all that hands out data has in common."""

    def initialize(self, marking: Marking, token: str):
        self.marking, self.token = marking, token

    def set_default_headers(self):
        for name, value in HEADERS.items():
            self.set_header(name, value)

    def prepare(self):
        given = self.request.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"token {self.token}".encode()):
            self._refuse(401, "this page is of an earlier `proctor mark`; open the address that it prints now")

    def question(self, exercise: str) -> str | None:
        """The exercise of that name; without one, the request is answered."""
        if exercise in self.marking.questions:
            return exercise
        return self._refuse(404, f"there is no question {exercise}")

    def _refuse(self, status, message):
        self.set_status(status)
        self.finish({"message": message})

    def log_exception(self, kind, error, trace):
        if not isinstance(error, (Refused, Unreadable)):
            super().log_exception(kind, error, trace)

    def write_error(self, status, **about):
        error = about.get("exc_info", (None, None))[1]
        if isinstance(error, Refused):
            self._refuse(409 if isinstance(error, Conflict) else 400, str(error))
        elif isinstance(error, Unreadable):
            self._refuse(503, f"{error}; nothing was saved, try again")
        else:
            self._refuse(status, "the request was not understood; nothing was saved")


class _Questions(_Handler):
    def get(self):
        questions = []
        for question in self.marking.questions.values():
            given = [given for given, _ in self.marking.answers(question.exercise).values()]
            if given or question.written:
                parts = {"prose": typeset_ours(question.prose), "code": not question.written}
                if question.written:
                    parts["model_answer"] = typeset_ours(question.model_answer)
                else:
                    parts["model_code"] = question.model_answer
                about = {"id": question.exercise, "title": question.title, "points": question.points}
                counts = {"count": len(given), "to_mark": sum(one.to_mark for one in given)}
                questions.append(about | counts | parts | {"scheme": typeset_ours(question.scheme)})
        self.write({"assignment": self.marking.assignment.name, "questions": questions})


class _Answers(_Handler):
    def get(self, exercise):
        if self.question(exercise):
            html = typeset if self.marking.questions[exercise].written else lambda text: None
            answers = [(key, html(s.text), s, g) for key, (g, s) in self.marking.answers(exercise).items()]
            self.write({"answers": [{"key": key, "html": h} | asdict(s) | asdict(g) for key, h, s, g in answers]})


class _Shown(_Handler):
    def get(self, exercise, key):
        if self.question(exercise):
            self.write(self.marking.shown(exercise, key))


class _Mark(_Handler):
    def post(self, exercise, key):
        """Save a mark; what is given for all answers to the question comes back, for others may be marking, too."""
        if not self.question(exercise):
            return
        try:
            given = json.loads(self.request.body)
            score, comment, seen = given["score"], given["comment"], dict(given["seen"])
            texts = isinstance(comment, str) and all(isinstance(seen[name], str) for name in ("comment", "made_of"))
            if not texts or set(seen) != {"score", "comment", "made_of"} or not _is_score(seen["score"]):
                raise ValueError("of other types")
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise Refused("the mark is not in the form of this page; load it anew") from error
        self.marking.save(exercise, key, score, comment, seen)
        answers = self.marking.answers(exercise)
        self.write({"given": {key: asdict(given) for key, (given, _) in answers.items()}})


def _is_score(seen):
    return seen is None or (isinstance(seen, (int, float)) and not isinstance(seen, bool) and abs(seen) < MAX_SEEN)


def application(marking: Marking, token: str) -> Application:
    """The server's addresses; it answers to this machine's own names alone, whatever name led to it."""
    shared, name = {"marking": marking, "token": token}, r"([^/]+)"
    handlers = [
        (r"/api/questions", _Questions, shared),
        (rf"/api/answers/{name}", _Answers, shared),
        (rf"/api/shown/{name}/{name}", _Shown, shared),
        (rf"/api/mark/{name}/{name}", _Mark, shared),
        (r"/((?:palette|formulas)\.css)", _Page, {"path": str(TEMPLATES)}),
        (r"/(mark\.js|mark\.css|)", _Page, {"path": str(TEMPLATES / "mark"), "default_filename": "index.html"}),
    ]
    application = Application(log_function=lambda handler: None)
    application.add_handlers(r"(127\.0\.0\.1|localhost)", handlers)
    return application


async def serve(marking: Marking, port: int, ready: Callable[[str], None]) -> None:
    """Serve the page until this is cancelled; `ready` is called with its address.

    Raises
    ------
    OSError : where the port is taken
    """
    token = secrets.token_urlsafe(24)
    sockets = bind_sockets(port, HOST)
    server = HTTPServer(application(marking, token), max_body_size=MAX_REQUEST_BYTES)
    server.add_sockets(sockets)
    # What follows # stays in the browser: no log, no history of a proxy and no other site gets it.
    ready(f"http://{HOST}:{sockets[0].getsockname()[1]}/#{token}")
    await asyncio.Event().wait()
