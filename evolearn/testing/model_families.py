"""Conformance tests of a model family, for pytest.

Subclass `FamilyConformance` in a test module and define the fixture ``family``::

    class TestAdaBoost(FamilyConformance):
        @pytest.fixture
        def family(self):
            register_family(ADA_BOOST)
            yield "ada_boost"
            unregister_family("ada_boost")
"""

import pickle
import warnings
from collections.abc import Iterator
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from evolearn.cost.memory import fit_bytes
from evolearn.cost.restriction import restrict
from evolearn.cost.seconds import expected_seconds
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import text_of
from evolearn.pipeline.model_family import ModelFamily
from evolearn.pipeline.portfolio_entries import genomes_in
from evolearn.pipeline.registry import registered_families, registered_genes
from evolearn.pipeline.search_space import SearchSpace
from evolearn.tasks import get_task
from evolearn.testing.tables import SmallTable, small_tables

SIZES = ((20, 2), (1_000, 20), (1_000_000, 100))


def _family(name: str) -> ModelFamily:
    family = next(family for family in registered_families() if family.name == name)
    if not family.is_usable:
        pytest.skip(f"{family.library} is not installed")
    return family


def _spaces(name: str) -> Iterator[tuple[SmallTable, SearchSpace]]:
    """Yield, for each task, the small tables that the family is of use on, with its space."""
    for task in _family(name).models:
        space, n_tables = SearchSpace.default(task).only(name), 0
        for table in small_tables(task).values():
            try:
                restricted = restrict(space, table.problem)
            except ValueError:  # as of sparse data
                continue
            n_tables += 1
            yield table, restricted
        assert n_tables > 0, f"{name} is of use on no table of {task}"


class FamilyConformance:
    """The tests that every model family must pass; a subclass defines the fixture ``family``.

    The fixture returns the name of a registered family.
    """

    # -- the components ----------------------------------------------------------------------

    def test_there_is_a_component_for_each_task(self, family: str) -> None:
        """It has the family's name, and options that the genes have for its task."""
        for task in _family(family).models:
            component = SearchSpace.default(task)[family]
            assert component.name == family
            assert not component.user_defined
            assert get_task(task).accepts(component.prototype())
            for gene in registered_genes():
                of_task = {c.name for c in gene.components if task in (c.tasks or (task,))}
                assert set((component.slots or {}).get(gene.name, ())) <= of_task

    def test_defaults_lie_in_the_domains_on_tables_of_any_size(self, family: str) -> None:
        """Also after size limits."""
        for table, space in _spaces(family):
            for n_rows, n_columns in SIZES:
                schema = replace(table.problem.table, n_rows=n_rows, n_numeric=n_columns)
                problem = replace(table.problem, table=schema)
                component = space[family]
                if component.size_limits is not None:
                    component = component.size_limits(component, problem)
                assert component.name == family
                assert component.accepts(component.default())

    def test_costs_grow_with_the_table(self, family: str) -> None:
        """Seconds and bytes of a fit are positive, and more rows need no less of them."""
        for task in _family(family).models:
            component = SearchSpace.default(task)[family]
            problem = small_tables(task)["numbers"].problem
            larger = replace(problem, table=replace(problem.table, n_rows=100_000))
            if component.cost is not None:
                few, many = (expected_seconds(component, p) or 0.0 for p in (problem, larger))
                assert 0.0 < few <= many
            if component.footprint is not None:
                sizes = [
                    fit_bytes(component, replace(p, row_bytes=32.0)) for p in (problem, larger)
                ]
                assert 0.0 < sizes[0] <= sizes[1]

    # -- pipelines ---------------------------------------------------------------------------

    def test_pipelines_fit_and_predict(self, family: str) -> None:
        """With default and drawn values; copies and pickles predict the same.

        scikit-learn's warnings of deprecated parameters are errors.
        """
        for table, space in _spaces(family):
            for genome in (space.genome({"estimator": family}), space.sample(Random(0))):
                model = build_pipeline(genome, space, table.problem, 0)
                copied = clone(model)
                assert text_of(copied) == text_of(model)
                seeds = [
                    value
                    for name, value in model.get_params().items()
                    if name.endswith("random_state")
                ]
                assert None not in seeds
                with threadpool_limits(1), warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # small tables do not let all converge
                    warnings.simplefilter("error", FutureWarning)
                    predictions = model.fit(table.matrix, table.target).predict(table.matrix)
                    assert predictions.shape == table.target.shape
                    assert np.isfinite(predictions).all()
                    copied.fit(table.matrix, table.target)
                    assert_array_equal(copied.predict(table.matrix), predictions)
                    again = pickle.loads(pickle.dumps(model))
                    assert_array_equal(again.predict(table.matrix), predictions)

    # -- the portfolio -----------------------------------------------------------------------

    def test_portfolio_entries_lie_in_the_default_space(self, family: str) -> None:
        """No entry names a value or an option that the family does not have."""
        for task in _family(family).models:
            space = SearchSpace.default(task).only(family)
            entries = [*_family(family).portfolio.get(task, ())]
            if (stacking := _family(family).stacking) is not None:
                entries.append(stacking)
            described = [entry.params(family) for entry in entries]
            genomes = list(genomes_in(space, described))
            assert len(genomes) == len(entries)
            for params, genome in zip(described, genomes, strict=True):
                assert params.items() <= genome.params.items()
            assert set(_family(family).portfolio) <= set(_family(family).models)
