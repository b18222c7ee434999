use super::*;
use crate::toml_reader::sample_account;

const CONFIG: &str = "[vendors.trelica]\nexternal-id = \"trelica-secret\"\n";

fn account(name: &str) -> Account {
    Account { name: name.into(), ..sample_account().unwrap() }
}

fn of(text: &str, account: &Account, done: &HandoffsDone) -> Vec<Handoff> {
    let config = Config::parse_without_files(text).unwrap_or_else(|problems| panic!("{problems}"));
    handoffs(&config, account, done)
}

/// A vendor of the configuration whose hand-off has this sentence and this field.
fn custom(instruction: &str, value: &str) -> String {
    format!(
        "[vendors.acme]\nexternal-id = \"acme-secret-id\"\n[catalogue.acme]\ntitle = \"Acme\"\n\
         trust = {{ accounts = [\"123456789012\"], external-id = \"required\" }}\n\
         role = {{ name = \"AcmeRead\" }}\npermissions.ec2 = {{ actions = [\"ec2:DescribeInstances\"] }}\n\
         handoff = {{ instruction = '{instruction}', region = 'us-east-1', fields = {{ \"Value\" = '{value}' }} }}\n"
    )
}

#[test]
fn trelica_needs_the_account_the_region_and_the_role() {
    let all = of(CONFIG, &account("payments-dev"), &HandoffsDone::new());
    let wire = serde_json::to_string_pretty(&all[0]).unwrap();
    insta::assert_snapshot!(wire, @r#"
    {
      "vendor": "trelica",
      "title": "Trelica (1Password SaaS Manager)",
      "role": "TrelicaIntegration",
      "instruction": "In Trelica, connect the app Amazon Web Services and paste these values",
      "link": "https://help.trelica.com/hc/en-us/articles/7739222118301-Amazon-Web-Services",
      "fields": [
        {
          "label": "AWS account ID",
          "value": "444455556666"
        },
        {
          "label": "Region",
          "value": "us-east-1"
        },
        {
          "label": "Role name",
          "value": "TrelicaIntegration"
        }
      ],
      "notes": [
        "Trelica reads services such as Amazon Connect in this region. If you use Connect, it must be the region of its instance; set it in onboarding.toml: [vendors.trelica.handoff] region",
        "Trelica's AWS account is in the partition aws. AWS does not let it assume roles in accounts of GovCloud or China, so that these accounts cannot be connected in this way."
      ],
      "status": "open"
    }
    "#);
    assert_eq!(all.len(), 1);
    assert!(!wire.contains("trelica-secret"));
    let region = of(&format!("{CONFIG}handoff = {{ region = \"eu-west-1\" }}\n"), &account(""), &HandoffsDone::new());
    assert_eq!(region[0].fields[1], HandoffField { label: "Region".to_owned(), value: "eu-west-1".to_owned() });
}

#[test]
fn handoff_is_done_until_its_text_changes() {
    let before = of(CONFIG, &account("payments-dev"), &HandoffsDone::new()).remove(0);
    assert!(before.is_open() && !before.changed);
    let done = HandoffsDone::from([("trelica".to_owned(), before.fingerprint())]);
    let same = of(CONFIG, &account("renamed"), &done).remove(0);
    assert_eq!((same.status, same.changed), (HandoffStatus::Done, false));
    let changed = of(&format!("{CONFIG}handoff = {{ region = \"eu-west-1\" }}\n"), &account(""), &done).remove(0);
    assert_eq!((changed.status, changed.changed), (HandoffStatus::Open, true));
    let other = HandoffsDone::from([("acme".to_owned(), before.fingerprint())]);
    assert!(of(CONFIG, &account(""), &other).remove(0).is_open());
}

#[test]
fn every_part_except_the_notes_is_in_the_fingerprint() {
    let handoff = of(CONFIG, &account(""), &HandoffsDone::new()).remove(0);
    let with = |change: fn(&mut Handoff)| {
        let mut changed = handoff.clone();
        change(&mut changed);
        changed.fingerprint()
    };
    let same = handoff.fingerprint();
    assert_eq!(with(|handoff| handoff.notes.clear()), same);
    assert_eq!(with(|handoff| handoff.status = HandoffStatus::Done), same);
    assert_ne!(with(|handoff| handoff.instruction.push('.')), same);
    assert_ne!(with(|handoff| handoff.link = None), same);
    assert_ne!(with(|handoff| handoff.fields[0].label.push('.')), same);
    assert_ne!(with(|handoff| _ = handoff.fields.pop()), same);
    // The same characters, in other fields.
    assert_ne!(
        with(
            |handoff| handoff.fields[0] = HandoffField { label: "AWS account ID4".into(), value: "44455556666".into() }
        ),
        same
    );
}

#[test]
fn account_name_cannot_add_placeholders_or_control_characters() {
    let text = custom("connect {account-name}", "{account-name}/{role-arn}/{partition}/{role-name}/{region}");
    let handoff = of(&text, &account("{role-arn}\u{1b}[2J\n"), &HandoffsDone::new()).remove(0);
    assert_eq!(handoff.instruction, "connect {role-arn}?[2J ");
    let value = "{role-arn}?[2J /arn:aws:iam::444455556666:role/AcmeRead/aws/AcmeRead/us-east-1";
    assert_eq!(handoff.fields[0].value, value);
}

#[test]
fn external_id_in_a_vendor_file_is_hidden_and_values_stay_whole() {
    let handoff = of(&custom("paste acme-secret-id", "{account-id}"), &account(""), &HandoffsDone::new()).remove(0);
    assert_eq!(handoff.instruction, "paste (hidden)");
    let short = custom("paste it", "{account-id}").replace("acme-secret-id", "44");
    assert_eq!(of(&short, &account(""), &HandoffsDone::new())[0].fields[0].value, "444455556666");
}

#[test]
fn registered_vendor_has_no_handoff() {
    let manual = "[vendors.workload-security]\nexternal-id = \"x1\"\n";
    let registered = format!(
        "{manual}registration = {{ region = \"us-1\", api-key = {{ ssm-parameter = \"/account-onboarding/key\" }} }}\n"
    );
    assert_eq!(of(&registered, &account(""), &HandoffsDone::new()), []);
    let handoffs = of(manual, &account(""), &HandoffsDone::new());
    let [handoff] = handoffs.as_slice() else { panic!("{handoffs:?}") };
    assert_eq!(handoff.fields[0].value, "arn:aws:iam::444455556666:role/Workload_Security_Role_Cross");
    // A step that is done once for the tenant is a note, so that it opens no hand-off of an account again.
    assert!(handoff.notes.iter().any(|note| note.starts_with("Once, for all accounts: ")), "{:?}", handoff.notes);
    assert!(handoff.notes.iter().any(|note| note.contains("Amazon WorkSpaces")), "{:?}", handoff.notes);
}

#[test]
fn invalid_handoffs_are_reported() {
    let problems = |text: &str| Config::parse_without_files(text).unwrap_err().to_string();
    insta::assert_snapshot!(problems(&format!("{CONFIG}handoff = {{ region = \"Frankfurt\", url = \"x\" }}\n")), @"
    onboarding.toml:3:22: `region`: `Frankfurt` is not a valid AWS region; use a name such as `us-east-1`
    onboarding.toml:3:35: unknown key `url`; expected `region`
    ");
    insta::assert_snapshot!(problems("[vendors.workload-security]\nexternal-id = \"x1\"\nhandoff = { region = \"us-east-1\" }\n"), @"onboarding.toml:3:22: `region`: the hand-off of Trend Micro Cloud One Workload Security has no region; remove the key");
    insta::assert_snapshot!(problems(&custom("say {external-id}", "{regoin}").replace("'us-east-1'", "'us-east'")), @"
    onboarding.toml:8:27: `instruction`: `{external-id}` is not a placeholder; use `{account-id}`, `{account-name}`, `{partition}`, `{region}`, `{role-name}` or `{role-arn}`
    onboarding.toml:8:57: `region`: `us-east` is not a valid AWS region; use a name such as `us-east-1`
    onboarding.toml:8:79: `Value`: `{regoin}` is not a placeholder; use `{account-id}`, `{account-name}`, `{partition}`, `{region}`, `{role-name}` or `{role-arn}`; did you mean `region`?
    ");
    insta::assert_snapshot!(problems(&custom("say it", "{region}").replace("region = 'us-east-1', ", "")), @"onboarding.toml:8:11: `region` is missing; set the default of `{region}`");
    insta::assert_snapshot!(problems(&format!("{}\n[vendors.acme.handoff]\nregion = \"us-east-1\"", custom("say it", "x"))), @"onboarding.toml:11:10: `region`: the hand-off of Acme has no region; remove the key");
}
