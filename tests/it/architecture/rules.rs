//! Rules about single files.

use std::path::Path;

use super::project::File;
use super::tokens::Source;

/// Files beyond the limit, each with its reason.
pub(super) const LONG_FILES: [(&str, &str); 2] = [
    ("src-tauri/engine/src/providers/stripe/types.rs", "a list of names"),
    ("ui/src/api/schema.d.ts", "made from ui/openapi.json"),
];

/// Above this many lines a file holds several things.
const MAX_LINES: usize = 550;

/// Where Tauri may be known.
const TAURI_PLACES: [&str; 3] = ["src-tauri/shell/", "src-tauri/main.rs", "src-tauri/build.rs"];

/// Where a request may be vouched for: where that is defined, and where signatures are checked.
const VOUCHING_PLACES: [&str; 2] = ["event/request.rs", "providers/mod.rs"];

/// Rust code that names Tauri, and packages other than the desktop's that depend on it.
pub(super) fn tauri_violations(files: &[File]) -> Vec<String> {
    let mut violations = Vec::new();
    for File { path, text } in files {
        if has_extension(path, "rs") && !TAURI_PLACES.iter().any(|place| path.starts_with(place)) {
            let source = Source::read(path, text);
            violations.extend(
                source
                    .words
                    .iter()
                    .filter(|word| is_tauri(&word.text))
                    .map(|word| format!("{path}:{}: only src-tauri/shell and main.rs know Tauri", word.line)),
            );
        }
        if path.ends_with("/Cargo.toml") {
            violations.extend(
                numbered(text)
                    .filter(|(_, line)| line.trim_start().starts_with("tauri"))
                    .map(|(line, _)| format!("{path}:{line}: only the desktop package depends on Tauri")),
            );
        }
    }
    violations
}

/// Tauri's own crates, its build script's and its plug-ins'.
fn is_tauri(word: &str) -> bool {
    matches!(word, "tauri" | "tauri_build") || word.starts_with("tauri_plugin_")
}

/// Code that makes a `Verified` without having checked a signature.
pub(super) fn vouching_violations(sources: &[Source]) -> Vec<String> {
    sources
        .iter()
        .filter(|source| !VOUCHING_PLACES.contains(&source.path.as_str()))
        // Test modules that are files of their own: nothing of them is in the program.
        .filter(|source| !source.path.contains("/tests/"))
        .flat_map(|source| {
            source.words.iter().filter(|word| word.text == "vouched").map(|word| {
                format!("{}:{}: only `providers::verify` vouches for a request", source.path, word.line)
            })
        })
        .collect()
}

/// Manifests that turn the points on at which a process dies: the tests' may, and none of a program.
pub(super) fn fault_violations(files: &[File]) -> Vec<String> {
    /// Where the feature is defined, and where the tests turn it on.
    const PLACES: [&str; 2] = ["src-tauri/engine/Cargo.toml", "tests/Cargo.toml"];
    files
        .iter()
        .filter(|file| file.path == "Cargo.toml" || file.path.ends_with("/Cargo.toml"))
        .flat_map(|File { path, text }| {
            numbered(text)
                .filter(|(_, line)| !line.trim_start().starts_with('#') && line.contains("faults"))
                // Not by default either.
                .filter(|(_, line)| !PLACES.contains(&path.as_str()) || !line.starts_with("faults = ["))
                .map(move |(line, _)| {
                    format!("{path}:{line}: only the tests' build has the feature `faults`")
                })
        })
        .collect()
}

