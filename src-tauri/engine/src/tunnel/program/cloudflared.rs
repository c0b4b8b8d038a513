//! `cloudflared`: quick tunnels, without an account. The address is another one after each start.
//!
//! Source: <https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/do-more-with-tunnels/trycloudflare/>.

use url::Url;

use super::Meaning;
use crate::tunnel::state::Trouble;

pub(in crate::tunnel) const NAME: &str = "cloudflared";

const DOMAIN: &str = ".trycloudflare.com";

/// How it is started.
pub(super) fn arguments(receiver: &Url) -> Vec<String> {
    // The user's own configuration would turn the quick tunnel into theirs, or keep it from starting.
    let no_configuration = if cfg!(windows) { "NUL" } else { "/dev/null" };
    [
        "tunnel",
        "--config",
        no_configuration,
        "--no-autoupdate",
        "--url",
        receiver.as_str().trim_end_matches('/'),
    ]
    .map(str::to_owned)
    .to_vec()
}

/// What it says: the address stands alone in a frame of a log message.
pub(super) fn read(line: &str) -> Meaning {
    if let Some(start) = line.find("https://") {
        let rest = &line[start..];
        let end = rest.find(|c: char| c.is_whitespace() || c == '|' || c == '"').unwrap_or(rest.len());
        if let Ok(url) = Url::parse(&rest[..end])
            && url.host_str().is_some_and(|host| host.ends_with(DOMAIN) && host != "api.trycloudflare.com")
            && url.path() == "/"
        {
            return Meaning::Address(url);
        }
    }
    if line.contains("429 Too Many Requests") {
        return Meaning::Later(
            Trouble::new("Cloudflare gives no quick tunnel now: too many were asked for")
                .with_remedy("It is tried again by itself; another kind of tunnel has no such limit."),
        );
    }
    Meaning::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_found_among_other_links() {
        for line in [
            "2026-01-16T08:32:54Z INF Requesting new quick Tunnel on trycloudflare.com...",
            "2026-01-16T08:32:54Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |",
            "INF tunnels in production you should use a pre-created named tunnel by following: https://developers.cloudflare.com/x",
            "ERR failed to request quick Tunnel: Post \"https://api.trycloudflare.com/tunnel\": dial tcp: no such host",
        ] {
            assert_eq!(read(line), Meaning::Nothing, "{line}");
        }
        let line =
            "2026-01-16T08:32:58Z INF |  https://oklahoma-solo-younger-truck.trycloudflare.com       |";
        let url = Url::parse("https://oklahoma-solo-younger-truck.trycloudflare.com").expect("is a URL");
        assert_eq!(read(line), Meaning::Address(url));
    }

    #[test]
    fn it_forwards_to_the_receiver_and_reads_no_configuration() {
        let arguments = arguments(&Url::parse("http://127.0.0.1:4400/").expect("is a URL"));
        assert_eq!(arguments.last().map(String::as_str), Some("http://127.0.0.1:4400"));
        assert!(arguments.iter().any(|argument| argument == "--config"));
    }
}
