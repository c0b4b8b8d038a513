//! What follows from what was found. Pure.

use std::sync::Arc;

use super::doctor::{BodyChange, Cause, SecretForm};
use super::endpoint::{self, EndpointFact};
use super::{Check, Finding, FindingAction, FindingState};
use crate::event::Timestamp;
use crate::tunnel::proof::Proof;
use crate::tunnel::{TunnelKind, TunnelState, TunnelStatus};
use crate::worker::DeliveryState;

/// What is so.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) now: Timestamp,
    /// Whether the receiver takes connections.
    pub(super) listening: bool,
    /// Whether the job takes events.
    pub(super) enabled: bool,
    /// How the tunnel is.
    pub(super) tunnel: Arc<TunnelStatus>,
    /// What a request to the public address met; to the receiver's own where there is none.
    pub(super) proof: Proof,
    /// The provider's name for people.
    pub(super) provider_label: String,
    /// Whether the provider's test mode and live mode have secrets of their own.
    pub(super) provider_has_modes: bool,
    /// How the endpoint at the provider stands.
    pub(super) endpoint: EndpointFact,
    /// The event types that the job selects; all when empty.
    pub(super) patterns: Vec<String>,
    /// Those of them that match no known type.
    pub(super) unknown_patterns: Vec<String>,
    /// What the selection filtered out of the newest events of the last 24 hours.
    pub(super) filtered: Filtered,
    /// Why no signature can be checked.
    pub(super) secret_problem: Option<String>,
    /// Requests refused in the last 24 hours.
    pub(super) rejected_in_day: u64,
    /// The newest of them, if it is still there.
    pub(super) last_rejection: Option<LastRejection>,
    /// What the delivery is doing.
    pub(super) delivery: DeliveryState,
    /// Why nothing can be stored.
    pub(super) storage_problem: Option<(String, &'static str)>,
    /// When the last event came in.
    pub(super) last_received_at: Option<Timestamp>,
}

/// What a job's selection filtered out of its newest events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Filtered {
    /// Whether nothing was left over.
    pub(super) all: bool,
    /// The types of those that were filtered out.
    pub(super) types: Vec<String>,
}

/// The newest request that was refused.
#[derive(Debug, Clone)]
pub(super) struct LastRejection {
    pub(super) at: Timestamp,
    /// Why, in words.
    pub(super) error: String,
    pub(super) suspicion: Suspicion,
}

/// What probably is the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// It carries no signature that is known.
    Unsigned,
    /// It is signed as another provider signs.
    AnotherProvider(&'static str),
    /// The secret is right, the time is not.
    Clock { age_seconds: i64 },
    /// The secret is another one.
    WrongSecret,
    /// What the signature doctor found.
    Cause(Cause),
    /// The signature is right, the body is no event of the provider.
    Unreadable,
    /// Today it would fit: the secret was set since.
    Over,
}

/// All findings in their order, and the likeliest cause in one sentence.
pub(super) fn judge(facts: &Facts) -> (Vec<Finding>, String) {
    let findings = vec![
        receiver(facts),
        enabled(facts),
        public_url(facts),
        reachable(facts),
        endpoint::judge(&facts.endpoint, &facts.provider_label),
        event_types(facts),
        secret(facts),
        rejections(facts),
        destination(facts),
        storage(facts),
        last_event(facts),
    ];
    let summary = summary(&findings);
    (findings, summary)
}

/// Which cause goes before others that are as bad: what comes first on an event's way.
const CAUSES: [Check; 10] = [
    Check::Receiver,
    Check::Enabled,
    Check::Storage,
    Check::Secret,
    Check::Reachable,
    Check::Endpoint,
    Check::Rejections,
    Check::EventTypes,
    Check::Destination,
    Check::PublicUrl,
];

