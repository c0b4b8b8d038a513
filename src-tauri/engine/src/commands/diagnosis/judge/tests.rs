//! What follows from what is so.

use std::time::Duration;

use super::*;
use crate::tunnel::{Trouble, TunnelKind};

const NOW: Timestamp = Timestamp::from_seconds(1_735_689_600);

fn online() -> TunnelStatus {
    TunnelStatus {
        kind: TunnelKind::Ngrok,
        state: TunnelState::Online,
        public_url: Some("https://hooks.example.com".parse().expect("is a URL")),
        ..TunnelStatus::default()
    }
}

fn trouble() -> Trouble {
    Trouble::new("nothing answers at the public address").with_remedy("Check the network.")
}

fn refused_tunnel() -> TunnelStatus {
    let trouble = Trouble::new("the authtoken is wrong").with_remedy("Copy it anew.");
    TunnelStatus { state: TunnelState::Refused, public_url: None, trouble: Some(trouble), ..online() }
}

/// All is well, and an event came in five minutes ago.
fn well() -> Facts {
    Facts {
        now: NOW,
        listening: true,
        enabled: true,
        tunnel: Arc::new(online()),
        proof: Proof::Came(Duration::from_millis(40)),
        provider_label: "Stripe".to_owned(),
        provider_has_modes: true,
        endpoint: EndpointFact::ByHand,
        patterns: Vec::new(),
        unknown_patterns: Vec::new(),
        filtered: Filtered::default(),
        secret_problem: None,
        rejected_in_day: 0,
        last_rejection: None,
        delivery: DeliveryState::Running { in_flight: 0 },
        storage_problem: None,
        last_received_at: Some(NOW.plus_millis(-300_000)),
    }
}

fn finding(facts: &Facts, check: Check) -> Finding {
    judge(facts).0.into_iter().find(|finding| finding.check == check).expect("is looked at")
}

fn refused(suspicion: Suspicion, minutes_ago: i64) -> Facts {
    let last_rejection = Some(LastRejection {
        at: NOW.plus_millis(-minutes_ago * 60_000),
        error: "the signature fits none".to_owned(),
        suspicion,
    });
    Facts { rejected_in_day: 14, last_rejection, ..well() }
}

#[test]
fn where_all_is_well_the_summary_says_when_the_last_event_came_in() {
    let (findings, summary) = judge(&well());
    assert_eq!(findings.len(), 11);
    assert!(findings.iter().all(|finding| finding.state == FindingState::Ok), "{findings:?}");
    assert_eq!(summary, "Everything works. The last event came in 5 minutes ago.");
    let never = Facts { last_received_at: None, ..well() };
    assert_eq!(judge(&never).1, "Everything is ready, but no event was ever sent here.");
    assert!(finding(&never, Check::LastEvent).hint.expect("a hint").contains("Send a test webhook"));
}

#[test]
fn every_problem_is_a_finding_with_a_hint_and_the_summary() {
    let cases = [
        (Facts { listening: false, ..well() }, Check::Receiver, None),
        (Facts { enabled: false, ..well() }, Check::Enabled, Some(FindingAction::Resume)),
        (
            Facts { proof: Proof::Wrong { status: 502, another: false, trouble: trouble() }, ..well() },
            Check::Reachable,
            None,
        ),
        (Facts { proof: Proof::Nothing(trouble()), ..well() }, Check::Reachable, None),
        (Facts { tunnel: Arc::new(refused_tunnel()), ..well() }, Check::PublicUrl, None),
        (
            Facts { secret_problem: Some("it is missing".to_owned()), ..well() },
            Check::Secret,
            Some(FindingAction::RotateSecret),
        ),
        (refused(Suspicion::WrongSecret, 1), Check::Rejections, Some(FindingAction::RotateSecret)),
        (
            Facts { storage_problem: Some(("there is no room".to_owned(), "make room")), ..well() },
            Check::Storage,
            None,
        ),
        (
            Facts {
                delivery: DeliveryState::WaitingForDestination {
                    since: NOW.plus_millis(-7_200_000),
                    error: "connection refused".to_owned(),
                    next_try_at: NOW,
                },
                ..well()
            },
            Check::Destination,
            Some(FindingAction::CheckDestination),
        ),
    ];
    for (facts, check, action) in cases {
        let (findings, summary) = judge(&facts);
        let bad: Vec<_> = findings.iter().filter(|found| found.state == FindingState::Problem).collect();
        assert_eq!(bad.len(), 1, "{findings:?}");
        assert_eq!((bad[0].check, bad[0].action), (check, action));
        assert!(bad[0].hint.is_some());
        assert_eq!(summary, bad[0].message);
    }
}

