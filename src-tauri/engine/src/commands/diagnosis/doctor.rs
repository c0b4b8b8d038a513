//! The signature doctor: why a signature probably fits none of the job's secrets. Pure.
//!
//! What is likely gets tried: the secrets of other jobs, the job's own secret read in another way, the body as it may have
//! been before a proxy wrote it anew, the address as it may have been called. Whatever then fits under the same signature
//! is the cause; nothing that was refused is taken by it.
//!
//! The work is bounded: some dozens of signatures, and none over large bodies.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use crate::event::{RawRequest, Timestamp};
use crate::providers::{self, Provider};

/// The most secrets of other jobs that are tried.
const MAX_OTHERS: usize = 50;
/// The most of the job's own secrets that are read in other ways.
const MAX_OWN: usize = 3;
/// Larger bodies are not written anew, in bytes.
const MAX_BODY: usize = 512 * 1024;

/// Another job of the same provider.
#[derive(Debug, Clone)]
pub(super) struct OtherJob {
    /// Its name.
    pub(super) name: String,
    /// Its active secrets.
    pub(super) secrets: Vec<String>,
}

/// A request whose signature fits none of the job's secrets.
pub(super) struct Patient<'a> {
    pub(super) provider: &'a dyn Provider,
    pub(super) request: &'a RawRequest,
    /// The body with its encoding undone.
    pub(super) body: &'a [u8],
    /// The job's active secrets.
    pub(super) secrets: &'a [&'a str],
    /// The other jobs of this provider.
    pub(super) others: &'a [OtherJob],
    /// Whether the job's events are live ones, as far as is known.
    pub(super) usually_live: Option<bool>,
    pub(super) now: Timestamp,
}

/// The likely cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// It fits the secret of another job.
    OtherJob { name: String },
    /// It fits the job's secret, read in another way.
    SecretForm(SecretForm),
    /// It fits the job's secret over another body.
    BodyChanged(BodyChange),
    /// It fits the job's secret over another address.
    OtherUrl { url: String },
    /// The event is of another mode than the job's events were so far.
    OtherMode { live: bool },
}

/// How the secret would have to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecretForm {
    /// Without white space around it.
    Trimmed,
    /// Without quotation marks.
    Unquoted,
    /// With `whsec_` before it.
    WithPrefix,
    /// Without `whsec_`.
    WithoutPrefix,
    /// It is the hexadecimal form of the secret.
    FromHex,
    /// It is the base64 form of the secret.
    FromBase64,
    /// It is the plain form of what has to be given in hexadecimal or base64.
    Plain,
}

/// What was done to the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyChange {
    /// A line break at the end was added.
    NewlineAdded,
    /// A line break at the end was taken away.
    NewlineRemoved,
    /// Its line breaks were written in another way.
    LineBreaks,
    /// The JSON was read and written anew.
    Rewritten,
}

/// The likely cause, if one is found.
pub(super) fn find_cause(patient: &Patient<'_>) -> Option<Cause> {
    other_job(patient)
        .or_else(|| secret_form(patient).map(Cause::SecretForm))
        .or_else(|| body_change(patient).map(Cause::BodyChanged))
        .or_else(|| other_url(patient))
        .or_else(|| other_mode(patient))
}

impl Patient<'_> {
    fn fits(&self, secrets: &[&str]) -> bool {
        let wire: &[u8] = &self.request.body;
        let decoded = Some(self.body).filter(|body| *body != wire);
        providers::fits(self.provider, self.request, decoded, secrets, self.now)
    }

    fn fits_body(&self, body: &[u8]) -> bool {
        self.provider.verify(self.request, body, self.secrets, self.now, None).is_ok()
    }
}

fn other_job(patient: &Patient<'_>) -> Option<Cause> {
    let mut tried = 0;
    for job in patient.others {
        let secrets: Vec<&str> = job.secrets.iter().map(String::as_str).take(MAX_OWN).collect();
        if tried >= MAX_OTHERS {
            return None;
        }
        tried += secrets.len();
        if !secrets.is_empty() && patient.fits(&secrets) {
            return Some(Cause::OtherJob { name: job.name.clone() });
        }
    }
    None
}

