//! Protobuf's wire format: the fields of a message, one after another, each with its number and kind.

/// A field's value, as far as the wire tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wire<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Fixed32([u8; 4]),
    Bytes(&'a [u8]),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Field<'a> {
    pub(super) number: u64,
    pub(super) wire: Wire<'a>,
    /// Its length goes beyond the message's end; these are the bytes that there are.
    pub(super) is_cut: bool,
}

/// Bytes that are no field: the message cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damage {
    pub(super) code: &'static str,
    pub(super) reason: &'static str,
}

pub(super) const CUT: Damage =
    Damage { code: "protobuf_truncated", reason: "the protobuf message ends too early" };
const NO_FIELD: Damage =
    Damage { code: "protobuf_syntax", reason: "the bytes are no field of a protobuf message" };

/// The fields of a message.
#[derive(Debug, Clone)]
pub(super) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(super) fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Bytes behind the fields that were read.
    pub(super) fn n_left(&self) -> usize {
        self.rest.len()
    }

    fn field(&mut self) -> Result<Field<'a>, Damage> {
        let tag = self.varint()?;
        let (number, kind) = (tag >> 3, tag & 7);
        if number == 0 || number >= 1 << 29 {
            return Err(NO_FIELD);
        }
        let mut is_cut = false;
        let wire = match kind {
            0 => Wire::Varint(self.varint()?),
            1 => Wire::Fixed64(self.fixed()?),
            5 => Wire::Fixed32(self.fixed()?),
            2 => {
                let len = usize::try_from(self.varint()?).map_err(|_| NO_FIELD)?;
                is_cut = len > self.rest.len();
                let (bytes, rest) = self.rest.split_at(len.min(self.rest.len()));
                self.rest = rest;
                Wire::Bytes(bytes)
            }
            _ => return Err(NO_FIELD),
        };
        Ok(Field { number, wire, is_cut })
    }

    /// Seven bits a byte, the low ones first.
    fn varint(&mut self) -> Result<u64, Damage> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first().ok_or(CUT)?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(NO_FIELD)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Damage> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or(CUT)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Damage>;

    /// The next field; after damage there is none.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(bytes: &[u8]) -> Vec<Result<Field<'_>, Damage>> {
        Fields::new(bytes).collect()
    }

    #[test]
    fn fields_have_numbers_and_values() {
        let bytes = b"\x08\x96\x01\x12\x02hi\x19\x01\0\0\0\0\0\0\0\x25\x02\0\0\0\xfa\x3e\x00";
        let read: Vec<_> = fields(bytes).into_iter().map(|field| field.unwrap()).collect();
        assert_eq!(
            read.iter().map(|field| (field.number, field.wire)).collect::<Vec<_>>(),
            [
                (1, Wire::Varint(150)),
                (2, Wire::Bytes(b"hi")),
                (3, Wire::Fixed64([1, 0, 0, 0, 0, 0, 0, 0])),
                (4, Wire::Fixed32([2, 0, 0, 0])),
                (1007, Wire::Bytes(b"")),
            ]
        );
    }

    #[test]
    fn what_is_no_field_is_damage_and_ends_the_message() {
        for (bytes, damage) in [
            (&b"\x08"[..], CUT),
            (b"\x08\xff", CUT),
            (b"\x0d\x01\x02", CUT),
            (b"\x00\x01\x08\x01", NO_FIELD),
            (b"\x0b\x08\x01", NO_FIELD),
            (b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", NO_FIELD),
        ] {
            assert_eq!(fields(bytes), [Err(damage)], "{bytes:?}");
        }
        let cut = Field { number: 1, wire: Wire::Bytes(b"ab"), is_cut: true };
        assert_eq!(fields(b"\x0a\x05ab"), [Ok(cut)]);
    }

    proptest! {
        #[test]
        fn it_never_panics_and_always_ends(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(fields(&bytes).len() <= bytes.len());
        }
    }
}
