"""Faults of Python packages: what a program does wrong, and the package that then fails.

Run by `failures.py` once for each release of a package, with that release on the path:

    python3 faults.py PROJECT VERSION

Prints a line of JSON for each fault and each way to reach it. A fault that this release does not have is left out.
"""

import importlib
import io
import json
import sys
import traceback

import ways


def module(name):
    return importlib.import_module(name)


def jinja(template, **context):
    return lambda: module("jinja2").Template(template).render(**context)


def loads(text):
    return lambda: module("yaml").safe_load(text)


def click_main(arguments, **option):
    def run():
        click = module("click")
        declared = click.Option(["--count"], **option)
        click.Command("run", params=[declared]).main(arguments, standalone_mode=False)

    return run


def routed(path, method="GET"):
    def run():
        routing = module("werkzeug.routing")
        rules = routing.Map([routing.Rule("/orders/<int:id>", endpoint="order", methods=["POST"])])
        rules.bind("example.com").match(path, method)

    return run


def graph(run):
    def with_graph():
        networkx = module("networkx")
        made = networkx.DiGraph()
        made.add_edges_from([(1, 2), (2, 3), (3, 1), (4, 5)])
        run(networkx, made)

    return with_graph


def peewee(run):
    def with_tables():
        p = module("peewee")
        database = p.SqliteDatabase(":memory:")

        class Order(p.Model):
            number = p.IntegerField(unique=True)

            class Meta:
                table_name = "orders"

        Order.bind(database)
        run(p, database, Order)

    return with_tables


def sqlalchemy(run):
    def with_engine():
        sa = module("sqlalchemy")
        with sa.create_engine("sqlite://").connect() as connection:
            run(sa, connection)

    return with_engine


def schema(instance, rules):
    return lambda: module("jsonschema").validate(instance, rules)


def signed(run):
    return lambda: run(module("itsdangerous"), module("itsdangerous").URLSafeTimedSerializer("secret"))


def wire(data):
    return lambda: module("dns.message").from_wire(data)


def grammar(text, source):
    return lambda: module("lark").Lark(text, parser="lalr").parse(source)


