"""What bench/parquet.ts is measured beside: rows and frames to Parquet and back, by pyarrow and pandas. Prints seconds as JSON."""
import datetime
import gc
import json
import sys
import time

import pandas
import pyarrow
import pyarrow.parquet as parquet

count, path = int(sys.argv[1]), sys.argv[2]
CITIES = ["Berlin", "Paris", "Madrid", "Rome", "Vienna"]
START = datetime.datetime(2025, 1, 1)
SCHEMA = pyarrow.schema(
    [
        ("id", pyarrow.int64()),
        ("count", pyarrow.int32()),
        ("amount", pyarrow.float64()),
        ("discount", pyarrow.int64()),
        ("name", pyarrow.string()),
        ("note", pyarrow.string()),
        ("city", pyarrow.string()),
        ("at", pyarrow.timestamp("us")),
        ("ok", pyarrow.bool_()),
        ("payload", pyarrow.string()),
    ]
)


def mixed_row(index):
    return {
        "id": 9_007_199_254_740_993 + index,
        "count": index % 1000,
        "amount": index * 0.37,
        "discount": None if index % 4 == 0 else index % 50,
        "name": f"customer {index}",
        "note": None if index % 3 == 0 else f"note number {index % 977} of the day",
        "city": CITIES[index % 5],
        "at": START + datetime.timedelta(milliseconds=index * 977),
        "ok": index % 3 == 0,
        "payload": f'{{"a": {index}, "b": [1, 2, 3], "c": {{"d": "x"}}}}',
    }


def seconds(work):
    gc.collect()
    start = time.perf_counter()
    result = work()
    return time.perf_counter() - start, result


def write_rows(rows):
    parquet.write_table(pyarrow.Table.from_pylist(rows, schema=SCHEMA), path, compression="snappy")


def read_rows():
    return parquet.read_table(path).to_pylist()


def measure(rows):
    rows_write, _ = seconds(lambda: write_rows(rows))
    rows_read, back = seconds(read_rows)
    assert len(back) == len(rows)
    del back
    frame = parquet.read_table(path).to_pandas()
    columns_write, _ = seconds(lambda: frame.to_parquet(path, compression="snappy", engine="pyarrow"))
    del frame
    columns_read, frame = seconds(lambda: pandas.read_parquet(path, engine="pyarrow"))
    assert len(frame) == len(rows)
    return {"rowsWriteS": rows_write, "rowsReadS": rows_read, "columnsWriteS": columns_write, "columnsReadS": columns_read}


measure([mixed_row(index) for index in range(5_000)])  # what is loaded at first use is not measured
print(json.dumps(measure([mixed_row(index) for index in range(count)])))
