//! Integrity check and backup.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode};

/// What the integrity check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct IntegrityAnswer {
    /// Whether nothing is damaged.
    pub ok: bool,
    /// What is damaged.
    pub problems: Vec<String>,
}

/// Where the backup goes.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupRequest {
    /// The file to be written: an absolute path ending in `.db`, of a file that does not exist yet, in a folder that does.
    #[cfg_attr(
        unix,
        schema(min_length = 5, max_length = 1000, pattern = r"^/[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f/]\.db$")
    )]
    #[cfg_attr(
        not(unix),
        schema(
            min_length = 5,
            max_length = 1000,
            pattern = r"^([A-Za-z]:[\\/]|\\\\)[^\x00-\x1f\x7f]*[^\x00-\x1f\x7f/\\]\.db$"
        )
    )]
    pub path: String,
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BackupAnswer {
    /// The file.
    pub path: String,
    /// Its size, in bytes.
    pub size_bytes: u64,
}

impl Commands {
    /// Looks for damage in the database. Reads all of it.
    pub async fn check_integrity(&self) -> Result<IntegrityAnswer, CommandError> {
        let problems = self.store().check_integrity().await?;
        Ok(IntegrityAnswer { ok: problems.is_empty(), problems })
    }

    /// Writes a consistent copy of the database. Secrets are not in it.
    pub async fn back_up(&self, request: BackupRequest) -> Result<BackupAnswer, CommandError> {
        let path = check_path(&request.path)?;
        let folder = path.parent().unwrap_or(Path::new("/")).to_owned();
        if !is_folder(&folder).await {
            return Err(CommandError::new(
                ErrorCode::NotFound,
                format!("the folder {} does not exist", folder.display()),
            ));
        }
        if tokio::fs::symlink_metadata(&path).await.is_ok() {
            return Err(CommandError::new(
                ErrorCode::Conflict,
                format!("{} exists already; a backup never overwrites a file", path.display()),
            ));
        }
        if let Err(error) = self.store().back_up(&path).await {
            return Err(CommandError::from(error)
                .with_hint("Check that the folder can be written and its disk has room."));
        }
        let size_bytes = tokio::fs::metadata(&path).await.map_or(0, |metadata| metadata.len());
        Ok(BackupAnswer { path: path.display().to_string(), size_bytes })
    }
}

async fn is_folder(path: &Path) -> bool {
    tokio::fs::metadata(path).await.is_ok_and(|metadata| metadata.is_dir())
}

fn check_path(text: &str) -> Result<PathBuf, CommandError> {
    let path = PathBuf::from(text);
    if text.len() > 4096 || text.chars().any(|letter| letter.is_ascii_control()) {
        return Err(CommandError::invalid("path", "the path is too long or has control characters"));
    }
    if !path.is_absolute() {
        return Err(CommandError::invalid("path", "the path has to be absolute"));
    }
    if path.extension().is_none_or(|extension| extension != "db") {
        return Err(CommandError::invalid("path", "the file's name has to end in `.db`"));
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn a_backup_goes_to_an_absolute_path_of_a_database() {
        check_path("/tmp/backup.db").expect("is fine");
        for bad in ["backup.db", "/tmp/backup", "/tmp/\0.db", "/tmp/", ""] {
            check_path(bad).expect_err(bad);
        }
    }
}
