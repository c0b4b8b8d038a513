//! What is told of the tunnel, and what can be asked of it.

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::commands::{ErrorDetail, patch};
use crate::event::Timestamp;
use crate::tunnel::usage::Amounts;
use crate::tunnel::{NgrokSettings, TunnelKind, TunnelMoment, TunnelState};

/// The share of a plan's limit from which on there is a warning, in percent.
const WARN_AT_PERCENT: u64 = 80;

/// How the receiver is reached from outside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TunnelStatus)]
pub struct TunnelStatusAnswer {
    /// Whether requests from outside get through. `online` is said only after one did.
    pub state: TunnelState,
    /// Which tunnel it is.
    pub kind: TunnelKind,
    /// The public address without a path, where there is one. It stays while a lost link is made again.
    pub public_url: Option<String>,
    /// Since when the state is so.
    pub since: Timestamp,
    /// How long the last self-test took to come back, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// When a self-test last came back.
    pub proven_at: Option<Timestamp>,
    /// What is wrong.
    pub reason: Option<String>,
    /// What to do about it.
    pub remedy: Option<String>,
    /// When the next attempt is made.
    pub next_attempt_at: Option<Timestamp>,
    /// What went through it this month; `null` for a kind that has no limit.
    pub usage: Option<TunnelUsageAnswer>,
}

/// What went through the tunnel this month, beside what the plan allows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TunnelUsage)]
pub struct TunnelUsageAnswer {
    /// The month in UTC, such as `2026-11`.
    pub month: String,
    /// Requests that came through Hookline's tunnel.
    pub requests: u64,
    /// Bytes received, with headers.
    pub bytes_in: u64,
    /// Bytes answered, with headers.
    pub bytes_out: u64,
    /// The requests that the plan allows in a month.
    pub monthly_requests: u64,
    /// The bytes that the plan allows to be answered in a month.
    pub monthly_bytes: u64,
    /// Said from 80 % of a limit on.
    pub warning: Option<String>,
}

/// Which tunnel is wanted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TunnelSettings)]
pub struct TunnelSettingsAnswer {
    /// Which one.
    pub kind: TunnelKind,
    /// Whether it is to run.
    pub on: bool,
    /// The public address of the user's own proxy or tunnel.
    pub url: Option<String>,
    /// The domain that ngrok is asked for; `null` leaves it to ngrok.
    pub ngrok_domain: Option<String>,
    /// The region of ngrok's edge; `null` takes the nearest.
    pub ngrok_region: Option<String>,
    /// The requests that ngrok's plan allows in a month.
    pub ngrok_monthly_requests: u64,
    /// The bytes that ngrok's plan allows to be answered in a month.
    pub ngrok_monthly_bytes: u64,
    /// Where an authtoken for ngrok is: `environment`, `stored`, or `null` for nowhere. It is never shown.
    pub ngrok_authtoken: Option<&'static str>,
    /// Whether this run's tunnel was chosen when Hookline was started: the choice kept here counts again with the next start
    /// that chooses none.
    pub chosen_at_start: bool,
}

/// The tunnel with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TunnelAnswer {
    /// How it is.
    pub status: TunnelStatusAnswer,
    /// Which one is wanted.
    pub settings: TunnelSettingsAnswer,
    /// The last changes of its state, newest first, over restarts too.
    pub history: Vec<TunnelMoment>,
    /// The regions that ngrok's edge can be chosen in.
    pub ngrok_regions: Vec<&'static str>,
    /// Whether the program `cloudflared` was found.
    pub cloudflared_installed: bool,
    /// Whether the program `tailscale` was found.
    pub tailscale_installed: bool,
    /// Where the user's own proxy or tunnel has to forward to.
    pub forward_to: String,
}

