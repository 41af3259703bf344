"""How gunicorn serves: read by `gunicorn accessportal.wsgi` from the folder that it starts in."""

import os
from pathlib import Path

from gunicorn.glogging import Logger

from accessportal.logs import LineFormatter, RedactTokens


class RedactingLogger(Logger):
    """Gunicorn names the path of a request that failed, so its messages pass through the filter of all other logs."""

    def setup(self, cfg):
        """Set gunicorn's handlers up, then put our filter and format on each."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.addFilter(RedactTokens())
            handler.setFormatter(LineFormatter())


bind = os.environ.get("BIND") or f"127.0.0.1:{os.environ.get('PORT') or 8000}"
workers = int(os.environ.get("WEB_CONCURRENCY") or 2)
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS") or 4)
timeout = 60
graceful_timeout = 25  # so long a stop signal lets requests run to their end; whoever sent it waits 30 seconds (RE8)
max_requests = 2_000
max_requests_jitter = 200
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # nosec B108: memory; a heartbeat file on a slow disk stalls workers
forwarded_allow_ips = ""  # Django alone reads X-Forwarded-Proto, and only behind TRUSTED_PROXY_COUNT proxies
control_socket_disable = True
accesslog = None  # paths carry invitation tokens; the proxy's log or the audit answers who came
logger_class = RedactingLogger
