//! Every kind of account: how it is arranged, and how each run is expected to end for it.

use std::time::Duration;

use onboarding_core::account::{AccountId, AccountState};
use onboarding_core::attributes::Attribute;
use onboarding_core::owner::OWNER_TAG;
use onboarding_core::record::Record;
use onboarding_simulation::{ControlPolicy, FakeOrganization, Lag, Quotas, RoleState};

use super::arrange::{
    ADMINISTRATOR, access_role_of_unit, allow, deny, edit, foreign, invite, join, lease, policy, register, rename,
    rename_access_role, root, trust, unusual_statements,
};
use super::world::{DEVELOPMENT, EXCLUDED, FORMER, OTHER_PRODUCTION, PARTNER, STRANGER};
use crate::common::{ACCESS, IDENTITY, MANAGEMENT, OWN_ROLE, SECURITY_ROLE, TRELICA_ROLE, name};

/// Whether an account was onboarded four days ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum History {
    /// No run has ever processed it.
    Fresh,
    /// It converged.
    Onboarded,
}
use History::{Fresh, Onboarded};

type Change = fn(&FakeOrganization, &AccountId);

/// What accounts have in common.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) history: History,
    /// Makes an account one of this kind.
    pub(super) arrange: Change,
    /// What happens between the plan and its application, or the list of accounts and its chunks.
    pub(super) meanwhile: Option<Change>,
    /// The HTTP status of the vendor's answers about the account.
    pub(super) vendor_fails_with: Option<u16>,
    /// The outcome of `onboard plan --all`, and the code of its cause; why the account is skipped; or `not listed`.
    pub(super) planned: &'static str,
    /// The outcome of `onboard apply --all`; the same as that of the plan if there is nothing to apply.
    pub(super) applied: &'static str,
    /// The outcome that the record has after a sweep; `no record` for an account that no run has processed.
    pub(super) swept: &'static str,
}

impl Kind {
    const fn meanwhile(self, change: Change) -> Self {
        Self { meanwhile: Some(change), ..self }
    }

    const fn vendor_fails_with(self, status: u16) -> Self {
        Self { vendor_fails_with: Some(status), ..self }
    }
}

