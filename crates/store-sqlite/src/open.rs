//! Opening: a look that changes nothing first, and only then for real.

use crate::error::Fault;
use crate::limits::{
    BUSY_TIMEOUT, CHECKED_BYTES_MAX, LOG_PAGES_MAX, READER_CACHE_KIBIBYTES_MAX, READERS_MAX, READERS_MIN,
    STATEMENTS_KEPT_MAX, WRITER_CACHE_KIBIBYTES_MAX,
};
use crate::migrate::{MIGRATIONS, Schema, back_up, inspect, migrate};
use crate::writer::BatchLimit;
use countersign_core::store::StoreError;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, MAIN_DB, OpenFlags};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// Where the database is and how it is worked on.
#[derive(Debug, Clone)]
pub struct Options {
    /// The file; made if it is not there. Its folder must be.
    pub path: PathBuf,
    /// Reader threads (2 to 4, whatever is asked for).
    pub readers: usize,
    /// Changes that share one commit at the most.
    pub batch_max: BatchLimit,
}

/// The connections of an open database.
pub(crate) struct Opened {
    pub(crate) writer: Connection,
    pub(crate) readers: Vec<Connection>,
    pub(crate) watch: Connection,
}

// In the file's header: "CSGN". What has another is not ours.
const APPLICATION_ID: u32 = 0x4353_474e;
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER_BYTES: u64 = 100;

impl Options {
    /// The file at `path`, with as many readers as there are processors to run them.
    #[must_use]
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let readers = std::thread::available_parallelism().map_or(READERS_MIN, usize::from);
        Self { path: path.into(), readers, batch_max: BatchLimit::default() }
    }

    /// Opens all connections, and brings the schema forward.
    pub(crate) fn open(&self) -> Result<Opened, StoreError> {
        // Absolute, so that no name can look like a `file:` URI.
        let path = std::path::absolute(&self.path).map_err(|error| unavailable("finding the database", error))?;
        let schema = look(&path)?;
        if schema == Schema::Empty && !path.exists() {
            create_private(&path).map_err(|error| unavailable("making the database", error))?;
        }
        let mut writer = writer(&path)?;
        if schema != Schema::At(u32::try_from(MIGRATIONS.len()).unwrap_or(u32::MAX)) {
            if let Schema::At(version) = schema {
                back_up(&writer, &path, version)?;
            }
            migrate(&mut writer, MIGRATIONS)?;
        }
        let readers = self.readers.clamp(READERS_MIN, READERS_MAX);
        let readers = (0..readers).map(|_| reader(&path)).collect::<Result<_, _>>()?;
        Ok(Opened { writer, readers, watch: reader(&path)? })
    }
}

/// Makes an empty file that only its owner can read.
pub(crate) fn create_private(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// What is there, without changing a byte of it.
pub(crate) fn look(path: &Path) -> Result<Schema, StoreError> {
    let Some(header) = Header::read(path)? else { return Ok(Schema::Empty) };
    header.check()?;
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let failed = |fault: Fault| fault.into_store("checking the database");
    // One state of it, whoever migrates it meanwhile.
    let read = connection.unchecked_transaction().map_err(|error| failed(error.into()))?;
    let schema = inspect(&read, MIGRATIONS)?;
    check_pages(&read, path, &header).map_err(failed)?;
    Ok(schema)
}

/// The first bytes of a file (<https://www.sqlite.org/fileformat.html#the_database_header>).
struct Header {
    bytes: Vec<u8>,
    file_bytes: u64,
}

impl Header {
    /// `None`: nothing is there, or an empty file, as a start leaves it that was killed right away.
    fn read(path: &Path) -> Result<Option<Self>, StoreError> {
        let failed = |error| unavailable("reading the database's header", error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed(error)),
        };
        let file_bytes = file.metadata().map_err(failed)?.len();
        let mut bytes = Vec::new();
        file.take(HEADER_BYTES).read_to_end(&mut bytes).map_err(failed)?;
        Ok((file_bytes > 0).then_some(Self { bytes, file_bytes }))
    }

    fn check(&self) -> Result<(), StoreError> {
        let corrupt = |what: &str| Err(StoreError::Corrupt { what: what.to_owned() });
        if !self.bytes.starts_with(MAGIC) {
            return corrupt("it is not an SQLite database");
        }
        if self.field(68) != Some(APPLICATION_ID) {
            return corrupt("it is the SQLite database of another application");
        }
        Ok(())
    }

    fn field(&self, at: usize) -> Option<u32> {
        self.bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes)
    }
}

