"""The report of a search that may still run, read from its checkpoint by another process."""

import ast
import math
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from evolearn.checkpoint.errors import CheckpointError, reading
from evolearn.checkpoint.files import is_plain
from evolearn.checkpoint.store import ROLLBACK_SUFFIX, SMALLEST_DATABASE, SUFFIXES
from evolearn.checkpoint.tables import SCHEMA, Stored, decisions_of, digest_of, restored
from evolearn.checkpoint.validation import check_keys, read_json
from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.plots.pareto import ParetoDisplay
from evolearn.report.content import Block, ReportContent, Section, Table, Text, Tiles
from evolearn.report.later_sections import failed_blocks, pareto, progress
from evolearn.report.live.view import REASONS
from evolearn.report.report import Report
from evolearn.report.sections import MOST_CANDIDATES
from evolearn.results.estimate import Estimate
from evolearn.results.numbers import error_text, gain_text, seconds_text
from evolearn.results.outcomes import RACED, TOO_SLOW, has_failed

# The tables that are read; predictions are large.
READ = ("meta", "evaluations", "runs")
# The locks of all processes, on Linux. Those of another container are not in it: a checkpoint
# of theirs was written to within some seconds.
LOCKS, RECENT_SECONDS = Path("/proc/locks"), 60.0
# Seconds to wait for a writer, where there is no write-ahead log.
BUSY_SECONDS = 5.0
# The sections that need the fitted model: key, title and question.
OF_THE_MODEL = {
    "table": ("The table", "Was the table read right?"),
    "model": ("The model", "Which models predict?"),
    "errors": ("Where it errs", "On which rows is it wrong?"),
    "columns": ("What matters", "Which columns matter, and how?"),
}
ABSENT = "A checkpoint does not hold this. Call model.report() on the fitted model."


@dataclass(frozen=True)
class StoredSearch:
    """All that a report needs of a checkpoint, each genome with its last evaluation."""

    path: Path
    meta: Mapping[str, str]
    stored: Mapping[str, Stored]
    runs: Sequence[Mapping[str, Any]]
    error_name: str = ""
    baseline: float | None = None

    @property
    def is_running(self) -> bool:
        """Whether a process writes to the checkpoint, as far as that can be seen."""
        lock = self.path.with_suffix(".lock")
        if not lock.exists():
            return False
        # The lock file of a process that was killed remains.
        return _is_locked(lock) or time.time() - _last_change(self.path) < RECENT_SECONDS

    def scored(self) -> list[tuple[str, Stored]]:
        """Return genomes and evaluations that have an error, the best first."""
        found = [
            (genome, one)
            for genome, one in self.stored.items()
            if one.evaluation.error is not None
        ]
        return sorted(found, key=lambda pair: (pair[1].evaluation.error, pair[1].candidate))


def find_checkpoint(folder: Path) -> Path:
    """Return the newest checkpoint in a folder.

    Raises
    ------
    ValueError
        If it is no folder, or there is none.
    """
    if folder.is_file():
        raise ValueError(
            f"{folder} is a file; pass the folder that was the journal of a fit. A saved model "
            "makes its report in Python: evolearn.load(path).report()."
        )
    if not folder.is_dir():
        raise ValueError(f"There is no folder {folder}; pass the journal of a fit.")
    found = [path for path in folder.glob("*.sqlite") if is_plain(path)]
    if not found:
        raise ValueError(
            f"The folder {folder} has no search: there is no checkpoint (*.sqlite) in it. Pass "
            "the journal of a fit."
        )
    return max(found, key=_last_change)


def _is_locked(lock: Path) -> bool:
    """Whether the system knows of a lock; to try it could keep a fit from taking it."""
    try:
        inode = str(lock.stat().st_ino)
        rows = [line.split() for line in LOCKS.read_text(encoding="ascii").splitlines()]
    except OSError:
        return False
    return any(row[1] == "FLOCK" and row[5].rpartition(":")[2] == inode for row in rows)


