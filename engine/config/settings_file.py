"""hookrules.yaml → Settings and findings."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pydantic import ValidationError

from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.server_checks import check_server
from hookrules.engine.config.server_settings import Server
from hookrules.engine.config.settings import Settings, settings_with
from hookrules.engine.config.source_checks import check_source
from hookrules.engine.config.source_settings import SourceSettings
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.yaml_nodes import Document, Path, plain
from hookrules.engine.config.yaml_reader import read_file
from hookrules.engine.secret import SHORTEST, AtHand, Placeholders, Vault, secrets_in
from hookrules.engine.sources import provider, providers

CheckCron = Callable[[str, str], object]
"""Takes a cron text and a time zone; raises ValueError, in a sentence for its writer, for one that can't be worked out."""

_READ_OVER: Mapping[tuple[str, ...], frozenset[str]] = {(): Settings.read_over, ("server",): Server.read_over}


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """hookrules.yaml as read. `settings` leaves out what can't be used; with an error among the findings it is for checks only."""

    document: Document
    settings: Settings | None
    findings: tuple[Finding, ...]
    names: Mapping[str, Collection[str]]
    """What each section names, also where an entry can't be used."""


def read_settings(path: FilePath, environ: Mapping[str, str] | None, *, at_hand: bool = False) -> SettingsFile:
    """Without `environ` no secret is read: placeholders stand in for all of them. `at_hand`: for those that can't be had here."""
    return check_settings(read_file(path), path.parent, environ, at_hand=at_hand)


def read_section(path: FilePath, section: str, environ: Mapping[str, str]) -> SettingsFile:
    """One section of a file that was read without its secrets, with them: they are not asked of the others."""
    document = read_file(path)
    data = plain(document.root) or {}
    written = {section: data[section]} if section in data else {}
    settings, problems = _validated(settings_with(written.keys()), written, document, {"vault": Vault(environ, path.parent)})
    return SettingsFile(document, settings, tuple(problems), {})


def check_settings(document: Document, folder: FilePath, environ: Mapping[str, str] | None, *, at_hand: bool = False) -> SettingsFile:
    data = plain(document.root)
    if document.root is None and document.findings:
        return SettingsFile(document, None, document.findings, {})
    if not isinstance(data, dict | None):
        finding = _at_root(document, "hookrules.yaml is a mapping, with keys like 'server', 'sources' and 'secrets'")
        return SettingsFile(document, None, (*document.findings, finding), {})
    read_over = list(_read_over(document, data or {}))
    written = {key: _kept(key, value) for key, value in (data or {}).items() if value is not None and key not in Settings.read_over}
    model = settings_with(written.keys())
    names = {key: _keys(written.get(key)) for key in model.model_fields}
    vault = Placeholders(folder) if environ is None else (AtHand if at_hand else Vault)(environ, folder)
    settings, problems = _validated(model, written, document, {"vault": vault})
    findings = [*document.findings, *read_over, *problems]
    if settings:
        findings += _checks(settings, document)
        findings += check_server(settings, document, folder, with_files=environ is not None and not at_hand)
    return SettingsFile(document, settings, tuple(findings), names)


def with_all_sources(settings: Settings, document: Document) -> Settings:
    """The settings with sources that can't be used, too, as far as they say who sends: that tells what their events look like."""
    known = {name: source for name, source in _left_out(settings, document).items() if source.provider in (None, *providers())}
    return settings.model_copy(update={"sources": {**settings.sources, **known}})


def _left_out(settings: Settings, document: Document) -> dict[str, SourceSettings]:
    """The sources that can't be used, with no more than their provider."""
    section = (plain(document.root) or {}).get("sources")
    written = section if isinstance(section, dict) else {}
    return {name: _sender(entry) for name, entry in written.items() if name not in settings.sources}


def _sender(entry: Any) -> SourceSettings:
    name = entry.get("provider") if isinstance(entry, dict) else None
    return SourceSettings(provider=name if isinstance(name, str) else None, verify="none")


def _keys(section: Any) -> Collection[str]:
    return section.keys() if isinstance(section, dict) else ()


def _at_root(document: Document, message: str) -> Finding:
    line, column = document.locate(())
    return Finding(document.file, line, column, Level.ERROR, Code.WRONG_VALUE, message)


def _kept(section: str, value: Any) -> Any:
    over = _READ_OVER.get((section,))
    return {key: inner for key, inner in value.items() if key not in over} if over and isinstance(value, dict) else value


