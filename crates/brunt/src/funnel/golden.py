"""Writes golden.txt: levels that ClickHouse's windowFunnel reaches. Run with chdb 3.x: python3 golden.py > golden.txt"""

import random

from chdb import session

MODES = ["", "'strict_order'", "'strict_deduplication'", "'strict_increase'", "'strict_order', 'strict_increase'"]

draws = random.Random(20251028)
clickhouse = session.Session()
print(f"# {clickhouse.query('SELECT version()').data().strip()}: events; levels of", "; ".join(MODES))
for _ in range(300):
    rows = [(draws.choice(["A", "B", "C", "D", "-"]), draws.randrange(8)) for _ in range(draws.randrange(1, 9))]
    values = ", ".join(f"('{kind}', {at})" for kind, at in rows)
    levels = []
    for mode in MODES:
        modes = f", {mode}" if mode else ""
        sql = (
            f"SELECT windowFunnel(5{modes})(toUInt32(at), kind = 'A', kind = 'B', kind = 'C') "
            f"FROM values('kind String, at UInt8', {values})"
        )
        levels.append(clickhouse.query(sql).data().strip())
    print(" ".join(f"{kind}{at}" for kind, at in rows), *levels, sep=";")
