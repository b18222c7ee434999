//! The parser of vendor files and of `[catalogue.NAME]`, which have the same format.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::api::Api;
use super::handoff::{HandoffTemplate, aws_region, field_template};
use super::model::{ExternalIdRule, Group, Vendor, VendorOrigin};
use crate::owner::is_vendor_name;
use crate::policy::{AssumeAction, AssumeActions, Condition};
use crate::role::RoleName;
use crate::role_settings::{DEFAULT_MAX_SESSION, RoleSettings};
use crate::suggestion::{did_you_mean, one_of};
use crate::template::Template;
use crate::text::Untrusted;
use crate::toml_reader::{
    Problems, SourceFile, Table, Value, assume_actions, check_action, check_count_of_managed, check_quota, description,
    identity_or_account, managed_policy_arn, permissions_condition, policy_name, session_duration, template,
    trust_condition,
};

const VENDOR: &[&str] = &["title", "documentation", "trust", "role", "permissions", "registration", "handoff", "once"];
const TRUST: &[&str] = &["accounts", "external-id", "external-id-hint", "condition", "actions"];
const ROLE: &[&str] = &["name", "name-fixed", "description", "max-session-seconds", "policy-name", "managed-policies"];
const GROUP: &[&str] = &["actions", "resources", "condition", "mutates", "management-only", "optional-actions"];
const HANDOFF: &[&str] = &["instruction", "link", "region", "fields", "notes"];

/// Reads a vendor file.
pub(crate) fn read_file(name: &str, file: &str, text: &str, origin: VendorOrigin) -> (Option<Vendor>, Problems) {
    let source = SourceFile::new(file, text);
    let document = source.document();
    let vendor = document.as_ref().and_then(|d| vendor(name, &Table::of_document(&source, d, VENDOR), origin));
    drop(document);
    (vendor, source.into_problems())
}

/// Reads the value of `[catalogue.NAME]`.
pub(crate) fn read_value(name: &str, value: &Value<'_>) -> Option<Vendor> {
    vendor(name, &value.table(VENDOR)?, VendorOrigin::Configuration)
}

/// Validates the name of a vendor.
pub(crate) fn vendor_name(text: &str) -> Result<String, String> {
    if is_vendor_name(text) {
        Ok(text.to_owned())
    } else {
        Err(format!(
            "`{}` is not a valid vendor name; use 1 to 64 lowercase letters, digits and `-`",
            Untrusted::new(text)
        ))
    }
}

/// Reads every key before it returns, so that all problems are reported.
fn vendor(name: &str, table: &Table<'_>, origin: VendorOrigin) -> Option<Vendor> {
    let title = table.require("title").and_then(|value| value.checked(single_line));
    let documentation = table.get("documentation").and_then(|value| value.list()).unwrap_or_default();
    let documentation = documentation.iter().filter_map(|link| link.checked(https_link)).collect();
    let groups = table.get("permissions").map(|value| groups(&value)).unwrap_or_default();
    let trust = table.require("trust").and_then(|value| trust(&value));
    let role = table.require("role").and_then(|value| role(&value, &groups));
    let registration_api = table.get("registration").and_then(|value| registration_api(&value));
    let handoff = table.get("handoff").and_then(|value| handoff(&value));
    let once = table.get("once").and_then(|value| value.list()).unwrap_or_default();
    let once = once.iter().filter_map(|step| step.checked(single_line)).collect();
    let Trust { accounts, external_id, condition, actions } = trust?;
    let role = role?;
    let title = title?;
    let description = match role.description {
        Some(text) => text,
        // A title may contain characters that IAM does not allow in a description.
        None => description(&format!("Access for {title}")).unwrap_or_default(),
    };
    Some(Vendor {
        name: name.to_owned(),
        title,
        documentation,
        accounts,
        external_id,
        condition,
        actions,
        role_name: role.name,
        name_fixed: role.name_fixed,
        settings: RoleSettings { description, max_session: role.max_session, ..RoleSettings::default() },
        policy_name: role.policy_name,
        managed: role.managed,
        groups,
        registration_api,
        handoff,
        once,
        origin,
    })
}

