"""The console: what people look at, and its JSON twin for programs. Everything but the login and the style sheet needs the token.

| path                                                       | shows                                                     |
|------------------------------------------------------------|-----------------------------------------------------------|
| `/` `/events/<id>` `/runs` `/runs/<id>` `/refusals`        | pages                                                     |
| `/api/v1/events[/<id>[/explain]]` `/api/v1/runs[/<id>]`    | the same as JSON; `representation` has the fields         |
| `/api/v1/refusals`                                         |                                                           |
| `/api/v1`                                                  | which of these there are                                  |
| `/metrics`                                                 | Prometheus' text format                                   |
| `/login` `/logout`                                         | the form that trades the token for a session cookie       |

Programs send `Authorization: Bearer TOKEN`. An answer that is no success says why: a page, or `{"error": "…"}`.
"""

import json
import re
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import bottle

from hookrules.engine import logs
from hookrules.engine.config.ruleset import Rule
from hookrules.engine.errors import HookrulesError, JournalError
from hookrules.engine.journal import Reading
from hookrules.engine.model import Json
from hookrules.engine.reloads import LastReload
from hookrules.engine.web.access import SESSION_SECONDS, Credentials, Guesses
from hookrules.engine.web.console_server import ConsoleServer
from hookrules.engine.web.gate import Caller, Denied, Gate
from hookrules.engine.web.metrics import CONTENT_TYPE, exposition
from hookrules.engine.web.parameters import BadParameter, no_filter
from hookrules.engine.web.rendering import Pages, Static, static_files
from hookrules.engine.web.views import events, refusals, runs
from hookrules.engine.web.views.view import Desk, NothingHere, Viewer

__all__ = ["ConsoleServer", "application"]

