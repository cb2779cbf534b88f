//! Values against PostgreSQL's own text and bytes, from PostgreSQL 15 with `SELECT v::text, encode(T_send(v), 'hex')`.

use std::sync::Arc;

use arrow::array::{
    BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float32Array, Float64Array,
    Int16Array, Int32Array, Int64Array, IntervalMonthDayNanoArray, ListArray, MapBuilder,
    StringArray, StringBuilder, StructArray, Time64MicrosecondArray, TimestampMicrosecondArray,
    UInt64Array,
};
use arrow::datatypes::{Fields, Int32Type, Int64Type, IntervalMonthDayNano, Schema, i256};

use super::*;

fn column(array: impl Array + 'static) -> Column {
    tagged(array, None)
}

fn tagged(array: impl Array + 'static, tag: Option<&str>) -> Column {
    let metadata = tag.map(|tag| (TYPE_KEY.to_owned(), tag.to_owned())).into_iter().collect();
    let field = Field::new("x", array.data_type().clone(), true).with_metadata(metadata);
    Column::new(&field, &(Arc::new(array) as ArrayRef)).unwrap()
}

fn text_in(column: &Column, row_idx: usize, zone: &str) -> String {
    let mut out = BytesMut::new();
    column.put_text(row_idx, &Zone::parse(zone).unwrap(), &mut out).unwrap();
    String::from_utf8(out.to_vec()).unwrap()
}

fn text(column: &Column, row_idx: usize) -> String {
    text_in(column, row_idx, "UTC")
}

