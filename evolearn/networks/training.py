"""How the networks are trained, and what both estimators share."""

import numbers
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state, gen_batches
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn._compat import Interval, StrOptions, check_sample_weight
from evolearn.networks.categories import category_positions
from evolearn.networks.embedding import Embedding
from evolearn.networks.inheritance import inherit
from evolearn.networks.layers import ACTIVATIONS, Floats, Stack
from evolearn.networks.solvers import SCHEDULES, SOLVERS, rate_after
from evolearn.networks.stopping import EarlyStopping, split_rows

#: The share of `max_iter` epochs that a network trains which starts from another's weights, and
#: of the learning rate with which it does so. The errors of 102 children on six tables (400
#: rows) were 1.012 times those of the same networks trained from scratch; with all of the rate
#: 1.017, with a quarter 1.008, with half of it for a sixth of the epochs 1.017. Of the first
#: 47, shrunk and perturbed weights (Ash and Adams, NeurIPS 2020) made it 0.993 to 1.03, where
#: these had 0.985.
HEIR_EPOCHS, HEIR_RATE = 1 / 3, 0.5
# Rows that are predicted at once, and inputs of all of them: they stay in the cache.
ROWS_AT_ONCE, INPUTS_AT_ONCE = 2_048, 2**20


#: Gives, for outputs of shape (n_members, n_batch, n_outputs) and the rows they are of, the
#: mean loss and the gradient of the sum of the members' losses.
Loss = Callable[[Floats, NDArray[np.intp]], tuple[float, Floats]]


def weighed(X: Any, y: Any, sample_weight: Any) -> tuple[Any, Any, Floats | None]:
    """Return rows and targets without those of weight zero, and weights whose mean is one.

    None for weights if there are none.
    """
    if sample_weight is None:
        return X, y, None
    weights = check_sample_weight(sample_weight, X)
    if (weights == 0).any() and (weights > 0).any():
        rows = np.flatnonzero(weights)
        X, y, weights = X[rows], y[rows], weights[rows]
    return X, y, (weights / weights.mean()).astype(np.float32)


def _spreads_by(embedding: str) -> tuple[str, ...]:
    """Return the parameters that say what an embedding makes of the columns."""
    own = {"none": (), "piecewise": ("n_bins",), "periodic": ("n_bins", "frequency_scale")}
    return ("embedding", *own[embedding])


