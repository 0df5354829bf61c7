"""What `bench express` says of cost and first lips, on less sound than it uses itself."""

import pytest

from avatar_ros.encoder.encode import load_encoder
from avatar_ros.speech.pocketsphinx_acoustic import installed_model
from benchmarks.lips.lips import CHUNK_S, cost, first_answer, first_lips

pytestmark = pytest.mark.skipif(installed_model() is None, reason="needs pocketsphinx")


@pytest.fixture(scope="module")
def encoder():
    made = load_encoder()
    yield made
    made.close()


def test_every_source_costs_something_and_makes_lips(encoder):
    costs = cost(encoder, seconds=1.0)
    assert set(costs) == {"marks", "text", "sound"}
    assert all(row["encoder"] > 0 and row["expression"] > 0 for row in costs.values())
    assert costs["marks"]["encoder"] < costs["text"]["encoder"], "nothing is aligned where marks come"
    needed = {source: row["sound_needed_s"] for source, row in first_lips(encoder).items()}
    assert needed["marks"] <= needed["text"] <= 0.2 and needed["marks"] >= CHUNK_S


def test_what_aligning_adds_is_a_difference(encoder):
    found = first_answer(encoder, rounds=3)
    assert found["marks"]["median"] < found["text"]["median"]
    assert found["aligning_adds"]["median"] < found["text"]["median"]
