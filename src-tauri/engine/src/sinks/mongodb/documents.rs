//! Documents and tombstones in MongoDB's collections.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use async_trait::async_trait;
use bson::raw::cstr;
use bson::{Bson, DateTime, Document, RawDocument, RawDocumentBuf, doc, rawdoc};
use futures_util::future::try_join_all;

use super::Mongodb;
use super::commands::{self, Batch, Verb};
use super::connection::Connector;
use super::errors;
use crate::sinks::archive::Archive;
use crate::sinks::json::Object;
use crate::sinks::ordering::documents::{
    Action, Burial, Claim, Documents, Expected, Key, Stored, StoredDocument, TOMBSTONES, Write, Written,
    compose, composed_len,
};
use crate::sinks::{Browse, SinkError};

/// From so many documents on a batch is divided in two: the second is being read while the server writes the first.
const DIVIDED_FROM: usize = 100;
/// What a statement needs beside its document.
const STATEMENT_BYTES: usize = 512;

#[async_trait]
impl Documents for Mongodb {
    async fn read(&self, keys: &[&Key], whole: bool) -> Result<Vec<Stored>, SinkError> {
        let mut collections: HashMap<&str, Vec<usize>> = HashMap::new();
        for (place, key) in keys.iter().enumerate() {
            collections.entry(&key.collection).or_default().push(place);
        }
        let documents = collections.into_iter().map(|(collection, places)| async move {
            let ids: Vec<&str> = places.iter().map(|&place| keys[place].id.as_str()).collect();
            let projection = if whole {
                doc! {}
            } else {
                doc! {"_sync_metadata": 1}
            };
            let found = self.find(collection, &ids, projection).await?;
            Ok::<_, SinkError>((places, found))
        });
        let (documents, tombstones) =
            futures_util::future::try_join(try_join_all(documents), self.tombstones(keys)).await?;
        let mut stored: Vec<Stored> =
            tombstones.into_iter().map(|tombstone| Stored { document: None, tombstone }).collect();
        for (places, mut found) in documents {
            for place in places {
                stored[place].document = found.remove(&keys[place].id).map(|document| StoredDocument {
                    metadata: document.get_document("_sync_metadata").ok().map(RawDocument::to_owned),
                    object: if whole { Object::from_document(&document) } else { None },
                });
            }
        }
        Ok(stored)
    }

    async fn tombstones(&self, keys: &[&Key]) -> Result<Vec<Option<RawDocumentBuf>>, SinkError> {
        let ids: Vec<String> = keys.iter().map(|key| key.tombstone_id()).collect();
        let asked: Vec<&str> = ids.iter().map(String::as_str).collect();
        let found = self.find(TOMBSTONES, &asked, doc! {"state": 1}).await?;
        Ok(ids
            .iter()
            .map(|id| found.get(id)?.get_document("state").ok().map(RawDocument::to_owned))
            .collect())
    }

