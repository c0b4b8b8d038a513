//! `hookline serve`.

use std::net::SocketAddr;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hookline_engine::secrets::SecretsChoice;
use url::Url;

const SERVE_HELP: &str = "\
What is not given here is taken from the environment, then from `config.toml` in the data directory
(listen, api, tunnel, ngrok_domain, ngrok_region, public_url, max_body_bytes, secrets, log), then from the defaults.

Environment for tunnels:
  NGROK_AUTHTOKEN        the authtoken for ngrok, in the place of the one that is stored
  HOOKLINE_NGROK_SERVER  another edge than ngrok's own, as HOST:PORT
  HOOKLINE_NGROK_CA      a PEM file with that edge's certificates

Where secrets lie: with `--secrets auto` in the system's keychain where one answers, else in a file that only you can
read. What was chosen before is moved over at the start. `hookline status` says where they lie, and why.

Examples:
  hookline serve
  hookline serve --listen 127.0.0.1:0 --api 127.0.0.1:0 --ready-json
  NGROK_AUTHTOKEN=… hookline serve --tunnel ngrok --ngrok-domain me.ngrok-free.dev
  hookline serve --tunnel cloudflared                       (no account needed; another address after each start)
  hookline serve --tunnel https://hooks.example.com         (your reverse proxy forwards to the receiver)";

#[derive(Debug, Args)]
#[command(after_help = SERVE_HELP)]
pub(crate) struct Serve {
    /// Where the receiver listens; port 0 takes any free one  [default: 127.0.0.1:4400]
    #[arg(long, env = "HOOKLINE_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the control API listens: loopback only  [default: 127.0.0.1:4401]
    #[arg(long, env = "HOOKLINE_API", value_name = "ADDRESS")]
    pub(crate) api: Option<SocketAddr>,
    /// How providers reach this machine: ngrok, cloudflared, tailscale, none, or the https address of your own proxy
    /// [default: what was last chosen]
    #[arg(long, env = "HOOKLINE_TUNNEL", value_name = "TUNNEL")]
    pub(crate) tunnel: Option<String>,
    /// The domain that ngrok is asked for, such as me.ngrok-free.dev
    #[arg(long, env = "HOOKLINE_NGROK_DOMAIN", value_name = "DOMAIN")]
    pub(crate) ngrok_domain: Option<String>,
    /// The region of ngrok's edge: us, eu, ap, au, sa, jp, in
    #[arg(long, env = "HOOKLINE_NGROK_REGION", value_name = "REGION")]
    pub(crate) ngrok_region: Option<String>,
    /// The same as --tunnel URL, which wins where both are given
    #[arg(long, env = "HOOKLINE_PUBLIC_URL", value_name = "URL")]
    pub(crate) public_url: Option<Url>,
    /// The most bytes of a webhook's body  [default: 5242880]
    #[arg(long, env = "HOOKLINE_MAX_BODY_BYTES", value_name = "BYTES")]
    pub(crate) max_body_bytes: Option<usize>,
    /// Where secrets lie: in the system's keychain, in a file that only you can read, or in whichever works  [default: auto]
    #[arg(long, env = "HOOKLINE_SECRETS", value_name = "PLACE",
        value_parser = PossibleValuesParser::new(SecretsChoice::NAMES).try_map(|name| name.parse::<SecretsChoice>()))]
    pub(crate) secrets: Option<SecretsChoice>,
    /// Where Stripe's API is, for tests and proxies
    #[arg(long, env = "HOOKLINE_STRIPE_API", value_name = "URL", hide = true)]
    pub(crate) stripe_api: Option<Url>,
    /// Where Close's API is, for tests and proxies
    #[arg(long, env = "HOOKLINE_CLOSE_API", value_name = "URL", hide = true)]
    pub(crate) close_api: Option<Url>,
    /// Prints one line of JSON with addresses and token when all is listening
    #[arg(long)]
    pub(crate) ready_json: bool,
    /// error, warn, info, debug, trace, or directives such as `hookline_engine=debug,warn`  [default: info]
    #[arg(long, env = "HOOKLINE_LOG", value_name = "LEVEL")]
    pub(crate) log_level: Option<String>,
}
