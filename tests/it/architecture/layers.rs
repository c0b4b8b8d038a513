//! Which module of the engine may import which.

use std::collections::BTreeSet;

use super::tokens::Source;

/// The engine's modules from the lowest layer to the highest. A module imports from layers below its own, and from
/// itself; those of one layer do not know each other.
const LAYERS: [&[&str]; 7] = [
    &["faults"],
    &["event"],
    &["store", "providers", "provider_api", "sinks", "tunnel", "secrets"],
    &["receiver", "worker", "schedule", "endpoints"],
    &["commands"],
    &["api"],
    &["app"],
];

/// The modules of plug-ins, and the traits of which a plug-in implements one.
const KINDS: [(&str, &[&str]); 4] = [
    ("providers", &["Provider"]),
    ("provider_api", &["EndpointApi"]),
    ("sinks", &["Sink", "Documents"]),
    ("tunnel", &["Link"]),
];

/// Modules beside plug-ins that implement such a trait for all of them: shared, not plug-ins. Whatever implements
/// none is shared anyway.
const SHARED: [&str; 1] = ["ordering"];

fn layer_of(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// What breaks the one way of imports.
pub(super) fn violations(sources: &[Source]) -> Vec<String> {
    let modules: BTreeSet<&str> =
        sources.iter().filter_map(|source| source.module.first()).map(String::as_str).collect();
    let mut violations: Vec<String> = modules
        .iter()
        .filter(|module| layer_of(module).is_none())
        .map(|module| {
            format!("`{module}` stands in no layer: add it to LAYERS in tests/it/architecture/layers.rs")
        })
        .collect();

    for source in outside_tests(sources) {
        let Some(from) = source.module.first() else { continue };
        for mention in &source.mentions {
            let Some(to) = mention.path.first() else { continue };
            // What is no module is an item of lib.rs, which belongs to nobody.
            if to == from || !modules.contains(to.as_str()) {
                continue;
            }
            if let (Some(from_layer), Some(to_layer)) = (layer_of(from), layer_of(to))
                && to_layer >= from_layer
            {
                violations.push(format!(
                    "{}:{}: `{from}` must not import from `{to}` ({})",
                    source.path,
                    mention.line,
                    mention.path.join("::")
                ));
            }
        }
    }
    violations
}

/// What breaks the rule that plug-ins of a kind do not know each other, and that what they share knows none of them.
pub(super) fn plug_in_violations(sources: &[Source]) -> Vec<String> {
    let mut violations = Vec::new();
    for (kind, shapes) in KINDS {
        let plug_ins = plug_ins(sources, kind, shapes);
        if plug_ins.is_empty() {
            violations.push(format!("`{kind}` has no plug-in: is its trait still one of {shapes:?}?"));
        }
        for source in outside_tests(sources) {
            // The kind's own module file lists its plug-ins; it is the only one that may.
            let [first, own, ..] = source.module.as_slice() else { continue };
            if first != kind {
                continue;
            }
            for mention in &source.mentions {
                let [to_kind, to, ..] = mention.path.as_slice() else { continue };
                if to_kind == kind && to != own && plug_ins.contains(to.as_str()) {
                    violations.push(format!(
                        "{}:{}: `{kind}::{own}` must not know `{kind}::{to}`: what several need is shared beside them",
                        source.path, mention.line
                    ));
                }
            }
        }
    }
    violations
}

/// The modules right below `kind` that implement one of the traits `shapes` (`impl … Provider for …`).
fn plug_ins<'a>(sources: &'a [Source], kind: &str, shapes: &[&str]) -> BTreeSet<&'a str> {
    outside_tests(sources)
        .filter(|source| source.module.first().is_some_and(|module| module == kind))
        .filter(|source| {
            source
                .words
                .windows(2)
                .any(|pair| shapes.contains(&pair[0].text.as_str()) && pair[1].text == "for")
        })
        .filter_map(|source| source.module.get(1))
        .map(String::as_str)
        .filter(|module| !SHARED.contains(module))
        .collect()
}

