"""Options that more than one verb takes."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

_CONFIG_HELP = "The configuration; rules and relative paths start in its folder."


def _keep_config(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    """Makes the path what `click.pass_obj` hands to a verb. What stands after the verb wins over what stands before it."""
    del parameter
    if value is not None:
        context.obj = Path(value)


CONFIG_OF_GROUP = click.Option(
    ["-c", "--config"],
    metavar="FILE",
    default="hookrules.yaml",
    show_default=True,
    envvar="HOOKRULES_CONFIG",
    show_envvar=True,
    expose_value=False,
    callback=_keep_config,
    help=_CONFIG_HELP,
)
CONFIG_OF_VERB = click.Option(["-c", "--config"], metavar="FILE", expose_value=False, callback=_keep_config, help=_CONFIG_HELP)


def show_version() -> click.Option:
    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Show the version and end."
    )


def _print_version(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    del parameter
    if value:
        from importlib.metadata import version

        click.echo(f"hookrules {version('hookrules')}")
        context.exit()


format_option = click.option(
    "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True, help="For people, or for programs."
)


def _seconds(context: click.Context, parameter: click.Parameter, value: str) -> float:
    from hookrules.engine.units import seconds

    try:
        return seconds(value)
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None


def duration_option(name: str, default: str, told: str) -> Callable[[Command], Command]:
    """In seconds."""
    return click.option(name, callback=_seconds, default=default, show_default=True, metavar="DURATION", help=told)


def since_option(default: str, told: str) -> Callable[[Command], Command]:
    """`--since 3d`, in seconds."""
    return duration_option("--since", default, told)


limit_option = click.option(
    "-n", "--limit", type=click.IntRange(min=1), default=50, show_default=True, metavar="NUMBER", help="At most so many, the newest."
)

log_option = click.option(
    "--log-format", type=click.Choice(["text", "json"]), default="text", show_default=True, help="The log's lines, on stderr."
)

watch_option = click.option(
    "--watch/--no-watch",
    default=True,
    envvar="HOOKRULES_WATCH",
    show_envvar=True,
    help="Whether a change of the configuration or of a rule takes effect by itself, or by `hookrules reload` and SIGHUP alone.",
)
