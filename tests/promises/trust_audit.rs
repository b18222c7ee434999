//! The audit of trust finds the principals outside the organization that can assume a role, and no others. It reads
//! each account with one session that can list roles and read when they were used; an account that cannot be read is named and
//! does not affect the others.

#[path = "../../benches/planted_roles.rs"]
mod planted_roles;

use std::collections::{BTreeMap, BTreeSet};

use onboarding_core::account::AccountState;
use onboarding_core::lines::plain;
use onboarding_core::policy::{Document, OwnOrganization, RequestContext, permits};
use onboarding_core::selection::Selection;
use onboarding_core::trust_audit::{
    KnownAccounts, LastUse, TrustAnalyzer, TrustReport, TrustSeverity, trust_csv, trust_json, trust_lines,
};
use onboarding_core::vendor::Catalogue;
use onboarding_engine::ports::World;
use onboarding_engine::ports::{ListRoles, ManageAccounts};
use onboarding_engine::{Engine, organization_accounts, select_accounts};
use onboarding_simulation::{FakeOrganization, Faulty, Injection, RoleState, Script};

use crate::common::{ACCESS, CONFIG, IDENTITY, MANAGEMENT, NEW, OLD, config, id, name, organization, run};

const OTHER: &str = "555566667777";
const STRANGER: &str = "210987654321";

fn trust(principal: &str, condition: &str) -> RoleState {
    RoleState::trusting(&format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
    ))
}

