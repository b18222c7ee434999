//! `iam:ListRoles` and the last use of a role, for the audit of trust: what is malformed, lacks a field, leads back to an earlier
//! page, or is absurdly large. A response must never pass for a complete list if it is not one.

use account_onboarding::aws::{Aws, Resources};
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::trust_audit::LastUse;
use onboarding_engine::Pages;
use onboarding_engine::ports::{AssumeRoleRequest, ListRoles, Sessions};
use wiremock::matchers::{any, body_string_contains};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{patient, xml_error};

fn xml(status: u16, body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body.into(), "text/xml")
}

/// A session whose `call` gets this response.
async fn session(call: &str, response: ResponseTemplate) -> (MockServer, impl ListRoles) {
    let keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                <Expiration>2030-01-01T00:00:00Z</Expiration>";
    let assumed = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(xml(200, assumed)).mount(&server).await;
    let of_call = Mock::given(body_string_contains(format!("Action={call}&")));
    of_call.respond_with(response).with_priority(1).mount(&server).await;
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let request = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    let session = Aws::new(&patient(&server.uri()), Resources::default()).assume_role(&request).await.unwrap();
    (server, session)
}

/// A page of these `member` elements, and what follows them.
fn page(members: &str, end: &str) -> ResponseTemplate {
    xml(
        200,
        format!(
            "<ListRolesResponse><ListRolesResult><Roles>{members}</Roles>{end}</ListRolesResult></ListRolesResponse>"
        ),
    )
}

fn member(name: &str, fields: &str) -> String {
    format!(
        "<member><Path>/</Path><RoleName>{name}</RoleName><RoleId>AROA</RoleId><Arn>arn:aws:iam::444455556666:role/{name}</Arn>\
         <CreateDate>2030-01-01T00:00:00Z</CreateDate>{fields}</member>"
    )
}

const TRUST: &str = "<AssumeRolePolicyDocument>%7B%22Statement%22%3A%5B%5D%7D</AssumeRolePolicyDocument>";
const LAST: &str = "<IsTruncated>false</IsTruncated>";

async fn list(response: ResponseTemplate) -> Result<Vec<(String, String)>, ApiError> {
    let (_server, session) = session("ListRoles", response).await;
    let page = session.roles(None).await?;
    Ok(page.roles.into_iter().map(|role| (role.name, role.trust)).collect())
}

