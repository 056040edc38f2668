"""The console, asked over HTTP as browsers and programs ask it."""

import json
import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from support_console import BEARER, NOW, TOKEN, Answer, Console, accept, event, finish, journal_in_memory, served
from support_journal import step
from support_logs import heard

from hookrules.engine.config.ruleset import Rule, build_rule
from hookrules.engine.errors import JournalError
from hookrules.engine.journal import Bounds, Journal, Mark, Shelf, Turn
from hookrules.engine.model import Expectation, Refused, RunState, StepState
from hookrules.engine.reloads import LastReload

PAGES = ["/", "/events", "/runs"]
PROGRAMS = ["/api/v1/events", "/api/v1/runs", "/metrics"]


@pytest.fixture
def journal() -> Iterator[Journal]:
    with journal_in_memory() as journal:
        yield journal


@pytest.fixture
def console(journal: Journal) -> Iterator[Console]:
    with served(journal) as console:
        yield console


def cookie_of(answer: Answer) -> SimpleCookie:
    cookie: SimpleCookie = SimpleCookie()
    cookie.load(answer.headers["Set-Cookie"])
    return cookie


def session_of(answer: Answer) -> dict[str, str]:
    """What a browser sends from then on."""
    return {"Cookie": f"hookrules_session={cookie_of(answer)['hookrules_session'].value}"}


# Who is let in


@pytest.mark.parametrize("path", [*PAGES, "/events/evt_1", "/nowhere"])
def test_a_page_without_the_token_leads_to_the_login(console: Console, path: str) -> None:
    answer = console.request("GET", path)
    assert answer.status == 303
    assert answer.headers["Location"] == f"/login?next={path}"
    assert console.request("GET", answer.headers["Location"]).status == 200


@pytest.mark.parametrize("path", PROGRAMS)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Cookie": "hookrules_session=1.x"}])
def test_programs_without_the_token_get_401(console: Console, path: str, headers: dict[str, str]) -> None:
    answer = console.request("GET", path, headers)
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert set(answer.json) == {"error"}


@pytest.mark.parametrize("path", [*PAGES, *PROGRAMS])
def test_the_token_as_bearer_opens_everything(console: Console, path: str) -> None:
    assert console.get(path).status == 200


def test_signing_in_leads_back_to_where_one_wanted_to_go(console: Console) -> None:
    asked = console.request("GET", "/runs?state=dead&rule=a%26b")
    form = console.request("GET", asked.headers["Location"])
    onward = re.search(r'name="next" value="([^"]*)"', form.text)
    assert onward
    answer = console.sign_in(onward=onward[1].replace("&amp;", "&"))
    assert answer.status == 303
    assert answer.headers["Location"] == "/runs?state=dead&rule=a%26b"
    page = console.request("GET", answer.headers["Location"], session_of(answer))
    assert page.status == 200
    assert "Sign out" in page.text


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)", ""]
)
def test_signing_in_never_leads_to_another_site(console: Console, elsewhere: str) -> None:
    assert console.sign_in(onward=elsewhere).headers["Location"] == "/"


