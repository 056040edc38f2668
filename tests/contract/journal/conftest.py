"""Every journal that there is, each new and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hookrules.engine.journal import Journal
from hookrules.engine.journal.opening import open_journal

KEY = "a key of at least thirty-two characters"
JOURNALS = {"file": ("sqlite:///journal.db", []), "memory": ("sqlite://", []), "encrypted": ("sqlite:///journal.db", [KEY])}


@pytest.fixture(params=sorted(JOURNALS))
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    url, keys = JOURNALS[request.param]
    opened = open_journal(url, tmp_path, keys)
    yield opened
    opened.close()
