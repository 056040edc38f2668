"""The condition language: text, lists and mappings from YAML → conditions that answer for an event, and say why."""

from hookrules.engine.conditions.condition import (
    Condition,
    FactUse,
    PathUse,
    ValueAccessor,
    compile_condition,
    fact_accessor,
    value_accessor,
)
from hookrules.engine.conditions.contradictions import Contradiction
from hookrules.engine.conditions.explanation import Explanation
from hookrules.engine.conditions.facts import Facts, facts_of
from hookrules.engine.conditions.jsonpath import JsonPath, find
from hookrules.engine.conditions.requirements import Requirement
from hookrules.engine.conditions.tree import Place

__all__ = [
    "Condition",
    "Contradiction",
    "Explanation",
    "FactUse",
    "Facts",
    "JsonPath",
    "PathUse",
    "Place",
    "Requirement",
    "ValueAccessor",
    "compile_condition",
    "fact_accessor",
    "facts_of",
    "find",
    "value_accessor",
]
