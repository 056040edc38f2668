"""`hookrules journal`: the care of the journal."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import click

from hookrules.engine.cli.options import CONFIG_OF_VERB, format_option
from hookrules.engine.cli.output import write_json
from hookrules.engine.cli.project import journal_for_steering, journal_of_settings, load_journal_settings, load_settings
from hookrules.engine.errors import UsageError
from hookrules.engine.journal.opening import file_of
from hookrules.engine.journal.sqlite_care import backup as copy_to
from hookrules.engine.journal.sqlite_care import check as faults_of
from hookrules.engine.journal.sqlite_care import vacuum as write_anew


@click.group()
def command() -> None:
    """All but `vacuum` may be done while hookrules serves."""


def _verb(name: str) -> Callable[[Callable[..., int]], click.Command]:
    def add(function: Callable[..., int]) -> click.Command:
        made = command.command(name, context_settings={"help_option_names": ["-h", "--help"]})(click.pass_obj(function))
        made.params.append(CONFIG_OF_VERB)
        return made

    return add


def _file(config: Path) -> Path:
    """For what looks at the file and not into it: that needs no secret at all."""
    return file_of(load_settings(config, environ=None).store, config.parent)


@_verb("check")
@format_option
def check(config: Path, form: str) -> int:
    """Say whether the file is whole, and what it holds makes sense. Exit code 1 where something is wrong."""
    path = _file(config)
    faults = faults_of(path)
    if form == "json":
        write_json({"journal": str(path), "faults": faults})
    else:
        for fault in faults:
            click.echo(fault)
        if not faults:
            click.echo(f"{path}: all is well")
    return 1 if faults else 0


@_verb("backup")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def backup(config: Path, file: Path) -> int:
    """Copy it into a new FILE, which is checked before it gets its name. To go back: end hookrules, and put FILE in the journal's place."""
    path = _file(config)
    click.echo(f"{file}: a copy of {path}, {copy_to(path, file)} bytes, checked", err=True)
    return 0


@_verb("vacuum")
def vacuum(config: Path) -> int:
    """Give the disk back what is free in the file. Needs hookrules ended, and as much room as the journal takes."""
    path = _file(config)
    before, after = write_anew(path)
    click.echo(f"{path}: {before} bytes before, {after} now", err=True)
    return 0


@_verb("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
def export(config: Path, file: Path | None) -> int:
    """Write rules, events and runs with their steps to FILE, or to standard output: one object of JSON a line, decrypted."""
    with journal_for_steering(config) as journal, _written(file) as out:
        counts = journal.export(out.write)
    click.echo(_told(counts, "exported"), err=True)
    return 0


@_verb("import")
@click.argument("file", type=click.File("rb"))
def import_(config: Path, file: BinaryIO) -> int:
    """Add what an export holds; - is standard input. What is here already stays as it is, so that the same may be imported again."""
    with journal_of_settings(load_journal_settings(config), config.parent) as journal:
        counts = journal.take(file)
    click.echo(_told(counts, "new"), err=True)
    return 0


@contextlib.contextmanager
def _written(file: Path | None) -> Iterator[BinaryIO]:
    """A file gets its name when all of it is on disk. Raises UsageError where it is there already."""
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    if file.exists():
        raise UsageError(f"{file} is there already; name a new file")
    part = file.with_name(f"{file.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as out:  # payloads are for their owner alone
            yield out
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)


def _told(counts: Mapping[str, int], word: str) -> str:
    return f"{word}: " + ", ".join(f"{count} {kind}{'' if count == 1 else 's'}" for kind, count in counts.items())
