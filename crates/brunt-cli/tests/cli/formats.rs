//! `brunt sql` into files: each form, read again by somebody else's reader.

use std::fs::File;
use std::process::Stdio;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::ipc::reader::FileReader;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::Place;

const QUERY: &str = "SELECT value AS n, 'é' || value AS text, CASE WHEN value > 1 THEN value * 0.5 END AS half \
                     FROM generate_series(1, 3) t (value) ORDER BY n";

fn written(place: &Place, name: &str, query: &str) -> Vec<u8> {
    let path = place.path(name).display().to_string();
    let ran = place.run(&["sql", "-o", &path, query]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""), "{ran:?}");
    std::fs::read(path).unwrap()
}

fn text(place: &Place, name: &str, query: &str) -> String {
    String::from_utf8(written(place, name, query)).unwrap()
}

#[test]
fn the_ending_says_the_form() {
    let place = Place::new().with_a_log();
    assert_eq!(text(&place, "a.csv", QUERY), "n,text,half\n1,é1,\n2,é2,1.0\n3,é3,1.5\n");
    let lines = "{\"n\":1,\"text\":\"é1\"}\n{\"n\":2,\"text\":\"é2\",\"half\":1.0}\n{\"n\":3,\"text\":\"é3\",\"half\":1.5}\n";
    for name in ["a.ndjson", "a.jsonl"] {
        assert_eq!(text(&place, name, QUERY), lines);
    }
    let array = format!("[{}]\n", lines.trim_end().replace('\n', ","));
    assert_eq!(text(&place, "a.json", QUERY), array);
    assert!(text(&place, "a.md", QUERY).starts_with("| n | text | half |\n| ---: |"));
    assert!(text(&place, "a.txt", QUERY).ends_with("(3 rows)\n"));
    assert_eq!(text(&place, "none.json", "SELECT 1 AS a WHERE false"), "[]\n");
    assert_eq!(text(&place, "none.csv", "SELECT 1 AS a WHERE false"), "a\n");
}

