//! Connection strings: what is wrong with one, said without showing it.

use mongodb::options::ConnectionString;
use secrecy::{ExposeSecret as _, SecretString};

use crate::sinks::InvalidConnection;

fn invalid(message: impl Into<String>) -> InvalidConnection {
    InvalidConnection { message: message.into() }
}

/// Reads a connection string; no name is looked up.
///
/// The driver's own messages quote what they do not understand, which can be a password in the wrong place. So the part
/// before the options is checked here first, and what the driver says of the options is shown with every secret taken out.
pub(super) fn parse(uri: &SecretString) -> Result<ConnectionString, InvalidConnection> {
    let uri = uri.expose_secret().trim();
    let Some(rest) = uri.strip_prefix("mongodb://").or_else(|| uri.strip_prefix("mongodb+srv://")) else {
        return Err(invalid("the connection string must begin with `mongodb://` or `mongodb+srv://`"));
    };
    // Everything up to the last `@` is meant as user and password, whatever it holds.
    let (user, behind) = rest.rsplit_once('@').map_or((None, rest), |(user, behind)| (Some(user), behind));
    if let Some(user) = user {
        check_user(user)?;
    }
    let (hosts, options) = split_hosts(behind);
    check_hosts(hosts, uri.starts_with("mongodb+srv://"))?;
    ConnectionString::parse(uri).map_err(|error| {
        let message = match *error.kind {
            mongodb::error::ErrorKind::InvalidArgument { message, .. } => message,
            ref other => other.to_string(),
        };
        invalid(format!(
            "the connection string is not valid: {}",
            redact(&message, user.unwrap_or_default(), options)
        ))
    })
}

fn split_hosts(text: &str) -> (&str, &str) {
    text.find(['/', '?']).map_or((text, ""), |at| text.split_at(at))
}

fn check_user(user: &str) -> Result<(), InvalidConnection> {
    let valid_escape = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    let escapes = user.split('%').skip(1).all(valid_escape);
    if user.contains(['/', '?', '#', '[', ']', '@']) || user.matches(':').count() > 1 || !escapes {
        return Err(invalid(
            "the user name or password in the connection string holds a character that must be percent-encoded \
             (`@` is `%40`, `/` is `%2F`, `:` is `%3A`, `%` is `%25`)",
        ));
    }
    if user.is_empty() || user.starts_with(':') {
        return Err(invalid("the connection string has an `@` but no user name before it"));
    }
    Ok(())
}

fn check_hosts(hosts: &str, srv: bool) -> Result<(), InvalidConnection> {
    if hosts.is_empty() {
        return Err(invalid("the connection string names no host"));
    }
    for host in hosts.split(',') {
        if host.to_ascii_lowercase().ends_with(".sock") {
            continue;
        }
        let (name, port) = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((name, behind)) => (name, behind.strip_prefix(':').or((!behind.is_empty()).then_some("?"))),
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        if name.is_empty() {
            return Err(invalid("the connection string has an empty host name"));
        }
        if srv && port.is_some() {
            return Err(invalid("a `mongodb+srv://` connection string names one host without a port"));
        }
        if port.is_some_and(|port| port.parse::<u16>().map_or(true, |port| port == 0)) {
            return Err(invalid(
                "what stands after a host's `:` in the connection string is no port from 1 to 65535; \
                 user and password stand before the host and end with `@`",
            ));
        }
    }
    Ok(())
}

