"""The project's settings, started in a place of their own: what pytest loads (DJANGO_SETTINGS_MODULE).

Only the environment differs from a real start: a key, a fresh VAR_DIR for each process, plain static files
(no `collectstatic` before tests). DATABASE_URL and REDIS_URL stay as they are: `python -m tests.services`
sets them. pytest-django loads the settings before any conftest.py, so this cannot be done there.
"""

import atexit
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER", "")
if "pytest" in sys.modules:
    _var = tempfile.mkdtemp(prefix="amends-tests-")
    atexit.register(shutil.rmtree, _var, ignore_errors=True)
else:  # mypy's plugin, which ends without cleaning up
    _var = str(Path(__file__).resolve().parent.parent / "var" / "tests")
(Path(_var) / "static").mkdir(parents=True, exist_ok=True)  # whitenoise warns where it is missing

os.environ["VAR_DIR"] = _var
os.environ["SECRET_KEY"] = "tests-only-4f1c0b7d9a2e6835c1d0e9f8a7b6c5d4e3f2"
os.environ["STATICFILES_STORAGE"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
for _name in (
    "SECRET_KEY_FILE",
    "ATTACHMENTS_DIR",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "EMAIL_URL",
    "TIME_ZONE",
    "LANGUAGE_CODE",
    "DEBUG",
    "HOST",
    "PORT",
    "CORS_ALLOWED_ORIGINS",
):
    os.environ.pop(_name, None)
if os.environ.get("REDIS_URL") and _worker:  # each xdist worker a Redis database of its own
    _number = int(re.sub(r"\D", "", _worker) or 0) + 1
    os.environ["REDIS_URL"] = re.sub(r"/\d+$", f"/{_number}", os.environ["REDIS_URL"])

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, SQLITE  # noqa: E402

if SQLITE:  # a file, as in real life: WAL and IMMEDIATE mean nothing in memory
    DATABASES["default"]["NAME"] = str(Path(_var) / "amends.sqlite3")
    DATABASES["default"]["TEST"] = {"NAME": str(Path(_var) / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
API_RATE_PER_MINUTE = 0  # tests/test_api_limits.py is about it
ALLOWED_HOSTS = [*ALLOWED_HOSTS, "testserver"]  # noqa: F405
