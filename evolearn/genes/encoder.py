"""Gene of the encoder: how codes of categories become columns."""

from types import MappingProxyType

from sklearn.base import BaseEstimator
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OneHotEncoder, TargetEncoder

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Float, Integer
from evolearn.pipeline.gene import Gene, Options, Step, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.tasks import get_task
from evolearn.transformers import MISSING, CodeImputer

ENCODER, ONE_HOT, TARGET_MEAN, ORDINAL = "encoder", "one_hot", "target_mean", "ordinal"
NATIVE, EMBEDDED = "native", "embedded"
# Histogram gradient boosting keeps at most this many categories apart (its max_bins), and
# of more of them other boosting learns little but the rows that it has seen.
NATIVE_CATEGORIES = 255


class EncoderGene(Gene):
    """Encoding of categories."""

    name = ENCODER
    labels = MappingProxyType({"one_hot": "one-hot", "target_mean": "target means"})
    neutral = ONE_HOT
    components = (
        Component(
            ONE_HOT,
            OneHotEncoder(
                handle_unknown="infrequent_if_exist", sparse_output=False, max_categories=16
            ),
            {"max_categories": Integer(4, 64, log=True, start=16)},
            complexity=0.5,
            joins_columns=True,
        ),
        Component(
            TARGET_MEAN,
            TargetEncoder(),
            {"smooth": Float(0.5, 100.0, log=True, start=10.0)},
            complexity=0.5,
            learns_target=True,
            joins_columns=True,
        ),
        # The table's own category codes: as numbers, or as categories for models that know
        # them.
        Component(ORDINAL, None, complexity=0.0),
        Component(NATIVE, None, complexity=0.0, joins_columns=True),
        # The same codes, of which networks learn vectors. The log loss of networks with vectors
        # is 1.09 of that with one-hot encoded categories (seven tables, 600 rows, three seeds;
        # 0.96 to 1.26).
        Component(EMBEDDED, None, complexity=0.5, draw_share=0.2, joins_columns=True),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options, those first that suit the way an estimator reads columns."""
        if Trait.TARGET_MEANS in traits:
            return (TARGET_MEAN, ORDINAL, ONE_HOT)
        if Trait.CATEGORIES in traits:
            return (NATIVE, TARGET_MEAN, ORDINAL)
        if Trait.THRESHOLDS in traits:
            return (ORDINAL, TARGET_MEAN, ONE_HOT)
        if Trait.CATEGORY_VECTORS in traits:
            return (ONE_HOT, TARGET_MEAN, EMBEDDED)
        return (ONE_HOT, TARGET_MEAN)

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for tables without categories."""
        return None if problem.table.cardinalities else "there are no categories"

    def n_columns_made(self, option: Component, problem: Problem) -> float:
        """Return the number of one-hot encoded columns."""
        return problem.n_encoded_columns if option.name == ONE_HOT else 0.0

    def widens(self, option: str) -> bool:
        """Whether an option makes several columns of one category."""
        return option == ONE_HOT

    def add_steps(self, plan: PipelinePlan, allele: Allele, step: Step) -> None:
        """Encode the categories; codes that are used as they are stay in the default step."""
        if isinstance(step, TargetEncoder):
            step.set_params(target_type=get_task(plan.problem.task).encoder_target_type)
            step = plan.scaled(step, "encoder")
        elif allele.component == EMBEDDED:
            # A category that is not seen in training, if no missing one is.
            step = SimpleImputer(
                strategy="constant", fill_value=MISSING, keep_empty_features=True
            )
        elif allele.component == NATIVE and not plan.estimator.new_missing:
            wide = [j for j, is_few in enumerate(_are_few(plan)) if not is_few]
            step = CodeImputer(keep_learned=True, columns=wide) if wide else "passthrough"
        if step is not None:
            plan.category_step = step
        plan.codes_first = allele.component == EMBEDDED

    def configure(
        self, plan: PipelinePlan, allele: Allele, step: Step, estimator: BaseEstimator
    ) -> BaseEstimator:
        """Set the estimator's parameter for the columns that hold codes of categories."""
        if allele.component == EMBEDDED:
            estimator.set_params(categorical_features=[*range(len(plan.codes))])
        elif allele.component == NATIVE and not plan.problem.table.sparse:
            mask = plan.category_mask(_are_few(plan))
            if plan.estimator.categories_as is not None:
                estimator.set_params(**plan.estimator.categories_as(mask.tolist()))
            elif plan.texts or plan.branches:
                # The number of columns behind is not known before the fit: by position.
                estimator.set_params(categorical_features=mask.nonzero()[0])
            else:
                estimator.set_params(categorical_features=mask)
        return estimator


def _are_few(plan: PipelinePlan) -> list[bool]:
    """Return for each kept column of codes whether native splits take its categories."""
    few = [c <= NATIVE_CATEGORIES for c in plan.problem.table.cardinalities]
    # Crosses never have more, see evolearn.transformers.category_statistics.
    few += [True] * plan.n_made_categories
    return [few[j] for j in plan.codes]
