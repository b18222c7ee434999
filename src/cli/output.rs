//! Printing to stdout and stderr without panicking. `println!` panics when the write fails, for example on a full disk;
//! these macros return the error instead. A closed pipe (`onboard … | head`) is not an error.

use std::fmt;
use std::io::{ErrorKind, Write};

use anyhow::Context;

/// Writes to stdout, with colors on a terminal.
pub(super) fn print(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    let mut output = anstream::stdout().lock();
    match output.write_fmt(text).and_then(|()| output.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to stdout (changes already made are not rolled back)"),
    }
}

/// Writes a line to stderr. Errors are ignored, because there is nowhere left to report them.
pub(super) fn eprint_line(text: fmt::Arguments<'_>) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Writes formatted text to stdout; returns from the function on error.
macro_rules! print_text {
    ($($text:tt)*) => { crate::cli::output::print(format_args!($($text)*))? };
}

/// [`print_text!`] with a line break.
macro_rules! print_line {
    () => { print_text!("\n") };
    ($form:literal $($rest:tt)*) => { crate::cli::output::print(format_args!("{}\n", format_args!($form $($rest)*)))? };
}

/// Writes a formatted line to stderr.
macro_rules! eprint_line {
    ($($text:tt)*) => { crate::cli::output::eprint_line(format_args!($($text)*)) };
}