class BaseNetwork(BaseEstimator):
    """Parameters, training and prediction; what the outputs mean comes from the subclass."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "hidden_layer_sizes": [
            "array-like",
            Interval(numbers.Integral, 1, None, closed="left"),
        ],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "embedding": [StrOptions({"none", "piecewise", "periodic"})],
        "n_bins": [Interval(numbers.Integral, 1, None, closed="left")],
        "frequency_scale": [Interval(numbers.Real, 0, None, closed="neither")],
        "categorical_features": ["array-like", None],
        "n_members": [Interval(numbers.Integral, 1, None, closed="left")],
        "max_iter": [Interval(numbers.Integral, 1, None, closed="left")],
        "batch_size": [Interval(numbers.Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(numbers.Real, 0, None, closed="neither")],
        "weight_decay": [Interval(numbers.Real, 0, None, closed="left")],
        "dropout": [Interval(numbers.Real, 0, 1, closed="left")],
        "skip": ["boolean"],
        "solver": [StrOptions(set(SOLVERS))],
        "schedule": [StrOptions(set(SCHEDULES))],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(numbers.Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(numbers.Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes=(128, 128),
        *,
        activation="silu",
        embedding="piecewise",
        n_bins=12,
        frequency_scale=0.3,
        categorical_features=None,
        n_members=4,
        max_iter=40,
        batch_size=128,
        learning_rate_init=5e-3,
        weight_decay=1e-2,
        dropout=0.0,
        skip=False,
        solver="adam",
        schedule="cosine",
        early_stopping=False,
        validation_fraction=0.1,
        n_iter_no_change=10,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.embedding = embedding
        self.n_bins = n_bins
        self.frequency_scale = frequency_scale
        self.categorical_features = categorical_features
        self.n_members = n_members
        self.max_iter = max_iter
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.skip = skip
        self.solver = solver
        self.schedule = schedule
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state

    def _train(
        self,
        X: Any,
        n_outputs: int,
        loss: Loss,
        parent: "BaseNetwork | None",
    ) -> None:
        """Train on the rows of X; set `embedding_`, `stack_` and `loss_curve_`.

        Parameters
        ----------
        X : ndarray or CSR matrix
        n_outputs : int
        loss : callable
        parent : BaseNetwork or None
            Where to start from.
        """
        seed = check_random_state(self.random_state).randint(2**31 - 1)
        rng = np.random.default_rng(seed)
        self._begin(X, n_outputs, parent, rng)
        X = self.embedding_.coded(X)
        n_epochs, highest = self.max_iter, float(self.learning_rate_init)
        if parent is not None:
            n_epochs = max(1, round(HEIR_EPOCHS * self.max_iter))
            highest *= HEIR_RATE
        self.loss_curve_ = []
        self._split_seed: int | None = None
        rows, stopping = np.arange(X.shape[0]), None
        if self.early_stopping:
            rows, stopping = self._hold_out(X.shape[0], parent, rng)
            self.validation_loss_curve_ = stopping.curve
        batches = list(gen_batches(len(rows), min(self.batch_size, len(rows))))
        solver = SOLVERS[self.solver](len(self.stack_.vector))
        gradient = np.empty_like(self.stack_.vector)
        for epoch in range(n_epochs):
            order, total = rows[rng.permutation(len(rows))], 0.0
            for number, batch in enumerate(batches):
                lost = self._step(X, order[batch], loss, rng, gradient)
                total += lost * len(order[batch])
                progress = (epoch * len(batches) + number) / (len(batches) * n_epochs)
                rate = rate_after(progress, highest, self.schedule)
                self.stack_.decay(rate * self.weight_decay)
                solver.step(self.stack_.vector, gradient, rate)
            self.loss_curve_.append(total / len(rows))
            if not np.isfinite(total):
                msg = (
                    f"The loss is no finite number after {epoch + 1} epochs; lower "
                    f"learning_rate_init, which is {self.learning_rate_init!r}."
                )
                raise ValueError(msg)
            if stopping is not None and stopping.note(
                self._loss_on(X, stopping.rows, loss), self.stack_.vector
            ):
                break
        if stopping is not None:
            stopping.restore(self.stack_.vector)
        self.n_iter_ = len(self.loss_curve_)

    def _hold_out(
        self, n_rows: int, parent: Any, rng: np.random.Generator
    ) -> tuple[NDArray[np.intp], EarlyStopping]:
        """Return the rows to train on, and what watches the others."""
        # A parent's weights know all rows but those that it held out itself.
        seed = getattr(parent, "_split_seed", None)
        self._split_seed = int(rng.integers(2**31)) if seed is None else seed
        rows, held_out = split_rows(n_rows, self.validation_fraction, self._split_seed)
        return rows, EarlyStopping(self.n_iter_no_change, held_out)

    def _loss_on(self, X: Any, rows: NDArray[np.intp], loss: Loss) -> float:
        """Return the mean loss on some rows, a part of them at a time."""
        total = 0.0
        for part in gen_batches(len(rows), ROWS_AT_ONCE):
            some = rows[part]
            outputs = self._forward(X[some])
            total += loss(outputs, some)[0] * len(some)
        return total / len(rows)

    def _begin(
        self, X: Any, n_outputs: int, parent: "BaseNetwork | None", rng: np.random.Generator
    ) -> None:
        """Set `embedding_` and `stack_` to where training starts."""
        if parent is None:
            positions = category_positions(self.categorical_features, X.shape[1])
            self.embedding_ = Embedding(
                self.embedding, self.n_bins, self.frequency_scale, positions
            )
            self.embedding_.fit(X, rng)
        else:
            self._check_parent(parent)
            self.embedding_ = parent.embedding_  # what inputs mean goes with the weights
        self.stack_ = Stack(
            self.embedding_.n_outputs,
            self._widths(),
            n_outputs,
            n_members=self.n_members,
            activation=self.activation,
            rng=rng,
            skip=self.skip,
            table=self.embedding_.first_weights(rng),
        )
        if parent is not None:
            inherit(self.stack_, parent.stack_, rng)
            self._adopt_outputs(parent)

    def _widths(self) -> list[int]:
        """Return the units of each layer, checked."""
        widths = np.atleast_1d(np.asarray(self.hidden_layer_sizes, dtype=object))
        if widths.ndim != 1 or not all(
            isinstance(units, numbers.Integral) and int(units) > 0 for units in widths
        ):
            msg = (
                "hidden_layer_sizes must be whole numbers of units above 0, one per layer, got "
                f"{self.hidden_layer_sizes!r}."
            )
            raise ValueError(msg)
        return [int(units) for units in widths]

    def _check_parent(self, parent: Any) -> None:
        """Raise an error if no network like this one can start from another one's weights."""
        name = type(self).__name__
        if type(parent) is not type(self):
            msg = f"parent must be a fitted {name}, got {parent!r}."
            raise TypeError(msg)
        check_is_fitted(parent)
        if parent.n_features_in_ != self.n_features_in_:
            msg = (
                f"parent was fitted on {parent.n_features_in_} columns, X has "
                f"{self.n_features_in_}; a network starts from one of the same columns."
            )
            raise ValueError(msg)
        of_parent = parent.embedding_
        positions = category_positions(self.categorical_features, self.n_features_in_)
        if not np.array_equal(positions, of_parent.categories):
            msg = (
                f"parent has categories in the columns {of_parent.categories.tolist()}, this "
                f"{name} in {positions.tolist()}; set categorical_features to the parent's."
            )
            raise ValueError(msg)
        for parameter, value in (
            ("embedding", of_parent.kind),
            ("n_bins", of_parent.n_bins),
            ("frequency_scale", of_parent.scale),
        ):
            if getattr(self, parameter) != value and parameter in _spreads_by(self.embedding):
                msg = (
                    f"parent has {parameter}={value!r}, this {name} "
                    f"{getattr(self, parameter)!r}: its weights are of other inputs; set it to "
                    "the parent's."
                )
                raise ValueError(msg)

    def _adopt_outputs(self, parent: Any) -> None:
        """Let the outputs mean what the parent's do: they do, where no target is scaled."""

    def _step(
        self,
        X: Any,
        rows: NDArray[np.intp],
        loss: Loss,
        rng: np.random.Generator,
        gradient: Floats,
    ) -> float:
        """Write the gradient of one batch, and return its loss."""
        lost = 0.0

        def of_outputs(outputs: Floats) -> Floats:
            nonlocal lost
            lost, slopes = loss(outputs, rows)
            return slopes

        batch = X[rows]
        inputs, places = self.embedding_(batch), self.embedding_.places(batch)
        self.stack_.gradient(inputs, of_outputs, self.dropout, rng, gradient, places)
        return lost

    def _forward(self, X: Any) -> Floats:
        """Return the members' outputs for some coded rows."""
        return self.stack_.forward(self.embedding_(X), self.embedding_.places(X))

    def _checked(self, X: Any, *y: Any, **settings: Any) -> Any:
        # Without categories in them, sparse rows are taken as they are.
        sparse = "csr" if self.categorical_features is None else False
        return validate_data(self, X, *y, accept_sparse=sparse, dtype=np.float64, **settings)

    def _outputs(self, X: Any, combine: Callable[[Floats], NDArray[Any]]) -> NDArray[Any]:
        """Return what `combine` makes of the members' outputs, a part of the rows at a time."""
        check_is_fitted(self)
        X = self._checked(X, reset=False)
        at_once = INPUTS_AT_ONCE // self.embedding_.n_outputs
        parts = [
            combine(self._forward(self.embedding_.coded(X[rows])))
            for rows in gen_batches(X.shape[0], int(np.clip(at_once, 64, ROWS_AT_ONCE)))
        ]
        return np.concatenate(parts)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.categorical_features is None
        return tags
