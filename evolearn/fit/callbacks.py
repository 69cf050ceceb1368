"""Callbacks of scikit-learn (from 1.9 on) around a fit and each of its candidates.

    fit                    metadata: the sample weights, if there are any
    └── candidate (leaf)   metadata at its end: see `CallbackObserver`

Begin and end of every candidate call the hooks in the process and thread of ``fit``.
"""

import time
from collections.abc import Callable
from typing import Any

from evolearn._compat import open_callback_context
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.serialization import describe
from evolearn.fit.settings import Settings
from evolearn.results.outcomes import has_failed
from evolearn.search.record import Observer, SearchRecord
from evolearn.user_warnings import warn


class CallbackObserver(Observer):
    """Observer that calls the callbacks of an estimator.

    ``metadata`` at the end of a candidate has ``candidate`` (its number), ``generation``,
    ``origin``, ``params``, ``fitness`` (None if it has none), ``status``, ``failure``,
    ``best_fitness``, ``baseline_fitness`` (None if it is not known), ``n_evaluations``,
    ``n_failed`` and ``elapsed_seconds``. If a callback returns True there, the search ends.
    After an error in a callback none is called any more, and the search goes on.
    """

    def __init__(self, estimator: Any, context: Any) -> None:
        self.stop_requested = False
        self._estimator = estimator
        self._context = context
        self._started = time.monotonic()
        self._subcontexts: dict[int, Any] = {}
        self._best: float | None = None
        self._baseline: float | None = None
        self._n_evaluations = self._n_failed = 0
        self._failed = False

    def begin(self, X: Any, y: Any, sample_weight: Any) -> None:
        """Call the hooks at the beginning of the fit; an error ends it, for nothing is lost."""
        self._context.call_on_fit_task_begin(
            estimator=self._estimator, X=X, y=y, metadata=_weights(sample_weight)
        )

    def end(self, X: Any, y: Any, sample_weight: Any, attributes: dict[str, Any]) -> None:
        """Call the hooks at the end of the fit, with a fitted estimator."""
        self._call(
            self._context.call_on_fit_task_end,
            X=X,
            y=y,
            metadata=_weights(sample_weight),
            reconstruction_attributes=attributes,
        )

    def search_started(self, metric: str, baseline: float | None, record: SearchRecord) -> None:
        """Keep the error of the baseline, and count the candidates of earlier runs."""
        self._baseline = baseline
        for one in record.records:
            self._count(one.evaluation)

    def candidate_started(self, candidate: Candidate, worker: int) -> None:
        """Call the hooks at the beginning of a candidate."""
        self._begin(candidate)

    def _begin(self, candidate: Candidate) -> None:
        number = candidate.number
        context = self._context.subcontext(task_name="candidate", task_id=number)
        self._subcontexts[number] = context
        self._call(context.call_on_fit_task_begin, metadata={"candidate": number})

    def candidate_evaluated(self, candidate: Candidate, evaluation: Evaluation) -> None:
        """Call the hooks at the end of a candidate."""
        if candidate.number not in self._subcontexts:  # its evaluation was stored
            self._begin(candidate)
        self._count(evaluation)
        stop = self._call(
            self._subcontexts.pop(candidate.number).call_on_fit_task_end,
            metadata={
                "candidate": candidate.number,
                "generation": candidate.generation,
                "origin": candidate.origin,
                "params": candidate.genome.params,
                "fitness": evaluation.error,
                "status": evaluation.status,
                "failure": evaluation.failure,
                "best_fitness": self._best,
                "baseline_fitness": self._baseline,
                "n_evaluations": self._n_evaluations,
                "n_failed": self._n_failed,
                "elapsed_seconds": time.monotonic() - self._started,
            },
        )
        self.stop_requested = self.stop_requested or stop

    def _count(self, evaluation: Evaluation) -> None:
        self._n_evaluations += 1
        self._n_failed += has_failed(evaluation.status)
        error = evaluation.error
        if error is not None:
            self._best = error if self._best is None else min(self._best, error)

    def _call(self, hook: Callable[..., Any], **arguments: Any) -> bool:
        if self._failed:
            return False
        try:
            return bool(hook(estimator=self._estimator, **arguments) is True)
        except Exception as error:
            self._failed = True
            warn(
                f"A callback raised an error ({describe(error)}). No callback was called after "
                "it; the fit went on without them."
            )
            return False


def callback_observer(estimator: Any, settings: Settings) -> CallbackObserver | None:
    """Return the observer that calls the estimator's callbacks, None if it has none.

    The number of candidates is known to callbacks unless time ends the search.
    """
    most = settings.most_candidates if settings.time_budget is None else None
    context = open_callback_context(estimator, most)
    return None if context is None else CallbackObserver(estimator, context)


def _weights(sample_weight: Any) -> dict[str, Any]:
    return {} if sample_weight is None else {"sample_weight": sample_weight}
