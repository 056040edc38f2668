"""What the docs say of conditions and templates, line by line: `what is written → what comes of it`."""

import json
import re
from typing import Any, NamedTuple

import pytest
from support_conditions import facts
from support_docs import Block, blocks

from hookrules.engine.conditions import compile_condition, find
from hookrules.engine.errors import ConditionError, TemplateError
from hookrules.engine.matching.names import event_names
from hookrules.engine.templating import (
    GitRef,
    HeaderValue,
    HtmlTemplate,
    MailboxTemplate,
    ShellText,
    SqlText,
    TextTemplate,
    TopicName,
    UrlTemplate,
    ValueTemplate,
    use_jsonpath,
)

_GIVEN = re.compile(r"(payload|event|run): ([{\[].*)")
_EXAMPLE = re.compile(r"(?P<written>.+?)\s+→ (?P<comes>.+)")
VERDICTS = {"true": True, "false": False, "unknown": None}
PLACES = {
    "templates": TextTemplate,
    "templates shell": ShellText,
    "templates sql": SqlText,
    "templates url": UrlTemplate,
    "templates header": HeaderValue,
    "templates address": MailboxTemplate,
    "templates html": HtmlTemplate,
    "templates ref": GitRef,
    "templates topic": TopicName,
    "templates value": ValueTemplate,
}


class Example(NamedTuple):
    block: Block
    line: int
    written: str
    comes: str
    given: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.block.page}:{self.line}"

    @property
    def error(self) -> str | None:
        """The words that a refusal has, where one is promised."""
        return self.comes.removeprefix("error: ") if self.comes.startswith("error: ") else None


def examples(*kinds: str) -> list[Example]:
    found = []
    for block in blocks(*kinds):
        given: dict[str, Any] = {"payload": None}
        for number, line in enumerate(block.text.splitlines(), block.line):
            if what := _GIVEN.fullmatch(line):
                given[what[1]] = json.loads(what[2])
                continue
            example = _EXAMPLE.fullmatch(line)
            assert example, f"{block.page}:{number}: neither payload:, event:, run: nor an example with →"
            found.append(Example(block, number, example["written"], example["comes"], given))
    return found


@pytest.mark.parametrize("example", examples("conditions"), ids=lambda example: example.name)
def test_a_condition_gives_what_its_page_says(example: Example) -> None:
    in_step = "run" in example.given
    if example.error is not None:
        with pytest.raises(ConditionError) as told:
            compile_condition(example.written, in_step=in_step)
        assert example.error in f"{told.value.message} {told.value.suggestion}"
        return
    asked = facts(example.given["payload"], run=example.given.get("run"), **example.given.get("event", {}))
    assert compile_condition(example.written, in_step=in_step).verdict(asked) is VERDICTS[example.comes]


@pytest.fixture(autouse=True)
def _jsonpath() -> None:
    use_jsonpath(find)  # as engine/config does; another test may have set something else


@pytest.mark.parametrize("example", examples(*PLACES), ids=lambda example: example.name)
def test_a_template_prints_what_its_page_says(example: Example) -> None:
    place = PLACES[example.block.kind]
    names = event_names(facts(example.given["payload"], **example.given.get("event", {})).event)
    if example.error is not None:
        with pytest.raises(TemplateError) as told:
            place(example.written).render(names)
        assert example.error in f"{told.value.message} {told.value.suggestion}"
        return
    printed = place(example.written).render(names)
    if isinstance(printed, tuple):
        printed = ", ".join(map(str, printed))
    if isinstance(place, type) and issubclass(place, ValueTemplate):
        assert printed == json.loads(example.comes)
    else:
        assert (printed.text if hasattr(printed, "text") else printed).strip() == example.comes
