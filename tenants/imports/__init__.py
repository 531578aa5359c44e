"""Imports: tables of text become customers, products and orders, through the same commands as everything else.

``run`` is the way in. What an admin writes is a ``mapping``; its field values are ``sources``; ``targets`` says which fields
there are to fill. ``reading`` gives the rows of a file with their line numbers, ``binding`` ties a mapping to a file's header
and to the tenant's fields, ``orders`` puts orders and their lines together with the help of a ``spool`` on disk, ``writing``
writes batches, and ``summary`` tells what came of it.
"""
