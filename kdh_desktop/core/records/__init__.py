"""The record store: every text, what models and people say of it, and how to find it again."""
