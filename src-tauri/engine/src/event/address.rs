//! Whose an address is.

use url::{Host, Url};

/// Whether the URL is of this machine, by its name alone.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_told_from_others() {
        let is = |url: &str| is_loopback(&Url::parse(url).expect("a URL"));
        for here in ["http://127.0.0.1:8080/x", "http://127.9.9.9", "http://[::1]:1", "https://LOCALHOST/x"] {
            assert!(is(here), "{here}");
        }
        for elsewhere in
            ["http://localhost.example.com", "http://192.168.0.1", "http://[::2]", "mailto:localhost"]
        {
            assert!(!is(elsewhere), "{elsewhere}");
        }
    }
}
