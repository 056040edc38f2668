"""What another hook server's own tests expect of signatures, addresses and whole requests, asked of our ingress."""

from collections.abc import Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from support_assembly import Unusable
from support_ingress import Answer, Receiver, Request
from support_peer_cases import address_of, cases
from support_runs import rule_of

SECRET = {"secret": {"env": "SECRET"}}


def ask(
    source: Mapping[str, Any], request: Request, secret: str = "", now: float | None = None, address: str = "127.0.0.1"
) -> Answer | None:
    """None where no server would take the configuration, so that nothing is proven."""
    try:
        with Receiver({"sources": {"it": source}}, {"SECRET": secret}) as receiver:
            receiver.now = receiver.now if now is None else now
            return receiver.ask(request, address)
    except Unusable:
        return None


def proven(answer: Answer | None) -> bool:
    return answer is not None and answer.status != 401


def described(algorithm: str, signature: str) -> dict[str, Any]:
    """There one setting takes all forms of the header; here it is described which it is."""
    verify: dict[str, Any] = {"hmac": algorithm.removeprefix("hmac-"), "header": "X-Signature"}
    name, equals, _ = signature.partition("=")
    if "," in signature:
        verify["header_format"] = {"separator": ",", "signature": name}
    elif equals:
        verify["prefix"] = f"{name}="
    return {"verify": verify, "delivery_id": "header.X-Id", **SECRET}


def test_every_signature_gets_the_verdict_of_the_peer() -> None:
    found, expected = {}, {}
    for name, case in cases("signature_cases").items():
        request = Request.of("it", case["payload"].encode(), {"X-Signature": case["signature"]})
        found[name] = proven(ask(described(case["algorithm"], case["signature"]), request, case["secret"]))
        expected[name] = case["expected_valid"]
    assert found == expected
    assert len(found) == 25


SCALR = {
    "verify": {
        "hmac": "sha1",
        "header": "X-Signature",
        "signed": "{body}{timestamp}",
        "timestamp_header": "Date",
        "timestamp_format": "http-date",
    },
    **SECRET,
}


def scalr(case: Mapping[str, Any], seconds_later: float = 0) -> bool:
    date = case["headers"].get("Date", "Thu 07 Sep 2017 06:30:04 UTC")
    request = Request.of("it", case["body"].encode(), case["headers"])
    return proven(ask(SCALR, request, case["secret"], parsedate_to_datetime(date).timestamp() + seconds_later))


def test_every_signature_of_scalr_gets_the_verdict_of_the_peer() -> None:
    """Its cases look at no clock, so that ours stands at the time that is signed."""
    found = {name: scalr(case) for name, case in cases("scalr_signature_cases").items()}
    assert found == {name: case["expected_valid"] for name, case in cases("scalr_signature_cases").items()}
    assert [scalr(cases("scalr_signature_cases")["scalr-01"], seconds) for seconds in (-301, -300, 300, 301)] == [False, True, True, False]


def test_every_address_gets_the_verdict_of_the_peer() -> None:
    found = {}
    for name, case in cases("ip_cases").items():
        source = {"verify": {"allow_from": case["ip_range"].split()}}
        found[name] = proven(ask(source, Request("it", b"{}"), address=address_of(case["remote_addr"]) or ""))
    assert found == {name: case["expected_match"] for name, case in cases("ip_cases").items()}


SIGNED = {"verify": {"hmac": "sha1", "header": "X-Hub-Signature"}}
OPEN = {"verify": "none"}
HOOKS: Mapping[str, tuple[Mapping[str, Any], Sequence[str]]] = {
    "github": ({**SIGNED, **SECRET}, ["$.ref == refs/heads/master"]),
    "github-multi-sig": ({**SIGNED, "secret": [{"env": "WRONG"}, {"env": "SECRET"}]}, ["$.ref == refs/heads/master"]),
    "github-multi-sig-fail": ({**SIGNED, "secret": [{"env": "WRONG"}, {"env": "SECRET"}]}, ["$.ref == refs/heads/master"]),
    "bitbucket": (
        OPEN,
        [
            "$.canon_url == 'https://bitbucket.org'",
            "$.repository.absolute_url == /webhook/testing/",
            "$.commits[0].branch == master",
        ],
    ),
    "gitlab": (OPEN, ["$.ref == refs/heads/master"]),
    "xml": (OPEN, ["$.app.users.user[0]['-name'] == Jeff", "$.app.messages.message['#text'] == 'Hello!!'"]),
    "plex": (OPEN, ["$.event == media.play"]),
    "sendgrid": (OPEN, ["$[0].event == processed"]),
    "sendgrid/dir": (OPEN, ["$[0].event == 'it worked!'"]),
    "issue-471": (OPEN, ["default($.foo, no) == bar or $.exists == 1"]),
    "issue-471-and": (OPEN, ["$.foo == bar", "$.exists == 1"]),
    "empty-payload-signature": ({**SIGNED, **SECRET}, []),
}
"""Their hooks as a source and a condition; those that are not named have neither a signature nor a rule."""
DIFFERENT = {
    "e2e-03": "one of several secrets proves; there the first that does not fit ends it with 500",
    "e2e-09": "the name of a source has no '/': nothing is there",
    "e2e-15": "nothing is no JSON: the delivery is proven, and then refused as unreadable",
}
UNPROVEN = {"e2e-19": "no signature", "e2e-28": "no signature"}
"""401, where the peer says that its rules are not satisfied."""


def deliver(case: Mapping[str, Any]) -> Answer:
    source, conditions = HOOKS.get(case["hook_id"], (OPEN, []))
    rule = rule_of("{on: it, steps: [{log: x}]}" if not conditions else f"{{on: it, steps: [{{log: x}}], when: {list(conditions)!r}}}")
    headers = [*(case["headers"] or {}).items(), ("Content-Type", case["content_type"])]
    request = Request("it" if "/" not in case["hook_id"] else "it/dir", case["body"].encode(), tuple(headers), case["method"].upper())
    with Receiver({"sources": {"it": source}}, {"SECRET": "mysecret", "WRONG": "mysecretFAIL"}, [rule]) as receiver:
        return receiver.ask(request)


def runs(case: Mapping[str, Any]) -> bool:
    """Whether the peer runs the hook's command; how that ends is the run's own affair here."""
    refused = ("Hook rules were not satisfied.", "Error occurred while evaluating hook rules.")
    return case["expected_status"] != 405 and case["expected_body_regex"] not in refused


@pytest.mark.parametrize("name", [f"e2e-{number:02}" for number in range(1, 29)])
def test_every_request_has_the_outcome_of_the_peer(name: str) -> None:
    case = cases("e2e_cases")[name]
    answer = deliver(case)
    if answer.status == 415:
        pytest.skip(f"a body of type {case['content_type']} can't be read yet")
    started = answer.status == 202 and bool(answer.json["runs"])
    if name in DIFFERENT:
        assert started is not runs(case), "it does not differ any more"
        return
    assert started is runs(case)
    assert (answer.status == 401) is (name in UNPROVEN)
    assert (answer.status == 405) is (case["expected_status"] == 405)


def test_every_request_of_the_peer_is_asked() -> None:
    assert list(cases("e2e_cases")) == [f"e2e-{number:02}" for number in range(1, 29)]
