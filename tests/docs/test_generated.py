"""What the pages say of the code's own facts is what the code says."""

import importlib.util
from types import ModuleType

import pytest
from support_docs import PAGES, ROOT

from hookrules.actions import kinds
from hookrules.engine.conditions import compile_condition
from hookrules.engine.conditions.fact_fields import EVENT_FIELDS, GIT_FIELDS, MEANINGS
from hookrules.engine.conditions.functions import FUNCTIONS
from hookrules.engine.conditions.operators import OPERATORS


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_as_the_code_has_it(page, make_docs: ModuleType) -> None:
    text = page.read_text("utf-8")
    assert text == make_docs.made(text), "`make docs` writes it anew"


def test_every_block_of_the_script_stands_in_a_page(make_docs: ModuleType) -> None:
    pages = "".join(page.read_text("utf-8") for page in PAGES)
    assert [name for name in make_docs.BLOCKS if f"<!-- generated: {name}" not in pages] == []


def test_every_operator_function_and_fact_says_what_it_is() -> None:
    assert [phrase for phrase, operator in OPERATORS.items() if not operator.meaning] == []
    assert [name for name, function in FUNCTIONS.items() if not function.meaning] == []
    assert list(MEANINGS) == [*(f"event.{name}" for name in EVENT_FIELDS), *(f"git.{name}" for name in GIT_FIELDS)]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_example_of_a_function_is_a_condition(name: str) -> None:
    compile_condition(FUNCTIONS[name].example)
    assert f"{name}(" in FUNCTIONS[name].example


def test_every_action_has_its_page_and_every_page_its_action() -> None:
    assert {path.stem for path in (ROOT / "docs" / "actions").glob("*.md")} == set(kinds())
