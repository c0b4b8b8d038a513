//! What can be set before the start: by flags, else by the environment, else by `config.toml` in the data directory, else
//! by these defaults. Merging flags and environment is the command line's business.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::provider_api::ApiBases;
use crate::secrets::SecretsChoice;
use crate::tunnel::settings::{SettingsError, TunnelSettings};
use crate::tunnel::{NgrokEdge, NgrokSettings, TunnelKind};

/// With what Hookline is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept. Made if missing.
    pub data_dir: PathBuf,
    /// Where the receiver listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the control API listens: loopback only.
    pub api: SocketAddr,
    /// The tunnel that this start asks for; otherwise the one that was last chosen.
    pub tunnel: Option<TunnelSettings>,
    /// The authtoken for ngrok that this start brings, in the place of the one that is stored.
    pub ngrok_authtoken: Option<SecretString>,
    /// Another edge than ngrok's own.
    pub ngrok_edge: NgrokEdge,
    /// The most bytes of a webhook's body, as received and decoded.
    pub max_body_bytes: usize,
    /// Where secrets are to lie.
    pub secrets: SecretsChoice,
    /// The log level or filter.
    pub log: String,
    /// Where the providers' APIs are: their own addresses but for tests and proxies.
    pub provider_apis: ApiBases,
}

impl Config {
    /// The receiver's usual address.
    pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4400);
    /// The control API's usual address.
    pub const API: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4401);
    /// 5 MiB: larger than any provider's events.
    pub const MAX_BODY_BYTES: usize = 5 * 1024 * 1024;

    /// What [`Config::max_body_bytes`] may be: from 1 KiB to 64 MiB.
    pub const BODY_BYTES_RANGE: std::ops::RangeInclusive<usize> = 1024..=64 * 1024 * 1024;

    /// The defaults, with this data directory.
    pub fn new(data_dir: PathBuf) -> Self {
        Self {
            data_dir,
            listen: Self::LISTEN,
            api: Self::API,
            tunnel: None,
            ngrok_authtoken: None,
            ngrok_edge: NgrokEdge::default(),
            max_body_bytes: Self::MAX_BODY_BYTES,
            secrets: SecretsChoice::default(),
            log: "info".to_owned(),
            provider_apis: ApiBases::default(),
        }
    }

    /// What `chosen` says, else what `config.toml` in the data directory says, else the defaults.
    pub fn read(data_dir: PathBuf, chosen: Settings) -> Result<Self, ConfigError> {
        let file = Settings::read(&data_dir)?;
        let default = Self::new(data_dir);
        let max_body_bytes = chosen.max_body_bytes.or(file.max_body_bytes).unwrap_or(default.max_body_bytes);
        if !Self::BODY_BYTES_RANGE.contains(&max_body_bytes) {
            return Err(ConfigError::BodyBytes { given: max_body_bytes });
        }
        let tunnel = wanted_tunnel(&chosen, &file)?;
        let provider_apis = ApiBases {
            stripe: api_base(chosen.stripe_api.or(file.stripe_api), default.provider_apis.stripe)?,
            close: api_base(chosen.close_api.or(file.close_api), default.provider_apis.close)?,
        };
        Ok(Self {
            provider_apis,
            listen: chosen.listen.or(file.listen).unwrap_or(default.listen),
            api: chosen.api.or(file.api).unwrap_or(default.api),
            tunnel,
            ngrok_authtoken: chosen.ngrok_authtoken,
            ngrok_edge: NgrokEdge {
                server: chosen.ngrok_server,
                ca: chosen.ngrok_ca,
                ..NgrokEdge::default()
            },
            max_body_bytes,
            secrets: chosen.secrets.or(file.secrets).unwrap_or(default.secrets),
            log: chosen.log.or(file.log).unwrap_or(default.log),
            data_dir: default.data_dir,
        })
    }
}

