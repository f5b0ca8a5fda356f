//! The rows that a sync holds in memory, of all users together.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};

/// Beyond so many rows only some histories grow on, and the others wait. A row takes about 0.5 kB, besides its text.
const ROWS_MAX: usize = 90_000;

/// Readers who go on whatever there is, those who began first: a user is committed once read whole, so that memory
/// gets free by going on alone. As many as can use the whole pace where their histories are cut.
const ELDEST: usize = 12;

/// Rows that are being read, wait to be committed, or are being committed.
#[derive(Default)]
pub(crate) struct Memory {
    rows: AtomicUsize,
    /// Readers with numbers below this are among the eldest.
    eldest_below: AtomicU64,
}

impl Memory {
    pub(crate) fn take(&self, rows: usize) {
        self.rows.fetch_add(rows, Relaxed);
    }

    pub(crate) fn give_back(&self, rows: usize) {
        self.rows.fetch_sub(rows, Relaxed);
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows.load(Relaxed)
    }

    /// Who is reading, by numbers that grow.
    pub(crate) fn are_reading(&self, readers: impl Iterator<Item = u64>) {
        let mut readers: Vec<u64> = readers.collect();
        let below = match readers.len().checked_sub(ELDEST) {
            Some(0) | None => u64::MAX,
            Some(_) => *readers.select_nth_unstable(ELDEST).1,
        };
        self.eldest_below.store(below, Relaxed);
    }

    /// Whether there is room for more rows of this reader.
    pub(crate) fn has_room_for(&self, reader: u64) -> bool {
        self.rows() < ROWS_MAX || reader < self.eldest_below.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_memory_is_full_the_eldest_go_on_and_others_once_there_is_room() {
        let memory = Memory::default();
        let going_on = |memory: &Memory| {
            let readers = (0..40).filter(|reader| memory.has_room_for(*reader));
            readers.collect::<Vec<u64>>()
        };
        memory.are_reading((0..40).rev());
        memory.take(ROWS_MAX - 1);
        assert_eq!(going_on(&memory).len(), 40);
        memory.take(1);
        assert_eq!(going_on(&memory), (0..12).collect::<Vec<u64>>());
        // Two are whole: the next two take their turn, even though nothing is committed yet.
        memory.are_reading((0..40).filter(|reader| ![3, 7].contains(reader)));
        assert!(memory.has_room_for(13) && !memory.has_room_for(14));
        memory.are_reading(30..40);
        assert!((30..40).all(|reader| memory.has_room_for(reader)));
        memory.are_reading(0..40);
        memory.give_back(1);
        assert_eq!(going_on(&memory).len(), 40);
    }
}
