"""The project's settings as the tests run under: quick hashing, mail in memory, plain static files.

Without DATABASE_URL or REDIS_URL the addresses are those of embedded servers in a folder of this run; tests/conftest.py
starts them.
"""

import os
import secrets
import tempfile
from pathlib import Path

from django.core.cache.backends.redis import RedisCache

from accessportal.embedded import paths

# The first process of a run names all this; the workers of pytest-xdist inherit it.
RUN = os.environ.setdefault("ACCESSPORTAL_TEST_RUN", secrets.token_hex(4))
FOLDER = Path(tempfile.gettempdir()) / f"accessportal-test-{RUN}"
STARTS_DATABASE = os.environ.setdefault("ACCESSPORTAL_TEST_DATABASE", "" if os.environ.get("DATABASE_URL") else "own")
STARTS_REDIS = os.environ.setdefault("ACCESSPORTAL_TEST_REDIS", "" if os.environ.get("REDIS_URL") else "own")
if STARTS_DATABASE:
    os.environ["DATABASE_URL"] = paths.database_url(FOLDER, paths.SUPERUSER)
if STARTS_REDIS:
    os.environ["REDIS_URL"] = paths.redis_url(FOLDER)
os.environ.setdefault("SITE_URL", "http://localhost:8000")
os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ["CACHE_PREFIX"] = f"test-{RUN}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"

from accessportal.settings import *  # noqa: E402, F403  # reads the environment that is complete only now
from accessportal.settings import CACHES, STORAGES  # noqa: E402


class CacheOfThisWorker(RedisCache):
    """Django's own, but `clear` takes only the keys of this worker: others share the server."""

    def clear(self) -> bool:
        """Delete every key under this worker's prefix."""
        client = self._cache.get_client()
        keys = list(client.scan_iter(match=f"{self.key_prefix}:*", count=1000))
        return bool(not keys or client.delete(*keys))


CACHES = {"default": {**CACHES["default"], "BACKEND": "tests.settings.CacheOfThisWorker"}}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
STATIC_ROOT = None  # the finders serve them
CLOCK_TOLERANCE = None  # tests travel in time
