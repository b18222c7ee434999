//! Compares the documents with the code: cause codes, configuration keys, examples, links, commands and the demo picture.
#![cfg(test)]

#[cfg(unix)]
#[path = "documents/commands.rs"]
mod commands;
#[path = "../benches/cost.rs"]
#[expect(dead_code, reason = "`main` of the example")]
mod cost;
#[path = "documents/examples.rs"]
mod examples;
#[path = "documents/files.rs"]
mod files;
#[path = "documents/many_accounts.rs"]
mod many_accounts;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use onboarding_core::code::{Code, OutcomeKind};
use onboarding_core::prerequisites::Prerequisite;
use onboarding_core::trigger::TriggerKind;

use files::{blocks, documents, read, root, sources};

/// The rows of the table of codes: each code with its outcomes.
fn documented_codes() -> BTreeMap<String, String> {
    let semantics = read("docs/SEMANTICS.md");
    let (_, after) = semantics.split_once("<!-- codes:").expect("the marker of the table");
    let rows = after.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let rows = rows.filter(|row| row.starts_with("| `")).map(|row| {
        let mut cells = row.split('|').skip(1).map(str::trim);
        let code = cells.next().expect("a code").trim_matches('`').to_owned();
        (code, cells.next().expect("its outcomes").to_owned())
    });
    rows.collect()
}

#[test]
fn codes_and_their_outcomes_match_the_table() {
    let outcomes = |code: &Code| match code.outcomes() {
        [] => "log only".to_owned(),
        outcomes => outcomes.iter().map(|outcome| outcome.as_str()).collect::<Vec<_>>().join(", "),
    };
    let codes: BTreeMap<_, _> = Code::ALL.iter().map(|code| (code.as_str().to_owned(), outcomes(code))).collect();
    assert_eq!(codes.len(), Code::ALL.len(), "each code once");
    assert_eq!(documented_codes(), codes);
}

#[test]
fn kinds_of_triggers_are_documented() {
    let report = read("docs/REPORT.md");
    let row = report.lines().find(|line| line.starts_with("| `trigger` ")).expect("the row of `trigger`");
    let documented: BTreeSet<_> = row.split('`').skip(3).step_by(2).collect();
    assert_eq!(documented, TriggerKind::ALL.iter().map(|kind| kind.as_str()).collect());
}

/// On-call engineers search for the code, so each code that can block has a heading, and no other has one.
#[test]
fn codes_that_can_block_match_the_troubleshooting_sections() {
    let blocks = |code: &&Code| code.outcomes().contains(&OutcomeKind::Blocked);
    let mut blocked: Vec<_> = Code::ALL.iter().filter(blocks).map(|code| code.as_str().to_owned()).collect();
    assert!(blocked.len() > 25, "{blocked:?}");
    let troubleshooting = read("docs/TROUBLESHOOTING.md");
    let sections = troubleshooting.lines().filter_map(|line| line.strip_prefix("### "));
    let mut sections: Vec<_> = sections.map(|code| code.trim_matches('`').to_owned()).collect();
    blocked.sort();
    sections.sort();
    assert_eq!(sections, blocked);
}

#[test]
fn configuration_keys_are_documented() {
    let document = ["docs/CONFIGURATION.md", "docs/VENDOR_FILES.md"].map(read).concat();
    let mut keys = BTreeSet::new();
    for (file, text) in sources().into_iter().filter(|(file, _)| file.contains("config/") || file.contains("vendor/")) {
        for list in text.split("&[&str] = &[").skip(1) {
            let list = list.split(']').next().expect("a list of keys");
            let words = list.split('"').skip(1).step_by(2);
            keys.extend(words.map(|word| (file.clone(), word.to_owned())));
        }
    }
    assert!(keys.len() > 25, "{keys:?}");
    for (file, key) in keys {
        assert!(
            document.contains(&format!("`{key}`")),
            "`{key}` of {file} is not in docs/CONFIGURATION.md or docs/VENDOR_FILES.md"
        );
    }
}

#[test]
fn session_policy_actions_match_the_table() {
    let source = sources().remove("crates/core/src/session_policy.rs").expect("the module of session policies");
    let words = source.split('"').skip(1).step_by(2);
    let listed: BTreeSet<_> = words.filter(|word| word.starts_with("iam:") && !word.contains("Policy\"")).collect();
    let actions: BTreeSet<_> =
        listed.into_iter().filter(|a| !["iam:PolicyARN", "iam:PermissionsBoundary"].contains(a)).collect();
    assert_eq!(actions, actions_in(&permissions().1));
}

#[test]
fn execution_role_actions_match_the_table() {
    let template = read("template.yaml");
    let (_, role) = template.split_once("FunctionRole:\n    Type:").expect("the function's role");
    let (_, role) = role.split_once("Policies:").expect("its policies");
    let role = role.split("Alarm:").next().expect("the role's part");
    let actions: BTreeSet<_> = role
        .lines()
        .filter_map(|line| line.trim().strip_prefix("Action: "))
        .flat_map(|list| list.trim_matches(['[', ']']).split(", "))
        .collect();
    let table = permissions().0;
    assert_eq!(actions, actions_in(&table));
}

