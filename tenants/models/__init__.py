"""The tables: here what the running house must know of them, in the modules beside how SQLAlchemy Core describes them.

``tables`` has all of them. Migrations and tests load it; a process that serves does not, which spares it 15 MiB of SQLAlchemy.
"""

ADDRESS_PARTS = ("recipient", "phone", "line1", "line2", "district", "city", "region", "postal_code", "country")
