//! What follows from what was found. Pure.

use super::{Check, Finding, FindingAction, FindingState};
use crate::event::Timestamp;
use crate::worker::DeliveryState;

/// What is so.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) now: Timestamp,
    /// Whether the receiver takes connections.
    pub(super) listening: bool,
    /// Whether the job takes events.
    pub(super) enabled: bool,
    /// The public address, if there is one.
    pub(super) public_url: Option<String>,
    /// What a request to the job's address met.
    pub(super) reach: Reach,
    /// The provider's name for people.
    pub(super) provider_label: String,
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
    pub(super) storage_problem: Option<String>,
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

/// What a request to the job's address met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// A receiver of Hookline.
    Receiver,
    /// Something that answers otherwise.
    SomethingElse { status: u16 },
    /// Nothing.
    Failed { error: String },
    /// Something that does not answer.
    Silent { seconds: u64 },
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suspicion {
    /// It carries no signature that is known.
    Unsigned,
    /// It is signed as another provider signs.
    AnotherProvider(&'static str),
    /// The secret is right, the time is not.
    Clock { age_seconds: i64 },
    /// The secret is another one.
    WrongSecret,
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
const CAUSES: [Check; 9] = [
    Check::Receiver,
    Check::Enabled,
    Check::Storage,
    Check::Secret,
    Check::Reachable,
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
    match &facts.public_url {
        Some(url) => ok(Check::PublicUrl, format!("The public address is {url}.")),
        None => bad(
            Check::PublicUrl,
            FindingState::Warning,
            "There is no public address: only programs on this machine can send to this job.",
            "Start a tunnel, or name your own public address in the settings (`--public-url` on the command line).",
            None,
        ),
    }
}

fn reachable(facts: &Facts) -> Finding {
    let place = if facts.public_url.is_some() { "the public address" } else { "the receiver's own address" };
    let hint = if facts.public_url.is_some() {
        "Check that the tunnel or proxy runs and forwards to the receiver, paths included."
    } else {
        "Restart Hookline; a firewall on this machine can be in the way too."
    };
    let problem = |message| bad(Check::Reachable, FindingState::Problem, message, hint, None);
    match &facts.reach {
        Reach::Receiver => {
            ok(Check::Reachable, format!("A request to {place} comes back to a receiver of Hookline's."))
        }
        Reach::SomethingElse { status } => problem(format!(
            "Something else answers at {place}: status {status}, and not what Hookline answers."
        )),
        Reach::Failed { error } => problem(format!("Nothing answers at {place}: {error}.")),
        Reach::Silent { seconds } => {
            problem(format!("Nothing answered at {place} within {seconds} seconds."))
        }
    }
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
        Suspicion::WrongSecret => (
            format!(
                "Copy the signing secret from {label} into this job; test and live mode have different ones."
            ),
            FindingAction::RotateSecret,
        ),
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
        Some(problem) => bad(
            Check::Storage,
            FindingState::Problem,
            format!("Events cannot be stored, so every request is answered 503: {problem}."),
            "Make room on the disk of the data directory; `hookline check` looks for damage.",
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
