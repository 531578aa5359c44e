"""What an import must remember of files that do not fit into memory: a private SQLite database that goes when it closes."""

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Any, Self

import orjson

_TABLES = """
CREATE TABLE seen (file INTEGER, id TEXT, line INTEGER, PRIMARY KEY (file, id)) WITHOUT ROWID;
CREATE TABLE lines (parent TEXT, line INTEGER, cells BLOB);
CREATE TABLE suspects (parent TEXT, line INTEGER);
CREATE TABLE accepted (record TEXT, id TEXT, draft BLOB, PRIMARY KEY (record, id)) WITHOUT ROWID;
"""
"""
