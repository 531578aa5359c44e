"""The commands of `orderloom`, a file for each noun; `cli` puts them together.

`house` opens what most of them need, and says what a failure that can be expected means to the operator.
"""
