//! A file that is there whole or not at all, whatever becomes of the one who writes it.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::error::CliError;

/// Where an export goes. A file gets its name when it is finished; until then, and when the process dies meanwhile, it is
/// `NAME.….partial`, and an older file of that name stays.
pub(crate) struct WholeFile {
    out: BufWriter<Box<dyn Write + Send>>,
    /// The file that is to be named, and its name.
    unnamed: Option<(TempPath, File, PathBuf)>,
}

impl WholeFile {
    /// Standard output without a path. What is no file, such as a pipe, is written directly.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, CliError> {
        let Some(path) = path else {
            return Ok(Self { out: BufWriter::new(Box::new(io::stdout())), unnamed: None });
        };
        open(path).map_err(|error| CliError::failed(format!("{} cannot be written: {error}", path.display())))
    }

    /// Writes what is left to the disk and gives the file its name.
    pub(crate) fn finish(mut self) -> Result<(), CliError> {
        self.out.flush()?;
        if let Some((partial, file, name)) = self.unnamed {
            file.sync_all()?;
            partial.persist(name).map_err(|error| error.error)?;
        }
        Ok(())
    }
}

fn open(path: &Path) -> io::Result<WholeFile> {
    // Through links, so that what they lead to is replaced.
    let name = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&name).is_ok_and(|found| !found.is_file()) {
        let file = File::options().write(true).open(&name)?;
        return Ok(WholeFile { out: BufWriter::new(Box::new(file)), unnamed: None });
    }
    let folder = name.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut prefix = name.file_name().unwrap_or_default().to_owned();
    prefix.push(".");
    let mut builder = tempfile::Builder::new();
    builder.prefix(&prefix).suffix(".partial");
    // What others may read is the user's choice (umask), as with any file.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let (file, partial) = builder.tempfile_in(folder)?.into_parts();
    // What others may not read of the older file, they may not read of this one.
    if let Ok(older) = fs::metadata(&name) {
        file.set_permissions(older.permissions())?;
    }
    let out = BufWriter::new(Box::new(file.try_clone()?) as Box<dyn Write + Send>);
    Ok(WholeFile { out, unnamed: Some((partial, file, name)) })
}

impl Write for WholeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_older_file_stays_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        fs::write(&path, "older").unwrap();
        let mut file = WholeFile::open(Some(&path)).unwrap();
        file.write_all(b"half").unwrap();
        drop(file);
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        assert_eq!(names(folder.path()), ["events.ndjson"]);
        let mut file = WholeFile::open(Some(&path)).unwrap();
        file.write_all(b"whole").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "whole");
        assert_eq!(names(folder.path()), ["events.ndjson"]);
    }

    #[cfg(unix)]
    #[test]
    fn who_may_read_the_older_file_may_read_the_new_one() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.ndjson");
        fs::write(&path, "older").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        WholeFile::open(Some(&path)).unwrap().finish().unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_a_link_and_what_is_no_file_is_written_directly() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::write(&real, "older").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let mut file = WholeFile::open(Some(&link)).unwrap();
        file.write_all(b"new").unwrap();
        file.finish().unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert!(link.symlink_metadata().unwrap().is_symlink());
        WholeFile::open(Some(Path::new("/dev/null"))).unwrap().finish().unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
