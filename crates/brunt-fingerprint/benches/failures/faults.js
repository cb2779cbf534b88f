// Faults of packages of Node: what a program does wrong, and the package that then fails.
//
// Run by `failures.py` once for each release of a package, with that release on NODE_PATH:
//
//     node faults.js PROJECT VERSION
//     node faults.js
//
// Prints a line of JSON for each fault and each way to reach it; without arguments the names of the projects. A fault
// that this release does not have is left out.
"use strict";

const { inspect } = require("util");

const { WAYS } = require("./ways.js");

const on = (name, call) => () => call(require(name));


const FAULTS = {
  "js-yaml": {
    "list left open": on("js-yaml", (y) => y.load("a: [1, 2")),
    "mapping within a line": on("js-yaml", (y) => y.load("a: b: c")),
    "unknown alias": on("js-yaml", (y) => y.load("a: *b")),
    "unknown tag": on("js-yaml", (y) => y.load("a: !nothing b")),
    "key twice": on("js-yaml", (y) => y.load("a: 1\na: 2")),
    "two documents": on("js-yaml", (y) => y.load("a\n---\nb")),
    "function that has no form": on("js-yaml", (y) => y.dump({ a: () => 1 })),
  },
  yaml: {
    "list left open": on("yaml", (y) => y.parse("a: [1, 2")),
    "unknown alias": on("yaml", (y) => y.parse("a: *b")),
    "key twice": on("yaml", (y) => y.parse("a: 1\na: 2")),
    "no node": on("yaml", (y) => new y.Document({}).createAlias({}, "a")),
  },
  zod: {
    "number for a text": on("zod", (z) => z.z.string().parse(1)),
    "too short": on("zod", (z) => z.z.string().min(3).parse("a")),
    "unknown key": on("zod", (z) => z.z.object({}).strict().parse({ a: 1 })),
    "no variant": on("zod", (z) => z.z.union([z.z.string(), z.z.boolean()]).parse(1)),
  },
  ajv: {
    "unknown type": on("ajv", (a) => new (a.default || a)().compile({ type: "nothing" })),
    "reference to nothing": on("ajv", (a) => new (a.default || a)().compile({ $ref: "#/nothing" })),
    "schema twice": on("ajv", (a) => { const made = new (a.default || a)(); made.addSchema({}, "a"); made.addSchema({}, "a"); }),
    "no such schema": on("ajv", (a) => new (a.default || a)().validate("nothing", 1)),
    "keyword twice": on("ajv", (a) => { const made = new (a.default || a)(); made.addKeyword("mine"); made.addKeyword("mine"); }),
  },
  semver: {
    "no version": on("semver", (s) => new s.SemVer("one.two")),
    "too long": on("semver", (s) => new s.SemVer("1".repeat(300))),
    "unknown increment": on("semver", (s) => new s.SemVer("1.2.3").inc("nothing")),
    "no range": on("semver", (s) => new s.Range("one two")),
    "unknown operator": on("semver", (s) => s.cmp("1.0.0", "~~", "1.0.0")),
    "number too large": on("semver", (s) => new s.SemVer("99999999999999999999.0.0")),
  },
  commander: {
    "unknown option": on("commander", (c) => new c.Command().exitOverride().parse(["node", "a", "--nope"])),
    "option without its value": on("commander", (c) => new c.Command().exitOverride().option("--a <b>").parse(["node", "a", "--a"])),
    "required option missing": on("commander", (c) => new c.Command().exitOverride().requiredOption("--a <b>").parse(["node", "a"])),
    "too many arguments": on("commander", (c) => new c.Command().exitOverride().allowExcessArguments(false).parse(["node", "a", "b"])),
    "flags of no form": on("commander", (c) => new c.Option("a b c")),
  },
  handlebars: {
    "expression left open": on("handlebars", (h) => h.compile("{{a")({})),
    "block left open": on("handlebars", (h) => h.compile("{{#if a}}b")({})),
    "block closed by another": on("handlebars", (h) => h.compile("{{#if a}}{{/each}}")({})),
    "no such helper": on("handlebars", (h) => h.compile("{{total a b}}")({})),
    "no such partial": on("handlebars", (h) => h.compile("{{> header}}")({})),
    "condition missing": on("handlebars", (h) => h.compile("{{#each}}{{/each}}")({})),
    "no template": on("handlebars", (h) => h.compile(null)),
  },
  mustache: {
    "tag left open": on("mustache", (m) => m.render("{{a", {})),
    "section left open": on("mustache", (m) => m.render("{{#a}}b", {})),
    "section closed twice": on("mustache", (m) => m.render("{{/a}}", {})),
    "no template": on("mustache", (m) => m.render(7, {})),
  },
  nunjucks: {
    "block left open": on("nunjucks", (n) => n.renderString("{% if a %}b", {})),
    "unknown tag": on("nunjucks", (n) => n.renderString("{% fro a %}", {})),
    "no such filter": on("nunjucks", (n) => n.renderString("{{ a | nothing }}", {})),
    "call of nothing": on("nunjucks", (n) => n.renderString("{{ a() }}", {})),
    "no template": on("nunjucks", (n) => n.render("/no/such.html", {})),
  },
  ejs: {
    "tag left open": on("ejs", (e) => e.render("<% if (a) {", {})),
    "name of nothing": on("ejs", (e) => e.render("<%= total %>", {})),
    "no such include": on("ejs", (e) => e.render("<%- include('/no/such') %>", {})),
  },
  pug: {
    "attribute left open": on("pug", (p) => p.render("a(b='c'")),
    "mixed indents": on("pug", (p) => p.render("a\n  b\n\tc")),
    "no such mixin": on("pug", (p) => p.render("+total")),
    "include without a name": on("pug", (p) => p.render("include nothing.pug")),
  },
  acorn: {
    "token that is none": on("acorn", (a) => a.parse("let a = ;", { ecmaVersion: 2020 })),
    "text left open": on("acorn", (a) => a.parse("let a = 'b", { ecmaVersion: 2020 })),
    "declared twice": on("acorn", (a) => a.parse("let a; let a;", { ecmaVersion: 2020 })),
    "return outside": on("acorn", (a) => a.parse("return 1", { ecmaVersion: 2020 })),
    "expression that is none": on("acorn", (a) => a.parse("/[/", { ecmaVersion: 2020 })),
    "assigned to a number": on("acorn", (a) => a.parse("1 = a", { ecmaVersion: 2020 })),
  },
  "@babel/parser": {
    "token that is none": on("@babel/parser", (b) => b.parse("let a = ;")),
    "text left open": on("@babel/parser", (b) => b.parse("let a = 'b")),
    "declared twice": on("@babel/parser", (b) => b.parse("let a; let a;")),
    "unknown plugin value": on("@babel/parser", (b) => b.parse("a", { plugins: ["flow", "typescript"] })),
    "await outside": on("@babel/parser", (b) => b.parse("await a")),
  },
  esprima: {
    "token that is none": on("esprima", (e) => e.parseScript("let a = ;")),
    "text left open": on("esprima", (e) => e.parseScript("let a = 'b")),
    "return outside": on("esprima", (e) => e.parseScript("return 1")),
    "assigned to a number": on("esprima", (e) => e.parseScript("1 = a")),
  },
  postcss: {
    "block left open": on("postcss", (p) => p.parse("a { b: c")),
    "unknown word": on("postcss", (p) => p.parse("a { b }")),
    "text left open": on("postcss", (p) => p.parse("a { b: 'c }")),
    "plugin that is none": on("postcss", (p) => p([{ a: 1 }].map(() => 7)).process("a{}").css),
    "brace too many": on("postcss", (p) => p.parse("a {} }")),
  },
  "fast-xml-parser": {
    "tag left open": on("fast-xml-parser", (x) => new x.XMLParser().parse("<a><b></a>", true)),
    "comment left open": on("fast-xml-parser", (x) => new x.XMLParser().parse("<a><!-- </a>")),
    "closing that has no opening": on("fast-xml-parser", (x) => new x.XMLParser().parse("<a></a></b>")),
    "data that is none": on("fast-xml-parser", (x) => new x.XMLParser().parse(undefined)),
  },
  "csv-parse": {
    "row of another length": on("csv-parse/sync", (c) => (c.parse || c)("a,b\n1")),
    "quote left open": on("csv-parse/sync", (c) => (c.parse || c)('a,"b')),
    "quote within": on("csv-parse/sync", (c) => (c.parse || c)('a,b"c"')),
    "option of another type": on("csv-parse/sync", (c) => (c.parse || c)("a", { columns: 7 })),
  },
  immutable: {
    "index of nothing": on("immutable", (i) => i.Range(0, 5, 0).toJS().concat(i.Range(1, Infinity).toArray())),
    "updated through a number": on("immutable", (i) => i.fromJS({ a: 1 }).setIn(["a", "b"], 2)),
    "no entries": on("immutable", (i) => i.Map([1])),
  },
  "bignumber.js": {
    "no number": on("bignumber.js", (b) => { b.config({ DEBUG: true }); b("abc"); }),
    "unknown base": on("bignumber.js", (b) => b("10", 99)),
    "places out of range": on("bignumber.js", (b) => b(1).toFixed(-1)),
    "exponent of a half": on("bignumber.js", (b) => b(2).pow(0.5)),
  },
  "decimal.js": {
    "no number": on("decimal.js", (d) => new d("abc")),
    "places out of range": on("decimal.js", (d) => new d(1).toFixed(-1)),
    "precision zero": on("decimal.js", (d) => d.set({ precision: 0 })),
  },
  graphql: {
    "selection left open": on("graphql", (g) => g.parse("{ a")),
    "unknown character": on("graphql", (g) => g.parse("{ a ? }")),
    "text left open": on("graphql", (g) => g.parse('{ a(b: "c) }')),
    "unknown type": on("graphql", (g) => g.buildSchema("type Query { a: Nothing }")),
    "no document": on("graphql", (g) => g.validate(g.buildSchema("type Query { a: Int }"), null)),
    "name of a type": on("graphql", (g) => new g.GraphQLScalarType({ name: "a-b" }) && g.assertValidSchema(new g.GraphQLSchema({}))),
  },
  validator: {
    "no text": on("validator", (v) => v.isEmail(7)),
    "unknown locale": on("validator", (v) => v.isMobilePhone("1", "xx-YY")),
    "unknown algorithm": on("validator", (v) => v.isPostalCode("1", "XX")),
  },
  "path-to-regexp": {
    "name missing": on("path-to-regexp", (p) => (p.pathToRegexp || p)("/:")),
    "group left open": on("path-to-regexp", (p) => (p.pathToRegexp || p)("/a(b")),
    "brace left open": on("path-to-regexp", (p) => (p.pathToRegexp || p)("/{a")),
    "parameter missing": on("path-to-regexp", (p) => p.compile("/:id")({})),
    "parameter of another type": on("path-to-regexp", (p) => p.compile("/:id")({ id: {} })),
  },
  "iconv-lite": {
    "unknown encoding": on("iconv-lite", (i) => i.encode("a", "nothing")),
    "no bytes": on("iconv-lite", (i) => i.decode(7, "utf8")),
  },
  luxon: {
    "date that is none": on("luxon", (l) => { l.Settings.throwOnInvalid = true; l.DateTime.fromISO("nothing"); }),
    "unit that is none": on("luxon", (l) => l.DateTime.now().plus({ nothings: 1 })),
    "zone that is none": on("luxon", (l) => { l.Settings.throwOnInvalid = true; l.DateTime.now().setZone("No/Where"); }),
    "month thirteen": on("luxon", (l) => { l.Settings.throwOnInvalid = true; l.DateTime.local(2026, 13, 1); }),
    "duration of a text": on("luxon", (l) => l.Duration.fromObject(7)),
  },
  redux: {
    "reducer that is none": on("redux", (r) => r.createStore(7)),
    "action without a type": on("redux", (r) => r.createStore(() => 1).dispatch({})),
    "action that is none": on("redux", (r) => r.createStore(() => 1).dispatch(7)),
    "dispatch within a reducer": on("redux", (r) => { let s; s = r.createStore(() => { s && s.dispatch({ type: "a" }); return 1; }); s.dispatch({ type: "b" }); }),
    "state of nothing": on("redux", (r) => r.createStore(r.combineReducers({ a: () => undefined }))),
  },
  protobufjs: {
    "no such type": on("protobufjs", (p) => p.parse("message A {}").root.lookupType("B")),
    "token that is none": on("protobufjs", (p) => p.parse("message {")),
    "field twice": on("protobufjs", (p) => p.parse("message A { int32 a = 1; int32 b = 1; }").root.resolveAll()),
    "bytes cut": on("protobufjs", (p) => p.parse("syntax='proto3'; message A { string a = 1; }").root.lookupType("A").decode(Buffer.from([10, 200]))),
    "type of a field": on("protobufjs", (p) => p.parse("message A { Nothing a = 1; }").root.resolveAll()),
  },
  jsonwebtoken: {
    "no token": on("jsonwebtoken", (j) => j.verify("abc", "key")),
    "other key": on("jsonwebtoken", (j) => j.verify(j.sign({}, "key"), "other")),
    "expired": on("jsonwebtoken", (j) => j.verify(j.sign({ exp: 1 }, "key"), "key")),
    "other audience": on("jsonwebtoken", (j) => j.verify(j.sign({ aud: "a" }, "key"), "key", { audience: "b" })),
    "no key": on("jsonwebtoken", (j) => j.sign({}, "")),
    "time that is none": on("jsonwebtoken", (j) => j.sign({}, "key", { expiresIn: "soon" })),
  },
  mathjs: {
    "parenthesis left open": on("mathjs", (m) => m.evaluate("(1 + 2")),
    "unknown symbol": on("mathjs", (m) => m.evaluate("total + 1")),
    "unknown function": on("mathjs", (m) => m.evaluate("total(1)")),
    "matrices of other sizes": on("mathjs", (m) => m.add([1, 2], [1, 2, 3])),
    "not square": on("mathjs", (m) => m.inv([[1, 2]])),
    "no inverse": on("mathjs", (m) => m.inv([[1, 1], [1, 1]])),
    "unknown unit": on("mathjs", (m) => m.unit("5 nothings")),
    "units that differ": on("mathjs", (m) => m.evaluate("5 cm to kg")),
  },
  uuid: {
    "no uuid": on("uuid", (u) => u.parse("abc")),
    "bytes too few": on("uuid", (u) => u.stringify([1, 2])),
    "name space": on("uuid", (u) => u.v5("a", "abc")),
  },
  knex: {
    "no client": on("knex", (k) => (k.default || k)({ client: "nothing" })),
    "no configuration": on("knex", (k) => (k.default || k)({}).select().toSQL()),
    "value of nothing": on("knex", (k) => (k.default || k)({ client: "pg" })("a").where({ b: undefined }).toString()),
    "order that is none": on("knex", (k) => (k.default || k)({ client: "pg" })("a").where("b", "~~~", 1).toString()),
    "limit of nothing": on("knex", (k) => (k.default || k)({ client: "pg" })("a").first().insert({}).toString()),
  },
  marked: {
    "nothing": on("marked", (m) => (m.marked || m)(undefined)),
    "number": on("marked", (m) => (m.marked || m)(7)),
  },
};

// Whether this release has no such function: the fault is of a later or an earlier one.
function isAbsent(error) {
  return (error instanceof TypeError && / is not a (function|constructor)/.test(error.message)) ||
    /^(MODULE_NOT_FOUND|ERR_PACKAGE_PATH_NOT_EXPORTED|ERR_REQUIRE_ESM)$/.test(error.code);
}

function main() {
  const [project, version] = process.argv.slice(2);
  if (!project) {
    console.log(JSON.stringify(Object.keys(FAULTS)));
    return;
  }
  // What packages print themselves is not asked for.
  process.stderr.write = () => true;
  for (const [fault, run] of Object.entries(FAULTS[project])) {
    for (const [way, reach] of Object.entries(WAYS)) {
      try {
        reach(run);
        break;
      } catch (error) {
        if (!(error instanceof Error) || isAbsent(error)) break;
        const stack = error.cause ? inspect(error) : error.stack;
        const type = error.constructor.name;
        console.log(JSON.stringify({ language: "node", project, version, fault, way, type, stack }));
      }
    }
  }
}

main();
