//! Starting other programs: shown before they start, never through a shell.

use std::env;
use std::io::{BufRead, BufReader, IsTerminal, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Finds a program on the `PATH`.
pub(crate) fn on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .map(|directory| directory.join(program).with_extension(env::consts::EXE_EXTENSION))
        .find(|candidate| candidate.is_file())
}

/// Whether somebody can answer questions: not in continuous integration, not with input or output redirected.
pub(crate) fn is_interactive() -> bool {
    env::var_os("CI").is_none() && std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
}

/// The command as one would type it, to be shown.
pub(crate) fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    if let Some(name) = PathBuf::from(&text).file_stem() {
        text = name.to_string_lossy().into_owned();
    }
    for argument in command.get_args() {
        let argument = argument.to_string_lossy();
        text.push(' ');
        if argument.contains([' ', '*', '\'', '"', '$']) {
            text.push('\'');
            text.push_str(&argument.replace('\'', r"'\''"));
            text.push('\'');
        } else {
            text.push_str(&argument);
        }
    }
    text
}

/// Runs a command with its output shown as it comes. Fails when the command does.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let text = shown(command);
    println!("$ {text}");
    let status = command.status().with_context(|| format!("cannot start `{text}`"))?;
    check(&text, status)
}

/// Runs a command and gives its standard output; standard error is shown. Fails when the command does.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let text = shown(command);
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot start `{text}`"))?;
    check(&text, output.status)?;
    String::from_utf8(output.stdout).with_context(|| format!("`{text}` wrote something that is not UTF-8"))
}

/// Whether a command starts and succeeds; its output is not shown.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs a command, copies its standard output to `screen` as it comes and gives each line of it to `on_line` too.
/// Standard error is shown and not given. The command's exit status is the answer.
pub(crate) fn tee(
    command: &mut Command,
    screen: &mut impl Write,
    mut on_line: impl FnMut(&str),
) -> Result<ExitStatus> {
    let text = shown(command);
    writeln!(screen, "$ {text}").context("cannot write to standard output")?;
    let mut child =
        command.stdout(Stdio::piped()).spawn().with_context(|| format!("cannot start `{text}`"))?;
    let stdout = child.stdout.take().context("the child's output is not piped")?;
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).with_context(|| format!("cannot read from `{text}`"))? > 0 {
        screen.write_all(&line).context("cannot write to standard output")?;
        on_line(&String::from_utf8_lossy(&line));
        line.clear();
    }
    child.wait().with_context(|| format!("cannot wait for `{text}`"))
}

fn check(text: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{text}` failed ({status})");
    }
    Ok(())
}

/// Waits before asking again for something that cannot be waited for.
#[expect(clippy::disallowed_methods, reason = "xtask has no async runtime that this could block")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Puts a command that is not started yet into a process group of its own, on Unix: Ctrl-C in the terminal then
/// reaches this program alone, which can stop the other once and in order.
pub(crate) fn in_own_group(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// A program that runs beside this one and never outlives it.
#[derive(Debug)]
pub(crate) struct Background {
    child: Child,
    name: &'static str,
}

impl Background {
    /// Starts `command`, which errors call `name`.
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Result<Self> {
        let child =
            command.stdin(Stdio::null()).spawn().with_context(|| format!("{name} could not be started"))?;
        Ok(Self { child, name })
    }

    /// The program's standard output, once, if it was piped.
    pub(crate) fn take_stdout(&mut self) -> Result<std::process::ChildStdout> {
        self.child.stdout.take().with_context(|| format!("{} has no piped output", self.name))
    }

    /// Whether it has ended, and how.
    pub(crate) fn ended(&mut self) -> Result<Option<ExitStatus>> {
        self.child.try_wait().with_context(|| format!("cannot ask after {}", self.name))
    }

    /// Asks the program to end and waits until it has, at most `deadline`; then it is killed.
    pub(crate) fn stop(&mut self, deadline: Duration) -> Result<ExitStatus> {
        if let Some(status) = self.ended()? {
            return Ok(status);
        }
        self.ask_to_end();
        let start = Instant::now();
        while start.elapsed() < deadline {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            pause(Duration::from_millis(50));
        }
        eprintln!("{} did not end within {} s; killing it", self.name, deadline.as_secs());
        self.child.kill().with_context(|| format!("cannot kill {}", self.name))?;
        self.child.wait().with_context(|| format!("cannot wait for {}", self.name))
    }

    #[cfg(unix)]
    fn ask_to_end(&self) {
        use nix::sys::signal::{Signal, kill};
        use nix::unistd::Pid;

        if let Ok(pid) = i32::try_from(self.child.id()) {
            // An error means that it has just ended by itself.
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
    }

    /// On Windows the console gives Ctrl-C to every program attached to it: there is nothing to pass on.
    #[cfg(not(unix))]
    #[expect(clippy::unused_self, reason = "the same shape as on Unix")]
    fn ask_to_end(&self) {}
}

impl Drop for Background {
    fn drop(&mut self) {
        // Only reached with the program still running when something failed before `stop`.
        let _ = self.stop(Duration::from_secs(10));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_command_can_be_typed_again() {
        let mut command = Command::new("/usr/bin/hookline");
        command.args(["send", "stripe", "customer.*", "it's"]);
        assert_eq!(shown(&command), r"hookline send stripe 'customer.*' 'it'\''s'");
    }

    #[cfg(unix)]
    #[test]
    fn tee_gives_each_line_and_the_status() {
        let mut lines = Vec::new();
        let mut screen = Vec::new();
        let mut command = Command::new("sh");
        command.args(["-c", "echo one; echo two; exit 3"]);
        let status =
            tee(&mut command, &mut screen, |line| lines.push(line.trim_end().to_owned())).expect("sh starts");
        assert!(screen.ends_with(b"one\ntwo\n"));
        assert_eq!(lines, ["one", "two"]);
        assert_eq!(status.code(), Some(3));
    }

    #[cfg(unix)]
    #[test]
    fn a_background_program_is_asked_to_end_before_it_is_killed() {
        let mut command = Command::new("sh");
        command.args(["-c", "trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done"]);
        let mut background = Background::start("sh", command.stdout(Stdio::piped())).expect("sh starts");
        let mut line = String::new();
        BufReader::new(background.take_stdout().expect("output is piped"))
            .read_line(&mut line)
            .expect("sh says that it is ready");
        let status = background.stop(Duration::from_secs(5)).expect("it ends");
        assert_eq!(status.code(), Some(7));
    }
}
