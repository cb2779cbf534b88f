//! Input bytes in blocks of whole records: decompressed, bounded, and with their line numbers.

use std::cell::Cell;
use std::io::{BufReader, Cursor, ErrorKind, Read};
use std::rc::Rc;

use memchr::{memchr2_iter, memrchr};

use crate::error::Error;
use crate::load::Place;

/// Bytes that are looked at to tell what an input is.
pub(crate) const HEAD_BYTES: usize = 64 * 1024;
/// Blocks are about this long, so that many records share one buffer and memory stays bounded.
const BLOCK_BYTES: usize = 4 * 1024 * 1024;
/// A stream is read in steps of at least this many bytes.
const STEP_BYTES: usize = 256 * 1024;
/// No record may be longer: its texts' offsets are 32 bits wide.
pub(crate) const RECORD_BYTES_MAX: usize = 1024 * 1024 * 1024;
/// A JSON document up to this size is held whole.
pub(crate) const WHOLE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// An input that grows more than this many times when decompressed is taken for a bomb. Telemetry shrinks 10 to 60 times.
const EXPANSION_MAX: u64 = 500;
/// Below this size nobody minds.
const EXPANSION_FREE_BYTES: u64 = 64 * 1024 * 1024;

/// Where one record ends and the next begins.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Split {
    Lines,
    /// Lines, but those inside quotes do not count.
    Csv,
    /// The whole input is one block.
    Whole,
    /// Whole records, as many as there are, end at this byte; `None` where not even one is whole.
    By(fn(&[u8]) -> Option<usize>),
}

/// Some whole records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Block<'b> {
    pub(crate) bytes: &'b [u8],
    /// Line of its first byte, from 1.
    pub(crate) first_line: u64,
}

/// Opens an input once more, from its beginning.
pub(crate) type Reopen<'r> = &'r mut dyn FnMut() -> std::io::Result<Box<dyn Read>>;

pub(crate) struct Source<'r> {
    name: String,
    reopen: Option<Reopen<'r>>,
    /// JSON documents longer than this are read in parts.
    whole_bytes_max: usize,
    reader: Box<dyn Read + 'r>,
    compression: Option<&'static str>,
    buffer: Vec<u8>,
    /// Bytes of the buffer that were given out already.
    n_used: usize,
    /// Where the first byte stands that was not given out yet.
    place: Place,
    offset: u64,
    ended: bool,
}

impl<'r> Source<'r> {
    /// Opens an input, decompresses it where its first bytes say so, and drops a byte order mark.
    pub(crate) fn open(name: &str, reader: &'r mut dyn Read) -> Result<Self, Error> {
        Self::open_reader(name, Box::new(reader))
    }

    /// Says how an input may be read once more, and how long a document is held whole.
    pub(crate) fn with(mut self, reopen: Option<Reopen<'r>>, whole_bytes_max: usize) -> Self {
        (self.reopen, self.whole_bytes_max) = (reopen, whole_bytes_max);
        self
    }

