"""Constants that benchmarks and tests change, collected so that no module has to be patched.

A fit takes its policy from the private class attribute ``_policy`` of its estimator. An
experiment subclasses the estimator and sets another one there: `sklearn.base.clone` and worker
processes keep it.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Policy:
    """Decisions of a search that are no parameters of the estimators.

    Attributes
    ----------
    portfolio : bool
        Whether the first candidates are those of the portfolio.
    evolution : bool
        Whether later candidates are evolved; else they are drawn at random.
    reduced_fidelity : bool
        Whether a short time budget means fewer folds, and expensive entries of the portfolio
        get fewer trees, rounds or epochs.
    racing : bool
        Whether candidates that are far behind good ones are given up before their last fold.
    stacking : bool
        Whether a stacking layer is tried after the search.
    fold_models : bool
        Whether fitted fold models are saved, to serve where a final fit comes too late.
    keep_all_predictions : bool
        Whether the out-of-fold predictions of all candidates are sent back, not only of those
        that may enter the library.
    left_out : tuple of str
        Components that are removed from every search space.
    ask_ahead : int
        Candidate i is proposed from the results of the candidates up to i - `ask_ahead`,
        whatever the number of workers. Up to so many workers are busy without a barrier, and
        results do not depend on their number.
    ordered_share : float
        Share of a time budget during which candidates are told in the order asked, so that a
        search that ends before repeats itself exactly.
    crossover_probability : float
        Share of children that have two parents.
    weight_inheritance : float
        Share of the children of networks that start from a parent's weights, if they can:
        about two of five cannot, for they differ in preparation or embedding, or the lineage
        is at its longest.
    boosting_continuation : float
        Share of the mutations of boosted trees that only continue the boosting of their parent.
    preparation_cache_bytes : int
        Prepared rows that a worker keeps: those of many small tables, or of a few folds of
        larger ones.
    large_table_bytes : int
        From this size on, the memory of a table's copies counts. On smaller tables less would
        be saved than the imported libraries take.
    """

    portfolio: bool = True
    evolution: bool = True
    reduced_fidelity: bool = True
    racing: bool = True
    stacking: bool = True
    fold_models: bool = True
    keep_all_predictions: bool = False
    left_out: tuple[str, ...] = ()
    ask_ahead: int = 16
    ordered_share: float = 0.25
    crossover_probability: float = 0.4
    weight_inheritance: float = 0.8
    boosting_continuation: float = 0.15
    preparation_cache_bytes: int = 128 * 2**20
    large_table_bytes: int = 64 * 2**20


DEFAULT_POLICY = Policy()
