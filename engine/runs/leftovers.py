"""What a worker that died left running of a run: found by the journal, and ended before the run goes on."""

from collections.abc import Callable, Iterable

from hookrules.actions import remnants
from hookrules.actions.processes import GRACE
from hookrules.engine import logs
from hookrules.engine.journal import Work
from hookrules.engine.model import Run, Step, StepState


def end_leftovers(run: Run, steps: Iterable[Step], key: Callable[[Step], str], journal: Work) -> None:
    """`steps` are as the claim found them, and `key` gives a step's idempotency key, which all of its processes carry."""
    interrupted = [step for step in steps if step.state is StepState.RUNNING]
    if not interrupted:
        return
    marks = journal.processes(run.id)
    for step in interrupted:
        ended = remnants.end(remnants.trace(key(step), marks.get(step.key)), GRACE)
        if ended.found:
            logs.warning("ended what an earlier worker left running", run=run.id, rule=run.rule, step=step.key, pids=ended.found)
        if ended.left:
            logs.error("what an earlier worker left running can't be ended", run=run.id, step=step.key, pids=ended.left)
