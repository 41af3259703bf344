"""The queue's application; tasks stand in `<app>/tasks.py`."""

import logging
import os
import sys
from typing import Any

from celery import Celery, Task
from celery.exceptions import Ignore
from celery.signals import beat_init, celeryd_init, worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "accessportal.settings")

logger = logging.getLogger(__name__)


class TimelyTask(Task):
    """A task that does nothing under a wrong clock: what it leaves, the sweeps find again (RE7)."""

    abstract = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it, once the clock was held against the database's."""
        from audit import clock  # the apps are not loaded when this module is

        try:
            clock.hold_against_database()
        except clock.WrongClock as problem:
            logger.error("%s was not run: %s", self.name, problem)
            raise Ignore from None
        return super().__call__(*args, **kwargs)


app = Celery("accessportal", task_cls=TimelyTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
@beat_init.connect
def refuse_to_start(**_more: Any) -> None:
    """End worker or beat under unsafe settings, with words."""
    from accessportal.embedded.paths import BadSetting
    from accessportal.safety import refuse_unsafe_settings

    try:
        refuse_unsafe_settings()
    except BadSetting as problem:
        sys.exit(str(problem))  # any other exception would be logged by the queue's library, and forgotten


@worker_ready.connect
def look_at_the_record(**_more: Any) -> None:
    """Do what is due for the record as soon as there is a worker, and not only when beat next asks for it."""
    app.send_task("accounts.tasks.mind_record")
