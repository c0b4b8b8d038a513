//! Values of any length over entries: see [`parts`] for the rule.

use secrecy::{ExposeSecret as _, SecretString};
use zeroize::Zeroizing;

use super::entries::{Entries, EntryError};
use super::parts::{self, Head, Set};

/// Why a value could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ValueError {
    #[error(transparent)]
    Entry(#[from] EntryError),
    #[error("its parts do not fit together")]
    Damaged,
}

/// The value, if there is one.
pub(super) fn read(entries: &mut dyn Entries, account: &str) -> Result<Option<SecretString>, ValueError> {
    let Some(entry) = entries.get(account)? else { return Ok(None) };
    let Some(head) = Head::read(&entry).map_err(|_| ValueError::Damaged)? else {
        return Ok(Some(SecretString::from(entry.as_str())));
    };
    let mut value = Zeroizing::new(String::with_capacity(head.bytes));
    for index in 0..head.parts {
        let part = entries.get(&parts::account(account, head.set, index))?.ok_or(ValueError::Damaged)?;
        value.push_str(&part);
    }
    if head.is_whole(&value) {
        Ok(Some(SecretString::from(value.as_str())))
    } else {
        Err(ValueError::Damaged)
    }
}

/// Keeps the value in the place of an older one. When that fails the older one is still there.
pub(super) fn write(
    entries: &mut dyn Entries,
    account: &str,
    label: &str,
    value: &SecretString,
) -> Result<(), ValueError> {
    let value = value.expose_secret();
    // What cannot be read has no parts that count.
    let before = entries.get(account)?.and_then(|entry| Head::read(&entry).ok().flatten());
    let set = before.map_or(Set::A, |head| head.set.other());
    match parts::split(value) {
        None => entries.put(account, label, value)?,
        Some(pieces) => {
            for (index, piece) in pieces.iter().enumerate() {
                entries.put(&parts::account(account, set, index), label, piece)?;
            }
            let head = Head { set, parts: pieces.len(), bytes: value.len() };
            entries.put(account, label, &head.write())?;
            // What an earlier, longer value left in this set.
            remove_parts(entries, account, set, pieces.len())?;
        }
    }
    if let Some(before) = before {
        remove_parts(entries, account, before.set, 0)?;
    }
    Ok(())
}

/// Removes the value. When that fails it is still there whole, or gone.
pub(super) fn delete(entries: &mut dyn Entries, account: &str) -> Result<(), ValueError> {
    entries.delete(account)?;
    for set in Set::BOTH {
        remove_parts(entries, account, set, 0)?;
    }
    Ok(())
}

/// Removes the parts from this one on. From the last one down, so that what a crash leaves is found by the next time.
fn remove_parts(entries: &mut dyn Entries, account: &str, set: Set, from: usize) -> Result<(), ValueError> {
    let mut end = from;
    while entries.get(&parts::account(account, set, end))?.is_some() {
        end += 1;
    }
    for index in (from..end).rev() {
        entries.delete(&parts::account(account, set, index))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::memory::Memory;
    use super::*;

    const ACCOUNT: &str = "id/name";

    fn value(memory: &Memory) -> Result<Option<String>, ValueError> {
        let value = read(&mut memory.entries(), ACCOUNT)?;
        Ok(value.map(|value| value.expose_secret().to_owned()))
    }

    fn keep(memory: &Memory, text: &str) -> Result<(), ValueError> {
        write(&mut memory.entries(), ACCOUNT, "label", &SecretString::from(text))
    }

    fn long(letter: &str, parts: usize) -> String {
        letter.repeat(parts::ENTRY_BYTES * parts)
    }

    #[test]
    fn values_of_every_length_follow_each_other_and_leave_nothing_behind() {
        let memory = Memory::default();
        for (text, entries) in [
            ("short".to_owned(), 1),
            (long("a", 5), 6),
            (long("b", 2), 3),
            (long("c", 3), 4),
            (String::new(), 1),
            (long("ü", 1), 3),
        ] {
            keep(&memory, &text).expect("is kept");
            assert_eq!(value(&memory), Ok(Some(text)));
            assert_eq!(memory.accounts().len(), entries, "{:?}", memory.accounts());
        }
        delete(&mut memory.entries(), ACCOUNT).expect("is removed");
        assert_eq!((value(&memory), memory.accounts().len()), (Ok(None), 0));
    }

    #[test]
    fn a_crash_at_any_point_leaves_the_old_value_or_the_new_one_whole() {
        for (old, new) in [
            (long("a", 3), long("b", 5)),
            (long("a", 5), long("b", 3)),
            (long("a", 2), "short".to_owned()),
            ("short".to_owned(), long("b", 2)),
        ] {
            for uses in 0.. {
                let memory = Memory::default();
                keep(&memory, &old).expect("is kept");
                memory.fail_after(uses);
                let kept = keep(&memory, &new);
                memory.repair();
                let now = value(&memory).expect("can be read").expect("is there");
                assert!(now == old || now == new, "after {uses} uses");
                // Whatever was left behind goes with the next two values.
                keep(&memory, &long("c", 2)).expect("is kept");
                keep(&memory, &long("d", 2)).expect("is kept");
                delete(&mut memory.entries(), ACCOUNT).expect("is removed");
                assert_eq!(memory.accounts(), Vec::<String>::new(), "after {uses} uses");
                if kept.is_ok() {
                    assert!(uses > 2 && now == new);
                    break;
                }
            }
        }
    }

    #[test]
    fn parts_that_are_missing_or_not_whole_are_never_a_value() {
        let memory = Memory::default();
        keep(&memory, &long("a", 3)).expect("is kept");
        memory.entries().put("id/name#a1", "label", "b").expect("writes");
        assert_eq!(value(&memory), Err(ValueError::Damaged));
        memory.entries().delete("id/name#a1").expect("removes");
        assert_eq!(value(&memory), Err(ValueError::Damaged));
        memory.entries().put(ACCOUNT, "label", "hookline-parts z").expect("writes");
        assert_eq!(value(&memory), Err(ValueError::Damaged));
        keep(&memory, "new").expect("what is damaged can be replaced");
        assert_eq!(value(&memory), Ok(Some("new".to_owned())));
    }
}