#[test]
fn the_cause_that_lies_first_on_the_way_is_named_first() {
    let facts = Facts { enabled: false, tunnel: Arc::default(), ..refused(Suspicion::WrongSecret, 1) };
    assert!(judge(&facts).1.contains("paused"));
    let facts = Facts { enabled: true, ..facts };
    assert!(judge(&facts).1.starts_with("14 requests were refused in the last 24 hours"));
    let facts = Facts { last_rejection: None, ..facts };
    assert!(judge(&facts).1.starts_with("There is no public address"));
}

#[test]
fn a_refusal_says_what_is_probably_wrong() {
    for (suspicion, expected) in [
        (Suspicion::AnotherProvider("GitHub"), "signed as GitHub signs"),
        (Suspicion::Unsigned, "no signature of Stripe"),
        (Suspicion::Clock { age_seconds: 4000 }, "off by 4000 seconds"),
        (Suspicion::Cause(Cause::OtherJob { name: "Other".to_owned() }), "secret of the job `Other`"),
        (Suspicion::Cause(Cause::SecretForm(SecretForm::FromHex)), "given in hexadecimal digits"),
        (Suspicion::Cause(Cause::BodyChanged(BodyChange::Rewritten)), "wrote it anew"),
        (Suspicion::Cause(Cause::OtherUrl { url: "http://x/".to_owned() }), "signed http://x/"),
        (Suspicion::Cause(Cause::OtherMode { live: true }), "test and live mode have different secrets"),
        (Suspicion::WrongSecret, "Copy the signing secret from Stripe"),
        (Suspicion::Unreadable, "no event of Stripe"),
        (Suspicion::Over, "fits by now"),
    ] {
        let found = finding(&refused(suspicion, 1), Check::Rejections);
        assert!(found.hint.as_deref().expect("a hint").contains(expected), "{found:?}");
    }
}

#[test]
fn what_helps_against_a_wrong_secret_is_what_the_provider_and_the_job_know() {
    let rejections = |facts: &Facts| finding(facts, Check::Rejections);
    let by_hand = rejections(&refused(Suspicion::WrongSecret, 1));
    assert!(by_hand.hint.as_deref().is_some_and(|hint| hint.contains("test and live mode")), "{by_hand:?}");
    let label = "GitLab".to_owned();
    let gitlab =
        Facts { provider_label: label, provider_has_modes: false, ..refused(Suspicion::WrongSecret, 1) };
    let gitlab = rejections(&gitlab);
    assert_eq!(gitlab.hint.as_deref(), Some("Copy the signing secret from GitLab into this job."));
    // Whoever replaces the secret of a job whose endpoint Hookline made only makes it worse.
    let endpoint = EndpointFact::Managed { drift: Vec::new(), trouble: None, unasked: None };
    let managed = rejections(&Facts { endpoint, ..refused(Suspicion::WrongSecret, 1) });
    assert_eq!(managed.action, Some(FindingAction::MendEndpoint));
    let other_mode = Suspicion::Cause(Cause::OtherMode { live: false });
    assert_eq!(rejections(&refused(other_mode, 1)).action, Some(FindingAction::ShowRejected));
}

#[test]
fn a_refusal_is_no_problem_any_more_once_events_came_in_after_it() {
    assert_eq!(finding(&refused(Suspicion::WrongSecret, 4), Check::Rejections).state, FindingState::Problem);
    assert_eq!(finding(&refused(Suspicion::WrongSecret, 6), Check::Rejections).state, FindingState::Warning);
}

#[test]
fn event_types_that_leave_nothing_over_are_a_problem() {
    let some = Facts {
        patterns: vec!["invoice.*".to_owned()],
        filtered: Filtered { all: false, types: ["a", "b", "c", "d"].map(str::to_owned).to_vec() },
        ..well()
    };
    assert_eq!(finding(&some, Check::EventTypes).state, FindingState::Ok);
    let all = Facts { filtered: Filtered { all: true, ..some.filtered.clone() }, ..some.clone() };
    let found = finding(&all, Check::EventTypes);
    assert_eq!((found.state, found.action), (FindingState::Problem, Some(FindingAction::EditJob)));
    assert!(found.message.contains("`a`, `b`, `c` and 1 more"), "{found:?}");
    let misspelt =
        Facts { unknown_patterns: vec!["invoice.*".to_owned()], filtered: Filtered::default(), ..some };
    assert_eq!(finding(&misspelt, Check::EventTypes).state, FindingState::Warning);
}

#[test]
fn spans_are_told_in_one_unit() {
    for (seconds, expected) in [
        (0, "0 seconds"),
        (1, "1 second"),
        (99, "99 seconds"),
        (100, "1 minute"),
        (5_999, "99 minutes"),
        (7_200, "2 hours"),
        (200_000, "2 days"),
        (-5, "0 seconds"),
    ] {
        assert_eq!(span(NOW, NOW.plus_millis(seconds * 1000)), expected);
    }
}
