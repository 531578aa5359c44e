"""The proof of isolation: that one company cannot reach what is another's, shown on the live instance and by the tests of each version.

`places` finds every place of the schema that takes an id, `replay` tries ids of another company there and judges the answers,
`reading` looks for another company's texts in all that can be read, `catalog` asks the database what it is; `canaries` are the two
companies that it is tried with, `prover` makes a proof of all of it, and `timer` has one made every so often.
"""
