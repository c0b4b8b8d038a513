//! Builds the desktop package's metadata: capabilities, icons, embedded UI.

fn main() {
    // Without this line edits in capabilities/ are silently ignored.
    println!("cargo:rerun-if-changed=src-tauri/capabilities");
    let attributes =
        tauri_build::Attributes::new().capabilities_path_pattern("./src-tauri/capabilities/**/*");
    if let Err(error) = tauri_build::try_build(attributes) {
        panic!("tauri-build failed: {error:#}");
    }
}
