//! The organization: 1,000 member accounts in nested units, of which every fourth is of an awkward kind, and two configurations:
//! [`BEFORE`], with which some of them were onboarded, and [`CONFIG`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::time::from_unix_seconds;
use onboarding_engine::ports::Clock;
use onboarding_simulation::{FakeOrganization, Tenant};

use super::kinds::{History, KINDS, Kind};
use crate::common::{
    IDENTITY, MANAGEMENT, PARAMETER, PIPELINE, SECURITY_ID, TRELICA, TRELICA_ID, WORKLOAD_SECURITY, engine, id, job,
    outcome_code, run,
};
use crate::registration::{KEY, KEY_PARAMETER};

/// How many member accounts there are, next to the established one of every test organization.
pub(super) const COUNT: usize = 1_000;

/// Whose grant has ended.
pub(super) const PARTNER: &str = "555566667777";
/// A principal that others have given access.
pub(super) const STRANGER: &str = "123456789012";
/// A role that is revoked.
pub(super) const FORMER: &str = "arn:aws:iam::123456789012:role/former-admin";

pub(super) const PRODUCTION: &str = "ou-exam-workprod";
pub(super) const DEVELOPMENT: &str = "ou-exam-workdevs";
pub(super) const ACQUIRED: &str = "ou-exam-acquired";
/// A unit of the same name as [`PRODUCTION`], below another one.
pub(super) const OTHER_PRODUCTION: &str = "ou-exam-acquprod";
pub(super) const EXCLUDED: &str = "ou-exam-excluded";
const ROOT: &str = "r-exam";

/// Every unit: its ID, its name and what is above it.
const UNITS: [(&str, &str, &str); 9] = [
    ("ou-exam-workload", "Workloads", ROOT),
    (PRODUCTION, "Production", "ou-exam-workload"),
    ("ou-exam-payments", "Payments EU", PRODUCTION),
    ("ou-exam-carddata", "Card Data", "ou-exam-payments"),
    (DEVELOPMENT, "Development & Test", "ou-exam-workload"),
    (ACQUIRED, "Acquired Companies", ROOT),
    (OTHER_PRODUCTION, "Production", ACQUIRED),
    ("ou-exam-hostiles", "\u{202e}x\"}],\"Principal\":\"*\r\n\u{1b}[2J{account-id}", OTHER_PRODUCTION),
    (EXCLUDED, "Do not touch", ROOT),
];

/// The units of the accounts, in turn.
const PLACES: [&str; 8] = [
    "ou-exam-payments",
    DEVELOPMENT,
    "ou-exam-carddata",
    ACQUIRED,
    PRODUCTION,
    OTHER_PRODUCTION,
    "ou-exam-hostiles",
    ROOT,
];

/// The configuration of four days ago.
pub(super) const BEFORE: &str = r#"
[[access-role.grant]]
principal = "222233334444"

[[access-role.grant]]
principal = "555566667777"
until = 2026-11-20

[vendors.workload-security]
external-id = { ssm-parameter = "/onboarding/workload-security" }

[vendors.trelica]
external-id = "s3cret/of:trelica"
permissions = ["iam"]

[[role]]
name = "app-deployer"
path = "/apps/"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
trust = [{ principal = "arn:aws:iam::222233334444:role/app-pipeline" }]

[[role]]
name = "legacy-app"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
policies = { logs = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}' }
trust = [{ principal = "222233334444" }]
"#;

/// The configuration: a vendor with an API, a role with every setting, targets by unit and by tag, removals, and grants that have
/// ended or are for a part of the accounts.
pub(super) const CONFIG: &str = r#"
[access-role]
names = ["OrganizationAccountAccessRole", "AWSControlTowerExecution"]

[[access-role.grant]]
principal = "222233334444"

[[access-role.grant]]
principal = "arn:aws:iam::147995105371:role/production-support"
targets = { organizational-units = ["Workloads/Production"] }

[[access-role.grant]]
principal = "555566667777"
until = 2026-11-20

[[access-role.revoke]]
principal = "arn:aws:iam::123456789012:role/former-admin"

[[access-role.revoke]]
principal = "arn:aws:iam::123456789012:role/owner-of-{account-name}"

[[access-role.other]]
name = "CompanyAccess"
targets = { organizational-units = ["Acquired Companies/Production"] }

[accounts]
exclude = ["222233334444", "ou-exam-excluded"]

[vendors.workload-security]
external-id = { ssm-parameter = "/onboarding/workload-security" }
registration = { region = "us-1", api-key = { ssm-parameter = "/account-onboarding/workload-security/api-key" } }

[[removed]]
vendor = "trelica"

[[role]]
name = "app-deployer"
path = "/apps/"
description = "The pipeline updates the application"
max-session-seconds = 7200
permissions-boundary = "arn:{partition}:iam::aws:policy/PowerUserAccess"
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
tags = { team = "platform" }
policies = { deploy = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"lambda:UpdateFunctionCode","Resource":"arn:{partition}:lambda:*:{account-id}:function:app-*"}}' }
trust = [{ principal = "arn:aws:iam::222233334444:role/app-pipeline" }]

