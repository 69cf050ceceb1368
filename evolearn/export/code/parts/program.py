"""The program around a model, in exported code: it reads a CSV file, trains and scores."""

import csv

import numpy as np
from sklearn.metrics import accuracy_score, log_loss, mean_squared_error, r2_score
from sklearn.model_selection import train_test_split

# Cells that hold no value.
MISSING = {"", "NA", "N/A", "NaN", "nan", "NULL", "null", "None"}


def read_csv(path):
    """Return the columns of a CSV file by their names; cells without a value are None."""
    with open(path, encoding="utf-8-sig", newline="") as file:  # noqa: PTH123, for scripts
        names, *rows = csv.reader(file)
    columns = zip(*rows, strict=True)
    cells = ([None if cell in MISSING else cell for cell in column] for column in columns)
    return {
        name: np.array(column, dtype=object) for name, column in zip(names, cells, strict=True)
    }


def take(table, rows):
    """Return some rows of a table."""
    if isinstance(table, np.ndarray):
        return table[rows]
    return {name: column[rows] for name, column in table.items()}


def print_regression_error(model, X, y):
    """Print the errors of predictions of numbers."""
    predictions = model.predict(X)
    print(f"RMSE on held-out rows: {mean_squared_error(y, predictions) ** 0.5:.6g}")
    print(f"R2 on held-out rows:   {r2_score(y, predictions):.4f}")


def print_classification_error(model, X, y):
    """Print the errors of predictions of classes."""
    if hasattr(model, "predict_proba"):
        probabilities = model.predict_proba(X)
        loss = log_loss(y, probabilities, labels=model.classes_)
        print(f"Log loss on held-out rows: {loss:.6g}")
    print(f"Accuracy on held-out rows: {accuracy_score(y, model.predict(X)):.4f}")


def split(table, y, stratify=None):
    """Return training and held-out parts: a quarter of the rows is held out."""
    train, test = train_test_split(np.arange(len(y)), random_state=0, stratify=stratify)
    return take(table, train), take(table, test), y[train], y[test]
