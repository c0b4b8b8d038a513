//! The tunnel: how it is, which one is wanted, start, stop, self-test.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::ToSchema;

use super::{CommandError, Commands, ErrorCode, ErrorDetail, patch, validate};
use crate::event::Timestamp;
use crate::secrets::SecretName;
use crate::tunnel::proof::Proof;
use crate::tunnel::settings::SettingsError;
use crate::tunnel::usage::Amounts;
use crate::tunnel::{
    self, NgrokSettings, StartTunnelError, Trouble, TunnelKind, TunnelMoment, TunnelSettings, TunnelState,
    TunnelStatus, Tunnels,
};

/// Under which name the choice is kept.
const SETTING: &str = "tunnel";

const CHOOSE: &str = "Choose one in the settings, or with `hookline tunnel start ngrok`.";

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
    #[schema(value_type = Option<String>, max_length = 2048)]
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

/// The tunnel as the app was started with it.
#[derive(Debug, Clone)]
pub struct TunnelControl {
    /// Starts and stops it.
    pub tunnels: Tunnels,
    /// The one that the start asked for.
    pub chosen_at_start: Option<TunnelSettings>,
    /// The authtoken that the start brought.
    pub authtoken: Option<SecretString>,
}

impl From<StartTunnelError> for CommandError {
    fn from(error: StartTunnelError) -> Self {
        let hint = error.hint();
        let code = match &error {
            StartTunnelError::Settings(_) => ErrorCode::InvalidRequest,
            StartTunnelError::NoAuthtoken
            | StartTunnelError::NoProgram { .. }
            | StartTunnelError::Ca { .. } => ErrorCode::Conflict,
        };
        Self::new(code, error.to_string()).with_hint(hint)
    }
}

impl Commands {
    /// The tunnel with all that belongs to it.
    pub async fn tunnel(&self) -> Result<TunnelAnswer, CommandError> {
        let stored = self.stored_tunnel().await?;
        let board = self.parts().tunnel.tunnels.board();
        let status = board.status();
        let has_stored =
            self.with_secrets(|secrets| Ok(secrets.get(&SecretName::tunnel("ngrok"))?.is_some())).await?;
        let wanted = self.wanted_tunnel(&stored);
        let authtoken = if self.parts().tunnel.authtoken.is_some() {
            Some("environment")
        } else {
            has_stored.then_some("stored")
        };
        Ok(TunnelAnswer {
            status: self.tunnel_status(&status, &stored.ngrok),
            settings: TunnelSettingsAnswer {
                kind: wanted.kind,
                on: wanted.on,
                url: wanted.url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
                ngrok_domain: wanted.ngrok.domain.clone(),
                ngrok_region: wanted.ngrok.region.clone(),
                ngrok_monthly_requests: stored.ngrok.monthly_requests.unwrap_or(NgrokSettings::FREE_REQUESTS),
                ngrok_monthly_bytes: stored.ngrok.monthly_bytes.unwrap_or(NgrokSettings::FREE_BYTES),
                ngrok_authtoken: authtoken,
                chosen_at_start: self.inner.tunnel_at_start.lock().is_some(),
            },
            history: status.history.iter().rev().cloned().collect(),
            ngrok_regions: NgrokSettings::REGIONS.to_vec(),
            cloudflared_installed: tunnel::has_cloudflared(),
            tailscale_installed: tunnel::has_tailscale(),
            forward_to: self.parts().receiver_url.as_str().trim_end_matches('/').to_owned(),
        })
    }

    /// Changes which tunnel is wanted, and lets it run or stop accordingly. When it cannot even be tried, nothing is
    /// changed.
    pub async fn update_tunnel(&self, request: UpdateTunnel) -> Result<TunnelAnswer, CommandError> {
        self.change_tunnel(request, false).await
    }

