//! Reading a body at receipt: only the few fields that matter are looked at, borrowed from the body, in one pass.
//!
//! Invariants:
//! - No message repeats anything of the body: what is wrong and where, but not with what.
//! - What is not looked at is skipped without recursion, so that nesting of any depth neither overflows the stack nor
//!   is refused here.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::InvalidPayload;
use crate::event::Timestamp;

/// The last second of the year 9999: what lies behind is no time that a provider means.
const LATEST_SECOND: i64 = 253_402_300_799;

/// A JSON object. A derived `Deserialize` alone takes an array too, as the fields in their order.
pub(super) struct Object<T>(pub(super) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ObjectVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
            type Value = Object<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A JSON object, or `None` for a value of any other type.
pub(super) struct MaybeObject<T>(pub(super) Option<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for MaybeObject<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyVisitor<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for AnyVisitor<T> {
            type Value = MaybeObject<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(|object| MaybeObject(Some(object)))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(MaybeObject(None))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }

            fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }

            fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }

            fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }

            fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
                Ok(MaybeObject(None))
            }
        }

        deserializer.deserialize_any(AnyVisitor(PhantomData))
    }
}

/// A value that may be of any type. As a field it is `Option<Loose>`, which is `None` for `null` too.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Loose<'a>(#[serde(borrow)] &'a RawValue);

impl<'a> Loose<'a> {
    /// The value as it stands in the body.
    pub(super) fn raw(&self) -> &'a RawValue {
        self.0
    }

    /// The text, if it is one that is not empty.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        let raw = self.0.get();
        let text = raw.starts_with('"').then(|| serde_json::from_str::<Text<'a>>(raw).ok())??.0;
        (!text.trim().is_empty()).then_some(text)
    }

    /// The text, or the digits of a whole number: what can be an id.
    pub(super) fn id(&self) -> Option<Cow<'a, str>> {
        let raw = self.0.get();
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Cow::Borrowed(raw));
        }
        self.text()
    }

    /// Whether it is `true` or `false`, and which.
    pub(super) fn boolean(&self) -> Option<bool> {
        self.0.get().parse().ok()
    }

    /// The value itself, if it is an object with at least one key.
    pub(super) fn filled_object(&self) -> Option<&'a RawValue> {
        let raw = self.0.get();
        let inside = raw.strip_prefix('{')?.strip_suffix('}')?;
        (!inside.trim().is_empty()).then_some(self.0)
    }

    /// A point in time in whole seconds since 1970, or as RFC 3339.
    pub(super) fn seconds_or_rfc3339(&self) -> Option<Timestamp> {
        match self.0.get().parse::<i64>() {
            Ok(seconds) if (0..=LATEST_SECOND).contains(&seconds) => Some(Timestamp::from_seconds(seconds)),
            Ok(_) => None,
            Err(_) => Timestamp::parse(&self.text()?),
        }
    }

    /// A point in time as RFC 3339, or as a number of seconds, milliseconds or microseconds since 1970: which of them
    /// follows from its size, since as seconds the larger ones would lie thousands of years ahead.
    pub(super) fn time_of_any_unit(&self) -> Option<Timestamp> {
        const FIRST_AS_MILLIS: i64 = 100_000_000_000;
        const FIRST_AS_MICROS: i64 = 100_000_000_000_000;
        match self.0.get().parse::<f64>().map(|number| number as i64) {
            Ok(number) if !(0..=LATEST_SECOND * 1_000_000).contains(&number) => None,
            Ok(number) if number < FIRST_AS_MILLIS => Some(Timestamp::from_seconds(number)),
            Ok(number) if number < FIRST_AS_MICROS => Some(Timestamp::from_millis(number)),
            Ok(number) => Some(Timestamp::from_micros(number)),
            Err(_) => Timestamp::parse(&self.text()?),
        }
    }
}

/// A text that is borrowed where it holds no escapes, also inside an `Option`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// Reads a whole body as an object with the fields of `T`. `label` is the provider's name.
pub(super) fn read<'a, T: Deserialize<'a>>(body: &'a [u8], label: &str) -> Result<T, InvalidPayload> {
    let text = as_text(body)?;
    serde_json::from_str::<Object<T>>(text).map(|object| object.0).map_err(|error| invalid(&error, label))
}

