"""The benchmark: the product against the same SQL behind a bare Starlette route, in one run. ``make bench`` prints it.

``data`` loads the order book, ``bare`` is the route that sets the limit, ``load`` the client, ``run`` puts them together.
Figures on a shared machine are noisy: the ratio of interleaved rounds counts, absolute numbers do not.
"""
