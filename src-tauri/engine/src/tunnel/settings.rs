//! Which tunnel is wanted, and with what.

use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

/// The kinds of tunnels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TunnelKind {
    /// Only this machine reaches the receiver.
    #[default]
    None,
    /// Something that the user runs forwards to the receiver.
    OwnUrl,
    /// ngrok, without its program: Hookline itself connects to ngrok's edge.
    Ngrok,
    /// A quick tunnel of Cloudflare's, through the program `cloudflared`.
    Cloudflared,
    /// Tailscale Funnel, through the program `tailscale`.
    Tailscale,
}

impl TunnelKind {
    /// All kinds.
    pub const ALL: [Self; 5] = [Self::None, Self::OwnUrl, Self::Ngrok, Self::Cloudflared, Self::Tailscale];

    /// The name in the control API and on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::OwnUrl => "own-url",
            Self::Ngrok => "ngrok",
            Self::Cloudflared => "cloudflared",
            Self::Tailscale => "tailscale",
        }
    }

    /// The name for people.
    pub const fn label(self) -> &'static str {
        match self {
            Self::None => "no tunnel",
            Self::OwnUrl => "own address",
            Self::Ngrok => "ngrok",
            Self::Cloudflared => "Cloudflare",
            Self::Tailscale => "Tailscale Funnel",
        }
    }
}

/// A tunnel with what it needs to know, but for secrets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct TunnelSettings {
    /// Which one.
    pub kind: TunnelKind,
    /// Whether it is to run.
    pub on: bool,
    /// The public address of [`TunnelKind::OwnUrl`], without a path.
    pub url: Option<Url>,
    /// What ngrok is asked for.
    pub ngrok: NgrokSettings,
}

/// What ngrok is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct NgrokSettings {
    /// The domain to be bound, such as `me.ngrok-free.dev`; without one ngrok chooses.
    pub domain: Option<String>,
    /// The region of the edge, such as `eu`; without one the nearest.
    pub region: Option<String>,
    /// The requests that the plan allows in a month.
    pub monthly_requests: Option<u64>,
    /// The bytes that the plan allows to be answered in a month.
    pub monthly_bytes: Option<u64>,
}

impl NgrokSettings {
    /// Requests a month in ngrok's free plan. Source: <https://ngrok.com/docs/pricing-limits/free-plan-limits>.
    pub const FREE_REQUESTS: u64 = 20_000;
    /// Bytes out a month in ngrok's free plan: 1 GB. Source: the same page.
    pub const FREE_BYTES: u64 = 1_000_000_000;
    /// The regions that an edge can be chosen in. Source: <https://ngrok.com/docs/guides/other-guides/global-infrastructure>.
    pub const REGIONS: [&'static str; 7] = ["us", "eu", "ap", "au", "sa", "jp", "in"];
}

/// Why a tunnel cannot be wanted like this.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The text names no tunnel.
    #[error("`{0}` is no tunnel: ngrok, cloudflared, tailscale, none, or the https address of your own")]
    Unknown(String),
    /// The public address cannot be one.
    #[error("the public address {0}")]
    Url(&'static str),
    /// The domain is none.
    #[error(
        "`{0}` is no domain: write it without `https://` and without a path, such as `me.ngrok-free.dev`"
    )]
    Domain(String),
    /// The region does not exist.
    #[error("`{0}` is no region of ngrok's: {regions}", regions = NgrokSettings::REGIONS.join(", "))]
    Region(String),
}

impl TunnelSettings {
    /// Reads what `serve --tunnel` and `tunnel start` take: a kind, or the public address of the user's own.
    ///
    /// # Errors
    /// [`SettingsError`] for anything else.
    pub fn choose(&mut self, text: &str) -> Result<(), SettingsError> {
        let kind = match text {
            "none" | "off" => TunnelKind::None,
            "ngrok" => TunnelKind::Ngrok,
            "cloudflared" | "cloudflare" => TunnelKind::Cloudflared,
            "tailscale" => TunnelKind::Tailscale,
            address if address.starts_with("https://") || address.starts_with("http://") => {
                let url = Url::parse(address).map_err(|_| SettingsError::Unknown(text.to_owned()))?;
                self.url = Some(public_address(url)?);
                TunnelKind::OwnUrl
            }
            _ => return Err(SettingsError::Unknown(text.to_owned())),
        };
        self.kind = kind;
        self.on = kind != TunnelKind::None;
        Ok(())
    }

