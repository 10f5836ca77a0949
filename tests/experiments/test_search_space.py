"""The search space: draws that are found again, and the grid."""

from __future__ import annotations

from experiments import search_space
from jner_re.config import ModelConfig, TrainConfig


def test_a_longer_search_begins_with_the_shorter_one() -> None:
    few, many = search_space.draws(5, seed=1), search_space.draws(40, seed=1)
    assert many[:5] == few
    assert len({candidate.name for candidate in many}) == 40
    assert search_space.draws(5, seed=2) != few


def test_every_value_is_drawn_and_every_draw_is_a_config() -> None:
    drawn = search_space.draws(200, seed=0)
    low, high = search_space.domains()["learning_rate"]
    for name, values in search_space.domains().items():
        seen = {candidate.values[name] for candidate in drawn}
        if name == "learning_rate":
            assert low <= min(seen) < 3e-4 and 3e-3 < max(seen) <= high
        else:
            assert seen == set(values)
    model, train = drawn[0].configs(ModelConfig(encoder=""), TrainConfig(seed=4))
    assert (model.encoder, train.seed) == ("", 4)
    assert {name: getattr(model, name, getattr(train, name, None)) for name in drawn[0].values} == drawn[
        0
    ].values


def test_the_grid_has_all_depths_of_the_paper() -> None:
    grid = search_space.depth_grid()
    depths = {tuple(candidate.values.values()) for candidate in grid}
    assert len(grid) == len(depths) == 48
    assert (1, 0, 0) in depths and (3, 3, 3) in depths
