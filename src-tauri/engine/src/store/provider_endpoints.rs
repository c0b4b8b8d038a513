//! The table `provider_endpoints`: the endpoints that Hookline made at providers. Their secrets are in the secret store.

use rusqlite::{OptionalExtension as _, Row, params};
use serde::{Deserialize, Serialize};

use super::sources::json_column;
use super::{Change, JobId, Store, StoreError, Timestamp};

/// How far an endpoint is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndpointPhase {
    /// It is being made; whether the provider has made it is not known yet.
    Creating,
    /// It was made.
    Managed,
}

/// An endpoint as its provider answered last. The values are the provider API's own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenEndpoint {
    /// Whether it is there.
    pub exists: bool,
    /// Where it sends.
    pub url: String,
    /// What it sends.
    pub event_types: Vec<String>,
    /// How it stands: `enabled`, `disabled`, `paused`.
    pub status: String,
}

/// Why the last change did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointTrouble {
    /// For programs: a code of the control API.
    pub code: String,
    /// What went wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Since when.
    pub at: Timestamp,
    /// Whether it is tried again by itself; otherwise somebody has to change something first.
    pub retrying: bool,
    /// Where the endpoint was to send when it failed.
    pub url: String,
    /// What it was to send.
    pub event_types: Vec<String>,
}

/// An endpoint that Hookline made, or is making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEndpoint {
    /// Whose.
    pub job_id: JobId,
    /// How far it is.
    pub phase: EndpointPhase,
    /// The provider's id of it.
    pub endpoint_id: Option<String>,
    /// Where the provider was told last to send.
    pub url: String,
    /// What it was told last to send.
    pub event_types: Vec<String>,
    /// The name under which it was made, or is being made.
    pub intent: String,
    /// Endpoints that were at the URL before: never to be touched.
    pub others: Vec<String>,
    /// Endpoints that Hookline made before and that are to be removed.
    pub obsolete: Vec<String>,
    /// Tells whether a secret is the endpoint's.
    pub secret_mark: Option<String>,
    /// `live` or `test`, where the provider tells them apart.
    pub mode: Option<String>,
    /// What the provider answered last.
    pub seen: Option<SeenEndpoint>,
    /// Why the last change did not succeed.
    pub trouble: Option<EndpointTrouble>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the provider was last asked.
    pub checked_at: Option<Timestamp>,
}

impl Store {
    /// The endpoint of a job, if Hookline made one.
    pub async fn provider_endpoint(&self, job: &JobId) -> Result<Option<ProviderEndpoint>, StoreError> {
        let job = job.clone();
        self.read(move |_, connection| {
            Ok(connection
                .prepare_cached(&format!("{SELECT} AND sync_jobs.id = ?1"))?
                .query_row([job.as_str()], endpoint)
                .optional()?)
        })
        .await
    }

    /// All endpoints that Hookline made for jobs that are there, oldest first.
    pub async fn provider_endpoints(&self) -> Result<Vec<ProviderEndpoint>, StoreError> {
        self.read(move |_, connection| {
            let endpoints = connection
                .prepare_cached(&format!("{SELECT} ORDER BY provider_endpoints.created_at, job"))?
                .query_map([], endpoint)?
                .collect::<Result<_, _>>()?;
            Ok(endpoints)
        })
        .await
    }

