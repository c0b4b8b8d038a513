//! Destinations: places that jobs sync into.

use std::path::PathBuf;

use mongodb::options::{ConnectionString, HostInfo};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode, patch, validate};
use crate::event::{DestinationId, Timestamp, WorkspaceId};
use crate::secrets::SecretName;
use crate::sinks::{self, Connection};
use crate::store::{Destination, DestinationKind};

/// A destination to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum CreateDestination {
    /// A MongoDB database.
    Mongodb {
        /// A name for people; made from the URI unless given.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
        name: Option<String>,
        /// `mongodb://…` or `mongodb+srv://…`. Kept in the secret store and never shown.
        #[schema(value_type = String, min_length = 1, max_length = 4096, pattern = r"^mongodb(\+srv)?://[!-~]+$", write_only)]
        uri: SecretString,
        /// The database; the one in the URI's path unless given.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 63, pattern = r"^[A-Za-z0-9_-]+$")]
        database: Option<String>,
    },
    /// Documents in an SQLite file in the data directory.
    Local {
        /// A name for people.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
        name: Option<String>,
    },
    /// A server to which requests are forwarded as they came.
    Http {
        /// A name for people; made from the URL unless given.
        #[serde(default)]
        #[schema(min_length = 1, max_length = 200, pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
        name: Option<String>,
        /// An `http` or `https` URL without a fragment. Kept in the secret store; shown without password and query.
        #[schema(value_type = String, min_length = 1, max_length = 4096, pattern = r"^https?://[!-~]+$", write_only)]
        url: SecretString,
    },
}

/// Changes of a destination: what is not named stays. The kind cannot be changed.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateDestination {
    /// Another name.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"
    )]
    pub name: Option<String>,
    /// MongoDB: another URI.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = String, nullable = false, min_length = 1, max_length = 4096, pattern = r"^mongodb(\+srv)?://[!-~]+$", write_only)]
    pub uri: Option<SecretString>,
    /// MongoDB: another database.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false, min_length = 1, max_length = 63, pattern = r"^[A-Za-z0-9_-]+$")]
    pub database: Option<String>,
    /// HTTP: another URL.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = String, nullable = false, min_length = 1, max_length = 4096, pattern = r"^https?://[!-~]+$", write_only)]
    pub url: Option<SecretString>,
}

/// A destination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Destination)]
pub struct DestinationAnswer {
    /// Its id.
    pub id: DestinationId,
    /// The workspace it lies in.
    pub workspace_id: WorkspaceId,
    /// The user's name for it.
    pub name: String,
    /// What kind of place it is.
    pub kind: DestinationKind,
    /// MongoDB: the database's name.
    pub database: Option<String>,
    /// The URI or URL without user, password and query; the file of a local destination.
    pub display_url: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl From<Destination> for DestinationAnswer {
    fn from(destination: Destination) -> Self {
        let Destination { id, workspace_id, name, kind, database, display_url, created_at, updated_at } =
            destination;
        Self { id, workspace_id, name, kind, database, display_url, created_at, updated_at }
    }
}

/// All destinations of a workspace, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DestinationList {
    /// The destinations.
    pub destinations: Vec<DestinationAnswer>,
}

/// The parts of a connection that may be shown, and the one that may not.
#[derive(Debug)]
struct Described {
    connection: Connection,
    secret: Option<SecretString>,
    database: Option<String>,
    display_url: String,
    default_name: String,
}

impl Commands {
    /// All destinations of a workspace.
    pub async fn destinations(&self, workspace: &WorkspaceId) -> Result<DestinationList, CommandError> {
        self.check_workspace(workspace).await?;
        let destinations = self.store().destinations(workspace).await?;
        Ok(DestinationList { destinations: destinations.into_iter().map(Into::into).collect() })
    }

