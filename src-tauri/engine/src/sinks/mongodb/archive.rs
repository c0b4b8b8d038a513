//! The archive in MongoDB: the collections `webhook_events` and `job_executions`, which many processes write into and the
//! server removes expired documents from.
//!
//! An `_id` is `<installation>/<event>/<time of receipt>`. The time keeps events apart that got one number, because a
//! database was set back to an older copy of itself. Every write names its `_id`, hence one shard.

use async_trait::async_trait;
use bson::raw::{CString, cstr};
use bson::spec::BinarySubtype;
use bson::{Binary, DateTime, Document, RawArrayBuf, RawBson, RawDocumentBuf, doc, rawdoc};
use mongodb::options::ConnectionString;

use super::commands::{self, Verb};
use super::connection::Connector;
use super::documents::{Batches, integer};
use crate::event::{Archivable, ArchivableEvent, Execution, RawRequest, Timestamp};
use crate::sinks::SinkError;
use crate::sinks::archive::{Archive, ArchiveContext, EVENTS, EXECUTIONS, Record};
use crate::sinks::ordering::documents::Written;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// A document has at most 16 MiB; what is left is ample for the rest of it.
const MAX_BODY_BYTES: usize = 15 * 1024 * 1024;
/// How many documents are dated anew with one command.
const DATED_AT_ONCE: u64 = 2000;

/// How many connections the archive has. They are its own, so that the sync does not wait for a command that takes long, such
/// as making an index on a large collection.
const CONNECTIONS: u32 = 2;

/// The archive in a database, with a client of its own.
#[derive(Debug)]
pub(super) struct MongoArchive {
    connector: Connector,
}

impl MongoArchive {
    /// Does not connect.
    pub(super) fn new(mut uri: ConnectionString, database: String) -> Self {
        uri.max_pool_size = Some(CONNECTIONS);
        uri.min_pool_size = None;
        Self { connector: Connector::new(uri, database) }
    }
}

/// A document, and what tells the newer of two states of one record.
struct Entry {
    collection: &'static str,
    id: String,
    revision: (&'static str, i64),
    document: RawDocumentBuf,
}

#[async_trait]
impl Archive for MongoArchive {
    async fn put(
        &self,
        context: &ArchiveContext,
        records: &[Record],
    ) -> Result<Vec<Result<(), String>>, SinkError> {
        self.prepare_archive().await?;
        let entries: Vec<Entry> = records.iter().map(|record| entry(context, record)).collect();
        let facts = self.connector.facts().await?;
        let concern = self.connector.write_concern(&facts);
        let mut batches = Batches::new(&concern);
        for (place, entry) in entries.iter().enumerate() {
            let filter = entry.not_newer();
            let bytes = entry.document.as_bytes();
            batches.push(Verb::Update, entry.collection, bytes.len(), place, |out| {
                commands::upsert(out, &filter, |out| out.extend_from_slice(bytes));
            });
        }
        let mut outcomes = Vec::with_capacity(entries.len());
        for (entry, written) in
            entries.iter().zip(self.connector.send(batches.finished, entries.len()).await?)
        {
            outcomes.push(match written {
                Written::Done => Ok(()),
                Written::Conflict if self.holds_newer(entry).await? => Ok(()),
                Written::Conflict => Err("another writer was faster".to_owned()),
                Written::Refused(reason) | Written::Failed(reason) => Err(reason),
            });
        }
        Ok(outcomes)
    }

    async fn keep_for(&self, context: &ArchiveContext) -> Result<(), SinkError> {
        for (collection, from) in [(EVENTS, "$receivedAt"), (EXECUTIONS, "$finishedAt")] {
            self.date_anew(collection, from, context).await?;
        }
        Ok(())
    }
}

impl Entry {
    /// Matches what is there unless it is newer. Where nothing matches a document is inserted, which its `_id` forbids if
    /// a newer one is there.
    fn not_newer(&self) -> RawDocumentBuf {
        let (name, value) = self.revision;
        let mut filter = rawdoc! {"_id": self.id.as_str()};
        append(&mut filter, name, rawdoc! {"$not": {"$gt": value}}.into());
        filter
    }
}

impl MongoArchive {
    async fn holds_newer(&self, entry: &Entry) -> Result<bool, SinkError> {
        let (name, value) = entry.revision;
        let collection = self.connector.database().await?.collection::<RawDocumentBuf>(entry.collection);
        let filter = doc! {"_id": &entry.id, name: {"$gt": value}};
        let find = collection.find_one(filter).projection(doc! {"_id": 1});
        Ok(self.connector.ask(find.into_future()).await?.is_some())
    }

