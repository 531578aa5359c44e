"""The house: everything a tenant owns, its records, its rules, its configuration.

Nothing here knows GraphQL, HTTP, Redis or the queue; ``schema/`` and ``workers/`` are the doors that call in. Each call
carries a ``Transaction``: tenant, actor, configuration in force and the open database transaction in one object.
"""
