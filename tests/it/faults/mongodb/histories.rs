//! Histories of objects as Stripe would tell them, and what their objects are in the end.

use hookline_tests::webhooks::stripe_event;
use serde_json::{Map, Value, json};

/// When all histories begin, in seconds since 1970.
const BEGIN: i64 = 1_700_000_000;

/// What an update changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Name(u8),
    Balance(u8),
    /// A key inside another object, or its removal.
    Note(Option<u8>),
}

/// One object's history as it is told.
#[derive(Debug, Clone)]
pub(crate) struct Teller {
    kind: &'static str,
    /// The object's id.
    pub(crate) id: String,
    object: Option<Value>,
    second: i64,
    salt: u32,
    /// The events so far, in the order of what happened.
    pub(crate) events: Vec<Value>,
}

impl Teller {
    /// Nothing has happened yet. `salt` decides which of two events gets the smaller id.
    pub(crate) fn new(kind: &'static str, id: &str, salt: u32) -> Self {
        Self { kind, id: id.to_owned(), object: None, second: BEGIN, salt, events: Vec::new() }
    }

    /// The object's kind.
    pub(crate) fn kind(&self) -> &'static str {
        self.kind
    }

    /// What the object is now; `None`: it is deleted, or was never there.
    pub(crate) fn object(&self) -> Option<&Value> {
        self.object.as_ref()
    }

    fn tell(&mut self, action: &str, object: &Value) -> &mut Value {
        // Ids grow neither with time nor with anything else.
        let scatter = (self.events.len() as u32 + 1).wrapping_mul(2_654_435_761) ^ self.salt.rotate_left(7);
        let id = format!("evt_{:08x}_{}_{}", scatter, self.id, self.events.len());
        let event_type = format!("{}.{action}", self.kind);
        self.events.push(stripe_event(&id, &event_type, self.second, object));
        self.events.last_mut().expect("was pushed")
    }

    /// It is made (again), so many seconds after what happened last.
    pub(crate) fn created(&mut self, later: i64) -> &mut Self {
        self.second += later;
        let object = json!({
            "id": self.id, "object": self.kind, "name": "", "balance": 0, "metadata": {}, "made": self.second
        });
        self.tell("created", &object);
        self.object = Some(object);
        self
    }

    /// It is changed, so many seconds after what happened last. A change that changes nothing is not told, nor one of what is
    /// not there.
    pub(crate) fn updated(&mut self, later: i64, change: Change) -> &mut Self {
        let Some(before) = self.object.clone() else { return self };
        let mut after = before.clone();
        let mut previous = Map::new();
        match change {
            Change::Name(name) => {
                after["name"] = json!(format!("name {name}"));
                previous.insert("name".to_owned(), before["name"].clone());
            }
            Change::Balance(balance) => {
                after["balance"] = json!(balance);
                previous.insert("balance".to_owned(), before["balance"].clone());
            }
            Change::Note(note) => {
                let fields = after["metadata"].as_object_mut().expect("is an object");
                let old = match note {
                    Some(note) => fields.insert("note".to_owned(), json!(note.to_string())),
                    None => fields.remove("note"),
                };
                previous.insert("metadata".to_owned(), json!({"note": old}));
            }
        }
        if after == before {
            return self;
        }
        self.second += later;
        let event = self.tell("updated", &after);
        event["data"]["previous_attributes"] = Value::Object(previous);
        self.object = Some(after);
        self
    }

    /// It is deleted, so many seconds after what happened last.
    pub(crate) fn deleted(&mut self, later: i64) -> &mut Self {
        if let Some(object) = self.object.take() {
            self.second += later;
            self.tell("deleted", &object);
        }
        self
    }
}

/// A long history: made, then changed so many times, four times a second; every fifth object is deleted in the end, and
/// every seventh comes back.
pub(crate) fn long(number: usize, changes: u8) -> Teller {
    let mut teller = Teller::new("customer", &format!("cus_{number}"), number as u32);
    teller.created(0);
    for n in 1..=changes {
        let change = match n % 3 {
            0 => Change::Note((n % 2 == 0).then_some(n)),
            1 => Change::Name(n),
            _ => Change::Balance(n),
        };
        teller.updated(i64::from(n % 4 == 0), change);
    }
    if number.is_multiple_of(5) {
        teller.deleted(0);
    }
    if number.is_multiple_of(7) {
        teller.deleted(0).created(1).updated(0, Change::Name(200));
    }
    teller
}

/// All events of several histories, the first ones of all first.
pub(crate) fn woven(tellers: &[Teller]) -> Vec<Value> {
    let longest = tellers.iter().map(|teller| teller.events.len()).max().unwrap_or_default();
    (0..longest)
        .flat_map(|at| tellers.iter().filter_map(move |teller| teller.events.get(at).cloned()))
        .collect()
}
