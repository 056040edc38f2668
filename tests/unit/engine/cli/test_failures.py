import re
import stat
from pathlib import Path

import click
import pytest

from hookrules.engine.cli import main
from hookrules.engine.cli.failures import contained
from hookrules.engine.config.findings import Finding, Level
from hookrules.engine.errors import ConfigurationError, UsageError


def raising(error: BaseException) -> int:
    def command() -> int:
        raise error

    return contained(command)


def test_an_error_is_one_line_on_stderr_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(UsageError("port 80 is taken; name another with --listen")) == 1
    assert capsys.readouterr() == ("", "hookrules: port 80 is taken; name another with --listen\n")


def test_a_broken_configuration_says_every_finding_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    later = Finding("rules/b.yaml", 1, 1, Level.ERROR, "HR101", "unknown key 'whn'", "when")
    sooner = Finding("rules/a.yaml", 9, 3, Level.WARNING, "HR406", "no delivery id")
    assert raising(ConfigurationError("the configuration can't be used", [later, sooner])) == 1
    assert capsys.readouterr().err.splitlines() == [
        "rules/a.yaml:9:3: warning: no delivery id (HR406)",
        "rules/b.yaml:1:1: error: unknown key 'whn' (HR101); did you mean `when`?",
        "hookrules: the configuration can't be used",
    ]


def test_a_crash_leaves_a_private_file_and_says_where(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert raising(ZeroDivisionError("a detail for the file")) == 1
    (file,) = tmp_path.iterdir()
    said = capsys.readouterr().err
    assert re.fullmatch(rf"hookrules: .*ZeroDivisionError.* {re.escape(str(file))}, .*\n", said)
    assert "a detail for the file" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_cannot_be_written_is_named_and_is_no_crash(capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(PermissionError(13, "Permission denied", "secrets/github")) == 1
    assert capsys.readouterr().err == "hookrules: secrets/github: permission denied\n"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130_and_no_words(error: BaseException, capsys: pytest.CaptureFixture[str]) -> None:
    assert raising(error) == 130
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["valdate"], "hookrules: there is no verb 'valdate'; did you mean 'validate'?"),
        (["frobnicate"], "hookrules: there is no verb 'frobnicate'"),
        (["runs", "--stat", "dead"], "Did you mean"),
        (["runs", "--state", "dad"], "'dad' is not one of 'queued'"),
    ],
)
def test_misuse_is_exit_2_with_a_suggestion(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
    assert told.err.splitlines()[-1].startswith("Try 'hookrules")


def test_no_verb_shows_the_help_as_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "validate" in capsys.readouterr().err