def test_the_session_cookie_is_kept_from_scripts_and_other_sites(console: Console) -> None:
    header = console.sign_in().headers["Set-Cookie"]
    assert TOKEN not in header
    flags = {part.strip().lower() for part in header.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert "secure" not in flags


def test_the_session_cookie_is_secure_where_the_browser_speaks_https(console: Console) -> None:
    header = console.sign_in(Origin=f"https://127.0.0.1:{console.port}").headers["Set-Cookie"]
    assert "; secure" in header.lower()


def test_a_session_ends_after_half_a_day(console: Console) -> None:
    session = session_of(console.sign_in())
    console.clock.now += 12 * 3600 - 1
    assert console.request("GET", "/", session).status == 200
    console.clock.now += 2
    assert console.request("GET", "/", session).status == 303


def test_signing_out_forgets_the_cookie(console: Console) -> None:
    session = session_of(console.sign_in())
    answer = console.request("POST", "/logout", session | {"Sec-Fetch-Site": "same-origin"})
    assert (answer.status, answer.headers["Location"]) == (303, "/login")
    assert cookie_of(answer)["hookrules_session"].value == ""
    assert console.request("POST", "/logout", session | {"Sec-Fetch-Site": "cross-site"}).status == 403


def test_a_wrong_token_says_so_and_the_right_one_still_works(console: Console) -> None:
    answer = console.sign_in("wrong")
    assert answer.status == 401
    assert "This is not the console&#39;s token." in answer.text
    assert "Set-Cookie" not in answer.headers
    assert console.sign_in().status == 303


def test_guessing_is_slowed_and_a_session_is_not(console: Console) -> None:
    session = session_of(console.sign_in())
    assert [console.sign_in(f"guess {number}").status for number in range(12)] == [401] * 10 + [429] * 2
    assert console.sign_in().headers["Retry-After"] == "60"
    assert console.request("GET", "/", session).status == 200
    console.clock.now += 61
    assert console.sign_in().status == 303


def test_the_login_is_for_forms_of_our_own(console: Console) -> None:
    assert console.sign_in(Sec_Fetch_Site="cross-site").status == 403
    assert console.request("GET", f"/login?token={TOKEN}").status == 200
    assert "Set-Cookie" not in console.request("GET", f"/login?token={TOKEN}").headers


@pytest.mark.parametrize("body", [b"token=" + b"x" * 200_000, b"\xff\xfe", b"&" * 1000, b""])
def test_a_login_that_is_no_login_is_refused(console: Console, body: bytes) -> None:
    headers = {"Sec-Fetch-Site": "same-origin", "Content-Type": "application/x-www-form-urlencoded"}
    assert console.request("POST", "/login", headers, body).status in (401, 413)


def test_a_name_that_someone_else_points_at_us_is_not_answered(journal: Journal) -> None:
    with served(journal, hosts=["console.example.com"]) as console:
        assert console.get("/", Host="evil.example").status == 421
        assert console.request("GET", "/login", {"Host": "evil.example"}).status == 421
        assert console.get("/", Host="console.example.com").status == 200


def test_a_console_that_listens_for_a_network_answers_to_that_networks_names(journal: Journal) -> None:
    with served(journal, address="0.0.0.0") as console:
        assert console.get("/", Host="ops.internal.example:8788").status == 200


@pytest.mark.parametrize("name", ["Host", "Authorization", "Cookie", "Origin", "Sec-Fetch-Site"])
@pytest.mark.parametrize("value", [b"\xff\xfe", b"Bearer \xff", b"[::1", b"hookrules_session=\xc3\xa9.\xff; a[b]=c", b""])
def test_a_header_that_makes_no_sense_is_refused_and_no_mistake_of_ours(console: Console, name: str, value: bytes) -> None:
    for method, path in (("GET", "/metrics"), ("POST", "/login"), ("GET", "/nowhere")):
        answer = console.request(method, path, {"Authorization": "", name: value})
        assert answer.status in (303, 401, 403, 421)
        assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "path", ["/events/%ff%fe", "/events/%00", "/events/%ed%a0%80", "/%0d%0aX:1", "/runs/" + "x" * 5000, "/api/v1/events/a/b/c"]
)
def test_an_address_that_makes_no_sense_is_not_found(console: Console, path: str) -> None:
    assert console.get(path).status == 404
    assert "X" not in console.request("GET", path).headers


