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

KIOSK = Path(__file__).resolve().parents[2] / "launch/kiosk.launch.py"
#: A busy machine may take long; this only catches a hang.
LONGEST_RUN_S = 90.0

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


def test_every_node_comes_up_and_leaves(own_domain):
    from launch_testing.loader import LoadTestsFromPythonModule
    from launch_testing.test_runner import LaunchTestRunner

    runner = LaunchTestRunner(LoadTestsFromPythonModule(load("scenario_up")))
    runner.validate()
    results = runner.run()
    assert results
    for result in results.values():
        problems = [text for _, text in (*result.errors, *result.failures)]
        assert result.wasSuccessful(), "\n".join(problems)
        assert result.testsRun > 0


def test_node_that_refuses_its_configuration_ends_the_launch(own_domain, tmp_path):
    """Not with launch_testing, to which a launch that ends by itself is a failure."""
    from launch.actions import IncludeLaunchDescription, RegisterEventHandler, Shutdown, TimerAction
    from launch.event_handlers import OnProcessExit
    from launch.launch_description_sources import PythonLaunchDescriptionSource

    from launch import LaunchDescription, LaunchService

    profile = tmp_path / "profile.yaml"
    profile.write_text("/**/vad_node:\n  ros__parameters:\n    backend: nonsense\n")
    arguments = {"mic": "none", "display": "off", "namespace": "launched", "profile": str(profile)}
    codes: dict[str, list[int]] = {}
    too_late: list[Shutdown] = [Shutdown(reason="the launch did not end by itself")]
    service = LaunchService(noninteractive=True)
    service.include_launch_description(
        LaunchDescription(
            [
                RegisterEventHandler(OnProcessExit(on_exit=lambda event, _: note(codes, event))),
                TimerAction(period=LONGEST_RUN_S, actions=too_late),
                IncludeLaunchDescription(
                    PythonLaunchDescriptionSource(str(KIOSK)), launch_arguments=arguments.items()
                ),
            ]
        )
    )
    service.run()
    assert codes["vad_node"] == [2]  # once: it was not started again


def note(codes: dict[str, list[int]], event) -> None:
    """Remember how a process ended; launch numbers them: "vad_node-2"."""
    codes.setdefault(event.process_name.rpartition("-")[0], []).append(event.returncode)
