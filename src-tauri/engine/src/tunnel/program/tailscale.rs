//! `tailscale funnel`, in the foreground: what it set up ends with it. The address stays the same.
//!
//! Source: <https://tailscale.com/docs/reference/tailscale-cli/funnel>.

use url::Url;

use super::Meaning;
use crate::tunnel::state::Trouble;

pub(in crate::tunnel) const NAME: &str = "tailscale";

/// How it is started. Only `localhost` and `127.0.0.1` may be forwarded to.
pub(super) fn arguments(receiver: &Url) -> Vec<String> {
    ["funnel", "--yes", receiver.as_str().trim_end_matches('/')].map(str::to_owned).to_vec()
}

/// What it says.
pub(super) fn read(line: &str) -> Meaning {
    let line = line.trim();
    let refused = |reason: String, remedy: &str| Meaning::Refused(Trouble::new(reason).with_remedy(remedy));
    if line.starts_with("https://login.tailscale.com/f/") {
        return refused(
            "Funnel is not switched on in your tailnet".to_owned(),
            &format!("Switch it on at {line}, then start the tunnel again."),
        );
    }
    if line.starts_with("https://")
        && let Ok(url) = Url::parse(line)
        && url.host_str().is_some_and(|host| host.ends_with(".ts.net"))
        && url.path() == "/"
    {
        return Meaning::Address(url);
    }
    let lower = line.to_ascii_lowercase();
    if lower.contains("logged out") || lower.contains("not logged in") || lower.contains("needslogin") {
        return refused(
            "Tailscale is not logged in".to_owned(),
            "Log in with `tailscale up` or in its app, then start the tunnel again.",
        );
    }
    if lower.contains("shields-up")
        || lower.contains("access denied")
        || lower.contains("funnel not available")
    {
        return refused(
            format!("Tailscale refuses: {line}"),
            "See https://tailscale.com/docs/features/tailscale-funnel for what Funnel needs, then start the tunnel again.",
        );
    }
    Meaning::Nothing
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_and_the_refusals_are_read() {
        for line in
            ["Available on the internet:", "|-- proxy http://127.0.0.1:4400", "Press Ctrl+C to exit.", ""]
        {
            assert_eq!(read(line), Meaning::Nothing, "{line}");
        }
        let url = Url::parse("https://laptop.tail1234.ts.net/").expect("is a URL");
        assert_eq!(read("https://laptop.tail1234.ts.net/"), Meaning::Address(url));
        let enable = read("         https://login.tailscale.com/f/funnel?node=abc");
        assert!(
            matches!(enable, Meaning::Refused(trouble) if trouble.remedy.as_deref().is_some_and(|remedy| remedy.contains("node=abc")))
        );
        assert!(matches!(read("Logged out."), Meaning::Refused(_)));
    }
}
