//! What can be set before the start: by flags, else by the environment, else by `config.toml` in the data directory, else
//! by these defaults. Merging flags and environment is the command line's business.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

/// With what Hookline is started.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where everything is kept. Made if missing.
    pub data_dir: PathBuf,
    /// Where the receiver listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Where the control API listens: loopback only.
    pub api: SocketAddr,
    /// Under which URL something that the user runs forwards to the receiver.
    pub public_url: Option<Url>,
    /// The most bytes of a webhook's body, as received and decoded.
    pub max_body_bytes: usize,
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
            public_url: None,
            max_body_bytes: Self::MAX_BODY_BYTES,
        }
    }
}

/// `config.toml` in the data directory: all of it optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// Where the receiver listens.
    pub listen: Option<SocketAddr>,
    /// Where the control API listens.
    pub api: Option<SocketAddr>,
    /// Under which URL something that the user runs forwards to the receiver.
    pub public_url: Option<Url>,
    /// The most bytes of a webhook's body.
    pub max_body_bytes: Option<usize>,
    /// The log level or filter.
    pub log: Option<String>,
}

/// Why `config.toml` could not be used.
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

impl FileConfig {
    /// Reads `config.toml` in the data directory; without one everything is unset.
    pub fn read(data_dir: &Path) -> Result<Self, ConfigError> {
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
        assert_eq!(FileConfig::read(folder.path()).expect("none is fine"), FileConfig::default());
        let write = |text: &str| std::fs::write(folder.path().join("config.toml"), text).expect("writes");
        write("listen = \"127.0.0.1:5000\"\nlog = \"debug\"\n");
        let read = FileConfig::read(folder.path()).expect("reads");
        assert_eq!(read.listen, Some("127.0.0.1:5000".parse().expect("an address")));
        write("lisen = \"127.0.0.1:5000\"\n");
        let error = FileConfig::read(folder.path()).expect_err("is refused");
        let cause = std::error::Error::source(&error).expect("has a cause").to_string();
        assert!(cause.contains("lisen"), "{cause}");
    }
}
