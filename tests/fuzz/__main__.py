"""`python -m tests.fuzz --requests 100000 [--seed N]`: the long run, over a database of its own (`make fuzz`)."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import pytest

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--requests", type=int, default=100_000, help="how many to send (100,000)")
    parser.add_argument("--seed", type=int, default=1, help="what is sent follows from it")
    parser.add_argument("--only", default="", help="a regular expression: only these paths")
    asked = parser.parse_args()
    os.environ |= {"FUZZ_REQUESTS": str(asked.requests), "FUZZ_SEED": str(asked.seed), "FUZZ_ONLY": asked.only}
    raise SystemExit(pytest.main([str(Path(__file__).parent), "-q", "-s", "-n0"]))
