"""Tables whose target is told by dates or by text, drawn with fixed seeds.

Fixed before the first run and not changed since. Three are about dates (the days of demand, the
time between two dates, the hours of a load), two about text (articles of three topics, and the
price of what an advertisement describes).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd

N_ROWS, N_TEST_ROWS = 1_500, 3_000
START = pd.Timestamp("2021-01-01")


def _moments(rng, n_rows, days, unit):
    """Return moments drawn from so many days."""
    return (START + pd.to_timedelta(rng.uniform(0, days, n_rows), unit="D")).floor(unit)


def demand(rng, n_rows):
    """Return sales by day: weekdays, seasons, holidays, a trend and prices."""
    day = _moments(rng, n_rows, 3 * 365, "D")
    shop = rng.choice(["north", "south", "harbour", "station"], n_rows)
    price = rng.normal(size=n_rows)
    week = np.array([0.0, -0.4, -0.3, 0.1, 0.9, 1.6, -1.2])
    of_year = 2 * np.pi * day.dayofyear.to_numpy() / 365.25
    holidays = [(1, 1), (5, 1), (10, 3), (12, 24), (12, 25), (12, 26), (12, 31)]
    dates = zip(day.month, day.day, strict=True)
    closed = np.array([date in holidays for date in dates])
    target = 10 + week[day.weekday] + 1.5 * np.cos(of_year - 6.0) + 0.8 * np.sin(2 * of_year)
    target += 0.001 * (day - START).days.to_numpy() - 0.7 * price
    target += np.where(shop == "station", 0.5, 0.0) - 6.0 * closed
    table = pd.DataFrame({"day": day, "shop": shop, "price": price})
    table["weather"] = rng.normal(size=n_rows)
    return table, target


def delay(rng, n_rows):
    """Return what a customer gets back: it grows with the days between two of three dates."""
    ordered = _moments(rng, n_rows, 2 * 365, "s")
    sent = ordered + pd.to_timedelta(rng.exponential(2.0, n_rows), unit="D")
    promised = rng.choice([3.0, 5.0, 10.0], n_rows)
    arrived = sent + pd.to_timedelta(rng.gamma(3.0, 1.5, n_rows), unit="D")
    late = (arrived - ordered).total_seconds().to_numpy() / 86_400 - promised
    value = rng.lognormal(3.0, 0.5, n_rows)
    target = np.maximum(late, 0.0) * np.sqrt(value) + 0.3 * value
    table = pd.DataFrame({"ordered": ordered, "sent": sent.floor("s")})
    table["arrived"] = arrived.floor("s")
    table["promised"] = promised
    table["value"] = value
    return table, target


def load(rng, n_rows):
    """Return a load that follows the time of day over midnight, less so on Sundays."""
    when = _moments(rng, n_rows, 365, "min")
    hour = (when.hour + when.minute / 60).to_numpy()
    angle = 2 * np.pi * (hour - 22.5) / 24
    temperature = 10 + 8 * np.sin(2 * np.pi * when.dayofyear / 365) + rng.normal(0, 3, n_rows)
    sunday = (when.weekday == 6).astype(float)
    target = (2.0 - 1.2 * sunday) * np.exp(1.5 * np.cos(angle)) + 0.5 * np.cos(2 * angle)
    target = target - 0.08 * np.asarray(temperature)
    table = pd.DataFrame({"when": when, "temperature": temperature})
    table["humidity"] = rng.uniform(size=n_rows)
    return table, target


def _vocabulary(n_words):
    """Return made-up words, the same ones always."""
    rng = np.random.default_rng(20_240_601)
    syllables = np.array(
        [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "an", "el")]
    )
    words = {"".join(rng.choice(syllables, rng.integers(2, 5))) for _ in range(2 * n_words)}
    return np.array(sorted(words))[:n_words]


def _text(rng, words, chances, length):
    return " ".join(rng.choice(words, length, p=chances))


def topics(rng, n_rows):
    """Return articles of three topics: each has words it is fond of, in a common language."""
    words = _vocabulary(3_000)
    common = 1.0 / np.arange(1, len(words) + 1)  # Zipf's law
    fond = np.random.default_rng(7).permutation(np.arange(100, len(words)))[:360]
    chances = []
    for topic in range(3):
        mine = common.copy()
        mine[fond[topic * 120 : (topic + 1) * 120]] *= 6.0
        chances.append(mine / mine.sum())
    topic = rng.integers(0, 3, n_rows)
    lengths = rng.integers(12, 45, n_rows)
    texts = [_text(rng, words, chances[t], n) for t, n in zip(topic, lengths, strict=True)]
    table = pd.DataFrame({"article": texts, "length": lengths})
    table["score"] = rng.normal(size=n_rows) + 0.3 * topic
    table["author"] = rng.choice([f"author {i}" for i in range(12)], n_rows)
    return table, np.array(["home", "market", "sport"], dtype=object)[topic]


def advertisement(rng, n_rows):
    """Return prices that numbers tell in part, and the words of a description in part."""
    words = _vocabulary(1_500)
    common = 1.0 / np.arange(1, len(words) + 1) ** 0.8
    # Kinds of wares have words of their own; some words raise or lower the price.
    kinds = np.random.default_rng(8)
    of_kind = kinds.permutation(len(words))[:400].reshape(8, 50)
    base = kinds.normal(0.0, 0.8, 8)
    worth = np.where(kinds.random(len(words)) < 0.1, kinds.normal(0.0, 0.4, len(words)), 0.0)
    kind = rng.integers(0, 8, n_rows)
    texts, target = [], np.empty(n_rows)
    for row in range(n_rows):
        mine = common.copy()
        mine[of_kind[kind[row]]] *= 8.0
        drawn = rng.choice(len(words), rng.integers(8, 25), p=mine / mine.sum())
        texts.append(" ".join(words[drawn]))
        target[row] = base[kind[row]] + worth[np.unique(drawn)].sum()
    age = rng.exponential(3.0, n_rows)
    table = pd.DataFrame({"description": texts, "age": age})
    table["size"] = rng.normal(size=n_rows)
    return table, target - 0.2 * age + 0.4 * table["size"].to_numpy()


#: What draws each table: the task, the noise as a share of the target's standard deviation.
TABLES: dict[str, tuple[str, Callable, float]] = {
    "demand": ("regression", demand, 0.25),
    "delay": ("regression", delay, 0.1),
    "load": ("regression", load, 0.2),
    "topics": ("classification", topics, 0.0),
    "advertisement": ("regression", advertisement, 0.2),
}


def draw(name, seed):
    """Return train and test tables with their targets, and the noise's standard deviation.

    The target of the test rows has no noise: it is what is to be found.
    """
    task, made, share = TABLES[name]
    rng = np.random.default_rng(seed)
    table, target = made(rng, N_ROWS + N_TEST_ROWS)
    train, test = table.iloc[:N_ROWS], table.iloc[N_ROWS:].reset_index(drop=True)
    y, truth = target[:N_ROWS], target[N_ROWS:]
    if task == "classification":
        return train, y, test, truth, 0.0
    noise = share * target.std()
    return train, y + noise * rng.normal(size=N_ROWS), test, truth, noise
