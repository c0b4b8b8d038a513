//! What a simulated disk does: counts, fails, delays, and knows what of each file would survive a power cut.

use std::collections::BTreeMap;
use std::ffi::c_int;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

/// What a disk keeps or loses as a whole when the power fails while it is being written.
const SECTOR: usize = 512;

/// A kind of call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Op {
    /// A file is opened.
    Open,
    /// Bytes are read.
    Read,
    /// Bytes are written.
    Write,
    /// What was written is to be on the disk.
    Sync,
    /// A file gets another length.
    Truncate,
    /// A file is removed.
    Delete,
    /// Memory that processes share is mapped, and made longer where it has to be.
    ShmMap,
    /// A part of the shared memory is locked.
    ShmLock,
}

/// Calls that are to fail.
#[derive(Debug, Clone)]
pub struct Fault {
    ops: Vec<Op>,
    file: &'static str,
    skip: u64,
    times: u64,
    code: c_int,
    loses: bool,
    short: bool,
    struck: u64,
}

impl Fault {
    /// Calls of these kinds fail with this code of SQLite's, from the next one on and for ever.
    pub fn new(ops: &[Op], code: c_int) -> Self {
        Self {
            ops: ops.to_vec(),
            file: "",
            skip: 0,
            times: u64::MAX,
            code,
            loses: false,
            short: false,
            struck: 0,
        }
    }

    /// Only of files whose path ends like this; with a slash at its end, only of those below such a folder.
    #[must_use]
    pub fn on(mut self, file: &'static str) -> Self {
        self.file = file;
        self
    }

    /// So many calls succeed before.
    #[must_use]
    pub fn after(mut self, calls: u64) -> Self {
        self.skip = calls;
        self
    }

    /// So many calls fail and no more.
    #[must_use]
    pub fn times(mut self, calls: u64) -> Self {
        self.times = calls;
        self
    }

    /// A sync that fails loses what it was to bring to the disk, though the program goes on.
    #[must_use]
    pub fn losing(mut self) -> Self {
        self.loses = true;
        self
    }

    /// A write that fails has written the first half.
    #[must_use]
    pub fn short(mut self) -> Self {
        self.short = true;
        self
    }
}

/// What becomes of what was not synced when the power fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chance {
    /// All of it is lost.
    Nothing,
    /// All of it is there.
    Everything,
    /// Each write, and each sector of it, may be there or not: drawn from this seed.
    Drawn(u64),
}

/// `SplitMix64`: small, and the same on every machine.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn heads(&mut self, chance: Chance) -> bool {
        match chance {
            Chance::Nothing => false,
            Chance::Everything => true,
            Chance::Drawn(_) => self.next() & 1 == 0,
        }
    }
}

#[derive(Debug, Clone)]
enum Change {
    Write {
        offset: usize,
        bytes: Arc<[u8]>,
    },
    Truncate(usize),
    Sync,
    /// What was not synced is gone; the length stays.
    Lost(usize),
}

/// One file from its making to its removal.
#[derive(Debug)]
struct Life {
    /// What it held when it was opened first; `None`: it was made by then.
    before: Option<Vec<u8>>,
    born: u64,
    changes: Vec<(u64, Change)>,
    /// When it was removed. That lasts from the next sync of its folder on.
    died: Option<u64>,
    /// SQLite syncs the folder with the first sync of a log or journal.
    folder_synced: bool,
}

