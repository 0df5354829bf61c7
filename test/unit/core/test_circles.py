"""No import circles, between modules or between rooms, those for type checking counted; and no long files."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[3] / "avatar_ros"
LONGEST_FILE_LINES = 300


def modules(package: Path) -> dict[str, Path]:
    """Dotted name -> file."""
    files = (path for path in package.rglob("*.py") if "__pycache__" not in path.parts)
    return {".".join(path.relative_to(package.parent).with_suffix("").parts).removesuffix(".__init__"): path
            for path in files}  # fmt: skip


def imported(path: Path, root: Path) -> Iterator[str]:
    """Dotted names that a file imports anywhere in it, relative ones resolved."""
    package = path.relative_to(root).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def module_of(name: str, known: Iterable[str]) -> str:
    """The module that "avatar_ros.core.types.Mark" comes from; "" for another package's."""
    while name and name not in known:
        name = name.rpartition(".")[0]
    return name


def module_graph(package: Path) -> dict[str, set[str]]:
    """Module -> those that it imports. A package's own __init__, which only makes it one, is left out."""
    files = modules(package)
    return {
        name: {module_of(other, files) for other in imported(path, package.parent)} - {"", name, package.name}
        for name, path in files.items()
    }


def room_graph(graph: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """Room (first folder, or file beside the folders) -> those that it imports."""
    rooms: dict[str, set[str]] = {}
    for name, others in graph.items():
        if "." in name:
            room = name.split(".")[1]
            rooms.setdefault(room, set()).update({other.split(".")[1] for other in others} - {room})
    return rooms


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """One circle, first and last the same; [] where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def long_files(package: Path) -> list[str]:
    counts = {path: len(path.read_text().splitlines()) for path in modules(package).values()}
    return [f"{path.relative_to(package)}: {lines}" for path, lines in counts.items() if lines > LONGEST_FILE_LINES]


def test_no_module_imports_itself_by_way_of_others():
    assert circle(module_graph(PACKAGE)) == []


def test_no_room_imports_itself_by_way_of_others():
    assert circle(room_graph(module_graph(PACKAGE))) == []


def test_no_file_is_long():
    assert long_files(PACKAGE) == []


@pytest.mark.parametrize("how", ["from ..b.two import x", "import pack.b.two", "def f():\n    from ..b import two",
                                 "if TYPE_CHECKING:\n    from ..b.two import x"])  # fmt: skip
def test_these_checks_can_fail(tmp_path, how):
    package = tmp_path / "pack"
    for name, text in {"a/one.py": how, "b/two.py": "from ..c.three import y", "c/three.py": "from ..a import one",
                       "c/long.py": "\n" * 301}.items():  # fmt: skip
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(text)
    assert len(circle(module_graph(package))) == 4
    assert len(circle(room_graph(module_graph(package)))) == 4
    assert long_files(package) == ["c/long.py: 301"]
