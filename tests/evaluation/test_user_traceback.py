"""Errors of the user's own estimators show where they happened."""

import warnings

import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.impute import SimpleImputer
from sklearn.tree import DecisionTreeClassifier

from evolearn import EvolutionaryClassifier, Float, SearchError
from evolearn.evaluation.user_traceback import location_in_user_code, user_frames


class Broken(ClassifierMixin, BaseEstimator):
    """A classifier that fails for half of its values of `mood`, two calls below `fit`."""

    def __init__(self, mood=1.0):
        self.mood = mood

    def fit(self, X, y):
        if self.mood > 0.5:
            self._prepare()
        self.model_ = DecisionTreeClassifier(random_state=0).fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def _prepare(self):
        raise OSError("the disk is full")

    def predict(self, X):
        return self.model_.predict(X)

    def predict_proba(self, X):
        return self.model_.predict_proba(X)


LINE = Broken._prepare.__code__.co_firstlineno + 1
PLACE = f"{__file__}:{LINE}, in _prepare"


def test_an_error_of_all_candidates_shows_the_lines_of_the_user(fast, numbers):
    with pytest.raises(SearchError) as error:
        EvolutionaryClassifier(search_space=[Broken()], **fast).fit(*numbers)
    message = str(error.value)
    assert f"OSError: the disk is full ({PLACE})" in message
    last = message.partition("in your own code:\n")[2].splitlines()
    assert last[0].startswith(f'  File "{__file__}", line ')
    assert last[0].endswith("in fit")
    assert last[2] == f'  File "{__file__}", line {LINE}, in _prepare'
    assert last[-1] == "OSError: the disk is full"
    assert "evolearn/evaluation" not in message


def test_a_failed_candidate_names_file_and_line(fast, numbers):
    space = [(Broken(), {"mood": Float(0.0, 1.0)})]
    model = EvolutionaryClassifier(search_space=space, **{**fast, "n_evaluations": 16})
    failures = model.fit(*numbers).cv_results_["failure"]
    assert set(failures) == {"", f"OSError: the disk is full ({PLACE})"}


class Colourful(Broken):
    """Its messages have what terminals obey, and what reverses the order of letters."""

    def fit(self, X, y):
        warnings.warn("\x1b[31mred\x9b2J", UserWarning, stacklevel=2)
        return super().fit(X, y)

    def _prepare(self):
        raise ValueError("\x1b]0;title\x07 \u202eesrever\u2028 \x00")


def test_control_characters_become_escapes(fast, numbers):
    space = [(Colourful(), {"mood": Float(0.0, 1.0)})]
    model = EvolutionaryClassifier(search_space=space, **{**fast, "n_evaluations": 16})
    results = model.fit(*numbers).cv_results_
    escaped = r"ValueError: \x1b]0;title\x07 \u202eesrever \x00"
    assert {text.partition(" (")[0] for text in results["failure"]} == {"", escaped}
    assert {*results["warnings"]} == {(r"UserWarning: \x1b[31mred\x9b2J",)}
    with pytest.raises(SearchError) as error:
        EvolutionaryClassifier(search_space=[Colourful()], **fast).fit(*numbers)
    assert str(error.value).replace("\n", "").isprintable()


def test_an_error_in_a_script_names_its_file(run_script):
    script = run_script(
        """
        import numpy as np
        from sklearn.linear_model import Ridge

        from evolearn import EvolutionaryRegressor, SearchError

        class Own(Ridge):
            def fit(self, X, y):
                raise ValueError("not today")

        model = EvolutionaryRegressor(
            search_space=[Own()], time_budget=None, n_evaluations=2, n_jobs=2
        )
        try:
            model.fit(np.eye(40), np.arange(40.0))
        except SearchError as error:
            print(error)
        """
    )
    output, errors = script.communicate(timeout=60)
    assert 'script.py", line 9, in fit\n    raise ValueError("not today")' in output, errors


def caught(function):
    try:
        function()
    except Exception as error:
        return error


def test_an_error_of_a_library_below_the_users_code_shows_both():
    error = caught(lambda: SimpleImputer(strategy="no_such").fit([[1.0]]))
    assert location_in_user_code(error).startswith(f"{__file__}:")
    assert "sklearn" in user_frames(error)


def test_an_error_without_the_users_code_has_no_place():
    error = ValueError("raised nowhere")
    assert location_in_user_code(error) == user_frames(error) == ""
