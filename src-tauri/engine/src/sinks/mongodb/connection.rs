//! The connection: made at the first use, shared, with timeouts of its own.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bson::raw::cstr;
use bson::{Document, RawDocumentBuf, doc, rawdoc};
use mongodb::error::{Error, Result as DriverResult};
use mongodb::options::{
    Acknowledgment, ClientOptions, ConnectionString, HostInfo, ReadConcern, ReadPreference, SelectionCriteria,
};
use mongodb::{Client, Database};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

use super::errors::{self, Place, Refusal};
use crate::sinks::SinkError;

/// A server that cannot be found in this time is down. Less where a command may take less than twice of it: finding a server
/// counts as part of the command, and is to end first, because it can say what is wrong.
const SELECTION_TIMEOUT: Duration = Duration::from_secs(5);
/// The most time one command may take, unless the connection string says otherwise (`socketTimeoutMS`); the driver itself
/// would wait for ever for a server that hangs.
const COMMAND_TIMEOUT: Duration = Duration::from_mins(1);
/// No connection string can ask for less: finding a server, TLS, the login and the wait for a majority are all part of a command.
const LEAST_COMMAND_TIMEOUT: Duration = Duration::from_secs(1);
/// The most time a majority of servers may take to confirm a write.
const REPLICATION_TIMEOUT_MS: i32 = 30_000;
/// Two lanes with two collections each are as much as a server answers faster than one.
const POOL_SIZE: u32 = 4;

/// What kind of server it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Facts {
    replica_set: Option<String>,
    sharded: bool,
    /// How many members hold data and vote, as far as the server tells.
    members: u32,
    /// The newest version of the wire protocol that it speaks.
    wire_version: i32,
}

impl Facts {
    fn of(hello: &Document) -> Self {
        Self {
            replica_set: hello.get_str("setName").ok().map(str::to_owned),
            sharded: hello.get_str("msg").is_ok_and(|message| message == "isdbgrid"),
            members: hello.get_array("hosts").map_or(1, |hosts| hosts.len() as u32),
            wire_version: hello.get_i32("maxWireVersion").unwrap_or_default(),
        }
    }

    /// Whether making an index can be told how many members have to take part: a replica set from version 4.4 on.
    pub(super) fn takes_commit_quorum(&self) -> bool {
        self.replica_set.is_some() && self.wire_version >= 9
    }

    /// For people, such as "replica set rs0".
    pub(super) fn describe(&self) -> String {
        match &self.replica_set {
            Some(name) => format!("replica set {name}"),
            None if self.sharded => "sharded cluster".to_owned(),
            None => "single server".to_owned(),
        }
    }
}

/// Connects at the first use.
pub(super) struct Connector {
    uri: ConnectionString,
    /// The most time one command may take.
    limit: Duration,
    database: String,
    place: Place,
    client: OnceCell<Client>,
    facts: Mutex<Option<Arc<Facts>>>,
}

impl std::fmt::Debug for Connector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connector")
            .field("place", &self.place)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

impl Connector {
    pub(super) fn new(mut uri: ConnectionString, database: String) -> Self {
        // The driver refuses a connection string that limits the time of an answer, as those of other programs often do. Here the
        // limit is kept, in `within`.
        #[expect(deprecated, reason = "the driver says so because it does not support it")]
        let asked = uri.socket_timeout.take();
        let limit =
            asked.filter(|limit| !limit.is_zero()).unwrap_or(COMMAND_TIMEOUT).max(LEAST_COMMAND_TIMEOUT);
        let hosts = match &uri.host_info {
            HostInfo::HostIdentifiers(hosts) => {
                hosts.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
            }
            HostInfo::DnsRecord(name) => name.clone(),
            _ => "the given host".to_owned(),
        };
        let tls = matches!(uri.tls, Some(mongodb::options::Tls::Enabled(_)))
            || (uri.tls.is_none() && matches!(uri.host_info, HostInfo::DnsRecord(_)));
        let place = Place { hosts, database: database.clone(), tls, reached: AtomicBool::new(false) };
        Self { uri, limit, database, place, client: OnceCell::new(), facts: Mutex::new(None) }
    }

    pub(super) async fn database(&self) -> Result<Database, SinkError> {
        let client = self.client.get_or_try_init(|| self.connect()).await?;
        Ok(client.database(&self.database))
    }

    /// Makes the driver's client; of names only those of `mongodb+srv` are looked up here.
    async fn connect(&self) -> Result<Client, SinkError> {
        let explain = |error: Error| self.explain(&error);
        let mut options =
            self.within(async { ClientOptions::parse(self.uri.clone()).await }).await.map_err(explain)?;
        options.app_name.get_or_insert_with(|| "hookline".to_owned());
        options.server_selection_timeout = Some(self.time_to_find(options.server_selection_timeout));
        options.connect_timeout = Some(self.time_to_find(options.connect_timeout));
        options.max_pool_size.get_or_insert(POOL_SIZE);
        // What is read decides what is written: the primary's own view, whatever the connection string prefers.
        options.selection_criteria = Some(SelectionCriteria::ReadPreference(ReadPreference::Primary));
        options.read_concern = Some(ReadConcern::local());
        Client::with_options(options).map_err(explain)
    }

    /// How long finding a server may take, and connecting to it, where the connection string asks for this.
    fn time_to_find(&self, asked: Option<Duration>) -> Duration {
        asked.filter(|asked| !asked.is_zero()).unwrap_or(SELECTION_TIMEOUT).min(self.limit / 2)
    }

