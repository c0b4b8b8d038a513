//! Deliveries → changes, grouped by document.

use std::collections::HashMap;

use crate::event::{Operation, OperationKind};
use crate::sinks::json::{InvalidObject, Object};
use crate::sinks::{Context, Delivery, archive};

use super::documents::{Key, TOMBSTONES};
use super::fingerprint::Fingerprint;
use super::state::{Change, Member, Origin};

/// One operation of a batch, before its object was read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending<'a> {
    /// Its place among all operations of the batch.
    pub(super) slot: usize,
    /// How many operations of the same delivery changed the same document before it.
    pub(super) repetition: usize,
    /// The event.
    pub(super) delivery: &'a Delivery,
    /// The operation.
    pub(super) operation: &'a Operation,
}

/// All operations of a batch on one document, in the order of receipt.
#[derive(Debug)]
pub(super) struct Group<'a> {
    /// The document.
    pub(super) key: Key,
    /// The operations.
    pub(super) operations: Vec<Pending<'a>>,
}

/// Groups the operations of all deliveries by document.
pub(super) fn group(deliveries: &[Delivery]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::with_capacity(deliveries.len());
    let mut index: HashMap<(&str, &str), usize> = HashMap::with_capacity(deliveries.len());
    let mut slot = 0;
    for delivery in deliveries {
        for operation in &delivery.operations {
            let place = *index.entry((&operation.collection, &operation.document_id)).or_insert_with(|| {
                let key = Key { collection: operation.collection.clone(), id: operation.document_id.clone() };
                groups.push(Group { key, operations: Vec::new() });
                groups.len() - 1
            });
            let operations = &mut groups[place].operations;
            let repetition = operations
                .iter()
                .rev()
                .take_while(|earlier| std::ptr::eq(earlier.delivery, delivery))
                .count();
            operations.push(Pending { slot, repetition, delivery, operation });
            slot += 1;
        }
    }
    groups
}

/// Why no document of this name can be written, if so.
pub(super) fn refuse_name(key: &Key) -> Option<String> {
    let Key { collection, id } = key;
    if id.is_empty() {
        return Some("the object has an empty id".to_owned());
    }
    let reserved = collection.starts_with("system.") || archive::is_reserved(collection);
    debug_assert!(archive::is_reserved(TOMBSTONES));
    // A server allows 255 bytes for `database.collection`, and a database's name has at most 63.
    let bad = collection.is_empty()
        || collection.len() > 190
        || collection.starts_with('.')
        || collection.ends_with('.')
        || collection.contains(['$', '\0']);
    (reserved || bad).then(|| format!("`{}` cannot be the name of a collection", collection.escape_debug()))
}

/// Reads the operation's object.
pub(super) fn change(context: &Context, pending: &Pending<'_>) -> Result<Change, InvalidObject> {
    let Pending { delivery, operation, repetition, .. } = *pending;
    let object = match &operation.object {
        Some(text) => Some(Object::from_json(text.get())?),
        None if operation.kind == OperationKind::Upsert => return Err(InvalidObject::NoObject("missing")),
        None => None,
    };
    // Old values that cannot be read are as good as none: they only help to order changes of one second.
    let before = operation.previous.as_ref().and_then(|previous| {
        let values = Object::from_json(previous.values.get()).ok()?;
        Some(Fingerprint::before(object.as_ref()?.as_raw(), values.as_raw(), previous.deep))
    });
    let mut key = delivery.provider_event_id.clone();
    if repetition > 0 {
        key = format!("{key}#{repetition}");
    }
    Ok(Change {
        version: operation.version,
        member: Member {
            key,
            origin: Origin {
                event_type: delivery.event_type.clone(),
                job_id: context.job_id.as_str().to_owned(),
                source: context.source.clone(),
                received_at: delivery.request.received_at,
                livemode: operation.livemode,
                account: operation.account.clone(),
                api_version: operation.api_version.clone(),
            },
            kind: operation.kind,
            before,
            after: None,
            object,
        },
    })
}
