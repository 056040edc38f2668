"""`hookrules init`."""

import stat
from pathlib import Path

import pytest
from support_cli import REPOSITORY, fails, hookrules

FILES = {
    "hookrules.yaml",
    "rules/nightly.test.yaml",
    "rules/nightly.yaml",
    "rules/pull_request.test.yaml",
    "rules/pull_request.yaml",
    "rules/push.test.yaml",
    "rules/push.yaml",
    "rules/payloads/ping.json",
    "rules/payloads/pull_request.opened.json",
    "rules/payloads/push.json",
    "secrets/.gitignore",
    "secrets/console",
    "secrets/github",
}


def files_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_init_writes_the_starter_and_says_so(tmp_path: Path) -> None:
    result = hookrules("init", "shop", folder=tmp_path)
    assert result.returncode == 0
    assert files_in(tmp_path / "shop") >= FILES
    assert {f"wrote shop/{name}" for name in FILES} <= set(result.stdout.splitlines())
    assert "cd shop && hookrules validate && hookrules serve" in result.stderr


def test_what_init_writes_is_the_starter_of_the_repository(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    for name in FILES - {"secrets/.gitignore", "secrets/console", "secrets/github"}:
        assert (tmp_path / name).read_bytes() == (REPOSITORY / name).read_bytes()


def test_secrets_are_random_long_and_for_their_owner_only(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        hookrules("init", folder, folder=tmp_path)
    texts = [(tmp_path / folder / "secrets" / name).read_text() for folder in "ab" for name in ("github", "console")]
    assert len(set(texts)) == 4
    assert all(len(bytes.fromhex(text)) == 32 for text in texts)
    assert stat.S_IMODE((tmp_path / "a/secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a/secrets/github").stat().st_mode) == 0o600


def test_init_never_overwrites(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    (tmp_path / "hookrules.yaml").write_text("mine")
    (tmp_path / "secrets/github").write_text("mine")
    (tmp_path / "rules/push.yaml").unlink()
    result = hookrules("init", folder=tmp_path)
    assert result.stdout == "wrote rules/push.yaml\n"
    assert (tmp_path / "hookrules.yaml").read_text() == (tmp_path / "secrets/github").read_text() == "mine"


def test_the_starter_has_no_findings(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    result = hookrules("validate", "--strict", folder=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "3 rules in 3 files: no findings\n")


def test_a_new_rule_for_the_same_events_leaves_the_tests_of_the_starter_green(tmp_path: Path) -> None:
    hookrules("init", folder=tmp_path)
    (tmp_path / "rules/mine.yaml").write_text("rules: [{name: mine, on: github, steps: [{log: hello}]}]")
    result = hookrules("test", folder=tmp_path)
    assert (result.returncode, result.stderr) == (0, "7 tests: 7 passed\n")


@pytest.mark.parametrize("place", ["hookrules.yaml", "hookrules.yaml/below"])
def test_init_where_it_cannot_write_says_what_is_in_the_way(tmp_path: Path, place: str) -> None:
    hookrules("init", folder=tmp_path)
    assert fails("init", place, folder=tmp_path).startswith("hookrules: hookrules.yaml")
