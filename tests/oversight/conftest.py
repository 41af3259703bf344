"""Somebody who reads a log."""

import pytest

from tests.factories import MembershipFactory, PersonFactory
from tests.oversight.log import url


@pytest.fixture
def ruth():
    """An auditor: may read the log, and nothing else."""
    return MembershipFactory(holding="auditor", person=PersonFactory(name="Ruth Reads"))


@pytest.fixture
def read(client, ruth):
    """Read Ruth's log with a query."""
    client.force_login(ruth.person)
    client.get(url("activity", ruth.account))  # her reading is the first event, once for all
    return lambda query="": client.get(url("activity", ruth.account) + query)
