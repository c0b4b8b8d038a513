//! `hookline serve`.

use std::path::PathBuf;

use hookline_engine::app::{App, Config, ConfigError, Settings, StartError, logging};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::arguments::Serve;
use crate::error::CliError;
use crate::output;

pub(crate) async fn run(data_dir: PathBuf, serve: Serve) -> Result<(), CliError> {
    let chosen = Settings {
        listen: serve.listen,
        api: serve.api,
        public_url: serve.public_url,
        tunnel: serve.tunnel,
        ngrok_domain: serve.ngrok_domain,
        ngrok_region: serve.ngrok_region,
        max_body_bytes: serve.max_body_bytes,
        secrets: serve.secrets,
        log: serve.log_level,
        stripe_api: serve.stripe_api,
        close_api: serve.close_api,
        ..Settings::from_environment()
    };
    let config = Config::read(data_dir, chosen).map_err(|error| match error {
        ConfigError::BodyBytes { .. } | ConfigError::Tunnel(_) | ConfigError::ApiBase { .. } => {
            CliError::usage(error.to_string())
        }
        ConfigError::Read { .. } | ConfigError::Parse { .. } => CliError::from_chain(&error),
    })?;
    // Kept until the end, so that the last lines are written.
    let _logs = logging::init(&config.data_dir, &config.log)
        .map_err(|error| CliError::from_chain(&error).hint_if(error.hint()))?;

    let stop = stop_signal()?;
    let app = App::start(config)
        .await
        .map_err(|error: StartError| CliError::from_chain(&error).hint_if(error.hint()))?;
    let ready = app.ready();
    if serve.ready_json {
        output::line(&json!(ready).to_string())?;
    } else {
        output::pairs(&[
            ("Receiver", ready.receiver.clone()),
            ("Control API", ready.api.clone()),
            ("Webhook URLs", app.commands().base_url()),
            ("In a browser", ready.ui.clone()),
        ])?;
        output::line("Ctrl-C stops.")?;
    }
    stop.cancelled().await;
    app.shut_down().await;
    Ok(())
}

/// Cancelled by the first Ctrl-C or SIGTERM; the second ends the process at once, which loses nothing either: what was
/// answered is on the disk.
fn stop_signal() -> Result<CancellationToken, CliError> {
    let stop = CancellationToken::new();
    let told = stop.clone();
    #[cfg(unix)]
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::spawn(async move {
        loop {
            #[cfg(unix)]
            let signal = async {
                tokio::select! {
                    interrupted = tokio::signal::ctrl_c() => interrupted,
                    _ = terminate.recv() => Ok(()),
                }
            };
            #[cfg(not(unix))]
            let signal = tokio::signal::ctrl_c();
            if let Err(error) = signal.await {
                tracing::error!(%error, "signals cannot be waited for");
                return;
            }
            if told.is_cancelled() {
                tracing::warn!("stopped at once");
                std::process::exit(130);
            }
            told.cancel();
        }
    });
    Ok(stop)
}
