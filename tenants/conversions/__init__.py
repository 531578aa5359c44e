"""Conversions of fields to other types, with their values: planned, done without blocking writes, told, and taken back.

The new values are made beside the old ones (:mod:`tenants.field_values.slots`). When all are there, one change set gives the field its
new type and lets the two names change places, so nobody ever reads a half-converted field, and the way back is as short.
"""
