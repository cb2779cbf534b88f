//! Arrow IPC, as a file or a stream. Rows go the way of JSON records, like Parquet's.

use std::io::Cursor;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::ipc::reader::{FileReader, StreamReader};
use arrow::ipc::{root_as_footer, root_as_message};

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
    let mut filler = plan.filler(source, load)?;
    let input = source.name().to_owned();
    let bytes = Cursor::new(source.read_whole()?);
    let reader = unless_it_panics(|| -> Result<Batches, String> {
        let sound =
            if bytes.get_ref().starts_with(FILE_MAGIC) { is_sound_file } else { is_sound_stream };
        sound(bytes.get_ref()).ok_or("a message is longer than the input, or is none")?;
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

/// Whether the blocks of a file lie inside it. The reader takes memory for them before it looks.
fn is_sound_file(bytes: &[u8]) -> Option<()> {
    let end = bytes.len().checked_sub(10)?;
    let footer_len = usize::try_from(i32_at(bytes, end)?).ok()?;
    let footer = root_as_footer(bytes.get(end.checked_sub(footer_len)?..end)?).ok()?;
    let blocks = footer.recordBatches().into_iter().flatten();
    for block in blocks.chain(footer.dictionaries().into_iter().flatten()) {
        let offset = usize::try_from(block.offset()).ok()?;
        let metadata_len = usize::try_from(block.metaDataLength()).ok()?;
        let body_len = usize::try_from(block.bodyLength()).ok()?;
        let body_end = offset.checked_add(metadata_len)?.checked_add(body_len)?;
        bytes.get(offset..body_end)?;
        message_at(bytes, offset)?;
    }
    Some(())
}

/// Whether the messages of a stream lie inside it.
fn is_sound_stream(bytes: &[u8]) -> Option<()> {
    let mut at = 0;
    while at < bytes.len() {
        let next = message_at(bytes, at)?;
        // The mark that ends a stream has no length.
        if next == at {
            break;
        }
        at = next;
    }
    Some(())
}

/// Where what comes after a message begins; the same place for the mark that ends a stream.
fn message_at(bytes: &[u8], at: usize) -> Option<usize> {
    let mut start = at;
    let mut metadata_len = i32_at(bytes, start)?;
    if metadata_len == -1 {
        start += 4;
        metadata_len = i32_at(bytes, start)?;
    }
    start += 4;
    if metadata_len == 0 {
        return Some(at);
    }
    let body = start.checked_add(usize::try_from(metadata_len).ok()?)?;
    let message = root_as_message(bytes.get(start..body)?).ok()?;
    // A row takes a bit at least, where it takes anything.
    let n_rows = message.header_as_record_batch().map_or(0, |batch| batch.length());
    if usize::try_from(n_rows).ok()? > bytes.len().checked_mul(8)? {
        return None;
    }
    let next = body.checked_add(usize::try_from(message.bodyLength()).ok()?)?;
    bytes.get(body..next)?;
    Some(next)
}

fn i32_at(bytes: &[u8], at: usize) -> Option<i32> {
    let four = bytes.get(at..at.checked_add(4)?)?;
    Some(i32::from_le_bytes(four.try_into().ok()?))
}
