"""The HTTP porch and everything that starts or stops a process.

`cli` is the command `orderloom`; `settings` reads the environment; `supervisor` is `orderloom run`: it starts the
services of `embedded` where no URL is given (`preflight` looks whether they can work), migrates, and keeps `serve`,
`worker` and `clock` alive. `app` is the web application that `serve` runs, and `explorer` its GraphQL page.

What a tenant owns, and every rule about it, is in `tenants`; this package only lets requests in and answers out.
"""
