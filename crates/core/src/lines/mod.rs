//! Output as data: what a plan, a report, the configuration and a vendor look like, as a list of lines.
//!
//! Each [`Line`] has a mark, an indentation and styled spans. The modules that know the content build lines; [`render`] turns
//! them into text for a terminal, wrapped at word boundaries. Another format needs another renderer and nothing else.
//!
//! Spans hold filtered text only (see [`crate::text`]), so no line can carry an escape sequence to a terminal.

mod line;
mod render;

pub use line::{Line, Mark, Style, widest};
pub use render::{plain, render};