fn summary(findings: &[Finding]) -> String {
    let of = |check: Check| findings.iter().find(|finding| finding.check == check);
    for state in [FindingState::Problem, FindingState::Warning] {
        let cause = CAUSES.into_iter().filter_map(of).find(|finding| finding.state == state);
        if let Some(cause) = cause {
            return cause.message.clone();
        }
    }
    match of(Check::LastEvent) {
        Some(last) if last.state == FindingState::Ok => format!("Everything works. {}", last.message),
        _ => "Everything is ready, but no event was ever sent here.".to_owned(),
    }
}

fn ok(check: Check, message: impl Into<String>) -> Finding {
    Finding { check, state: FindingState::Ok, message: message.into(), hint: None, action: None }
}

fn bad(
    check: Check,
    state: FindingState,
    message: impl Into<String>,
    hint: impl Into<String>,
    action: Option<FindingAction>,
) -> Finding {
    Finding { check, state, message: message.into(), hint: Some(hint.into()), action }
}

fn receiver(facts: &Facts) -> Finding {
    if facts.listening {
        return ok(Check::Receiver, "The receiver listens.");
    }
    bad(
        Check::Receiver,
        FindingState::Problem,
        "The receiver takes no connections.",
        "Restart Hookline; the log tells why it stopped listening.",
        None,
    )
}

fn enabled(facts: &Facts) -> Finding {
    if facts.enabled {
        return ok(Check::Enabled, "The job takes events.");
    }
    bad(
        Check::Enabled,
        FindingState::Problem,
        "The job is paused: every request is answered 403.",
        "Resume the job.",
        Some(FindingAction::Resume),
    )
}

fn public_url(facts: &Facts) -> Finding {
    let check = Check::PublicUrl;
    let tunnel = &facts.tunnel;
    let told = |state, what: &str| {
        let label = tunnel.kind.label();
        let reason = tunnel.trouble.as_ref().map(|trouble| format!(": {}", trouble.reason));
        let remedy = tunnel.trouble.as_ref().and_then(|trouble| trouble.remedy.clone());
        let remedy = remedy.unwrap_or_else(|| "It is tried again by itself.".to_owned());
        bad(check, state, format!("The tunnel ({label}) {what}{}.", reason.unwrap_or_default()), remedy, None)
    };
    match (tunnel.state, &tunnel.public_url) {
        (TunnelState::Refused, _) => told(FindingState::Problem, "is refused"),
        // An address of the user's own is there whether or not it leads here, which the next finding says.
        (TunnelState::Connecting, _) if tunnel.kind != TunnelKind::OwnUrl => {
            told(FindingState::Problem, "is not connected")
        }
        (_, Some(url)) => ok(check, format!("The public address is {}.", url.as_str().trim_end_matches('/'))),
        (_, None) => bad(
            check,
            FindingState::Warning,
            "There is no public address: only programs on this machine can send to this job.",
            "Start a tunnel: in the settings, or with `hookline tunnel start`.",
            None,
        ),
    }
}

