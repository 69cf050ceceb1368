"""The parts that the ablation switches off are really off."""

import sys

import pytest

from evolearn import EvolutionaryClassifier
from evolearn.ensemble.library import Library
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.execution.local.pool import WorkerPool
from evolearn.policy import Policy

if sys.platform != "linux":
    pytest.skip("benchmarks look into /proc", allow_module_level=True)

from ablation import PARTS, Part, print_worth
from ratios import selected


@pytest.fixture
def fit(binary, fast, cheap_classifiers, monkeypatch):
    """Fit with a part switched off; returns the model, the tasks and the library's entries."""
    tasks, entries = [], []
    submit, add = WorkerPool.submit, Library.add

    def noted_submit(pool, key, task, **more):
        tasks.append(task)
        submit(pool, key, task, **more)

    def noted_add(library, entry):
        entries.append(entry)
        add(library, entry)

    monkeypatch.setattr(WorkerPool, "submit", noted_submit)
    monkeypatch.setattr(Library, "add", noted_add)

    # Of three kinds, for alike ones are no better together.
    space = [*cheap_classifiers, "nearest_neighbors"]

    def fitted(part):
        settings = {**fast, "n_evaluations": 24, "n_iter_no_change": None, "random_state": 1}
        settings |= part.parameters
        model = EvolutionaryClassifier(search_space=space, **settings)
        model._policy = Policy(**part.policy)
        model.fit(*binary)
        return model, [task for task in tasks if isinstance(task, EvaluationTask)], entries

    return fitted


def test_with_nothing_switched_off_all_parts_are_seen(fit):
    model, tasks, entries = fit(Part("nothing"))
    origins = set(model.cv_results_["origin"])
    assert "portfolio" in origins
    assert origins & {"mutation", "crossover"}
    assert any(task.rival is not None for task in tasks)
    assert any(entry.models_path is not None for entry in entries)
    assert sum(model.leaderboard_["ensemble_weight"] > 0) > 1


def test_with_all_switched_off_none_of_them_is_seen(fit):
    policy = {k: v for part in PARTS.values() for k, v in part.policy.items()}
    parameters = {k: v for part in PARTS.values() for k, v in part.parameters.items()}
    model, tasks, entries = fit(Part("nothing", policy, parameters))
    # Without the portfolio none of the first candidates is of it, without evolution the others
    # have no parents.
    assert set(model.cv_results_["origin"]) == {"random"}
    assert len(tasks) == 24
    assert all(task.rival is None for task in tasks), "racing"
    assert not any(task.wants_models(0.0, 1e9) for task in tasks), "fold models"
    assert entries
    assert all(entry.models_path is None for entry in entries), "fold models"
    assert sum(model.leaderboard_["ensemble_weight"] > 0) == 1, "ensemble"


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_each_part_is_switched_off_by_something(part):
    assert part.policy or part.parameters


def test_a_part_that_is_no_more_is_an_error():
    with pytest.raises(TypeError, match="no_such_part"):
        Policy(**Part("nothing", {"no_such_part": False}).policy)


def test_the_worth_of_a_part_is_the_error_without_it(capsys):
    rows = [
        {
            "system": system, "name": name, "split": split, "budget": 60.0, "n_jobs": 1,
            "task": "regression", "ok": True, "err": err,
        }
        for system, err in (("evolearn", 1.0), ("without racing", 1.1))
        for name in ("a", "b")
        for split in (0, 1)
    ]  # fmt: skip
    print_worth(selected(rows))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4, "only parts of which there are results"
    assert lines[-1].split()[:8] == [
        "racing", "1.100", "1.100-1.100", "2", "of", "2", "4", "0"
    ]  # fmt: skip