def _read_over(document: Document, data: Mapping[str, Any]) -> Iterator[Finding]:
    for path, keys in _READ_OVER.items():
        section = data.get(path[0]) if path else data
        for key in sorted(keys.intersection(section)) if isinstance(section, dict) else ():
            line, column = document.locate_key((*path, key))
            message = f"'{key}' is not part of this version; it is read over"
            yield Finding(document.file, line, column, Level.WARNING, Code.NOT_IN_THIS_VERSION, message)


def _validated(
    model: type[Settings], written: dict[str, Any], document: Document, context: Mapping[str, Any]
) -> tuple[Settings | None, list[Finding]]:
    sound = written
    findings: list[Finding] = []
    for roughly in (False, True, True):
        try:
            return model.model_validate(sound, context=context), findings
        except ValidationError as error:
            from hookrules.engine.config.problems import findings_of  # it knows the models of rules, too, which a sound file has no need of

            findings += findings_of(error, model, document)
            sound = _without_faults(sound, error, model, roughly=roughly)
    return None, findings


def _without_faults(written: Mapping[str, Any], error: ValidationError, model: type[Settings], *, roughly: bool) -> dict[str, Any]:
    """What is left when each unknown key and each entry with any other fault is taken out, so that the others are checked, too."""
    from hookrules.engine.config.remains import copied

    sound = {key: copied(value) for key, value in written.items()}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        path = fault["loc"]
        unknown = not roughly and fault["type"] == "extra_forbidden" and not _is_a_slip(path, model)
        entry = path[:2] if isinstance(sound.get(str(path[0])), dict) else path[:1]
        _take_out(sound, path if unknown else entry[:1] if _is_needed(entry, model) else entry)
    return sound


def _is_needed(entry: Path, model: type[Settings]) -> bool:
    """Whether a section can't be without it, so that it would be missed where only it were taken out."""
    from hookrules.engine.config.shapes import model_at

    section = model_at(model, entry[:-1])
    field = section.model_fields.get(str(entry[-1])) if section else None
    return field is not None and field.is_required()


def _is_a_slip(path: Path, model: type[Settings]) -> bool:
    """Whether an unknown key was meant to be another one, which is then missing."""
    from hookrules.engine.config.shapes import keys_of, model_at

    parent = model_at(model, path[:-1])
    return parent is None or closest(str(path[-1]), keys_of(parent)) is not None


def _take_out(written: Any, path: Path) -> None:
    """The part at the path, if it is still there."""
    part, *rest = path
    if isinstance(written, dict) and rest:
        _take_out(written.get(str(part)), tuple(rest))
    elif isinstance(written, dict):
        written.pop(str(part), None)


def _checks(settings: Settings, document: Document) -> Iterator[Finding]:
    clients = settings.services()["clients"]
    for name, source in settings.sources.items():
        yield from check_source(name, source, document, settings.server.external_url, clients)
    for name, source in _left_out(settings, document).items():
        if source.provider is not None and source.provider not in providers():
            yield from check_source(name, source, document)
    yield from _check_secrets(settings, document)
    for name, schedule in settings.schedules.items():
        try:
            never = schedule.due_times().after(0.0) is None
            wrong = f"{schedule.cron!r} never comes: there is no such day" if never else None
        except ValueError as problem:
            wrong = str(problem)
        if wrong:
            line, column = document.locate(("schedules", name, "every" if schedule.cron is None else "cron"))
            yield Finding(document.file, line, column, Level.ERROR, Code.SCHEDULE, wrong)


def _is_public(source: SourceSettings) -> bool:
    """Whether what proves its deliveries may be read by anyone."""
    return source.provider in providers() and provider(str(source.provider)).public


def _check_secrets(settings: Settings, document: Document) -> Iterator[Finding]:
    public = {name for name, source in settings.sources.items() if _is_public(source)}
    for path, secret in secrets_in(settings):
        if path[0] == "sources" and path[1] in public:
            continue
        line, column = document.locate(path)
        if secret.literal:
            message = "a secret in the file is read by all who read the file; write {env: NAME}, {file: PATH} or {credential: NAME}"
            yield Finding(document.file, line, column, Level.WARNING, Code.SECRET_LITERAL, message)
        if secret.short:
            message = f"the secret from {secret.origin} is shorter than {SHORTEST} characters, so it can't be masked in output"
            yield Finding(document.file, line, column, Level.WARNING, Code.SECRET_SHORT, message)