    /// One destination.
    pub async fn destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
    ) -> Result<DestinationAnswer, CommandError> {
        self.check_workspace(workspace).await?;
        Ok(self.store().destination(workspace, id).await?.into())
    }

    /// Makes a destination. Its connection string has to parse; it need not answer.
    pub async fn create_destination(
        &self,
        workspace: &WorkspaceId,
        request: CreateDestination,
    ) -> Result<DestinationAnswer, CommandError> {
        let id = DestinationId::generate();
        let (name, kind, described) = self.described(&id, request)?;
        self.check_workspace(workspace).await?;
        check_opens(kind, described.connection).await?;

        let _changing = self.lock_changes().await;
        let now = self.parts().clock.now();
        let destination = Destination {
            id: id.clone(),
            workspace_id: workspace.clone(),
            name: name.unwrap_or_else(|| validate::derived_name(&described.default_name)),
            kind,
            database: described.database,
            display_url: Some(described.display_url),
            created_at: now,
            updated_at: now,
        };
        if described.secret.is_some() {
            self.replace_secret(SecretName::connection(&id), described.secret).await?;
        }
        if let Err(error) = self.store().put_destination(destination.clone()).await {
            return Err(self.undo_secret(SecretName::connection(&id), None, error.into()).await);
        }
        self.reload().await?;
        Ok(destination.into())
    }

    /// Changes a destination.
    pub async fn update_destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
        request: UpdateDestination,
    ) -> Result<DestinationAnswer, CommandError> {
        if let Some(name) = &request.name {
            validate::name("name", name)?;
        }
        self.check_workspace(workspace).await?;

        let _changing = self.lock_changes().await;
        let mut destination = self.store().destination(workspace, id).await?;
        let changed = self.described_anew(&destination, &request).await?;
        if let Some(name) = request.name {
            destination.name = name;
        }
        destination.updated_at = self.parts().clock.now();
        let mut before = None;
        if let Some(described) = changed {
            check_opens(destination.kind, described.connection).await?;
            destination.database = described.database;
            destination.display_url = Some(described.display_url);
            before = Some(self.replace_secret(SecretName::connection(id), described.secret).await?);
        }
        if let Err(error) = self.store().put_destination(destination.clone()).await {
            return Err(match before {
                Some(before) => self.undo_secret(SecretName::connection(id), before, error.into()).await,
                None => error.into(),
            });
        }
        self.reload().await?;
        Ok(destination.into())
    }

    /// Deletes a destination that no job uses. What was synced into it stays there, a local file too.
    pub async fn delete_destination(
        &self,
        workspace: &WorkspaceId,
        id: &DestinationId,
    ) -> Result<(), CommandError> {
        self.check_workspace(workspace).await?;
        let _changing = self.lock_changes().await;
        self.store().delete_destination(workspace, id).await?;
        self.forget_secret(SecretName::connection(id)).await;
        self.reload().await
    }

    /// The connection that a destination to be made names, with its name and kind.
    fn described(
        &self,
        id: &DestinationId,
        request: CreateDestination,
    ) -> Result<(Option<String>, DestinationKind, Described), CommandError> {
        let (name, kind, described) = match request {
            CreateDestination::Mongodb { name, uri, database } => {
                (name, DestinationKind::Mongodb, describe_mongodb(uri, database)?)
            }
            CreateDestination::Local { name } => {
                (name, DestinationKind::Local, describe_local(self.local_path(id)))
            }
            CreateDestination::Http { name, url } => (name, DestinationKind::Http, describe_http(url)?),
        };
        if let Some(name) = &name {
            validate::name("name", name)?;
        }
        Ok((name, kind, described))
    }

    /// The connection that a destination to be made names, to be tried without making it.
    pub(super) fn connection_of(
        &self,
        request: CreateDestination,
    ) -> Result<(DestinationKind, Connection), CommandError> {
        let (_, kind, described) = self.described(&DestinationId::generate(), request)?;
        Ok((kind, described.connection))
    }

    /// The file of a local destination: the worker opens the same.
    fn local_path(&self, id: &DestinationId) -> PathBuf {
        self.parts().data_dir.join("documents").join(format!("{id}.db"))
    }

    /// The connection with the request's changes in it; `None` when none of them touches the connection.
    async fn described_anew(
        &self,
        destination: &Destination,
        request: &UpdateDestination,
    ) -> Result<Option<Described>, CommandError> {
        let foreign = match destination.kind {
            DestinationKind::Mongodb => request.url.is_some().then_some("url"),
            DestinationKind::Http => request
                .uri
                .is_some()
                .then_some("uri")
                .or_else(|| request.database.is_some().then_some("database")),
            DestinationKind::Local => (request.uri.is_some().then_some("uri"))
                .or_else(|| request.database.is_some().then_some("database"))
                .or_else(|| request.url.is_some().then_some("url")),
        };
        if let Some(field) = foreign {
            return Err(CommandError::contradiction(
                field,
                format!("a destination of this kind has no `{field}`"),
            ));
        }
        match destination.kind {
            DestinationKind::Mongodb if request.uri.is_some() || request.database.is_some() => {
                let uri = match &request.uri {
                    Some(uri) => uri.clone(),
                    None => self.stored_connection(&destination.id).await?,
                };
                // A new URI may name another database; without one in it the old database stays.
                let database = match (&request.database, &request.uri) {
                    (Some(database), _) => Some(database.clone()),
                    (None, Some(uri)) if database_in(uri).is_some() => None,
                    _ => destination.database.clone(),
                };
                describe_mongodb(uri, database).map(Some)
            }
            DestinationKind::Http => request.url.clone().map(describe_http).transpose(),
            _ => Ok(None),
        }
    }

    async fn stored_connection(&self, id: &DestinationId) -> Result<SecretString, CommandError> {
        let name = SecretName::connection(id);
        self.with_secrets(move |secrets| secrets.get(&name)).await?.ok_or_else(|| {
            CommandError::new(ErrorCode::DestinationInvalid, "the destination's connection string is missing")
                .with_hint("Name its `uri` as well.")
        })
    }
}

