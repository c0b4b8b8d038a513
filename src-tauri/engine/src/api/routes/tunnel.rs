//! The tunnel.

use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::extract::Body;
use crate::api::respond::{Answer, to_the_end};
use crate::commands::Commands;
use crate::commands::tunnel::{TunnelAnswer, TunnelCheckAnswer, UpdateTunnel};

pub(in crate::api) fn router() -> OpenApiRouter<Commands> {
    OpenApiRouter::new()
        .routes(routes!(get_tunnel, update_tunnel))
        .routes(routes!(start_tunnel))
        .routes(routes!(stop_tunnel))
        .routes(routes!(check_tunnel))
}

/// The tunnel: how it is, which one is wanted, the last changes of its state.
#[utoipa::path(get, path = "/api/tunnel", tag = "tunnel", responses((status = 200, description = "The tunnel.", body = TunnelAnswer)))]
async fn get_tunnel(State(commands): State<Commands>) -> Answer<TunnelAnswer> {
    commands.tunnel().await.map(axum::Json)
}

/// Changes which tunnel is wanted, and lets it run or stop accordingly: what is not named stays. When it cannot even be
/// tried (no authtoken, no such program), nothing is changed.
#[utoipa::path(patch, path = "/api/tunnel", tag = "tunnel", request_body = UpdateTunnel, responses((status = 200, description = "The tunnel.", body = TunnelAnswer)))]
async fn update_tunnel(
    State(commands): State<Commands>,
    Body(body): Body<UpdateTunnel>,
) -> Answer<TunnelAnswer> {
    to_the_end(async move { commands.update_tunnel(body).await }).await.map(axum::Json)
}

/// Starts the tunnel that is wanted, anew if it runs: also the way out of `refused`.
#[utoipa::path(post, path = "/api/tunnel/start", tag = "tunnel", responses((status = 200, description = "The tunnel, on its way.", body = TunnelAnswer)))]
async fn start_tunnel(State(commands): State<Commands>) -> Answer<TunnelAnswer> {
    to_the_end(async move { commands.start_tunnel().await }).await.map(axum::Json)
}

/// Stops the tunnel; it stays stopped over restarts.
#[utoipa::path(post, path = "/api/tunnel/stop", tag = "tunnel", responses((status = 200, description = "The tunnel, stopped.", body = TunnelAnswer)))]
async fn stop_tunnel(State(commands): State<Commands>) -> Answer<TunnelAnswer> {
    to_the_end(async move { commands.stop_tunnel().await }).await.map(axum::Json)
}

/// Sends a request to the public address and sees whether it comes back. It names a job that does not exist, so nothing is
/// stored. That it does not come back is an answer, not an error.
#[utoipa::path(post, path = "/api/tunnel/check", tag = "tunnel", responses((status = 200, description = "What was found.", body = TunnelCheckAnswer)))]
async fn check_tunnel(State(commands): State<Commands>) -> Answer<TunnelCheckAnswer> {
    commands.check_tunnel().await.map(axum::Json)
}
