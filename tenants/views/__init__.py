"""Views: saved lists of orders, customers or products, private to a member or shared with roles or everybody.

A shared view is a definition of the configuration; a private one is a row of its member's, in the same shape. ``checks`` says what is
wrong with a view, ``finding`` finds those that somebody may see, ``saving`` keeps and shares them, ``running`` makes a list's
arguments of them.
"""
