"""What somebody may have meant."""

import difflib
from collections.abc import Iterable


def closest(given: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known word that is most like the given one, if any is as like as that (1 is equal); letter case counts little."""
    by_lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(given.lower(), by_lower, n=1, cutoff=likeness)
    return by_lower[found[0]] if found else None


def one_slip_apart(given: str, known: str) -> bool:
    """Whether one letter that is missing, added or another one, or two neighbours that were swapped, lies between them, or nothing."""
    ours, theirs = _behind_what_both_begin_with(given, known)
    ours, theirs = _behind_what_both_begin_with(ours[::-1], theirs[::-1])
    return max(len(ours), len(theirs)) <= 1 or (len(ours) == 2 and ours == theirs[::-1])


def _behind_what_both_begin_with(one: str, other: str) -> tuple[str, str]:
    same = next((place for place, (mine, its) in enumerate(zip(one, other, strict=False)) if mine != its), min(len(one), len(other)))
    return one[same:], other[same:]


_LATER = """
azure-devops braintree calendly clerk codeberg contentful datadog docusign dropbox figma intercom jira mailchimp mollie netlify
notion okta paypal plaid postmark resend teams telegram trello typeform vercel woocommerce workos xero zendesk
"""
LATER_PROVIDERS = frozenset(_LATER.split())
"""Senders that a later version may know by name: one of them is never a slip of another's name."""

_SHELL = "a command is written 'shell: ./deploy.sh'"
FOREIGN_KEYS = {
    "run": _SHELL,
    "script": _SHELL,
    "command": _SHELL,
    "exec": _SHELL,
    "execute-command": _SHELL,
    "command-working-directory": "it is 'cwd' of 'shell': {command: ./deploy.sh, cwd: /srv/app}",
    "pass-arguments-to-command": 'a command takes its arguments as templates: shell: [./deploy.sh, "{{ payload.after }}"]',
    "pass-environment-to-command": "it is 'env' of 'shell': {command: ./deploy.sh, env: {REF: \"{{ payload.ref }}\"}}",
    "trigger-rule": "a rule's condition is written 'when: $.ref == refs/heads/main'; a signature is proven by the source in hookrules.yaml",
    "uses": "there are no ready-made actions; a command is written 'shell: ./deploy.sh', a request 'http: POST https://…'",
    "with": "fields stand under the action itself, like shell: {command: ./deploy.sh, cwd: /srv/app}",
    "working-directory": "it is 'cwd' of 'shell': {command: ./deploy.sh, cwd: /srv/app}",
    "continue-on-error": "it is 'continue_on_error'",
    "timeout-minutes": "it is 'timeout', like timeout: 10m",
    "jobs": "a rule has 'steps' and no jobs",
}
"""Keys of GitHub's workflows and of adnanh/webhook → what stands for each here."""
FOREIGN_ACTIONS = {key: "shell" for key, advice in FOREIGN_KEYS.items() if advice == _SHELL}
