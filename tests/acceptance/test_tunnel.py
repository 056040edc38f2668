"""`hookrules serve --tunnel`: deliveries that come over a relay, through the real processes."""

import hashlib
import hmac
import json
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from serving import SECRET, project, serving, signed
from support_relay import Relay, relaying

from hookrules.engine.cli import main

RULES = """
rules:
  - name: on-push
    on: github.push
    steps: [{log: "pushed {{ payload.after }}"}]
"""
PUSH = {"ref": "refs/heads/größe", "after": "c0ffee", "size": 1.5}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return project(tmp_path, RULES)


def send(relay: Relay, body: bytes, headers: dict[str, str]) -> None:
    """As GitHub does, to the channel's URL."""
    with urllib.request.urlopen(urllib.request.Request(relay.channel, body, headers, method="POST"), timeout=30) as answer:
        assert answer.status == 202


def compact(payload: Any) -> bytes:
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def pushed(body: bytes, delivery: str = "d1") -> tuple[bytes, dict[str, str]]:
    _, headers = signed("push", None, delivery)
    return body, headers | {"X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


@pytest.mark.parametrize("dialect", ["smee", "gosmee"])
def test_a_delivery_comes_over_a_relay_and_runs_its_rule(folder: Path, dialect: Any) -> None:
    with relaying(dialect) as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        relay.wait_for_listeners(1)
        send(relay, *pushed(compact(PUSH)))
        assert server.wait_for("relayed")["status"] == 202
        assert server.wait_for("event")["delivery"] == "d1"
        assert server.wait_for("run")["state"] == "succeeded"


def test_bytes_that_gosmee_relays_stay_what_was_signed(folder: Path) -> None:
    with relaying("gosmee") as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        relay.wait_for_listeners(1)
        send(relay, *pushed(json.dumps(PUSH, indent=2).encode()))
        assert server.wait_for("relayed")["status"] == 202


def test_a_body_that_smee_wrote_anew_is_refused_and_the_log_says_why(folder: Path) -> None:
    with relaying("smee") as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        relay.wait_for_listeners(1)
        send(relay, *pushed(json.dumps(PUSH, indent=2).encode()))
        refused = server.wait_for("a relayed delivery is refused")
        assert refused["status"] == 401
        assert "the relay has written the body anew" in refused["reason"]
        assert server.lines("event") == []


def test_what_someone_else_puts_into_the_channel_is_proven_as_all_is(folder: Path) -> None:
    with relaying("gosmee") as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        relay.wait_for_listeners(1)
        send(relay, b'{"a": 1}', {"Content-Type": "application/json", "X-GitHub-Event": "push"})
        assert server.wait_for("a relayed delivery is not taken")["status"] == 401
        relay.message(b"not json")
        relay.message(b'{"bodyB": "?"}')
        assert server.wait_for("a message of the relay is left out", 2)["reason"] == "its 'bodyB' is not Base64"
        send(relay, *pushed(compact(PUSH)))
        assert server.wait_for("relayed")["status"] == 202


def test_a_connection_that_was_cut_is_made_again_and_nothing_is_lost(folder: Path) -> None:
    with relaying("gosmee") as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        relay.wait_for_listeners(1)
        send(relay, *pushed(compact(PUSH), "before"))
        server.wait_for("relayed")
        relay.cut()
        send(relay, *pushed(compact(PUSH), "meanwhile"))
        server.wait_for("the tunnel is down and is made again")
        server.wait_for("relayed", 2)
        assert relay.last_ids == [None, "1-0"]
        assert [server.wait_for("event", count)["delivery"] for count in (1, 2)] == ["before", "meanwhile"]


def test_a_relay_that_is_away_keeps_no_one_from_serving(folder: Path) -> None:
    with serving(folder, "--tunnel", "github=http://127.0.0.1:1/aBcDeF") as server:
        down = server.wait_for("the tunnel is down and is made again")
        assert down["reason"] == "no connection (NewConnectionError)"
        assert server.github("push", PUSH)[0] == 202
        assert server.stop() == 0


def test_the_log_does_not_name_the_channel(folder: Path) -> None:
    with relaying("smee") as relay, serving(folder, "--tunnel", f"github={relay.channel}") as server:
        server.wait_for("tunnel connected")
        relay.cut()
        server.wait_for("the tunnel is down and is made again")
        assert "aBcDeF" not in "".join(server.log)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("https://smee.io/aBcDeF", "say whose deliveries come there, as SOURCE=URL; the sources are github, sensors, lab"),
        ("gihtub=https://smee.io/aBcDeF", "there is no source 'gihtub'"),
        ("github=https://smee.io/", "is not the URL of a channel"),
        ("smee.io/aBcDeF", "is not the URL of a channel"),
    ],
)
def test_a_channel_that_leads_nowhere_is_misuse(folder: Path, given: str, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-c", str(folder / "hookrules.yaml"), "serve", "--tunnel", given]) == 2
    assert told in " ".join(capsys.readouterr().err.split())
