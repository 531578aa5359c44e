"""SAML 2.0: signing in at a provider that answers with a signed document, by a form that the browser posts to us.

``service`` asks a provider and takes its answer; ``messages`` writes what we say of ourselves and what we ask. What others have written is
read in a process of its own, which ``apart`` starts: ``reading`` is that process, ``documents`` takes XML in, ``certificates`` keys,
``provider_metadata`` what a provider says of itself, and ``responses`` what it says of a person. Only these five load an XML parser.

Source: SAML 2.0 Core, Bindings (3.4, 3.5), Profiles (4.1, Web Browser SSO, begun by us) and Metadata (OASIS, 2005).
"""
