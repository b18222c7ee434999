//! The deployment: the function, its role, queues, rules, table and parameters.

use std::collections::{BTreeMap, BTreeSet};

use super::check::{Check, not_read};
use crate::error::ApiError;
use crate::management_role::ManagementRole;
use crate::policy::{Document, allowed_actions, like};
use crate::suggestion::list_of;
use crate::text::Untrusted;

/// The actions that the function's role is allowed by `template.yaml`.
pub const PUBLISHED_ACTIONS: [&str; 21] = [
    "dynamodb:BatchGetItem",
    "dynamodb:GetItem",
    "dynamodb:UpdateItem",
    "events:PutEvents",
    "kms:Decrypt",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "organizations:DescribeAccount",
    "organizations:DescribeCreateAccountStatus",
    "organizations:ListAccounts",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListTagsForResource",
    "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessage",
    "sqs:GetQueueAttributes",
    "sqs:ReceiveMessage",
    "sqs:SendMessage",
    "ssm:GetParameter",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
    "sts:AssumeRole",
];

/// What Lambda says about the function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionFacts {
    /// The name.
    pub name: String,
    /// Whether it can be invoked.
    pub state: FunctionState,
    /// The name of its role.
    pub role: Option<String>,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
}

/// Whether the function can be invoked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FunctionState {
    /// It can.
    Active,
    /// Not yet: it is being created.
    Pending,
    /// It cannot, for this reason, or its last update failed.
    Unusable(String),
}

/// What SQS says about a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueFacts {
    /// The ARN.
    pub arn: String,
    /// About how many messages wait.
    pub messages: u64,
}

/// What EventBridge says about a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleFacts {
    /// The name.
    pub name: String,
    /// Whether it is enabled.
    pub is_enabled: bool,
}

/// Whether the function is deployed and usable.
#[must_use]
pub fn function(name: &str, region: &str, facts: Option<&FunctionFacts>) -> Check {
    let shown = Untrusted::new(name);
    match facts {
        None => Check::warning(
            "function",
            format!("`{shown}` is not deployed in {region}"),
            "deploy the stack; until then `onboard plan` and `onboard apply` work from here",
        ),
        Some(FunctionFacts { state: FunctionState::Pending, .. }) => {
            Check::warning("function", format!("`{shown}` is being created"), "run again in a minute")
        }
        Some(FunctionFacts { state: FunctionState::Unusable(problem), .. }) => Check::failed(
            "function",
            format!("`{shown}` cannot be invoked: {}", Untrusted::new(problem.as_str())),
            format!("deploy the stack again; see `aws lambda get-function-configuration --function-name {shown}`"),
        ),
        Some(_) => Check::ok("function", format!("`{shown}` is active in {region}")),
    }
}

/// Whether the queue of the function exists.
#[must_use]
pub fn inbox(facts: &QueueFacts) -> Check {
    Check::ok("queue", format!("{} exists, {} messages wait", Untrusted::new(name_of(&facts.arn)), facts.messages))
}

/// Whether accounts need attention.
#[must_use]
pub fn dead_letters(facts: &QueueFacts, inbox_arn: Option<&str>) -> Check {
    match facts.messages {
        0 => Check::ok("dead letters", "none"),
        count => {
            let destination = inbox_arn.map(|arn| format!(" --destination-arn {arn}")).unwrap_or_default();
            Check::warning(
                "dead letters",
                format!("{count} messages; their attributes CAUSE, MESSAGE and REMEDY say why"),
                format!(
                    "fix the causes, then: `aws sqs start-message-move-task --source-arn {}{destination}`",
                    facts.arn
                ),
            )
        }
    }
}

