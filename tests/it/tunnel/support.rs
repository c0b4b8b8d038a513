//! What the tests of tunnels stand on.

use std::path::Path;

use hookline_tests::ngrok_edge::{Edge, TOKEN};
use hookline_tests::process::{Hookline, Job};
use serde_json::{Value, json};

/// A Hookline that is started with the edge as its ngrok.
pub(super) async fn start(folder: &Path, edge: &Edge, arguments: &[&str]) -> Hookline {
    start_with_token(folder, edge, arguments, TOKEN).await
}

/// The same with this authtoken.
pub(super) async fn start_with_token(
    folder: &Path,
    edge: &Edge,
    arguments: &[&str],
    token: &str,
) -> Hookline {
    let mut environment = environment(folder, edge);
    environment.push(("NGROK_AUTHTOKEN", token.to_owned()));
    Hookline::start_in(folder, "127.0.0.1:0", arguments, &environment).await
}

/// What points the client at the edge.
pub(super) fn environment(folder: &Path, edge: &Edge) -> Vec<(&'static str, String)> {
    let ca = folder.join("edge.pem");
    std::fs::write(&ca, edge.ca_pem()).expect("writes");
    vec![("HOOKLINE_NGROK_SERVER", edge.address()), ("HOOKLINE_NGROK_CA", ca.display().to_string())]
}

/// Whether it is online.
pub(super) fn is_online(status: &Value) -> bool {
    status["state"] == "online"
}

/// A Stripe job into local documents.
pub(super) async fn job(hookline: &Hookline) -> Job {
    hookline.job("stripe", json!({"name": "local", "kind": "local"}), json!({})).await
}
