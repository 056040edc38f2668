"""The two processes of hookrules, put together: the ingress takes deliveries in, the worker runs what they started."""

import asyncio
import gc
import os
import random
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Self

from hookrules.actions.orphans import Orphans
from hookrules.actions.private_files import remove_left_behind
from hookrules.engine import logs
from hookrules.engine.children import RETIRE, STOPS, Lifeline, Work
from hookrules.engine.cli.address_lists import lists_kept, lists_of
from hookrules.engine.cli.project import Project, open_journal_of
from hookrules.engine.config.wiring import schedules_of, sources_of, url_of_source
from hookrules.engine.ids import id_maker
from hookrules.engine.journal import Journal, RuleText
from hookrules.engine.matching.index import Index
from hookrules.engine.reloads import Board
from hookrules.engine.runs.breakers import Breakers
from hookrules.engine.runs.correlating import Correlator
from hookrules.engine.runs.describing import aloud, describing
from hookrules.engine.runs.emitting import emitter
from hookrules.engine.runs.endings import follower
from hookrules.engine.runs.housekeeping import Housekeeping
from hookrules.engine.runs.masking import Stream, masker
from hookrules.engine.runs.outputs import Outputs
from hookrules.engine.runs.rulebook import Rulebook
from hookrules.engine.runs.schedules import Schedules
from hookrules.engine.runs.slots import Slots
from hookrules.engine.runs.tenure import LEASE, Tenure, worker_name
from hookrules.engine.runs.worker import Worker
from hookrules.engine.runs.workshop import Workshop
from hookrules.engine.secret import secrets_in

if TYPE_CHECKING:
    from hookrules.engine.web.balance import Share
    from hookrules.engine.web.console_server import ConsoleServer
    from hookrules.engine.web.reception import Reception

_new_event_id = id_maker("evt")
LAST_MOMENTS = 5.0
"""Seconds that a process has beyond `server.drain`, to write what it stopped."""
_TEXTS_AT_ONCE = 500
"""Texts of rules in one commit, which deliveries may wait for."""


@dataclass(frozen=True, slots=True)
class Shared:
    """What the processes of one generation share with those before and after it."""

    slots: Slots = field(default_factory=Slots)
    board: Board = field(default_factory=Board)
    unchanged: Collection[str] = ()
    """Digests of the rules that were in force before."""

    def following(self, before: Project) -> Self:
        return replace(self, slots=self.slots.following(), unchanged=frozenset(rule.digest for rule in before.ruleset))


def prepare(project: Project, known: Collection[str] = ()) -> None:
    """Make the journal ready: its file and schema, and the texts of the rules but those that it knows. Raises JournalError."""
    texts = [RuleText(rule.digest, rule.name, rule.text) for rule in project.ruleset if rule.digest not in known]
    journal = open_journal_of(project)
    try:
        for start in range(0, len(texts), _TEXTS_AT_ONCE):
            journal.keep_rules(texts[start : start + _TEXTS_AT_ONCE])
    finally:
        journal.close()  # with its thread: the supervisor forks


def ingress(project: Project, index: Index, sockets: Sequence[socket.socket], share: Callable[[], "Share"]) -> Work:
    """With its like, where `server.ingresses` asks for several, the only writer of intake. `share` gives its share of the connections."""

    def work(lifeline: Lifeline) -> None:
        import uvloop

        from hookrules.engine.intake import Intake
        from hookrules.engine.refusals import Refusals
        from hookrules.engine.web.front import Front
        from hookrules.engine.web.ingress import Ingress
        from hookrules.engine.web.reception import Reception
        from hookrules.engine.web.responding import Answering

        settings = project.settings
        journal = open_journal_of(project)
        sources, max_body = sources_of(settings, lists_of(project)), settings.server.max_body
        ingress = Ingress(
            Intake(sources, index, journal, time.time, _new_event_id, max_body),
            Refusals(journal, sources.__contains__),
            Answering(journal),
            max_body,
            {name: url_of_source(settings, name) for name in sources}.get,
            front=Front.of(settings, time.monotonic),
        )
        tls = settings.server.tls
        reception = Reception(ingress, sockets, tls.files(project.folder) if tls else None, share=share())
        _spare_what_is_loaded()
        uvloop.run(_listen(reception, lifeline, settings.server.drain + LAST_MOMENTS))
        journal.close()

    return work


