"""The slot of numbers that identify something, and what the catalogue fills it with."""

IDENTIFIERS, IDENTIFIER_MEANS, NUMBERS_ALONE = (
    "identifiers",
    "identifier_means",
    "numbers_alone",
)
