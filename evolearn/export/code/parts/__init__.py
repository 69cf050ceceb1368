"""Definitions that exported code is made of; their source is written into scripts."""
