//! The data of the page. Equal accounts are stored once: an account is its ID, its name, times and the number of its *kind*, which has
//! the rest. In the texts of a kind, [`ACCOUNT`] stands for the ID of the account.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::super::account::{AccountStatus, AuditedAccount, Status};
use super::super::attention::groups;
use super::super::summary::Audit;
use super::escape::json_block;
use crate::outcome::for_command_line;
use crate::text::printable;
use crate::time::unix_seconds;

/// Stands for the ID of an account. Filtered text does not contain it.
const ACCOUNT: &str = "\u{1}";

/// Values that are stored once, each with its position.
#[derive(Default)]
struct Table {
    positions: BTreeMap<String, usize>,
    values: Vec<Value>,
}

impl Table {
    fn add(&mut self, key: String, value: impl FnOnce() -> Value) -> usize {
        let next = self.values.len();
        let position = *self.positions.entry(key).or_insert(next);
        if position == next {
            self.values.push(value());
        }
        position
    }

    fn text(&mut self, text: String) -> usize {
        let value = text.clone();
        self.add(text, || Value::String(value))
    }
}

/// The data as JSON that can be written into HTML.
pub(super) fn data_block(audit: &Audit) -> String {
    let mut units = Table::default();
    let mut texts = Table::default();
    let mut kinds = Table::default();
    let mut group_of = BTreeMap::new();
    for (index, group) in groups(audit).iter().enumerate() {
        group_of.extend(group.accounts.iter().map(|account| (*account, index)));
    }
    let mut accounts = Vec::new();
    for (index, account) in audit.accounts.iter().enumerate() {
        let kind = kind(account, &mut texts);
        let kind = kinds.add(kind.to_string(), || kind);
        accounts.push(json!([
            account.id.as_str(),
            account.name,
            units.text(account.unit.clone()),
            kind,
            time(account.last_run),
            since(account),
            time(account.first_converged),
            time(account.last_converged),
            group_of.get(&index),
        ]));
    }
    let requirements = audit.requirements.iter().map(
        |one| json!({ "title": one.title, "kind": one.kind.as_str().replace('_', " "), "role": one.role.as_str() }),
    );
    let data = json!({
        "live": audit.source == super::super::summary::AuditSource::Live,
        "requirements": requirements.collect::<Vec<_>>(),
        "results": Status::all().map(|status| [status.as_str().to_owned(), status.label()]).collect::<Vec<_>>(),
        "statuses": AccountStatus::ALL.map(|status| [status.as_str(), status.label()]),
        "units": units.values,
        "texts": texts.values,
        "kinds": kinds.values,
        "accounts": accounts,
    });
    json_block(&data)
}

/// What equal accounts have in common.
fn kind(account: &AuditedAccount, texts: &mut Table) -> Value {
    let mut text = |text: &str| texts.text(text.replace(account.id.as_str(), ACCOUNT));
    let cause = account.cause.as_ref().map(|cause| {
        let [message, remedy] = [&cause.message, &cause.remedy].map(|part| printable(&for_command_line(part)));
        json!([cause.code, text(&message), text(&remedy)])
    });
    let result = |status: Status| Status::all().position(|known| known == status);
    let mut lines = |lines: &[String]| text(&lines.join("\n"));
    let roles: Vec<_> = account
        .roles
        .iter()
        .map(|role| {
            let (trust, policies, access) = (lines(&role.trust), lines(&role.policies), lines(&role.access));
            json!([role.role.as_str(), role.title, role.exists, trust, policies, access])
        })
        .collect();
    let handoffs =
        account.handoffs.iter().map(|handoff| json!([handoff.title, handoff.status.as_str(), handoff.changed]));
    json!({
        "status": account.status.as_str(),
        "cause": cause,
        "results": account.requirements.iter().map(|one| result(one.status)).collect::<Vec<_>>(),
        "configuration": account.configuration.as_str(),
        "handoffs": handoffs.collect::<Vec<_>>(),
        "roles": roles,
    })
}

/// Since when each requirement has its status; one number if that is the same for all.
fn since(account: &AuditedAccount) -> Value {
    let all: Vec<_> = account.requirements.iter().map(|result| time(result.since)).collect();
    match all.split_first() {
        Some((first, others)) if others.iter().all(|other| other == first) => json!(first),
        _ => json!(all),
    }
}

/// Seconds since 1970; 0 if the time is not known.
fn time(time: Option<SystemTime>) -> u64 {
    time.map(unix_seconds).unwrap_or_default()
}
