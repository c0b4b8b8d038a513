//! The rules of `ARCHITECTURE.md` that a compiler does not know, checked on the source itself: which module may
//! import which, who knows Tauri, who may vouch for a request, how long a file may be, and what no file may name.
//!
//! Sources are read as Rust tokens, hence comments and texts do not count as code. Code for tests
//! (`#[cfg(test)]`) may import what it likes. Each rule is a function from sources to violations, and is tested on
//! input that breaks it: a rule that cannot fail proves nothing.

mod layers;
mod project;
mod rules;
mod tokens;

use project::Project;

/// Fails with every violation, one per line.
fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

#[test]
fn imports_run_one_way() {
    assert_none(&layers::violations(&Project::find().engine()));
}

#[test]
fn plug_ins_of_a_kind_never_import_each_other() {
    assert_none(&layers::plug_in_violations(&Project::find().engine()));
}

#[test]
fn only_the_shell_knows_tauri() {
    assert_none(&rules::tauri_violations(&Project::find().files()));
}

#[test]
fn only_the_signature_check_vouches_for_a_request() {
    assert_none(&rules::vouching_violations(&Project::find().engine()));
}

#[test]
fn no_program_has_the_feature_by_which_tests_let_it_die() {
    assert_none(&rules::fault_violations(&Project::find().files()));
}

#[test]
fn long_files_have_a_reason() {
    assert_none(&rules::length_violations(&Project::find().files(), &rules::LONG_FILES));
}

#[test]
fn no_file_names_a_registry_host_or_a_path_of_some_machine() {
    assert_none(&rules::naming_violations(&Project::find().files()));
}
