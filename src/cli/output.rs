//! Printing that does not end the program: a reader that went away wants no more, and what was done stays done.

use std::fmt;
use std::io::{ErrorKind, Write};

use anyhow::Context;

/// Prints on standard output, in colour on a terminal.
pub(super) fn print(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    let mut output = anstream::stdout().lock();
    match output.write_fmt(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("standard output cannot be written; what was done stays done"),
    }
}

/// Prints a line on standard error, if that can be.
pub(super) fn whisper(text: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

macro_rules! say {
    ($($text:tt)*) => { crate::cli::output::print(format_args!($($text)*))? };
}

macro_rules! sayln {
    () => { say!("\n") };
    ($form:literal $($rest:tt)*) => { crate::cli::output::print(format_args!("{}\n", format_args!($form $($rest)*)))? };
}

macro_rules! whisper {
    ($($text:tt)*) => { crate::cli::output::whisper(format_args!($($text)*)) };
}
