//! Rows to types and back. What does not read back as it was written is damage, never a default.

use crate::error::Fault;
use countersign_core::{Span, Time};
use rusqlite::types::FromSql;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};
use std::str::FromStr;

/// The columns of a row, taken from left to right.
pub(crate) struct Columns<'a, 'r> {
    row: &'a Row<'r>,
    next: usize,
}

impl<'a, 'r> Columns<'a, 'r> {
    pub(crate) fn of(row: &'a Row<'r>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: FromSql>(&mut self) -> Result<T, Fault> {
        let value = self.row.get(self.next).map_err(|error| self.damaged(&error))?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, a text that `read` understands.
    pub(crate) fn text<T, E>(&mut self, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Fault> {
        let text = self.row.get_ref(self.next)?.as_str().map_err(|error| self.damaged(&error))?;
        let value = read(text).map_err(|_| self.damaged(&"it is not what was written"))?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, if there is something in it.
    pub(crate) fn some<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<Option<T>, Fault> {
        self.group(1, read)
    }

    /// The next `count` columns, if there is something in the first of them.
    pub(crate) fn group<T>(
        &mut self,
        count: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        if self.row.get_ref(self.next)? == rusqlite::types::ValueRef::Null {
            self.next += count;
            return Ok(None);
        }
        read(self).map(Some)
    }

    pub(crate) fn time(&mut self) -> Result<Time, Fault> {
        self.unsigned().map(Time::from_millis)
    }

    pub(crate) fn span(&mut self) -> Result<Span, Fault> {
        self.unsigned().map(Span::from_millis)
    }

    pub(crate) fn unsigned(&mut self) -> Result<u64, Fault> {
        let value = self.row.get::<_, i64>(self.next).map_err(|error| self.damaged(&error))?;
        let value = u64::try_from(value).map_err(|error| self.damaged(&error))?;
        self.next += 1;
        Ok(value)
    }

    /// The next column, a text as [`FromStr`] reads it.
    pub(crate) fn parsed<T: FromStr>(&mut self) -> Result<T, Fault> {
        self.text(str::parse)
    }

    fn damaged(&self, why: &dyn std::fmt::Display) -> Fault {
        let column = self.row.as_ref().column_name(self.next).unwrap_or("?");
        Fault::Damaged(format!("column `{column}`: {why}"))
    }
}

/// As storage keeps a time; beyond the year 292,000,000 they are all one.
pub(crate) fn millis(time: Time) -> i64 {
    signed(time.as_millis())
}

/// As storage keeps a length of time.
pub(crate) fn span_millis(span: Span) -> i64 {
    signed(span.as_millis())
}

/// As storage keeps a count or a number of seconds.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The row that a statement finds, if it finds one.
pub(crate) fn first<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&mut Columns<'_, '_>) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let found = statement.query_row(params, |row| Ok(read(&mut Columns::of(row)))).optional()?;
    found.transpose()
}

/// All rows that a statement finds.
pub(crate) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&mut Columns<'_, '_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&mut Columns::of(row))?);
    }
    Ok(found)
}

/// Runs a statement that gives no rows; how many it changed.
pub(crate) fn change(connection: &Connection, sql: &str, params: impl Params) -> Result<u64, Fault> {
    Ok(connection.prepare_cached(sql)?.execute(params)? as u64)
}
