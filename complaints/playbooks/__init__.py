"""How complaints are handled, written down: what is in force, who has read it, what to know (mission A6, D1)."""
