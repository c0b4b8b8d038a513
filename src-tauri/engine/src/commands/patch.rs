//! Values of a partial body: `null` is something else than a value that is not named.

use serde::de::{DeserializeOwned, Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

/// Reads a field whose `null` means "take it away": `None` when not named, `Some(None)` for `null`.
///
/// To be used with `#[serde(default, deserialize_with = "patch::nullable")]`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn nullable<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// Reads a field that must not be `null` where it is named.
///
/// To be used with `#[serde(default, deserialize_with = "patch::present")]`.
pub(super) fn present<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// Reads a field that is an object, where it is named and not `null`. The derive alone would take a list for it too.
///
/// To be used with `#[serde(default, deserialize_with = "patch::object")]`.
pub(super) fn object<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    let Some(object) = Option::<serde_json::Map<_, _>>::deserialize(deserializer)? else {
        return Ok(None);
    };
    serde_json::from_value(serde_json::Value::Object(object)).map(Some).map_err(D::Error::custom)
}

/// [`nullable`] for an object.
///
/// To be used with `#[serde(default, deserialize_with = "patch::nullable_object")]`.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn nullable_object<'de, T, D>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    T: DeserializeOwned,
    D: Deserializer<'de>,
{
    object(deserializer).map(Some)
}

/// A number without a fraction, however it is written: to JSON `500.0` is the same number as `500`.
struct Whole(u32);

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Every `u32` is exact as `f64`, and what is rounded lies far out of the range.
        let number = f64::deserialize(deserializer)?;
        if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
            Ok(Self(number as u32))
        } else {
            Err(D::Error::invalid_value(Unexpected::Float(number), &"a whole number from 0 to 4294967295"))
        }
    }
}

/// Reads a number that has to be named.
///
/// To be used with `#[serde(deserialize_with = "patch::needed_number")]`.
pub(super) fn needed_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    Whole::deserialize(deserializer).map(|Whole(number)| number)
}

/// [`present`] for a number.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    needed_number(deserializer).map(Some)
}

/// [`nullable`] for a number.
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub(super) fn nullable_number<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<u32>>, D::Error> {
    Option::<Whole>::deserialize(deserializer).map(|number| Some(number.map(|Whole(number)| number)))
}
