"""A delivery on its way to a server, and what the server makes of it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from hookrules.engine.cli.output import one_line, printable
from hookrules.engine.errors import UsageError
from hookrules.engine.model import Delivery

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

_CONNECTING = 30.0
_JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Accepted:
    """The usual answer: an event, and the runs that it starts."""

    event: str | None
    """The first of several; None where the delivery carries none."""
    runs: Sequence[tuple[str, str]]
    """Rule and id."""
    known: bool
    """Whether it came before."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Other words: a rule's `respond`, a handshake, what a provider has to read. They are on stdout by now."""

    status: int


def post(url: str, delivery: Delivery, patience: float) -> Accepted | Answered:
    """`patience` is for the answer, in seconds. Raises UsageError, also where the delivery is refused."""
    import urllib3

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--to is {url}; a URL begins with http:// or https://")
    try:
        return _read(_request(url, delivery, patience))
    except urllib3.exceptions.NewConnectionError:
        raise UsageError(f"nothing listens at {url}; start `hookrules serve`, or name another address with --to") from None
    except urllib3.exceptions.ReadTimeoutError:
        raise UsageError(f"{url} did not answer within {patience:g} s; --timeout gives a rule that answers longer") from None
    except urllib3.exceptions.HTTPError as error:
        raise UsageError(f"can't deliver to {url}: {error}") from None


def _request(url: str, delivery: Delivery, patience: float) -> "BaseHTTPResponse":
    import urllib3

    _, mark, query = delivery.url.partition("?")
    headers = urllib3.HTTPHeaderDict()
    for name, values in delivery.headers.items():
        for value in values:
            headers.add(name, value)
    timeout = urllib3.Timeout(connect=_CONNECTING, read=patience)
    whole = url + mark + query
    return urllib3.request(
        "POST", whole, body=delivery.body, headers=headers, timeout=timeout, retries=False, redirect=False, preload_content=False
    )


def _read(response: "BaseHTTPResponse") -> Accepted | Answered:
    kind = response.headers.get("content-type", "")
    if not kind.startswith(_JSON):
        _show(response.status, kind, _texts(response))
        return Answered(response.status)
    text = response.data.decode(errors="replace")
    told = _object(response)
    if response.status >= 400 and told.keys() == {"error"}:
        raise UsageError(f"the delivery was refused: {response.status} {told['error']}")
    accepted = _accepted(told, known=response.status == 200)
    if accepted is None:
        _show(response.status, kind, iter([text]))
    return accepted or Answered(response.status)


def _object(response: "BaseHTTPResponse") -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _accepted(told: Mapping[str, Any], *, known: bool) -> Accepted | None:
    """None for words of a rule that only look like ours."""
    event, runs = told.get("event"), told.get("runs")
    if not isinstance(runs, list) or not {"event", "runs"} <= told.keys() <= {"event", "events", "runs"}:
        return None
    if not all(isinstance(run, dict) and run.keys() == {"rule", "id"} for run in runs):
        return None
    return Accepted(event, [(str(run["rule"]), str(run["id"])) for run in runs], known)


def _texts(response: "BaseHTTPResponse") -> Iterator[str]:
    """As it comes: a rule may answer with a stream."""
    import codecs

    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    for piece in response.stream():
        yield decoder.decode(piece)


def _show(status: int, kind: str, texts: Iterator[str]) -> None:
    click.echo(f"answered {status}{f', {one_line(kind, 80)}' if kind else ''}", err=True)
    end = "\n"
    for text in texts:
        end = text[-1:] or end
        click.echo(printable(text) if sys.stdout.isatty() else text, nl=False)
    if end != "\n":
        click.echo()
