"""The journal's counts in Prometheus' text format, version 0.0.4 (prometheus.io, "Exposition formats").

They are gauges: retention takes events and runs out of the journal again.
"""

from collections.abc import Mapping

from hookrules.engine.model import RunState
from hookrules.engine.reloads import LastReload

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def exposition(counts: Mapping[str, int], last_reload: LastReload | None = None) -> str:
    """`counts` as the journal gives them: `events`, `runs.<state>`, `breakers.open`, `refusals.<status>.<source>`; names of sources need no
    escapes."""
    lines = [
        "# HELP hookrules_journal_events Events that the journal holds.",
        "# TYPE hookrules_journal_events gauge",
        f"hookrules_journal_events {counts.get('events', 0)}",
        "# HELP hookrules_journal_runs Runs that the journal holds, by the state they are in.",
        "# TYPE hookrules_journal_runs gauge",
    ]
    lines += [f'hookrules_journal_runs{{state="{state}"}} {counts.get(f"runs.{state}", 0)}' for state in RunState]
    lines += ["# HELP hookrules_open_breakers Targets that are not called, since they failed.", "# TYPE hookrules_open_breakers gauge"]
    lines.append(f"hookrules_open_breakers {counts.get('breakers.open', 0)}")
    lines += ["# HELP hookrules_refusals_total Deliveries that were not taken.", "# TYPE hookrules_refusals_total counter"]
    lines += [_refusals(name, count) for name, count in counts.items() if name.startswith("refusals.")]
    lines += _reload(last_reload) if last_reload else []
    return "\n".join(lines) + "\n"


def _refusals(name: str, count: int) -> str:
    _, status, source = name.split(".", 2)
    return f'hookrules_refusals_total{{source="{source}",status="{status}"}} {count}'


def _reload(last: LastReload) -> list[str]:
    return [
        "# HELP hookrules_last_reload_taken Whether the rules and the configuration are in force as they were when they were last read.",
        "# TYPE hookrules_last_reload_taken gauge",
        f"hookrules_last_reload_taken {int(last.refused is None)}",
        "# HELP hookrules_last_reload_timestamp_seconds When that was.",
        "# TYPE hookrules_last_reload_timestamp_seconds gauge",
        f"hookrules_last_reload_timestamp_seconds {last.at:.3f}",
    ]
