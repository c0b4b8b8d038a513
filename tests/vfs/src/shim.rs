//! The functions that SQLite calls. Each asks the disk, calls the system's own function, and tells the disk.
//!
//! A file of ours is a [`Handle`] with the system's own file behind it, in the memory that SQLite gives to `xOpen`.

#![allow(unsafe_code, reason = "SQLite's interface for file systems is a table of C functions")]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_IOERR, SQLITE_OK, SQLITE_OPEN_CREATE, SQLITE_OPEN_READONLY,
    SQLITE_OPEN_READWRITE, SQLITE_SHM_LOCK, sqlite3_file, sqlite3_initialize, sqlite3_int64,
    sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find, sqlite3_vfs_register,
};

use crate::disk::{Inner, Op, Verdict, disk_of};

/// What a handle knows of its file.
struct File {
    disk: Arc<Inner>,
    path: PathBuf,
}

/// One of our files. The system's own lies right behind it.
#[repr(C)]
struct Handle {
    base: sqlite3_file,
    file: *mut File,
}

/// The system's own file system, as it was before ours was registered.
struct System(*mut sqlite3_vfs);

// SAFETY: SQLite's file systems are there for the life of the process, and SQLite itself calls them from every thread.
unsafe impl Send for System {}
// SAFETY: as above; nothing here writes to it.
unsafe impl Sync for System {}

static SYSTEM: OnceLock<System> = OnceLock::new();

/// Makes this the process's default file system, once.
pub(crate) fn register() {
    SYSTEM.get_or_init(|| {
        // SAFETY: initialising is allowed at any time. The table that `find` gives lives as long as the process, and ours is
        // leaked so that it does too. It is a copy, so that every function that is not replaced is the system's own; those
        // look at nothing of the table but `mxPathname`.
        unsafe {
            assert_eq!(sqlite3_initialize(), SQLITE_OK, "SQLite starts");
            let system = sqlite3_vfs_find(std::ptr::null());
            assert!(!system.is_null(), "there is a file system");
            let mut ours = *system;
            ours.szOsFile += size_of::<Handle>() as c_int;
            ours.pNext = std::ptr::null_mut();
            ours.zName = c"hookline-faulty".as_ptr();
            ours.xOpen = Some(open);
            ours.xDelete = Some(delete);
            let registered = sqlite3_vfs_register(Box::leak(Box::new(ours)), 1);
            assert_eq!(registered, SQLITE_OK, "SQLite takes a file system");
            System(system)
        }
    });
}

fn system() -> *mut sqlite3_vfs {
    SYSTEM.get().map_or(std::ptr::null_mut(), |system| system.0)
}

/// # Safety
/// `name` is null or a C string.
unsafe fn path_of(name: *const c_char) -> Option<PathBuf> {
    if name.is_null() {
        return None;
    }
    // SAFETY: by this function's own condition.
    let name = unsafe { CStr::from_ptr(name) };
    name.to_str().ok().map(PathBuf::from)
}

/// The handle's file, and the system's own behind it.
///
/// # Safety
/// `handle` was filled by [`open`] and not closed yet.
unsafe fn parts<'a>(handle: *mut sqlite3_file) -> (&'a File, *mut sqlite3_file) {
    let handle = handle.cast::<Handle>();
    // SAFETY: `open` has put a `File` there that lives until `close`, and SQLite gave room for the system's file behind it.
    unsafe { (&*(*handle).file, handle.add(1).cast()) }
}

