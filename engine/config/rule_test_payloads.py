"""What a test delivers: the payload that it writes out, or a file's bytes, which are read as a delivery's would be."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from hookrules.engine import bodies
from hookrules.engine.config.rule_test import RuleTestFields
from hookrules.engine.errors import Refusal
from hookrules.engine.model import Delivery, Json

_JSON = {"content-type": ("application/json",)}


@dataclass(frozen=True, slots=True)
class Body:
    """What a test delivers. `is_json` is False for a file whose name does not say so."""

    data: bytes
    is_json: bool = True

    def headers(self, own: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """Those that say what it is, and over them the test's own; names in lower case."""
        return {**(_JSON if self.is_json else {}), **{name.lower(): values for name, values in own.items()}}


def body_of(fields: RuleTestFields, folder: Path, *, made_by_engine: bool) -> Body | None:
    """None where the engine makes the payload itself. Raises ValueError, in a sentence for a person, where it can't be used."""
    written, changes = fields.payload, fields.merge
    if "payload" not in fields.model_fields_set:
        if made_by_engine:
            return None
        raise ValueError("'payload' is missing: a file beside this one, or the payload itself")
    if not isinstance(written, str):
        return _as_json(written if changes is None else merged(written, changes))
    body = _file(folder / written)
    if changes is not None:
        return _as_json(merged(_decoded(body, written), changes))
    _read(body, _JSON if made_by_engine else body.headers(fields.headers), folder / written)
    return body


def _file(path: Path) -> Body:
    try:
        return Body(path.read_bytes(), path.suffix == ".json")
    except (OSError, ValueError) as problem:
        why = getattr(problem, "strerror", None) or "not a path"
        raise ValueError(f"can't read {path}: {why.lower()}") from None


def _read(body: Body, headers: Mapping[str, tuple[str, ...]], path: Path) -> None:
    """Raises ValueError for what a server would refuse."""
    try:
        bodies.payload_of(Delivery("", body.data, headers, 0.0))
    except Refusal as refusal:
        raise ValueError(f"{path} can't be used: {refusal}") from None


def _decoded(body: Body, name: str) -> Json:
    try:
        return json.loads(body.data)
    except (ValueError, RecursionError):
        raise ValueError(f"'merge' changes a payload of JSON, and {name} is none") from None


def _as_json(payload: Json) -> Body:
    return Body(json.dumps(payload, ensure_ascii=False).encode(errors="replace"))


def merged(payload: Json, changes: Json) -> Json:
    """RFC 7386, JSON Merge Patch: mappings are merged, null takes a key out, and anything else replaces what was there."""
    if not isinstance(changes, dict):
        return changes
    base = payload if isinstance(payload, dict) else {}
    kept = {key: value for key, value in base.items() if key not in changes}
    return kept | {key: merged(base.get(key), change) for key, change in changes.items() if change is not None}
