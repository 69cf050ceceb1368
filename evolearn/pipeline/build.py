"""From genome to pipeline: the phenotype is a plain, unfitted scikit-learn estimator."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
)
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler, TargetEncoder

from evolearn.genes.catalogue import EMBEDDED, NO_TEXT, TEXT_COMPONENTS
from evolearn.genes.dates import cycles_of, differences_of
from evolearn.genes.identifiers import IDENTIFIERS
from evolearn.genes.masks import MASK
from evolearn.genes.relations import RELATIONS
from evolearn.pipeline.component import Component, weight_parameter
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.seeding import seeded
from evolearn.transformers import (
    CategoryRelations,
    ColumnMask,
    DateFeatures,
    KnownColumns,
    parse_relation,
)

# The slots that make other columns of all columns together, or choose among them.
CHOOSING = ("transformer", "selector")
# Histogram gradient boosting keeps at most this many categories apart (its max_bins), and
# of more of them other boosting learns little but the rows that it has seen.
NATIVE_CATEGORIES = 255
HISTOGRAM_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def express(
    genome: Genome,
    space: SearchSpace,
    problem: Problem,
    seed: int,
    rounds: int | None = None,
) -> BaseEstimator:
    """Return the unfitted pipeline that a genome describes.

    Parameters
    ----------
    genome : Genome
    space : SearchSpace
        The space the genome belongs to.
    problem : Problem
        The numeric matrix the pipeline will be fitted on, and the task.
    seed : int
        The search's seed, from which those of random steps come.
    rounds : int, default=None
        Boosting takes so many rounds, however early it might stop.

    Returns
    -------
    Pipeline
        Or the user's own pipeline, which takes the table as it came.
    """
    component = space[genome.estimator]
    estimator = component.build(genome["estimator"])
    # A pipeline of the user's may end in such boosting: it stops early once more.
    if rounds is not None and hasattr(estimator, "early_stopping"):
        estimator.set_params(early_stopping=False, max_iter=rounds)
    if not component.whole:
        if not problem.table.sparse and _encoder(genome) == "native":
            columns = _native_columns(genome, space, problem)
            estimator.set_params(**_native_parameters(component, columns, problem))
        if _encoder(genome) == EMBEDDED:
            codes = range(len(_codes(genome, problem)))
            estimator.set_params(categorical_features=[*codes])
        if component.coded_labels and problem.task == "classification" and not problem.zero_one:
            estimator = _with_encoded_labels(estimator, genome.estimator)
        if "target" in genome:
            estimator = _wrap_target(estimator, genome, space)
        steps = _columns(genome, space, problem)
        if _encoder(genome) != EMBEDDED:
            steps += _steps(genome, space, *CHOOSING)
        preparation_seed = genome.preparation_seed(seed)
        for _, step in steps:
            seeded(step, problem.task, preparation_seed)
        # The steps are left as they are now: others that prepare alike have the same ones.
        seeded(estimator, problem.task, genome.seed(seed))
        return Pipeline([*steps, ("estimator", estimator)])
    return seeded(estimator, problem.task, genome.seed(seed))


def preparation_key(genome: Genome, space: SearchSpace) -> str:
    """Return a text that is the same for two genomes if the steps before the estimator are.

    Seeds included; the genomes are of one space, and their pipelines for one problem.
    """
    takes_missing = "missing" in space[genome.estimator].handles
    return f"{genome.preparation} | {takes_missing} | {_is_histogram_boosting(genome, space)}"


def early_rounds(pipeline: BaseEstimator) -> int | None:
    """Return after how many rounds boosting that may stop early has stopped, else None."""
    if not isinstance(pipeline, Pipeline):
        return None
    model = pipeline.steps[-1][1]
    model = getattr(model, "regressor_", model)  # of a transformed target
    boosted = isinstance(model, HISTOGRAM_BOOSTING)
    return int(model.n_iter_) if boosted and model.early_stopping is True else None


def fit_weights(pipeline: BaseEstimator, sample_weight: Any) -> Mapping[str, Any]:
    """Return the fit parameters that hand sample weights to the pipeline's estimator."""
    if sample_weight is None:
        return {}
    name = weight_parameter(pipeline)
    return {name: sample_weight} if name else {}


