"""What another hook server's own tests expect of rules, references and addresses, asked of our conditions.

Its rules are translated by one function for each kind. Where it stops with an error, we refuse the rule at load or have no answer: nothing
fires either way.
"""

import json
from typing import Any

import pytest
from support_conditions import facts
from support_peer_cases import address_of, cases

from hookrules.engine.conditions import compile_condition, find
from hookrules.engine.errors import ConditionError

SIGNATURES = ("payload-hmac-", "payload-hash-")
"""There a signature is one of the rules; here it is the source's, and is proven before any rule is asked."""

DIFFERENT_REFERENCES = {
    "get-02": "a dot always separates: a key with a dot in it is $['a.b']",
    "extract-13": "a negative index counts from the end, as in JSONPath",
}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def condition_of(rule: dict[str, Any]) -> Any:
    """Their rule in our language."""
    if "match" in rule:
        return match_of(rule["match"])
    if "not" in rule:
        return {"none": [condition_of(rule["not"])]}
    for theirs, ours in (("and", "all"), ("or", "any")):
        if theirs in rule:
            return {ours: [condition_of(part) for part in rule[theirs]]}
    return {}


def match_of(match: dict[str, Any]) -> str:
    if match["type"] == "ip-whitelist":
        return network_condition(match["ip-range"])
    left = f"{match['parameter']['source']}.{match['parameter']['name']}"
    return f"{left} == {quoted(match['value'])}" if match["type"] == "value" else f"{left} matches {quoted(match['regex'])}"


def network_condition(ranges: str) -> str:
    return f"event.ip in network [{', '.join(map(quoted, ranges.split()))}]"


def fires(condition: Any, **event: Any) -> bool | None:
    """The verdict; None also where the condition is refused at load."""
    try:
        compiled = compile_condition(condition)
    except ConditionError:
        return None
    verdict = compiled.verdict(facts(**event))
    assert compiled.explain(facts(**event)).result is verdict
    return verdict


def names_a_signature(rule: dict[str, Any]) -> bool:
    return rule.get("match", {}).get("type", "").startswith(SIGNATURES)


def test_every_rule_gives_the_verdict_of_the_peer() -> None:
    asked = {name: case for name, case in cases("rule_cases").items() if not names_a_signature(case["rule"])}
    assert len(asked) == len(cases("rule_cases")) - 10
    verdicts = {name: _verdict(case) for name, case in asked.items()}
    expected = {name: case["expected_match"] for name, case in asked.items()}
    assert {name: verdict is True for name, verdict in verdicts.items()} == expected
    assert not [name for name, case in asked.items() if case["expected_error"] and verdicts[name] is not None]


def _verdict(case: dict[str, Any]) -> bool | None:
    headers = {name.lower(): (value,) for name, value in (case["headers"] or {}).items()}
    return fires(condition_of(case["rule"]), payload=case["payload"], headers=headers, address=address_of(case["remote_addr"]))


@pytest.mark.parametrize("kind", ["match", "and", "or", "not"])
def test_the_corpus_has_rules_of_every_kind(kind: str) -> None:
    assert any(kind in case["rule"] for case in cases("rule_cases").values())


def test_every_address_gives_the_verdict_of_the_peer() -> None:
    found = {
        name: fires(network_condition(case["ip_range"]), address=address_of(case["remote_addr"]))
        for name, case in cases("ip_cases").items()
    }
    assert found == {name: case["expected_match"] for name, case in cases("ip_cases").items()}


def path_of(reference: str, payload: Any) -> str:
    """Their `a.1.b` is a key or an index by what lies there; in a JSONPath the writer says which."""
    path = "$"
    for part in reference.split("."):
        here = find(path, payload)
        index = bool(here) and isinstance(here[0], list) and part.lstrip("-").isdigit()
        path += f"[{part}]" if index else f"['{part}']"
    return path


def test_every_reference_finds_what_the_peer_finds() -> None:
    asked = {name: case for name, case in cases("extraction_cases").items() if name not in DIFFERENT_REFERENCES}
    for name, case in asked.items():
        found = find(path_of(case["reference"], case["payload"]), case["payload"])
        if case["kind"] == "as-string" and found and not isinstance(found[0], str):
            found = [json.dumps(found[0], separators=(",", ":"))]
        assert found == ([case["expected_value"]] if case["expected_found"] else []), name


def test_what_differs_on_purpose_still_does() -> None:
    for name in DIFFERENT_REFERENCES:
        case = cases("extraction_cases")[name]
        assert bool(find(path_of(case["reference"], case["payload"]), case["payload"])) is not case["expected_found"]
    assert find("$['a.b']", {"a.b": "1"}) == ["1"]
