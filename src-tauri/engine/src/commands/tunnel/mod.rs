//! The tunnel: how it is, which one is wanted, start, stop, self-test.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{CommandError, Commands, ErrorCode, validate};
use crate::secrets::SecretName;
use crate::tunnel::proof::Proof;
use crate::tunnel::settings::SettingsError;
use crate::tunnel::{
    self, NgrokSettings, StartTunnelError, Trouble, TunnelKind, TunnelSettings, TunnelState, TunnelStatus,
    Tunnels,
};

mod answer;

use answer::usage;

pub use answer::{
    TunnelAnswer, TunnelCheckAnswer, TunnelSettingsAnswer, TunnelStatusAnswer, TunnelUsageAnswer,
    UpdateTunnel, month_of,
};

/// Under which name the choice is kept.
const SETTING: &str = "tunnel";

const CHOOSE: &str = "Choose one in the settings, or with `hookline tunnel start ngrok`.";

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
            Proof::Came(after) => {
                TunnelCheckAnswer { ok: true, round_trip_ms: Some(tunnel::state::millis(after)), error: None }
            }
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
        self.parts().tunnel.tunnels.board().url_of("")
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