/// Lets the sink itself say whether it can use the connection.
async fn check_opens(kind: DestinationKind, connection: Connection) -> Result<(), CommandError> {
    let field = match kind {
        DestinationKind::Mongodb => "uri",
        DestinationKind::Http => "url",
        // Its path is ours and cannot be wrong; the worker opens the file when it is needed.
        DestinationKind::Local => return Ok(()),
    };
    match sinks::open(connection).await {
        Ok(_sink) => Ok(()),
        Err(error) => Err(CommandError::invalid(field, error.message)),
    }
}

fn describe_local(path: PathBuf) -> Described {
    Described {
        display_url: path.display().to_string(),
        connection: Connection::Local { path },
        secret: None,
        database: None,
        default_name: "Local documents".to_owned(),
    }
}

/// The database in a URI's path, where the URI parses and has one.
fn database_in(uri: &SecretString) -> Option<String> {
    ConnectionString::parse(uri.expose_secret()).ok().and_then(|parsed| parsed.default_database)
}

fn describe_mongodb(uri: SecretString, database: Option<String>) -> Result<Described, CommandError> {
    validate::secret_text("uri", "the URI", uri.expose_secret())?;
    let srv = uri.expose_secret().starts_with("mongodb+srv://");
    if !srv && !uri.expose_secret().starts_with("mongodb://") {
        return Err(CommandError::invalid(
            "uri",
            "a MongoDB URI begins with `mongodb://` or `mongodb+srv://`",
        ));
    }
    // The sink's own check knows how to name what is wrong without repeating a password; the driver's messages do not.
    sinks::check_mongodb_uri(&uri).map_err(|error| CommandError::invalid("uri", error.message))?;
    let parsed = ConnectionString::parse(uri.expose_secret()).map_err(|_| {
        CommandError::invalid(
            "uri",
            "the URI does not parse; user name and password have to be percent-encoded",
        )
    })?;
    let database = database.or(parsed.default_database).ok_or_else(|| {
        CommandError::invalid(
            "database",
            "no database is named, neither as `database` nor in the URI's path (mongodb://host/DATABASE)",
        )
    })?;
    check_database(&database)?;
    let hosts = match parsed.host_info {
        HostInfo::HostIdentifiers(addresses) => {
            addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
        }
        HostInfo::DnsRecord(name) => name,
        _ => "…".to_owned(),
    };
    let scheme = if srv { "mongodb+srv" } else { "mongodb" };
    Ok(Described {
        display_url: format!("{scheme}://{hosts}/{database}"),
        default_name: format!("MongoDB {database}"),
        connection: Connection::Mongodb { uri: uri.clone(), database: database.clone() },
        secret: Some(uri),
        database: Some(database),
    })
}

/// MongoDB's own rule, without the letters that it allows on some systems only.
fn check_database(database: &str) -> Result<(), CommandError> {
    let allowed = |letter: char| letter.is_ascii_alphanumeric() || letter == '_' || letter == '-';
    if database.is_empty() || database.len() > 63 || !database.chars().all(allowed) {
        return Err(CommandError::invalid(
            "database",
            "a database's name has 1 to 63 letters, digits, `_` and `-`",
        ));
    }
    if ["admin", "config", "local"].contains(&database) {
        return Err(CommandError::invalid(
            "database",
            format!("`{database}` is a database that MongoDB uses itself; name another"),
        ));
    }
    Ok(())
}