/// Files that are too long, and reasons that are no longer needed.
pub(super) fn length_violations(files: &[File], long_files: &[(&str, &str)]) -> Vec<String> {
    let long: Vec<(&str, usize)> = files
        .iter()
        .filter(|file| {
            ["rs", "ts", "tsx", "css", "js"].iter().any(|extension| has_extension(&file.path, extension))
        })
        .map(|file| (file.path.as_str(), file.text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    let unexplained = long
        .iter()
        .filter(|(path, _)| !long_files.iter().any(|(listed, _)| listed == path))
        .map(|(path, lines)| {
            format!("{path} has {lines} lines: split it by meaning (the limit is {MAX_LINES})")
        });
    let unneeded = long_files
        .iter()
        .filter(|(listed, _)| !long.iter().any(|(path, _)| path == listed))
        .map(|(listed, _)| format!("{listed} is not long: take it off LONG_FILES"));
    unexplained.chain(unneeded).collect()
}

/// Hosts of package registries. Packages are named, where they come from is the user's to configure.
/// (Put together so that this file does not hold them.)
const REGISTRY_HOSTS: [&str; 6] = [
    concat!("crates", ".io"),
    concat!("pypi", ".org"),
    concat!("python", "hosted", ".org"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("proxy.golang", ".org"),
];

/// The beginnings of paths that exist on one machine only.
const MACHINE_PATHS: [&str; 4] =
    [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/Us", "ers/"), concat!("/wo", "rk/")];

/// Lock files name the registry by themselves.
const LOCK_FILES: [&str; 2] = ["Cargo.lock", "package-lock.json"];

/// Lines that name a registry's host or a path of some machine.
pub(super) fn naming_violations(files: &[File]) -> Vec<String> {
    files
        .iter()
        .filter(|file| {
            !LOCK_FILES.iter().any(|lock| file.path == *lock || file.path.ends_with(&format!("/{lock}")))
        })
        .flat_map(|file| {
            numbered(&file.text).filter_map(|(number, line)| {
                let host = REGISTRY_HOSTS.into_iter().find(|host| line.contains(host));
                let found =
                    host.or_else(|| MACHINE_PATHS.into_iter().find(|path| starts_a_path(line, path)))?;
                Some(format!("{}:{number}: `{found}` does not belong into the project", file.path))
            })
        })
        .collect()
}

/// Whether `line` holds `path` at the beginning of a path: not within one, as in `/api/home/`.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        line[..at].chars().next_back().is_none_or(|before| {
            !before.is_alphanumeric() && !matches!(before, '/' | '.' | '-' | '_' | '}' | '~' | ']')
        })
    })
}

fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tauri_outside_the_shell_is_found() {
        let files = [
            File::new("src-tauri/shell/mod.rs", "use tauri::Manager;"),
            File::new("src-tauri/engine/src/app.rs", "// tauri is fine here\nuse tauri::Manager;"),
            File::new("src-tauri/engine/Cargo.toml", "[dependencies]\ntauri = \"2\"\n"),
            File::new("Cargo.toml", "[dependencies]\ntauri = \"2\"\n"),
        ];
        assert_eq!(
            tauri_violations(&files),
            [
                "src-tauri/engine/src/app.rs:2: only src-tauri/shell and main.rs know Tauri",
                "src-tauri/engine/Cargo.toml:2: only the desktop package depends on Tauri",
            ]
        );
    }

    #[test]
    fn vouching_outside_the_signature_check_is_found() {
        let sources = [
            Source::read("providers/mod.rs", "fn f() { Verified::vouched(r) }"),
            Source::read("store/tests/mod.rs", "fn f() { Verified::vouched(r) }"),
            Source::read("receiver/mod.rs", "fn f() { crate::event::Verified::vouched(r) }"),
            Source::read("store/mod.rs", "#[cfg(test)] mod tests { fn f() { Verified::vouched(r) } }"),
        ];
        assert_eq!(
            vouching_violations(&sources),
            ["receiver/mod.rs:1: only `providers::verify` vouches for a request"]
        );
    }

    #[test]
    fn a_program_with_faults_is_found() {
        let files = [
            File::new("src-tauri/engine/Cargo.toml", "[features]\ndefault = [\"faults\"]\nfaults = []\n"),
            File::new("tests/Cargo.toml", "faults = [\"hookline-engine/faults\"]\n"),
            File::new("src-tauri/cli/Cargo.toml", "# no faults\nx = { features = [\"faults\"] }\n"),
        ];
        assert_eq!(
            fault_violations(&files),
            [
                "src-tauri/engine/Cargo.toml:2: only the tests' build has the feature `faults`",
                "src-tauri/cli/Cargo.toml:2: only the tests' build has the feature `faults`",
            ]
        );
    }

    #[test]
    fn a_long_file_needs_a_reason_and_a_reason_a_long_file() {
        let files = [File::new("a.rs", &"\n".repeat(551)), File::new("b.rs", &"\n".repeat(550))];
        assert_eq!(length_violations(&files, &[]).len(), 1);
        assert!(length_violations(&files, &[("a.rs", "a table")]).is_empty());
        assert_eq!(
            length_violations(&files, &[("a.rs", "a table"), ("b.rs", "was long once")]),
            ["b.rs is not long: take it off LONG_FILES"]
        );
    }

    #[test]
    fn hosts_and_machine_paths_are_found_and_look_alikes_are_not() {
        let host = File::new("README.md", &format!("see https://{}/crates/x", REGISTRY_HOSTS[0]));
        let path = File::new("a.rs", &format!("\nlet path = \"{}ada/x\";", MACHINE_PATHS[1]));
        let lock = File::new("ui/package-lock.json", &format!("https://registry.{}/x", REGISTRY_HOSTS[3]));
        let inner = File::new("b.rs", &format!("\"https://example.com{}x\"", MACHINE_PATHS[1]));
        assert_eq!(naming_violations(&[host]).len(), 1);
        assert!(naming_violations(&[path])[0].starts_with("a.rs:2: "));
        assert!(naming_violations(&[lock, inner]).is_empty());
    }
}