/// Settings that somebody chose, on the command line or in `config.toml` in the data directory: all of it optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Where the receiver listens.
    pub listen: Option<SocketAddr>,
    /// Where the control API listens.
    pub api: Option<SocketAddr>,
    /// Under which URL something that the user runs forwards to the receiver: the same as naming it as `tunnel`.
    pub public_url: Option<Url>,
    /// The tunnel: `ngrok`, `cloudflared`, `tailscale`, `none`, or the public address of the user's own.
    pub tunnel: Option<String>,
    /// The domain that ngrok is asked for.
    pub ngrok_domain: Option<String>,
    /// The region of ngrok's edge.
    pub ngrok_region: Option<String>,
    /// The authtoken for ngrok. Not for the file: it is a secret.
    #[serde(skip)]
    pub ngrok_authtoken: Option<SecretString>,
    /// Another edge than ngrok's own, as host and port.
    #[serde(skip)]
    pub ngrok_server: Option<String>,
    /// A PEM file with the certificates of that edge.
    #[serde(skip)]
    pub ngrok_ca: Option<PathBuf>,
    /// The most bytes of a webhook's body.
    pub max_body_bytes: Option<usize>,
    /// Where secrets are to lie: `auto`, `keychain` or `file`.
    pub secrets: Option<SecretsChoice>,
    /// The log level or filter.
    pub log: Option<String>,
    /// Where Stripe's API is.
    pub stripe_api: Option<Url>,
    /// Where Close's API is.
    pub close_api: Option<Url>,
}

/// An address that requests with a key are sent to: https, or http on this machine; nothing behind it but a path.
fn api_base(chosen: Option<Url>, default: Url) -> Result<Url, ConfigError> {
    let Some(url) = chosen else { return Ok(default) };
    let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let is_private = url.scheme() == "https" || (url.scheme() == "http" && crate::event::is_loopback(&url));
    if is_private && url.has_host() && is_plain {
        Ok(url)
    } else {
        Err(ConfigError::ApiBase { given: url.scheme().to_owned() })
    }
}

/// Why settings could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It could not be read.
    #[error("{path} could not be read")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The most bytes of a body are too few or too many.
    #[error(
        "the most bytes of a body (max_body_bytes) have to be from {} to {}, not {given}",
        Config::BODY_BYTES_RANGE.start(),
        Config::BODY_BYTES_RANGE.end()
    )]
    BodyBytes {
        /// What was chosen.
        given: usize,
    },
    /// The tunnel cannot be like this.
    #[error(transparent)]
    Tunnel(#[from] SettingsError),
    /// The address of a provider's API is none that requests could be sent to.
    #[error(
        "a provider's API (stripe_api, close_api) has to be a plain https address, or an http one on this machine, not one of `{given}`"
    )]
    ApiBase {
        /// The scheme of what was chosen; the rest may hold a password.
        given: String,
    },
    /// It is not TOML, or has a setting that does not exist.
    #[error("{path} has a mistake")]
    Parse {
        /// The file.
        path: PathBuf,
        /// Which, and where.
        #[source]
        source: Box<toml::de::Error>,
    },
}

/// The tunnel that is asked for, if one is: each value by `chosen`, else by `file`.
fn wanted_tunnel(chosen: &Settings, file: &Settings) -> Result<Option<TunnelSettings>, ConfigError> {
    let domain = chosen.ngrok_domain.clone().or_else(|| file.ngrok_domain.clone());
    let region = chosen.ngrok_region.clone().or_else(|| file.ngrok_region.clone());
    let named = |settings: &Settings| {
        settings.tunnel.clone().or_else(|| settings.public_url.as_ref().map(Url::to_string))
    };
    // Naming a domain or a region asks for the tunnel that it belongs to.
    let implied = || (domain.is_some() || region.is_some()).then(|| TunnelKind::Ngrok.as_str().to_owned());
    let Some(text) = named(chosen).or_else(|| named(file)).or_else(implied) else { return Ok(None) };
    let ngrok = NgrokSettings { domain, region, ..NgrokSettings::default() };
    let mut wanted = TunnelSettings { ngrok, ..TunnelSettings::default() };
    wanted.choose(&text)?;
    wanted.check()?;
    Ok(Some(wanted))
}

impl Settings {
    /// What the environment alone says: the authtoken for ngrok, which is a secret, another edge of ngrok's, and other
    /// addresses of providers' APIs.
    pub fn from_environment() -> Self {
        let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
        Self {
            ngrok_authtoken: text("NGROK_AUTHTOKEN").map(SecretString::from),
            ngrok_server: text("HOOKLINE_NGROK_SERVER"),
            stripe_api: text("HOOKLINE_STRIPE_API").and_then(|url| Url::parse(&url).ok()),
            close_api: text("HOOKLINE_CLOSE_API").and_then(|url| Url::parse(&url).ok()),
            ngrok_ca: std::env::var_os("HOOKLINE_NGROK_CA")
                .filter(|path| !path.is_empty())
                .map(PathBuf::from),
            ..Self::default()
        }
    }