    async fn bury(&self, burials: &[Burial<'_>]) -> Result<Vec<Written>, SinkError> {
        self.prepare_tombstones().await?;
        let facts = self.facts().await?;
        let concern = self.connector.write_concern(&facts);
        let mut batches = Batches::new(&concern);
        for (place, burial) in burials.iter().enumerate() {
            let id = burial.key.tombstone_id();
            let deleted_at = DateTime::from_millis(burial.now.millis());
            let expires_at = DateTime::from_millis(burial.expires_at().millis());
            let mut tombstone = rawdoc! {
                "_id": id.as_str(),
                "collection": burial.key.collection.as_str(),
                "documentId": burial.key.id.as_str(),
                "deletedAt": deleted_at,
                "expiresAt": expires_at,
            };
            tombstone.append(cstr!("state"), burial.metadata);
            let bytes = tombstone.as_bytes();
            match &burial.expected {
                Expected::Revision(revision) => {
                    let filter = rawdoc! {"_id": id.as_str(), "state.rev": revision.as_str()};
                    batches.push(Verb::Update, TOMBSTONES, bytes.len(), place, |out| {
                        commands::replacement(out, &filter, false, |out| out.extend_from_slice(bytes));
                    });
                }
                Expected::Absent | Expected::Unmarked => {
                    batches.push(Verb::Insert, TOMBSTONES, bytes.len(), place, |out| {
                        out.extend_from_slice(bytes);
                    });
                }
            }
        }
        self.connector.send(batches.finished, burials.len()).await
    }

    async fn write(&self, writes: &[Write<'_>]) -> Result<Vec<Written>, SinkError> {
        let facts = self.facts().await?;
        let concern = self.connector.write_concern(&facts);
        let mut batches = Batches::new(&concern);
        for (place, write) in writes.iter().enumerate() {
            let Key { collection, id } = write.key;
            match &write.action {
                Action::Put { expected, object, metadata } => {
                    let bytes = composed_len(id, *object, metadata);
                    let filter = match expected {
                        Expected::Absent => {
                            batches.push(Verb::Insert, collection, bytes, place, |out| {
                                compose(out, id, *object, metadata);
                            });
                            continue;
                        }
                        Expected::Unmarked => {
                            rawdoc! {"_id": id.as_str(), "_sync_metadata.rev": {"$exists": false}}
                        }
                        Expected::Revision(revision) => {
                            rawdoc! {"_id": id.as_str(), "_sync_metadata.rev": revision.as_str()}
                        }
                    };
                    let literal = object.is_some_and(Object::has_dollar_key);
                    batches.push(Verb::Update, collection, bytes, place, |out| {
                        commands::replacement(out, &filter, literal, |out| {
                            compose(out, id, *object, metadata);
                        });
                    });
                }
                Action::Remove { below, revision, livemode } => {
                    let at = below.at.micros();
                    let mut older = vec![
                        doc! {"_sync_metadata.rev": {"$exists": false}},
                        doc! {"_sync_metadata.version.at": {"$lt": at}},
                        doc! {"_sync_metadata.version.at": at, "_sync_metadata.version.rank": {"$lt": i32::from(below.rank)}},
                    ];
                    older.extend(revision.map(|revision| doc! {"_sync_metadata.rev": revision}));
                    let mut filter = doc! {"_id": id.as_str(), "$or": older};
                    if let Some(livemode) = livemode {
                        // `null` matches documents without a mode too.
                        filter.insert(
                            "_sync_metadata.livemode",
                            doc! {"$in": [Bson::Boolean(*livemode), Bson::Null]},
                        );
                    }
                    let Ok(filter) = RawDocumentBuf::try_from(&filter) else { continue };
                    batches.push(Verb::Delete, collection, 0, place, |out| commands::deletion(out, &filter));
                }
            }
        }
        self.connector.send(batches.finished, writes.len()).await
    }

    async fn confirm(&self, claims: &[Claim<'_>]) -> Result<Vec<Written>, SinkError> {
        // An update that changes nothing still waits until everything before it is as durable as its write concern says. Its
        // filter is what makes it an answer: another server than the one that was read may have become the primary meanwhile.
        let facts = self.facts().await?;
        let concern = self.connector.write_concern(&facts);
        let mut batches = Batches::new(&concern);
        for (place, claim) in claims.iter().enumerate() {
            let Claim { key, buried, revision } = *claim;
            let (collection, filter, same) = if buried {
                let filter = rawdoc! {"_id": key.tombstone_id(), "state.rev": revision};
                (TOMBSTONES, filter, rawdoc! {"state.rev": revision})
            } else {
                let filter = rawdoc! {"_id": key.id.as_str(), "_sync_metadata.rev": revision};
                (key.collection.as_str(), filter, rawdoc! {"_sync_metadata.rev": revision})
            };
            let update = rawdoc! {"$set": same};
            batches.push(Verb::Update, collection, 0, place, |out| {
                commands::replacement(out, &filter, false, |out| out.extend_from_slice(update.as_bytes()));
            });
        }
        self.connector.send(batches.finished, claims.len()).await
    }

    fn lanes(&self, documents: usize) -> usize {
        if documents >= DIVIDED_FROM { 2 } else { 1 }
    }

    async fn check(&self) -> Result<String, SinkError> {
        self.look_around().await
    }

    fn browse(&self) -> &dyn Browse {
        self
    }

    fn archive(&self) -> Option<&dyn Archive> {
        Some(&self.archive)
    }
}

/// Commands that fill up, one after another, per collection and verb.
pub(super) struct Batches<'a> {
    concern: &'a RawDocument,
    pub(super) finished: Vec<Batch>,
}

impl<'a> Batches<'a> {
    pub(super) fn new(concern: &'a RawDocument) -> Self {
        Self { concern, finished: Vec::new() }
    }

    pub(super) fn push(
        &mut self,
        verb: Verb,
        collection: &str,
        bytes: usize,
        place: usize,
        write: impl FnOnce(&mut Vec<u8>),
    ) {
        let bytes = bytes + STATEMENT_BYTES;
        let fits = |batch: &&mut Batch| {
            batch.verb() == verb && batch.collection() == collection && !batch.is_full(bytes)
        };
        // There are few collections; the newest command of each is near the end.
        if let Some(batch) = self.finished.iter_mut().rev().find(fits) {
            batch.push(place, write);
        } else {
            let mut batch = Batch::new(verb, collection, self.concern);
            batch.push(place, write);
            self.finished.push(batch);
        }
    }
}

impl Mongodb {
    /// The documents with these ids, by id.
    async fn find(
        &self,
        collection: &str,
        ids: &[&str],
        projection: Document,
    ) -> Result<HashMap<String, RawDocumentBuf>, SinkError> {
        let collection = self.database().await?.collection::<RawDocumentBuf>(collection);
        let mut found = HashMap::new();
        let mut cursor = self
            .connector
            .ask(async {
                let size = ids.len() as u32 + 1;
                collection.find(doc! {"_id": {"$in": ids}}).projection(projection).batch_size(size).await
            })
            .await?;
        while self.connector.ask(cursor.advance()).await? {
            let document = cursor.current();
            if let Ok(id) = document.get_str("_id") {
                found.insert(id.to_owned(), document.to_owned());
            }
        }
        Ok(found)
    }

    /// Lets old tombstones expire. Otherwise they stay, which harms nobody: what the server says against it holds up no
    /// event.
    async fn prepare_tombstones(&self) -> Result<(), SinkError> {
        let reason = match self.connector.expire(TOMBSTONES).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(errors::Refusal { message, .. })) | Err(SinkError::Blocked { message, .. }) => message,
            Err(unavailable @ SinkError::Unavailable { .. }) => return Err(unavailable),
        };
        if !self.index_refused.swap(true, Ordering::Relaxed) {
            tracing::warn!(%reason, "tombstones will not expire: their index could not be made");
        }
        Ok(())
    }
}

