"""Compare the kinds that columns are read as with those that a person would give them.

    python benchmarks/column_kinds.py                  # the generated columns
    python benchmarks/column_kinds.py --tables DIR     # kinds of the columns of CSV files
    python benchmarks/column_kinds.py --seconds        # reading 200,000 rows x 20 texts

A generated column is right if its kind is, and if numbers and times have the values, up to a
factor, that they were written from. `identifier` is a column of strings that is left out since
nearly every value is distinct. `--tables` and `--seconds` print what can be compared with the
output under an earlier version of evolearn.
"""

# ruff: noqa: RUF001 (characters of other scripts are the subject)

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

N = 400
MARKS = "n/a|?|err1|err2|err3|err4|offline|low|E-7|tbd|x|void"
WORDS = "red old big round wooden small light soft green heavy cheap broken table lamp shelf"
SCRIPTS = {
    "Latin": WORDS,
    "Cyrillic": "большой старый дом город очень красивый новый стол лампа быстро хорошо цена",
    "Greek": "μεγάλο παλιό σπίτι πόλη πολύ όμορφο νέο τραπέζι λάμπα γρήγορα καλή τιμή",
    "Arabic": "كبير قديم بيت مدينة جدا جميل جديد طاولة مصباح بسرعة جيد سعر",
    "Devanagari": "बड़ा पुराना घर शहर बहुत सुंदर नया मेज दीपक जल्दी अच्छा दाम",
}
THAI = "ดีมาก สวย ราคา ถูก ส่งเร็ว อาหาร รถยนต์ หนังสือ บ้าน ใหม่"
KOREAN = "정말 좋은 물건 입니다 우리 가족 모두 좋아 해요 가격 저렴 음식 자동차"
CHINESE = list(
    "这个东西质量很好非常漂亮我们全家都喜欢价格便宜送货快包装完整颜色正合适下次还会再来购买"
)
JAPANESE = list(
    "この商品はとても良いです色もきれいで家族みんなが気に入りました値段安くて届くの早かった"
)

rng = np.random.default_rng(0)
amount = np.exp(rng.uniform(1, 14, N))
rounded = np.round(amount)
small = rng.uniform(0.01, 99, N)
tenths = small.round(1)
whole = rng.integers(1, 5000, N)
signed = rng.normal(0, 500, N)
day = pd.Timestamp("2012-01-01") + pd.to_timedelta(rng.integers(0, 3600, N), unit="D")
moment = day + pd.to_timedelta(rng.integers(0, 86_400, N), unit="s")
minutes = rng.integers(0, 1440, N)
seconds = rng.integers(1, 900_000, N)


def texts(pattern, values):
    return [pattern.format(value) for value in values]


def swapped(strings):
    """Exchange point and comma."""
    return [s.translate(str.maketrans(".,", ",.")) for s in strings]


def marked(strings, marks, one_in):
    """Put marks in place of some strings."""
    every = range(0, len(strings), one_in)
    strings = list(strings)
    for k, i in enumerate(every):
        strings[i] = marks[k % len(marks)]
    return strings


def scaled(values):
    """Write numbers as 950, 8.7k or 19.2M."""
    return [
        f"{v / 1e6:.4f}M" if v >= 1e6 else f"{v / 1e3:.4f}k" if v >= 1e3 else f"{v:.4f}"
        for v in values
    ]


