//! Which of several states of one point in time is the last one.
//!
//! States are nodes, and every event that tells the state before it is an edge from that state to its own. The changes
//! of one object are a trail through this graph, and its end is the state that no event leads away from. When the value went
//! there and back and the end was left once too, it is the one node that more edges lead to than away from, as long as the
//! trail does not close. Equal edges count once there: providers send several events for one change. A change that was
//! really made twice looks the same, so then the answer is in doubt.

use std::collections::{BTreeMap, BTreeSet};

use super::fingerprint::Fingerprint;

/// The states that can be the last one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Heads {
    /// At least one where there is any state at all.
    pub(super) candidates: BTreeSet<Fingerprint>,
    /// Whether the events do not tell for sure which one it is.
    pub(super) ambiguous: bool,
}

/// Takes for each event the state before it, where it tells it, and the state after it.
pub(super) fn heads(events: impl Iterator<Item = (Option<Fingerprint>, Fingerprint)>) -> Heads {
    let mut witnessed = BTreeSet::new();
    let mut edges = BTreeSet::new();
    let mut repeated = false;
    for (before, after) in events {
        witnessed.insert(after);
        if let Some(before) = before.filter(|before| *before != after) {
            repeated |= !edges.insert((before, after));
        }
    }
    let left: BTreeSet<Fingerprint> = edges.iter().map(|(before, _)| *before).collect();
    let ends: BTreeSet<Fingerprint> = witnessed.difference(&left).copied().collect();
    if !ends.is_empty() {
        return Heads { ambiguous: ends.len() > 1, candidates: ends };
    }
    // Edges that lead to a node, less those that lead away.
    let mut balance: BTreeMap<Fingerprint, i64> = BTreeMap::new();
    for (before, after) in &edges {
        *balance.entry(*before).or_default() -= 1;
        *balance.entry(*after).or_default() += 1;
    }
    let ends: BTreeSet<Fingerprint> = witnessed
        .iter()
        .copied()
        .filter(|node| balance.get(node).is_some_and(|balance| *balance > 0))
        .collect();
    if ends.is_empty() {
        // The trails are closed: each of their states can be the last one.
        return Heads { ambiguous: witnessed.len() > 1, candidates: witnessed };
    }
    Heads { ambiguous: repeated || ends.len() > 1, candidates: ends }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str) -> Fingerprint {
        Fingerprint::unknown(name)
    }

    fn heads_of(edges: &[(&str, &str)]) -> BTreeSet<Fingerprint> {
        heads(edges.iter().map(|(before, after)| ((!before.is_empty()).then(|| node(before)), node(after))))
            .candidates
    }

    fn nodes(names: &[&str]) -> BTreeSet<Fingerprint> {
        names.iter().map(|name| node(name)).collect()
    }

    #[test]
    fn the_last_state_is_the_one_that_no_event_leads_away_from() {
        assert_eq!(heads_of(&[("a", "b"), ("b", "c")]), nodes(&["c"]));
        assert_eq!(heads_of(&[("b", "c"), ("a", "b"), ("b", "c")]), nodes(&["c"]));
        assert_eq!(heads_of(&[("", "a")]), nodes(&["a"]));
        assert_eq!(heads_of(&[("a", "a")]), nodes(&["a"]));
    }

    #[test]
    fn a_value_that_went_there_and_back_and_on_still_ends_where_it_ends() {
        assert_eq!(heads_of(&[("a", "b"), ("b", "a"), ("a", "c")]), nodes(&["c"]));
        assert_eq!(heads_of(&[("a", "b"), ("b", "a"), ("a", "b"), ("b", "c")]), nodes(&["c"]));
        assert_eq!(heads_of(&[("s", "a"), ("a", "b"), ("b", "a")]), nodes(&["a"]));
        assert_eq!(heads_of(&[("s", "a"), ("a", "b"), ("b", "a"), ("a", "b"), ("b", "c")]), nodes(&["c"]));
    }

    #[test]
    fn a_change_that_may_have_been_made_twice_leaves_a_doubt() {
        let told = |edges: &[(&str, &str)]| {
            heads(edges.iter().map(|(before, after)| (Some(node(before)), node(after)))).ambiguous
        };
        assert!(!told(&[("s", "a"), ("a", "b"), ("b", "a")]));
        assert!(told(&[("s", "a"), ("a", "b"), ("b", "a"), ("a", "b")]));
    }

    #[test]
    fn a_missing_link_or_a_closed_circle_leaves_several_candidates() {
        assert_eq!(heads_of(&[("a", "b"), ("c", "d")]), nodes(&["b", "d"]));
        assert_eq!(heads_of(&[("a", "b"), ("b", "a")]), nodes(&["a", "b"]));
        assert_eq!(heads_of(&[("a", "b"), ("", "c")]), nodes(&["b", "c"]));
    }
}
