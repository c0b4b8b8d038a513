//! What handlers take from a request. Everything that cannot be read is an error of the API's one shape.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::response::IntoResponse as _;
use http::{HeaderMap, StatusCode, header, request};
use serde::de::DeserializeOwned;

use crate::commands::{CommandError, ErrorCode};
use crate::event::{EventId, ExecutionId, Timestamp};

/// Parameters of the path.
#[derive(Debug)]
pub(super) struct ApiPath<T>(pub(super) T);

impl<T, S> FromRequestParts<S> for ApiPath<T>
where
    T: DeserializeOwned + Send,
    S: Send + Sync,
{
    type Rejection = CommandError;

    async fn from_request_parts(parts: &mut request::Parts, state: &S) -> Result<Self, CommandError> {
        match Path::<T>::from_request_parts(parts, state).await {
            Ok(Path(path)) => Ok(Self(path)),
            Err(rejection) => Err(CommandError::new(
                ErrorCode::MalformedRequest,
                format!("the path cannot be read: {}", rejection.body_text()),
            )),
        }
    }
}

/// A JSON body.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T, S> FromRequest<S> for Body<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = CommandError;

    async fn from_request(request: Request, state: &S) -> Result<Self, CommandError> {
        let is_json = is_json(request.headers());
        let bytes = bytes(request, state).await?;
        if !is_json {
            return Err(not_json());
        }
        read_json(&bytes).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub(super) struct OptionalBody<T>(pub(super) T);

impl<T, S> FromRequest<S> for OptionalBody<T>
where
    T: DeserializeOwned + Default,
    S: Send + Sync,
{
    type Rejection = CommandError;

    async fn from_request(request: Request, state: &S) -> Result<Self, CommandError> {
        let is_json = is_json(request.headers());
        let bytes = bytes(request, state).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        if !is_json {
            return Err(not_json());
        }
        if bytes.trim_ascii() == b"null" {
            return Ok(Self(T::default()));
        }
        read_json(&bytes).map(Self)
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, CommandError> {
    Bytes::from_request(request, state).await.map_err(|rejection: BytesRejection| {
        if rejection.into_response().status() == StatusCode::PAYLOAD_TOO_LARGE {
            let mebibytes = super::MAX_BODY_BYTES / (1024 * 1024);
            CommandError::new(
                ErrorCode::PayloadTooLarge,
                format!("a request to this API has at most {mebibytes} MiB"),
            )
        } else {
            CommandError::new(ErrorCode::MalformedRequest, "the body broke off")
        }
    })
}

fn is_json(headers: &HeaderMap) -> bool {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn not_json() -> CommandError {
    CommandError::new(ErrorCode::UnsupportedMediaType, "the body has to be JSON")
        .with_hint("Send the header `Content-Type: application/json`.")
}

fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CommandError> {
    use serde_json::error::Category;
    // The reader would take a list for an object, value by value in the order of the fields: nobody means that.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(CommandError::new(ErrorCode::InvalidRequest, "the body has to be a JSON object"));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The reader's message repeats short values at most: names of fields and variants.
        let code = match error.classify() {
            Category::Data => ErrorCode::InvalidRequest,
            Category::Syntax | Category::Eof | Category::Io => ErrorCode::MalformedRequest,
        };
        let what = if code == ErrorCode::InvalidRequest { "cannot be used" } else { "is not JSON" };
        CommandError::new(code, format!("the body {what}: {}", without_values(&error.to_string())))
    })
}

/// The JSON reader's message, without the text it found in the place of something else: that may be a secret.
fn without_values(message: &str) -> Cow<'_, str> {
    match message.split_once("string \"") {
        Some((before, rest)) => match rest.rsplit_once("\", expected") {
            Some((_, after)) => Cow::Owned(format!("{before}text, expected{after}")),
            None => Cow::Borrowed("a text stands where something else is expected"),
        },
        None => Cow::Borrowed(message),
    }
}

/// What a cursor is.
const CURSOR: &str = "a `nextCursor` of an earlier answer";

/// The query, each key with all of its values.
#[derive(Debug, Default)]
pub(super) struct Query {
    values: BTreeMap<String, Vec<String>>,
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = CommandError;

    async fn from_request_parts(parts: &mut request::Parts, _state: &S) -> Result<Self, CommandError> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

fn malformed(field: &str, message: String) -> CommandError {
    CommandError { field: Some(field.to_owned()), ..CommandError::new(ErrorCode::MalformedRequest, message) }
}

impl Query {
    pub(super) fn parse(query: &str) -> Result<Self, CommandError> {
        let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            values.entry(decode(key)?).or_default().push(decode(value)?);
        }
        Ok(Self { values })
    }

    /// The only value of this key.
    fn only(&mut self, key: &str) -> Result<Option<String>, CommandError> {
        let Some(values) = self.values.remove(key) else {
            return Ok(None);
        };
        match <[String; 1]>::try_from(values) {
            Ok([value]) => Ok(Some(value)),
            Err(_several) => Err(malformed(key, format!("`{key}` is named more than once"))),
        }
    }

    /// The only value of this key, a text. An empty one counts as none, so that search forms can send all of their fields.
    pub(super) fn one(&mut self, key: &str) -> Result<Option<String>, CommandError> {
        Ok(self.only(key)?.filter(|value| !value.is_empty()))
    }

    /// [`Query::one`] of at most `longest` characters.
    pub(super) fn short(&mut self, key: &str, longest: usize) -> Result<Option<String>, CommandError> {
        match self.one(key)? {
            Some(value) if value.chars().count() > longest => {
                Err(malformed(key, format!("`{key}` has at most {longest} characters")))
            }
            value => Ok(value),
        }
    }

    /// All values of this key, those behind commas too.
    pub(super) fn list(&mut self, key: &str) -> Vec<String> {
        let values = self.values.remove(key).unwrap_or_default();
        values
            .iter()
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// The value of this key, which has to be there.
    pub(super) fn required(&mut self, key: &str) -> Result<String, CommandError> {
        self.one(key)?.ok_or_else(|| malformed(key, format!("`{key}` is missing")))
    }

    /// The value of this key, read as `what`.
    fn parsed<T: FromStr>(&mut self, key: &str, what: &str) -> Result<Option<T>, CommandError> {
        self.only(key)?
            .map(|value| value.parse().map_err(|_| malformed(key, format!("`{key}` has to be {what}"))))
            .transpose()
    }

    /// One of these values. An empty one is none of them.
    pub(super) fn choice(&mut self, key: &str, values: &[&str]) -> Result<Option<String>, CommandError> {
        match self.only(key)? {
            Some(value) if !values.contains(&value.as_str()) => {
                Err(malformed(key, format!("`{key}` has to be one of {}", values.join(", "))))
            }
            value => Ok(value),
        }
    }

    /// `true` or `false`; false unless named.
    pub(super) fn flag(&mut self, key: &str) -> Result<bool, CommandError> {
        Ok(self.parsed(key, "`true` or `false`")?.unwrap_or(false))
    }

    /// `limit`, 1 to 1000; 100 unless named.
    pub(super) fn limit(&mut self) -> Result<u32, CommandError> {
        let limit = self.parsed("limit", "a number from 1 to 1000")?.unwrap_or(100);
        if (1..=1000).contains(&limit) {
            Ok(limit)
        } else {
            Err(malformed("limit", format!("`limit` is {limit}; it must be 1 to 1000")))
        }
    }

    /// A number within a range.
    pub(super) fn number(
        &mut self,
        key: &str,
        range: RangeInclusive<u32>,
    ) -> Result<Option<u32>, CommandError> {
        let what = format!("a number from {} to {}", range.start(), range.end());
        match self.parsed::<u32>(key, &what)? {
            Some(number) if !range.contains(&number) => Err(malformed(
                key,
                format!("`{key}` is {number}; it must be {} to {}", range.start(), range.end()),
            )),
            number => Ok(number),
        }
    }

    /// An RFC 3339 time.
    pub(super) fn time(&mut self, key: &str) -> Result<Option<Timestamp>, CommandError> {
        self.only(key)?
            .map(|value| {
                // An unescaped `+` of an offset arrives as a space.
                Timestamp::parse(&value.replace(' ', "+")).ok_or_else(|| {
                    malformed(
                        key,
                        format!("`{key}` has to be an RFC 3339 time, such as 2026-01-31T12:00:00Z"),
                    )
                })
            })
            .transpose()
    }

    /// The id of a numbered row, which need not be there any more.
    fn row(&mut self, key: &str, what: &str) -> Result<Option<i64>, CommandError> {
        let Some(text) = self.only(key)? else {
            return Ok(None);
        };
        if text.is_empty() || text.len() > 19 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed(key, format!("`{key}` has to be {what}")));
        }
        // Beyond the last row there can be lies the same page as at the last row.
        Ok(Some(text.parse().unwrap_or(i64::MAX)))
    }

    /// Where a page of events begins.
    pub(super) fn event_cursor(&mut self) -> Result<Option<EventId>, CommandError> {
        Ok(self.row("cursor", CURSOR)?.map(EventId))
    }

    /// An event that others are compared with.
    pub(super) fn event(&mut self, key: &str) -> Result<Option<EventId>, CommandError> {
        Ok(self.row(key, "the id of an event")?.map(EventId))
    }

    /// Where a page of executions begins.
    pub(super) fn execution_cursor(&mut self) -> Result<Option<ExecutionId>, CommandError> {
        Ok(self.row("cursor", CURSOR)?.map(ExecutionId))
    }

    /// Refuses what nobody has asked for: a misspelt filter must not look like one that matches everything.
    pub(super) fn end(self) -> Result<(), CommandError> {
        match self.values.into_keys().next() {
            None => Ok(()),
            Some(key) => {
                let shown: String = key.chars().take(100).collect();
                Err(malformed(&shown, format!("there is no query parameter `{shown}` here")))
            }
        }
    }
}