def _last_change(path: Path) -> float:
    log = path.with_name(f"{path.name}-wal")
    times = [one.stat().st_mtime for one in (path, log) if one.exists()]
    return max(times, default=0.0)


def read_search(path: Path) -> StoredSearch:
    """Read a checkpoint in one short transaction, without a lock of the writer.

    Raises
    ------
    CheckpointError
        If the file is none, is damaged, or cannot be read.
    """
    with reading(path):
        if path.stat().st_size < SMALLEST_DATABASE:
            raise CheckpointError.foreign(path)
        address = f"{path.absolute().as_uri()}?{_mode(path)}"
        connection = sqlite3.connect(
            address, uri=True, timeout=BUSY_SECONDS, isolation_level=None
        )
        with closing(connection):
            connection.text_factory = lambda text: text.decode("utf-8", "replace")
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("BEGIN")
            found = dict(connection.execute("SELECT name, sql FROM sqlite_master"))
            if any(found.get(name) != sql for name, sql in SCHEMA.items()):
                raise CheckpointError.foreign(path)
            rows = {name: list(_rows(connection, path, name)) for name in READ}
    with reading(path):
        meta = dict(rows["meta"])
        error = read_json("error", meta.get("error", '{"name": "", "baseline": null}'))
        check_keys("error", error, ["name", "baseline"])
        return StoredSearch(
            path,
            meta,
            {row[2]: restored(row) for row in rows["evaluations"]},
            [decisions_of(row) for row in rows["runs"]],
            str(error["name"]),
            None if error["baseline"] is None else float(error["baseline"]),
        )


def _mode(path: Path) -> str:
    """Return the mode of opening: beside a search that writes, else without a new file."""
    busy = [path.with_name(path.name + end) for end in (SUFFIXES[1], ROLLBACK_SUFFIX)]
    is_at_rest = not any(one.exists() for one in (*busy, path.with_suffix(".lock")))
    return "mode=ro&immutable=1" if is_at_rest else "mode=ro"


def _rows(connection: sqlite3.Connection, path: Path, table: str) -> Iterator[Any]:
    """Read the rows of a table without their digests, and check these."""
    for n, row in enumerate(connection.execute(f"SELECT * FROM {table}"), 1):
        if row[-1] != digest_of(table, row[:-1]):
            raise CheckpointError.damaged(path, f"row {n} of table {table}")
        yield row[:-1]


def pipeline_of(genome: str) -> str:
    """Return the pipeline of a genome's text in one line; its estimator if that fails.

    Examples
    --------
    >>> from evolearn.report.of_checkpoint import pipeline_of
    >>> pipeline_of("imputer=simple_imputer(strategy='median') | estimator=ridge(alpha=1.0)")
    'impute median -> ridge'
    """
    alleles = dict(
        part.split("=", 1) for part in genome.split(" | ") if "=" in part.partition("(")[0]
    )
    estimator = alleles.get("estimator", "").partition("(")[0]
    alleles.pop("parent", None)
    try:
        params: dict[str, Any] = {}
        for gene, text in alleles.items():
            params |= _parameters(gene, text)
        return describe_pipeline(params, details=False)
    except (SyntaxError, ValueError, LookupError, TypeError, AttributeError):
        # Values of one's own, such as whole estimators, have no text that can be read.
        return estimator or "unknown"


def _parameters(gene: str, text: str) -> dict[str, Any]:
    """Return the parameters of an allele, from a text such as ``ridge(alpha=1.0)``."""
    name, _, rest = text.partition("(")
    if not rest:
        return {gene: name}
    call = ast.parse(f"f({rest}", mode="eval").body
    if not isinstance(call, ast.Call):
        raise ValueError(text)
    values = {
        f"{name}__{one.arg}": _value(one.value) for one in call.keywords if one.arg is not None
    }
    return {gene: name, **values}


