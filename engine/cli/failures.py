"""The one place that turns what went wrong into words and an exit code."""

import os
import sys
from collections.abc import Callable

import click

from hookrules.engine.errors import ConfigurationError, HookrulesError

FAILED, MISUSED, INTERRUPTED = 1, 2, 130


def contained(command: Callable[[], int | None]) -> int:
    """The command's exit code; where it raises, the words are on stderr and no traceback is."""
    try:
        code = command() or 0
        sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        return _reader_gone()
    except click.ClickException as misuse:
        return _misused(misuse)
    except HookrulesError as error:
        return _failed(error)
    except OSError as error:
        return _refused_by_system(error)
    except Exception as crash:  # noqa: BLE001 - whatever it is, its reader is no programmer
        return _crashed(crash)
    return code


def _misused(misuse: click.ClickException) -> int:
    if isinstance(misuse, click.exceptions.NoArgsIsHelpError):
        misuse.show()
        return misuse.exit_code
    _say(misuse.format_message())
    context = getattr(misuse, "ctx", None)
    if context is not None:
        click.echo(f"Try '{context.command_path} --help'.", err=True)
    return misuse.exit_code


def _failed(error: HookrulesError) -> int:
    if isinstance(error, ConfigurationError):
        from hookrules.engine.cli.findings import as_line

        for finding in sorted(error.findings):
            click.echo(as_line(finding), err=True)
    _say(str(error))
    return FAILED


def _refused_by_system(error: OSError) -> int:
    """A file that can't be read or written is for its owner to mend, and no fault of ours."""
    if error.filename is None or error.strerror is None:
        return _crashed(error)
    _say(f"{os.fsdecode(error.filename)}: {error.strerror.lower()}")
    return FAILED


def _reader_gone() -> int:
    """Whoever read our output has closed it (`hookrules runs | head`): say nothing, also not when Python flushes at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED


def _crashed(crash: Exception) -> int:
    import platform
    import tempfile
    import traceback

    handle, path = tempfile.mkstemp(prefix="hookrules-crash-", suffix=".txt")  # readable by its owner only
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"Python {platform.python_version()} on {platform.platform()}\n\n")
        file.writelines(traceback.format_exception(crash))
    _say(f"this is a fault in hookrules ({type(crash).__name__}); what happened is written in {path}, please report it")
    return FAILED


def _say(message: str) -> None:
    click.echo(f"hookrules: {message}", err=True)
