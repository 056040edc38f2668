"""Files that a rule writes, in a real folder."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support_actions import surroundings

from hookrules.actions.file import FileAction, FileRoot
from hookrules.engine.errors import TemplateError
from hookrules.engine.model import Outcome


def write(folder: Path, path: str, content: str = "hello", payload: Any = None, **fields: Any) -> Outcome:
    action = FileAction.model_validate({"root": "out", "path": path, "content": content, **fields})
    return action.render({"payload": payload}).perform(surroundings(folder, services={"files": {"out": FileRoot(root="out")}}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path


def test_a_file_is_written_with_the_folders_on_the_way(folder: Path) -> None:
    outcome = write(folder, "a/b/{{ payload.name }}.txt", "{{ payload.x }}", {"name": "naïve name", "x": "ü"})
    assert (outcome.succeeded, outcome.result) == (True, {"path": "a/b/naïve name.txt", "size": 2})
    assert (folder / "out/a/b/naïve name.txt").read_text() == "ü"


def test_replacing_leaves_nothing_else_behind(folder: Path) -> None:
    write(folder, "x", "old")
    write(folder, "x", "new")
    assert (folder / "out/x").read_text() == "new"
    assert [path.name for path in (folder / "out").iterdir()] == ["x"]


def test_lines_of_many_runs_at_once_never_mix(folder: Path) -> None:
    lines = [f"{number:04}" * 5000 + "\n" for number in range(40)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda line: write(folder, "log", line, mode="append"), lines))
    assert all(outcome.succeeded for outcome in outcomes)
    assert sorted((folder / "out/log").read_text().splitlines(keepends=True)) == lines


@pytest.mark.parametrize("value", ["..", ".", "", "a/b", "/etc/passwd", "../x", "a\0b", "a\nb", "\ud800", "x" * 300])
def test_no_value_leads_out_of_its_segment(folder: Path, value: str) -> None:
    with pytest.raises(TemplateError):
        write(folder, "a/{{ payload.x }}", payload={"x": value})


@pytest.mark.parametrize("value", ["..", ".", "x/y"])
def test_a_value_within_a_segment_stays_there(folder: Path, value: str) -> None:
    with pytest.raises(TemplateError):
        write(folder, "{{ payload.x }}{{ payload.x }}", payload={"x": value})


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a//b", "a/../b", "a/"])
def test_a_written_path_that_leads_elsewhere_does_not_load(path: str) -> None:
    with pytest.raises(ValueError, match="relative to its root"):
        FileAction.model_validate({"root": "out", "path": path, "content": ""})


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_no_link_is_followed(folder: Path, mode: str) -> None:
    (folder / "elsewhere").mkdir()
    (folder / "out/link").symlink_to(folder / "elsewhere")
    outcome = write(folder, "link/x", mode=mode)
    assert not outcome.succeeded
    assert not list((folder / "elsewhere").iterdir())


def test_an_appended_file_that_is_a_link_is_refused(folder: Path) -> None:
    (folder / "target").write_text("")
    (folder / "out/x").symlink_to(folder / "target")
    assert "a link" in str(write(folder, "x", mode="append").error)
    assert (folder / "target").read_text() == ""


def test_a_missing_root_says_so(tmp_path: Path) -> None:
    assert "name another in hookrules.yaml" in str(write(tmp_path, "x").error)