def _value(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except ValueError:
        return ast.unparse(node)


def report_of_checkpoint(path: Path, refresh_seconds: int = 0) -> Report:
    """Return the report of the search in a checkpoint."""
    search = read_search(path)
    state = "it still runs" if search.is_running else "it does not run now"
    content = ReportContent(
        title="evolearn: report of a search",
        subtitle=(
            f"{len(search.stored)} candidates in {path.name}, begun "
            f"{search.meta.get('created', 'at an unknown time')}; {state}"
        ),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        sections=tuple(_sections(search)),
        refresh_seconds=refresh_seconds if search.is_running else 0,
    )
    return Report(content)


def _sections(search: StoredSearch) -> Iterator[Section]:
    absent = {
        key: Section(key, title, question, (Text(ABSENT),))
        for key, (title, question) in OF_THE_MODEL.items()
    }
    yield _verdict(search)
    yield _expected(search)
    yield from (absent["table"], absent["model"])
    yield _leaderboard(search)
    yield from (absent["errors"], absent["columns"])
    yield _progress_of_search(search)
    yield _trade_offs(search)
    yield _failures(search)
    yield _use(search)


def _verdict(search: StoredSearch) -> Section:
    scored = search.scored()
    n_failed = len(_failed(search))
    name = search.error_name or "error"
    if scored:
        genome, best = scored[0]
        value = best.evaluation.error or 0.0
        error, gain = error_text(value), gain_text(value, search.baseline)
        sentence = (
            f"The best {name} so far is {error}{gain and ', '}{gain}, of candidate "
            f"{best.candidate}: {pipeline_of(genome)}."
        )
    else:
        sentence, error = "No candidate has an error yet.", "none yet"
    seconds = max((one.evaluation.run.end_seconds for one in search.stored.values()), default=0)
    tiles = (
        (f"Best cross-validated {name}", error, "lower is better; too low, as it is the best"),
        ("Candidates", str(len(search.stored)), f"{n_failed} failed"),
        ("Time", seconds_text(seconds), "from the start of fit to the last candidate"),
    )
    blocks = (Text(sentence, is_lead=True), Tiles(tiles))
    return Section("verdict", "Verdict", "How far is it?", blocks)


def _estimate(search: StoredSearch) -> Estimate | None:
    """Return the estimate of the last finished run, None if none is finished."""
    if not search.runs:
        return None
    with reading(search.path):
        return Estimate.from_dict(search.runs[-1]["estimate"])


def _expected(search: StoredSearch) -> Section:
    estimate = _estimate(search)
    sentences = (
        ["The error on new rows is estimated at the end of fit, which is not reached yet."]
        if estimate is None
        else str(estimate).splitlines()
    )
    question = "How good is it on new rows, and how sure is that?"
    blocks = tuple(Text(sentence.strip()) for sentence in sentences)
    return Section("expected", "Expected on new rows", question, blocks)


def _leaderboard(search: StoredSearch) -> Section:
    scored = search.scored()
    shown = scored[:MOST_CANDIDATES]
    evaluations = [one.evaluation for _, one in shown]
    columns: dict[str, list[Any]] = {
        "rank": list(range(1, len(shown) + 1)),
        "error": [evaluation.error for evaluation in evaluations],
        "pipeline": [pipeline_of(genome) for genome, _ in shown],
        "candidate": [one.candidate for _, one in shown],
        "std": [float(np.std(evaluation.scores)) for evaluation in evaluations],
        "fit s": [float(np.mean(evaluation.fit_seconds)) for evaluation in evaluations],
    }
    blocks: list[Block] = [
        Table("", columns, tuple(genome for genome, _ in shown), "pipeline", (), True)
        if shown
        else Text("No candidate has an error yet.")
    ]
    if len(scored) > len(shown):
        blocks.append(Text(f"{len(scored) - len(shown)} more candidates are in the file."))
    return Section("leaderboard", "Leaderboard", "Which others were near?", tuple(blocks))


def _by_end(search: StoredSearch) -> list[tuple[str, Stored]]:
    return sorted(search.stored.items(), key=lambda pair: pair[1].evaluation.run.end_seconds)


def _errors(evaluations: Sequence[Any]) -> Any:
    return np.array([evaluation.error for evaluation in evaluations], dtype=float)


def _progress_of_search(search: StoredSearch) -> Section:
    ordered = _by_end(search)
    evaluations = [one.evaluation for _, one in ordered]
    blocks: list[Block] = []
    if any(evaluation.error is not None for evaluation in evaluations):
        seconds = np.array([evaluation.run.end_seconds for evaluation in evaluations])
        levels = {} if search.baseline is None else {"baseline": search.baseline}
        blocks.append(progress(seconds, _errors(evaluations), levels, search.error_name))
    families: dict[str, list[Any]] = {}
    for genome, one in ordered:
        families.setdefault(_estimator(genome), []).append(one.evaluation)
    names = sorted(families, key=lambda name: _best(families[name]))
    statuses = {name: [one.status for one in families[name]] for name in names}
    columns: dict[str, list[Any]] = {
        "family": [name.replace("_", " ") for name in names],
        "tried": [len(families[name]) for name in names],
        "given up": [
            statuses[name].count(RACED) + statuses[name].count(TOO_SLOW) for name in names
        ],
        "best error": [_known(_best(families[name])) for name in names],
    }
    blocks.append(Table("Types of estimators, the best first", columns))
    question = "Was the time well spent, and would longer help?"
    return Section("search", "The search", question, tuple(blocks))


def _estimator(genome: str) -> str:
    """Return the type of estimator, which is the last gene before the digest of a parent."""
    _, _, text = genome.rpartition("estimator=")
    return text.partition(" | ")[0].partition("(")[0]


def _best(evaluations: Sequence[Any]) -> float:
    return min((one.error for one in evaluations if one.error is not None), default=math.inf)


def _known(error: float) -> float | None:
    return error if math.isfinite(error) else None


def _trade_offs(search: StoredSearch) -> Section:
    scored = search.scored()
    blocks: list[Block] = [Text("No candidate has an error yet.")]
    if scored:
        evaluations = [one.evaluation for _, one in scored]
        display = ParetoDisplay(
            candidate=[one.candidate for _, one in scored],
            cost=[float(np.mean(evaluation.fit_seconds)) for evaluation in evaluations],
            error=_errors(evaluations),
            estimator_type=[_estimator(genome) for genome, _ in scored],
            x="fit_seconds",
            metric=search.error_name,
        )
        blocks = [pareto(display), Text("The complexity is known after fit.")]
    question = "Is there a simpler or a faster model that is nearly as good?"
    return Section("trade_offs", "Trade-offs", question, tuple(blocks))


def _failed(search: StoredSearch) -> list[tuple[str, int, str]]:
    counts: dict[tuple[str, str], int] = {}
    for genome, one in search.stored.items():
        evaluation = one.evaluation
        if has_failed(evaluation.status):
            reason = (_estimator(genome), evaluation.failure or evaluation.status)
            counts[reason] = counts.get(reason, 0) + 1
    return [(name, count, reason) for (name, reason), count in counts.items()]


def _failures(search: StoredSearch) -> Section:
    blocks = failed_blocks(_failed(search))
    blocks.append(Text("The fitted model knows what was left out: model.explain_search()."))
    question = "What was not tried, and what went wrong?"
    return Section("failures", "What failed or was left out", question, tuple(blocks))


def _use(search: StoredSearch) -> Section:
    meta = search.meta
    facts = {
        "checkpoint": str(search.path),
        "evolearn": meta.get("evolearn", "unknown"),
        "begun": meta.get("created", "unknown"),
        "seed": meta.get("seed", "unknown"),
        "finished runs": str(len(search.runs)),
    }
    if search.runs:
        reason = search.runs[-1]["stop_reason"]
        facts["last run ended because"] = REASONS.get(reason, reason)
    text = "The same fit with this folder as journal continues the search."
    blocks = (Table("", {"fact": list(facts), "value": list(facts.values())}), Text(text))
    question = "How is it repeated, saved and described?"
    return Section("use", "Reproduce and deploy", question, blocks)
