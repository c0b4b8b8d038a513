//! A [`State`] as `_sync_metadata`: all that another process needs to merge from the same state.
//!
//! ```text
//! {jobId, source, eventId, eventType, operation: "upsert"|"delete", occurredAt, receivedAt, syncedAt,
//!  version: {at, rank}, rev, livemode?, account?, apiVersion?, deleted?, ambiguous?, tie?}
//! ```
//!
//! The top level tells of the event whose object the document is. `version.at` is in microseconds since 1970, which BSON's
//! dates are too coarse for. `tie` has an entry for every event of the version, `{e, …, before?, after?, object?}`; a lone
//! event that tells no state before it needs none. The object of the document itself is not in it.

use bson::raw::cstr;
use bson::{DateTime, RawArrayBuf, RawBsonRef, RawDocument, RawDocumentBuf};

use crate::event::{OperationKind, Timestamp, Version};
use crate::sinks::json::Object;

use super::fingerprint::Fingerprint;
use super::state::{Member, Origin, State};

/// Writes the state down; `synced_at` is the time of the batch.
pub(super) fn encode(state: &State, synced_at: Timestamp) -> RawDocumentBuf {
    let head = state.head();
    let mut out = RawDocumentBuf::new();
    out.append(cstr!("eventId"), head.key.as_str());
    put_origin(&mut out, head);
    out.append(cstr!("occurredAt"), date(state.version().at));
    out.append(cstr!("syncedAt"), date(synced_at));
    let mut version = RawDocumentBuf::new();
    version.append(cstr!("at"), state.version().at.micros());
    version.append(cstr!("rank"), i32::from(state.version().rank));
    out.append(cstr!("version"), version);
    out.append(cstr!("rev"), state.revision());
    if state.is_deleted() {
        out.append(cstr!("deleted"), true);
    }
    if state.is_ambiguous() {
        out.append(cstr!("ambiguous"), true);
    }
    let several = state.members().len() > 1;
    if several || head.before.is_some() {
        let mut tie = RawArrayBuf::new();
        for member in state.members() {
            let mut entry = RawDocumentBuf::new();
            entry.append(cstr!("e"), member.key.as_str());
            if several {
                put_origin(&mut entry, member);
            }
            for (key, print) in [(cstr!("before"), member.before), (cstr!("after"), member.after)] {
                if let Some(print) = print {
                    entry.append(key, print.to_string());
                }
            }
            if let Some(object) = member.object.as_ref().filter(|_| member.key != head.key) {
                entry.append(cstr!("object"), object.as_raw());
            }
            tie.push(entry);
        }
        out.append(cstr!("tie"), tie);
    }
    out
}

fn put_origin(out: &mut RawDocumentBuf, member: &Member) {
    let Origin { event_type, job_id, source, received_at, livemode, account, api_version } = &member.origin;
    out.append(cstr!("eventType"), event_type.as_str());
    out.append(cstr!("operation"), operation_name(member.kind));
    out.append(cstr!("jobId"), job_id.as_str());
    out.append(cstr!("source"), source.as_str());
    out.append(cstr!("receivedAt"), date(*received_at));
    if let Some(livemode) = livemode {
        out.append(cstr!("livemode"), *livemode);
    }
    if let Some(account) = account {
        out.append(cstr!("account"), account.as_str());
    }
    if let Some(api_version) = api_version {
        out.append(cstr!("apiVersion"), api_version.as_str());
    }
}

fn operation_name(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Upsert => "upsert",
        OperationKind::Delete => "delete",
    }
}

fn date(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.millis())
}

