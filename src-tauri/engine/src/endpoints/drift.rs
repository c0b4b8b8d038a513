//! In what an endpoint differs from what it should be. Pure.

use serde::{Deserialize, Serialize};

use crate::store::ProviderEndpoint;

/// In what an endpoint differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum DriftKind {
    /// It sends to another URL.
    Url,
    /// It sends other event types.
    EventTypes,
    /// It is turned off.
    Disabled,
    /// The provider has stopped sending after days of failure.
    Paused,
    /// It is not at the provider any more.
    Missing,
    /// It signs with another secret than the job's current one.
    SecretUnknown,
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = EndpointDrift)]
pub struct Drift {
    /// Which.
    pub kind: DriftKind,
    /// The same in words.
    pub message: String,
    /// Whether events of the job do not arrive or are refused because of it.
    pub harmful: bool,
}

/// All differences, the worst first. `url` is `None` while there is no public address: then none is wrong. `mark` is that
/// of the job's current secret.
pub(super) fn drift(
    endpoint: &ProviderEndpoint,
    url: Option<&str>,
    types: &[String],
    mark: Option<&str>,
) -> Vec<Drift> {
    let mut found = Vec::new();
    let mut add = |kind, harmful, message: String| found.push(Drift { kind, message, harmful });
    let Some(seen) = endpoint.seen.as_ref().filter(|seen| seen.exists) else {
        add(DriftKind::Missing, true, "It is not at the provider any more.".to_owned());
        return found;
    };
    match seen.status.as_str() {
        "paused" => add(
            DriftKind::Paused,
            true,
            "The provider has stopped sending after days of failure; what waited there is lost.".to_owned(),
        ),
        "disabled" => add(DriftKind::Disabled, true, "It is turned off at the provider.".to_owned()),
        _ => {}
    }
    if let Some(url) = url.filter(|url| *url != seen.url) {
        add(DriftKind::Url, true, format!("It sends to {} and not to {url}.", seen.url));
    }
    if endpoint.secret_mark.as_deref() != mark {
        add(
            DriftKind::SecretUnknown,
            true,
            "It does not sign with the job's current secret, and providers tell a secret only once."
                .to_owned(),
        );
    }
    if !types.is_empty() && seen.event_types != types {
        let missing = missing(&seen.event_types, types);
        let message = if missing.is_empty() {
            "It sends more event types than the job wants.".to_owned()
        } else {
            format!("It does not send all event types that the job wants: {} missing.", counted(&missing))
        };
        add(DriftKind::EventTypes, !missing.is_empty(), message);
    }
    found
}

/// The wanted types that are not sent.
fn missing<'a>(sent: &[String], wanted: &'a [String]) -> Vec<&'a str> {
    if sent.iter().any(|name| name == "*") {
        return Vec::new();
    }
    wanted.iter().filter(|name| !sent.contains(name)).map(String::as_str).collect()
}

fn counted(names: &[&str]) -> String {
    let shown = names.iter().take(3).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len() {
        0..=3 => format!("{shown} {}", if names.len() == 1 { "is" } else { "are" }),
        many => format!("{shown} and {} more are", many - 3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{JobId, Timestamp};
    use crate::store::{EndpointPhase, SeenEndpoint};

    const URL: &str = "https://hooks.example.com/api/webhooks/default/j";

    fn endpoint(seen: Option<SeenEndpoint>) -> ProviderEndpoint {
        ProviderEndpoint {
            job_id: JobId::new("j"),
            phase: EndpointPhase::Managed,
            endpoint_id: Some("we_1".to_owned()),
            url: URL.to_owned(),
            event_types: types(&["a", "b"]),
            intent: "i".to_owned(),
            others: Vec::new(),
            obsolete: Vec::new(),
            secret_mark: Some("mark".to_owned()),
            mode: None,
            seen,
            trouble: None,
            created_at: Timestamp::from_seconds(0),
            checked_at: None,
        }
    }

    fn types(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn seen(status: &str, url: &str, names: &[&str]) -> SeenEndpoint {
        SeenEndpoint {
            exists: true,
            url: url.to_owned(),
            event_types: types(names),
            status: status.to_owned(),
        }
    }

    fn found(seen: SeenEndpoint, url: Option<&str>, mark: Option<&str>) -> Vec<(DriftKind, bool)> {
        let found = drift(&endpoint(Some(seen)), url, &types(&["a", "b"]), mark);
        found.into_iter().map(|drift| (drift.kind, drift.harmful)).collect()
    }

    #[test]
    fn an_endpoint_as_it_should_be_differs_in_nothing() {
        assert_eq!(found(seen("enabled", URL, &["a", "b"]), Some(URL), Some("mark")), []);
        // Without a public address there is nothing that the URL could be compared with.
        assert_eq!(found(seen("enabled", "https://old", &["a", "b"]), None, Some("mark")), []);
    }

    #[test]
    fn each_difference_is_found() {
        let here = Some(URL);
        let mark = Some("mark");
        assert_eq!(found(seen("disabled", URL, &["a", "b"]), here, mark), [(DriftKind::Disabled, true)]);
        assert_eq!(found(seen("paused", URL, &["a", "b"]), here, mark), [(DriftKind::Paused, true)]);
        assert_eq!(found(seen("enabled", "https://old", &["a", "b"]), here, mark), [(DriftKind::Url, true)]);
        assert_eq!(found(seen("enabled", URL, &["a"]), here, mark), [(DriftKind::EventTypes, true)]);
        assert_eq!(
            found(seen("enabled", URL, &["a", "b"]), here, Some("another")),
            [(DriftKind::SecretUnknown, true)]
        );
        let gone = SeenEndpoint { exists: false, ..seen("enabled", "https://old", &[]) };
        assert_eq!(found(gone, here, Some("another")), [(DriftKind::Missing, true)]);
    }

    #[test]
    fn an_endpoint_that_sends_more_than_is_wanted_does_no_harm() {
        for more in [&["a", "b", "c"][..], &["*"]] {
            assert_eq!(
                found(seen("enabled", URL, more), Some(URL), Some("mark")),
                [(DriftKind::EventTypes, false)]
            );
        }
    }

    #[test]
    fn missing_types_are_named_but_not_all_of_many() {
        let wanted = types(&["a", "b", "c", "d", "e"]);
        let found = drift(&endpoint(Some(seen("enabled", URL, &["e"]))), None, &wanted, Some("mark"));
        assert!(found[0].message.contains("`a`, `b`, `c` and 1 more are missing"), "{found:?}");
    }
}
