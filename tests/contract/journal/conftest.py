"""Every journal that there is, each new and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookrules.engine.journal import Journal
from hookrules.engine.journal.opening import open_journal

URLS = {"file": "sqlite:///journal.db", "memory": "sqlite://"}


@pytest.fixture(params=sorted(URLS))
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    opened = open_journal(URLS[request.param], tmp_path)
    yield opened
    opened.close()
