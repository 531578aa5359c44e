"""Values of custom fields in tables that PostgreSQL can look them up in, kept beside the records' ``custom`` objects.

``kinds`` says which values go where and in which form, ``rows`` what the rows of a record are, ``building`` how rows are made for
the records that were there before a field was marked indexed or unique.
"""
