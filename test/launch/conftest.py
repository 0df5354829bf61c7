"""What tests of launch files share."""

import pytest


@pytest.fixture
def own_domain(monkeypatch):
    """A ROS domain that no other test uses now."""
    domain_coordinator = pytest.importorskip("domain_coordinator")
    with domain_coordinator.domain_id() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
        yield domain