fn secret_form(patient: &Patient<'_>) -> Option<SecretForm> {
    let forms = patient.secrets.iter().take(MAX_OWN).flat_map(|secret| forms_of(secret));
    forms.into_iter().find(|(_, secret)| patient.fits(&[secret.as_str()])).map(|(form, _)| form)
}

/// The secret as it may have been meant, the simplest mistakes first.
fn forms_of(secret: &str) -> Vec<(SecretForm, String)> {
    let mut forms: Vec<(SecretForm, String)> = Vec::new();
    let trimmed = secret.trim();
    let unquoted = trimmed.trim_matches(['"', '\'', '`']).trim();
    let bare = unquoted.strip_prefix("whsec_").unwrap_or(unquoted);
    forms.push((SecretForm::Trimmed, trimmed.to_owned()));
    forms.push((SecretForm::Unquoted, unquoted.to_owned()));
    forms.push((SecretForm::WithPrefix, format!("whsec_{bare}")));
    forms.push((SecretForm::WithoutPrefix, bare.to_owned()));
    let mut decoded: Vec<(SecretForm, Vec<u8>)> = Vec::new();
    decoded.extend(hex::decode(bare).ok().map(|bytes| (SecretForm::FromHex, bytes)));
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE_NO_PAD] {
        decoded.extend(engine.decode(bare).ok().map(|bytes| (SecretForm::FromBase64, bytes)));
    }
    decoded.push((SecretForm::Plain, unquoted.as_bytes().to_vec()));
    decoded.push((SecretForm::Plain, bare.as_bytes().to_vec()));
    for (form, bytes) in decoded {
        forms.extend(std::str::from_utf8(&bytes).ok().map(|text| (form, text.to_owned())));
        let base64 = STANDARD.encode(&bytes);
        forms.extend([hex::encode(&bytes), format!("whsec_{base64}"), base64].map(|text| (form, text)));
    }
    let mut seen = std::collections::HashSet::from([secret.to_owned()]);
    forms.retain(|(_, text)| !text.is_empty() && seen.insert(text.clone()));
    forms
}

fn body_change(patient: &Patient<'_>) -> Option<BodyChange> {
    if patient.body.len() > MAX_BODY {
        return None;
    }
    let text = std::str::from_utf8(patient.body).ok()?;
    let without_end = text.trim_end_matches(['\r', '\n']);
    if without_end.len() < text.len() && patient.fits_body(without_end.as_bytes()) {
        return Some(BodyChange::NewlineAdded);
    }
    for end in ["\n", "\r\n"] {
        if patient.fits_body(format!("{without_end}{end}").as_bytes()) {
            return Some(BodyChange::NewlineRemoved);
        }
    }
    let unix = text.replace("\r\n", "\n");
    if [&unix, &unix.replace('\n', "\r\n")].into_iter().any(|other| patient.fits_body(other.as_bytes())) {
        return Some(BodyChange::LineBreaks);
    }
    serde_json::from_str::<serde::de::IgnoredAny>(text).ok()?;
    let styles = [Style::Compact, Style::Spaced, Style::Indented(2), Style::Indented(4)];
    let written = styles.into_iter().map(|style| write_json(text, style));
    let found = written
        .flat_map(|text| [escaped(&text), unescaped(&text), text])
        .flat_map(|text| [format!("{text}\n"), text])
        .any(|body| patient.fits_body(body.as_bytes()));
    found.then_some(BodyChange::Rewritten)
}

/// How JSON is spaced.
#[derive(Debug, Clone, Copy)]
enum Style {
    /// Without any white space.
    Compact,
    /// `{"a": 1, "b": 2}`, as Python writes it.
    Spaced,
    /// In lines, indented by so many spaces, as Stripe sends it.
    Indented(usize),
}

