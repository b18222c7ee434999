//! Throttled attempts are counted although the SDK retries them.

use account_onboarding::aws::{Aws, Resources};
use aws_smithy_types::retry::RetryConfig;
use onboarding_core::rate::LimitedApi;
use onboarding_engine::ports::{AssumeRoleRequest, Paced, Records, Secrets, Sessions};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::{config, json_response};

const PARAMETERS: &str = r#"{"Parameters":[],"InvalidParameters":[]}"#;

async fn retrying(first: ResponseTemplate, then: ResponseTemplate) -> (MockServer, Aws) {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(first).up_to_n_times(1).mount(&server).await;
    Mock::given(any()).respond_with(then).mount(&server).await;
    let config = config(&server.uri()).to_builder().retry_config(RetryConfig::standard()).build();
    (server, Aws::new(&config, Resources { table: Some("records".to_owned()), ..Resources::default() }))
}

#[tokio::test]
async fn throttled_attempt_is_counted_although_the_call_succeeds() {
    for first in [
        json_response(400, r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#),
        json_response(429, r#"{"__type":"TooManyRequestsException"}"#),
    ] {
        let (_server, aws) = retrying(first, json_response(200, PARAMETERS)).await;
        aws.parameters(&["/a"]).await.expect("the second attempt succeeds");
        assert_eq!(aws.throttled_attempts(LimitedApi::ReadParameters), 1);
        assert_eq!(aws.throttled_attempts(LimitedApi::AssumeRole), 0);
        aws.clone().parameters(&["/a"]).await.expect("a response");
        assert_eq!(aws.throttled_attempts(LimitedApi::ReadParameters), 1, "clones share their counts");
    }
}

#[tokio::test]
async fn attempt_that_failed_for_another_reason_is_not_counted() {
    let unavailable = json_response(500, r#"{"__type":"InternalServerError"}"#);
    let (_server, aws) = retrying(unavailable, json_response(200, PARAMETERS)).await;
    aws.parameters(&["/a"]).await.expect("the second attempt succeeds");
    assert_eq!(aws.throttled_attempts(LimitedApi::ReadParameters), 0);
}

#[tokio::test]
async fn throttling_of_sts_is_recognized() {
    let throttled = r#"<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message></Error></ErrorResponse>"#;
    let denied = r#"<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"#;
    let response =
        |status, body: &str| ResponseTemplate::new(status).set_body_raw(body.as_bytes().to_vec(), "text/xml");
    let (_server, aws) = retrying(response(400, throttled), response(403, denied)).await;
    let request = AssumeRoleRequest {
        role_arn: "arn:aws:iam::333344445555:role/OrganizationAccountAccessRole".to_owned(),
        policy: "{}".to_owned(),
        session_name: "test".to_owned(),
    };
    assert!(aws.assume_role(&request).await.is_err());
    assert_eq!(aws.throttled_attempts(LimitedApi::AssumeRole), 1);
}

#[tokio::test]
async fn throttling_of_every_read_of_the_table_is_recognized() {
    let throttled = || {
        json_response(400, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#)
    };
    let (_server, aws) = retrying(throttled(), json_response(200, "{}")).await;
    aws.load_record("444455556666").await.expect("the second attempt succeeds");
    assert_eq!(aws.throttled_attempts(LimitedApi::Records), 1);
    let (_server, aws) = retrying(throttled(), json_response(200, r#"{"Items":[]}"#)).await;
    aws.scan_records(None).await.expect("the second attempt succeeds");
    assert_eq!(aws.throttled_attempts(LimitedApi::Records), 1);
}