/// Reads a part of a body that [`read`] kept as it is; `None` where it is no object.
pub(super) fn read_object<'a, T: Deserialize<'a>>(
    part: &'a RawValue,
    label: &str,
) -> Result<Option<T>, InvalidPayload> {
    serde_json::from_str::<MaybeObject<T>>(part.get())
        .map(|object| object.0)
        .map_err(|error| invalid(&error, label))
}

/// The whole body as it is, without the white space around it.
pub(super) fn whole<'a>(body: &'a [u8], label: &str) -> Result<&'a RawValue, InvalidPayload> {
    serde_json::from_str(as_text(body)?).map_err(|error| invalid(&error, label))
}

/// The body as text. White space alone is no body.
pub(super) fn as_text(body: &[u8]) -> Result<&str, InvalidPayload> {
    let text = std::str::from_utf8(body).map_err(|error| {
        InvalidPayload::new(format!("the body is not valid UTF-8 from byte {} on", error.valid_up_to()))
    })?;
    if text.trim_ascii().is_empty() {
        return Err(InvalidPayload::new("the body is empty"));
    }
    Ok(text)
}

/// The id or type of an event: without one it cannot be kept apart from others.
pub(super) fn not_empty<'a>(field: &str, text: Cow<'a, str>) -> Result<Cow<'a, str>, InvalidPayload> {
    if text.trim().is_empty() {
        return Err(InvalidPayload::new(format!("the event's `{field}` is empty")));
    }
    Ok(text)
}

