"""Benchmarks of our own: `make bench`, or `python -m tests.bench --help`."""
