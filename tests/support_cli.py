"""The real command line, in a folder of its own: in this process, or in one of its own where that matters."""

import io
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from hookrules.engine.cli import main

REPOSITORY = Path(__file__).parents[1]
_ENVIRONMENT = {"TZ": "UTC", "COLUMNS": "100", "PYTHONUTF8": "1"}


@dataclass(frozen=True, slots=True)
class Result:
    returncode: int
    stdout: str
    stderr: str


def hookrules(*arguments: str, folder: Path, stdin: str = "", **environment: str) -> Result:
    """What `hookrules ARGUMENTS` prints and exits with, in `folder`; plain, 100 columns wide, in UTC."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("HOOKRULES_CONFIG", raising=False)
        for name, value in {**_ENVIRONMENT, **environment}.items():
            patch.setenv(name, value)
        patch.chdir(folder)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8"))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        time.tzset()
        code = main(arguments)
    time.tzset()
    return Result(code, *(stream.buffer.getvalue().decode() for stream in (out, err)))


def start(*arguments: str, folder: Path, **environment: str) -> "subprocess.Popen[str]":
    """`hookrules ARGUMENTS` as a process, with pipes."""
    return subprocess.Popen(
        [sys.executable, "-m", "hookrules.engine.cli", *arguments],
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={name: value for name, value in os.environ.items() if name != "HOOKRULES_CONFIG"} | _ENVIRONMENT | environment,
    )


def fails(*arguments: str, folder: Path, code: int = 1) -> str:
    """The words of a command that fails: nothing on stdout, no traceback."""
    result = hookrules(*arguments, folder=folder)
    assert (result.returncode, result.stdout) == (code, "")
    assert "Traceback" not in result.stderr
    return result.stderr


def golden(name: str, text: str) -> None:
    """Hold a text against `tests/golden/cli/NAME`; HOOKRULES_GOLDEN=write writes it anew."""
    path = REPOSITORY / "tests" / "golden" / "cli" / name
    if os.environ.get("HOOKRULES_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    if not path.exists():
        pytest.fail(f"{path} is missing; write it with HOOKRULES_GOLDEN=write and read it")
    assert text == path.read_text("utf-8")
