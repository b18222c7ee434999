//! The service principals that this version knows, to find misspelled ones. AWS publishes no complete list, so an unknown
//! name is a warning and not an error.

use crate::suggestion::did_you_mean;
use crate::text::Untrusted;

/// The names without `.amazonaws.com`.
const KNOWN: &str = "
a4b access-analyzer access-grants.s3 account acm acm-pca agentless.inspector2 aiops airflow airflow-env
airflow-serverless ami.inspector2 amplify aoss apidestinations.events apigateway app-integrations appconfig
appfabric appflow application-autoscaling application-insights application-signals.cloudwatch application.qbusiness appmesh apprunner
appstream appstream.application-autoscaling appsync aps arc-region-switch artifact assets.marketplace athena
auditmanager automation autoscaling autoscaling-plans aws-artifact-account-sync backup backup-gateway
backup-search batch batchoperations.s3 bcm-data-exports bcm-pricing-calculator bedrock bedrock-agentcore billing
billingconsole braket budgets bugbust build.apprunner cassandra cassandra-streams
cassandra.application-autoscaling channels.lex channels.lexv2 chatbot chime cks.kms cleanrooms cleanrooms-ml
cloud9 clouddirectory cloudformation cloudfront cloudhsm cloudsearch cloudtrail cloudwatch
cloudwatch-crossaccount codeartifact codebuild codecatalyst codecatalyst-runner codecommit codeconnections
codedeploy codeguru-profiler codeguru-reviewer codeguru-security codepipeline codestar codestar-connections
codestar-notifications cognito-identity cognito-idp cognito-sync comprehend comprehend.application-autoscaling
comprehendmedical compute-optimizer config config-conforms config-multiaccountsetup connect connect-campaigns
context.cloudtrail continuousexport.discovery contributorinsights.dynamodb controltower
cost-optimization-hub.bcm costalerts credentials.deadline credentials.iot cur custom-resource.application-autoscaling custom.rds
databrew dataexchange datapipeline datasync datazone dax deadline deeplens delivery.logs detective devicefarm
devops-guru diode directconnect directquery.opensearchservice discovery dlm dms dms-fleet-advisor
dmsintegration.migrationhub docdb-elastic drs drt.shield ds dsql dynamodb dynamodb.application-autoscaling ebs ec2
ec2-images ec2-instance-connect ec2.application-autoscaling ec2.capacitymanager ec2fastlaunch ec2fleet
ec2scheduled ecr ecs ecs-compute ecs-tasks ecs.application-autoscaling edgelambda eks eks-connector eks-fargate
eks-fargate-pods eks-nodegroup elasticache elasticache.application-autoscaling elasticbeanstalk
elasticfilesystem elasticloadbalancing elasticmapreduce elastictranscoder email.cognito-idp emr-containers
emr-serverless entityresolution es event-processor.health events events.managedservices events.workmail
evidently evs export.rds finspace finspace-databrew firehose fis fms forecast frauddetector freertos fsx
gamelift glacier globalaccelerator glue grafana greengrass groundstation guardduty health healthlake honeycode
hooks.cloudformation iam identitystore imagebuilder importexport ingestion.aps inspector inspector2
internetmonitor iot iotanalytics iotdeviceadvisor iotevents iotfleethub iotfleetwise iotmanagedintegrations
iotsitewise iotthingsgraph iottwinmaker iotwireless ivs ivschat job.sagemaker jobs.sagemaker
justintimeaccess.ssm kafka kafka.application-autoscaling kafkaconnect kendra kendra-ranking kinesis
kinesisanalytics kinesisreplication.dynamodb kinesisvideo kms lakeformation lambda
lambda.application-autoscaling launchwizard lex lexv2 license-management.marketplace license-manager
license-manager-linux-subscriptions license-manager-user-subscriptions license-manager.master-account
license-manager.member-account lightsail location log-delivery.logs logdelivery.elasticloadbalancing
logger.cloudfront logs lookoutequipment lookoutmetrics lookoutvision m2 machinelearning macie
maintenance.elasticbeanstalk malware-protection-plan.guardduty malware-protection.guardduty managedblockchain
managedservices managedupdates.elasticbeanstalk management.chatbot mediaconnect mediaconvert medialive
mediapackage mediapackagev2 mediastore mediatailor medical-imaging meetings.chime
member.org.stacksets.cloudformation memorydb metering-marketplace metrics.wellarchitected mgn migrationhub
migrationhub-orchestrator migrationhub-strategy mobileanalytics mobilehub monitoring monitoring.rds monitron mpa
mq mrk.kms multiaccountsetup.config neptune-graph neptune.application-autoscaling network-firewall
networkflowmonitor networkmanager nimble notifications oam observability.aoss observabilityadmin odb omics
opensearch opensearchservice ops.apigateway ops.emr-serverless opsdatasync.ssm opsinsights.ssm opsworks
opsworks-cm organizations orgsdatasync.servicecatalog osis osis-pipelines outposts panorama payment-cryptography
pca-connector-ad pcs permission.iq personalize pinpoint pipes pods.eks polly practice-run.arc-zonal-shift
prepdataset private-networks profile proton purchaseorders q qapps qbusiness qldb quicksight ram rds
rds.application-autoscaling recycle-bin redshift redshift-data redshift-serverless refactor-spaces rekognition
remediation.config replication.cassandra replication.dynamodb replication.ecr replication.s3tables
replicator.lambda reporting.trustedadvisor repository.sync.codeconnections repostspace resiliencehub
resource-explorer-2 resource-groups resources.cloudformation restore-testing.backup robomaker rolesanywhere
route53 route53-recovery-control route53domains route53resolver rtbfabric rum s3 s3-object-lambda s3-outposts
s3.data-source.lustre.fsx s3tables sagemaker sagemaker-geospatial sagemaker.application-autoscaling savingsplans
scheduler schema-conversion.dms schemas scraper.aps secretsmanager security-ir securityhub securityhubv2
securitylake serverlessrepo servicecatalog servicecatalog-appregistry servicediscovery servicequotas ses shield
signer signin simspaceweaver sms sms-voice smsintegration.migrationhub snow-device-management sns
social-messaging spot spotfleet sqlworkbench sqs ssm ssm-contacts ssm-guiconnect ssm-incidents ssm-quicksetup
ssm-sap ssm.integrations sso sso-directory stacksets.cloudformation states storage-lens.s3 storagegateway
streams.metrics.cloudwatch sts supplychain support supportapp supportplans swf sync.proton synthetics
tagpolicies.tag tasks.apprunner tax telemetry-enablement.observabilityadmin textract timestream
timestream-influxdb transcribe transcribe.streaming transfer transform-custom transitgateway translate
triage.security-ir trustedadvisor tts user-subscriptions verified-access verifiedpermissions vmie voiceid
vpc-flow-logs vpc-lattice waf waf-regional wafv2 wellarchitected wickr wisdom workdocs worklink workmail
workspaces workspaces-instances workspaces-web workspaces.application-autoscaling xray
";

