//! Stacks as they come.

use super::*;
use crate::chain::walk;
use crate::reader::Reader;

const NESTED: &str = "Unhandled exception. Acme.Shop.CheckoutException: order 1182 not placed
 ---> System.IO.IOException: no route
   at System.Net.Sockets.Socket.Connect(EndPoint remoteEP)
   at Acme.Pay.Gateway.<ChargeAsync>d__5.MoveNext() in /src/Pay/Gateway.cs:line 42
--- End of stack trace from previous location ---
   at Acme.Shop.Checkout.Place(Order order) in /src/Shop/Checkout.cs:line 30
   --- End of inner exception stack trace ---
   at Acme.Shop.Checkout.Place(Order order) in /src/Shop/Checkout.cs:line 34
   at Program.<Main>$(String[] args) in /src/Program.cs:line 3
";

const AGGREGATE: &str = "System.AggregateException: One or more errors occurred. (a) (b)
 ---> System.TimeoutException: a
   at Acme.A.Run() in /src/A.cs:line 1
   --- End of inner exception stack trace ---
   at System.Threading.Tasks.Task.WaitAll(Task[] tasks)
   at Program.Main() in /src/P.cs:line 9
 ---> (Inner Exception #0) System.TimeoutException: a
   at Acme.A.Run() in /src/A.cs:line 1<---

 ---> (Inner Exception #1) System.FormatException: b
   at Acme.B.Run() in /src/B.cs:line 2<---
";

/// As .NET prints it since Core 3: the first member is the cause above alone.
const AGGREGATE_OF_TWO: &str = "System.AggregateException: One or more errors occurred. (a) (b)
 ---> System.TimeoutException: a
   at Acme.A.Run() in /src/A.cs:line 1
   --- End of inner exception stack trace ---
   at Program.Main() in /src/P.cs:line 9
 ---> (Inner Exception #1) System.FormatException: b
   at Acme.B.Run() in /src/B.cs:line 2<---
";

type Row = (String, String, Vec<String>);

fn outline(chain: &[Exception<'_>]) -> Vec<Row> {
    let reader = Reader::plain(&DotNet);
    let symbols = |at| {
        let own = walk(chain, at, reader).filter(|frame| reader.is_app(frame));
        own.map(|frame| DotNet.symbol(&frame).text()).collect()
    };
    let exceptions = chain.iter().enumerate();
    exceptions.map(|(at, e)| (e.type_name.to_owned(), e.message.to_string(), symbols(at))).collect()
}

fn row(type_name: &str, message: &str, symbols: &[&str]) -> Row {
    let symbols = symbols.iter().map(|&symbol| symbol.to_owned()).collect();
    (type_name.to_owned(), message.to_owned(), symbols)
}

#[test]
fn frames_of_the_innermost_come_first() {
    let place = "Acme.Shop.Checkout.Place";
    assert_eq!(
        outline(&DotNet.parse(NESTED).chain),
        [
            row("Acme.Shop.CheckoutException", "order 1182 not placed", &[place, "Program.Main"]),
            row("System.IO.IOException", "no route", &["Acme.Pay.Gateway.ChargeAsync", place]),
        ]
    );
}

#[test]
fn a_cause_may_have_a_number_behind_its_type() {
    let numbered = NESTED.replace("IO.IOException:", "Net.Sockets.SocketException (111):");
    let stack = DotNet.parse(&numbered);
    let cause = stack.chain.get(1).map(|cause| (cause.type_name, &*cause.message));
    assert_eq!(cause, Some(("System.Net.Sockets.SocketException", "no route")));
}

#[test]
fn members_of_an_aggregate_are_read() {
    let stack = DotNet.parse(AGGREGATE);
    let members: Vec<_> = stack.children.iter().flat_map(|chain| outline(chain)).collect();
    assert_eq!(
        members,
        [
            row("System.TimeoutException", "a", &["Acme.A.Run"]),
            row("System.FormatException", "b", &["Acme.B.Run"])
        ]
    );
}

#[test]
fn frames_of_all_forms_are_read() {
    for (line, function, file, number) in [
        ("   at A.B.C(String s) in C:\\src\\B.cs:line 12", "A.B.C", "C:\\src\\B.cs", Some(12)),
        ("   bei A.B.C(String s) in C:\\src\\B.cs:Zeile 12.", "A.B.C", "C:\\src\\B.cs", Some(12)),
        ("   bei A.B.C(String s) in C:\\src\\B.cs:Zeile 12", "A.B.C", "C:\\src\\B.cs", Some(12)),
        ("   à A.B.C() dans /src/B.cs:ligne 12", "A.B.C", "/src/B.cs", Some(12)),
        ("   в A.B.C() в /src/B.cs:строка 12", "A.B.C", "/src/B.cs", Some(12)),
        ("   場所 A.B.C() 場所 /src/B.cs:行 12", "A.B.C", "/src/B.cs", Some(12)),
        ("  at A.B.C (System.String s) [0x0001a] in <1b2c3d>:0 ", "A.B.C", "<1b2c3d>", None),
        ("   at A.B.C[T](T x)", "A.B.C[T]", "", None),
        ("A.B.C () (at Assets/B.cs:12)", "A.B.C", "Assets/B.cs", Some(12)),
        (
            "A.B:C(String, Int32) (at Assets/My Code/B.cs:12)",
            "A.B:C",
            "Assets/My Code/B.cs",
            Some(12),
        ),
        ("B.C (System.String s) (at <1b2c3d>:0)", "B.C", "<1b2c3d>", None),
    ] {
        let frame = frame(line).unwrap_or_else(|| panic!("{line} is no frame"));
        assert_eq!((frame.function, frame.file, frame.line), (function, file, number), "{line}");
    }
    for line in [
        "    at totalOf (/srv/a.js:1:2)",
        "at noon",
        "in A.B (x) y",
        "  at main.run",
        "A.B () (at noon:12)",
        "not A.B () (at B.cs:12)",
        "A.B (at B.cs:12)",
        "main () (at B.cs:12)",
    ] {
        assert!(frame(line).is_none(), "{line}");
    }
}

#[test]
fn types_of_any_name_are_read() {
    for (header, type_name, message) in [
        ("Unhandled exception. Acme.Declined: no", "Acme.Declined", "no"),
        ("Acme.Shop.Declined: no", "Acme.Shop.Declined", "no"),
        ("Acme.Worker: stopped\nSystem.IO.IOException: no", "System.IO.IOException", "no"),
        ("Acme.Shop.SqlException (0x80131904): no", "Acme.Shop.SqlException", "no"),
        ("Acme.Shop.SqlException (5): no", "Acme.Shop.SqlException", "no"),
        ("failed: Acme.SqlException (0x80131904): no", "Acme.SqlException", "no"),
        ("stopped: no", "", "stopped: no"),
        ("acme.host: no", "", "acme.host: no"),
    ] {
        let text = format!("{header}\n   at Acme.A.Run() in /src/A.cs:line 1\n");
        let want = [row(type_name, message, &["Acme.A.Run"])];
        assert_eq!(outline(&DotNet.parse(&text).chain), want, "{header}");
    }
}

#[test]
fn the_first_member_of_an_aggregate_may_stand_above_alone() {
    let children = |text: &'static str| -> Vec<Vec<Row>> {
        DotNet.parse(text).children.iter().map(|chain| outline(chain)).collect()
    };
    assert_eq!(children(AGGREGATE_OF_TWO), children(AGGREGATE));
    assert_eq!(children(NESTED), Vec::<Vec<Row>>::new());
}
