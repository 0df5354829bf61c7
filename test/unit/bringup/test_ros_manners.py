"""What a ROS 2 package brings along: a changelog in its form, dependencies, an aggregator's file of all nodes."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import pairwise
from pathlib import Path

import yaml

from avatar_ros.bringup.graph import START_ORDER

ROOT = Path(__file__).resolve().parents[3]


def test_each_node_is_in_one_group_of_the_aggregator():
    tree = yaml.safe_load((ROOT / "config/diagnostics_aggregator.yaml").read_text())
    groups = {name: group for name, group in tree["analyzers"]["ros__parameters"].items() if name != "path"}
    assert all(group["type"] == "diagnostic_aggregator/GenericAnalyzer" for group in groups.values())
    for node in START_ORDER:
        status = f"robot/face/{node}"  # what ros/diagnostics.py calls it
        found = [name for name, group in groups.items() if any(part in status for part in group["contains"])]
        assert len(found) == 1, f"{node} is in {found}"


def test_the_packages_version_is_one_everywhere():
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    version = package.findtext("version")
    assert re.search(rf'version="{version}"', (ROOT / "setup.py").read_text())
    changelog = (ROOT / "CHANGELOG.rst").read_text().splitlines()
    assert changelog[1] == f"Changelog for package {package.findtext('name')}"
    heads = [line for line, under in pairwise(changelog) if under and set(under) == {"-"}]
    assert heads[0] == "Forthcoming" or heads[0].startswith(f"{version} (")


def test_what_the_code_imports_of_ros_is_named_in_the_package():
    package = ElementTree.parse(ROOT / "package.xml").getroot()
    named = {item.text for item in package.iter() if item.tag.endswith("depend")}
    code = "\n".join(path.read_text() for path in (ROOT / "avatar_ros").rglob("*.py"))
    imported = set(re.findall(r"^ *(?:from|import) ((?:\w+_)?(?:rclpy|interfaces|msgs|index_python))\b", code, re.M))
    assert {"rclpy", "diagnostic_msgs", "ament_index_python"} <= imported
    assert imported <= named, imported - named
