"""Where a lake lies: in a folder, or below a prefix of an object store."""

from __future__ import annotations

from pathlib import Path

from deltalake.fs import DeltaStorageHandler
from pyarrow.fs import FileSystem, LocalFileSystem, PyFileSystem, SubTreeFileSystem

_FOR_SPARK = {"s3://": "s3a://"}
"""Spark's connectors know some object stores by another name than delta-rs."""


def is_folder(root: str) -> bool:
    """Whether a lake lies in a folder."""
    return "://" not in root


def file_system(root: str) -> FileSystem:
    """The files of a lake, by their paths below its root."""
    if is_folder(root):
        return SubTreeFileSystem(str(Path(root).absolute()), LocalFileSystem())
    return PyFileSystem(DeltaStorageHandler(root))


def spark_path(root: str, path: str) -> str:
    """The address of a file or folder of a lake for Spark."""
    if is_folder(root):
        return str(Path(root).absolute() / path)
    scheme, _, rest = root.partition("://")
    return f"{_FOR_SPARK.get(f'{scheme}://', f'{scheme}://')}{rest}/{path}"
