# SPDX-License-Identifier: Apache-2.0
"""Makes the files beside it, by pyarrow (25.0.1), whose authors are not those of the reader under test.

    python3 parquet.py

One for each compression of pages (pyarrow writes LZ4_RAW for "lz4"), with the texts "doc 0: the quick ..." to
"doc 5: ..."; dotted.parquet has the column "a.b", nested.parquet the column "b" within "a".
"""
import pyarrow as pa
import pyarrow.parquet as pq

OPTIONS = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
SENTENCE = "the quick brown fox jumps over the lazy dog, the quick brown fox"
texts = [f"doc {i}: {SENTENCE}" for i in range(6)]

for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    pq.write_table(pa.table({"text": texts}), f"{codec}.parquet", compression=codec, **OPTIONS)
pq.write_table(pa.table({"a.b": texts, "text": ["no"] * 6}), "dotted.parquet", compression="gzip", **OPTIONS)
nested = [{"b": text, "c": i} if i != 3 else None for i, text in enumerate(texts)]
pq.write_table(pa.table({"a": nested}), "nested.parquet", compression="gzip", **OPTIONS)