[[role]]
name = "audit-reader"
managed-policies = ["arn:{partition}:iam::aws:policy/SecurityAudit"]
trust = [{ principal = "222233334444" }]
targets = { tags = { audit = ["yes", "always"] } }

[[removed]]
role = "legacy-app"
"#;

/// A role of another account that [`CONFIG`] grants access to the accounts in one unit.
pub(super) const SUPPORT: &str = "arn:aws:iam::147995105371:role/production-support";

/// The tenant at the vendor.
const URL: &str = "https://workload.us-1.cloudone.trendmicro.com/api";

/// An account, and what is awkward about it.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: AccountId,
    pub(super) kind: &'static Kind,
}

/// The organization and its accounts.
pub(super) struct World {
    pub(super) organization: FakeOrganization,
    pub(super) members: Vec<Member>,
}

impl World {
    /// An organization of this many accounts, before this tool runs with [`CONFIG`].
    pub(super) fn of(count: usize) -> Self {
        let mut organization = FakeOrganization::new("aws".parse().unwrap(), id(MANAGEMENT), id(IDENTITY));
        for (unit, name, above) in UNITS {
            organization = organization.with_unit(unit, name, above);
        }
        for outside in [WORKLOAD_SECURITY, TRELICA, PARTNER, STRANGER] {
            organization = organization.with_outside_account(&id(outside));
        }
        for identity in [PIPELINE, FORMER, SUPPORT] {
            organization = organization.with_identity(identity);
        }
        organization = organization.with_parameter(PARAMETER, SECURITY_ID).with_parameter(KEY_PARAMETER, KEY);
        let mut tenant = Tenant::new(URL, KEY, &id(WORKLOAD_SECURITY), SECURITY_ID);
        let members: Vec<_> = (0..count).map(|number| Member { id: member(number), kind: kind(number) }).collect();
        for (number, Member { id, kind }) in members.iter().enumerate() {
            let joined = from_unix_seconds(1_500_000_000);
            // The plain names fit every placeholder.
            organization = organization.with_member(id, &format!("account-{number}"), AccountState::Active, joined);
            organization.place(id, PLACES[number % PLACES.len()]);
            if number % 3 == 0 {
                organization.set_account_tags(id, &[("audit", "yes"), ("env", "\u{202e}\"*\r\n")]);
            }
            if let Some(status) = kind.vendor_fails_with {
                tenant.failures.insert(id.clone(), status);
            }
        }
        organization.set_tenant(tenant);
        let world = Self { organization, members };
        world.onboard_earlier();
        for Member { id, kind } in &world.members {
            (kind.arrange)(&world.organization, id);
        }
        world.organization.clear_journal();
        world
    }

    /// Onboards the accounts with a history with [`BEFORE`], and lets four days pass.
    fn onboard_earlier(&self) {
        let engine = engine(&self.organization, BEFORE);
        for Member { id, .. } in self.members.iter().filter(|member| member.kind.history == History::Onboarded) {
            let report = run(engine.apply(&job(&self.organization, id.as_str())));
            assert_eq!(outcome_code(&report), "converged", "{}", report.outcome);
        }
        run(self.organization.sleep(4 * Duration::from_secs(86_400)));
    }

    /// What happens in the accounts after their changes have been planned or queued.
    pub(super) fn meanwhile(&self) {
        for Member { id, kind } in &self.members {
            if let Some(meanwhile) = kind.meanwhile {
                meanwhile(&self.organization, id);
            }
        }
    }

    /// The accounts of each kind.
    pub(super) fn by_kind(&self) -> BTreeMap<&'static str, Vec<&AccountId>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for Member { id, kind } in &self.members {
            all.entry(kind.name).or_default().push(id);
        }
        all
    }

    /// The accounts in [`PRODUCTION`] and the units below it.
    pub(super) fn in_production(&self) -> BTreeSet<&AccountId> {
        let units = [PRODUCTION, "ou-exam-payments", "ou-exam-carddata"];
        let is_in = |id: &AccountId| self.organization.unit_of(id).is_some_and(|unit| units.contains(&unit.as_str()));
        self.members.iter().map(|member| &member.id).filter(|id| is_in(id)).collect()
    }
}

fn member(number: usize) -> AccountId {
    id(&format!("{:012}", 700_000_000_000 + number))
}

/// The kind of an account. The awkward ones are spread over the organization, so that each page and each chunk has several.
fn kind(number: usize) -> &'static Kind {
    let (plain, awkward) = KINDS.split_at(2);
    match number % 4 {
        3 => &awkward[(number / 4) % awkward.len()],
        1 => &plain[1],
        _ => &plain[0],
    }
}

/// No secret of this organization is in a text.
pub(super) fn assert_no_secret(text: &str, what: &str) {
    for secret in [SECURITY_ID, TRELICA_ID, KEY, "s3cret"] {
        assert!(!text.contains(secret), "{what} contains `{secret}`");
    }
}
