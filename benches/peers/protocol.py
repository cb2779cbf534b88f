"""Answers the harness: one JSON object a line in, {verb: given}, and one out, the reply or {"error": text}."""

import json
import resource
import sys
import time

import pyarrow as pa
import pyarrow.compute as pc


def serve(peer):
    """Calls `peer.VERB(given)` for each line, until there are no more."""
    for line in sys.stdin:
        [(verb, given)] = json.loads(line).items()
        try:
            reply = getattr(peer, verb)(given)
        except Exception as error:  # Whatever a peer refuses is an answer too: the harness prints it.
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), flush=True)


def timed(work):
    """What `work()` gives, and how many milliseconds it took."""
    start = time.perf_counter()
    result = work()
    return result, (time.perf_counter() - start) * 1000


def peak_bytes():
    """The most memory that this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def rows(table):
    """An Arrow table as lists of JSON values; times are microseconds since 1970, dates are text, decimals numbers."""
    columns = [plain(column).to_pylist() for column in table.columns]
    return [list(row) for row in zip(*columns)]


def plain(column):
    kind = column.type
    if pa.types.is_dictionary(kind):
        return plain(column.cast(kind.value_type))
    if pa.types.is_timestamp(kind):
        return column.cast(pa.timestamp("us", tz=kind.tz)).cast(pa.int64())
    if pa.types.is_date(kind):
        return pc.strftime(column.cast(pa.timestamp("s")), "%Y-%m-%d")
    if pa.types.is_decimal(kind):
        return column.cast(pa.int64() if kind.scale == 0 else pa.float64())
    return column
