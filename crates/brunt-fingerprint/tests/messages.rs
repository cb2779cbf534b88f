//! What of a message tells errors of one place apart, in the forms that libraries and services give it.

use brunt_fingerprint::{ErrorInfo, Occurrence, Rules};

fn of(stack: &str) -> ErrorInfo {
    let occurrence = Occurrence { stacktrace: Some(stack), ..Occurrence::default() };
    brunt_fingerprint::group(&occurrence, &Rules::default())
}

/// A stack of .NET with one frame.
fn dotnet(header: &str) -> ErrorInfo {
    of(&format!("{header}\n   at Shop.Users.Register(User u) in /src/Users.cs:line 31\n"))
}

#[test]
fn a_number_behind_a_type_says_nothing_of_the_error() {
    let npgsql =
        |message: &str| dotnet(&format!("Npgsql.PostgresException (0x80004005): {message}"));
    let twice = npgsql("23505: duplicate key value violates unique constraint \"IX_Users_Email\"");
    let missing =
        npgsql("23503: insert or update violates foreign key constraint \"FK_Users_Teams\"");
    assert_ne!(twice.group, missing.group);
    assert_eq!(twice.root_type, "Npgsql.PostgresException");
    let sql = |message: &str| {
        dotnet(&format!("Microsoft.Data.SqlClient.SqlException (0x80131904): {message}")).group
    };
    let deadlock =
        |id| sql(&format!("Transaction (Process ID {id}) was deadlocked on lock resources."));
    assert_ne!(sql("Execution Timeout Expired."), deadlock("57"));
    assert_eq!(deadlock("58"), deadlock("57"));
    let win32 = |words| dotnet(&format!("System.ComponentModel.Win32Exception (2): {words}")).group;
    assert_ne!(win32("No such file or directory"), win32("Access is denied"));
    // What the number is, is said by the words behind it, in whatever language.
    let socket = |number, words| {
        dotnet(&format!("System.Net.Sockets.SocketException ({number}): {words}")).group
    };
    assert_eq!(socket("111", "Connection refused"), socket("10061", "Verbindung abgelehnt"));
}

#[test]
fn what_a_database_says_of_the_row_does_not_count() {
    let jdbc = |message: &str| {
        let header = format!("org.postgresql.util.PSQLException: ERROR: {message}");
        of(&format!("{header}\n\tat com.acme.shop.Users.register(Users.java:52)\n")).group
    };
    let twice = |key: &str, name: &str| {
        jdbc(&format!("duplicate key violates \"{key}\"\n  Detail: Key (name)=({name}) exists."))
    };
    assert_eq!(twice("a", "Joe"), twice("a", "Anna Maria Schmidt"));
    let column = |at| jdbc(&format!("column \"nick\" does not exist\n  Position: {at}"));
    assert_eq!(column("12"), jdbc("column \"nick\" does not exist"));
    assert_ne!(column("12"), twice("a", "Joe"));
    let sql = |name: &str| {
        dotnet(&format!(
            "System.Data.SqlClient.SqlException (0x80131904): Cannot insert duplicate key. The duplicate key value is ({name}).\nThe statement has been terminated."
        ))
        .group
    };
    assert_eq!(sql("Joe"), sql("Doe, Jane"));
}

#[test]
fn numbers_of_errors_tell_them_apart() {
    let browser = |message: &str| {
        of(&format!("Error: {message}\n    at lk (https://shop.example/react-1a2b3c4d.js:9:462)\n"))
            .group
    };
    let react = |code| {
        browser(&format!("Minified React error #{code}; visit https://react.dev/errors/{code}"))
    };
    assert_ne!(react("418"), react("425"));
    assert_ne!(browser("NG0100"), browser("NG0203"));
}

#[test]
fn of_a_list_of_refusals_the_first_counts() {
    let refused = |list: &str| {
        of(&format!(
            "Traceback (most recent call last):\n  File \"/srv/orders.py\", line 9, in parse\n    return Order.model_validate(data)\npydantic_core._pydantic_core.ValidationError: {list}\n"
        ))
        .group
    };
    let one = |field: &str, given: &str| {
        refused(&format!(
            "1 validation error for Order\n{field}\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value={given}, input_type=str]\n    For further information visit https://errors.pydantic.dev/2.5/v/int_parsing"
        ))
    };
    assert_eq!(one("qty", "'abc'"), one("qty", "'no [ number'"));
    assert_eq!(one("items.0.qty", "'abc'"), one("items.12.qty", "'abc'"));
    assert_ne!(one("items.0.qty", "'abc'"), one("items.0.price", "'abc'"));
    assert_ne!(one("qty", "'abc'"), one("price", "'abc'"));
    let two = refused(
        "2 validation errors for Order\nqty\n  Input should be a valid integer, unable to parse string as an integer [type=int_parsing, input_value='x', input_type=str]\nsku\n  Field required [type=missing, input_value={'qty': 'x'}, input_type=dict]",
    );
    assert_eq!(two, one("qty", "'abc'"));
    assert_ne!(two, refused("1 validation error for Order\nqty\n  Field required [type=missing]"));
    // Logged without a stack, the same holds.
    let logged = |message: &str| {
        let occurrence = Occurrence { message: Some(message), ..Occurrence::default() };
        brunt_fingerprint::group(&occurrence, &Rules::default()).group
    };
    let old = |n: &str, more: &str| {
        logged(&format!("{n} for Order\nqty\n  field required (type=value_error.missing){more}"))
    };
    assert_eq!(
        old("1 validation error", ""),
        old("2 validation errors", "\nsku\n  field required")
    );
}

