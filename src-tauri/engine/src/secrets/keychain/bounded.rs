//! Uses of a keychain within a time. A keychain may ask the user for a password, for as long as the user likes, or
//! hang; whoever uses it here gets an answer in time all the same.
//!
//! One thread of its own uses the keychain, one use after the other: so an older write never overwrites a newer one, and
//! what the keychain's library does with threads and runtimes concerns nobody else. A use that is given up cannot be cut
//! short; it goes on, and when it ends and was a write, it is taken back: its caller has been told that it failed.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender};
use parking_lot::{Condvar, Mutex};
use secrecy::SecretString;

use super::entries::{Connect, Entries, EntryError};
use super::values::{self, ValueError};

/// How many uses may wait for the one that is under way.
const QUEUE_LENGTH: usize = 64;

/// What the keychain is used for, by account.
#[derive(Debug)]
pub(super) enum Use {
    Get,
    Put { label: String, value: SecretString },
    Delete,
}

/// Why a use came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BoundedError {
    #[error(transparent)]
    Value(#[from] ValueError),
    /// There was no answer in time.
    #[error("there was no answer in time")]
    Silent,
    /// An earlier use was given up and is still under way.
    #[error("it has not answered yet")]
    Busy,
}

type Answer = Result<Option<SecretString>, ValueError>;

/// The keychain behind its thread.
pub(super) struct Bounded {
    requests: Sender<Request>,
    /// Whether a use that was given up is still under way.
    stuck: Arc<AtomicBool>,
    known: Arc<Mutex<Known>>,
}

/// What is known of entries without asking. The thread writes it down as it uses entries: one use after the other.
type Known = HashMap<String, Option<SecretString>>;

struct Request {
    account: String,
    purpose: Use,
    ticket: Arc<Ticket>,
}

/// What caller and thread agree on: exactly one of them decides whether a use counts.
#[derive(Default)]
struct Ticket {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
enum State {
    #[default]
    Waiting,
    UnderWay,
    Done(Answer),
    GivenUp,
}

impl Bounded {
    /// Starts the thread; it connects at the first use, and ends when this is dropped and nothing is under way.
    pub(super) fn new(connect: Connect) -> std::io::Result<Self> {
        let (requests, received) = crossbeam_channel::bounded(QUEUE_LENGTH);
        let stuck = Arc::new(AtomicBool::new(false));
        let known = Arc::new(Mutex::new(Known::new()));
        let mut thread = Thread {
            requests: received,
            stuck: Arc::clone(&stuck),
            known: Arc::clone(&known),
            connect,
            entries: None,
        };
        std::thread::Builder::new().name("keychain".to_owned()).spawn(move || thread.run())?;
        Ok(Self { requests, stuck, known })
    }

    /// Uses the keychain; what it holds is read from it once. Blocks for this long at most.
    pub(super) fn run(
        &self,
        account: &str,
        purpose: Use,
        within: Duration,
    ) -> Result<Option<SecretString>, BoundedError> {
        if matches!(purpose, Use::Get)
            && let Some(value) = self.known.lock().get(account)
        {
            return Ok(value.clone());
        }
        if self.stuck.load(Ordering::Acquire) {
            return Err(BoundedError::Busy);
        }
        let deadline = Instant::now() + within;
        let ticket = Arc::new(Ticket::default());
        let request = Request { account: account.to_owned(), purpose, ticket: Arc::clone(&ticket) };
        self.requests.send_deadline(request, deadline).map_err(|_| BoundedError::Silent)?;
        let mut state = ticket.state.lock();
        loop {
            match &mut *state {
                State::Done(answer) => return Ok(std::mem::replace(answer, Ok(None))?),
                State::Waiting | State::UnderWay | State::GivenUp => {}
            }
            if ticket.changed.wait_until(&mut state, deadline).timed_out()
                && !matches!(&*state, State::Done(_))
            {
                if matches!(&*state, State::UnderWay) {
                    self.stuck.store(true, Ordering::Release);
                }
                *state = State::GivenUp;
                return Err(BoundedError::Silent);
            }
        }
    }

