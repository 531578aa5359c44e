"""Keys of programs: principals of their own, with a name, roles, narrower rights and an end.

``secret`` is what a program sends, ``narrowing`` what a key may do of what its roles may, ``managing`` makes, renews and ends them. The
secret of a key is kept as a session is, so that it costs a call what a member's token costs it, and ends as a member's does.
"""
