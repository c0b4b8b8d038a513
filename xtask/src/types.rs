//! `cargo xtask types`: the control API's description, the UI's types made from it, and those of the shell's messages.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::node::{self, NPM, UI};
use crate::process;
use crate::project::Project;
use crate::test::{DESKTOP_TESTS, Packages};

/// The types, from the root.
const TYPES: &str = "ui/src/api/schema.d.ts";

/// Writes them.
pub(crate) fn write(project: &Project) -> Result<()> {
    // All packages at once, as the tests build them: fewer would resolve to other features, and everything be built anew.
    let mut command = project.cargo();
    command.env("HOOKLINE_WRITE_SHELL_TYPES", "1").env("HOOKLINE_WRITE_OPENAPI", "1");
    command.arg("test").args(Packages::All.arguments()).args([
        "--",
        "types",
        "openapi",
        "--skip",
        DESKTOP_TESTS,
    ]);
    process::run(&mut command).context("ui/src/platform/shell.ts or ui/openapi.json could not be written")?;
    process::run(&mut node::npm_run(project, UI, "api-types")).context("the types could not be written")
}

/// Fails when the types are not those of `ui/openapi.json`. A test in `tests/it` proves that this file is what the
/// engine says.
pub(crate) fn check(project: &Project) -> Result<()> {
    let fresh = project.scratch("schema.d.ts");
    let package = project.root().join(UI).join("package.json");
    let package =
        fs::read_to_string(&package).with_context(|| format!("cannot read {}", package.display()))?;
    let package: Value = serde_json::from_str(&package).context("the UI's package.json is not JSON")?;
    let script = package["scripts"]["api-types"].as_str().context("the UI has no script api-types")?;
    let mut command = Command::new(NPM);
    command.current_dir(project.root()).args(["exec", "--workspace", UI, "--"]);
    process::run(command.args(with_output(script, &fresh.display().to_string())?))?;
    let read = |path: &std::path::Path| {
        fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
    };
    if read(&fresh)? != read(&project.root().join(TYPES))? {
        bail!("{TYPES} is not what ui/openapi.json says: run `cargo xtask types`");
    }
    Ok(())
}

/// The words of a script that writes to `--output PLACE`, with another place.
fn with_output(script: &str, place: &str) -> Result<Vec<String>> {
    let mut words: Vec<String> = script.split_whitespace().map(ToOwned::to_owned).collect();
    let option = words.iter().position(|word| word == "--output");
    let written = option.and_then(|option| words.get_mut(option + 1));
    place.clone_into(written.context("the script api-types does not say where it writes to")?);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_writes_elsewhere() {
        let script = "openapi-typescript openapi.json --output src/api/schema.d.ts --root-types";
        let words = with_output(script, "elsewhere.d.ts").expect("it has an output");
        assert_eq!(
            words,
            ["openapi-typescript", "openapi.json", "--output", "elsewhere.d.ts", "--root-types"]
        );
        assert!(with_output("openapi-typescript openapi.json", "x").is_err());
        assert!(with_output("openapi-typescript openapi.json --output", "x").is_err());
    }
}