/// Spaces JSON anew; every token stays as it is. Not for what is no JSON.
fn write_json(text: &str, style: Style) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut letters = text.chars().peekable();
    let new_line = |out: &mut String, depth: usize| {
        if let Style::Indented(by) = style {
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', depth * by));
        }
    };
    while let Some(letter) = letters.next() {
        match letter {
            ' ' | '\t' | '\r' | '\n' => {}
            '"' => {
                out.push('"');
                while let Some(inner) = letters.next() {
                    out.push(inner);
                    match inner {
                        '\\' => out.extend(letters.next()),
                        '"' => break,
                        _ => {}
                    }
                }
            }
            '{' | '[' => {
                out.push(letter);
                while letters.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(end) = letters.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(end);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                new_line(&mut out, depth);
                out.push(letter);
            }
            ',' => {
                out.push(',');
                if matches!(style, Style::Spaced) {
                    out.push(' ');
                }
                new_line(&mut out, depth);
            }
            ':' => out.push_str(if matches!(style, Style::Compact) { ":" } else { ": " }),
            other => out.push(other),
        }
    }
    out
}

/// Letters beyond ASCII as `\u…`, as Python writes them.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        if letter.is_ascii() {
            out.push(letter);
        } else {
            let mut units = [0; 2];
            for unit in letter.encode_utf16(&mut units) {
                // Writing into a text does not fail.
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// `\u…` as the letters themselves, and `\/` as `/`, as most write them.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at..];
        let letter = if escape.starts_with("\\u") { unicode(escape) } else { None };
        if let Some((letter, length)) = letter.filter(|(letter, _)| !letter.is_ascii()) {
            out.push(letter);
            rest = &escape[length..];
        } else {
            let taken = escape.chars().take(2).map(char::len_utf8).sum();
            out.push_str(if escape.starts_with("\\/") { "/" } else { &escape[..taken] });
            rest = &escape[taken..];
        }
    }
    out.push_str(rest);
    out
}

/// The letter of a `\uXXXX`, or of a pair of them, and the length of the escape in bytes.
fn unicode(escape: &str) -> Option<(char, usize)> {
    let unit = |at: usize| {
        let digits = escape.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let first = unit(0)?;
    let units: Vec<u16> =
        std::iter::once(first).chain(unit(6).filter(|_| (0xd800..0xdc00).contains(&first))).collect();
    let letter = char::decode_utf16(units.iter().copied()).next()?.ok()?;
    Some((letter, units.len() * 6))
}

fn other_url(patient: &Patient<'_>) -> Option<Cause> {
    if !patient.provider.signing().scheme.contains("{url}") {
        return None;
    }
    let mut request = patient.request.clone();
    urls_of(patient.request).into_iter().find_map(|url| {
        request.url.clone_from(&url);
        let fits =
            patient.provider.verify(&request, patient.body, patient.secrets, patient.now, None).is_ok();
        fits.then_some(Cause::OtherUrl { url })
    })
}

/// What else the address may have been called: with the other scheme, by the hosts that the headers name, with or without a
/// slash at its end.
fn urls_of(request: &RawRequest) -> Vec<String> {
    let Ok(url) = url::Url::parse(&request.url) else { return Vec::new() };
    let mut places = vec![request.url.split('/').nth(2).unwrap_or_default().to_owned()];
    for header in ["x-forwarded-host", "x-original-host", "host"] {
        let named = request.header(header).unwrap_or_default();
        places.extend(named.split(',').map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()));
    }
    let mut behind = url.path().to_owned();
    behind.extend(url.query().into_iter().flat_map(|query| ["?", query]));
    let other = match behind.strip_suffix('/') {
        Some(without) => without.to_owned(),
        None => format!("{behind}/"),
    };
    let mut urls = Vec::new();
    for place in places.iter().take(6) {
        for scheme in ["https", "http"] {
            urls.extend([&behind, &other].map(|behind| format!("{scheme}://{place}{behind}")));
        }
    }
    urls
}

fn other_mode(patient: &Patient<'_>) -> Option<Cause> {
    let live = is_live(patient.body).filter(|_| patient.provider.has_modes())?;
    (patient.usually_live? != live).then_some(Cause::OtherMode { live })
}

/// Whether the event says that it is a live one (Stripe's `livemode`).
pub(super) fn is_live(body: &[u8]) -> Option<bool> {
    #[derive(serde::Deserialize)]
    struct Body {
        livemode: Option<bool>,
    }
    serde_json::from_slice::<Body>(body).ok()?.livemode
}

#[cfg(test)]
mod tests;
