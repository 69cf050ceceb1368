"""The commands work on tables as they come, and refuse broken ones in one sentence."""

import json
import logging
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import evolearn
from evolearn.command_line.main import main

pytest.importorskip("skops")
QUICK = ["--evaluations", "2", "--seed", "0", "--quiet"]


def houses(n_rows, seed):
    rng = np.random.default_rng(seed)
    size, city = rng.normal(80, 20, n_rows).round(1), rng.choice(["Köln", "Bonn"], n_rows)
    sold = pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 700, n_rows), "D")
    return pd.DataFrame(
        {
            "size": size,
            "city": city,
            "sold": sold.strftime("%d.%m.%Y"),
            "zip": [f"0{code}" for code in rng.integers(1000, 1005, n_rows)],
            "price": (3 * size + 40 * (city == "Bonn") + rng.normal(0, 5, n_rows)).round(2),
        }
    )


FORMATS = {
    "comma": {"encoding": "utf-8"},
    "semicolon": {"sep": ";", "decimal": ",", "encoding": "utf-8-sig"},
    "latin-1": {"sep": "\t", "encoding": "latin-1"},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, kind in FORMATS.items():
        houses(120, 0).to_csv(folder / f"{name}.csv", index=False, **kind)
        houses(40, 1).drop(columns="price").to_csv(
            folder / f"{name}_new.csv", index=False, **kind
        )
    logging.getLogger("evolearn")
    path = folder / "model.evolearn"
    assert (
        main(
            ["fit", str(folder / "comma.csv"), "--target", "price", "--out", str(path), *QUICK]
        )
        == 0
    )
    return folder


def run(folder, command, *arguments):
    """Run a command; arguments that name files are those in the folder."""
    names = {"model.evolearn", "out.csv", "other.evolearn", "report.html"}
    return main(
        [
            command,
            *(
                str(folder / one)
                if one in names or one.endswith((".csv", ".parquet", ".arrow"))
                else one
                for one in arguments
            ),
        ]
    )


@pytest.mark.parametrize("name", ["semicolon", "latin-1"])  # the model of the fixture: comma
def test_files_of_different_kinds_give_the_same_model(folder, name, capsys):
    assert (
        run(
            folder, "fit", f"{name}.csv", "--target", "price", "--out", "other.evolearn", *QUICK
        )
        == 0
    )
    captured = capsys.readouterr()
    assert "EvolutionaryRegressor" in captured.out
    assert "model." not in captured.out
    assert captured.err == ""
    assert run(folder, "predict", "other.evolearn", f"{name}_new.csv", "--out", "out.csv") == 0
    predictions = pd.read_csv(folder / "out.csv")["prediction"]

    model = evolearn.load(folder / "other.evolearn")
    assert model.column_kinds_["sold"] == "datetime (day, month, year as text)"
    assert model.column_kinds_["zip"] == "categorical"
    assert np.allclose(
        predictions, evolearn.load(folder / "model.evolearn").predict(houses(40, 1))
    )


def test_parquet_and_arrow_are_read(folder, capsys):
    new = houses(40, 1)
    new.to_parquet(folder / "new.parquet")
    new.to_feather(folder / "new.arrow")
    run(folder, "predict", "model.evolearn", "comma_new.csv")
    expected = capsys.readouterr().out
    for name in ("new.parquet", "new.arrow"):
        assert run(folder, "predict", "model.evolearn", name) == 0
        assert capsys.readouterr().out == expected


def test_progress_and_warnings_are_on_standard_error(folder, capsys):
    arguments = ["--out", "other.evolearn", "--report", "report.html", *QUICK[:-1]]
    assert run(folder, "fit", "comma.csv", "--target", "city", *arguments, "--drop", "zip") == 0
    captured = capsys.readouterr()
    assert "120 rows, 3 columns, target 'city': classification" in captured.err
    assert "generation 0" in captured.err
    assert "EvolutionaryClassifier" in captured.out
    assert "<html" in (folder / "report.html").read_text()
    assert run(folder, "predict", "other.evolearn", "comma.csv", "--probabilities") == 0
    header = capsys.readouterr().out.splitlines()[0]
    assert header == "prediction,probability of Bonn,probability of Köln"


def test_inspect_shows_the_columns(folder, capsys):
    assert run(folder, "inspect", "model.evolearn") == 0
    shown = capsys.readouterr().out
    assert "datetime (day, month, year as text)" in shown
    assert "evolearn 0" in shown
    assert run(folder, "inspect", "model.evolearn", "--json") == 0
    assert json.loads(capsys.readouterr().out)["estimator"] == "EvolutionaryRegressor"


def test_check_has_an_exit_code_of_its_own(folder, capsys):
    assert run(folder, "check", "model.evolearn", "comma_new.csv") == 0
    assert "No change found" in capsys.readouterr().out
    houses(40, 1).assign(size=900.5, zip="99999").to_csv(folder / "changed.csv")
    assert run(folder, "check", "model.evolearn", "changed.csv") == 1
    assert "range: 40 values are above" in capsys.readouterr().out
    assert run(folder, "check", "model.evolearn", "changed.csv", "--json") == 1
    kinds = {one["kind"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert {"range", "unseen categories"} <= kinds


TARGET = ("--target", "price", "--out", "other.evolearn", *QUICK)
BROKEN = {
    "no target column": (
        "fit",
        "size;city\n1,5;x\n",
        TARGET,
        "has no column 'price'; it has size",
    ),
    "empty": ("fit", "", TARGET, "broken.csv is empty"),
    "binary": ("fit", "\x00\x01\x02\xff" * 50, TARGET, "is a binary file"),
    "one column": ("fit", "price\n1\n2\n", TARGET, "no column beside the target"),
    "broken quotes": ("fit", 'size,price\n1,"2\n3,4\n', TARGET, "broken quote in line 2"),
    "a missing column": (
        "predict",
        "size,city\n1,x\n",
        ("--out", "out.csv"),
        "present in fit are missing: 'sold', 'zip'",
    ),
    "unwritable output": (
        "fit",
        "size,price\n1,2\n3,4\n",
        ("--target", "price", "--out", "no/folder/model"),
        "cannot be written to no/folder/model: there is no folder",
    ),
    "missing targets": ("fit", "size,price\n1,2\n3,\n", TARGET, "missing in 1 of 2 rows"),
    "ragged": ("fit", "size,price\n1,2\n3\n4,5\n", TARGET, "1 field in line 3, and 2"),
    "kinds": ("fit", "a,price\n1,2\n", (*TARGET, "--kinds", "a"), "--kinds takes COLUMN=KIND"),
    "kinds of no column": (
        "fit",
        "a,price\n1,2\n",
        (*TARGET, "--kinds", "b=text"),
        "names 'b'",
    ),
    "an unknown metric": ("fit", "a,price\n1,2.5\n", (*TARGET, "--metric", "x"), "'x'"),
    "separator": ("fit", "a,price\n1,2\n", (*TARGET, "--separator", ";;"), "one character"),
}


@pytest.mark.parametrize(("command", "text", "options", "message"), BROKEN.values(), ids=BROKEN)
def test_bad_input_is_one_sentence(folder, capsys, command, text, options, message):
    (folder / "broken.csv").write_text(text, encoding="latin-1")
    outputs = [folder / "other.evolearn", folder / "out.csv"]
    for path in outputs:
        path.write_text("kept")
    first = ["model.evolearn"] if command == "predict" else []

    assert run(folder, command, *first, "broken.csv", *options) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert [path.read_text() for path in outputs] == ["kept", "kept"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["inspect", "comma.csv"], "is not a model file of evolearn"),
        (["inspect", "none.csv"], "cannot be read: No such file"),
        (["predict", "model.evolearn", "none.csv"], "none.csv cannot be read: No such file"),
        (["predict", "model.evolearn", "comma.csv", "--probabilities"], "for classes"),
    ],
)
def test_unreadable_files_are_named(folder, capsys, arguments, message):
    assert run(folder, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_module_runs_and_wrong_use_has_exit_code_2():
    call = [sys.executable, "-m", "evolearn", "fit"]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "the following arguments are required" in done.stderr


def test_a_folder_that_takes_no_files_is_found_before_the_fit(folder, capsys, monkeypatch):
    def refuse(**_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("evolearn.command_line.tables.tempfile.TemporaryFile", refuse)
    assert run(folder, "fit", "comma.csv", *TARGET) == 2
    assert "other.evolearn: Permission denied." in capsys.readouterr().err
