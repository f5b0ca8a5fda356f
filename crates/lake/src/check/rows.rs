//! What must hold between the rows of different tables.

use std::sync::Arc;

use datafusion::prelude::SessionContext;
use deltalake::arrow::array::AsArray;
use deltalake::arrow::datatypes::Int64Type;
use deltalake::logstore::object_store::path::Path;
use futures::TryStreamExt;

use super::{Checked, Damage, Opened, address};
use crate::damage::UNREPAIRED;
use crate::error::LakeError;
use crate::position::Standing;
use crate::query::frugal_session;
use crate::schema::TableName;

/// Keys that stand more than once.
const TWICE: &str = "SELECT count(*) FROM (\
    SELECT 1 FROM interactions \
    GROUP BY tenant_id, user_id, coalesce(session_id, ''), interaction_id HAVING count(*) > 1)";

/// Threads that have exchanges and no interactions.
const WITHOUT_INTERACTIONS: &str = include_str!("../sql/exchanges_without_interactions.sql");

/// Each interaction is part of exactly one exchange.
const NOT_IN_ONE_EXCHANGE: &str = "SELECT (SELECT count(*) FROM interactions) - \
    (SELECT coalesce(CAST(sum(parts) AS BIGINT), 0) FROM exchanges)";

const DERIVE_AGAIN: &str = "`hobbs rules apply --full` derives all again";

/// Adds what is wrong between tables, of those that can be read.
pub(super) async fn between_tables(
    tables: &[Opened],
    checked: &mut Checked,
) -> Result<(), LakeError> {
    let of = |name: TableName| tables.iter().find(|opened| opened.name == name);
    if standings(tables, checked).await? {
        return Ok(());
    }
    let Some(interactions) = of(TableName::Interactions).filter(|opened| opened.is_whole()) else {
        return Ok(());
    };
    let session = frugal_session()?;
    register(&session, interactions).await?;
    let exchanges = of(TableName::Exchanges).filter(|opened| opened.is_whole());
    let found = async {
        keys_stand_once(&session, checked).await?;
        match exchanges {
            Some(exchanges) => {
                register(&session, exchanges).await?;
                exchanges_have_interactions(&session, interactions, exchanges, checked).await
            }
            None => Ok(()),
        }
    };
    if let Err(error) = found.await {
        // Each file could be decoded, but to values that can't be.
        checked.damages.push(Damage {
            table: "interactions",
            file: None,
            what: format!("its rows, or those of exchanges, hold values that can't be: {error}"),
            lost: "these values; which they are can't be told".to_owned(),
            to_do: "put the folders interactions and exchanges back from a copy; without one, move them out of the lake, then `hobbs lake check --repair` and `hobbs sync`".to_owned(),
        });
    }
    Ok(())
}

async fn keys_stand_once(session: &SessionContext, checked: &mut Checked) -> Result<(), LakeError> {
    let twice = number(session, TWICE).await?;
    if twice > 0 {
        checked.damages.push(Damage {
            table: "interactions",
            file: None,
            what: format!("{twice} keys stand more than once"),
            lost: "nothing, but each of these is counted more than once".to_owned(),
            to_do: "please report it: hobbs writes no key twice, so another program may have written here".to_owned(),
        });
    }
    Ok(())
}

async fn exchanges_have_interactions(
    session: &SessionContext,
    interactions: &Opened,
    exchanges: &Opened,
    checked: &mut Checked,
) -> Result<(), LakeError> {
    let mut wrong = |what: String| {
        checked.damages.push(Damage {
            table: "exchanges",
            file: None,
            what,
            lost: "nothing that the interactions have".to_owned(),
            to_do: DERIVE_AGAIN.to_owned(),
        });
    };
    let orphans = number(session, WITHOUT_INTERACTIONS).await?;
    if orphans > 0 {
        wrong(format!(
            "{orphans} threads have exchanges, but no interactions"
        ));
    }
    let (Some(table), Some(derived)) = (&interactions.table, &exchanges.table) else {
        return Ok(());
    };
    if table.position().await? == derived.position().await? {
        let missing = number(session, NOT_IN_ONE_EXCHANGE).await?;
        if missing != 0 {
            wrong(format!(
                "the exchanges have {missing} interactions less than there are"
            ));
        }
    }
    Ok(())
}

/// Tables that follow the interactions may be behind them, and are then completed; they can't be
/// ahead, nor have what a repair took back. Says whether one is or has.
async fn standings(tables: &[Opened], checked: &mut Checked) -> Result<bool, LakeError> {
    let interactions = tables
        .iter()
        .find(|opened| opened.name == TableName::Interactions);
    let Some(interactions) = interactions.and_then(|opened| opened.table.as_ref()) else {
        return Ok(false);
    };
    let newest = interactions.position().await?;
    let before = checked.damages.len();
    let mut ahead = Vec::new();
    for opened in tables {
        let follows = opened.name.follows_interactions();
        let Some(table) = opened.table.as_ref().filter(|_| follows) else {
            continue;
        };
        match table.standing(newest).await? {
            Standing::Behind(0) => {}
            Standing::Behind(commits) => checked.notes.push(format!(
                "{} is {commits} commits behind the interactions; the next sync completes it",
                opened.name.as_str()
            )),
            Standing::Ahead => ahead.push(opened.name.as_str()),
            Standing::Unrepaired => checked.damages.push(Damage {
                table: opened.name.as_str(),
                file: Some(opened.address(&Path::from("_delta_log"))),
                what: UNREPAIRED.to_owned(),
                lost: "what these commits brought".to_owned(),
                to_do: super::advice(opened.name),
            }),
        }
    }
    if !ahead.is_empty() {
        checked.damages.push(Damage {
            table: "interactions",
            file: Some(address(
                &interactions.delta.log_store(),
                &Path::from("_delta_log"),
            )),
            what: format!(
                "commits of it are missing: {} know of later ones than the newest here",
                ahead.join(", ")
            ),
            lost: "the rows of these commits".to_owned(),
            to_do: super::advice(TableName::Interactions),
        });
    }
    Ok(checked.damages.len() > before)
}

async fn register(session: &SessionContext, opened: &Opened) -> Result<(), LakeError> {
    if let Some(table) = &opened.table {
        let provider = table.delta.table_provider().await;
        session
            .register_table(opened.name.as_str(), provider.map_err(LakeError::query)?)
            .map_err(LakeError::query)?;
    }
    Ok(())
}

async fn number(session: &SessionContext, sql: &str) -> Result<i64, LakeError> {
    let frame = session.sql(sql).await.map_err(LakeError::query)?;
    let stream = frame.execute_stream().await.map_err(LakeError::query)?;
    let batches: Vec<_> = stream.try_collect().await.map_err(LakeError::query)?;
    let first = batches.iter().find(|batch| batch.num_rows() > 0);
    Ok(first.map_or(0, |batch| {
        Arc::clone(batch.column(0))
            .as_primitive::<Int64Type>()
            .value(0)
    }))
}
