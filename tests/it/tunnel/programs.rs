//! Tunnels through programs: a stand-in that takes their arguments and prints what they print, reached over HTTPS through a
//! stand-in for the internet; and the user's own address.

use std::path::{Path, PathBuf};

use hookline_tests::internet::Internet;
use hookline_tests::process::{Hookline, client, text};
use hookline_tests::webhooks::{customer, now_seconds, post_stripe, stripe_event};
use reqwest::{Method, StatusCode};
use serde_json::json;

use super::support::{is_online, job};

/// A folder with the program under this name, and what it leaves behind.
struct Standin {
    folder: tempfile::TempDir,
}

impl Standin {
    fn new(program: &str, address: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::copy(env!("CARGO_BIN_EXE_tunnel-program"), folder.path().join(program)).expect("copies");
        std::fs::write(folder.path().join("address"), address).expect("writes");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    async fn start(&self, data: &Path, internet: &Internet, tunnel: &str) -> Hookline {
        let path = std::env::join_paths(
            std::iter::once(self.folder.path().to_owned())
                .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
        )
        .expect("is a path");
        let mut environment = internet.environment();
        environment.push(("PATH", path.to_string_lossy().into_owned()));
        environment.push(("STANDIN_DIR", self.folder.path().display().to_string()));
        environment.push(("NGROK_AUTHTOKEN", "2secretOfAnotherTunnel".to_owned()));
        Hookline::start_in(data, "127.0.0.1:0", &["--tunnel", tunnel], &environment).await
    }
}

fn receiver(hookline: &Hookline) -> std::net::SocketAddr {
    hookline.ready.receiver.trim_start_matches("http://").parse().expect("an address")
}

#[tokio::test]
async fn cloudflared_is_started_found_out_about_started_again_and_ended_with_the_app() {
    let data = tempfile::tempdir().expect("a folder");
    let internet = Internet::start().await;
    let program = Standin::new("cloudflared", "quick-{n}.trycloudflare.com");
    let hookline = program.start(data.path(), &internet, "cloudflared").await;
    let starting = hookline.tunnel(|status| status["publicUrl"].is_string()).await;
    assert_eq!(
        (&starting["state"], text(&starting["publicUrl"])),
        (&json!("connecting"), "https://quick-1.trycloudflare.com".to_owned())
    );
    assert_eq!(program.read("forwards-to"), hookline.ready.receiver);
    assert_eq!(program.read("saw-token"), "");
    // Nobody reaches the address yet: that is not online.
    internet.route("quick-1.trycloudflare.com", receiver(&hookline));
    hookline.tunnel(is_online).await;
    let job = job(&hookline).await;
    assert!(job.url.starts_with("https://quick-1.trycloudflare.com/api/webhooks/"), "{}", job.url);

    // Killed, it is started again; the new address is told everywhere.
    internet.route("quick-2.trycloudflare.com", receiver(&hookline));
    let pid: i32 = program.read("pid").parse().expect("a number");
    let killed = std::process::Command::new("kill").args(["-KILL", &pid.to_string()]).status().expect("runs");
    assert!(killed.success());
    let again =
        hookline.tunnel(|status| is_online(status) && text(&status["publicUrl"]).contains("quick-2")).await;
    assert_eq!(program.read("starts"), "2", "{again}");
    let shown = hookline.get(&format!("/workspaces/default/sync-jobs/{}", job.id)).await;
    assert!(text(&shown["webhookUrl"]).starts_with("https://quick-2.trycloudflare.com/"), "{shown}");
    let moments = hookline.get("/tunnel").await["history"].take();
    let reasons: Vec<_> = moments
        .as_array()
        .expect("a list")
        .iter()
        .map(|moment| moment["reason"].as_str().unwrap_or_default())
        .collect();
    assert!(reasons.iter().any(|reason| reason.contains("cloudflared ended")), "{reasons:?}");

    let port = receiver(&hookline).port();
    assert_eq!(hookline.stop().await, Some(0));
    assert!(program.path("stopped").exists(), "it was asked to end, not killed (receiver on {port})");
}

#[tokio::test]
async fn tailscale_tells_its_address_or_what_is_missing() {
    let data = tempfile::tempdir().expect("a folder");
    let internet = Internet::start().await;
    let program = Standin::new("tailscale", "laptop.tail1234.ts.net");
    std::fs::write(
        program.path("say"),
        "Funnel is not enabled on your tailnet.\nTo enable, visit:\n\n         https://login.tailscale.com/f/funnel?node=n1\n\n",
    )
    .expect("writes");
    let hookline = program.start(data.path(), &internet, "tailscale").await;
    let refused = hookline.tunnel(|status| status["state"] == "refused").await;
    assert!(text(&refused["remedy"]).contains("https://login.tailscale.com/f/funnel?node=n1"), "{refused}");

    std::fs::remove_file(program.path("say")).expect("removes");
    internet.route("laptop.tail1234.ts.net", receiver(&hookline));
    hookline.post("/tunnel/start", json!({})).await;
    let online = hookline.tunnel(is_online).await;
    assert_eq!(online["publicUrl"], "https://laptop.tail1234.ts.net");
    let (status, _) = hookline.call(Method::POST, "/tunnel/stop", None).await;
    assert_eq!(status, StatusCode::OK);
    assert!(program.path("stopped").exists());
    assert_eq!(hookline.get("/status").await["tunnel"]["publicUrl"], json!(null));
}

#[tokio::test]
async fn a_program_that_is_not_there_is_told_with_where_to_get_it_and_the_rest_works() {
    let data = tempfile::tempdir().expect("a folder");
    let empty = tempfile::tempdir().expect("a folder");
    let environment = [("PATH", empty.path().display().to_string())];
    let hookline =
        Hookline::start_in(data.path(), "127.0.0.1:0", &["--tunnel", "cloudflared"], &environment).await;
    let tunnel = hookline.get("/tunnel").await;
    assert_eq!(
        (&tunnel["status"]["state"], &tunnel["cloudflaredInstalled"]),
        (&json!("refused"), &json!(false))
    );
    assert!(text(&tunnel["status"]["remedy"]).contains("developers.cloudflare.com"), "{tunnel}");
    let job = job(&hookline).await;
    let body =
        stripe_event("evt_1", "customer.created", now_seconds(), &customer("cus_1", "Ada")).to_string();
    assert_eq!(post_stripe(&client(), &job, body).await.0, StatusCode::OK);
}

#[tokio::test]
async fn an_own_address_is_online_when_it_leads_here_and_otherwise_says_where_it_leads() {
    let (data, other_data) = (tempfile::tempdir().expect("a folder"), tempfile::tempdir().expect("a folder"));
    let internet = Internet::start().await;
    let environment = internet.environment();
    let hookline = Hookline::start_in(
        data.path(),
        "127.0.0.1:0",
        &["--tunnel", "https://hooks.example.com"],
        &environment,
    )
    .await;
    // The address is known from the start: webhook URLs begin with it.
    assert!(job(&hookline).await.url.starts_with("https://hooks.example.com/api/webhooks/"));
    internet.route("hooks.example.com", receiver(&hookline));
    hookline.tunnel(is_online).await;

    let other = Hookline::start(other_data.path()).await;
    internet.route("hooks.example.com", receiver(&other));
    let check = hookline.post("/tunnel/check", json!({})).await;
    assert_eq!(check["ok"], false);
    assert!(text(&check["error"]["message"]).contains("another Hookline"), "{check}");
    let degraded = hookline.tunnel(|status| status["state"] == "degraded").await;
    assert!(text(&degraded["reason"]).contains("another Hookline"), "{degraded}");

    internet.route("hooks.example.com", receiver(&hookline));
    assert_eq!(hookline.post("/tunnel/check", json!({})).await["ok"], true);
    hookline.tunnel(is_online).await;
}
