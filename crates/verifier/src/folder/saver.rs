//! Writing: a thread of its own, so that no task waits for the disk. A file is replaced whole, or appended to.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

use countersign_revocation::Save;

use super::File;
use crate::{
    clock::Clock,
    limits::{FILE_BYTES_MAX, HEAD_SAVE_MS, SAVES_WAITING_MAX},
};

enum Step {
    Replace(File, Vec<u8>),
    Keep(Save),
}

/// Where to send what is to be written. The thread ends when this is dropped.
pub(crate) struct Saver {
    steps: SyncSender<Step>,
}

impl Saver {
    /// Makes the folder, 0700, and starts the thread.
    pub(crate) fn start(folder: PathBuf, clock: Arc<dyn Clock>) -> io::Result<Self> {
        make_folder(&folder)?;
        let (steps, waiting) = sync_channel(SAVES_WAITING_MAX);
        let writer = Writer { folder, clock, head_saved_ms: None };
        thread::Builder::new().name("countersign-verifier-folder".to_owned()).spawn(move || writer.run(&waiting))?;
        Ok(Self { steps })
    }

    pub(crate) fn replace(&self, file: File, bytes: Vec<u8>) {
        self.send(Step::Replace(file, bytes));
    }

    pub(crate) fn keep(&self, saves: Vec<Save>) {
        saves.into_iter().for_each(|save| self.send(Step::Keep(save)));
    }

    /// A disk that is too slow loses steps, not requests: what is missing is fetched again after a restart.
    fn send(&self, step: Step) {
        if self.steps.try_send(step).is_err() {
            tracing::warn!("the data folder is too slow or gone: a step is not kept");
        }
    }
}

struct Writer {
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    head_saved_ms: Option<u64>,
}

impl Writer {
    fn run(mut self, steps: &Receiver<Step>) {
        while let Ok(step) = steps.recv() {
            let written = match step {
                Step::Replace(file, bytes) => self.replace(file, &bytes),
                Step::Keep(save) => self.keep(save),
            };
            if let Err(error) = written {
                tracing::warn!(%error, "the data folder cannot be written");
            }
        }
    }

    fn keep(&mut self, save: Save) -> io::Result<()> {
        match save {
            Save::Snapshot { texts, keep_older_until } => {
                if let Some(until) = keep_older_until {
                    self.set_aside(until)?;
                }
                let mut lines = texts.join("\n");
                lines.push('\n');
                self.replace(File::Snapshot, lines.as_bytes())?;
                // A crash before this leaves batches that the snapshot has: they are passed over.
                self.replace(File::Tail, b"")
            }
            Save::Batch(text) => {
                let mut options = OpenOptions::new();
                options.append(true).create(true);
                let mut tail = private(&mut options).open(self.path(File::Tail))?;
                // The first newline ends a line that a crash has cut off.
                tail.write_all(format!("\n{text}\n").as_bytes())?;
                tail.sync_data()
            }
            Save::Head(text) => {
                let now_ms = self.clock.monotonic_ms();
                if self.head_saved_ms.is_some_and(|saved| now_ms.saturating_sub(saved) < HEAD_SAVE_MS) {
                    return Ok(());
                }
                self.head_saved_ms = Some(now_ms);
                self.replace(File::Head, text.as_bytes())
            }
        }
    }

    /// A new epoch has begun: what is kept so far stays, in front.
    fn set_aside(&self, until: u64) -> io::Result<()> {
        let (older, earlier_until) = split_older(&self.read(File::Older)?);
        let until = match earlier_until {
            None => until,
            Some(0) => 0,
            Some(_) if until == 0 => 0,
            Some(earlier) => until.max(earlier),
        };
        let mut bytes = format!("{until}\n").into_bytes();
        bytes.extend(older);
        for file in [File::Snapshot, File::Tail] {
            bytes.extend(self.read(file)?);
            bytes.push(b'\n');
        }
        self.replace(File::Older, &bytes)
    }

    fn read(&self, file: File) -> io::Result<Vec<u8>> {
        read_file(&self.folder, file)
    }

    /// Beside it, synced, then renamed: there is always one whole file of that name.
    fn replace(&self, file: File, bytes: &[u8]) -> io::Result<()> {
        let (path, temporary) = (self.path(file), self.folder.join(format!("{}.new", file.name())));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        let mut written = private(&mut options).open(&temporary)?;
        written.write_all(bytes)?;
        if file != File::Head {
            written.sync_all()?;
        }
        drop(written);
        fs::rename(temporary, path)
    }

    fn path(&self, file: File) -> PathBuf {
        self.folder.join(file.name())
    }
}

/// The objects behind the first line, and the number in it.
pub(super) fn split_older(bytes: &[u8]) -> (Vec<u8>, Option<u64>) {
    let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
    let (line, rest) = bytes.split_at(end);
    let until = std::str::from_utf8(line).ok().and_then(|line| line.parse().ok());
    (rest.to_vec(), until)
}

/// Nothing, if there is no such file, or one that cannot be ours.
pub(super) fn read_file(folder: &Path, file: File) -> io::Result<Vec<u8>> {
    let path = folder.join(file.name());
    match fs::metadata(&path) {
        Ok(metadata) if metadata.len() <= FILE_BYTES_MAX => fs::read(path),
        Ok(_) => Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn make_folder(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_folder(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}
