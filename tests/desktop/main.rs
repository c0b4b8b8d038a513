//! What needs a screen. The tests' names begin with the module's, by which `cargo xtask test` tells them from the others.

mod on_the_desktop;