    /// Whether everything that the kind needs is there and can be right.
    ///
    /// # Errors
    /// [`SettingsError`] with the first thing that is wrong.
    pub fn check(&self) -> Result<(), SettingsError> {
        if self.kind == TunnelKind::OwnUrl && self.url.is_none() {
            return Err(SettingsError::Url("of your own proxy or tunnel is missing"));
        }
        if let Some(url) = &self.url {
            public_address(url.clone())?;
        }
        if let Some(domain) = &self.ngrok.domain {
            check_domain(domain)?;
        }
        match &self.ngrok.region {
            Some(region) if !NgrokSettings::REGIONS.contains(&region.as_str()) => {
                Err(SettingsError::Region(region.clone()))
            }
            _ => Ok(()),
        }
    }
}

/// The address if webhook URLs can begin with it: nothing but scheme, host and port.
///
/// # Errors
/// [`SettingsError::Url`] with what is too much.
pub fn public_address(url: Url) -> Result<Url, SettingsError> {
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        return Err(SettingsError::Url("has to begin with https:// and a host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(SettingsError::Url("must not hold a user name or a password: webhook URLs are shown"));
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(SettingsError::Url("must have no path: jobs have theirs behind it"));
    }
    Ok(url)
}

fn check_domain(domain: &str) -> Result<(), SettingsError> {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if domain.len() <= 253 && domain.contains('.') && domain.split('.').all(is_label) {
        Ok(())
    } else {
        Err(SettingsError::Domain(domain.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<TunnelSettings, SettingsError> {
        let mut settings = TunnelSettings::default();
        settings.choose(text).map(|()| settings)
    }

    #[test]
    fn a_tunnel_is_chosen_by_its_name_or_by_its_address() {
        for (text, kind) in [
            ("ngrok", TunnelKind::Ngrok),
            ("cloudflared", TunnelKind::Cloudflared),
            ("tailscale", TunnelKind::Tailscale),
            ("https://hooks.example.com", TunnelKind::OwnUrl),
        ] {
            let settings = chosen(text).expect("is one");
            assert_eq!((settings.kind, settings.on), (kind, true), "{text}");
        }
        let none = chosen("none").expect("is one");
        assert_eq!((none.kind, none.on), (TunnelKind::None, false));
        for text in ["", "ngrok2", "hooks.example.com", "ftp://x"] {
            assert_eq!(chosen(text), Err(SettingsError::Unknown(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_public_address_has_nothing_that_would_end_up_in_every_webhook_url() {
        for text in [
            "https://x.example/path",
            "https://x.example/?a=b",
            "https://ann:pw@x.example",
            "https://x.example/#f",
        ] {
            assert!(matches!(chosen(text), Err(SettingsError::Url(_))), "{text}");
        }
        chosen("http://127.0.0.1:8080").expect("a proxy on this machine is fine");
    }

    #[test]
    fn a_domain_is_written_without_scheme_and_path() {
        let with = |domain: &str| TunnelSettings {
            kind: TunnelKind::Ngrok,
            ngrok: NgrokSettings { domain: Some(domain.to_owned()), ..NgrokSettings::default() },
            ..TunnelSettings::default()
        };
        with("me.ngrok-free.dev").check().expect("is one");
        for domain in ["https://me.ngrok-free.dev", "me", "me.ngrok-free.dev/", "a b.dev", ".dev"] {
            assert!(with(domain).check().is_err(), "{domain}");
        }
    }

    #[test]
    fn own_url_needs_its_url() {
        let settings = TunnelSettings { kind: TunnelKind::OwnUrl, on: true, ..TunnelSettings::default() };
        assert!(matches!(settings.check(), Err(SettingsError::Url(_))));
    }
}