def clock(strings, pattern):
    return [pattern.format(h=m // 60, m=m % 60, s=(m * 7) % 60) for m in strings]


def drawn(values, n=N, seed=0):
    return list(np.random.default_rng(seed).choice(values, n))


def sentences(words, n_words, joint=" "):
    draw = np.random.default_rng(1)
    return [joint.join(draw.choice(words, n_words)) for _ in range(N)]


def numbers():
    """Yield name, strings and the numbers that they were written from."""
    yield "plain integers", texts("{}", whole), whole
    yield "plain decimals", texts("{:.2f}", small), small
    yield "signed", texts("{:+.3f}", signed), signed
    yield "scientific", texts("{:.6e}", amount), amount
    yield "leading spaces", texts("{:>12.3f}", small), small
    yield "trailing spaces", texts("{:.3f}  ", small), small
    yield "few integers", drawn(["1", "2", "3", "4", "5"]), None
    yield "years", texts("{}", day.year), day.year
    yield "dollars", texts("${:,.2f}", amount), amount
    yield (
        "dollars, accounting",
        [f"(${-v:,.2f})" if v < 0 else f"${v:,.2f}" for v in signed],
        signed,
    )
    yield (
        "negative dollars",
        [f"-${-v:,.2f}" if v < 0 else f"${v:,.2f}" for v in signed],
        signed,
    )
    yield "euros before", swapped(texts("€ {:,.2f}", amount)), amount
    yield "euros behind", swapped(texts("{:,.2f} €", amount)), amount
    yield "pounds", texts("£{:,.0f}", amount), rounded
    yield "yen", texts("¥{:,.0f}", amount), rounded
    yield "rupees", texts("Rs. {:,.0f}", amount), rounded
    yield "ISO currency before", texts("USD {:,.2f}", amount), amount
    yield "ISO currency behind", texts("{:.2f} EUR", amount), amount
    yield "Swiss francs", [f"CHF {v:,.2f}".replace(",", "'") for v in amount], amount
    yield "dollars per month", texts("${:,.0f}/mo", amount), rounded
    yield "millions of dollars", texts("${:.3f}M", small), small
    yield "thousands, comma", texts("{:,.2f}", amount), amount
    yield "thousands, comma, integers", texts("{:,.0f}", amount), rounded
    yield "thousands, point", swapped(texts("{:,.2f}", amount)), amount
    yield "thousands, point, integers", swapped(texts("{:,.0f}", amount)), rounded
    yield "thousands, space", [f"{v:,.0f}".replace(",", " ") for v in amount], rounded
    yield (
        "thousands, narrow space",
        [f"{v:,.2f}".replace(",", "\u202f") for v in amount],
        amount,
    )
    yield "thousands, apostrophe", [f"{v:,.2f}".replace(",", "’") for v in amount], amount
    yield "decimal comma", swapped(texts("{:.1f}", tenths)), tenths
    yield "decimal comma, three places", swapped(texts("{:.3f}", small)), small
    yield "decimal comma, signed", swapped(texts("{:.4f}", signed)), signed
    yield "percent", texts("{:.1f}%", tenths), tenths
    yield "percent, space", texts("{:.1f} %", tenths), tenths
    yield "percent, comma", swapped(texts("{:.1f}%", tenths)), tenths
    yield "bhp", texts("{:.2f} bhp", small), small
    yield "CC", texts("{} CC", whole), whole
    yield "km/h", texts("{:.1f}km/h", tenths), tenths
    yield "square metres", texts("{:.1f} m²", tenths), tenths
    yield "degrees", texts("{:.1f}°C", tenths), tenths
    yield (
        "kmpl with another unit",
        marked(texts("{:.2f} kmpl", small), ["17.3 km/kg"], 40),
        None,
    )
    yield (
        "kilograms and grams",
        [f"{v:.6f} kg" if v > 1 else f"{v * 1000:.6f} g" for v in small],
        small,
    )
    yield (
        "megabytes and kilobytes",
        [f"{v:.6f} MB" if v > 1 else f"{v * 1e3:.6f} KB" for v in small],
        small,
    )
    yield "k and M", scaled(amount), amount
    yield "K, upper case", texts("{:.3f}K", small), small
    yield "billions", texts("{:.3f} billion", small), small
    yield "more than", texts("{:,}+", whole), whole
    yield (
        "years of work",
        [f"{v} year" + "s" * int(v > 1) for v in whole % 40 + 1],
        whole % 40 + 1,
    )
    yield "minus sign of typography", [f"{v:.2f}".replace("-", "−") for v in signed], signed
    yield "minus behind", [f"{abs(v):.2f}" + "-" * int(v < 0) for v in signed], signed
    yield (
        "full width digits",
        [str(v).translate({48 + i: 0xFF10 + i for i in range(10)}) for v in whole],
        whole,
    )
    yield "lakhs", ["12,34,567", "1,23,456", "99,999", "1,00,00,000"] * (N // 4), None
    yield "one question mark", marked(texts("{:.2f}", small), ["?"], N), None
    yield "many marks, few rows", marked(texts("{:.2f}", small), MARKS.split("|"), 30), None
    yield (
        "own mark in each row of 30",
        marked(texts("{:.2f}", small), texts("err{}", range(N)), 30),
        None,
    )
    yield (
        "two marks, a third of rows",
        marked(texts("{:.1f}", small), ["never", "n/a"], 3),
        None,
    )
    yield "marked app sizes", marked(scaled(amount), ["Varies with device"], 8), None
    yield "zero padded decimals", texts("{:08.3f}", small), small
    yield (
        "mixed numbers and strings",
        [v if i % 2 else str(v) for i, v in enumerate(whole.tolist())],
        whole,
    )
    yield "bytes", [f"{v:.2f}".encode() for v in small], small
    yield (
        "seconds since 1970",
        texts("{:.0f}", moment.astype("datetime64[s]").astype(np.int64)),
        None,
    )
    yield "true numbers", small, small


def times():
    """Yield name, kind, strings and the times that they were written from."""
    at = (moment - pd.Timestamp("1970-01-01")) / pd.Timedelta("1s")
    on = (day - pd.Timestamp("1970-01-01")) / pd.Timedelta("1s")
    to_minute = at // 60 * 60
    for name, pattern, truth in (
        ("ISO days", "%Y-%m-%d", on),
        ("ISO moments", "%Y-%m-%dT%H:%M:%S", at),
        ("ISO, Z", "%Y-%m-%dT%H:%M:%SZ", at),
        ("UTC behind", "%Y-%m-%d %H:%M:%S UTC", at),
        ("leading spaces", "  %Y-%m-%d", on),
        ("US days", "%m/%d/%Y", on),
        ("US days, two digits", "%m/%d/%y", on),
        ("US moments", "%m/%d/%Y %I:%M:%S %p", at),
        ("European days, slash", "%d/%m/%Y", on),
        ("European days, hyphen", "%d-%m-%Y", on),
        ("German days", "%d.%m.%Y", on),
        ("German days, two digits", "%d.%m.%y", on),
        ("German moments", "%d.%m.%Y %H:%M", to_minute),
        ("year first, slash", "%Y/%m/%d", on),
        ("year first, point", "%Y.%m.%d", on),
        ("eight digits", "%Y%m%d", on),
        ("fourteen digits", "%Y%m%d%H%M%S", at),
        ("no zeros", "%Y-%-m-%-d", on),
        ("US, no zeros", "%-m/%-d/%Y", on),
        ("month name first", "%b %d, %Y", on),
        ("month name and time", "%b %d, %Y %H:%M", to_minute),
        ("long month name", "%B %d, %Y", on),
        ("day first, name", "%d %b %Y", on),
        ("Oracle", "%d-%b-%y", on),
        ("mail", "%a, %d %b %Y %H:%M:%S GMT", at),
        ("ctime", "%a %b %d %H:%M:%S %Y", at),
        ("web server log", "%d/%b/%Y:%H:%M:%S +0000", at),
        ("Japanese", "%Y年%m月%d日", on),
        ("months", "%Y-%m", None),
        ("month names and years", "%b %Y", None),
    ):
        yield f"dates: {name}", "datetime", list(moment.strftime(pattern)), truth
    yield (
        "dates: one n/a among objects",
        "datetime",
        marked(day.to_pydatetime(), ["n/a"], N),
        None,
    )
    yield "dates: marks", "datetime", marked(day.strftime("%d.%m.%Y"), ["open", "?"], 50), None
    yield "times of day", "timedelta", clock(minutes, "{h:02d}:{m:02d}"), minutes
    yield "times of day, no zeros", "timedelta", clock(minutes, "{h}:{m:02d}"), minutes
    yield "times of day, seconds", "timedelta", clock(minutes, "{h:02d}:{m:02d}:{s:02d}"), None
    yield "times of day, am and pm", "timedelta", list(moment.strftime("%I:%M %p")), None
    yield (
        "durations: pandas",
        "timedelta",
        [str(pd.Timedelta(s, "s")) for s in seconds.tolist()],
        seconds,
    )
    yield "durations: h and m", "timedelta", clock(minutes, "{h}h {m}m"), minutes
    yield "durations: words", "timedelta", clock(minutes, "{h} hours {m} minutes"), minutes
    yield "durations: long", "timedelta", clock(whole, "{h}:{m:02d}:00"), whole
    yield "durations: ISO", "timedelta", clock(minutes, "PT{h}H{m}M"), minutes
    yield (
        "durations: several units",
        "timedelta",
        [f"{m} min" if m < 60 else f"{m / 60:.6f} h" for m in minutes],
        minutes,
    )


def others():
    """Yield name, kind and strings."""
    keys = rng.permutation(10**6)[:N]
    yield "ZIP codes with zeros", "categorical", drawn(texts("{:05d}", range(501, 99000, 1900)))
    yield "padded codes", "categorical", drawn(texts("{:03d}", range(80)))
    yield "colours", "categorical", drawn(["red", "green", "blue"])
    yield "yes and no", "categorical", drawn(["yes", "no"])
    yield "True and False", "categorical", drawn(["True", "False"])
    yield "booleans", "numeric", rng.random(N) < 0.5
    yield "age groups", "categorical", drawn(["0-17", "18-25", "26-40", "41-65", "66+"])
    yield "sizes", "categorical", drawn(["XS", "S", "M", "L", "XL", "36", "38", "40"])
    yield "drives", "categorical", drawn(["2WD", "4WD", "AWD"])
    yield "grades", "categorical", drawn(["A1", "A2", "B1", "B2", "C1", "C2"])
    yield "versions", "categorical", drawn(["1.0.2", "1.2.3", "2.0.0", "2.1.13", "3.0.1"])
    yield "ratios", "categorical", drawn(["4:3", "16:9", "21:9", "1:1"])
    yield "scores", "categorical", drawn(["1-0", "2-1", "0-0", "3-2", "1-1"])
    yield "quarters", "categorical", drawn(["Q1", "Q2", "Q3", "Q4"])
    yield "quarters of years", "datetime", drawn(["2019Q1", "2019Q2", "2020Q3", "2021Q4"])
    yield "weeks of years", "datetime", drawn(["2019-W51", "2020-W01", "2020-W05", "2020-W11"])
    yield "weekdays", "categorical", drawn(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])
    yield "month names", "categorical", drawn(["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Dec"])
    yield "intervals", "categorical", drawn(["(0, 10]", "(10, 20]", "(20, 30]"])
    yield "comparisons", "categorical", drawn(["<0", "0<=X<200", ">=200", "no checking"])
    yield "house numbers", "categorical", drawn(["12A", "12B", "13A", "14C", "15D", "7E"])
    yield "airports", "categorical", drawn(["JFK", "LHR", "FRA", "ABQ", "SFO"])
    yield (
        "network addresses, repeated",
        "categorical",
        drawn(texts("192.168.{}.12", range(1, 60))),
    )
    yield "fractions", "categorical", drawn(["1/2", "1/4", "3/4", "1/8"])
    yield "ordinals", "categorical", drawn(["1st", "2nd", "3rd", "4th", "10th"])
    yield "numeric category", "categorical", pd.Categorical(drawn(["1", "2", "3"]))
    yield "cities", "categorical", drawn(["New York", "Los Angeles", "Sao Paulo", "Paris"])
    yield (
        "hexadecimal colours",
        "categorical",
        drawn(["#ff0000", "#00ff00", "#0000ff", "#123456"]),
    )
    yield "keys", "identifier", texts("AB-{:06d}", keys)
    yield "telephone numbers", "identifier", texts("+1-555-{:07d}", keys)
    yield "ten digits", "identifier", texts("{}", rng.integers(2 * 10**9, 9 * 10**9, N))
    yield "book numbers", "identifier", texts("978-3-{:06d}-0", keys)
    yield "card numbers", "identifier", texts("{}", rng.integers(4 * 10**15, 5 * 10**15, N))
    yield (
        "UUIDs",
        "identifier",
        [f"{k:08x}-{k * 7 % 65536:04x}-4a{k % 97:02d}" for k in keys * 977],
    )
    yield "hashes", "identifier", texts("{:016x}", rng.integers(0, 2**62, N))
    yield (
        "network addresses",
        "identifier",
        [f"{a % 223 + 1}.{a % 251}.{a % 241}.{a % 239}" for a in keys],
    )
    yield "padded keys", "identifier", texts("{:08d}", keys)
    yield "hexadecimal keys", "identifier", texts("{:06x}", keys * 11)
    yield "file names", "identifier", texts("img_{}.png", keys)
    for script, words in SCRIPTS.items():
        yield f"text: {script}", "text", sentences(words.split(), 6)
    yield "text: Chinese", "text", sentences(CHINESE, 16, "")
    yield "text: Japanese", "text", sentences(JAPANESE, 16, "")
    yield (
        "text: with numbers",
        "text",
        [
            f"{s} for {k} dollars"
            for s, k in zip(sentences(WORDS.split(), 5), keys, strict=True)
        ],
    )
    yield (
        "text: reviews with dates",
        "text",
        [f"{s} on {d:%d.%m.%Y}" for s, d in zip(sentences(WORDS.split(), 5), day, strict=True)],
    )
    yield (
        "text: log lines",
        "text",
        [
            f"ERROR worker {k} {s}"
            for s, k in zip(sentences(WORDS.split(), 4), keys, strict=True)
        ],
    )


def titles_tags_and_vectors():
    """Yield name, kind and strings: values with a word, a tag or a number that tells."""
    keys = rng.permutation(10**6)[:N].tolist()
    words = [f"{a}{b}" for a in WORDS.split() for b in WORDS.split()]
    kind, other = drawn(["sofa", "lamp", "desk", "rug"]), drawn(words, seed=1)
    each = list(zip(kind, other, keys, strict=True))
    lists = [rng.permutation(["wifi", "pool", "tv", "bar", "gym"])[: k % 4 + 1] for k in keys]
    north, east = rng.uniform(48, 53, N), rng.uniform(7, 13, N)
    places = list(zip(north, east, strict=True))
    yield "titles", "text", [f"{o.title()} {k}" for k, o, _ in each]
    yield "titles, joined", "text", [f"{o}_{k}" for k, o, _ in each]
    yield "log levels", "text", [f"{k.upper()} {n} disk {n % 9} full" for k, _, n in each]
    yield "transactions", "text", [f"SEPA TRANSFER {n} {k.upper()} GMBH" for k, _, n in each]
    yield "addresses of e-mail", "text", [f"{o}{n}@{k}.com" for k, o, n in each]
    yield "addresses of pages", "text", [f"https://a.org/{k}/{o}?id={n}" for k, o, n in each]
    yield "paths", "text", [f"/home/{o}/{n}.{k}" for k, o, n in each]
    yield "paths, Windows", "text", [f"C:\\{k}\\{o}\\{n}.txt" for k, o, n in each]
    for joint in ("|", ";", ", ", " "):
        yield f"tags with {joint!r}", "text", [joint.join(tags) for tags in lists]
    yield "tags in brackets", "text", [str(tags.tolist()) for tags in lists]
    yield "text: Thai", "text", sentences(THAI.split(), 6, "")
    yield "text: Korean", "text", sentences(KOREAN.split(), 5)
    yield "names", "identifier", [f"{o.title()} {o[::-1].title()}{n}" for _, o, n in each]
    yield "hardware addresses", "identifier", [n.to_bytes(6).hex(":") for n in keys]
    yield "coordinates", "vector", [f"{a:.5f},{b:.5f}" for a, b in places]
    yield "coordinates in brackets", "vector", [f"({a:.5f}, {b:.5f})" for a, b in places]
    yield "points", "vector", [f"POINT ({b:.4f} {a:.4f})" for a, b in places]
    yield "coordinates with sides", "vector", [f"{a:.3f}N {b:.3f}E" for a, b in places]
    yield "sizes of boxes", "vector", [f"{n % 97} x {n % 89} x {n % 83} cm" for n in keys]
    yield "blood pressures", "vector", [f"{90 + n % 91}/{50 + n % 61}" for n in keys]


def columns():
    """Yield name, kind, values and the numbers that they were written from, or None."""
    yield from ((f"numbers: {n}", "numeric", v, truth) for n, v, truth in numbers())
    yield from times()
    for name, kind, values in (*others(), *titles_tags_and_vectors()):
        yield name, kind, values, None


def kind_of(values, truth):
    """Return the kind of a column, and whether its numbers are right."""
    from evolearn.data import ColumnPreparer

    frame = pd.DataFrame({"column": values, "other": np.arange(len(values))})
    preparer = ColumnPreparer()
    matrix = preparer.fit_transform(frame)
    info = preparer.columns_[0]
    if info.reason:
        return "identifier" if "identifier" in info.reason else info.reason, True
    if truth is None:
        return info.kind, True
    names = list(preparer.get_feature_names_out())
    read = matrix[:, names.index("column_seconds" if info.parts else "column")]
    truth = np.asarray(truth, dtype=float)
    factor = read @ truth / (truth @ truth)
    return info.kind, np.allclose(read, factor * truth, rtol=1e-2, atol=1e-2 * abs(factor))


def check():
    n_right = n = 0
    for name, expected, values, truth in columns():
        found, is_read = kind_of(values, truth)
        is_right = found == expected and is_read
        n, n_right = n + 1, n_right + is_right
        if not is_right:
            print(f"{name}: {found}{'' if is_read else ', wrong values'}, expected {expected}")
    print(f"{n_right} of {n} columns are right: {n_right / n:.1%}")


def table_kinds(folder):
    from evolearn.data import ColumnPreparer

    for path in sorted(Path(folder).glob("*.csv*")):
        preparer = ColumnPreparer().fit(pd.read_csv(path, low_memory=False))
        kinds = {info.name: [info.kind, info.reason] for info in preparer.columns_}
        print(json.dumps({"table": path.name, "kinds": kinds}))


def reading_seconds():
    from evolearn.data import ColumnPreparer

    n = 200_000
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            **{f"words{i}": draw.choice(WORDS.split(), n) for i in range(5)},
            **{f"keys{i}": [f"K{k}" for k in draw.permutation(n)] for i in range(3)},
            **{f"towns{i}": [f"town {k}" for k in draw.integers(0, 3000, n)] for i in range(4)},
            **{f"numbers{i}": [f"{v:.4f}" for v in draw.normal(size=n)] for i in range(3)},
            **{
                f"dollars{i}": [f"${v:,.2f}" for v in draw.uniform(1, 9999, n)]
                for i in range(2)
            },
            **{
                f"days{i}": [
                    f"20{k % 20:02d}-{k % 12 + 1:02d}-{k % 28 + 1:02d}"
                    for k in draw.permutation(n)
                ]
                for i in range(2)
            },
            "text": [" ".join(draw.choice(WORDS.split(), 6)) for _ in range(n)],
        }
    )
    start = time.process_time()
    preparer = ColumnPreparer().fit(frame)
    print(f"fit {time.process_time() - start:.2f} s for {frame.shape[1]} columns of {n:,} rows")
    start = time.process_time()
    preparer.transform(frame)
    print(f"transform {time.process_time() - start:.2f} s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tables", metavar="DIR")
    parser.add_argument("--seconds", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    if args.tables:
        table_kinds(args.tables)
    elif args.seconds:
        reading_seconds()
    else:
        check()