/// What can be checked in a millisecond or two: that no page is missing, and of a small file every page.
fn check_pages(connection: &Connection, path: &Path, header: &Header) -> Result<(), Fault> {
    let pages: u64 = pragma(connection, "page_count")?.try_into().unwrap_or(0);
    let page_bytes: u64 = pragma(connection, "page_size")?.try_into().unwrap_or(0);
    // With a log beside it the file may rightly be shorter: the rest is in the log.
    let logged = fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0);
    if !logged && header.file_bytes < pages.saturating_mul(page_bytes) {
        return Err(Fault::Damaged(format!("it should have {pages} pages, but was cut off")));
    }
    if header.file_bytes <= CHECKED_BYTES_MAX {
        let found: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(Fault::Damaged(found.replace('\n', " ")));
        }
    }
    Ok(())
}

pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn writer(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // SQLite opens a file that it may not write without a word, and each change would fail later.
    if connection.is_readonly(MAIN_DB).map_err(|error| Fault::Sql(error).into_store("opening the database"))? {
        return Err(unavailable("opening the database to write", io::ErrorKind::PermissionDenied.into()));
    }
    let prepare = || -> Result<bool, Fault> {
        // Before anything else is written, and before there is a log: whoever looks finds it in the file's header.
        if pragma(&connection, "application_id")? == 0 {
            connection.pragma_update(None, "application_id", APPLICATION_ID)?;
        }
        let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        // Where fsync does not reach the disk (macOS), what does.
        connection.pragma_update(None, "fullfsync", true)?;
        connection.pragma_update(None, "checkpoint_fullfsync", true)?;
        connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES_MAX)?;
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIBIBYTES_MAX)?;
        Ok(mode.eq_ignore_ascii_case("wal"))
    };
    let logs = prepare().map_err(|fault| fault.into_store("opening the database"))?;
    if logs {
        Ok(connection)
    } else {
        Err(unavailable("opening the database's log", io::ErrorKind::Unsupported.into()))
    }
}

fn reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection
        .pragma_update(None, "cache_size", -READER_CACHE_KIBIBYTES_MAX)
        .map_err(|error| Fault::Sql(error).into_store("opening the database to read"))?;
    Ok(connection)
}

/// A connection that can't write, in one read transaction: all that it reads is one state.
pub(crate) fn read_once<T>(
    path: &Path,
    doing: &'static str,
    read: impl FnOnce(&Connection) -> Result<T, Fault>,
) -> Result<T, StoreError> {
    let path = std::path::absolute(path).map_err(|error| unavailable("finding the database", error))?;
    let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let failed = |fault: Fault| fault.into_store(doing);
    let transaction = connection.unchecked_transaction().map_err(|error| failed(error.into()))?;
    read(&transaction).map_err(failed)
}

/// What reading and writing have in common: each connection belongs to one thread and trusts nothing in the file.
pub(crate) fn connect(path: &Path, mode: OpenFlags) -> Result<Connection, StoreError> {
    let connect = || -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(path, mode | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_KEPT_MAX);
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        // Without it the bundled build (STAT4) compiles a statement anew whenever an indexed column's parameter changes.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        Ok(connection)
    };
    connect().map_err(|error| Fault::Sql(error).into_store("opening the database"))
}

pub(crate) fn pragma(connection: &Connection, name: &str) -> Result<i64, Fault> {
    Ok(connection.pragma_query_value(None, name, |row| row.get(0))?)
}

pub(crate) fn unavailable(doing: &'static str, error: io::Error) -> StoreError {
    StoreError::Unavailable { doing, source: Box::new(error) }
}
