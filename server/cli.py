"""The command `orderloom`: what it understands, and how it fails: in one line, with exit code 1."""

import sys

import typer

from server.commands import (
    audit,
    companies,
    configuration,
    documents,
    exchange,
    isolation,
    processes,
    search,
    templates,
)
from server.commands.house import EXPECTED, lines, say

app = typer.Typer(
    help="Orderloom: take, track, change and void customer orders, shaped by each company without code.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
for command in (
    processes.run,
    processes.serve,
    processes.worker,
    processes.clock,
    processes.migrate,
    processes.secret_key,
):
    app.command()(command)
app.command("seed-demo")(processes.seed_demo)
app.add_typer(companies.tenant, name="tenant")
app.command("token")(companies.token)
configuration.config.add_typer(templates.template, name="template")
app.add_typer(configuration.config, name="config")
app.command("import")(exchange.import_records)
app.command("export")(exchange.export_command)
app.add_typer(audit.audit, name="audit")
app.add_typer(isolation.isolation, name="isolation")
app.add_typer(search.search, name="search")
app.add_typer(documents.documents, name="documents")


def main() -> None:
    """Run the command line of this process."""
    try:
        app(prog_name="orderloom")
    except EXPECTED as error:
        for line in lines(error):
            say(f"orderloom: {line}")
        sys.exit(1)


if __name__ == "__main__":
    main()
