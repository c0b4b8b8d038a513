//! Points in time, and the clock that tells them: passed in, so that tests can move it.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::faults;

/// A point in time with microseconds, as Close's events have them; printed as RFC 3339 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Timestamp {
    micros: i64,
}

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self { micros }
    }

    /// From milliseconds since 1970; beyond the range of microseconds it stays at the range's end.
    pub const fn from_millis(millis: i64) -> Self {
        Self { micros: millis.saturating_mul(1_000) }
    }

    /// From seconds since 1970; beyond the range of microseconds it stays at the range's end.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self { micros: seconds.saturating_mul(1_000_000) }
    }

    /// Reads RFC 3339, and the same without an offset, which then means UTC (as in Close's events).
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .map(|time| time.timestamp_micros())
            .or_else(|_| text.parse::<NaiveDateTime>().map(|time| time.and_utc().timestamp_micros()))
            .ok()
            .map(Self::from_micros)
    }

    /// Microseconds since 1970.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Whole milliseconds since 1970.
    pub const fn millis(self) -> i64 {
        self.micros.div_euclid(1_000)
    }

    /// Whole seconds since 1970.
    pub const fn seconds(self) -> i64 {
        self.micros.div_euclid(1_000_000)
    }

    /// This time moved by `delta_ms` milliseconds, at most to the end of the range.
    #[must_use]
    pub const fn plus_millis(self, delta_ms: i64) -> Self {
        Self { micros: self.micros.saturating_add(delta_ms.saturating_mul(1_000)) }
    }

    /// RFC 3339 in UTC with milliseconds, or with microseconds where there are any.
    pub fn to_rfc3339(self) -> String {
        let format =
            if self.micros.rem_euclid(1_000) == 0 { SecondsFormat::Millis } else { SecondsFormat::Micros };
        self.to_chrono().to_rfc3339_opts(format, true)
    }

    /// The same for `chrono`; a time beyond chrono's range becomes the range's end.
    pub fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros).unwrap_or(if self.micros < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"an RFC 3339 time"))
    }
}

impl utoipa::PartialSchema for Timestamp {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, Type};
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .into()
    }
}

impl utoipa::ToSchema for Timestamp {}

/// Tells the time.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time now. It may jump, in both directions: nothing may rely on it growing.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "everybody else asks a `Clock`")]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(Utc::now().timestamp_micros()).plus_millis(faults::clock_shift_ms())
    }
}

/// A clock that stands still until it is moved: for tests.
#[derive(Debug, Default)]
pub struct ManualClock {
    micros: AtomicI64,
}

impl ManualClock {
    /// A clock that shows `time`.
    pub fn new(time: Timestamp) -> Self {
        Self { micros: AtomicI64::new(time.micros()) }
    }

    /// Sets the clock.
    pub fn set(&self, time: Timestamp) {
        self.micros.store(time.micros(), Ordering::SeqCst);
    }

    /// Moves the clock by `delta_ms` milliseconds, backwards when negative.
    pub fn advance_millis(&self, delta_ms: i64) {
        self.micros.fetch_add(delta_ms.saturating_mul(1_000), Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst))
    }
}