    /// Without the indexes nothing is archived, because it would stay for ever.
    async fn prepare_archive(&self) -> Result<(), SinkError> {
        for name in [EVENTS, EXECUTIONS] {
            let made = self.connector.expire(name).await?;
            made.map_err(|refusal| self.connector.explain_refusal(&refusal))?;
        }
        Ok(())
    }

    /// Sets `expiresAt` of what this installation has archived of the job, a few documents at a time.
    async fn date_anew(&self, name: &str, from: &str, context: &ArchiveContext) -> Result<(), SinkError> {
        let facts = self.connector.facts().await?;
        let concern = self.connector.write_concern(&facts);
        let collection = self.connector.database().await?.collection::<RawDocumentBuf>(name);
        let job = context.job_id.as_str();
        let kept = i64::from(context.days) * DAY_MS;
        // `0` follows `/`.
        let (mut after, end) = (format!("{}/", context.installation), format!("{}0", context.installation));
        loop {
            let filter = doc! {"_id": {"$gt": &after, "$lt": &end}, "jobId": job};
            let find = collection.find_one(filter).projection(doc! {"_id": 1}).sort(doc! {"_id": 1});
            let last = self.connector.ask(find.skip(DATED_AT_ONCE - 1).into_future()).await?;
            let last = last.and_then(|found| found.get_str("_id").ok().map(str::to_owned));
            // Fewer than that are left; none is called like the end.
            let upto = last.as_ref().unwrap_or(&end);
            let mut command = rawdoc! {"update": name, "ordered": false, "updates": [{
                "q": {"_id": {"$gt": after.as_str(), "$lte": upto.as_str()}, "jobId": job},
                "u": [{"$set": {"expiresAt": {"$add": [from, kept]}}}],
                "multi": true,
            }]};
            command.append(cstr!("writeConcern"), concern.clone());
            let answer = self.connector.run(command).await?;
            self.check_answer(&answer.map_err(|refusal| self.connector.explain_refusal(&refusal))?)?;
            match last {
                Some(last) => after = last,
                None => return Ok(()),
            }
        }
    }

