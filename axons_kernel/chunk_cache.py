"""Decoded chunks of images, kept while they are likely to be asked for again: least recently used go first.

Two readers that ask for the same chunk share one decoding.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Chunk = NDArray[Any]


@dataclass(frozen=True)
class ChunkCacheInfo:
    """Statistics since the start or the last `clear`; a hit is a chunk that was there or on its way."""

    hits: int
    misses: int
    chunks: int
    bytes: int
    limit_bytes: int


class ChunkCache:
    """At most `limit_bytes` of decoded chunks. Threads may share it, and a forked child may go on using it."""

    def __init__(self, limit_bytes: int = 256 << 20):
        self.limit_bytes = limit_bytes
        self._chunks: OrderedDict[Hashable, Future[Chunk]] = OrderedDict()
        self._lock = threading.Lock()
        self._hits = self._misses = self._bytes = 0
        _CACHES.add(self)

    def begin(self, key: Hashable, load: Callable[[], Chunk], pool: Executor | None = None) -> Future[Chunk]:
        """The chunk, or a promise of it: `load` runs in `pool`, or here and now when there is none.

        An error of `load` is raised by the promise, and nothing is kept.
        """
        with self._lock:
            known = self._chunks.get(key)
            if known is not None:
                self._hits += 1
                self._chunks.move_to_end(key)
                return known
            self._misses += 1
            promise = self._chunks[key] = Future()
        if pool is None:
            self._fill(key, load, promise)
        else:
            pool.submit(self._fill, key, load, promise)
        return promise

    def _fill(self, key: Hashable, load: Callable[[], Chunk], promise: Future[Chunk]) -> None:
        try:
            chunk = load()
        except BaseException as error:
            with self._lock:
                self._forget(key, promise)
            promise.set_exception(error)
            raise
        chunk.flags.writeable = False  # many readers see it
        with self._lock:
            promise.set_result(chunk)
            if self._chunks.get(key) is promise:  # not so after `clear`
                self._bytes += chunk.nbytes
                self._make_room()

    def _make_room(self) -> None:
        for key in list(self._chunks) if self._bytes > self.limit_bytes else ():
            promise = self._chunks[key]
            if promise.done():
                self._bytes -= promise.result().nbytes
                del self._chunks[key]
            if self._bytes <= self.limit_bytes:
                return

    def _forget(self, key: Hashable, promise: Future[Chunk]) -> None:
        if self._chunks.get(key) is promise:
            del self._chunks[key]

    def info(self) -> ChunkCacheInfo:
        """Hits, misses and how much is kept now."""
        with self._lock:
            return ChunkCacheInfo(self._hits, self._misses, len(self._chunks), self._bytes, self.limit_bytes)

    def clear(self) -> None:
        """Forget all chunks and start counting again."""
        with self._lock:
            self._chunks.clear()
            self._hits = self._misses = self._bytes = 0

    def _after_fork(self) -> None:
        """In the child: the threads that held the lock or were decoding do not exist here."""
        self._lock = threading.Lock()
        self._chunks = OrderedDict((key, promise) for key, promise in self._chunks.items() if promise.done())
        self._bytes = sum(promise.result().nbytes for promise in self._chunks.values())


_CACHES: weakref.WeakSet[ChunkCache] = weakref.WeakSet()
SHARED = ChunkCache()  # of all images of this process


def _after_fork() -> None:
    for cache in _CACHES:
        cache._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
