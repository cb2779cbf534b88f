//! Where answers go, and in which form.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, ErrorKind, Write, stdout};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::json::ArrayWriter;
use brunt::Answer;
use brunt_notebook::{Format, Layout, draw};
use futures::TryStreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::args::OutputFormat;
use crate::failure::Failure;
use crate::output::{is_terminal, tell, width_max};

/// Rows that are drawn of an answer in the shell and as a table; the others are counted.
const ROWS_DRAWN_MAX: usize = 10_000;

/// The endings of files that say how they are written.
const ENDINGS: [(&str, OutputFormat); 8] = [
    ("csv", OutputFormat::Csv),
    ("json", OutputFormat::Json),
    ("ndjson", OutputFormat::Ndjson),
    ("jsonl", OutputFormat::Ndjson),
    ("md", OutputFormat::Markdown),
    ("parquet", OutputFormat::Parquet),
    ("arrow", OutputFormat::Arrow),
    ("txt", OutputFormat::Table),
];

/// Standard output or a file, and the form of what is written there.
#[derive(Debug)]
pub(in super::super) struct Destination {
    pub(in super::super) format: OutputFormat,
    path: Option<PathBuf>,
    /// Made when the first answer is there, so that a query that cannot be planned leaves an older file as it was.
    file: Option<BufWriter<File>>,
    n_answers: usize,
}

impl Destination {
    /// # Errors
    /// A form that is no text for standard output where that is a terminal.
    pub(super) fn new(asked: Option<OutputFormat>, path: Option<PathBuf>) -> Result<Self, Failure> {
        let format = asked.or_else(|| of_ending(path.as_deref()?)).unwrap_or(OutputFormat::Table);
        if holds_one(format) && path.is_none() && is_terminal() {
            return Err(Failure::usage(format!("{} is no text for a terminal", name(format)))
                .hint("Write it to a file with -o FILE."));
        }
        Ok(Self { format, path, file: None, n_answers: 0 })
    }

    /// Writes an answer. All forms but tables stream, so that any size takes little memory. Returns false where the
    /// reader has gone; of a file that broke off nothing is left.
    pub(in super::super) async fn write(&mut self, answer: Answer) -> Result<bool, Failure> {
        if answer.schema.fields().is_empty() {
            return Ok(true);
        }
        for notice in &answer.notices {
            tell(notice);
        }
        let written = self.write_rows(answer).await;
        if written.is_err() {
            self.discard();
        }
        written
    }

    async fn write_rows(&mut self, answer: Answer) -> Result<bool, Failure> {
        self.n_answers += 1;
        if self.n_answers > 1 && holds_one(self.format) {
            return Err(Failure::usage(format!("{} holds one answer", name(self.format)))
                .hint("Give one query, or another --format."));
        }
        match self.format {
            OutputFormat::Table => self.write_drawn(answer, Format::Table).await,
            OutputFormat::Expanded => self.write_drawn(answer, Format::Expanded).await,
            OutputFormat::Markdown => self.write_drawn(answer, Format::Markdown).await,
            OutputFormat::Csv => self.write_lines(answer, Format::Csv).await,
            OutputFormat::Ndjson => self.write_lines(answer, Format::Json).await,
            OutputFormat::Json => {
                let written = write_json(answer, self.writer()?).await;
                self.finish(written)
            }
            OutputFormat::Parquet => {
                check_for_parquet(&answer)?;
                let written = write_parquet(answer, self.writer()?).await;
                self.finish(written)
            }
            OutputFormat::Arrow => {
                let written = write_arrow(answer, self.writer()?).await;
                self.finish(written)
            }
        }
    }

    async fn write_drawn(&mut self, mut answer: Answer, format: Format) -> Result<bool, Failure> {
        let schema = Arc::clone(&answer.schema);
        let mut drawn: Vec<RecordBatch> = Vec::new();
        let mut n_rows = 0;
        while let Some(batch) = answer.stream.try_next().await? {
            n_rows += batch.num_rows();
            if n_rows - batch.num_rows() < ROWS_DRAWN_MAX {
                drawn.push(batch);
            }
        }
        let width_max = if self.path.is_none() { width_max() } else { None };
        let layout = Layout { format, width_max, rows_max: Some(ROWS_DRAWN_MAX) };
        let mut text = draw(&schema, &drawn, &layout)?;
        if n_rows > ROWS_DRAWN_MAX {
            text.push_str(&format!("({n_rows} rows in all; --format csv prints every one)\n"));
        }
        self.put(&text)
    }

    async fn write_lines(&mut self, mut answer: Answer, format: Format) -> Result<bool, Failure> {
        let schema = Arc::clone(&answer.schema);
        let layout = Layout { format, width_max: None, rows_max: None };
        // The header, where there is one, also of an answer without rows.
        let mut is_there = self.put(&draw(&schema, &[], &layout)?)?;
        while is_there && let Some(batch) = answer.stream.try_next().await? {
            let text = draw(&schema, &[batch], &layout)?;
            is_there = self.put(if format == Format::Csv { after_header(&text) } else { &text })?;
        }
        Ok(is_there)
    }

    fn put(&mut self, text: &str) -> Result<bool, Failure> {
        let mut to = self.writer()?;
        let written = to.write_all(text.as_bytes()).and_then(|()| to.flush());
        drop(to);
        self.finish(written.map_err(Fault::Io))
    }

