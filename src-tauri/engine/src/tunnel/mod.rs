//! Tunnels: how a provider's request reaches this machine. At present [`Tunnel::None`] (this machine only) and
//! [`Tunnel::OwnUrl`] (the user's own reverse proxy or tunnel forwards to the receiver).

use url::Url;

/// How the receiver is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tunnel {
    /// Not at all: only from this machine.
    None {
        /// The receiver's own address, such as `http://127.0.0.1:4400`.
        receiver: Url,
    },
    /// Through something that the user runs and that forwards to the receiver.
    OwnUrl {
        /// Its public address, without a path.
        public: Url,
    },
}

impl Tunnel {
    /// The address that webhook URLs begin with, without a slash at the end.
    pub fn base_url(&self) -> &str {
        let (Self::None { receiver: url } | Self::OwnUrl { public: url }) = self;
        url.as_str().trim_end_matches('/')
    }

    /// The public address, where there is one.
    pub fn public_url(&self) -> Option<&str> {
        match self {
            Self::None { .. } => None,
            Self::OwnUrl { .. } => Some(self.base_url()),
        }
    }

    /// `none` or `own-url`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::None { .. } => "none",
            Self::OwnUrl { .. } => "own-url",
        }
    }
}
