"""The loop: ask, evaluate, tell, until the budget is spent."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from evolearn.checkpoint.store import CheckpointStore
from evolearn.checkpoint.tables import Step
from evolearn.ensemble.library import MOST_BYTES_EACH, Entry, Library
from evolearn.evaluation.racing import Rival
from evolearn.evaluation.tasks import Evaluation, EvaluationTask
from evolearn.execution.budget import Budget
from evolearn.execution.interruption import Interruption
from evolearn.execution.pool import Outcome, Pool
from evolearn.search.ask_tell import Candidate, Search
from evolearn.search.record import Past, Progress, Record, evaluation_of
from evolearn.search.schedule import Steering
from evolearn.search.stopping import Limits

# So many candidates are looked at for one that ends in the time that is left.
MOST_TRIES = 20
# Fold models are kept, in case their refit comes too late, if one takes more than so many
# seconds or this share of the budget.
LONG_SECONDS, LONG_SHARE = 1.0, 0.02
# A search goes on after the final models are fitted if this share of its time is left.
WORTH_A_ROUND = 0.03
# Seconds between two looks whether the user has pressed Ctrl-C.
LOOK_SECONDS = 0.2


@dataclass
class SearchRun:
    """One run of a search in a pool of workers.

    Candidates are asked some way ahead and told in the order asked, whatever the order in
    which they end: with each result told, exactly one more candidate is asked. So the results
    depend on the seed alone, at least until the clock may steer, see `Steering`.

    Attributes
    ----------
    choose : callable
        Chooses the ensemble from the library as it is now and notes its members there.
    aside : callable
        Tells how many seconds are wanted for something else after the final models.
    steps : list of Step
        The results in the order in which they were told, see `evolearn.search.replay`.
    """

    search: Search
    pool: Pool
    budget: Budget
    limits: Limits
    library: Library
    steering: Steering
    choose: Callable[[], object]
    on_generation: Callable[[Progress], None]
    aside: Callable[[], float] = lambda: 0.0
    interruption: Interruption = field(default_factory=Interruption)
    checkpoint: CheckpointStore | None = None
    records: list[Record] = field(default_factory=list)
    stop_reason: str = ""
    steps: list[Step] = field(default_factory=list)
    _queue: list[Candidate] = field(default_factory=list)
    _running: dict[int, tuple[Candidate, Path | None]] = field(default_factory=dict)
    _done: dict[int, tuple[Candidate, Evaluation, Path | None]] = field(default_factory=dict)
    _rivals: dict[int, Rival | None] = field(default_factory=dict)
    _asked: int = 0
    _exhausted: bool = False
    _last_run: bool = False
    _n_before: int = 0
    _skipped: int = 0
    _best_errors: list[float] = field(default_factory=list)
    _choice_seconds: float = 0.0

    def run(self) -> None:
        """Search until there is a reason to stop, which is then in `stop_reason`.

        A search that has stopped for its time may be run again, see `may_go_on`.
        """
        if self.stop_reason:
            self._begin_again()
        self._n_before = len(self.records)
        lag = self.steering.lag(self.search.initial, self.pool.n_workers)
        for _ in range(lag if not self.records else max(1, self.pool.idle)):
            self._ask()
        if self.records:  # of an earlier run, which may have had its reason to stop
            self._check_result()
        while not self.stop_reason:
            self._dispatch()
            self._collect()
            self._tell_done()
            self._check_end()
        for outcome in self.pool.cancel():
            if outcome.status == "done":
                self._take(outcome)
        for number in sorted(self._done):  # done, but waiting for a slower one before it
            if self.stop_reason in ("time_budget", "interrupted"):
                self._tell(*self._done.pop(number))

    def resume(self, past: Past) -> None:
        """Go on from what earlier runs have told; search, library and pace know it already.

        What they had asked and not told comes first, as far as the limits have room for it.
        """
        self.records, self.steps = past.records, past.steps
        self._asked = len(past.records) + len(past.pending)
        most = self.limits.most_candidates(self.search.population_size)
        room = len(past.pending) if most is None else max(0, most - len(past.records))
        self._queue = list(past.pending[:room])
        self._skipped = len(past.pending) - len(self._queue)
        self._rivals = {one.number: self.library.rival() for one in self._queue}
        if past.steps:
            self.steering.measured_from = past.steps[-1].schedule["measured_from"]
        # Numbers have gaps, and no order is left to be kept.
        self.steering.free()
        best = float("inf")
        for number, record in enumerate(past.records, start=1):
            error = record.evaluation.error
            best = best if error is None else min(best, error)
            if number % self.search.population_size == 0:
                self._best_errors.append(best)

    def finish(self) -> None:
        """Report the last generation, if it was cut short."""
        if len(self.records) % self.search.population_size:
            self._end_generation()

    def may_go_on(self) -> bool:
        """Tell whether there is time to search on, now that the final models are fitted.

        Time was set aside for them by what could be expected. What is left of it need not be
        lost: members that are fitted already need none.
        """
        seconds = self.budget.seconds
        if seconds is None or self.stop_reason != "time_budget":
            return False
        is_of_use = len(self.records) > self._n_before
        return is_of_use and self._seconds_left() > WORTH_A_ROUND * seconds

    def _begin_again(self) -> None:
        # Candidates that were stopped are not told any more: none may be waited for.
        self.steering.free()
        self._last_run, self.stop_reason = False, ""
        self._running.clear()
        self._done.clear()
        self.library.expected = None  # new members need their time

    def reserve(self) -> float:
        """Return the seconds to be set aside for the final models."""
        if self.budget.seconds is None:
            return 0.0
        seconds, n_workers = self.budget.seconds, self.pool.n_workers
        refits = self.library.reserve(seconds, n_workers, self._choice_seconds)
        return refits + self.aside()

    def _seconds_left(self, wanted: float = 0.0) -> float:
        """Return the seconds that the search may still take.

        When they seem to be over, or fewer than what is wanted, the ensemble is chosen as if
        they were: mostly it has fewer and cheaper members than had to be expected, and there is
        time for more candidates.
        """
        left = self.budget.remaining() - self.reserve()
        if left <= wanted and self.library.best is not None and self.library.expected is None:
            start = time.monotonic()
            self.choose()
            self._choice_seconds = time.monotonic() - start
            left = self.budget.remaining() - self.reserve()
        return left

    def _ask(self) -> None:
        limit = self.limits.most_candidates(self.search.population_size)
        asked = self._asked - self._skipped
        if self._exhausted or self._last_run or (limit is not None and asked >= limit):
            return
        candidate = self.search.ask(self.steering.prices(self._asked, measured=self._free))
        if candidate is None:
            self._exhausted = True
            return
        self._asked += 1
        self._queue.append(candidate)
        self._rivals[candidate.number] = self.library.rival()

    def _dispatch(self) -> None:
        tries = MOST_TRIES
        while self._queue and self.pool.idle:
            candidate = self._queue.pop(0)
            # What was known when it was asked does not depend on how fast the workers are.
            rival = self._rivals.pop(candidate.number)
            known = None if self.checkpoint is None else self.checkpoint.find(candidate.genome)
            if known is not None:
                self._done[candidate.number] = (candidate, known, None)
                continue
            parent_models = self.library.models_of(candidate.genome.parent)
            expected = self.steering.pace.predicted(
                candidate.genome, retrained=parent_models is None
            )
            if self._free and expected > self._seconds_left(expected):
                # It would not end in time: perhaps another one does. If none does, those that
                # run are the last.
                tries, self._skipped = tries - 1, self._skipped + 1
                self._last_run = tries == 0
                if self._last_run:
                    self._queue.clear()
                self._ask()
                continue
            folder = self.pool.shared_folder
            path = None if folder is None else folder / f"{candidate.number}.models"
            task = EvaluationTask(
                candidate.genome,
                keep_below=self.library.keep_below(candidate.genome),
                save_below=self.library.save_below,
                save_above=self._save_above(),
                models_path=path,
                most_bytes=MOST_BYTES_EACH,
                parent_models=parent_models,
                rival=self.library.rival() if self._free else rival,
                patience=self._patience(),
                steered_after=self.steering.ordered_seconds(self.budget.elapsed()),
            )
            self._running[candidate.number] = (candidate, path)
            self.pool.submit(candidate.number, task, timeout=self.limits.evaluation_timeout)

    def _save_above(self) -> float:
        """Return the seconds of a fit from which on it may be too late for another one."""
        seconds = self.budget.seconds
        return float("inf") if seconds is None else min(LONG_SECONDS, LONG_SHARE * seconds)

    def _patience(self) -> float:
        """Return the seconds that a candidate which starts now may take."""
        limit = self.limits.evaluation_timeout
        longest = float("inf") if limit is None else limit
        left = self.budget.remaining() - self.reserve()
        return min(longest, left) if self._free else longest

    def _collect(self) -> None:
        if self.interruption.requested:
            self.stop_reason = "interrupted"
        elif (left := self._seconds_left()) <= 0:
            self.stop_reason = "time_budget"
        else:
            # At least one result at a time, for as long as nobody wants to stop.
            for outcome in self.pool.collect(timeout=min(left, LOOK_SECONDS)):
                self._take(outcome)

    def _take(self, outcome: Outcome) -> None:
        candidate, path = self._running.pop(outcome.key)
        evaluation = evaluation_of(outcome)
        if path is not None and not evaluation.models_bytes:
            path.unlink(missing_ok=True)  # perhaps written in part
        if self.checkpoint is not None:
            self.checkpoint.add_evaluation(candidate.number, candidate.genome, evaluation)
        self._done[candidate.number] = (candidate, evaluation, path)

    def _tell_done(self) -> None:
        while not self.stop_reason and (number := self._next_to_tell()) is not None:
            self._tell(*self._done.pop(number))
            self._check_result()
            # Slow searches ask for what the workers need now, others keep their distance.
            wanted = max(1, self.pool.idle) - len(self._queue) if self._free else 1
            for _ in range(wanted):
                self._ask()

    def _next_to_tell(self) -> int | None:
        if self._free:
            return min(self._done, default=None)
        return len(self.records) if len(self.records) in self._done else None

    @property
    def _free(self) -> bool:
        """Whether measured seconds may steer."""
        return self.steering.is_free(self.budget.elapsed(), len(self.records))

    def _tell(self, candidate: Candidate, evaluation: Evaluation, path: Path | None) -> None:
        self._note_step(candidate, evaluation)
        self.search.tell(candidate, evaluation.error)
        self.steering.pace.note(candidate.genome, evaluation)
        if evaluation.error is not None:
            saved = path if evaluation.models_bytes else None
            self.library.add(Entry(candidate, evaluation, saved))
        # The record of all candidates keeps no predictions: the library has the ones needed.
        self.records.append(Record(candidate, replace(evaluation, predictions=None)))
        if len(self.records) % self.search.population_size == 0:
            self._end_generation()

    def _note_step(self, candidate: Candidate, evaluation: Evaluation) -> None:
        step = Step(
            candidate.number,
            self._asked,
            candidate.genome.key,
            evaluation.status,
            self.steering.notes(),
        )
        self.steps.append(step)
        # Without a time budget the same candidates are asked again in any case.
        if self.checkpoint is not None and self.budget.seconds is not None:
            self.checkpoint.add_step(step)

    def _end_generation(self) -> None:
        best = self.library.best
        self._best_errors.append(best.error if best is not None else float("inf"))
        self.on_generation(
            Progress(
                generation=len(self._best_errors) - 1,
                best_error=best.error if best is not None else None,
                n_evaluations=len(self.records),
                n_failed=sum(bool(r.evaluation.failure) for r in self.records),
                seconds_left=self.budget.remaining(),
            )
        )

    def _check_result(self) -> None:
        """Stop if the best candidate is good enough, or nothing has improved for long."""
        best = self.library.best
        if best is not None and self.limits.is_reached(best.error):
            self.stop_reason = "target_fitness"
        elif len(self.records) % self.search.population_size == 0 and self.limits.stagnates(
            self._best_errors, self._baseline_error()
        ):
            self.stop_reason = "no_improvement"

    def _baseline_error(self) -> float:
        """Return the error of the first candidate that has one."""
        errors = (record.evaluation.error for record in self.records)
        return next((error for error in errors if error is not None), 0.0)

    def _check_end(self) -> None:
        """Stop once all candidates that may be asked have been told."""
        if self.stop_reason or self._queue or self._running:
            return
        if self._last_run:
            self.stop_reason = "time_budget"
        elif self._exhausted:
            self.stop_reason = "exhausted"
        elif self.limits.n_evaluations is not None and (
            self._asked - self._skipped >= self.limits.n_evaluations
        ):
            self.stop_reason = "n_evaluations"
        else:
            self.stop_reason = "n_generations"