# What every answer carries


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/api/v1/events", 200),
        ("GET", "/metrics", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/events/evt_none", 404),
        ("GET", "/api/v1/runs/run_none", 404),
        ("GET", "/api/v2/events", 404),
        ("GET", "/static/none.css", 404),
        ("GET", "/static/../console.py", 404),
        ("GET", "/?limit=0", 400),
        ("GET", "/runs?state=broken", 400),
        ("GET", "/api/v1/events?limit=501", 400),
        ("GET", "/metrics?x=1", 400),
        ("DELETE", "/", 405),
        ("POST", "/api/v1/events", 405),
        ("GET", "/logout", 405),
        ("POST", "/logout", 403),
    ],
)
def test_every_answer_is_ours_and_has_the_policy(console: Console, method: str, path: str, status: int) -> None:
    answer = console.request(method, path, BEARER)
    assert answer.status == status
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"
    if path.startswith(("/api/", "/metrics")):
        assert status == 200 or set(answer.json) == {"error"}
    else:
        assert "<title>" in answer.text
    assert "Traceback" not in answer.text


def test_a_method_that_is_not_taken_names_those_that_are(console: Console) -> None:
    assert "GET" in console.request("DELETE", "/", BEARER).headers["Allow"]


def test_head_is_answered_without_a_body(console: Console) -> None:
    for path, status in (("/", 200), ("/nowhere", 404), ("/?limit=0", 400)):
        answer = console.request("HEAD", path, BEARER)
        assert (answer.status, answer.body) == (status, b"")


def test_a_bad_parameter_says_what_is_wrong(console: Console) -> None:
    assert "Limit is &#39;501&#39;; it is a number from 1 to 500" in console.get("/?limit=501").text
    assert console.get("/api/v1/runs?status=dead").json["error"] == "this page has no parameter 'status'; it has rule, state, event, limit"


