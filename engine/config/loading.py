"""hookrules.yaml and its rules → settings, rules and every finding of all files, in one go. No user input raises here."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hookrules.actions import refused_packages
from hookrules.engine.collector import without_collections
from hookrules.engine.config.answer_checks import check_answers
from hookrules.engine.config.codes import Code
from hookrules.engine.config.events import Others, check_events
from hookrules.engine.config.exposure import check_exposure
from hookrules.engine.config.findings import Finding, Level, errors
from hookrules.engine.config.path_checks import BY_CATALOGUE
from hookrules.engine.config.rule_files import RuleFile, check_rule_file, files_of_tests, is_test, rule_files
from hookrules.engine.config.rule_test_files import Nameable, check_test_file
from hookrules.engine.config.ruleset import Ruleset
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.settings_file import SettingsFile, check_settings, read_settings, with_all_sources
from hookrules.engine.config.settings_loading import in_order, usable
from hookrules.engine.config.shadowing import check_shadowing
from hookrules.engine.config.wiring import catalogues_of
from hookrules.engine.config.written import Known
from hookrules.engine.config.yaml_nodes import Document, MappingNode, SequenceNode, child, plain
from hookrules.engine.config.yaml_reader import read_file
from hookrules.engine.sources.catalogue import Catalogue

Catalogues = Callable[[Settings], Mapping[str, Catalogue]]
"""Settings → what the events of their sources look like, by source; paths are held against that."""

_USUAL_FOLDER = Settings.model_fields["rules"].default


@dataclass(frozen=True, slots=True)
class Loaded:
    """`settings` is None where hookrules.yaml has an error, `ruleset` where any file has one. Findings stand in order of their places."""

    settings: Settings | None
    ruleset: Ruleset | None
    findings: tuple[Finding, ...]
    nameable: Nameable = field(default_factory=Nameable)
    """What tests of the rules may name, as far as that can be told."""
    rules: str = _USUAL_FOLDER
    """The folder of the rules."""


def load(
    config_path: Path, *, environ: Mapping[str, str] | None, catalogues: Catalogues | None = None, rules: Path | None = None
) -> Loaded:
    """Everything that `config_path` leads to. Without `catalogues` no path is checked, and no package: a server starts sooner so.

    Without `environ` placeholders stand in for secrets: good for all that proves nothing and sends nothing. `rules` is another folder of
    rules than the one that the configuration names.
    """
    with without_collections():
        read = read_settings(config_path, environ)
        known = _known_by(read, catalogues)
        files, missing = _read_rules(read, config_path.parent, known, rules)
        findings = [*read.findings, *missing, *_findings_of(files, known)]
        findings += _refused_packages(config_path) if catalogues else ()
        untold = _untold(files, known, catalogues) if catalogues else None
        told = in_order(findings, [read.document, *(file.document for file in files)], untold)
        ruleset = None if errors(told) else Ruleset.of(written.rule for file in files for written in file.rules)
    return Loaded(usable(read), ruleset, told, _nameable(read, files, known), read.settings.rules if read.settings else _USUAL_FOLDER)


def check_files(
    paths: Sequence[Path], *, config_path: Path | None, environ: Mapping[str, str], catalogues: Catalogues = catalogues_of
) -> tuple[Finding, ...]:
    """The findings of these files and folders alone, held against the configuration at `config_path` and all of its rules.

    A file outside of the configuration's rules is checked as if it were one of them.
    """
    documents = [document for path in paths for document in _documents(path)]
    settings = [document for document in documents if _is_settings(document)]
    tests = [document for document in documents if is_test(document.file)]
    read = read_settings(config_path, environ) if config_path else None
    known = _known_by(read, catalogues)
    mine = [check_rule_file(document, known) for document in documents if document not in settings and document not in tests]
    chosen = {Path(document.file).resolve() for document in documents}
    around = _read_rules(read, config_path.parent, known)[0] if read and config_path else []
    others = [file for file in around if Path(file.document.file).resolve() not in chosen]
    findings = [finding for finding in _findings_of([*others, *mine], known) if Path(finding.file).resolve() in chosen]
    nameable = _nameable(read, [*others, *mine], known)
    findings += [finding for document in tests for finding in check_test_file(document, nameable).findings]
    for document in settings:
        findings += check_settings(document, Path(document.file).parent, environ).findings
    return in_order(findings, documents, _untold(mine, known, catalogues) | _untold_of_tests(tests))


def check_tests(loaded: Loaded, folder: Path) -> tuple[Finding, ...]:
    """The findings of the tests beside the rules. `folder` is where hookrules.yaml lies."""
    root = folder / loaded.rules
    try:
        documents = [read_file(path) for path in files_of_tests(root)] if root.is_dir() else []
    except OSError:
        return ()  # which is told of the rules there
    findings = [finding for document in documents for finding in check_test_file(document, loaded.nameable).findings]
    return in_order(findings, documents, _untold_of_tests(documents))


def _nameable(read: SettingsFile | None, files: Sequence[RuleFile], known: Known) -> Nameable:
    names = read.names if read is not None and read.settings is not None else {}
    built = {written.rule.name: written.rule for file in files for written in file.rules}
    rules = {named.name for file in files for named in file.names} if _all_read(files) else None
    return Nameable(names.get("sources"), names.get("schedules"), names.get("secrets"), rules, built, known.catalogues)


def _all_read(files: Sequence[RuleFile]) -> bool:
    return all(file.document.root is not None or not file.document.findings for file in files)


def _refused_packages(config_path: Path) -> Iterator[Finding]:
    for message in refused_packages(Settings.model_fields):
        yield Finding(str(config_path), 1, 1, Level.WARNING, Code.UNUSABLE_PACKAGE, message)


def _documents(path: Path) -> Iterator[Document]:
    try:
        yield from map(read_file, rule_files(path))
    except OSError:
        yield read_file(path)


def _is_settings(document: Document) -> bool:
    """hookrules.yaml by its name, or by its keys where it has another."""
    if Path(document.file).name in ("hookrules.yaml", "hookrules.yml"):
        return True
    root = document.root
    if not isinstance(root, MappingNode) or isinstance(child(root, "rules"), SequenceNode):
        return False
    return not root.entries.keys().isdisjoint(set(Settings.model_fields) - {"rules"})


def _known_by(read: SettingsFile | None, catalogues: Catalogues | None) -> Known:
    if read is None or read.settings is None:
        return Known()
    unproven = {name for name, source in read.settings.sources.items() if source.verify == "none"}
    looks = _looks(read.settings, read.document, catalogues) if catalogues else {}
    names = read.names
    return Known(names["sources"], names["schedules"], names["secrets"], unproven, names, read.settings.services(), looks)


def _looks(settings: Settings, document: Document, catalogues: Catalogues) -> Mapping[str, Catalogue]:
    """What events look like: as published alone, where the key to a journal is at fault, which is told."""
    locked = settings.encryption is None and (plain(document.root) or {}).get("encryption") is not None
    return (catalogues_of if locked else catalogues)(with_all_sources(settings, document))


def _read_rules(read: SettingsFile, folder: Path, known: Known, elsewhere: Path | None = None) -> tuple[list[RuleFile], list[Finding]]:
    """The rule files that the settings lead to, read and checked one by one; where these can't be read, those of the usual folder."""
    where = read.settings.rules if read.settings else _USUAL_FOLDER
    root = folder / where if elsewhere is None else elsewhere
    try:
        if root.exists():
            return [check_rule_file(read_file(path), known) for path in rule_files(root)], []
        why = "does not exist; create it, or name another with 'rules'"
    except OSError as problem:
        why = f"can't be read: {(problem.strerror or str(problem)).lower()}"
    if read.settings is None:
        return [], []
    line, column = read.document.locate(("rules",))
    return [], [Finding(read.document.file, line, column, Level.ERROR, Code.NO_RULES, f"the folder of rules, '{where}', {why}")]


