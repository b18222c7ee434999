use super::super::{ListedRole, TrustAnalyzer, trust_csv, trust_json, trust_lines};
use super::*;
use crate::code::Code;
use crate::config::Config;
use crate::lines::plain;
use crate::outcome::Cause;
use crate::policy::OwnOrganization;
use crate::selection::SkipReason;
use crate::trust_audit::KnownBy;
use crate::vendor::Catalogue;

const CONFIG: &str = r#"
[access-role]
names = ["OrganizationAccountAccessRole"]

[[access-role.grant]]
principal = "222233334444"

[vendors.trelica]
external-id = "s3cret-id"
"#;

fn config() -> Config {
    Config::parse_without_files(CONFIG).unwrap()
}

fn statement(principal: &str, condition: &str) -> String {
    format!(
        r#"{{"Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"sts:AssumeRole","Condition":{condition}}}]}}"#
    )
}

const ID: &str = r#"{"StringEquals":{"sts:ExternalId":"s3cret-id"}}"#;

/// Two accounts with the findings that the analysis has for these roles.
fn accounts() -> Vec<AccountTrust> {
    let github = r#"{"Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::444455556666:oidc-provider/token.actions.githubusercontent.com"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"StringLike":{"token.actions.githubusercontent.com:sub":"repo:acme/*"}}}]}"#;
    let roles = [
        ("444455556666", "TrelicaIntegration", statement(r#"{"AWS":"377450845233"}"#, ID)),
        ("444455556666", "Legacy", statement(r#"{"AWS":"377450845233"}"#, "{}")),
        ("444455556666", "Datadog", statement(r#"{"AWS":"464622532012"}"#, ID)),
        ("444455556666", "ci", github.to_owned()),
        (
            "444455556666",
            "OrganizationAccountAccessRole",
            statement(r#"{"AWS":["222233334444","AROAIOSFODNN7EXAMPLE"]}"#, "{}"),
        ),
        ("555566667777", "Partner", statement(r#"{"AWS":"arn:aws:iam::210987654321:role/x"}"#, ID)),
        ("555566667777", "Mine", statement(r#"{"AWS":"310987654321"}"#, "{}")),
        ("555566667777", "Public", statement(r#""*""#, "{}")),
        ("555566667777", "Broken", "{".to_owned()),
    ];
    let own = OwnOrganization {
        id: Some("o-exampleorgid".to_owned()),
        accounts: ["111122223333", "444455556666", "555566667777"].map(|id| id.parse().unwrap()).into(),
        partition: "aws".parse().unwrap(),
    };
    let mut analyzer = TrustAnalyzer::new(own);
    let mut accounts: BTreeMap<&str, AccountTrust> = BTreeMap::new();
    for (account, name, trust) in &roles {
        let role = ListedRole {
            name: (*name).to_owned(),
            arn: format!("arn:aws:iam::{account}:role/{name}"),
            path: "/".to_owned(),
            trust: trust.clone(),
        };
        let found = accounts.entry(account).or_insert_with(|| AccountTrust {
            account: account.parse().unwrap(),
            account_name: if *account == "444455556666" { "payments" } else { "=hostile\u{1b}[2J" }.into(),
            roles: 0,
            findings: Vec::new(),
            unread: Vec::new(),
        });
        found.roles += 1;
        let at = LastUse::At { time: "2026-11-01T12:00:00Z".to_owned(), region: Some("eu-west-1".to_owned()) };
        let last_use = if *name == "Mine" { LastUse::Never } else { at };
        match analyzer.findings(&role) {
            Ok(findings) => found.findings.extend(findings.into_iter().map(|one| (one, last_use.clone()))),
            Err(unread) => found.unread.push(unread),
        }
    }
    accounts.into_values().collect()
}

fn report() -> TrustReport {
    let file = vec![(
        "310987654321".parse().unwrap(),
        KnownAccount { name: "Our old account".to_owned(), by: KnownBy::File, source: None, retrieved: None },
    )];
    let known = KnownAccounts::new(&"aws".parse().unwrap(), &Catalogue::built_in(), file, Some(&config()));
    let unread = UnreadAccount {
        account: "666677778888".parse().unwrap(),
        account_name: "old".into(),
        cause: Cause::new(Code::AccessRoleDenied, "AssumeRole was denied", "check the role"),
    };
    let skipped = SkippedAccount {
        id: Some("111122223333".parse().unwrap()),
        name: Some("management".into()),
        reason: SkipReason::Management,
    };
    TrustReport::new(Some("o-exampleorgid".to_owned()), accounts(), vec![unread], vec![skipped], &known)
}

#[test]
fn lines_begin_with_a_summary_and_what_needs_no_external_id() {
    insta::assert_snapshot!(plain(&trust_lines(&report())), @"
    6 principals outside the organization can assume 7 roles in 2 accounts (9 roles
    of 2 accounts were read)
    4 without an external ID, 1 unknown, 2 configured
    1 account and 1 trust policy could not be read, so the result is incomplete

    critical  anyone (`*`)
        everyone, in every AWS account, can assume the role
          =hostile?[2J (555566667777): role Public, statement 1; role last used on
          2026-11-01 in eu-west-1

    high      account 310987654321: Our old account
        named in your file
        it can assume the role without an external ID
          =hostile?[2J (555566667777): role Mine, statement 1; role not used in 400
          days

    high      account 377450845233: Trelica (1Password SaaS Manager), configured in
              onboarding.toml
        in the catalogue of vendors: https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services
        it can assume the role without an external ID
          payments (444455556666): role Legacy, statement 1; role last used on
          2026-11-01 in eu-west-1; it is not configured for this role
        it can assume the role with the external ID, when sts:ExternalId
        StringEquals (hidden)
          payments (444455556666): role TrelicaIntegration, statement 1; role last
          used on 2026-11-01 in eu-west-1

    low       account 222233334444, configured in onboarding.toml
        it can assume the role without an external ID
          payments (444455556666): role OrganizationAccountAccessRole, statement 1;
          role last used on 2026-11-01 in eu-west-1

    medium    arn:aws:iam::210987654321:role/x: unknown
        it can assume the role with the external ID, when sts:ExternalId
        StringEquals (hidden)
          =hostile?[2J (555566667777): role Partner, statement 1; role last used on
          2026-11-01 in eu-west-1

    low       account 464622532012: Datadog
        known vendor: https://docs.datadoghq.com/integrations/guide/aws-manual-setup/, noted on 2026-11-26
        it can assume the role with the external ID, when sts:ExternalId
        StringEquals (hidden)
          payments (444455556666): role Datadog, statement 1; role last used on
          2026-11-01 in eu-west-1

    Identity providers

    low       token.actions.githubusercontent.com
        users of the issuer whose token meets the conditions can assume the role,
        when token.actions.githubusercontent.com:sub StringLike `repo:acme/*`
          payments (444455556666): role ci, statement 1; role last used on
          2026-11-01 in eu-west-1

    Named in trust policies, but cannot assume the role

    info      the unique ID AROAIOSFODNN7EXAMPLE
        it cannot assume the role: the role or user was deleted, so that the ID
        matches no caller
          payments (444455556666): role OrganizationAccountAccessRole, statement 1;
          role last used on 2026-11-01 in eu-west-1

    Trust policies that cannot be read
        arn:aws:iam::555566667777:role/Broken: the policy is not valid JSON: EOF
        while parsing an object at line 1 column 1

    Accounts that could not be read
      old (666677778888)
        AssumeRole was denied
        check the role

    1 skipped (management account)

    What to do
      Everyone can assume a role: name the principals in its trust policy, or add a
      condition on `aws:PrincipalOrgID`.
      Without an external ID: if the account is a vendor's, ask the vendor for one
      and require it with `StringEquals` on `sts:ExternalId` (confused deputy).
      Unknown: find out who it is from the owner of the role, or from the AssumeRole
      events of the role in CloudTrail. Remove the principal, or name it with
      `--known-accounts FILE`.
    ");
}

#[test]
fn json_has_every_field() {
    let json = trust_json(&report());
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["summary"]).unwrap(), @r#"
    {
      "accounts_read": 2,
      "accounts_not_read": 1,
      "roles_read": 9,
      "policies_not_read": 1,
      "principals": 6,
      "roles": 7,
      "accounts": 2,
      "without_external_id": 4,
      "unknown": 1,
      "configured": 2
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["principals"][3]).unwrap(), @r#"
    {
      "principal": "account 222233334444",
      "account_id": "222233334444",
      "name": null,
      "known_by": null,
      "source": null,
      "retrieved": null,
      "configured": true,
      "severity": "low",
      "findings": [
        {
          "severity": "low",
          "account_id": "444455556666",
          "account_name": "payments",
          "role": "OrganizationAccountAccessRole",
          "role_arn": "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole",
          "statement": "statement 1",
          "message": "it can assume the role without an external ID",
          "external_id": "not_required",
          "mfa_required": false,
          "conditions": [],
          "configured": true,
          "role_last_used": {
            "status": "known",
            "time": "2026-11-01T12:00:00Z",
            "region": "eu-west-1"
          }
        }
      ]
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["policies_not_read"]).unwrap(), @r#"
    [
      {
        "account_id": "555566667777",
        "account_name": "=hostile?[2J",
        "role_arn": "arn:aws:iam::555566667777:role/Broken",
        "problem": "the policy is not valid JSON: EOF while parsing an object at line 1 column 1"
      }
    ]
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["accounts_not_read"]).unwrap(), @r#"
    [
      {
        "account_id": "666677778888",
        "account_name": "old",
        "code": "access_role_denied",
        "message": "AssumeRole was denied",
        "remedy": "check the role"
      }
    ]
    "#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&json["accounts_skipped"]).unwrap(), @r#"
    [
      {
        "account_id": "111122223333",
        "account_name": "management",
        "reason": "management_account",
        "message": "it is the management account, which is never changed"
      }
    ]
    "#);
}

#[test]
fn csv_has_a_line_for_each_finding_and_for_what_was_not_read() {
    insta::assert_snapshot!(trust_csv(&report()).replace("\r\n", "\n"), @r#"
    "section","severity","principal","principal_account_id","name","configured","account_id","account_name","role","role_arn","statement","external_id","mfa_required","conditions","role_last_used","role_last_used_region","message","source"
    "principal","critical","anyone (`*`)","","","no","555566667777","'=hostile?[2J","Public","arn:aws:iam::555566667777:role/Public","statement 1","not_required","no","","2026-11-01T12:00:00Z","eu-west-1","everyone, in every AWS account, can assume the role",""
    "principal","high","account 310987654321","310987654321","Our old account","no","555566667777","'=hostile?[2J","Mine","arn:aws:iam::555566667777:role/Mine","statement 1","not_required","no","","never","","it can assume the role without an external ID",""
    "principal","high","account 377450845233","377450845233","Trelica (1Password SaaS Manager)","yes","444455556666","payments","Legacy","arn:aws:iam::444455556666:role/Legacy","statement 1","not_required","no","","2026-11-01T12:00:00Z","eu-west-1","it can assume the role without an external ID","https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services"
    "principal","low","account 377450845233","377450845233","Trelica (1Password SaaS Manager)","yes","444455556666","payments","TrelicaIntegration","arn:aws:iam::444455556666:role/TrelicaIntegration","statement 1","required","no","sts:ExternalId StringEquals (hidden)","2026-11-01T12:00:00Z","eu-west-1","it can assume the role with the external ID","https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services"
    "principal","low","account 222233334444","222233334444","","yes","444455556666","payments","OrganizationAccountAccessRole","arn:aws:iam::444455556666:role/OrganizationAccountAccessRole","statement 1","not_required","no","","2026-11-01T12:00:00Z","eu-west-1","it can assume the role without an external ID",""
    "principal","medium","arn:aws:iam::210987654321:role/x","210987654321","","no","555566667777","'=hostile?[2J","Partner","arn:aws:iam::555566667777:role/Partner","statement 1","required","no","sts:ExternalId StringEquals (hidden)","2026-11-01T12:00:00Z","eu-west-1","it can assume the role with the external ID",""
    "principal","low","account 464622532012","464622532012","Datadog","no","444455556666","payments","Datadog","arn:aws:iam::444455556666:role/Datadog","statement 1","required","no","sts:ExternalId StringEquals (hidden)","2026-11-01T12:00:00Z","eu-west-1","it can assume the role with the external ID","https://docs.datadoghq.com/integrations/guide/aws-manual-setup/"
    "identity_provider","low","token.actions.githubusercontent.com","","","no","444455556666","payments","ci","arn:aws:iam::444455556666:role/ci","statement 1","","no","token.actions.githubusercontent.com:sub StringLike `repo:acme/*`","2026-11-01T12:00:00Z","eu-west-1","users of the issuer whose token meets the conditions can assume the role",""
    "no_access","info","the unique ID AROAIOSFODNN7EXAMPLE","","","no","444455556666","payments","OrganizationAccountAccessRole","arn:aws:iam::444455556666:role/OrganizationAccountAccessRole","statement 1","","no","","2026-11-01T12:00:00Z","eu-west-1","it cannot assume the role: the role or user was deleted, so that the ID matches no caller",""
    "policy_not_read","","","","","","555566667777","'=hostile?[2J","","arn:aws:iam::555566667777:role/Broken","","","","","","","the policy is not valid JSON: EOF while parsing an object at line 1 column 1",""
    "account_not_read","","","","","","666677778888","old","","","","","","","","","AssumeRole was denied",""
    "#);
}

#[test]
fn no_format_contains_an_external_id() {
    let report = report();
    let all =
        [plain(&trust_lines(&report)), trust_json(&report).to_string(), trust_csv(&report), format!("{report:?}")];
    assert!(all.iter().all(|text| !text.contains("s3cret")));
}

#[test]
fn report_without_findings_says_so() {
    let known = KnownAccounts::new(&"aws".parse().unwrap(), &Catalogue::built_in(), Vec::new(), None);
    let empty = AccountTrust { findings: Vec::new(), unread: Vec::new(), ..accounts().remove(0) };
    let report = TrustReport::new(None, vec![empty], Vec::new(), Vec::new(), &known);
    insta::assert_snapshot!(plain(&trust_lines(&report)), @"
    no principal outside the organization can assume a role (5 roles of 1 account
    were read)
    ");
    assert_eq!(report.severity(), TrustSeverity::Info);
    assert!(report.is_complete());
}

#[test]
fn many_roles_of_one_principal_are_counted() {
    let mut accounts = accounts();
    let finding = accounts[0].findings[1].clone();
    accounts[0].findings = vec![finding; 25];
    let known = KnownAccounts::new(&"aws".parse().unwrap(), &Catalogue::built_in(), Vec::new(), None);
    let report = TrustReport::new(None, accounts.drain(..1).collect(), Vec::new(), Vec::new(), &known);
    let lines = plain(&trust_lines(&report));
    assert_eq!(lines.matches("role Legacy").count(), 10, "{lines}");
    assert!(lines.contains("and 15 more; `--format csv` has all of them"), "{lines}");
}
