"""Files, as they can be read; and how a record reaches those that hang on it."""

from tenants.records.attributes import RecordType, Relation, column

FILE = RecordType(
    name="file",
    graphql="File",
    plural="files",
    table="stored_files",
    description="A file that hangs on a record. Who may read the record may have it.",
    # Read with the record it hangs on.
    right="",
    root=False,
    order=(("createdAt", False),),
    attributes=(
        column("id", "id", "Opaque id."),
        column("name", "text", "Its name, with its ending."),
        column("contentType", "text", "What it is, as a media type such as application/pdf."),
        column("size", "integer", "How many bytes it has."),
        column(
            "url",
            "text",
            "Where it is given out to your token, as a path on this server.",
            sql="('/files/' || {t}.id)",
            filterable=False,
            sortable=False,
        ),
        Relation(
            name="createdBy",
            description="Who uploaded it.",
            target="member",
            join="{x}.id = {t}.created_by_id",
            nullable=True,
        ),
        column("createdAt", "date_time", "When it was uploaded."),
    ),
)


def files_of(record_type: str) -> Relation:
    """The files that hang on a record of that type, wherever they do."""
    return Relation(
        name="files",
        description="The files that hang on it, oldest first.",
        target="file",
        join=f"{{x}}.record_type = '{record_type}' AND {{x}}.record_id = {{t}}.id AND {{x}}.loose_since IS NULL",
        many=True,
    )
