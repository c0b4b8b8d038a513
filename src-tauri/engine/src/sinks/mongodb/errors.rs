//! The driver's and the server's errors: which of them wait, which block, and which concern one document only.
//!
//! Codes: <https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml>.

use std::sync::atomic::{AtomicBool, Ordering};

use mongodb::error::{Error, ErrorKind};

use crate::sinks::SinkError;
use crate::sinks::ordering::documents::Written;

/// Where a server is, for messages.
#[derive(Debug)]
pub(super) struct Place {
    /// Hosts and ports.
    pub(super) hosts: String,
    /// The database.
    pub(super) database: String,
    /// Whether TLS is spoken.
    pub(super) tls: bool,
    /// Whether the server has answered before: then it was not for TLS that it does not answer now.
    pub(super) reached: AtomicBool,
}

/// Why the server did not carry out a command that it understood, though nothing is wrong with the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) code: i32,
    pub(super) message: String,
}

const UNAUTHORIZED: i32 = 13;
const AUTHENTICATION_FAILED: i32 = 18;
const ATLAS: i32 = 8000;
/// A user who has to authenticate and did not, and mechanisms and users that do not exist.
const NOT_LOGGED_IN: [i32; 5] = [UNAUTHORIZED, AUTHENTICATION_FAILED, 11, 334, 391];
/// Write concerns that the set cannot fulfil.
const WRITE_CONCERN_IMPOSSIBLE: [i32; 2] = [79, 100];
/// A database of this name in other letters' case is there.
const DATABASE_DIFFERS_IN_CASE: i32 = 13297;
/// The server is stopping, is no primary, lost its peers, has no space or no file handles, took too long, was told to
/// interrupt what it did, or is dropping or moving what is written to: all of this passes.
const PASSING: [i32; 60] = [
    6, 7, 24, 43, 46, 50, 64, 89, 90, 91, 117, 133, 134, 145, 150, 175, 189, 202, 211, 215, 216, 237, 239,
    246, 249, 261, 262, 264, 267, 279, 290, 317, 319, 355, 358, 365, 371, 384, 402, 407, 433, 449, 450, 453,
    462, 9001, 10058, 10107, 11600, 11601, 11602, 12586, 12587, 13388, 13435, 13436, 14031, 46841, 50915,
    91331,
];

/// Whether the error concerns what was sent and not the server or its user.
pub(super) fn refusal(error: &Error) -> Option<Refusal> {
    match &*error.kind {
        ErrorKind::Command(command) if !concerns_server(command.code) => {
            Some(Refusal { code: command.code, message: command.message.clone() })
        }
        _ => None,
    }
}

/// Whether an error code concerns the server or its user, hence everything that is sent.
pub(super) fn concerns_server(code: i32) -> bool {
    NOT_LOGGED_IN.contains(&code)
        || WRITE_CONCERN_IMPOSSIBLE.contains(&code)
        || PASSING.contains(&code)
        || code == ATLAS
        || code == DATABASE_DIFFERS_IN_CASE
}

/// An error of the driver, for users.
pub(super) fn explain(place: &Place, error: &Error) -> SinkError {
    let hosts = &place.hosts;
    match &*error.kind {
        ErrorKind::Command(command) => explain_code(place, command.code, &command.message),
        ErrorKind::Authentication { message, .. } => wrong_password(place, message),
        ErrorKind::IncompatibleServer { message, .. } => SinkError::Blocked {
            message: format!(
                "the MongoDB server at {hosts} is of a version that is not supported: {message}"
            ),
            hint: "use MongoDB 4.2 or newer".to_owned(),
        },
        ErrorKind::InvalidTlsConfig { message, .. } => SinkError::Blocked {
            message: format!("the TLS options for MongoDB at {hosts} cannot be used: {message}"),
            hint:
                "check the paths and the kind of the files that the connection string's `tls…` options name"
                    .to_owned(),
        },
        ErrorKind::InvalidArgument { message, .. } => SinkError::Blocked {
            message: format!("the connection string for MongoDB at {hosts} cannot be used: {message}"),
            hint: "correct the destination's connection string".to_owned(),
        },
        ErrorKind::DnsResolve { message, .. } => SinkError::Unavailable {
            message: format!("the name of the MongoDB server {hosts} does not resolve: {message}"),
        },
        ErrorKind::ServerSelection { message, .. } => explain_selection(place, message),
        ErrorKind::Io(error) => unreachable_at(place, &error.to_string()),
        ErrorKind::ConnectionPoolCleared { message, .. } => unreachable_at(place, &reason_in(message)),
        other => unreachable_at(place, &other.to_string()),
    }
}