fn describe_http(url: SecretString) -> Result<Described, CommandError> {
    validate::secret_text("url", "the URL", url.expose_secret())?;
    let parsed = Url::parse(url.expose_secret())
        .map_err(|error| CommandError::invalid("url", format!("the URL does not parse: {error}")))?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(CommandError::invalid("url", "the URL begins with `http://` or `https://`"));
    }
    if parsed.fragment().is_some() {
        return Err(CommandError::invalid("url", "a URL with a fragment (`#…`) cannot be requested"));
    }
    let host = parsed.host_str().unwrap_or_default();
    let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
    let query = if parsed.query().is_some() { "?…" } else { "" };
    Ok(Described {
        display_url: format!("{}://{host}{port}{}{query}", parsed.scheme(), parsed.path()),
        default_name: format!("HTTP {host}{port}"),
        connection: Connection::Http { url: url.clone() },
        secret: Some(url),
        database: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_of_a_mongodb_uri_has_no_secrets() {
        let described = describe_mongodb(
            "mongodb://anna:hidden%40x@h1:27017,h2:27018/shop?replicaSet=rs0&authSource=admin".into(),
            None,
        )
        .expect("is a URI");
        assert_eq!(described.display_url, "mongodb://h1:27017,h2:27018/shop");
        assert_eq!(described.database.as_deref(), Some("shop"));
        assert!(!format!("{described:?}").contains("hidden"));
    }

    #[test]
    fn the_named_database_goes_before_the_one_in_the_path() {
        let described =
            describe_mongodb("mongodb+srv://cluster.example.net/shop".into(), Some("other".into()))
                .expect("is a URI");
        assert_eq!(described.display_url, "mongodb+srv://cluster.example.net/other");
    }

    #[test]
    fn a_mongodb_uri_that_cannot_be_used_is_told_without_its_password() {
        for (uri, field) in [
            ("mongodb://h", "database"),
            ("mongodb://h/admin", "database"),
            ("mongodb://h/a.b", "database"),
            ("mongo://h/db", "uri"),
            ("mongodb://", "uri"),
            ("mongodb://u:hidden@x@h/db", "uri"),
            ("mongodb://u:hidden/db", "uri"),
            ("mongodb://u:pa?hidden@h/db", "uri"),
            ("mongodb://h:99999/db", "uri"),
            (" mongodb://h/db", "uri"),
        ] {
            let error = describe_mongodb(uri.into(), None).expect_err(uri);
            assert_eq!(error.field.as_deref(), Some(field), "{uri}: {error}");
            assert!(!error.message.contains("hidden"), "{error}");
        }
    }

    #[test]
    fn what_is_shown_of_a_url_has_no_secrets() {
        let described = describe_http("http://u:p@127.0.0.1:3000/hook?key=hidden".into()).expect("is a URL");
        assert_eq!(described.display_url, "http://127.0.0.1:3000/hook?…");
        assert_eq!(described.default_name, "HTTP 127.0.0.1:3000");
    }

    #[test]
    fn a_url_that_cannot_be_requested_is_refused() {
        for url in ["ftp://h/", "http://h/#x", "h", "http://", "file:///etc/passwd", "http://h/ x"] {
            let error = describe_http(url.into()).expect_err(url);
            assert_eq!(error.field.as_deref(), Some("url"));
        }
    }

    #[test]
    fn a_destination_to_be_made_is_read_by_its_kind() {
        let read = |text| serde_json::from_str::<CreateDestination>(text);
        assert!(matches!(read(r#"{"kind":"local"}"#), Ok(CreateDestination::Local { name: None })));
        assert!(matches!(
            read(r#"{"name":"A","kind":"mongodb","uri":"mongodb://h","database":"d"}"#),
            Ok(CreateDestination::Mongodb { .. })
        ));
        read(r#"{"kind":"local","url":"x"}"#).expect_err("has a field of another kind");
        read(r#"{"kind":"mongodb"}"#).expect_err("has no URI");
        read(r#"{"url":"http://x"}"#).expect_err("has no kind");
    }
}
