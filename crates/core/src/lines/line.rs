//! A line of output, and how it is built.

use std::fmt::Display;

use unicode_width::UnicodeWidthStr;

use crate::text::printable;

/// One line of output.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Line {
    pub(super) indent: usize,
    pub(super) mark: Option<Mark>,
    pub(super) spans: Vec<Span>,
    /// The column at which the continuation of a wrapped line starts; `None` if the line is not wrapped.
    pub(super) continuation: Option<usize>,
}

/// The mark before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// `+`: something is added.
    Add,
    /// `~`: something is changed.
    Change,
    /// `-`: something is removed.
    Remove,
    /// `✓`: a check holds.
    Holds,
    /// `✗`: a check fails.
    Fails,
    /// `·`: the result of a check is not known.
    Unknown,
}

/// A piece of a line in one style.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) style: Style,
    pub(super) text: String,
}

/// How a span looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Normal text.
    #[default]
    Plain,
    /// Headings and results.
    Strong,
    /// Less important text.
    Faint,
    /// Success, or an addition.
    Success,
    /// A warning, or a change.
    Warning,
    /// A failure, or a removal.
    Error,
}

impl Mark {
    pub(super) fn symbol(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Change => "~",
            Self::Remove => "-",
            Self::Holds => "✓",
            Self::Fails => "✗",
            Self::Unknown => "·",
        }
    }

    pub(super) fn style(self) -> Style {
        match self {
            Self::Add | Self::Holds => Style::Success,
            Self::Change => Style::Warning,
            Self::Remove | Self::Fails => Style::Error,
            Self::Unknown => Style::Faint,
        }
    }
}

impl Line {
    /// An empty line.
    #[must_use]
    pub fn blank() -> Self {
        Self::default()
    }

    /// A line that starts at this column and is wrapped.
    #[must_use]
    pub fn at(indent: usize) -> Self {
        Self { indent, continuation: Some(indent), ..Self::default() }
    }

    /// A line of a document, which is never wrapped.
    #[must_use]
    pub fn verbatim(indent: usize) -> Self {
        Self { indent, ..Self::default() }
    }

    /// The same line, further to the right.
    #[must_use]
    pub(crate) fn indented(mut self, by: usize) -> Self {
        self.indent += by;
        self.continuation = self.continuation.map(|column| column + by);
        self
    }

    /// A heading.
    #[must_use]
    pub fn heading(text: impl Display) -> Self {
        Self::at(0).styled(Style::Strong, text)
    }

    /// The same line with each span's text replaced.
    #[must_use]
    pub(crate) fn map_text(&self, change: impl Fn(&str) -> String) -> Self {
        let mut line = self.clone();
        for span in &mut line.spans {
            span.text = printable(&change(&span.text));
        }
        line
    }

    /// Adds a mark and a space.
    #[must_use]
    pub fn mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self.continuation = self.continuation.map(|column| column + 2);
        self
    }

    /// Adds text.
    #[must_use]
    pub fn text(self, text: impl Display) -> Self {
        self.styled(Style::Plain, text)
    }

    /// Adds text in a style. Characters that are not printable are replaced.
    #[must_use]
    pub fn styled(mut self, style: Style, text: impl Display) -> Self {
        self.spans.push(Span { style, text: printable(&text.to_string()) });
        self
    }

    /// Adds the text of another line, with its styles and without its mark and its indentation.
    #[must_use]
    pub fn append(mut self, other: Line) -> Self {
        self.spans.extend(other.spans);
        self
    }

    /// Adds text, padded to a width and followed by two spaces. A wrapped line continues after it.
    #[must_use]
    pub fn column(mut self, style: Style, text: impl Display, width: usize) -> Self {
        self = self.styled(style, text);
        let length = self.spans.last().map_or(0, |span| span.text.width());
        let padded = width.max(length) + 2;
        self.continuation = self.continuation.map(|column| column + padded);
        self.text(" ".repeat(padded - length))
    }
}

/// The width of the widest text, for [`Line::column`].
#[must_use]
pub fn widest<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> usize {
    texts.into_iter().map(|text| text.as_ref().width()).max().unwrap_or(0)
}