/// An error of the server, for users.
pub(super) fn explain_code(place: &Place, code: i32, message: &str) -> SinkError {
    let Place { hosts, database, .. } = place;
    match code {
        AUTHENTICATION_FAILED | 11 | 334 | 391 => wrong_password(place, message),
        UNAUTHORIZED => SinkError::Blocked {
            message: format!(
                "MongoDB at {hosts} does not allow this user to use the database `{database}`: {}",
                without_command(message)
            ),
            hint: format!(
                "give the user the role `readWrite` on `{database}`, or put a user and password into the connection string"
            ),
        },
        ATLAS => SinkError::Blocked {
            message: format!("MongoDB Atlas at {hosts} refuses: {message}"),
            hint: "check the database user, its rights, and the cluster's limits in Atlas".to_owned(),
        },
        79 | 100 => SinkError::Blocked {
            message: format!("MongoDB at {hosts} cannot confirm writes as asked: {message}"),
            hint: "the replica set has fewer members than the connection string's `w` asks for".to_owned(),
        },
        85 | 86 => SinkError::Blocked {
            message: format!(
                "an index in `{database}` at {hosts} is in the way of the one that is needed: {message}"
            ),
            hint: "drop that index; Hookline makes its own".to_owned(),
        },
        DATABASE_DIFFERS_IN_CASE => SinkError::Blocked {
            message: format!(
                "MongoDB at {hosts} has a database whose name differs from `{database}` only in upper and lower case"
            ),
            hint: "write the database's name in the destination as it is on the server".to_owned(),
        },
        14031 => SinkError::Unavailable {
            message: format!("MongoDB at {hosts} has no disk space left: {message}"),
        },
        64 => SinkError::Unavailable {
            message: format!("a majority of the MongoDB servers at {hosts} did not confirm a write in time"),
        },
        _ => SinkError::Unavailable {
            message: format!("MongoDB at {hosts} does not work right now (error {code}): {message}"),
        },
    }
}

/// The server's text on missing rights without the command, which holds ids and values of documents: only its name is kept.
fn without_command(message: &str) -> String {
    let Some((before, command)) = message.split_once(" to execute command {") else {
        return message.to_owned();
    };
    let name = command.split(':').next().unwrap_or_default().trim();
    format!("{before} to execute `{name}`")
}

fn wrong_password(place: &Place, message: &str) -> SinkError {
    SinkError::Blocked {
        message: format!("MongoDB at {} refuses the user or password: {message}", place.hosts),
        hint: "check user, password and `authSource` in the destination's connection string".to_owned(),
    }
}

fn unreachable_at(place: &Place, reason: &str) -> SinkError {
    let hosts = &place.hosts;
    let lower = reason.to_ascii_lowercase();
    let about_tls = ["certificate", "tls", "corrupt message", "invalidcontenttype", "handshake"]
        .iter()
        .any(|word| lower.contains(word));
    if about_tls {
        return SinkError::Blocked {
            message: format!("TLS with MongoDB at {hosts} failed: {reason}"),
            hint: "check whether the server speaks TLS, whether its certificate is valid for that name, and name a \
                   private authority with `tlsCAFile`"
                .to_owned(),
        };
    }
    if lower.contains("lookup address") || lower.contains("name or service not known") {
        return SinkError::Unavailable {
            message: format!("the name of the MongoDB server {hosts} does not resolve: {reason}"),
        };
    }
    let closed = !place.reached.load(Ordering::Relaxed)
        && ["unexpected end of file", "connection reset", "broken pipe", "early eof"]
            .iter()
            .any(|word| lower.contains(word));
    let hint = match (closed, place.tls) {
        (true, true) => " (perhaps the server does not speak TLS)",
        (true, false) => " (perhaps the server wants TLS: `tls=true`)",
        _ => "",
    };
    SinkError::Unavailable { message: format!("MongoDB at {hosts} cannot be reached: {reason}{hint}") }
}

