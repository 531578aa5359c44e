"""Signing in: passwords and second factors, counted tries, known devices, and the sessions that come of it.

``entering`` goes the whole way from an address and a password to a session; ``tries`` bounds guessing; ``devices`` lets the owner of an
account in while others guess; ``second_factor`` is the code of an authenticator application; ``passwords`` changes and resets
passwords; ``sessions`` opens, lists and ends sessions. A person signs in once for all companies, so nothing here is under row security.
"""
