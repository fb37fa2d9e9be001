//! A file system of its own for a test: small, or read-only. It is mounted in a mount namespace that ends with the test,
//! as root or in a user namespace, so nothing is left behind however the test ends.

use crate::kit::Ran;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A file system at `place`, seen by the commands that run in its namespace.
pub(crate) struct Mounted {
    keeper: Child,
    place: PathBuf,
    enter: Vec<&'static str>,
}

impl Mounted {
    /// A file system in memory of so many KiB at the folder `place`. `None`, told loudly, where nobody may mount.
    pub(crate) fn small(place: &Path, kibibytes: u32) -> Option<Self> {
        Self::of(place, &format!("mount -t tmpfs -o size={kibibytes}k,mode=700 tmpfs \"$0\""))
    }

    /// What stands at `place`, a file or a folder, read-only.
    pub(crate) fn read_only(place: &Path) -> Option<Self> {
        Self::of(place, "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"")
    }

    fn of(place: &Path, mount: &str) -> Option<Self> {
        // Root of the machine, or root of a namespace of one's own.
        let ways: [(&[&str], &[&'static str]); 2] =
            [(&["-m"], &["--mount"]), (&["-Urm"], &["--mount", "--user", "--preserve-credentials"])];
        for (unshare, enter) in ways {
            // It waits for its input to end: when the test is gone, so is the namespace.
            let script = format!("{mount} && echo mounted && exec cat");
            let mut command = Command::new("unshare");
            command.args(unshare).args(["sh", "-c", &script]).arg(place);
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
            let Ok(mut keeper) = command.spawn() else { continue };
            let mut line = String::new();
            BufReader::new(keeper.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            if line == "mounted\n" {
                return Some(Self { keeper, place: place.to_owned(), enter: enter.to_vec() });
            }
            let _ = keeper.kill();
            let _ = keeper.wait();
        }
        let mut loud = std::io::stderr().lock();
        let _ = writeln!(loud, "SKIPPED: nothing can be mounted here, neither as root nor in a user namespace");
        None
    }

    /// The binary, in the namespace.
    pub(crate) fn command(&self, data: &Path) -> Command {
        self.command_in(data, &[])
    }

    fn command_in(&self, data: &Path, before: &[&str]) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.keeper.id().to_string()]).args(&self.enter).arg("--");
        command
            .args(before)
            .arg(env!("CARGO_BIN_EXE_countersign"))
            .arg("--data")
            .arg(data)
            .current_dir("/")
            .stdin(Stdio::null());
        command
    }

    /// Runs the binary to its end.
    pub(crate) fn run(&self, data: &Path, args: &[&str], input: &str) -> Ran {
        // What should have been refused and serves instead must fail the test, not hang it.
        let mut command = self.command_in(data, &["timeout", "20"]);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The same place, as it is found from outside.
    pub(crate) fn outside(&self) -> PathBuf {
        let root = PathBuf::from(format!("/proc/{}/root", self.keeper.id()));
        root.join(self.place.strip_prefix("/").unwrap())
    }

    /// Fills all but so many KiB.
    pub(crate) fn fill(&self, free_kibibytes: u64) {
        let path = self.outside().join("fill");
        let mut file = std::fs::File::create(&path).unwrap();
        let page = [0x5a; 4_096];
        let mut written = 0;
        loop {
            match file.write(&page) {
                Ok(bytes) => written += bytes as u64,
                Err(error) => break assert_eq!(error.kind(), std::io::ErrorKind::StorageFull),
            }
        }
        file.set_len(written.saturating_sub(free_kibibytes << 10)).unwrap();
    }

    /// Gives the space back.
    pub(crate) fn clear(&self) {
        std::fs::remove_file(self.outside().join("fill")).unwrap();
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = self.keeper.kill();
        let _ = self.keeper.wait();
    }
}
