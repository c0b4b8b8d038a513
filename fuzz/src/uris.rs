//! Connection strings of MongoDB: any text either is one, or an error says why without showing a password.

use arbitrary::{Arbitrary, Unstructured};
use hookline_engine::sinks::check_mongodb_uri;

/// Stands where secrets do. Nothing else has these letters, in this order.
const SECRET: &str = "Zq9~kW";

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    Any(&'a str),
    Parts {
        srv: bool,
        user: &'a str,
        password: Password<'a>,
        hosts: &'a str,
        path: Option<&'a str>,
        options: Vec<Choice<'a>>,
    },
}

impl Input<'_> {
    /// Whether it stands where no secret does.
    fn holds_it_elsewhere(&self) -> bool {
        match self {
            Self::Any(_) => true,
            Self::Parts { user, hosts, path, options, .. } => {
                [*user, *hosts, path.unwrap_or_default()].iter().any(|part| part.contains(SECRET))
                    || options.iter().any(|option| match option {
                        Choice::Known(_, text) | Choice::Other(text) => text.contains(SECRET),
                        Choice::Secret(..) => false,
                    })
            }
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Password<'a> {
    None,
    Plain,
    Within(&'a str, &'a str),
}

#[derive(Debug, Arbitrary)]
enum Choice<'a> {
    Known(u8, &'a str),
    Secret(u8, &'a str, &'a str),
    Other(&'a str),
}

const OPTIONS: [&str; 12] = [
    "replicaSet",
    "w",
    "wtimeoutMS",
    "tls",
    "authSource",
    "authMechanism",
    "readPreference",
    "maxPoolSize",
    "compressors",
    "directConnection",
    "srvServiceName",
    "readConcernLevel",
];
/// Options whose values are secrets.
const SECRETS: [&str; 3] = ["tlsCertificateKeyFilePassword", "authMechanismProperties", "proxyPassword"];

/// One input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = Unstructured::new(data).arbitrary::<Input<'_>>() else { return };
    let uri = match &input {
        Input::Any(text) => (*text).to_owned(),
        Input::Parts { srv, user, password, hosts, path, options } => {
            let scheme = if *srv { "mongodb+srv" } else { "mongodb" };
            let password = match password {
                Password::None => String::new(),
                Password::Plain => format!(":{SECRET}@"),
                Password::Within(before, behind) => format!(":{before}{SECRET}{behind}@"),
            };
            let mut uri = format!("{scheme}://{user}{password}{hosts}");
            if let Some(path) = path {
                uri = format!("{uri}/{path}");
            }
            for (index, option) in options.iter().enumerate() {
                uri.push(if index == 0 { '?' } else { '&' });
                let text = match option {
                    Choice::Known(which, value) => {
                        format!("{}={value}", OPTIONS[usize::from(*which) % OPTIONS.len()])
                    }
                    Choice::Secret(which, before, behind) => {
                        format!("{}={before}{SECRET}{behind}", SECRETS[usize::from(*which) % SECRETS.len()])
                    }
                    Choice::Other(text) => (*text).to_owned(),
                };
                uri.push_str(&text);
            }
            uri
        }
    };
    if let Err(error) = check_mongodb_uri(&uri.clone().into()) {
        assert!(!error.message.is_empty());
        // Somewhere else it is no secret: libFuzzer tries the letters that it sees compared.
        assert!(
            input.holds_it_elsewhere() || !error.message.contains(SECRET),
            "a message shows a secret: {uri:?}: {}",
            error.message
        );
    }
}
