"""The floor for exports: the least that any export of so many messages must do, with two threads of this machine.

Each thread takes every second shard of a Parquet file, renders five columns of it with Polars as CSV, as JSON Lines or
as HTML, and does to the bytes what every archive needs: deflate, CRC-32, SHA-256. No names are looked up, no order is
made, nothing is written. Polars keeps to the thread that called it (`POLARS_MAX_THREADS=1`, set by whoever starts this
process), so that the two threads are all there is.
"""

import io
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

SHARD_ROWS = 131_072
ROOMS, PEOPLE = 200, 2_000
_COMMON = (
    "the", "of", "and", "to", "a", "in", "that", "it", "is", "was", "for", "on", "are", "as", "with", "they", "at",
    "be", "this", "from", "have", "or", "by", "one", "had", "not", "but", "what", "all", "were", "when", "we",
    "there", "can", "an", "your", "which", "their", "said", "if", "do", "will", "each", "about", "how", "up", "out",
    "them", "then", "she", "many", "some", "so", "these", "would", "other", "into", "has", "more", "her", "two",
    "like", "him", "see", "time", "could", "no", "make", "than", "first", "been", "its", "who", "now", "people", "my",
    "made", "over", "did", "down", "only", "way", "find", "use", "may", "water", "long", "little", "very", "after",
    "words", "called", "just", "where", "most", "know",
)  # fmt: skip
_RARE = (
    "<script>", "&", '"quoted"', "naïve", "größer", "東京", "🎉", "rollback", "hotfix-2.14.1", "R&D",
    "https://wiki.example.com/page?id=17&rev=3", "`SELECT 1`",
)  # fmt: skip
_HTML = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"}


def make(path: Path, messages: int) -> None:
    """So many synthetic messages, of 2 to 40 words each."""
    import polars as pl

    rng = random.Random("floor")
    pool = [*_COMMON, *_RARE]
    weights = [12] * len(_COMMON) + [4] * len(_RARE)
    at, times = 1_600_000_000_000, []
    for _ in range(messages):
        at += rng.randrange(1, 3_000)
        times.append(at)
    frame = pl.DataFrame(
        {
            "id": range(messages),
            "room_id": rng.choices(range(1, ROOMS + 1), k=messages),
            "author": [f"user{number}" for number in rng.choices(range(1, PEOPLE + 1), k=messages)],
            "ts": times,
            "text": [" ".join(rng.choices(pool, weights, k=rng.randint(2, 40))) for _ in range(messages)],
        }
    )
    frame.write_parquet(path, compression="zstd", row_group_size=SHARD_ROWS)


def _csv(shard: Any) -> Any:
    return shard.write_csv(include_header=False).encode()


def _jsonl(shard: Any) -> Any:
    import polars as pl

    out = io.BytesIO()
    said = pl.from_epoch("ts", time_unit="ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ")
    shard.with_columns(said.alias("ts")).write_ndjson(out)
    return out.getbuffer()


def _html(shard: Any) -> Any:
    import polars as pl

    safe = {name: pl.col(name).str.replace_many(list(_HTML), list(_HTML.values())) for name in ("author", "text")}
    said = pl.from_epoch("ts", time_unit="ms").dt.strftime("%a, %d %b %Y %H:%M:%S GMT")
    lines = pl.format("<div><b>{}</b> <time>{}</time><p>{}</p></div>", safe["author"], said, safe["text"])
    return shard.select(lines.str.join("\n")).item().encode()


_RENDER: dict[str, Callable[[Any], Any]] = {"csv": _csv, "jsonl": _jsonl, "html": _html}


def _take(shards: list[int], path: str, render: Callable[[Any], Any]) -> None:
    import hashlib

    import polars as pl
    from isal import isal_zlib

    for start in shards:
        body = render(pl.scan_parquet(path).slice(start, SHARD_ROWS).collect())
        deflate = isal_zlib.compressobj(1, isal_zlib.DEFLATED, -15)
        packed = [deflate.compress(body), deflate.flush()]
        isal_zlib.crc32(body)
        hashlib.sha256(body).digest()
        del body, packed


def seconds(path: str, layout: str) -> float:
    """How long all messages of the file at `path` take; for a process of its own."""
    import polars as pl

    messages = pl.scan_parquet(path).select(pl.len()).collect().item()
    shards = list(range(0, messages, SHARD_ROWS))
    threads = [threading.Thread(target=_take, args=(shards[n::2], path, _RENDER[layout])) for n in (0, 1)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - begun