    /// An error in an answer to a write of which every part has to succeed.
    fn check_answer(&self, answer: &Document) -> Result<(), SinkError> {
        let failed = answer
            .get_array("writeErrors")
            .ok()
            .and_then(|errors| errors.first()?.as_document())
            .or_else(|| answer.get_document("writeConcernError").ok());
        match failed {
            Some(error) => {
                let code = integer(error, "code").unwrap_or_default() as i32;
                Err(self.connector.explain_code(code, error.get_str("errmsg").unwrap_or_default()))
            }
            None => Ok(()),
        }
    }
}

fn entry(context: &ArchiveContext, record: &Record) -> Entry {
    match &record.state {
        Archivable::Event(event) => event_entry(context, event),
        Archivable::Execution(execution) => execution_entry(context, execution, record.revision),
    }
}

fn event_entry(context: &ArchiveContext, event: &ArchivableEvent) -> Entry {
    // Attempts are those ever made: the row's own begin anew with a replay.
    let ArchivableEvent { row, attempts_ever, execution_id, request } = event;
    let id = format!("{}/{}/{}", context.installation, row.id, row.received_at.micros());
    let mut document = heading(&id, context);
    let mut put = |name: &str, value: RawBson| append(&mut document, name, value);
    put("eventId", row.id.to_string().into());
    put("providerEventId", row.head.provider_event_id.as_str().into());
    put("type", row.head.event_type.as_str().into());
    put("objectType", text(row.head.object_type.as_deref()));
    put("objectId", text(row.head.object_id.as_deref()));
    put("status", row.status.as_str().into());
    put("reason", text(row.reason.map(crate::event::SkipReason::as_str)));
    put("error", text(row.error.as_deref()));
    put("occurredAt", time(row.head.occurred_at));
    put("receivedAt", date(row.received_at).into());
    put("finishedAt", time(row.finished_at));
    put("nextAttemptAt", time(row.next_attempt_at));
    put("attempts", i64::from(*attempts_ever).into());
    put("executionId", text(execution_id.map(|id| id.to_string()).as_deref()));
    put("sizeBytes", (row.size_bytes as i64).into());
    put_request(&mut document, request.as_ref());
    append(&mut document, "expiresAt", expiry(row.received_at, context.days).into());
    Entry { collection: EVENTS, id, revision: ("attempts", i64::from(*attempts_ever)), document }
}

/// The request's URL, headers and body, or why the body is not there.
fn put_request(document: &mut RawDocumentBuf, request: Option<&RawRequest>) {
    let Some(request) = request else {
        append(document, "url", RawBson::Null);
        append(document, "headers", RawArrayBuf::new().into());
        append(document, "body", RawBson::Null);
        append(document, "bodyOmitted", "the stored request is damaged".into());
        return;
    };
    append(document, "url", request.url.as_str().into());
    let mut headers = RawArrayBuf::new();
    for (name, value) in &request.headers {
        let mut header = rawdoc! {"name": name.as_str()};
        append(&mut header, "value", bytes(value));
        headers.push(header);
    }
    append(document, "headers", headers.into());
    if request.body.len() > MAX_BODY_BYTES {
        append(document, "body", RawBson::Null);
        append(document, "bodyOmitted", "the body is too large for a document of MongoDB".into());
    } else {
        append(document, "body", bytes(&request.body));
    }
}

fn execution_entry(context: &ArchiveContext, execution: &Execution, revision: i64) -> Entry {
    let id = format!("{}/{}/{}", context.installation, execution.id, execution.started_at.micros());
    let mut document = heading(&id, context);
    let mut put = |name: &str, value: RawBson| append(&mut document, name, value);
    put("executionId", execution.id.to_string().into());
    put("destinationId", context.destination_id.as_str().into());
    put("startedAt", date(execution.started_at).into());
    put("finishedAt", date(execution.finished_at).into());
    put("events", (execution.events as i64).into());
    put("completed", (execution.completed as i64).into());
    put("skipped", (execution.skipped as i64).into());
    put("failed", (execution.failed as i64).into());
    put("error", text(execution.error.as_deref()));
    put("expiresAt", expiry(execution.finished_at, context.days).into());
    // What it grows by is not its time: a clock can be set back while an outage goes on.
    put("revision", revision.into());
    Entry { collection: EXECUTIONS, id, revision: ("revision", revision), document }
}

/// What both kinds of documents begin with.
fn heading(id: &str, context: &ArchiveContext) -> RawDocumentBuf {
    rawdoc! {
        "_id": id,
        "workspaceId": context.workspace_id.as_str(),
        "jobId": context.job_id.as_str(),
        "jobName": context.job_name.as_str(),
        "sourceId": context.source_id.as_str(),
        "source": context.source_name.as_str(),
        "provider": context.provider.as_str(),
        "hookline": {"installation": context.installation.as_str(), "host": context.host.as_str()},
    }
}

/// Appends a field. The names are this module's own, hence without the zero byte that no name can hold.
fn append(document: &mut RawDocumentBuf, name: &str, value: RawBson) {
    if let Ok(name) = CString::try_from(name) {
        document.append(name, value);
    }
}

fn text(text: Option<&str>) -> RawBson {
    text.map_or(RawBson::Null, RawBson::from)
}

/// As text where that loses nothing.
fn bytes(bytes: &[u8]) -> RawBson {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.into(),
        Err(_) => Binary { subtype: BinarySubtype::Generic, bytes: bytes.to_vec() }.into(),
    }
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

fn time(time: Option<Timestamp>) -> RawBson {
    time.map_or(RawBson::Null, |time| date(time).into())
}

fn expiry(from: Timestamp, days: u32) -> DateTime {
    DateTime::from_millis(from.millis() + i64::from(days) * DAY_MS)
}

#[cfg(test)]
mod tests {
    use bson::Bson;
    use bytes::Bytes;

