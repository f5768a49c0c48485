"""What the read cache keeps, and how it tells."""

from __future__ import annotations

import pytest

from axons_kernel.storage.cache_policy import CacheInfo, Entry, human_bytes, to_evict


def entry(name: str, size: int = 10, uses: int = 1, last_used: float = 0.0) -> Entry:
    return Entry(source=name, etag="", sha256="", bytes=size, uses=uses, last_used=last_used)


def test_nothing_goes_while_there_is_room() -> None:
    assert to_evict([entry("a"), entry("b")], 20, 1.0) == []


def test_the_oldest_goes_first() -> None:
    a, b, c = entry("a", last_used=3), entry("b", last_used=1), entry("c", last_used=2)
    assert to_evict([a, b, c], 20, 10.0) == [b]
    assert to_evict([a, b, c], 10, 10.0) == [b, c]
    assert to_evict([a, b, c], 0, 10.0) == [b, c, a]


def test_what_is_used_often_stays_longer() -> None:
    model, seen_once = entry("model", uses=8, last_used=0), entry("seen once", last_used=70)
    assert to_evict([model, seen_once], 10, 100.0) == [seen_once]  # 100 s / 4 is fresher than 30 s
    assert to_evict([model, seen_once], 10, 1000.0 - 900.0 + 71.0) == [seen_once]
    assert to_evict([model, entry("fresh", last_used=90)], 10, 100.0) == [model]


def test_a_large_object_may_take_the_place_of_several() -> None:
    small = [entry(str(n), last_used=n) for n in range(4)]
    assert to_evict([*small, entry("large", 35, last_used=9)], 45, 10.0) == small[:3]


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345, "12.3 kB"),
        (999_999, "1.0 MB"),
        (150e6, "150 MB"),
        (2e12, "2.0 TB"),
    ],
)
def test_sizes_for_people(count: float, text: str) -> None:
    assert human_bytes(count) == text


def test_info_reads_well() -> None:
    info = CacheInfo(hits=3, misses=1, evictions=0, objects=2, bytes=1_500_000, limit=10**10, folder="/c")
    assert "3 of 4 reads (75 %)" in str(info) and "2 objects, 1.5 MB of 10.0 GB" in str(info)
    assert info._repr_html_().startswith("<table>") and "75 %" in info._repr_html_()
    unused = CacheInfo(0, 0, 0, 0, 0, 0, "")
    assert "0 of 0 reads" in str(unused) and "the project itself is on this machine" in str(unused)
