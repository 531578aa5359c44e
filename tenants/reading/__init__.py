"""Reading: a selection becomes one SQL statement whose answer is the JSON that the client receives.

``selection`` is what a door asks for, ``compiler`` turns it into SQL, ``pages`` are Relay connections, ``plan`` is the
finished statement with the recipe for its parameters.
"""
