//! What the page and the shell say to each other, as the page reads it: `ui/src/platform/shell.ts` is made from the types
//! here.

use std::path::Path;

use ts_rs::{Config, TS};

use super::door::Answer;
use super::engine::{EngineState, Failure};
use super::page::{Action, Message, PageCommand};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/ui/src/platform/shell.ts");

const HEAD: &str = "\
// Made from src-tauri/shell by `cargo xtask types`. Not to be changed by hand.
import type { Change } from \"./types\";
";

fn declaration<T: TS>() -> String {
    let config = Config::default();
    format!("\n{}export {}\n", T::docs().unwrap_or_default(), T::decl(&config))
}

/// With `HOOKLINE_WRITE_SHELL_TYPES` set it writes the file instead.
#[test]
fn the_page_knows_the_shells_types() {
    let types = [
        declaration::<Message>(),
        declaration::<PageCommand>(),
        declaration::<Action>(),
        declaration::<EngineState>(),
        declaration::<Failure>(),
        declaration::<Answer>(),
    ];
    let expected = format!("{HEAD}{}", types.concat());
    if std::env::var_os("HOOKLINE_WRITE_SHELL_TYPES").is_some() {
        std::fs::write(FILE, &expected).expect("writes");
    }
    let written = std::fs::read_to_string(Path::new(FILE)).unwrap_or_default();
    assert_eq!(written, expected, "run `cargo xtask types`");
}