def _findings_of(files: Sequence[RuleFile], known: Known) -> Iterator[Finding]:
    others = _others(files) if _all_read(files) else Others()
    yield from _duplicates(files)
    yield from check_shadowing([written for file in files for written in file.rules])
    yield from check_answers([written for file in files for written in file.rules])
    for file in files:
        yield from file.findings
        for written in file.rules:
            yield from check_events(written, known, others)
            yield from check_exposure(written, known)


def _others(files: Sequence[RuleFile]) -> Others:
    steps = [step for file in files for written in file.rules for _, step in written.steps]
    return Others(
        {named.name for file in files for named in file.names},
        {source for step in steps for source in step.action.sources_made()},
    )


def _duplicates(files: Iterable[RuleFile]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for named in (named for file in files for named in file.names):
        document = named.document
        line, column = document.locate((*named.path, "name"))
        place = first.setdefault(named.name, f"{document.file}:{line}")
        if place != f"{document.file}:{line}":
            message = f"there is a rule '{named.name}' already, at {place}"
            yield Finding(document.file, line, column, Level.ERROR, Code.DUPLICATE_RULE, message)


def _untold(files: Iterable[RuleFile], known: Known, catalogues: Catalogues) -> dict[str, Collection[str]]:
    """By file the codes that nobody can say are not there: what is said of paths changes with what has come, unless that is published."""
    published = set(known.catalogues if catalogues is catalogues_of else ())
    return {file.document.file: BY_CATALOGUE for file in files if not _senders(file, known) <= published}


def _untold_of_tests(documents: Iterable[Document]) -> dict[str, Collection[str]]:
    """Of whose events they are is not looked at here: nothing is said of an ignored type."""
    return {document.file: {str(Code.UNKNOWN_EVENT)} for document in documents}


def _senders(file: RuleFile, known: Known) -> set[str]:
    """The sources that the file's rules are on; those of the engine itself are none."""
    heads = {pattern.partition(".")[0] for written in file.rules for _, pattern in written.patterns}
    return heads if known.sources is None else heads & {*known.sources, "*"}
