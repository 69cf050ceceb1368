"""Columns that are text, and the tokens that are counted in them."""

import uuid

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge

from evolearn.data import ColumnPreparer, prepare_table

N_ROWS = 240
NAMES = [
    "anna",
    "bert",
    "carl",
    "dora",
    "emil",
    "fred",
    "gina",
    "hans",
    "ilse",
    "jens",
    "karl",
    "lena",
    "mona",
    "nils",
    "olga",
    "paul",
]
MAKERS = [f"{a}{b}" for a in ("Aro", "Bel", "Cor", "Dan", "Eli") for b in NAMES]
RNG = np.random.default_rng


def characters(rng, pool, length):
    return "".join(rng.choice(list(pool), length))


def chinese(rng, topic):
    word = ("食物", "汽车", "电影")[topic]
    pool = "这个东西质量很好非常漂亮我们全家都喜欢价格便宜送货快包装完整颜色正合适下次还会再来"
    return characters(rng, pool, 7) + word + characters(rng, pool, 5)


def japanese(rng, topic):
    word = ("ソファ", "テーブル", "ランプ")[topic]
    return characters(rng, "とてもよいものですありがとうございますまたおねがいします", 6) + word


def thai(rng, topic):
    word = ("อาหาร", "รถยนต์", "หนังสือ")[topic]
    return characters(rng, "กขคงจชซดตถทนบปผพมยรลวสหอาเแไ", 9) + word


def hindi(rng, topic):
    word = ("खाना", "गाड़ी", "किताब")[topic]
    words = ["यह", "बहुत", "अच्छी", "चीज़", "मुझे", "पसंद", "आया", "सस्ता", "जल्दी", "भेजा", "रंग", "सुंदर"]
    return " ".join([*rng.choice(words, 4), word])


def korean(rng, topic):
    word = ("음식", "자동차", "영화")[topic]
    words = [
        "정말",
        "좋은",
        "물건",
        "입니다",
        "우리",
        "가족",
        "모두",
        "좋아",
        "해요",
        "가격",
        "저렴",
        "배송",
        "빨라",
        "다음",
        "구매",
    ]
    return " ".join([*rng.choice(words, 4), word])


def tags(rng, topic, separator="|", form="{}"):
    extra = rng.permutation(["pool", "tv", "bar", "spa", "gym", "lift"])[: rng.integers(1, 5)]
    return form.format(separator.join(rng.permutation([*extra, ("wifi", "zoo", "sea")[topic]])))


def pick(*words):
    return lambda topic: words[topic]


# Values with one of three topics, and the kind of tokens that tell it.
TEXTS = {
    "chinese": (chinese, "characters"),
    "japanese": (japanese, "characters"),
    "thai": (thai, "characters"),
    "hindi": (hindi, "words"),
    "korean": (korean, "words"),
    "titles": (lambda r, t: f"{r.choice(MAKERS)} {('sofa', 'lamp', 'bed')[t]}", "words"),
    "joint words": (lambda r, t: f"{r.choice(MAKERS)}_{('sofa', 'lamp', 'rug')[t]}", "words"),
    "sizes": (lambda r, t: f"{r.choice(MAKERS)}, {'SML'[t]}", "words"),
    "logs": (
        lambda r, t: (
            f"{('ERROR', 'INFO', 'WARN')[t]} {r.integers(9999)} disk {r.integers(9)} full"
        ),
        "words",
    ),
    "transactions": (
        lambda r, t: f"SEPA {r.integers(9999)} {('ACME GMBH', 'RENT', 'SALARY')[t]}",
        "words",
    ),
    "mail": (
        lambda r, t: (
            f"{r.choice(NAMES)}{r.integers(999)}@{('web.de', 'acme.com', 'un.org')[t]}"
        ),
        "words",
    ),
    "pages": (
        lambda r, t: f"https://a.org/{('news', 'shop', 'help')[t]}/{r.integers(9999)}?id=7",
        "words",
    ),
    "paths": (
        lambda r, t: f"/home/{r.choice(NAMES)}{r.integers(99)}/{('src', 'doc', 'tmp')[t]}/x.py",
        "words",
    ),
    "tags": (tags, "|"),
    "tags with commas": (lambda r, t: tags(r, t, ", "), ","),
    "tags with semicolons": (lambda r, t: tags(r, t, ";"), ";"),
    "tags in brackets": (lambda r, t: tags(r, t, "', '", "['{}']"), ","),
    "tags between spaces": (lambda r, t: tags(r, t, " "), " "),
}


