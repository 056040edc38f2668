"""Published signatures get the verdict that was published with them, from a real server; and no byte of one can be changed."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from support_assembly import Unusable
from support_flips import changed_bodies, changed_signatures, changed_texts, with_one_secret, with_one_signature
from support_ingress import Answer, Receiver, Request, Sender
from support_signature_vectors import Case, cases, published, without_a_way

REFUSED = 401


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    """One server with a source for each case that can be served, which has the name of the case."""
    served = [case for case in cases() if can_be_served(case)]
    config = {"sources": {case.name: case.source for case in served}}
    environ = {name: value for case in served for name, value in case.environ.items()}
    with Receiver(config, environ) as receiver:
        for case in served:
            lend_certificates(receiver, case.name, case)
        yield receiver


@cache
def can_be_served(case: Case) -> bool:
    """A source with a secret that its provider never gives out is refused at load, and then proves nothing."""
    try:
        with Receiver({"sources": {case.name: case.source}}, case.environ):
            return True
    except Unusable:
        return False


@pytest.fixture(scope="module")
def sender(receiver: Receiver) -> Iterator[Sender]:
    with receiver.listening() as sender:
        yield sender


def lend_certificates(receiver: Receiver, source: str, case: Case) -> None:
    """Where a provider's certificate would be fetched, the vector has it."""
    certificates = case.vector.get("certificates")
    if certificates and case.way == "provider":
        fetched = {url: (200, pem.encode()) for url, pem in certificates.items()}
        verifier = receiver.sources[source].verifier
        receiver.prove_with(source, dataclasses.replace(verifier, fetch=lambda url: fetched[url]))  # type: ignore[type-var]


def test_every_vector_gets_its_verdict(receiver: Receiver, sender: Sender) -> None:
    wrong = {}
    for case in cases():
        if not can_be_served(case) and not case.accepted:
            continue
        receiver.now = case.now
        answer = sender.send(case.request())
        if (answer.status != REFUSED) is not case.accepted or answer.status == 405:
            wrong[case.id] = said(answer)
    assert wrong == {}


def test_every_vector_is_asked() -> None:
    assert {case.vector["id"] for case in cases() if not can_be_served(case)} <= {"messagebird-none-alg"}  # it has no secret
    assert without_a_way() == {}
    assert len({case.vector["id"] for case in cases()}) == len(published()["vectors"]) == 187


def proven(receiver: Receiver) -> Iterator[tuple[Case, Request]]:
    """Each accepted case, with a request that has one signature."""
    for case in cases():
        if case.accepted:
            receiver.now = case.now
            candidates = with_one_signature(case.scheme, case.request())
            yield case, next(request for request in candidates if receiver.ask(request).status != REFUSED)


@pytest.mark.parametrize("change", [changed_bodies, changed_signatures])
def test_no_byte_of_a_body_or_a_signature_can_be_changed(receiver: Receiver, change: Callable[[Case, Request], Iterator[Request]]) -> None:
    tried, taken = 0, []
    for case, request in proven(receiver):
        for changed in change(case, request):
            tried += 1
            if receiver.ask(changed).status != REFUSED:
                taken.append(f"{case.id}: {changed.body[:200]!r} {changed.headers}")
    assert taken == []
    assert tried > 1000


def test_no_byte_of_a_secret_can_be_changed(receiver: Receiver) -> None:
    """One that the loader refuses proves nothing either."""
    tried, taken = 0, []
    for case, request in proven(receiver):
        for source in with_one_secret(case.source):
            (name,) = (secret["env"] for secret in source["secret"])
            if ask(case, source, case.environ, request).status == REFUSED:
                continue  # another one of several has made this signature
            for changed in changed_texts(case.environ[name]):
                tried += 1
                if ask(case, source, {name: changed}, request).status != REFUSED:
                    taken.append(f"{case.id}: {changed}")
    assert taken == []
    assert tried > 1000


def ask(case: Case, source: Mapping[str, Any], environ: Mapping[str, str], request: Request) -> Answer:
    try:
        with Receiver({"sources": {case.name: source}}, environ) as receiver:
            lend_certificates(receiver, case.name, case)
            receiver.now = case.now
            return receiver.ask(request)
    except Unusable:
        return Answer(REFUSED, b"")


def said(answer: Answer) -> str:
    return f"{answer.status} {answer.body[:200]!r}"
