"""The tables of backends: mypy knows each of them, and what they say of files, libraries and options is true."""

import ast
import importlib
import importlib.util
from pathlib import Path

import pytest

from avatar_ros.core.registry import Registry
from avatar_ros.core.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
BACKENDS = [
    (registry, name, backend)
    for base in sorted((ROOT / "avatar_ros").glob("*/base.py"))
    for registry in vars(importlib.import_module(f"avatar_ros.{base.parent.name}.base")).values()
    if isinstance(registry, Registry)
    for name, backend in registry.items()
]
each_backend = pytest.mark.parametrize(
    ("registry", "name", "backend"), BACKENDS, ids=[backend.target for _, _, backend in BACKENDS]
)


def names_of(statement):
    return {f"{statement.module}:{alias.name}" for alias in statement.names}


def test_mypy_compares_every_backend_with_its_protocol():
    (checked,) = [
        item for item in ast.parse((ROOT / "tools/typed_backends.py").read_text()).body
        if isinstance(item, ast.If)
    ]  # fmt: skip
    imported = set().union(*(names_of(item) for item in checked.body if isinstance(item, ast.ImportFrom)))
    compared = {
        name.id
        for item in checked.body if isinstance(item, ast.AnnAssign)
        for name in ast.walk(item.value) if isinstance(name, ast.Name)
    }  # fmt: skip
    targets = {backend.target for _, _, backend in BACKENDS}
    assert len(BACKENDS) > 30 and targets <= imported
    assert {target.partition(":")[2] for target in targets} == compared


@each_backend
def test_options_can_be_read_and_all_defaults_are_good(registry, name, backend):
    kind = registry.settings_class(name)
    assert (kind is not None) == bool(backend.settings)
    assert kind is None or (issubclass(kind, Settings) and registry.options(name) == {name: kind()})


@each_backend
def test_its_class_is_what_the_room_needs(registry, name, backend):
    missing = [library for library in backend.libraries if library != "avatar_ros" and not is_here(library)]
    if missing:
        pytest.skip(f"{', '.join(missing)} is not installed")
    assert registry.load(name).__name__ == backend.target.partition(":")[2]


def is_here(library):
    return importlib.util.find_spec(library) is not None
