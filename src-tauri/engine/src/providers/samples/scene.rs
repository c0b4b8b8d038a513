//! The stage of a life: makes objects from templates, changes them, remembers what they were, and emits events.
//!
//! Templates are JSON in which texts hold placeholders. A text that is one placeholder becomes the value itself (a number stays
//! a number), otherwise the value is put into the text:
//!
//! - `{id}`: the id of the object being made.
//! - `{customer.id}`, `{customer.email}`: a field of an object on the stage. The `id` of an object that is not there
//!   yet is reserved: the object gets it when it is made; asked for another field, it is made.
//! - `{new:ch}`: a new id with this prefix.
//! - `{now}`, `{now+3600}`, `{now-60}`: seconds since 1970. `{time}`, `{time+60}`: RFC 3339 with microseconds and `+00:00`;
//!   `{utc}`: the same to the second, with `Z`; `{day+86400}`: a date; `{millis}`: milliseconds since 1970.
//! - `{digits:4}`, `{hex:32}`, `{letters:8}`, `{uuid}`: random text; `{int:9}`: a random number of so many digits.
//! - `{order}`: a whole object, which is made if it is not there yet.
//! - `{amount}`, `{who.email}` and others: facts of the stage, see [`Scene::invite`].

use std::collections::{HashMap, HashSet, VecDeque};

use chrono::SecondsFormat;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng as _, RngExt as _};
use serde_json::{Map, Value, json};

use crate::event::Timestamp;

use super::Sample;
use super::catalogue::{Catalogue, Story};
use super::json;

/// An event about to be wrapped.
#[derive(Debug)]
pub(super) struct Emission<'e> {
    /// Its type.
    pub(super) event_type: &'e str,
    /// The name of its object on the stage.
    pub(super) name: &'e str,
    /// What the object was at its last event, as far as it differs.
    pub(super) before: Map<String, Value>,
}

/// A stage.
#[derive(Debug)]
pub(super) struct Scene<'w> {
    catalogue: &'static Catalogue,
    wanted: &'w HashSet<&'static str>,
    random: Xoshiro256PlusPlus,
    now: Timestamp,
    /// By name; single facts such as `amount` stand beside the objects.
    objects: HashMap<String, Value>,
    reserved: HashMap<String, String>,
    before: HashMap<String, Map<String, Value>>,
    /// What the events of one burst have in common: the request that caused them, if one did.
    request: Value,
    samples: VecDeque<Sample>,
}

/// What a stage leaves behind.
#[derive(Debug)]
pub(super) struct End {
    /// The events, in order.
    pub(super) samples: VecDeque<Sample>,
    /// The time on the stage.
    pub(super) now: Timestamp,
}

const FIRST_NAMES: &[&str] =
    &["Jenny", "Amara", "Mateo", "Yuki", "Priya", "Lars", "Zoë", "Tomasz", "Leila", "Noah", "Chloé", "Kofi"];
const LAST_NAMES: &[&str] = &[
    "Rosen",
    "Okafor",
    "García",
    "Tanaka",
    "Sharma",
    "Lindqvist",
    "Müller",
    "Nowak",
    "Haddad",
    "O'Brien",
    "Dubois",
    "Mensah",
];
const COMPANIES: &[&str] = &[
    "Bluefin Labs",
    "Northwind Traders",
    "Kestrel Analytics",
    "Harbor & Hull",
    "Tidewater Foods",
    "Lumen Works",
    "Pine Street Books",
    "Anker Logistics",
];
/// City, state, postal code, street.
const PLACES: &[(&str, &str, &str, &str)] = &[
    ("San Francisco", "CA", "94103", "354 Oyster Point Blvd"),
    ("Austin", "TX", "78701", "600 Congress Ave"),
    ("Portland", "OR", "97205", "1120 SW 5th Ave"),
    ("Boston", "MA", "02110", "1 Federal St"),
    ("Chicago", "IL", "60601", "233 N Michigan Ave"),
];

impl<'w> Scene<'w> {
    /// An empty stage with a new person on it.
    pub(super) fn new(
        catalogue: &'static Catalogue,
        wanted: &'w HashSet<&'static str>,
        random: Xoshiro256PlusPlus,
        now: Timestamp,
    ) -> Self {
        let mut scene = Self {
            catalogue,
            wanted,
            random,
            now,
            objects: HashMap::new(),
            reserved: HashMap::new(),
            before: HashMap::new(),
            request: Value::Null,
            samples: VecDeque::new(),
        };
        scene.invite();
        scene
    }

