//! Which credential of which provider a text is, and the making of new secrets: for the providers that sign with a
//! plain text as the key.
//!
//! Nothing here repeats the text beyond a well-known prefix.

use super::SecretProblem;
use super::secret_text::{self, problem};

/// Credentials that are known by their first letters. A provider whose own secrets begin so names the prefix.
const KNOWN: &[(&str, &str)] = &[
    ("whsec_", "a signing secret of Stripe or of Standard Webhooks (`whsec_…`)"),
    ("ghp_", "a GitHub personal access token (`ghp_…`)"),
    ("github_pat_", "a GitHub personal access token (`github_pat_…`)"),
    ("gho_", "a GitHub OAuth token (`gho_…`)"),
    ("ghu_", "a GitHub app's user token (`ghu_…`)"),
    ("ghs_", "a GitHub app's installation token (`ghs_…`)"),
    ("shpss_", "a Shopify app's client secret (`shpss_…`)"),
    ("shpat_", "a Shopify access token (`shpat_…`)"),
    ("shpca_", "a Shopify access token (`shpca_…`)"),
    ("shppa_", "a Shopify access token (`shppa_…`)"),
    ("xoxb-", "a Slack bot token (`xoxb-…`)"),
    ("xoxp-", "a Slack user token (`xoxp-…`)"),
    ("xapp-", "a Slack app-level token (`xapp-…`)"),
    ("xoxe", "a Slack refresh token (`xoxe…`)"),
    ("pdl_ntfset_", "a Paddle notification destination's secret key (`pdl_ntfset_…`)"),
    ("pdl_live_apikey_", "a Paddle API key (`pdl_live_apikey_…`)"),
    ("pdl_sdbx_apikey_", "a Paddle API key (`pdl_sdbx_apikey_…`)"),
    ("ntfset_", "the id of a Paddle notification destination (`ntfset_…`)"),
    ("pat-na", "a HubSpot private app's access token (`pat-na…`)"),
    ("pat-eu", "a HubSpot private app's access token (`pat-eu…`)"),
    ("tfp_", "a Typeform personal access token (`tfp_…`)"),
    ("dG9rO", "an Intercom access token (`dG9rO…`)"),
    ("glpat-", "a GitLab personal access token (`glpat-…`)"),
    ("gldt-", "a GitLab deploy token (`gldt-…`)"),
    ("eyJ", "an API token (a JSON Web Token, `eyJ…`)"),
];

/// Checks a secret that the provider issues: no white space in it, and no credential of another kind.
///
/// `own` are prefixes of [`KNOWN`] that are right here; `wanted` says what the secret is, as the end of a sentence.
pub(super) fn check_issued(secret: &str, own: &[&str], wanted: &str) -> Result<(), SecretProblem> {
    secret_text::check(secret, wanted)?;
    check_known(secret, own, wanted)
}

/// Checks a secret that the user chose: all printable ASCII is allowed, spaces inside too.
pub(super) fn check_chosen(secret: &str, wanted: &str) -> Result<(), SecretProblem> {
    if secret.trim().is_empty() {
        return Err(problem(format!("the secret is empty; {wanted}")));
    }
    if secret.trim() != secret {
        return Err(problem("there is white space before or after the secret; paste it without"));
    }
    if secret.chars().any(char::is_control) {
        return Err(problem("the secret holds control characters, such as a line break; paste it without"));
    }
    if !secret.contains(' ') && secret.is_ascii() {
        secret_text::check(secret, wanted)?;
    }
    check_known(secret, &[], wanted)
}

fn check_known(secret: &str, own: &[&str], wanted: &str) -> Result<(), SecretProblem> {
    match KNOWN.iter().find(|(prefix, _)| secret.starts_with(prefix)) {
        Some((prefix, name)) if !own.contains(prefix) => {
            Err(problem(format!("this looks like {name}; {wanted}")))
        }
        _ => Ok(()),
    }
}

/// A new random secret of 2 × `bytes` hexadecimal digits.
pub(super) fn random_hex(bytes: usize) -> String {
    let mut random = vec![0_u8; bytes];
    rand::fill(&mut random[..]);
    hex::encode(random)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_called_by_its_name_except_where_it_is_right() {
        for (prefix, name) in KNOWN {
            let secret = format!("{prefix}0123456789abcdef");
            let problem = check_issued(&secret, &[], "Acme wants another").expect_err(prefix);
            assert!(
                problem.message.contains(name) && problem.message.ends_with("Acme wants another"),
                "{problem}"
            );
            assert!(!problem.message.contains("0123456789"), "{problem}");
            assert_eq!(check_chosen(&secret, "Acme wants another"), Err(problem));
            assert_eq!(check_issued(&secret, &[prefix], ""), Ok(()));
        }
    }

    #[test]
    fn a_chosen_secret_may_hold_spaces_and_an_issued_one_may_not() {
        assert_eq!(check_chosen("correct horse battery", ""), Ok(()));
        assert_eq!(check_chosen("größer", ""), Ok(()));
        assert!(check_issued("correct horse battery", &[], "").is_err());
        for wrong in ["", "  ", " a", "a\n", "a\u{0}b", "\"quoted\""] {
            assert!(check_chosen(wrong, "").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn random_secrets_have_two_digits_per_byte() {
        let secret = random_hex(32);
        assert_eq!(secret.len(), 64);
        assert!(secret.bytes().all(|byte| byte.is_ascii_hexdigit()));
        assert_ne!(secret, random_hex(32));
    }
}