    use super::*;
    use crate::event::{
        DestinationId, EventHead, EventId, EventRow, EventStatus, JobId, SourceId, WorkspaceId,
    };

    fn context() -> ArchiveContext {
        ArchiveContext {
            installation: "i".to_owned(),
            host: "h".to_owned(),
            workspace_id: WorkspaceId::default_workspace(),
            job_id: JobId::new("j"),
            job_name: "job".to_owned(),
            source_id: SourceId::new("s"),
            source_name: "source".to_owned(),
            provider: "stripe".to_owned(),
            destination_id: DestinationId::new("d"),
            days: 1,
        }
    }

    fn event(body: Bytes) -> ArchivableEvent {
        let row = EventRow {
            id: EventId(7),
            job_id: JobId::new("j"),
            head: EventHead {
                provider_event_id: "evt_1".to_owned(),
                idempotency_key: None,
                event_type: "customer.created".to_owned(),
                occurred_at: None,
                object_type: None,
                object_id: None,
            },
            status: EventStatus::Completed,
            reason: None,
            received_at: Timestamp::from_millis(5),
            finished_at: None,
            attempts: 1,
            next_attempt_at: None,
            error: None,
            size_bytes: body.len() as u64,
            pinned: false,
            duplicates: 0,
        };
        let request = RawRequest {
            method: "POST".to_owned(),
            url: "http://h/".to_owned(),
            headers: vec![("a".to_owned(), b"b".to_vec()), ("c".to_owned(), vec![0xff])],
            body,
            received_at: Timestamp::from_millis(5),
        };
        ArchivableEvent { row, attempts_ever: 2, execution_id: None, request: Some(request) }
    }

    fn document_of(body: &'static [u8]) -> Document {
        let entry = event_entry(&context(), &event(Bytes::from_static(body)));
        Document::try_from(entry.document).expect("valid BSON")
    }

    #[test]
    fn bytes_that_are_text_are_archived_as_text_and_others_as_they_are() {
        assert_eq!(
            document_of(b"{\"a\":\"\xc3\xa4\0\"}").get_str("body").expect("a text"),
            "{\"a\":\"ä\0\"}"
        );
        let document = document_of(b"\x1f\x8b");
        assert_eq!(document.get_binary_generic("body").expect("bytes"), b"\x1f\x8b");
        let headers = document.get_array("headers").expect("a list");
        assert_eq!(headers[0], Bson::Document(doc! {"name": "a", "value": "b"}));
        assert!(matches!(headers[1].as_document().expect("a header").get("value"), Some(Bson::Binary(_))));
    }

    #[test]
    fn a_body_that_no_document_can_hold_is_left_out_and_said_so() {
        let entry = event_entry(&context(), &event(Bytes::from(vec![b'x'; MAX_BODY_BYTES + 1])));
        let document = Document::try_from(entry.document).expect("valid BSON");
        assert_eq!(document.get("body"), Some(&Bson::Null));
        assert!(document.get_str("bodyOmitted").expect("says so").contains("too large"));
        assert_eq!(document.get_i64("sizeBytes").expect("a size"), MAX_BODY_BYTES as i64 + 1);
        let fits = event_entry(&context(), &event(Bytes::from(vec![b'x'; MAX_BODY_BYTES])));
        assert!(fits.document.as_bytes().len() < 16 * 1024 * 1024);
    }

    #[test]
    fn the_id_tells_events_apart_that_got_one_number_at_two_times() {
        let first = event(Bytes::new());
        let mut second = first.clone();
        second.row.received_at = Timestamp::from_micros(5_001);
        let [first, second] = [first, second].map(|event| event_entry(&context(), &event));
        assert_eq!(first.id, "i/7/5000");
        assert_ne!(first.id, second.id);
        let not_newer = Document::try_from(first.not_newer()).expect("valid BSON");
        assert_eq!(not_newer, doc! {"_id": "i/7/5000", "attempts": {"$not": {"$gt": 2_i64}}});
    }
}
