//! `hookline`: the engine without a window.
//!
//! `serve` runs it; every other command asks a running one through its control API, which it finds in the data
//! directory. `--json` prints what the API answered, for programs.

use std::process::ExitCode;

use clap::Parser as _;

mod arguments;
mod client;
mod completions;
mod doctor;
mod documents;
mod endpoints;
mod error;
mod events;
mod job_files;
mod jobs;
mod maintenance;
mod output;
mod send;
mod serve;
mod sources;
mod tunnel;
mod whole_file;

use arguments::{Arguments, Command};
use client::Client;
use error::CliError;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return CliError::from(error).report(arguments.json),
    };
    let json = arguments.json;
    let outcome = runtime.block_on(run(arguments));
    // A read of standard input that nobody answers must not keep the program from ending.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => error.report(json),
    }
}

async fn run(arguments: Arguments) -> Result<(), CliError> {
    let data_dir = arguments.data_dir()?;
    let json = arguments.json;
    let client = || Client::find(&data_dir);
    match arguments.command {
        Command::Serve(serve) => serve::run(data_dir, *serve).await,
        Command::Jobs(command) => jobs::run(&client()?, command, json).await,
        Command::Events(command) => events::run(&client()?, command, json).await,
        Command::Send(send) => send::run(&client()?, send, json).await,
        Command::Docs(command) => documents::docs(&client()?, command, json).await,
        Command::Destinations(command) => documents::destinations(&client()?, command, json).await,
        Command::Sources(command) => sources::run(&client()?, command, json).await,
        Command::Endpoints(command) => endpoints::run(&client()?, command, json).await,
        Command::Doctor { job } => doctor::run(&client()?, job.as_deref(), json).await,
        Command::Tunnel(command) => tunnel::run(&client()?, command, json).await,
        Command::Status => maintenance::status(&client()?, json).await,
        Command::Check => maintenance::check(&data_dir, json).await,
        Command::Backup { file } => maintenance::backup(&data_dir, &file, json).await,
        Command::Completions { shell } => completions::print(shell),
    }
}
