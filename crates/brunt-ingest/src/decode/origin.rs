//! Where a text that a decoder reads stands in its input.

use crate::load::Place;

/// Where a text stands, or the pieces that it was put together from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    first: Place,
    /// Pieces behind the first: where each begins in the text, and where it stands.
    more: Vec<(usize, Place)>,
}

impl Origin {
    /// Of a text that begins with a line.
    pub(crate) fn line(line: u64) -> Self {
        Self::at(Place { line, column: Some(1) })
    }

    /// Of a text whose lines are the input's records, which have no columns.
    pub(crate) fn record(record: u64) -> Self {
        Self::at(Place { line: record, column: None })
    }

    pub(crate) fn at(first: Place) -> Self {
        Self { first, more: Vec::new() }
    }

    /// What comes next stands elsewhere. `at` is where it begins in the text.
    pub(crate) fn push(&mut self, at: usize, place: Place) {
        self.more.push((at, place));
    }

    /// Line and column of a byte of the text.
    pub(crate) fn place(&self, text: &str, at: usize) -> Place {
        let bytes = text.as_bytes();
        let at = at.min(bytes.len());
        let piece = self.more.iter().rev().find(|(start, _)| *start <= at);
        let (start, place) = piece.copied().unwrap_or((0, self.first));
        place.after(bytes.get(start..at).unwrap_or_default())
    }
}

impl Place {
    /// The place behind these bytes.
    pub(crate) fn after(self, bytes: &[u8]) -> Self {
        let n_lines = memchr::memchr_iter(b'\n', bytes).count() as u64;
        let column = self.column.map(|column| match memchr::memrchr(b'\n', bytes) {
            Some(newline) => (bytes.len() - newline) as u64,
            None => column + bytes.len() as u64,
        });
        Self { line: self.line + n_lines, column }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_has_the_place_of_its_piece() {
        let text = "ab\ncd|ef\ngh";
        let mut origin = Origin::line(7);
        origin.push(6, Place { line: 20, column: Some(5) });
        let places = [0, 2, 3, 6, 8, 9, 99].map(|at| {
            let place = origin.place(text, at);
            (place.line, place.column.unwrap())
        });
        assert_eq!(places, [(7, 1), (7, 3), (8, 1), (20, 5), (20, 7), (21, 1), (21, 3)]);
        assert_eq!(Origin::record(3).place(text, 4).line, 4);
    }
}