#[test]
fn a_type_in_a_level_of_its_own_is_read() {
    let frames = "  File \"/var/task/app.py\", line 12, in handle\n    for r in event['id']:\n";
    let logged = |header: &str, frames: &str| {
        of(&format!("[ERROR] {header}\nTraceback (most recent call last):\n{frames}"))
    };
    let below = of(&format!("Traceback (most recent call last):\n{frames}KeyError: 'id'\n"));
    assert_eq!(logged("KeyError: 'id'", frames).group, below.group);
    assert_eq!(logged("KeyError: 'id'", &frames.replace("  ", "\u{a0}\u{a0}")).group, below.group);
    assert_ne!(logged("TypeError: it is None", frames).group, below.group);
    let bare = logged("Runtime.ImportModuleError: No module named 'requests'", "");
    assert_eq!(bare.title, "ImportModuleError: No module named 'requests'");
}

#[test]
fn a_warning_in_one_line_is_put_down_to_its_file() {
    let logged = |message: &str| {
        let occurrence = Occurrence { message: Some(message), ..Occurrence::default() };
        brunt_fingerprint::group(&occurrence, &Rules::default())
    };
    let warned = |key: &str, place: &str| {
        logged(&format!("PHP Warning:  Undefined array key \"{key}\" in /var/www/{place}"))
    };
    let price = warned("price", "cart.php on line 12");
    assert_eq!((price.culprit.as_deref(), price.culprit_line), (Some("cart"), Some(12)));
    assert_eq!(price.title, "Warning: Undefined array key \"price\"");
    assert_eq!(price.group, warned("price", "cart.php on line 14").group);
    assert_ne!(price.group, warned("price", "order.php on line 12").group);
    assert_ne!(price.group, warned("sku", "cart.php on line 12").group);
    let shown = "Warning: Undefined array key \"price\" in /srv/cart.php on line 12";
    assert_eq!(price.group, logged(shown).group);
    assert_eq!(price.group, of(shown).group);
    let full = |bytes: &str| {
        logged(&format!("PHP Fatal error:  Allowed memory size of {bytes} bytes exhausted (tried to allocate 20480 bytes) in /srv/cart.php on line 12")).group
    };
    assert_eq!(full("134217728"), full("268435456"));
}

#[test]
fn frames_of_a_games_console_are_those_of_its_runtime() {
    let thrown = |frame: &str| {
        let header = "NullReferenceException: Object reference not set to an instance of an object";
        of(&format!("{header}\n{frame}\nCartView.Update () (at Assets/Scripts/CartView.cs:9)\n"))
    };
    let total = thrown("Cart.Total () (at Assets/Scripts/Cart.cs:12)");
    assert_eq!(total.culprit.as_deref(), Some("Cart.Total"));
    assert_eq!(total.group, thrown("  at Cart.Total () [0x0001f] in <3f2a9c1b>:0").group);
    assert_ne!(total.group, thrown("Invoice.Print () (at Assets/Scripts/Invoice.cs:77)").group);
}

#[test]
fn what_a_framework_writes_before_an_error_is_no_part_of_it() {
    let shown = |header: &str| {
        of(&format!("{header}\n    at CartComponent.total (cart.component.ts:31:24)\n")).group
    };
    let plain = shown("TypeError: Cannot read properties of undefined (reading 'price')");
    assert_eq!(
        plain,
        shown("ERROR TypeError: Cannot read properties of undefined (reading 'price')")
    );
    assert_eq!(
        plain,
        shown("Error: Uncaught (in promise): TypeError: no price\nTypeError: no price")
    );
    assert_ne!(plain, shown("ERROR RangeError: no price"));
}

#[test]
fn an_error_that_points_to_its_cause_is_told_by_that() {
    let saved = |cause: &str| {
        of(&format!(
            "Microsoft.EntityFrameworkCore.DbUpdateException: An error occurred while saving the entity changes. See the inner exception for details.\n ---> Npgsql.PostgresException (0x80004005): {cause}\n   at Npgsql.NpgsqlDataReader.NextResult(Boolean async)\n   --- End of inner exception stack trace ---\n   at Microsoft.EntityFrameworkCore.Update.Internal.BatchExecutor.Execute(IRelationalConnection connection)\n   at Shop.Users.Register(User u) in /src/Users.cs:line 31\n"
        ))
    };
    let twice = saved("23505: duplicate key value violates unique constraint \"IX_Users_Email\"");
    let missing =
        saved("23503: insert or update violates foreign key constraint \"FK_Users_Teams\"");
    assert_ne!(twice.group, missing.group);
    assert_eq!(twice.root_type, "Npgsql.PostgresException");
    assert_eq!(twice.culprit.as_deref(), Some("Shop.Users.Register"));
    let told: Vec<&str> = twice.why.iter().map(|part| part.reason).collect();
    assert!(told.contains(&"ignored: points to its cause"));
    assert!(told.contains(&"used: what the root points to"));
}