    fn open_reader(name: &str, reader: Box<dyn Read + 'r>) -> Result<Self, Error> {
        let n_in = Rc::new(Cell::new(0));
        let mut counted = Counted { inner: reader, n_bytes: Rc::clone(&n_in) };
        let mut magic = Vec::with_capacity(4);
        let unreadable = |source| Error::Unreadable { input: name.to_owned(), source };
        Read::by_ref(&mut counted).take(4).read_to_end(&mut magic).map_err(unreadable)?;
        let compression = compression_of(&magic);
        let whole = Cursor::new(magic).chain(counted);
        let guarded = |inner| -> Box<dyn Read + 'r> { Box::new(Guarded { inner, n_in, n_out: 0 }) };
        let reader: Box<dyn Read + 'r> = match compression {
            Some("gzip") => {
                guarded(Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole))))
            }
            Some(_) => {
                guarded(Box::new(zstd::stream::read::Decoder::new(whole).map_err(unreadable)?))
            }
            None => Box::new(whole),
        };
        let mut source = Self {
            name: name.to_owned(),
            reopen: None,
            whole_bytes_max: WHOLE_BYTES_MAX,
            reader,
            compression,
            buffer: Vec::new(),
            n_used: 0,
            place: Place { line: 1, column: Some(1) },
            offset: 0,
            ended: false,
        };
        source.fill(HEAD_BYTES)?;
        if source.buffer.starts_with(b"\xef\xbb\xbf") {
            source.buffer.drain(..3);
        }
        Ok(source)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The first bytes; all of them where the input is shorter than [`HEAD_BYTES`].
    pub(crate) fn head(&self) -> &[u8] {
        self.buffer.get(self.n_used..).unwrap_or_default()
    }

    /// Whether there is something in the input that [`Self::again`] can read again.
    pub(crate) fn can_reopen(&self) -> bool {
        self.reopen.is_some()
    }

    /// The input once more, from the byte at which this one stands.
    pub(crate) fn again(&mut self, offset: u64) -> Result<Option<Source<'static>>, Error> {
        let Some(reopen) = &mut self.reopen else { return Ok(None) };
        let reader =
            reopen().map_err(|source| Error::Unreadable { input: self.name.clone(), source })?;
        let mut again = Source::open_reader(&self.name, reader)?;
        again.whole_bytes_max = self.whole_bytes_max;
        while again.offset < offset {
            let n_ahead = again.ahead(1)?.len();
            let n_missing = usize::try_from(offset - again.offset).unwrap_or(usize::MAX);
            again.advance(n_ahead.min(n_missing));
            if n_ahead == 0 {
                break;
            }
        }
        Ok(Some(again))
    }

    /// Documents longer than this are read in parts.
    pub(crate) fn whole_bytes_max(&self) -> usize {
        self.whole_bytes_max
    }

    /// Parts are about this long.
    pub(crate) fn part_bytes(&self) -> usize {
        self.whole_bytes_max.min(BLOCK_BYTES)
    }

    /// Where the first byte stands that was not given out yet.
    pub(crate) fn place(&self) -> Place {
        self.place
    }

    /// How many bytes were given out.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// The bytes that come next, at least this many; fewer only at the end.
    pub(crate) fn ahead(&mut self, n_bytes: usize) -> Result<&[u8], Error> {
        if self.buffer.len() - self.n_used < n_bytes && !self.ended {
            self.discard_used();
            self.fill(n_bytes.max(STEP_BYTES))?;
        }
        Ok(self.buffer.get(self.n_used..).unwrap_or_default())
    }

    /// Gives out bytes that [`Self::ahead`] showed.
    pub(crate) fn advance(&mut self, n_bytes: usize) {
        let n_used = (self.n_used + n_bytes).min(self.buffer.len());
        let bytes = self.buffer.get(self.n_used..n_used).unwrap_or_default();
        self.place = self.place.after(bytes);
        self.offset += bytes.len() as u64;
        self.n_used = n_used;
    }

    /// Whether the next record is longer than may be held whole.
    pub(crate) fn is_long(&mut self, split: Split) -> Result<bool, Error> {
        let n_max = self.whole_bytes_max;
        let mut n_bytes = BLOCK_BYTES.min(n_max + 1);
        loop {
            let bytes = self.ahead(n_bytes)?;
            let seen = bytes.get(..n_max + 1).unwrap_or(bytes);
            let is_whole = matches!(split, Split::Lines) && memchr::memchr(b'\n', seen).is_some();
            if is_whole || bytes.len() < n_bytes {
                return Ok(false);
            }
            if n_bytes > n_max {
                return Ok(true);
            }
            n_bytes = (n_bytes * 2).min(n_max + 1);
        }
    }

    /// The next whole records; `None` at the end.
    pub(crate) fn next_block(&mut self, split: Split) -> Result<Option<Block<'_>>, Error> {
        self.discard_used();
        let mut n_wanted = self.part_bytes().max(1);
        let n_whole = loop {
            self.fill(n_wanted)?;
            if self.buffer.is_empty() {
                return Ok(None);
            }
            if self.ended {
                break self.buffer.len();
            }
            match whole_records(&self.buffer, split) {
                Some(n_whole) => break n_whole,
                None if n_wanted >= RECORD_BYTES_MAX => return Err(self.too_large()),
                None => n_wanted *= 2,
            }
        };
        let first_line = self.place.line;
        self.advance(n_whole);
        let bytes = self.buffer.get(..n_whole).unwrap_or_default();
        Ok(Some(Block { bytes, first_line }))
    }

    /// The next record is longer than any may be.
    pub(crate) fn too_large(&self) -> Error {
        Error::TooLarge { input: self.name.clone(), what: "record", bytes_max: RECORD_BYTES_MAX }
    }

    fn discard_used(&mut self) {
        self.buffer.drain(..self.n_used);
        self.n_used = 0;
        // One long record is no reason to hold as much for all that follow.
        let n_held = self.buffer.len().max(2 * BLOCK_BYTES);
        if self.buffer.capacity() > 2 * n_held {
            self.buffer.shrink_to(n_held);
        }
    }

    /// All bytes that are left, for formats that need random access.
    pub(crate) fn read_whole(&mut self) -> Result<Vec<u8>, Error> {
        Ok(self.next_block(Split::Whole)?.map(|block| block.bytes.to_vec()).unwrap_or_default())
    }

    /// Reads until the buffer has this many bytes or the input has ended.
    fn fill(&mut self, n_bytes: usize) -> Result<(), Error> {
        let n_missing = n_bytes.saturating_sub(self.buffer.len());
        if self.ended || n_missing == 0 {
            return Ok(());
        }
        let n_read = Read::by_ref(&mut self.reader)
            .take(n_missing as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|error| read_error(&self.name, self.compression, error))?;
        self.ended = n_read < n_missing;
        Ok(())
    }
}

/// `gzip` or `zstd`, by the first bytes.
pub(crate) fn compression_of(head: &[u8]) -> Option<&'static str> {
    if head.starts_with(b"\x1f\x8b") {
        Some("gzip")
    } else if head.starts_with(b"\x28\xb5\x2f\xfd") {
        Some("zstd")
    } else {
        None
    }
}

