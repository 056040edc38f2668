"""A project: hookrules.yaml, its rules and its journal, as the verbs use them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hookrules.engine.cli.findings import from_here, tally
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.settings_loading import load_encryption, load_settings_only
from hookrules.engine.errors import ConfigurationError, UsageError
from hookrules.engine.journal import Journal, Reading, Watching
from hookrules.engine.journal.opening import open_journal
from hookrules.engine.model import Event, Run

if TYPE_CHECKING:  # most verbs ask nothing of rules, and what reads these takes most of the time that a verb needs to start
    from hookrules.engine.config.loading import Catalogues, Loaded
    from hookrules.engine.config.ruleset import Ruleset

_IN_MEMORY = "sqlite://"


@dataclass(frozen=True, slots=True)
class Project:
    """A configuration that can be used. `findings` are its warnings."""

    config: Path
    folder: Path
    """Where hookrules.yaml lies: its relative paths start here."""
    settings: Settings
    ruleset: "Ruleset"
    findings: tuple[Finding, ...]
    dry_run: bool = False
    """Whether what steps would do is described instead of done."""


def load_project(config: Path, environ: Mapping[str, str] | None = os.environ, rules: Path | None = None) -> Project:
    """Without `environ` placeholders stand in for secrets. `rules` is another folder of rules than the configuration's.

    Raises UsageError where there is no such file, ConfigurationError with every finding where it can't be used.
    """
    from hookrules.engine.config.loading import load

    loaded = load(present(config), environ=environ, rules=rules)
    if loaded.settings is None or loaded.ruleset is None:
        raise _unusable(config, loaded.findings)
    return Project(config, config.parent, loaded.settings, loaded.ruleset, loaded.findings)


def load_all(config: Path, catalogues: "Catalogues | None" = None) -> "Loaded":
    """What loading comes to, errors and all; paths are held against the catalogues. Raises UsageError where there is no such file."""
    from hookrules.engine.config.loading import load

    return load(present(config), environ=os.environ, catalogues=catalogues)


def present(config: Path) -> Path:
    """Raises UsageError where there is no such file."""
    if config.is_dir():
        raise UsageError(f"{config} is a folder; name the file in it: -c {config / 'hookrules.yaml'}")
    if not config.exists():
        raise UsageError(f"there is no {config}; `hookrules init` writes a starter, -c names another file")
    return config


def open_journal_of(project: Project) -> Journal:
    """Raises JournalError where it can't be opened; a new one is created."""
    return _open(project.settings, project.folder)


def _open(settings: Settings, folder: Path) -> Journal:
    return open_journal(settings.store, folder, settings.encryption_keys())


def with_journal_key(project: Project) -> Project:
    """A project that was loaded without secrets, with what its journal needs. Raises ConfigurationError."""
    return replace(project, settings=_with_key(project.settings, project.config))


def _with_key(settings: Settings, config: Path) -> Settings:
    if settings.encryption is None:
        return settings
    loaded = load_encryption(config, environ=os.environ)
    if loaded.settings is None:
        raise _unusable(config, loaded.findings)
    return settings.model_copy(update={"encryption": loaded.settings.encryption})


@contextmanager
def journal_for_reading(config: Path) -> Iterator[Reading]:
    """The journal as it stands, also where the rules are broken; an empty one where nothing has been written yet, and creates none."""
    with journal_of(load_journal_settings(config), config.parent) as journal:
        yield journal


def load_settings(config: Path, environ: Mapping[str, str] | None = os.environ, *, at_hand: bool = False) -> Settings:
    """hookrules.yaml without its rules. Without `environ` placeholders stand in for secrets; `at_hand`: for those that can't be had here.

    Raises UsageError where there is no such file, ConfigurationError where it can't be used.
    """
    loaded = load_settings_only(present(config), environ=environ, at_hand=at_hand)
    if loaded.settings is None:
        raise _unusable(config, loaded.findings)
    return loaded.settings


def load_journal_settings(config: Path) -> Settings:
    """The same with no secrets but the journal's: whoever looks into it or steers its runs may have no others. Raises likewise."""
    return _with_key(load_settings(config, environ=None), config)


def load_settings_at_hand(config: Path) -> Settings:
    """The same with the journal's secrets, and of the others those that can be had here: for what masks them. Raises likewise."""
    return _with_key(load_settings(config, at_hand=True), config)


@contextmanager
def journal_of(settings: Settings, folder: Path) -> Iterator[Reading]:
    """The journal for reading; an empty one where nothing has been written yet, and creates none."""
    there = settings.store_file(folder).exists()
    journal = _open(settings, folder) if there else open_journal(_IN_MEMORY, folder)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def journal_for_steering(config: Path) -> Iterator[Journal]:
    """The journal as it stands, for what people ask of its runs. Raises UsageError where nothing has been written yet."""
    settings = load_journal_settings(config)
    if not settings.store_file(config.parent).exists():
        raise UsageError("nothing has run yet: there is no journal")
    journal = _open(settings, config.parent)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def journal_of_settings(settings: Settings, folder: Path) -> Iterator[Journal]:
    """The journal for writing; a new one is created."""
    journal = _open(settings, folder)
    try:
        yield journal
    finally:
        journal.close()


@contextmanager
def journal_for_watching(project: Project) -> Iterator[Watching]:
    """What rules for several events have found so far; nothing where nothing has been written yet."""
    there = project.settings.store_file(project.folder).exists()
    journal = _open(project.settings, project.folder) if there else open_journal(_IN_MEMORY, project.folder)
    try:
        yield journal
    finally:
        journal.close()


def run_named(journal: Reading, run_id: str) -> Run:
    """Raises UsageError where there is none."""
    run = journal.run(run_id)
    if run is None:
        raise UsageError(f"there is no run {run_id}; `hookrules runs` lists them")
    return run


def with_payload(event: Event) -> Event:
    """Raises UsageError where nothing can be done with the event any more."""
    if not event.payload_kept:
        raise UsageError(f"the payload of {event.id} is gone: it is older than `retention.payloads` keeps it")
    return event


def _unusable(config: Path, findings: Sequence[Finding]) -> ConfigurationError:
    found = from_here(findings, Path.cwd())
    return ConfigurationError(f"{config} can't be used: {tally(found)}", found)
