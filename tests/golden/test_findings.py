"""Broken files and what is said of each. HOOKRULES_GOLDEN=write writes the expected texts anew: read the difference then."""

import os
from pathlib import Path

import pytest

from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import check_files

FOLDER = Path(__file__).parent / "findings"
CASES = sorted(path for path in FOLDER.glob("*.yaml") if path.name != "hookrules.yaml")
ENVIRON = {"GITHUB_WEBHOOK_SECRET": "0123456789abcdef", "CHAT_URL": "https://chat.example.com/hook", "EMPTY": "", "SHORT": "1234"}


def told(finding: Finding) -> str:
    meant = f"; did you mean '{finding.suggestion}'?" if finding.suggestion else ""
    file = Path(finding.file).name
    message = finding.message.replace(f"{FOLDER}/", "")
    return f"{file}:{finding.line}:{finding.column}: {finding.level}: {message} ({finding.code}){meant}"


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_broken_file_is_told_as_expected(path: Path) -> None:
    findings = check_files([path], config_path=FOLDER / "hookrules.yaml", environ=ENVIRON)
    text = "".join(f"{told(finding)}\n" for finding in findings)
    expected = path.with_suffix(".txt")
    if os.environ.get("HOOKRULES_GOLDEN") == "write":
        expected.write_text(text, "utf-8")
    assert text == expected.read_text("utf-8")


def test_six_mistakes_in_one_file_are_all_told() -> None:
    findings = check_files([FOLDER / "six-mistakes.yaml"], config_path=FOLDER / "hookrules.yaml", environ=ENVIRON)
    assert len({finding.line for finding in findings}) >= 6


def test_what_only_looks_wrong_is_not_told() -> None:
    assert not check_files([FOLDER / "fine.yaml"], config_path=FOLDER / "hookrules.yaml", environ=ENVIRON)
