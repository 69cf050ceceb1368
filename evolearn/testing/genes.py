"""Conformance tests of a gene, for pytest.

Subclass `GeneConformance` in a test module and define the fixture ``case``::

    class TestRowStatistics(GeneConformance):
        @pytest.fixture
        def case(self):
            register_gene(RowStatisticsGene(), before="scaler")
            yield GeneCase("rows")
            unregister_gene("rows")
"""

import pickle
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from numpy.testing import assert_array_equal
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from evolearn.cost.restriction import restrict, why_not
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Gene, Trait
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.registry import options_for, registered_genes
from evolearn.pipeline.screening_sample import ScreeningSample
from evolearn.pipeline.search_space import SearchSpace
from evolearn.search.variation import mate, moves_of, mutate, sample
from evolearn.tasks import get_task
from evolearn.testing.tables import SmallTable, small_tables

TASKS = ("classification", "regression")
# A few small trees are enough to see which columns come out of the steps.
BOOSTING = {"max_iter": 4, "min_samples_leaf": 2, "max_leaf_nodes": 8, "early_stopping": False}


@dataclass(frozen=True)
class GeneCase:
    """A registered gene.

    Parameters
    ----------
    name : str
    finding : object, default=None
        A finding, as `Gene.discover` returns them, that fits tables of at least four numbers.
        Only for genes that are of no use without one.
    """

    name: str
    finding: Any = None

    @property
    def gene(self) -> Gene:
        """The gene in the registry."""
        return next(gene for gene in registered_genes() if gene.name == self.name)


def _estimators(case: GeneCase, task: str, *, sparse: bool) -> Iterator[Component]:
    """Yield estimators that together take all options; of other genes they have the defaults.

    Options that accept no missing values come behind an imputer, which makes columns of its
    own. The other options come before boosting that splits codes of categories as such.
    """
    stratified = get_task(task).stratified
    boosting = HistGradientBoostingClassifier if stratified else HistGradientBoostingRegressor
    simple: Any = LogisticRegression() if stratified else Ridge()
    options = [c for c in case.gene.components if task in (c.tasks or TASKS)]
    native = [] if sparse else [o for o in options if "missing" in o.handles]
    complete = [o for o in options if o not in native]
    for name, own, need, handles in (
        ("complete", complete, Trait.COMPLETE, {"sparse"}),
        ("native", native, Trait.CATEGORIES, {"missing", "categories"}),
    ):
        if own:
            names = tuple(option.name for option in own)
            yield Component(
                name,
                simple if sparse else boosting(**BOOSTING),
                slots={**options_for({need, Trait.THRESHOLDS}, task), case.name: names},
                handles=frozenset(handles),
                user_defined=False,
            )


def _spaces(case: GeneCase) -> Iterator[tuple[SmallTable, SearchSpace]]:
    """Yield each small table with the space of estimators that take all options."""
    findings = {} if case.finding is None else {case.name: case.finding}
    for task in TASKS:
        for table in small_tables(task, findings).values():
            estimators = _estimators(case, task, sparse=table.problem.table.sparse)
            if components := [*estimators]:
                yield table, restrict(SearchSpace(components), table.problem)


def _genomes(case: GeneCase, space: SearchSpace) -> Iterator[Genome]:
    """Yield a genome of each option, with its default values and with drawn ones."""
    rng = Random(0)
    for estimator in space.names:
        for name in space.slots_of(estimator).get(case.name, ()):
            default = space.genome({"estimator": estimator, case.name: name})
            yield default
            option = space.component(case.name, name)
            if option.parameters:
                yield default.replaced(case.name, option.sample(rng))


def _fitted(
    genome: Genome, space: SearchSpace, table: SmallTable, rows: Any = slice(None)
) -> Pipeline:
    model = build_pipeline(genome, space, table.problem, 0)
    # Threads cost more than they save on so few rows.
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as of more quantiles than rows
        warnings.simplefilter("error", FutureWarning)  # deprecated parameters
        return model.fit(table.matrix[rows], table.target[rows])


def _dense(columns: Any) -> NDArray[np.float64]:
    return np.asarray(columns.toarray() if hasattr(columns, "toarray") else columns)


