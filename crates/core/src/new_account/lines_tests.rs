use super::*;
use crate::account::AccountId;
use crate::code::Code;
use crate::lines::plain;
use crate::mode::Mode;
use crate::new_account::{AccountRow, CreationFailure, Quota, TagList};
use crate::organizational_unit::Unit;
use crate::outcome::Stop;
use crate::trigger::TriggerKind;

const CONFIG: &str = r#"
[[access-role.grant]]
principal = "222233334444"
[vendors.trelica]
external-id = "s3cret/of:trelica"
[[role]]
name = "app-deployer"
trust = [{ principal = "arn:aws:iam::222233334444:role/pipeline" }]
managed-policies = ["arn:{partition}:iam::aws:policy/ReadOnlyAccess"]
"#;

fn unit(id: &str, name: &str) -> Unit {
    Unit { id: id.parse().unwrap(), name: name.into() }
}

fn plan(name: &str, existing: Existing) -> AccountPlan {
    let config = Config::parse_without_files(CONFIG).unwrap();
    let account = NewAccount {
        name: name.parse().unwrap(),
        email: format!("{name}@example.com").parse().unwrap(),
        unit: Some("Workloads/Dev".parse().unwrap()),
        role_name: None,
        billing: BillingAccess::Deny,
        tags: "team=payments;cost=1".parse::<TagList>().unwrap().0,
    };
    AccountPlan {
        row: AccountRow { line: None, account: account.with_access_role(&config).unwrap() },
        unit: Some(unit("ou-ab12-cdef3456", "Workloads/Dev")),
        existing,
        quota_needed: 11,
        partition: None,
    }
}

fn id() -> AccountId {
    "444455556666".parse().unwrap()
}

#[test]
fn plan_starts_with_a_summary_and_shows_what_is_asked_of_aws() {
    let member =
        Existing::Member { id: id(), name: "old\u{1b}[2J\nname".into(), moved_from: Some(unit("r-ab12", "Root")) };
    let in_progress = Existing::InProgress(vec!["car-1".to_owned()]);
    let plans = [plan("payments-dev", Existing::Nothing), plan("payments", in_progress), plan("old", member)];
    let config = Config::parse_without_files(CONFIG).unwrap();
    insta::assert_snapshot!(plain(&plan_lines(&plans, &config)), @"
    Plan: 2 accounts to create, 1 exists already

      + account payments-dev
          email         payments-dev@example.com
          unit          Workloads/Dev (ou-ab12-cdef3456)
          access role   OrganizationAccountAccessRole
          billing       only the root user sees it
          tags          cost=1, team=payments

      + account payments
          first         an account of this name is being created (car-1): created
                        only if that has another email
          email         payments@example.com
          unit          Workloads/Dev (ou-ab12-cdef3456)
          access role   OrganizationAccountAccessRole
          billing       only the root user sees it
          tags          cost=1, team=payments

      · account old?[2J name (444455556666) exists, with the email old@example.com
          name          stays `old?[2J name`, not `old`
          unit          moved to Workloads/Dev (ou-ab12-cdef3456) from Root (r-ab12)

    Each account is then onboarded, as by `onboard apply`
      ~ the access role trusts 222233334444
      + role TrelicaIntegration  Trelica (1Password SaaS Manager)
      + role app-deployer

    An account cannot be deleted, only closed; its email then stays taken, and it
    counts toward the quota for 90 days.
    ");
    insta::assert_snapshot!(question(&plans), @"Create 2 accounts, move 1 account and onboard 3 accounts?");
    insta::assert_snapshot!(question(plans.get(..1).unwrap()), @"Create 1 account and onboard 1 account?");
}

#[test]
fn results_name_what_was_done_and_what_to_do() {
    let result = |name: &str, id: Option<AccountId>, ending| {
        let is_created = id.is_some();
        AccountResult { plan: plan(name, Existing::Nothing), id, is_created, is_moved: is_created, ending }
    };
    let report = Report::new(Some(id()), TriggerKind::CommandLine, Mode::Apply, Outcome::Converged);
    let limit = CreationFailure::AccountLimitExceeded.stop(&Quota { needed: 11, partition: None });
    let results = [
        result("payments-dev", Some(id()), Ending::Onboarded(Box::new(report))),
        result("payments", None, Ending::Stopped(limit)),
        result("late", Some(id()), Ending::Stopped(Stop::wait(Code::NotPropagated, "not yet").advise("wait an hour"))),
        result("requested", None, Ending::Requested("car-0tcojl30".to_owned())),
        result("rest", None, Ending::Interrupted),
    ];
    let mut lines = vec![summary_line(&results)];
    lines.extend(results.iter().flat_map(result_lines));
    insta::assert_snapshot!(plain(&lines), @"
    5 accounts: 2 created, 1 converged, 1 waiting, 1 blocked, 2 not finished
      ✓ payments-dev (444455556666): created, moved to Workloads/Dev, converged
      ✗ payments <payments@example.com>: blocked (quota_exceeded)
          AWS did not create the account: ACCOUNT_LIMIT_EXCEEDED
          Fix:  close accounts that are not needed, or ask AWS for more in the
                management account:
                `aws service-quotas request-service-quota-increase --region us-east-1 --service-code organizations --quota-code L-E619E033 --desired-value 11`;
                closed accounts count for 90 days, and open invitations count, too.
                Run again when AWS has approved it
      · late (444455556666): created, moved to Workloads/Dev, waiting
        (not_propagated)
          not yet
          run again later; wait an hour
      · requested <requested@example.com>: requested (`car-0tcojl30`); AWS still
        creates it
      · rest <rest@example.com>: not started
    ");
}
