//! A local server in the place of Organizations, with an organization of two accounts: the management account and a suspended one.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use serde_json::{Value, json};

pub(crate) const MANAGEMENT: &str = "111122223333";
pub(crate) const SUSPENDED: &str = "444455556666";

/// A response: its status and its body.
pub(crate) type Response = (u16, Value);

/// Responds to each call, of which it gets the name and the body. Returns the address.
pub(crate) fn serve(respond: impl Fn(&str, &Value) -> Response + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let respond = Arc::new(respond);
    thread::spawn(move || {
        for connection in listener.incoming() {
            let respond = respond.clone();
            thread::spawn(move || respond_once(connection.unwrap(), &*respond));
        }
    });
    address
}

fn respond_once(mut connection: TcpStream, respond: &dyn Fn(&str, &Value) -> Response) {
    let mut request = BufReader::new(connection.try_clone().unwrap());
    let (mut call, mut length) = (String::new(), 0);
    for line in request.by_ref().lines() {
        let line = line.unwrap();
        let Some((name, value)) = line.split_once(": ") else {
            match line.is_empty() {
                true => break,
                false => continue,
            }
        };
        match name.to_lowercase().as_str() {
            "x-amz-target" => call = value.rsplit('.').next().unwrap().to_owned(),
            "content-length" => length = value.parse().unwrap(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    request.read_exact(&mut body).unwrap();
    let (status, text) = respond(&call, &serde_json::from_slice(&body).unwrap_or_default());
    let text = text.to_string();
    let head = format!("HTTP/1.1 {status} X\r\nContent-Type: application/x-amz-json-1.1\r\nConnection: close\r\n");
    // A client that was ended is gone.
    let _ = write!(connection, "{head}Content-Length: {}\r\n\r\n{text}", text.len());
}

pub(crate) fn page(id: &str, name: &str, state: &str, next: Option<&str>) -> Response {
    let account = json!({
        "Id": id,
        "Arn": format!("arn:aws:organizations::{MANAGEMENT}:account/o-exampleorgid/{id}"),
        "Name": name,
        "State": state,
        "Paths": [format!("o-exampleorgid/r-exam/{id}/")],
    });
    (200, json!({ "Accounts": [account], "NextToken": next }))
}

pub(crate) fn first_page(next: Option<&str>) -> Response {
    page(MANAGEMENT, "management", "ACTIVE", next)
}

fn denied() -> Response {
    (400, json!({ "__type": "AccessDeniedException", "Message": "not authorized" }))
}

/// A list of which the second page is denied.
pub(crate) fn list_that_fails(call: &str, body: &Value) -> Response {
    match (call, body["NextToken"].as_str()) {
        ("ListAccounts", None) => first_page(Some("2")),
        _ => denied(),
    }
}

/// A list with both accounts on two pages, and a root without units.
pub(crate) fn list(call: &str, body: &Value) -> Response {
    match (call, body["NextToken"].as_str()) {
        ("ListAccounts", None) => first_page(Some("2")),
        ("ListAccounts", Some(_)) => page(SUSPENDED, "old", "SUSPENDED", None),
        ("ListRoots", _) => (200, json!({ "Roots": [{ "Id": "r-exam", "Name": "Root" }] })),
        ("ListOrganizationalUnitsForParent", _) => (200, json!({ "OrganizationalUnits": [] })),
        _ => denied(),
    }
}
