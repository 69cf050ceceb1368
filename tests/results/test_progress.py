"""Lines of progress for ``verbose=1``."""

import logging

from evolearn.results.progress import LOGGER, visible_progress


def test_two_fits_at_once_show_each_line_once_until_the_last_one_ends(capsys, monkeypatch):
    # pytest's own handlers would take the lines.
    monkeypatch.setattr(LOGGER, "propagate", False)
    before = LOGGER.level, LOGGER.handlers[:]
    first, second = visible_progress(True), visible_progress(True)
    first.__enter__()
    second.__enter__()
    LOGGER.info("both")
    first.__exit__(None, None, None)
    LOGGER.info("the second")
    LOGGER.debug("for developers")
    second.__exit__(None, None, None)
    LOGGER.info("none")
    assert capsys.readouterr() == ("evolearn: both\nevolearn: the second\n", "")
    assert (LOGGER.level, LOGGER.handlers) == before


def test_nothing_is_changed_where_nothing_is_shown(capsys):
    with visible_progress(False):
        LOGGER.info("silent")
        assert LOGGER.level == logging.NOTSET
    assert capsys.readouterr() == ("", "")
