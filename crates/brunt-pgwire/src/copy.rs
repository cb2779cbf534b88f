//! `COPY (query) TO STDOUT` in text, CSV and binary.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use pgwire::messages::copy::{CopyDone, CopyOutResponse};

use crate::encode::{Csv, Format, Rows, Zone, copy_csv, copy_text, put_csv};
use crate::error::Report;
use crate::interrupt::Failure;
use crate::portal::{Column, Portal, Sink};

/// First bytes of a binary copy: signature, flags, length of an extension.
const BINARY_HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// How rows are written.
#[derive(Debug, Clone)]
pub(crate) enum CopyFormat {
    Text { delimiter: u8, null: String, header: bool },
    Csv { csv: Csv, header: bool },
    Binary,
}

/// Reads the options of a COPY statement.
pub(crate) fn format(options: &[(String, Option<String>)]) -> Result<CopyFormat, Report> {
    let value = |name: &str| {
        options.iter().rfind(|(option, _)| option == name).map(|(_, value)| value.as_deref())
    };
    for (name, _) in options {
        let known =
            ["format", "header", "delimiter", "null", "quote", "escape", "force_quote", "encoding"];
        if !known.contains(&name.as_str()) {
            return Err(Report::syntax(format!("option \"{name}\" not recognized")));
        }
    }
    let header = match value("header") {
        None | Some(Some("false" | "off" | "0")) => false,
        Some(None | Some("true" | "on" | "1" | "match")) => true,
        Some(Some(_)) => return Err(Report::syntax("header requires a Boolean value")),
    };
    if let Some(Some(encoding)) = value("encoding")
        && !matches!(encoding.to_ascii_uppercase().as_str(), "UTF8" | "UTF-8")
    {
        return Err(Report::new("22023", format!("encoding \"{encoding}\" is not supported")));
    }
    let byte = |name: &str, default: u8| match value(name).flatten() {
        None => Ok(default),
        Some(text) => match text.as_bytes() {
            [byte] => Ok(*byte),
            b"\\t" => Ok(b'\t'),
            _ => Err(Report::new(
                "0A000",
                format!("COPY {name} must be a single one-byte character"),
            )),
        },
    };
    let null = |default: &str| value("null").flatten().unwrap_or(default).to_owned();
    match value("format").flatten() {
        None | Some("text") => {
            Ok(CopyFormat::Text { delimiter: byte("delimiter", b'\t')?, null: null("\\N"), header })
        }
        Some("csv") => {
            let quote = byte("quote", b'"')?;
            let csv = Csv {
                delimiter: byte("delimiter", b',')?,
                quote,
                escape: byte("escape", quote)?,
                null: null(""),
                force_quote: value("force_quote").is_some(),
            };
            Ok(CopyFormat::Csv { csv, header })
        }
        Some("binary") if options.len() > 1 => {
            Err(Report::syntax("COPY in BINARY mode takes no other option"))
        }
        Some("binary") => Ok(CopyFormat::Binary),
        Some(other) => Err(Report::new("22023", format!("COPY format \"{other}\" not recognized"))),
    }
}

/// Sends the portal's rows; gives their number.
pub(crate) async fn send(
    portal: &mut Portal,
    format: &CopyFormat,
    to: &mut Sink<'_>,
) -> Result<usize, Failure> {
    let columns = Arc::clone(portal.columns());
    let code = i16::from(matches!(format, CopyFormat::Binary));
    let n_columns =
        i16::try_from(columns.len()).map_err(|_| Report::new("54011", "too many columns"))?;
    let codes = vec![code; columns.len()];
    to.output.put(&CopyOutResponse::new(i8::from(code == 1), n_columns, codes))?;
    if let Some(header) = header(&columns, format) {
        put_data(to.output.buffer(), |out| {
            out.extend_from_slice(&header);
            Ok(())
        })?;
    }
    let binary = vec![Format::Binary; columns.len()];
    let sent = portal
        .each(to, None, |rows, row_idx, zone, out| {
            put_data(out, |out| put_row(rows, row_idx, format, &binary, zone, out))
        })
        .await?;
    if matches!(format, CopyFormat::Binary) {
        put_data(to.output.buffer(), |out| {
            out.put_i16(-1);
            Ok(())
        })?;
    }
    to.output.put(&CopyDone::new())?;
    Ok(sent.n_rows)
}

