//! Asks questions on a terminal. A wrong answer is explained, and the question asked again.

use std::io::BufRead;

use anyhow::{Context, bail};

use onboarding_core::lines::{Line, Style, render};

/// Asks a question until the answer is valid. An empty answer is the default, if there is one.
pub(super) fn ask<T>(
    question: &str,
    default: Option<&str>,
    valid: impl Fn(&str) -> Result<T, String>,
) -> anyhow::Result<T> {
    let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
    loop {
        print_text!("{question}{shown}: ");
        let typed = line()?;
        let answer = match (typed.trim(), default) {
            ("", Some(default)) => default,
            (answer, _) => answer,
        };
        match valid(answer) {
            Ok(value) => return Ok(value),
            Err(error) => print_text!("{}", render(&[Line::at(2).styled(Style::Warning, error)])),
        }
    }
}

/// A paragraph before a question, which starts with a blank line.
pub(super) fn explain(text: &str) -> anyhow::Result<()> {
    print_text!("{}", render(&[Line::blank(), Line::at(0).text(text)]));
    Ok(())
}

/// A choice that the question offers.
pub(super) fn choice(name: &str, meaning: &str) -> anyhow::Result<()> {
    print_text!("{}", render(&[Line::at(2).column(Style::Strong, name, 17).text(meaning)]));
    Ok(())
}

fn line() -> anyhow::Result<String> {
    let mut line = String::new();
    if std::io::stdin().lock().read_line(&mut line).context("cannot read the answer")? == 0 {
        print_line!();
        bail!("the input ended before all questions were answered; nothing was written");
    }
    Ok(line)
}
