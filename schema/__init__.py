"""The GraphQL door: same nouns as ``tenants/``; it translates, and decides nothing.

``generated`` makes the types of what can be read from the record types, ``lens`` shows each tenant their own fields on top of
the one static schema, ``selections`` turns a query's fields into what the reader compiles, and ``execution`` serves an operation.
The files named by nouns hold the inputs, payloads and mutations. ``schema.graphql`` is the printed schema without any tenant's
fields.
"""