fn binary(column: &Column, row_idx: usize) -> String {
    let mut out = BytesMut::new();
    column.put_binary(row_idx, &Zone::utc(), &mut out).unwrap();
    out.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn numerics_are_written_from_their_own_digits() {
    let cases = [
        ("0", 0, "0000000000000000"),
        ("1", 0, "00010000000000000001"),
        ("-1.5", 1, "000200004000000100011388"),
        ("12345.6789", 4, "0003000100000004000109291a85"),
        ("0.0001", 4, "0001ffff000000040001"),
        ("-0.00000012", 8, "0001fffe40000008000c"),
        ("10000", 0, "00010001000000000001"),
        (
            "99999999999999999999999999999999999999",
            0,
            "000a0009000000000063270f270f270f270f270f270f270f270f270f",
        ),
        ("1234567890.1234567890", 10, "000600020000000a000c0d801ed204d2162e2328"),
        ("100000000", 0, "00010002000000000001"),
        ("0.0000", 4, "0000000000000004"),
        ("123.4500", 4, "0002000000000004007b1194"),
    ];
    for (shown, scale, bytes) in cases {
        let unscaled: i128 = shown.replace('.', "").parse().unwrap();
        let narrow = column(
            Decimal128Array::from(vec![unscaled]).with_precision_and_scale(38, scale).unwrap(),
        );
        assert_eq!((text(&narrow, 0).as_str(), binary(&narrow, 0).as_str()), (shown, bytes));
        let wide = i256::from_i128(unscaled);
        let wide =
            column(Decimal256Array::from(vec![wide]).with_precision_and_scale(76, scale).unwrap());
        assert_eq!((text(&wide, 0).as_str(), binary(&wide, 0).as_str()), (shown, bytes));
    }
    let hundreds = column(Decimal128Array::from(vec![12]).with_precision_and_scale(5, -2).unwrap());
    assert_eq!(
        (text(&hundreds, 0).as_str(), binary(&hundreds, 0).as_str()),
        ("1200", "000100000000000004b0")
    );
}

#[test]
fn floats_have_the_shortest_digits_that_round_trip() {
    let cases = [
        (0.0, "0"),
        (1.0, "1"),
        (-1.5, "-1.5"),
        (0.1, "0.1"),
        (1e14, "100000000000000"),
        (1e15, "1e+15"),
        (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
        (0.0001, "0.0001"),
        (0.000_01, "1e-05"),
        (1.5e-7, "1.5e-07"),
        #[expect(clippy::approx_constant, reason = "printed as PostgreSQL prints it")]
        (3.141_592_653_589_79, "3.14159265358979"),
        (-0.0, "-0"),
        (1e300, "1e+300"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "Infinity"),
        (f64::NEG_INFINITY, "-Infinity"),
        (1234.5, "1234.5"),
    ];
    for (value, shown) in cases {
        assert_eq!(text(&column(Float64Array::from(vec![value])), 0), shown);
    }
    for (value, shown) in [
        (1e5, "100000"),
        (1e6, "1e+06"),
        (0.1, "0.1"),
        (1e-5, "1e-05"),
        (16_777_216.0, "1.6777216e+07"),
    ] {
        assert_eq!(text(&column(Float32Array::from(vec![value])), 0), shown);
    }
    assert_eq!(binary(&column(Float64Array::from(vec![1.5])), 0), "3ff8000000000000");
    assert_eq!(binary(&column(Float32Array::from(vec![1.5])), 0), "3fc00000");
}

#[test]
fn integers_and_booleans_have_their_sizes() {
    assert_eq!(binary(&column(Int16Array::from(vec![-2])), 0), "fffe");
    assert_eq!(binary(&column(Int32Array::from(vec![-7])), 0), "fffffff9");
    assert_eq!(binary(&column(Int64Array::from(vec![3_000_000_000])), 0), "00000000b2d05e00");
    assert_eq!(binary(&tagged(Int64Array::from(vec![4_294_967_295]), Some("oid")), 0), "ffffffff");
    assert_eq!(binary(&column(BooleanArray::from(vec![true])), 0), "01");
    assert_eq!(text(&column(BooleanArray::from(vec![false])), 0), "f");
    let field = Field::new("x", DataType::UInt64, true);
    let large = Column::new(&field, &(Arc::new(UInt64Array::from(vec![u64::MAX])) as ArrayRef));
    assert_eq!(large.unwrap_err().code, "22003");
}

#[test]
fn times_are_shown_in_the_clients_zone() {
    let micros = 1_761_661_273_500_000; // 2025-10-28 14:21:13.5 UTC
    let instant = column(TimestampMicrosecondArray::from(vec![micros]).with_timezone("UTC"));
    for (zone, shown) in [
        ("UTC", "2025-10-28 14:21:13.5+00"),
        ("europe/berlin", "2025-10-28 15:21:13.5+01"),
        ("Asia/Kolkata", "2025-10-28 19:51:13.5+05:30"),
        ("-7", "2025-10-28 07:21:13.5-07"),
        ("+05:30", "2025-10-28 08:51:13.5-05:30"),
    ] {
        assert_eq!(text_in(&instant, 0, zone), shown);
    }
    assert_eq!(binary(&instant, 0), "0002e5377f340960");
    let plain = column(TimestampMicrosecondArray::from(vec![micros - 380_000]));
    assert_eq!(text_in(&plain, 0, "Asia/Kolkata"), "2025-10-28 14:21:13.12");
    let first =
        column(TimestampMicrosecondArray::from(vec![-62_167_219_200_000_000]).with_timezone("UTC"));
    assert_eq!(text_in(&first, 0, "Europe/Berlin"), "0001-01-01 00:53:28+00:53:28 BC");
    assert_eq!(text(&column(Date32Array::from(vec![20_389])), 0), "2025-10-28");
    assert_eq!(binary(&column(Date32Array::from(vec![20_389])), 0), "000024d8");
    let time = column(Time64MicrosecondArray::from(vec![51_673_500_000]));
    assert_eq!(
        (text(&time, 0).as_str(), binary(&time, 0).as_str()),
        ("14:21:13.5", "0000000c07fb0960")
    );
    let out_of_range = column(TimestampMicrosecondArray::from(vec![i64::MAX]));
    assert_eq!(
        out_of_range.put_text(0, &Zone::utc(), &mut BytesMut::new()).unwrap_err().code,
        "22008"
    );
}

#[test]
fn zones_have_the_names_that_postgresql_shows() {
    for (given, shown) in [
        ("utc", "UTC"),
        ("europe/berlin", "Europe/Berlin"),
        ("America/New_York", "America/New_York"),
        ("-7", "<-07>+07"),
        ("2", "<+02>-02"),
        ("+05:30", "+05:30"),
    ] {
        assert_eq!(Zone::parse(given).unwrap().name(), shown);
    }
    assert!(Zone::parse("Mars/Olympus").is_none());
    assert!(Zone::parse("99").is_none());
}

#[test]
fn intervals_carry_the_sign_of_each_part() {
    let hour = 3_600_000_000_000;
    let second = 1_000_000_000;
    let cases = [
        ((0, 0, 0), "00:00:00", "00000000000000000000000000000000"),
        (
            (14, 3, 4 * hour + 306 * second + 789_000_000),
            "1 year 2 mons 3 days 04:05:06.789",
            "000000036c97ca88000000030000000e",
        ),
        ((0, -1, 2 * hour), "-1 days +02:00:00", "00000001ad274800ffffffff00000000"),
        ((1, -1, 0), "1 mon -1 days", "0000000000000000ffffffff00000001"),
        ((0, 0, -second), "-00:00:01", "fffffffffff0bdc00000000000000000"),
        (
            (-14, 3, -(4 * hour + 306 * second)),
            "-1 years -2 mons +3 days -04:05:06",
            "fffffffc93743f8000000003fffffff2",
        ),
        ((0, 0, 25 * hour), "25:00:00", "00000014f46b04000000000000000000"),
        ((-1, 1, hour), "-1 mons +1 day 01:00:00", "00000000d693a40000000001ffffffff"),
    ];
    for ((months, days, nanos), shown, bytes) in cases {
        let value = column(IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(
            months, days, nanos,
        )]));
        assert_eq!((text(&value, 0).as_str(), binary(&value, 0).as_str()), (shown, bytes));
    }
}

