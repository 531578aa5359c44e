"""What a tenant's admin shapes: definitions as data, the frozen snapshot of them, and change sets.

``definitions`` says which kinds exist and what each may hold, ``checks`` what must hold between them; ``snapshot`` is the configuration in
force, keyed by its version and never invalidated; ``change_sets`` is the only way to change it, ``assessing`` says beforehand what that
does, ``reverting`` takes it back, ``drafts`` keeps what is not done yet; ``documents`` reads and writes YAML.
"""
