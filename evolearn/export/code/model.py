"""The model that is written as code, and the same model of evolearn to compare it with."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from evolearn.data import ColumnPreparer
from evolearn.ensemble.stacking import BLEND, FirstLayer
from evolearn.evaluation.warm_start import fit_lineage
from evolearn.exceptions import CodeExportError
from evolearn.export.code.columns import columns_of
from evolearn.export.code.expressions import Verbatim
from evolearn.export.code.parts.ensembles import AveragedRegressor, PooledClassifier
from evolearn.export.code.parts.stacking import BlendClassifier, BlendRegressor, MemberColumns
from evolearn.export.code.parts.tables import TableReader
from evolearn.export.code.parts.warm_starts import ContinuedClassifier, ContinuedRegressor
from evolearn.messages import shown
from evolearn.tasks.estimator_kind import may_be

COLUMNS = "COLUMNS"


@dataclass(frozen=True)
class CodeModel:
    """A model as the values that functions of a script return, and its counterpart.

    Attributes
    ----------
    title : str
        The model in words.
    functions : dict of str to estimator
        Unfitted estimators by the names of the functions that build them, ``build`` the last.
    columns : list
        Descriptions of the table's columns; empty if the model takes an array of numbers.
    preparer : ColumnPreparer or None
        The fitted preparer of the table; None if there is no need for one.
    names : list or None
        Names of the columns, None for an array.
    fit : callable
        Takes a table and a target, and returns evolearn's model fitted on them.
    task : Task
        The task of the search.
    """

    title: str
    functions: dict[str, Any]
    columns: list[Any]
    preparer: ColumnPreparer | None
    names: list[Any] | None
    fit: Callable[[Any, Any], Any]
    task: Any


@dataclass(frozen=True)
class Member:
    """A candidate with the unfitted pipelines of its lineage."""

    number: int
    lineage: Sequence[Any]
    takes_raw: bool

    @property
    def pipeline(self) -> Any:
        """Its pipeline as one estimator, whose last step trains the lineage."""
        last = clone(self.lineage[-1])
        if len(self.lineage) == 1:
            return last
        stages = [clone(pipeline.steps[-1][1]) for pipeline in self.lineage]
        continued = ContinuedClassifier if may_be(stages[-1], "classifier") else None
        model = (continued or ContinuedRegressor)(stages)
        return Pipeline([*last.steps[:-1], (last.steps[-1][0], model)])

    def fit(self, matrix: Any, y: Any) -> Any:
        """Return the pipeline fitted by evolearn."""
        return fit_lineage([clone(pipeline) for pipeline in self.lineage], matrix, y, None)


@dataclass(frozen=True)
class ModelSource:
    """The attributes of a fitted estimator from which models are taken."""

    results: Mapping[str, Any]
    fitter: Any
    task: Any
    members: Sequence[int]
    best_index: int | None
    best: Any
    served: Any
    names: list[Any] | None
    stacking: Sequence[str]

    def candidate(self, number: Any) -> CodeModel:
        """Return the model of a candidate, given its number."""
        if number not in self.results["candidate"]:
            raise ValueError(
                f"There is no candidate {shown(number)}; pass a number of "
                "leaderboard_['candidate'] that is not negative, 'best', or None."
            )
        lineage = self.fitter.pipelines(number, self.results)
        member = Member(number, lineage, self.fitter.takes_raw(number, self.results))
        return self._single(member, f"candidate {number}")

    def winner(self) -> CodeModel:
        """Return the best single model."""
        number = self._best_number()
        return self._single(self._member(number, self.best), f"best candidate, {number}")

    def predictor(self) -> CodeModel:
        """Return the model that predicts: the ensemble, or a single model."""
        self._best_number()
        models = getattr(self.served, "members", None)
        if models is None:
            model = self._member(self.members[0], self.served)
            return self._single(model, f"candidate {model.number}")
        if isinstance(self.served.step, FirstLayer):
            return self._stacked()
        return self._ensemble(
            [
                self._member(number, model)
                for number, (model, _) in zip(self.members, models, strict=True)
            ]
        )

    def _best_number(self) -> int:
        if self.best_index is None:
            raise CodeExportError(
                "No code can be written: no candidate was fitted, and the model predicts from "
                "the target alone. Fit again with a larger time_budget."
            )
        return int(self.results["candidate"][self.best_index])

    def _member(self, number: int, model: Any) -> Member:
        """Return a candidate with the parameters of its fitted model."""
        ancestors = self.fitter.pipelines(number, self.results)[:-1]
        takes_raw = self.fitter.takes_raw(number, self.results)
        if not takes_raw and model.steps[0][0] == "prepare":
            model = Pipeline(model.steps[1:])
        return Member(number, [*ancestors, clone(model)], takes_raw)

    def _single(self, member: Member, title: str) -> CodeModel:
        step = None if member.takes_raw else self.fitter.step
        pipeline = member.pipeline

        def fit(X: Any, y: Any) -> Any:
            if step is None:
                return member.fit(X, y)
            own = clone(step)
            model = member.fit(own.fit_transform(X), y)
            return Pipeline([("prepare", own), *model.steps])

        columns = [] if step is None else columns_of(step, self.names)
        if columns:
            pipeline = Pipeline([("table", _reader()), *pipeline.steps])
        return CodeModel(title, {"build": pipeline}, columns, step, self.names, fit, self.task)

    def _ensemble(self, members: Sequence[Member]) -> CodeModel:
        step, served = self.fitter.step, self.served
        functions, calls = _functions(members, step)
        weights = [float(weight) for weight in served.weights]

        def fit(X: Any, y: Any) -> Any:
            own = None if step is None else clone(step)
            matrix = X if own is None else own.fit_transform(X)
            fitted = [(member.fit(matrix, y), False) for member in members]
            task = type(self.task).from_target(y)[1]
            return task.ensemble(own, fitted, weights, served.sharpness)

        last = [("ensemble", _pool(served, calls, weights))]
        if len(members) == 1:
            functions, last = {}, members[0].pipeline.steps
        words = f"ensemble of {len(members)} candidate{'s'[: len(members) != 1]}"
        return self._of_steps(words, functions, last, fit)

    def _stacked(self) -> CodeModel:
        """Return the model whose stacking layer learns from the members' predictions."""
        served, first = self.served, self.served.step
        members = [
            self._member(number, model)
            for number, (model, _) in zip(self.members, first.members, strict=True)
        ]
        functions, calls = _functions(members, self.fitter.step)
        layer, names = {}, []
        for name, (model, _) in zip(self.stacking, served.members, strict=True):
            if name == BLEND:
                layer[name] = _blend(model)
                names.append(layer[name])
            else:
                layer[name] = functions[f"stacked_{name}"] = clone(model)
                names.append(Verbatim(f"stacked_{name}()"))
        weights = [float(weight) for weight in served.weights]

        def fit(X: Any, y: Any) -> Any:
            task = type(self.task).from_target(y)[1]
            own = FirstLayer(
                clone(first.step),
                [(member.pipeline, False) for member in members],
                task,
                first.position,
            )
            matrix = own.fit_transform(X, y)
            fitted = [
                (clone(model) if name == BLEND else clone(model).fit(matrix, y), False)
                for name, (model, _) in zip(self.stacking, served.members, strict=True)
            ]
            return task.ensemble(own, fitted, weights, served.sharpness)

        steps = [("members", MemberColumns(calls, first.position))]
        if len(names) > 1:
            steps.append(("ensemble", _pool(served, names, weights)))
        else:
            steps.append(("ensemble", names[0]))
        words = f"stacking of {len(members)} candidates"
        return self._of_steps(words, functions, steps, fit)

    def _of_steps(
        self,
        title: str,
        functions: dict[str, Any],
        steps: list[tuple[str, Any]],
        fit: Callable[[Any, Any], Any],
    ) -> CodeModel:
        """Return a model of functions and the steps of the last one, after the table's."""
        step = self.fitter.step
        columns = [] if step is None else columns_of(step, self.names)
        if columns:
            steps = [("table", _reader()), *steps]
        functions["build"] = steps[0][1] if len(steps) == 1 else Pipeline(steps)
        return CodeModel(title, functions, columns, step, self.names, fit, self.task)


