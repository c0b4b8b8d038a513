//! The command line of the desktop app, and what it means together with the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Parser;
use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use hookline_engine::secrets::SecretsChoice;

/// Receives webhooks on this machine, keeps every one, and syncs their objects into a database.
#[derive(Debug, Clone, Parser)]
#[command(name = "hookline-desktop", version, about)]
pub(crate) struct Arguments {
    /// Where everything is kept; by default where the platform keeps an application's data
    #[arg(long, env = "HOOKLINE_DATA_DIR", value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Where the receiver listens; port 0 takes any free one  [default: 127.0.0.1:4400]
    #[arg(long, env = "HOOKLINE_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// Where the control API listens: loopback only  [default: 127.0.0.1:4401]
    #[arg(long, env = "HOOKLINE_API", value_name = "ADDRESS")]
    pub(crate) api: Option<SocketAddr>,
    /// Where secrets lie: in the system's keychain, in a file that only you can read, or in whichever works  [default: auto]
    #[arg(long, env = "HOOKLINE_SECRETS", value_name = "PLACE",
        value_parser = PossibleValuesParser::new(SecretsChoice::NAMES).try_map(|name| name.parse::<SecretsChoice>()))]
    pub(crate) secrets: Option<SecretsChoice>,
    /// Starts without showing the window
    #[arg(long)]
    pub(crate) hidden: bool,
    /// A link to show, such as `hookline://event/JOB/EVENT`
    #[arg(value_name = "LINK")]
    pub(crate) link: Option<String>,
}

/// Where everything is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DataDir {
    /// The directory.
    pub(crate) path: PathBuf,
    /// Whether it is the one that every start without arguments uses.
    pub(crate) is_default: bool,
}

impl Arguments {
    /// Where everything is kept; `None` where nothing was said and there is no home directory.
    pub(crate) fn data_dir(&self) -> Option<DataDir> {
        choose(self.data_dir.as_deref(), hookline_engine::app::default_data_dir())
    }

    /// The arguments of another start of the app, as the system hands them on. What cannot be read counts as a start
    /// without arguments: somebody wants to see the window.
    pub(crate) fn of_another_start(arguments: &[String]) -> Self {
        let plain =
            Self { data_dir: None, listen: None, api: None, secrets: None, hidden: false, link: None };
        Self::try_parse_from(arguments).unwrap_or(plain)
    }
}

fn choose(asked: Option<&Path>, default: Option<PathBuf>) -> Option<DataDir> {
    match asked {
        Some(path) => {
            // Where the app runs from says nothing to whoever reads a path in its window.
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            let is_default = Some(&path) == default.as_ref();
            Some(DataDir { path, is_default })
        }
        None => default.map(|path| DataDir { path, is_default: true }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(list: &[&str]) -> Vec<String> {
        std::iter::once("hookline-desktop").chain(list.iter().copied()).map(str::to_owned).collect()
    }

    #[test]
    fn another_start_may_bring_a_link() {
        let read = Arguments::of_another_start(&arguments(&["hookline://job/a"]));
        assert_eq!((read.link.as_deref(), read.hidden), (Some("hookline://job/a"), false));
        assert!(Arguments::of_another_start(&arguments(&["--hidden"])).hidden);
    }

    #[test]
    fn a_start_with_unknown_arguments_is_a_plain_start() {
        let read = Arguments::of_another_start(&arguments(&["--hidden", "--no-such-thing"]));
        assert_eq!((read.link, read.hidden), (None, false));
    }

    #[test]
    fn the_usual_directory_is_known_however_it_was_named() {
        let usual = std::path::absolute("usual").expect("is a path");
        let chosen = |asked: Option<&str>| choose(asked.map(Path::new), Some(usual.clone())).expect("is one");
        assert!(chosen(None).is_default);
        assert!(chosen(Some("usual")).is_default);
        assert!(!chosen(Some("other")).is_default);
        assert!(chosen(Some("other")).path.is_absolute());
        assert_eq!(choose(None, None), None);
    }
}
