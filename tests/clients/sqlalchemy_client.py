"""What a program does with a store through SQLAlchemy: connect, list, describe, ask with parameters.

Usage: python3 sqlalchemy_client.py PORT DRIVER. Prints one JSON document, which the Rust test compares.
"""

import json
import sys

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError


def main(port: str, driver: str) -> None:
    engine = create_engine(f"postgresql+{driver}://ana@127.0.0.1:{port}/brunt")
    found = inspect(engine)
    columns = {column["name"]: column for column in found.get_columns("events")}
    answer = {
        "schemas": found.get_schema_names(),
        "tables": found.get_table_names(),
        "views": found.get_view_names(),
        "system_tables": found.get_table_names(schema="system"),
        "types": {name: str(columns[name]["type"]) for name in ("ts", "day", "order_value", "handled", "attributes")},
        "nullable": {name: columns[name]["nullable"] for name in ("ts", "body" if "body" in columns else "event_name")},
        "has_comment": bool(columns["order_value"]["comment"]),
        "primary_key": found.get_pk_constraint("events")["constrained_columns"],
        "foreign_keys": found.get_foreign_keys("events"),
        "indexes": found.get_indexes("events"),
        "has_table": [found.has_table("events"), found.has_table("nothing")],
        "view_definition": bool(found.get_view_definition("error_groups")),
    }
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT :number + 1 AS more, :word AS word, CAST(:money AS numeric(18,4)) AS money"),
            {"number": 41, "word": "it's", "money": "12.5"},
        ).mappings()
        answer["row"] = {name: str(value) for name, value in next(iter(rows)).items()}
        try:
            connection.execute(text("SELECT nothing FROM logs"))
        except DBAPIError as error:
            answer["error"] = error.orig.sqlstate if hasattr(error.orig, "sqlstate") else error.orig.pgcode
        connection.rollback()
        answer["after_error"] = connection.execute(text("SELECT count(*) >= 0 FROM logs")).scalar()
    print(json.dumps(answer))


if __name__ == "__main__":
    main(*sys.argv[1:3])