/// What to say about a service principal that is not known.
pub(super) fn unknown_service(principal: &str) -> Option<String> {
    let (name, domain) = principal.split_once(".amazonaws.").unwrap_or((principal, "com"));
    // Some services have a principal for each region, such as `states.eu-west-1.amazonaws.com`.
    let without_region = name.rsplit_once('.').filter(|(_, last)| is_region(last)).map_or(name, |(name, _)| name);
    let is_known = |name: &str| KNOWN.split_whitespace().any(|known| known == name);
    if is_known(without_region) && ["com", "com.cn"].contains(&domain) {
        return None;
    }
    let full: Vec<_> = KNOWN.split_whitespace().map(|known| format!("{known}.amazonaws.com")).collect();
    let hint = did_you_mean(&format!("{without_region}.amazonaws.com"), full.iter().map(String::as_str));
    let remedy = if hint.is_empty() { "; check the name in the documentation of the service".to_owned() } else { hint };
    let principal = Untrusted::new(principal);
    Some(format!(
        "`{principal}` is not a service principal that this version knows, and IAM rejects unknown ones{remedy}"
    ))
}

/// Whether a label is a region, such as `eu-west-1` or `us-gov-east-1`.
fn is_region(label: &str) -> bool {
    let parts: Vec<_> = label.split('-').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    parts.len() >= 3 && parts.last().is_some_and(is_number) && parts.first().is_some_and(|part| part.len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelled_services_get_a_suggestion() {
        for known in [
            "lambda.amazonaws.com",
            "ec2.amazonaws.com.cn",
            "states.eu-west-1.amazonaws.com",
            "delivery.logs.amazonaws.com",
        ] {
            assert_eq!(unknown_service(known), None);
        }
        let unknown = [
            "lamda.amazonaws.com",
            "ecs-task.us-east-1.amazonaws.com",
            "lambda.amazonaws.org",
            "acme-internal.amazonaws.com",
        ];
        insta::assert_snapshot!(unknown.map(|name| unknown_service(name).unwrap()).join("\n"), @"
        `lamda.amazonaws.com` is not a service principal that this version knows, and IAM rejects unknown ones; did you mean `lambda.amazonaws.com`?
        `ecs-task.us-east-1.amazonaws.com` is not a service principal that this version knows, and IAM rejects unknown ones; did you mean `ecs-tasks.amazonaws.com`?
        `lambda.amazonaws.org` is not a service principal that this version knows, and IAM rejects unknown ones; did you mean `lambda.amazonaws.com`?
        `acme-internal.amazonaws.com` is not a service principal that this version knows, and IAM rejects unknown ones; check the name in the documentation of the service
        ");
    }
}
