//! The system's programs and libraries that are needed: how each is recognised and what it is called where.
//!
//! A requirement is recognised by what it gives (a program, a library that `pkg-config` knows, a header), not by
//! a package's name, so that it does not matter how it was installed.

use std::path::Path;
use std::process::Command;

use crate::process;

/// How something is recognised.
#[derive(Debug, Clone, Copy)]
enum Sign {
    /// A program of this name is on the `PATH`.
    Program(&'static str),
    /// `pkg-config` knows this library.
    Library(&'static str),
    /// The C compiler finds this header.
    Header(&'static str),
}

/// The systems that need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Systems {
    Linux,
    Unix,
}

/// One thing that must be there.
#[derive(Debug)]
pub(super) struct Requirement {
    /// What it is, for people.
    pub(super) name: &'static str,
    /// Its package in Debian and Ubuntu.
    pub(super) debian: &'static str,
    fedora: &'static str,
    arch: &'static str,
    sign: Sign,
    systems: Systems,
}

/// To build the engine and the command line: SQLite, zstd and ring are compiled from C.
pub(super) const BUILD: [Requirement; 1] = [Requirement {
    name: "a C compiler",
    debian: "build-essential",
    fedora: "gcc",
    arch: "base-devel",
    sign: Sign::Program("cc"),
    systems: Systems::Unix,
}];

/// To build the fuzz targets: libFuzzer is compiled from C++.
pub(super) const FUZZ: [Requirement; 1] = [Requirement {
    name: "a C++ compiler",
    debian: "build-essential",
    fedora: "gcc-c++",
    arch: "gcc",
    sign: Sign::Program("c++"),
    systems: Systems::Unix,
}];

/// To build the desktop app.
pub(super) const DESKTOP: [Requirement; 5] = [
    Requirement {
        name: "pkg-config",
        debian: "pkg-config",
        fedora: "pkgconf-pkg-config",
        arch: "pkgconf",
        sign: Sign::Program("pkg-config"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "WebKitGTK 4.1",
        debian: "libwebkit2gtk-4.1-dev",
        fedora: "webkit2gtk4.1-devel",
        arch: "webkit2gtk-4.1",
        sign: Sign::Library("webkit2gtk-4.1"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "librsvg",
        debian: "librsvg2-dev",
        fedora: "librsvg2-devel",
        arch: "librsvg",
        sign: Sign::Library("librsvg-2.0"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "Ayatana AppIndicator",
        debian: "libayatana-appindicator3-dev",
        fedora: "libayatana-appindicator-gtk3-devel",
        arch: "libayatana-appindicator",
        sign: Sign::Library("ayatana-appindicator3-0.1"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "libxdo",
        debian: "libxdo-dev",
        fedora: "libxdo-devel",
        arch: "xdotool",
        sign: Sign::Header("xdo.h"),
        systems: Systems::Linux,
    },
];

/// To drive the desktop app where there is no screen.
pub(super) const DESKTOP_TEST: [Requirement; 3] = [
    Requirement {
        name: "Xvfb",
        debian: "xvfb",
        fedora: "xorg-x11-server-Xvfb",
        arch: "xorg-server-xvfb",
        sign: Sign::Program("Xvfb"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "WebKit's WebDriver",
        debian: "webkit2gtk-driver",
        // Its package has changed its name; dnf finds it by what it holds.
        fedora: "/usr/bin/WebKitWebDriver",
        arch: "webkitgtk-6.0",
        sign: Sign::Program("WebKitWebDriver"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "D-Bus",
        debian: "dbus-x11",
        fedora: "dbus-daemon",
        arch: "dbus",
        sign: Sign::Program("dbus-run-session"),
        systems: Systems::Linux,
    },
];

/// For the tests of secrets in a real keychain: a Secret Service, on a session bus of its own.
pub(super) const KEYCHAIN_TEST: [Requirement; 2] = [
    Requirement {
        name: "GNOME Keyring",
        debian: "gnome-keyring",
        fedora: "gnome-keyring",
        arch: "gnome-keyring",
        sign: Sign::Program("gnome-keyring-daemon"),
        systems: Systems::Linux,
    },
    Requirement {
        name: "D-Bus",
        debian: "dbus-daemon",
        fedora: "dbus-daemon",
        arch: "dbus",
        sign: Sign::Program("dbus-daemon"),
        systems: Systems::Linux,
    },
];

impl Requirement {
    /// Whether this system needs it at all. Windows and macOS bring a web view along.
    pub(super) fn concerns_this_system(&self) -> bool {
        match self.systems {
            Systems::Linux => cfg!(target_os = "linux"),
            Systems::Unix => cfg!(unix),
        }
    }

    /// Whether it is there.
    pub(super) fn is_met(&self) -> bool {
        match self.sign {
            Sign::Program(program) => process::on_path(program).is_some(),
            Sign::Library(library) => {
                process::succeeds(Command::new("pkg-config").args(["--exists", library]))
            }
            Sign::Header(header) => {
                // Where the usual directories do not have it, the compiler may know others.
                ["/usr/include", "/usr/local/include"]
                    .iter()
                    .any(|directory| Path::new(directory).join(header).is_file())
                    || compiler_finds(header)
            }
        }
    }
}

fn compiler_finds(header: &str) -> bool {
    let mut command = Command::new("cc");
    // Preprocesses nothing but the header.
    command.args(["-E", "-x", "c", "-include", header, "/dev/null"]);
    process::succeeds(&mut command)
}

/// What to type, per system, to get what is missing.
pub(super) fn advice(missing: &[&Requirement]) -> String {
    if cfg!(target_os = "macos") {
        return "  xcode-select --install".to_owned();
    }
    let list = |name: fn(&Requirement) -> &'static str| {
        missing.iter().map(|requirement| name(requirement)).collect::<Vec<_>>().join(" ")
    };
    format!(
        "  Debian, Ubuntu:  sudo apt-get install {}\n  Fedora:          sudo dnf install {}\n  Arch:            sudo pacman -S {}",
        list(|requirement| requirement.debian),
        list(|requirement| requirement.fedora),
        list(|requirement| requirement.arch),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_not_met() {
        for sign in [
            Sign::Program("hookline-no-such-program"),
            Sign::Library("hookline-no-such-library"),
            Sign::Header("hookline-no-such-header.h"),
        ] {
            let requirement =
                Requirement { name: "x", debian: "x", fedora: "x", arch: "x", sign, systems: Systems::Unix };
            assert!(!requirement.is_met(), "{sign:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn advice_names_the_packages_of_each_system() {
        let advice = advice(&[&DESKTOP[1], &DESKTOP[4]]);
        assert!(advice.contains("sudo apt-get install libwebkit2gtk-4.1-dev libxdo-dev"), "{advice}");
        assert!(advice.contains("sudo dnf install webkit2gtk4.1-devel libxdo-devel"), "{advice}");
        assert!(advice.contains("sudo pacman -S webkit2gtk-4.1 xdotool"), "{advice}");
    }
}
