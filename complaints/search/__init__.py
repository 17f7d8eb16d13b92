"""Search in complaints: one interface over PostgreSQL's full text and SQLite's FTS5 (ux, desk 8; decision 17)."""

from complaints.search.finding import MOST, PAGE, Found, Hit, find, keys, narrowed

__all__ = ["MOST", "PAGE", "Found", "Hit", "find", "keys", "narrowed"]