def _columns(
    genome: Genome, space: SearchSpace, problem: Problem
) -> list[tuple[str, BaseEstimator]]:
    """Return the steps that relate, impute, construct, leave out, encode and scale columns."""
    table = problem.table
    numeric: list[tuple[str, BaseEstimator]] = []
    if table.has_missing and _is_histogram_boosting(genome, space):
        numeric.append(("known", KnownColumns()))
    numeric += _steps(genome, space, "imputer", "features", "dates", MASK)
    if problem.fine_numbers and space[genome.estimator].cost is not None:
        numeric.append(("unit", StandardScaler()))
    numeric += _steps(genome, space, "scaler")
    if _encoder(genome) == EMBEDDED:  # whatever chooses columns leaves codes alone
        numeric += _steps(genome, space, *CHOOSING)
    related = _steps(genome, space, RELATIONS)
    for _, step in (*numeric, *related):
        _tell_columns(step, genome, problem)
    identified = _identified(genome, space, problem)
    if not table.cardinalities and not table.texts and not identified:
        return numeric
    categorical = _categorical(genome, space, problem) if table.cardinalities else None
    if categorical is None and not numeric and not table.texts and not identified:
        return related
    # What relations make stands behind the words of texts.
    first_code = table.first_code + _made(genome, problem)[0]
    numbers = [*range(table.n_numeric), *range(table.first_code, first_code)]
    if not _n_numbers(genome, space, problem):  # all of them are left out
        numbers = []
    codes = [first_code + j for j in _codes(genome, problem)]
    columns: list[tuple[tuple[str, Any], list[int]]] = [
        (("numbers", _joined(numeric)), numbers),
        (("categories", categorical or "passthrough"), codes),
        # Last, for how many columns become of these may depend on the rows.
        *_texts(genome, space, problem),
        *identified,
    ]
    if _encoder(genome) == EMBEDDED:
        columns = [columns[1], columns[0], *columns[2:]]  # where the codes are is known then
    parts = [(*step, _as_slice(positions)) for step, positions in columns if positions]
    return [*related, ("columns", ColumnTransformer(parts, sparse_threshold=0.0))]


def _is_histogram_boosting(genome: Genome, space: SearchSpace) -> bool:
    return isinstance(space[genome.estimator].prototype(), HISTOGRAM_BOOSTING)


def _as_slice(positions: list[int]) -> slice | list[int]:
    """Return positions as a slice if there are none between them, for it copies less."""
    first, last = positions[0], positions[-1]
    return slice(first, last + 1) if last - first + 1 == len(positions) else positions


def _made(genome: Genome, problem: Problem) -> tuple[int, int]:
    """Return how many numbers relations make, and how many categories there are with theirs."""
    related = dict(genome[RELATIONS].values) if RELATIONS in genome else {}
    made = [parse_relation(text).is_category for text in related.get("relations", ())]
    return made.count(False), len(problem.table.cardinalities) + made.count(True)


def _codes(genome: Genome, problem: Problem) -> list[int]:
    """Return which categories are kept, those that relations make behind the table's."""
    _, masked = _left_out(genome, problem)
    return [j for j in range(_made(genome, problem)[1]) if j not in masked]


def _texts(
    genome: Genome, space: SearchSpace, problem: Problem
) -> list[tuple[tuple[str, BaseEstimator | str], list[int]]]:
    """Return, for each text, what makes numbers of the counts of its words, and where."""
    parts, start = [], problem.table.n_numeric
    for block in problem.table.texts:
        step = (f"text {block.name}", _text_step(genome, space))
        parts.append((step, [*range(start, start + block.width)]))
        start += block.width
    return parts


def _identified(
    genome: Genome, space: SearchSpace, problem: Problem
) -> list[tuple[tuple[str, BaseEstimator], list[int]]]:
    """Return what makes means of the target of numbers that identify, and where these are."""
    steps = _steps(genome, space, IDENTIFIERS)
    positions = [*problem.identifiers]
    return [
        ((name, _scaled(_of_target(step, problem), genome)), positions) for name, step in steps
    ]


def _tell_columns(step: BaseEstimator, genome: Genome, problem: Problem) -> None:
    """Tell a step which columns of the table it is about."""
    table = problem.table
    if isinstance(step, DateFeatures):
        step.set_params(cycles=cycles_of(table), differences=differences_of(table))
    elif isinstance(step, ColumnMask):
        step.set_params(left_out=_left_out(genome, problem)[0])
    elif isinstance(step, CategoryRelations):
        step.set_params(n_categorical=len(table.cardinalities))
    elif isinstance(step, StandardScaler) and table.sparse:
        step.set_params(with_mean=False)


def _left_out(genome: Genome, problem: Problem) -> tuple[list[int], list[int]]:
    """Return the positions among the table's numbers, and categories, that a mask leaves out.

    A mask counts both together, numbers first.
    """
    mask = dict(genome[MASK].values) if MASK in genome else {}
    n_numeric, positions = problem.table.n_numeric, mask.get("left_out", ())
    numbers = [j for j in positions if j < n_numeric]
    return numbers, [j - n_numeric for j in positions if j >= n_numeric]


