//! What ngrok's refusals mean for the link, and what to do about them. Codes: <https://ngrok.com/docs/errors/reference>.

use std::io;

use ngrok::prelude::Error as _;
use ngrok::session::{ConnectError, RpcError};
use ngrok::tunnel::AcceptError;
use secrecy::{ExposeSecret as _, SecretString};

use crate::tunnel::link::Ended;
use crate::tunnel::state::{CHECK_NETWORK, Trouble};

const TOKEN_PAGE: &str = "https://dashboard.ngrok.com/get-started/your-authtoken";

/// A failed attempt to connect.
pub(super) fn of_connect(error: &ConnectError, token: &SecretString) -> Ended {
    match error {
        ConnectError::Auth(error) | ConnectError::Rebind(error) => of_rpc(error, token),
        ConnectError::Tls(error) => Ended::Later(unreachable(error)),
        ConnectError::Tcp(error) => Ended::Lost(unreachable(error)),
        _ => Ended::Lost(
            Trouble::new(format!("ngrok cannot be reached: {}", innermost(error))).with_remedy(CHECK_NETWORK),
        ),
    }
}

/// Whether a connection failed for its certificates and not for the network.
pub(super) fn is_about_trust(error: &io::Error) -> bool {
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some()
}

/// A connection that could not be made.
pub(super) fn unreachable(error: &io::Error) -> Trouble {
    if is_about_trust(error) {
        return Trouble::new(format!("ngrok's edge is not trusted: {error}")).with_remedy(
            "Something between this machine and ngrok opens TLS connections (a proxy, a virus scanner): let it pass \
             connect.ngrok-agent.com.",
        );
    }
    Trouble::new(format!("ngrok cannot be reached: {error}")).with_remedy(CHECK_NETWORK)
}

/// A refused call, such as the one for the tunnel.
pub(super) fn of_rpc(error: &RpcError, token: &SecretString) -> Ended {
    match error {
        RpcError::Response(_) => judge(error.error_code(), &error.msg(), token),
        _ => Ended::Lost(Trouble::new(format!("the connection to ngrok broke: {}", innermost(error)))),
    }
}

/// What ended a listener or kept the crate from connecting anew.
pub(super) fn of_accept(error: &AcceptError, token: &SecretString) -> Ended {
    match error {
        AcceptError::Reconnect(error) => of_connect(error, token),
        AcceptError::ListenerClosed { message, error_code: Some(code) } => judge(Some(code), message, token),
        AcceptError::ListenerClosed { message, error_code: None } => {
            let said = redacted(message, token);
            let reason = if said.is_empty() {
                "the endpoint was stopped in ngrok's dashboard".to_owned()
            } else {
                format!("ngrok stopped the endpoint: {said}")
            };
            Ended::Refused(Trouble::new(reason).with_remedy("Start the tunnel again when it is to go on."))
        }
        _ => Ended::Lost(Trouble::new("the connection to ngrok broke")),
    }
}

