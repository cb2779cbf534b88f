//! What a load has seen under each identity: the latest in memory, all before it in sorted files that are deleted when
//! the load ends, so that a load of any size keeps about two bytes a row in memory.
//!
//! ```text
//! put ─► memory ──full──► run ─► run ─► ... ──as many of one size as FAN_IN──► one run
//! get ─► memory, then runs from the newest, each asked first by its filter (Bloom 1970, one cache line a key:
//!        Putze, Sanders & Singler 2009), then in the one block of its file that can hold the key
//! ```

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use crate::by_hash::ByHash;

/// Rows that are kept in memory: as many as fill a table of 2^18 slots.
const IN_MEMORY_MAX: usize = 229_376;

/// Runs of one size that become one of the next.
const FAN_IN: usize = 8;

/// Entries of a run that are read at once.
const BLOCK: usize = 64;

/// A key, then what is known of it: 16, 16 and five times 4 bytes.
const ENTRY_BYTES: usize = 52;

/// A map that spills. A value that is put again takes the place of the one before.
#[derive(Debug)]
pub(super) struct SeenRows {
    in_memory: ByHash<Halves, Seen>,
    in_memory_max: usize,
    /// From the oldest; the sizes never grow.
    runs: Vec<Run>,
}

/// What is known under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) content: Halves,
    pub(super) n_filled: u32,
    /// Copies that are stored, for rows without a key of their own.
    pub(super) n_stored: u32,
    /// The load that met it last, and how many copies that load has met.
    pub(super) load_idx: u32,
    pub(super) n_in_load: u32,
    /// The load that the stored copy came from, of those that are judged now.
    pub(super) holder_idx: u32,
}

/// No load of those that are judged now.
pub(super) const NO_LOAD: u32 = u32::MAX;

/// A wide number whose alignment pads nothing: upper half, lower half.
pub(super) type Halves = (u64, u64);

#[derive(Debug)]
struct Run {
    file: File,
    /// The first key of each block.
    firsts: Vec<u128>,
    filter: Filter,
    n_entries: usize,
    /// How often its entries were merged.
    tier: u32,
}

/// Says "no" or "perhaps": about one "perhaps" in five hundred is wrong.
#[derive(Debug)]
struct Filter {
    blocks: Vec<[u64; 8]>,
}

impl Default for SeenRows {
    fn default() -> Self {
        Self::with_memory_of(IN_MEMORY_MAX)
    }
}

impl SeenRows {
    fn with_memory_of(in_memory_max: usize) -> Self {
        Self { in_memory: ByHash::default(), in_memory_max, runs: Vec::new() }
    }

    /// # Errors
    /// Where a temporary file cannot be read.
    pub(super) fn get(&self, key: u128) -> io::Result<Option<Seen>> {
        if let Some(seen) = self.in_memory.get(&halves(key)) {
            return Ok(Some(*seen));
        }
        for run in self.runs.iter().rev() {
            if let Some(seen) = run.get(key)? {
                return Ok(Some(seen));
            }
        }
        Ok(None)
    }

