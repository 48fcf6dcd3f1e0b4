"""Families of models: one file each, and the table that says which file takes which model."""
