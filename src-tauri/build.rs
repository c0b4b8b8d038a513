//! Builds the desktop package's metadata: capabilities, icons, embedded UI.

use std::path::Path;

/// Shown where the UI was not built, so that the desktop package compiles in any clone.
const PLACEHOLDER: &str = r#"<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="color-scheme" content="light dark" />
    <meta name="hookline" content="placeholder" />
    <title>Hookline</title>
  </head>
  <body>
    <h1>The window's files were not built</h1>
    <p>Run <code>cargo xtask run</code>, which builds them and starts Hookline.</p>
  </body>
</html>
"#;

fn main() {
    // Without these lines edits there are silently ignored.
    println!("cargo:rerun-if-changed=src-tauri/build.rs");
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    println!("cargo:rerun-if-changed=src-tauri/permissions");
    println!("cargo:rerun-if-changed=icons");
    println!("cargo:rerun-if-changed=ui/dist");
    if let Err(error) = provide_page(Path::new("ui/dist")) {
        panic!("ui/dist could not be made: {error}");
    }
    let app = tauri_build::AppManifest::new().permissions_path_pattern("./src-tauri/permissions/**/*");
    let attributes = tauri_build::Attributes::new()
        .app_manifest(app)
        .capabilities_path_pattern("./src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri-build failed: {error:#}");
    }
}

fn provide_page(folder: &Path) -> std::io::Result<()> {
    let page = folder.join("index.html");
    if !page.exists() {
        std::fs::create_dir_all(folder)?;
        std::fs::write(page, PLACEHOLDER)?;
    }
    Ok(())
}
