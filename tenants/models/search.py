"""What search looks in: the text of every record, by the record's id, under an index; and the spellings of every word.

The text stands apart from its record because of the policy that makes the index usable under row security; see
`docs/decisions/0014-search.md`.
"""

from sqlalchemy import Index

from tenants.columns import tenant_table, text_column

search_texts = tenant_table(
    "search_texts",
    text_column("record_type"),
    text_column("text"),
    Index(
        "search_texts_text_idx",
        # What GIN looks up first it looks up anew for each candidate of what follows.
        "text",
        "tenant_id",
        "record_type",
        postgresql_using="gin",
        postgresql_ops={"text": "gin_trgm_ops"},
    ),
)

search_spellings = tenant_table("search_spellings", text_column("form"), text_column("word"), key=("form", "word"))