    /// # Errors
    /// Where a temporary file cannot be written or read.
    pub(super) fn put(&mut self, key: u128, seen: Seen) -> io::Result<()> {
        self.in_memory.insert(halves(key), seen);
        if self.in_memory.len() >= self.in_memory_max { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> io::Result<()> {
        let mut entries: Vec<(u128, Seen)> =
            self.in_memory.drain().map(|(key, seen)| (whole(key), seen)).collect();
        entries.sort_unstable_by_key(|(key, _)| *key);
        let mut writer = RunWriter::new(entries.len(), 0)?;
        for (key, seen) in entries {
            writer.push(key, &seen)?;
        }
        self.runs.push(writer.finish()?);
        while let Some(tier) = self.runs.last().map(|run| run.tier)
            && self.runs.iter().filter(|run| run.tier == tier).count() >= FAN_IN
        {
            let merged = self.runs.split_off(self.runs.len() - FAN_IN);
            self.runs.push(merge(merged, tier + 1)?);
        }
        Ok(())
    }
}

/// One run of several, given from the oldest: of equal keys the newest is kept.
fn merge(runs: Vec<Run>, tier: u32) -> io::Result<Run> {
    let mut writer = RunWriter::new(runs.iter().map(|run| run.n_entries).sum(), tier)?;
    let mut readers = runs.into_iter().map(RunReader::new).collect::<io::Result<Vec<_>>>()?;
    while let Some(key) = readers.iter().filter_map(|reader| Some(reader.next?.0)).min() {
        let mut newest = None;
        for reader in &mut readers {
            if let Some((_, seen)) = reader.next.filter(|(own, _)| *own == key) {
                newest = Some(seen);
                reader.step()?;
            }
        }
        if let Some(seen) = newest {
            writer.push(key, &seen)?;
        }
    }
    writer.finish()
}

impl Run {
    fn get(&self, key: u128) -> io::Result<Option<Seen>> {
        // The filter is one look into memory, the place many.
        if !self.filter.may_hold(key) {
            return Ok(None);
        }
        let block = self.firsts.partition_point(|first| *first <= key);
        if block == 0 {
            return Ok(None);
        }
        let first = (block - 1) * BLOCK;
        let n_entries = BLOCK.min(self.n_entries - first);
        let mut bytes = [0; BLOCK * ENTRY_BYTES];
        let bytes = &mut bytes[..n_entries * ENTRY_BYTES];
        let mut file = &self.file;
        file.seek(SeekFrom::Start((first * ENTRY_BYTES) as u64))?;
        file.read_exact(bytes)?;
        let mut entries = bytes.chunks_exact(ENTRY_BYTES).map(decode);
        Ok(entries.find(|(own, _)| *own == key).map(|(_, seen)| seen))
    }
}

/// Writes a run in the order of its keys.
struct RunWriter {
    out: BufWriter<File>,
    run: Run,
}

impl RunWriter {
    fn new(n_entries_max: usize, tier: u32) -> io::Result<Self> {
        let file = tempfile::tempfile()?;
        let run = Run {
            file: file.try_clone()?,
            firsts: Vec::with_capacity(n_entries_max.div_ceil(BLOCK)),
            filter: Filter::for_keys(n_entries_max),
            n_entries: 0,
            tier,
        };
        Ok(Self { out: BufWriter::new(file), run })
    }

    fn push(&mut self, key: u128, seen: &Seen) -> io::Result<()> {
        if self.run.n_entries.is_multiple_of(BLOCK) {
            self.run.firsts.push(key);
        }
        self.run.n_entries += 1;
        self.run.filter.add(key);
        self.out.write_all(&encode(key, seen))
    }

    fn finish(mut self) -> io::Result<Run> {
        self.out.flush()?;
        Ok(self.run)
    }
}

/// Reads a run in the order of its keys.
struct RunReader {
    file: BufReader<File>,
    n_left: usize,
    next: Option<(u128, Seen)>,
}

impl RunReader {
    fn new(run: Run) -> io::Result<Self> {
        let Run { mut file, n_entries, .. } = run;
        file.seek(SeekFrom::Start(0))?;
        let mut reader = Self { file: BufReader::new(file), n_left: n_entries, next: None };
        reader.step()?;
        Ok(reader)
    }

    fn step(&mut self) -> io::Result<()> {
        self.next = None;
        if self.n_left > 0 {
            self.n_left -= 1;
            let mut bytes = [0; ENTRY_BYTES];
            self.file.read_exact(&mut bytes)?;
            self.next = Some(decode(&bytes));
        }
        Ok(())
    }
}

impl Filter {
    /// Sixteen bits a key.
    fn for_keys(n_keys: usize) -> Self {
        Self { blocks: vec![[0; 8]; n_keys.div_ceil(32).max(1)] }
    }

    fn add(&mut self, key: u128) {
        let (block, bits) = self.place(key);
        for bit in bits {
            self.blocks[block][bit / 64] |= 1 << (bit % 64);
        }
    }

    fn may_hold(&self, key: u128) -> bool {
        let (block, bits) = self.place(key);
        let block = &self.blocks[block];
        bits.iter().all(|bit| block[bit / 64] & (1 << (bit % 64)) != 0)
    }

    /// A block by the upper half of the key, six bits of it by the lower: keys are hashes, so their bits are chance.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a block is one of those there are; bits are masked"
    )]
    fn place(&self, key: u128) -> (usize, [usize; 6]) {
        let (upper, lower) = halves(key);
        let block = (u128::from(upper) * self.blocks.len() as u128) >> 64;
        let bit = |n: usize| (lower >> (9 * n)) as usize & 511;
        (block as usize, [bit(0), bit(1), bit(2), bit(3), bit(4), bit(5)])
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the lower half is what is wanted")]
pub(super) fn halves(key: u128) -> Halves {
    ((key >> 64) as u64, key as u64)
}

pub(super) fn whole((upper, lower): Halves) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}

fn encode(key: u128, seen: &Seen) -> [u8; ENTRY_BYTES] {
    let mut bytes = [0; ENTRY_BYTES];
    bytes[..16].copy_from_slice(&key.to_le_bytes());
    bytes[16..32].copy_from_slice(&whole(seen.content).to_le_bytes());
    let numbers = [seen.n_filled, seen.n_stored, seen.load_idx, seen.n_in_load, seen.holder_idx];
    for (at, number) in bytes[32..].chunks_exact_mut(4).zip(numbers) {
        at.copy_from_slice(&number.to_le_bytes());
    }
    bytes
}

fn decode(bytes: &[u8]) -> (u128, Seen) {
    let wide = |at: usize| {
        let mut own = [0; 16];
        own.copy_from_slice(&bytes[at..at + 16]);
        u128::from_le_bytes(own)
    };
    let number = |at: usize| {
        let mut own = [0; 4];
        own.copy_from_slice(&bytes[at..at + 4]);
        u32::from_le_bytes(own)
    };
    let seen = Seen {
        content: halves(wide(16)),
        n_filled: number(32),
        n_stored: number(36),
        load_idx: number(40),
        n_in_load: number(44),
        holder_idx: number(48),
    };
    (wide(0), seen)
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use twox_hash::XxHash3_128;

    use super::*;

    fn key(n: u64) -> u128 {
        XxHash3_128::oneshot_with_seed(7, &n.to_le_bytes())
    }

    fn seen(n: u64, n_stored: u32) -> Seen {
        let numbers = [n_stored, NO_LOAD, 3, u32::MAX - 1];
        let [n_stored, load_idx, n_in_load, holder_idx] = numbers;
        Seen { content: (n, !n), n_filled: 5, n_stored, load_idx, n_in_load, holder_idx }
    }

    #[test]
    fn what_spilled_is_found_as_it_was_put_last() {
        // Memory for seven makes runs, runs of runs, and a rest in memory; every third key is put again much later.
        let mut rows = SeenRows::with_memory_of(7);
        let mut expected = HashMap::new();
        for n in 0..5_000_u64 {
            let n = if n.is_multiple_of(3) { n / 2 } else { n };
            let value = seen(n, u32::try_from(expected.len()).unwrap());
            rows.put(key(n), value).unwrap();
            expected.insert(n, value);
        }
        assert!(rows.runs.len() < 4 * FAN_IN && rows.runs.iter().any(|run| run.tier > 1));
        for n in 0..6_000 {
            assert_eq!(rows.get(key(n)).unwrap().as_ref(), expected.get(&n), "of {n}");
        }
        // Neighbours in order, and the ends.
        for n in 0..100 {
            assert_eq!(rows.get(key(n) + 1).unwrap(), None);
        }
        assert_eq!((rows.get(0).unwrap(), rows.get(u128::MAX).unwrap()), (None, None));
    }

    #[test]
    fn the_filter_never_denies_and_is_seldom_wrong() {
        let mut filter = Filter::for_keys(10_000);
        (0..10_000).for_each(|n| filter.add(key(n)));
        assert!((0..10_000).all(|n| filter.may_hold(key(n))));
        let n_wrong = (10_000..110_000).filter(|n| filter.may_hold(key(*n))).count();
        assert!(n_wrong < 400, "{n_wrong} of 100000");
    }

    #[test]
    fn an_entry_takes_little_memory() {
        assert_eq!(size_of::<(Halves, Seen)>(), 56);
    }
}
