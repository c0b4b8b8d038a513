//! Who may talk to the API: programs of this machine that hold the token.
//!
//! The token alone would do against strangers; `Host` and `Origin` keep out web pages in the user's own browser that
//! reach this address by a name of theirs (DNS rebinding).

use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header;
use http::uri::Authority;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::commands::{CommandError, ErrorCode};

/// Names under which a program of this machine reaches it.
const LOOPBACK_NAMES: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// What a request has to show.
#[derive(Debug, Clone)]
pub struct Access {
    token: SecretString,
    address: SocketAddr,
}

impl Access {
    /// Requests have to show `token` and to name `address`, on which the API listens.
    pub fn new(token: &str, address: SocketAddr) -> Self {
        Self { token: SecretString::from(token), address }
    }

    /// Whether this is a name of the API itself: a loopback name with the API's port.
    fn is_own(&self, authority: &str) -> bool {
        let Ok(authority) = authority.parse::<Authority>() else {
            return false;
        };
        // User info is no part of `Host`, and would only serve to mislead.
        let plain = !authority.as_str().contains('@');
        let port = authority.port_u16().unwrap_or(80);
        let has_own_port = port == self.address.port();
        let host = authority.host();
        let listening = match self.address {
            SocketAddr::V4(address) => address.ip().to_string(),
            SocketAddr::V6(address) => format!("[{}]", address.ip()),
        };
        let known = LOOPBACK_NAMES.iter().any(|name| host.eq_ignore_ascii_case(name)) || host == listening;
        plain && has_own_port && known
    }

    /// Whether this is the origin of the API's own page.
    fn is_own_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|authority| self.is_own(authority))
    }

    fn is_token(&self, given: &str) -> bool {
        self.token.expose_secret().as_bytes().ct_eq(given.as_bytes()).into()
    }
}

/// Refuses requests that name another host or come from another origin's page.
pub(super) async fn check_caller(
    State(access): State<Arc<Access>>,
    request: Request,
    next: Next,
) -> Response {
    if let Some(error) = refused_caller(&access, &request) {
        return error.into_response();
    }
    next.run(request).await
}

fn refused_caller(access: &Access, request: &Request) -> Option<CommandError> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        _ => None,
    };
    let uri_is_own = request.uri().authority().is_none_or(|authority| access.is_own(authority.as_str()));
    if !uri_is_own || !host.is_some_and(|host| access.is_own(host)) {
        return Some(
            CommandError::new(ErrorCode::WrongHost, "the request names another host than this API's")
                .with_hint(format!("Use http://127.0.0.1:{}.", access.address.port())),
        );
    }
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    if !origins.all(|origin| origin.to_str().is_ok_and(|origin| access.is_own_origin(origin))) {
        return Some(CommandError::new(
            ErrorCode::ForbiddenOrigin,
            "web pages of other origins may not use this API",
        ));
    }
    None
}

/// Refuses requests without the token.
pub(super) async fn check_token(State(access): State<Arc<Access>>, request: Request, next: Next) -> Response {
    let mut given = request.headers().get_all(header::AUTHORIZATION).iter();
    let token = match (given.next(), given.next()) {
        (Some(value), None) => value.to_str().ok().and_then(bearer),
        _ => None,
    };
    if token.is_some_and(|token| access.is_token(token)) {
        return next.run(request).await;
    }
    let message = if token.is_some() { "the token is wrong" } else { "the request carries no token" };
    CommandError::new(ErrorCode::Unauthorized, message)
        .with_hint(
            "Send `Authorization: Bearer TOKEN`; `hookline serve --ready-json` prints the token, and \
             `server.json` in the data directory holds it.",
        )
        .into_response()
}

/// The token of `Bearer TOKEN`; the scheme's case does not matter.
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access() -> Access {
        Access::new("secret", "127.0.0.1:4401".parse().expect("an address"))
    }

    #[test]
    fn only_loopback_names_with_the_right_port_are_this_host() {
        for own in ["127.0.0.1:4401", "localhost:4401", "LOCALHOST:4401", "[::1]:4401"] {
            assert!(access().is_own(own), "{own}");
        }
        for other in [
            "127.0.0.1",
            "127.0.0.1:4400",
            "localhost",
            "example.net:4401",
            "localhost.example.net:4401",
            "127.0.0.1:4401@example.net",
            "example.net@127.0.0.1:4401",
            "127.0.0.1:4401.example.net",
            "127.0.0.2:4401",
            "",
        ] {
            assert!(!access().is_own(other), "{other}");
        }
    }

    #[test]
    fn only_the_own_page_is_an_own_origin() {
        assert!(access().is_own_origin("http://localhost:4401"));
        for other in ["https://localhost:4401", "null", "http://example.net", "http://localhost:4401/x/"] {
            assert!(!access().is_own_origin(other), "{other}");
        }
    }

    #[test]
    fn a_token_is_the_whole_token() {
        assert!(access().is_token("secret"));
        for other in ["", "secre", "secret2", "Secret"] {
            assert!(!access().is_token(other));
        }
        assert_eq!(bearer("bearer secret"), Some("secret"));
        assert_eq!(bearer("Basic secret"), None);
        assert_eq!(bearer("secret"), None);
    }
}
