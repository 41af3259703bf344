"""Receivers on this machine: only the embedded setting lets them be tried, so it is set where they are."""

import pytest

from tests.streams.receiving import syslog_receiver, vouched, web_receiver


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    """An authority and its certificate for localhost."""
    return vouched(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def on_this_machine(settings):
    """As under `make run`, where a receiver at localhost can be tried."""
    settings.EMBEDDED = True


@pytest.fixture
def receiver(authority, on_this_machine):
    """A webhook's receiver that takes everything."""
    with web_receiver(authority.context) as made:
        yield made


@pytest.fixture
def syslog(authority, on_this_machine):
    """A syslog receiver."""
    with syslog_receiver(authority.context) as made:
        yield made