    /// What the bytes of an answer are written to.
    fn writer(&mut self) -> Result<Box<dyn Write + Send + '_>, Failure> {
        let Some(path) = &self.path else { return Ok(Box::new(BufWriter::new(stdout()))) };
        let file = match self.file.take() {
            Some(file) => file,
            None => BufWriter::new(File::create(path).map_err(|error| unwritable(path, &error))?),
        };
        Ok(Box::new(self.file.insert(file)))
    }

    /// Brings what was written to where it goes.
    fn finish(&mut self, written: Result<(), Fault>) -> Result<bool, Failure> {
        let flushed = match &mut self.file {
            Some(file) => file.flush().map_err(Fault::Io),
            None => Ok(()),
        };
        let fault = match written.and(flushed) {
            Ok(()) => return Ok(true),
            Err(Fault::Io(error))
                if self.path.is_none() && error.kind() == ErrorKind::BrokenPipe =>
            {
                return Ok(false);
            }
            Err(fault) => fault,
        };
        Err(match (fault, &self.path) {
            (Fault::Query(failure), _) => failure,
            (Fault::Io(error), Some(path)) => unwritable(path, &error),
            (Fault::Io(error), None) => Failure::system("write standard output", &error),
            (Fault::Form(reason), _) => Failure::usage(format!(
                "the answer cannot be written as {}: {reason}",
                name(self.format)
            ))
            .hint("Cast the column to text, or choose another --format."),
        })
    }

    /// Takes a file away that has only a part of an answer.
    fn discard(&mut self) {
        if let (Some(_), Some(path)) = (self.file.take(), &self.path)
            && std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file())
        {
            // What cannot be removed was told of already: writing it failed.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Why an answer was not written whole.
enum Fault {
    Query(Failure),
    Io(std::io::Error),
    /// A type that the form does not have.
    Form(String),
}

impl From<brunt::Error> for Fault {
    fn from(error: brunt::Error) -> Self {
        Self::Query(error.into())
    }
}

impl From<ArrowError> for Fault {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::IoError(_, error) => Self::Io(error),
            other => Self::Form(other.to_string()),
        }
    }
}

impl From<ParquetError> for Fault {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
                Ok(error) => Self::Io(*error),
                Err(inner) => Self::Form(inner.to_string()),
            },
            other => Self::Form(other.to_string()),
        }
    }
}

async fn write_json(mut answer: Answer, to: impl Write) -> Result<(), Fault> {
    let mut writer = ArrayWriter::new(to);
    while let Some(batch) = answer.stream.try_next().await? {
        writer.write(&batch)?;
    }
    writer.finish()?;
    let mut to = writer.into_inner();
    to.write_all(b"\n").and_then(|()| to.flush()).map_err(Fault::Io)
}

async fn write_parquet(mut answer: Answer, to: impl Write + Send) -> Result<(), Fault> {
    let zstd = Compression::ZSTD(ZstdLevel::default());
    let properties = WriterProperties::builder().set_compression(zstd).build();
    let mut writer = ArrowWriter::try_new(to, Arc::clone(&answer.schema), Some(properties))?;
    while let Some(batch) = answer.stream.try_next().await? {
        writer.write(&batch)?;
    }
    let mut to = writer.into_inner()?;
    to.flush().map_err(Fault::Io)
}

async fn write_arrow(mut answer: Answer, to: impl Write) -> Result<(), Fault> {
    let mut writer = FileWriter::try_new(to, &answer.schema)?;
    while let Some(batch) = answer.stream.try_next().await? {
        writer.write(&batch)?;
    }
    writer.finish()?;
    writer.flush()?;
    Ok(())
}

/// Parquet finds columns by name, and has no intervals of months, days and time.
fn check_for_parquet(answer: &Answer) -> Result<(), Failure> {
    let is_interval = |field: &&Arc<Field>| matches!(field.data_type(), DataType::Interval(_));
    if let Some(field) = answer.schema.fields().iter().find(is_interval) {
        let message = format!("Parquet has no place for the interval \"{}\"", field.name());
        return Err(Failure::usage(message).hint("Cast it to text, or choose another --format."));
    }
    let mut seen = HashSet::new();
    let mut names = answer.schema.fields().iter().map(|field| field.name());
    match names.find(|name| !seen.insert(name.as_str())) {
        None => Ok(()),
        Some(name) => {
            Err(Failure::usage(format!("Parquet has no place for two columns \"{name}\""))
                .hint("Give one of them another name with AS."))
        }
    }
}

/// CSV without its first line; the header has no line breaks of its own.
fn after_header(csv: &str) -> &str {
    csv.split_once('\n').map_or("", |(_, rows)| rows)
}

fn of_ending(path: &Path) -> Option<OutputFormat> {
    let ending = path.extension()?.to_str()?.to_ascii_lowercase();
    ENDINGS.iter().find(|(known, _)| *known == ending).map(|(_, format)| *format)
}

/// Whether a file of this form holds one answer and no more.
fn holds_one(format: OutputFormat) -> bool {
    matches!(format, OutputFormat::Parquet | OutputFormat::Arrow)
}

fn name(format: OutputFormat) -> &'static str {
    match format {
        OutputFormat::Parquet => "Parquet",
        OutputFormat::Arrow => "Arrow",
        OutputFormat::Json | OutputFormat::Ndjson => "JSON",
        OutputFormat::Csv => "CSV",
        OutputFormat::Markdown => "Markdown",
        OutputFormat::Table | OutputFormat::Expanded => "a table",
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::system(&format!("write \"{}\"", path.display()), error)
}
