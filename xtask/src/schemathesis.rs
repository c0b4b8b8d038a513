//! `cargo xtask schemathesis`: requests made from the control API's description, right ones and wrong ones, against a real
//! `hookline serve`; what it answers is held to the description. What is asked how, and what is left out, stands in
//! `tests/schemathesis.toml`.
//!
//! The server begins with a job that has received events, and reaches nothing but this machine: no tunnel's program is on its
//! `PATH`, and the providers' APIs, ngrok's edge and all other addresses lead nowhere.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;

use crate::files::{made, remove};
use crate::process;
use crate::project::Project;
use crate::run::hookline::Hookline;
use crate::setup;
use crate::test::Packages;

/// As a step of `cargo xtask test`: about a minute on two cores.
const BRIEFLY: SchemathesisArguments = SchemathesisArguments { examples: 5, seed: 7 };

/// Port 9 is the discard service, and nobody listens there.
const NOWHERE: &str = "http://127.0.0.1:9";

/// How many events the job begins with.
const EVENTS: &str = "20";

/// How long `hookline serve` may take to stop.
const STOP_DEADLINE: Duration = Duration::from_secs(30);

/// Arguments of `cargo xtask schemathesis`.
#[derive(Debug, Args)]
pub(crate) struct SchemathesisArguments {
    /// How many requests are made up for each operation, beyond those that follow from the description.
    #[arg(long, default_value_t = 100)]
    examples: u32,
    /// Where chance begins.
    #[arg(long, default_value_t = 1)]
    seed: u32,
}

/// Runs it as long as is wanted.
pub(crate) fn run(project: &Project, arguments: &SchemathesisArguments) -> Result<()> {
    setup::to_build(project)?;
    setup::schemathesis(project)?;
    check(project, Packages::WithoutDesktop, arguments)
}

/// Runs it for about a minute, always with the same seed.
pub(crate) fn briefly(project: &Project, packages: Packages) -> Result<()> {
    check(project, packages, &BRIEFLY)
}

fn check(project: &Project, packages: Packages, amount: &SchemathesisArguments) -> Result<()> {
    process::run(project.cargo().arg("build").args(packages.arguments()).args(["--bin", "hookline"]))?;
    let folder = project.scratch("schemathesis");
    remove(&folder)?;
    let empty = folder.join("empty");
    made(&empty)?;

    let hookline = Hookline::new(project.binary("hookline"), folder.join("data"));
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let mut running = hookline.serve_with(any, any, |command| {
        command
            .args(["--secrets", "file", "--log-level", "error"])
            .args(["--stripe-api", NOWHERE, "--close-api", NOWHERE])
            .env("HOOKLINE_NGROK_SERVER", "127.0.0.1:9")
            .env("PATH", &empty)
            .env_remove("HOOKLINE_TUNNEL")
            .env_remove("NGROK_AUTHTOKEN")
            .envs(["HTTP_PROXY", "HTTPS_PROXY"].map(|name| (name, NOWHERE)))
            .env("NO_PROXY", "127.0.0.1")
            .current_dir(&folder);
    })?;
    let ready = running.ready.as_ref().context("`hookline serve` says where it listens")?;

    let job = hookline.stripe_job()?;
    process::run(
        &mut hookline.command(&["send", "stripe", "--job", &job.id, "--count", EVENTS, "--seed", "1"]),
    )?;

    let mut command = setup::schemathesis_command(&setup::schemathesis(project)?);
    command
        .current_dir(&folder)
        .env("HOOKLINE_JOB_ID", &job.id)
        .env("HOOKLINE_DESTINATION_ID", &job.destination_id)
        .env("HOOKLINE_EVENT_ID", "1")
        .arg("--config-file")
        .arg(project.root().join("tests/schemathesis.toml"))
        .args(["run", &format!("{}/api/openapi.json", ready.api)])
        .args(["--header", &format!("Authorization: Bearer {}", ready.token)])
        .args(["--checks", "all", "--generation-database", "none", "--warnings", "off"])
        .args(["--max-examples", &amount.examples.to_string(), "--seed", &amount.seed.to_string()]);
    let result = process::run(&mut command);
    running.stop(STOP_DEADLINE)?;
    result
}
