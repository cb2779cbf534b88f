//! Arrow IPC, as a file or a stream. Rows go the way of JSON records, like Parquet's.

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};

use crate::decode::Plan;
use crate::decode::parquet::{batches, unless_it_panics};
use crate::error::Error;
use crate::format::Spec;
use crate::load::Load;
use crate::read::Source;

/// What a file begins and ends with.
const FILE_MAGIC: &[u8] = b"ARROW1";
/// What each message of a stream begins with.
const STREAM_MAGIC: &[u8] = &[0xff; 4];

pub(crate) static SPEC: Spec = Spec {
    name: "arrow",
    about: "Arrow IPC files and streams; columns go by their names",
    is: |head| head.bytes.starts_with(FILE_MAGIC) || head.bytes.starts_with(STREAM_MAGIC),
    is_generic: true,
    decode,
};

type Batches = Box<dyn Iterator<Item = Result<RecordBatch, ArrowError>>>;

/// Reads an input to its end. A file's index is at its end, so it is held whole.
fn decode(plan: Plan<'_>, source: &mut Source<'_>, load: &mut Load<'_>) -> Result<(), Error> {
    let mut filler = plan.filler(source)?;
    let input = source.name().to_owned();
    let bytes = Cursor::new(source.read_whole()?);
    let reader = unless_it_panics(|| -> Result<Batches, String> {
        if bytes.get_ref().starts_with(FILE_MAGIC) {
            let reader = FileReader::try_new(bytes, None).map_err(|error| error.to_string())?;
            return Ok(Box::new(reader));
        }
        let reader = StreamReader::try_new(bytes, None).map_err(|error| error.to_string())?;
        Ok(Box::new(reader))
    });
    let reader = reader.map_err(|reason| Error::Malformed {
        input: input.clone(),
        format: SPEC.name,
        reason,
    })?;
    batches(reader, &input, SPEC.name, &mut filler, load)
}
