"""Signing in at a company's own identity provider, by OpenID Connect or SAML 2.0.

``providers`` is what a company says of its providers, taken in by ``settings``; ``discovery`` reads what a provider says of itself. ``visits``
goes the whole way, from our address to the provider's, back, and to a session, whichever protocol the provider speaks: ``openid_connect``
or ``saml.service`` asks it, and has it vouch for a person. ``joining`` finds the member that the person is, or makes one. ``id_tokens`` judges
tokens, ``once`` sees to it that what counts once does, and ``logout`` ends what a provider says is over. ``desk`` has our addresses.

Source: OpenID Connect Core 1.0 (authorization code flow) and Back-Channel Logout 1.0, RFC 7636 (PKCE), RFC 9700 (security practice); those of
SAML are named in ``saml``.
"""
