"""Screening before the search: findings that genes start from."""