/// Reads a state back; `object` is the document's own. `None`: this is not what [`encode`] writes, and tells nothing.
pub(super) fn decode(metadata: &RawDocument, object: Option<Object>) -> Option<State> {
    let version = metadata.get_document("version").ok()?;
    let version = Version {
        at: Timestamp::from_micros(version.get_i64("at").ok()?),
        rank: u8::try_from(version.get_i32("rank").ok()?).ok()?,
    };
    let head = text(metadata, "eventId")?;
    let ambiguous = metadata.get_bool("ambiguous").unwrap_or(false);
    let mut members = Vec::new();
    if let Ok(tie) = metadata.get_array("tie") {
        let entries: Vec<&RawDocument> = tie
            .into_iter()
            .map(|entry| entry.ok().and_then(RawBsonRef::as_document))
            .collect::<Option<_>>()?;
        let lone = entries.len() == 1;
        for entry in entries {
            members.push(member(
                text(entry, "e")?,
                if lone { metadata } else { entry },
                fingerprint(entry, "before")?,
                fingerprint(entry, "after")?,
                entry.get_document("object").ok().map(Object::from_raw),
            )?);
        }
    } else {
        members.push(member(head.clone(), metadata, None, None, None)?);
    }
    if let Some(member) = members.iter_mut().find(|member| member.key == head) {
        member.object = object;
    }
    State::restore(version, members, head, ambiguous)
}

fn member(
    key: String,
    origin: &RawDocument,
    before: Option<Fingerprint>,
    after: Option<Fingerprint>,
    object: Option<Object>,
) -> Option<Member> {
    let kind = match origin.get_str("operation").ok()? {
        "upsert" => OperationKind::Upsert,
        "delete" => OperationKind::Delete,
        _ => return None,
    };
    let origin = Origin {
        event_type: text(origin, "eventType")?,
        job_id: text(origin, "jobId")?,
        source: text(origin, "source")?,
        received_at: Timestamp::from_millis(origin.get_datetime("receivedAt").ok()?.timestamp_millis()),
        livemode: origin.get_bool("livemode").ok(),
        account: text(origin, "account"),
        api_version: text(origin, "apiVersion"),
    };
    Some(Member { key, origin, kind, before, after, object })
}

fn text(document: &RawDocument, key: &str) -> Option<String> {
    document.get_str(key).ok().map(str::to_owned)
}

/// The outer `None`: there is one, and it is damaged.
#[expect(clippy::option_option, reason = "absent and damaged are different answers")]
fn fingerprint(entry: &RawDocument, key: &str) -> Option<Option<Fingerprint>> {
    entry.get_str(key).ok().map_or(Some(None), |text| Fingerprint::parse(text).map(Some))
}

/// The revision that a stored state has, without reading the rest.
pub(in crate::sinks) fn revision(metadata: &RawDocument) -> Option<&str> {
    metadata.get_str("rev").ok()
}

/// When and what, for those who keep columns of it.
pub(in crate::sinks) struct Summary<'a> {
    /// The event whose state the document is.
    pub(in crate::sinks) event_id: &'a str,
    /// Its type.
    pub(in crate::sinks) event_type: &'a str,
    /// The state's version.
    pub(in crate::sinks) version: Version,
    /// Live or test mode.
    pub(in crate::sinks) livemode: Option<bool>,
    /// Whether the object is gone.
    pub(in crate::sinks) deleted: bool,
    /// The state's revision.
    pub(in crate::sinks) revision: &'a str,
}

/// Reads the summary of what [`encode`] wrote.
pub(in crate::sinks) fn summary(metadata: &RawDocument) -> Option<Summary<'_>> {
    let version = metadata.get_document("version").ok()?;
    Some(Summary {
        event_id: metadata.get_str("eventId").ok()?,
        event_type: metadata.get_str("eventType").ok()?,
        version: Version {
            at: Timestamp::from_micros(version.get_i64("at").ok()?),
            rank: u8::try_from(version.get_i32("rank").ok()?).ok()?,
        },
        livemode: metadata.get_bool("livemode").ok(),
        deleted: metadata.get_bool("deleted").unwrap_or(false),
        revision: revision(metadata)?,
    })
}
