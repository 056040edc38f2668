"""The command line: `hookrules VERB`. Its verbs are listed in `verbs`, one module each."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit code of these arguments (without any: the process's own): 0 fine, 1 findings or failures, 2 misuse, 130 interrupted."""
    from hookrules.engine.cli.failures import contained
    from hookrules.engine.cli.verbs import hookrules

    return contained(lambda: hookrules.main(args=arguments, prog_name="hookrules", standalone_mode=False))
