"""`hookrules backtest`: stored events against rules as they are now, or those of another folder."""

import time
from pathlib import Path

import click

from hookrules.engine.cli import backtest_report
from hookrules.engine.cli.backtest_slices import Asked, tally
from hookrules.engine.cli.names import meant
from hookrules.engine.cli.options import format_option, since_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import Project, journal_of, load_project, with_journal_key
from hookrules.engine.config.source_settings import RESERVED_SOURCES
from hookrules.engine.errors import UsageError
from hookrules.engine.journal import EventFilter, RunFilter


@click.command()
@click.option("--rules", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Other rules than the configuration's.")
@since_option("7d", "How far back.")
@click.option("--source", metavar="NAME", help="Only events of this source.")
@click.option("--rule", metavar="NAME", help="Only this rule.")
@format_option
@click.pass_obj
def command(config: Path, folder: Path | None, since: float, source: str | None, rule: str | None, form: str) -> int:
    """Compares what fired then, by the rules of then, with what would fire now. Of a rule that was changed and fires both times, the steps
    are described, as `hookrules test` does, and compared; steps count as succeeded. Nothing is done, and no secret is read but the key
    of an encrypted journal.

    Rules that fire for several events together, or for none, are left out. Ends with 1 where anything differs.
    """
    if folder is not None and not folder.is_dir():
        raise UsageError(f"--rules: there is no folder {folder}")
    project = with_journal_key(load_project(config, environ=None, rules=folder))
    _look_up(project, source, rule)
    told = tally(project, Asked(time.time() - since, source, rule))
    if form == "json":
        write_json(backtest_report.as_json(told))
    else:
        backtest_report.write(told)
    return 1 if told.changed else 0


def _look_up(project: Project, source: str | None, rule: str | None) -> None:
    """Raises UsageError for a name that neither the rules and the configuration know nor the journal: nothing would differ by it."""
    if source is None and rule is None:
        return
    rules = project.ruleset.rules
    sources = {
        *project.settings.sources,
        *RESERVED_SOURCES,
        *(pattern.partition(".")[0] for each in project.ruleset for pattern in each.on),
    }
    with journal_of(project.settings, project.folder) as journal:
        if source is not None and source not in sources and not journal.events(EventFilter(source, limit=1)):
            raise UsageError(f"there is no source '{source}', and no event of it in the journal{meant(source, project.settings.sources)}")
        if rule is not None and rule not in rules and not journal.runs(RunFilter(rule, limit=1)):
            raise UsageError(f"there is no rule '{rule}', and no run of it in the journal{meant(rule, rules)}")
