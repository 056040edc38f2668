"""The command line: `hookrules VERB`. Its verbs are listed in `verbs`, one module each."""

import atexit
import gc
import io
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of these arguments (without any: the process's own): 0 fine, 1 findings or failures, 2 misuse, 130 interrupted."""
    from hookrules.engine.cli.failures import contained
    from hookrules.engine.cli.verbs import hookrules

    _print_what_the_terminal_lacks()
    if arguments is None:
        atexit.register(gc.freeze)  # what is there at the end goes with the process: taking rules apart would be a quarter of `validate`
    return contained(lambda: hookrules.main(args=arguments, prog_name="hookrules", standalone_mode=False))


def _print_what_the_terminal_lacks() -> None:
    """Under a locale without `✓`, print its code and go on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
