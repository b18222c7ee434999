//! `onboard config check` and `onboard config show`.

use std::path::Path;
use std::time::SystemTime;

use anyhow::anyhow;

use super::exit::Exit;
use super::input::read;
use super::output::{eprint_lines, warn};
use onboarding_core::config::{self, Certainty, Config, ConfigErrors, ExampleValue, Folder};
use onboarding_core::lines::{Line, Style, render};
use onboarding_core::suggestion::counted;

/// The configuration file, unless an option names another.
pub(super) const DEFAULT_CONFIG: &str = "onboarding.toml";

/// Reads a configuration. The error message has one line per problem.
pub(super) fn load(file: &str) -> anyhow::Result<Config> {
    let (text, files) = text_and_files(file)?;
    Config::parse(&text, &files).map_err(errors)
}

/// The text of a configuration, and the folder with the files that it references.
pub(super) fn text_and_files(file: &str) -> anyhow::Result<(String, Folder)> {
    Ok((read(file)?, Folder::containing(Path::new(file))))
}

/// The errors of a configuration, one in a line.
pub(super) fn errors(problems: ConfigErrors) -> anyhow::Error {
    anyhow!("{}", problems.to_string().trim_end())
}

/// Refuses a configuration with values of an example: whoever owns a documentation account ID would get access. With the
/// endpoint of an emulator, they have no owner.
pub(super) fn refuse_example_values(config: &Config) -> anyhow::Result<()> {
    let lines: Vec<_> = refused_examples(config).map(ToString::to_string).collect();
    anyhow::ensure!(lines.is_empty(), "{}", lines.join("\n"));
    Ok(())
}

/// The values for which [`refuse_example_values`] fails.
pub(super) fn refused_examples(config: &Config) -> impl Iterator<Item = &ExampleValue> {
    let is_emulated = has_endpoint_override();
    config.example_values.iter().filter(move |value| value.certainty == Certainty::Certain && !is_emulated)
}

/// Whether all calls go to an endpoint that the environment sets.
///
/// See <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>.
pub(super) fn has_endpoint_override() -> bool {
    let variable = |name| std::env::var(name).unwrap_or_default();
    !variable("AWS_ENDPOINT_URL").is_empty()
        && !variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").eq_ignore_ascii_case("true")
}

/// Prints the warnings to stderr, one for each setting that deserves review.
pub(super) fn print_warnings(config: &Config) {
    let examples = config.example_values.iter().map(ToString::to_string);
    let ending = config.ending_grants(SystemTime::now());
    for warning in config.warnings.iter().cloned().chain(ending).chain(examples) {
        warn(warning);
    }
}

pub(super) fn check(file: &str, against: Option<&str>) -> anyhow::Result<Exit> {
    let config = load(file)?;
    let old = against.map(load).transpose()?;
    print_warnings(&config);
    for dropped in old.iter().flat_map(|old| config::dropped(old, &config)) {
        warn(&dropped.warning);
        let block: Vec<_> = dropped.block.iter().map(|line| Line::verbatim(4).text(line)).collect();
        eprint_lines(&block);
    }
    let grants = config.access_role.grants.len();
    let roles = config.roles.len();
    let grants = counted(grants, "grant");
    let roles = counted(roles, "role");
    let removed = match config.removed.len() {
        0 => String::new(),
        count => format!(", {} to remove", counted(count, "role")),
    };
    let line = Line::at(0).styled(Style::Success, format!("{file} is valid:"));
    print_text!("{}", render(&[line.text(format!(" {grants} on the access role, {roles}{removed}"))]));
    Ok(Exit::Done)
}

pub(super) fn show(file: &str) -> anyhow::Result<Exit> {
    print_text!("{}", render(&config::show(&load(file)?)));
    Ok(Exit::Done)
}
