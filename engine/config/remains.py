"""What is left of a rule when the parts at fault are taken out, so that its other parts are checked, too."""

from typing import Any

from pydantic import ValidationError

from hookrules.actions.action import Action
from hookrules.engine.config.rule import PlannedStep
from hookrules.engine.model import Json

_SECTIONS = ("steps", "on_failure", "finally")


def without_faults(written: Json, error: ValidationError) -> Json:
    """Each part keeps its place: a step at fault becomes one that does nothing, under its id."""
    if not isinstance(written, dict):
        return written
    sound = {key: list(value) if key in _SECTIONS and isinstance(value, list) else value for key, value in written.items()}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        _take_out(sound, fault["loc"])
    sound.setdefault("name", "unnamed")
    sound.setdefault("on", "*")
    sound.setdefault("steps", [_idle(None)])
    return sound


def _take_out(sound: dict[str, Any], path: tuple[int | str, ...]) -> None:
    part, *rest = path or ("",)
    inner = sound.get(str(part))
    if rest and part in _SECTIONS and isinstance(inner, list) and isinstance(rest[0], int):
        inner[rest[0]] = _idle(inner[rest[0]])
    elif rest and part == "on" and isinstance(inner, list):
        sound["on"] = ["*" if position == rest[0] else pattern for position, pattern in enumerate(inner)]
    elif rest and part == "vars" and isinstance(inner, dict):
        sound["vars"] = {name: "" if name == rest[0] else value for name, value in inner.items() if rest[-1] != "[key]" or name != rest[0]}
    else:
        sound.pop(str(part), None)


def _idle(written: Any) -> PlannedStep:
    if isinstance(written, PlannedStep):
        return written
    id_ = written.get("id") if isinstance(written, dict) else None
    return PlannedStep(kind="", action=Action(), id=id_ if isinstance(id_, str) else None)
