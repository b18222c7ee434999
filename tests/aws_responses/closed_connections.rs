//! A connection that the server closes: the service may have performed the call, and it may work later. A real socket closes
//! at each moment of a response, because clients report each in another way.

use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;

use account_onboarding::aws::{Aws, HttpClient, Resources};
use onboarding_core::account::AccountAge;
use onboarding_core::error::{ApiError, ErrorKind};
use onboarding_core::outcome::Stop;
use onboarding_core::plan::{Action, Change, NewRole};
use onboarding_core::policy::Document;
use onboarding_core::role_settings::RoleSettings;
use onboarding_engine::ports::{AssumeRoleRequest, Directory, Http, Method, Sessions, VendorRequest, WriteIam};
use serde_json::json;

use super::config;

/// What the server sends before it closes the connection.
const MOMENTS: [(&str, &str); 7] = [
    ("nothing", ""),
    ("a part of the status line", "HTTP/1.1 20"),
    ("a part of the headers", "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Le"),
    ("the head", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"),
    ("a part of the body", "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n<CreateRole"),
    ("a part of a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n<CreateRole"),
    ("a part of a body without a length", "HTTP/1.1 200 OK\r\n\r\n<CreateRole"),
];

/// A server that responds to `AssumeRole`, and that closes the connection of any other request after it sent `sent`.
/// Returns its address. With `reads` false it does not read the request.
fn closing(sent: &'static str, reads: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for connection in listener.incoming() {
            let mut connection = connection.unwrap();
            thread::spawn(move || {
                if reads {
                    while request(&mut connection).contains("Action=AssumeRole&") {
                        connection.write_all(assumed().as_bytes()).unwrap();
                    }
                    connection.write_all(sent.as_bytes()).unwrap();
                }
                // With FIN, as a load balancer closes an idle connection, and not with RST, which is an I/O error.
                connection.shutdown(Shutdown::Write).unwrap();
                while connection.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
            });
        }
    });
    address
}

/// The next request of a connection, or as much as the client sends.
fn request(connection: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next()?.parse().ok());
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body.len());
        if body.is_some_and(|body| body >= length.unwrap_or(0)) {
            return String::from_utf8_lossy(&bytes).into_owned();
        }
        match connection.read(&mut buffer) {
            Ok(0) => return String::new(),
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == IoErrorKind::Interrupted => {}
            Err(_) => return String::new(),
        }
    }
}

fn assumed() -> String {
    let keys = "<AccessKeyId>A</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>\
                <Expiration>2030-01-01T00:00:00Z</Expiration>";
    let body = format!(
        "<AssumeRoleResponse><AssumeRoleResult><Credentials>{keys}</Credentials></AssumeRoleResult></AssumeRoleResponse>"
    );
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

async fn describe_account(address: &str) -> ApiError {
    let aws = Aws::new(&config(address), Resources::default());
    aws.account(&"444455556666".parse().unwrap()).await.unwrap_err()
}

async fn create_role(address: &str) -> ApiError {
    let aws = Aws::new(&config(address), Resources::default());
    let role_arn = "arn:aws:iam::444455556666:role/OrganizationAccountAccessRole".to_owned();
    let request = AssumeRoleRequest { role_arn, policy: "{}".to_owned(), session_name: "test".to_owned() };
    let session = aws.assume_role(&request).await.unwrap();
    let trust = Document::parse(r#"{"Version":"2012-10-17","Statement":[]}"#).unwrap();
    let role = NewRole { title: "Acme".to_owned(), settings: RoleSettings::default(), trust };
    let change = Change { role: "AcmeRead".parse().unwrap(), action: Action::CreateRole(Box::new(role)) };
    session.execute(&change).await.unwrap_err()
}

async fn vendor_request(address: &str) -> ApiError {
    let request = VendorRequest {
        call: "workload-security:CreateAwsConnector",
        url: address.to_owned(),
        headers: Vec::new(),
        method: Method::Post,
        body: Some(json!({})),
        timeout: std::time::Duration::from_secs(20),
    };
    HttpClient::default().send(request).await.unwrap_err()
}

/// An error of this kind is retried, and a write that ends with it counts as possibly made.
fn assert_unavailable(error: &ApiError, moment: &str) {
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{moment}: {error}: {error:?}");
    assert!(matches!(Stop::from_error(error, AccountAge::Established), Stop::Wait(_)), "{moment}: {error}");
}

#[tokio::test]
async fn closed_connection_is_unavailable_at_each_moment() {
    for (index, (moment, sent)) in MOMENTS.into_iter().enumerate() {
        let address = closing(sent, true);
        for error in [describe_account(&address).await, create_role(&address).await] {
            assert_unavailable(&error, moment);
            // Without a complete head there is no response at all.
            assert!(index > 2 || error.code == "Connection", "{moment}: {error}");
        }
    }
}

#[tokio::test]
async fn connection_that_is_closed_before_the_request_is_unavailable() {
    let address = closing("", false);
    let error = describe_account(&address).await;
    assert_unavailable(&error, "before the request");
    assert_eq!(error.code, "Connection", "{error}");
    assert_eq!(vendor_request(&address).await.code, "Connection");
}

#[tokio::test]
async fn connection_closed_by_a_vendor_is_unavailable() {
    // A body without a length ends with the connection, so the last moment is a whole response.
    for (moment, sent) in MOMENTS.into_iter().take(6) {
        let error = vendor_request(&closing(sent, true)).await;
        assert_eq!((error.code.as_str(), error.kind()), ("Connection", ErrorKind::Unavailable), "{moment}: {error}");
    }
}
