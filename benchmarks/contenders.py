"""Servers for a signed push, each as its own users would set it up: what it needs in a folder, and the command that serves on a port."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pushes import REF, REPOSITORY, SECRET

Start = Callable[[Path, int], Sequence[str]]
"""Writes what the server needs into a folder, and gives the command that serves on a port of the loopback."""
RULES = 1000
SOURCES = {"github": {"provider": "github", "secret": {"env": "BENCHMARK_SECRET"}}}
ANOTHER_REF = "refs/heads/another"


def hookrules(rules: Sequence[Mapping[str, Any]], **server: object) -> Start:
    """`server`: what its users would not have to say."""

    def start(folder: Path, port: int) -> Sequence[str]:
        (folder / "rules").mkdir()
        (folder / "rules" / "all.yaml").write_text(json.dumps({"rules": rules}))
        settings = {
            "server": {"listen": f"127.0.0.1:{port}", **server},
            "store": "sqlite:///hookrules.db",
            "rules": "rules/",
            "sources": SOURCES,
        }
        (folder / "hookrules.yaml").write_text(json.dumps(settings))
        return [sys.executable, "-m", "hookrules.engine.cli", "serve"]

    return start


def quiet_rules() -> list[Mapping[str, Any]]:
    """Each for a repository of its own, all for the same branch."""
    when = [[f"$.ref == {REF}", f"$.repository.full_name == acme/another-{number}"] for number in range(RULES)]
    return [{"name": f"rule-{number}", "on": "github.push", "when": tests, **_STEPS} for number, tests in enumerate(when)]


_STEPS = {"steps": [{"shell": ["/bin/true"]}]}
FIRING_RULE = {"name": "deploy", "on": "github.push", "when": [f"$.ref == {REF}", f"$.repository.full_name == {REPOSITORY}"], **_STEPS}


def webhook(ref: str, *options: str) -> Start:
    """`ref`: what the hook asks for."""
    signed = {"type": "payload-hmac-sha256", "secret": SECRET, "parameter": {"source": "header", "name": "X-Hub-Signature-256"}}
    asked = {"type": "value", "value": ref, "parameter": {"source": "payload", "name": "ref"}}
    hook = {"id": "github", "execute-command": "/bin/true", "trigger-rule": {"and": [{"match": signed}, {"match": asked}]}}

    def start(folder: Path, port: int) -> Sequence[str]:
        (folder / "hooks.json").write_text(json.dumps([hook]))
        program = shutil.which("webhook") or sys.exit("webhook is not installed; on Debian: apt-get install webhook")
        return [program, "-hooks", "hooks.json", "-ip", "127.0.0.1", "-port", str(port), *options]

    return start


def bare(_folder: Path, port: int) -> Sequence[str]:
    here, granian = str(Path(__file__).parent), str(Path(sys.executable).with_name("granian"))
    return [granian, "--interface", "wsgi", "--port", str(port), "--no-log", "--working-dir", here, "bare_application:application"]


def ansible_rulebook(program: str) -> Start:
    """With one rule, which does not fire."""
    proof = {"hmac_secret": SECRET, "hmac_algo": "sha256", "hmac_header": "X-Hub-Signature-256", "hmac_format": "hex"}

    def start(folder: Path, port: int) -> Sequence[str]:
        rule = {"name": "deploy", "condition": f"event.payload.ref == '{ANOTHER_REF}'", "action": {"none": {}}}
        source = {"eda.builtin.webhook": {"host": "127.0.0.1", "port": port, **proof}}
        (folder / "rulebook.yml").write_text(json.dumps([{"name": "pushes", "hosts": "all", "sources": [source], "rules": [rule]}]))
        (folder / "inventory.yml").write_text(json.dumps({"all": {"hosts": {"localhost": {"ansible_connection": "local"}}}}))
        return [program, "-r", "rulebook.yml", "-i", "inventory.yml"]

    return start


_NODE_RED_FUNCTION = f"""
const crypto = global.get("crypto");
const expected = Buffer.from("sha256=" + crypto.createHmac("sha256", env.get("BENCHMARK_SECRET")).update(msg.payload).digest("hex"));
const given = Buffer.from(msg.req.headers["x-hub-signature-256"] || "");
if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) {{ msg.statusCode = 401; msg.payload = ""; return msg; }}
msg.payload = {{fires: JSON.parse(msg.payload).ref === "{ANOTHER_REF}"}};
return msg;
"""


def node_red(program: str) -> Start:
    """A flow of three nodes: in, a function that proves and compares, out."""
    flow = [
        {"id": "tab", "type": "tab", "label": "pushes"},
        {
            "id": "in",
            "type": "http in",
            "z": "tab",
            "url": "/hooks/github",
            "method": "post",
            "skipBodyParsing": True,
            "wires": [["prove"]],
        },
        {"id": "prove", "type": "function", "z": "tab", "func": _NODE_RED_FUNCTION, "outputs": 1, "wires": [["out"]]},
        {"id": "out", "type": "http response", "z": "tab", "wires": []},
    ]

    def start(folder: Path, port: int) -> Sequence[str]:
        (folder / "flows.json").write_text(json.dumps(flow))
        (folder / "settings.js").write_text("module.exports = {functionGlobalContext: {crypto: require('crypto')}, httpAdminRoot: false};")
        return [program, "--userDir", ".", "--settings", "settings.js", "--port", str(port), "flows.json"]

    return start