def _text_step(genome: Genome, space: SearchSpace) -> BaseEstimator | str:
    if "text" not in genome:
        return "passthrough"
    component = space.component("text", genome["text"].component)
    if component.name == NO_TEXT:
        return "drop"
    step = component.build(genome["text"])
    # Weighed words are of one size, and rare ones would become huge.
    if "scaler" in genome and not isinstance(step, TfidfTransformer):
        return Pipeline([("words", step), ("scaler", StandardScaler())])
    return step


def _categorical(genome: Genome, space: SearchSpace, problem: Problem) -> BaseEstimator | None:
    """Return what encodes the category codes, None to leave them as they are."""
    name = _encoder(genome)
    if name is None or name in ("native", "ordinal", EMBEDDED):
        if "missing" in space[genome.estimator].handles:
            return None
        return SimpleImputer(strategy="constant", fill_value=-1.0, keep_empty_features=True)
    encoder = space.component("encoder", name).build(genome["encoder"])
    if isinstance(encoder, TargetEncoder):
        return _scaled(_of_target(encoder, problem), genome)
    return encoder


def _of_target(encoder: BaseEstimator, problem: Problem) -> BaseEstimator:
    if problem.task == "regression":
        # It would take whole numbers for classes, thousands of them if they are prices.
        encoder.set_params(target_type="continuous")
    return encoder


def _scaled(encoder: BaseEstimator, genome: Genome) -> BaseEstimator:
    """Return an encoder whose means are scaled where numbers are."""
    if "scaler" not in genome:
        return encoder
    return Pipeline([("encoder", encoder), ("scaler", StandardScaler())])


def _encoder(genome: Genome) -> str | None:
    return genome["encoder"].component if "encoder" in genome else None


def _native_columns(genome: Genome, space: SearchSpace, problem: Problem) -> np.ndarray:
    """Return which columns boosting shall treat as categories."""
    few = [c <= NATIVE_CATEGORIES for c in problem.table.cardinalities]
    # Crosses are of no more, see evolearn.transformers.category_statistics.
    few += [True] * (_made(genome, problem)[1] - len(few))
    native = [few[j] for j in _codes(genome, problem)]
    components = dict(genome["text"].values) if "text" in genome else {}
    n_words = components.get(TEXT_COMPONENTS, 0) * len(problem.table.texts)
    n_means = len(_identified(genome, space, problem)) * len(problem.identifiers)
    n_behind = n_words + n_means * problem.n_outputs
    return np.array([False] * _n_numbers(genome, space, problem) + native + [False] * n_behind)


def _n_numbers(genome: Genome, space: SearchSpace, problem: Problem) -> int:
    """Return how many columns become of numbers, those that say what is missing left aside."""
    constructed = dict(genome["features"].values) if "features" in genome else {}
    n_numbers = problem.table.n_numeric - len(_left_out(genome, problem)[0])
    n_numbers += _made(genome, problem)[0] + len(constructed.get("expressions", ()))
    return n_numbers + _date_columns(genome, space, problem)


def _date_columns(genome: Genome, space: SearchSpace, problem: Problem) -> int:
    """Return how many columns are made of dates."""
    cycles, differences = len(cycles_of(problem.table)), len(differences_of(problem.table))
    steps = (step for _, step in _steps(genome, space, "dates"))
    harmonics = [step.harmonics for step in steps if isinstance(step, DateFeatures)]
    return sum(2 * number * cycles + differences for number in harmonics)


def _native_parameters(
    component: Component, columns: np.ndarray, problem: Problem
) -> Mapping[str, Any]:
    if component.native is None:
        # How many columns become of some is not known before: by their positions then.
        some_are_open = problem.table.texts or problem.identifiers
        given = np.flatnonzero(columns) if some_are_open else columns
        return {"categorical_features": given}
    return component.native(columns.tolist())


def _with_encoded_labels(estimator: BaseEstimator, name: str) -> BaseEstimator:
    """Return scikit-learn's vote of one classifier, which encodes and decodes labels."""
    return VotingClassifier([(name, estimator)], voting="soft")


def _wrap_target(estimator: BaseEstimator, genome: Genome, space: SearchSpace) -> BaseEstimator:
    component = space.component("target", genome["target"].component)
    if component.estimator is None:
        return estimator
    wrapper = component.build(genome["target"])
    if not isinstance(wrapper, TransformedTargetRegressor):
        msg = f"A target transform must be a TransformedTargetRegressor, got {wrapper!r}."
        raise TypeError(msg)
    return wrapper.set_params(regressor=estimator)


def _steps(genome: Genome, space: SearchSpace, *slots: str) -> list[tuple[str, BaseEstimator]]:
    """Return what fills these slots, those that pass the data through left out."""
    filled = [(s, space.component(s, genome[s].component)) for s in slots if s in genome]
    return [(s, c.build(genome[s])) for s, c in filled if c.estimator is not None]


def _joined(steps: list[tuple[str, BaseEstimator]]) -> BaseEstimator | str:
    if not steps:
        return "passthrough"
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)
