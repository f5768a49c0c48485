"""Where a project's bytes live: a folder or any fsspec URL. The only package that opens paths or URLs."""

from .backend import file_sha256
from .cache_policy import CacheInfo, human_bytes
from .explain import explained
from .fetching import fetch_source, read_if_there, source_folder
from .names import TEMPORARY_PREFIX, check_name, name_from_file, shown
from .sources import open_source, read_source
from .store import Store

__all__ = [
    "TEMPORARY_PREFIX",
    "CacheInfo",
    "Store",
    "check_name",
    "explained",
    "fetch_source",
    "file_sha256",
    "human_bytes",
    "name_from_file",
    "open_source",
    "read_if_there",
    "read_source",
    "shown",
    "source_folder",
]
