"""What the command line can do. A verb's module is imported when that verb runs and not before, so that `--help` is quick."""

import importlib
import inspect
from typing import Any, NamedTuple

import click

from hookrules.engine.cli.options import CONFIG_OF_GROUP, CONFIG_OF_VERB, show_version


class Verb(NamedTuple):
    command: str
    """`module:name` of the click command."""
    help: str


SECTIONS: dict[str, dict[str, Verb]] = {
    "Set up": {
        "init": Verb("hookrules.engine.cli.init:command", "Write a starter configuration, rules and secrets."),
        "validate": Verb("hookrules.engine.cli.validate:command", "Check the configuration and every rule."),
        "doctor": Verb("hookrules.engine.cli.doctor:command", "Tell what of the set-up costs more than it needs to."),
        "schema": Verb("hookrules.engine.cli.schema:command", "Print the JSON Schema of a kind of file, for editors."),
    },
    "Run": {
        "serve": Verb("hookrules.engine.cli.serve:command", "Receive webhooks and run the rules that they match."),
        "work": Verb("hookrules.engine.cli.work:command", "Run what waits in the journal, without receiving."),
        "reload": Verb("hookrules.engine.cli.reload:command", "Have the running server take up changed rules and configuration."),
    },
    "Try": {
        "explain": Verb("hookrules.engine.cli.explain:command", "Say why each rule fires for an event, or does not."),
        "test": Verb("hookrules.engine.cli.rule_tests:command", "Run the tests beside the rules; nothing is done."),
        "backtest": Verb("hookrules.engine.cli.backtest:command", "Hold stored events against other rules; nothing is done."),
        "paths": Verb("hookrules.engine.cli.paths:command", "List the paths that a source's payloads have."),
        "send": Verb("hookrules.engine.cli.send:command", "Sign a payload as its provider does, and deliver it."),
    },
    "Look": {
        "events": Verb("hookrules.engine.cli.events:command", "List the events that came, newest first."),
        "runs": Verb("hookrules.engine.cli.runs:command", "List the runs of rules, newest first."),
        "show": Verb("hookrules.engine.cli.show:command", "Show one event, or one run with its steps."),
    },
    "Steer": {
        "approve": Verb("hookrules.engine.cli.approve:command", "Let a run go on that waits for approval."),
        "cancel": Verb("hookrules.engine.cli.cancel:command", "Have a run end now, or dismiss a dead one."),
        "retry": Verb("hookrules.engine.cli.retry:command", "Have runs that ended badly done again."),
        "breakers": Verb("hookrules.engine.cli.breakers:command", "List the targets that are not called for now, or reset one."),
        "replay": Verb("hookrules.engine.cli.replay:command", "Put a stored event in again."),
        "catch-up": Verb("hookrules.engine.cli.catch_up:command", "Ask a provider for what failed, and put it in."),
    },
    "Keep": {
        "journal": Verb("hookrules.engine.cli.journal:command", "Check, copy, export, import or shrink the journal."),
    },
}
VERBS = {name: verb for section in SECTIONS.values() for name, verb in section.items()}


class LazyGroup(click.Group):
    """A group that knows its verbs' names and help without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        verb = VERBS.get(cmd_name)
        return _load(cmd_name, verb) if verb else None

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in VERBS or args[0].startswith("-"):
            return super().resolve_command(ctx, args)
        raise click.UsageError(f"there is no verb {args[0]!r}{self._suggestion(ctx, args[0])}", ctx)

    def _suggestion(self, ctx: click.Context, name: str) -> str:
        from difflib import get_close_matches

        near = get_close_matches(name, self.list_commands(ctx), n=1)
        return f"; did you mean {near[0]!r}?" if near else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        width = max(map(len, VERBS))
        for section, verbs in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([(name.ljust(width), verb.help) for name, verb in verbs.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        verbs = [CompletionItem(name, help=VERBS[name].help) for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return verbs + click.Command.shell_complete(self, ctx, incomplete)


def _load(name: str, verb: Verb) -> click.Command:
    """The verb's command, with the help line of the list above its own."""
    module, _, attribute = verb.command.partition(":")
    command: click.Command = getattr(importlib.import_module(module), attribute)
    command.name, command.short_help = name, verb.help
    if not (command.help or "").startswith(verb.help):
        command.help = f"{verb.help}\n\n{inspect.cleandoc(command.help or '')}".strip()
    if CONFIG_OF_VERB not in command.params and name != "init":
        command.params.append(CONFIG_OF_VERB)
    return command


hookrules = LazyGroup(
    "hookrules",
    help="Declarative automation for webhooks: proven, written down, matched by rules, run, and explained.",
    epilog="'hookrules VERB --help' says more of each.",
    options_metavar="[-c FILE]",
    subcommand_metavar="VERB …",
    params=[CONFIG_OF_GROUP, show_version()],
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