/// Says what is wrong without repeating values of the body, which serde's own messages do.
fn invalid(error: &serde_json::Error, label: &str) -> InvalidPayload {
    let message = error.to_string();
    if error.classify() != Category::Data {
        return InvalidPayload::new(format!("the body is not JSON: {message}"));
    }
    // The names of fields are ours. Of a message like `invalid type: string "…", expected a number at line 1 column 9`
    // only what follows the last `expected` is, whatever the value holds.
    let what = if message.starts_with("missing field") || message.starts_with("duplicate field") {
        message
    } else if let Some((_, expected)) = message.rsplit_once(", expected ") {
        format!("expected {expected}")
    } else {
        format!("a value of the wrong type at line {} column {}", error.line(), error.column())
    };
    InvalidPayload::new(format!("the body is JSON, but no event of {label}: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Head<'a> {
        #[serde(borrow)]
        id: Cow<'a, str>,
        #[serde(borrow)]
        text: Option<Text<'a>>,
        #[serde(borrow)]
        loose: Option<Loose<'a>>,
        inner: Option<Object<Inner>>,
    }

    #[derive(Deserialize)]
    struct Inner {
        number: u8,
    }

    fn message(body: impl AsRef<[u8]>) -> String {
        match read::<Head<'_>>(body.as_ref(), "Acme") {
            Ok(_) => "read".to_owned(),
            Err(error) => error.message,
        }
    }

    #[test]
    fn a_message_says_what_is_wrong_and_where() {
        let cases = [
            ("", "the body is empty"),
            (" \n", "the body is empty"),
            ("nonsense", "the body is not JSON: expected ident at line 1 column 2"),
            ("{\"id\":\"a\"", "the body is not JSON: EOF while parsing an object at line 1 column 9"),
            ("{\"id\":\"a\"} x", "the body is not JSON: trailing characters at line 1 column 12"),
            ("{}", "the body is JSON, but no event of Acme: missing field `id` at line 1 column 2"),
            (
                "{\"id\":\"a\",\n\"id\":\"b\"}",
                "the body is JSON, but no event of Acme: duplicate field `id` at line 2 column 4",
            ),
            ("[\"a\"]", "the body is JSON, but no event of Acme: expected a JSON object at line 1 column 0"),
            ("7", "the body is JSON, but no event of Acme: expected a JSON object at line 1 column 1"),
        ];
        for (body, expected) in cases {
            assert_eq!(message(body), expected, "{body}");
        }
        assert_eq!(message(b"{\"id\":\"\xff\"}"), "the body is not valid UTF-8 from byte 7 on");
    }

    #[test]
    fn a_message_never_repeats_a_value() {
        for body in [
            r#"{"id":"a","inner":"hush, expected hush"}"#,
            r#"{"id":"a","inner":{"number":"hush"}}"#,
            r#"{"id":"a","inner":{"number":77777}}"#,
            r#"{"id":77777}"#,
            r#"{"id":"hush" "hush"}"#,
        ] {
            let message = message(body);
            assert!(!message.contains("hush") && !message.contains("7777"), "{message}");
            assert!(message.contains("expected") && message.contains("line 1 column"), "{message}");
        }
    }

    #[test]
    fn fields_are_borrowed_from_the_body() {
        let body = br#"{"id":"one","text":"two","loose":"three","inner":{"number":4}}"#;
        let head: Head<'_> = read(body, "Acme").expect("an event");
        assert!(matches!(head.id, Cow::Borrowed("one")));
        assert!(matches!(head.text, Some(Text(Cow::Borrowed("two")))));
        assert!(matches!(head.loose.and_then(|loose| loose.text()), Some(Cow::Borrowed("three"))));
        assert_eq!(head.inner.map(|inner| inner.0.number), Some(4));
    }

    #[test]
    fn nesting_of_any_depth_is_skipped() {
        let depth = 500_000;
        for field in ["loose", "unknown"] {
            let body = format!(r#"{{"id":"a","{field}":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
            assert_eq!(message(&body), "read");
        }
        assert!(message("[".repeat(depth)).contains("expected a JSON object"));
    }

    #[test]
    fn a_loose_value_is_what_it_can_be() {
        fn loose(json: &str) -> Loose<'_> {
            serde_json::from_str(json).expect("JSON")
        }
        assert_eq!(loose(r#""a\nb""#).text().as_deref(), Some("a\nb"));
        assert_eq!(loose("7").text(), None);
        assert_eq!(loose(r#"" ""#).text(), None);
        // A lone surrogate is JSON, but no text.
        assert_eq!(loose(r#""\ud800""#).text(), None);
        assert_eq!(loose("12345678901234567890").id().as_deref(), Some("12345678901234567890"));
        assert_eq!(loose("-3").id().as_deref(), Some("-3"));
        assert_eq!(loose("3.5").id(), None);
        assert_eq!(loose("[1]").id(), None);
        assert_eq!(loose("true").boolean(), Some(true));
        assert_eq!(loose(r#""true""#).boolean(), None);
        assert!(loose("{ }").filled_object().is_none());
        assert!(loose("[1]").filled_object().is_none());
        assert_eq!(loose(r#"{"a":1}"#).filled_object().map(RawValue::get), Some(r#"{"a":1}"#));
    }

    #[test]
    fn times_are_read_in_every_form_that_providers_use() {
        fn loose(json: &str) -> Loose<'_> {
            serde_json::from_str(json).expect("JSON")
        }
        let time = Timestamp::from_seconds(1_654_012_591);
        assert_eq!(loose("1654012591").seconds_or_rfc3339(), Some(time));
        assert_eq!(loose(r#""2022-05-31T15:56:31Z""#).seconds_or_rfc3339(), Some(time));
        for wrong in ["-1", "253402300800", "1e3", "1.5", "true", "{}", r#""soon""#, "99999999999999999999"] {
            assert_eq!(loose(wrong).seconds_or_rfc3339(), None, "{wrong}");
        }
        assert_eq!(loose("1654012591").time_of_any_unit(), Some(time));
        assert_eq!(loose("1654012591000").time_of_any_unit(), Some(time));
        assert_eq!(loose("1654012591000000").time_of_any_unit(), Some(time));
        assert_eq!(loose(r#""2022-05-31T17:56:31+02:00""#).time_of_any_unit(), Some(time));
        for wrong in ["-1", "1e300", "null", "[]", r#""""#] {
            assert_eq!(loose(wrong).time_of_any_unit(), None, "{wrong}");
        }
    }
}
