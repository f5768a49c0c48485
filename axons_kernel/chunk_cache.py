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
from functools import partial
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
        self._counted: set[Hashable] = set()  # keys of the chunks whose bytes are in `_bytes`
        self._hits = self._misses = self._bytes = 0
        _CACHES.add(self)

    def begin(self, key: Hashable, load: Callable[[], Chunk], pool: Executor | None = None) -> Future[Chunk]:
        """The chunk, or a promise of it: `load` runs in `pool`, or here and now when there is none.

        The promise raises the error of `load`, and nothing is kept. Nobody may write to the chunk.
        """
        with self._lock:
            known = self._chunks.get(key)
            if known is not None:
                self._hits += 1
                self._chunks.move_to_end(key)
                return known
            self._misses += 1
            promise = self._chunks[key] = Future() if pool is None else pool.submit(load)
        if pool is None:
            _fulfil(promise, load)
        promise.add_done_callback(partial(self._count, key))
        return promise

    def _count(self, key: Hashable, promise: Future[Chunk]) -> None:
        """What a chunk that has come means for the limit; a failure is forgotten."""
        with self._lock:
            if self._chunks.get(key) is not promise:  # after `clear`
                return
            if promise.exception() is not None:
                del self._chunks[key]
                return
            self._counted.add(key)
            self._bytes += promise.result().nbytes
            while self._bytes > self.limit_bytes:
                self._drop_oldest()

    def _drop_oldest(self) -> None:
        key = next(key for key in self._chunks if key in self._counted)  # others are on their way
        self._counted.remove(key)
        self._bytes -= self._chunks.pop(key).result().nbytes

    def info(self) -> ChunkCacheInfo:
        """Hits, misses and how much is kept now."""
        with self._lock:
            return ChunkCacheInfo(self._hits, self._misses, len(self._chunks), self._bytes, self.limit_bytes)

    def clear(self) -> None:
        """Forget all chunks and start counting again."""
        with self._lock:
            self._chunks.clear()
            self._counted.clear()
            self._hits = self._misses = self._bytes = 0

    def _after_fork(self) -> None:
        """In the child: the threads that held the lock or were decoding do not exist here."""
        self._lock = threading.Lock()
        self._chunks = OrderedDict((key, self._chunks[key]) for key in self._chunks if key in self._counted)


def _fulfil(promise: Future[Chunk], load: Callable[[], Chunk]) -> None:
    try:
        promise.set_result(load())
    except BaseException as error:  # noqa: BLE001 - also Ctrl-C: who takes the promise raises it
        promise.set_exception(error)


_CACHES: weakref.WeakSet[ChunkCache] = weakref.WeakSet()
SHARED = ChunkCache()  # of all images of this process


def _after_fork() -> None:
    for cache in _CACHES:
        cache._after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
