//! A stand-in for the programs `cloudflared` and `tailscale`: it takes the arguments that they take, prints what they
//! print, and ends when it is told to. Copied under one of these names, it plays that one.
//!
//! `STANDIN_DIR` names a folder: `address` holds the host that it tells (or, as `host-1`, one that is numbered by starts), `say` holds
//! lines to print in the place of an address, and it leaves `starts`, `pid`, `forwards-to` and `stopped` there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let name = Path::new(&arguments[0]).file_stem().map(|name| name.to_string_lossy().into_owned());
    let folder = PathBuf::from(std::env::var_os("STANDIN_DIR").expect("STANDIN_DIR names a folder"));
    let forwards_to = match name.as_deref() {
        Some("cloudflared") => cloudflared(&arguments[1..]),
        Some("tailscale") => tailscale(&arguments[1..]),
        other => {
            eprintln!("there is no stand-in for {other:?}");
            return ExitCode::from(64);
        }
    };
    let Some(forwards_to) = forwards_to else {
        eprintln!("Incorrect Usage: {:?}", &arguments[1..]);
        return ExitCode::from(1);
    };
    let starts =
        fs::read_to_string(folder.join("starts")).map_or(0, |text| text.trim().parse().unwrap_or(0)) + 1;
    fs::write(folder.join("starts"), starts.to_string()).expect("writes");
    fs::write(folder.join("pid"), std::process::id().to_string()).expect("writes");
    fs::write(folder.join("forwards-to"), forwards_to).expect("writes");
    // What must not be handed on to other programs.
    fs::write(folder.join("saw-token"), std::env::var("NGROK_AUTHTOKEN").unwrap_or_default())
        .expect("writes");

    if let Ok(text) = fs::read_to_string(folder.join("say")) {
        eprint!("{text}");
        if text.contains("exit") {
            return ExitCode::from(1);
        }
    } else {
        let host = fs::read_to_string(folder.join("address"))
            .expect("says which address")
            .replace("{n}", &starts.to_string());
        tell(name.as_deref().unwrap_or_default(), host.trim());
    }
    wait_for_the_end(&folder)
}

/// What it is told to forward to; `None` for arguments that the program does not take.
fn cloudflared(arguments: &[String]) -> Option<String> {
    let mut arguments = arguments.iter().map(String::as_str);
    let mut url = None;
    if arguments.next() != Some("tunnel") {
        return None;
    }
    while let Some(argument) = arguments.next() {
        match argument {
            "--no-autoupdate" => {}
            "--config" => drop(arguments.next()?),
            "--url" => url = Some(arguments.next()?.to_owned()),
            _ => return None,
        }
    }
    url
}

fn tailscale(arguments: &[String]) -> Option<String> {
    match arguments {
        [funnel, yes, target]
            if funnel == "funnel" && yes == "--yes" && target.starts_with("http://127.0.0.1:") =>
        {
            Some(target.clone())
        }
        _ => None,
    }
}

/// The address, as each program tells it.
fn tell(program: &str, host: &str) {
    if program == "cloudflared" {
        eprintln!(
            "2026-01-16T08:32:54Z INF Thank you for trying Cloudflare Tunnel. Doing so, without a Cloudflare account, is a quick way to experiment. https://developers.cloudflare.com/cloudflare-one/connections/connect-apps"
        );
        eprintln!("2026-01-16T08:32:54Z INF Requesting new quick Tunnel on trycloudflare.com...");
        eprintln!("2026-01-16T08:32:58Z INF +-----------------------------------------------------------+");
        eprintln!(
            "2026-01-16T08:32:58Z INF |  Your quick Tunnel has been created! Visit it at (it may take some time to be reachable):  |"
        );
        eprintln!("2026-01-16T08:32:58Z INF |  https://{host}                                             |");
        eprintln!("2026-01-16T08:32:58Z INF +-----------------------------------------------------------+");
        eprintln!("2026-01-16T08:32:59Z INF Registered tunnel connection connIndex=0 protocol=quic");
    } else {
        println!(
            "Available on the internet:\n\nhttps://{host}/\n|-- proxy http://127.0.0.1\n\nPress Ctrl+C to exit."
        );
    }
}

/// SIGTERM leaves a note; a kill leaves none.
fn wait_for_the_end(folder: &Path) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        #[cfg(unix)]
        {
            let mut terminated =
                tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).expect("signals");
            fs::write(folder.join("ready"), "").expect("writes");
            terminated.recv().await;
        }
        #[cfg(not(unix))]
        std::future::pending::<()>().await;
    });
    fs::write(folder.join("stopped"), "").expect("writes");
    ExitCode::SUCCESS
}
