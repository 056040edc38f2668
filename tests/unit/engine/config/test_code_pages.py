"""Each finding's page is true: its wrong file has the finding, its right one has none."""

import json
from pathlib import Path

import pytest
from support_docs import AROUND, ENVIRON

from hookrules.engine.config.code_pages import code_pages
from hookrules.engine.config.codes import Code
from hookrules.engine.config.findings import Finding
from hookrules.engine.config.loading import check_files, load
from hookrules.engine.config.yaml_nodes import plain
from hookrules.engine.config.yaml_reader import read_text

NO_TEXT_SHOWS_IT = {Code.UNREADABLE_FILE, Code.NOT_TEXT, Code.TOO_DEEP, Code.CERTIFICATE, Code.NOT_INSTALLED, Code.UNUSABLE_PACKAGE}
SHOWN = [code for code in Code if code not in NO_TEXT_SHOWS_IT]


def findings(text: str, folder: Path) -> list[Finding]:
    root = plain(read_text(text, "file").root)
    keys = {key for key in ("rules", "tests") if isinstance(root, dict) and isinstance(root.get(key), list)} or (
        {"rules"} if root is None else set()
    )
    (folder / "rules").mkdir()
    (folder / "hookrules.yaml").write_text(json.dumps(AROUND))
    name = "rules/example.yaml" if "rules" in keys else "rules/example.test.yaml" if keys else "hookrules.yaml"
    (folder / name).write_text(text)
    if not keys:
        return list(load(folder / name, environ=ENVIRON).findings)
    return list(check_files([folder / name], config_path=folder / "hookrules.yaml", environ=ENVIRON))


def test_every_code_has_its_page() -> None:
    assert list(code_pages()) == list(Code)
    assert {code for code, page in code_pages().items() if page.wrong is None} == NO_TEXT_SHOWS_IT


@pytest.mark.parametrize("code", SHOWN)
def test_the_wrong_file_of_a_page_has_the_finding(code: Code, tmp_path: Path) -> None:
    assert code in {finding.code for finding in findings(code_pages()[code].wrong or "", tmp_path)}


@pytest.mark.parametrize("code", SHOWN)
def test_the_right_file_of_a_page_has_none(code: Code, tmp_path: Path) -> None:
    assert findings(code_pages()[code].right or "", tmp_path) == []
