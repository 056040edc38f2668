"""URLs of databases: which driver speaks to what they name, and what is wrong with them."""

from pathlib import Path

import pytest

from hookrules.engine.outbound import database_urls
from hookrules.engine.outbound.database_urls import MissingDriver, located, usable


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("postgresql://app:x%40y@db:5432/shop?sslmode=require", "postgresql+psycopg://app:x%40y@db:5432/shop?sslmode=require"),
        ("postgres://db/shop", "postgresql+psycopg://db/shop"),
        ("postgresql+psycopg://db/shop", "postgresql+psycopg://db/shop"),
        ("postgresql:///shop", "postgresql+psycopg:///shop"),
        ("mysql://root@[::1]:3306/shop", "mysql+pymysql://root@[::1]:3306/shop"),
        ("mariadb://db/shop", "mariadb+pymysql://db/shop"),
        (" sqlite:///x.db\n", "sqlite:///x.db"),
        ("sqlite+pysqlite:////srv/x.db", "sqlite+pysqlite:////srv/x.db"),
    ],
)
def test_a_driver_is_named(written: str, taken: str) -> None:
    assert usable(written) == taken


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgrsql://db/shop", "did you mean postgresql?"),
        ("mongodb://db/shop", "no database 'mongodb'"),
        ("oracle+oracledb://db/shop", "oracledb, which speaks to oracle databases, is not installed"),
        ("postgresql+psycopg2://db/shop", "psycopg2"),
        ("postgresql+nope://db/shop", "no database 'postgresql+nope'"),
    ],
)
def test_a_database_that_nothing_speaks_to_is_told(url: str, said: str) -> None:
    with pytest.raises(MissingDriver, match=said.replace("?", r"\?").replace("+", r"\+")):
        usable(url)


@pytest.mark.parametrize(("url", "extra"), [("postgresql://db/x", "postgresql"), ("mariadb://db/x", "mysql")])
def test_a_driver_that_is_not_installed_names_what_installs_it(url: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_urls.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(MissingDriver, match=rf"pip install 'hookrules\[{extra}\]'"):
        usable(url)


@pytest.mark.parametrize(
    "url", ["", "shop", "sqlite", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite://x.db", "postgresql://a:b/c@db/x"]
)
def test_what_can_t_be_read_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"written|gone"):
        usable(url)


def test_a_relative_file_starts_in_the_folder() -> None:
    here = Path("/srv/hookrules")
    assert located("sqlite:///data/x.db?timeout=1", here) == "sqlite:////srv/hookrules/data/x.db?timeout=1"
    assert located("sqlite:////var/x.db", here) == "sqlite:////var/x.db"
    assert located("sqlite:///file:x.db?uri=true", here) == "sqlite:///file:x.db?uri=true"
    assert located("postgresql+psycopg:///shop", here) == "postgresql+psycopg:///shop"
