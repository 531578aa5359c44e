"""Mutations that set one definition of the configuration, one file for each kind or few kinds."""