/// Bytes up to the end of the last whole record.
fn whole_records(bytes: &[u8], split: Split) -> Option<usize> {
    match split {
        Split::Whole => None,
        Split::By(whole_records) => whole_records(bytes),
        Split::Lines => memrchr(b'\n', bytes).map(|newline| newline + 1),
        Split::Csv => {
            let mut quoted = false;
            let mut n_whole = None;
            for at in memchr2_iter(b'"', b'\n', bytes) {
                match bytes.get(at) {
                    Some(b'"') => quoted = !quoted,
                    _ if !quoted => n_whole = Some(at + 1),
                    _ => {}
                }
            }
            n_whole
        }
    }
}

fn read_error(name: &str, compression: Option<&'static str>, error: std::io::Error) -> Error {
    let broken = matches!(
        error.kind(),
        ErrorKind::InvalidData
            | ErrorKind::InvalidInput
            | ErrorKind::UnexpectedEof
            | ErrorKind::Other
    );
    match compression {
        Some(format) if broken => {
            Error::Malformed { input: name.to_owned(), format, reason: error.to_string() }
        }
        _ => Error::Unreadable { input: name.to_owned(), source: error },
    }
}

struct Counted<R> {
    inner: R,
    n_bytes: Rc<Cell<u64>>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        self.n_bytes.set(self.n_bytes.get() + n_read as u64);
        Ok(n_read)
    }
}

/// Stops decompression bombs.
struct Guarded<'r> {
    inner: Box<dyn Read + 'r>,
    n_in: Rc<Cell<u64>>,
    n_out: u64,
}

impl Read for Guarded<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let n_read = self.inner.read(buffer)?;
        self.n_out += n_read as u64;
        let n_allowed = EXPANSION_FREE_BYTES.max(self.n_in.get().saturating_mul(EXPANSION_MAX));
        if self.n_out > n_allowed {
            let reason = format!("it grows more than {EXPANSION_MAX} times when decompressed");
            return Err(std::io::Error::new(ErrorKind::InvalidData, reason));
        }
        Ok(n_read)
    }
}

impl std::fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn blocks(mut bytes: &[u8], split: Split) -> Result<Vec<(u64, String)>, Error> {
        let mut source = Source::open("x", &mut bytes)?;
        let mut blocks = Vec::new();
        while let Some(block) = source.next_block(split)? {
            blocks.push((block.first_line, String::from_utf8_lossy(block.bytes).into_owned()));
        }
        Ok(blocks)
    }

    #[test]
    fn blocks_hold_whole_lines_and_know_their_number() {
        let line = "x".repeat(1_000_000) + "\n";
        let read = blocks(line.repeat(9).as_bytes(), Split::Lines).unwrap();
        let lines: Vec<_> =
            read.iter().map(|(line, text)| (*line, text.len() / line_len())).collect();
        assert_eq!(lines, [(1, 4), (5, 4), (9, 1)]);
        #[expect(
            clippy::items_after_statements,
            reason = "it says what the lines above are made of"
        )]
        fn line_len() -> usize {
            1_000_001
        }
    }

    #[test]
    fn a_line_longer_than_a_block_stays_whole() {
        let text = "x".repeat(9_000_000) + "\ny";
        let text = text.repeat(3);
        let read = blocks(text.as_bytes(), Split::Lines).unwrap();
        let lengths: Vec<_> = read.iter().map(|(line, text)| (*line, text.len())).collect();
        assert_eq!(lengths, [(1, 9_000_001), (2, 9_000_002), (3, 9_000_003)]);
    }

    #[test]
    fn line_breaks_in_quotes_do_not_end_a_csv_record() {
        assert_eq!(whole_records(b"a,\"b\nc\"\"\n\"\nd,\"", Split::Csv), Some(11));
        assert_eq!(whole_records(b"\"a\nb\n", Split::Csv), None);
    }

    #[test]
    fn compressed_inputs_are_read_and_a_byte_order_mark_is_dropped() {
        let text = b"\xef\xbb\xbfhello\n";
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gz.write_all(text).unwrap();
        for bytes in [text.to_vec(), gz.finish().unwrap(), zstd::encode_all(&text[..], 3).unwrap()]
        {
            assert_eq!(blocks(&bytes, Split::Lines).unwrap(), [(1, "hello\n".to_owned())]);
        }
    }

    #[test]
    fn bombs_and_broken_archives_are_clear_errors() {
        let bomb = zstd::encode_all(&vec![b'0'; 200_000_000][..], 3).unwrap();
        let error = blocks(&bomb, Split::Lines).unwrap_err();
        assert!(error.to_string().contains("grows more than 500 times"), "{error}");
        let whole = zstd::encode_all(&b"hello\n"[..], 3).unwrap();
        assert!(matches!(
            blocks(&whole[..whole.len() - 2], Split::Lines),
            Err(Error::Malformed { .. })
        ));
        assert!(blocks(b"\x1f\x8bnonsense", Split::Lines).is_err());
        assert!(blocks(b"", Split::Lines).unwrap().is_empty());
    }
}