/// Calls a function of the system's file; its answer, or an error where it has no such function.
macro_rules! pass {
    ($file:expr, $method:ident $(, $argument:expr)*) => {{
        let file: *mut sqlite3_file = $file;
        match (*(*file).pMethods).$method {
            Some(method) => method(file $(, $argument)*),
            None => SQLITE_IOERR,
        }
    }};
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: *const c_char,
    into: *mut sqlite3_file,
    mut flags: c_int,
    flags_out: *mut c_int,
) -> c_int {
    let system = system();
    // SAFETY: SQLite gives a null or a C string, and `system` was found before this could be called.
    let (path, system_open) = unsafe { (path_of(name), (*system).xOpen) };
    let Some(system_open) = system_open else { return SQLITE_CANTOPEN };
    let Some((path, disk)) = path.and_then(|path| disk_of(&path).map(|disk| (path, disk))) else {
        // SAFETY: SQLite's own arguments, and more room than the system's file needs.
        return unsafe { system_open(system, name, into, flags, flags_out) };
    };
    if let Verdict::Fail { code, .. } = disk.judge(Op::Open, &path) {
        return code;
    }
    if disk.is_read_only() && flags & SQLITE_OPEN_READWRITE != 0 {
        // As the system does it where a file cannot be written.
        flags = (flags & !(SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) | SQLITE_OPEN_READONLY;
    }
    let existed = path.exists();
    disk.opened(&path, existed);
    let handle = into.cast::<Handle>();
    // SAFETY: SQLite gave `szOsFile` bytes, zeroed and aligned for any file: room for the handle and the system's file.
    unsafe {
        let inner: *mut sqlite3_file = handle.add(1).cast();
        let opened = system_open(system, name, inner, flags, flags_out);
        if opened == SQLITE_OK {
            (*handle).file = Box::into_raw(Box::new(File { disk, path }));
            (*handle).base.pMethods = &raw const METHODS;
        }
        opened
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    let system = system();
    // SAFETY: SQLite gives a C string, and `system` was found before this could be called.
    let (path, system_delete) = unsafe { (path_of(name), (*system).xDelete) };
    let Some(system_delete) = system_delete else { return SQLITE_IOERR };
    let known = path.and_then(|path| disk_of(&path).map(|disk| (path, disk)));
    if let Some((path, disk)) = &known
        && let Verdict::Fail { code, .. } = disk.judge(Op::Delete, path)
    {
        return code;
    }
    // SAFETY: SQLite's own arguments.
    let deleted = unsafe { system_delete(system, name, if known.is_some() { 0 } else { sync_folder }) };
    if let Some((path, disk)) = &known
        && deleted == SQLITE_OK
    {
        disk.deleted(path, sync_folder != 0);
    }
    deleted
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 3,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: Some(fetch),
    xUnfetch: Some(unfetch),
};

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes an open file once; the box was made by `open` and is not used after this.
    unsafe {
        let (_, inner) = parts(file);
        let closed = pass!(inner, xClose);
        drop(Box::from_raw((*file.cast::<Handle>()).file));
        closed
    }
}

unsafe extern "C" fn read(
    file: *mut sqlite3_file,
    into: *mut c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open.
    unsafe {
        let (known, inner) = parts(file);
        match known.disk.judge(Op::Read, &known.path) {
            Verdict::Fail { code, .. } => code,
            Verdict::Go => pass!(inner, xRead, into, amount, offset),
        }
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    amount: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open: `from` holds `amount` bytes.
    unsafe {
        let (known, inner) = parts(file);
        let (amount, answer) = match known.disk.judge(Op::Write, &known.path) {
            Verdict::Go => (amount, SQLITE_OK),
            Verdict::Fail { code, short: true, .. } => (amount / 2, code),
            Verdict::Fail { code, .. } => return code,
        };
        let written = pass!(inner, xWrite, from, amount, offset);
        if written != SQLITE_OK {
            return written;
        }
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), amount as usize);
        known.disk.written(&known.path, offset as usize, bytes);
        answer
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, length: sqlite3_int64) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open.
    unsafe {
        let (known, inner) = parts(file);
        if let Verdict::Fail { code, .. } = known.disk.judge(Op::Truncate, &known.path) {
            return code;
        }
        let truncated = pass!(inner, xTruncate, length);
        if truncated == SQLITE_OK {
            known.disk.truncated(&known.path, length as usize);
        }
        truncated
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open.
    let (known, inner) = unsafe { parts(file) };
    match known.disk.judge(Op::Sync, &known.path) {
        Verdict::Go => {
            known.disk.synced(&known.path);
            SQLITE_OK
        }
        Verdict::Fail { code, loses, .. } => {
            if loses {
                // SAFETY: the system's own file behind an open one of ours.
                unsafe { lose(known, inner) };
            }
            code
        }
    }
}

/// Puts back what was synced last.
///
/// # Safety
/// `inner` is the system's own file behind the open file `known`.
unsafe fn lose(known: &File, inner: *mut sqlite3_file) {
    let mut length: sqlite3_int64 = 0;
    // SAFETY: by this function's own condition; each write is given the bytes that it is told of.
    unsafe {
        pass!(inner, xFileSize, &raw mut length);
        for (offset, bytes) in known.disk.lost(&known.path, length as usize).into_iter().flatten() {
            pass!(inner, xWrite, bytes.as_ptr().cast(), bytes.len() as c_int, offset as sqlite3_int64);
        }
    }
}

unsafe extern "C" fn shm_map(
    file: *mut sqlite3_file,
    region: c_int,
    size: c_int,
    extend: c_int,
    into: *mut *mut c_void,
) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open.
    unsafe {
        let (known, inner) = parts(file);
        match known.disk.judge(Op::ShmMap, &known.path) {
            Verdict::Fail { code, .. } => code,
            Verdict::Go => pass!(inner, xShmMap, region, size, extend, into),
        }
    }
}

unsafe extern "C" fn shm_lock(file: *mut sqlite3_file, offset: c_int, count: c_int, flags: c_int) -> c_int {
    // SAFETY: SQLite's own arguments for a file that is open.
    unsafe {
        let (known, inner) = parts(file);
        // A lock that is given back is no call that could be refused.
        if flags & SQLITE_SHM_LOCK != 0
            && let Verdict::Fail { code, .. } = known.disk.judge(Op::ShmLock, &known.path)
        {
            return code;
        }
        pass!(inner, xShmLock, offset, count, flags)
    }
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: SQLite's own argument: a file that is open and shares memory.
    unsafe {
        let (_, inner) = parts(file);
        if let Some(barrier) = (*(*inner).pMethods).xShmBarrier {
            barrier(inner);
        }
    }
}

/// Functions that the disk takes no part in.
macro_rules! passed_on {
    ($($name:ident, $method:ident ( $($argument:ident : $of:ty),* );)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $argument: $of)*) -> c_int {
            // SAFETY: SQLite's own arguments for a file that is open.
            unsafe {
                let (_, inner) = parts(file);
                pass!(inner, $method $(, $argument)*)
            }
        }
    )*};
}

passed_on! {
    file_size, xFileSize(into: *mut sqlite3_int64);
    lock, xLock(level: c_int);
    unlock, xUnlock(level: c_int);
    check_reserved_lock, xCheckReservedLock(into: *mut c_int);
    file_control, xFileControl(what: c_int, with: *mut c_void);
    sector_size, xSectorSize();
    device_characteristics, xDeviceCharacteristics();
    shm_unmap, xShmUnmap(remove: c_int);
    fetch, xFetch(offset: sqlite3_int64, amount: c_int, into: *mut *mut c_void);
    unfetch, xUnfetch(offset: sqlite3_int64, memory: *mut c_void);
}