def _spare_what_is_loaded() -> None:
    """Rules and code live as long as the process. What a delivery leaves has no cycles, and a connection few: looking for some at every
    700th new object would take a good part of the time.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


async def _listen(reception: "Reception", lifeline: Lifeline, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    for number in STOPS:
        loop.add_signal_handler(number, reception.stop)
    loop.add_signal_handler(RETIRE, _in_turn(reception.retire, lifeline.retired))
    loop.add_reader(lifeline.fd, _once(loop, lifeline.fd, partial(end_alone, reception.stop, seconds)))
    serving = asyncio.create_task(reception.serve())
    lifeline.ready()
    await serving


def _once(loop: asyncio.AbstractEventLoop, fd: int, stop: Callable[[], None]) -> Callable[[], None]:
    """The end of a pipe stays readable: a loop that went on looking would do nothing else while what is under way is answered."""

    def stop_once() -> None:
        loop.remove_reader(fd)
        stop()

    return stop_once


def worker(project: Project, index: Index, shared: Shared, console: socket.socket | None, labels: tuple[str, ...] = ()) -> Work:
    """Runs steps, fires schedules and serves the console."""

    def work(lifeline: Lifeline) -> None:
        journal = open_journal_of(project)
        orphans = Orphans()
        orphans.adopt()
        for path in remove_left_behind():
            logs.info("removed what a process that died left", file=str(path))
        working = _worker(project, index, journal, labels, orphans.reap, shared)
        served = _console(project, journal, console, shared.board)
        _obey(working, served, lifeline)
        stop = partial(end_alone, working.stop, project.settings.server.drain + LAST_MOMENTS)
        threading.Thread(target=_stop_at_end, args=(lifeline.fd, stop), name="lifeline", daemon=True).start()
        lifeline.ready()
        with lists_kept(project):
            working.run(project.settings.server.drain)
        if served:
            served.stop()
        journal.close()

    return work


def _obey(working: Worker, served: "ConsoleServer | None", lifeline: Lifeline) -> None:
    retire = [working.retire, *([served.retire] if served else []), lifeline.retired]

    for number in STOPS:
        signal.signal(number, lambda *_: working.stop())
    signal.signal(RETIRE, lambda *_: _in_turn(*retire)())


def _in_turn(*calls: Callable[[], None]) -> Callable[[], None]:
    def call() -> None:
        for each in calls:
            each()

    return call


def _worker(project: Project, index: Index, journal: Journal, labels: tuple[str, ...], reap: Callable[[], None], shared: Shared) -> Worker:
    secrets = {name: secret.reveal() for name, secret in project.settings.secrets.items()}
    masked = [secret.reveal() for _, secret in secrets_in(project.settings)]
    mask = masker(masked)
    workshop = Workshop(
        journal=journal,
        folder=project.folder.absolute(),
        secrets=secrets,
        mask=mask,
        clock=time.time,
        random=random.random,
        log=_log,
        emit=emitter(index, time.time, _new_event_id),
        outputs=Outputs(journal, partial(Stream, masked)),
        services=project.settings.services(),
        perform=aloud(describing({}), mask) if project.dry_run else Breakers(journal, time.time, mask).perform,
        console_url=project.settings.console.external_url,
    )
    return Worker(
        workshop,
        Rulebook(project.ruleset, journal),
        Schedules(schedules_of(project.settings), index, journal, _new_event_id, random.random),
        Correlator(project.ruleset, journal, journal.event, time.time, _new_event_id, shared.unchanged),
        follower(index, time.time, _new_event_id),
        Housekeeping(journal, project.settings.retention, project.ruleset),
        Tenure(journal, time.time, worker_name(), LEASE),
        slots=project.settings.server.slots,
        labels=labels,
        reap=reap,
        shared=shared.slots,
    )


def _console(project: Project, journal: Journal, listening: socket.socket | None, board: Board) -> "ConsoleServer | None":
    """The console, served; None where it has no socket, or no token."""
    token = project.settings.console.token
    if listening is None or token is None:
        return None
    from hookrules.engine.web.console import ConsoleServer, application

    app = application(journal, lambda: project.ruleset, token.reveal(), last_reload=board.read, dry_run=project.dry_run)
    server = ConsoleServer(app, listening)
    server.start()
    return server


def _log(level: str, message: str) -> None:
    logs.say(logs.LEVELS[level], message)


def end_alone(stop: Callable[[], None], seconds: float) -> None:
    """Stop, since the supervisor is gone, and with it the one who would kill what has not ended after these seconds."""
    killer = threading.Timer(seconds, os._exit, (1,))
    killer.daemon = True
    killer.start()
    stop()


def _stop_at_end(fd: int, stop: Callable[[], None]) -> None:
    select.select([fd], [], [])  # not read: its sibling's event loop has made the shared pipe non-blocking
    stop()
