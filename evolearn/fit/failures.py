"""The error of a fit whose candidates all failed."""

from collections import Counter

from evolearn.exceptions import SearchError
from evolearn.search.loop import SearchLoop


def check_failures(loop: SearchLoop, *, own_limit: bool) -> None:
    """Raise an error if all candidates failed, unless the search only ended too soon.

    Candidates that were stopped with the search had no time to be scored. Under a time limit of
    the user's own (`own_limit`) that is an error nevertheless, which the user has to mend.

    Raises
    ------
    SearchError
        It groups the candidates by reason and shows where the user's own code failed last.
    """
    evaluations = [record.evaluation for record in loop.record.records]
    reasons = Counter(e.failure for e in evaluations if e.failure)
    if loop.library.best is not None or not reasons:
        return
    stopped = all(evaluation.status == "timed_out" for evaluation in evaluations)
    if stopped and loop.stop_reason in ("interrupted", "time_budget") and not own_limit:
        return
    causes = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(5))
    msg = (
        f"All {len(evaluations)} candidates failed ({causes}); mend the cause, or pass another "
        "search_space or scoring."
    )
    tracebacks = [evaluation.traceback for evaluation in evaluations if evaluation.traceback]
    if tracebacks:
        msg += f"\nThe last failure in your own code:\n{tracebacks[-1]}"
    raise SearchError(msg)
