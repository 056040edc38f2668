"""`hookrules schema`: what an editor needs to complete and check a file while it is written."""

import json
from pathlib import Path

import click

from hookrules.engine.config.json_schema import SCHEMAS


@click.command()
@click.argument("kind", type=click.Choice(list(SCHEMAS)), default="rules", metavar=f"[{'|'.join(SCHEMAS)}]")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Write it there, over what is there.")
def command(kind: str, output: Path | None) -> int:
    """Rule files, where no kind is named. The schema is JSON Schema 2020-12.

    An editor with yaml-language-server takes it from a comment at the top of the YAML file:

        # yaml-language-server: $schema=FILE
    """
    text = json.dumps(SCHEMAS[kind](), indent=2, ensure_ascii=False)
    if output is None:
        click.echo(text)
        return 0
    output.write_text(text + "\n", "utf-8")
    click.echo(f"wrote {output}", err=True)
    return 0
