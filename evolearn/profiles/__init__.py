"""Profiles of the columns of a table, and checks of new rows against them."""

from evolearn.profiles.table_check import Finding, TableCheck, check_new_table
from evolearn.profiles.table_profile import ColumnProfile, TableProfile, profile_table

__all__ = [
    "ColumnProfile",
    "Finding",
    "TableCheck",
    "TableProfile",
    "check_new_table",
    "profile_table",
]
