"""hookrules.yaml without its rules, for verbs that ask nothing of them: neither conditions nor templates are imported."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine.config.findings import Finding, errors
from hookrules.engine.config.ignores import without_ignored
from hookrules.engine.config.settings import Settings
from hookrules.engine.config.settings_file import SettingsFile, read_section, read_settings
from hookrules.engine.config.yaml_nodes import Document


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """`settings` is None where hookrules.yaml has an error. Findings stand in order of their places."""

    settings: Settings | None
    findings: tuple[Finding, ...]


def load_settings_only(config_path: Path, *, environ: Mapping[str, str] | None, at_hand: bool = False) -> LoadedSettings:
    """Without `environ` placeholders stand in for secrets; `at_hand`: for those that can't be had here."""
    read = read_settings(config_path, environ, at_hand=at_hand)
    return LoadedSettings(usable(read), in_order(read.findings, [read.document]))


def load_encryption(config_path: Path, *, environ: Mapping[str, str]) -> LoadedSettings:
    """`encryption` of hookrules.yaml alone, with its secrets."""
    read = read_section(config_path, "encryption", environ)
    return LoadedSettings(usable(read), read.findings)


def usable(read: SettingsFile) -> Settings | None:
    return None if errors(read.findings) else read.settings


def in_order(
    findings: Iterable[Finding], documents: Iterable[Document], untold: Mapping[str, Collection[str]] | None = None
) -> tuple[Finding, ...]:
    """Sorted by place, each once, without the warnings that their lines silence (`# hookrules: ignore HR119`)."""
    kept = set(without_ignored(findings, documents, untold))
    return tuple(sorted(kept, key=lambda finding: (finding.file, finding.line, finding.column, finding.code, finding.message)))
