"""Deliveries as forges send them, and forgeries of these that nothing may prove."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace
from shared_data import shared

from hookrules.engine.errors import Unproven
from hookrules.engine.model import Delivery
from hookrules.engine.pushed_files import with_files
from hookrules.engine.sources.source import Source, Verifier

NOW = 1_800_000_000.0
ZEROS = "0" * 40
SHA = "c0ffee" + "1" * 34
TAG_OBJECT = "facade" + "2" * 34


def delivery(payload: Any = None, headers: dict[str, str] | None = None, body: bytes | None = None) -> Delivery:
    written = json.dumps(payload).encode() if body is None else body
    return Delivery("forge", written, {name.lower(): (value,) for name, value in (headers or {}).items()}, NOW)


def facts(source: Source, event_type: str, payload: Any) -> Mapping[str, Any]:
    """All that is known as `git.`."""
    return with_files(source.git(event_type, payload), payload)


def proves(verifier: Verifier, what: Delivery, now: float = NOW) -> bool:
    try:
        verifier.verify(what, now)
    except Unproven:
        return False
    return True


def forged_bodies(proven: Delivery) -> Iterator[Delivery]:
    """One byte of the body is another, each in turn."""
    for place, byte in enumerate(proven.body):
        yield replace(proven, body=proven.body[:place] + bytes([byte ^ 1]) + proven.body[place + 1 :])


def forged_headers(proven: Delivery, *names: str) -> Iterator[Delivery]:
    """Of each of these headers one character is another, each in turn; then it is empty, came twice, or is missing."""
    for name in names:
        (value,) = proven.headers[name]
        changed = [value[:place] + ("A" if char == "0" else "0") + value[place + 1 :] for place, char in enumerate(value)]
        for values in (*((each,) for each in changed), ("",), (value, value)):
            yield replace(proven, headers={**proven.headers, name: values})
        yield replace(proven, headers={other: values for other, values in proven.headers.items() if other != name})


def vectors(*providers: str) -> list[tuple[str, Delivery, bool]]:
    """Secret, delivery and verdict, of what others have published."""
    found = json.loads(shared("conformance/signature_vectors.json").read_text("utf-8"))["vectors"]
    return [
        (each["secret"], delivery(headers=each["request"]["headers"], body=each["request"]["body"].encode()), each["expect"])
        for each in found
        if each["provider"] in providers
    ]
