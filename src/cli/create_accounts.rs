//! `onboard accounts create`: creates accounts, moves them and onboards them.
//!
//! Nothing is kept between two runs: what exists is read from AWS. After an interruption, a crash or an error, the same command
//! continues.

use std::time::Duration;

use anyhow::{anyhow, bail};

use super::account::run_name;
use super::accounts_args::CreateAccounts;
use super::common_args::Aws;
use super::config;
use super::confirm;
use super::exit::Exit;
use super::explained::explained_error;
use super::input::{input_name, read};
use super::interrupt::until_interrupted;
use super::output::warn;
use onboarding_core::lines::{Line, render};
use onboarding_core::new_account::{
    AccountPlan, AccountResult, AccountRow, Ending, NewAccount, RowError, TagList, parse_csv, plan_lines, question,
    result_lines, summary_line,
};
use onboarding_core::report::{Detail, report_lines};
use onboarding_engine::ports::{ManageAccounts, World, WriteIam};
use onboarding_engine::{CreationRun, Engine, Interrupt, SurveyError};

pub(super) async fn create<W: World<Session: WriteIam> + ManageAccounts>(
    arguments: CreateAccounts,
    connect: impl AsyncFnOnce(&Aws) -> anyhow::Result<W>,
) -> anyhow::Result<Exit> {
    let rows = rows(&arguments)?;
    let CreateAccounts { from, yes, config: file, wait, aws, .. } = arguments;
    let config = config::load(&file)?;
    config::refuse_example_values(&config)?;
    confirm::ensure_can_ask("accounts create", yes)?;
    let engine = Engine::new(connect(&aws).await?, config);
    let plans = engine.survey(rows).await.map_err(|error| match error {
        SurveyError::Api(error) => {
            explained_error("cannot compare the accounts with those of the organization", &error)
        }
        SurveyError::Rows(errors) => invalid(&errors, from.as_deref()),
    })?;
    print_text!("{}", render(&plan_lines(&plans, &engine.config)));
    if !yes && !confirm::ask(&question(&plans))? {
        print_line!("Nothing was changed.");
        return Ok(Exit::Pending);
    }
    print_line!();
    let run = CreationRun {
        wait: Duration::from_secs(wait.into()),
        name: run_name(&engine.world),
        interrupt: Interrupt::default(),
    };
    let Some(results) = until_interrupted(engine.create_accounts(plans, &run), &run.interrupt).await else {
        warn("stopped; AWS still creates the accounts that were requested. Run the same command again to continue");
        return Ok(Exit::Waiting);
    };
    print_text!("{}", render(&lines(&results)));
    let exit = exit(&results);
    if exit == Exit::Waiting {
        print_line!("\nRun the same command again to continue: finished steps are not repeated.");
    }
    Ok(exit)
}

/// The accounts of the options or of the file.
fn rows(arguments: &CreateAccounts) -> anyhow::Result<Vec<AccountRow>> {
    if let Some(file) = &arguments.from {
        return parse_csv(&read(file)?).map_err(|errors| invalid(&errors, Some(file)));
    }
    let (Some(name), Some(email)) = (arguments.name.clone(), arguments.email.clone()) else {
        bail!("pass `--name` and `--email`, or `--from`");
    };
    let mut tags = TagList::default();
    for tag in &arguments.tags {
        tags.add(tag).map_err(|problem| anyhow!("--tag: {problem}"))?;
    }
    let account = NewAccount {
        name,
        email,
        unit: arguments.ou.clone(),
        role_name: arguments.role_name.clone(),
        billing: arguments.iam_billing.unwrap_or_default(),
        tags: tags.0,
    };
    Ok(vec![AccountRow { line: None, account }])
}

/// All errors, one in a line.
fn invalid(errors: &[RowError], file: Option<&str>) -> anyhow::Error {
    let file = file.map(|file| if file == "-" { input_name(file) } else { file.to_owned() });
    let line = |error: &RowError| match &file {
        Some(file) => error.in_file(file),
        None => error.to_string(),
    };
    anyhow!("{}\nnothing was changed", errors.iter().map(line).collect::<Vec<_>>().join("\n"))
}

/// The whole report of a single account, and a few lines for each of several.
fn lines(results: &[AccountResult]) -> Vec<Line> {
    let mut lines = vec![summary_line(results)];
    if let [AccountResult { plan: AccountPlan { .. }, ending: Ending::Onboarded(report), .. }] = results {
        lines.push(Line::blank());
        lines.extend(report_lines(report, None, Detail::Summary));
    } else {
        lines.extend(results.iter().flat_map(result_lines));
    }
    lines
}

/// The most severe exit code wins.
fn exit(results: &[AccountResult]) -> Exit {
    let of_one =
        |result: &AccountResult| result.outcome().map_or(Exit::Waiting, |outcome| Exit::from_outcome(&outcome));
    Exit::most_severe(results.iter().map(of_one))
}

#[cfg(test)]
#[path = "create_accounts_tests.rs"]
mod tests;
