import os
import subprocess
import sys
from pathlib import Path

import pytest

from hookrules.actions.private_files import private_file, remove_left_behind

MAKES_ONE_AND_DIES = """
import os, signal
from hookrules.actions.private_files import private_file

with private_file(b"left", ".payload") as path:
    print(path, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def test_it_is_its_owner_s_alone_and_lives_as_long_as_the_context() -> None:
    with private_file(b"x" * 300_000, ".payload") as path:
        assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"x" * 300_000, 0o600)
        assert remove_left_behind() == []
    assert not path.exists()


def test_it_is_gone_after_an_error_and_may_be_gone_before() -> None:
    with pytest.raises(ZeroDivisionError), private_file(b"", ".payload") as path:
        raise ZeroDivisionError
    assert not path.exists()
    with private_file(b"", ".payload") as path:
        path.unlink()


def test_what_a_killed_process_left_is_removed_and_nothing_else(folder: Path) -> None:
    died = subprocess.run([sys.executable, "-c", MAKES_ONE_AND_DIES], capture_output=True, text=True, check=False)
    left = Path(died.stdout.strip())
    assert left.read_bytes() == b"left"
    (folder / "hookrules-crash-1.txt").touch()
    (folder / "hookrules-private-folder").mkdir()
    (folder / "hookrules-private-link").symlink_to(folder / "hookrules-crash-1.txt")
    os.mkfifo(folder / "hookrules-private-pipe")
    assert remove_left_behind() == [left]
    assert {path.name for path in folder.iterdir()} == {
        "hookrules-crash-1.txt",
        "hookrules-private-folder",
        "hookrules-private-link",
        "hookrules-private-pipe",
    }