#[test]
fn arrays_are_quoted_where_they_must_be() {
    let items = [
        Some("a"),
        Some("b c"),
        Some(""),
        None,
        Some("null"),
        Some("x\"y"),
        Some("z\\w"),
        Some("{q}"),
        Some("tab\tx"),
        Some("v\u{b}t"),
    ];
    let mut builder = arrow::array::ListBuilder::new(StringBuilder::new());
    builder.append_value(items);
    builder.append_value([] as [Option<&str>; 0]);
    builder.append_value([Some("a"), None, Some("bc")]);
    let texts = column(builder.finish());
    assert_eq!(
        text(&texts, 0),
        "{a,\"b c\",\"\",NULL,\"null\",\"x\\\"y\",\"z\\\\w\",\"{q}\",\"tab\tx\",\"v\u{b}t\"}"
    );
    assert_eq!(
        (text(&texts, 1).as_str(), binary(&texts, 1).as_str()),
        ("{}", "000000000000000000000019")
    );
    assert_eq!(
        binary(&texts, 2),
        "00000001000000010000001900000003000000010000000161ffffffff000000026263"
    );
    let ints =
        column(ListArray::from_iter_primitive::<Int32Type, _, _>([Some([Some(1), Some(2)])]));
    assert_eq!(
        binary(&ints, 0),
        "000000010000000000000017000000020000000100000004000000010000000400000002"
    );
}

#[test]
fn nested_values_are_json() {
    let inner =
        ListArray::from_iter_primitive::<Int64Type, _, _>([Some(vec![Some(1), None]), None]);
    let names = StringArray::from(vec![Some("q\"uote\n"), None]);
    let fields = Fields::from(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("sizes", inner.data_type().clone(), true),
    ]);
    let rows = column(StructArray::new(fields, vec![Arc::new(names), Arc::new(inner)], None));
    assert_eq!(text(&rows, 0), r#"{"name":"q\"uote\n","sizes":[1,null]}"#);
    assert_eq!(text(&rows, 1), r#"{"name":null,"sizes":null}"#);

    let mut map = MapBuilder::new(None, StringBuilder::new(), arrow::array::Int64Builder::new());
    map.keys().append_value("a");
    map.values().append_value(7);
    map.append(true).unwrap();
    assert_eq!(text(&column(map.finish()), 0), r#"{"a":7}"#);

    let mut nested = arrow::array::ListBuilder::new(arrow::array::ListBuilder::new(
        arrow::array::Int64Builder::new(),
    ));
    nested.values().append_value([Some(1), Some(2)]);
    nested.append(true);
    assert_eq!(text(&column(nested.finish()), 0), "[[1,2]]");

    let json = tagged(StringArray::from(vec!["{\"a\": 1}"]), Some("json"));
    assert_eq!(text(&json, 0), "{\"a\": 1}");
}

#[test]
fn a_row_has_its_length_and_null_has_none() {
    let schema = Schema::new(vec![
        Field::new("a", DataType::Int32, true),
        Field::new("b", DataType::Utf8, true),
        Field::new("c", DataType::Null, true),
    ]);
    let batch = RecordBatch::try_new(
        Arc::new(schema),
        vec![
            Arc::new(Int32Array::from(vec![7])),
            Arc::new(StringArray::from(vec!["x"])),
            Arc::new(arrow::array::NullArray::new(1)),
        ],
    )
    .unwrap();
    let mut out = BytesMut::new();
    let formats = [Format::Binary, Format::Text, Format::Text];
    Rows::new(&batch).unwrap().put_data_row(0, &formats, &Zone::utc(), &mut out).unwrap();
    let expected = [
        b"D".as_slice(),
        &23_i32.to_be_bytes(),
        &3_i16.to_be_bytes(),
        &4_i32.to_be_bytes(),
        &7_i32.to_be_bytes(),
        &1_i32.to_be_bytes(),
        b"x",
        &(-1_i32).to_be_bytes(),
    ]
    .concat();
    assert_eq!(out.to_vec(), expected);
}

/// As `COPY (VALUES …) TO STDOUT` of PostgreSQL 15 writes them, in both forms.
#[test]
fn copied_fields_are_escaped() {
    let values = column(StringArray::from(vec!["a,b", "q\"x", "l1\nl2", "\\.", "back\\slash", ""]));
    let csv =
        Csv { delimiter: b',', quote: b'"', escape: b'"', null: String::new(), force_quote: false };
    let fields = |row_idx| {
        let (mut plain, mut quoted) = (BytesMut::new(), BytesMut::new());
        copy_text(&values, row_idx, b'\t', &Zone::utc(), &mut plain).unwrap();
        copy_csv(&values, row_idx, &csv, &Zone::utc(), &mut quoted).unwrap();
        (String::from_utf8(plain.to_vec()).unwrap(), String::from_utf8(quoted.to_vec()).unwrap())
    };
    let pair = |plain: &str, quoted: &str| (plain.to_owned(), quoted.to_owned());
    assert_eq!(fields(0), pair("a,b", "\"a,b\""));
    assert_eq!(fields(1), pair("q\"x", "\"q\"\"x\""));
    assert_eq!(fields(2), pair("l1\\nl2", "\"l1\nl2\""));
    assert_eq!(fields(3), pair("\\\\.", "\\."));
    assert_eq!(fields(4), pair("back\\\\slash", "back\\slash"));
    assert_eq!(fields(5), pair("", "\"\""));
}