/// What is wanted of the tunnel: what is not named stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateTunnel {
    /// Another kind.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false)]
    pub kind: Option<TunnelKind>,
    /// Whether it is to run.
    #[serde(default, deserialize_with = "patch::present")]
    #[schema(nullable = false)]
    pub on: Option<bool>,
    /// The public address of the user's own proxy or tunnel, without a path; `null` forgets it.
    #[serde(default, deserialize_with = "patch::nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 2048, pattern = r"^https?://[!-~]+$")]
    pub url: Option<Option<String>>,
    /// The domain that ngrok is asked for; `null` leaves it to ngrok.
    #[serde(default, deserialize_with = "patch::nullable")]
    #[schema(value_type = Option<String>, max_length = 253)]
    pub ngrok_domain: Option<Option<String>>,
    /// The region of ngrok's edge; `null` takes the nearest.
    #[serde(default, deserialize_with = "patch::nullable")]
    #[schema(value_type = Option<String>, max_length = 8)]
    pub ngrok_region: Option<Option<String>>,
    /// The authtoken for ngrok; `null` forgets it. Kept in the secret store and never shown.
    #[serde(default, deserialize_with = "patch::nullable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 4096, pattern = r"^[!-~]+$", write_only)]
    pub ngrok_authtoken: Option<Option<SecretString>>,
    /// The requests that ngrok's plan allows in a month; `null` counts with the free plan.
    #[serde(default, deserialize_with = "patch::nullable_number")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub ngrok_monthly_requests: Option<Option<u32>>,
    /// The megabytes that ngrok's plan allows to be answered in a month; `null` counts with the free plan.
    #[serde(default, deserialize_with = "patch::nullable_number")]
    #[schema(value_type = Option<u32>, minimum = 1)]
    pub ngrok_monthly_megabytes: Option<Option<u32>>,
}

/// What a self-test found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TunnelCheckAnswer {
    /// Whether a request to the public address came back.
    pub ok: bool,
    /// How long it took, in milliseconds.
    pub round_trip_ms: Option<u64>,
    /// Why it did not come back.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub error: Option<ErrorDetail>,
}

/// The month of a time, in UTC.
pub fn month_of(time: Timestamp) -> String {
    time.to_chrono().format("%Y-%m").to_string()
}

/// What went through the tunnel in the month of this name, beside what the plan allows.
pub(super) fn usage(month: Amounts, ngrok: &NgrokSettings, name: String) -> TunnelUsageAnswer {
    let monthly_requests = ngrok.monthly_requests.unwrap_or(NgrokSettings::FREE_REQUESTS);
    let monthly_bytes = ngrok.monthly_bytes.unwrap_or(NgrokSettings::FREE_BYTES);
    let percent = |used: u64, limit: u64| used.saturating_mul(100) / limit.max(1);
    let (requests, bytes) =
        (percent(month.requests, monthly_requests), percent(month.bytes_out, monthly_bytes));
    let warning = (requests.max(bytes) >= WARN_AT_PERCENT).then(|| {
        let (share, what) = if requests >= bytes { (requests, "requests") } else { (bytes, "traffic") };
        format!("{share} % of the {what} that ngrok's plan allows this month are used up; beyond it webhooks are refused.")
    });
    TunnelUsageAnswer {
        month: name,
        requests: month.requests,
        bytes_in: month.bytes_in,
        bytes_out: month.bytes_out,
        monthly_requests,
        monthly_bytes,
        warning,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_comes_at_four_fifths_of_either_limit() {
        let used = |requests, bytes_out| {
            let amounts = Amounts { requests, bytes_in: 0, bytes_out };
            usage(amounts, &NgrokSettings::default(), "2026-11".to_owned()).warning
        };
        assert_eq!(used(15_999, 799_999_999), None);
        assert!(used(16_000, 0).is_some_and(|warning| warning.starts_with("80 % of the requests")));
        assert!(used(0, 950_000_000).is_some_and(|warning| warning.starts_with("95 % of the traffic")));
    }

    #[test]
    fn months_are_counted_in_utc() {
        let time = Timestamp::parse("2026-11-30T23:59:59Z").expect("a time");
        assert_eq!(month_of(time), "2026-11");
        assert_eq!(month_of(time.plus_millis(1_000)), "2026-12");
    }
}