fn outside_tests(sources: &[Source]) -> impl Iterator<Item = &Source> {
    let test_modules: Vec<Vec<String>> =
        sources.iter().flat_map(|source| source.test_modules.iter().cloned()).collect();
    sources.iter().filter(move |source| !source.is_within_any(&test_modules))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(files: &[(&str, &str)]) -> Vec<Source> {
        files.iter().map(|(path, text)| Source::read(path, text)).collect()
    }

    #[test]
    fn an_import_upwards_or_sideways_is_found_with_its_line() {
        let sources = read(&[
            ("event/mod.rs", "\nuse crate::store::Store;"),
            ("store/mod.rs", "use crate::event::Event;"),
            ("sinks/mod.rs", "fn f() { super::store::open() }"),
            ("worker/mod.rs", "use crate::{event::Event, store::Store};"),
        ]);
        assert_eq!(
            violations(&sources),
            [
                "event/mod.rs:2: `event` must not import from `store` (store::Store)",
                "sinks/mod.rs:1: `sinks` must not import from `store` (store::open)",
            ]
        );
    }

    #[test]
    fn a_module_without_a_layer_is_found() {
        assert!(violations(&read(&[("helpers.rs", "")]))[0].starts_with("`helpers` stands in no layer"));
    }

    #[test]
    fn test_modules_in_files_of_their_own_may_import_anything() {
        let sources = read(&[
            ("store/mod.rs", "#[cfg(test)] mod tests;"),
            ("store/tests.rs", "use crate::providers::verify;"),
            ("providers/mod.rs", ""),
        ]);
        assert!(violations(&sources).is_empty());
    }

    #[test]
    fn a_rule_that_no_longer_finds_any_plug_in_is_found() {
        let sources = read(&[
            ("providers/stripe.rs", "impl Provider for Stripe {}"),
            ("provider_api/stripe.rs", "impl EndpointApi for Stripe {}"),
            ("sinks/local.rs", ""),
            ("tunnel/own_url.rs", "impl Link for OwnUrl {}"),
        ]);
        assert_eq!(
            plug_in_violations(&sources),
            ["`sinks` has no plug-in: is its trait still one of [\"Sink\", \"Documents\"]?"]
        );
    }

    #[test]
    fn a_plug_in_that_knows_another_is_found_and_the_registry_may() {
        let sources = read(&[
            ("providers/mod.rs", "pub use stripe::Stripe; use self::close::Close;"),
            ("providers/naming.rs", "use super::stripe::plural;"),
            ("providers/stripe.rs", "use super::naming::plural; impl super::Provider for Stripe {}"),
            (
                "providers/close/mod.rs",
                "use crate::providers::{signature, stripe::Stripe}; use super::close::read;",
            ),
            ("providers/close/read.rs", "impl Provider for Close {}"),
            ("providers/signature.rs", "#[cfg(test)] impl Provider for Fake {}"),
            ("provider_api/close.rs", "use super::stripe::Form; impl EndpointApi for Close {}"),
            ("provider_api/stripe.rs", "impl EndpointApi for Stripe {}"),
            ("sinks/local.rs", "use super::ordering::Guarded; impl Documents for Local {}"),
            ("sinks/ordering/protocol.rs", "impl<D: Documents> Sink for Guarded<D> {}"),
            ("tunnel/own_url.rs", "impl Link for OwnUrl {}"),
        ]);
        assert_eq!(
            plug_in_violations(&sources),
            [
                "providers/naming.rs:1: `providers::naming` must not know `providers::stripe`: what several need is shared beside them",
                "providers/close/mod.rs:1: `providers::close` must not know `providers::stripe`: what several need is shared beside them",
                "provider_api/close.rs:1: `provider_api::close` must not know `provider_api::stripe`: what several need is shared beside them",
            ]
        );
    }
}
