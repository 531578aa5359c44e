"""Fields whose values are worked out from others: formulas of the same record, and rollups over related ones.

Nothing is kept of them but the index rows of those that are marked indexed: what is read is worked out where it is read, and is
right at every moment. ``columns`` makes them columns like any other, ``checks`` judges them when the configuration is saved,
``indexing`` says which can be indexed and keeps their index rows with every save.
"""
