//! Printing to stdout and stderr without panicking. `println!` panics when the write fails, for example on a full disk;
//! these macros return the error instead. A closed pipe (`onboard … | head`) is not an error.

use std::fmt::{self, Display};
use std::io::{ErrorKind, Write};

use anyhow::Context;

use super::progress::around_bar;
use onboarding_core::lines::{Line, Style, render};

/// Writes to stdout, with colors on a terminal.
pub(super) fn print(text: fmt::Arguments<'_>) -> anyhow::Result<()> {
    let write = || {
        let mut output = anstream::stdout().lock();
        output.write_fmt(text).and_then(|()| output.flush())
    };
    match around_bar(write) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        done => done.context("cannot write to stdout (if changes were applied, they are not rolled back)"),
    }
}

/// Writes lines to stderr. Errors are ignored, because there is nowhere left to report them.
pub(super) fn eprint_lines(lines: &[Line]) {
    let _ = around_bar(|| anstream::stderr().lock().write_all(render(lines).as_bytes()));
}

/// Prints a warning to stderr.
pub(super) fn warn(text: impl Display) {
    eprint_lines(&[Line::at(0).styled(Style::Warning, "warning:").text(format!(" {text}"))]);
}

/// Prints an error to stderr, without control characters. Its lines are not wrapped, so that they can be searched.
pub(super) fn print_error(error: impl Display) {
    let error = error.to_string();
    let mut lines = error.lines();
    let first = Line::verbatim(0).styled(Style::Error, "error:").text(format!(" {}", lines.next().unwrap_or_default()));
    let others = lines.map(|line| Line::verbatim(0).text(line));
    eprint_lines(&[first].into_iter().chain(others).collect::<Vec<_>>());
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
