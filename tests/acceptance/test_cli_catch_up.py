"""`hookrules catch-up` against a server that speaks GitHub's API."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from serving import CONFIG, hookrules, json_lines, project
from support_github_api import TOKEN, Api, Delivered, github_api
from support_tls import server_context

RULES = """
rules:
  - name: deploy
    on: github.push
    when: $.ref == refs/heads/main
    steps: [log: "{{ payload.ref }}"]
"""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    with github_api(server_context(tmp_path)) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, api: Api) -> Path:
    hook = f"catch_up: {{repository: acme/shop, hook: 123, token: {TOKEN}, api: '{api.url}', client: enterprise, allow_private: true}}"
    config = CONFIG.replace("provider: github,", f"provider: github, {hook},") + "clients: {enterprise: {ca: ca.pem}}\n"
    return project(tmp_path, RULES, config)


def delivered(number: int, minutes: float, **more: Any) -> Delivered:
    at = datetime.fromtimestamp(time.time() - 60 * minutes, UTC).isoformat().replace("+00:00", "Z")
    return Delivered(number, f"guid-{number}", at, **more)


def caught(folder: Path, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
    return json_lines(hookrules(folder, "catch-up", "github", "--format", "json", *arguments, code=code))


def test_what_failed_is_put_in_once_and_says_where_it_comes_from(folder: Path, api: Api) -> None:
    opened = delivered(1, 3, event="issues", action="opened", payload={"action": "opened"})
    api.deliveries = [delivered(3, 1), delivered(2, 2, status_code=200), opened]
    assert [each["state"] for each in caught(folder, "--dry-run")] == ["missing", "missing"]
    first, second = caught(folder)
    assert (first["type"], first["state"], first["runs"]) == ("issues.opened", "taken", [])
    assert (second["delivery_id"], [run["rule"] for run in second["runs"]]) == ("guid-3", ["deploy"])

    (event,) = [each for each in json_lines(hookrules(folder, "events", "--format", "json")) if each["delivery_id"] == "guid-3"]
    assert (event["fetched_from"], event["type"], event["address"]) == (api.url, "push", None)
    shown = hookrules(folder, "show", event["id"], "--format", "json")
    assert "x-hub-signature-256" not in shown
    assert f"from {api.url}" in hookrules(folder, "show", event["id"])
    assert caught(folder) == []
    assert len(json_lines(hookrules(folder, "runs", "--format", "json"))) == 1


def test_one_that_can_not_be_had_does_not_keep_the_others_back(folder: Path, api: Api) -> None:
    api.deliveries = [delivered(3, 1), delivered(2, 2, payload="no object"), delivered(1, 3)]
    api.gone.add(1)
    told = [(each["delivery_id"], each["state"]) for each in caught(folder, code=1)]
    assert told == [("guid-1", "lost"), ("guid-2", "lost"), ("guid-3", "taken")]


def test_since_says_how_far_back(folder: Path, api: Api) -> None:
    api.deliveries = [delivered(2, 5), delivered(1, 50)]
    assert [each["delivery_id"] for each in caught(folder, "--since", "10m")] == ["guid-2"]


def test_a_source_that_does_not_say_where_to_ask_is_told(folder: Path) -> None:
    hookrules(folder, "catch-up", "sensors", code=1)
    hookrules(folder, "catch-up", "github", "--since", "10", code=2)
