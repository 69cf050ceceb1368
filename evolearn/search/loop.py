"""The search loop: ask for candidates, evaluate them, tell their errors."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path

from evolearn.checkpoint.store import CheckpointStore
from evolearn.checkpoint.tables import Step
from evolearn.ensemble.library import MOST_BYTES_EACH, Entry, Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.racing import Rival
from evolearn.evaluation.tasks import Evaluation, EvaluationTask, Run
from evolearn.execution.interruption import Interruption
from evolearn.execution.pool import Outcome, Pool
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.ask_tell import Search
from evolearn.search.record import Observer, SearchRecord, evaluation_of
from evolearn.search.schedule import Schedule
from evolearn.search.stopping import StoppingRules
from evolearn.user_warnings import warn

# Maximum number of candidates to try to find one that fits into the remaining time.
MOST_TRIES = 20
# Fold models are saved, in case a final fit comes too late, if one takes more seconds than
# this, or more than this share of the budget.
LONG_SECONDS, LONG_SHARE = 1.0, 0.02
# A search continues after the final models are fitted if this share of its time is left.
WORTH_A_ROUND = 0.03
# Statuses of candidates that fail at once, and the number of them in a row after which the
# search ends: more than any single type of estimator has in the portfolio.
FAULTS, MOST_FAILURES = ("failed", "died"), 64
# Seconds between two checks for an interrupt by the user.
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class _Running:
    """A candidate that is evaluated, with the file of its fold models and its worker."""

    candidate: Candidate
    path: Path | None
    worker: int
    since: float  # seconds


@dataclass
class SearchLoop:
    """One search in a pool of workers.

    Candidates are asked some way ahead and told in the order asked, whatever the order in which
    their evaluations end: for each candidate told, exactly one more is asked. So the results
    depend on the seed alone, at least until measured times may matter, see `Schedule`.

    The search proposes candidates and learns from their errors, the pool evaluates them, the
    planner reserves time for the final models. `stop_reason` is "" while the search runs.
    """

    search: Search
    pool: Pool
    library: Library
    schedule: Schedule
    rules: StoppingRules
    planner: FinalModelsPlanner
    observer: Observer
    interruption: Interruption = field(default_factory=Interruption)
    checkpoint: CheckpointStore | None = None
    policy: Policy = DEFAULT_POLICY
    stop_reason: str = ""

    def __post_init__(self) -> None:
        self.record = SearchRecord(self.search.population_size)
        # Candidates that wait for a worker, with the rival as it was when they were asked.
        self._queue: deque[tuple[Candidate, Rival | None]] = deque()
        self._running: dict[int, _Running] = {}
        # Evaluated candidates that were not told yet, with the files of their fold models.
        self._done: dict[int, tuple[Candidate, Evaluation, Path | None]] = {}
        self._n_asked = self._n_skipped = self._n_before = 0
        self._seconds_before = 0.0 if self.checkpoint is None else self.checkpoint.seconds
        self._exhausted = self._last_round = False

    # -- the loop ---------------------------------------------------------------------------

    def run(self) -> None:
        """Search until there is a `stop_reason`."""
        self._n_before = len(self.record)
        distance = self.schedule.ask_ahead(self.search.initial, self.pool.n_workers)
        self._ask(distance if not self.record else max(1, self.pool.idle))
        if self.record:  # of an earlier run, which may have had its reason to stop
            self._stop_by_result()
        while not self.stop_reason:
            self._submit()
            self._collect()
            self._tell_evaluated()
            self._stop_if_nothing_is_left()
        for outcome in self.pool.cancel():
            if outcome.status == "done":
                self._take(outcome)
        if self.stop_reason in ("time_budget", "interrupted"):
            for number in sorted(self._done):  # evaluated, but waiting for a slower one
                self._tell(*self._done.pop(number))

    def resume(self, record: SearchRecord, pending: Sequence[Candidate]) -> None:
        """Continue earlier runs, which search, library and runtime model know already.

        The candidates that these had asked but not told come first, as far as the stopping
        rules allow.
        """
        self.record = record
        self._n_asked = len(record) + len(pending)
        most = self.rules.most_candidates(self.search.population_size)
        room = len(pending) if most is None else max(0, most - len(record))
        self._queue.extend((one, self._rival()) for one in pending[:room])
        self._n_skipped = len(pending) - len(self._queue)
        if record.steps:
            self.schedule.measured_from = record.steps[-1].schedule["measured_from"]
        # Numbers have gaps, so that there is no order to keep.
        self.schedule.use_measured_times()

    def may_continue(self) -> bool:
        """Whether enough time is left to search on, now that the final models are fitted.

        The time reserved for them was an estimate; members that are fitted already need none.
        """
        seconds = self.schedule.budget.seconds
        if seconds is None or self.stop_reason != "time_budget":
            return False
        found_more = len(self.record) > self._n_before
        return found_more and self.planner.search_seconds_left() > WORTH_A_ROUND * seconds

    def prepare_to_continue(self) -> None:
        """Make the search ready to run once more."""
        # Candidates that were stopped are never told: none may be waited for.
        self.schedule.use_measured_times()
        self._last_round, self.stop_reason = False, ""
        self._running.clear()
        self._done.clear()
        self.planner.expected = None  # new members need their time

    def finish(self) -> None:
        """Report the last generation, if it was cut short."""
        if not self.record.ends_generation:
            self._report()

    @property
    def _measured(self) -> bool:
        """Whether measured times may matter."""
        return self.schedule.uses_measured_times(len(self.record))

    # -- ask --------------------------------------------------------------------------------

    def _ask(self, n_candidates: int = 1) -> None:
        """Ask for so many candidates, as far as the stopping rules allow."""
        limit = self.rules.most_candidates(self.search.population_size)
        for _ in range(n_candidates):
            n_asked = self._n_asked - self._n_skipped
            if self._exhausted or self._last_round or (limit is not None and n_asked >= limit):
                return
            costs = self.schedule.cost_estimates(self._n_asked, measured=self._measured)
            candidate = self.search.ask(costs)
            if candidate is None:
                self._exhausted = True
                return
            self._n_asked += 1
            self._queue.append((candidate, self._rival()))

    def _rival(self) -> Rival | None:
        return self.library.rival() if self.policy.racing else None

    # -- evaluate ---------------------------------------------------------------------------

    def _submit(self) -> None:
        """Give candidates to idle workers; those that would be late are skipped."""
        tries = MOST_TRIES
        while self._queue and self.pool.idle:
            candidate, rival = self._queue.popleft()
            find = None if self.checkpoint is None else self.checkpoint.find
            stored = None if find is None else find(candidate.genome)
            if stored is not None:
                self._done[candidate.number] = (candidate, stored, None)
            elif self._measured and self._would_be_late(candidate):
                # Perhaps another one fits. If none does, the search ends with those that run.
                tries, self._n_skipped = tries - 1, self._n_skipped + 1
                self._last_round = tries == 0
                if self._last_round:
                    self._queue.clear()
                self._ask()
            else:
                task = self._task(candidate, rival)
                place = self._free_place()
                self._running[candidate.number] = _Running(
                    candidate, task.models_path, place, self._seconds()
                )
                self.pool.submit(candidate.number, task, timeout=self.rules.evaluation_timeout)
                self.observer.candidate_started(candidate, place)

    def _would_be_late(self, candidate: Candidate) -> bool:
        lost = self.library.models_of(candidate.genome.parent) is None
        seconds = self.schedule.runtime_model.predicted(candidate.genome, retrained=lost)
        return seconds > self.planner.search_seconds_left(seconds)

    def _task(self, candidate: Candidate, rival: Rival | None) -> EvaluationTask:
        genome, folder = candidate.genome, self.pool.shared_folder
        saves, keeps_all = self.policy.fold_models, self.policy.keep_all_predictions
        budget = self.schedule.budget.seconds
        # A fit that takes longer may be late when it is repeated for a final model.
        long = float("inf") if budget is None else min(LONG_SECONDS, LONG_SHARE * budget)
        return EvaluationTask(
            genome,
            keep_below=float("inf") if keeps_all else self.library.keep_below(genome),
            save_below=self.library.save_below if saves else float("-inf"),
            save_above=long if saves else float("inf"),
            models_path=folder and folder / f"{candidate.number}.models",
            most_bytes=MOST_BYTES_EACH,
            parent_models=self.library.models_of(genome.parent),
            # The rival at the time of asking does not depend on how fast the workers are.
            rival=self._rival() if self._measured else rival,
            seconds_limit=self._seconds_limit(),
            untimed_seconds=self.schedule.ordered_seconds(),
        )

    def _seconds_limit(self) -> float:
        """Seconds that a candidate which starts now may take."""
        limit = self.rules.evaluation_timeout
        longest = float("inf") if limit is None else limit
        left = self.schedule.budget.remaining() - self.planner.reserved_seconds()
        return min(longest, left) if self._measured else longest

    def _collect(self) -> None:
        """Wait for at least one evaluation, unless the search has to stop."""
        if self.interruption.requested:
            self.stop_reason = "interrupted"
        elif (left := self.planner.search_seconds_left()) <= 0:
            self.stop_reason = "time_budget"
        else:
            for outcome in self.pool.collect(timeout=min(left, POLL_SECONDS)):
                self._take(outcome)

    def _seconds(self) -> float:
        """Seconds since the fit began, after those of the fits that it continues."""
        return self._seconds_before + self.schedule.budget.elapsed()

    def _free_place(self) -> int:
        taken = {running.worker for running in self._running.values()}
        return next(place for place in count() if place not in taken)

    def _take(self, outcome: Outcome) -> None:
        running = self._running.pop(outcome.key)
        candidate, path, end = running.candidate, running.path, self._seconds()
        self.observer.candidate_finished(candidate)
        run = Run(max(running.since, end - outcome.seconds), end, running.worker)
        evaluation = replace(evaluation_of(outcome), run=run)
        if evaluation.status in FAULTS:
            self.pool.check_shared_folder()  # without it, all others would fail too
        if path is not None and not evaluation.models_bytes:
            path.unlink(missing_ok=True)  # perhaps written in part
            path = None
        if self.checkpoint is not None:
            self.checkpoint.add_evaluation(candidate.number, candidate.genome, evaluation)
        self._done[candidate.number] = (candidate, evaluation, path)

    # -- tell -------------------------------------------------------------------------------

    def _tell_evaluated(self) -> None:
        while not self.stop_reason and (number := self._next_to_tell()) is not None:
            self._tell(*self._done.pop(number))
            self._stop_by_result()
            # Slow searches ask for what the workers need now, others keep their distance.
            self._ask(max(1, self.pool.idle) - len(self._queue) if self._measured else 1)

    def _next_to_tell(self) -> int | None:
        if self._measured:
            return min(self._done, default=None)
        return len(self.record) if len(self.record) in self._done else None

    def _tell(
        self, candidate: Candidate, evaluation: Evaluation, models_path: Path | None
    ) -> None:
        key, notes = candidate.genome.key, self.schedule.notes()
        step = Step(candidate.number, self._n_asked, key, evaluation.status, notes)
        # Without a time budget the same candidates are asked again in any case.
        if self.checkpoint is not None and self.schedule.budget.seconds is not None:
            self.checkpoint.add_step(step)
        self.search.tell(candidate, evaluation.error)
        self.schedule.runtime_model.observe(
            candidate.genome, evaluation.fold_seconds, retrained=evaluation.retrained
        )
        if evaluation.error is not None:
            self.library.add(Entry(candidate, evaluation, models_path))
        self.record.add(candidate, evaluation, step)
        self.observer.candidate_evaluated(candidate, evaluation)
        if self.record.ends_generation:
            self._report()

    def _report(self) -> None:
        self.observer.generation_ended(self.record.progress(self.schedule.budget.remaining()))

    # -- stop -------------------------------------------------------------------------------

    def _stop_by_result(self) -> None:
        """Stop if the best is good enough, nothing improves any more, or an observer asks."""
        best = self.library.best
        error = None if best is None else best.error
        reason = self.rules.reason_by_result(self.record, error)
        if not reason and self._is_hopeless():
            reason = "no_improvement"
        if not reason and self.observer.stop_requested:
            reason = "callback"
        self.stop_reason = reason or self.stop_reason

    def _is_hopeless(self) -> bool:
        """Whether so many candidates have failed in a row that all others would fail too."""
        if len(self.record) - self._n_before < MOST_FAILURES:
            return False
        last = [record.evaluation for record in self.record.records[-MOST_FAILURES:]]
        if not all(evaluation.status in FAULTS for evaluation in last):
            return False
        if self.library.best is not None:  # else it is an error
            reason = last[-1].failure
            warn(
                f"The last {MOST_FAILURES} candidates failed ({reason}); the search was ended."
            )
        return True

    def _stop_if_nothing_is_left(self) -> None:
        """Stop once all candidates that may be asked have been told."""
        if self.stop_reason or self._queue or self._running:
            return
        if self._last_round:
            self.stop_reason = "time_budget"
        elif self._exhausted:
            self.stop_reason = "exhausted"
        else:
            self.stop_reason = self.rules.reason_by_count(self._n_asked - self._n_skipped)
