//! How many rows commits have, so that each step of a derivation has about as many.

use datafusion::prelude::{col, lit};
use deltalake::arrow::array::AsArray;
use deltalake::arrow::datatypes::Int64Type;
use futures::TryStreamExt;

use super::ROWS_AT_ONCE;
use crate::error::LakeError;
use crate::table::Table;

/// How many rows each commit has.
pub(super) struct CommitSizes {
    /// The number of the commit before the first.
    done: i64,
    rows: Vec<u64>,
}

impl CommitSizes {
    /// Of the commits after the first number, up to the second: they are counted, since a file that was joined of
    /// several does not say how many rows it has of each.
    pub(super) async fn of(
        interactions: &Table,
        done: i64,
        newest: i64,
    ) -> Result<Self, LakeError> {
        let mut rows = vec![0; usize::try_from(newest - done).unwrap_or(0)];
        let mut stream = interactions
            .scan(&["sequence"])
            .filter(col("sequence").gt(lit(done)))
            .stream()
            .await?;
        while let Some(batch) = stream.try_next().await.map_err(LakeError::query)? {
            for sequence in batch.column(0).as_primitive::<Int64Type>().values() {
                let commit = usize::try_from(sequence - done - 1).ok();
                if let Some(rows) = commit.and_then(|commit| rows.get_mut(commit)) {
                    *rows += 1;
                }
            }
        }
        Ok(CommitSizes { done, rows })
    }

    /// The last commit of the step that begins after this one.
    pub(super) fn some_after(&self, done: i64) -> i64 {
        let begun = usize::try_from(done - self.done).unwrap_or(0);
        let mut sum = 0;
        let step = self.rows.iter().skip(begun).take_while(|rows| {
            let is_begun = sum > 0;
            sum += **rows;
            !is_begun || sum <= ROWS_AT_ONCE as u64
        });
        done + i64::try_from(step.count()).unwrap_or(1).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where the steps end, for commits of so many rows.
    fn steps(rows: &[u64], mut done: i64) -> Vec<i64> {
        let newest = done + i64::try_from(rows.len()).unwrap_or(0);
        let rows = rows.to_vec();
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
        let sizes = [20_000, 20_000, 10_000, 90_000, 1, 0, 2];
        assert_eq!(steps(&sizes, 0), [3, 4, 7]);
        assert_eq!(steps(&sizes, 60), [63, 64, 67]);
    }

    #[test]
    fn commits_without_rows_are_passed_together() {
        assert_eq!(steps(&[0; 6], 3), [9]);
    }
}
