//! How a job receives and applies, as far as a request names it.

use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{CommandError, patch, validate};
use crate::event::{ArchiveConfig, DeletePolicy, WebhookConfig};
use crate::store::{Destination, DestinationKind};

/// How a job receives and applies, as far as it is named.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct WebhookConfigInput {
    /// Which event types are synced: exact names, `*`, `customer.*`, `*.deleted`. An empty list selects all.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = Vec<EventTypePattern>, required = false, nullable = false, max_items = 500)]
    pub event_types: Option<Vec<String>>,
    /// The signing secret that the provider shows. A new one is generated where none is given.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 4096, pattern = r"^[!-~]([ -~]*[!-~])?$", write_only)]
    pub secret: Option<SecretString>,
    /// The most events applied in one batch.
    #[serde(default, deserialize_with = "patch::number")]
    #[schema(nullable = false, minimum = 1, maximum = 2000)]
    pub batch_size: Option<u32>,
    /// How long a batch that is not full waits for more events, in milliseconds.
    #[serde(default, deserialize_with = "patch::number")]
    #[schema(nullable = false, minimum = 0, maximum = 60_000)]
    pub batch_wait_ms: Option<u32>,
    /// How deletions are applied.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(value_type = DeletePolicy, required = false, nullable = false)]
    pub deletes: Option<DeletePolicy>,
    /// How far a signature's timestamp may be off, in seconds. 0 leaves timestamps unchecked; `null` means the
    /// provider's own tolerance.
    #[serde(default, deserialize_with = "patch::nullable_number")]
    #[schema(value_type = Option<u32>, minimum = 0, maximum = 2_147_483_647)]
    pub signature_tolerance_seconds: Option<Option<u32>>,
    /// How long settled events are kept, in days.
    #[serde(default, deserialize_with = "patch::number")]
    #[schema(nullable = false, minimum = 1, maximum = 36_500)]
    pub retention_days: Option<u32>,
    /// Keep the history, which is events and executions, at the destination too, for everybody who uses it; from now on,
    /// and only in a MongoDB. `null` turns it off; what is archived already stays there until its days are over.
    #[serde(default, deserialize_with = "patch::nullable_object")]
    #[schema(value_type = Option<ArchiveInput>)]
    pub archive: Option<Option<ArchiveInput>>,
}

/// How a job's history is kept at its destination.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ArchiveInput {
    /// For how many days. Another number counts for what is archived already, too.
    #[serde(deserialize_with = "patch::needed_number")]
    #[schema(minimum = 1, maximum = 3650)]
    pub days: u32,
}