    /// The entry is read from the keychain the next time.
    pub(super) fn forget(&self, account: &str) {
        self.known.lock().remove(account);
    }
}

/// What was there before a change.
enum Before {
    Was(Option<SecretString>),
    /// It could not be read, and nothing was changed; or no change was asked for.
    NotBegun,
}

struct Thread {
    requests: Receiver<Request>,
    stuck: Arc<AtomicBool>,
    known: Arc<Mutex<Known>>,
    connect: Connect,
    entries: Option<Box<dyn Entries>>,
}

impl Thread {
    fn run(&mut self) {
        while let Ok(request) = self.requests.recv() {
            self.serve(&request);
        }
    }

    fn serve(&mut self, request: &Request) {
        let Request { account, purpose, ticket } = request;
        {
            let mut state = ticket.state.lock();
            if matches!(&*state, State::GivenUp) {
                return;
            }
            *state = State::UnderWay;
        }
        // What is overwritten is read first: it has to come back if nobody waits for the answer any longer.
        let (before, answer) = match purpose {
            Use::Get => (Before::NotBegun, self.with_entries(|entries| values::read(entries, account))),
            Use::Put { label, value } => self.change(account, |entries| {
                values::write(entries, account, label, value).map(|()| Some(value.clone()))
            }),
            Use::Delete => self.change(account, |entries| values::delete(entries, account).map(|()| None)),
        };
        let mut state = ticket.state.lock();
        if !matches!(&*state, State::GivenUp) {
            match &answer {
                Ok(value) => self.known.lock().insert(account.clone(), value.clone()),
                Err(_) => self.known.lock().remove(account),
            };
            *state = State::Done(answer);
            ticket.changed.notify_all();
            return;
        }
        drop(state);
        match before {
            Before::Was(before) => self.take_back(account, before),
            Before::NotBegun => {
                if let (Use::Get, Ok(value)) = (purpose, answer) {
                    self.known.lock().insert(account.clone(), value);
                }
            }
        }
        self.stuck.store(false, Ordering::Release);
    }

    /// A change, and what was there before.
    fn change(&mut self, account: &str, change: impl Fn(&mut dyn Entries) -> Answer) -> (Before, Answer) {
        let known = self.known.lock().get(account).cloned();
        let before = match known {
            Some(before) => before,
            None => match self.with_entries(|entries| values::read(entries, account)) {
                Ok(before) => before,
                // It can be replaced, but not brought back.
                Err(ValueError::Damaged) => None,
                Err(error) => return (Before::NotBegun, Err(error)),
            },
        };
        (Before::Was(before), self.with_entries(change))
    }

    fn take_back(&mut self, account: &str, before: Option<SecretString>) {
        let taken_back = self.with_entries(|entries| match &before {
            Some(value) => values::write(entries, account, account, value).map(|()| None),
            None => values::delete(entries, account).map(|()| None),
        });
        match taken_back {
            Ok(_) => self.known.lock().insert(account.to_owned(), before),
            Err(error) => {
                tracing::error!(%error, "a change in the keychain that was given up could not be taken back");
                self.known.lock().remove(account)
            }
        };
    }

    /// Connects where there is no connection, and once more where it turns out to be broken.
    fn with_entries(&mut self, work: impl Fn(&mut dyn Entries) -> Answer) -> Answer {
        let was_connected = self.entries.is_some();
        match self.try_with_entries(&work) {
            Err(ValueError::Entry(EntryError::Broken(reason))) if was_connected => {
                tracing::debug!(reason, "connecting to the keychain anew");
                self.try_with_entries(&work)
            }
            answer => answer,
        }
    }