    /// `anew`: also a tunnel that runs as it is wanted is started again.
    async fn change_tunnel(&self, request: UpdateTunnel, anew: bool) -> Result<TunnelAnswer, CommandError> {
        let UpdateTunnel {
            kind,
            on,
            url,
            ngrok_domain,
            ngrok_region,
            ngrok_authtoken,
            ngrok_monthly_requests,
            ngrok_monthly_megabytes,
        } = request;
        if let Some(Some(token)) = &ngrok_authtoken {
            validate::secret_text("ngrokAuthtoken", "the authtoken", token.expose_secret())?;
        }
        let _changing = self.lock_changes().await;
        let before = self.wanted_tunnel(&self.stored_tunnel().await?);
        let mut settings = before.clone();
        if let Some(kind) = kind {
            settings.kind = kind;
        }
        if let Some(url) = url {
            let read = |text: String| {
                Url::parse(&text).map_err(|_| CommandError::invalid("url", format!("`{text}` is no address")))
            };
            settings.url = url.map(read).transpose()?;
        }
        if let Some(domain) = ngrok_domain {
            settings.ngrok.domain = domain;
        }
        if let Some(region) = ngrok_region {
            settings.ngrok.region = region;
        }
        if let Some(requests) = ngrok_monthly_requests {
            settings.ngrok.monthly_requests = requests.map(u64::from);
        }
        if let Some(megabytes) = ngrok_monthly_megabytes {
            settings.ngrok.monthly_bytes = megabytes.map(|megabytes| u64::from(megabytes) * 1_000_000);
        }
        if let Some(on) = on {
            settings.on = on;
        }
        if settings.kind == TunnelKind::None && on == Some(true) {
            return Err(CommandError::new(ErrorCode::Conflict, "no tunnel is chosen").with_hint(CHOOSE));
        }
        settings.on &= settings.kind != TunnelKind::None;
        settings.check().map_err(|error| {
            let field = match &error {
                SettingsError::Url(_) => "url",
                SettingsError::Domain(_) => "ngrokDomain",
                SettingsError::Region(_) => "ngrokRegion",
                SettingsError::Unknown(_) => "kind",
            };
            CommandError::invalid(field, error.to_string())
        })?;
        let name = SecretName::tunnel("ngrok");
        let is_another_token = ngrok_authtoken.is_some() && settings.kind == TunnelKind::Ngrok;
        let token_before = match ngrok_authtoken {
            Some(token) => Some(self.replace_secret(name.clone(), token).await?),
            None => None,
        };
        // A tunnel that runs is not interrupted for what does not concern it: its address may be another one afterwards.
        let state = self.parts().tunnel.tunnels.board().status().state;
        let is_asked_for = on == Some(true) && matches!(state, TunnelState::Off | TunnelState::Refused);
        let must_run = anew || is_asked_for || is_another_token || !is_same_link(&before, &settings);
        let started = if must_run { self.run_tunnel(&settings).await } else { Ok(()) };
        if let Err(error) = started {
            return Err(match token_before {
                Some(before) => self.undo_secret(name, before, error).await,
                None => error,
            });
        }
        self.store().put_app_setting(SETTING, &settings, self.parts().clock.now()).await?;
        // From now on what was chosen here counts.
        self.inner.tunnel_chosen.store(true, Ordering::Release);
        self.inner.tunnel_at_start.lock().take();
        self.tunnel().await
    }

    /// Starts the tunnel that is wanted, anew if it runs: also the way out of `refused`.
    pub async fn start_tunnel(&self) -> Result<TunnelAnswer, CommandError> {
        self.change_tunnel(UpdateTunnel { on: Some(true), ..UpdateTunnel::default() }, true).await
    }

    /// Stops the tunnel; it stays stopped over restarts.
    pub async fn stop_tunnel(&self) -> Result<TunnelAnswer, CommandError> {
        self.update_tunnel(UpdateTunnel { on: Some(false), ..UpdateTunnel::default() }).await
    }

    /// Sends a request to the public address and sees whether it comes back.
    pub async fn check_tunnel(&self) -> Result<TunnelCheckAnswer, CommandError> {
        let Some(proof) = self.parts().tunnel.tunnels.prove().await else {
            let status = self.parts().tunnel.tunnels.board().status();
            let error = CommandError::new(ErrorCode::Conflict, "there is no public address");
            let hint = status.trouble.as_ref().map_or("Start a tunnel.", |trouble| trouble.reason.as_str());
            return Err(error.with_hint(hint));
        };
        Ok(match proof {
            Proof::Came(after) => TunnelCheckAnswer {
                ok: true,
                round_trip_ms: Some(u64::try_from(after.as_millis()).unwrap_or(u64::MAX)),
                error: None,
            },
            Proof::Wrong { trouble, .. } | Proof::Nothing(trouble) => {
                let mut error = CommandError::new(ErrorCode::ReceiverUnreachable, trouble.reason);
                error.hint = trouble.remedy;
                TunnelCheckAnswer { ok: false, round_trip_ms: None, error: Some(error.into_body().error) }
            }
        })
    }

    /// Whether the tunnel that is wanted needs a secret to start: reading one may take as long as somebody takes to unlock
    /// the keychain.
    pub async fn tunnel_needs_a_secret(&self) -> bool {
        let stored = self.stored_tunnel().await.unwrap_or_default();
        let wanted = self.wanted_tunnel(&stored);
        wanted.on && wanted.kind == TunnelKind::Ngrok && self.parts().tunnel.authtoken.is_none()
    }

