"""The rule that a run began with, by the digest of its text: as loaded, or as the journal remembers it."""

from collections.abc import Iterable

from hookrules.engine.config.ruleset import Rule, rule_from_text
from hookrules.engine.journal import Reading

_MOST_REMEMBERED = 1024


class Rulebook:
    """Rules by digest. What is not in the loaded rules any more is read once from the journal."""

    def __init__(self, rules: Iterable[Rule], journal: Reading) -> None:
        self._loaded = {rule.digest: rule for rule in rules}
        self._remembered: dict[str, Rule] = {}
        self._journal = journal

    def rule(self, digest: str) -> Rule | None:
        """None where neither has it: a journal that was cut by hand."""
        return self._loaded.get(digest) or self._remembered.get(digest) or self._recall(digest)

    def _recall(self, digest: str) -> Rule | None:
        kept = self._journal.rule_text(digest)
        if kept is None:
            return None
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        return self._remembered.setdefault(digest, rule_from_text(kept.text))
