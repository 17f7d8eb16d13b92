"""Believable data to look at: the shop Halden & Moss, its people and its complaints, made by our own generator."""

from retention.demo import SOURCE

__all__ = ["SOURCE"]
