//! Files of this machine as tables: `FROM 'orders.parquet'`, for sessions that are allowed to read them.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::arrow::ArrowFormat;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::datasource::file_format::json::JsonFormat;
use datafusion::datasource::file_format::parquet::ParquetFormat;
use datafusion::datasource::listing::{
    ListingOptions, ListingTable, ListingTableConfig, ListingTableUrl,
};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::SessionState;
use futures::TryStreamExt;
use url::Url;

use crate::code::Code;
use crate::error::Fault;

/// The endings of names that are files, as an error lists them.
const ENDINGS: &str = ".parquet, .csv, .tsv, .json, .jsonl, .ndjson and .arrow";
/// From so many rows of a file of text come the types of its columns.
const ROWS_TYPED: usize = 100_000;

/// The rows of a file, or of all files of a pattern such as `logs/*.parquet`; `None` where the name is none of a file.
/// Files of a pattern have the columns of all of them.
///
/// # Errors
/// [`Code::InputRefused`] where no file is there or it is not what its name says, [`Code::NotSupported`] for a file
/// that cannot be read as it is.
pub(crate) async fn table(
    state: &SessionState,
    name: &str,
) -> Result<Option<Arc<dyn TableProvider>>> {
    let path = Path::new(name);
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    let Some(format) = format(ending, path) else {
        if !ending.is_empty() && path.is_file() {
            let fault = Fault::new(Code::NotSupported, format!("cannot query file \"{name}\""));
            let hint = format!("{ENDINGS} files can be queried; `brunt load` reads more kinds.");
            return Err(fault.with_hint(hint).into());
        }
        return Ok(None);
    };
    let options = ListingOptions::new(format).with_file_extension(format!(".{ending}"));
    let url = url(path, name)?;
    let store = state.runtime_env().object_store(&url)?;
    let mut files = url.list_all_files(state, store.as_ref(), "").await?;
    if files.try_next().await?.is_none() {
        let fault = Fault::new(Code::InputRefused, format!("no file \"{name}\""));
        let hint = match std::env::current_dir() {
            Ok(folder) if path.is_relative() => {
                format!("Names of files are looked for in {}.", folder.display())
            }
            _ => "A pattern such as 'logs/*.parquet' names several files.".to_owned(),
        };
        return Err(fault.with_hint(hint).into());
    }
    drop(files);
    let config = ListingTableConfig::new(url).with_listing_options(options);
    let config = config.infer_schema(state).await.map_err(|error| unreadable(name, &error))?;
    Ok(Some(Arc::new(ListingTable::try_new(config)?)))
}

/// How files of this ending are read; `None` where it is none of ours.
fn format(ending: &str, path: &Path) -> Option<Arc<dyn FileFormat>> {
    let csv = |delimiter| {
        let csv = CsvFormat::default().with_has_header(true).with_delimiter(delimiter);
        csv.with_schema_infer_max_rec(ROWS_TYPED)
    };
    let json = |lines| {
        let json = JsonFormat::default().with_newline_delimited(lines);
        json.with_schema_infer_max_rec(ROWS_TYPED)
    };
    Some(match ending {
        "parquet" => Arc::new(ParquetFormat::default()),
        "csv" => Arc::new(csv(b',')),
        "tsv" => Arc::new(csv(b'\t')),
        "json" => Arc::new(json(!begins_with_array(path))),
        "jsonl" | "ndjson" => Arc::new(json(true)),
        "arrow" => Arc::new(ArrowFormat),
        _ => return None,
    })
}

/// Whether the file is one array of records, not a record a line.
fn begins_with_array(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    let mut bytes = BufReader::new(file).bytes().map_while(Result::ok);
    bytes.find(|byte| !byte.is_ascii_whitespace()) == Some(b'[')
}

/// A file that is there is meant as it is written; else the name may be a pattern.
fn url(path: &Path, name: &str) -> Result<ListingTableUrl> {
    let file = path.canonicalize().ok().filter(|file| file.is_file());
    match file.and_then(|file| Url::from_file_path(file).ok()) {
        Some(url) => ListingTableUrl::try_new(url, None),
        None => ListingTableUrl::parse(name),
    }
}

fn unreadable(name: &str, error: &DataFusionError) -> DataFusionError {
    let what = error.message();
    let what = what.lines().next().unwrap_or_default();
    let fault = Fault::new(Code::InputRefused, format!("cannot read file \"{name}\": {what}"));
    fault.with_hint("Its ending says how it is read; another kind needs another name.").into()
}
