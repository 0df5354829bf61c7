"""launch/kiosk.launch.py with the real launch: skipped where that is not installed.

launch_testing is used as a library, not as a pytest plugin: the plugin of Jazzy does not load under pytest 9, and it
imports every test file a second time under another import mode (pyproject.toml switches it off).
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

# Never "launch": this project's own launch/ folder imports under that name.
pytest.importorskip("launch_testing", reason="launch_testing is not installed: it comes with ROS 2, not as a wheel")
pytest.importorskip("launch_ros", reason="launch_ros is not installed: it comes with ROS 2, not as a wheel")

pytestmark = pytest.mark.ros


def load(name: str):
    """A scenario beside this file, as a module."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def own_domain(monkeypatch):
    """A ROS domain that no other test uses now."""
    domain_coordinator = pytest.importorskip("domain_coordinator")
    with domain_coordinator.domain_id() as domain:
        monkeypatch.setenv("ROS_DOMAIN_ID", str(domain))
        yield domain


@pytest.mark.parametrize("scenario", ["scenario_up", "scenario_bad_parameter"])
def test_launch(scenario, own_domain):
    from launch_testing.loader import LoadTestsFromPythonModule
    from launch_testing.test_runner import LaunchTestRunner

    runner = LaunchTestRunner(LoadTestsFromPythonModule(load(scenario)))
    runner.validate()
    results = runner.run()
    assert results
    for result in results.values():
        problems = [text for _, text in (*result.errors, *result.failures)]
        assert result.wasSuccessful(), "\n".join(problems)
        assert result.testsRun > 0