_API = "/api/v1"
_PAGES: tuple[tuple[str, str, Viewer], ...] = (
    ("/", "events.html", events.recent),
    ("/events", "events.html", events.recent),
    ("/events/<id>", "event.html", events.one),
    ("/refusals", "refusals.html", refusals.recent),
    ("/runs", "runs.html", runs.recent),
    ("/runs/<id>", "run.html", runs.one),
)
_TWINS: tuple[tuple[str, Viewer], ...] = (
    ("/events", events.recent),
    ("/events/<id>", events.one),
    ("/events/<id>/explain", events.explanation),
    ("/refusals", refusals.recent),
    ("/runs", runs.recent),
    ("/runs/<id>", runs.one),
)
_HTML = "text/html; charset=utf-8"
_JSON = "application/json"
_COOKIE = "hookrules_session"
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""On every answer; one that sets its own keeps it."""
_STATUSES: Mapping[type[HookrulesError], int] = {BadParameter: 400, NothingHere: 404, JournalError: 503}
_WORDS = {
    404: "there is nothing at this address",
    405: "this address does not take that method",
    413: "what was sent is too large",
}
"""For what bottle refuses by itself."""
_LOCAL = re.compile(r"/(?![/\\])[!-~]*")
"""A path of ours: not `//elsewhere`, and nothing that a browser drops before it reads it so."""

_Start = Callable[..., Any]


def application(
    reading: Reading,
    rules: Callable[[], Iterable[Rule]],
    token: str,
    clock: Callable[[], float] = time.time,
    hosts: Collection[str] = (),
    *,
    last_reload: Callable[[], LastReload | None] = lambda: None,
    dry_run: bool = False,
) -> bottle.Bottle:
    """A WSGI application. `rules` gives those in force now. `dry_run`: pages say that what they show was not done.

    `hosts`: where the listener is on loopback, the names besides the loopback's own that a Host header may hold (a proxy's in front).
    Raises ValueError for an empty token.
    """
    static = static_files()
    console = _Console(
        Gate(Credentials(token, clock), Guesses(clock), hosts),
        Pages(clock, static, last_reload, dry_run=dry_run),
        Desk(reading, rules, last_reload),
        static,
    )
    for path, template, viewer in _PAGES:
        console.route(path, callback=partial(console.page, template, viewer))
    for path, viewer in _TWINS:
        console.route(_API + path, callback=partial(console.twin, viewer))
    for path in (_API, f"{_API}/"):
        console.route(path, callback=console.contents)
    console.route("/metrics", callback=console.metrics)
    console.route("/login", callback=console.login)
    console.route("/login", method="POST", callback=console.sign_in)
    console.route("/logout", method="POST", callback=console.sign_out)
    console.route("/static/<name>", callback=console.static)
    return console


class _Console(bottle.Bottle):  # type: ignore[misc]  # bottle ships no types
    catchall = False  # what fails is answered in `wsgi`, with pages of ours

    def __init__(self, gate: Gate, pages: Pages, desk: Desk, static: Mapping[str, Static]) -> None:
        super().__init__()
        self._gate = gate
        self._pages = pages
        self._desk = desk
        self._static = static
        self.add_hook("before_request", self._admit)

    def wsgi(self, environ: dict[str, Any], start_response: _Start) -> Iterable[bytes]:
        start = partial(_start_safely, start_response)
        try:
            answer: Iterable[bytes] = super().wsgi(environ, start)
        except Denied as denied:
            return self._problem(start, denied.status, str(denied), denied.headers)
        except HookrulesError as error:
            return self._problem(start, _STATUSES.get(type(error), 500), str(error))
        except Exception:  # noqa: BLE001  a mistake of ours: the reader gets a page, the log says where
            logs.exception("a page could not be made", path=bottle.request.path)
            return self._problem(start, 500, "hookrules made a mistake; its log says where")
        return answer

    def page(self, template: str, viewer: Viewer, **path: str) -> bytes:
        view = viewer(self._desk, bottle.request.query_string, **path)
        return self._html(template, {**view.names, "signed_in": True, "twin": _twin_address()})

    def twin(self, viewer: Viewer, **path: str) -> bytes:
        view = viewer(self._desk, bottle.request.query_string, **path)
        bottle.response.content_type = _JSON
        return _encode(view.as_json())

    def contents(self) -> bytes:
        no_filter(bottle.request.query_string)
        bottle.response.content_type = _JSON
        return _encode({"paths": [_API + path for path, _ in _TWINS]})

    def metrics(self) -> str:
        no_filter(bottle.request.query_string)
        bottle.response.content_type = CONTENT_TYPE
        return exposition(self._desk.reading.counts(), self._desk.last_reload())

    def static(self, name: str) -> bytes:
        file = self._static.get(name)
        if file is None:
            raise bottle.HTTPError(404)
        bottle.response.content_type = file.media
        bottle.response.set_header("Cache-Control", "public, max-age=31536000, immutable")
        return file.content

    def login(self) -> bytes:
        onward = _local(bottle.request.query.getunicode("next"))
        if self._gate.is_signed_in(_caller()):
            raise _see(onward)
        return self._html("login.html", {"signed_in": False, "onward": onward, "failure": None})

    def sign_in(self) -> bytes:
        form, caller = bottle.request.forms, _caller()
        onward = _local(form.getunicode("next"))
        try:
            session = self._gate.sign_in(caller, form.getunicode("token") or "")
        except Denied as denied:
            bottle.response.status = denied.status
            bottle.response.headers.update(denied.headers)
            return self._html("login.html", {"signed_in": False, "onward": onward, "failure": str(denied)})
        answer = _see(onward)
        secure = caller.came_by_https
        answer.set_cookie(_COOKIE, session, path="/", max_age=SESSION_SECONDS, httponly=True, samesite="strict", secure=secure)
        raise answer

    def sign_out(self) -> None:
        self._gate.require_same_origin(_caller())
        answer = _see("/login")
        answer.delete_cookie(_COOKIE, path="/", httponly=True, samesite="strict")
        raise answer

    def default_error_handler(self, error: bottle.HTTPError) -> bytes:
        body, bottle.response.content_type = self._words(error.status_code, _WORDS.get(error.status_code, "this can't be answered"))
        return body

    def _admit(self) -> None:
        request, caller = bottle.request, _caller()
        self._gate.check_host(caller)
        if request.path in ("/login", "/logout") or request.path.startswith("/static/"):
            return
        try:
            self._gate.require_token(caller)
        except Denied as denied:
            if denied.status == 401 and caller.bearer is None and request.method in ("GET", "HEAD") and not _is_for_programs():
                raise _see("/login?next=" + quote(_address(), safe="/")) from None
            raise

    def _html(self, template: str, names: Mapping[str, Any]) -> bytes:
        bottle.response.content_type = _HTML
        return self._pages.render(template, names)

    def _problem(self, start: _Start, status: int, message: str, headers: Mapping[str, str] | None = None) -> Iterable[bytes]:
        body, media = self._words(status, message)
        start(_status_line(status), [("Content-Type", media), ("Content-Length", str(len(body))), *(headers or {}).items()])
        return [] if bottle.request.method == "HEAD" else [body]

    def _words(self, status: int, message: str) -> tuple[bytes, str]:
        """What is wrong, for people or for programs, and its media type."""
        if _is_for_programs():
            return _encode({"error": message}), _JSON
        names = {"signed_in": self._gate.is_signed_in(_caller()), "title": HTTPStatus(status).phrase, "status": status, "message": message}
        return self._pages.render("problem.html", names), _HTML


def _start_safely(start_response: _Start, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
    given = {name.lower() for name, _ in headers}
    return start_response(status, headers + [each for each in _HEADERS.items() if each[0].lower() not in given], exc_info)


def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _caller() -> Caller:
    environ = bottle.request.environ
    return Caller(
        address=environ.get("REMOTE_ADDR", ""),
        host=_header("Host") or "",
        listener=environ.get("SERVER_NAME", ""),
        authorization=_header("Authorization"),
        session=bottle.request.get_cookie(_COOKIE),
        site=_header("Sec-Fetch-Site"),
        origin=_header("Origin"),
        scheme=environ.get("wsgi.url_scheme", "http"),
    )


def _header(name: str) -> str | None:
    """bottle's own way to a header fails on bytes that are not UTF-8."""
    value: str | None = bottle.request.environ.get(f"HTTP_{name.upper().replace('-', '_')}")
    return None if value is None else value.encode("latin-1").decode("utf-8", "replace")


def _is_for_programs() -> bool:
    path: str = bottle.request.path
    return path == "/metrics" or path.startswith("/api/")


def _address() -> str:
    """What was asked for, as a URL of this host."""
    query = bottle.request.query_string
    return quote(bottle.request.path) + (f"?{query}" if query else "")


def _twin_address() -> str:
    address = _address()
    return _API + (f"/events{address[1:]}" if address.partition("?")[0] == "/" else address)


def _local(address: str | None) -> str:
    return address if address and _LOCAL.fullmatch(address) else "/"


def _see(address: str) -> bottle.HTTPResponse:
    return bottle.HTTPResponse(status=303, Location=address)


def _encode(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace") + b"\n"