class GeneConformance:
    """The tests that every gene must pass; a subclass defines the fixture ``case``."""

    # -- options -----------------------------------------------------------------------------

    def test_options_are_among_the_components(self, case: GeneCase) -> None:
        """For every estimator, options are names of components, each once."""
        gene = case.gene
        names = [component.name for component in gene.components]
        assert all(isinstance(component, Component) for component in gene.components)
        assert len(set(names)) == len(names)
        assert gene.neutral is None or gene.neutral in names
        shares = [(c.draw_share, c.mutation_share) for c in gene.components]
        assert all(
            0.0 <= share <= 1.0 for share in [*np.ravel(shares), gene.neutral_mutation_share]
        )
        for traits in [frozenset[Trait](), frozenset(Trait), *(frozenset({t}) for t in Trait)]:
            options = gene.options(traits)
            assert len(set(options)) == len(options)
            assert set(options) <= set(names)

    def test_reasons_are_sentences(self, case: GeneCase) -> None:
        """An option is of use on a table, or the reason why not is given in words."""
        for table, space in _spaces(case):
            for option in case.gene.components:
                reason = why_not(case.gene, option, table.problem)
                assert reason is None or " " in reason
                if option.name in space.left_out:
                    assert space.left_out[option.name] == reason

    def test_sized_options_accept_their_defaults(self, case: GeneCase) -> None:
        """On every table, the default values of an option lie in its domains."""
        for _, space in _spaces(case):
            for option in space.preparation[case.name]:
                assert option.accepts(option.default())

    def test_expected_columns_are_numbers(self, case: GeneCase) -> None:
        """The number of columns that an option makes is known before it makes them."""
        for table, _ in _spaces(case):
            for option in case.gene.components:
                n_columns = case.gene.n_columns_made(option, table.problem)
                assert 0 <= n_columns < float("inf")
                assert case.gene.widens(option.name) in (False, True)

    # -- pipelines ---------------------------------------------------------------------------

    def test_the_first_option_is_the_default(self, case: GeneCase) -> None:
        """A genome that does not name the gene has the first of its options."""
        for _, space in _spaces(case):
            for estimator in space.names:
                genome = space.genome({"estimator": estimator})
                assert genome in space
                options = space.slots_of(estimator).get(case.name)
                if options:
                    assert genome[case.name].component == options[0]

    def test_every_option_fits_and_predicts(self, case: GeneCase) -> None:
        """Every option is of use on one of the tables, and codes stay where they are declared.

        A pickled space builds the same pipeline.
        """
        used = set()
        for table, space in _spaces(case):
            copied = pickle.loads(pickle.dumps(space))
            for genome in _genomes(case, space):
                assert genome in space
                used.add(genome[case.name].component)
                model = _fitted(genome, space, table)
                predictions = model.predict(table.matrix)
                assert predictions.shape == table.target.shape
                assert np.isfinite(predictions).all()
                again = _fitted(genome, copied, table)
                assert_array_equal(again.predict(table.matrix), predictions)
                _check_codes(model, table)
        assert used == {component.name for component in case.gene.components}

    def test_categories_that_the_training_rows_lack_are_missing(self, case: GeneCase) -> None:
        """Held-out rows of a fold have no categories that `predict` would not know."""
        for table, space in _spaces(case):
            if not table.problem.table.cardinalities:
                continue
            column = table.problem.table.first_code
            unseen = table.matrix[:, column] == 2.0
            rows, without = table.matrix[unseen], table.matrix[unseen]
            without[:, column] = np.nan
            for genome in _genomes(case, space):
                model = _fitted(genome, space, table, ~unseen)
                assert_array_equal(model.predict(rows), model.predict(without))

    # -- before the search -------------------------------------------------------------------

    def test_discoveries_are_repeatable(self, case: GeneCase) -> None:
        """The same rows give the same findings, which can be pickled."""
        for table, _ in _spaces(case):
            if table.problem.table.sparse:  # nothing is screened there
                continue
            values, task = get_task(table.problem.task).from_target(table.target)
            matrix, rows = table.matrix, np.arange(len(values))
            targets = task.screening_targets(values)
            schema = table.problem.table
            screened = ScreeningSample(matrix, schema, rows, targets.__getitem__, seed=0)
            first, second = (case.gene.discover(table.problem, screened) for _ in range(2))
            assert first == second
            assert pickle.loads(pickle.dumps(first)) == first

    # -- variation ---------------------------------------------------------------------------

    def test_offspring_stay_in_the_space(self, case: GeneCase) -> None:
        """Drawn, mutated and crossed genomes lie in the space, and repeat with the seed."""
        for _, space in _spaces(case):
            keys = []
            for _ in range(2):
                rng = Random(0)
                moves = moves_of(space, rng)
                genomes = [sample(space, rng, moves) for _ in range(20)]
                genomes += [mutate(rng.choice(genomes), space, rng, moves) for _ in range(20)]
                genomes += [
                    mate(rng.choice(genomes), rng.choice(genomes), space, rng, moves)
                    for _ in range(20)
                ]
                assert all(genome in space for genome in genomes)
                keys.append([genome.key for genome in genomes])
            assert keys[0] == keys[1]


def _check_codes(model: Pipeline, table: SmallTable) -> None:
    """Check that the columns that boosting splits as categories are the codes.

    The table's codes of categories are found among the columns that come out of the steps.
    """
    estimator = model[-1]
    boosting = getattr(estimator, "regressor_", estimator)  # of a transformed target
    if getattr(boosting, "is_categorical_", None) is None:
        return
    columns = _dense(model[:-1].transform(table.matrix) if len(model) > 1 else table.matrix)
    marked = columns[:, boosting.is_categorical_]
    present = marked[~np.isnan(marked)]
    assert (present == np.floor(present)).all()
    codes = _dense(table.matrix)[:, table.problem.table.first_code :]
    for code in codes.T:
        places = [j for j, column in enumerate(columns.T) if np.array_equal(column, code, True)]
        assert all(boosting.is_categorical_[j] for j in places)
