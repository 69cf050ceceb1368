"""Gene of the transformer: combinations and expansions of all columns."""

from types import MappingProxyType

from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.preprocessing import KBinsDiscretizer, PolynomialFeatures, SplineTransformer
from sklearn.random_projection import GaussianRandomProjection

from evolearn.pipeline.component import Component, capped
from evolearn.pipeline.domains import Choice, Float, Integer
from evolearn.pipeline.gene import Gene, Options, Trait
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint

TRANSFORMER, POLYNOMIAL = "transformer", "polynomial"
# Options that make many columns of each, so that straight lines become curves or steps. Of
# more columns they make wide matrices.
SPREADING, MOST_SPREAD_COLUMNS = ("spline", "bins"), 100
# The most knots of a spline, and two pieces beyond them; bins are at most as many as knots.
COLUMNS_PER_SPLINE = 18
# Squares and products of more columns than this are too many: 40 columns make 860.
POLYNOMIAL_COLUMNS = 40
# So few columns are not reduced further.
FEWEST_DECOMPOSED = 3
# A decomposition or projection holds at most so many numbers, components times columns: 64 MiB.
COMPONENT_NUMBERS = 2**23


class TransformerGene(Gene):
    """Transformation of all columns together.

    Behind splines of 8 knots the errors of ridge and logistic regression on concrete, abalone,
    kin8nm, phoneme, credit_g and bike_sharing are 0.84 of those without (geometric mean, the
    worst 1.005), of 14 knots 0.82. Behind 16 bins of equal counts they are 0.85, behind a
    random projection 1.00: bins and projections are seldom tried.
    """

    name = TRANSFORMER
    labels = MappingProxyType({"pca": "PCA", "truncated_svd": "SVD", "spline": "splines"})
    neutral = "no_transformer"
    joint = True
    components = (
        Component("no_transformer", None, complexity=0.0),
        Component(
            "pca",
            PCA(svd_solver="full"),
            {"n_components": Float(0.7, 0.999, start=0.95), "whiten": Choice(False, True)},
            footprint=Footprint(5.0),  # two copies, the left singular vectors, the result
        ),
        Component(
            "truncated_svd",
            TruncatedSVD,
            {"n_components": Integer(2, 200, log=True, start=50)},
            handles=frozenset({"sparse"}),
        ),
        Component(
            "spline",
            SplineTransformer(
                n_knots=8, knots="quantile", extrapolation="constant", include_bias=False
            ),
            {
                "n_knots": Integer(4, 16, log=True, start=8),
                "knots": Choice("quantile", "uniform"),
            },
        ),
        Component(
            "bins",
            # Equal widths: bins of equal counts would put flags, and categories that were
            # encoded before, into one bin.
            KBinsDiscretizer(n_bins=8, encode="onehot-dense", strategy="uniform"),
            {"n_bins": Integer(3, 16, log=True, start=8)},
            draw_share=0.2,
            mutation_share=0.2,
        ),
        Component(
            "random_projection",
            GaussianRandomProjection(n_components=16),
            {"n_components": Integer(2, 200, log=True, start=16)},
            handles=frozenset({"sparse"}),
            draw_share=0.2,
            mutation_share=0.2,
        ),
        Component(
            POLYNOMIAL,
            PolynomialFeatures(include_bias=False),
            {"interaction_only": Choice(True, False)},
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options; linear estimators also get those that make curves and steps."""
        if Trait.TRANSFORMED not in traits:
            return ()
        names = ("no_transformer", "pca", POLYNOMIAL, "truncated_svd", "random_projection")
        return (*names, *SPREADING) if Trait.LINEAR in traits else names

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for too few or too many columns, for text, and for dense SVD."""
        name, table, n_columns = option.name, problem.table, problem.n_encoded_columns
        few = f"there are no more than {FEWEST_DECOMPOSED} columns"
        if name == "random_projection" and n_columns <= FEWEST_DECOMPOSED:
            return few
        if table.sparse:
            if name == "truncated_svd" and problem.n_columns <= FEWEST_DECOMPOSED:
                return few
            return super().why_not(option, problem)
        if name == "truncated_svd":
            return "it is for sparse data"
        if name in (POLYNOMIAL, *SPREADING) and table.texts:
            return "it is not for words"
        if name in SPREADING and n_columns > MOST_SPREAD_COLUMNS:
            return f"there are more than {MOST_SPREAD_COLUMNS} columns"
        if name == POLYNOMIAL and n_columns > POLYNOMIAL_COLUMNS:
            return f"there are more than {POLYNOMIAL_COLUMNS} columns"
        return None

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return a decomposition or projection into fewer columns than there are."""
        if option.name not in ("truncated_svd", "random_projection"):
            return option
        n_columns = problem.n_encoded_columns
        return capped(
            option, "n_components", min(n_columns - 1, COMPONENT_NUMBERS // n_columns)
        )

    def n_columns_made(self, option: Component, problem: Problem) -> float:
        """Return the number of columns that polynomials, splines and bins make."""
        if option.name == POLYNOMIAL:
            return problem.n_columns**2 / 2
        if option.name in SPREADING:
            return problem.n_encoded_columns * COLUMNS_PER_SPLINE
        return 0.0