    /// What kind of server it is; asked once, and again after any error.
    pub(super) async fn facts(&self) -> Result<Arc<Facts>, SinkError> {
        let known = self.facts.lock().clone();
        if let Some(facts) = known {
            return Ok(facts);
        }
        let database = self.database().await?;
        let hello = self.ask(async { database.run_command(doc! {"hello": 1}).await }).await?;
        self.place.reached.store(true, Ordering::Relaxed);
        let facts = Arc::new(Facts::of(&hello));
        *self.facts.lock() = Some(Arc::clone(&facts));
        Ok(facts)
    }

    /// What a write has to reach before it is done. The connection string may ask for more members than a majority.
    pub(super) fn write_concern(&self, facts: &Facts) -> RawDocumentBuf {
        if facts.replica_set.is_none() && !facts.sharded {
            return rawdoc! {"w": 1, "j": true};
        }
        let asked = self.uri.write_concern.as_ref().and_then(|concern| match concern.w {
            Some(Acknowledgment::Nodes(nodes)) => Some(nodes),
            _ => None,
        });
        let more_than_most = |nodes: &u32| !facts.sharded && *nodes > facts.members / 2 + 1;
        if let Some(nodes) = asked.filter(more_than_most) {
            rawdoc! {"w": nodes as i32, "j": true, "wtimeout": REPLICATION_TIMEOUT_MS}
        } else {
            rawdoc! {"w": "majority", "j": true, "wtimeout": REPLICATION_TIMEOUT_MS}
        }
    }

    /// Runs a command and gives the server's answer, which may hold errors of single writes.
    pub(super) async fn run(&self, command: RawDocumentBuf) -> Result<Result<Document, Refusal>, SinkError> {
        let database = self.database().await?;
        let answer = self.within(async { database.run_raw_command(command).await }).await;
        self.sort(answer)
    }

    /// Makes the index by which the server removes a collection's documents once their `expiresAt` has passed. To be called
    /// before each write: the collection may have been dropped, and where the index is there, nothing happens.
    pub(super) async fn expire(&self, collection: &str) -> Result<Result<(), Refusal>, SinkError> {
        let index = rawdoc! {"key": {"expiresAt": 1}, "name": "expiresAt_1", "expireAfterSeconds": 0};
        let mut command = rawdoc! {"createIndexes": collection, "indexes": [index]};
        if self.facts().await?.takes_commit_quorum() {
            // By default all members have to take part, also one that is down.
            command.append(cstr!("commitQuorum"), "majority");
        }
        Ok(self.run(command).await?.map(drop))
    }

    /// Waits for the driver's answer, but not for ever.
    pub(super) async fn within<T>(&self, answer: impl Future<Output = DriverResult<T>>) -> DriverResult<T> {
        match tokio::time::timeout(self.limit, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::from(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                format!("no answer within {} seconds", self.limit.as_secs_f32()),
            ))),
        }
    }

    /// [`Self::within`], with errors for users.
    pub(super) async fn ask<T>(&self, answer: impl Future<Output = DriverResult<T>>) -> Result<T, SinkError> {
        self.within(answer).await.map_err(|error| self.explain(&error))
    }

    /// Tells errors that concern the server from those that concern what was sent.
    pub(super) fn sort<T>(&self, answer: DriverResult<T>) -> Result<Result<T, Refusal>, SinkError> {
        match answer {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => match errors::refusal(&error) {
                Some(refusal) => Ok(Err(refusal)),
                None => Err(self.explain(&error)),
            },
        }
    }

    /// What the server said against a command, for users.
    pub(super) fn explain_refusal(&self, refusal: &Refusal) -> SinkError {
        self.explain_code(refusal.code, &refusal.message)
    }

    /// An error of the driver, for users.
    pub(super) fn explain(&self, error: &Error) -> SinkError {
        *self.facts.lock() = None;
        errors::explain(&self.place, error)
    }

    /// An error that the server put into an answer.
    pub(super) fn explain_code(&self, code: i32, message: &str) -> SinkError {
        *self.facts.lock() = None;
        errors::explain_code(&self.place, code, message)
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::super::uri;
    use super::*;

    fn connector(host: &str, options: &str) -> Connector {
        let uri = SecretString::from(format!("mongodb://{host}/?{options}"));
        Connector::new(uri::parse(&uri).expect("valid"), "db".to_owned())
    }

    #[test]
    fn finding_a_server_ends_before_the_time_of_the_command_that_it_is_part_of() {
        let millis = |options: &str| {
            let connector = connector("localhost", options);
            let asked = connector.uri.server_selection_timeout;
            [connector.limit, connector.time_to_find(asked)].map(|time| time.as_millis())
        };
        assert_eq!(millis(""), [60_000, 5_000]);
        assert_eq!(millis("socketTimeoutMS=0"), [60_000, 5_000]);
        assert_eq!(millis("socketTimeoutMS=2000"), [2_000, 1_000]);
        assert_eq!(millis("socketTimeoutMS=1"), [1_000, 500], "less is of no use");
        assert_eq!(millis("serverSelectionTimeoutMS=20000"), [60_000, 20_000]);
        assert_eq!(millis("serverSelectionTimeoutMS=20000&socketTimeoutMS=8000"), [8_000, 4_000]);
    }

    #[tokio::test]
    async fn a_short_time_for_commands_does_not_hide_what_is_wrong() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("listens");
        let address = listener.local_addr().expect("has an address");
        drop(listener);
        let error =
            connector(&address.to_string(), "socketTimeoutMS=1000").facts().await.expect_err("is down");
        let text = error.to_string();
        assert!(text.contains("refused") && !text.contains("no answer"), "{text}");
    }
}
