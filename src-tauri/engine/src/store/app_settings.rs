//! The table `app_settings`: what users chose for the whole app, and the little that Hookline remembers of itself.

use rusqlite::{OptionalExtension as _, params};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Store, StoreError, Timestamp};

impl Store {
    /// What was chosen under this name. What cannot be read any more counts as not chosen, with a line in the log.
    pub async fn app_setting<T: DeserializeOwned + Send + 'static>(
        &self,
        name: &'static str,
    ) -> Result<Option<T>, StoreError> {
        let text: Option<String> = self
            .read(move |_, connection| {
                Ok(connection
                    .prepare_cached("SELECT value FROM app_settings WHERE name = ?1")?
                    .query_row([name], |row| row.get(0))
                    .optional()?)
            })
            .await?;
        Ok(text.and_then(|text| match serde_json::from_str(&text) {
            Ok(value) => Some(value),
            Err(error) => {
                tracing::warn!(name, %error, "a setting cannot be read and is ignored");
                None
            }
        }))
    }

    /// Chooses a value under this name.
    pub async fn put_app_setting(
        &self,
        name: &'static str,
        value: &(impl Serialize + Sync),
        now: Timestamp,
    ) -> Result<(), StoreError> {
        #[expect(clippy::expect_used, reason = "settings are plain values")]
        let text = serde_json::to_string(value).expect("serializes");
        self.change(move |writing| {
            writing
                .connection
                .prepare_cached(
                    "INSERT INTO app_settings (name, value, updated_at) VALUES (?1, ?2, ?3)
                     ON CONFLICT (name) DO UPDATE SET value = ?2, updated_at = ?3",
                )?
                .execute(params![name, text, now.micros()])?;
            Ok(())
        })
        .await
    }
}