/// A pattern of event types.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, min_length = 1, max_length = 200, pattern = r"^[!-~]([ -~]*[!-~])?$", example = "customer.*")]
pub struct EventTypePattern(#[expect(dead_code, reason = "describes a text of the API")] String);

impl WebhookConfigInput {
    /// Puts what is named into `config`.
    pub(super) fn apply(&self, config: &mut WebhookConfig) -> Result<(), CommandError> {
        if let Some(patterns) = &self.event_types {
            config.event_types = validate::patterns("webhookConfig.eventTypes", patterns)?;
        }
        let set = |field: &str, number: Option<u32>, range, place: &mut u32| match number {
            Some(number) => {
                validate::range(field, number, range)?;
                *place = number;
                Ok(())
            }
            None => Ok::<(), CommandError>(()),
        };
        set("webhookConfig.batchSize", self.batch_size, 1..=2000, &mut config.batch_size)?;
        set("webhookConfig.batchWaitMs", self.batch_wait_ms, 0..=60_000, &mut config.batch_wait_ms)?;
        set("webhookConfig.retentionDays", self.retention_days, 1..=36_500, &mut config.retention_days)?;
        if let Some(tolerance) = self.signature_tolerance_seconds {
            if let Some(seconds) = tolerance {
                validate::range("webhookConfig.signatureToleranceSeconds", seconds, 0..=2_147_483_647)?;
            }
            config.signature_tolerance_seconds = tolerance;
        }
        if let Some(archive) = self.archive {
            if let Some(ArchiveInput { days }) = archive {
                validate::range("webhookConfig.archive.days", days, 1..=3650)?;
            }
            config.archive = archive.map(|ArchiveInput { days }| ArchiveConfig { days });
        }
        config.deletes = self.deletes.unwrap_or(config.deletes);
        Ok(())
    }
}

/// Refuses an archive where the destination cannot keep one.
pub(super) fn check_archive(
    config: &WebhookConfig,
    destination: &Destination,
    field: &str,
) -> Result<(), CommandError> {
    if config.archive.is_none() || destination.kind == DestinationKind::Mongodb {
        return Ok(());
    }
    let message =
        format!("the history can only be archived in a MongoDB, and `{}` is none", destination.name);
    Err(CommandError::contradiction(field, message)
        .with_hint("Choose a destination of kind `mongodb`, or turn the archive off (`archive` is `null`)."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(text: &str) -> WebhookConfigInput {
        serde_json::from_str(text).expect("reads")
    }

    #[test]
    fn what_is_not_named_stays() {
        let mut config = WebhookConfig { batch_size: 7, retention_days: 90, ..WebhookConfig::default() };
        input(r#"{"batchWaitMs":0,"deletes":"soft"}"#).apply(&mut config).expect("applies");
        assert_eq!((config.batch_size, config.batch_wait_ms, config.retention_days), (7, 0, 90));
        assert_eq!(config.deletes, DeletePolicy::Soft);
    }

    #[test]
    fn an_empty_list_of_types_selects_all_again() {
        let mut config = WebhookConfig::default();
        input(r#"{"eventTypes":["customer.*"]}"#).apply(&mut config).expect("applies");
        assert!(!config.event_types.matches("invoice.paid"));
        input(r#"{"eventTypes":[]}"#).apply(&mut config).expect("applies");
        assert!(config.event_types.matches("invoice.paid"));
    }

    #[test]
    fn null_brings_the_providers_tolerance_back() {
        let mut config = WebhookConfig { signature_tolerance_seconds: Some(0), ..WebhookConfig::default() };
        input("{}").apply(&mut config).expect("applies");
        assert_eq!(config.signature_tolerance_seconds, Some(0));
        input(r#"{"signatureToleranceSeconds":null}"#).apply(&mut config).expect("applies");
        assert_eq!(config.signature_tolerance_seconds, None);
    }

    #[test]
    fn the_archive_is_turned_on_and_off_and_otherwise_stays() {
        let mut config = WebhookConfig::default();
        input(r#"{"archive":{"days":90}}"#).apply(&mut config).expect("applies");
        input(r#"{"batchSize":5}"#).apply(&mut config).expect("applies");
        assert_eq!(config.archive, Some(ArchiveConfig { days: 90 }));
        input(r#"{"archive":null}"#).apply(&mut config).expect("applies");
        assert_eq!(config.archive, None);
        for bad in [r#"{"archive":{}}"#, r#"{"archive":[90]}"#, r#"{"archive":{"days":null}}"#] {
            serde_json::from_str::<WebhookConfigInput>(bad).expect_err(bad);
        }
    }

    #[test]
    fn numbers_out_of_range_are_refused() {
        for (text, field) in [
            (r#"{"batchSize":0}"#, "webhookConfig.batchSize"),
            (r#"{"batchSize":2001}"#, "webhookConfig.batchSize"),
            (r#"{"batchWaitMs":60001}"#, "webhookConfig.batchWaitMs"),
            (r#"{"retentionDays":0}"#, "webhookConfig.retentionDays"),
            (r#"{"retentionDays":36501}"#, "webhookConfig.retentionDays"),
            (r#"{"archive":{"days":0}}"#, "webhookConfig.archive.days"),
            (r#"{"archive":{"days":3651}}"#, "webhookConfig.archive.days"),
        ] {
            let error = input(text).apply(&mut WebhookConfig::default()).expect_err(text);
            assert_eq!(error.field.as_deref(), Some(field));
        }
    }

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        let read = input(r#"{"batchSize":7.0,"signatureToleranceSeconds":300.0}"#);
        assert_eq!((read.batch_size, read.signature_tolerance_seconds), (Some(7), Some(Some(300))));
        for bad in ["7.5", "-1", "4294967296", "1e300", "null", "\"7\""] {
            let text = format!(r#"{{"batchSize":{bad}}}"#);
            serde_json::from_str::<WebhookConfigInput>(&text).expect_err(bad);
        }
    }

    #[test]
    fn a_secret_is_never_in_the_debug_form_of_a_request() {
        let text = format!("{:?}", input(r#"{"secret":"whsec_hidden"}"#));
        assert!(!text.contains("hidden"));
    }
}