#[tokio::test]
async fn answer_without_a_list_is_an_error() {
    for (response, kind) in [
        (xml(200, "not XML"), ErrorKind::Unavailable),
        (xml(200, ""), ErrorKind::Unavailable),
        (xml(200, "<GetRoleResponse/>"), ErrorKind::Unavailable),
        (xml(500, "<html>"), ErrorKind::Unavailable),
        (xml_error(400, "Throttling", "slow"), ErrorKind::Throttled),
        (xml_error(403, "AccessDenied", "no"), ErrorKind::AccessDenied),
        (xml_error(403, "ExpiredToken", "no"), ErrorKind::Credentials),
    ] {
        let error = list(response).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

/// Such a policy is reported for its role: it is kept as it is, and not taken for one that grants nothing.
#[tokio::test]
async fn trust_policy_that_is_missing_or_cannot_be_decoded_does_not_hide_the_other_roles() {
    let members = [
        member("Good", TRUST),
        member("Missing", ""),
        member("Latin", "<AssumeRolePolicyDocument>%FF%FE</AssumeRolePolicyDocument>"),
        member("Half", "<AssumeRolePolicyDocument>%7B%2</AssumeRolePolicyDocument>"),
    ];
    let roles = list(page(&members.concat(), LAST)).await.unwrap();
    let expected = [("Good", r#"{"Statement":[]}"#), ("Missing", ""), ("Latin", "%FF%FE"), ("Half", "{%2")];
    assert_eq!(roles, expected.map(|(name, trust)| (name.to_owned(), trust.to_owned())));
}

/// The engine takes a role for one of the account only if its ARN says so. HTTP detects a body that is cut off.
#[tokio::test]
async fn role_without_fields_has_no_arn() {
    let cut_off = xml(200, "<ListRolesResponse><ListRolesResult><Roles><member>");
    for response in [page("<member></member>", LAST), cut_off] {
        let (_server, session) = session("ListRoles", response).await;
        let roles = session.roles(None).await.unwrap().roles;
        assert_eq!(roles.iter().map(|role| role.arn.as_str()).collect::<Vec<_>>(), [""]);
    }
}

#[tokio::test]
async fn empty_account_has_no_roles() {
    assert_eq!(list(page("", LAST)).await.unwrap(), []);
    assert_eq!(list(page("", "")).await.unwrap(), []);
}

#[tokio::test]
async fn pages_that_lead_back_end_the_list() {
    let truncated = "<IsTruncated>true</IsTruncated><Marker>again</Marker>";
    let (server, session) = session("ListRoles", page(&member("Good", TRUST), truncated)).await;
    let mut pages = Pages::new("iam:ListRoles");
    let first = session.roles(None).await.unwrap();
    let second = pages.next(first.next).unwrap();
    assert_eq!(second.as_deref(), Some("again"));
    let page = session.roles(second).await.unwrap();
    assert_eq!(pages.next(page.next).unwrap_err().code, "MalformedAnswer");
    let requests = server.received_requests().await.unwrap();
    let bodies: Vec<_> = requests.iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    assert!(bodies[1].contains("MaxItems=1000") && !bodies[1].contains("Marker="), "{bodies:?}");
    assert!(bodies[2].contains("Marker=again"), "{bodies:?}");
}

/// The audit would call the account complete, with the roles of the first page.
#[tokio::test]
async fn truncated_page_without_a_marker_is_an_error() {
    for end in ["<IsTruncated>true</IsTruncated>", "<IsTruncated>true</IsTruncated><Marker></Marker>"] {
        let error = list(page(&member("Good", TRUST), end)).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind()), ("MalformedAnswer", ErrorKind::Unavailable), "{end}");
    }
    let not_truncated = "<IsTruncated>false</IsTruncated><Marker>more</Marker>";
    let (_server, session) = session("ListRoles", page(&member("Good", TRUST), not_truncated)).await;
    assert_eq!(session.roles(None).await.unwrap().next, None);
}

#[tokio::test]
async fn absurdly_many_roles_and_long_policies_are_read() {
    let many: String = (0..2_000).map(|n| member(&format!("role-{n}"), TRUST)).collect();
    let long = format!("<AssumeRolePolicyDocument>{}</AssumeRolePolicyDocument>", "%7B".repeat(1 << 16));
    let roles = list(page(&[many, member("Long", &long)].concat(), LAST)).await.unwrap();
    assert_eq!((roles.len(), roles[2_000].1.len()), (2_001, 1 << 16));
}

#[tokio::test]
async fn last_use_is_read_and_one_that_makes_no_sense_is_not_a_use() {
    let get = |used: &str| {
        let role = member("Good", &format!("{TRUST}{used}")).replace("member>", "Role>");
        xml(200, format!("<GetRoleResponse><GetRoleResult>{role}</GetRoleResult></GetRoleResponse>"))
    };
    let used = |fields: &str| format!("<RoleLastUsed>{fields}</RoleLastUsed>");
    let at = |region: Option<&str>| LastUse::At {
        time: "2026-11-01T12:00:00Z".to_owned(),
        region: region.map(str::to_owned),
    };
    let date = "<LastUsedDate>2026-11-01T12:00:00Z</LastUsedDate>";
    for (response, expected) in [
        (get(&used(&format!("{date}<Region>eu-central-1</Region>"))), at(Some("eu-central-1"))),
        (get(&used(date)), at(None)),
        (get(&used("<Region>eu-central-1</Region>")), LastUse::Never),
        (get(&used("")), LastUse::Never),
        (get(""), LastUse::Never),
        (xml_error(404, "NoSuchEntity", "gone"), LastUse::Unknown),
    ] {
        let (_server, session) = session("GetRole", response).await;
        assert_eq!(session.last_use(&"Good".parse().unwrap()).await.unwrap(), expected);
    }
    let (_server, session) = session("GetRole", get(&used("<LastUsedDate>yesterday</LastUsedDate>"))).await;
    let error = session.last_use(&"Good".parse().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
}
