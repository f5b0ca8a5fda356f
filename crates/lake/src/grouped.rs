//! Groups in the order of their users, so that they are given out as they come.
//!
//! The engine groups by hashing: all groups are in memory until the last row has come, and are sorted
//! only then, for which each part of what it gives out counts as the whole. Of millions of groups that
//! takes more than a limit leaves, and the query fails. Sorted before they are grouped, rows spill
//! where they are too many, and only the groups of one user are in memory.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::execution::SessionStateBuilder;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_expr::{LexOrdering, PhysicalSortExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, AggregateMode};
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use datafusion::prelude::SessionContext;

/// The column that sorts.
const USER: &str = "user_id";

/// The same session, in which groups of users are formed in the order of these.
pub(crate) fn in_order(session: &SessionContext) -> SessionContext {
    let state = SessionStateBuilder::new_from_existing(session.state())
        .with_physical_optimizer_rule(Arc::new(GroupedInOrder));
    SessionContext::new_with_state(state.build())
}

/// Sorts what is grouped by user before it is grouped, and does not sort again what comes in order
/// then.
#[derive(Debug)]
struct GroupedInOrder;

impl PhysicalOptimizerRule for GroupedInOrder {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let changed = plan.transform_up(|node| {
            if let Some(grouped) = node.downcast_ref::<AggregateExec>() {
                return Ok(match sorted_before(grouped)? {
                    Some(sorted) => Transformed::yes(Arc::new(sorted) as _),
                    None => Transformed::no(node),
                });
            }
            if let Some(sort) = node.downcast_ref::<SortExec>()
                && sort.fetch().is_none()
                && is_sorted(sort.input(), sort.expr())?
            {
                return Ok(Transformed::yes(Arc::clone(sort.input())));
            }
            Ok(Transformed::no(node))
        });
        changed.map(|plan| plan.data)
    }

    fn name(&self) -> &str {
        "grouped in order"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same groups of rows that are sorted by user; None where they are not groups of users, or come
/// in that order.
fn sorted_before(grouped: &AggregateExec) -> Result<Option<AggregateExec>> {
    let is_whole = matches!(grouped.mode(), AggregateMode::Single);
    let by = grouped.group_expr();
    let user = by
        .expr()
        .iter()
        .map(|(key, _)| key)
        .find(|key| {
            let column = key.downcast_ref::<Column>();
            column.is_some_and(|column| column.name() == USER)
        })
        .filter(|_| is_whole && by.is_single() && grouped.limit_options().is_none());
    let order = user.map(|user| PhysicalSortExpr::new_default(Arc::clone(user)).nulls_last());
    let Some(order) = order.and_then(|order| LexOrdering::new([order])) else {
        return Ok(None);
    };
    let input = grouped.input();
    if is_sorted(input, &order)? || input.output_partitioning().partition_count() > 1 {
        return Ok(None);
    }
    let sorted = SortExec::new(order, Arc::clone(input));
    let in_order = AggregateExec::try_new(
        *grouped.mode(),
        by.clone(),
        grouped.aggr_expr().to_vec(),
        grouped.filter_expr().to_vec(),
        Arc::new(sorted),
        grouped.input_schema(),
    );
    in_order.map(Some)
}

fn is_sorted(rows: &Arc<dyn ExecutionPlan>, order: &LexOrdering) -> Result<bool> {
    let known = rows.equivalence_properties();
    known.ordering_satisfy(order.iter().cloned())
}

#[cfg(test)]
mod tests {
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::physical_plan::displayable;
    use datafusion::prelude::SessionConfig;
    use deltalake::arrow::array::AsArray;
    use deltalake::arrow::datatypes::Int64Type;

    use super::*;
    use crate::memory::QueryMemory;

    /// Ten groups of each of 20,000 users, whose rows lie far apart.
    const MANY_GROUPS: &str = "SELECT user_id, app, count(*) AS n FROM (\
            SELECT concat('user ', CAST(value % 20000 AS VARCHAR)) AS user_id, \
                   CAST((value / 20000) % 10 AS VARCHAR) AS app \
            FROM generate_series(0, 399999)) AS interactions \
        GROUP BY user_id, app ORDER BY user_id";

    fn session(bytes: usize) -> Result<SessionContext> {
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(QueryMemory::of(bytes)))
            .build_arc()?;
        let mut settings = SessionConfig::new()
            .with_target_partitions(1)
            .with_batch_size(1024);
        settings
            .options_mut()
            .execution
            .sort_spill_reservation_bytes = 1 << 20;
        Ok(SessionContext::new_with_config_rt(settings, runtime))
    }

    #[tokio::test]
    async fn more_groups_than_fit_come_in_the_order_of_their_users() -> Result<()> {
        let groups = in_order(&session(8 << 20)?).sql(MANY_GROUPS).await?;
        let plan = groups.clone().create_physical_plan().await?;
        let plan = displayable(plan.as_ref()).indent(false).to_string();
        assert!(plan.contains("PartiallySorted"), "{plan}");
        assert_eq!(plan.matches("SortExec").count(), 1, "{plan}");
        let (mut before, mut count) = (String::new(), 0);
        for batch in groups.collect().await? {
            let users = batch.column(0).as_string_view();
            for user in users.iter().flatten() {
                assert!(*before <= *user, "{user} after {before}");
                user.clone_into(&mut before);
            }
            let rows = batch.column(2).as_primitive::<Int64Type>();
            assert!(rows.values().iter().all(|rows| *rows == 2));
            count += batch.num_rows();
        }
        assert_eq!(count, 200_000);
        Ok(())
    }
}
