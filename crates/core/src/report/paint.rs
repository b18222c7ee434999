//! Colours. The text always has them; whoever prints it strips them where it is no terminal.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

use crate::plan::Sign;

const ADD: Style = AnsiColor::Green.on_default();
const ALTER: Style = AnsiColor::Yellow.on_default();
const REMOVE: Style = AnsiColor::Red.on_default();
const FAINT: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// What is good, or is added.
#[must_use]
pub fn good(text: impl Display) -> String {
    paint(ADD, text)
}

/// What waits, or is altered.
#[must_use]
pub fn careful(text: impl Display) -> String {
    paint(ALTER, text)
}

/// What is bad, or is removed.
#[must_use]
pub fn bad(text: impl Display) -> String {
    paint(REMOVE, text)
}

/// What matters less.
#[must_use]
pub fn faint(text: impl Display) -> String {
    paint(FAINT, text)
}

/// What the eye should find first.
#[must_use]
pub fn strong(text: impl Display) -> String {
    paint(STRONG, text)
}

/// A change's mark in its colour.
pub(super) fn sign(sign: Sign) -> String {
    match sign {
        Sign::Add => good('+'),
        Sign::Alter => careful('~'),
        Sign::Remove => bad('-'),
    }
}
