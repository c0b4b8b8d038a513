//! Looking at the documents in the file.

use async_trait::async_trait;
use bson::RawDocument;
use rusqlite::{OptionalExtension as _, Row, params};

use super::Local;
use super::documents::{stored_metadata, stored_object};
use crate::sinks::json::to_value;
use crate::sinks::ordering::documents::compose;
use crate::sinks::{Browse, CollectionInfo, DocumentPage, SinkError};

/// The most documents of one page.
const MAX_PAGE: usize = 1000;

#[async_trait]
impl Browse for Local {
    async fn collections(&self) -> Result<Vec<CollectionInfo>, SinkError> {
        self.with(|connection| {
            connection
                .prepare_cached(
                    "SELECT collection, count(*) FROM documents GROUP BY collection ORDER BY collection",
                )?
                .query_map([], |row| {
                    let documents: i64 = row.get(1)?;
                    Ok(CollectionInfo { name: row.get(0)?, documents: documents as u64 })
                })?
                .collect()
        })
        .await
    }

    async fn documents(
        &self,
        collection: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<DocumentPage, SinkError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let collection = collection.to_owned();
        let cursor = cursor.map(str::to_owned);
        self.with(move |connection| {
            let mut rows = connection
                .prepare_cached(
                    "SELECT id, object, metadata FROM documents
                     WHERE collection = ?1 AND (?2 IS NULL OR id > ?2) ORDER BY id LIMIT ?3",
                )?
                .query_map(params![collection, cursor, limit as i64 + 1], |row| {
                    Ok((row.get::<_, String>(0)?, document(row)?))
                })?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            let more = rows.len() > limit;
            rows.truncate(limit);
            let next_cursor = rows.last().filter(|_| more).map(|(id, _)| id.clone());
            Ok(DocumentPage {
                documents: rows.into_iter().map(|(_, document)| document).collect(),
                next_cursor,
            })
        })
        .await
    }

    async fn document(&self, collection: &str, id: &str) -> Result<Option<serde_json::Value>, SinkError> {
        let (collection, id) = (collection.to_owned(), id.to_owned());
        self.with(move |connection| {
            connection
                .prepare_cached(
                    "SELECT id, object, metadata FROM documents WHERE collection = ?1 AND id = ?2",
                )?
                .query_row(params![collection, id], document)
                .optional()
        })
        .await
    }
}

/// The whole document in a row of `id, object, metadata`.
fn document(row: &Row<'_>) -> rusqlite::Result<serde_json::Value> {
    let id: String = row.get(0)?;
    let object = stored_object(row, 1)?;
    let metadata = stored_metadata(row, 2)?;
    let mut bytes = Vec::new();
    compose(&mut bytes, &id, object.as_ref(), &metadata);
    Ok(RawDocument::from_bytes(&bytes).map_or(serde_json::Value::Null, to_value))
}