    /// Reads `config.toml` in the data directory; without one everything is unset.
    fn read(data_dir: &Path) -> Result<Self, ConfigError> {
        let path = data_dir.join("config.toml");
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                toml::from_str(&text).map_err(|source| ConfigError::Parse { path, source: Box::new(source) })
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(source) => Err(ConfigError::Read { path, source }),
        }
    }
}

/// Where the platform keeps an application's data; `None` where there is no home directory.
pub fn default_data_dir() -> Option<PathBuf> {
    directories::ProjectDirs::from("dev", "Hookline", "Hookline").map(|dirs| dirs.data_dir().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_file_may_set_some_things_and_nothing_unknown() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(Settings::read(folder.path()).expect("none is fine").listen.is_none());
        let write = |text: &str| std::fs::write(folder.path().join("config.toml"), text).expect("writes");
        write("listen = \"127.0.0.1:5000\"\nlog = \"debug\"\n");
        let read = Settings::read(folder.path()).expect("reads");
        assert_eq!(read.listen, Some("127.0.0.1:5000".parse().expect("an address")));
        let chosen = Settings { log: Some("warn".to_owned()), ..Settings::default() };
        let config = Config::read(folder.path().to_owned(), chosen).expect("is fine");
        assert_eq!((Some(config.listen), config.api), (read.listen, Config::API));
        assert_eq!(config.log, "warn", "the command line wins");
        write("tunnel = \"https://hooks.example.com\"\n");
        let tunnel = |chosen| Config::read(folder.path().to_owned(), chosen).expect("is fine").tunnel;
        let own = tunnel(Settings::default()).expect("one is asked for");
        assert_eq!((own.kind, own.on), (TunnelKind::OwnUrl, true));
        let chosen = Settings { tunnel: Some("none".to_owned()), ..Settings::default() };
        assert_eq!(tunnel(chosen).map(|none| none.on), Some(false), "the command line wins");
        write("ngrok_domain = \"me.ngrok-free.dev\"\n");
        let chosen = Settings { ngrok_region: Some("eu".to_owned()), ..Settings::default() };
        let ngrok = tunnel(chosen).expect("one is asked for");
        assert_eq!((ngrok.kind, ngrok.ngrok.region.as_deref()), (TunnelKind::Ngrok, Some("eu")));
        assert_eq!(ngrok.ngrok.domain.as_deref(), Some("me.ngrok-free.dev"));
        assert_eq!(config.secrets, SecretsChoice::Auto);
        write("secrets = \"keychain\"\n");
        let config = |secrets| {
            let chosen = Settings { secrets, ..Settings::default() };
            Config::read(folder.path().to_owned(), chosen).expect("is fine")
        };
        assert_eq!(config(None).secrets, SecretsChoice::Keychain);
        assert_eq!(config(Some(SecretsChoice::File)).secrets, SecretsChoice::File);
        write("secrets = \"vault\"\n");
        assert!(Settings::read(folder.path()).is_err());
        write("max_body_bytes = 100\n");
        let error = Config::read(folder.path().to_owned(), Settings::default()).expect_err("is refused");
        assert!(error.to_string().contains("from 1024 to 67108864, not 100"), "{error}");
        write("stripe_api = \"http://127.0.0.1:9/stripe\"\n");
        let config = Config::read(folder.path().to_owned(), Settings::default()).expect("is fine");
        assert_eq!(config.provider_apis.stripe.as_str(), "http://127.0.0.1:9/stripe");
        assert_eq!(config.provider_apis.close.as_str(), "https://api.close.com/");
        for bad in ["file:///etc/passwd", "https://ann:secret@example.com", "https://example.com/?q=1"] {
            let chosen = Settings { close_api: Some(bad.parse().expect("a URL")), ..Settings::default() };
            let error = Config::read(folder.path().to_owned(), chosen).expect_err(bad);
            assert!(
                error.to_string().contains("close_api") && !error.to_string().contains("secret"),
                "{error}"
            );
        }
        write("lisen = \"127.0.0.1:5000\"\n");
        let error = Settings::read(folder.path()).expect_err("is refused");
        let cause = std::error::Error::source(&error).expect("has a cause").to_string();
        assert!(cause.contains("lisen"), "{cause}");
    }
}