/// Three members, in which a vendor, a stranger and everyone can assume a role.
fn planted() -> FakeOrganization {
    let organization = organization().with_member(&id(NEW), "payments", AccountState::Active, None).with_member(
        &id(OTHER),
        "closed",
        AccountState::Suspended,
        None,
    );
    let roles = [
        (OLD, "Partner", trust(&format!(r#"{{"AWS":"{STRANGER}"}}"#), "{}")),
        (OLD, "Inside", trust(r#""*""#, r#"{"StringEquals":{"aws:PrincipalOrgID":"o-exampleorgid"}}"#)),
        (OLD, "Sibling", trust(&format!(r#"{{"AWS":["{NEW}","{OTHER}","{MANAGEMENT}"]}}"#), "{}")),
        (OLD, "Service", trust(r#"{"Service":"lambda.amazonaws.com"}"#, "{}")),
        (NEW, "Datadog", trust(r#"{"AWS":"464622532012"}"#, r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#)),
        (NEW, "Public", trust(r#""*""#, "{}")),
        (NEW, "Broken", RoleState::trusting("{")),
    ];
    for (account, role, state) in roles {
        organization.put_role(&id(account), &name(role), state);
    }
    // The simulated identity account has no access role.
    let access = organization.role_state(&id(OLD), &name(ACCESS)).unwrap();
    organization.put_role(&id(IDENTITY), &name(ACCESS), access);
    organization.set_last_use(&id(OLD), &name("Partner"), "2026-11-01T12:00:00Z");
    // Several pages of roles in each account.
    organization.set_page_size(2);
    organization.clear_journal();
    organization
}

async fn audit<W>(world: W, selection: &Selection, config_text: &str) -> TrustReport
where
    W: World<Session: ListRoles> + ManageAccounts,
{
    let engine = Engine::new(world, config(config_text));
    let selected = select_accounts(&engine.world, selection, &engine.config.excluded).await.unwrap();
    let accounts = organization_accounts(&engine.world).await.unwrap().into_iter().collect();
    let own = OwnOrganization { id: Some("o-exampleorgid".to_owned()), accounts, partition: "aws".parse().unwrap() };
    let known = KnownAccounts::new(&own.partition, &Catalogue::built_in(), Vec::new(), Some(&engine.config));
    engine.audit_trust(selected, own, &known, 4, |_| ()).await
}

fn report(organization: &FakeOrganization) -> TrustReport {
    run(audit(organization.clone(), &Selection::all(), CONFIG))
}

#[test]
fn only_planted_principals_are_found() {
    let report = report(&planted());
    insta::assert_snapshot!(plain(&trust_lines(&report)), @"
    3 principals outside the organization can assume 3 roles in 2 accounts (10 roles
    of 3 accounts were read)
    2 without an external ID, 1 unknown
    1 trust policy could not be read, so the result is incomplete

    critical  anyone (`*`)
        everyone, in every AWS account, can assume the role
          payments (444455556666): role Public, statement 1; role not used in 400
          days

    high      account 210987654321: unknown
        it can assume the role without an external ID
          old (333344445555): role Partner, statement 1; role last used on
          2026-11-01

    low       account 464622532012: Datadog
        known vendor: https://docs.datadoghq.com/integrations/guide/aws-manual-setup/, noted on 2026-11-26
        it can assume the role with the external ID, when sts:ExternalId
        StringEquals (hidden)
          payments (444455556666): role Datadog, statement 1; role not used in 400
          days

    Trust policies that cannot be read
        arn:aws:iam::444455556666:role/Broken: the policy is not valid JSON: EOF
        while parsing an object at line 1 column 1

    2 skipped (management account, suspended)

    What to do
      Everyone can assume a role: name the principals in its trust policy, or add a
      condition on `aws:PrincipalOrgID`.
      Without an external ID: if the account is a vendor's, ask the vendor for one
      and require it with `StringEquals` on `sts:ExternalId` (confused deputy).
      Unknown: find out who it is from the owner of the role, or from the AssumeRole
      events of the role in CloudTrail. Remove the principal, or name it with
      `--known-accounts FILE`.
    ");
    assert_eq!(report.severity(), TrustSeverity::Critical);
    for text in [plain(&trust_lines(&report)), trust_json(&report).to_string(), trust_csv(&report)] {
        assert!(!text.contains("s3cret"), "{text}");
    }
}

#[test]
fn audit_reads_each_account_once_and_writes_nothing() {
    let organization = planted();
    let before = organization.state();
    report(&organization);
    assert_eq!(organization.state(), before);
    let journal = organization.journal();
    assert!(journal.iter().all(|call| !call.write && call.ok), "{journal:?}");
    let count = |account: &str, name: &str| {
        journal.iter().filter(|call| call.account.as_str() == account && call.call == name).count()
    };
    // The roles that were added, and the access role.
    for (account, roles, with_findings) in [(OLD, 5, 1), (NEW, 4, 2), (IDENTITY, 1, 0)] {
        assert_eq!(count(account, "sts:AssumeRole"), 1, "{account}");
        assert_eq!(count(account, "iam:ListRoles"), usize::div_ceil(roles, 2), "{account}");
        assert_eq!(count(account, "iam:GetRole"), with_findings, "{account}");
    }
    assert_eq!(count(MANAGEMENT, "iam:ListRoles") + count(OTHER, "sts:AssumeRole"), 0, "not eligible");
}

#[test]
fn sessions_can_only_list_roles_and_read_them() {
    let organization = planted();
    report(&organization);
    let requests = organization.assume_role_requests();
    assert_eq!(requests.len(), 3);
    let actions = [
        "iam:ListRoles",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "iam:CreateRole",
        "iam:DeleteRole",
        "iam:PutRolePolicy",
        "sts:AssumeRole",
        "s3:GetObject",
    ];
    for request in requests {
        assert_eq!(request.session_name, "account-onboarding-audit");
        let policy = Document::parse(&request.policy).unwrap();
        let role = request.role_arn.replace(ACCESS, "any");
        let can = |action: &&str| permits(&policy, action, &role, &RequestContext::complete()).can();
        assert_eq!(actions.into_iter().filter(can).collect::<Vec<_>>(), ["iam:ListRoles", "iam:GetRole"]);
    }
}

#[test]
fn account_that_cannot_be_read_is_named_and_does_not_affect_the_others() {
    let organization = planted();
    let mut access = organization.role_state(&id(OLD), &name(ACCESS)).unwrap();
    access.attached.clear();
    organization.put_role(&id(OLD), &name(ACCESS), access);
    organization.delete_role(&id(NEW), &name(ACCESS));
    let report = report(&organization);
    assert!(!report.is_complete());
    let unread: BTreeMap<_, _> =
        report.unread_accounts.iter().map(|one| (one.account.as_str(), one.cause.code.as_str())).collect();
    assert_eq!(report.accounts, 1, "the identity account");
    insta::assert_debug_snapshot!(unread, @r#"
    {
        "333344445555": "access_denied",
        "444455556666": "access_role_changed",
    }
    "#);
}

/// A panic ends the read of its account only.
#[test]
fn account_for_which_the_program_fails_is_named_and_does_not_affect_the_others() {
    let mut listed = 0..;
    let script = Script::intercepting(move |call, _| {
        assert!(call != "iam:ListRoles" || listed.next() != Some(0), "a panic, on purpose");
        None
    });
    let report = run(audit(Faulty::new(planted(), &script), &Selection::all(), CONFIG));
    let [unread] = report.unread_accounts.as_slice() else { panic!("{:?}", report.unread_accounts) };
    assert_eq!(unread.cause.code.as_str(), "unexpected_error");
    assert!(unread.cause.message.contains(unread.account.as_str()), "{}", unread.cause.message);
    assert_eq!(report.accounts, 2, "the others are read");
}

#[test]
fn errors_that_pass_are_retried_and_the_account_is_read_as_a_whole() {
    let expected = report(&planted());
    for call in ["sts:AssumeRole", "iam:ListRoles"] {
        for injection in [Injection::Throttle, Injection::InternalError] {
            let organization = planted();
            let script = Script::during(1, 3, injection).only(call);
            let found = run(audit(Faulty::new(organization, &script), &Selection::all(), CONFIG));
            assert_eq!(found, expected, "{call}");
        }
    }
}

#[test]
fn last_use_that_cannot_be_read_does_not_lose_the_finding() {
    let script = Script::during(0, usize::MAX, Injection::InternalError).only("iam:GetRole");
    let found = run(audit(Faulty::new(planted(), &script), &Selection::all(), CONFIG));
    assert_eq!(found.unread_accounts, []);
    assert_eq!(found.principals.len(), 3);
    let last_uses: Vec<_> = found.principals.iter().flat_map(|one| &one.findings).map(|one| &one.last_use).collect();
    assert_eq!(last_uses, [&LastUse::Unknown; 3]);
}

/// 25 of 100,000. `cargo run --release --example trust-audit` does the same with 500,000.
#[test]
fn planted_roles_are_found_among_many() {
    const ROLES: usize = 100_000;
    let mut analyzer = TrustAnalyzer::new(planted_roles::organization(ROLES / planted_roles::ROLES_PER_ACCOUNT));
    let (mut found, mut planted) = (BTreeSet::new(), BTreeSet::new());
    for number in 0..ROLES {
        let (role, is_planted) = planted_roles::role(number, ROLES);
        if is_planted {
            planted.insert(role.arn.clone());
        }
        if !analyzer.findings(&role).unwrap().is_empty() {
            found.insert(role.arn);
        }
    }
    assert_eq!(planted.len(), 25);
    assert_eq!(found, planted);
}

#[test]
fn account_with_another_access_role_is_read_through_it() {
    let organization = planted();
    let access = organization.role_state(&id(OLD), &name(ACCESS)).expect("the access role");
    organization.delete_role(&id(OLD), &name(ACCESS));
    organization.put_role(&id(OLD), &name("AcquiredAdmin"), access);
    let other = format!("{CONFIG}\n[[access-role.other]]\nname = 'AcquiredAdmin'\ntargets.accounts = ['{OLD}']\n");
    let report = run(audit(organization.clone(), &Selection::all(), &other));
    assert_eq!((report.unread_accounts, report.accounts), (Vec::new(), 3));
    assert!(report.principals.iter().any(|one| one.principal.contains(STRANGER)));
}
