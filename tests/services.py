"""Servers that tests talk to for real. One that is absent skips its tests, and fails them in CI: `.ci/services` starts them all.

HOOKRULES_TEST_POSTGRES and the like name another server than the usual one of this machine.
"""

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import pytest

USUAL: Mapping[str, str] = {
    "postgres": "postgresql://postgres@127.0.0.1:5432/test",
    "mariadb": "mariadb://root@127.0.0.1:3306/test",
    "redis": "redis://127.0.0.1:6379/0",
    "rabbitmq": "amqp://guest:guest@127.0.0.1:5672/",
    "mosquitto": "mqtt://127.0.0.1:1883",
}
_TO_ANSWER = 5.0


def service_url(name: str) -> str:
    """Where it answers; the test is skipped, or fails in CI, where it does not."""
    url = os.environ.get(f"HOOKRULES_TEST_{name.upper()}", USUAL[name])
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or "", parts.port or 0), timeout=_TO_ANSWER).close()
    except OSError as error:
        told = f"{name} does not answer at {parts.hostname}:{parts.port} ({error}); .ci/services starts it"
        if os.environ.get("CI") == "true":
            pytest.fail(told)
        pytest.skip(told)
    return url


@pytest.fixture(scope="session")
def postgres() -> str:
    return service_url("postgres")


@pytest.fixture(scope="session")
def mariadb() -> str:
    return service_url("mariadb")


@pytest.fixture(scope="session")
def redis() -> str:
    return service_url("redis")


@pytest.fixture(scope="session")
def rabbitmq() -> str:
    return service_url("rabbitmq")


@pytest.fixture(scope="session")
def mosquitto() -> str:
    return service_url("mosquitto")
