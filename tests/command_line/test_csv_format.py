"""The format of CSV files is detected from their content."""

import pytest

from evolearn.command_line.csv_format import CsvFormat, check_rows, decoded, detected

NOTHING = CsvFormat()
ROWS = "größe;preis\n1,5;2,25\n10,5;1.234,50\n"

ENCODINGS = {
    "utf-8": ROWS.encode(),
    "utf-8-sig": ROWS.encode("utf-8-sig"),
    "cp1252": "name,preis\nMüller,5 €\n".encode("cp1252"),
    "latin-1": "name,x\nM\xfcller,\x81\n".encode("latin-1"),
    "utf-16": ROWS.encode("utf-16"),
    "utf-16-le": ROWS.encode("utf-16-le"),
    "utf-16-be": ROWS.encode("utf-16-be"),
}


@pytest.mark.parametrize(("encoding", "data"), ENCODINGS.items(), ids=ENCODINGS)
def test_the_encoding_is_detected(encoding, data):
    text, found = decoded(data, "a.csv")

    assert found == encoding
    assert text == data.decode(encoding)


SEPARATORS = {
    "comma": ("a,b\n1,2\n3,4\n", ",", "."),
    "comma, numbers with points": ("a,b\n1.5,2\n3.5,4\n", ",", "."),
    "comma, groups of digits": ('a,b\n"1,234",2.5\n"3,456",4\n', ",", "."),
    "comma, quoted decimal commas": ('a,b\n"1,5",x\n"12,25",y\n', ",", ","),
    "comma, semicolons in a text": ('a,b\n1,"x; y"\n2,"z; w"\n', ",", "."),
    "semicolon": ("a;b\n1;2\n3;4\n", ";", "."),
    "semicolon, decimal commas": ("a;b;c\n1,5;2,5;x\n3,5;4,5;y\n", ";", ","),
    "semicolon, commas in all names": ("a, m;b, kg;c, x\n1,5;2,5;3,5\n1,5;2,5;3,5\n", ";", ","),
    "semicolon, dates with points": ("a;b\n31.12.2020;1,5\n01.02.2021;2,5\n", ";", ","),
    "semicolon, a text with commas": ('a;b\n"x, y, z";1\n"u";2\n', ";", "."),
    "tab": ("a\tb\n1\t2\n3\t4\n", "\t", "."),
    "tab, texts with commas": ("a\tb\n1, 2\t2\n3\t4\n", "\t", "."),
    "pipe": ("a|b\n1|2\n3|4\n", "|", "."),
    "lines of Windows": ("a;b\r\n1,5;2\r\n3;4\r\n", ";", ","),
    "line ends in quotes": ('a,b\n"x\ny",2\n"z",4\n', ",", "."),
    "empty lines": ("a;b\n\n1;2\n\n", ";", "."),
    "one column": ("a\n1\n2\n", "\t", "."),
    "one column of decimal commas": ("a\n1,5\n2,5\n", "\t", ","),
}


@pytest.mark.parametrize(("text", "separator", "decimal"), SEPARATORS.values(), ids=SEPARATORS)
def test_separators_are_detected(text, separator, decimal):
    found = detected(text, NOTHING)

    assert (found.separator, found.decimal) == (separator, decimal)


def test_single_quotes_are_detected_from_the_header():
    assert detected("'a';'b'\n'x;y';2\n", NOTHING).quote == "'"
    assert detected("a;b\n'x;y';2\n", NOTHING).quote == '"'


def test_given_parts_are_not_detected():
    given = CsvFormat("latin-1", ",", "'", ".")
    assert detected("a;b\n1,5;2\n", given) == given


def test_codes_are_found_by_their_zeros():
    text = "zip,number,code\n01067,10,007\n12345,0,1\n"
    assert check_rows(text, detected(text, NOTHING), "a.csv") == (
        ["zip", "number", "code"],
        {0, 2},
    )


BROKEN = {
    "empty": (b"", "a.csv is empty"),
    "white space": (b" \n\n ", "a.csv is empty"),
    "byte order mark": (b"\xef\xbb\xbf", "a.csv is empty"),
    "binary": (bytes(range(256)) * 9, "is a binary file"),
    "header": (b"a,b\n", "has a header, but no rows"),
    "open quote": (b'a,b\n1,2\n3,"x\n4,5\n', "broken quote in line 3"),
    "text behind a quote": (b'a,b\n"x"y,2\n', "broken quote in line 2"),
    "too few fields": (b"a,b,c\n1,2,3\n1,2\n4,5,6\n7,8,9\n", "2 fields in line 3, and 3 in"),
    "too many fields": (b"a,b\n1,2\n1,2,3\n4,5\n", "3 fields in line 3, and 2 in its header"),
    "names twice": (b"a,b,a\n1,2,3\n", "several columns named 'a'"),
}


@pytest.mark.parametrize(("data", "message"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_refused_in_one_sentence(data, message):
    def read():
        text, _ = decoded(data, "a.csv")
        check_rows(text, detected(text, NOTHING), "a.csv")

    with pytest.raises(ValueError, match=message) as caught:
        read()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("encoding", "message"), [("utf-8", "not in the"), ("x", "no encoding")]
)
def test_a_given_encoding_must_fit(encoding, message):
    with pytest.raises(ValueError, match=message):
        decoded("ü".encode("latin-1"), "a.csv", encoding)
