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
pub(crate) fn good(text: impl Display) -> String {
    paint(ADD, text)
}

/// What waits, or is altered.
pub(crate) fn careful(text: impl Display) -> String {
    paint(ALTER, text)
}

/// What is bad, or is removed.
pub(crate) fn bad(text: impl Display) -> String {
    paint(REMOVE, text)
}

/// What matters less.
pub(crate) fn faint(text: impl Display) -> String {
    paint(FAINT, text)
}

/// What the eye should find first.
pub(crate) fn strong(text: impl Display) -> String {
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

/// A text of somebody else's without what would act on a terminal: control characters, and marks that turn the line.
pub(crate) fn printable(text: &str) -> String {
    let acts = |c: &char| {
        c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().filter(|c| !acts(c)).collect()
}
