"""Believable data to look at: the shop Halden & Moss, its people and its complaints, made by our own generator."""

SOURCE = "demo"  # the mark of everything made here: complaints, customers (by external id), tenures
