//! Properties of the merge: random histories of one object, in any order, with repetitions, divided among writers.

use bson::raw::cstr;
use proptest::prelude::*;

use super::fingerprint::Fingerprint;
use super::metadata;
use super::state::{Change, Member, Origin, State, Verdict};
use crate::event::{OperationKind, Timestamp, Version};
use crate::sinks::json::Object;

/// What happened to the object, one step after another.
#[derive(Debug, Clone, Copy)]
enum Happening {
    /// One field gets this value, so long after the step before.
    Set { seconds: u8, field: u8, value: u8 },
    /// The object is deleted, and nothing else happens to it.
    Delete { seconds: u8 },
}

/// How well the provider tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Candour {
    /// Every update tells what it changed.
    Full,
    /// Some do not.
    Partial,
}

type Fields = [u8; 3];

fn object(fields: Fields) -> Object {
    let text = format!(r#"{{"id":"x","a":{},"b":{},"nested":{{"c":{}}}}}"#, fields[0], fields[1], fields[2]);
    Object::from_json(&text).expect("valid")
}

fn previous(before: Fields, after: Fields) -> Object {
    let mut parts = Vec::new();
    for (index, name) in ["a", "b"].iter().enumerate() {
        if before[index] != after[index] {
            parts.push(format!(r#""{name}":{}"#, before[index]));
        }
    }
    if before[2] != after[2] {
        parts.push(format!(r#""nested":{{"c":{}}}"#, before[2]));
    }
    Object::from_json(&format!("{{{}}}", parts.join(","))).expect("valid")
}

fn member(key: String, kind: OperationKind, object: Option<Object>, before: Option<Fingerprint>) -> Member {
    let origin = Origin {
        event_type: "thing.updated".to_owned(),
        job_id: "job".to_owned(),
        source: "stripe".to_owned(),
        received_at: Timestamp::from_millis(5),
        livemode: Some(true),
        account: None,
        api_version: Some("2026-01-01".to_owned()),
    };
    Member { key, origin, kind, before, after: None, object }
}

/// The events of a history, and its last state: the fields, or `None` when it was deleted.
fn tell(history: &[Happening], candour: Candour, salts: &[u16]) -> (Vec<Change>, Option<Fields>) {
    let mut fields: Fields = [0; 3];
    let mut at = 1_000_i64;
    let mut events = vec![Change {
        version: Version { at: Timestamp::from_seconds(at), rank: Version::CREATED },
        member: member("created".to_owned(), OperationKind::Upsert, Some(object(fields)), None),
    }];
    for (step, (happening, salt)) in history.iter().zip(salts.iter().cycle()).enumerate() {
        // Event ids are in no order.
        let key = format!("evt_{salt:05}_{step}");
        match *happening {
            Happening::Set { seconds, field, value } => {
                at += i64::from(seconds);
                let before = fields;
                fields[usize::from(field) % 3] = value;
                if before == fields {
                    continue;
                }
                let tells = candour == Candour::Full || salt % 3 != 0;
                let object = object(fields);
                let print = tells
                    .then(|| Fingerprint::before(object.as_raw(), previous(before, fields).as_raw(), true));
                // Providers send several events for one change.
                let copies = if salt % 5 == 0 { 2 } else { 1 };
                events.extend((0..copies).map(|copy| Change {
                    version: Version { at: Timestamp::from_seconds(at), rank: Version::UPDATED },
                    member: member(
                        format!("{key}_{copy}"),
                        OperationKind::Upsert,
                        Some(object.clone()),
                        print,
                    ),
                }));
            }
            Happening::Delete { seconds } => {
                at += i64::from(seconds);
                events.push(Change {
                    version: Version { at: Timestamp::from_seconds(at), rank: Version::DELETED },
                    member: member(key, OperationKind::Delete, None, None),
                });
                return (events, None);
            }
        }
    }
    (events, Some(fields))
}

/// Stores the state and reads it back, as between two batches.
fn stored(state: &State) -> State {
    let metadata = metadata::encode(state, Timestamp::from_millis(9));
    metadata::decode(&metadata, state.head().object.clone()).expect("what was written is read back")
}

/// What of a state must not depend on the order: the computed fingerprints of lone members may or may not be there yet.
fn essence(state: &State) -> (Version, String, bool, Vec<String>, Option<Object>) {
    (
        state.version(),
        state.head().key.clone(),
        state.is_ambiguous(),
        state.members().map(|member| member.key.clone()).collect(),
        state.head().object.clone(),
    )
}

fn merge(changes: &[Change], batch: usize) -> State {
    let mut state: Option<State> = None;
    for batch in changes.chunks(batch.max(1)) {
        for change in batch {
            match &mut state {
                Some(state) => {
                    state.absorb(change);
                }
                none => *none = Some(State::of(change.clone())),
            }
        }
        state = state.as_ref().map(stored);
    }
    state.expect("at least one change")
}

fn histories() -> impl Strategy<Value = Vec<Happening>> {
    let set = (prop_oneof![4 => Just(0_u8), 1 => Just(1_u8)], 0..3_u8, 0..3_u8)
        .prop_map(|(seconds, field, value)| Happening::Set { seconds, field, value });
    let delete = (0..2_u8).prop_map(|seconds| Happening::Delete { seconds });
    proptest::collection::vec(prop_oneof![20 => set, 1 => delete], 1..14)
}

/// An order of arrival: places of events, some of them several times, each at least once.
fn arrivals(events: usize, seeds: &[u32]) -> Vec<usize> {
    let mut order: Vec<(u32, usize)> = (0..events * 2)
        .filter(|at| *at < events || seeds[at % seeds.len()].is_multiple_of(4))
        .map(|at| (seeds[at % seeds.len()].rotate_left(at as u32), at % events))
        .collect();
    order.sort_unstable();
    order.into_iter().map(|(_, event)| event).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]

    #[test]
    fn any_order_with_repetitions_in_any_batches_ends_in_the_same_state(
        history in histories(),
        salts in proptest::collection::vec(any::<u16>(), 20),
        seeds in proptest::collection::vec(proptest::collection::vec(any::<u32>(), 40), 3),
        batches in proptest::collection::vec(1..8_usize, 3),
        full in any::<bool>(),
    ) {
        let candour = if full { Candour::Full } else { Candour::Partial };
        let (events, _) = tell(&history, candour, &salts);
        let expected = essence(&merge(&events, 3));
        for (seeds, batch) in seeds.iter().zip(batches) {
            let changes: Vec<Change> =
                arrivals(events.len(), seeds).into_iter().map(|at| events[at].clone()).collect();
            prop_assert_eq!(&essence(&merge(&changes, batch)), &expected);
        }
    }

    #[test]
    fn a_complete_chain_ends_in_the_true_last_state_unless_it_says_that_it_is_ambiguous(
        history in histories(),
        salts in proptest::collection::vec(any::<u16>(), 20),
        seeds in proptest::collection::vec(any::<u32>(), 40),
        batch in 1..8_usize,
    ) {
        let (events, last) = tell(&history, Candour::Full, &salts);
        let changes: Vec<Change> =
            arrivals(events.len(), &seeds).into_iter().map(|at| events[at].clone()).collect();
        let state = merge(&changes, batch);
        match last {
            None => prop_assert!(state.is_deleted()),
            Some(fields) => {
                prop_assert!(!state.is_deleted());
                if state.is_ambiguous() {
                    // Only a change that led back to an earlier state of the same second leaves a doubt.
                    let last = Fingerprint::of(object(fields).as_raw());
                    let returned = events.iter().any(|change| {
                        change.version == state.version() && change.member.before == Some(last)
                    });
                    prop_assert!(returned, "the last state was left once and reached again");
                } else {
                    prop_assert_eq!(state.head().object.clone(), Some(object(fields)));
                }
            }
        }
    }

    #[test]
    fn two_writers_that_saw_different_events_agree_once_their_states_are_joined(
        history in histories(),
        salts in proptest::collection::vec(any::<u16>(), 20),
        division in proptest::collection::vec(any::<bool>(), 40),
    ) {
        let (all, _) = tell(&history, Candour::Partial, &salts);
        let side = |wanted: bool| {
            let changes: Vec<Change> = all
                .iter()
                .zip(&division)
                .filter(|(_, side)| **side == wanted)
                .map(|(change, _)| change.clone())
                .collect();
            (!changes.is_empty()).then(|| merge(&changes, 2))
        };
        if let (Some(one), Some(other)) = (side(true), side(false)) {
            let expected = essence(&merge(&all, 4));
            prop_assert_eq!(&essence(&one.clone().union(other.clone())), &expected);
            prop_assert_eq!(&essence(&other.union(one)), &expected);
        }
    }
}

fn update(key: &str, fields: Fields, before: Option<Fields>) -> Change {
    let object = object(fields);
    let print =
        before.map(|before| Fingerprint::before(object.as_raw(), previous(before, fields).as_raw(), true));
    Change {
        version: Version { at: Timestamp::from_seconds(1), rank: Version::UPDATED },
        member: member(key.to_owned(), OperationKind::Upsert, Some(object), print),
    }
}

#[test]
fn a_late_event_is_stale_and_names_the_winner_and_a_repeated_one_is_applied() {
    let mut state = State::of(update("evt_2", [1, 0, 0], None));
    let mut older = update("evt_1", [0, 0, 0], None);
    older.version.rank = Version::CREATED;
    assert_eq!(state.absorb(&older), Verdict::Stale { winner: "evt_2".to_owned() });
    let before = state.clone();
    assert_eq!(state.absorb(&update("evt_2", [1, 0, 0], None)), Verdict::Applied);
    assert_eq!(state, before);
}

#[test]
fn a_missing_link_is_ambiguous_until_it_arrives() {
    let mut state = State::of(update("evt_b", [1, 0, 0], Some([0, 0, 0])));
    state.absorb(&update("evt_a", [3, 0, 0], Some([2, 0, 0])));
    assert!(state.is_ambiguous());
    assert_eq!(state.head().key, "evt_a", "the smallest event id decides");
    let mut state = stored(&state);
    state.absorb(&update("evt_c", [2, 0, 0], Some([1, 0, 0])));
    assert!(!state.is_ambiguous());
    assert_eq!(state.head().object, Some(object([3, 0, 0])));
}

#[test]
fn more_events_in_one_second_than_objects_are_kept_of_still_end_in_the_last_one() {
    let chain: Vec<Change> = (1..=200_u8)
        .map(|n| update(&format!("evt_{}", 999 - i32::from(n)), [n, 0, 0], Some([n - 1, 0, 0])))
        .collect();
    let mut shuffled: Vec<&Change> = chain.iter().rev().collect();
    shuffled.rotate_left(77);
    let mut state = State::of(shuffled[0].clone());
    for change in &shuffled[1..] {
        state.absorb(change);
        state = stored(&state);
    }
    assert!(!state.is_ambiguous());
    assert_eq!(state.head().object, Some(object([200, 0, 0])));
    assert!(
        state.members().filter(|member| member.object.is_some()).count() <= super::state::MAX_TIE_MEMBERS
    );
}

#[test]
fn metadata_of_other_programs_tells_nothing() {
    let mut foreign = bson::RawDocumentBuf::new();
    foreign.append(cstr!("version"), 3_i32);
    assert_eq!(metadata::decode(&foreign, None), None);
}
