"""`python -m tests.soak`: the long runs, by pytest. They take servers from DATABASE_URL and REDIS_URL (`make soak`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

if __name__ == "__main__":
    os.environ["AMENDS_SOAK"] = "1"
    raise SystemExit(pytest.main([str(Path(__file__).parent), "-v", "-s", *sys.argv[1:]]))
