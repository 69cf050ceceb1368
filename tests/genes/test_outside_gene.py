"""A gene of another package: registered, conforming, and part of a search."""

import pickle
from pathlib import Path

import numpy as np
import outside_gene
import pytest
from outside_gene import RowStatisticsGene

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.pipeline.component import Component
from evolearn.pipeline.registry import gene_names, register_gene, unregister_gene
from evolearn.testing.genes import GeneCase, GeneConformance


@pytest.fixture
def gene():
    before = gene_names()
    register_gene(RowStatisticsGene(), before="scaler")
    yield
    unregister_gene("rows")
    assert gene_names() == before


@pytest.mark.usefixtures("gene")
class TestConformance(GeneConformance):
    @pytest.fixture
    def case(self):
        return GeneCase("rows")


def gene_like(**attributes):
    """A gene with other attributes than the one of the recipe."""
    return type("Other", (RowStatisticsGene,), {"neutral": None, **attributes})()


class Undeclared(RowStatisticsGene):
    """Does not say that it makes columns."""

    def add_steps(self, plan, allele, step):
        if step is not None:
            plan.number_steps.append((self.name, step))


def test_columns_that_a_gene_does_not_declare_are_found():
    register_gene(Undeclared(), before="scaler")
    try:
        with pytest.raises(ValueError, match="categorical_features"):
            GeneConformance().test_every_option_fits_and_predicts(GeneCase("rows"))
    finally:
        unregister_gene("rows")


def test_the_recipe_shows_this_gene(request):
    recipe = request.config.rootpath / "docs/recipes/gene.md"
    code = Path(outside_gene.__file__).read_text(encoding="utf-8")
    assert code in recipe.read_text(encoding="utf-8")


def spread_of_rows(seed=0, n_rows=200):
    """A target that the range of a row decides, which no single column tells."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 6))
    return X, np.ptp(X, axis=1) + 0.1 * rng.normal(size=n_rows)


SETTINGS = {
    "search_space": ["ridge", "decision_tree"],
    "time_budget": None,
    "n_evaluations": 24,
    "n_iter_no_change": None,
    "population_size": 4,
    "cv": 3,
    "random_state": 0,
    "n_jobs": 2,
}


@pytest.mark.usefixtures("gene")
def test_a_search_draws_and_keeps_it():
    assert gene_names().index("rows") == gene_names().index("scaler") - 1
    X, y = spread_of_rows()
    model = EvolutionaryRegressor(**SETTINGS).fit(X, y)
    assert [option.name for option in model.search_space_.preparation["rows"]] == [
        "plain_rows",
        "row_statistics",
    ]
    results = model.cv_results_
    assert set(results["param_rows"]) == {"plain_rows", "row_statistics"}
    assert set(results["status"]) <= {"scored", "raced"}
    assert model.best_params_["rows"] == "row_statistics"
    assert "rows" in model.best_estimator_.named_steps
    assert model.score(*spread_of_rows(seed=1)) > 0.7
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    alone = EvolutionaryRegressor(**SETTINGS | {"n_jobs": 1}).fit(X, y)
    np.testing.assert_array_equal(alone.cv_results_["fitness"], results["fitness"])


@pytest.mark.usefixtures("gene")
def test_tables_and_users_can_do_without():
    X, y = spread_of_rows()
    one = EvolutionaryRegressor(**SETTINGS | {"n_evaluations": 2}).fit(X[:, :1], y)
    assert one.search_space_.left_out["row_statistics"] == (
        "there are fewer than two numbers in a row"
    )
    space = SearchSpace.default("regression").only("ridge").without("row_statistics")
    assert space.slots_of("ridge")["rows"] == ("plain_rows",)


def test_names_are_unique_and_spaces_keep_a_gene_that_is_removed(gene):
    with pytest.raises(ValueError, match="There is a gene 'rows' already"):
        register_gene(RowStatisticsGene())
    space = SearchSpace.default("regression").only("ridge")
    unregister_gene("rows")
    with pytest.raises(ValueError, match="There is no gene 'scalar'; the genes are"):
        register_gene(RowStatisticsGene(), before="scalar")
    assert space.genome({"estimator": "ridge", "rows": "row_statistics"}) in space
    assert "rows" not in SearchSpace.default("regression").slots_of("ridge")


@pytest.mark.usefixtures("gene")
def test_the_portfolio_tries_it_early():
    space = SearchSpace.default("regression").only("ridge", "decision_tree")
    X, y = spread_of_rows()
    model = EvolutionaryRegressor(**SETTINGS | {"search_space": space, "n_evaluations": 4})
    assert "row_statistics" in model.fit(X, y).cv_results_["param_rows"]


def test_a_gene_of_a_script_works(run_script):
    code = Path(outside_gene.__file__).read_text(encoding="utf-8")
    search = f"""
from evolearn import EvolutionaryRegressor
from evolearn.pipeline.registry import register_gene

register_gene(RowStatisticsGene(), before="scaler")
rng = np.random.default_rng(0)
X = rng.normal(size=(200, 6))
model = EvolutionaryRegressor(**{SETTINGS | {"n_evaluations": 6}!r}).fit(X, np.ptp(X, axis=1))
print(set(model.cv_results_["status"]) <= {{"scored", "raced"}})
print("row_statistics" in model.cv_results_["param_rows"])
"""
    output, errors = run_script(code + search).communicate(timeout=120)
    assert output.split() == ["True", "True"], errors


@pytest.mark.parametrize(
    ("gene", "error", "message"),
    [
        (RowStatisticsGene, TypeError, "takes an instance of Gene"),
        (
            gene_like(neutral="none_at_all"),
            ValueError,
            "'none_at_all' of gene 'rows' is",
        ),
        (
            gene_like(components=(Component("ridge", None),)),
            ValueError,
            "model family 'ridge'",
        ),
        (gene_like(components=(Component("pca", None),)), ValueError, "gene 'transformer'"),
    ],
)
def test_a_gene_that_cannot_work_is_refused(gene, error, message):
    before = gene_names()
    with pytest.raises(error, match=message):
        register_gene(gene)
    assert gene_names() == before