# Project: what it is called in the registry and what else it needs, then its faults.
FAULTS = {
    "click": (
        [],
        {
            "value of a wrong type": click_main(["--count", "many"], type=int),
            "no such option": click_main(["--cuont", "3"], type=int),
            "option without its value": click_main(["--count"], type=int),
            "required option missing": click_main([], type=int, required=True),
            "option without a name": lambda: module("click").Option(["a b"]),
            "no context": lambda: module("click").get_current_context(),
            "no such file": lambda: module("click").Path(exists=True).convert("/no/such", None, None),
            "not a choice": lambda: module("click").Choice(["a"]).convert("b", None, None),
        },
    ),
    "jinja2": (
        ["markupsafe<2.1"],
        {
            "tag without an expression": jinja("{% if %}"),
            "tag left open": jinja("{% for a in b %}"),
            "unknown tag": jinja("{% fro a in b %}"),
            "unknown filter": jinja("{{ a|nofilter }}"),
            "attribute of nothing": jinja("{{ a.b.c }}", a={}),
            "call of nothing": jinja("{{ total() }}"),
            "no loader": lambda: module("jinja2").Environment().get_template("a.html"),
            "no template": lambda: module("jinja2").Environment(loader=module("jinja2").DictLoader({})).get_template("a.html"),
            "block twice": jinja("{% block a %}{% endblock %}{% block a %}{% endblock %}"),
        },
    ),
    "werkzeug": (
        ["markupsafe"],
        {
            "no route": routed("/nothing"),
            "wrong method": routed("/orders/1"),
            "bad rule": lambda: module("werkzeug.routing").Map([module("werkzeug.routing").Rule("orders", endpoint="a")]),
            "unknown converter": lambda: module("werkzeug.routing").Map([module("werkzeug.routing").Rule("/<foo:a>", endpoint="a")]),
            "no url to build": lambda: module("werkzeug.routing").Map([]).bind("a").build("order"),
            "no module to import": lambda: module("werkzeug.utils").import_string("no.such.module"),
            "immutable": lambda: module("werkzeug.datastructures").ImmutableDict().__setitem__("a", 1),
            "unsafe hash": lambda: module("werkzeug.security").generate_password_hash("a", method="none:at:all"),
        },
    ),
    "requests": (
        ["urllib3<2", "idna<4", "certifi", "chardet<5", "charset-normalizer<4"],
        {
            "no scheme": lambda: module("requests").get("example.com"),
            "no host": lambda: module("requests").get("http://"),
            "unknown scheme": lambda: module("requests").get("gopher://example.com/"),
            "refused": lambda: module("requests").get("http://127.0.0.1:1/", timeout=1),
            "header with a line end": lambda: module("requests").get("http://127.0.0.1:1/", headers={"a": "b\nc"}),
            "file and text": lambda: module("requests").post("http://127.0.0.1:1/", files={"a": io.BytesIO(b"")}, data="b"),
        },
    ),
    "pyyaml": (
        [],
        {
            "list left open": loads("a: [1, 2"),
            "mapping within a line": loads("a: b: c"),
            "unknown alias": loads("a: *b"),
            "object of Python": loads("!!python/object:os.system {}"),
            "tab": loads("a:\n\t- b"),
            "control character": loads("a: \x01"),
            "key that cannot be hashed": loads("? [1]\n: 2"),
            "two documents": loads("a\n---\nb"),
            "object that has no form": lambda: module("yaml").safe_dump(object()),
        },
    ),
    "python-dateutil": (
        ["six"],
        {
            "no date": lambda: module("dateutil.parser").parse("tomorrowish"),
            "month thirteen": lambda: module("dateutil.parser").parse("2026-13-45"),
            "rule without frequency": lambda: module("dateutil.rrule").rrulestr("COUNT=3"),
            "rule of no known part": lambda: module("dateutil.rrule").rrulestr("FREQ=DAILY;EVERY=3"),
            "parts of years": lambda: module("dateutil.relativedelta").relativedelta(years=1.5),
            "iso date cut": lambda: module("dateutil.parser").isoparse("2026-1"),
        },
    ),
    "attrs": (
        [],
        {
            "mandatory after optional": lambda: module("attr").make_class("A", {"a": module("attr").ib(default=1), "b": module("attr").ib()}),
            "of another type": lambda: module("attr").make_class("A", {"a": module("attr").ib(validator=module("attr").validators.instance_of(int))})("b"),
            "not among": lambda: module("attr").make_class("A", {"a": module("attr").ib(validator=module("attr").validators.in_([1]))})(2),
            "no attrs class": lambda: module("attr").fields(int),
            "frozen": lambda: setattr(module("attr").make_class("A", ["a"], frozen=True)(1), "a", 2),
            "default and factory": lambda: module("attr").ib(default=1, factory=list),
        },
    ),
    "marshmallow": (
        ["packaging"],
        {
            "unknown field": lambda: module("marshmallow").Schema().load({"a": 1}),
            "field of another type": lambda: module("marshmallow").Schema.from_dict({"a": module("marshmallow").fields.Int()})().load({"a": "b"}),
            "no such field to show": lambda: module("marshmallow").Schema(only=["a"]).dump({}),
            "no such schema": lambda: module("marshmallow").class_registry.get_class("Nothing"),
            "no mapping": lambda: module("marshmallow").Schema.from_dict({"a": module("marshmallow").fields.Int()})().loads("{"),
        },
    ),
    "jsonschema": (
        ["attrs", "pyrsistent", "six", "setuptools<70", "referencing<0.31", "rpds-py", "jsonschema-specifications", "typing-extensions"],
        {
            "required": schema({}, {"required": ["a"]}),
            "type": schema("a", {"type": "integer"}),
            "schema of no type": schema("a", {"type": "nothing"}),
            "reference to nothing": schema("a", {"$ref": "#/definitions/nothing"}),
        },
    ),
    "networkx": (
        ["decorator<5"],
        {
            "no start": graph(lambda n, g: n.shortest_path(g, 9, 1)),
            "no path": graph(lambda n, g: n.shortest_path(g, 1, 5)),
            "no node to remove": graph(lambda n, g: g.remove_node(9)),
            "no edge to remove": graph(lambda n, g: g.remove_edge(2, 1)),
            "cycle": graph(lambda n, g: list(n.topological_sort(g))),
            "no cycle": lambda: module("networkx").find_cycle(module("networkx").DiGraph([(1, 2)])),
            "not for directed": graph(lambda n, g: n.number_connected_components(g)),
            "not connected": lambda: module("networkx").diameter(module("networkx").Graph([(1, 2), (3, 4)])),
            "edges of four": lambda: module("networkx").Graph([(1, 2, 3, 4)]),
        },
    ),
    "pyparsing": (
        [],
        {
            "not a word": lambda: module("pyparsing").Word("ab").parseString("c"),
            "text behind": lambda: module("pyparsing").Word("ab").parseString("ab c", parseAll=True),
            "not the literal": lambda: module("pyparsing").Literal("pay").parseString("buy"),
            "word of nothing": lambda: module("pyparsing").Word(""),
            "pattern that is none": lambda: module("pyparsing").Regex("[").parseString("a"),
        },
    ),
    "lark": (
        [],
        {
            "unexpected character": grammar('start: "a"', "b"),
            "unexpected end": grammar('start: "a" "b"', "a"),
            "unexpected token": grammar('start: "a" "b"', "aa"),
            "rule that is not there": grammar("start: order", "a"),
            "grammar that is none": grammar("start: (", "a"),
            "no start": grammar('order: "a"', "a"),
        },
    ),
    "jmespath": (
        [],
        {
            "bracket left open": lambda: module("jmespath").compile("a["),
            "unknown character": lambda: module("jmespath").compile("a#b"),
            "unknown function": lambda: module("jmespath").search("total(a)", {}),
            "argument of another type": lambda: module("jmespath").search("abs(a)", {"a": "b"}),
            "too many arguments": lambda: module("jmespath").search("abs(a, a)", {"a": 1}),
        },
    ),
    "tomlkit": (
        [],
        {
            "no value": lambda: module("tomlkit").parse("a = "),
            "no key": lambda: module("tomlkit").parse("= 1"),
            "key twice": lambda: module("tomlkit").parse("a = 1\na = 2"),
            "key that is not there": lambda: module("tomlkit").parse("a = 1")["b"],
            "text left open": lambda: module("tomlkit").parse('a = "b'),
            "value that has no form": lambda: module("tomlkit").item(object()),
        },
    ),
    "peewee": (
        [],
        {
            "no table": peewee(lambda p, d, o: list(o.select())),
            "number twice": peewee(lambda p, d, o: (d.create_tables([o]), o.create(number=1), o.create(number=1))),
            "nothing found": peewee(lambda p, d, o: (d.create_tables([o]), o.get(o.number == 1))),
            "no syntax": peewee(lambda p, d, o: d.execute_sql("SELEC 1")),
        },
    ),
    "sqlalchemy": (
        ["greenlet", "typing-extensions", "importlib-metadata"],
        {
            "no table": sqlalchemy(lambda sa, c: c.execute(sa.text("SELECT * FROM orders"))),
            "no syntax": sqlalchemy(lambda sa, c: c.execute(sa.text("SELEC 1"))),
            "no parameter": sqlalchemy(lambda sa, c: c.execute(sa.text("SELECT :a"))),
            "no row": sqlalchemy(lambda sa, c: c.execute(sa.text("SELECT 1 WHERE 1 = 0")).one()),
            "no such column": sqlalchemy(lambda sa, c: c.execute(sa.text("SELECT 1 AS a")).mappings().one()["b"]),
            "unknown dialect": lambda: module("sqlalchemy").create_engine("nothing://"),
            "no address": lambda: module("sqlalchemy").create_engine("nothing at all"),
            "closed": sqlalchemy(lambda sa, c: (c.close(), c.execute(sa.text("SELECT 1")))),
            "table twice": lambda: [module("sqlalchemy").Table("a", m, module("sqlalchemy").Column("b", module("sqlalchemy").Integer)) for m in [module("sqlalchemy").MetaData()] for _ in "ab"],
        },
    ),
    "pygments": (
        [],
        {
            "no such lexer": lambda: module("pygments.lexers").get_lexer_by_name("nothing"),
            "no such formatter": lambda: module("pygments.formatters").get_formatter_by_name("nothing"),
            "no lexer for the file": lambda: module("pygments.lexers").get_lexer_for_filename("a.nothing"),
            "no such style": lambda: module("pygments.styles").get_style_by_name("nothing"),
            "option of no value": lambda: module("pygments.util").get_bool_opt({"a": "maybe"}, "a"),
        },
    ),
    "babel": (
        ["pytz"],
        {
            "unknown locale": lambda: module("babel").Locale.parse("xx_YY"),
            "no locale": lambda: module("babel").Locale.parse("not a locale"),
            "no number": lambda: module("babel.numbers").parse_decimal("abc", locale="en"),
            "pattern that is none": lambda: module("babel.numbers").parse_pattern("#,a;b;c"),
            "unknown rule": lambda: module("babel.plural").PluralRule({"one": "n is"}),
        },
    ),
    "phonenumbers": (
        [],
        {
            "no number": lambda: module("phonenumbers").parse("call me"),
            "no country": lambda: module("phonenumbers").parse("030 1234567"),
            "too long": lambda: module("phonenumbers").parse("+49" + "1" * 90),
        },
    ),
    "dnspython": (
        [],
        {
            "empty label": lambda: module("dns.name").from_text("a..b"),
            "long label": lambda: module("dns.name").from_text("a" * 64 + ".b"),
            "short header": wire(b"ab"),
            "short question": wire(b"\0\1\0\0\0\1\0\0\0\0\0\0\3www"),
            "bad escape": lambda: module("dns.name").from_text("a\\1b"),
            "unknown type": lambda: module("dns.rdatatype").from_text("NOTHING"),
            "no address": lambda: module("dns.ipv4").inet_aton("1.2.3"),
        },
    ),
    "itsdangerous": (
        [],
        {
            "no separator": signed(lambda i, s: s.loads("abc")),
            "other signature": signed(lambda i, s: s.loads(s.dumps([1]) + "x")),
            "expired": signed(lambda i, s: s.loads(s.dumps([1]), max_age=-1)),
        },
    ),
    "pyjwt": (
        [],
        {
            "no token": lambda: module("jwt").decode("abc", "k" * 32, algorithms=["HS256"]),
            "other key": lambda: module("jwt").decode(module("jwt").encode({}, "k" * 32), "x" * 32, algorithms=["HS256"]),
            "expired": lambda: module("jwt").decode(module("jwt").encode({"exp": 1}, "k" * 32), "k" * 32, algorithms=["HS256"]),
            "other audience": lambda: module("jwt").decode(module("jwt").encode({"aud": "a"}, "k" * 32), "k" * 32, algorithms=["HS256"], audience="b"),
            "unknown algorithm": lambda: module("jwt").encode({}, "k", algorithm="NOTHING"),
            "claims that are no object": lambda: module("jwt").encode("abc", "k" * 32),
        },
    ),
    "voluptuous": (
        [],
        {
            "required": lambda: module("voluptuous").Schema({module("voluptuous").Required("a"): int})({}),
            "unsupported": lambda: module("voluptuous").Schema(object())({}),
        },
    ),
    "cerberus": (
        ["setuptools<70"],
        {
            "unknown rule": lambda: module("cerberus").Validator({"a": {"nothing": 1}}),
            "no document": lambda: module("cerberus").Validator({})(None),
            "no schema": lambda: module("cerberus").Validator()({}),
        },
    ),
    "arrow": (
        ["python-dateutil", "six", "types-python-dateutil", "typing-extensions", "tzdata"],
        {
            "no date": lambda: module("arrow").get("tomorrowish"),
            "other format": lambda: module("arrow").get("2026-03-02", "DD.MM.YYYY"),
            "unknown time zone": lambda: module("arrow").get("2026-03-02", tzinfo="Nowhere/Land").to("No/Where"),
            "unknown frame": lambda: module("arrow").utcnow().floor("nothing"),
            "of another type": lambda: module("arrow").get(object()),
            "unknown locale": lambda: module("arrow").utcnow().humanize(locale="xx"),
        },
    ),
    "prettytable": (
        ["wcwidth"],
        {
            "row of another length": lambda: table("add_row", [1]),
            "column of another length": lambda: table("add_column", "c", [1, 2]),
            "names twice": lambda: module("prettytable").PrettyTable(["a", "a"]),
            "no such alignment": lambda: setattr(module("prettytable").PrettyTable(["a", "b"]), "align", "x"),
            "no such row": lambda: table("del_row", 9),
        },
    ),
    "openpyxl": (
        ["et-xmlfile", "jdcal"],
        {
            "no workbook": lambda: module("openpyxl").load_workbook("/no/such.txt"),
            "no such sheet": lambda: module("openpyxl").Workbook()["nothing"],
            "sheet name": lambda: module("openpyxl").Workbook().create_sheet("a/b"),
            "no column": lambda: module("openpyxl.utils").column_index_from_string("A1"),
            "value without a form": lambda: module("openpyxl").Workbook().active.append([object()]),
            "control character": lambda: module("openpyxl").Workbook().active.append(["\x01"]),
            "row zero": lambda: module("openpyxl").Workbook().active.cell(row=0, column=1),
        },
    ),
    "pycparser": (
        ["ply"],
        {
            "no semicolon": lambda: module("pycparser.c_parser").CParser().parse("int a"),
            "unknown character": lambda: module("pycparser.c_parser").CParser().parse("int @;"),
            "type twice": lambda: module("pycparser.c_parser").CParser().parse("int a; typedef int a;"),
        },
    ),
    "graphql-core": (
        [],
        {
            "selection left open": lambda: module("graphql").parse("{ a"),
            "unknown character": lambda: module("graphql").parse("{ a ? }"),
            "text left open": lambda: module("graphql").parse('{ a(b: "c) }'),
            "name of a type": lambda: module("graphql").GraphQLObjectType("a-b", {}),
            "unknown type": lambda: module("graphql").build_schema("type A { b: Nothing }"),
        },
    ),
    "pyasn1": (
        [],
        {
            "short": lambda: module("pyasn1.codec.ber.decoder").decode(b"\x30\x10\x02"),
            "no number": lambda: module("pyasn1.type.univ").Integer("abc"),
            "without a value": lambda: int(module("pyasn1.type.univ").Integer()),
            "not encodable": lambda: module("pyasn1.codec.ber.encoder").encode(object()),
        },
    ),
}


def table(method, *arguments):
    made = module("prettytable").PrettyTable(["a", "b"])
    getattr(made, method)(*arguments)


def main():
    project, version = sys.argv[1:]
    for name, fault in FAULTS[project][1].items():
        for way, reach in ways.WAYS.items():
            try:
                reach(fault)
            except BaseException as error:
                if is_absent(error):
                    break
                kind = type(error)
                print(json.dumps({
                    "language": "python",
                    "project": project,
                    "version": version,
                    "fault": name,
                    "way": way,
                    "type": f"{kind.__module__}.{kind.__qualname__}",
                    "stack": traceback.format_exc(),
                }))
            else:
                break


def is_absent(error):
    """Whether this release has no such function, or does not run on this Python."""
    kinds = {AttributeError: "has no attribute", ImportError: "", ModuleNotFoundError: "", TypeError: "unexpected keyword"}
    is_old = type(error) is SyntaxError and ".py" in (error.filename or "")
    return is_old or kinds.get(type(error), "\0") in str(error)


if __name__ == "__main__":
    main()