class _Broken:
    """A journal whose disk is gone, and then one with a mistake in it."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        def fail(*_: Any) -> Any:
            raise self._error

        return fail


def test_a_journal_that_can_not_be_read_is_said() -> None:
    with heard() as said, served(_Broken(JournalError("the journal can't be read: disk I/O error"))) as console:
        page, twin = console.get("/"), console.get("/api/v1/runs")
    assert (page.status, twin.status) == (503, 503)
    assert "disk I/O error" in page.text
    assert "disk I/O error" in twin.json["error"]
    assert not said


def test_a_mistake_of_ours_is_logged_and_shows_no_inside() -> None:
    with heard() as said, served(_Broken(KeyError("inside"))) as console:
        page, twin = console.get("/"), console.get("/api/v1/events")
    assert (page.status, twin.status) == (500, 500)
    for answer in (page, twin):
        assert "inside" not in answer.text
        assert "Traceback" not in answer.text
        assert "Content-Security-Policy" in answer.headers
    assert [each.message for each in said] == ["a page could not be made"] * 2


def test_the_style_sheet_needs_no_token_and_is_kept_by_browsers(console: Console) -> None:
    page = console.request("GET", "/login").text
    sheet = re.search(r'rel="stylesheet" href="([^"]+)"', page)
    assert sheet
    answer = console.request("GET", sheet[1])
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]


def test_pages_hold_no_script_and_no_inline_style(console: Console, journal: Journal) -> None:
    (run,) = accept(journal, event(), "deploy-main")
    for path in ("/", "/runs", "/events/evt_1", f"/runs/{run}", "/login", "/nowhere"):
        page = console.get(path).text
        assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=|javascript:", page), path


# What is shown


def test_an_empty_console_says_what_to_do_next(console: Console) -> None:
    for path in ("/", "/runs"):
        assert "hookrules send github rules/payloads/push.json --event push" in console.get(path).text


def test_a_list_shows_each_event_with_its_runs_and_their_states(console: Console, journal: Journal) -> None:
    accept(journal, event(2, type="issues.opened"))
    (run,) = accept(journal, event(1), "deploy-main")
    finish(journal, run, RunState.DEAD, "exit code 1")
    page = console.get("/").text
    assert page.index("/events/evt_1") < page.index("/events/evt_2")
    assert "delivery-1" in page
    assert '<time datetime="2025-11-23T22:46:01.250Z" title="2025-11-23 22:46:01 UTC">1 min ago</time>' in page
    assert re.search(rf'href="/runs/{run}"><span class="badge bad">dead</span> deploy-main', page)
    assert "no rule fired" in page
    assert console.get("/api/v1/events").json["events"][0] == {
        "id": "evt_1",
        "source": "github",
        "type": "push",
        "delivery_id": "delivery-1",
        "received_at": "2025-11-23T22:46:01.250Z",
        "address": "192.0.2.7",
        "hops": 0,
        "proven_by": None,
        "fetched_from": None,
        "runs": [{"id": run, "rule": "deploy-main", "state": "dead"}],
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["evt_1", "evt_2", "evt_3"]),
        ("source=github", ["evt_1", "evt_2"]),
        ("type=pull_request", ["evt_2"]),
        ("source=billing&type=pull_request", []),
        ("limit=2", ["evt_1", "evt_2"]),
    ],
)
def test_events_are_narrowed_down(console: Console, journal: Journal, query: str, expected: list[str]) -> None:
    accept(journal, event(3, source="billing", type="invoice.paid"))
    accept(journal, event(2, type="pull_request.opened"))
    accept(journal, event(1))
    assert [each["id"] for each in console.get(f"/api/v1/events?{query}").json["events"]] == expected
    shown = re.findall(r'href="/events/(evt_\d)"', console.get(f"/?{query}").text)
    assert shown == expected


def test_runs_are_narrowed_down(console: Console, journal: Journal) -> None:
    deploy, label = accept(journal, event(1), "deploy-main", "label")
    finish(journal, deploy, RunState.SUCCEEDED)
    for query, expected in (
        ("rule=deploy-main", {deploy}),
        ("state=running", {label}),
        ("event=evt_1", {deploy, label}),
        ("rule=none", set()),
    ):
        assert {run["id"] for run in console.get(f"/api/v1/runs?{query}").json["runs"]} == expected
        assert set(re.findall(r'href="/runs/(run_\w+)"', console.get(f"/runs?{query}").text)) == expected
    assert "No run is like that" in console.get("/runs?rule=none").text


def test_what_a_filter_asks_stays_in_its_form_as_text(console: Console) -> None:
    page = console.get("/?source=%22%3E%3Cb%3E&type=push").text
    assert 'value="&#34;&gt;&lt;b&gt;"' in page
    assert "<b>" not in page


def test_a_payload_shows_as_text_whatever_is_in_it(console: Console, journal: Journal) -> None:
    evil = "</pre><script>alert(1)</script>"
    accept(journal, event(1, payload={evil: evil}, headers={"x-evil": (evil,)}, delivery_id=evil, git={"branch": evil}), "deploy-main")
    for path in ("/", "/events/evt_1"):
        page = console.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert console.get("/api/v1/events/evt_1").json["payload"] == {evil: evil}


def test_an_event_shows_its_facts_headers_payload_and_runs(console: Console, journal: Journal) -> None:
    (run,) = accept(journal, event(1), "deploy-main")
    page = console.get("/events/evt_1").text
    for fact in ("192.0.2.7", "delivery-1", "git.branch", "x-github-event", "*/*", "refs/heads/main", f"/runs/{run}", "25 B"):
        assert fact in page
    alone = console.get("/api/v1/events/evt_1").json
    assert alone["runs"] == [{"id": run, "rule": "deploy-main", "state": "queued"}]
    assert alone["query"] == {"page": ["3"]}


RULES = [
    ("deploy-main", {"on": "github.push", "when": ["$.ref == refs/heads/main", "not $.deleted"]}),
    ("deploy-staging", {"on": "github.push", "when": ["$.ref == refs/heads/staging", "not $.deleted"]}),
    ("large", {"on": "github.push", "when": ["$.size > 100", "$.ref == refs/heads/other"]}),
    ("elsewhere", {"on": "github.issues"}),
    ("billing", {"on": "billing"}),
]


def rules() -> list[Rule]:
    return [build_rule({"name": name, "steps": [{"log": "it came"}]} | fields) for name, fields in RULES]


def test_an_event_whose_payload_is_gone_says_so_and_explains_nothing(journal: Journal) -> None:
    accept(journal, event(1, payload={"ref": "refs/heads/main"}))
    journal.tidy(Bounds(outputs=0.0, payloads=1e12), Mark(Shelf.PAYLOADS))
    with served(journal, rules) as console:
        page = console.get("/events/evt_1").text
        told = console.get("/api/v1/events/evt_1").json
        explained = console.get("/api/v1/events/evt_1/explain").json
    assert "it is older than <code>retention.payloads</code> keeps it" in page
    assert (told["payload"], told["payload_kept"]) == (None, False)
    assert explained["matched"] == []


def test_an_event_says_why_each_rule_of_its_source_fires_or_not_nearest_misses_first(journal: Journal) -> None:
    accept(journal, event(1, payload={"ref": "refs/heads/main", "deleted": False, "size": "</b>"}))
    with served(journal, rules) as console:
        page = console.get("/events/evt_1").text
        told = console.get("/api/v1/events/evt_1/explain").json
    assert re.findall(r'class="rule-name">([a-z-]+)<', page) == ["deploy-main", "deploy-staging", "large", "elsewhere"]
    assert re.findall(r"(\d of \d) hold", page) == ["2 of 2", "1 of 2", "0 of 2"]
    assert "$.ref == refs/heads/staging" in page
    assert "$.ref is &#34;refs/heads/main&#34;" in page
    assert ">unknown<" in page
    assert "the rule is on github.issues" in page
    assert "</b>" not in page
    assert told["matched"] == ["deploy-main"]
    assert [(rule["name"], rule["result"]) for rule in told["rules"]][:2] == [("deploy-main", True), ("deploy-staging", False)]
    missed = told["rules"][1]["tests"][0]
    assert (missed["text"], missed["result"], missed["seen"]) == ("$.ref == refs/heads/staging", False, "refs/heads/main")


def test_an_event_is_explained_by_the_rules_of_now_and_the_clock_of_then(journal: Journal) -> None:
    then = event(1, payload={"at": "2025-11-23T22:45:30Z"}, received_at=NOW)
    accept(journal, then)
    with served(
        journal, lambda: [build_rule({"name": "fresh", "on": "github", "when": "age($.at) < 2m", "steps": [{"log": "x"}]})]
    ) as console:
        console.clock.now += 3600
        assert console.get("/api/v1/events/evt_1/explain").json["matched"] == ["fresh"]


def test_a_source_without_rules_is_told_so(console: Console, journal: Journal) -> None:
    accept(journal, event(1))
    assert "No rule is <code>on: github</code>" in console.get("/events/evt_1").text


def test_the_api_says_what_it_has(journal: Journal) -> None:
    with served(journal) as console:
        for address in ("/api/v1", "/api/v1/"):
            paths = console.get(address).json["paths"]
            assert {"/api/v1/events", "/api/v1/runs", "/api/v1/refusals"} <= set(paths)
            assert all(console.get(path).status == 200 for path in paths if "<" not in path)


def test_a_page_explains_the_nearest_hundred_rules_and_its_twin_all(journal: Journal) -> None:
    accept(journal, event(1))
    many = [
        build_rule({"name": f"rule-{number}", "on": "github", "when": f"$.n == {number}", "steps": [{"log": "x"}]}) for number in range(120)
    ]
    with served(journal, lambda: many) as console:
        page = console.get("/events/evt_1").text
        assert len(console.get("/api/v1/events/evt_1/explain").json["rules"]) == 120
    assert page.count('class="rule-name"') == 100
    assert "20 more rules come less near" in page


def test_a_payload_that_is_too_long_for_a_page_is_cut_there_and_whole_as_json(console: Console, journal: Journal) -> None:
    payload = ["x" * 99] * 10_000
    accept(journal, event(1, payload=payload, body=json.dumps(payload).encode()))
    page = console.get("/events/evt_1")
    assert len(page.body) < 300 * 1024
    assert "Only the first 256 KiB are shown" in page.text
    assert len(console.get("/api/v1/events/evt_1").json["payload"]) == 10_000


def test_a_run_shows_each_step_with_what_it_printed(console: Console, journal: Journal) -> None:
    (run,) = accept(journal, event(1), "deploy-main")
    result = {"exit_code": 3, "stdout": "pulling <main>\n", "stderr": "no such host\n"}
    finish(journal, run, RunState.DEAD, "exit code 3", result)
    page = console.get(f"/runs/{run}").text
    for shown in (
        "pulling &lt;main&gt;",
        "no such host",
        "exit code 3",
        "2 attempts",
        "2.5 s",
        "steps[0]",
        "shell",
        ">dead<",
        ">failed<",
        "/events/evt_1",
    ):
        assert shown in page
    alone = console.get(f"/api/v1/runs/{run}").json
    assert (alone["state"], alone["event"], alone["error"]) == ("dead", "evt_1", "exit code 3")
    assert alone["steps"][0]["result"] == result
    assert alone["steps"][0]["duration"] == 2.5


def test_a_run_that_waits_says_until_when_as_it_says_other_times(console: Console, journal: Journal) -> None:
    accept(journal, event(1), "deploy-main")
    (run,) = journal.claim("here", NOW, 30, Turn(1))
    journal.park(run, step(run, state=StepState.WAITING, result={"until": NOW + 60, "message": None}), NOW + 60, Expectation(approval=True))
    page = console.get(f"/runs/{run.id}").text
    assert "<small>2025-11-23 22:48:01 UTC</small>" in page.partition("<dt>until</dt>")[2].partition("</dd>")[0]
    assert str(NOW + 60) not in page


def test_the_counts_are_there_for_prometheus(console: Console, journal: Journal) -> None:
    (run,) = accept(journal, event(1), "deploy-main")
    finish(journal, run, RunState.SUCCEEDED)
    answer = console.get("/metrics")
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "hookrules_journal_events 1\n" in answer.text
    assert 'hookrules_journal_runs{state="succeeded"} 1\n' in answer.text


def test_refusals_are_listed_with_their_reasons() -> None:
    with journal_in_memory() as journal:
        journal.refuse(
            [Refused("github", NOW - 60, 401, "the signature <b> does not fit", "192.0.2.1", "curl/8")], {("github", 401): 1}
        ).result()
        with served(journal) as console:
            page = console.get("/refusals?source=github").text
            assert "the signature &lt;b&gt; does not fit" in page
            (told,) = console.get("/api/v1/refusals").json["refusals"]
            assert (told["source"], told["status"], told["address"], told["agent"]) == ("github", 401, "192.0.2.1", "curl/8")
            assert "Nothing was refused of other" in console.get("/refusals?source=other").text


def test_a_refused_reload_stands_on_every_page_until_the_files_are_mended() -> None:
    reloads = [
        LastReload(NOW - 60, "hookrules.yaml can't be used: 1 error", ("rules/a.yaml:3:5: error: unknown key '<b>' in a rule (HR101)",))
    ]
    with journal_in_memory() as journal, served(journal, last_reload=lambda: reloads[-1]) as console:
        for path in ("/", "/runs", "/refusals"):
            page = console.get(path).text
            assert "hookrules.yaml can&#39;t be used: 1 error" in page
            assert "unknown key &#39;&lt;b&gt;&#39; in a rule" in page
        assert "hookrules.yaml can" not in console.request("GET", "/login").text
        reloads.append(LastReload(NOW))
        assert "refused-reload" not in console.get("/").text
