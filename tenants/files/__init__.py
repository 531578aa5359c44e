"""Files: taken in part by part, hung on records, given out to who may read the record, and forgotten when nothing points at them.

The content is in PostgreSQL (`docs/decisions/0023-files-in-postgresql.md`).
"""