/// Whether a rule sends events of accounts to the queue. The rule that starts a sweep after a change of the configuration sends no
/// such event.
#[must_use]
pub fn rules(rules: &[RuleFacts]) -> Check {
    let is_about_accounts = |rule: &&RuleFacts| {
        let name = rule.name.to_ascii_lowercase().replace('-', "");
        !name.contains("configurationchanged")
    };
    let rules: Vec<_> = rules.iter().filter(is_about_accounts).collect();
    let enabled: Vec<_> = rules.iter().filter(|rule| rule.is_enabled).map(|rule| rule.name.as_str()).collect();
    if !enabled.is_empty() {
        return Check::ok("rules", format!("{} sends events to the queue", list_of(enabled)));
    }
    match rules.first() {
        Some(rule) => Check::failed(
            "rules",
            format!("rule `{}` is disabled, so that no event of a new account arrives", rule.name),
            format!("`aws events enable-rule --name {}`", rule.name),
        ),
        None => Check::failed(
            "rules",
            "no rule of the default event bus sends events to the queue, so that no event of a new account arrives",
            "deploy the stack again",
        ),
    }
}

/// Whether the table of the records can be used.
#[must_use]
pub fn table(name: &str, state: &str) -> Check {
    let name = Untrusted::new(name);
    match state {
        "ACTIVE" | "UPDATING" => Check::ok("table", format!("{name} is active")),
        state => Check::failed("table", format!("{name} is {}", Untrusted::new(state)), "deploy the stack again"),
    }
}

/// A parameter that does not exist.
#[must_use]
pub fn parameter(name: &str, region: &str) -> Check {
    Check::failed(
        "parameter",
        format!("{name} does not exist in {region}"),
        format!("`aws ssm put-parameter --type SecureString --name {name} --value …`"),
    )
}

/// A parameter that cannot be read.
#[must_use]
pub fn unreadable_parameter(name: &str, error: &ApiError) -> Check {
    let Check { text, fix, .. } = not_read("parameter", error);
    Check::warning("parameter", format!("{name} {text}"), fix.unwrap_or_default())
}

/// Whether the inline policies of the function's role allow the published actions, and no others. `through` is the role in the
/// management account that reads the organization instead.
#[must_use]
pub fn role(name: &str, policies: &[String], through: Option<&ManagementRole>) -> Check {
    let is_own = |action: &&str| through.is_none() || !action.starts_with("organizations:");
    let published: Vec<_> = PUBLISHED_ACTIONS.into_iter().filter(is_own).collect();
    let documents: Vec<_> = policies.iter().filter_map(|policy| Document::parse(policy).ok()).collect();
    // A `NotAction` allows every action, as far as is known.
    let patterns = documents.iter().flat_map(allowed_actions).map(|action| action.unwrap_or("*"));
    let allowed: BTreeSet<String> = patterns.map(str::to_ascii_lowercase).collect();
    let allows = |action: &&str| allowed.iter().any(|pattern| like(pattern, &action.to_ascii_lowercase()));
    let missing: Vec<_> = published.iter().copied().filter(|action| !allows(action)).collect();
    let is_published = |action: &str| published.iter().any(|known| known.eq_ignore_ascii_case(action));
    let more: Vec<_> = allowed.iter().map(String::as_str).filter(|action| !is_published(action)).collect();
    let name = Untrusted::new(name);
    if !missing.is_empty() {
        return Check::failed("role", format!("the role {name} lacks {}", list_of(missing)), "deploy the stack again");
    }
    if !more.is_empty() {
        let text = format!("the role {name} has more permissions than the template: {}", list_of(more));
        return Check::warning("role", text, "find out who changed it, and deploy the stack again");
    }
    Check::ok("role", format!("{name} matches the published permissions"))
}