fn registration_api(value: &Value<'_>) -> Option<Api> {
    value.table(&["api"])?.require("api")?.checked(|name| {
        let names = || Api::ALL.into_iter().map(Api::name);
        Api::ALL.into_iter().find(|api| api.name() == name).ok_or_else(|| {
            let hint = did_you_mean(name, names());
            format!("`{}` is not a supported API; expected {}{hint}", Untrusted::new(name), one_of(names()))
        })
    })
}

/// Reads every key before it returns, so that all problems are reported.
fn handoff(value: &Value<'_>) -> Option<HandoffTemplate> {
    let table = value.table(HANDOFF)?;
    let text = |text: &str| field_template(&single_line(text)?);
    let instruction = table.require("instruction").and_then(|value| value.checked(text));
    let link = table.get("link").and_then(|value| value.checked(https_link));
    let region = table.get("region").and_then(|value| value.checked(aws_region));
    let notes = table.get("notes").and_then(|value| value.list()).unwrap_or_default();
    let notes = notes.iter().filter_map(|note| note.checked(single_line)).collect();
    let fields = table.require("fields").and_then(|value| value.entries());
    let fields = fields.map(|fields| {
        let field = |field: &Value<'_>| {
            if let Err(error) = single_line(field.key()) {
                field.problem(format!("a label {error}"));
            }
            Some((field.key().to_owned(), field.checked(text)?))
        };
        fields.iter().filter_map(field).collect::<Vec<_>>()
    });
    let handoff = HandoffTemplate { instruction: instruction?, link, region, fields: fields?, notes };
    if handoff.has_region() && handoff.region.is_none() {
        table.problem("`region` is missing; set the default of `{region}`");
    }
    Some(handoff)
}

struct Trust {
    accounts: Vec<Template>,
    external_id: ExternalIdRule,
    condition: Condition,
    actions: AssumeActions,
}

fn trust(value: &Value<'_>) -> Option<Trust> {
    let table = value.table(TRUST)?;
    let hint = table.get("external-id-hint").and_then(|value| value.checked(single_line));
    let rule = table.require("external-id").and_then(|value| external_id(&value, hint));
    let accounts = table.require("accounts").and_then(|value| {
        let list = value.list()?;
        if list.is_empty() {
            value.problem("is empty; add the account IDs of the vendor, or the ARNs of its roles");
        }
        Some(list.iter().filter_map(|item| item.checked(identity_or_account)).collect::<Vec<_>>())
    });
    let condition = table.get("condition").map(|value| trust_condition(&value)).unwrap_or_default();
    let actions = table.get("actions").and_then(|value| assume_actions(&value, AssumeAction::AssumeRole));
    Some(Trust { accounts: accounts?, external_id: rule?, condition, actions: actions.unwrap_or_default() })
}

fn external_id(value: &Value<'_>, hint: Option<String>) -> Option<ExternalIdRule> {
    if value.node().is_table() {
        let reason = value.table(&["none-because"])?.require("none-because")?;
        return reason.checked(single_line).map(ExternalIdRule::NoneBecause);
    }
    match value.node().as_str() {
        Some("required") => Some(ExternalIdRule::Required { hint }),
        _ => {
            value.problem("expected `\"required\"`, or `{ none-because = \"…\" }` with the reason");
            None
        }
    }
}

struct Role {
    name: RoleName,
    name_fixed: bool,
    description: Option<String>,
    max_session: Duration,
    policy_name: String,
    managed: BTreeSet<Template>,
}

fn role(value: &Value<'_>, groups: &[Group]) -> Option<Role> {
    let table = value.table(ROLE)?;
    let name = table.require("name").and_then(|value| value.parse::<RoleName>());
    let managed = table.get("managed-policies").map(|value| {
        let list = value.list().unwrap_or_default();
        check_count_of_managed(&value, list.len());
        list.iter().filter_map(|arn| arn.checked(managed_policy_arn)).collect()
    });
    let policy_name_override = table.get("policy-name").and_then(|value| value.checked(policy_name));
    let name_fixed = table.get("name-fixed").and_then(|value| value.flag()).unwrap_or(false);
    let description = table.get("description").and_then(|value| value.checked(description));
    let max_session = table.get("max-session-seconds").and_then(|value| session_duration(&value));
    let max_session = max_session.unwrap_or(DEFAULT_MAX_SESSION);
    if groups.is_empty() && managed.as_ref().is_none_or(BTreeSet::is_empty) {
        table.problem("the role would have no permissions; add `[permissions.NAME]` or `managed-policies`");
    }
    let all: Vec<_> = groups.iter().collect();
    if let Some(policy) = Vendor::policy(&all) {
        check_quota(value, &BTreeMap::from([(String::new(), policy)]));
    }
    let name = name?;
    if let (None, Err(error)) = (&policy_name_override, policy_name(name.as_str())) {
        table.problem(format!("without a `policy-name`, the policy has the name of the role: {error}"));
    }
    let policy_name = policy_name_override.unwrap_or_else(|| name.to_string());
    Some(Role { name, name_fixed, description, max_session, policy_name, managed: managed.unwrap_or_default() })
}

