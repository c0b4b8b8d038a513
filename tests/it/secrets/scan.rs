//! Looks for secrets in bytes, in every form in which a text is written down by mistake.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use hookline_tests::files::files_below;

/// Knows all secrets of a test.
pub(super) struct Scanner {
    /// Each form of each secret, and what it is: by how it begins, so that much is read in little time.
    forms: HashMap<[u8; 4], Vec<(Vec<u8>, String)>>,
}

impl Scanner {
    /// Looks for these secrets, each with what it is.
    pub(super) fn new<'a>(secrets: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let mut forms: HashMap<[u8; 4], Vec<(Vec<u8>, String)>> = HashMap::new();
        for (what, secret) in secrets {
            assert!(secret.len() >= 12, "{what}: {secret:?} is found by chance");
            for (form, text) in forms_of(secret) {
                let text = text.into_bytes();
                let beginning = *text.first_chunk().expect("is longer");
                forms.entry(beginning).or_default().push((text, format!("{what} ({form})")));
            }
        }
        Self { forms }
    }

    /// What of the secrets stands in these bytes.
    pub(super) fn found_in(&self, bytes: &[u8]) -> Vec<&str> {
        let mut found = BTreeSet::new();
        for at in 0..bytes.len() {
            let rest = &bytes[at..];
            let Some(forms) = rest.first_chunk().and_then(|beginning| self.forms.get(beginning)) else {
                continue;
            };
            found.extend(
                forms.iter().filter(|(form, _)| rest.starts_with(form)).map(|(_, what)| what.as_str()),
            );
        }
        found.into_iter().collect()
    }

    /// That none stands in these bytes, which are `place`.
    #[track_caller]
    pub(super) fn assert_clean(&self, place: &str, bytes: impl AsRef<[u8]>) {
        let found = self.found_in(bytes.as_ref());
        assert!(found.is_empty(), "{place} holds {found:?}:\n{}", String::from_utf8_lossy(bytes.as_ref()));
    }

    /// That none stands in any file below the folder, but for those that may hold secrets. Tells which files were read.
    #[track_caller]
    pub(super) fn assert_clean_below(&self, folder: &Path) -> Vec<PathBuf> {
        let mut files = files_below(folder);
        files.retain(|path| !MAY_HOLD_SECRETS.iter().any(|name| path.ends_with(name)));
        for file in &files {
            let found = std::fs::read(file).expect("reads");
            let found = self.found_in(&found);
            assert!(found.is_empty(), "{} holds {found:?}", file.display());
        }
        files
    }
}

/// The two files that may hold secrets.
const MAY_HOLD_SECRETS: [&str; 2] = ["secrets.json", "server.json"];

fn forms_of(secret: &str) -> Vec<(&'static str, String)> {
    let hex = hex::encode(secret);
    let mut forms = vec![
        ("as it is", secret.to_owned()),
        ("reversed", secret.chars().rev().collect()),
        ("hex", hex.to_uppercase()),
        ("hex", hex),
        ("JSON", json_text(secret)),
        ("JSON in JSON", json_text(&json_text(secret))),
        ("debug", format!("{secret:?}").trim_matches('"').to_owned()),
        ("UTF-16", secret.encode_utf16().flat_map(|unit| [char::from(unit as u8), '\0']).collect()),
        ("list of bytes", format!("{:?}", secret.as_bytes()).trim_matches(['[', ']']).to_owned()),
    ];
    let escaped = |keep: &str, lower: bool| {
        secret.bytes().fold(String::new(), |mut text, byte| {
            if byte.is_ascii_alphanumeric() || keep.as_bytes().contains(&byte) {
                text.push(char::from(byte));
            } else if lower {
                let _ = write!(text, "%{byte:02x}");
            } else {
                let _ = write!(text, "%{byte:02X}");
            }
            text
        })
    };
    for lower in [false, true] {
        // Parts of URLs keep different characters as they are.
        for keep in ["", "-_.~", "-_.~/", "-_.~!$&'()*+,;=:@/", "*-._"] {
            forms.push(("URL-encoded", escaped(keep, lower)));
            forms.push(("URL-encoded twice", escaped(keep, lower).replace('%', "%25")));
        }
    }
    for engine in [&STANDARD, &URL_SAFE] {
        for before in 0..3 {
            // What comes before and after it changes the first and the last characters; the others tell of it alone.
            let text = engine.encode([&vec![0; before], secret.as_bytes()].concat());
            let (from, to) = ((before * 8).div_ceil(6), (before + secret.len()) * 8 / 6);
            forms.push(("base64", text[from..to].to_owned()));
        }
    }
    forms
}

fn json_text(text: &str) -> String {
    let json = serde_json::to_string(text).expect("is JSON");
    json[1..json.len() - 1].to_owned()
}

#[test]
fn a_planted_secret_is_found_in_every_form_and_place_and_nothing_else_is() {
    let secret = "sk_test/Ä+\"quoted\"&more";
    let scanner = Scanner::new([("the key", secret)]);
    let percent = "sk_test%2F%C3%84%2B%22quoted%22%26more";
    let mut planted = vec![
        format!("before {secret} after").into_bytes(),
        serde_json::json!({"a": secret}).to_string().into_bytes(),
        serde_json::json!({"a": serde_json::json!({"b": secret}).to_string()}).to_string().into_bytes(),
        format!("https://ann:{percent}@host/").into_bytes(),
        format!("https://ann:{}@host/", percent.to_lowercase()).into_bytes(),
        hex::encode(format!("x{secret}y")).into_bytes(),
        format!("{secret:?}").into_bytes(),
        format!("{:?}", format!("x{secret}y").as_bytes()).into_bytes(),
    ];
    for before in 0..5 {
        let around = format!("{}{secret}{}", "x".repeat(before), "y".repeat(5 - before));
        planted.push(STANDARD.encode(&around).into_bytes());
        planted.push(URL_SAFE.encode(&around).into_bytes());
    }
    for bytes in &planted {
        assert_ne!(scanner.found_in(bytes), Vec::<&str>::new(), "{}", String::from_utf8_lossy(bytes));
    }
    for other in ["sk_test/Ä+\"quoted\"&mor", "sk_test", &hex::encode("sk_test/"), ""] {
        assert_eq!(scanner.found_in(other.as_bytes()), Vec::<&str>::new(), "{other}");
    }

    let folder = tempfile::tempdir().expect("a folder");
    let below = folder.path().join("a").join("b");
    std::fs::create_dir_all(&below).expect("makes");
    for allowed in ["secrets.json", "server.json"] {
        std::fs::write(below.join(allowed), secret).expect("writes");
    }
    assert_eq!(scanner.assert_clean_below(folder.path()), Vec::<PathBuf>::new());
    std::fs::write(below.join("some.log"), &planted[0]).expect("writes");
    let found = std::panic::catch_unwind(|| scanner.assert_clean_below(folder.path()));
    assert!(found.is_err(), "a file with the secret passes");
}
