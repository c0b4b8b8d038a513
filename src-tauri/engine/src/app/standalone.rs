//! The store alone, for maintenance while no Hookline runs on the data directory.

use std::path::Path;
use std::sync::Arc;

use super::ownership::Ownership;
use super::{StartError, open_store};
use crate::event::SystemClock;
use crate::store::{Store, StoreError};

/// A store that this process owns, with nothing else started.
#[derive(Debug)]
pub struct Standalone {
    store: Store,
    _ownership: Ownership,
}

impl Standalone {
    /// Claims the data directory, which must exist, and opens its store.
    pub async fn open(data_dir: &Path) -> Result<Self, StartError> {
        if !data_dir.join("hookline.db").exists() {
            return Err(StartError::NoData { path: data_dir.to_owned() });
        }
        let ownership = Ownership::claim(data_dir)?;
        let store = open_store(data_dir, Arc::new(SystemClock)).await?;
        Ok(Self { store, _ownership: ownership })
    }

    /// [`Store::check_integrity`].
    pub async fn check(self) -> Result<Vec<String>, StoreError> {
        let problems = self.store.check_integrity().await;
        self.store.close().await;
        problems
    }

    /// [`Store::back_up`].
    pub async fn back_up(self, target: &Path) -> Result<(), StoreError> {
        let copied = self.store.back_up(target).await;
        self.store.close().await;
        copied
    }
}