/// Takes user, password and the values of secret options out of a message.
fn redact(message: &str, user: &str, options: &str) -> String {
    let mut secrets: Vec<String> = Vec::new();
    let mut add = |secret: &str| {
        secrets.push(secret.to_owned());
        secrets.push(percent_encoding::percent_decode_str(secret).decode_utf8_lossy().into_owned());
    };
    add(user);
    user.split(':').for_each(&mut add);
    let query = options.split_once('?').map_or("", |(_, query)| query);
    // The driver knows `&` alone; a `;` may all the same be meant to stand between options.
    let pairs = query.split('&').chain(query.split(['&', ';']));
    for (name, value) in pairs.filter_map(|pair| pair.split_once('=')) {
        let name = name.to_ascii_lowercase();
        if name.contains("password") || name.contains("properties") {
            add(value);
            // Properties are a list of `NAME:VALUE`, of which the driver quotes the one it does not understand. Pieces that are
            // too short to be a secret would only blot the message out.
            value.split([',', ':']).filter(|piece| piece.len() > 2).for_each(&mut add);
            let decoded = percent_encoding::percent_decode_str(value).decode_utf8_lossy();
            decoded.split([',', ':']).filter(|piece| piece.len() > 2).for_each(&mut add);
        }
    }
    secrets.retain(|secret| !secret.is_empty());
    secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
    secrets.into_iter().fold(message.to_owned(), |message, secret| message.replace(&secret, "***"))
}

/// Says what is wrong with a database's name, if anything is.
pub(super) fn check_database(name: &str) -> Result<(), InvalidConnection> {
    if name.is_empty() {
        return Err(invalid("the name of the database is missing: `mongodb://host:27017/DATABASE`"));
    }
    if name.len() > 63 {
        return Err(invalid("the name of a MongoDB database has at most 63 bytes"));
    }
    if let Some(bad) = name.chars().find(|letter| "/\\. \"$*<>:|?\0".contains(*letter)) {
        return Err(invalid(format!("the name of a MongoDB database cannot hold `{}`", bad.escape_debug())));
    }
    if ["admin", "local", "config"].contains(&name) {
        return Err(invalid(format!("`{name}` is a database of the server itself; choose another name")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(uri: &str) -> String {
        parse(&SecretString::from(uri)).expect_err("not valid").message
    }

    #[test]
    fn valid_connection_strings_are_read_without_looking_anything_up() {
        for uri in [
            "mongodb://localhost",
            "mongodb://127.0.0.1:27017/db?replicaSet=rs0&w=majority",
            "mongodb://user:p%40ss@a:1,b:2,[::1]:3/db?authSource=admin&tls=true",
            "mongodb+srv://user:secret@cluster.example.mongodb.net/db?retryWrites=true",
            " mongodb://localhost \n",
        ] {
            parse(&SecretString::from(uri)).expect(uri);
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_the_secret() {
        let cases = [
            ("postgres://localhost", "must begin with"),
            ("mongodb://", "no host"),
            ("mongodb://user:hunter2secret/db", "no port"),
            ("mongodb://user:hunter2secret@", "no host"),
            ("mongodb://user:hunter2secret@@host/db", "percent-encoded"),
            ("mongodb://user:hunter2secret/x@host/db", "percent-encoded"),
            ("mongodb://user:hunter2secret%zz@host/db", "percent-encoded"),
            ("mongodb://:hunter2secret@host/db", "no user name"),
            ("mongodb://user:hunter2secret@host:99999/db", "no port"),
            ("mongodb+srv://user:hunter2secret@host:1/db", "without a port"),
            ("mongodb://user:hunter2secret@host/db?w=-1", "not valid"),
            ("mongodb://user:hunter2secret@host/db?tls=hunter2secret", "not valid"),
            ("mongodb://host/?authMechanismProperties=A:B,hunter2secret", "not valid"),
            ("mongodb://host/?authMechanismProperties=hunter2secret%2C&w=1", "not valid"),
            ("mongodb://host/?authMechanismProperties=a;;hunter2secret;", "not valid"),
        ];
        for (uri, expected) in cases {
            let message = message(uri);
            assert!(message.contains(expected), "{uri}: {message}");
            assert!(!message.contains("hunter2"), "{message}");
        }
    }

    #[test]
    fn a_databases_name_is_checked() {
        check_database("analytics").expect("valid");
        for name in ["", "a.b", "a b", "a$", "admin", &"x".repeat(64)] {
            check_database(name).expect_err(name);
        }
    }
}
