//! Colors. Texts always contain them; the code that prints a text strips them if stdout is not a terminal.

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

/// Success, or an addition.
#[must_use]
pub fn good(text: impl Display) -> String {
    paint(ADD, text)
}

/// A warning, or a change.
#[must_use]
pub fn careful(text: impl Display) -> String {
    paint(ALTER, text)
}

/// A failure, or a removal.
#[must_use]
pub fn bad(text: impl Display) -> String {
    paint(REMOVE, text)
}

/// Less important text.
#[must_use]
pub fn faint(text: impl Display) -> String {
    paint(FAINT, text)
}

/// Important text, such as headings.
#[must_use]
pub fn strong(text: impl Display) -> String {
    paint(STRONG, text)
}

/// The mark of a change, in its color.
pub(super) fn sign(sign: Sign) -> String {
    match sign {
        Sign::Add => good('+'),
        Sign::Change => careful('~'),
        Sign::Remove => bad('-'),
    }
}
