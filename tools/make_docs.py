"""Writes what the pages of docs/ say of the code's own facts: between `<!-- generated: NAME -->` and `<!-- end -->`.

`make docs` runs it, and tests/docs hold the pages and the code equal. With `--check` it only says which pages are stale.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from typing import Any, cast

import yaml

from hookrules.actions import Action, kind, kinds
from hookrules.actions import service as registered_service
from hookrules.engine.bodies import limits as body_bounds
from hookrules.engine.bodies.kinds import KINDS
from hookrules.engine.conditions import operand_parser, parser, path_mistakes, structure
from hookrules.engine.conditions.fact_fields import MEANINGS
from hookrules.engine.conditions.functions import FUNCTIONS
from hookrules.engine.conditions.operators import OPERATORS, Right
from hookrules.engine.config.code_pages import CodePage, code_pages
from hookrules.engine.config.json_schema import SCHEMAS, Schema
from hookrules.engine.sources import provider, providers, scheme
from hookrules.engine.sources.address_lists import LISTS
from hookrules.engine.sources.provider import Provider
from hookrules.engine.templating import KNOWN, argument, environment, printing
from hookrules.engine.templating.filters import FILTERS, RAW, TESTS
from hookrules.engine.units import BYTES, SECONDS

DOCS = Path(__file__).parents[1] / "docs"
_BLOCK = re.compile(r"(<!-- generated: (?P<name>[a-z-]+)(?: (?P<argument>[\w.]+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [list(heads), *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines).replace("|  |", "| |")


def code(texts: Iterable[object]) -> str:
    return " ".join(f"`{text}`" for text in texts if text)


_RIGHT = {
    Right.NOTHING: "nothing",
    Right.VALUE: "a value",
    Right.ORDERED: "a value, no list",
    Right.ANY_OF: "a value, or a list of which any will do",
    Right.LIST: "a list",
    Right.PATTERN: "a pattern, or a list of which any will do",
}


def operators() -> str:
    rows = ((code(phrases), code(map(negation, phrases)), _RIGHT[right], meaning) for (meaning, right), phrases in _phrases())
    return table(("operator", "its negation", "right of it", "true when"), rows)


def _phrases() -> Iterator[tuple[tuple[str, Right], list[str]]]:
    positive = [phrase for phrase, operator in OPERATORS.items() if not operator.negative]
    for key, group in groupby(positive, key=lambda phrase: (OPERATORS[phrase].meaning, OPERATORS[phrase].right)):
        yield key, list(group)


def negation(phrase: str) -> str:
    """The phrase that says the opposite; empty where there is none."""
    opposite = replace(OPERATORS[phrase], negative=True)
    by_name = phrase.replace("is ", "is not ", 1)
    return next(
        (other for other, operator in OPERATORS.items() if operator == opposite), by_name if by_name in OPERATORS.keys() - {phrase} else ""
    )


def functions() -> str:
    rows = ((f"`{name}({_arguments(name)})`", function.meaning, f"`{function.example}`") for name, function in FUNCTIONS.items())
    return table(("function", "gives", "as in"), rows)


def _arguments(name: str) -> str:
    function = FUNCTIONS[name]
    needed = function.required or len(function.arguments)
    names = [{"SET": "path", "TEXT": "text"}.get(argument.name, "xy"[position]) for position, argument in enumerate(function.arguments)]
    return ", ".join(f"[{each}]" if position >= needed else each for position, each in enumerate(names))


def facts() -> str:
    return table(("fact", "is"), ((f"`{name}`", meaning) for name, meaning in MEANINGS.items()))


def limits() -> str:
    rows = [
        ("characters of one condition", f"{parser.LONGEST:,}"),
        ("nesting of parentheses, `not`, lists and functions in one text", f"{operand_parser.DEEPEST}"),
        ("nesting of YAML's lists, `all`, `any` and `none`", f"{structure.DEEPEST}"),
        ("tests and lists of one condition", f"{structure.MOST_TESTS:,}"),
        ("characters of one path", f"{path_mistakes.LONGEST:,}"),
        ("nesting of brackets in one path", f"{path_mistakes.DEEPEST}"),
    ]
    return table(("what", "at most"), rows)


def template_limits() -> str:
    rows = [
        ("characters that one template prints", f"{printing.OUTPUT_LIMIT:,}"),
        ("items of a list that a filter works on", f"{printing.ITEMS_LIMIT:,}"),
        ("rounds of all loops of one template", f"{environment.ROUNDS_LIMIT:,}"),
        ("bytes of one argument of a command, and of one value in shell text", f"{argument.ARGUMENT_LIMIT:,}"),
    ]
    return table(("what", "at most"), rows)


def bodies() -> str:
    return table(("content type", "payload"), ((", ".join(map(_media, kind.types)), kind.payload) for kind in KINDS))


def _media(name: str) -> str:
    if not name:
        return "none"
    return f"`{'…' * name.startswith('+')}{name}{'…' * name.endswith('/')}`"


def body_limits() -> str:
    rows = [
        ("nesting of lists, objects and elements", f"{body_bounds.MAX_DEPTH}"),
        ("characters of one number of JSON", f"{body_bounds.MAX_NUMBER:,}"),
        ("fields of a form", f"{body_bounds.MAX_FIELDS:,}"),
        ("parts of a multipart form", f"{body_bounds.MAX_PARTS:,}"),
        ("elements and attributes of an XML document", f"{body_bounds.MAX_NODES:,}"),
    ]
    return table(("what", "at most"), rows)


def address_lists() -> str:
    return table(("name", "published at"), ((f"`{name}`", f"<{published.url}>") for name, published in LISTS.items()))


def names() -> str:
    return code(KNOWN) + "\n"


def filters() -> str:
    return code([*sorted(FILTERS.keys() - {name for name in FILTERS if name.startswith("_")}), RAW]) + "\n"


def tests() -> str:
    return code(sorted(name for name in TESTS if name.isalpha())) + "\n"


def units() -> str:
    return f"A duration is a number and one of {code(SECONDS)}; a size a number and one of {code(BYTES)}.\n"


def keys(where: str) -> str:
    """The keys of a model: `rules.RuleFields`, `config.Server`; `config` alone for those of the whole file."""
    kind_of_file, _, model = where.partition(".")
    schema = SCHEMAS[kind_of_file]()
    definition = schema["$defs"][model] if model else schema
    actions = kinds() if model == "Step" else ()
    own = {key: inner for key, inner in definition["properties"].items() if not inner.get("deprecated") and key not in actions}
    return _key_table(own, definition.get("required", ()), schema)


def _key_table(properties: Mapping[str, Schema], needed: Iterable[str], root: Schema) -> str:
    rows = ((_key(key, needed), _type(inner, root), _default(inner), _about(inner, root)) for key, inner in properties.items())
    return table(("key", "value", "default", "meaning"), rows)


def _key(key: str, needed: Iterable[str]) -> str:
    return f"`{key}`, needed" if key in needed else f"`{key}`"


def _about(schema: Schema, root: Schema) -> str:
    found = (_resolved(arm, root).get("description") for arm in (schema, *schema.get("anyOf", ())))
    return next((text for text in found if text), "")


def _resolved(schema: Schema, root: Schema) -> Schema:
    return root["$defs"][schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


_NAMED = {
    "Condition": "[condition](conditions.md)",
    "Step": "step",
    "RetryFields": "[retry](rules.md#retry)",
    "ConcurrencyFields": "[concurrency](rules.md#order-repetition-limits)",
    "ThrottleFields": "[throttle](rules.md#order-repetition-limits)",
    "RespondFields": "[answer](rules.md#answering-the-sender)",
}


def _type(schema: Schema, root: Schema) -> str:
    return " or ".join(dict.fromkeys(_types(schema, root)))


def _types(schema: Schema, root: Schema) -> Iterator[str]:
    pattern = schema.get("pattern", "")
    if "title" in schema:
        yield schema["title"]
    elif "$ref" in schema:
        yield _NAMED.get(schema["$ref"].rpartition("/")[2], "mapping")
    elif "anyOf" in schema:
        for arm in schema["anyOf"]:
            yield from _types(arm, root)
    elif "enum" in schema or "const" in schema:
        yield ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    elif _SECONDS_IN.search(pattern) or _BYTES_IN.search(pattern):
        yield "duration" if _SECONDS_IN.search(pattern) else "size"
    elif "type" not in schema:
        yield "anything"
    else:
        yield from _named_types(schema, root)


def _named_types(schema: Schema, root: Schema) -> Iterator[str]:
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    for name in types:
        if name == "array" and "items" in schema:
            yield f"list of {_type(schema['items'], root)}"
        elif name != "null" and not (name == "number" and "string" in types):  # where text is expected, a number is text
            yield _TYPES[name]


_SECONDS_IN, _BYTES_IN = (re.compile(re.escape("|".join(units))) for units in (SECONDS, BYTES))
_TYPES = {
    "string": "text",
    "number": "number",
    "integer": "whole number",
    "boolean": "`true` or `false`",
    "array": "list",
    "object": "mapping",
}


_DOCUMENT_END = "\n..."  # what PyYAML writes behind a lone scalar


def _default(schema: Schema) -> str:
    default = schema.get("default")
    if default in (None, ""):
        return ""
    return f"`{yaml.safe_dump(default, default_flow_style=True, width=200).partition(_DOCUMENT_END)[0].strip()}`"


def action(name: str) -> str:
    """Fields, results and the example of an action."""
    schema = SCHEMAS["rules"]()
    definition = _resolved(schema["$defs"]["Step"]["properties"][name]["anyOf"][-1], schema)
    model = kind(name)
    fields = _key_table(definition["properties"], definition.get("required", ()), schema)
    left = f"It leaves {code(model.results)} at `steps.<id>`." if model.results else "It leaves nothing of its own at `steps.<id>`."
    short = f" `{name}: …` without a mapping gives its `{model.short}`." if model.short else ""
    return f"{fields}\n{left}{short}\n\n```yaml\n{_rule_with(name, model)}```\n"


def _rule_with(name: str, model: type[Action]) -> str:
    extra = cast("dict[str, Any]", model.model_config["json_schema_extra"])
    step = yaml.safe_dump([{name: extra["examples"][0]}], sort_keys=False, width=120, allow_unicode=True)
    return "rules:\n  - name: example\n    on: github\n    steps:\n" + "".join(f"      {line}\n" for line in step.splitlines())


def actions() -> str:
    """All kinds, each with what it does in a line."""
    return table(("action", "does"), ((f"[`{name}`](actions/{name}.md)", _first_line(kind(name))) for name in kinds()))


def _first_line(model: type[Action]) -> str:
    return (model.__doc__ or "").partition("\n")[0]


def service(section: str) -> str:
    """Keys and the example of a section of hookrules.yaml that actions bring along."""
    model = registered_service(section)
    schema = SCHEMAS["config"]()
    (entry,) = schema["properties"][section]["patternProperties"].values()
    definition = _resolved(entry, schema)
    name, example = model.example
    written = yaml.safe_dump({section: {name: dict(example)}}, sort_keys=False, width=120, allow_unicode=True)
    return f"{_key_table(definition['properties'], definition.get('required', ()), schema)}\n```yaml\n# hookrules.yaml\n{written}```\n"


_ROOMS = {
    "1": "YAML, keys and values",
    "2": "Conditions",
    "3": "Actions and templates",
    "4": "Settings, sources and secrets",
    "5": "Across files",
    "6": "Tests",
}


def codes() -> str:
    """The list of all findings, and then what there is to say of each."""
    overview = table(
        ("code", "what it is"), ((f"[`{page.code}`](#{page.code.lower()})", page.code.about) for page in code_pages().values())
    )
    rooms = groupby(code_pages().values(), key=lambda page: page.code[2])
    return overview + "".join(f"\n## {_ROOMS[room]}\n{''.join(map(_code, pages))}" for room, pages in rooms)


def _code(page: CodePage) -> str:
    shown = f"\n```yaml wrong\n{page.wrong}```\n\n```yaml\n{page.right}```\n" if page.wrong else ""
    return f"\n### {page.code}\n\n**{page.code.about[0].upper()}{page.code.about[1:]}.** {page.meaning}\n{shown}"


def every_provider() -> str:
    """The list of all providers, and then what there is to say of each."""
    known = {name: provider(name) for name in sorted(providers(), key=lambda name: provider(name).title.lower())}
    overview = ((f"[`{name}`](#{name})", each.title, _proof(each)) for name, each in known.items())
    return table(("`provider`", "sender", "its secret"), overview) + "".join(_provider(name, each) for name, each in known.items())


def _provider(name: str, described: Provider) -> str:
    facts = {
        "Secret": _proof(described),
        "To connect": described.setup,
        "Event type": described.types,
        "Delivery id": described.delivery,
        "Time": "It signs the time: `tolerance` says how far that may be from this clock." if described.signs_time else "",
        "URL": "It signs the URL: `url` or `server.external_url` says how the provider knows it." if described.signs_url else "",
        "Conditions": "`validate` holds their paths against what it publishes of its payloads." if described.catalogue else "",
        "Note": described.remarks,
    }
    told = "".join(f"- **{fact}**: {text}\n" for fact, text in facts.items() if text)
    return f"\n### {name}\n\n{scheme(name)}\n\n{told}"


def _proof(described: Provider) -> str:
    return described.proof or "it signs nothing: `verify` has to say how its deliveries are proven"


BLOCKS: Mapping[str, Callable[..., str]] = {
    "findings": codes,
    "providers": every_provider,
    "operators": operators,
    "functions": functions,
    "facts": facts,
    "limits": limits,
    "template-limits": template_limits,
    "bodies": bodies,
    "body-limits": body_limits,
    "address-lists": address_lists,
    "names": names,
    "filters": filters,
    "tests": tests,
    "units": units,
    "keys": keys,
    "action": action,
    "actions": actions,
    "service": service,
}


def made(page: str) -> str:
    """The page with its generated blocks as the code has them. Raises KeyError for a block of no known name."""

    def block(found: "re.Match[str]") -> str:
        return f"{found[1]}{BLOCKS[found['name']](*filter(None, [found['argument']]))}{found[4]}"

    return _BLOCK.sub(block, page)


def main(arguments: list[str]) -> int:
    stale = [path for path in sorted(DOCS.rglob("*.md")) if path.read_text("utf-8") != made(path.read_text("utf-8"))]
    for path in stale:
        if "--check" not in arguments:
            path.write_text(made(path.read_text("utf-8")), "utf-8")
        sys.stdout.write(f"{'stale:' if '--check' in arguments else 'wrote'} {path.relative_to(DOCS.parent)}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