/// The tables of docs/PERMISSIONS.md: of the execution role, and of the session in a member account.
fn permissions() -> (String, String) {
    let document = read("docs/PERMISSIONS.md");
    let (_, tables) = document.split_once("<!-- permissions:").expect("the marker of the tables");
    let (function, session) = tables.split_once("## In a member account").expect("two tables");
    let rows = |text: &str| text.lines().filter(|line| line.starts_with("| `")).collect::<Vec<_>>().join("\n");
    (rows(function), rows(session))
}

/// The actions in the first column of a table.
fn actions_in(table: &str) -> BTreeSet<&str> {
    let first = table.lines().filter_map(|row| row.split('|').nth(1));
    first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect()
}

#[test]
fn links_between_documents_resolve() {
    for (file, text) in documents() {
        let folder = Path::new(&file).parent().expect("a folder").to_owned();
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let links = links.chain(text.split("src=\"").skip(1).filter_map(|rest| rest.split('"').next()));
        for link in links.filter(|link| !link.starts_with("https://") && !link.starts_with("http://")) {
            let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
            // A page of the GitHub repository, not a file.
            if path == "../../security/advisories/new" {
                continue;
            }
            let target = if path.is_empty() { root().join(&file) } else { root().join(&folder).join(path) };
            assert!(target.exists(), "{file}: `{link}` points to a file that does not exist");
            if let Some(anchor) = anchor {
                let linked = std::fs::read_to_string(&target).expect("a document");
                let found = linked.lines().filter_map(heading).any(|heading| heading == anchor);
                assert!(found, "{file}: `{link}` points to a heading that does not exist");
            }
        }
    }
}

/// The anchor that GitHub generates for a heading.
fn heading(line: &str) -> Option<String> {
    let text = line.strip_prefix('#')?.trim_start_matches('#').trim();
    let kept = text
        .to_lowercase()
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_')
        .collect::<String>();
    Some(kept.replace(' ', "-"))
}

/// References, which grow with each code, may be longer, and so may the changelog, which grows with each change.
#[test]
fn documents_have_at_most_250_lines() {
    for (file, text) in documents() {
        let is_longer = ["TROUBLESHOOTING", "SEMANTICS", "CHANGELOG"].iter().any(|name| file.contains(name));
        let longest = if is_longer { 400 } else { 250 };
        assert!(text.lines().count() <= longest, "{file} has {} lines", text.lines().count());
    }
}

fn onboard(arguments: &[&str]) -> (String, i32) {
    let run =
        Command::new(env!("CARGO_BIN_EXE_onboard")).args(arguments).current_dir(root()).output().expect("onboard");
    (String::from_utf8(run.stdout).expect("text"), run.status.code().expect("a code"))
}

#[test]
fn commands_in_documents_exist() {
    let mut seen = 0;
    for (file, text) in documents() {
        let lines =
            blocks(&text, "sh").into_iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>());
        for line in lines {
            let Some((_, command)) =
                line.split_once("onboard ").filter(|(before, _)| before.is_empty() || before.ends_with("| "))
            else {
                continue;
            };
            let command = command.split(" |").next().expect("a command");
            let words: Vec<_> = command.split_whitespace().take_while(|word| !["#", ">"].contains(word)).collect();
            let nested = ["accounts", "policy", "config", "vendors", "prerequisites"].contains(&words[0])
                || words.starts_with(&["handoff", "done"]);
            let mut help: Vec<&str> = words.iter().copied().take(if nested { 2 } else { 1 }).collect();
            help.push("--help");
            let (output, code) = onboard(&help);
            assert_eq!(code, 0, "{file}: `{line}`");
            for option in words.iter().filter(|word| word.starts_with("--")) {
                assert!(output.contains(option), "{file}: `{line}`: there is no `{option}`");
            }
            seen += 1;
        }
    }
    assert!(seen >= 10, "{seen} commands");
}

/// Each of the 42 rows of docs/STEPS.md names an existing test, and its commands exist.
#[test]
fn manual_steps_name_existing_tests_and_commands() {
    let steps = read("docs/STEPS.md");
    let rows: Vec<_> = steps.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| Step")).collect();
    assert_eq!(rows.len(), 42);
    for row in rows {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let [_, _, here, test, _] = cells[..] else { panic!("three cells: {row}") };
        let test = test.trim_matches('`');
        assert!(!test.is_empty() && root().join(test).exists(), "{row}");
        for command in here.split('`').filter_map(|code| code.strip_prefix("onboard ")) {
            let words: Vec<_> = command.split(' ').take_while(|word| !word.starts_with('-')).collect();
            let known = (1..=words.len().min(2)).rev().any(|count| {
                let help: Vec<_> = words.iter().take(count).copied().chain(["--help"]).collect();
                onboard(&help).1 == 0
            });
            assert!(known, "{command}: {row}");
        }
    }
}

