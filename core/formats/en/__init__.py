"""Formats Django itself uses (form input, the date filter); texts of ours come from core.languages."""
