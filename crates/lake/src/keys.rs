//! The lake's own secrets: the key of the fingerprints of texts.
//!
//! They lie in a table of their own, whose folder can be guarded apart from the others: who reads
//! fingerprints without the key can't test what somebody may have typed.

use std::sync::Arc;

use deltalake::arrow::array::{AsArray, RecordBatch, StringArray};
use hobbs_interaction::FingerprintKey;
use secrecy::{ExposeSecret, SecretString};

use crate::error::LakeError;
use crate::schema::TableName;
use crate::table::{Carried, Table};

const FINGERPRINT: &str = "fingerprint";

/// The key of this lake's fingerprints; drawn at random where the lake has none yet.
pub(crate) async fn fingerprint_key(table: &mut Table) -> Result<FingerprintKey, LakeError> {
    if let Some(key) = kept_key(table).await? {
        return Ok(key);
    }
    let key = FingerprintKey::from_bytes(*uuid::Uuid::new_v4().as_bytes());
    let batch = RecordBatch::try_new(
        TableName::Keys.schema(),
        vec![
            Arc::new(StringArray::from(vec![FINGERPRINT])),
            Arc::new(StringArray::from(vec![key.to_hex().as_str()])),
        ],
    );
    let batch = batch.map_err(|error| table.error(error.into()))?;
    table.append(batch, Carried::default()).await?;
    Ok(key)
}

/// The key of a lake that is only read; None where it has none.
pub(crate) async fn kept_key(table: &Table) -> Result<Option<FingerprintKey>, LakeError> {
    let hex = kept(table).await?;
    hex.map(|hex| FingerprintKey::from_hex(hex.expose_secret()).map_err(|_| LakeError::Key))
        .transpose()
}

async fn kept(table: &Table) -> Result<Option<SecretString>, LakeError> {
    for batch in table.scan(&["name", "value"]).collect().await? {
        let (names, values) = (
            batch.column(0).as_string::<i32>(),
            batch.column(1).as_string::<i32>(),
        );
        for at in 0..batch.num_rows() {
            if names.value(at) == FINGERPRINT {
                return Ok(Some(SecretString::from(values.value(at))));
            }
        }
    }
    Ok(None)
}
