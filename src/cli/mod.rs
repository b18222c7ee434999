//! The CLI, `onboard`. Each subcommand has its own file.

#[macro_use]
mod output;

mod access_args;
mod account;
mod account_plan;
mod accounts;
mod accounts_args;
mod args;
mod audit;
mod audit_args;
mod aws_config;
mod common_args;
mod completion;
mod config;
mod config_args;
mod confirm;
mod create_accounts;
mod demo;
mod departed;
mod deployed;
mod doctor;
mod event;
mod exit;
mod explained;
mod handoff;
mod hidden_input;
mod init;
mod input;
mod interrupt;
mod links;
mod list_accounts;
mod man;
mod many_accounts;
mod many_output;
mod new_file;
mod output_file;
mod plan_warnings;
mod policy;
mod prerequisites;
mod prerequisites_args;
mod profile_files;
mod progress;
mod records_check;
mod run;
mod run_args;
mod selection_args;
mod target_args;
mod trust_audit;
mod undo;
mod undo_args;
mod user_file;
mod vendor_args;
mod vendors;
mod verify;
mod verify_args;

use clap::{CommandFactory, Parser};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::prelude::*;

pub use args::Args;
pub use common_args::Aws;
pub use exit::Exit;

use self::accounts_args::AccountsCommand;
use self::args::{Command, PolicyCommand};
use self::config_args::ConfigCommand;
use self::output::print_error;
use self::prerequisites_args::PrerequisitesCommand;
use self::vendor_args::VendorsCommand;
use onboarding_core::text;
use onboarding_engine::Governed;
use onboarding_engine::ports::{Inspect, ListRoles, ManageAccounts, ParameterStore, Profiles, World, WriteIam};

/// Parses the arguments and runs the subcommand. `connect` creates the AWS clients; only the binary provides it, so that
/// this module does not depend on the AWS SDK.
pub async fn run<W>(connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>) -> Exit
where
    W: World<Session: WriteIam + ListRoles> + ParameterStore + Inspect + ManageAccounts + Profiles,
{
    // Clap repeats arguments that it rejects, so those that cannot be printed must not reach it.
    if !std::env::args_os().all(|argument| argument.to_string_lossy().chars().all(text::is_printable)) {
        print_error("an argument contains characters that cannot be printed; remove them");
        return Exit::Usage;
    }
    if completion::answer(Args::command) {
        return Exit::Done;
    }
    let args = Args::parse();
    let connect = async |access: &Aws| Ok(Governed::new(connect(access).await?));
    let creates = matches!(args.command, Command::Accounts(AccountsCommand::Create(_)));
    if creates || matches!(args.command, Command::Plan(_) | Command::Apply(_) | Command::Verify(_) | Command::Undo(_)) {
        show_progress();
    }
    let result = match args.command {
        Command::Demo(arguments) => demo::demo(arguments).await,
        Command::Init(options) => init::init(options),
        Command::Doctor(options) => doctor::doctor(options, connect).await,
        Command::Plan(arguments) => run::plan(*arguments, connect).await,
        Command::Apply(arguments) => run::apply(*arguments, connect).await,
        Command::Verify(arguments) => verify::verify(*arguments, connect).await,
        Command::Undo(arguments) => undo::undo(*arguments, connect).await,
        Command::Accounts(AccountsCommand::Create(arguments)) => create_accounts::create(*arguments, connect).await,
        Command::Accounts(AccountsCommand::List(options)) => list_accounts::list(options, connect).await,
        Command::Links(arguments) => links::links(arguments, connect).await,
        Command::AwsConfig(arguments) => aws_config::aws_config(*arguments, connect).await,
        Command::Audit(arguments) if arguments.trust => trust_audit::trust_audit(*arguments, connect).await,
        Command::Audit(arguments) => audit::audit(*arguments, connect).await,
        Command::Policy(PolicyCommand::Grant(grant)) => policy::grant(&grant),
        Command::Policy(PolicyCommand::Explain(arguments)) => policy::explain(&arguments),
        Command::Event { file, format } => event::event(&file, format),
        Command::Config(ConfigCommand::Check { config, against }) => config::check(&config, against.as_deref()),
        Command::Config(ConfigCommand::Show { config }) => config::show(&config),
        Command::Config(ConfigCommand::Pull(options)) => deployed::pull(options, connect).await,
        Command::Config(ConfigCommand::Push(options)) => deployed::push(options, connect).await,
        Command::Vendors(VendorsCommand::List { config }) => vendors::list(config.as_deref()),
        Command::Prerequisites(PrerequisitesCommand::List) => prerequisites::list(),
        Command::Prerequisites(PrerequisitesCommand::Show(arguments)) => prerequisites::show(&arguments),
        Command::Vendors(VendorsCommand::Show(arguments)) => vendors::show(&arguments),
        Command::Handoff(arguments) => handoff::handoff(arguments, connect).await,
        Command::Completions { shell } => completion::script(shell),
        Command::Man { folder } => man::write(Args::command(), &folder),
    };
    result.unwrap_or_else(|error| {
        print_error(format_args!("{error:#}"));
        Exit::Error
    })
}

/// Prints what the engine waits for to stderr, one line per wait.
fn show_progress() {
    let ours = Targets::new().with_target("onboarding_engine", LevelFilter::DEBUG);
    let lines = tracing_subscriber::fmt::layer().with_writer(progress::AroundBar).without_time();
    let lines = lines.with_level(false).with_target(false).with_ansi(false);
    tracing_subscriber::registry().with(lines.with_filter(ours)).init();
}