impl Connector {
    /// Sends the commands and tells for each of `count` places what became of its statement.
    pub(super) async fn send(&self, batches: Vec<Batch>, count: usize) -> Result<Vec<Written>, SinkError> {
        let mut written = vec![Written::Done; count];
        for (place, outcome) in
            try_join_all(batches.into_iter().map(|batch| self.send_one(batch))).await?.into_iter().flatten()
        {
            written[place] = outcome;
        }
        Ok(written)
    }

    /// Sends one command and tells what did not go well.
    async fn send_one(&self, batch: Batch) -> Result<Vec<(usize, Written)>, SinkError> {
        let verb = batch.verb();
        let (command, places) = match batch.finish() {
            Ok(finished) => finished,
            Err(error) => {
                return Err(SinkError::Unavailable {
                    message: format!("a command could not be built: {error}"),
                });
            }
        };
        let answer = match self.run(command).await? {
            Ok(answer) => answer,
            Err(errors::Refusal { code, message }) => {
                let outcome = self.outcome_of(code, &message, None)?;
                return Ok(places.into_iter().map(|place| (place, outcome.clone())).collect());
            }
        };
        if let Ok(concern) = answer.get_document("writeConcernError") {
            let code = concern.get_i32("code").unwrap_or_default();
            return Err(self.explain_code(code, concern.get_str("errmsg").unwrap_or_default()));
        }
        let mut outcomes = HashMap::new();
        for error in answer.get_array("writeErrors").into_iter().flatten().filter_map(Bson::as_document) {
            let index = integer(error, "index").unwrap_or_default() as usize;
            let code = integer(error, "code").unwrap_or_default() as i32;
            let outcome = self.outcome_of(code, error.get_str("errmsg").unwrap_or_default(), Some(error))?;
            if let Some(place) = places.get(index) {
                outcomes.insert(*place, outcome);
            }
        }
        // The server tells how many documents the replacements found, but not which: all of them are looked at again.
        let found = integer(&answer, "n").unwrap_or_default() as usize;
        if verb == Verb::Update && found + outcomes.len() < places.len() {
            for place in places {
                outcomes.entry(place).or_insert(Written::Conflict);
            }
        }
        Ok(outcomes.into_iter().collect())
    }

    fn outcome_of(&self, code: i32, message: &str, error: Option<&Document>) -> Result<Written, SinkError> {
        let pattern = error.and_then(|error| error.get_document("keyPattern").ok());
        let on_id = match pattern {
            Some(pattern) => pattern.len() == 1 && pattern.contains_key("_id"),
            None => message.contains("_id_"),
        };
        // The server's text goes on with the values that are there twice; only the index is named.
        let index = message.split_once("index: ").and_then(|(_, rest)| rest.split_whitespace().next());
        errors::written(code, message, on_id, index).map_err(|refusal| self.explain_refusal(&refusal))
    }
}

/// A number of the server's answer, whichever type it has.
pub(super) fn integer(document: &Document, key: &str) -> Option<i64> {
    match document.get(key)? {
        Bson::Int32(value) => Some(i64::from(*value)),
        Bson::Int64(value) => Some(*value),
        Bson::Double(value) => Some(*value as i64),
        _ => None,
    }
}
