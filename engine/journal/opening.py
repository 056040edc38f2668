"""`store: sqlite:///hookrules.db` → a journal."""

from collections.abc import Sequence
from pathlib import Path

from hookrules.engine.errors import UsageError
from hookrules.engine.journal import Journal
from hookrules.engine.journal.sealing import seal_of
from hookrules.engine.journal.sqlite import SqliteJournal

_FORMS = "write sqlite:///hookrules.db for a file beside hookrules.yaml, or sqlite:////var/lib/hookrules/hookrules.db for one elsewhere"


def open_journal(url: str, folder: Path, keys: Sequence[str] = ()) -> Journal:
    """The journal that `store` names; a relative path starts at `folder`, and `sqlite://` is one in memory.

    `keys` are the secrets of `encryption.key`: the first seals, each opens; without one, values lie there as they are.

    Raises UsageError for a URL that names none, JournalError where it can't be opened. Messages show no more than the scheme of a
    URL that may hold a password.
    """
    scheme, found, rest = url.partition("://")
    if not found:
        raise UsageError(f"store: this is no URL; {_FORMS}")
    if scheme in ("postgresql", "postgres"):
        raise UsageError(f"store: {scheme}:// is not in this version; {_FORMS}")
    if scheme != "sqlite":
        raise UsageError(f"store: {scheme}:// is not known; {_FORMS}")
    return SqliteJournal(_path(rest, folder), seal=seal_of(keys))


def file_of(url: str, folder: Path) -> Path:
    """Where the journal that `store` names lies, for its care. Raises UsageError where there is none."""
    _, found, rest = url.partition("sqlite://")
    path = _path(rest, folder) if found else None
    if path is None or not path.exists():
        raise UsageError("nothing has run yet: there is no journal")
    return path


def _path(rest: str, folder: Path) -> Path | None:
    if not rest:
        return None
    if not rest.startswith("/") or rest == "/":
        raise UsageError(f"store: sqlite://{rest} names no file; {_FORMS}")
    return folder / rest[1:]