    /// Puts a new person and new amounts on the stage.
    fn invite(&mut self) {
        let first = *self.pick(FIRST_NAMES);
        let last = *self.pick(LAST_NAMES);
        let company = *self.pick(COMPANIES);
        let (city, state, postal_code, street) = *self.pick(PLACES);
        let plain = |text: &str| {
            text.to_lowercase()
                .chars()
                .filter_map(|letter| match letter {
                    'á' => Some('a'),
                    'é' | 'ë' => Some('e'),
                    'í' => Some('i'),
                    'ü' => Some('u'),
                    letter => letter.is_ascii_alphanumeric().then_some(letter),
                })
                .collect::<String>()
        };
        let person = json!({
            "name": format!("{first} {last}"),
            "first": first,
            "last": last,
            "email": format!("{}.{}{}@example.com", plain(first), plain(last), self.number(1, 9_999)),
            "phone": format!("+1415555{:04}", self.number(0, 9_999)),
            "company": company,
            "site": format!("https://{}.example.com", plain(company)),
            "street": street,
            "city": city,
            "state": state,
            "postal_code": postal_code,
        });
        self.put("who", person);
        let amount = self.number(5, 400) * 100 - 1;
        self.put("amount", amount.into());
        self.put("amount_text", amount.to_string().into());
        self.put("amount_dollars", format!("${}.{:02}", amount / 100, amount % 100).into());
        self.put("amount_decimal", format!("{}.{:02}", amount / 100, amount % 100).into());
        let risk = self.number(1, 60);
        self.put("risk", risk.into());
        let account = self.new_id("acct");
        self.put("account_id", account.into());
    }

    /// What the stage leaves behind.
    pub(super) fn end(self) -> End {
        End { samples: self.samples, now: self.now }
    }

    /// The time now.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// A number from `low` to `high`, both included.
    pub(super) fn number(&mut self, low: i64, high: i64) -> i64 {
        self.random.random_range(low..=high)
    }

    /// True in one of `times` cases.
    pub(super) fn once_in(&mut self, times: i64) -> bool {
        self.number(1, times) == 1
    }

