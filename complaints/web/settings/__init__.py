"""The settings pages: people, what complaints are sorted by, routing, deadlines, mail, trail (mission D3, A1, A4,
A5)."""