fn groups(value: &Value<'_>) -> Vec<Group> {
    let entries = value.entries().unwrap_or_default();
    entries.iter().filter_map(group).collect()
}

fn group(entry: &Value<'_>) -> Option<Group> {
    let table = entry.table(GROUP)?;
    if let Err(error) = vendor_name(entry.key()) {
        entry.problem(error.replace("vendor name", "group name"));
    }
    let texts = |value: &Value<'_>, check: fn(&str) -> Result<String, String>| {
        let list = value.list()?;
        if list.is_empty() {
            value.problem("is empty; add at least one item");
        }
        Some(list.iter().filter_map(|item| item.checked(check)).collect::<Vec<_>>())
    };
    let mutates = table.get("mutates").and_then(|value| value.flag()).unwrap_or(false);
    let management_only = table.get("management-only").and_then(|value| value.flag()).unwrap_or(false);
    let optional = table.get("optional-actions").and_then(|value| value.list()).unwrap_or_default();
    let resources = table.get("resources").and_then(|value| texts(&value, resource));
    let condition = table.get("condition").map(|value| permissions_condition(&value));
    let actions = table.require("actions").and_then(|value| texts(&value, action))?;
    let condition = condition.unwrap_or_default();
    let resources = resources.unwrap_or_else(|| vec!["*".to_owned()]);
    for optional in &optional {
        optional.checked(|name| {
            let hint = || did_you_mean(name, actions.iter().map(String::as_str));
            let error = || format!("`{}` is not an action of this group{}", Untrusted::new(name), hint());
            actions.iter().any(|action| action == name).then_some(()).ok_or_else(error)
        });
    }
    let optional_actions = optional.iter().filter_map(|value| value.node().as_str()).map(str::to_owned).collect();
    Some(Group {
        name: entry.key().to_owned(),
        actions,
        resources,
        condition,
        mutates,
        management_only,
        optional_actions,
    })
}

fn action(text: &str) -> Result<String, String> {
    // A vendor names the services whose actions it uses.
    let good = check_action(text).is_ok() && !text.starts_with(['*', '?']);
    let error = || format!("`{}` is not a valid action; expected a form such as `iam:ListUsers`", Untrusted::new(text));
    good.then(|| text.to_owned()).ok_or_else(error)
}

fn resource(text: &str) -> Result<String, String> {
    let check = |expanded: &str| {
        // IAM accepts a wildcard at any place, so that `*arn:…` is a pattern like any other.
        let arn = expanded.starts_with("arn:") && expanded.splitn(6, ':').count() == 6;
        let good = (expanded.starts_with('*') || arn) && expanded.bytes().all(|b| b.is_ascii_graphic());
        let error = || {
            format!("`{}` is not a valid resource; write `*`, an ARN or a pattern of ARNs", Untrusted::new(expanded))
        };
        good.then_some(()).ok_or_else(error)
    };
    template(text, check).map(|template| template.0)
}

fn https_link(text: &str) -> Result<String, String> {
    let good = text.strip_prefix("https://").is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_graphic()));
    good.then(|| text.to_owned()).ok_or_else(|| "is not a valid link; it must start with `https://`".to_owned())
}

/// Validates text that is printed as one line.
fn single_line(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("contains a line break or another control character; write one line without them".to_owned());
    }
    let good = !text.trim().is_empty() && text.chars().count() <= 500;
    good.then(|| text.to_owned()).ok_or_else(|| "must be one non-empty line of at most 500 characters".to_owned())
}