/// They need neither files nor AWS, so each is run as it is written.
#[test]
fn commands_of_the_prerequisites_succeed() {
    let lines: Vec<_> = blocks(&read("docs/PREREQUISITES.md"), "sh").concat().lines().map(str::to_owned).collect();
    let commands: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("onboard ")).collect();
    assert!(commands.len() >= 8, "{commands:?}");
    for command in commands {
        let words: Vec<_> = command.split_whitespace().take_while(|word| *word != ">").collect();
        let (output, code) = onboard(&words);
        assert!(code == 0 && !output.is_empty(), "{command}");
    }
}

#[test]
fn prerequisites_and_their_parameters_are_documented() {
    let document = read("docs/PREREQUISITES.md");
    let row = |name: &str| document.contains(&format!("\n| `{name}` |"));
    for prerequisite in Prerequisite::ALL {
        let account = prerequisite.account().as_str();
        assert!(document.contains(&format!("\n| `{prerequisite}` | {account} |")), "`{prerequisite}`");
    }
    let template = read("prerequisites.yaml");
    let (_, parameters) = template.split_once("\nParameters:\n").expect("parameters");
    let (parameters, _) = parameters.split_once("\nConditions:").expect("their end");
    let parameters: BTreeSet<_> = parameters
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'))
        .filter(|name| !name.starts_with(' '))
        .collect();
    assert_eq!(parameters.len(), 10, "{parameters:?}");
    for parameter in &parameters {
        assert!(row(parameter), "`{parameter}`");
    }
    // The parameters of the commands that deploy the template.
    let overrides = document.split("--parameter-overrides ").skip(1).filter_map(|rest| rest.lines().next());
    let given: Vec<_> = overrides
        .flat_map(str::split_whitespace)
        .filter_map(|word| word.split_once('='))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(given.len(), 5, "{given:?}");
    for name in given {
        assert!(parameters.contains(name), "`{name}`");
    }
    // The parameters of the other stack.
    let stack = read("template.yaml");
    for name in ["RequireMfa", "IdentityPrincipals", "PermissionSets"] {
        assert!(row(name) && stack.contains(&format!("\n  {name}:\n")), "`{name}`");
    }
}

#[test]
fn exit_codes_in_documents_match_the_help() {
    let (help, _) = onboard(&["--help"]);
    let (_, after) = help.split_once("Exit codes:").expect("the codes");
    let codes: BTreeSet<_> =
        after.lines().filter_map(|line| line.trim().split(' ').next()).filter(|c| !c.is_empty()).collect();
    for file in ["README.md", "docs/SEMANTICS.md"] {
        let text = read(file);
        let (_, table) = text.split_once("ode | Meaning |\n|---|---|\n").expect("the table of exit codes");
        let rows: BTreeSet<_> = table
            .lines()
            .take_while(|line| line.starts_with('|'))
            .filter_map(|line| line.strip_prefix("| ")?.split(' ').next())
            .filter(|cell| cell.len() == 1 && cell.bytes().all(|b| b.is_ascii_digit()))
            .collect();
        assert_eq!(rows, codes, "{file}");
    }
}

/// The pictures that .ci/demo_picture.py draws.
#[test]
fn pictures_of_the_demo_match_its_output() {
    for (words, picture, least) in [(&["demo"][..], "docs/demo.svg", 60), (&["demo", "--all"], "docs/demo-all.svg", 55)]
    {
        let (printed, code) = onboard(words);
        assert_eq!(code, 0);
        let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let printed: BTreeSet<_> = printed.lines().map(squeeze).collect();
        let mut lines = 0;
        for row in read(picture).lines().filter(|line| line.starts_with("<text y=")) {
            let words: Vec<_> =
                row.split('>').filter_map(|part| part.split('<').next()).filter(|part| !part.is_empty()).collect();
            let line = squeeze(&words.join(" ")).replace(") ,", "),").replace("&amp;", "&");
            if line.starts_with('$') {
                continue;
            }
            // A line that is too wide for the picture is cut.
            let is_printed = match line.strip_suffix(" …") {
                Some(start) => start.len() > 60 && printed.iter().any(|printed| printed.starts_with(start)),
                None => printed.contains(&line),
            };
            assert!(is_printed, "{picture}: the demo does not print `{line}`; draw it again with .ci/demo_picture.py");
            lines += 1;
        }
        assert!(lines > least, "{picture} has {lines} lines");
    }
}

#[test]
fn tables_of_the_cost_are_up_to_date() {
    let document = read("docs/COST.md");
    assert_eq!(cost::updated(&document).expect("the tables"), document, "run `cargo run --example cost`");
}
