"""Offline programs that make the weights that ship with the package."""