fn explain_selection(place: &Place, message: &str) -> SinkError {
    if message.contains("Authentication failed") || message.contains("SCRAM failure") {
        return wrong_password(place, "authentication failed");
    }
    if !message.contains("Error: ") {
        let hosts = &place.hosts;
        let reason = if message.contains("ReplicaSetNoPrimary") || message.contains("RSSecondary") {
            "the replica set has no primary right now, or has another name than the connection string says"
        } else {
            "no server answered in time"
        };
        return SinkError::Unavailable {
            message: format!("MongoDB at {hosts} cannot be written to: {reason}"),
        };
    }
    unreachable_at(place, &reason_in(message))
}

/// The driver describes errors as `Error: Kind: I/O error: Connection refused (os error 111), labels: …`: the part that means something.
fn reason_in(message: &str) -> String {
    let start = message.find("Kind: ").map_or(0, |at| at + "Kind: ".len());
    let rest = &message[start..];
    let reason = rest.find(", labels:").map_or(rest, |end| &rest[..end]);
    reason.trim_start_matches("I/O error: ").to_owned()
}

/// What an error of one write among many means for it. `Err`: it concerns all of them.
pub(super) fn written(
    code: i32,
    message: &str,
    on_id: bool,
    index: Option<&str>,
) -> Result<Written, Refusal> {
    if concerns_server(code) {
        return Err(Refusal { code, message: message.to_owned() });
    }
    Ok(match code {
        11000 if on_id => Written::Conflict,
        11000 => Written::Refused(format!(
            "MongoDB does not take the document: it breaks the unique index `{}` of the collection",
            index.unwrap_or("?")
        )),
        // A conflict inside the server.
        112 => Written::Conflict,
        121 => Written::Refused(
            "MongoDB does not take the document: it breaks the validation rules of the collection".to_owned(),
        ),
        52 | 55 | 57 => Written::Refused(format!(
            "MongoDB does not take the document, because of a key with a dot or a dollar sign; servers from 5.0 on do: {message}"
        )),
        166 => Written::Refused(format!(
            "MongoDB cannot write there, because a view has the collection's name: rename the view, or change the job's \
             collection prefix ({message})"
        )),
        2 | 9 | 14 | 15 | 20 | 22 | 53 | 61 | 66 | 72 | 73 | 116 | 171 | 201 | 10003 | 10334 | 16755
        | 17280 | 17419 | 17420 => Written::Refused(format!("MongoDB does not take the document: {message}")),
        _ => Written::Failed(format!("MongoDB did not write the document (error {code}): {message}")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_reason_is_found_in_its_long_message() {
        let message = "Server selection timeout: No available servers. Topology: { Type: Unknown, Servers: [ { Address: \
                       127.0.0.1:1, Type: Unknown, Error: Kind: I/O error: Connection refused (os error 111), labels: {} } ] }";
        assert_eq!(reason_in(message), "Connection refused (os error 111)");
    }

    #[test]
    fn a_missing_right_is_told_without_the_documents_of_the_command() {
        let message = r#"not authorized on db to execute command { insert: "c", documents: [ { _id: "cus_1", email: "a" } ] }"#;
        assert_eq!(without_command(message), "not authorized on db to execute `insert`");
        assert_eq!(
            without_command("command find requires authentication"),
            "command find requires authentication"
        );
    }

    #[test]
    fn only_a_repeated_id_is_a_conflict_of_writers() {
        assert_eq!(written(11000, "", true, None), Ok(Written::Conflict));
        assert!(
            matches!(written(11000, "", false, Some("email_1")), Ok(Written::Refused(text)) if text.contains("email_1"))
        );
        assert!(matches!(written(121, "", false, None), Ok(Written::Refused(_))));
        assert!(matches!(written(4242, "odd", false, None), Ok(Written::Failed(_))));
        assert!(written(UNAUTHORIZED, "", false, None).is_err());
        for passing in [11601, 11602, 175, 215, 13297] {
            assert!(written(passing, "", false, None).is_err(), "{passing}");
        }
        assert!(matches!(written(166, "", false, None), Ok(Written::Refused(text)) if text.contains("view")));
    }
}
