"""Long runs are collected only when asked for (`python -m tests.soak`)."""

import os

collect_ignore_glob = [] if os.environ.get("AMENDS_SOAK") else ["test_*.py"]
