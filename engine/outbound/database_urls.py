"""URLs of databases: as people write them → as SQLAlchemy takes them, with a driver that is installed. Tells nothing of what they hold."""

import difflib
import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_SCHEME = re.compile(r"([a-z][a-z0-9_]*)(?:\+([a-z0-9_]+))?://(.*)", re.IGNORECASE | re.DOTALL)
_FORM = "a database is written like postgresql://user:password@host/name or sqlite:///file.db"


class MissingDriver(Exception):
    """No installed driver speaks to such a database."""


@dataclass(frozen=True, slots=True)
class _Driver:
    scheme: str
    module: str
    extra: str


_DRIVERS: Mapping[str, _Driver] = {
    "sqlite": _Driver("sqlite", "sqlite3", ""),
    "postgresql": _Driver("postgresql+psycopg", "psycopg", "postgresql"),
    "postgres": _Driver("postgresql+psycopg", "psycopg", "postgresql"),
    "mysql": _Driver("mysql+pymysql", "pymysql", "mysql"),
    "mariadb": _Driver("mariadb+pymysql", "pymysql", "mysql"),
}
"""What is used where a URL names no driver."""
_FAMILIAR = ("sqlite", "postgresql", "mysql", "mariadb")


def usable(url: str) -> str:
    """The URL with its driver named. Raises MissingDriver, and ValueError where it is no URL; no message shows more than the scheme."""
    found = _SCHEME.fullmatch(url.strip())
    if found is None:
        raise ValueError(_FORM)
    dialect, driver, rest = found[1].lower(), (found[2] or "").lower(), found[3]
    usual = _DRIVERS.get(dialect)
    if usual is None or (driver and driver != usual.scheme.partition("+")[2]):
        return _of_sqlalchemy(url.strip(), dialect)
    _check_rest(usual, rest)
    if importlib.util.find_spec(usual.module) is None:
        remedy = f"pip install 'hookrules[{usual.extra}]'"
        raise MissingDriver(f"{usual.module}, which speaks to {dialect} databases, is not installed; {remedy}")
    return f"{usual.scheme}://{rest}"


def has_password(url: str) -> bool:
    """Whether the URL itself is a secret; one that can't be read counts as such."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return True
    return bool(parts.password) or re.search("passw|pwd|key|token", parts.query, re.IGNORECASE) is not None


def located(url: str, folder: Path) -> str:
    """A relative path of SQLite starts at `folder`."""
    head, separator, path = url.partition(":///")
    if not head.startswith("sqlite") or not separator or path.startswith(("/", "file:")):
        return url
    return f"{head}:///{folder.absolute() / path}"


def _check_rest(driver: _Driver, rest: str) -> None:
    if driver.scheme == "sqlite":
        if rest.partition("?")[0] in ("", "/", "/:memory:"):
            raise ValueError("a database in memory would be gone with its step; write sqlite:///file.db")
        if not rest.startswith("/"):
            raise ValueError("a file of SQLite is written sqlite:///file.db, or with four / where its path is absolute")
        return
    try:
        _ = urlsplit(f"x://{rest}").port
    except ValueError:
        raise ValueError("the URL's host or port can't be read; in a password, / is written %2F, @ %40 and : %3A") from None


def _of_sqlalchemy(url: str, dialect: str) -> str:
    """For whatever else SQLAlchemy knows, by itself or by a package that is installed."""
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    try:
        known = make_url(url).get_dialect()
        if known.is_async:
            raise MissingDriver(f"{known.driver} is a driver for asyncio, which is not used here; leave +{known.driver} out of the URL")
        known.import_dbapi()
    except NoSuchModuleError:
        near = difflib.get_close_matches(dialect, _DRIVERS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_FAMILIAR)}, and what SQLAlchemy has a package for"
        raise MissingDriver(f"there is no database {url.partition(':')[0]!r}; {hint}") from None
    except ImportError as error:
        raise MissingDriver(f"{error.name or known.driver}, which speaks to {dialect} databases, is not installed; pip has it") from None
    except (ArgumentError, ValueError):
        raise ValueError(_FORM) from None
    return url
