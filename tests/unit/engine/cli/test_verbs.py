import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from hookrules.engine.cli.verbs import VERBS, hookrules

HEAVY = (
    "pydantic",
    "jinja2",
    "rich",
    "jsonpath_ng",
    "sqlite3",
    "msgspec",
    "yaml",
    "httptools",
    "bottle",
    "urllib3",
    "apscheduler",
    "uvloop",
)


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_import_nothing_heavy(argument: str) -> None:
    program = (
        "import sys; from hookrules.engine.cli import main; "
        f"assert main([{argument!r}]) == 0; "
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stderr == "[]\n"
    assert "hookrules" in result.stdout


@pytest.mark.parametrize(("arguments", "said"), [("", ""), ("['--help']", "freed\n")])
def test_only_where_the_process_is_its_own_the_end_leaves_everything_to_the_system(arguments: str, said: str) -> None:
    program = (
        "import sys; from hookrules.engine.cli import main; "
        "kept = type('Kept', (), {'__del__': lambda self: print('freed', file=sys.stderr)})(); kept.itself = kept; "
        f"main({arguments})"
    )
    result = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=True)
    assert result.stderr == said
    assert "hookrules" in result.stdout


def test_help_lists_every_verb_with_what_it_does() -> None:
    shown = CliRunner().invoke(hookrules, ["--help"]).output
    assert [name for name, verb in VERBS.items() if f"  {name}" not in shown or verb.help not in shown] == []


@pytest.mark.parametrize("name", VERBS)
def test_every_verb_has_help_that_begins_with_its_line_in_the_list(name: str) -> None:
    result = CliRunner().invoke(hookrules, [name, "--help"])
    assert result.exit_code == 0
    assert VERBS[name].help in " ".join(result.output.split())


@pytest.mark.parametrize("name", [name for name in VERBS if name != "init"])
def test_every_verb_but_init_takes_the_configuration_after_it(name: str) -> None:
    command = hookrules.get_command(click.Context(hookrules), name)
    assert command is not None
    assert sum("--config" in parameter.opts for parameter in command.params) == 1