fn write_into(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if content.len() < offset + bytes.len() {
        content.resize(offset + bytes.len(), 0);
    }
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Life {
    /// What was synced up to a moment, and whether it ever was; and what was done since.
    fn at(&self, moment: u64) -> (Vec<u8>, bool, Vec<&Change>) {
        let mut synced = self.before.clone().unwrap_or_default();
        let mut is_known = self.before.is_some();
        let mut waiting: Vec<&Change> = Vec::new();
        for (_, change) in self.changes.iter().take_while(|(at, _)| *at <= moment) {
            match change {
                Change::Sync => {
                    for change in waiting.drain(..) {
                        match change {
                            Change::Write { offset, bytes } => write_into(&mut synced, *offset, bytes),
                            Change::Truncate(length) => synced.resize(*length, 0),
                            Change::Sync | Change::Lost(_) => {}
                        }
                    }
                    is_known = true;
                }
                Change::Lost(length) => {
                    waiting.clear();
                    synced.resize(*length, 0);
                }
                change => waiting.push(change),
            }
        }
        (synced, is_known, waiting)
    }

    /// What is on the disk when the power fails at this moment; `None`: not even the file.
    fn after_cut(&self, moment: u64, chance: Chance, draw: &mut Draw) -> Option<Vec<u8>> {
        let (mut content, is_known, waiting) = self.at(moment);
        if !is_known && !draw.heads(chance) {
            return None;
        }
        for change in waiting {
            match change {
                Change::Write { offset, bytes } => {
                    let mut start = *offset;
                    let end = offset + bytes.len();
                    while start < end {
                        let next = ((start / SECTOR + 1) * SECTOR).min(end);
                        if draw.heads(chance) {
                            write_into(&mut content, start, &bytes[start - offset..next - offset]);
                        }
                        start = next;
                    }
                }
                Change::Truncate(length) if draw.heads(chance) => content.resize(*length, 0),
                _ => {}
            }
        }
        Some(content)
    }
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<Fault>,
    /// Changes of files so far.
    moment: u64,
    files: BTreeMap<PathBuf, Vec<Life>>,
    /// When a folder was synced.
    folder_syncs: Vec<(PathBuf, u64)>,
    delay: Duration,
    held: bool,
    /// Files whose sync is under way.
    waiting: Vec<PathBuf>,
    read_only: bool,
}

impl State {
    fn sync_folder_of(&mut self, path: &Path) {
        if let Some(folder) = path.parent() {
            self.folder_syncs.push((folder.to_owned(), self.moment));
        }
    }

    fn folder_was_synced(&self, path: &Path, when: std::ops::RangeInclusive<u64>) -> bool {
        let mut syncs = self.folder_syncs.iter();
        syncs.any(|(folder, at)| Some(&**folder) == path.parent() && when.contains(at))
    }
}

/// What the shim is told before it does a call.
#[derive(Debug)]
pub(crate) enum Verdict {
    Go,
    Fail { code: c_int, loses: bool, short: bool },
}

#[derive(Debug)]
pub(crate) struct Inner {
    folder: PathBuf,
    state: Mutex<State>,
    released: Condvar,
}

static DISKS: RwLock<Vec<Weak<Inner>>> = RwLock::new(Vec::new());

/// The disk below whose folder a file lies.
pub(crate) fn disk_of(path: &Path) -> Option<Arc<Inner>> {
    let disks = DISKS.read();
    disks.iter().filter_map(Weak::upgrade).find(|disk| path.starts_with(&disk.folder))
}

impl Inner {
    /// Whether a call may go on. Syncs wait here.
    pub(crate) fn judge(&self, op: Op, path: &Path) -> Verdict {
        let mut state = self.state.lock();
        if op == Op::Sync {
            state.waiting.push(path.to_owned());
            while state.held {
                self.released.wait(&mut state);
            }
            let delay = state.delay;
            if !delay.is_zero() {
                #[expect(clippy::disallowed_methods, reason = "it is slowness that is simulated")]
                parking_lot::MutexGuard::unlocked(&mut state, || std::thread::sleep(delay));
            }
            if let Some(at) = state.waiting.iter().position(|waiting| waiting == path) {
                state.waiting.swap_remove(at);
            }
        }
        if state.read_only && matches!(op, Op::Write | Op::Truncate | Op::Delete) {
            return Verdict::Fail { code: rusqlite::ffi::SQLITE_READONLY, loses: false, short: false };
        }
        let name = path.to_string_lossy();
        for fault in &mut state.faults {
            let is_meant = if fault.file.ends_with('/') {
                name.contains(fault.file)
            } else {
                name.ends_with(fault.file)
            };
            if fault.ops.contains(&op) && is_meant {
                if fault.skip > 0 {
                    fault.skip -= 1;
                } else if fault.struck < fault.times {
                    fault.struck += 1;
                    return Verdict::Fail { code: fault.code, loses: fault.loses, short: fault.short };
                }
            }
        }
        Verdict::Go
    }

    pub(crate) fn is_read_only(&self) -> bool {
        self.state.lock().read_only
    }

    /// A file was opened; `existed` before that.
    pub(crate) fn opened(&self, path: &Path, existed: bool) {
        let mut state = self.state.lock();
        let moment = state.moment + 1;
        let lives = state.files.entry(path.to_owned()).or_default();
        if lives.last().is_some_and(|life| life.died.is_none()) {
            return;
        }
        // Nothing is open there yet, so that reading it releases no lock.
        let before = if existed { std::fs::read(path).ok() } else { None };
        lives.push(Life { before, born: moment, changes: Vec::new(), died: None, folder_synced: false });
        state.moment = moment;
    }

    fn changed(&self, path: &Path, change: Change) {
        let mut state = self.state.lock();
        state.moment += 1;
        let moment = state.moment;
        if let Some(life) = state.files.get_mut(path).and_then(|lives| lives.last_mut()) {
            life.changes.push((moment, change));
        }
    }

    pub(crate) fn written(&self, path: &Path, offset: usize, bytes: &[u8]) {
        self.changed(path, Change::Write { offset, bytes: bytes.into() });
    }

    pub(crate) fn truncated(&self, path: &Path, length: usize) {
        self.changed(path, Change::Truncate(length));
    }

    pub(crate) fn synced(&self, path: &Path) {
        self.changed(path, Change::Sync);
        let name = path.to_string_lossy();
        if !name.ends_with("-wal") && !name.ends_with("-journal") {
            return;
        }
        let mut state = self.state.lock();
        let life = state.files.get_mut(path).and_then(|lives| lives.last_mut());
        if life.is_some_and(|life| !std::mem::replace(&mut life.folder_synced, true)) {
            state.sync_folder_of(path);
        }
    }

    pub(crate) fn deleted(&self, path: &Path, sync_folder: bool) {
        let mut state = self.state.lock();
        state.moment += 1;
        let moment = state.moment;
        if let Some(life) = state.files.get_mut(path).and_then(|lives| lives.last_mut()) {
            life.died = Some(moment);
        }
        if sync_folder {
            state.sync_folder_of(path);
        }
    }

    /// A sync failed and lost what it was to bring to the disk: what the file of this length holds from now on, from where on
    /// it differs.
    pub(crate) fn lost(&self, path: &Path, length: usize) -> Option<Vec<(usize, Vec<u8>)>> {
        let restored = {
            let state = self.state.lock();
            let life = state.files.get(path)?.last()?;
            let (mut synced, _, waiting) = life.at(u64::MAX);
            synced.resize(length, 0);
            waiting
                .iter()
                .filter_map(|change| match change {
                    Change::Write { offset, bytes } if *offset < length => {
                        let end = (offset + bytes.len()).min(length);
                        Some((*offset, synced[*offset..end].to_vec()))
                    }
                    _ => None,
                })
                .collect()
        };
        self.changed(path, Change::Lost(length));
        Some(restored)
    }
}

/// A simulated disk: the files of SQLite's below one folder, for as long as it lives.
#[derive(Debug)]
pub struct Disk {
    inner: Arc<Inner>,
}

impl Disk {
    /// Takes part in all files of SQLite's that are opened below this folder from now on.
    pub fn below(folder: &Path) -> io::Result<Self> {
        crate::shim::register();
        // As SQLite names them: without symbolic links.
        let folder = folder.canonicalize()?;
        let inner = Arc::new(Inner { folder, state: Mutex::default(), released: Condvar::new() });
        let mut disks = DISKS.write();
        disks.retain(|disk| disk.strong_count() > 0);
        disks.push(Arc::downgrade(&inner));
        Ok(Self { inner })
    }

    /// Lets calls fail from now on, beside what fails already.
    pub fn fail(&self, fault: Fault) {
        self.inner.state.lock().faults.push(fault);
    }

    /// Nothing fails any more. Tells how many calls did.
    pub fn heal(&self) -> u64 {
        let mut state = self.inner.state.lock();
        std::mem::take(&mut state.faults).iter().map(|fault| fault.struck).sum()
    }

    /// How many calls have failed since the last [`Disk::heal`].
    pub fn struck(&self) -> u64 {
        self.inner.state.lock().faults.iter().map(|fault| fault.struck).sum()
    }

    /// Each sync takes so long from now on.
    pub fn delay_syncs(&self, delay: Duration) {
        self.inner.state.lock().delay = delay;
    }

    /// Syncs do not end until they are let go.
    pub fn hold_syncs(&self, held: bool) {
        self.inner.state.lock().held = held;
        self.inner.released.notify_all();
    }

    /// How many syncs of files whose path ends like this are under way.
    pub fn syncs_waiting(&self, file: &str) -> usize {
        let state = self.inner.state.lock();
        state.waiting.iter().filter(|path| path.to_string_lossy().ends_with(file)).count()
    }

    /// The moments at which files whose path ends like this were synced.
    pub fn syncs(&self, file: &str) -> Vec<u64> {
        let state = self.inner.state.lock();
        let lives = state.files.iter().filter(|(path, _)| path.to_string_lossy().ends_with(file));
        let changes = lives.flat_map(|(_, lives)| lives).flat_map(|life| &life.changes);
        changes.filter(|(_, change)| matches!(change, Change::Sync)).map(|(at, _)| *at).collect()
    }

    /// Files are opened for reading alone and nothing can be changed, or all is as before.
    pub fn set_read_only(&self, read_only: bool) {
        self.inner.state.lock().read_only = read_only;
    }

    /// How many changes there were so far: writes, syncs, and whatever else a power cut may come between.
    pub fn moment(&self) -> u64 {
        self.inner.state.lock().moment
    }

    /// Writes into `folder` what the disk holds if the power fails at this moment.
    pub fn cut_power(&self, moment: u64, chance: Chance, folder: &Path) -> io::Result<()> {
        let state = self.inner.state.lock();
        let mut draw = Draw(match chance {
            Chance::Drawn(seed) => seed,
            _ => 0,
        });
        for (path, lives) in &state.files {
            let mut found = None;
            for life in lives.iter().take_while(|life| life.before.is_some() || life.born <= moment) {
                found = life.after_cut(moment, chance, &mut draw).or(found);
                if let Some(died) = life.died.filter(|died| *died <= moment)
                    && (state.folder_was_synced(path, died..=moment) || draw.heads(chance))
                {
                    found = None;
                }
            }
            if let Some(content) = found {
                let below = path.strip_prefix(&self.inner.folder).map_err(io::Error::other)?;
                let path = folder.join(below);
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent)?;
                }
                std::fs::write(path, content)?;
            }
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Nobody waits for a disk that is gone.
        self.hold_syncs(false);
        self.inner.state.lock().faults.clear();
    }
}