fn judge(code: Option<&str>, message: &str, token: &SecretString) -> Ended {
    let number = code.and_then(|code| code.strip_prefix("ERR_NGROK_")).unwrap_or_default();
    let said = redacted(message, token);
    let trouble = |reason: &str, remedy: &str| {
        let code = code.map(|code| format!(" ({code})")).unwrap_or_default();
        Trouble::new(format!("{reason}{code}")).with_remedy(remedy)
    };
    match number {
        "105" | "106" | "107" | "109" | "4018" => Ended::Refused(trouble(
            "ngrok does not accept the authtoken",
            &format!(
                "Copy it anew from {TOKEN_PAGE} into the tunnel's settings (into NGROK_AUTHTOKEN where that is set) and start the tunnel again: it may have been reset."
            ),
        )),
        "102" | "103" => Ended::Refused(trouble(
            "ngrok has suspended the account",
            "See https://dashboard.ngrok.com/billing for what it wants, then start the tunnel again.",
        )),
        "115" | "116" => Ended::Refused(trouble(
            "ngrok does not accept connections from this network",
            "Change the restrictions of agents' addresses at https://dashboard.ngrok.com/ip-restrictions, then start the tunnel again.",
        )),
        "108" => Ended::Later(trouble(
            "another ngrok agent uses the account, and the plan allows no more",
            "Stop the other one (https://dashboard.ngrok.com/agents lists them); it is tried again by itself.",
        )),
        "334" => Ended::Later(trouble(
            "the domain is still in use by another ngrok agent",
            "After a sleep this passes within a minute. Otherwise stop the other one (https://dashboard.ngrok.com/agents lists them).",
        )),
        "300" | "7117" => Ended::Refused(trouble(
            &format!("ngrok does not give the endpoint: {said}"),
            "Choose one of the account's domains (https://dashboard.ngrok.com/domains), or none.",
        )),
        "313" | "314" | "315" | "316" | "317" | "318" | "319" | "320" | "323" => Ended::Refused(trouble(
            &format!("the domain is not this account's: {said}"),
            "Copy the account's domain from https://dashboard.ngrok.com/domains into the tunnel's settings, or leave it empty.",
        )),
        "725" | "726" | "727" => Ended::Refused(trouble(
            &format!("the plan's limit is used up: {said}"),
            "Wait for the next month, take a larger plan (https://dashboard.ngrok.com/billing), or choose another tunnel; then start it again.",
        )),
        _ => Ended::Later(trouble(
            &format!("ngrok refuses: {said}"),
            "It is tried again by itself. The code is explained at https://ngrok.com/docs/errors/reference.",
        )),
    }
}

/// The first lines of what the edge says, in one line and without the token, which some of its texts repeat.
fn redacted(message: &str, token: &SecretString) -> String {
    const SHOWN: usize = 300;
    let text = message.split_whitespace().collect::<Vec<_>>().join(" ");
    let token = token.expose_secret();
    let text = if token.is_empty() { text } else { text.replace(token, "(authtoken)") };
    let mut shown: String = text.chars().take(SHOWN).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.trim_end_matches('.').to_owned()
}

/// The cause at the end of the chain: the ones before it say only in which step it happened.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> SecretString {
        SecretString::from("2abcTOKEN_of_this_test")
    }

    fn verdict(number: &str) -> Ended {
        judge(
            Some(&format!("ERR_NGROK_{number}")),
            "Your authtoken: 2abcTOKEN_of_this_test\r\nis wrong.",
            &token(),
        )
    }

    #[test]
    fn a_refusal_that_waiting_cannot_mend_says_what_to_do() {
        for number in ["105", "106", "107", "300", "4018", "7117", "727", "320"] {
            let Ended::Refused(trouble) = verdict(number) else { panic!("{number} is tried again") };
            assert!(trouble.reason.contains(&format!("ERR_NGROK_{number}")), "{trouble:?}");
            assert!(trouble.remedy.is_some_and(|remedy| remedy.contains("https://dashboard.ngrok.com/")));
        }
    }

    #[test]
    fn what_may_pass_by_itself_is_tried_again() {
        for number in ["108", "334", "9999"] {
            assert!(matches!(verdict(number), Ended::Later(_)), "{number}");
        }
        assert!(matches!(judge(None, "busy", &token()), Ended::Later(_)));
    }

    #[test]
    fn the_token_is_not_repeated() {
        for number in ["300", "320", "727", "9999"] {
            let text = format!("{:?}", verdict(number));
            assert!(!text.contains("TOKEN_of_this_test"), "{text}");
            assert!(text.contains("(authtoken)"), "{text}");
        }
    }

    #[test]
    fn an_endpoint_that_somebody_stopped_stays_stopped() {
        let stopped = AcceptError::ListenerClosed { message: String::new(), error_code: None };
        assert!(matches!(of_accept(&stopped, &token()), Ended::Refused(_)));
    }
}