fn header(columns: &[Column], format: &CopyFormat) -> Option<BytesMut> {
    let mut out = BytesMut::new();
    match format {
        CopyFormat::Binary => out.extend_from_slice(BINARY_HEADER),
        CopyFormat::Text { header: false, .. } | CopyFormat::Csv { header: false, .. } => {
            return None;
        }
        CopyFormat::Text { delimiter, .. } => {
            for (position, column) in columns.iter().enumerate() {
                if position > 0 {
                    out.put_u8(*delimiter);
                }
                out.extend_from_slice(column.name.as_bytes());
            }
            out.put_u8(b'\n');
        }
        CopyFormat::Csv { csv, .. } => {
            let csv = Csv { force_quote: false, ..csv.clone() };
            for (position, column) in columns.iter().enumerate() {
                if position > 0 {
                    out.put_u8(csv.delimiter);
                }
                put_csv(column.name.as_bytes(), &csv, &mut out);
            }
            out.put_u8(b'\n');
        }
    }
    Some(out)
}

fn put_row(
    rows: &Rows,
    row_idx: usize,
    format: &CopyFormat,
    binary: &[Format],
    zone: &Zone,
    out: &mut BytesMut,
) -> Result<(), Report> {
    let (delimiter, null) = match format {
        CopyFormat::Binary => return rows.put_fields(row_idx, binary, zone, out),
        CopyFormat::Text { delimiter, null, .. } => (*delimiter, null),
        CopyFormat::Csv { csv, .. } => (csv.delimiter, &csv.null),
    };
    for (position, column) in rows.columns().iter().enumerate() {
        if position > 0 {
            out.put_u8(delimiter);
        }
        if column.is_null(row_idx) {
            out.extend_from_slice(null.as_bytes());
            continue;
        }
        match format {
            CopyFormat::Csv { csv, .. } => copy_csv(column, row_idx, csv, zone, out)?,
            _ => copy_text(column, row_idx, delimiter, zone, out)?,
        }
    }
    out.put_u8(b'\n');
    Ok(())
}

/// Appends a `CopyData` message around what `put` writes.
fn put_data(
    out: &mut BytesMut,
    put: impl FnOnce(&mut BytesMut) -> Result<(), Report>,
) -> Result<(), Report> {
    out.put_u8(b'd');
    let start = out.len();
    out.put_i32(0);
    put(out)?;
    let length = i32::try_from(out.len() - start)
        .map_err(|_| Report::new("54000", "a row is larger than 2 GB"))?;
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(pairs: &[(&str, Option<&str>)]) -> Vec<(String, Option<String>)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect()
    }

    #[test]
    fn options_have_postgresqls_defaults() {
        assert!(matches!(
            format(&[]).unwrap(),
            CopyFormat::Text { delimiter: b'\t', null, header: false } if null == "\\N"
        ));
        assert!(matches!(
            format(&options(&[
                ("format", Some("csv")),
                ("header", None),
                ("delimiter", Some(";"))
            ]))
            .unwrap(),
            CopyFormat::Csv {
                csv: Csv { delimiter: b';', quote: b'"', escape: b'"', .. },
                header: true
            }
        ));
        assert_eq!(format(&options(&[("format", Some("parquet"))])).unwrap_err().code, "22023");
        assert_eq!(format(&options(&[("freeze", None)])).unwrap_err().code, "42601");
        assert_eq!(format(&options(&[("delimiter", Some("ab"))])).unwrap_err().code, "0A000");
    }
}
