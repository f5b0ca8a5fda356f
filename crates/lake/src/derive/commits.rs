//! How many rows commits have, so that each step of a derivation has about as many.

use std::ops::RangeInclusive;

use crate::error::LakeError;
use crate::table::Table;

/// Rows derived at once where they are read back, without their texts.
const ROWS_AT_ONCE: f64 = 50_000.0;

/// About how many rows each commit has, by the statistics of the files that hold them.
pub(super) struct CommitSizes {
    /// The number of the commit before the first.
    done: i64,
    rows: Vec<f64>,
}

impl CommitSizes {
    /// Of the commits after the first number, up to the second.
    pub(super) fn of(interactions: &Table, done: i64, newest: i64) -> Result<Self, LakeError> {
        let commits = usize::try_from(newest - done).unwrap_or(0);
        let mut rows = vec![0.0; commits];
        if commits > 0 {
            for file in interactions.statistics()? {
                if let Some((first, last)) = file.numbers("sequence") {
                    spread(file.num_records.unwrap_or(0), first..=last, done, &mut rows);
                }
            }
        }
        Ok(CommitSizes { done, rows })
    }

    /// The last commit of the step that begins after this one.
    pub(super) fn some_after(&self, done: i64) -> i64 {
        let begun = usize::try_from(done - self.done).unwrap_or(0);
        let mut sum = 0.0;
        let step = self.rows.iter().skip(begun).take_while(|rows| {
            let is_begun = sum > 0.0;
            sum += **rows;
            !is_begun || sum <= ROWS_AT_ONCE
        });
        done + i64::try_from(step.count()).unwrap_or(1).max(1)
    }
}

/// A file that was joined of several has rows of several commits: as many of each, for all we know.
fn spread(rows_of_file: u64, commits: RangeInclusive<i64>, done: i64, rows: &mut [f64]) {
    let (first, last) = commits.into_inner();
    let each = rows_of_file as f64 / (last - first + 1).max(1) as f64;
    for sequence in first.max(done + 1)..=last {
        let commit = usize::try_from(sequence - done - 1).ok();
        if let Some(rows) = commit.and_then(|commit| rows.get_mut(commit)) {
            *rows += each;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the steps end, for files of so many rows of these commits.
    fn steps(files: &[(u64, RangeInclusive<i64>)], mut done: i64, newest: i64) -> Vec<i64> {
        let mut rows = vec![0.0; usize::try_from(newest - done).unwrap_or(0)];
        for (count, commits) in files {
            spread(*count, commits.clone(), done, &mut rows);
        }
        let sizes = CommitSizes { done, rows };
        let mut ends = Vec::new();
        while done < newest {
            done = sizes.some_after(done);
            ends.push(done);
        }
        ends
    }

    #[test]
    fn small_commits_are_derived_together_and_large_ones_alone() {
        let files = [(40_000, 1..=100), (90_000, 101..=101), (3, 102..=104)];
        assert_eq!(steps(&files, 0, 104), [100, 101, 104]);
        assert_eq!(steps(&files, 60, 104), [100, 101, 104]);
    }

    #[test]
    fn commits_that_no_file_tells_of_are_derived_too() {
        assert_eq!(steps(&[], 3, 9), [9]);
    }
}
