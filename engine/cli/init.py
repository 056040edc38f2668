"""`hookrules init`: a configuration that works, to change from there."""

import os
import secrets
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from hookrules.engine.errors import UsageError

_SECRETS = ("github", "console")
_IGNORE = "# Nothing in here belongs into version control.\n*\n"


@click.command()
@click.argument("folder", metavar="[DIR]", default=".")
def command(folder: str) -> int:
    """Files that are there already stay as they are. The secrets are random and new, readable by you alone."""
    root = Path(folder)
    if root.exists() and not root.is_dir():
        raise UsageError(f"{folder} is a file, and init needs a folder")
    written = [*_write_starter(root), *_write_secrets(root / "secrets")]
    for path in written:
        click.echo(f"wrote {path}")
    if not written:
        click.echo("nothing to write: all of the starter is here already", err=True)
    click.echo(f"Next: {_next_command(root)}", err=True)
    return 0


def starter() -> Iterator[tuple[str, str]]:
    """Each file of the starter: its path from the folder that it goes to, and its text."""
    yield "hookrules.yaml", (files("hookrules.engine.cli") / "starter" / "hookrules.yaml").read_text("utf-8")
    rules = files("hookrules.rules")
    yield from _texts(rules, "rules", ".yaml")
    yield from _texts(rules / "payloads", "rules/payloads", ".json")


def _texts(folder: Traversable, path: str, suffix: str) -> Iterator[tuple[str, str]]:
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if file.name.endswith(suffix):
            yield f"{path}/{file.name}", file.read_text("utf-8")


def _write_starter(root: Path) -> Iterator[Path]:
    for path, text in starter():
        yield from _write_new(root / path, text, mode=0o644)


def _write_secrets(folder: Path) -> Iterator[Path]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in _SECRETS:
        yield from _write_new(folder / name, secrets.token_hex(32) + "\n", mode=0o600)
    yield from _write_new(folder / ".gitignore", _IGNORE, mode=0o600)


def _write_new(path: Path, text: str, mode: int) -> Iterator[Path]:
    """The path, if it was not there and is now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    yield path


def _next_command(root: Path) -> str:
    change = "" if root == Path() else f"cd {root} && "
    return f"{change}hookrules validate && hookrules serve"
