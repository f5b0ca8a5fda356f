//! How much memory a query may take before it spills to disk.

use std::fmt;

use datafusion::common::Result;
use datafusion::execution::memory_pool::{
    FairSpillPool, MemoryConsumer, MemoryLimit, MemoryPool, MemoryReservation,
};

/// A limit for all that a query keeps, shared out among its parts: groups and sorts spill when
/// theirs is reached. What is only on its way from one part of a query to the next
/// (`RepartitionExec`) is counted and never refused: in DataFusion 55 a query whose repartition spills can wait for itself forever
/// (apache/datafusion#24883, mended there in September 2026).
#[derive(Debug)]
pub(crate) struct QueryMemory {
    kept: FairSpillPool,
}

impl QueryMemory {
    pub(crate) fn of(bytes: usize) -> Self {
        QueryMemory {
            kept: FairSpillPool::new(bytes),
        }
    }
}

fn is_on_its_way(consumer: &MemoryConsumer) -> bool {
    consumer.name().starts_with("RepartitionExec")
}

impl MemoryPool for QueryMemory {
    fn name(&self) -> &str {
        "query"
    }

    fn register(&self, consumer: &MemoryConsumer) {
        if !is_on_its_way(consumer) {
            self.kept.register(consumer);
        }
    }

    fn unregister(&self, consumer: &MemoryConsumer) {
        if !is_on_its_way(consumer) {
            self.kept.unregister(consumer);
        }
    }

    fn grow(&self, reservation: &MemoryReservation, additional: usize) {
        self.kept.grow(reservation, additional);
    }

    fn shrink(&self, reservation: &MemoryReservation, shrink: usize) {
        self.kept.shrink(reservation, shrink);
    }

    fn try_grow(&self, reservation: &MemoryReservation, additional: usize) -> Result<()> {
        if is_on_its_way(reservation.consumer()) {
            self.kept.grow(reservation, additional);
            return Ok(());
        }
        self.kept.try_grow(reservation, additional)
    }

    fn reserved(&self) -> usize {
        self.kept.reserved()
    }

    fn memory_limit(&self) -> MemoryLimit {
        self.kept.memory_limit()
    }
}

impl fmt::Display for QueryMemory {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kept.fmt(to)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::{SessionConfig, SessionContext};

    use super::*;

    /// Each half is a partition of its own, so that two tasks repartition at the same time.
    const MANY_GROUPS: &str = "SELECT count(*) AS groups FROM (\
        SELECT g, count(DISTINCT id) FROM (\
            SELECT value AS g, CAST(value * 7919 AS VARCHAR) AS id FROM generate_series(1, 40000) \
            UNION ALL \
            SELECT value AS g, CAST(value * 7927 AS VARCHAR) AS id FROM generate_series(1, 60000)) \
        GROUP BY g) AS grouped";

    #[test]
    fn what_is_on_its_way_is_never_refused_and_what_is_kept_is() -> Result<()> {
        let memory: Arc<dyn MemoryPool> = Arc::new(QueryMemory::of(1000));
        let on_its_way = MemoryConsumer::new("RepartitionExec[1]").register(&memory);
        let kept = MemoryConsumer::new("GroupedHashAggregateStream[1]").register(&memory);
        on_its_way.try_grow(900)?;
        kept.try_grow(100)?;
        assert!(kept.try_grow(1).is_err());
        on_its_way.try_grow(5000)?;
        assert_eq!(memory.reserved(), 6000);
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_query_of_more_groups_than_fit_spills_and_ends() -> Result<()> {
        for _ in 0..2 {
            let runtime = RuntimeEnvBuilder::new()
                .with_memory_pool(Arc::new(QueryMemory::of(2 << 20)))
                .build_arc()?;
            let config = SessionConfig::new()
                .with_target_partitions(2)
                .with_batch_size(256);
            let session = SessionContext::new_with_config_rt(config, runtime);
            let query = async { session.sql(MANY_GROUPS).await?.collect().await };
            let batches = tokio::time::timeout(Duration::from_secs(120), query)
                .await
                .expect("the query ends")?;
            let found = datafusion::arrow::util::pretty::pretty_format_batches(&batches)?;
            assert!(found.to_string().contains("60000"), "{found}");
        }
        Ok(())
    }
}
