//! A replica set of three real servers, whose primary can be moved, killed and frozen.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use bson::{Document, doc};
use futures_util::future::try_join_all;

use crate::mongod::{Kind, Mongod};

/// How long an election may take on a busy machine.
const ELECTION_PATIENCE: Duration = Duration::from_mins(1);

/// The set. Dropped, its servers are killed and their files removed.
#[derive(Debug)]
pub struct ReplicaSet {
    members: Vec<Mongod>,
}

impl ReplicaSet {
    /// Starts three servers and waits for their first primary.
    pub async fn start() -> anyhow::Result<Self> {
        let members = try_join_all((0..3).map(|_| Mongod::start(Kind::Member))).await?;
        let listed: Vec<Document> = (0..)
            .zip(&members)
            .map(|(id, member): (i32, _)| doc! {"_id": id, "host": format!("127.0.0.1:{}", member.port())})
            .collect();
        // A lost primary is noticed after a second instead of ten.
        let settings = doc! {"electionTimeoutMillis": 1000, "heartbeatIntervalMillis": 250, "catchUpTimeoutMillis": 2000};
        let config = doc! {"_id": "rs0", "members": listed, "settings": settings};
        members[0].admin(doc! {"replSetInitiate": config}, None).await?;
        let set = Self { members };
        set.primary().await?;
        Ok(set)
    }

    /// The connection string that names all members.
    pub fn uri(&self) -> String {
        let hosts: Vec<String> =
            self.members.iter().map(|member| format!("127.0.0.1:{}", member.port())).collect();
        format!("mongodb://{}/?replicaSet=rs0", hosts.join(","))
    }

    /// One of the servers.
    pub fn member(&mut self, place: usize) -> &mut Mongod {
        &mut self.members[place]
    }

    /// The others.
    pub fn others(&self, place: usize) -> impl Iterator<Item = &Mongod> {
        self.members.iter().enumerate().filter(move |(at, _)| *at != place).map(|(_, member)| member)
    }

    /// Waits until a member that a majority follows is the primary, and tells which one.
    pub async fn primary(&self) -> anyhow::Result<usize> {
        let started = Instant::now();
        while started.elapsed() < ELECTION_PATIENCE {
            for (place, member) in self.members.iter().enumerate() {
                // A member that is down or frozen says nothing.
                let hello =
                    tokio::time::timeout(Duration::from_secs(2), member.admin(doc! {"hello": 1}, None));
                let Ok(Ok(hello)) = hello.await else { continue };
                if hello.get_bool("isWritablePrimary").unwrap_or(false) {
                    return Ok(place);
                }
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        bail!("the replica set has no primary")
    }

    /// Waits until this many members take part.
    pub async fn wait_for_members(&self, expected: usize) -> anyhow::Result<()> {
        let started = Instant::now();
        while started.elapsed() < ELECTION_PATIENCE {
            let primary = self.primary().await?;
            let status = self.members[primary].admin(doc! {"replSetGetStatus": 1}, None).await;
            let members = status.ok().and_then(|status| status.get_array("members").ok().cloned());
            let healthy = members.into_iter().flatten().filter(|member| {
                let state = member.as_document().and_then(|member| member.get_i32("state").ok());
                matches!(state, Some(1 | 2))
            });
            if healthy.count() == expected {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the replica set has not got {expected} members")
    }

    /// Makes the primary step down for ten seconds, so that another one is elected.
    pub async fn step_down(&self) -> anyhow::Result<()> {
        let primary = self.primary().await?;
        let command = doc! {"replSetStepDown": 10, "secondaryCatchUpPeriodSecs": 2, "force": true};
        self.members[primary].admin(command, None).await.context("steps down")?;
        Ok(())
    }

    /// Kills the primary (SIGKILL) and tells which one it was.
    pub async fn kill_primary(&mut self) -> anyhow::Result<usize> {
        let primary = self.primary().await?;
        self.members[primary].kill();
        Ok(primary)
    }

    /// Starts a killed member again; it catches up, and takes back what a majority never had.
    pub async fn restart(&mut self, place: usize) -> anyhow::Result<()> {
        self.members[place].restart().await
    }
}
