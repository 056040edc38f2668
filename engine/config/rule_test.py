"""A test of rules as YAML has it: its models, which also make its JSON Schema."""

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, ConfigDict, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from hookrules.actions import kinds, others
from hookrules.engine.conditions.values import parse_time
from hookrules.engine.config.keys import Compiled, Keys, NotEmpty, OneOrMore
from hookrules.engine.config.suggestions import closest
from hookrules.engine.model import Json

USUAL_TIME = 1_767_268_800.0
"""2026-01-01T12:00:00Z, the clock of a test that sets none: a test has to say the same on every day."""


def _fault(kind: str, message: str, suggestion: str | None = None) -> PydanticCustomError:
    return PydanticCustomError(kind, "{message}", {"message": message, "suggestion": suggestion})


def _moment(written: Any) -> float:
    """Seconds since the epoch."""
    time = parse_time(written) if isinstance(written, str) else None
    if time is None:
        raise _fault("time", f"{written!r} is not a time: write it as RFC 3339 does, like 2026-03-01T10:00:00Z")
    return time.nanoseconds / 10**9


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise _fault("address", f"'{text}' is not an IP address") from None


class ExpectedCall(Keys):
    """One call that a run is expected to make."""

    kind: str
    fields: dict[str, Json]


def _call(written: Any) -> ExpectedCall:
    if isinstance(written, ExpectedCall):
        return written
    if not isinstance(written, dict) or len(written) != 1:
        raise _fault("mapping", f"an expected step is one action with its fields, like 'log: {{message: hello}}'; known are {_known()}")
    [(kind, fields)] = written.items()
    if kind not in kinds() and kind not in others():
        raise _fault("unknown_action", f"there is no action '{kind}'; known are {_known()}", closest(kind, (*kinds(), *others())))
    if not isinstance(fields, dict | None):
        raise _fault("mapping", f"what is expected of '{kind}' is a mapping of its fields; {{}} expects no more than the action")
    return ExpectedCall(kind=kind, fields=fields or {})


def _known() -> str:
    return ", ".join((*kinds(), *others()))


_CALL_SCHEMA = {"$ref": "#/$defs/Call"}


Moment = Annotated[
    float, Compiled(_moment, {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}", "examples": ["2026-03-01T10:00:00Z"]})
]
Address = Annotated[str, AfterValidator(_address)]
Texts = Annotated[tuple[str, ...], OneOrMore, NotEmpty]
Calls = tuple[Annotated[ExpectedCall, Compiled(_call, _CALL_SCHEMA)], ...]
Ending = Literal["succeeded", "failed", "dead"]
_EXPECTING = ("fires", "silent", "rules", "steps", "ends")
_ANYTHING = WithJsonSchema({"description": "A file beside this one, or the payload itself."})


class RuleTestFields(Keys):
    """One test: an event, and what rules are expected to make of it."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": [key]} for key in _EXPECTING]})

    name: str = Field(min_length=1, description="What it shows, for people.", examples=["a push to main deploys"])
    source: str | None = Field(
        None, description="Whose event it is; may be left out where hookrules.yaml has one source.", examples=["github"]
    )
    event: str = Field(
        "", description="Its type: push, pull_request.opened; a schedule's name; RULE.STATE.", examples=["push", "deploy-main.failed"]
    )
    payload: Annotated[Any, _ANYTHING] = Field(
        None, description="A file beside this one, or the payload itself.", examples=["payloads/push.json", {"ref": "refs/heads/main"}]
    )
    merge: dict[str, Json] | None = Field(
        None,
        description="Changes to the payload: a mapping goes deeper, null takes a key out.",
        examples=[{"ref": "refs/heads/dev", "head_commit": {"message": None}}],
    )
    headers: dict[str, Texts] = Field(
        default_factory=dict, description="Header fields over those that the provider sends.", examples=[{"X-GitHub-Delivery": "1"}]
    )
    query: dict[str, Texts] = Field(default_factory=dict, description="Fields of the URL's query.", examples=[{"page": "2"}])
    ip: Address | None = Field(None, description="The sender's address.", examples=["192.0.2.7"])
    at: Moment = Field(USUAL_TIME, description="The clock; 2026-01-01T12:00:00Z where left out.")
    secrets: dict[str, str] = Field(
        default_factory=dict, description="What `secrets.NAME` is in this test.", examples=[{"chat_url": "https://chat.example/ops"}]
    )
    results: dict[str, dict[str, Json]] = Field(
        default_factory=dict,
        description="What steps come to, by their id; a success where left out.",
        examples=[{"deploy": {"exit_code": 3, "stderr": "no space left"}}],
    )
    fires: Annotated[tuple[str, ...], OneOrMore] = Field(
        (), description="Rules that fire, whichever else do.", examples=["deploy-main", ["deploy-main", "tell-chat"]]
    )
    silent: Annotated[tuple[str, ...], OneOrMore] = Field(
        (), description="Rules that do not fire, whichever else do.", examples=["nightly"]
    )
    rules: Annotated[tuple[str, ...], OneOrMore] | None = Field(
        None, description="The rules that fire, and no others; [] for none.", examples=[["deploy-main"], []]
    )
    ends: dict[str, Ending] = Field(
        default_factory=dict, description="How runs end, by their rule; succeeded where left out.", examples=[{"deploy-main": "failed"}]
    )
    steps: dict[str, Calls] = Field(
        default_factory=dict,
        description="What runs do, by their rule: all of it, in order.",
        examples=[{"deploy-main": [{"log": {"message": "deployed"}}]}],
    )

    @property
    def expected(self) -> tuple[str, ...]:
        """The rules that are expected to fire."""
        return self.rules if self.rules is not None else tuple(dict.fromkeys((*self.fires, *self.steps, *self.ends)))

    @property
    def expects(self) -> bool:
        """Whether it says anything that may hold or not."""
        return self.rules is not None or bool(self.expected or self.silent)


class RuleTestFile(Keys):
    """A file of tests."""

    secrets: dict[str, str] = Field(
        default_factory=dict,
        description="What `secrets.NAME` is in each of these tests.",
        examples=[{"chat_url": "https://chat.example/ops"}],
    )
    tests: tuple[RuleTestFields, ...] = Field((), description="The tests, each on its own.")
