//! Rust sources as tokens: which modules a file names, and which words it uses.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

/// One source file of a crate, read.
#[derive(Debug)]
pub(super) struct Source {
    /// From the crate's `src`, with `/`.
    pub(super) path: String,
    /// The module it is, from the crate's root: `["store", "sources"]`; empty for `lib.rs`.
    pub(super) module: Vec<String>,
    /// Paths that start with `crate`, `super` or `self`, made absolute, outside test code.
    pub(super) mentions: Vec<Mention>,
    /// Every identifier outside test code.
    pub(super) words: Vec<Word>,
    /// Modules that are only there for tests and lie in files of their own.
    pub(super) test_modules: Vec<Vec<String>>,
}

/// A path from the crate's root that the source names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// An identifier.
#[derive(Debug)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Source {
    /// Reads a source. Panics where it is no Rust: the compiler would have said so.
    pub(super) fn read(path: &str, text: &str) -> Self {
        let stream: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{path} does not consist of Rust tokens: {error}"));
        let mut source = Self {
            path: path.to_owned(),
            module: module_of(path),
            mentions: Vec::new(),
            words: Vec::new(),
            test_modules: Vec::new(),
        };
        let module = source.module.clone();
        source.walk(stream, &module);
        source
    }

    /// Whether it is one of `test_modules` or below one.
    pub(super) fn is_within_any(&self, test_modules: &[Vec<String>]) -> bool {
        test_modules.iter().any(|module| self.module.starts_with(module))
    }

    fn walk(&mut self, stream: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = stream.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            if is_punct(&tokens, at, '#')
                && let Some(TokenTree::Group(attribute)) = tokens.get(at + 1)
            {
                at = if is_for_tests(attribute) {
                    self.skip_test_item(&tokens, at + 2, module)
                } else {
                    self.walk(attribute.stream(), module);
                    at + 2
                };
                continue;
            }
            at = match &tokens[at] {
                TokenTree::Ident(word) if word == "mod" => self.inline_module(&tokens, at, module),
                TokenTree::Ident(word)
                    if (word == "crate" || word == "super" || word == "self")
                        && is_path_sep(&tokens, at + 1) =>
                {
                    let base = if word == "crate" { &[] } else { module };
                    let start = if word == "crate" { at + 3 } else { at };
                    self.path(&tokens, start, base.to_vec())
                }
                TokenTree::Ident(word) => {
                    self.word(word);
                    at + 1
                }
                TokenTree::Group(group) => {
                    self.walk(group.stream(), module);
                    at + 1
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at + 1,
            };
        }
    }

    fn word(&mut self, word: &proc_macro2::Ident) {
        self.words.push(Word { text: word.to_string(), line: word.span().start().line });
    }

    /// `mod name { … }`: what is within says `super` for this module.
    fn inline_module(&mut self, tokens: &[TokenTree], at: usize, module: &[String]) -> usize {
        if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) =
            (tokens.get(at + 1), tokens.get(at + 2))
            && body.delimiter() == Delimiter::Brace
        {
            let mut inner = module.to_vec();
            inner.push(name.to_string());
            self.walk(body.stream(), &inner);
            return at + 3;
        }
        at + 1
    }

    /// Skips the item after `#[cfg(test)]`, to its body's end or its semicolon, and tells where the next begins.
    fn skip_test_item(&mut self, tokens: &[TokenTree], mut at: usize, module: &[String]) -> usize {
        let mut declares_module = false;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Ident(word) if word == "mod" => declares_module = true,
                TokenTree::Ident(name) if declares_module && is_punct(tokens, at + 1, ';') => {
                    let mut path = module.to_vec();
                    path.push(name.to_string());
                    self.test_modules.push(path);
                }
                TokenTree::Punct(punct) if punct.as_char() == ';' => return at + 1,
                TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                    // The braces of `use a::{b, c};` are not a body.
                    return if is_punct(tokens, at + 1, ';') { at + 2 } else { at + 1 };
                }
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Reads the path that continues at `at`, below `base`, and the groups of a `use`; tells where it ends.
    fn path(&mut self, tokens: &[TokenTree], mut at: usize, mut base: Vec<String>) -> usize {
        loop {
            match tokens.get(at) {
                Some(TokenTree::Ident(word)) => {
                    if word == "super" {
                        base.pop();
                    } else if word != "self" {
                        base.push(word.to_string());
                        self.word(word);
                    }
                    if is_path_sep(tokens, at + 1) {
                        at += 3;
                        continue;
                    }
                    self.mentions.push(Mention { path: base, line: word.span().start().line });
                    return at + 1;
                }
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.branches(group, &base);
                    return at + 1;
                }
                Some(other) => {
                    // `*`, or the `<` of a turbofish.
                    self.mentions.push(Mention { path: base, line: other.span().start().line });
                    return at + 1;
                }
                None => return at,
            }
        }
    }

    /// The comma-separated paths in the braces of a `use`.
    fn branches(&mut self, group: &Group, base: &[String]) {
        let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = self.path(&tokens, at, base.to_vec());
            // Over `as name`, to behind the comma.
            while at < tokens.len() && !is_punct(&tokens, at, ',') {
                at += 1;
            }
            at += 1;
        }
    }
}