/// A kind whose accounts are expected to end like this.
const fn kind(
    name: &'static str,
    history: History,
    arrange: Change,
    [planned, applied, swept]: [&'static str; 3],
) -> Kind {
    Kind { name, history, arrange, meanwhile: None, vendor_fails_with: None, planned, applied, swept }
}

const PENDING: &str = "waiting changes_pending";
/// Planned, applied and swept.
const CONVERGES: [&str; 3] = [PENDING, "converged", "converged"];

/// Everything that needs changes, and ends like this.
const fn ends(outcome: &'static str) -> [&'static str; 3] {
    [PENDING, outcome, outcome]
}

/// Everything that ends like this, without changes.
const fn stops(outcome: &'static str) -> [&'static str; 3] {
    [outcome, outcome, outcome]
}

/// Accounts that are neither planned nor swept.
const fn skipped(reason: &'static str) -> [&'static str; 3] {
    [reason, reason, "no record"]
}

fn nothing(_: &FakeOrganization, _: &AccountId) {}

/// The kinds. The first two are not awkward.
pub(super) static KINDS: &[Kind] = &[
    kind("never onboarded", Fresh, nothing, CONVERGES),
    kind("onboarded with another configuration", Onboarded, nothing, CONVERGES),
    // What Organizations says about the account.
    kind("suspended", Fresh, |all, id| all.set_state(id, AccountState::Suspended), skipped("suspended")),
    kind(
        "pending closure",
        Fresh,
        |all, id| all.set_state(id, AccountState::PendingClosure),
        skipped("pending_closure"),
    ),
    kind("closed", Onboarded, |all, id| all.set_state(id, AccountState::Closed), ["closed", "closed", "converged"]),
    kind(
        "pending activation",
        Fresh,
        |all, id| all.set_state(id, AccountState::PendingActivation),
        ["pending_activation", "pending_activation", "blocked retries_exhausted"],
    ),
    kind(
        "unknown state",
        Fresh,
        |all, id| all.set_state(id, AccountState::Unknown("HIBERNATED\u{202e}".into())),
        ["unknown_state", "unknown_state", "blocked account_not_active"],
    ),
    kind(
        "description cannot be read",
        Fresh,
        |all, id| drop(all.clone().with_unreadable_account(id)),
        skipped("unreadable"),
    ),
    kind("departed", Onboarded, |all, id| all.remove_account(id), ["not listed", "not listed", "converged"]),
    kind("departs after the plan", Fresh, nothing, ends("blocked not_a_member"))
        .meanwhile(|all, id| all.remove_account(id)),
    kind("is suspended after the plan", Fresh, nothing, ends("blocked account_not_active"))
        .meanwhile(|all, id| all.set_state(id, AccountState::Suspended)),
    kind("in an excluded unit", Fresh, |all, id| all.place(id, EXCLUDED), skipped("excluded")),
    kind(
        "without a path",
        Fresh,
        |all, id| all.clear_ou_path(id),
        ["unit_unknown", "unit_unknown", "blocked retries_exhausted"],
    ),
    kind(
        "hostile name",
        Fresh,
        |all, id| rename(all, id, "\u{1b}[2J\r\n\"}],\"Principal\":\"*\u{202e}{account-id}"),
        CONVERGES,
    ),
    kind("name with spaces", Onboarded, |all, id| rename(all, id, "Team A, Production"), CONVERGES),
    // The access role.
    kind(
        "joined a minute ago",
        Fresh,
        join,
        ["waiting access_role_not_ready", "waiting access_role_not_ready", "converged"],
    ),
    kind(
        "without access role",
        Fresh,
        |all, id| all.delete_role(id, &name(ACCESS)),
        stops("blocked access_role_changed"),
    ),
    kind("invited, without access role", Fresh, invite, stops("blocked no_access_role")),
    kind(
        "access role of Control Tower",
        Fresh,
        |all, id| rename_access_role(all, id, "AWSControlTowerExecution"),
        CONVERGES,
    ),
    kind("access role of its unit", Fresh, access_role_of_unit, CONVERGES),
    kind(
        "access role of an unknown name",
        Fresh,
        |all, id| {
            all.place(id, DEVELOPMENT);
            rename_access_role(all, id, "CompanyAccess");
        },
        stops("blocked access_role_changed"),
    ),
    kind(
        "access role without permissions",
        Fresh,
        |all, id| edit(all, id, ACCESS, |role| role.attached.clear()),
        stops("blocked access_denied"),
    ),
    kind(
        "resource control policy denies to assume the access role",
        Fresh,
        |all, id| {
            all.deny(id, ControlPolicy::Resource, "sts:AssumeRole", ACCESS);
        },
        stops("blocked control_policy_denies"),
    ),
    // Its trust policy.
    kind("already grants", Fresh, |all, id| trust(all, id, &[allow(&[&root(MANAGEMENT), &root(IDENTITY)])]), CONVERGES),
    kind(
        "grants an ended grant without a record",
        Fresh,
        |all, id| {
            trust(all, id, &[allow(&[&root(MANAGEMENT), &root(PARTNER)])]);
        },
        ends("blocked verification_failed"),
    ),
    kind("unusual statements", Fresh, unusual_statements, CONVERGES),
    kind(
        "revoked principal",
        Onboarded,
        |all, id| {
            trust(all, id, &[allow(&[&root(MANAGEMENT), &root(IDENTITY), FORMER, &root(STRANGER)])]);
        },
        CONVERGES,
    ),
    kind(
        "deny covers the identity account",
        Fresh,
        |all, id| {
            trust(all, id, &[allow(&[&root(MANAGEMENT)]), deny(&root(IDENTITY), "{}")]);
        },
        stops("blocked explicit_deny"),
    ),
    kind(
        "conditional deny",
        Fresh,
        |all, id| {
            trust(
                all,
                id,
                &[allow(&[&root(MANAGEMENT)]), deny(&root(IDENTITY), r#"{"Bool":{"aws:SecureTransport":"false"}}"#)],
            );
        },
        CONVERGES,
    ),
    kind(
        "NotPrincipal",
        Fresh,
        |all, id| {
            let not = r#"{"Effect":"Deny","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:root","arn:aws:iam::222233334444:root"]},"Action":"sts:AssumeRole"}"#;
            trust(all, id, &[allow(&[&root(MANAGEMENT)]), not.to_owned()]);
        },
        CONVERGES,
    ),
    kind(
        "wildcard principal",
        Fresh,
        |all, id| {
            let all_of_organization = r#"{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}}"#;
            trust(all, id, &[allow(&[&root(MANAGEMENT)]), all_of_organization.to_owned()]);
        },
        ends("blocked verification_failed"),
    ),
    kind(
        "deleted principal",
        Fresh,
        |all, id| trust(all, id, &[allow(&[&root(MANAGEMENT), "AROAIOSFODNN7EXAMPLE1"])]),
        stops("blocked orphaned_principal"),
    ),
    // STS evaluates no policy that is not valid.
    kind(
        "duplicate key",
        Fresh,
        |all, id| {
            let statement = allow(&[&root(MANAGEMENT)]).replace("{\"Effect\"", "{\"Effect\":\"Allow\",\"Effect\"");
            trust(all, id, &[statement]);
        },
        stops("blocked access_role_changed"),
    ),
    // The roles.
    kind(
        "vendor's role of another owner",
        Fresh,
        |all, id| all.put_role(id, &name(SECURITY_ROLE), foreign()),
        stops("blocked foreign_role"),
    ),
    kind(
        "own role of another owner",
        Onboarded,
        |all, id| {
            edit(all, id, OWN_ROLE, |role| drop(role.settings.tags.remove(OWNER_TAG)));
        },
        stops("blocked foreign_role"),
    ),
    kind(
        "another capitalization",
        Fresh,
        |all, id| all.put_role(id, &name("APP-deployer"), foreign()),
        [PENDING, "waiting already_exists", "blocked retries_exhausted"],
    ),
    kind(
        "drifted policy",
        Onboarded,
        |all, id| {
            edit(all, id, OWN_ROLE, |role| {
                role.policies.insert("extra".to_owned(), onboarding_simulation::PolicyText(ADMINISTRATOR.to_owned()));
            })
        },
        CONVERGES,
    ),
    kind(
        "drifted trust",
        Onboarded,
        |all, id| {
            let stranger = policy(&[allow(&[&root(STRANGER)])]);
            edit(all, id, SECURITY_ROLE, |role| role.trust.0 = stranger);
        },
        CONVERGES,
    ),
    kind(
        "tag of another part",
        Onboarded,
        |all, id| {
            edit(all, id, OWN_ROLE, |role| {
                role.settings.tags.insert(OWNER_TAG.to_owned(), "vendor/another".to_owned());
            })
        },
        CONVERGES,
    ),
    kind(
        "another path",
        Onboarded,
        |all, id| {
            let role = all.role_state(id, &name(OWN_ROLE)).expect("the role");
            all.delete_role(id, &name(OWN_ROLE));
            let settings = onboarding_core::role_settings::RoleSettings { path: "/other/".to_owned(), ..role.settings };
            all.put_role(id, &name(OWN_ROLE), RoleState { settings, ..role });
        },
        stops("blocked path_differs"),
    ),
    kind(
        "another boundary",
        Onboarded,
        |all, id| {
            edit(all, id, SECURITY_ROLE, |role| {
                role.settings.boundary = Some("arn:aws:iam::aws:policy/AdministratorAccess".to_owned());
            })
        },
        CONVERGES,
    ),
    kind(
        "quota of roles is reached",
        Fresh,
        |all, id| all.set_quotas(id, Quotas { roles: 2, ..Quotas::default() }),
        ends("blocked quota_exceeded"),
    ),
    kind(
        "quota of managed policies is reached",
        Fresh,
        |all, id| {
            all.set_quotas(id, Quotas { attached: 0, ..Quotas::default() });
        },
        ends("blocked quota_exceeded"),
    ),
    kind(
        "control policy denies writes",
        Fresh,
        |all, id| all.deny(id, ControlPolicy::Service, "iam:CreateRole", "*"),
        ends("blocked control_policy_denies"),
    ),
    kind("lagging reads", Fresh, |all, id| all.set_lag(id, Lag { reads: 3, ..Lag::default() }), CONVERGES),
    kind(
        "throttled for an hour",
        Fresh,
        |all, id| {
            all.fail_sessions(id, "Throttling", Duration::from_secs(3600));
        },
        ["waiting throttled", "waiting throttled", "converged"],
    ),
    // Targets.
    kind("tags cannot be read", Fresh, |all, id| all.hide_account_tags(id), stops("blocked own_permission_missing")),
    kind("moved out of production", Onboarded, |all, id| all.place(id, OTHER_PRODUCTION), CONVERGES),
    // The vendor.
    kind("vendor refuses the account", Fresh, nothing, stops("blocked vendor_refused")).vendor_fails_with(400),
    kind(
        "vendor fails",
        Fresh,
        nothing,
        ["waiting vendor_not_ready", "waiting vendor_not_ready", "blocked retries_exhausted"],
    )
    .vendor_fails_with(503),
    kind("registered by another principal", Fresh, register, stops("blocked foreign_registration")),
    // Removals.
    kind(
        "removed role without a record",
        Onboarded,
        |all, id| all.put_record(id.as_str(), &Record::default()),
        stops("blocked role_not_recorded"),
    ),
    kind(
        "removed role in an instance profile",
        Onboarded,
        |all, id| {
            all.add_to_instance_profile(id, "web", &name("legacy-app"));
        },
        stops("blocked role_in_use"),
    ),
    kind(
        "removed role of another owner",
        Fresh,
        |all, id| all.put_role(id, &name(TRELICA_ROLE), foreign()),
        stops("blocked foreign_role"),
    ),
    // The record.
    kind(
        "invalid record",
        Onboarded,
        |all, id| {
            for attribute in
                ["outcome", "recorded_at", "requirements", "notified", "lease_owner", "since", "configuration"]
            {
                all.put_attribute(id.as_str(), attribute, Attribute::Text("\u{202e}{\"".to_owned()));
            }
        },
        CONVERGES,
    ),
    kind("lease of a killed run", Onboarded, |all, id| lease(all, id, false), CONVERGES),
    kind("lease of another run", Fresh, |all, id| lease(all, id, true), [PENDING, "waiting lease_held", "converged"]),
    kind("changes after the plan", Fresh, nothing, [PENDING, "blocked plan_changed", "converged"]).meanwhile(
        |all, id| trust(all, id, &[allow(&[&root(MANAGEMENT)]).replace("{\"Effect\"", "{\"Sid\":\"Mine\",\"Effect\"")]),
    ),
    kind("access role is deleted after the plan", Fresh, nothing, ends("blocked access_role_changed"))
        .meanwhile(|all, id| all.delete_role(id, &name(ACCESS))),
];
