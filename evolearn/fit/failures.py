"""What is told when no candidate could be scored."""

from collections import Counter

from evolearn.exceptions import SearchError
from evolearn.search.loop import SearchRun


def check_failures(run: SearchRun, *, own_limit: bool) -> None:
    """Raise an error if all candidates of a search failed for something other than its end.

    Candidates that were stopped with the search had no time to show what they are worth, but
    under a limit of the user's own (`own_limit`) that is an error: it is for the user to mend.

    Raises
    ------
    SearchError
        It groups the candidates by their reasons.
    """
    reasons = Counter(r.evaluation.failure for r in run.records if r.evaluation.failure)
    if run.library.best is not None or not reasons:
        return
    stopped = all(record.evaluation.status == "timed_out" for record in run.records)
    if stopped and run.stop_reason in ("interrupted", "time_budget") and not own_limit:
        return
    causes = "; ".join(f"{count} x {reason}" for reason, count in reasons.most_common(5))
    msg = (
        f"All {len(run.records)} candidates failed ({causes}); mend the cause, or pass another "
        "search_space or scoring."
    )
    raise SearchError(msg)
