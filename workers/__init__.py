"""The job door: what happens after a commit, outside the request that caused it.

``relay`` hands due jobs to Redis, ``run`` takes them from there and calls ``automations`` and ``deliveries``, and ``clock``
does what only time asks for. Redis (``broker``) carries wake-ups alone: each job is a row in PostgreSQL until the commit
that does its work.
"""