    /// Lets the tunnel run that the start asked for, or that was last chosen, unless somebody chose otherwise since. Why it
    /// cannot even be tried is told, and Hookline runs without: everything else works.
    ///
    /// Tells whether it failed for something that may pass, such as a locked keychain: to be called again then.
    pub async fn resume_tunnel(&self) -> bool {
        let Err(error) = self.try_to_resume().await else { return false };
        tracing::warn!(%error, hint = error.hint, "the tunnel was not started");
        let _changing = self.lock_changes().await;
        if self.inner.tunnel_chosen.load(Ordering::Acquire) {
            return false;
        }
        let stored = self.stored_tunnel().await.unwrap_or_default();
        let trouble = Trouble { reason: error.message, remedy: error.hint };
        self.parts().tunnel.tunnels.board().cannot_start(self.wanted_tunnel(&stored).kind, trouble);
        matches!(
            error.code,
            ErrorCode::SecretsUnavailable | ErrorCode::StorageUnavailable | ErrorCode::StorageFailed
        )
    }

    async fn try_to_resume(&self) -> Result<(), CommandError> {
        let _changing = self.lock_changes().await;
        if self.inner.tunnel_chosen.load(Ordering::Acquire) {
            return Ok(());
        }
        let stored = self.stored_tunnel().await?;
        self.run_tunnel(&self.wanted_tunnel(&stored)).await
    }

    /// The address that webhook URLs begin with now, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.parts().tunnel.tunnels.board().base_url()
    }

    /// How the tunnel is, for [`Commands::status`].
    pub(super) async fn tunnel_state(&self) -> Result<TunnelStatusAnswer, CommandError> {
        let stored = self.stored_tunnel().await?;
        Ok(self.tunnel_status(&self.parts().tunnel.tunnels.board().status(), &stored.ngrok))
    }

    async fn run_tunnel(&self, settings: &TunnelSettings) -> Result<(), CommandError> {
        let tunnels = &self.parts().tunnel.tunnels;
        let authtoken = match &self.parts().tunnel.authtoken {
            Some(token) => Some(token.clone()),
            // To stop it needs none, and a locked keychain must not keep it running.
            None if settings.on && settings.kind == TunnelKind::Ngrok => {
                self.with_secrets(|secrets| secrets.get(&SecretName::tunnel("ngrok"))).await?
            }
            None => None,
        };
        Ok(tunnels.start(settings, authtoken).await?)
    }

    async fn stored_tunnel(&self) -> Result<TunnelSettings, CommandError> {
        Ok(self.store().app_setting(SETTING).await?.unwrap_or_default())
    }

    /// What the start asked for, as long as nobody chose otherwise; else what is stored.
    fn wanted_tunnel(&self, stored: &TunnelSettings) -> TunnelSettings {
        let at_start = self.inner.tunnel_at_start.lock();
        let Some(at_start) = &*at_start else { return stored.clone() };
        let mut wanted = at_start.clone();
        // A start that names only the kind means it with all that is stored of it.
        wanted.ngrok.domain = wanted.ngrok.domain.or_else(|| stored.ngrok.domain.clone());
        wanted.ngrok.region = wanted.ngrok.region.or_else(|| stored.ngrok.region.clone());
        wanted.ngrok.monthly_requests = stored.ngrok.monthly_requests;
        wanted.ngrok.monthly_bytes = stored.ngrok.monthly_bytes;
        wanted.url = wanted.url.or_else(|| stored.url.clone());
        wanted
    }

    fn tunnel_status(&self, status: &Arc<TunnelStatus>, ngrok: &NgrokSettings) -> TunnelStatusAnswer {
        let usage = (status.kind == TunnelKind::Ngrok).then(|| {
            let month = month_of(self.parts().clock.now());
            usage(self.parts().tunnel.tunnels.board().month(&month), ngrok, month)
        });
        TunnelStatusAnswer {
            state: status.state,
            kind: status.kind,
            public_url: status.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            since: status.since,
            round_trip_ms: status.round_trip_ms,
            proven_at: status.proven_at,
            reason: status.trouble.as_ref().map(|trouble| trouble.reason.clone()),
            remedy: status.trouble.as_ref().and_then(|trouble| trouble.remedy.clone()),
            next_attempt_at: status.next_attempt_at,
            usage,
        }
    }
}

/// Whether both are reached in the same way.
fn is_same_link(one: &TunnelSettings, other: &TunnelSettings) -> bool {
    let link = |settings: &TunnelSettings| {
        let TunnelSettings { kind, on, url, ngrok } = settings.clone();
        (kind, on, url, ngrok.domain, ngrok.region)
    };
    link(one) == link(other)
}

/// The month of a time, in UTC.
pub fn month_of(time: Timestamp) -> String {
    time.to_chrono().format("%Y-%m").to_string()
}

fn usage(month: Amounts, ngrok: &NgrokSettings, name: String) -> TunnelUsageAnswer {
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