fn decode(text: &str) -> Result<String, CommandError> {
    let text = text.replace('+', " ");
    percent_encoding::percent_decode_str(&text).decode_utf8().map(Cow::into_owned).map_err(|_| {
        CommandError::new(ErrorCode::MalformedRequest, "the query is not UTF-8 in percent-encoding")
    })
}

/// An event's id of a path. What is no id names no event.
pub(super) fn event_id(text: &str) -> Result<EventId, CommandError> {
    text.parse().map_err(|_| CommandError::not_found("event", text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).expect("parses")
    }

    #[test]
    fn lists_are_repeated_or_separated_by_commas() {
        assert_eq!(
            query("status=failed,pending&status=skipped&status=").list("status"),
            ["failed", "pending", "skipped"]
        );
    }

    #[test]
    fn a_value_that_is_named_twice_is_refused() {
        assert!(query("limit=1&limit=2").limit().is_err());
    }

    #[test]
    fn a_limit_is_between_its_bounds() {
        assert_eq!(query("").limit().expect("has a default"), 100);
        assert_eq!(query("limit=1000").limit().expect("is fine"), 1000);
        for bad in ["limit=0", "limit=1001", "limit=-1", "limit=99999999999999999999", "limit=1.5", "limit=x"]
        {
            assert_eq!(query(bad).limit().expect_err(bad).field.as_deref(), Some("limit"));
        }
    }

    #[test]
    fn a_cursor_beyond_all_numbers_is_the_last_one() {
        assert_eq!(
            query("cursor=9999999999999999999").event_cursor().expect("is fine"),
            Some(EventId(i64::MAX))
        );
        assert_eq!(query("cursor=7").event_cursor().expect("is fine"), Some(EventId(7)));
        for bad in ["cursor=-1", "cursor=x", "cursor=%00", "cursor=99999999999999999999"] {
            query(bad).event_cursor().expect_err(bad);
        }
    }

    #[test]
    fn times_may_have_offsets_whose_plus_was_not_escaped() {
        let utc = query("from=2026-01-31T12:00:00Z").time("from").expect("is a time");
        assert_eq!(query("from=2026-01-31T13:00:00+01:00").time("from").expect("is a time"), utc);
        assert_eq!(query("from=2026-01-31T13:00:00%2B01:00").time("from").expect("is a time"), utc);
        query("from=yesterday").time("from").expect_err("is no time");
    }

    #[test]
    fn a_misspelt_parameter_is_told() {
        let error = query("statsu=failed").end().expect_err("is unknown");
        assert!(error.message.contains("`statsu`"));
    }

    #[test]
    fn a_query_that_is_no_text_is_refused() {
        Query::parse("q=%ff").expect_err("is not UTF-8");
        assert_eq!(query("q=100%").one("q").expect("is text").as_deref(), Some("100%"));
    }

    #[test]
    fn a_value_of_the_wrong_type_is_not_repeated_in_the_error() {
        let error = read_json::<std::collections::HashMap<String, u32>>(br#"{"a":"whsec_hidden"}"#)
            .expect_err("is no number");
        assert_eq!(error.code, ErrorCode::InvalidRequest);
        assert!(!error.message.contains("hidden"), "{error}");
        assert!(error.message.contains("expected u32"), "{error}");
    }

    #[test]
    fn a_list_is_not_taken_for_an_object() {
        #[derive(Debug, serde::Deserialize)]
        struct Named {
            #[serde(default)]
            _name: Option<String>,
        }
        read_json::<Named>(b" []").expect_err("is a list");
        read_json::<Named>(b" {}").expect("is an object");
    }

    #[test]
    fn an_empty_number_or_choice_is_refused_and_an_empty_text_is_none() {
        query("limit=").limit().expect_err("is no number");
        query("order=").choice("order", &["asc", "desc"]).expect_err("is no choice");
        assert_eq!(query("q=").one("q").expect("is text"), None);
    }

    #[test]
    fn what_is_not_json_is_malformed_and_not_invalid() {
        let error = read_json::<serde_json::Value>(b"{").expect_err("is no JSON");
        assert_eq!(error.code, ErrorCode::MalformedRequest);
    }
}
