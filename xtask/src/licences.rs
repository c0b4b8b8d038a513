//! `cargo xtask licences`: names what the app is made of beside its own code, with the licences' texts, for the window to
//! show. Written whenever the UI is built, hence true for the system that it is built on.
//!
//! ```json
//! {"rust": [{"name": "axum", "version": "0.8.9", "licence": "MIT", "homepage": "https://…", "texts": [3]}],
//!  "npm": […],
//!  "texts": ["Permission is hereby granted…"]}
//! ```
//!
//! `texts` of a package are places in the list of texts, which holds each once.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};

use crate::process;
use crate::project::Project;

/// Where the list is put, from the root.
const LIST: &str = "ui/public/licences.json";

/// The package whose dependencies are linked into the app.
const APP: &str = "hookline-desktop";

/// Files with a licence or a notice begin with one of these.
const TEXT_NAMES: [&str; 5] = ["licen", "copying", "notice", "unlicense", "copyright"];

/// Longer files are collections of other projects' texts.
const LONGEST_TEXT: usize = 60_000;

/// One dependency.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Package {
    name: String,
    version: String,
    licence: String,
    homepage: Option<String>,
    texts: Vec<String>,
}

/// Writes the list, unless it is there already.
pub(crate) fn write(project: &Project) -> Result<()> {
    let list = list(of_rust(project)?, of_javascript(project.root())?);
    let text = serde_json::to_string(&list).context("the list of licences is not JSON")?;
    let path = project.root().join(LIST);
    if fs::read_to_string(&path).is_ok_and(|written| written == text) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(project.root()))
        .and_then(|()| fs::write(&path, text))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn list(rust: Vec<Package>, npm: Vec<Package>) -> Value {
    let mut places = BTreeMap::new();
    let mut texts = Vec::new();
    let mut place_of = |text: String| {
        *places.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            texts.len() - 1
        })
    };
    let mut entries = |mut packages: Vec<Package>| -> Vec<Value> {
        packages.sort();
        packages.dedup();
        packages
            .into_iter()
            .map(|Package { name, version, licence, homepage, texts }| {
                let texts: Vec<usize> = texts.into_iter().map(&mut place_of).collect();
                json!({"name": name, "version": version, "licence": licence, "homepage": homepage, "texts": texts})
            })
            .collect()
    };
    let (rust, npm) = (entries(rust), entries(npm));
    json!({"rust": rust, "npm": npm, "texts": texts})
}

