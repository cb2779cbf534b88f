"""DuckDB as a peer: `duckdb_peer.py native` copies a store's files to tables, `parquet` reads them where they lie."""

import os
import sys

import duckdb

from protocol import peak_bytes, rows, serve, timed


class DuckDB:
    def __init__(self, is_native):
        self.is_native = is_native
        self.connection = duckdb.connect()

    def prepare(self, given):
        """Tables for questions, from `given["tables"]`: files of each, in their order, which is brunt's own."""
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")
        sizes, total_ms = {}, 0.0
        for name, files in given["tables"].items():
            _, ms = timed(lambda: self.create(name, files, given["folder"]))
            total_ms += ms
        if self.is_native:
            # A file for each table: within one, a table takes the blocks that the last one left.
            sizes = {name: os.path.getsize(self.path(name, given["folder"])) for name in given["tables"]}
            self.connection.execute(f"SET search_path = '{','.join(name + '_file' for name in given['tables'])}'")
            _, ms = timed(lambda: [self.index(name) for name in given["tables"]])
            total_ms += ms
        return {"version": duckdb.__version__, "ms": total_ms, "bytes": sizes}

    def path(self, name, folder):
        return os.path.join(folder, name + ".duckdb")

    def create(self, name, files, folder):
        listed = ", ".join(quoted(file) for file in files)
        read = f"SELECT * FROM read_parquet([{listed}], hive_partitioning = true, hive_types = {{'day': DATE}})"
        if not self.is_native:
            self.connection.execute(f"CREATE VIEW {name} AS {read}")
            return
        path = quoted(self.path(name, folder))
        self.connection.execute(f"ATTACH {path} AS {name}_file (STORAGE_VERSION 'latest')")
        self.connection.execute(f"CREATE TABLE {name}_file.main.{name} AS {read}")
        self.connection.execute(f"CHECKPOINT {name}_file")

    def index(self, name):
        """Indexes that make a lookup by id cheap; what they take on disk is not counted."""
        columns = {row[0] for row in self.connection.execute(f"DESCRIBE {name}").fetchall()}
        for column in sorted(columns.intersection(INDEXED)):
            self.connection.execute(f"CREATE INDEX {name}_{column} ON {name}_file.main.{name} ({column})")
        self.connection.execute(f"CHECKPOINT {name}_file")

    def run(self, sql):
        table, ms = timed(lambda: self.connection.sql(sql).to_arrow_table())
        return {"ms": ms, "columns": table.column_names, "rows": rows(table)}

    def convert(self, given):
        """OTLP JSON to Parquet, without anything derived: spans and log records one a row, attributes as JSON text."""
        def work():
            for signal, files in given["files"].items():
                if files:
                    listed = ", ".join(quoted(file) for file in files)
                    target = quoted(os.path.join(given["folder"], signal + ".parquet"))
                    self.connection.execute(CONVERSIONS[signal].format(files=listed, target=target))
        _, ms = timed(work)
        return {"version": duckdb.__version__, "ms": ms, "peak_bytes": peak_bytes()}


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


INDEXED = {"trace_id", "session_id"}

# A line of the exports holds a batch of some hundred records.
CONVERSIONS = {
    "traces": """
        COPY (
            SELECT
                span.traceId AS trace_id,
                span.spanId AS span_id,
                span.parentSpanId AS parent_span_id,
                span.name AS span_name,
                span.kind AS span_kind,
                make_timestamp_ns(span.startTimeUnixNano::BIGINT) AS ts,
                span.endTimeUnixNano::BIGINT - span.startTimeUnixNano::BIGINT AS duration_ns,
                span.status.code AS status_code,
                to_json(span.attributes) AS attributes,
                to_json(span.events) AS span_events,
                to_json(resource) AS resource
            FROM (
                SELECT unnest(scope.spans) AS span, resource
                FROM (
                    SELECT unnest(batch.scopeSpans) AS scope, batch.resource AS resource
                    FROM (
                        SELECT unnest(resourceSpans) AS batch
                        FROM read_json([{files}], format = 'newline_delimited', maximum_object_size = 67108864)
                    )
                )
            )
        ) TO {target} (FORMAT parquet, COMPRESSION zstd)""",
    "logs": """
        COPY (
            SELECT
                record.traceId AS trace_id,
                record.spanId AS span_id,
                make_timestamp_ns(record.timeUnixNano::BIGINT) AS ts,
                record.severityNumber AS severity_number,
                record.severityText AS severity_text,
                record.body.stringValue AS body,
                to_json(record.attributes) AS attributes,
                to_json(resource) AS resource
            FROM (
                SELECT unnest(scope.logRecords) AS record, resource
                FROM (
                    SELECT unnest(batch.scopeLogs) AS scope, batch.resource AS resource
                    FROM (
                        SELECT unnest(resourceLogs) AS batch
                        FROM read_json([{files}], format = 'newline_delimited', maximum_object_size = 67108864)
                    )
                )
            )
        ) TO {target} (FORMAT parquet, COMPRESSION zstd)""",
}

if __name__ == "__main__":
    serve(DuckDB(is_native=sys.argv[1:] == ["native"]))
