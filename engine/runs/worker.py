"""Claims runs that are due and takes them through their steps, a bounded number at a time."""

import contextlib
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from hookrules.engine import logs
from hookrules.engine.errors import HookrulesError, JournalError, LeaseLost, Unwritable
from hookrules.engine.journal import Arrival, Turn
from hookrules.engine.model import Event, Run, RunState
from hookrules.engine.runs.correlating import Correlator
from hookrules.engine.runs.execution import Ending, Execution, ending_without_steps
from hookrules.engine.runs.halting import Halt
from hookrules.engine.runs.housekeeping import Housekeeping
from hookrules.engine.runs.rulebook import Rulebook
from hookrules.engine.runs.schedules import Schedules
from hookrules.engine.runs.slots import Slots
from hookrules.engine.runs.tenure import Tenure
from hookrules.engine.runs.watching import Watch
from hookrules.engine.runs.workshop import Workshop

_GLANCE = 0.02
"""Seconds between two looks at whether another process has written to the journal; one look costs some microseconds."""
_FLUSH = 0.25
_GATHERING = 0.002
"""Seconds for which the next turn waits, where most slots are full, for another run to end: one turn is for both then."""
_TROUBLE = 1.0
"""Seconds until the journal is tried again after it could not be used."""


class Worker:
    """`run` returns when told to stop: nothing is claimed any more, what runs is finished or handed back.

    Told to retire, since another worker has taken over, it claims nothing more either, and returns when the last of its runs has ended.
    """

    def __init__(
        self,
        workshop: Workshop,
        rulebook: Rulebook,
        schedules: Schedules,
        correlator: Correlator,
        follow: Callable[[Run, Ending, Event], Arrival | None],
        housekeeping: Housekeeping,
        tenure: Tenure,
        *,
        slots: int,
        labels: tuple[str, ...] = (),
        reap: Callable[[], None] = lambda: None,
        shared: Slots | None = None,
    ) -> None:
        """`slots` runs go on at a time, of one rule three quarters of them; what `shared` knows of counts, too.

        `follow` gives the event that the end of a run is, with the rules that it fires. `reap` is called by the thread of `run`, at every
        end of a run and at least as often as leases are renewed.
        """
        self._workshop = workshop
        self._journal = workshop.journal
        self._rulebook = rulebook
        self._schedules = schedules
        self._correlator = correlator
        self._follow = follow
        self._housekeeping = housekeeping
        self._watch = Watch(self._journal, self._journal.event, workshop.clock)
        self._tenure = tenure
        self._slots = slots
        self._labels = labels
        self._reap = reap
        self._shared = shared or Slots()
        self._wake = threading.Event()
        self._signals = 0
        self._retiring = False
        self._abandoned: deque[Run] = deque()
        """Other threads add at its end."""
        self._halts: dict[str, tuple[str, Halt]] = {}
        """For each run that goes on here its rule, and how it is stopped."""
        self._served = ""
        self._flushed_at = 0.0
        self._claimed_at = 0.0
        self._seen = -1
        self._troubled = False

    def stop(self) -> None:
        """From a signal handler or another thread. The second time, what runs is ended and handed back at once.

        Only counts: a handler that set an event could interrupt the thread that holds the event's lock.
        """
        self._signals += 1

    def retire(self) -> None:
        """Likewise from a signal handler."""
        self._retiring = True

    @property
    def _stopping(self) -> bool:
        return self._signals > 0

    @property
    def _done(self) -> bool:
        return self._stopping or (self._retiring and not self._halts and not self._abandoned)

    def run(self, drain: float) -> None:
        """`drain`: seconds that running runs have to finish once told to stop."""
        with ThreadPoolExecutor(self._slots, thread_name_prefix="run") as pool:
            while not self._done:
                self._turn(pool)
            self._drain(drain)
        with contextlib.suppress(JournalError):
            self._tenure.end()

    def _turn(self, pool: ThreadPoolExecutor) -> None:
        try:
            now = self._tenure.keep()
            self._hand_back_abandoned()
            self._cancel()
            if not self._retiring:
                self._begin(pool, now)
            self._shared.hold(len(self._halts))
            self._reap()
            self._wait()
            self._troubled = False
        except JournalError as error:
            if not self._troubled:  # said once, not at every turn
                logs.error("the worker can't use the journal and tries again", error=str(error))
            self._troubled = True
            self._wake.wait(_TROUBLE)

    def _begin(self, pool: ThreadPoolExecutor, now: float) -> None:
        """What is for the worker that has not been taken over from."""
        self._plan_again(now)
        self._schedules.tick(now)
        self._watch.look()
        self._correlator.look()
        self._claim(pool, now)
        self._housekeeping.tidy(now)

    def _hand_back_abandoned(self) -> None:
        """What was left where it stood goes on as soon as the journal can be written: renewed with the rest, it would stand for ever."""
        while self._abandoned:
            with contextlib.suppress(LeaseLost):
                self._journal.hand_back(self._abandoned[0])
            self._abandoned.popleft()

    def _plan_again(self, now: float) -> None:
        if self._tenure.set_back:
            self._schedules.plan_again(now)
            self._tenure.set_back = False

    def _cancel(self) -> None:
        if self._halts:
            for run_id, reason in self._journal.cancelling(self._tenure.name).items():
                if run_id in self._halts:
                    self._halts[run_id][1].cancel(reason)

    def _claim(self, pool: ThreadPoolExecutor, now: float) -> None:
        self._claimed_at = now
        free = self._slots - len(self._halts) - self._shared.held_by_others()
        if free <= 0:
            return
        for run in self._journal.claim(self._tenure.name, now, self._tenure.lease, self._turn_of_rules(free)):
            self._served = run.rule
            halt = Halt()
            self._halts[run.id] = run.rule, halt
            pool.submit(self._work, run, halt)

    def _turn_of_rules(self, free: int) -> Turn:
        running = Counter(rule for rule, _ in self._halts.values())
        return Turn(free, max(self._slots - self._slots // 4, 1), running, self._served, self._labels)

    def _wait(self) -> None:
        """Until a run has ended here or in a worker before, another process has written, something is due, or leases want renewal."""
        ends = time.monotonic() + self._next_due() - self._workshop.clock()
        held = self._shared.held_by_others()
        while not self._woken(held) and time.monotonic() < ends and self._tenure.pause() > 0 and not self._written():
            self._wake.wait(_GLANCE)
            self._flush(self._workshop.clock())
        if len(self._halts) > self._slots // 2:
            self._wake.clear()
            self._wake.wait(_GATHERING)
        self._wake.clear()

    def _woken(self, held: int) -> bool:
        return self._done or self._wake.is_set() or self._shared.held_by_others() < held

    def _flush(self, now: float) -> None:
        """What running steps say is written some times a second."""
        if self._halts and not 0 <= now - self._flushed_at < _FLUSH:
            self._workshop.outputs.flush()
            self._flushed_at = now

    def _next_due(self) -> float:
        if self._retiring:
            return float("inf")
        pause = self._journal.seconds_to_next(self._claimed_at)
        due = float("inf") if pause is None else self._claimed_at + pause
        return min(self._schedules.next_due(), self._correlator.next_due(), self._housekeeping.next_due(), due)

    def _written(self) -> bool:
        version = self._journal.version()
        changed, self._seen = version != self._seen, version
        return changed

    def _work(self, run: Run, halt: Halt) -> None:
        try:
            self._take(run, halt)
        except LeaseLost:
            logs.warning("another worker has taken over", run=run.id, rule=run.rule)
        except JournalError as error:
            logs.error("a run stops here until the journal can be written again", run=run.id, error=str(error))
            self._abandoned.append(run)
        finally:
            del self._halts[run.id]
            self._wake.set()

    def _take(self, run: Run, halt: Halt) -> None:
        event = self._journal.event(run.event_id)
        if event is None:
            ending: Ending | None = Ending(RunState.DEAD, "its event is no longer in the journal")
        elif not event.payload_kept:
            ending = Ending(RunState.DEAD, "its event's payload is no longer in the journal: it is older than `retention` keeps it")
        else:
            ending = ending_without_steps(run) or self._proceed(run, event, halt)
        if ending is not None:
            self._end(run, event, ending)

    def _proceed(self, run: Run, event: Event, halt: Halt) -> Ending | None:
        execution: Execution | None = None
        try:
            rule = self._rulebook.rule(run.digest)
            if rule is None:
                return Ending(RunState.DEAD, "its rule's text is no longer in the journal")
            execution = Execution(run, rule, event, self._workshop, halt)
            return execution.proceed()
        except HookrulesError as error:
            if isinstance(error, JournalError) and not isinstance(error, Unwritable):
                raise
            told = str(error)
        except Exception as error:  # noqa: BLE001  it would meet the run again at every claim
            told = _mistake(run, error)
        return Ending(RunState.DEAD, told) if execution is None else execution.broken_off(told)

    def _end(self, run: Run, event: Event | None, ending: Ending) -> None:
        now = self._workshop.clock()
        try:
            self._write_end(run, event, ending, now)
        except Unwritable as error:  # the result of its last step
            ending = Ending(RunState.DEAD, str(error))
            self._write_end(run, event, ending, now)
        except JournalError:
            raise
        except Exception as error:  # noqa: BLE001  held by a worker that does nothing about it, the run would stand for ever
            ending = Ending(RunState.DEAD, _mistake(run, error))
            self._write_end(run, None, ending, now)
        say = logs.info if ending.state is RunState.SUCCEEDED else logs.warning
        seconds = max(now - (run.started_at or now), 0)  # unless the clock was set back meanwhile
        say("run", id=run.id, rule=run.rule, state=str(ending.state), seconds=seconds, event=run.event_id, error=ending.error)

    def _write_end(self, run: Run, event: Event | None, ending: Ending, now: float) -> None:
        following = self._follow(run, ending, event) if event else None
        self._journal.end_run(run, ending.state, now, ending.error, following, ending.response, ending.before)

    def _drain(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while self._halts and time.monotonic() < deadline and self._signals < 2:
            with contextlib.suppress(JournalError):  # it shows itself to the runs that go on
                self._tenure.keep()
                self._cancel()
            self._flush(self._workshop.clock())
            self._wake.wait(_GLANCE)
            self._wake.clear()
        for _, halt in list(self._halts.values()):
            halt.stop()


def _mistake(run: Run, error: Exception) -> str:
    """Words for one of ours, while it is handled."""
    logs.exception("a run could not be carried on", run=run.id, rule=run.rule)
    return f"hookrules made a mistake ({type(error).__name__}); its log says where"