/// The crates that are linked into the app on this system.
fn of_rust(project: &Project) -> Result<Vec<Package>> {
    let version = process::output(Command::new("rustc").arg("-vV"))?;
    let host = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` does not tell which system this is")?;
    let mut command = project.cargo();
    command.args(["metadata", "--format-version", "1", "--filter-platform", host]);
    command.args(["--features", &format!("{APP}/custom-protocol")]);
    let metadata: Value =
        serde_json::from_str(&process::output(&mut command)?).context("`cargo metadata` is not JSON")?;
    linked(&metadata)?.into_iter().map(crate_of).collect()
}

/// The packages from elsewhere that are reached through normal dependencies, procedural macros left out: these run in the
/// compiler.
fn linked(metadata: &Value) -> Result<Vec<&Value>> {
    let by_id = |list: &'static str, of: &Value| -> Result<BTreeMap<String, Value>> {
        let entries = of[list].as_array().with_context(|| format!("`cargo metadata` has no {list}"))?;
        Ok(entries
            .iter()
            .map(|entry| (entry["id"].as_str().unwrap_or_default().to_owned(), entry.clone()))
            .collect())
    };
    let nodes = by_id("nodes", &metadata["resolve"])?;
    let packages = metadata["packages"].as_array().context("`cargo metadata` has no packages")?;
    let packages: BTreeMap<&str, &Value> =
        packages.iter().filter_map(|package| Some((package["id"].as_str()?, package))).collect();
    let app = packages
        .iter()
        .find_map(|(id, package)| (package["name"] == APP).then_some(*id))
        .with_context(|| format!("there is no package {APP}"))?;

    let mut seen = BTreeSet::from([app.to_owned()]);
    let mut waiting = vec![app.to_owned()];
    while let Some(id) = waiting.pop() {
        let node = nodes.get(&id).with_context(|| format!("`cargo metadata` does not resolve {id}"))?;
        for dependency in node["deps"].as_array().into_iter().flatten() {
            let normal =
                dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null());
            let Some(id) = dependency["pkg"].as_str().filter(|_| normal) else { continue };
            if packages.get(id).is_some_and(|package| !is_macro(package)) && seen.insert(id.to_owned()) {
                waiting.push(id.to_owned());
            }
        }
    }
    // What has no source is our own.
    Ok(seen
        .iter()
        .filter_map(|id| packages.get(id.as_str()).copied())
        .filter(|found| !found["source"].is_null())
        .collect())
}

fn is_macro(package: &Value) -> bool {
    let mut targets = package["targets"].as_array().into_iter().flatten();
    targets.any(|target| {
        target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "proc-macro"))
    })
}

fn crate_of(package: &Value) -> Result<Package> {
    let manifest = Path::new(package["manifest_path"].as_str().context("a crate without a manifest")?);
    Ok(Package {
        name: text(package, "name")?,
        version: text(package, "version")?,
        licence: package["license"].as_str().unwrap_or("see its text").to_owned(),
        homepage: homepage(package),
        texts: texts(manifest.parent().context("a manifest without a folder")?)?,
    })
}

/// The packages that the UI needs when it runs.
fn of_javascript(root: &Path) -> Result<Vec<Package>> {
    let lock = root.join("package-lock.json");
    let lock = fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    let lock: Value = serde_json::from_str(&lock).context("package-lock.json is not JSON")?;
    let lock = lock["packages"].as_object().context("package-lock.json has no packages")?;
    needed(lock, "ui").into_iter().map(|path| module_of(&root.join(path))).collect()
}

/// The folders of the packages that the one in `start` depends on, directly or not.
fn needed(lock: &Map<String, Value>, start: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut waiting = vec![start.to_owned()];
    while let Some(from) = waiting.pop() {
        for name in lock[&from]["dependencies"].as_object().into_iter().flat_map(Map::keys) {
            // Types are gone when the UI is built.
            if name.starts_with("@types/") {
                continue;
            }
            if let Some(path) = resolve(lock, &from, name)
                && seen.insert(path.clone())
            {
                waiting.push(path);
            }
        }
    }
    seen
}

/// Looks for a package as Node does: beside the one that asks, then further up.
fn resolve(lock: &Map<String, Value>, from: &str, name: &str) -> Option<String> {
    let mut folder = from;
    loop {
        let path = if folder.is_empty() {
            format!("node_modules/{name}")
        } else {
            format!("{folder}/node_modules/{name}")
        };
        if lock.contains_key(&path) {
            return Some(path);
        }
        if folder.is_empty() {
            return None;
        }
        folder = folder.rfind("/node_modules/").map_or("", |at| &folder[..at]);
    }
}

fn module_of(folder: &Path) -> Result<Package> {
    let manifest = folder.join("package.json");
    let manifest =
        fs::read_to_string(&manifest).with_context(|| format!("cannot read {}", manifest.display()))?;
    let manifest: Value = serde_json::from_str(&manifest).context("a package.json is not JSON")?;
    Ok(Package {
        name: text(&manifest, "name")?,
        version: text(&manifest, "version")?,
        licence: manifest["license"].as_str().unwrap_or("see its text").to_owned(),
        homepage: homepage(&manifest),
        texts: texts(folder)?,
    })
}

fn homepage(package: &Value) -> Option<String> {
    let repository = &package["repository"];
    let address = package["homepage"].as_str().or(repository.as_str()).or(repository["url"].as_str())?;
    let address = address.trim_start_matches("git+").trim_end_matches(".git");
    address.starts_with("https://").then(|| address.to_owned())
}

/// The licences and notices that lie in a package's folder.
fn texts(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut files: Vec<_> = entries
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
            TEXT_NAMES.iter().any(|beginning| name.starts_with(beginning)) && path.is_file()
        })
        .collect();
    files.sort();
    let texts = files.iter().filter_map(|file| fs::read_to_string(file).ok());
    Ok(texts
        .map(|text| tidied(&text))
        .filter(|text| !text.is_empty() && text.len() <= LONGEST_TEXT)
        .collect())
}

/// Without what makes equal texts differ: spaces at the ends of lines, empty lines around, Windows' line ends.
fn tidied(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.join("\n").trim_matches('\n').to_owned()
}

fn text(package: &Value, name: &str) -> Result<String> {
    package[name].as_str().map(ToOwned::to_owned).with_context(|| format!("a package without a {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, texts: &[&str]) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            licence: "MIT".into(),
            homepage: None,
            texts: texts.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn equal_texts_are_listed_once() {
        let list =
            list(vec![package("b", &["two", "one"]), package("a", &["one"])], vec![package("c", &["two"])]);
        assert_eq!(list["texts"], json!(["one", "two"]));
        assert_eq!(list["rust"][1]["texts"], json!([1, 0]));
        assert_eq!(list["npm"][0]["texts"], json!([1]));
    }

    #[test]
    fn only_what_is_linked_is_named() {
        let node = |id: &str, deps: &[(&str, Value)]| {
            let deps: Vec<Value> =
                deps.iter().map(|(id, kind)| json!({"pkg": id, "dep_kinds": [{"kind": kind}]})).collect();
            json!({"id": id, "deps": deps})
        };
        let found = |id: &str, kind: &str, source: Value| json!({"id": id, "name": id, "source": source, "targets": [{"kind": [kind]}]});
        let metadata = json!({
            "packages": [
                found(APP, "bin", Value::Null), found("engine", "lib", Value::Null), found("linked", "lib", json!("r")),
                found("macros", "proc-macro", json!("r")), found("built-with", "lib", json!("r")),
            ],
            "resolve": {"nodes": [
                node(APP, &[("engine", Value::Null), ("built-with", json!("build"))]),
                node("engine", &[("linked", Value::Null), ("macros", Value::Null), ("built-with", json!("dev"))]),
                node("linked", &[]), node("macros", &[]), node("built-with", &[]),
            ]},
        });
        let names: Vec<&Value> =
            linked(&metadata).expect("it is complete").iter().map(|found| &found["name"]).collect();
        assert_eq!(names, ["linked"]);
    }

    #[test]
    fn packages_of_the_ui_are_found_as_node_finds_them() {
        let lock = json!({
            "ui": {"dependencies": {"a": "1", "@types/a": "1"}},
            "node_modules/a": {"dependencies": {"b": "2"}},
            "node_modules/a/node_modules/b": {"dependencies": {"c": "1"}},
            "node_modules/b": {}, "node_modules/c": {}, "node_modules/@types/a": {},
        });
        let found = needed(lock.as_object().expect("an object"), "ui");
        let found: Vec<&str> = found.iter().map(String::as_str).collect();
        assert_eq!(found, ["node_modules/a", "node_modules/a/node_modules/b", "node_modules/c"]);
    }

    #[test]
    fn addresses_of_repositories_can_be_opened() {
        let of = |package: Value| homepage(&package);
        assert_eq!(
            of(json!({"repository": {"url": "git+https://x.example/y.git"}})).as_deref(),
            Some("https://x.example/y")
        );
        assert_eq!(of(json!({"homepage": "https://x.example"})).as_deref(), Some("https://x.example"));
        assert_eq!(of(json!({"repository": "git@x.example:y"})), None);
    }
}