    /// One of these.
    pub(super) fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.random.random_range(0..choices.len())]
    }

    /// Lets `low` to `high` seconds pass; what follows is another burst of events, caused by a request of its own.
    pub(super) fn pass(&mut self, low: i64, high: i64) {
        let millis = self.number(low * 1_000, high * 1_000);
        self.now = self.now.plus_millis(millis);
        self.request = json!({"id": self.new_id("req"), "idempotency_key": self.uuid()});
    }

    /// The same, but the provider acts by itself: no request caused the events.
    pub(super) fn pass_unasked(&mut self, low: i64, high: i64) {
        self.pass(low, high);
        self.request = json!({"id": null, "idempotency_key": null});
    }

    /// The request that caused the present burst, as `{id, idempotency_key}`.
    pub(super) fn request(&self) -> &Value {
        &self.request
    }

    /// Puts a fact on the stage.
    pub(super) fn put(&mut self, name: &str, value: Value) {
        self.objects.insert(name.to_owned(), value);
    }

    /// An object or a fact; `null` where there is none.
    pub(super) fn get(&self, name: &str) -> &Value {
        self.objects.get(name).unwrap_or(&Value::Null)
    }

    /// Takes an object or a fact off the stage; `null` where there is none.
    pub(super) fn take(&mut self, name: &str) -> Value {
        self.objects.remove(name).unwrap_or_default()
    }

    /// A number field of an object; 0 where there is none.
    pub(super) fn int(&self, name: &str, field: &str) -> i64 {
        self.get(name)[field].as_i64().unwrap_or_default()
    }

    /// The id of an object that is on the stage or will be.
    pub(super) fn id(&mut self, name: &str) -> Value {
        self.value_of(&format!("{name}.id"), "")
    }

    /// Makes an object from its template, with `set` written over it.
    pub(super) fn make(&mut self, name: &str, set: Value) {
        self.make_as(name, name, set);
    }

    /// The same under another name than the template's, for a second object of a kind.
    pub(super) fn make_as(&mut self, name: &str, template: &str, set: Value) {
        let Some(shape) = self.catalogue.objects.get(template) else {
            panic!("built-in samples have no object `{template}`");
        };
        let own_id = match self.reserved.remove(name) {
            Some(id) => Value::from(id),
            None => self.fill(&shape["id"], ""),
        };
        let own_id_text = own_id.as_str().unwrap_or_default().to_owned();
        let mut object = self.fill(shape, &own_id_text);
        if let Value::Object(object) = &mut object {
            if object.contains_key("id") {
                object.insert("id".to_owned(), own_id);
            }
            if let Value::Object(set) = set {
                json::apply(object, set, self.catalogue.depth);
            }
        }
        self.before.remove(name);
        self.put(name, object);
    }

    /// Takes objects off the stage: others of these names come.
    pub(super) fn forget(&mut self, names: &[&str]) {
        for name in names {
            self.objects.remove(*name);
            self.reserved.remove(*name);
            self.before.remove(*name);
        }
    }

    /// Fills a template's placeholders, with `id` as the id of the object it belongs to.
    pub(super) fn fill(&mut self, template: &Value, id: &str) -> Value {
        match template {
            Value::String(text) if text.contains('{') => self.fill_text(text, id),
            Value::Array(items) => items.iter().map(|item| self.fill(item, id)).collect(),
            Value::Object(map) => {
                Value::Object(map.iter().map(|(key, value)| (key.clone(), self.fill(value, id))).collect())
            }
            plain => plain.clone(),
        }
    }

    fn fill_text(&mut self, text: &str, id: &str) -> Value {
        let whole = text.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        if let Some(placeholder) = whole.filter(|rest| !rest.contains(['{', '}'])) {
            return self.value_of(placeholder, id);
        }
        let mut filled = String::with_capacity(text.len() + 24);
        let mut rest = text;
        while let Some((plain, behind)) = rest.split_once('{') {
            let (placeholder, behind) = behind.split_once('}').unwrap_or((behind, ""));
            filled.push_str(plain);
            match self.value_of(placeholder, id) {
                Value::String(value) => filled.push_str(&value),
                value => filled.push_str(&value.to_string()),
            }
            rest = behind;
        }
        filled.push_str(rest);
        filled.into()
    }

    fn value_of(&mut self, placeholder: &str, id: &str) -> Value {
        if placeholder == "id" {
            return id.into();
        }
        if placeholder == "uuid" {
            return self.uuid().into();
        }
        if let Some((maker, argument)) = placeholder.split_once(':') {
            let length = || argument.parse().unwrap_or_default();
            return match maker {
                "new" => self.new_id(argument),
                "digits" => self.letters(b"0123456789", length()),
                "int" => return self.number_of(length()),
                "hex" => self.letters(b"0123456789abcdef", length()),
                "letters" => self.letters(b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789", length()),
                _ => panic!("built-in samples have no placeholder `{placeholder}`"),
            }
            .into();
        }
        let word_end = placeholder.find(['+', '-']).unwrap_or(placeholder.len());
        let (word, offset) = placeholder.split_at(word_end);
        if matches!(word, "now" | "time" | "utc" | "day" | "millis") {
            let at = self.now.plus_millis(offset.parse::<i64>().unwrap_or_default() * 1_000);
            return match word {
                "now" => at.seconds().into(),
                "millis" => at.millis().into(),
                "time" => time_text(at, true).into(),
                "utc" => at.to_chrono().to_rfc3339_opts(SecondsFormat::Secs, true).into(),
                _ => at.to_chrono().format("%Y-%m-%d").to_string().into(),
            };
        }
        let (name, path) = placeholder.split_once('.').unwrap_or((placeholder, ""));
        // Names of objects have dots themselves (`checkout.session.id`): the longest name that fits is meant.
        let (name, path) = match placeholder.rsplit_once('.') {
            Some((long, field)) if self.objects.contains_key(long) || field == "id" => (long, field),
            _ => (name, path),
        };
        if path != "id" && !self.objects.contains_key(name) {
            self.make(name, Value::Null);
        }
        if let Some(object) = self.objects.get(name) {
            let mut value = object;
            for step in path.split('.').filter(|step| !step.is_empty()) {
                value = step.parse::<usize>().ok().and_then(|index| value.get(index)).unwrap_or(&value[step]);
            }
            return value.clone();
        }
        if let Some(reserved) = self.reserved.get(name) {
            return reserved.clone().into();
        }
        let Some(shape) = self.catalogue.objects.get(name) else {
            panic!("built-in samples have no object `{name}`");
        };
        let new = self.fill(&shape["id"], "");
        if let Value::String(text) = &new {
            self.reserved.insert(name.to_owned(), text.clone());
        }
        new
    }

    /// Changes an object; the next event about it knows what it was.
    pub(super) fn change(&mut self, name: &str, set: Value) {
        let (Some(Value::Object(object)), Value::Object(set)) = (self.objects.get_mut(name), set) else {
            panic!("built-in samples change `{name}`, which is no object on the stage");
        };
        let mut before = json::apply(object, set, self.catalogue.depth);
        let earlier = self.before.remove(name).unwrap_or_default();
        json::merge_before(&mut before, earlier);
        self.before.insert(name.to_owned(), before);
    }

    /// Changes an object and tells it with one event.
    pub(super) fn update(&mut self, event_type: &'static str, name: &str, set: Value) {
        self.change(name, set);
        self.emit(event_type, name);
    }

    /// Makes an object and tells it with one event.
    pub(super) fn create(&mut self, event_type: &'static str, name: &str, set: Value) {
        self.make(name, set);
        self.emit(event_type, name);
    }

    /// Emits an event about an object as it is now, if its type is wanted.
    pub(super) fn emit(&mut self, event_type: &str, name: &str) {
        let before = self.before.remove(name).unwrap_or_default();
        self.now = Timestamp::from_micros(self.now.micros().saturating_add(self.catalogue.burst_step_micros));
        if !self.wanted.contains(event_type) {
            return;
        }
        let body = (self.catalogue.wrap)(self, &Emission { event_type, name, before });
        let occurred_at = match self.catalogue.burst_step_micros {
            0 => Timestamp::from_seconds(self.now.seconds()),
            _ => self.now,
        };
        self.samples.push_back(Sample {
            event_type: event_type.to_owned(),
            body: body.into_bytes(),
            occurred_at,
        });
    }

    /// Tells one story, with a new object and a new person.
    pub(super) fn tell(&mut self, story: &Story) {
        self.objects.clear();
        self.reserved.clear();
        self.before.clear();
        self.invite();
        self.pass(1, 4);
        self.make(&story.object, Value::Null);
        let id = self.get(&story.object)["id"].as_str().unwrap_or_default().to_owned();
        for (index, step) in story.steps.iter().enumerate() {
            if index > 0 {
                self.pass(1, 4);
            }
            if !step.set.is_empty() {
                let set = step.set.iter().map(|(key, value)| (key.clone(), self.fill(value, &id))).collect();
                self.change(&story.object, Value::Object(set));
            }
            self.emit(&step.event_type, &story.object);
        }
    }

    /// A new id such as the provider's own: the prefix, an underscore and random letters.
    pub(super) fn new_id(&mut self, prefix: &str) -> String {
        let (lead, length) = (self.catalogue.id_form)(prefix);
        let mut id = String::with_capacity(prefix.len() + lead.len() + length + 1);
        id.push_str(prefix);
        id.push('_');
        id.push_str(lead);
        self.append(&mut id, ALPHABET, length);
        id
    }

    fn letters(&mut self, alphabet: &[u8], length: usize) -> String {
        let mut text = String::with_capacity(length);
        self.append(&mut text, alphabet, length);
        text
    }

    fn append(&mut self, text: &mut String, alphabet: &[u8], length: usize) {
        let mut pool = 0_u64;
        for index in 0..length {
            // Ten letters of 62 use up less than the 64 random bits of one draw.
            if index % 10 == 0 {
                pool = self.random.next_u64();
            }
            let size = alphabet.len() as u64;
            text.push(char::from(alphabet[(pool % size) as usize]));
            pool /= size;
        }
    }

    /// A number of so many digits, at most 15: JavaScript reads it exactly.
    fn number_of(&mut self, digits: usize) -> Value {
        let low = 10_i64.pow(digits.clamp(1, 15) as u32 - 1);
        self.number(low, low * 10 - 1).into()
    }

    /// A random UUID.
    pub(super) fn uuid(&mut self) -> String {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid().to_string()
    }
}

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// RFC 3339 with microseconds, with `+00:00` or without an offset.
pub(super) fn time_text(at: Timestamp, with_offset: bool) -> String {
    let mut text = at.to_chrono().to_rfc3339_opts(SecondsFormat::Micros, false);
    if !with_offset {
        text.truncate(text.len() - "+00:00".len());
    }
    text
}
