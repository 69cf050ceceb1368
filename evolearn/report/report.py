"""The report of a fitted model, in HTML and JSON."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_consistent_length

from evolearn.data import is_sparse
from evolearn.report import later_sections as later
from evolearn.report import sections
from evolearn.report.content import ReportContent
from evolearn.report.page import html_of, in_frame
from evolearn.results.insights import Importances
from evolearn.written_files import write_whole

# Seconds of permutations of the held-out rows.
IMPORTANCE_SECONDS = 10.0


class Report:
    """A report that is written as one HTML file, or as JSON.

    Notebooks show it as it is.

    Parameters
    ----------
    content : ReportContent
        Sections of texts, tables and charts.
    """

    def __init__(self, content: ReportContent) -> None:
        self.content = content

    def __repr__(self) -> str:
        return (
            f"<Report, {len(self.content.sections)} sections: write_html(path), json() or "
            "write_json(path)>"
        )

    def html(self) -> str:
        """Return the report as an HTML page that needs no other file and no network."""
        return html_of(self.content)

    def write_html(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as an HTML file.

        A file that is there is replaced once the new one is complete.

        Parameters
        ----------
        path : str or path

        Returns
        -------
        Path

        Raises
        ------
        ValueError
            If the path is a folder, or its folder is missing.
        OSError
            If the file cannot be written.
        ImportError
            If jinja2 is not installed.
        """
        return write_whole(path, self.html(), "The report")

    def json(self) -> dict[str, Any]:
        """Return the same content as dictionaries, lists, numbers and texts."""
        return self.content.json()

    def write_json(self, path: str | os.PathLike[str]) -> Path:
        """Write the same content as a JSON file; see `write_html`."""
        text = json.dumps(self.json(), indent=1, ensure_ascii=False, allow_nan=False)
        return write_whole(path, text, "The report")

    def _repr_html_(self) -> str:
        return in_frame(self.html())


def report_of(model: Any, X_test: Any, y_test: Any) -> Report:
    """Return the report of a fitted model."""
    if (X_test is None) != (y_test is None):
        raise ValueError("Pass both X_test and y_test, or neither of them.")
    importances = None
    if X_test is not None:
        check_consistent_length(X_test, y_test)
        model._checked(X_test)
        importances = _held_out_importances(model, X_test, y_test)
    expected, held_out = sections.expected(model, X_test, y_test)
    content = ReportContent(
        title=f"{type(model).__name__}: report",
        subtitle=(
            f"{model.n_evaluations_} candidates, {model.n_features_in_} columns, error: "
            f"{model.estimate_.error_name}"
        ),
        created=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        sections=(
            sections.verdict(model, held_out),
            expected,
            sections.table_of_columns(model),
            sections.members(model),
            sections.candidates(model),
            later.errors(model),
            later.columns(model, importances),
            later.search(model),
            later.trade_offs(model),
            later.failures(model),
            later.use(model),
        ),
    )
    return Report(content)


def _held_out_importances(model: Any, X_test: Any, y_test: Any) -> Importances | None:
    """Return importances by the held-out rows; sparse tables have none."""
    if is_sparse(X_test):
        return None
    seed = model.random_state if isinstance(model.random_state, int | np.integer) else 0
    found: Importances = model.importances(
        X_test, y_test, time_limit=IMPORTANCE_SECONDS, random_state=seed
    )
    return found
