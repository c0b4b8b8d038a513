//! Looking at the documents in MongoDB.

use async_trait::async_trait;
use bson::oid::ObjectId;
use bson::{Bson, Document, RawDocumentBuf, doc};

use super::Mongodb;
use crate::sinks::json::to_value;
use crate::sinks::{Browse, CollectionInfo, DocumentPage, SinkError};

/// The most documents of one page.
const MAX_PAGE: usize = 1000;

#[async_trait]
impl Browse for Mongodb {
    async fn collections(&self) -> Result<Vec<CollectionInfo>, SinkError> {
        let database = self.database().await?;
        let names = self.connector.ask(async { database.list_collection_names().await }).await?;
        let mut collections = Vec::new();
        for name in names {
            if name.starts_with("_hookline_") || name.starts_with("system.") {
                continue;
            }
            let collection = database.collection::<Document>(&name);
            let documents = self.connector.ask(async { collection.estimated_document_count().await }).await?;
            collections.push(CollectionInfo { name, documents });
        }
        collections.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(collections)
    }

    async fn documents(
        &self,
        collection: &str,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<DocumentPage, SinkError> {
        let limit = limit.clamp(1, MAX_PAGE);
        let database = self.database().await?;
        let collection = database.collection::<RawDocumentBuf>(collection);
        let after = cursor.and_then(parse_cursor);
        let mut found = self
            .connector
            .ask(async {
                // One more to know whether there is a next page, and one for the last document of the page before.
                let find = collection.find(doc! {}).sort(doc! {"_id": 1}).limit(limit as i64 + 2);
                match &after {
                    // Unlike `$gt`, the bound of an index does not stop where ids of another type begin.
                    Some(after) => {
                        let hint = mongodb::options::Hint::Keys(doc! {"_id": 1});
                        find.min(doc! {"_id": after.clone()}).hint(hint).await
                    }
                    None => find.await,
                }
            })
            .await?;
        let mut documents = Vec::new();
        let mut last = None;
        let mut more = false;
        while self.connector.ask(found.advance()).await? {
            let document = found.current();
            let id = document.get("_id").ok().flatten().and_then(|id| Bson::try_from(id).ok());
            if id == after {
                continue;
            }
            if documents.len() == limit {
                more = true;
                break;
            }
            documents.push(to_value(document));
            last = id;
        }
        let next_cursor = if more { last.as_ref().and_then(write_cursor) } else { None };
        Ok(DocumentPage { documents, next_cursor })
    }

    async fn document(&self, collection: &str, id: &str) -> Result<Option<serde_json::Value>, SinkError> {
        let database = self.database().await?;
        let collection = database.collection::<RawDocumentBuf>(collection);
        // Documents of other programs have ids of other types.
        let mut ids = vec![Bson::from(id)];
        ids.extend(ObjectId::parse_str(id).ok().map(Bson::from));
        ids.extend(id.parse::<i64>().ok().map(Bson::from));
        for id in ids {
            let found = self.connector.ask(async { collection.find_one(doc! {"_id": id}).await }).await?;
            if let Some(document) = found {
                return Ok(Some(to_value(&document)));
            }
        }
        Ok(None)
    }
}

/// An `_id` as a cursor: any type, as hexadecimal BSON.
fn write_cursor(id: &Bson) -> Option<String> {
    let mut document = Document::new();
    document.insert("", id.clone());
    RawDocumentBuf::try_from(&document).ok().map(|raw| hex::encode(raw.as_bytes()))
}

fn parse_cursor(cursor: &str) -> Option<Bson> {
    let raw = RawDocumentBuf::from_bytes(hex::decode(cursor).ok()?).ok()?;
    Document::try_from(raw).ok()?.remove("")
}