#[test]
fn parquet_and_arrow_are_read_by_their_readers() {
    let place = Place::new().with_a_log();
    let bytes = written(&place, "a.parquet", QUERY);
    assert_eq!(bytes, written(&place, "b.parquet", QUERY), "the same answer is the same file");
    let file = File::open(place.path("a.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
    check(&reader.map(Result::unwrap).collect::<Vec<_>>());
    written(&place, "a.arrow", QUERY);
    let reader = FileReader::try_new(File::open(place.path("a.arrow")).unwrap(), None).unwrap();
    check(&reader.map(Result::unwrap).collect::<Vec<_>>());
    let ran = place.run(&[
        "sql",
        "-o",
        &place.path("logs.parquet").display().to_string(),
        "SELECT * FROM logs",
    ]);
    assert_eq!(ran.status, 0, "every column of a table has a place: {ran:?}");
}

fn check(batches: &[RecordBatch]) {
    let all = concat_batches(&batches[0].schema(), batches).unwrap();
    let names: Vec<String> =
        all.schema().fields().iter().map(|field| field.name().clone()).collect();
    assert_eq!((all.num_rows(), names), (3, vec!["n".into(), "text".into(), "half".into()]));
    let shown = arrow::util::pretty::pretty_format_batches(&[all]).unwrap().to_string();
    assert!(shown.contains("| 2 | é2   | 1.0  |"), "{shown}");
}

#[test]
fn what_cannot_be_written_says_why() {
    let place = Place::new().with_a_log();
    let ran = place.run(&["sql", "--format", "xml", "SELECT 1"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("'xml'") && ran.err.contains("parquet"), "{ran:?}");

    let nowhere = place.path("no/such/a.csv").display().to_string();
    let ran = place.run(&["sql", "-o", &nowhere, "SELECT 1"]);
    assert_eq!(ran.status, 4, "{ran:?}");
    assert!(ran.err.starts_with("error: write \"PLACE/no/such/a.csv\": "), "{ran:?}");

    let file = place.path("a.parquet").display().to_string();
    let ran = place.run(&["sql", "-o", &file, "SELECT 1, 1"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("no place for two columns \"?column?\""), "{ran:?}");
    let ran = place.run(&["sql", "-o", &file, "SELECT INTERVAL '1 day' AS i"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("no place for the interval \"i\""), "{ran:?}");
    let ran = place.run(&["sql", "-o", &file, "SELECT 1 AS a; SELECT 2 AS b"]);
    assert_eq!(ran.status, 2, "{ran:?}");
    assert!(ran.err.contains("Parquet holds one answer"), "{ran:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_is_not_a_reader_that_has_gone() {
    let place = Place::new().with_a_log();
    for format in ["table", "csv", "json", "parquet", "arrow"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let mut command = place.command(&["sql", "--format", format, "SELECT 1 AS a"]);
        let ran = place.ran(command.stdout(full));
        assert_eq!(ran.status, 4, "{format}: {ran:?}");
        assert!(ran.err.starts_with("error: write standard output: "), "{format}: {ran:?}");

        let mut command = place.command(&[
            "sql",
            "--format",
            format,
            "SELECT value FROM generate_series(1, 1000000) t (value)",
        ]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        drop(child.stdout.take());
        assert!(child.wait().unwrap().success(), "{format}");
    }
}

#[test]
fn a_query_that_fails_leaves_no_half_of_a_file() {
    let place = Place::new().with_a_log();
    let kept = place.write("old.csv", "precious\n");
    assert_eq!(place.run(&["sql", "-o", &kept, "SELECT nothing"]).status, 2);
    assert_eq!(std::fs::read_to_string(&kept).unwrap(), "precious\n");
    for name in ["half.parquet", "half.json", "half.arrow", "half.csv"] {
        let path = place.path(name);
        let query = "SELECT 1 / (value - 100000) AS x FROM generate_series(1, 100000) t (value)";
        let ran = place.run(&["sql", "-o", &path.display().to_string(), query]);
        assert_eq!(ran.status, 2, "{name}: {ran:?}");
        assert!(ran.err.contains("division by zero"), "{name}: {ran:?}");
        assert!(!path.exists(), "{name}");
    }
}

/// What a statement answers from inside the place's folder.
fn asked(place: &Place, sql: &str) -> super::Ran {
    let mut command = place.command(&["sql", "--format", "csv", sql]);
    place.ran(command.current_dir(place.folder.path()))
}

#[test]
fn files_are_read_by_name() {
    let place = Place::new().with_a_log();
    let as_csv = text(&place, "a.csv", QUERY);
    for ending in ["csv", "json", "jsonl", "ndjson", "parquet", "arrow"] {
        let name = format!("read.{ending}");
        written(&place, &name, QUERY);
        let ran = asked(&place, &format!("SELECT n, text, half FROM '{name}' ORDER BY n"));
        assert_eq!((ran.status, ran.out.as_str()), (0, as_csv.as_str()), "{name}: {ran:?}");
    }
    place.write("a.tsv", "id\tname\n1\tx, y\n");
    assert_eq!(asked(&place, "SELECT * FROM 'a.tsv'").out, "id,name\n1,\"x, y\"\n");

    place.write("days/1.jsonl", "{\"n\":1}\n");
    place.write("days/2.jsonl", "{\"n\":2,\"only\":\"here\"}\n");
    let ran = asked(&place, "SELECT n, only FROM 'days/*.jsonl' ORDER BY n");
    assert_eq!(ran.out, "n,only\n1,\n2,here\n", "{ran:?}");
    place.write("a [1].csv", "n\n7\n");
    let ran = asked(&place, "SELECT f.n, count(l.body) FROM 'a [1].csv' f, logs l GROUP BY 1");
    assert_eq!(ran.out.lines().last(), Some("7,1"), "joins tables: {ran:?}");
}

#[test]
fn a_file_that_cannot_be_read_by_name_says_why() {
    let place = Place::new().with_a_log();
    place.write("torn.parquet", "PAR1 and no more");
    place.write("text.jsonl", "no json\n");
    place.write("a.csv.gz", [0x1f, 0x8b]);
    place.write("empty.csv", "");
    for (sql, status, words) in [
        ("SELECT * FROM 'nowhere.csv'", 3, "no file \"nowhere.csv\""),
        ("SELECT * FROM 'none/*.csv'", 3, "no file \"none/*.csv\""),
        ("SELECT * FROM 'torn.parquet'", 3, "cannot read file \"torn.parquet\""),
        ("SELECT * FROM 'text.jsonl'", 3, "cannot read file \"text.jsonl\""),
        ("SELECT * FROM 'a.csv.gz'", 2, "`brunt load` reads more kinds"),
        ("SELECT * FROM 'lags'", 2, "Did you mean \"logs\"?"),
    ] {
        let ran = asked(&place, sql);
        assert_eq!((ran.status, ran.out.as_str()), (status, ""), "{sql}: {ran:?}");
        assert!(ran.err.contains(words) && !ran.err.contains("panicked"), "{sql}: {ran:?}");
    }
    let ran = asked(&place, "SELECT count(*) AS n FROM 'empty.csv'");
    assert_eq!((ran.status, ran.out.as_str()), (0, "n\n0\n"), "{ran:?}");
    // Embedded and served sessions do not reach files unless their program says so.
    let ran = place.run(&[
        "notebook",
        "run",
        &place.write("n.md", "```sql a\nSELECT * FROM 'empty.csv'\n```\n"),
    ]);
    assert!(ran.status != 0 && ran.err.contains("no table"), "{ran:?}");
}