/// `store/sources.rs` is `store::sources`, `store/mod.rs` is `store`, `lib.rs` is the root.
fn module_of(path: &str) -> Vec<String> {
    let mut parts: Vec<String> =
        path.strip_suffix(".rs").unwrap_or(path).split('/').map(ToOwned::to_owned).collect();
    if parts.last().is_some_and(|last| last == "mod") || parts == ["lib"] {
        parts.pop();
    }
    parts
}

/// Whether an attribute is `cfg(test)`, also within `all(…)` and `any(…)`, or `test` itself; `not(test)` is not.
fn is_for_tests(attribute: &Group) -> bool {
    let text = attribute.stream().to_string().replace(' ', "");
    text == "test"
        || text.ends_with("::test")
        || text.starts_with("cfg(") && !text.contains("not(test)") && {
            text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '"').any(|word| word == "test")
        }
}

fn is_punct(tokens: &[TokenTree], at: usize, wanted: char) -> bool {
    matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == wanted)
}

fn is_path_sep(tokens: &[TokenTree], at: usize) -> bool {
    is_punct(tokens, at, ':') && is_punct(tokens, at + 1, ':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(path: &str, text: &str) -> Vec<String> {
        Source::read(path, text).mentions.iter().map(|mention| mention.path.join("::")).collect()
    }

    #[test]
    fn every_way_to_name_a_module_is_seen() {
        assert_eq!(paths("store/a.rs", "use crate::worker::Task;"), ["worker::Task"]);
        assert_eq!(
            paths("store/a.rs", "use crate::{api::{self, door as gate}, event::*};"),
            ["api", "api::door", "event"]
        );
        assert_eq!(
            paths("store/a.rs", "fn f() -> crate::api::Answer { crate::api::ask::<u8>() }"),
            ["api::Answer", "api::ask"]
        );
        assert_eq!(paths("store/mod.rs", "use super::worker::Task;"), ["worker::Task"]);
        assert_eq!(paths("store/a.rs", "use super::super::worker;"), ["worker"]);
        assert_eq!(
            paths("store/a.rs", "mod inner { use super::b; use self::c; }"),
            ["store::a::b", "store::a::inner::c"]
        );
        assert_eq!(paths("store/a.rs", "fn f() { log!(\"{}\", crate::api::NAME); }"), ["api::NAME"]);
    }

    #[test]
    fn comments_texts_and_visibilities_name_nothing() {
        let text = "//! See [`crate::api`].\n/* crate::api::x */ pub(crate) fn f() -> &'static str { \"crate::api::x\" }";
        assert!(paths("store/a.rs", text).is_empty());
    }

    #[test]
    fn test_code_is_left_out_and_what_follows_is_not() {
        let text = "#[cfg(test)] use crate::a::{b, c}; #[cfg(test)] mod tests { use crate::api::x; } \
                    #[cfg(not(test))] use crate::worker::y; #[cfg(test)] #[path = \"t.rs\"] mod more; use crate::event::z;";
        assert_eq!(paths("store/a.rs", text), ["worker::y", "event::z"]);
        assert_eq!(Source::read("store/a.rs", text).test_modules, [["store", "a", "more"]]);
    }

    #[test]
    fn lines_are_those_of_the_file() {
        let source = Source::read("store/a.rs", "//! Doc.\n\nuse crate::api::x;\n");
        assert_eq!(source.mentions, [Mention { path: vec!["api".into(), "x".into()], line: 3 }]);
    }
}
