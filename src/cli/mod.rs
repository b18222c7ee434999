//! The command line: `onboard`. One file for each subcommand.

#[macro_use]
mod output;

mod account;
mod args;
mod config;
mod demo;
mod event;
mod exit;
mod policy;
mod vendors;

use std::fmt::Display;
use std::io::Read;

use clap::{CommandFactory, Parser};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

pub use args::{Args, Aws};
pub use exit::Exit;

use args::{Command, ConfigCommand, PolicyCommand, VendorsCommand};

use onboarding_core::report::paint;
use onboarding_core::text;
use onboarding_engine::ports::{Sessions, World, WriteIam};

/// Parses the arguments and runs the subcommand. `connect` makes the ports on AWS, which the binary alone does.
pub async fn run<W>(connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>) -> Exit
where
    W: World<Sessions: Sessions<Session: WriteIam>>,
{
    let args = Args::parse();
    if matches!(args.command, Command::Plan(_) | Command::Apply { .. }) {
        show_progress();
    }
    let result = match args.command {
        Command::Demo => demo::demo().await,
        Command::Plan(target) => account::plan(target, connect).await,
        Command::Apply { target, yes } => account::apply(target, yes, connect).await,
        Command::Policy(PolicyCommand::Grant(grant)) => policy::grant(&grant),
        Command::Policy(PolicyCommand::Explain { file, format, reveal }) => policy::explain(&file, format, reveal),
        Command::Event { file, format } => event::event(&file, format),
        Command::Config(ConfigCommand::Check { config }) => config::check(&config),
        Command::Config(ConfigCommand::Show { config }) => config::show(&config),
        Command::Vendors(VendorsCommand::List { config }) => vendors::list(config.as_deref()),
        Command::Vendors(VendorsCommand::Show { name, config }) => vendors::show(&name, config.as_deref()),
        Command::Completions { shell } => completions(shell),
    };
    result.unwrap_or_else(|error| {
        complain(format_args!("{error:#}"));
        Exit::Error
    })
}

/// What the engine waits for goes to standard error, a line for each pause.
fn show_progress() {
    let ours = Targets::new().with_target("onboarding_engine", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).without_time();
    let lines = lines.with_level(false).with_target(false).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "onboard", &mut script);
    say!("{}", String::from_utf8(script)?);
    Ok(Exit::Done)
}

/// A sentence on standard error.
fn complain(sentence: impl Display) {
    let sentence = sentence.to_string();
    let sentence: Vec<_> = sentence.lines().map(text::printable).collect();
    whisper!("{} {}", paint::bad("error:"), sentence.join("\n"));
}

/// The text of a file, or of standard input for `-`.
fn read(file: &str) -> anyhow::Result<String> {
    use anyhow::Context;
    let mut bytes = Vec::new();
    // Nothing that is read here is longer than an event of Lambda: 1 MB, and some.
    const MOST: u64 = 4 << 20;
    let source: &mut dyn Read = if file == "-" {
        &mut std::io::stdin()
    } else {
        &mut std::fs::File::open(file).with_context(|| format!("`{file}` cannot be read; check the path"))?
    };
    source.take(MOST + 1).read_to_end(&mut bytes).with_context(|| format!("`{file}` cannot be read"))?;
    anyhow::ensure!(bytes.len() as u64 <= MOST, "`{file}` is longer than 4 MiB; that is none of ours");
    String::from_utf8(bytes).with_context(|| format!("`{file}` is not UTF-8"))
}
