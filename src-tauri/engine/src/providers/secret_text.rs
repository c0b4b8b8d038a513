//! What a text looks like that was given as a signing secret and is none: most often another credential from the same
//! page of the provider's site.
//!
//! Nothing here repeats the text beyond a well-known prefix.

use super::SecretProblem;

/// What is known by its first letters. None of these is ever a signing secret.
const FOREIGN: &[(&str, &str)] = &[
    ("sk_live_", "a Stripe API key (`sk_live_…`)"),
    ("sk_test_", "a Stripe API key (`sk_test_…`)"),
    ("rk_live_", "a restricted Stripe API key (`rk_live_…`)"),
    ("rk_test_", "a restricted Stripe API key (`rk_test_…`)"),
    ("pk_live_", "a publishable Stripe API key (`pk_live_…`)"),
    ("pk_test_", "a publishable Stripe API key (`pk_test_…`)"),
    ("we_", "the id of a Stripe webhook endpoint (`we_…`)"),
    ("acct_", "the id of a Stripe account (`acct_…`)"),
    ("api_", "a Close API key (`api_…`)"),
    ("whsub_", "the id of a Close webhook subscription (`whsub_…`)"),
    ("whsk_", "a private key for asymmetric signatures (`whsk_…`)"),
    ("whpk_", "a public key for asymmetric signatures (`whpk_…`)"),
    ("http://", "a URL"),
    ("https://", "a URL"),
];

/// Fewer digits than this are no key of a webhook.
const SHORTEST_HEX_KEY: usize = 32;

/// A problem with this message.
pub(super) fn problem(message: impl Into<String>) -> SecretProblem {
    SecretProblem { message: message.into() }
}

/// Refuses what is no secret of any provider: nothing, white space, quotes, a masked text, another kind of credential.
/// `wanted` says what the secret is, as the end of a sentence.
pub(super) fn check(secret: &str, wanted: &str) -> Result<(), SecretProblem> {
    if secret.trim().is_empty() {
        return Err(problem(format!("the secret is empty; {wanted}")));
    }
    if secret.trim() != secret {
        return Err(problem("there is white space before or after the secret; paste it without"));
    }
    if secret.chars().any(char::is_whitespace) {
        return Err(problem(format!(
            "there is white space inside the secret: probably more than the secret was copied; {wanted}"
        )));
    }
    if secret.starts_with(['"', '\'', '`']) {
        return Err(problem("the secret stands in quotation marks; paste it without"));
    }
    if secret.contains("...") || secret.contains("***") || secret.contains(['…', '•']) {
        return Err(problem("the secret is shown shortened or hidden; reveal it first, then copy it"));
    }
    if let Some((_, name)) = FOREIGN.iter().find(|(prefix, _)| secret.starts_with(prefix)) {
        return Err(problem(format!("this looks like {name}; {wanted}")));
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(problem(format!("the secret holds characters that no secret has; {wanted}")));
    }
    Ok(())
}

/// Whether the text can be a key in hexadecimal digits, as Close's are.
pub(super) fn is_hex_key(secret: &str) -> bool {
    secret.len() >= SHORTEST_HEX_KEY
        && secret.len().is_multiple_of(2)
        && secret.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_no_secret_is_called_by_its_name() {
        let cases = [
            ("", "is empty"),
            ("   ", "is empty"),
            (" whsec_abc", "before or after"),
            ("whsec_abc\n", "before or after"),
            ("whsec_abc def", "inside"),
            ("whsec_abc\u{a0}def", "inside"),
            ("\"whsec_abc\"", "quotation marks"),
            ("whsec_abc...", "shortened"),
            ("whsec_••••••", "shortened"),
            ("sk_live_abcdef", "a Stripe API key (`sk_live_…`)"),
            ("rk_test_abcdef", "a restricted Stripe API key"),
            ("pk_live_abcdef", "a publishable Stripe API key"),
            ("we_1abcdef", "the id of a Stripe webhook endpoint"),
            ("api_3fG.abcdef", "a Close API key"),
            ("whsub_abcdef", "a Close webhook subscription"),
            ("https://example.com/hook", "a URL"),
            ("whsec_größe", "no secret has"),
            ("whsec_\u{0}", "no secret has"),
        ];
        for (secret, expected) in cases {
            let message = check(secret, "wanted is another").expect_err(secret).message;
            assert!(message.contains(expected), "{secret:?}: {message}");
            assert!(!message.contains("abc"), "{message}");
        }
        assert_eq!(check("whsec_abcdef0123456789", ""), Ok(()));
    }

    #[test]
    fn a_key_in_hexadecimal_digits_is_long_and_of_even_length() {
        assert!(is_hex_key(&"0aF9".repeat(16)));
        assert!(is_hex_key(&"0a".repeat(16)));
        assert!(!is_hex_key(&"0a".repeat(15)));
        assert!(!is_hex_key(&"0".repeat(33)));
        assert!(!is_hex_key(&"0g".repeat(16)));
    }
}
