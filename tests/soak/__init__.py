"""Long runs with faults: `make soak`, or `python -m tests.soak [pytest's arguments]`. Not part of `make test`."""
