"""HTTP actions against urllib3 alone: the same requests, to one local server, from the same number of threads, in turn.

    python benchmarks/http_actions.py [--rounds 5] [--threads 32] [--requests 8000]

An action fills in its templates, guards the address, keeps its deadline, bounds and reads the answer; urllib3 alone sends bytes that are
ready, without even a timeout. The table goes to stderr, JSON to stdout. Figures of one run compare; those of two runs do not.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import urllib3
import uvloop
from report import conditions, summary

from hookrules.actions.action import Surroundings
from hookrules.actions.http_request import HttpAction

TARGET = 0.7
PAYLOAD = {"after": "1f3c5e7a9b" * 4, "ref": "refs/heads/main"}
WRITTEN = {"text": "{{ payload.ref }} is at {{ payload.after }}", "sha": "{{ payload.after }}"}
SENT = {"text": f"{PAYLOAD['ref']} is at {PAYLOAD['after']}", "sha": PAYLOAD["after"]}
HEADERS = {"User-Agent": "hookrules", "Accept": "*/*", "Content-Type": "application/json", "Idempotency-Key": "run-steps[0]"}
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"

Contender = Callable[[], None]


class _Answering(asyncio.Protocol):
    """As little of a server as there can be, so that the client is what is measured. `GET /count` says how many POSTs came."""

    count = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        self._read += data
        while (answer := self._next()) is not None:
            self._transport.write(_HEAD % (len(answer), answer))

    def _next(self) -> bytes | None:
        head, end, rest = self._read.partition(b"\r\n\r\n")
        if not end:
            return None
        _, named, length = head.lower().partition(b"content-length:")
        size = int(length.split(b"\r\n", 1)[0]) if named else 0
        if len(rest) < size:
            return None
        self._read = rest[size:]
        if head.startswith(b"GET /count"):
            return b"%d" % _Answering.count
        _Answering.count += 1
        return b'{"ok": true}'


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(_Answering, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def serving() -> Iterator[str]:
    """A process of its own, and its URL."""
    server = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.kill()
        server.wait()


def urllib3_alone(url: str, threads: int) -> Contender:
    pools = urllib3.PoolManager(maxsize=threads)
    body = json.dumps(SENT, separators=(",", ":")).encode()

    def ask() -> None:
        assert pools.request("POST", url, body=body, headers=HEADERS).status == 200

    return ask


def http_action(url: str, _threads: int) -> Contender:
    action = HttpAction.model_validate({"method": "POST", "url": url, "json": WRITTEN, "allow_private": True})
    surroundings = Surroundings(folder=Path.cwd(), idempotency_key=HEADERS["Idempotency-Key"])
    names = {"payload": PAYLOAD}

    def ask() -> None:
        assert action.render(names).perform(surroundings).succeeded

    return ask


def per_second(ask: Contender, threads: int, requests: int) -> float:
    """Of all threads together."""
    each = requests // threads

    def work() -> None:
        for _ in range(each):
            ask()

    begin = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for done in [pool.submit(work) for _ in range(threads)]:
            done.result()
    return each * threads / (time.perf_counter() - begin)


def counted(url: str) -> int:
    return int(urllib3.request("GET", f"{url}/count").data)


def measured(url: str, rounds: int, threads: int, requests: int) -> dict[str, list[float]]:
    """A B A B …, after a round that only warms up. Every request has to have arrived."""
    contenders = {"urllib3": urllib3_alone(f"{url}/rooms/ops", threads), "http action": http_action(f"{url}/rooms/ops", threads)}
    figures: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(rounds + 1):
        for name, ask in contenders.items():
            before = counted(url)
            figure = per_second(ask, threads, requests)
            assert counted(url) - before == requests // threads * threads
            if number:
                figures[name].append(figure)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=32)
    parser.add_argument("--requests", type=int, default=8000, help="of each contender in each round")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        uvloop.run(_serve())
        return 0
    about = conditions("urllib3", "uvloop")
    with serving() as url:
        figures = measured(url, given.rounds, given.threads, given.requests)
    results = {name: summary(each) for name, each in figures.items()}
    ratio = round(results["http action"]["median"] / results["urllib3"]["median"], 3)
    for name, each in results.items():
        print(f"{name:12} {each['median']:>7,}/s   {each['lowest']:,} to {each['highest']:,}", file=sys.stderr)
    print(f"{'ratio':12} {ratio:>7.2f}     at least {TARGET} is wanted", file=sys.stderr)
    told = {**about, "threads": given.threads}
    print(json.dumps({**told, "requests per round": given.requests, "per second": results, "ratio": ratio, "target": TARGET}, indent=2))
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
