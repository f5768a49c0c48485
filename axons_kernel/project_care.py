"""The part of a Project that looks after its storage: is everything sound, what is cached, a copy elsewhere."""

from __future__ import annotations

import os

from .copying import copy_project
from .project_check import Problem, check_project
from .storage import CacheInfo, Store


class ProjectCare:
    """Methods of a Project, which has the `store`."""

    store: Store

    def cache_info(self) -> CacheInfo:
        """How the local cache of an s3:// project has served: hits, misses, bytes, limit, evictions."""
        return self.store.cache_info()

    def check(self) -> list[Problem]:
        """Everything that is wrong with the project's files, each with what to do; empty when all is sound."""
        return check_project(self.store)

    def copy_to(self, url: str | os.PathLike[str], *, overwrite: bool = False, progress: bool = True) -> None:
        """Copy the project to another folder or URL, checksums verified; run again, it goes on where it was killed.

        Raises ConflictError, with nothing changed, when something else is there and `overwrite` is not given.
        """
        copy_project(self.store, Store(url), overwrite=overwrite, progress=progress)