fn reachable(facts: &Facts) -> Finding {
    let is_public = facts.tunnel.public_url.is_some();
    let place = if is_public { "the public address" } else { "the receiver's own address" };
    match &facts.proof {
        Proof::Came(_) => ok(Check::Reachable, format!("A request to {place} comes back to this receiver.")),
        Proof::Wrong { trouble, .. } | Proof::Nothing(trouble) => {
            let hint = trouble.remedy.clone().filter(|_| is_public).unwrap_or_else(|| {
                "Restart Hookline; a firewall on this machine can be in the way too.".to_owned()
            });
            let reason = capitalised(&trouble.reason);
            bad(Check::Reachable, FindingState::Problem, format!("{reason}."), hint, None)
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn event_types(facts: &Facts) -> Finding {
    let check = Check::EventTypes;
    if facts.patterns.is_empty() {
        return ok(check, "The job takes all event types.");
    }
    let hint =
        "Select the types in the job's settings; the events that were filtered out can then be replayed.";
    let action = Some(FindingAction::EditJob);
    let types = shown(&facts.filtered.types);
    if facts.filtered.all {
        let message = format!("All recent events were filtered out by the job's event types: {types}.");
        return bad(check, FindingState::Problem, message, hint, action);
    }
    if facts.unknown_patterns.len() == facts.patterns.len() {
        let message = format!(
            "None of the selected event types is known to be sent by {}: {}.",
            facts.provider_label,
            shown(&facts.unknown_patterns)
        );
        return bad(check, FindingState::Warning, message, "Check their spelling.", action);
    }
    if !facts.filtered.types.is_empty() {
        return ok(check, format!("Some events were filtered out by the job's event types: {types}."));
    }
    ok(check, format!("The job takes {}.", shown(&facts.patterns)))
}

fn secret(facts: &Facts) -> Finding {
    match &facts.secret_problem {
        None => ok(Check::Secret, "There is a signing secret."),
        Some(problem) => bad(
            Check::Secret,
            FindingState::Problem,
            format!("No signature can be checked: {problem}."),
            "Set the signing secret again.",
            Some(FindingAction::RotateSecret),
        ),
    }
}

fn rejections(facts: &Facts) -> Finding {
    let check = Check::Rejections;
    let Some(LastRejection { at, error, suspicion }) = &facts.last_rejection else {
        return ok(check, "No request was refused in the last 24 hours.");
    };
    let how_many = match facts.rejected_in_day {
        0 | 1 => "One request was refused in the last 24 hours".to_owned(),
        many => format!("{many} requests were refused in the last 24 hours"),
    };
    let message = format!("{how_many}, the last one {} ago: {error}.", span(*at, facts.now));
    let label = &facts.provider_label;
    let (hint, action) = match suspicion {
        Suspicion::AnotherProvider(other) => (
            format!("It is signed as {other} signs: is this job's URL entered there? The job wants {label}."),
            FindingAction::ShowRejected,
        ),
        Suspicion::Unsigned => (
            format!(
                "It carries no signature of {label}: either another program sent it, or the provider was given no secret."
            ),
            FindingAction::ShowRejected,
        ),
        Suspicion::Clock { age_seconds } => (
            format!(
                "The secret is right, but the time is off by {age_seconds} seconds: set this machine's clock."
            ),
            FindingAction::ShowRejected,
        ),
        Suspicion::Cause(cause) => advice(cause, label),
        Suspicion::WrongSecret if matches!(facts.endpoint, EndpointFact::Managed { .. }) => (
            format!(
                "Hookline has set up the endpoint at {label}: bring it into line, which gives it a secret that this job knows. If it is in line already, another endpoint there sends to this job's URL: delete that one."
            ),
            FindingAction::MendEndpoint,
        ),
        Suspicion::WrongSecret => {
            let modes =
                if facts.provider_has_modes { "; test and live mode have different ones" } else { "" };
            (
                format!("Copy the signing secret from {label} into this job{modes}."),
                FindingAction::RotateSecret,
            )
        }
        Suspicion::Unreadable => (
            format!("The secret is right, but what was sent is no event of {label}: look at its body."),
            FindingAction::ShowRejected,
        ),
        Suspicion::Over => (
            "The secret fits by now: let the provider send the event again.".to_owned(),
            FindingAction::ShowRejected,
        ),
    };
    // Once an event came in after it, whatever was wrong need not be so any more.
    let since =
        facts.last_received_at.is_some_and(|received| received > *at) || *suspicion == Suspicion::Over;
    let state = if since { FindingState::Warning } else { FindingState::Problem };
    bad(check, state, message, hint, Some(action))
}

fn destination(facts: &Facts) -> Finding {
    let check = Check::Destination;
    match &facts.delivery {
        DeliveryState::Running { .. } => ok(check, "The destination takes what comes in."),
        DeliveryState::Paused if facts.enabled => ok(check, "The delivery is starting."),
        DeliveryState::Paused => ok(check, "The delivery is paused with the job."),
        DeliveryState::WaitingForDestination { since, error, .. } => bad(
            check,
            FindingState::Problem,
            format!("Events have been waiting for the destination for {}: {error}.", span(*since, facts.now)),
            "Nothing is lost: they are delivered as soon as it can be reached. Check that it runs.",
            Some(FindingAction::CheckDestination),
        ),
        DeliveryState::Blocked { since, error, hint, .. } => bad(
            check,
            FindingState::Problem,
            format!("The destination has been refusing events for {}: {error}.", span(*since, facts.now)),
            hint.clone(),
            Some(FindingAction::CheckDestination),
        ),
    }
}

fn storage(facts: &Facts) -> Finding {
    match &facts.storage_problem {
        None => ok(Check::Storage, "Events can be stored."),
        Some((problem, hint)) => bad(
            Check::Storage,
            FindingState::Problem,
            format!("Events cannot be stored, so every request is answered 503: {problem}."),
            *hint,
            None,
        ),
    }
}

fn last_event(facts: &Facts) -> Finding {
    match facts.last_received_at {
        Some(at) => ok(Check::LastEvent, format!("The last event came in {} ago.", span(at, facts.now))),
        None => bad(
            Check::LastEvent,
            FindingState::Warning,
            "No event ever came in.",
            format!(
                "Send a test webhook; if it arrives, enter the job's URL at {} and let it send one.",
                facts.provider_label
            ),
            None,
        ),
    }
}

/// What to do about what the signature doctor found, and what would help.
fn advice(cause: &Cause, label: &str) -> (String, FindingAction) {
    let shown = FindingAction::ShowRejected;
    match cause {
        Cause::OtherJob { name } => (
            format!(
                "It fits the secret of the job `{name}`: {label} has the address of this job where that one's belongs, or this job was given the other's secret."
            ),
            FindingAction::RotateSecret,
        ),
        Cause::SecretForm(form) => {
            let how = match form {
                SecretForm::Trimmed => "without the white space around it",
                SecretForm::Unquoted => "without the quotation marks around it",
                SecretForm::WithPrefix => "with `whsec_` before it",
                SecretForm::WithoutPrefix => "without the `whsec_` before it",
                SecretForm::FromHex => "decoded: it was given in hexadecimal digits",
                SecretForm::FromBase64 => "decoded: it was given in base64",
                SecretForm::Plain => "encoded: it was given as plain text",
            };
            let hint = format!(
                "It fits this job's secret {how}. Set the secret again, exactly as {label} shows it."
            );
            (hint, FindingAction::RotateSecret)
        }
        Cause::BodyChanged(change) => {
            let what = match change {
                BodyChange::NewlineAdded => "added a line break at its end",
                BodyChange::NewlineRemoved => "took away the line break at its end",
                BodyChange::LineBreaks => "changed its line breaks",
                BodyChange::Rewritten => "read the JSON and wrote it anew",
            };
            let hint = format!(
                "The secret is right, but something on the way changed the body: a proxy or relay {what}. It has to pass the body on byte for byte."
            );
            (hint, shown)
        }
        Cause::OtherUrl { url } => (
            format!(
                "The secret is right, but {label} signs the address too, and signed {url}: that has to be the public address here, or the proxy has to pass the host and the scheme on."
            ),
            shown,
        ),
        Cause::OtherMode { live } => {
            let (this, usual) = if *live { ("live", "test") } else { ("test", "live") };
            let hint = format!(
                "It is an event of {this} mode, and this job's events are of {usual} mode: test and live mode have different secrets. Make a job of its own for {this} mode."
            );
            (hint, shown)
        }
    }
}

/// The first few names, quoted.
fn shown(names: &[String]) -> String {
    const SHOWN: usize = 3;
    let text = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => text,
        more => format!("{text} and {more} more"),
    }
}

/// How long it is between two times, in one unit.
fn span(from: Timestamp, to: Timestamp) -> String {
    let seconds = to.seconds().saturating_sub(from.seconds()).max(0);
    let (number, unit) = match seconds {
        0..=99 => (seconds, "second"),
        100..=5_999 => (seconds / 60, "minute"),
        6_000..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests;