fn name_of(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap_or(arn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::{Diagnosis, Status};
    use crate::lines::plain;
    use crate::redaction::KnownSecrets;

    fn policy(actions: &[&str]) -> String {
        serde_json::json!({"Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "*"},
            {"Effect": "Deny", "Action": "iam:*", "Resource": "*"},
        ]})
        .to_string()
    }

    #[test]
    fn role_is_compared_with_the_published_actions() {
        assert_eq!(role("r", &[policy(&PUBLISHED_ACTIONS)], None).status, Status::Ok);
        let [first, second] = [&PUBLISHED_ACTIONS[..9], &PUBLISHED_ACTIONS[9..]];
        assert_eq!(role("r", &[policy(first), policy(second)], None).status, Status::Ok);
        let missing = role("r", &[policy(first)], None);
        assert!(missing.status == Status::Failed && missing.text.contains("`sts:AssumeRole`"), "{missing:?}");
        let more = role("r", &[policy(&[&PUBLISHED_ACTIONS[..], &["iam:*"]].concat())], None);
        assert!(more.status == Status::Warning && more.text.contains("`iam:*`"), "{more:?}");
        assert_eq!(role("r", &[policy(&["*"])], None).status, Status::Warning);
        let all_but = r#"{"Statement":{"Effect":"Allow","NotAction":"s3:GetObject","Resource":"*"}}"#.to_owned();
        assert_eq!(role("r", &[policy(&PUBLISHED_ACTIONS), all_but], None).status, Status::Warning);
        assert_eq!(role("r", &["not JSON".to_owned()], None).status, Status::Failed);
    }

    #[test]
    fn function_is_judged_by_its_state() {
        let status = |state| {
            let facts = FunctionFacts { name: "f".to_owned(), state, role: None, environment: BTreeMap::new() };
            function("f", "us-east-1", Some(&facts)).status
        };
        assert_eq!(status(FunctionState::Active), Status::Ok);
        assert_eq!(status(FunctionState::Pending), Status::Warning);
        assert_eq!(status(FunctionState::Unusable("its last update failed".to_owned())), Status::Failed);
        assert_eq!(function("f", "us-east-1", None).status, Status::Warning);
    }

    #[test]
    fn rule_of_the_configuration_does_not_replace_the_rule_of_accounts() {
        let rule = |name: &str, is_enabled| RuleFacts { name: name.to_owned(), is_enabled };
        for name in ["account-onboarding-ConfigurationChanged-1ABC", "account-onboarding-configuration-changed"] {
            assert_eq!(rules(&[rule(name, true)]).status, Status::Failed);
            assert_eq!(rules(&[rule("NewAccount", false), rule(name, true)]).status, Status::Failed);
            assert_eq!(rules(&[rule("NewAccount", true), rule(name, false)]).status, Status::Ok);
        }
    }

    #[test]
    fn diagnosis_shows_what_to_do_and_no_secret() {
        let secrets = KnownSecrets::default();
        secrets.add("s3cret-key");
        let rule = RuleFacts { name: "NewAccount".to_owned(), is_enabled: false };
        let queue = QueueFacts { arn: "arn:aws:sqs:us-east-1:482913650127:dead".to_owned(), messages: 2 };
        let checks = vec![
            table("records", "ACTIVE"),
            rules(&[rule]),
            dead_letters(&queue, Some("arn:aws:sqs:us-east-1:482913650127:inbox")),
            parameter("/account-onboarding/trelica/external-id", "us-east-1"),
            Check::failed("vendor API", "the key s3cret-key is refused", "replace s3cret-key"),
        ];
        let diagnosis = Diagnosis::new(checks, &secrets);
        assert!(!diagnosis.to_json().unwrap().contains("s3cret"));
        insta::assert_snapshot!(plain(&diagnosis.lines()), @"
        ok       table          records is active
        failed   rules          rule `NewAccount` is disabled, so that no event of a new
                                account arrives
                 fix            `aws events enable-rule --name NewAccount`
        warning  dead letters   2 messages; their attributes CAUSE, MESSAGE and REMEDY
                                say why
                 fix            fix the causes, then:
                                `aws sqs start-message-move-task --source-arn arn:aws:sqs:us-east-1:482913650127:dead --destination-arn arn:aws:sqs:us-east-1:482913650127:inbox`
        failed   parameter      /account-onboarding/trelica/external-id does not exist
                                in us-east-1
                 fix            `aws ssm put-parameter --type SecureString --name /account-onboarding/trelica/external-id --value …`
        failed   vendor API     the key (hidden) is refused
                 fix            replace (hidden)
        3 failed, 1 warnings
        ");
    }
}