    fn try_with_entries(&mut self, work: &impl Fn(&mut dyn Entries) -> Answer) -> Answer {
        // A panic of the keychain's library must not leave its users without an answer for ever.
        let answer = std::panic::catch_unwind(AssertUnwindSafe(|| {
            let entries = match &mut self.entries {
                Some(entries) => entries,
                none => none.insert((self.connect)()?),
            };
            work(&mut **entries)
        }))
        .unwrap_or_else(|_| Err(EntryError::Broken("its library failed".to_owned()).into()));
        if matches!(answer, Err(ValueError::Entry(EntryError::Broken(_)))) {
            self.entries = None;
        }
        answer
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::super::memory::Memory;
    use super::*;

    const LONG: Duration = Duration::from_mins(1);
    const SHORT: Duration = Duration::from_millis(20);

    fn bounded(memory: &Memory) -> Bounded {
        Bounded::new(memory.connect()).expect("starts")
    }

    fn put(value: &str) -> Use {
        Use::Put { label: "label".to_owned(), value: SecretString::from(value) }
    }

    fn get(bounded: &Bounded, account: &str) -> Option<String> {
        let value = bounded.run(account, Use::Get, LONG).expect("can be read");
        value.map(|value| value.expose_secret().to_owned())
    }

    #[test]
    fn what_is_known_is_not_asked_again_and_follows_every_change() {
        let memory = Memory::default();
        bounded(&memory).run("a", put("one"), LONG).expect("is kept");
        let bounded = bounded(&memory);
        assert_eq!(get(&bounded, "a").as_deref(), Some("one"));
        assert_eq!(get(&bounded, "b"), None);
        let asked = memory.gets();
        assert_eq!((get(&bounded, "a").as_deref(), get(&bounded, "b")), (Some("one"), None));
        assert_eq!(memory.gets(), asked);
        bounded.run("a", put("two"), LONG).expect("is kept");
        assert_eq!(get(&bounded, "a").as_deref(), Some("two"));
        bounded.run("a", Use::Delete, LONG).expect("is removed");
        assert_eq!(get(&bounded, "a"), None);
        assert_eq!(memory.accounts(), Vec::<String>::new());
    }

    #[test]
    fn a_hanging_keychain_is_told_in_time_and_what_was_given_up_is_taken_back() {
        let memory = Memory::default();
        let bounded = bounded(&memory);
        bounded.run("a", put("old"), LONG).expect("is kept");
        memory.hang();
        assert_eq!(bounded.run("a", put("new"), SHORT).err(), Some(BoundedError::Silent));
        assert_eq!(bounded.run("b", put("new"), LONG).err(), Some(BoundedError::Busy), "at once");
        assert_eq!(get(&bounded, "a").as_deref(), Some("old"), "what is known needs no keychain");
        memory.repair();
        // Ordered after what was given up, as soon as that has ended.
        let after = loop {
            match bounded.run("c", put("third"), LONG) {
                Err(BoundedError::Busy) => std::thread::yield_now(),
                other => break other,
            }
        };
        after.expect("is kept");
        assert_eq!(get(&bounded, "a").as_deref(), Some("old"));
        assert_eq!(get(&self::bounded(&memory), "a").as_deref(), Some("old"), "in the keychain, too");
        assert_eq!(get(&self::bounded(&memory), "b"), None);
    }

    #[test]
    fn a_broken_connection_is_made_anew() {
        let memory = Memory::default();
        let bounded = bounded(&memory);
        bounded.run("a", put("one"), LONG).expect("is kept");
        memory.break_connections();
        bounded.run("a", put("two"), LONG).expect("is kept");
        assert_eq!(get(&self::bounded(&memory), "a").as_deref(), Some("two"));
    }

    #[test]
    fn a_refusal_changes_nothing_and_is_passed_on() {
        let memory = Memory::default();
        let bounded = bounded(&memory);
        bounded.run("a", put("one"), LONG).expect("is kept");
        memory.fail_after(0);
        let error = bounded.run("a", put("two"), LONG).expect_err("is refused");
        assert_eq!(error.to_string(), "it is locked");
        memory.repair();
        assert_eq!(get(&bounded, "a").as_deref(), Some("one"));
    }

    #[test]
    fn a_library_that_panics_is_an_error() {
        let connect: Connect = Arc::new(|| panic!("a bug"));
        let bounded = Bounded::new(connect).expect("starts");
        for _ in 0..2 {
            let error = bounded.run("a", Use::Get, LONG).expect_err("failed");
            assert_eq!(error.to_string(), "its library failed");
        }
    }
}
