"""What a verb imports is most of the time that it takes to start: those that ask nothing of rules load nothing that reads rules."""

import subprocess
import sys

import pytest

_OF_RULES = {"jinja2", "jsonpath_ng", "re2", "hookrules.engine.config.rules", "sqlalchemy", "apscheduler", "urllib3", "cryptography"}


@pytest.mark.parametrize("verb", ["runs", "events", "show", "cancel", "approve"])
def test_a_verb_that_only_asks_the_journal_starts_without_what_reads_rules(verb: str) -> None:
    code = f"import sys, hookrules.engine.cli.{verb}; print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert _OF_RULES.isdisjoint(imported)


def test_help_imports_no_verb() -> None:
    code = "import sys; from hookrules.engine.cli import main; main(['--help']); print(*sys.modules)"
    imported = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"pydantic", "yaml", "rich", "sqlite3"}.isdisjoint(imported)