    /// Inserts the endpoint, or replaces the one of its job, which must exist.
    pub async fn put_provider_endpoint(&self, put: ProviderEndpoint) -> Result<(), StoreError> {
        self.change(move |writing| {
            let done = writing
                .connection
                .prepare_cached(
                    "INSERT INTO provider_endpoints (job, phase, endpoint_id, url, event_types, intent, others,
                       obsolete, secret_mark, mode, seen, trouble, created_at, checked_at)
                     SELECT number, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
                     FROM sync_jobs WHERE id = ?1 AND deleted_at IS NULL
                     ON CONFLICT (job) DO UPDATE SET phase = ?2, endpoint_id = ?3, url = ?4, event_types = ?5,
                       intent = ?6, others = ?7, obsolete = ?8, secret_mark = ?9, mode = ?10, seen = ?11,
                       trouble = ?12, created_at = ?13, checked_at = ?14",
                )?
                .execute(params![
                    put.job_id.as_str(),
                    match put.phase {
                        EndpointPhase::Creating => 0,
                        EndpointPhase::Managed => 1,
                    },
                    put.endpoint_id,
                    put.url,
                    to_json(&put.event_types)?,
                    put.intent,
                    to_json(&put.others)?,
                    to_json(&put.obsolete)?,
                    put.secret_mark,
                    put.mode,
                    put.seen.as_ref().map(to_json).transpose()?,
                    put.trouble.as_ref().map(to_json).transpose()?,
                    put.created_at.micros(),
                    put.checked_at.map(Timestamp::micros),
                ])?;
            if done == 0 {
                return Err(StoreError::NotFound { what: "sync job", id: put.job_id.to_string() });
            }
            writing.effects.changed(Change::Endpoints { job_id: put.job_id });
            Ok(())
        })
        .await
    }

    /// Writes down that the provider was asked and that nothing was new. Tells nobody: whoever asks because something has
    /// changed would ask for ever.
    pub async fn touch_provider_endpoint(
        &self,
        job: &JobId,
        checked_at: Timestamp,
    ) -> Result<(), StoreError> {
        let job = job.clone();
        self.change(move |writing| {
            writing
                .connection
                .prepare_cached(
                    "UPDATE provider_endpoints SET checked_at = ?2
                     WHERE job IN (SELECT number FROM sync_jobs WHERE id = ?1)",
                )?
                .execute(params![job.as_str(), checked_at.micros()])?;
            Ok(())
        })
        .await
    }

    /// Forgets the endpoint of a job; one that is not there is no error.
    pub async fn delete_provider_endpoint(&self, job: &JobId) -> Result<(), StoreError> {
        let job = job.clone();
        self.change(move |writing| {
            writing
                .connection
                .prepare_cached(
                    "DELETE FROM provider_endpoints WHERE job IN (SELECT number FROM sync_jobs WHERE id = ?1)",
                )?
                .execute([job.as_str()])?;
            writing.effects.changed(Change::Endpoints { job_id: job });
            Ok(())
        })
        .await
    }
}

const SELECT: &str = "SELECT sync_jobs.id, phase, endpoint_id, url, event_types, intent, others, obsolete, \
     secret_mark, mode, seen, trouble, provider_endpoints.created_at, checked_at \
     FROM provider_endpoints JOIN sync_jobs ON number = job WHERE deleted_at IS NULL";

fn endpoint(row: &Row<'_>) -> rusqlite::Result<ProviderEndpoint> {
    Ok(ProviderEndpoint {
        job_id: JobId::new(row.get::<_, String>(0)?),
        phase: if row.get::<_, i64>(1)? == 1 { EndpointPhase::Managed } else { EndpointPhase::Creating },
        endpoint_id: row.get(2)?,
        url: row.get(3)?,
        event_types: json_column(4, row.get_ref(4)?.as_str()?)?,
        intent: row.get(5)?,
        others: json_column(6, row.get_ref(6)?.as_str()?)?,
        obsolete: json_column(7, row.get_ref(7)?.as_str()?)?,
        secret_mark: row.get(8)?,
        mode: row.get(9)?,
        seen: row.get::<_, Option<String>>(10)?.map(|json| json_column(10, &json)).transpose()?,
        trouble: row.get::<_, Option<String>>(11)?.map(|json| json_column(11, &json)).transpose()?,
        created_at: Timestamp::from_micros(row.get(12)?),
        checked_at: row.get::<_, Option<i64>>(13)?.map(Timestamp::from_micros),
    })
}

fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value)
        .map_err(|error| StoreError::Sqlite(rusqlite::Error::ToSqlConversionFailure(Box::new(error))))
}
