"""Reads a suite of tables: a folder with ``suite.json`` and one ``NAME.csv.gz`` per table.

``suite.json`` lists under ``datasets`` each table's name, task (binary, multiclass or
regression), categorical columns, whether its labels are integers, and how it is split. The
csv files are UTF-8 with a header, the target is the column ``target``, missing is empty.
"""

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Split:
    """One table, divided into rows to fit on and rows to judge by."""

    task: str
    X_train: pd.DataFrame
    X_test: pd.DataFrame
    y_train: pd.Series
    y_test: pd.Series
    n_classes: int
    categorical: list[str]


def datasets(suite: Path) -> dict[str, dict[str, Any]]:
    """Return what ``suite.json`` says of each table, by name, in its order."""
    described = json.loads((suite / "suite.json").read_text(encoding="utf-8"))
    return {dataset["name"]: dataset for dataset in described["datasets"]}


def read_table(suite: Path, dataset: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series]:
    """Return the columns and the target; categories are str or None, labels are codes."""
    text = dict.fromkeys(dataset["categorical"], "object")
    if dataset["task"] != "regression":
        text["target"] = "object"
    table = pd.read_csv(
        suite / f"{dataset['name']}.csv.gz",
        dtype=text,
        keep_default_na=False,
        na_values=[""],
        float_precision="round_trip",
    )
    for column in dataset["categorical"]:
        values = table[column].astype(object)
        table[column] = values.where(values.notna(), None)
    target = table.pop("target")
    if dataset["task"] == "regression":
        return table, target.astype("float64")
    return table, target.astype("int64") if dataset["int_labels"] else target.astype(object)


def split_rows(target: pd.Series, dataset: dict[str, Any], number: int) -> tuple[Any, Any]:
    """Return the sorted positions of training and test rows of one split."""
    split = dataset["split"]
    train, test = train_test_split(
        np.arange(len(target)),
        test_size=split["test_size"],
        random_state=split["seeds"][number],
        stratify=np.asarray(target).astype(str) if split["stratified"] else None,
    )
    train, test = np.sort(train), np.sort(test)
    noted = split.get("test_sha256_16")
    digest = hashlib.sha256(test.astype("<i8").tobytes()).hexdigest()[:16]
    if noted and digest != noted[number]:
        warnings.warn(
            f"The test rows of {dataset['name']}, split {number}, are not those noted in "
            "suite.json; errors do not compare with those measured elsewhere.",
            stacklevel=2,
        )
    return train, test


def read_split(suite: Path, name: str, number: int) -> Split:
    """Return one split of one table, class labels as integer codes from 0."""
    known = datasets(suite)
    if name not in known:
        raise SystemExit(f"{suite} has no table {name!r}; it has {', '.join(known)}.")
    dataset = known[name]
    X, target = read_table(suite, dataset)
    train, test = split_rows(target, dataset, number)
    n_classes = 0
    if dataset["task"] != "regression":
        codes, classes = pd.factorize(target, sort=True)
        target, n_classes = pd.Series(codes), len(classes)

    def rows(values: Any, positions: Any) -> Any:
        return values.iloc[positions].reset_index(drop=True)

    return Split(
        task=dataset["task"],
        X_train=rows(X, train),
        X_test=rows(X, test),
        y_train=rows(target, train),
        y_test=rows(target, test),
        n_classes=n_classes,
        categorical=list(dataset["categorical"]),
    )
