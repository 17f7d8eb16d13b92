"""How gunicorn serves Amends: 2 processes with 4 threads each, the cheapest per request that we measured.

Read by `manage.py up` and by `gunicorn -c config/gunicorn.py config.wsgi`. Times are in seconds.
"""

import gc
import os
from pathlib import Path
from typing import Any

wsgi_app = "config.wsgi"
bind = [f"{os.environ.get('HOST') or '127.0.0.1'}:{os.environ.get('PORT') or '8000'}"]
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
threads = 4
preload_app = True  # the processes share what they load: a third less memory, and a broken start ends the master
timeout = 60
graceful_timeout = 2  # `up` promises to be gone within 5
keepalive = 5
max_requests = 20_000
max_requests_jitter = 2_000
limit_request_line = 8190
control_socket_disable = True  # a socket in the home folder would outlive a killed server
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (heartbeats, never on a slow disk)
loglevel = "warning"


def when_ready(server: Any) -> None:
    """Before the first fork: load all addresses, and keep the collector from walking what lives as long as we do."""
    from django.urls import get_resolver

    get_resolver().url_patterns  # noqa: B018  imports every view, which the first request would do otherwise
    gc.collect()
    gc.freeze()
    gc.set_threshold(25_000, 20, 50)
