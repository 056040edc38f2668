"""Lists of addresses in the two processes: the worker fetches them, the ingress reads them."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from hookrules.engine import logs
from hookrules.engine.cli.project import Project
from hookrules.engine.config.address_lists import named_lists_in
from hookrules.engine.sources.address_lists import AddressLists, Keeper, folder_beside


def lists_of(project: Project) -> AddressLists:
    """Says at once which of them are missing or old."""
    lists = AddressLists(folder_beside(project.settings.store_file(project.folder)), logs.warning)
    for name in named_lists_in(project.settings):
        lists.networks(name)
    return lists


@contextmanager
def lists_kept(project: Project) -> Iterator[None]:
    """While this goes on, the lists that sources name are fetched when they are due."""
    names = named_lists_in(project.settings)
    stop = threading.Event()
    if names:
        keeper = Keeper(names, folder_beside(project.settings.store_file(project.folder)), _say)
        threading.Thread(target=keeper.run, args=(stop,), name="address lists", daemon=True).start()
    try:
        yield
    finally:
        stop.set()


def _say(level: str, message: str) -> None:
    logs.say(logs.LEVELS[level], message)
