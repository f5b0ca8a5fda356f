//! How far a table of the lake is.

/// Up to which commit of `interactions` a table is, and after which repair of the lake. A repair may lose
/// commits, after which their numbers are given again; so a later repair is further, whatever the numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// How many repairs took something out of `interactions`.
    pub(crate) repairs: i64,
    /// The number of the commit; 0 before the first.
    pub(crate) sequence: i64,
}

/// Of the one number that an application transaction has, these bits are the commit's.
const SEQUENCE_BITS: u32 = 40;

impl Position {
    /// Another commit after the same repair.
    pub(crate) fn at(self, sequence: i64) -> Self {
        Position { sequence, ..self }
    }

    /// Before the first commit, after the same repair.
    pub(crate) fn beginning(self) -> Self {
        self.at(0)
    }

    /// As one number, which is the commit's where nothing was ever repaired.
    pub(crate) fn number(self) -> i64 {
        self.repairs << SEQUENCE_BITS | self.sequence
    }

    pub(crate) fn of_number(number: i64) -> Self {
        Position {
            repairs: number >> SEQUENCE_BITS,
            sequence: number & ((1 << SEQUENCE_BITS) - 1),
        }
    }
}

/// How a table that follows the interactions stands to them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// So many commits behind, or none: it is completed from these.
    Behind(i64),
    /// It knows of commits or of a repair that they don't have, so these were lost.
    Ahead,
    /// It has what a repair took back, so what the repair wrote into it was lost.
    Unrepaired,
}

impl Standing {
    /// Of a table at this position to interactions at the newest.
    pub(crate) fn of(position: Position, is_empty: bool, newest: Position) -> Self {
        // What holds nothing has nothing to take back.
        let is_new = is_empty && position.sequence == 0;
        if position > newest {
            Standing::Ahead
        } else if position.repairs < newest.repairs && !is_new {
            Standing::Unrepaired
        } else {
            Standing::Behind(newest.sequence - position.sequence)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_behind_or_something_was_lost() {
        let place = |repairs, sequence| Position { repairs, sequence };
        let newest = place(2, 7);
        for (position, is_empty, standing) in [
            (place(2, 7), false, Standing::Behind(0)),
            (place(2, 4), false, Standing::Behind(3)),
            (place(2, 0), true, Standing::Behind(7)),
            (place(0, 0), true, Standing::Behind(7)),
            (place(2, 8), false, Standing::Ahead),
            (place(3, 0), true, Standing::Ahead),
            (place(1, 7), false, Standing::Unrepaired),
            (place(1, 9), false, Standing::Unrepaired),
            (place(1, 0), false, Standing::Unrepaired),
            (place(1, 7), true, Standing::Unrepaired),
        ] {
            assert_eq!(
                Standing::of(position, is_empty, newest),
                standing,
                "{position:?}"
            );
        }
    }

    #[test]
    fn a_position_is_one_number_and_a_later_repair_is_further() {
        let place = |repairs, sequence| Position { repairs, sequence };
        assert_eq!(place(0, 7).number(), 7);
        for position in [place(0, 0), place(0, 9), place(1, 0), place(3, 1 << 39)] {
            assert_eq!(Position::of_number(position.number()), position);
        }
        let (before, after) = (place(1, 900), place(2, 3));
        assert!(before < after && before.number() < after.number());
    }
}
