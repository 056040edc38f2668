"""`--dry-run`: everything as usual, over a journal of its own, and what steps would do is described instead of done."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from hookrules.engine import logs
from hookrules.engine.cli.project import Project
from hookrules.engine.config.settings import SQLITE
from hookrules.engine.sources.address_lists import folder_beside

dry_run_option = click.option(
    "--dry-run", is_flag=True, help="Describe what steps would do instead of doing it, over a journal of its own that is gone afterwards."
)


@contextmanager
def rehearsed(project: Project, *, dry_run: bool) -> Iterator[Project]:
    """The project itself, or for a dry run with a journal in a temporary folder: a run that was only described must not count as done."""
    if not dry_run:
        yield project
        return
    with TemporaryDirectory(prefix="hookrules-dry-run-", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "hookrules.db"
        _bring_lists(project, file)
        logs.warning("dry run: steps are described and not done; the journal is another one, which is gone afterwards", journal=str(file))
        yield replace(project, settings=project.settings.model_copy(update={"store": f"{SQLITE}{file}"}), dry_run=True)


def _bring_lists(project: Project, file: Path) -> None:
    """The lists of addresses that lie beside the real journal, so that senders are let in as they would be."""
    lists = folder_beside(project.settings.store_file(project.folder))
    if lists.is_dir():
        shutil.copytree(lists, folder_beside(file))
