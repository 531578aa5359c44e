"""Signing in at a company's own identity provider, by OpenID Connect.

``providers`` is what a company says of its providers; ``discovery`` reads what a provider says of itself; ``id_tokens`` judges what it says
of a person; ``joining`` finds the member that the person is, or makes one; ``visits`` goes the whole way, from our address to the provider's, back,
and to a session. Source: OpenID Connect Core 1.0 (authorization code flow), RFC 7636 (PKCE), RFC 9700 (security practice).
"""
