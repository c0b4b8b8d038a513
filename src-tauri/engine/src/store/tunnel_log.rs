//! The tables `tunnel_usage` and `tunnel_history`: what went through tunnels, and when they were lost.

use rusqlite::{OptionalExtension as _, params};

use super::{Store, StoreError, Timestamp};

/// How many changes of the tunnel's state are kept.
const KEPT: i64 = 200;

/// What went through a tunnel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TunnelUsage {
    /// Requests.
    pub requests: u64,
    /// Bytes received.
    pub bytes_in: u64,
    /// Bytes answered.
    pub bytes_out: u64,
}

/// A change of the tunnel's state, in the words of the one who tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TunnelChange {
    /// When.
    pub at: Timestamp,
    /// The tunnel's kind.
    pub kind: String,
    /// The state from then on.
    pub state: String,
    /// Why.
    pub reason: Option<String>,
}

impl Store {
    /// Adds to what went through a kind of tunnel in a month (`2026-11`), and tells the sum.
    pub async fn add_tunnel_usage(
        &self,
        month: String,
        kind: &'static str,
        more: TunnelUsage,
    ) -> Result<TunnelUsage, StoreError> {
        self.change(move |writing| {
            let sum = writing
                .connection
                .prepare_cached(
                    "INSERT INTO tunnel_usage (month, kind, requests, bytes_in, bytes_out) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (month, kind) DO UPDATE SET requests = requests + ?3, bytes_in = bytes_in + ?4,
                       bytes_out = bytes_out + ?5
                     RETURNING requests, bytes_in, bytes_out",
                )?
                .query_row(
                    params![month, kind, more.requests as i64, more.bytes_in as i64, more.bytes_out as i64],
                    usage,
                )?;
            Ok(sum)
        })
        .await
    }

    /// What went through a kind of tunnel in a month.
    pub async fn tunnel_usage(&self, month: String, kind: &'static str) -> Result<TunnelUsage, StoreError> {
        self.read(move |_, connection| {
            Ok(connection
                .prepare_cached(
                    "SELECT requests, bytes_in, bytes_out FROM tunnel_usage WHERE month = ?1 AND kind = ?2",
                )?
                .query_row([month.as_str(), kind], usage)
                .optional()?
                .unwrap_or_default())
        })
        .await
    }

    /// Writes changes of the tunnel's state down, oldest first; the oldest of all give way.
    pub async fn add_tunnel_changes(&self, changes: Vec<TunnelChange>) -> Result<(), StoreError> {
        self.change(move |writing| {
            let mut insert = writing.connection.prepare_cached(
                "INSERT INTO tunnel_history (at, kind, state, reason) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for change in &changes {
                insert.execute(params![change.at.micros(), change.kind, change.state, change.reason])?;
            }
            writing
                .connection
                .prepare_cached(
                    "DELETE FROM tunnel_history WHERE id <= (SELECT max(id) FROM tunnel_history) - ?1",
                )?
                .execute([KEPT])?;
            Ok(())
        })
        .await
    }

    /// The newest changes of the tunnel's state, oldest first, at most `limit`.
    pub async fn tunnel_changes(&self, limit: u32) -> Result<Vec<TunnelChange>, StoreError> {
        self.read(move |_, connection| {
            let mut changes = connection
                .prepare_cached(
                    "SELECT at, kind, state, reason FROM tunnel_history ORDER BY id DESC LIMIT ?1",
                )?
                .query_map([limit], |row| {
                    Ok(TunnelChange {
                        at: Timestamp::from_micros(row.get(0)?),
                        kind: row.get(1)?,
                        state: row.get(2)?,
                        reason: row.get(3)?,
                    })
                })?
                .collect::<Result<Vec<_>, _>>()?;
            changes.reverse();
            Ok(changes)
        })
        .await
    }
}

fn usage(row: &rusqlite::Row<'_>) -> rusqlite::Result<TunnelUsage> {
    let number = |index| row.get::<_, i64>(index).map(|number| number.max(0) as u64);
    Ok(TunnelUsage { requests: number(0)?, bytes_in: number(1)?, bytes_out: number(2)? })
}