def _functions(members: Sequence[Member], step: Any) -> tuple[dict[str, Any], list[Verbatim]]:
    """Return the members by the names of functions that build them, and calls of these."""
    functions: dict[str, Any] = {}
    calls = []
    for member in members:
        if member.takes_raw and step is not None:
            raise CodeExportError(
                f"No code can be written of the ensemble: its member, candidate "
                f"{member.number}, takes the table as it came, the others its numeric "
                "matrix. Pass the number of a candidate."
            )
        name = f"candidate_{member.number}"
        while name in functions:
            name += "_again"
        functions[name] = member.pipeline
        calls.append(Verbatim(f"{name}()"))
    return functions, calls


def _pool(served: Any, calls: list[Any], weights: list[float]) -> Any:
    """Return the estimator that pools the predictions of models as an ensemble does."""
    if may_be(served, "classifier"):
        return PooledClassifier(calls, weights, served.sharpness)
    return AveragedRegressor(calls, weights)


def _blend(blend: Any) -> Any:
    weights = [float(weight) for weight in blend.weights]
    if may_be(blend, "classifier"):
        return BlendClassifier(weights, blend.position, blend.sharpness)
    return BlendRegressor(weights, blend.position)


def _reader() -> TableReader:
    return TableReader(Verbatim(COLUMNS))
