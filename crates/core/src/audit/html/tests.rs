use serde_json::Value;

use super::*;
use crate::audit::sample::{audit, audit_of, converged, drift, foreign_role};

/// A name that would run a script if it reached the page as markup.
const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"'&<!--";

fn data(page: &str) -> Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn hostile_names_and_messages_are_text() {
    let mut blocked = foreign_role(444455556666);
    blocked.message = HOSTILE.to_owned();
    blocked.remedy = HOSTILE.to_owned();
    let accounts = [
        (444455556666, HOSTILE.to_owned(), HOSTILE.to_owned(), Some(blocked)),
        (444455556667, HOSTILE.to_owned(), HOSTILE.to_owned(), Some(converged())),
    ];
    let mut audit = audit_of(accounts);
    audit.skipped[0].name = Some(HOSTILE.into());
    let page = audit_html(&audit);
    assert!(!page.contains("<img") && !page.contains("<!--"), "{page}");
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert_eq!(page.matches("</script>").count(), 2);
    let data = data(&page);
    assert_eq!(data["accounts"][0][1], HOSTILE);
    assert_eq!(data["units"][0], HOSTILE);
    assert_eq!(data["texts"][0], HOSTILE);
}

#[test]
fn page_loads_nothing_and_allows_only_its_own_script_and_style() {
    let page = audit_html(&audit());
    let (_, policy) = page.split_once("Content-Security-Policy\" content=\"").unwrap();
    let policy = policy.split_once('"').unwrap().0;
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    for absent in
        ["http:", "https:", "src=", "url(", "@import", " style=", " onclick=", " onload=", "innerHTML", "eval("]
    {
        assert!(!page.contains(absent), "{absent}");
    }
}

#[test]
fn secrets_of_the_configuration_are_not_in_the_page() {
    let page = audit_html(&audit());
    for secret in ["s3cret-id", "an0ther-secret"] {
        assert!(!page.contains(secret));
    }
}

#[test]
fn equal_accounts_are_stored_once() {
    let same = |id| (id, format!("account-{id}"), "Workloads/Prod".to_owned(), Some(foreign_role(id)));
    let data = data(&audit_html(&audit_of((444455550000..444455550010).map(same))));
    assert_eq!(data["accounts"].as_array().unwrap().len(), 10);
    assert_eq!(data["kinds"].as_array().unwrap().len(), 1, "{:?}", data["kinds"]);
    assert_eq!(data["texts"][0], "role `app-deployer` of account \u{1} already exists and is not managed by this tool");
}

/// The budget is 4 MB for 5,000 accounts.
#[test]
fn page_of_5000_accounts_is_small() {
    let accounts = (0..5000_u64).map(|index| {
        let id = 100_000_000_000 + index * 7919;
        let result = match index % 100 {
            0 => foreign_role(id),
            1..=3 => drift(),
            _ => converged(),
        };
        let result = (index % 500 != 4).then_some(result);
        (
            id,
            format!("team-{}-application-{index}-production", index % 90),
            format!("Workloads/Unit {}/Production", index % 60),
            result,
        )
    });
    let page = audit_html(&audit_of(accounts));
    assert!(page.len() < 1_000_000, "{} bytes", page.len());
}