@pytest.mark.parametrize(("draw", "tokens"), TEXTS.values(), ids=TEXTS.keys())
def test_tokens_of_a_text_tell_its_topic_on_new_rows(draw, tokens):
    rng = RNG(0)
    topics = rng.integers(0, 3, N_ROWS)
    column = pd.Series([draw(rng, topic) for topic in topics], dtype=object)
    X, half = pd.DataFrame({"t": column}), N_ROWS // 2
    preparer = ColumnPreparer().fit(X[:half])

    info = preparer.columns_[0]
    assert (info.kind, info.tokens.separator or info.tokens.kind) == ("text", tokens)
    made = np.minimum(preparer.transform(X), 1.0)
    is_topic = np.eye(3)[topics]
    model = Ridge().fit(made[:half], is_topic[:half])
    right = model.predict(made[half:]).argmax(axis=1) == topics[half:]
    assert right.mean() > 0.9


def hexadecimal(rng, n_digits):
    return characters(rng, "0123456789abcdef", n_digits)


NO_TEXTS = {
    "names": lambda r: f"{characters(r, 'ABCDEFGH', 1)}{r.choice(MAKERS)} {r.choice(MAKERS)}",
    "chinese names": lambda r: (
        characters(r, "王李张刘陈杨赵黄周吴", 1)
        + characters(r, "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂", 2)
    ),
    "keys": lambda r: f"AB-{r.integers(10**6):07d}",
    "identifiers": lambda r: str(uuid.UUID(bytes=r.bytes(16))),
    "hardware addresses": lambda r: ":".join(hexadecimal(r, 2) for _ in range(6)),
    "hashes": lambda r: hexadecimal(r, 40),
    "base 64": lambda r: (
        characters(r, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop+/", 20) + "=="
    ),
    "internet addresses": lambda r: ".".join(map(str, r.integers(1, 255, 4))),
    "numbered": lambda r: f"customer {r.integers(10**6)}",
}


@pytest.mark.parametrize("draw", NO_TEXTS.values(), ids=NO_TEXTS.keys())
def test_names_and_codes_are_no_texts(draw):
    rng = RNG(1)
    column = pd.Series([draw(rng) for _ in range(N_ROWS)], dtype=object)
    X = pd.DataFrame({"n": range(N_ROWS), "t": column})

    assert not prepare_table(X).schema.texts


@pytest.mark.parametrize(
    "values",
    [
        [f"{town}, {land}" for town in MAKERS for land in ("DE", "FR")] * 6,
        ["senior engineer", "junior engineer", "senior clerk", "junior clerk"] * 30,
        [f"{a}|{b}" for a in "abcd" for b in "uvwx"] * 30,
        [f"{a}/{b}" for a in ("x", "y") for b in ("n/a", "z")] * 60,
    ],
    ids=["towns", "jobs", "frequent lists", "few values"],
)
def test_values_that_repeat_are_categories(values):
    X = pd.DataFrame({"n": range(len(values)), "t": pd.Series(values, dtype=object)})

    assert len(prepare_table(X).schema.cardinalities) == 1


def test_numbers_that_hardly_repeat_are_no_words():
    rng = RNG(3)
    lines = [
        f"line {rng.integers(9)} of order {rng.integers(9999)} {'AB'[i % 2]}{i % 20}x"
        for i in range(N_ROWS)
    ]
    preparer = ColumnPreparer(kinds={"t": "text"}).fit(pd.DataFrame({"t": lines}))

    made = preparer.transform(pd.DataFrame({"t": ["7", "1234", "A7x", "a7x 7"]}))
    assert_array_equal(made.sum(axis=1), [1, 0, 1, 2])


def test_numbers_are_words_where_nothing_else_differs():
    X = pd.DataFrame({"t": [f"AB-{i:04d}" for i in range(N_ROWS)]})
    preparer = ColumnPreparer(kinds={"t": "text"}).fit(X)

    assert_array_equal(preparer.transform(X).sum(axis=1), [2] * N_ROWS)


def test_tokens_are_frozen_in_fit():
    rng = RNG(2)
    X = pd.DataFrame({"t": [tags(rng, topic) for topic in rng.integers(0, 3, 90)]})
    preparer = ColumnPreparer().fit(X)
    again = ColumnPreparer(columns=preparer.columns_).fit(X[:20])

    new = pd.DataFrame({"t": ["POOL | wifi", "pool wifi", "sun deck|pool"]})
    made = preparer.transform(new)
    assert_array_equal(again.transform(new), made)
    assert_array_equal(made.sum(axis=1), [2, 1, 2])
    assert made[0] @ made[2] == 1


def test_accents_and_widths_of_characters_make_no_other_words():
    preparer = ColumnPreparer(kinds={"t": "text"})
    made = preparer.fit_transform(
        pd.DataFrame({"t": ["caf\u00e9 WiFi", "cafe\u0301 \uff37\uff49\uff26\uff49"]})
    )

    assert_array_equal(made[0], made[1])
