"""The files of rules/ → rules and findings, one file at a time."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from hookrules.engine.config.codes import Code
from hookrules.engine.config.dead_conditions import check_conditions
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.config.machine import check_machine
from hookrules.engine.config.mended_lines import entry_alone
from hookrules.engine.config.names import check_names
from hookrules.engine.config.path_checks import check_paths
from hookrules.engine.config.problems import findings_of, findings_of_faults
from hookrules.engine.config.reach_checks import check_reach
from hookrules.engine.config.rules import RULE_KEYS, RuleFields
from hookrules.engine.config.ruleset import build_remains, build_rule
from hookrules.engine.config.suggestions import closest
from hookrules.engine.config.traps import traps_in
from hookrules.engine.config.written import Known, WrittenRule
from hookrules.engine.config.yaml_nodes import Document, MappingNode, Node, ScalarNode, SequenceNode, child, plain
from hookrules.engine.config.yaml_nodes import Path as Place

_TESTS = (".test.yaml", ".test.yml")
_ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A name that a file gives to a rule, whether or not the rest of the rule can be used."""

    name: str
    document: Document
    path: Place


@dataclass(frozen=True, slots=True)
class RuleFile:
    document: Document
    rules: tuple[WrittenRule, ...] = ()
    """With errors among the findings, some are only what is left of one (`build_remains`)."""
    names: tuple[NamedRule, ...] = ()
    findings: tuple[Finding, ...] = ()


def rule_files(root: Path) -> list[Path]:
    """Every rule file under `root`, in the order of their names; `root` itself where it is a file.

    What begins with a dot is passed over: editors and mounted volumes keep copies there. So is a named pipe, which would be waited for.
    Raises OSError.
    """
    if not root.is_dir():
        return [root]
    return sorted(path for path in _under(root, set()) if not is_test(path.name))


def files_of_tests(root: Path) -> list[Path]:
    """Every file of tests under `root`, likewise."""
    if not root.is_dir():
        return [root]
    return sorted(path for path in _under(root, set()) if is_test(path.name))


def _under(folder: Path, seen: set[str]) -> Iterator[Path]:
    real = os.path.realpath(folder)
    if real in seen:  # a link to a folder above
        return
    seen.add(real)
    with os.scandir(folder) as entries:
        found = list(entries)
    for entry in found:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _under(folder / entry.name, seen)
        elif entry.name.endswith(_ENDINGS) and (entry.is_file() or entry.is_symlink()):  # where a link leads nowhere, that is a finding
            yield folder / entry.name


def is_test(name: str) -> bool:
    return name.endswith(_TESTS)


def check_rule_file(document: Document, known: Known) -> RuleFile:
    listed, findings = _listed(document)
    rules: list[WrittenRule] = []
    names: list[NamedRule] = []
    for position, node in enumerate(listed):
        path: Place = ("rules", position)
        name = child(node, "name")
        if isinstance(name, ScalarNode) and name.text:
            names.append(NamedRule(name.text, document, path))
        rule, said = _check_rule(document, node, path)
        findings += said
        if rule:
            rules.append(rule)
            findings += check_machine(rule)
            findings += check_reach(rule, known)
            findings += check_names(rule, known)  # at once, while its templates are still in templating's cache
            findings += check_conditions(rule)
            findings += check_paths(rule, known.catalogues)
    return RuleFile(document, tuple(rules), tuple(names), (*document.findings, *findings))


def _listed(document: Document) -> tuple[tuple[Node, ...], list[Finding]]:
    root = document.root
    if root is None or (isinstance(root, ScalarNode) and root.value is None):
        return (), []
    if not isinstance(root, MappingNode):
        return (), [_error(document, (), Code.WRONG_VALUE, "a rule file begins with 'rules:', and its rules are a list under that")]
    findings = [_unknown(document, key) for key in root.entries if key != "rules"]
    rules = child(root, "rules")
    if isinstance(rules, SequenceNode):
        return rules.items, findings
    if not (isinstance(rules, ScalarNode) and rules.value is None) and rules is not None:
        findings.append(_error(document, ("rules",), Code.WRONG_VALUE, "'rules' is a list: each rule begins with '- name:'"))
    return (), findings


def _unknown(document: Document, key: str) -> Finding:
    line, column = document.locate_key((key,))
    if key in RULE_KEYS:
        message = f"'{key}' belongs to a rule, and rules are a list under 'rules:'"
        entry = entry_alone(document, (key,))
        suggestion = entry and f"{'  - ' if key == 'name' else '    '}{entry}"
    else:
        message, suggestion = f"unknown key '{key}' in a rule file", closest(key, ["rules"])
    return Finding(document.file, line, column, Level.ERROR, Code.UNKNOWN_KEY, message, suggestion)


def _error(document: Document, path: Place, code: Code, message: str) -> Finding:
    line, column = document.locate(path)
    return Finding(document.file, line, column, Level.ERROR, code, message)


def _check_rule(document: Document, node: Node, path: Place) -> tuple[WrittenRule | None, list[Finding]]:
    written = plain(node)
    traps = list(traps_in(document, node))
    try:
        return WrittenRule(build_rule(written, document.file, node.line), document, path), traps
    except ValidationError as error:
        findings = findings_of(error, RuleFields, document, path)
        part = build_remains(written, error, document.file, node.line)
        if part is None:
            return None, _beside(findings, traps, document)
        findings += findings_of_faults(part.faults, RuleFields, document, path)
        return WrittenRule(part.rule, document, path, part.taken, part.touched, whole=False), _beside(findings, traps, document)


def _beside(findings: list[Finding], traps: list[Finding], document: Document) -> list[Finding]:
    """A trap or a YAML mistake explains whatever else is wrong in its line; a trap that does so is an error."""
    faulty = {finding.line for finding in findings}
    explained = {finding.line for finding in (*traps, *document.findings)}
    sharp = [replace(trap, level=Level.ERROR) if trap.line in faulty else trap for trap in traps]
    return sharp + [finding for finding in findings if finding.line not in explained]
